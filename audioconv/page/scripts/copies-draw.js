// Copies of an impulse, one for each sample, and what they add up to.

import {
  bar,
  barNumber,
  barScale,
  rangeOf,
  roomForNumbers,
  sampleColour,
  shortNumber,
  taken,
  zeroLine,
} from "./bars.js";
import { theme, write } from "./canvas.js";
import { termsAt } from "./short.js";
import { total } from "./series.js";

/** Pixels in which six copies, with numbers above and below their bars, leave room for the bars. */
export const COPIES_HEIGHT = 300;

const PALE = 0.3; // of what is still to come
const APART = 10; // pixels between copies

/** Return the samples of the copy that each f(a) launches. */
function copiesOf({ f, g }) {
  return f.map((height) => g.map((tap) => height * tap));
}

/**
 * Return, for every c, its products as pieces of a stack: positive ones stand on each other, and
 * negative ones then take away from the top, so that the stack ends at their sum.
 */
function stacksOf(signals) {
  const count = signals.f.length + signals.g.length - 1;
  return Array.from({ length: count }, (_, c) => {
    const terms = termsAt(signals, c);
    const up = terms.filter(({ product }) => product >= 0);
    const down = terms.filter(({ product }) => product < 0);
    let sum = 0;
    const pieces = [...up, ...down].map(({ a, product }) => ({
      a,
      from: sum,
      to: (sum += product),
    }));
    return { pieces, sum, ends: [total(up.map(({ product }) => product)), sum] };
  });
}

/** Return all products. */
export function productsOf(signals) {
  return copiesOf(signals).flat();
}

/** Return the pixels for 1 with which copies, products and sums fit into their heights. */
export function commonUnit(signals, heights) {
  const lanes = copiesOf(signals).map(rangeOf);
  const span = ({ low, high }) => high - low;
  const apart = total(lanes.map((lane) => roomForNumbers(lane) + APART));
  const fitting = (height, range) => (height - roomForNumbers(range)) / (span(range) || 1);
  return Math.min(
    (heights.copies - apart) / (total(lanes.map(span)) || 1),
    fitting(heights.products, rangeOf(productsOf(signals))),
    fitting(heights.sums, rangeOf(stacksOf(signals).flatMap(({ ends }) => ends))),
  );
}

/** Draw one copy below another, of the samples up to c; what comes after c is pale. */
export function drawCopies(context, axis, top, unit, signals, c, [launching, copied]) {
  let next = top;
  copiesOf(signals).forEach((copy, a) => {
    const range = rangeOf(copy);
    const row = { top: next, height: roomForNumbers(range) + (range.high - range.low) * unit };
    next += row.height + APART;
    const scale = barScale(row, copy, unit);
    zeroLine(context, axis, scale, a, a + copy.length - 1);
    const text = `${launching}(${a}) ${copied} = ${shortNumber(signals.f[a])} ${copied}`;
    write(context, text, 0, row.top + row.height / 2 + 10, {
      size: 12,
      colour: a <= c ? theme.ink : theme.quiet,
    });
    if (a > c) return;
    copy.forEach((value, b) => {
      context.globalAlpha = a + b > c ? PALE : 1;
      bar(context, axis, scale, a + b, 0, value, sampleColour(a));
      context.globalAlpha = 1;
      barNumber(context, axis, scale, a + b, value, a + b > c ? theme.quiet : theme.ink);
    });
  });
}

/** Draw the products at each c as a stack; after c, those of the samples up to c, and pale. */
export function drawSums(context, axis, row, unit, signals, c) {
  const stacks = stacksOf(signals);
  const scale = barScale(
    row,
    stacks.flatMap(({ ends }) => ends),
    unit,
  );
  zeroLine(context, axis, scale, 0, stacks.length - 1);
  stacks.forEach(({ pieces, sum }, at) => {
    context.globalAlpha = at > c ? PALE : 1;
    for (const { a, from, to } of pieces) {
      if (a > c) continue;
      if (to < from) taken(context, axis, scale, at, from, Math.max(0, to), sampleColour(a));
      if (to > from || to < 0)
        bar(context, axis, scale, at, to > from ? from : Math.min(0, from), to, sampleColour(a));
    }
    context.globalAlpha = 1;
    if (at <= c) barNumber(context, axis, scale, at, sum, theme["sum-text"], true);
  });
}
