// The first steps as two pictures over the same places: copies added up, and a window that slides.

import { bars, barScale, placeAxis, sampleColour, writePlaces, zeroLine } from "./bars.js";
import { theme, write } from "./canvas.js";
import { commonUnit, COPIES_HEIGHT, drawCopies, drawSums, productsOf } from "./copies-draw.js";
import { termsAt } from "./short.js";

const ABOVE = 34; // pixels above each row for its label
const [SIGNAL_HEIGHT, TAPS_HEIGHT, SUMS_HEIGHT] = [76, 94, 98];
const HEIGHTS_OF_ROWS = {
  f: SIGNAL_HEIGHT,
  copies: COPIES_HEIGHT,
  g: TAPS_HEIGHT,
  products: COPIES_HEIGHT - TAPS_HEIGHT - ABOVE, // so that both pictures are as high
  sums: SUMS_HEIGHT,
};

/** Return rows, one below another. */
function rowsBelow(names) {
  let bottom = 0;
  return names.map((name) => {
    const row = { top: bottom + ABOVE, height: HEIGHTS_OF_ROWS[name] };
    bottom = row.top + row.height;
    return row;
  });
}

const LAUNCHES = rowsBelow(["f", "copies", "sums"]);
const WINDOW = rowsBelow(["f", "g", "products", "sums"]);
const SUMS_ROW = LAUNCHES[2]; // as high as that of the other picture
const PLACES = SUMS_ROW.top + SUMS_ROW.height + 22;

export const STEPS_HEIGHT = PLACES + 6;

/**
 * Return the axis of both pictures: from the first place of the last tap, with room for the labels
 * of the copies, to the last sum.
 */
export function stepsAxis(width, { f, g }) {
  return placeAxis(0, width, Math.min(-2, 1 - g.length), f.length + g.length - 2);
}

/** Draw each sample's copy of g, and their sum. */
export function drawLaunches(context, width, signals, c) {
  const [f, copies, sums] = LAUNCHES;
  const axis = stepsAxis(width, signals);
  const unit = commonUnit(signals, HEIGHTS_OF_ROWS);
  shade(context, axis, c, c, f.top - 4, PLACES + 6);
  title(context, f, "f(a), the signal", "f");
  drawSignal(context, axis, f, signals.f, (a) => a <= c);
  title(context, copies, "a copy of g for each sample of f", "g");
  drawCopies(context, axis, copies.top, unit, signals, c, ["f", "g"]);
  title(context, sums, "y, the copies added up; hatched: taken away", "sum");
  drawSums(context, axis, sums, unit, signals, c);
  writePlaces(context, axis, PLACES, c);
}

/** Draw g turned round at c, its products with f, and their sum. */
export function drawWindow(context, width, signals, c) {
  const [f, g, products, sums] = WINDOW;
  const axis = stepsAxis(width, signals);
  const unit = commonUnit(signals, HEIGHTS_OF_ROWS);
  const first = c - signals.g.length + 1;
  shade(context, axis, first, c, f.top - 4, sums.top - ABOVE);
  shade(context, axis, c, c, sums.top - ABOVE, PLACES + 6);
  title(context, f, "f(a), the signal", "f");
  drawSignal(context, axis, f, signals.f, (a) => a >= first && a <= c);
  title(context, g, "g(c \u2212 a), turned round and moved to c", "g");
  const taps = barScale(g, signals.g);
  zeroLine(context, axis, taps);
  bars(context, axis, taps, first, [...signals.g].reverse(), () => theme.g);
  title(context, products, "f(a) g(c \u2212 a), the products", "product");
  const scale = barScale(products, productsOf(signals), unit);
  zeroLine(context, axis, scale);
  for (const { a, product } of termsAt(signals, c)) {
    bars(context, axis, scale, a, [product], () => sampleColour(a));
  }
  title(context, sums, "y, the products added up; hatched: taken away", "sum");
  drawSums(context, axis, sums, unit, signals, c);
  writePlaces(context, axis, PLACES, c);
}

function title(context, row, text, name) {
  write(context, text, 0, row.top - 12, { colour: theme[`${name}-text`] });
}

/** Draw the signal; samples that take no part are pale. */
function drawSignal(context, axis, row, f, takesPart) {
  const scale = barScale(row, f);
  zeroLine(context, axis, scale, 0, f.length - 1);
  f.forEach((value, a) => {
    context.globalAlpha = takesPart(a) ? 1 : 0.4;
    bars(context, axis, scale, a, [value], () => sampleColour(a));
    context.globalAlpha = 1;
  });
}

function shade(context, axis, from, to, top, bottom) {
  context.fillStyle = theme.panel;
  const left = axis.x(from - 0.5);
  context.fillRect(left, top, axis.x(to + 0.5) - left, bottom - top);
}
