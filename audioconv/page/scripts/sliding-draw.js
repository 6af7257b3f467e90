// The sliding picture: four rows over one time axis.

const TITLE = 22; // pixels above each row for its label

/** Return the place of each row, for a width. */
function slidingRows(width) {
  const height = width < 600 ? 72 : 104;
  const left = 1;
  return [0, 1, 2, 3].map((row) => ({
    left,
    width: width - 2 * left,
    top: 26 + row * (height + TITLE + 12) + TITLE,
    height,
  }));
}

function slidingHeight(width) {
  const last = slidingRows(width)[3];
  return last.top + last.height + 32;
}

/** Draws one convolution at one c after another; remembers what does not change with c. */
class SlidingPicture {
  constructor(convolution) {
    this.of = convolution;
    this.peaks = {
      f: peakOf(convolution.f),
      g: peakOf(convolution.g),
      y: peakOf(convolution.y),
    };
    this.peaks.product = this.peaks.f * this.peaks.g;
    this.kept = new Map();
  }

  /** Return what is seen of the axis: all that is summed up to, or so many samples around c. */
  view(c, span) {
    const { begin, end, taps } = this.of;
    // of a long impulse that has not met the sound yet, not more than half as much again
    const before = Math.min(taps, Math.ceil((end - begin) / 2));
    if (!span) return { from: begin - before + 0.5, to: end - 0.5 };
    return { from: c - 0.75 * span, to: c + 0.25 * span };
  }

  draw(context, width, sharp, state) {
    const { c, magnify } = state;
    const { of, peaks } = this;
    const rows = slidingRows(width);
    const view = this.view(c, state.span);
    const x = (a) => rows[0].left + ((a - view.from) / (view.to - view.from)) * rows[0].width;
    const last = rows[3];
    const bottom = last.top + last.height;

    const from = Math.max(0, x(c - of.taps + 0.5));
    const to = Math.min(width, x(c + 0.5));
    context.fillStyle = theme.panel;
    context.fillRect(from, rows[0].top, to - from, rows[2].top + rows[2].height - rows[0].top);
    rows.forEach((row, i) => {
      const middle = Math.round(row.top + row.height / 2) + 0.5;
      // the output is shown from its first c to its last
      const [start, stop] = i < 3 ? [0, width] : [x(of.begin - 0.5), x(of.end - 0.5)];
      rule(context, Math.max(0, start), middle, Math.min(width, stop), middle);
    });
    this.labels(context, rows, width < 600, magnify);
    // behind the stems of g, which stand on it, and before what fills its row
    rule(context, x(c), 14, x(c), bottom + 6, theme.ink);
    this.still(context, rows[0], view, of.f, of.first, peaks.f, theme.f, sharp);
    const start = c - of.taps + 1;
    const g = peaks.g / magnify;
    const product = peaks.product / magnify;
    if (of.sparse) {
      const at = of.spikes.map((b) => c - b);
      const taps = Array.from(of.spikes, (b) => of.g[b]);
      stems(context, rows[1], view, at, taps, g, theme.g);
      const products = taps.map((tap, i) => tap * of.signal(at[i]));
      stems(context, rows[2], view, at, products, product, theme.product);
    } else {
      drawSamples(context, rows[1], view, of.turned, start, g, theme.g, sharp);
      drawSamples(context, rows[2], view, of.window(c), start, product, theme.product, sharp);
    }

    context.save();
    context.beginPath();
    context.rect(0, last.top - 4, Math.max(0, x(c + 0.5)), last.height + 8);
    context.clip();
    this.still(context, last, view, of.y, of.begin, peaks.y, theme.sum, sharp);
    context.restore();
    this.handle(context, x(c), rows[0], last, of.y[c - of.begin] / (peaks.y || 1));
    timeAxis(context, rows[0], bottom + 6, view.from / of.rate, view.to / of.rate);
  }

  /** Draw samples that stand still; their columns are found once for each view. */
  still(context, box, view, samples, offset, peak, colour, sharp) {
    if (box.width / (view.to - view.from) >= ROOM) {
      drawSamples(context, box, view, samples, offset, peak, colour, sharp);
      return;
    }
    const count = Math.round(box.width * sharp);
    const key = `${view.from} ${view.to} ${count}`;
    let found = this.kept.get(samples);
    if (found?.key !== key) {
      found = { key, ...columns(samples, offset, view, count) };
      this.kept.set(samples, found);
    }
    fillBetween(context, box, found, peak, colour);
  }

  labels(context, rows, narrow, magnify) {
    const times = magnify > 1 ? `, ${magnify} times as high` : "";
    const cut = magnify > 1 ? " (peaks cut off)" : "";
    const texts = narrow
      ? [
          "f(a), the signal",
          `g(c \u2212 a), turned round${times}`,
          "f(a) g(c \u2212 a), the products",
          "y, the output up to c",
        ]
      : [
          "f(a), the signal",
          `g(c \u2212 a), the impulse, turned round and shifted to c${times}${cut}`,
          `f(a) g(c \u2212 a), their products${times}; added up, they are y(c)`,
          "y, the output, traced up to c",
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
