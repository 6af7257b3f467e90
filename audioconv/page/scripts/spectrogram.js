// A matrix of levels as a picture.

import { logScale, ticks } from "./axes.js";
import { rule, theme, write } from "./canvas.js";
import { minus } from "./format.js";

// dark to bright in equal steps of lightness (CIELAB lightness 5 to 95)
const DARK_TO_BRIGHT = [
  [8, 9, 26],
  [31, 25, 84],
  [75, 28, 122],
  [128, 35, 124],
  [182, 54, 104],
  [224, 92, 74],
  [245, 145, 64],
  [250, 202, 108],
  [252, 250, 210],
];

/** Return the colour of each of 256 levels. */
function colourMap() {
  const colours = new Uint8Array(256 * 3);
  const last = DARK_TO_BRIGHT.length - 1;
  for (let level = 0; level < 256; level++) {
    const place = (level / 255) * last;
    const start = Math.min(last - 1, Math.floor(place));
    for (let part = 0; part < 3; part++) {
      const [from, to] = [DARK_TO_BRIGHT[start][part], DARK_TO_BRIGHT[start + 1][part]];
      colours[level * 3 + part] = Math.round(from + (place - start) * (to - from));
    }
  }
  return colours;
}

const COLOUR_MAP = colourMap();

/** Return a canvas with one pixel for each level, the lowest frequency at the bottom. */
export function spectrumPicture(levels, rows, columns) {
  const canvas = document.createElement("canvas");
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext("2d");
  const picture = context.createImageData(columns, rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const level = levels[row * columns + column];
      const at = ((rows - 1 - row) * columns + column) * 4;
      picture.data.set(COLOUR_MAP.subarray(level * 3, level * 3 + 3), at);
      picture.data[at + 3] = 255;
    }
  }
  context.putImageData(picture, 0, 0);
  return canvas;
}

/** Draw a spectrogram with its frequency axis; `span` is the width of the box in columns. */
export function drawSpectrum(context, box, picture, hz, span) {
  context.imageSmoothingEnabled = true;
  // a column is centred on its time, and the first on 0
  const shown = Math.min(span, picture.width - 0.5);
  const width = (box.width * shown) / span;
  context.drawImage(picture, 0.5, 0, shown, picture.height, box.left, box.top, width, box.height);
  const [from, to] = [hz[0], hz[hz.length - 1]];
  const scale = logScale(from, to);
  for (const mark of [50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000]) {
    if (mark < from || mark > to) continue;
    const y = box.top + box.height * (1 - scale.share(mark));
    rule(context, box.left - 4, y, box.left, y, theme.strong);
    const even = [100, 1000, 10000].includes(mark);
    if (even && y > box.top + 20) {
      write(context, mark < 1000 ? String(mark) : `${mark / 1000} k`, box.left - 7, y + 4, {
        align: "right",
        size: 12,
      });
    }
  }
  write(context, "Hz", box.left - 7, box.top + 11, { align: "right", size: 12 });
}

/** Draw the colours of the levels. */
export function drawKey(context, width, topDb, rangeDb) {
  const wide = Math.min(320, width - 130);
  for (let i = 0; i < wide; i++) {
    const level = Math.round((i / (wide - 1)) * 255);
    context.fillStyle = `rgb(${COLOUR_MAP.subarray(level * 3, level * 3 + 3).join(",")})`;
    context.fillRect(i, 4, 1.5, 12);
  }
  const { at, decimals } = ticks(topDb - rangeDb, topDb, wide / 70);
  for (const value of at) {
    const x = ((value - topDb + rangeDb) / rangeDb) * wide;
    rule(context, x, 16, x, 20, theme.strong);
    const text = minus(value.toFixed(decimals));
    const align = x < 14 ? "left" : "center";
    write(context, text, x, 34, { align, size: 12 });
  }
  write(context, "dBFS", wide + 20, 15, { size: 12 });
}
