// The impulse's level, and the energy still to come.

function decay(given) {
  const place = element("decay-chart");
  const lowest = decayFloor(given);
  const last = given.seconds[given.seconds.length - 1];
  const columns = [given.seconds, given.level_db, given.curve_db];
  chart(place, columns, () => ({
    scales: { x: { time: false, range: [given.seconds[0], last] }, y: { range: [lowest, 3] } },
    axes: [chartAxis("time, s"), chartAxis("level, dB", { size: 52, values: (_, at) => at.map((v) => minus(String(v))) })],
    series: [
      {},
      { stroke: theme.g, width: 1, alpha: 0.75, points: { show: false }, spanGaps: false },
      { stroke: theme.ink, width: 2, points: { show: false } },
    ],
    hooks: {
      draw: [onChart((context, x, y, box) => decayLabels(context, x, y, box, given, lowest))],
      setCursor: [(plot) => decayReading(given, plot.cursor.idx)],
    },
  }));
  const times = given.lines.map((line) => line.label).join(", ");
  place.setAttribute("aria-label", `Level and remaining energy of the impulse over ${last.toFixed(2)} s. ${times || "No reverberation time is given."}`);
  listed(element("decay-notes"), given.why_not);
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
  const right = box.left + box.width;
  context.save();
  context.beginPath();
  context.rect(box.left, box.top, box.width, box.height);
  context.clip();
  const colours = [theme.f, theme.sum, theme["product-text"]];
  const texts = [theme["f-text"], theme["sum-text"], theme["product-text"]];
  given.lines.forEach(({ from, to }, i) => {
    context.lineWidth = 2;
    rule(context, x(from[0]), y(from[1]), x(to[0]), y(to[1]), colours[i % 3], [[8, 4], [2, 3], [8, 3, 2, 3]][i % 3]);
    context.lineWidth = 1;
  });
  if (given.floor_db !== null && given.floor_db > lowest) {
    rule(context, box.left, y(given.floor_db), right, y(given.floor_db), theme.quiet, [4, 4]);
  }
  context.restore();
  // the legend stands at the upper right, where a decay leaves room
  const items = [
    ["level of g", theme["g-text"], []],
    ["energy still to come", theme.ink, []],
    ...given.lines.map(({ label }, i) => [label, texts[i % 3], [[8, 4], [2, 3], [8, 3, 2, 3]][i % 3]]),
  ];
  if (given.floor_db !== null) items.push([`noise floor ${minus(given.floor_db.toFixed(1))} dB`, theme.quiet, [4, 4]]);
  context.font = `13px ${theme.plain}`;
  const wide = Math.max(...items.map(([text]) => context.measureText(text).width));
  context.fillStyle = theme.ground;
  context.fillRect(right - wide - 52, box.top + 6, wide + 48, items.length * 20 + 8);
  items.forEach(([text, colour, dash], i) => {
    const height = box.top + 24 + i * 20;
    context.lineWidth = 2;
    rule(context, right - wide - 46, height - 4, right - wide - 18, height - 4, colour, dash);
    context.lineWidth = 1;
    write(context, text, right - 10, height, { align: "right", colour });
  });
}

/** Say what the chart reads where the pointer is. */
function decayReading(given, at) {
  const value = (number) => (number === null || number === undefined ? "nothing" : minus(`${number.toFixed(1)} dB`));
  const text = at === null || at === undefined
    ? given.lines.map((line) => line.label).join(", ")
    : `At ${given.seconds[at].toFixed(3)} s: level ${value(given.level_db[at])}, energy still to come ${value(given.curve_db[at])}.`;
  say(element("decay-value"), text);
}
