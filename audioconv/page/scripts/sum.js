// The sum at one c: all f(a) g(b) with a + b = c, in double precision. The tap b of an impulse that
// rings before time 0 can be negative: it is at g[b + origin].

import { unpack } from "./packed.js";

/** Products in the table. */
export const LARGEST = 5;

const MOST_ARRIVALS = 20; // spikes, up to which each arrival can be visited

/** A sum that also adds up its rounding errors (Neumaier 1974). */
class Neumaier {
  constructor() {
    this.total = 0;
    this.lost = 0;
  }

  add(value) {
    const next = this.total + value;
    this.lost +=
      Math.abs(this.total) >= Math.abs(value)
        ? this.total - next + value
        : value - next + this.total;
    this.total = next;
  }

  value() {
    return this.total + this.lost;
  }
}

/** The signal, the impulse, and the output that audioconv or the browser computed. */
export class Convolution {
  constructor({ rate, first, begin, end, origin }, f, g, y) {
    Object.assign(this, { rate, first, begin, end, origin, f, g, y });
    this.taps = this.g.length;
    this.turned = this.g.slice().reverse();
    // a tap of zero adds nothing and is skipped
    this.spikes = Int32Array.from(this.g.keys()).filter((b) => this.g[b] !== 0);
    this.sparse = this.spikes.length <= 64 && this.spikes.length * 8 <= this.taps;
    this.products = new Float64Array(this.taps);
  }

  /** Return the convolution that the page holds. */
  static unpacked(given) {
    return new Convolution(given, unpack(given.f), unpack(given.g), unpack(given.y));
  }

  /** Return f(a), which is 0 outside the sound. */
  signal(a) {
    const at = a - this.first;
    return at >= 0 && at < this.f.length ? this.f[at] : 0;
  }

  /** Return the sum at c, its number of nonzero products, the largest, and the sum of the rest. */
  at(c) {
    const { f, g, first, origin, spikes } = this;
    const sum = new Neumaier();
    const largest = [];
    let least = 0;
    let count = 0;
    for (let i = 0; i < spikes.length; i++) {
      const b = spikes[i] - origin;
      const at = c - b - first;
      if (at < 0 || at >= f.length) continue;
      const tap = g[spikes[i]];
      const product = f[at] * tap;
      if (product === 0) continue;
      count += 1;
      sum.add(product);
      if (largest.length === LARGEST && Math.abs(product) <= least) continue;
      largest.push({ a: c - b, b, f: f[at], g: tap, product });
      largest.sort((one, other) => Math.abs(other.product) - Math.abs(one.product));
      if (largest.length > LARGEST) largest.pop();
      if (largest.length === LARGEST) least = Math.abs(largest[LARGEST - 1].product);
    }
    const value = sum.value();
    for (const term of largest) sum.add(-term.product);
    return { value, count, largest, rest: sum.value(), written: this.y[c - this.begin] };
  }

  /** Return f(a) g(c - a) for every tap, from the last to the first, in an array that is reused. */
  window(c) {
    const { f, turned, products, taps, first } = this;
    const start = this.leftmost(c) - first;
    for (let i = 0; i < taps; i++) {
      const at = start + i;
      products[i] = at >= 0 && at < f.length ? f[at] * turned[i] : 0;
    }
    return products;
  }

  /** Return the a that meets the last tap at c. */
  leftmost(c) {
    return c + this.origin - this.taps + 1;
  }

  /** Return every c at which a spike meets the loudest sample of f, and that sample. */
  arrivals() {
    if (!this.spikes.length || this.spikes.length > MOST_ARRIVALS) return [];
    const bs = [...this.spikes].map((at) => at - this.origin);
    const loudest = (from, to) => {
      let best = -1;
      for (let a = from; a < to; a++) {
        if (best < 0 || Math.abs(this.signal(a)) > Math.abs(this.signal(best))) best = a;
      }
      return best;
    };
    // a sample whose every copy arrives before the end, if there is one
    let a = loudest(Math.max(this.first, this.begin - bs[0]), this.end - bs[bs.length - 1]);
    if (a < 0) a = loudest(this.first, this.first + this.f.length);
    return bs
      .map((b, copy) => ({ a, b, c: a + b, copy }))
      .filter(({ c }) => c >= this.begin && c < this.end);
  }
}
