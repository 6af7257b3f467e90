// Fills each section of the page.

import { blocks } from "./blocks.js";
import { printing, themeButtons } from "./controls.js";
import { cost } from "./cost.js";
import { decay } from "./decay.js";
import { create, element, fillList, setText } from "./dom.js";
import { drawShort } from "./draw-short.js";
import { counted, whole } from "./format.js";
import { laws } from "./laws.js";
import { listen } from "./listen.js";
import { own } from "./own.js";
import { sliding } from "./sliding.js";
import { ball } from "./small-ball.js";
import { boxes } from "./small-boxes.js";
import { matrix } from "./small-matrix.js";
import { picture } from "./small-picture.js";
import { spectra } from "./spectra.js";
import { steps } from "./steps.js";

const given = JSON.parse(element("data").textContent);

/** Fill a section; if that fails, report it there and go on with the others. */
function fill(id, show) {
  try {
    show();
  } catch (error) {
    const text = `This part could not be shown: ${error.message}`;
    element(id).append(create("p", text, "notice"));
    console.error(error);
  }
}

function header() {
  const { input, impulse, output } = given;
  setText(element("version"), given.version);
  element("parts").append(
    signal("f", "f, the signal", input, [input.name], [`${whole(input.rate)} Hz`]),
    signal("g", "g, the impulse response", impulse, [impulse.name], earlyPart(impulse)),
    signal("sum", "y, the output", output),
  );
}

/** Return how much of an impulse lies before time 0, and is missing from the output, if any does. */
function earlyPart({ origin }) {
  return origin ? [`${whole(origin)} of them before time 0`] : [];
}

/** Create the description of one signal. */
function signal(className, label, { seconds, frames, channels }, names = [], more = []) {
  const sizes = [
    `${seconds.toFixed(3)} s`,
    counted(frames, "frame"),
    counted(channels, "channel"),
    ...more,
  ];
  // no line breaks between a number and its unit
  const size = sizes.map((text) => text.replace(" ", "\u00a0")).join(", ");
  const box = create("div", "", className);
  box.append(
    create("dt", label),
    ...names.map((name) => create("dd", name)),
    create("dd", size, "quiet"),
  );
  return box;
}

/** Fill a definition list with [label, text] pairs. */
function fillPairs(list, rows) {
  list.replaceChildren(
    ...rows.map(([label, text]) => {
      const pair = create("div");
      pair.append(create("dt", label), create("dd", text));
      return pair;
    }),
  );
}

function facts(rows) {
  const { passed, rows: checks } = given.verified;
  fillPairs(element("facts-list"), rows);
  fillList(element("facts-notices"), given.notices);
  const result = element("verified-result");
  setText(
    result,
    passed
      ? "The output was checked against the direct sum, and it is correct."
      : "The output was checked against the direct sum, and it is not correct.",
  );
  result.classList.toggle("notice", !passed);
  fillPairs(element("verified-list"), checks);
}

function contents() {
  for (const heading of document.querySelectorAll("section > h2")) {
    const link = create("a", heading.textContent);
    link.href = `#${heading.parentElement.id}`;
    const item = create("li");
    item.append(link);
    element("contents").append(item);
  }
}

themeButtons();
header();
contents();
fill("steps", steps);
fill("draw", drawShort);
fill("sliding", () => sliding(given.sliding));
fill("laws", laws);
fill("small", () => [boxes, ball, picture, matrix].forEach((show) => show()));
fill("blocks", () => blocks(given.blocks));
fill("listen", () => listen(given.listen));
fill("own", () => own(given));
fill("decay", () => decay(given.decay));
fill("spectra", () => spectra(given.theorem));
fill("cost", () => cost(given.cost));
fill("facts", () => facts(given.facts));
printing();
