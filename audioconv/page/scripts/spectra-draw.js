// Three spectra above one another, and an arrow for each at the chosen frequency.

import { acrossAxis, linearScale, upAxis } from "./axes.js";
import { clipped, rule, theme, write } from "./canvas.js";
import { minus } from "./format.js";
import { drawDots, drawLine } from "./series.js";

const LABELS = ["f", "g", "y = f * g"];
const SPECTRUM_COLOURS = ["f", "g", "sum"];
const [EDGE, ABOVE_SPECTRUM] = [50, 26]; // pixels at the left, and above each box
const PHASES = {
  ...linearScale(-195, 195),
  ticks: () => [-180, -90, 0, 90, 180].map((angle) => [angle, minus(`${angle}\u00b0`)]),
};
const SIGN = { align: "center", size: 16 }; // between two dials

function rowHeight(width) {
  return width < 600 ? 92 : 120;
}

/** Return the box of the first spectrum; the others are as wide. */
export function spectraBox(width) {
  const dial = rowHeight(width) + 8;
  return {
    left: EDGE,
    top: ABOVE_SPECTRUM,
    width: width - EDGE - dial - 8,
    height: rowHeight(width),
  };
}

export function spectraHeight(width) {
  return 3 * (rowHeight(width) + ABOVE_SPECTRUM) + 48;
}

/** Draw the levels or the phases of f, g and y, with the product of f and g over that of y. */
export function drawSpectra(context, width, spectra, part, stop) {
  const first = spectraBox(width);
  spectra.rows.forEach((row, i) => {
    const box = { ...first, top: first.top + i * (first.height + ABOVE_SPECTRUM) };
    const name = SPECTRUM_COLOURS[i];
    const label =
      part === "level"
        ? `magnitude of ${LABELS[i]}${spectra.unit}`
        : `phase of ${LABELS[i]}, degrees`;
    write(context, label, box.left, box.top - 8, { colour: theme[`${name}-text`] });
    spectrumRow(context, box, spectra, part, i);
    const across = box.left + spectra.x.share(spectra.places[stop]) * box.width;
    rule(context, across, box.top, across, box.top + box.height, theme.quiet, [3, 3]);
    const radius = box.height / 2 - 4;
    const centre = { x: width - radius - 6, y: box.top + box.height / 2 };
    const length = radius * Math.max(0, row.scale.share(row.level[stop]));
    dial(context, centre, radius, length, row.phase[stop], theme[name]);
    if (i < 2) write(context, i ? "=" : "\u00d7", centre.x, box.top + box.height + 19, SIGN);
  });
  write(context, spectra.x.label, first.left + first.width / 2, spectraHeight(width) - 8, {
    align: "center",
  });
}

/** Draw one spectrum and its axes; over the third, the product of the others. */
function spectrumRow(context, box, { x, places, rows, product }, part, i) {
  const phase = part === "phase";
  const y = phase ? PHASES : rows[i].scale;
  const points = (values) =>
    values.map((value, at) => ({
      x: box.left + x.share(places[at]) * box.width,
      y: box.top + (1 - y.share(value)) * box.height,
    }));
  const draw = (values, colour, dot, line) => {
    if (phase) drawDots(context, points(values), colour, dot);
    else drawLine(context, points(values), colour, line);
  };
  upAxis(context, box, y);
  if (i === 2) acrossAxis(context, box, x);
  clipped(context, box, () => {
    draw(rows[i][part], theme[SPECTRUM_COLOURS[i]], i < 2 ? 1.5 : 3, { width: i < 2 ? 1.5 : 4 });
    if (i === 2) draw(product[part], theme.ink, 1, { dash: [5, 5] });
  });
}

/** Draw an arrow of some length and angle in a circle. */
function dial(context, { x, y }, radius, length, degrees, colour) {
  context.strokeStyle = theme.line;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.stroke();
  rule(context, x - radius, y, x + radius, y);
  context.save();
  context.translate(x, y);
  context.rotate((-degrees * Math.PI) / 180); // angles are counted against the clock
  context.strokeStyle = context.fillStyle = colour;
  context.lineWidth = 2.5;
  const head = Math.min(9, length);
  context.beginPath();
  context.moveTo(0, 0);
  context.lineTo(length - head, 0);
  context.stroke();
  context.beginPath();
  context.moveTo(length, 0);
  context.lineTo(length - head, head / 2);
  context.lineTo(length - head, -head / 2);
  context.fill();
  context.restore();
}
