// Two sounds that play together, one of them audible.

const FADE = 0.01; // seconds from one to the other
const PATIENCE = 2; // seconds until a context that does not start is given up

/** Let a context run. Where there is no device for sound, Firefox never answers. */
async function awake(context) {
  const late = new Promise((_, fail) => {
    setTimeout(fail, PATIENCE * 1000, new Error("no device for sound answers"));
  });
  await Promise.race([context.resume(), late]);
}

let heard = null; // the sound that plays, of all on the page

export class Sound {
  /**
   * @param {{seconds: number, loudness: {before: ?number, after: ?number}}} about both, in dB;
   *   a loudness of null is unknown. `gain` is for both, 1 if it is not given.
   * @param {function(AudioContext): Promise<AudioBuffer[]>} load before and after
   */
  constructor(about, load) {
    Object.assign(this, { about, load, playing: false, which: "before", match: true, offset: 0 });
    this.context = null;
    this.buffers = null;
    this.sources = [];
    this.gains = {};
  }

  /** Return the gain of one sound: the louder one is turned down, and nothing is turned up. */
  level(which) {
    const { loudness, gain = 1 } = this.about;
    const levels = Object.values(loudness);
    if (!this.match || levels.includes(null)) return gain;
    return gain * 10 ** ((Math.min(...levels) - loudness[which]) / 20);
  }

  /** Load both, once. */
  async prepare() {
    this.context ??= new AudioContext();
    await awake(this.context);
    this.loading ??= this.load(this.context);
    try {
      this.buffers = await this.loading;
    } catch (error) {
      this.loading = null;
      throw error;
    }
  }

  async start() {
    await this.prepare();
    if (this.position() >= this.about.seconds - 0.01) this.offset = 0;
    this.begin();
  }

  /** Take other sounds; if it plays, go on with them at the same position. */
  async replace(about, load) {
    const position = this.position();
    Object.assign(this, { about, load, loading: null });
    this.offset = Math.min(about.seconds, position);
    if (!this.playing) return;
    await this.prepare();
    this.seek(position);
  }

  /** Start both at the same instant and position, and pause any other sound of the page. */
  begin() {
    if (heard !== this) heard?.pause();
    heard = this;
    this.silence();
    this.started = this.context.currentTime + 0.02;
    this.sources = ["before", "after"].map((which, i) => {
      const source = new AudioBufferSourceNode(this.context, { buffer: this.buffers[i] });
      const gain = new GainNode(this.context, { gain: this.gainNow(which) });
      source.connect(gain).connect(this.context.destination);
      source.start(this.started, this.offset);
      this.gains[which] = gain;
      return source;
    });
    this.playing = true;
  }

  silence() {
    for (const source of this.sources) {
      source.stop();
      source.disconnect();
    }
    this.sources = [];
  }

  pause() {
    this.offset = this.position();
    this.playing = false;
    this.silence();
  }

  seek(position) {
    this.offset = Math.min(this.about.seconds, Math.max(0, position));
    if (this.playing) this.begin();
  }

  /** Return the position in seconds. */
  position() {
    if (!this.playing) return this.offset;
    const elapsed = Math.max(0, this.context.currentTime - this.started);
    return Math.min(this.about.seconds, this.offset + elapsed);
  }

  gainNow(which) {
    return which === this.which ? this.level(which) : 0;
  }

  /** Fade to the gains of now. */
  fade() {
    if (!this.playing) return;
    const now = this.context.currentTime;
    for (const [which, { gain }] of Object.entries(this.gains)) {
      gain.cancelScheduledValues(now);
      gain.setValueAtTime(gain.value, now);
      gain.linearRampToValueAtTime(this.gainNow(which), now + FADE);
    }
  }
}
