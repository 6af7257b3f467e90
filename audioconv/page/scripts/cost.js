// How long the plain sum takes, and how long the fast Fourier transform.

/** Return a time as people say it. */
function lasting(time) {
  if (time < 1e-3) return `${digits(time * 1e6, 3)} \u00b5s`;
  if (time < 1) return `${digits(time * 1e3, 3)} ms`;
  if (time < 120) return `${digits(time, 3)} s`;
  if (time < 7200) return `${digits(time / 60, 3)} min`;
  return time < 172800 ? `${digits(time / 3600, 3)} h` : `${digits(time / 86400, 3)} days`;
}

/** Return the powers of ten between two numbers, every second one where there are many. */
function powersBetween(from, to) {
  const [first, last] = [Math.ceil(Math.log10(from)), Math.floor(Math.log10(to))];
  const step = last - first > 8 ? 2 : 1;
  const found = [];
  for (let power = first; power <= last; power += step) found.push(10 ** power);
  return found;
}

/** Return a law as it goes on from the last measured point, and nothing before. */
function continued(points, law) {
  const [last, time] = points[points.length - 1];
  return (n) => (n < last ? null : (time * law(n)) / law(last));
}

function cost(given) {
  const { direct, fft, job } = given;
  // the job as if sound and taps were equally long: as many products
  const size = Math.sqrt(job.direct_operations);
  const slow = continued(direct, (n) => n * n);
  const fast = continued(fft, (n) => n * Math.log2(Math.max(2, n)));
  const measured = [...direct, ...fft].map(([n]) => n);
  const from = Math.min(...measured, size) / 1.5;
  const to = Math.max(...measured, size) * 4;
  const n = [...new Set([...measured, from, to, size])].sort((one, other) => one - other);
  const at = (points) => n.map((value) => points.find(([m]) => m === value)?.[1] ?? null);
  const columns = [n, n.map(slow), n.map(fast), at(direct), at(fft)];
  const times = [...direct, ...fft].map(([, time]) => time);
  const low = Math.min(...times, engineOf(job).time ?? Infinity) / 4;
  const high = Math.max(slow(to), job.direct_s) * 3;
  const dots = (colour) => ({
    stroke: colour,
    width: 1.5,
    spanGaps: true,
    points: { show: true, size: 8, fill: colour, stroke: colour },
  });
  const decades = (label, lowest, highest, size) =>
    chartAxis(label, {
      size,
      splits: () => powersBetween(lowest, highest),
      filter: (_, values) => values,
      values: (_, values) => values.map((value) => `10${raised(Math.round(Math.log10(value)))}`),
    });
  chart(element("cost-chart"), columns, () => ({
    scales: {
      x: { time: false, distr: 3, range: [from, to] },
      y: { distr: 3, range: [low, high] },
    },
    axes: [decades("samples and taps, n", from, to, 30), decades("time, s", low, high, 48)],
    series: [
      {},
      { stroke: theme.g, width: 1, dash: [6, 4], points: { show: false } },
      { stroke: theme.sum, width: 1, dash: [2, 3], points: { show: false } },
      dots(theme.g),
      dots(theme.sum),
    ],
    hooks: { draw: [onChart((context, x, y, box) => costLabels(context, x, y, box, job, size))] },
  }));
  const text = costSentence(job);
  say(element("cost-value"), text);
  element("cost-chart").setAttribute(
    "aria-label",
    `Time over size on logarithmic axes: direct rises as n squared, FFT as n log n. ${text}`,
  );
  say(element("cost-note"), [given.note, given.machine].filter(Boolean).join(" \u2014 "));
}

/** Return the engine that the run took, and the seconds that it takes. */
function engineOf(job) {
  return { engine: job.engine ?? "FFT", time: job.engine_s ?? job.fft_s ?? null };
}

function costSentence(job) {
  const { engine, time } = engineOf(job);
  const paths = job.paths > 1 ? ` on ${job.paths} paths` : "";
  const operations = job.fft_operations ? `${digits(job.fft_operations, 2)} operations, ` : "";
  const direct = `This run, ${whole(job.frames)} samples under ${whole(job.taps)} taps${paths}: direct, ${digits(job.direct_operations, 2)} products, ${lasting(job.direct_s)}`;
  if (time === null) return `${direct}.`;
  const less = job.direct_s / time;
  const compared =
    less >= 10
      ? `${whole(less)} times less`
      : less >= 1.05
        ? `${less.toFixed(1)} times less`
        : "no less than the plain sum";
  return `${direct}; by ${engine === "FFT" ? engine : `the ${engine} engine`}, ${operations}${lasting(time)}: ${compared}.`;
}

function costLabels(context, x, y, box, job, size) {
  const right = box.left + box.width - 4;
  const mark = (time, colour, text, above) => {
    const [across, down] = [x(size), y(time)];
    context.fillStyle = theme.ground;
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.beginPath();
    context.rect(across - 5, down - 5, 10, 10);
    context.fill();
    context.stroke();
    context.lineWidth = 1;
    // lines rise to the right: above to the left and below to the right there are none
    if (above) {
      write(context, text, Math.max(across - 12, 150), down - 10, {
        align: "right",
        colour,
        halo: true,
      });
      return;
    }
    context.font = `13px ${theme.plain}`;
    if (across + 12 + context.measureText(text).width < right) {
      write(context, text, across + 12, down + 26, { colour, halo: true });
    } else {
      write(context, text, across - 8, box.top + box.height - 10, {
        align: "right",
        colour,
        halo: true,
      });
    }
  };
  rule(context, x(size), box.top, x(size), box.top + box.height, theme.quiet, [2, 4]);
  const { engine, time } = engineOf(job);
  mark(job.direct_s, theme["g-text"], `this run, direct: ${lasting(job.direct_s)}`, true);
  if (time !== null) mark(time, theme["sum-text"], `this run, ${engine}: ${lasting(time)}`, false);
  write(context, "direct, continued as n\u00b2", box.left + 12, box.top + 20, {
    colour: theme["g-text"],
    halo: true,
  });
  write(context, "FFT, continued as n log n", box.left + 12, box.top + 40, {
    colour: theme["sum-text"],
    halo: true,
  });
}
