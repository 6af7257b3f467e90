// Scales, and thin axes with units.

import { rule, textWidth, theme, write } from "./canvas.js";
import { minus, powerOfTen } from "./format.js";

/** Return round numbers between two limits, about as many as asked for, and their decimals. */
export function ticks(from, to, about) {
  const rough = (to - from) / Math.max(1, about);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999);
  const at = [];
  for (let i = Math.ceil(from / step); i <= Math.floor(to / step + 1e-9); i++) at.push(i * step);
  return { at, decimals: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
}

/**
 * Return a linear scale: the share of the way from one limit to the other at which a value stands,
 * and about so many ticks, each with its text. The text is in the unit that `factor` leads to.
 */
export function linearScale(from, to, factor = 1) {
  return {
    share: (value) => (value - from) / (to - from),
    ticks: (about) => {
      const { at, decimals } = ticks(from * factor, to * factor, about);
      return at.map((value) => [value / factor, minus(value.toFixed(decimals))]);
    },
  };
}

/** Return a logarithmic scale, with ticks at powers of ten. */
export function logScale(from, to) {
  return {
    share: (value) => Math.log(value / from) / Math.log(to / from),
    ticks: (about) => {
      const [first, last] = [Math.ceil(Math.log10(from)), Math.floor(Math.log10(to))];
      const step = Math.ceil((last - first + 1) / Math.max(1, about));
      const powers = [];
      for (let power = first; power <= last; power += step) powers.push(power);
      return powers.map((power) => [10 ** power, powerOfTen(power)]);
    },
  };
}

/** Return a linear scale of seconds, the unit of its ticks, and that unit's number per second. */
export function timeScale(from, to) {
  const [unit, factor] = to - from < 0.02 ? ["ms", 1000] : ["s", 1];
  return { unit, factor, ...linearScale(from, to, factor) };
}

/**
 * Draw a time axis under a box.
 * @param {{left: number, width: number}} box
 * @param {number} y of the axis
 * @param {number} from seconds at the left
 * @param {number} to seconds at the right
 */
export function timeAxis(context, box, y, from, to) {
  const scale = timeScale(from, to);
  rule(context, box.left, y + 0.5, box.left + box.width, y + 0.5, theme.strong);
  const limit = box.left + box.width - 14;
  for (const [value, text] of scale.ticks(box.width / 90)) {
    const x = box.left + scale.share(value) * box.width;
    rule(context, x, y + 0.5, x, y + 5.5, theme.strong);
    const half = textWidth(context, text, 12) / 2;
    if (x + half + 6 < limit) {
      write(context, text, Math.max(half, x), y + 19, { align: "center", size: 12 });
    }
  }
  write(context, scale.unit, box.left + box.width, y + 19, { align: "right", size: 12 });
}

/**
 * Draw the grid, the ticks and the labels of a chart around its box.
 * @param {{label: string}} x scale from left to right
 * @param {{label: string}} y scale from bottom to top
 */
export function chartAxes(context, box, x, y) {
  acrossAxis(context, box, x);
  upAxis(context, box, y);
  write(context, x.label, box.left + box.width / 2, box.top + box.height + 40, { align: "center" });
  context.save();
  context.translate(13, box.top + box.height / 2);
  context.rotate(-Math.PI / 2);
  write(context, y.label, 0, 0, { align: "center" });
  context.restore();
}

// on whole pixels, so that thin lines are sharp
function sharp(place) {
  return Math.round(place) + 0.5;
}

/** Draw the ticks of a scale from left to right under a box, and their lines in it. */
export function acrossAxis(context, box, x) {
  const bottom = box.top + box.height;
  for (const [value, text] of x.ticks(box.width / 60)) {
    const at = sharp(box.left + x.share(value) * box.width);
    gridLine(context, at, box.top, at, bottom);
    rule(context, at, bottom, at, bottom + 5, theme.strong);
    write(context, text, at, bottom + 19, { align: "center", size: 12 });
  }
  rule(context, box.left, sharp(bottom), box.left + box.width, sharp(bottom), theme.strong);
}

/** Draw the ticks of a scale from bottom to top beside a box, and their lines in it. */
export function upAxis(context, box, y) {
  for (const [value, text] of y.ticks(box.height / 30)) {
    const at = sharp(box.top + box.height - y.share(value) * box.height);
    gridLine(context, box.left, at, box.left + box.width, at);
    rule(context, box.left - 5, at, box.left, at, theme.strong);
    write(context, text, box.left - 9, at + 4, { align: "right", size: 12 });
  }
}

function gridLine(context, x0, y0, x1, y1) {
  context.globalAlpha = 0.5;
  rule(context, x0, y0, x1, y1);
  context.globalAlpha = 1;
}
