// Two sounds that run together, of which one is heard.

const FADE = 0.01; // seconds from one to the other

class Sound {
  /** @param {{before, after, seconds}} given the sounds as files, in base 64 */
  constructor(given) {
    Object.assign(this, { given, playing: false, which: "before", match: true, offset: 0 });
    this.context = null;
    this.buffers = null;
    this.sources = [];
    this.gains = {};
  }

  /** Return the factor that each has: the louder one is turned down, nothing is turned up. */
  level(which) {
    const { before, after } = this.given;
    const told = [before.loudness_db, after.loudness_db].every((level) => Number.isFinite(level));
    if (!this.match || !told) return 1;
    const least = Math.min(before.loudness_db, after.loudness_db);
    return 10 ** ((least - this.given[which].loudness_db) / 20);
  }

  /** Decode both, once. */
  async prepare() {
    this.context ??= new AudioContext();
    await this.context.resume();
    this.decoding ??= Promise.all(
      ["before", "after"].map((which) =>
        this.context.decodeAudioData(bytes(this.given[which].data).buffer),
      ),
    );
    try {
      this.buffers = await this.decoding;
    } catch (error) {
      this.decoding = null;
      throw error;
    }
  }

  async start() {
    await this.prepare();
    if (this.position() >= this.given.seconds - 0.01) this.offset = 0;
    this.begin();
  }

  /** Start both at the same instant, at the same place. */
  begin() {
    this.silence();
    this.started = this.context.currentTime + 0.02;
    this.sources = ["before", "after"].map((which, i) => {
      const source = new AudioBufferSourceNode(this.context, { buffer: this.buffers[i] });
      const gain = new GainNode(this.context, { gain: this.wanted(which) });
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
    this.offset = Math.min(this.given.seconds, Math.max(0, position));
    if (this.playing) this.begin();
  }

  /** Return where it is, in seconds. */
  position() {
    if (!this.playing) return this.offset;
    const passed = Math.max(0, this.context.currentTime - this.started);
    return Math.min(this.given.seconds, this.offset + passed);
  }

  wanted(which) {
    return which === this.which ? this.level(which) : 0;
  }

  /** Fade to what is chosen now. */
  fade() {
    if (!this.playing) return;
    const now = this.context.currentTime;
    for (const [which, { gain }] of Object.entries(this.gains)) {
      gain.cancelScheduledValues(now);
      gain.setValueAtTime(gain.value, now);
      gain.linearRampToValueAtTime(this.wanted(which), now + FADE);
    }
  }
}
