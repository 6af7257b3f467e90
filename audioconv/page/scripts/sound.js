// Two sounds that play together, one of them audible.

import { decode } from "./packed.js";

const FADE = 0.01; // seconds from one to the other

export class Sound {
  /** @param {{before, after, seconds}} given the sounds as MP3, in base 64 */
  constructor(given) {
    Object.assign(this, { given, playing: false, which: "before", match: true, offset: 0 });
    this.context = null;
    this.buffers = null;
    this.sources = [];
    this.gains = {};
  }

  /** Return the gain of one sound: the louder one is turned down, and nothing is turned up. */
  level(which) {
    const { before, after } = this.given;
    const known = [before.loudness_db, after.loudness_db].every((level) => level !== null);
    if (!this.match || !known) return 1;
    const least = Math.min(before.loudness_db, after.loudness_db);
    return 10 ** ((least - this.given[which].loudness_db) / 20);
  }

  /** Decode both, once. */
  async prepare() {
    this.context ??= new AudioContext();
    await this.context.resume();
    this.decoding ??= Promise.all(
      ["before", "after"].map((which) =>
        this.context.decodeAudioData(decode(this.given[which].data).buffer),
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

  /** Start both at the same instant and position. */
  begin() {
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
    this.offset = Math.min(this.given.seconds, Math.max(0, position));
    if (this.playing) this.begin();
  }

  /** Return the position in seconds. */
  position() {
    if (!this.playing) return this.offset;
    const elapsed = Math.max(0, this.context.currentTime - this.started);
    return Math.min(this.given.seconds, this.offset + elapsed);
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
