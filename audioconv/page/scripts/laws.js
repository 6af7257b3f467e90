// Rules of convolution, each tried on the signals of the first steps.

import { barRows } from "./bar-rows.js";
import { placeAxis, shortNumber, writePlaces } from "./bars.js";
import { Figure, theme, write } from "./canvas.js";
import { fillSelect } from "./controls.js";
import { commonUnit, COPIES_HEIGHT, drawCopies, drawSums } from "./copies-draw.js";
import { element, setText } from "./dom.js";
import { counted } from "./format.js";
import { convolve, short } from "./short.js";

const ROOMS = {
  "an echo: 1, 0, 1": [1, 0, 1],
  "a smoother: 1, 2, 1": [1, 2, 1],
  "a difference: 1, −1": [1, -1],
};
const WORTH = [1, 0.7, -1];
const LANE_LABEL = 84; // pixels to the left of copies

export function laws() {
  [order, grouping, delta, shift].forEach((show) => show());
}

/** Return numbers in a row. */
function listed(values) {
  return values.map(shortNumber).join(", ");
}

/** Let a figure and its text follow its controls and the signals. */
function follow(id, about, figure, textOf, controls) {
  const show = () => {
    const text = textOf();
    setText(element(`${id}-value`), text);
    element(`${id}-canvas`).setAttribute("aria-label", `${about} ${text}`);
    figure.change();
  };
  for (const control of controls) control.addEventListener("input", show);
  short.watch(show);
}

/** f * g = g * f: other copies, the same sum. */
function order() {
  const turned = element("order-swap");
  const swapped = () => turned.getAttribute("aria-pressed") === "true";
  turned.addEventListener("click", () => {
    turned.setAttribute("aria-pressed", String(!swapped()));
    turned.dispatchEvent(new Event("input"));
  });
  const pair = () => (swapped() ? { f: short.g, g: short.f } : short);
  const heights = { copies: COPIES_HEIGHT, products: COPIES_HEIGHT, sums: 90 };
  const figure = new Figure(
    element("order-canvas"),
    () => 2 * 26 + heights.copies + heights.sums + 26,
    (context, width) => {
      const { f, g } = short;
      const names = swapped() ? ["g", "f"] : ["f", "g"];
      const end = f.length + g.length - 2;
      const axis = placeAxis(LANE_LABEL, width - LANE_LABEL, 0, end);
      // of both orders, so that y stays as it is
      const unit = Math.min(commonUnit({ f, g }, heights), commonUnit({ f: g, g: f }, heights));
      const label = `a copy of ${names[1]} for each sample of ${names[0]}`;
      write(context, label, 0, 16, { colour: theme[`${names[1]}-text`] });
      drawCopies(context, axis, 26, unit, pair(), end, names);
      const sums = { top: 52 + heights.copies, height: heights.sums };
      write(context, "y, the copies added up", 0, sums.top - 6, { colour: theme["sum-text"] });
      drawSums(context, axis, sums, unit, pair(), end);
      writePlaces(context, axis, sums.top + sums.height + 18);
    },
  );
  const text = () => {
    const [one, other] = swapped() ? ["g", "f"] : ["f", "g"];
    return `${one} * ${other} = ${listed(convolve(pair().f, pair().g))}`;
  };
  follow("order", "Copies of one signal for each sample of the other.", figure, text, [turned]);
}

/** (f * g) * h = f * (g * h): what is convolved first does not matter. */
function grouping() {
  const [first, room] = [element("grouping-first"), element("grouping-room")];
  fillSelect(first, [
    ["fg", "f * g"],
    ["gh", "g * h"],
  ]);
  fillSelect(
    room,
    Object.keys(ROOMS).map((name) => [name, name]),
  );
  const parts = () => {
    const { f, g } = short;
    const h = ROOMS[room.value];
    const [fg, gh] = [convolve(f, g), convolve(g, h)];
    const y = first.value === "fg" ? convolve(fg, h) : convolve(f, gh);
    return { f, g, h, fg, gh, y };
  };
  const row = (label, colour, values) => ({ label, colour, values });
  const rowsOf = () => {
    const { f, g, h, fg, gh, y } = parts();
    const [one, two, three] = [row("f", "f", f), row("g", "g", g), row("h", "orange", h)];
    return first.value === "fg"
      ? [one, two, row("f * g", "product", fg), three, row("y = (f * g) * h", "sum", y)]
      : [two, three, row("g * h", "product", gh), one, row("y = f * (g * h)", "sum", y)];
  };
  const figure = barRows(element("grouping-canvas"), rowsOf, () => parts().y.length - 1);
  const text = () => {
    const law = first.value === "fg" ? "(f * g) * h" : "f * (g * h)";
    return `${law} = ${listed(parts().y)}`;
  };
  follow("grouping", "Three signals, two of them convolved first.", figure, text, [first, room]);
}

/** f * delta = f; a tap that is late and of another height is an echo. */
function delta() {
  const [late, worth] = [element("delta-position"), element("delta-worth")];
  fillSelect(
    worth,
    WORTH.map((value) => [value, shortNumber(value)]),
  );
  const now = () => ({ k: Number(late.value), height: Number(worth.value) });
  const rowsOf = () => {
    const { k, height } = now();
    return [
      { label: "f", colour: "f", values: short.f },
      { label: "g, one tap", colour: "g", values: [height], first: k },
      { label: "y = f * g", colour: "sum", values: convolve(short.f, [height]), first: k },
    ];
  };
  const lastOf = () => short.f.length - 1 + Number(late.max);
  const text = () => {
    const { k, height } = now();
    if (k === 0 && height === 1) return "g is \u03b4, and f * \u03b4 = f: nothing changes.";
    const times = height === 1 ? "" : height === -1 ? ", upside down" : ` times ${height}`;
    return `y is f${times}${k ? `, ${counted(k, "sample")} late` : ""}.`;
  };
  const figure = barRows(element("delta-canvas"), rowsOf, lastOf);
  follow("delta", "A signal, an impulse of one tap, and their sum.", figure, text, [late, worth]);
}

/** f moved by k gives y moved by k. */
function shift() {
  const late = element("shift-position");
  const rowsOf = () => {
    const first = Number(late.value);
    return [
      { label: "f, moved", colour: "f", values: short.f, first },
      { label: "g", colour: "g", values: short.g },
      { label: "y = f * g", colour: "sum", values: convolve(short.f, short.g), first },
    ];
  };
  const lastOf = () => short.f.length + short.g.length - 2 + Number(late.max);
  const text = () => {
    const k = Number(late.value);
    const y = listed(convolve(short.f, short.g));
    return `f begins at ${k}, and so does y: ${y}.`;
  };
  const figure = barRows(element("shift-canvas"), rowsOf, lastOf);
  follow("shift", "A signal that is moved, an impulse, and their sum.", figure, text, [late]);
}
