// The first steps: a few samples and taps, one c after another, seen in two ways.

import { Figure, trackPointer } from "./canvas.js";
import { fillSelect, Player, slider } from "./controls.js";
import { shortNumber } from "./bars.js";
import { element, setText } from "./dom.js";
import { short, sumAt, termsAt } from "./short.js";
import { drawLaunches, drawWindow, STEPS_HEIGHT, stepsAxis } from "./steps-draw.js";

// steps a second
const STEP_SPEEDS = [
  [2, "fast"],
  [1, "medium"],
  [0.5, "slow"],
];
const PICTURES = { "steps-copies": drawLaunches, "steps-window": drawWindow };
const ABOUT = {
  "steps-copies": "Each sample of f launches a copy of g, and the copies are added up.",
  "steps-window": "g is turned round and slides over f; the products are added up.",
};

export function steps() {
  const range = element("steps-position");
  let exact = 0;
  let untouched = true; // the picture to begin with is in the middle, where copies meet
  const at = () => Number(range.value);
  const figures = Object.entries(PICTURES).map(([id, draw]) => {
    const figure = new Figure(
      element(id),
      () => STEPS_HEIGHT,
      (context, width) => draw(context, width, short, at()),
    );
    trackPointer(element(id), (x) => {
      const axis = stepsAxis(figure.width, short);
      move(Math.round(axis.from + x / axis.step - 0.5));
    });
    return figure;
  });
  const show = () => {
    const text = sumText(short, at());
    range.setAttribute("aria-valuetext", `c = ${at()}`);
    element("steps-back").disabled = at() === 0;
    element("steps-next").disabled = at() === Number(range.max);
    const value = element("steps-value");
    value.dataset.value = String(sumAt(short, at()));
    setText(value, text);
    const stories = storiesOf(short, at());
    for (const [id, about] of Object.entries(ABOUT)) {
      element(id).setAttribute("aria-label", `${about} ${stories[id]}`);
      setText(element(`${id}-story`), stories[id]);
    }
    for (const figure of figures) figure.change();
  };
  const move = (c) => {
    range.value = c;
    untouched = false;
    exact = at();
    show();
  };
  slider(range, move);
  untouched = true;
  element("steps-back").addEventListener("click", () => move(at() - 1));
  element("steps-next").addEventListener("click", () => move(at() + 1));
  fillSelect(element("steps-speed"), STEP_SPEEDS, 1);
  const player = new Player(element("steps-play"), (passed) => {
    const next = exact + passed * Number(element("steps-speed").value);
    if (Math.floor(next) !== at()) move(Math.floor(next));
    exact = next;
    return next < Number(range.max);
  });
  element("steps-play").addEventListener("click", () => {
    if (player.playing && (untouched || at() === Number(range.max))) move(0);
  });
  short.watch(() => {
    range.max = short.f.length + short.g.length - 2;
    exact = at(); // the slider limits it
    show();
  });
}

/** Return a factor, in brackets if it is negative. */
function factor(value) {
  return value < 0 ? `(${shortNumber(value)})` : shortNumber(value);
}

/** Return the sum at c, with letters and with numbers. */
function sumText(signals, c) {
  const terms = termsAt(signals, c);
  const letters = terms.map(({ a, b }) => `f(${a}) g(${b})`).join(" + ");
  const numbers = terms.map(({ f, g }) => `${factor(f)}\u00b7${factor(g)}`).join(" + ");
  return `y(${c}) = ${letters} = ${numbers} = ${shortNumber(sumAt(signals, c))}`;
}

/** Return what each picture shows at c. */
function storiesOf(signals, c) {
  const { f } = signals;
  const terms = termsAt(signals, c);
  const places = terms.map(({ a }) => `f(${a})`).join(", ");
  const products = terms.map(({ product }) => factor(product)).join(" + ");
  const sum = shortNumber(sumAt(signals, c));
  const here = `c\u00a0=\u00a0${c}`;
  const launch =
    c < f.length
      ? `The sample f(${c}) = ${shortNumber(f[c])} launches its copy, ${shortNumber(f[c])} g.`
      : "All samples have launched their copies.";
  const [meet, multiply] =
    terms.length > 1
      ? [`The copies meet at ${here}`, `The products are ${products}`]
      : [`One copy reaches ${here}`, `The only product is y(${c})`];
  return {
    "steps-copies": `${launch} ${meet}: ${terms.length > 1 ? products : `y(${c})`} = ${sum}.`,
    "steps-window": `At ${here}, g lies over ${places}. ${multiply} = ${sum}.`,
  };
}
