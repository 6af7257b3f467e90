// Two boxes make a triangle.

import { Figure, rule, theme, trackPointer, write } from "./canvas.js";
import { moveSlider, slider } from "./controls.js";
import { element, setText } from "./dom.js";
import { minus } from "./format.js";

/** Return the common area of a box from 0 to 1 and the same box turned round and moved to c. */
function overlap(c) {
  return Math.max(0, Math.min(1, c) - Math.max(0, c - 1));
}

const [FROM, TO] = [-0.75, 2.75]; // of the axis

export function boxes() {
  const canvas = element("boxes-canvas");
  const range = element("boxes-position");
  let c = 0;
  const figure = new Figure(
    canvas,
    () => 270,
    (context, width) => {
      const x = (t) => 1 + ((t - FROM) / (TO - FROM)) * (width - 2);
      const high = 80;
      const [upper, lower] = [120, 240];
      rule(context, 0, upper + 0.5, width, upper + 0.5, theme.strong);
      rule(context, 0, lower + 0.5, width, lower + 0.5, theme.strong);
      const left = Math.max(0, c - 1);
      const right = Math.min(1, c);
      if (right > left) {
        context.fillStyle = theme.product;
        context.globalAlpha = 0.45;
        context.fillRect(x(left), upper - high, x(right) - x(left), high);
        context.globalAlpha = 1;
      }
      context.lineWidth = 2;
      context.strokeStyle = theme.f;
      context.strokeRect(x(0), upper - high, x(1) - x(0), high);
      context.strokeStyle = theme.g;
      context.setLineDash([6, 4]);
      context.strokeRect(x(c - 1), upper - high + 4, x(c) - x(c - 1), high - 4);
      context.setLineDash([]);
      write(context, "f(a)", x(0.5), upper - high - 10, {
        colour: theme["f-text"],
        align: "center",
      });
      write(context, "g(c \u2212 a)", x(c - 0.5), upper + 20, {
        colour: theme["g-text"],
        align: "center",
      });

      context.strokeStyle = theme.line;
      trace(context, x, lower, high, TO);
      context.strokeStyle = theme.sum;
      trace(context, x, lower, high, c);
      context.lineWidth = 1;
      rule(context, x(c), upper - high - 4, x(c), lower, theme.quiet, [2, 3]);
      context.fillStyle = theme.sum;
      context.beginPath();
      context.arc(x(c), lower - high * overlap(c), 5, 0, 2 * Math.PI);
      context.fill();
      const beside = c > 1.6 ? "right" : "left";
      write(context, "y(c)", x(c) + (beside === "left" ? 10 : -10), lower - high * overlap(c) - 6, {
        colour: theme["sum-text"],
        align: beside,
      });
      for (const mark of [0, 1, 2]) {
        write(context, String(mark), x(mark), lower + 18, { align: "center", size: 12 });
      }
    },
  );
  slider(range, (value) => {
    c = value;
    const area = overlap(c);
    const text = `At c = ${minus(c.toFixed(2))} the boxes share an area of ${area.toFixed(2)}, so y(c) = ${area.toFixed(2)}.`;
    element("boxes-value").dataset.value = String(area);
    setText(element("boxes-value"), text);
    canvas.setAttribute(
      "aria-label",
      `One box slides over another, and their common area traces a triangle. ${text}`,
    );
    figure.change();
  });
  let held = 0; // from the pointer to c
  trackPointer(canvas, (x, _, pressed) => {
    const t = FROM + ((x - 1) / (canvas.clientWidth - 2)) * (TO - FROM);
    // the moving box is held where it was pressed; elsewhere, c comes to the pointer
    if (pressed) held = t > c - 1 && t < c ? c - t : 0;
    moveSlider(range, t + held);
  });
}

/** Draw the triangle as far as c. */
function trace(context, x, base, high, c) {
  context.beginPath();
  context.moveTo(x(FROM), base);
  for (const t of [0, 1, 2]) if (t < c) context.lineTo(x(t), base - high * overlap(t));
  context.lineTo(x(c), base - high * overlap(c));
  context.stroke();
}
