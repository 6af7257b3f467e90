// The convolution theorem: at every frequency, the spectrum of y is that of f times that of g.

import { Figure, trackPointer } from "./canvas.js";
import { fillSelect, slider } from "./controls.js";
import { create, element, setText } from "./dom.js";
import { minus } from "./format.js";
import { short } from "./short.js";
import { drawSpectra, spectraBox, spectraHeight } from "./spectra-draw.js";
import { heldSpectra, shortSpectra, wrapped } from "./spectrum.js";

export function spectra(given) {
  const canvas = element("spectra-canvas");
  const [of, part] = [element("spectra-of"), element("spectra-part")];
  const range = element("spectra-position");
  const held = heldSpectra(given);
  let shown = held;
  fillSelect(of, [
    ["short", "the first steps"],
    ["held", "this sound and impulse"],
  ]);
  fillSelect(part, [
    ["level", "magnitude"],
    ["phase", "phase"],
  ]);
  const figure = new Figure(canvas, spectraHeight, (context, width) =>
    drawSpectra(context, width, shown, part.value, Number(range.value)),
  );
  const show = () => {
    const text = readingOf(shown, Number(range.value));
    setText(element("spectra-reading"), text);
    range.setAttribute("aria-valuetext", shown.at(shown.places[range.value]));
    canvas.setAttribute(
      "aria-label",
      `Spectra of f, g and y over frequency; that of y is the product of the others. ${text}`,
    );
    figure.change();
  };
  const choosePart = () => {
    showKey(part.value === "phase");
    show();
  };
  const choose = () => {
    shown = of.value === "short" ? shortSpectra(short) : held;
    const share = range.value / range.max;
    range.max = shown.places.length - 1;
    range.value = Math.round(share * range.max);
    setText(element("spectra-note"), shown.note);
    show();
  };
  range.max = 100;
  range.value = 30;
  of.addEventListener("change", choose);
  part.addEventListener("change", choosePart);
  short.watch(choose);
  slider(range, show);
  showKey(false);
  trackPointer(
    canvas,
    (across) => {
      const box = spectraBox(canvas.clientWidth);
      const share = (across - box.left) / box.width;
      const distances = shown.places.map((place) => Math.abs(shown.x.share(place) - share));
      range.value = distances.indexOf(Math.min(...distances));
      show();
    },
    true,
  );
}

/** Explain the lines of the third row, which are dots where phases are shown. */
function showKey(phase) {
  element("spectra-key").replaceChildren(
    create("li", "spectrum of y, from y itself", phase ? "sum dots" : "sum"),
    create("li", "product of the spectra of f and g", phase ? "fine dots" : "dashed"),
  );
}

/** Return the magnitudes and the phases at one frequency. */
function readingOf({ places, rows, product, at, sign, isNothing, text }, stop) {
  const [f, g, y] = rows.map(({ level, phase }) => ({ level: level[stop], phase: phase[stop] }));
  const degrees = (angle) => minus(`${angle.toFixed(1)}\u00b0`);
  const inBrackets = (number) => (number.startsWith("\u2212") ? `(${number})` : number);
  const sum = f.phase + g.phase;
  const turned = Math.abs(sum) > 180 ? `, which is ${degrees(wrapped(sum))}` : "";
  const magnitudes =
    `At ${at(places[stop])}: magnitude ${text(f.level)} ${sign} ${inBrackets(text(g.level))} = ` +
    `${text(product.level[stop])}, of y ${text(y.level)}`;
  if (isNothing(product.level[stop])) return `${magnitudes}; what is 0 has no phase.`;
  return (
    `${magnitudes}; phase ${degrees(f.phase)} + ${inBrackets(degrees(g.phase))} = ` +
    `${degrees(sum)}${turned}, of y ${degrees(y.phase)}.`
  );
}
