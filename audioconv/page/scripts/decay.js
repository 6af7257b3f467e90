// The impulse's level, and the energy still to come.

const DECAY_LINES = [
  { colour: "f", name: "f dashed", dash: [8, 4] },
  { colour: "sum", name: "sum dotted", dash: [2, 3] },
  { colour: "product-text", name: "product double", dash: [8, 3, 2, 3] },
];

function decay(given) {
  const place = element("decay-chart");
  listed(element("decay-notes"), given.why_not);
  if (given.seconds.length < 2) {
    place.hidden = true; // one sample does not decay
    return;
  }
  const lowest = decayFloor(given);
  const last = given.seconds[given.seconds.length - 1];
  // spikes far apart are no line; they are dots
  const few = given.level_db.filter((level) => level !== null).length <= 64;
  const columns = [given.seconds, given.level_db, given.curve_db];
  chart(place, columns, () => ({
    scales: { x: { time: false, range: [given.seconds[0], last] }, y: { range: [lowest, 3] } },
    axes: [
      chartAxis("time, s"),
      chartAxis("level, dB", { size: 52, values: (_, at) => at.map((v) => minus(String(v))) }),
    ],
    series: [
      {},
      { stroke: theme.g, width: 1, alpha: 0.75, points: { show: few, size: 8, fill: theme.g } },
      { stroke: theme.ink, width: 2, points: { show: false } },
    ],
    hooks: {
      draw: [onChart((context, x, y, box) => decayLabels(context, x, y, box, given, lowest))],
      setCursor: [(plot) => decayReading(given, plot.cursor.idx)],
    },
  }));
  const times = given.lines.map((line) => line.label).join(", ");
  place.setAttribute(
    "aria-label",
    `Level and remaining energy of the impulse over ${last.toFixed(2)} s. ${times || "No reverberation time is given."}`,
  );
  decayKey(given);
  decayReading(given, null);
}

/** Return where the chart ends below: under the noise, and no deeper than is of use. */
function decayFloor(given) {
  const finite = [...given.level_db, ...given.curve_db].filter((value) => value !== null);
  const least = Math.min(0, ...finite);
  const wanted = Math.min(given.floor_db ?? 0, ...given.lines.map((line) => line.to[1])) - 25;
  return Math.max(-140, Math.floor(Math.max(least, Math.min(wanted, -80)) / 10) * 10);
}

function decayLabels(context, x, y, box, given, lowest) {
  context.save();
  context.beginPath();
  context.rect(box.left, box.top, box.width, box.height);
  context.clip();
  given.lines.forEach(({ from, to }, i) => {
    const { colour, dash } = DECAY_LINES[i % DECAY_LINES.length];
    context.lineWidth = 2;
    rule(context, x(from[0]), y(from[1]), x(to[0]), y(to[1]), theme[colour], dash);
    context.lineWidth = 1;
  });
  if (given.floor_db !== null && given.floor_db > lowest) {
    rule(
      context,
      box.left,
      y(given.floor_db),
      box.left + box.width,
      y(given.floor_db),
      theme.quiet,
      [4, 4],
    );
  }
  context.restore();
}

/** Name the lines under the chart. */
function decayKey(given) {
  const items = [
    ["level of g", "g"],
    ["energy still to come", ""],
    ...given.lines.map(({ label }, i) => [label, DECAY_LINES[i % DECAY_LINES.length].name]),
  ];
  if (given.floor_db !== null)
    items.push([`noise floor ${minus(given.floor_db.toFixed(1))} dB`, "quiet dashed"]);
  element("decay-key").replaceChildren(...items.map(([text, name]) => made("li", text, name)));
}

/** Say what the chart reads where the pointer is. */
function decayReading(given, at) {
  const value = (number) =>
    number === null || number === undefined ? "nothing" : minus(`${number.toFixed(1)} dB`);
  const text =
    at === null || at === undefined
      ? "Point at the chart to read it."
      : `At ${given.seconds[at].toFixed(3)} s: level ${value(given.level_db[at])}, energy still to come ${value(given.curve_db[at])}.`;
  say(element("decay-value"), text);
}
