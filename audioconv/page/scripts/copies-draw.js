// Copies of an impulse, one for each sample, and what they add up to.

import { bar, barNumber, barScale, rangeOf, roomForNumbers, sampleColour, shortNumber, zeroLine } from "./bars.js";
import { theme, write } from "./canvas.js";
import { termsAt } from "./short.js";
import { total } from "./series.js";

const PALE = 0.3; // of what is still to come

/** Return the samples of the copy that each f(a) launches. */
function copiesOf({ f, g }) {
  return f.map((height) => g.map((tap) => height * tap));
}

/** Return, for every c, its products, each standing on those before it, and their sum. */
function stacksOf(signals) {
  const count = signals.f.length + signals.g.length - 1;
  return Array.from({ length: count }, (_, c) => {
    let [high, low] = [0, 0];
    const pieces = termsAt(signals, c).map(({ a, product }) => {
      const from = product < 0 ? low : high;
      if (product < 0) low += product;
      else high += product;
      return { a, from, to: from + product };
    });
    return { pieces, high, low, sum: high + low };
  });
}

/** Return the pixels for 1 with which copies fit into one height, and their sums into another. */
export function commonUnit(signals, copiesHeight, sumsHeight) {
  const lanes = copiesOf(signals).map(rangeOf);
  const span = ({ low, high }) => high - low;
  const stacks = stacksOf(signals);
  const sums = rangeOf(stacks.flatMap(({ high, low }) => [high, low]));
  return Math.min(
    (copiesHeight - total(lanes.map(roomForNumbers))) / (total(lanes.map(span)) || 1),
    (sumsHeight - roomForNumbers(sums)) / (span(sums) || 1),
  );
}

/** Draw one copy below another, of the samples up to c; what comes after c is pale. */
export function drawCopies(context, axis, top, unit, signals, c, [launching, copied]) {
  let next = top;
  copiesOf(signals).forEach((copy, a) => {
    const scale = barScale({ top: next, height: 0 }, copy, unit);
    const range = rangeOf(copy);
    next += roomForNumbers(range) + (range.high - range.low) * unit;
    const launched = a <= c;
    zeroLine(context, axis, scale, a, a + copy.length - 1);
    const text = `${launching}(${a}) ${copied} = ${shortNumber(signals.f[a])} ${copied}`;
    write(context, text, 0, scale.zero, { size: 12, colour: launched ? theme.ink : theme.quiet });
    if (!launched) return;
    copy.forEach((value, b) => {
      context.globalAlpha = a + b > c ? PALE : 1;
      bar(context, axis, scale, a + b, 0, value, sampleColour(a));
      context.globalAlpha = 1;
      barNumber(context, axis, scale, a + b, value, a + b > c ? theme.quiet : theme.ink);
    });
  });
}

/** Draw the products at each c on top of each other; after c, of the samples up to c, and pale. */
export function drawSums(context, axis, row, unit, signals, c) {
  const stacks = stacksOf(signals);
  const scale = barScale(row, stacks.flatMap(({ high, low }) => [high, low]), unit);
  zeroLine(context, axis, scale, 0, stacks.length - 1);
  stacks.forEach(({ pieces, high, low, sum }, at) => {
    context.globalAlpha = at > c ? PALE : 1;
    for (const { a, from, to } of pieces) {
      if (a <= c) bar(context, axis, scale, at, from, to, sampleColour(a));
    }
    context.globalAlpha = 1;
    if (at > c) return;
    if (high && low) bar(context, axis, scale, at, sum, sum, theme.ink);
    barNumber(context, axis, scale, at, sum, theme["sum-text"], high > 0 ? high : low);
  });
}
