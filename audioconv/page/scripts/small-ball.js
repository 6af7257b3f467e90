// A ball that is dropped twice: the probabilities of the total distance.

import { Figure, rule, theme, trackPointer, write } from "./canvas.js";
import { fillSelect, moveSlider, slider } from "./controls.js";
import { element, setText } from "./dom.js";
import { total } from "./series.js";

// how often it rolls 0, 1, 2 ... far
const BALLS = {
  "even, as dice": { f: [0, 1, 1, 1, 1, 1, 1], g: [0, 1, 1, 1, 1, 1, 1] },
  "short, then far": { f: [4, 3, 2, 1, 0, 0, 0], g: [0, 0, 0, 1, 2, 3, 4] },
  "near or far": { f: [0, 1, 0, 0, 0, 1, 0], g: [0, 2, 5, 2, 1, 0, 0] },
};

/** Return every pair a + b = c with its weights. */
function pairsOf({ f, g }, c) {
  return f
    .map((weight, a) => ({ a, b: c - a, f: weight, g: g[c - a] ?? 0 }))
    .filter(({ b }) => b >= 0 && b < g.length);
}

export function ball() {
  const canvas = element("ball-canvas");
  const preset = element("ball-preset");
  const range = element("ball-position");
  fillSelect(
    preset,
    Object.keys(BALLS).map((name) => [name, name]),
  );
  const figure = new Figure(
    canvas,
    (width) => 7 * ballCell(width) + 96,
    (context, width) => drawBall(context, width, BALLS[preset.value], Number(range.value)),
  );
  const show = () => {
    const c = Number(range.value);
    const { f, g } = BALLS[preset.value];
    const all = total(f) * total(g);
    const terms = pairsOf({ f, g }, c).filter((pair) => pair.f * pair.g);
    const ways = total(terms.map((pair) => pair.f * pair.g));
    const sum = terms.map((pair) => `f(${pair.a}) g(${pair.b})`).join(" + ");
    const counts = terms.map((pair) => `${pair.f}\u00b7${pair.g}`).join(" + ");
    const text = terms.length
      ? `P(${c}) = ${sum} = (${counts}) / ${all} = ${ways}/${all} = ${(ways / all).toFixed(4)}`
      : `P(${c}) = 0: no pair adds up to ${c}.`;
    const value = element("ball-value");
    value.dataset.value = String(ways / all);
    setText(value, text);
    canvas.setAttribute(
      "aria-label",
      `All pairs of distances; those that add up to ${c} are marked. ${text}`,
    );
    figure.change();
  };
  preset.addEventListener("change", show);
  slider(range, show);
  trackPointer(canvas, (x, y) => moveSlider(range, totalAt(x, y, canvas.clientWidth)));
}

const BARS = 34; // pixels, for the largest probability

function ballCell(width) {
  return Math.min(Math.floor((width * 0.52 - BARS - 20) / 7), 26);
}

/** Return the places of the pairs and of the totals, for a width. */
function ballPlaces(width) {
  const side = ballCell(width);
  const left = BARS + 20;
  const top = 12;
  const bottom = top + 7 * side;
  const start = left + 7 * side + 24;
  return {
    pairs: { left, side, bottom },
    totals: { left: start, step: (width - start) / 13, top, bottom },
  };
}

/** Return the total distance that is drawn at a place. */
function totalAt(x, y, width) {
  const { pairs, totals } = ballPlaces(width);
  if (x >= totals.left) return Math.floor((x - totals.left) / totals.step);
  const distance = (pixels) => Math.min(6, Math.max(0, Math.floor(pixels / pairs.side)));
  return distance(x - pairs.left) + distance(pairs.bottom - y);
}

function drawBall(context, width, { f, g }, c) {
  const { pairs, totals } = ballPlaces(width);
  const { left, side, bottom } = pairs;
  const most = Math.max(...f) * Math.max(...g);
  for (let a = 0; a < 7; a++) {
    for (let b = 0; b < 7; b++) {
      const x = left + a * side;
      const y = bottom - (b + 1) * side;
      const chosen = a + b === c;
      const share = (f[a] * g[b]) / most;
      context.globalAlpha = 0.15 + 0.85 * share;
      context.fillStyle = chosen ? theme.product : theme.strong;
      const size = share ? (side - 4) * Math.sqrt(share) : 0;
      context.fillRect(x + (side - size) / 2, y + (side - size) / 2, size, size);
      context.globalAlpha = 1;
      context.strokeStyle = chosen ? theme["product-text"] : theme.line;
      context.lineWidth = chosen ? 2 : 1;
      context.strokeRect(x + 1.5, y + 1.5, side - 3, side - 3);
    }
  }
  context.lineWidth = 1;
  const low = bottom + 18;
  for (let i = 0; i < 7; i++) {
    context.fillStyle = theme.f;
    const down = (f[i] / Math.max(...f)) * BARS;
    context.fillRect(left + i * side + 3, low + 2, side - 6, down);
    write(context, String(i), left + (i + 0.5) * side, bottom + 14, { align: "center", size: 11 });
    context.fillStyle = theme.g;
    const across = (g[i] / Math.max(...g)) * BARS;
    context.fillRect(left - 20 - across, bottom - (i + 1) * side + 3, across, side - 6);
    write(context, String(i), left - 10, bottom - (i + 0.5) * side + 4, {
      align: "center",
      size: 11,
    });
  }
  write(context, "f(a)", left + 3.5 * side, low + BARS + 18, {
    colour: theme["f-text"],
    align: "center",
  });
  write(context, "g(b)", left - 20, bottom + 26, { colour: theme["g-text"], align: "right" });
  drawTotals(context, totals, { f, g }, c);
}

/** Draw the probability of each total distance. */
function drawTotals(context, box, weights, c) {
  const chances = Array.from({ length: 13 }, (_, distance) =>
    total(pairsOf(weights, distance).map((pair) => pair.f * pair.g)),
  );
  const { step } = box;
  const right = box.left + 13 * step;
  const scale = (box.bottom - box.top - 20) / Math.max(...chances);
  rule(context, box.left, box.bottom + 0.5, right, box.bottom + 0.5, theme.strong);
  chances.forEach((chance, distance) => {
    const x = box.left + distance * step;
    const gap = step > 14 ? 2 : 1;
    context.globalAlpha = distance === c ? 1 : 0.4;
    context.fillStyle = theme.sum;
    context.fillRect(x + gap, box.bottom - chance * scale, step - 2 * gap, chance * scale);
    context.globalAlpha = 1;
    const roomy = step > 16 || (distance % 6 === 0 && Math.abs(distance - c) > 1);
    if (distance === c || roomy) {
      const colour = distance === c ? theme["sum-text"] : theme.quiet;
      write(context, String(distance), x + step / 2, box.bottom + 14, {
        align: "center",
        size: 11,
        colour,
        weight: distance === c ? 600 : "",
      });
    }
  });
  write(context, "P(c)", (box.left + right) / 2, box.bottom + 34, {
    colour: theme["sum-text"],
    align: "center",
  });
}
