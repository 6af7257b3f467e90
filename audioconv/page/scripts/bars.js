// A few samples as bars with their numbers, and the axis of places under them.

import { hatch, rule, theme, write } from "./canvas.js";
import { minus } from "./format.js";

const SAMPLE_COLOURS = ["f", "orange", "product", "sky", "strong"];
const BESIDE = 2; // pixels beside a bar
const NUMBER = 16; // pixels for a number above or below a bar

/** Return the colour of the sample a, and of all that it becomes. */
export function sampleColour(a) {
  return theme[SAMPLE_COLOURS[a % SAMPLE_COLOURS.length]];
}

/** Return a number with at most two decimals. */
export function shortNumber(value) {
  return minus(String(Number(value.toFixed(2))));
}

/** Return the lowest and the highest of some values and 0. */
export function rangeOf(values) {
  return { low: Math.min(0, ...values), high: Math.max(0, ...values) };
}

/**
 * Return the zero line of a row, and its pixels for 1, so that values fit with their numbers.
 * @param {{top: number, height: number}} row
 * @param {Array<number>} values
 * @param {number} [unit] pixels for 1, if it is that of another row; the bars stand at the bottom
 */
export function barScale({ top, height }, values, unit) {
  const range = rangeOf(values);
  const pixels = unit ?? (height - roomForNumbers(range)) / (range.high - range.low || 1);
  const below = (range.low < 0 ? NUMBER : 0) - range.low * pixels;
  return { zero: top + height - below, unit: pixels };
}

/** Return the pixels that the numbers above and below bars take. */
export function roomForNumbers({ low, high }) {
  return (high > 0 || low === 0 ? NUMBER : 0) + (low < 0 ? NUMBER : 0);
}

/** Draw a bar from one value to another. */
export function bar(context, axis, scale, place, from, to, colour) {
  const top = scale.zero - Math.max(from, to) * scale.unit;
  const height = Math.max(1, Math.abs(to - from) * scale.unit);
  context.fillStyle = colour;
  context.fillRect(axis.x(place) - axis.step / 2 + BESIDE, top, axis.step - 2 * BESIDE, height);
}

/** Hatch the part of a stack that a negative number takes away. */
export function taken(context, axis, scale, place, from, to, colour) {
  if (to >= from) return;
  const [left, width] = [axis.x(place) - axis.step / 2 + BESIDE, axis.step - 2 * BESIDE];
  const [top, height] = [scale.zero - from * scale.unit, (from - to) * scale.unit];
  context.fillStyle = theme.ground;
  context.fillRect(left, top, width, height);
  hatch(context, left, top, width, height, colour);
}

/** Write a number at the end of a bar: above it, or below a negative one. */
export function barNumber(context, axis, scale, place, value, colour, halo = false) {
  const y = scale.zero - value * scale.unit + (value < 0 ? 13 : -4);
  write(context, shortNumber(value), axis.x(place), y, { colour, align: "center", size: 12, halo });
}

/** Draw samples as bars on their zero line, each with its number. */
export function bars(context, axis, scale, first, values, colourOf, numbers = theme.ink) {
  values.forEach((value, i) => {
    bar(context, axis, scale, first + i, 0, value, colourOf(i));
    barNumber(context, axis, scale, first + i, value, numbers);
  });
}

/** Return an axis of whole places. */
export function placeAxis(left, width, from, to) {
  const step = width / (to - from + 1);
  return { from, to, step, left, right: left + width, x: (at) => left + (at - from + 0.5) * step };
}

/** Draw the zero line of a row. */
export function zeroLine(context, axis, { zero }, from = axis.from, to = axis.to) {
  const y = Math.round(zero) + 0.5;
  rule(context, axis.x(from - 0.5), y, axis.x(to + 0.5), y, theme.strong);
}

/** Write the number of each place of an axis; one is marked. */
export function writePlaces(context, axis, y, marked) {
  for (let at = axis.from; at <= axis.to; at++) {
    write(context, shortNumber(at), axis.x(at), y, {
      align: "center",
      size: 12,
      colour: at === marked ? theme.ink : theme.quiet,
      weight: at === marked ? 600 : "",
    });
  }
}
