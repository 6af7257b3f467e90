// Two short signals, small enough to be added up by hand, and the sum on them.

import { total } from "./series.js";

/** Return every f(a) g(b) with a + b = c, in the order of a. */
export function termsAt({ f, g }, c) {
  const terms = [];
  for (let a = Math.max(0, c - g.length + 1); a <= Math.min(c, f.length - 1); a++) {
    terms.push({ a, b: c - a, f: f[a], g: g[c - a], product: f[a] * g[c - a] });
  }
  return terms;
}

/** Return the sum of these products. */
export function sumAt(signals, c) {
  return total(termsAt(signals, c).map(({ product }) => product));
}

/** Return the convolution of two signals. */
export function convolve(f, g) {
  return Array.from({ length: f.length + g.length - 1 }, (_, c) => sumAt({ f, g }, c));
}

/** A signal and an impulse, and the figures that show them. */
class ShortSignals {
  constructor(f, g) {
    Object.assign(this, { f, g, watchers: [] });
  }

  /** Call a function now, and after every change. */
  watch(changed) {
    this.watchers.push(changed);
    changed();
  }

  /** Set one sample of "f" or "g". */
  set(name, at, value) {
    this.replace({ [name]: this[name].with(at, value) });
  }

  /** Put others in the place of f, g or both. */
  replace(signals) {
    Object.assign(this, signals);
    for (const changed of this.watchers) changed();
  }
}

/** The signals of the first steps. */
export const short = new ShortSignals([1, 3, 2, -1, 2], [3, 2, 1]);
