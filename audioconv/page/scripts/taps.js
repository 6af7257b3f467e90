// The taps of an echo, by name: what each is worth, and how late it comes.

import { digits, duration, whole } from "./format.js";

const MOST_NAMED = 20;

/** Return the name and a description of each tap of a sparse impulse; of others, none. */
export function namedTaps({ spikes, g, origin, rate, sparse }) {
  if (!sparse || spikes.length > MOST_NAMED) return [];
  const late = [...spikes].filter((at) => at > origin);
  const direct = g[origin] !== 0;
  return [...spikes].map((at) => {
    const b = at - origin;
    const name = nameOf(b, late.indexOf(at), late.length, direct);
    const worth = `worth ${digits(g[at], 3)}`;
    const time = `${whole(Math.abs(b))} samples (${duration(Math.abs(b) / rate)})`;
    const place = b === 0 ? "" : ` and ${time} ${b < 0 ? "early" : "late"}`;
    return { at, name, text: `The tap b = ${whole(b)} is ${worth}${place}: ${name}.` };
  });
}

function nameOf(b, number, count, direct) {
  if (b === 0) return "the direct sound";
  if (b < 0) return "an echo before the sound";
  if (count > 1) return `echo ${number + 1}`;
  return direct ? "the echo" : "the sound itself, delayed";
}
