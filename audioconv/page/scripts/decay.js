// The level of the impulse, and its energy decay curve.

import { linearScale, timeScale } from "./axes.js";
import { clipped, theme } from "./canvas.js";
import { showChart } from "./chart.js";
import { create, element, fillList } from "./dom.js";
import { duration, minus } from "./format.js";
import { drawDots, drawLine } from "./series.js";

const FITS = [
  { colour: "f", key: "f dashed", dash: [8, 4] },
  { colour: "sum", key: "sum dotted", dash: [2, 3] },
];
const MOST_DOTS = 64; // levels, up to which each is drawn as a dot

export function decay(given) {
  fillList(element("decay-notes"), given.why_not);
  if (given.seconds.length < 2) {
    element("decay-figure").hidden = true; // one sample does not decay
    return;
  }
  const lowest = lowestLevel(given);
  const [first, last] = [given.seconds[0], given.seconds[given.seconds.length - 1]];
  const time = timeScale(first, last);
  showChart("decay", {
    x: { label: `time after the onset, ${time.unit}`, ...time },
    y: { label: "level, dB", ...linearScale(lowest, 3) },
    stops: given.seconds,
    draw: (context, box, points) => drawDecay(context, box, points, given, lowest),
    read: (stop) => readDecay(given, time, stop),
  });
  const times = given.lines.map((line) => line.label).join(", ");
  element("decay-chart").setAttribute(
    "aria-label",
    `Level and energy decay curve of the impulse over ${duration(last)}. ${times || "No reverberation time is given."}`,
  );
  const key = [
    ["level of g", "g"],
    ["energy still to come", ""],
    ...given.lines.map(({ label }, i) => [label, FITS[i % FITS.length].key]),
  ];
  if (given.floor_db !== null) {
    key.push([`noise floor ${minus(given.floor_db.toFixed(1))} dB`, "quiet dashed"]);
  }
  element("decay-key").replaceChildren(...key.map(([text, name]) => create("li", text, name)));
}

/** Return the lower end of the chart: below the noise floor, but not much deeper. */
function lowestLevel(given) {
  const levels = [...given.level_db, ...given.curve_db].filter((value) => value !== null);
  const least = Math.min(0, ...levels);
  const wanted = Math.min(given.floor_db ?? 0, ...given.lines.map((line) => line.to[1])) - 25;
  return Math.max(-140, Math.floor(Math.max(least, Math.min(wanted, -80)) / 10) * 10);
}

function drawDecay(context, box, points, given, lowest) {
  const { seconds, level_db: levels } = given;
  const level = points(seconds, levels);
  context.globalAlpha = 0.75;
  clipped(context, box, () => drawLine(context, level, theme.g));
  context.globalAlpha = 1;
  // a line does not show a level between silences; a dot does
  const few = level.filter(Boolean).length <= MOST_DOTS;
  const isolated = (i) => !level[i - 1] && !level[i + 1];
  const dots = level.filter((_, i) => levels[i] >= lowest && (few || isolated(i)));
  drawDots(context, dots, theme.g, few ? 4 : 2);
  clipped(context, box, () => {
    drawLine(context, points(seconds, given.curve_db), theme.ink, { width: 2 });
    given.lines.forEach(({ from, to }, i) => {
      const { colour, dash } = FITS[i % FITS.length];
      const line = points([from[0], to[0]], [from[1], to[1]]);
      drawLine(context, line, theme[colour], { width: 2, dash });
    });
    if (given.floor_db !== null) {
      const ends = [seconds[0], seconds[seconds.length - 1]];
      const floor = points(ends, [given.floor_db, given.floor_db]);
      drawLine(context, floor, theme.quiet, { dash: [4, 4] });
    }
  });
}

/** Return the text and the marks for one moment. */
function readDecay(given, { unit, factor }, stop) {
  const [level, energy] = [given.level_db[stop], given.curve_db[stop]];
  const decibels = (value) => minus(`${value.toFixed(1)} dB`);
  const text = [
    `At ${(given.seconds[stop] * factor).toFixed(3)} ${unit}: `,
    level === null ? "silence" : `level ${decibels(level)}`,
    energy === null ? "" : `, energy still to come ${decibels(energy)}`,
  ];
  return {
    text: `${text.join("")}.`,
    marks: [
      [level, "g"],
      [energy, "ink"],
    ],
  };
}
