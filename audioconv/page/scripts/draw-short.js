// The short signals, drawn by hand.

import { bar, placeAxis, sampleColour, shortNumber, writePlaces, zeroLine } from "./bars.js";
import { Figure, theme, write } from "./canvas.js";
import { fillSelect } from "./controls.js";
import { element, setText } from "./dom.js";
import { draggable } from "./drag.js";
import { drawDots } from "./series.js";
import { short } from "./short.js";

const TALLEST = 4;
const FINEST = 0.5;
const MOST = 6; // samples, for which the copies of the first steps have room
const UNIT = 18; // pixels for 1
const ZERO = TALLEST * UNIT + 26; // pixels above the zero line
const NEAR_END = 24; // pixels from the end of a bar within which it is held
const SIGNALS = [
  { name: "f", title: "the signal", colourOf: sampleColour },
  { name: "g", title: "the impulse", colourOf: () => theme.g },
];

/** Let f and g be drawn, sample by sample, and be those of the beginning again. */
export function drawShort() {
  const { f, g } = short;
  for (const signal of SIGNALS) drawSignalByHand(signal);
  element("draw-reset").addEventListener("click", () => short.replace({ f, g }));
}

/** Let the bars of one signal be dragged, and let controls do the same. */
function drawSignalByHand({ name, title, colourOf }) {
  const part = (suffix) => element(`draw-${name}-${suffix}`);
  const [canvas, choice, range] = ["canvas", "at", "value"].map(part);
  const values = () => short[name];
  const axisOf = (width) => placeAxis(0, (width / MOST) * values().length, 0, values().length - 1);
  const chosen = () => Math.min(Number(choice.value), values().length - 1);
  const figure = new Figure(
    canvas,
    () => 2 * ZERO + 16,
    (context, width) => drawByHand(context, axisOf(width), values(), chosen(), colourOf),
  );
  const placeAt = (x) => {
    const at = Math.floor(x / axisOf(canvas.clientWidth).step);
    return Math.max(0, Math.min(at, values().length - 1));
  };
  const set = (at, value) => {
    const limited = Math.max(-TALLEST, Math.min(TALLEST, value));
    choice.value = at;
    short.set(name, at, Math.round(limited / FINEST) * FINEST);
  };
  const setAt = (x, y) => set(placeAt(x), (ZERO - y) / UNIT);

  /** Return what draws a stroke from a place on: it sets every bar that it passes. */
  const strokeFrom = (x, y) => {
    let [lastX, lastY] = [x, y];
    return (nextX, nextY) => {
      const [from, to] = [placeAt(lastX), placeAt(nextX)];
      const steps = Math.abs(to - from) || 1;
      for (let i = 0; i <= steps; i++) {
        const share = i / steps;
        set(from + (to - from) * share, (ZERO - lastY - (nextY - lastY) * share) / UNIT);
      }
      [lastX, lastY] = [nextX, nextY];
    };
  };

  draggable(canvas, (x, y, mouse) => {
    const end = ZERO - values()[placeAt(x)] * UNIT;
    return mouse || Math.abs(y - end) < NEAR_END ? strokeFrom(x, y) : null;
  });
  canvas.addEventListener("click", (event) => setAt(event.offsetX, event.offsetY));
  choice.addEventListener("change", () => show());
  range.addEventListener("input", () => set(chosen(), Number(range.value)));
  part("add").addEventListener("click", () => short.replace({ [name]: [...values(), 1] }));
  part("remove").addEventListener("click", () => short.replace({ [name]: values().slice(0, -1) }));

  const show = () => {
    fillSelect(
      choice,
      values().map((_, at) => [at, `${name}(${at})`]),
      chosen(),
    );
    range.value = values()[chosen()];
    setText(part("now"), shortNumber(values()[chosen()]));
    part("add").disabled = values().length === MOST;
    part("remove").disabled = values().length === 1;
    canvas.setAttribute(
      "aria-label",
      `Bars of ${name}, ${title}: ${values().map(shortNumber).join(", ")}.`,
    );
    figure.change();
  };
  range.min = -TALLEST;
  range.max = TALLEST;
  range.step = FINEST;
  short.watch(show);
}

/** Draw bars with a knob at each end; the chosen place is marked. */
function drawByHand(context, axis, values, chosen, colourOf) {
  const scale = { zero: ZERO, unit: UNIT };
  zeroLine(context, axis, scale);
  values.forEach((value, at) => {
    bar(context, axis, scale, at, 0, value, colourOf(at));
    const knob = { x: axis.x(at), y: ZERO - value * UNIT };
    drawDots(context, [knob], theme.ground, 7);
    drawDots(context, [knob], at === chosen ? theme.ink : colourOf(at), 5);
    const y = knob.y + (value < 0 ? 22 : -12);
    write(context, shortNumber(value), knob.x, y, { align: "center", colour: theme.ink });
  });
  writePlaces(context, axis, 2 * ZERO + 12, chosen);
}
