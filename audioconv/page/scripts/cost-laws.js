// The laws by which times grow, through the last measured points, and where they cross.

import { clipped, rule, theme, write } from "./canvas.js";
import { whole } from "./format.js";
import { drawLine } from "./series.js";

/** Return the law by which a time grows, through the last measured point. */
export function lawThrough(points, law) {
  const [last, time] = points[points.length - 1];
  return (n) => (time * law(n)) / law(last);
}

/** Return the largest n of a range from which on the first law is above the second, if any. */
export function crossing(slow, fast, from, to) {
  let [low, high] = [Math.max(2, from), to];
  if (slow(low) >= fast(low) || slow(high) <= fast(high)) return null;
  while (high / low > 1.001) {
    const middle = Math.sqrt(low * high);
    if (slow(middle) < fast(middle)) low = middle;
    else high = middle;
  }
  return high;
}

/** Draw both laws inside a box. */
export function drawLaws(context, box, points, { slow, fast }, from, to) {
  clipped(context, box, () => {
    drawLaw(context, points, slow, from, to, theme.g, [6, 4]);
    drawLaw(context, points, fast, from, to, theme.sum, [2, 3]);
  });
}

/** Draw a law as a thin line. */
function drawLaw(context, points, law, from, to, colour, dash) {
  // more than two points, because n log n is no straight line
  const sizes = Array.from({ length: 65 }, (_, i) => from * (to / from) ** (i / 64));
  drawLine(context, points(sizes, sizes.map(law)), colour, { dash });
}

/** Return a number with two digits. */
export function roughly(n) {
  return Number(n.toPrecision(2));
}

/** Mark where the laws cross. */
export function drawCrossing(context, { x, y }, n) {
  rule(context, x, y - 7, x, y + 7, theme.ink);
  rule(context, x - 7, y, x + 7, y, theme.ink);
  const text = `the laws cross at n \u2248 ${whole(roughly(n))}`;
  write(context, text, x + 12, y + 16, { colour: theme.ink, halo: true });
}
