// Rows of bars over the same places.

import { bars, barScale, placeAxis, writePlaces, zeroLine } from "./bars.js";
import { Figure, theme, write } from "./canvas.js";

const LABELLED = 26; // pixels above a row for its label
const BAR_ROW = 56;

/**
 * Show rows of bars in a canvas, over the places from 0 on.
 *
 * `rowsOf` returns the rows as they are now, always as many: each has a label, the name of its
 * colour, its values, and the place of the first.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {function(): Array<{label: string, colour: string, values: number[], first: number}>} rowsOf
 * @param {function(): number} lastOf the last place
 */
export function barRows(canvas, rowsOf, lastOf) {
  const height = rowsOf().length * (LABELLED + BAR_ROW);
  return new Figure(
    canvas,
    () => height + 26,
    (context, width) => {
      const axis = placeAxis(0, width, 0, lastOf());
      rowsOf().forEach(({ label, colour, values, first = 0 }, i) => {
        const row = { top: i * (LABELLED + BAR_ROW) + LABELLED, height: BAR_ROW };
        const scale = barScale(row, values);
        write(context, label, 0, row.top - 8, { colour: theme[`${colour}-text`] });
        zeroLine(context, axis, scale);
        bars(context, axis, scale, first, values, () => theme[colour]);
      });
      writePlaces(context, axis, height + 18);
    },
  );
}
