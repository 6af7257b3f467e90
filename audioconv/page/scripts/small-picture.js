// A 3 by 3 window over a small picture.

import { Figure, theme, trackPointer, write } from "./canvas.js";
import { fillSelect } from "./controls.js";
import { element, setText, tableRow } from "./dom.js";
import { digits, minus } from "./format.js";
import { total } from "./series.js";

const SIDE = 24;
const KERNELS = {
  blur: {
    divisor: 16,
    taps: [
      [1, 2, 1],
      [2, 4, 2],
      [1, 2, 1],
    ],
    grey: 0,
  },
  edges: {
    divisor: 1,
    taps: [
      [1, 0, -1],
      [2, 0, -2],
      [1, 0, -1],
    ],
    grey: 0.5,
  },
  "one step right": {
    divisor: 1,
    taps: [
      [0, 0, 0],
      [0, 0, 1],
      [0, 0, 0],
    ],
    grey: 0,
  },
};

/** Return the grey of each pixel, 0 to 255: a hill, the sun above it, and its light. */
function scene() {
  return Array.from({ length: SIDE * SIDE }, (_, i) => {
    const x = i % SIDE;
    const y = Math.floor(i / SIDE);
    if ((x - 16.5) ** 2 + (y - 6.5) ** 2 < 18) return 250;
    if (y > 12 + 4 * Math.sin(x / 4)) return 40 + 2 * (SIDE - y);
    if (x > 3 && x < 7 && y > 8) return 25;
    return 120 + 4 * y;
  });
}

/** Return the nine products that make one pixel: p(y - i, x - j) k(i, j). */
function nine(pixels, kernel, at) {
  const x = at % SIDE;
  const y = Math.floor(at / SIDE);
  const terms = [];
  for (let row = -1; row <= 1; row++) {
    for (let column = -1; column <= 1; column++) {
      const inside = y + row >= 0 && y + row < SIDE && x + column >= 0 && x + column < SIDE;
      const pixel = inside ? pixels[(y + row) * SIDE + x + column] : 0;
      const tap = kernel.taps[1 - row][1 - column];
      terms.push({ pixel, tap, product: (pixel * tap) / kernel.divisor });
    }
  }
  return terms;
}

export function picture() {
  const canvas = element("picture-canvas");
  const choice = element("picture-kernel");
  const range = element("picture-position");
  const pixels = scene();
  fillSelect(
    choice,
    Object.keys(KERNELS).map((name) => [name, name]),
    "edges",
  );
  let filtered = [];
  const box = (width) => {
    const gap = 24;
    const each = Math.min(240, Math.floor((width - gap) / 2 / SIDE) * SIDE);
    return { each, second: each + gap, cell: each / SIDE };
  };
  const figure = new Figure(
    canvas,
    (width) => box(width).each + 26,
    (context, width) => {
      const { each, second, cell } = box(width);
      const at = Number(range.value);
      grid(context, 0, cell, pixels, SIDE * SIDE);
      grid(context, second, cell, filtered, at + 1);
      const x = at % SIDE;
      const y = Math.floor(at / SIDE);
      context.lineWidth = 2;
      context.strokeStyle = theme.g;
      context.strokeRect((x - 1) * cell, 20 + (y - 1) * cell, 3 * cell, 3 * cell);
      context.strokeStyle = theme.sum;
      context.strokeRect(second + x * cell, 20 + y * cell, cell, cell);
      context.lineWidth = 1;
      context.strokeStyle = theme.line;
      context.strokeRect(second + 0.5, 20.5, each - 1, each - 1);
      write(context, "picture", 0, 12, { colour: theme["f-text"] });
      write(context, "convolved, up to here", second, 12, { colour: theme["sum-text"] });
    },
  );
  const show = () => {
    const at = Number(range.value);
    const kernel = KERNELS[choice.value];
    const terms = nine(pixels, kernel, at);
    const sum = total(terms.map((term) => term.product));
    showNine(terms, kernel);
    const shown = kernel.grey ? ", drawn relative to middle grey" : "";
    const text = `Row ${Math.floor(at / SIDE)}, column ${at % SIDE}: the nine products add up to ${digits(sum, 5)}${shown}.`;
    element("picture-value").dataset.value = String(sum);
    setText(element("picture-value"), text);
    canvas.setAttribute(
      "aria-label",
      `A small picture and its convolution with the kernel ${choice.value}. ${text}`,
    );
    figure.change();
  };
  const choose = () => {
    const kernel = KERNELS[choice.value];
    filtered = pixels.map((_, at) => {
      const sum = total(nine(pixels, kernel, at).map((term) => term.product));
      return kernel.grey ? 127.5 + sum / 4 : sum;
    });
    show();
  };
  choice.addEventListener("change", choose);
  range.addEventListener("input", show);
  range.addEventListener("keydown", (event) => {
    const step = { ArrowUp: -SIDE, ArrowDown: SIDE }[event.key];
    if (!step) return;
    event.preventDefault();
    const next = Number(range.value) + step;
    if (next >= 0 && next < SIDE * SIDE) range.value = next;
    show();
  });
  trackPointer(
    canvas,
    (x, y) => {
      const { each, second, cell } = box(canvas.clientWidth);
      const column = Math.floor((x >= second ? x - second : x) / cell);
      const row = Math.floor((y - 20) / cell);
      const between = x > each && x < second;
      if (between || row < 0 || row >= SIDE || column < 0 || column >= SIDE) return;
      range.value = row * SIDE + column;
      show();
    },
    true,
  );
  choose();
}

/** Draw the first pixels of a picture. */
function grid(context, left, cell, pixels, count) {
  for (let i = 0; i < count; i++) {
    const grey = Math.max(0, Math.min(255, Math.round(pixels[i])));
    context.fillStyle = `rgb(${grey},${grey},${grey})`;
    context.fillRect(
      left + (i % SIDE) * cell,
      20 + Math.floor(i / SIDE) * cell,
      cell + 0.5,
      cell + 0.5,
    );
  }
}

function showNine(terms, kernel) {
  const written = kernel.taps.map((row) => minus(row.join(" "))).join(", ");
  setText(
    element("picture-products").caption,
    `pixel \u00d7 kernel, turned round (before turning: ${written})`,
  );
  const body = element("picture-products").tBodies[0];
  const over = kernel.divisor === 1 ? "" : `/${kernel.divisor}`;
  body.replaceChildren(
    ...[0, 3, 6].map((start) =>
      tableRow(
        terms
          .slice(start, start + 3)
          .map(
            ({ pixel, tap, product }) =>
              `${pixel} \u00d7 ${minus(String(tap))}${tap ? over : ""} = ${minus(String(Math.round(product * 100) / 100))}`,
          ),
      ),
    ),
  );
}
