// Convolution as a matrix: T[c][a] = g(c - a).

import { Figure, theme, write } from "./canvas.js";
import { moveSlider, slider } from "./controls.js";
import { element, setText } from "./dom.js";
import { draggable } from "./drag.js";
import { minus } from "./format.js";
import { total } from "./series.js";

const TOP = 24; // pixels above the first row
const LITTLE = { f: [2, 1, 0, 3, -1, 2, 0, 1], g: [4, 3, 2, 1] };

/** Return the terms of row c inside the band of the matrix. */
function rowOf({ f, g }, c) {
  return f
    .map((value, a) => ({ a, b: c - a, f: value, g: g[c - a], product: value * g[c - a] }))
    .filter(({ b }) => b >= 0 && b < g.length);
}

export function matrix() {
  const canvas = element("matrix-canvas");
  const range = element("matrix-position");
  const rows = LITTLE.f.length + LITTLE.g.length - 1;
  let c = 0;
  const sums = Array.from({ length: rows }, (_, row) =>
    total(rowOf(LITTLE, row).map((term) => term.product)),
  );
  const cellOf = (width) => Math.min(32, Math.floor((width - 40) / (LITTLE.f.length + 3.5)));
  const figure = new Figure(
    canvas,
    (width) => cellOf(width) * rows + 30,
    (context, width) => drawMatrix(context, cellOf(width), sums, c),
  );
  slider(range, (value) => {
    c = value;
    const terms = rowOf(LITTLE, c);
    const sum = terms.map((term) => `g(${term.b}) f(${term.a})`).join(" + ");
    const counts = terms
      .map((term) => `${term.g}\u00b7${term.f < 0 ? `(${minus(String(term.f))})` : term.f}`)
      .join(" + ");
    const text = `y(${c}) = ${sum} = ${counts} = ${minus(String(sums[c]))}`;
    element("matrix-value").dataset.value = String(sums[c]);
    setText(element("matrix-value"), text);
    canvas.setAttribute(
      "aria-label",
      `A matrix of 11 rows and 8 columns with equal diagonals, times f. Row ${c} is marked. ${text}`,
    );
    figure.change();
  });
  const rowAt = (y) => Math.floor((y - TOP) / cellOf(canvas.clientWidth));
  const marked = (y) => Math.abs((y - TOP) / cellOf(canvas.clientWidth) - c - 0.5) < 0.75;
  draggable(canvas, (_, y) => (marked(y) ? (_, y) => moveSlider(range, rowAt(y)) : null));
  canvas.addEventListener("click", (event) => moveSlider(range, rowAt(event.offsetY)));
}

function drawMatrix(context, cell, sums, c) {
  const { f, g } = LITTLE;
  const size = Math.min(14, cell * 0.5);
  const centre = (row) => TOP + (row + 0.5) * cell + size * 0.36;
  write(context, "T", 4 * cell, 14, { align: "center", colour: theme["g-text"] });
  sums.forEach((sum, row) => {
    f.forEach((_, a) => {
      const tap = g[row - a];
      const x = a * cell;
      const y = TOP + row * cell;
      if (tap !== undefined) {
        // each diagonal has a tint of its own, which is full in the marked row
        context.globalAlpha = row === c ? 1 : 0.32 - 0.07 * (row - a);
        context.fillStyle = theme.g;
        context.fillRect(x + 1, y + 1, cell - 2, cell - 2);
        context.globalAlpha = 1;
      }
      const colour = tap === undefined ? theme.strong : row === c ? theme.ground : theme.ink;
      const text = tap === undefined ? "\u00b7" : String(tap);
      write(context, text, x + cell / 2, centre(row), {
        align: "center",
        size,
        colour,
        weight: row === c ? 600 : "",
      });
    });
  });
  context.strokeStyle = theme.ink;
  context.lineWidth = 2;
  context.strokeRect(1, TOP + c * cell, 8 * cell - 1, cell);
  context.lineWidth = 1;
  const second = 9.25 * cell;
  write(context, "f", second, 14, { align: "center", colour: theme["f-text"] });
  f.forEach((value, a) => {
    const used = c - a >= 0 && c - a < g.length;
    if (used) {
      context.fillStyle = theme.f;
      context.globalAlpha = 0.25;
      context.fillRect(second - cell / 2 + 1, TOP + a * cell + 1, cell - 2, cell - 2);
      context.globalAlpha = 1;
    }
    write(context, minus(String(value)), second, centre(a), {
      align: "center",
      size,
      colour: used ? theme.ink : theme.quiet,
    });
  });
  write(context, "\u00d7", 8.45 * cell, centre(4), { align: "center", size });
  const third = 11 * cell;
  write(context, "=", 10.1 * cell, centre(4), { align: "center", size });
  write(context, "y", third, 14, { align: "center", colour: theme["sum-text"] });
  sums.forEach((sum, row) => {
    if (row > c) return;
    if (row === c) {
      context.strokeStyle = theme.sum;
      context.lineWidth = 2;
      context.strokeRect(third - cell / 2, TOP + row * cell, cell, cell);
      context.lineWidth = 1;
    }
    write(context, minus(String(sum)), third, centre(row), {
      align: "center",
      size,
      colour: theme["sum-text"],
      weight: row === c ? 600 : "",
    });
  });
}
