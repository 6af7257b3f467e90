// The sliding picture: four rows over one time axis.

import { timeAxis } from "./axes.js";
import { clipped, rule, textWidth, theme, write } from "./canvas.js";
import { columns, drawSamples, fillBetween, peakOf, ROOM, stems } from "./series.js";
import { namedTaps } from "./taps.js";

const TITLE = 22; // pixels above each row for its label

/** Return the place of each row, for a width. */
function slidingRows(width) {
  const height = width < 700 ? 72 : 104;
  const left = 1;
  return [0, 1, 2, 3].map((row) => ({
    left,
    width: width - 2 * left,
    top: 26 + row * (height + TITLE + 12) + TITLE,
    height,
  }));
}

export function slidingHeight(width) {
  const last = slidingRows(width)[3];
  return last.top + last.height + 32;
}

/** Draws one convolution at one c after another; keeps the columns that do not depend on c. */
export class SlidingPicture {
  constructor(convolution) {
    this.convolution = convolution;
    this.peaks = {
      f: peakOf(convolution.f),
      g: peakOf(convolution.g),
      y: peakOf(convolution.y),
    };
    this.peaks.product = this.peaks.f * this.peaks.g;
    this.kept = new Map();
    this.names = namedTaps(convolution);
  }

  /** Return the visible part of the axis: all of it, or a span of samples around c. */
  view(c, span) {
    const { begin, end, taps } = this.convolution;
    // before the first c, at most half as much again of a long impulse
    const before = Math.min(taps, Math.ceil((end - begin) / 2));
    if (!span) return { from: begin - before + 0.5, to: end - 0.5 };
    return { from: c - 0.75 * span, to: c + 0.25 * span };
  }

  draw(context, width, pixelRatio, state) {
    const { c, magnify } = state;
    const { convolution, peaks } = this;
    const { f, g, y, rate, first, begin, end, taps, origin } = convolution;
    const rows = slidingRows(width);
    const view = this.view(c, state.span);
    const x = (a) => rows[0].left + ((a - view.from) / (view.to - view.from)) * rows[0].width;
    const last = rows[3];
    const bottom = last.top + last.height;

    const start = convolution.leftmost(c);
    const from = Math.max(0, x(start - 0.5));
    const to = Math.min(width, x(start + taps - 0.5));
    context.fillStyle = theme.panel;
    context.fillRect(from, rows[0].top, to - from, rows[2].top + rows[2].height - rows[0].top);
    rows.forEach((row, i) => {
      const middle = Math.round(row.top + row.height / 2) + 0.5;
      // the output begins at the first c and ends at the last
      const [start, stop] = i < 3 ? [0, width] : [x(begin - 0.5), x(end - 0.5)];
      rule(context, Math.max(0, start), middle, Math.min(width, stop), middle);
    });
    this.labels(context, rows, width < 600, magnify);
    // behind the stems of g, which stand on it
    rule(context, x(c), 14, x(c), bottom + 6, theme.ink);
    this.drawFixed(context, rows[0], view, f, first, peaks.f, theme.f, pixelRatio);
    const tapPeak = peaks.g / magnify;
    const productPeak = peaks.product / magnify;
    if (convolution.sparse) {
      const at = convolution.spikes.map((place) => c + origin - place);
      const heights = Array.from(convolution.spikes, (place) => g[place]);
      stems(context, rows[1], view, at, heights, tapPeak, theme.g);
      this.nameTaps(context, rows[1], x, c);
      const products = heights.map((tap, i) => tap * convolution.signal(at[i]));
      stems(context, rows[2], view, at, products, productPeak, theme.product);
    } else {
      drawSamples(context, rows[1], view, convolution.turned, start, tapPeak, theme.g, pixelRatio);
      const products = convolution.window(c);
      drawSamples(context, rows[2], view, products, start, productPeak, theme.product, pixelRatio);
    }

    const upToC = {
      left: 0,
      top: last.top - 4,
      width: Math.max(0, x(c + 0.5)),
      height: last.height + 8,
    };
    clipped(context, upToC, () =>
      this.drawFixed(context, last, view, y, begin, peaks.y, theme.sum, pixelRatio),
    );
    this.handle(context, x(c), rows[0], last, y[c - begin] / (peaks.y || 1));
    timeAxis(context, rows[0], bottom + 6, view.from / rate, view.to / rate);
  }

  /** Draw samples that do not move with c; their columns are computed once for each view. */
  drawFixed(context, box, view, samples, offset, peak, colour, pixelRatio) {
    if (box.width / (view.to - view.from) >= ROOM) {
      drawSamples(context, box, view, samples, offset, peak, colour, pixelRatio);
      return;
    }
    const count = Math.round(box.width * pixelRatio);
    const key = `${view.from} ${view.to} ${count}`;
    let envelope = this.kept.get(samples);
    if (envelope?.key !== key) {
      envelope = { key, ...columns(samples, offset, view, count) };
      this.kept.set(samples, envelope);
    }
    fillBetween(context, box, envelope, peak, colour);
  }

  /** Write the names of taps under them, unless one would lie over the next. */
  nameTaps(context, row, x, c) {
    let free = row.left;
    for (const { at, name } of this.names.toReversed()) {
      const text = name.replace(/^the /, "");
      const half = textWidth(context, text, 12) / 2;
      const place = x(c + this.convolution.origin - at);
      const centre = Math.min(place, row.left + row.width - half);
      if (centre - half < free || place > row.left + row.width) continue;
      free = centre + half + 8;
      const y = row.top + row.height / 2 + 16;
      write(context, text, centre, y, {
        align: "center",
        size: 12,
        colour: theme["g-text"],
        halo: true,
      });
    }
  }

  labels(context, rows, small, magnify) {
    const times = magnify > 1 ? `, ${magnify} times as high` : "";
    const cut = magnify > 1 ? " (peaks cut off)" : "";
    const texts = small
      ? [
          "f(a), the signal",
          `g(c \u2212 a), turned round${times}`,
          "f(a) g(c \u2212 a), the products",
          "y, the output up to c",
        ]
      : [
          "f(a), the signal",
          `g(c \u2212 a), the impulse, turned round and shifted to c${times}${cut}`,
          `f(a) g(c \u2212 a), their products${times}; y(c) is their sum`,
          "y, the output up to c",
        ];
    const colours = ["f-text", "g-text", "product-text", "sum-text"];
    rows.forEach((row, i) => {
      write(context, texts[i], row.left, row.top - 8, { colour: theme[colours[i]] });
    });
  }

  handle(context, x, first, last, level) {
    for (const row of [first, last]) {
      rule(context, x, row.top, x, row.top + row.height, theme.ink);
    }
    context.fillStyle = theme.ink;
    context.beginPath();
    context.arc(x, 12, 7, 0, 2 * Math.PI);
    context.fill();
    const align = x > last.width - 60 ? "right" : "left";
    write(context, "c", x + (align === "left" ? 12 : -12), 16, {
      colour: theme.ink,
      align,
      weight: 600,
    });
    context.fillStyle = theme.sum;
    context.strokeStyle = theme.ground;
    context.lineWidth = 2;
    context.beginPath();
    context.arc(x, last.top + last.height / 2 - (level * last.height) / 2, 5, 0, 2 * Math.PI);
    context.fill();
    context.stroke();
    context.lineWidth = 1;
  }
}
