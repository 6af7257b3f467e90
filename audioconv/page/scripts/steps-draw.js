// The first steps as two pictures over the same places: copies added up, and a window that slides.

import { bars, barScale, placeAxis, sampleColour, writePlaces, zeroLine } from "./bars.js";
import { theme, write } from "./canvas.js";
import { commonUnit, drawCopies, drawSums } from "./copies-draw.js";
import { termsAt } from "./short.js";

const [SIGNAL, MIDDLE, SUMS] = [76, 236, 120]; // heights
const ABOVE = 30; // above each row

const ROWS = {
  f: { top: ABOVE, height: SIGNAL },
  middle: { top: 2 * ABOVE + SIGNAL, height: MIDDLE },
  g: { top: 2 * ABOVE + SIGNAL, height: (MIDDLE - ABOVE) * 0.45 },
  products: { top: 3 * ABOVE + SIGNAL + (MIDDLE - ABOVE) * 0.45, height: (MIDDLE - ABOVE) * 0.55 },
  y: { top: 3 * ABOVE + SIGNAL + MIDDLE, height: SUMS },
};
const PLACES = ROWS.y.top + ROWS.y.height + 18;

export const STEPS_HEIGHT = PLACES + 6;

/** Return the axis of both pictures: from the first place of the last tap to the last sum. */
export function stepsAxis(width, { f, g }) {
  return placeAxis(0, width, 1 - g.length, f.length + g.length - 2);
}

/** Draw each sample's copy of g, and their sum. */
export function drawLaunches(context, width, signals, c) {
  const axis = stepsAxis(width, signals);
  const unit = commonUnit(signals, ROWS.middle.height, ROWS.y.height);
  shade(context, axis, c, c, ROWS.f.top - 4, PLACES);
  title(context, ROWS.f, "f(a), the signal", "f");
  drawSignal(context, axis, signals.f, (a) => a <= c);
  title(context, ROWS.middle, "a copy of g for each sample", "g");
  drawCopies(context, axis, ROWS.middle.top, unit, signals, c, ["f", "g"]);
  title(context, ROWS.y, "y, the copies added up", "sum");
  drawSums(context, axis, ROWS.y, unit, signals, c);
  writePlaces(context, axis, PLACES, c);
}

/** Draw g turned round at c, its products with f, and their sum. */
export function drawWindow(context, width, signals, c) {
  const { f, g } = signals;
  const axis = stepsAxis(width, signals);
  const unit = commonUnit(signals, ROWS.middle.height, ROWS.y.height);
  shade(context, axis, c - g.length + 1, c, ROWS.f.top - 4, ROWS.y.top - ABOVE);
  shade(context, axis, c, c, ROWS.y.top - ABOVE, PLACES);
  title(context, ROWS.f, "f(a), the signal", "f");
  drawSignal(context, axis, f, (a) => a <= c && a > c - g.length);
  title(context, ROWS.g, "g(c \u2212 a), turned round and moved to c", "g");
  const scale = barScale(ROWS.g, g);
  zeroLine(context, axis, scale);
  bars(context, axis, scale, c - g.length + 1, [...g].reverse(), () => theme.g);
  title(context, ROWS.products, "f(a) g(c \u2212 a), the products", "product");
  const terms = termsAt(signals, c);
  const products = barScale(ROWS.products, terms.map(({ product }) => product), unit);
  zeroLine(context, axis, products);
  for (const { a, product } of terms) {
    bars(context, axis, products, a, [product], () => sampleColour(a));
  }
  title(context, ROWS.y, "y, the products added up at each c", "sum");
  drawSums(context, axis, ROWS.y, unit, signals, c);
  writePlaces(context, axis, PLACES, c);
}

function title(context, row, text, name) {
  write(context, text, 0, row.top - 12, { colour: theme[`${name}-text`] });
}

/** Draw the signal; samples that take no part are pale. */
function drawSignal(context, axis, f, takesPart) {
  const scale = barScale(ROWS.f, f);
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
  context.fillRect(left, top, axis.x(to + 0.5) - left, bottom - top + 6);
}
