// How long the plain sum takes, and how long the fast Fourier transform.

/** Return a time as people say it. */
function lasting(time) {
  if (time < 1e-3) return `${digits(time * 1e6, 3)} \u00b5s`;
  if (time < 1) return `${digits(time * 1e3, 3)} ms`;
  if (time < 120) return `${digits(time, 3)} s`;
  if (time < 7200) return `${digits(time / 60, 3)} min`;
  return time < 172800 ? `${digits(time / 3600, 3)} h` : `${digits(time / 86400, 3)} days`;
}

/** Return the factor of a law that goes through the last measured point. */
function factor(points, law) {
  const [n, time] = points[points.length - 1];
  return time / law(n);
}

function cost(given) {
  const { direct, fft, job } = given;
  // the job as if sound and taps were equally long: as many products
  const size = Math.sqrt(job.frames * job.taps);
  const square = (n) => n * n;
  const quick = (n) => n * Math.log2(Math.max(2, n));
  const [slow, fast] = [factor(direct, square), factor(fft, quick)];
  const measured = [...direct, ...fft].map(([n]) => n);
  const from = Math.min(...measured) / 1.5;
  const to = Math.max(...measured, size) * 4;
  const n = [...new Set([...measured, from, to, size])].sort((one, other) => one - other);
  const at = (points) => n.map((value) => points.find(([m]) => m === value)?.[1] ?? null);
  const columns = [n, n.map((v) => slow * square(v)), n.map((v) => fast * quick(v)), at(direct), at(fft)];
  const times = [...direct, ...fft].map(([, time]) => time);
  const low = Math.min(...times, fast * quick(from)) / 3;
  const high = Math.max(...times, slow * square(to), job.direct_s) * 3;
  const dots = (colour) => ({ paths: () => null, stroke: colour, points: { show: true, size: 8, fill: colour, stroke: colour } });
  const powers = (_, values) => values.map((value) => {
    const power = Math.log10(value);
    return Math.abs(power - Math.round(power)) < 1e-9 ? `10${raised(Math.round(power))}` : "";
  });
  chart(element("cost-chart"), columns, () => ({
    scales: { x: { time: false, distr: 3, range: [from, to] }, y: { distr: 3, range: [low, high] } },
    axes: [chartAxis("samples and taps, n", { values: powers }), chartAxis("time, s", { size: 56, values: powers })],
    series: [
      {},
      { stroke: theme.g, width: 1, dash: [6, 4], points: { show: false } },
      { stroke: theme.sum, width: 1, points: { show: false } },
      dots(theme.g),
      dots(theme.sum),
    ],
    hooks: { draw: [onChart((context, x, y, box) => costLabels(context, x, y, box, job, size))] },
  }));
  const times_ = job.direct_s / job.fft_s;
  const text = `This run, ${whole(job.frames)} samples under ${whole(job.taps)} taps${job.paths > 1 ? ` on ${job.paths} paths` : ""}: direct, ${digits(job.direct_operations, 2)} products, ${lasting(job.direct_s)}; by FFT, ${digits(job.fft_operations, 2)} operations, ${lasting(job.fft_s)}. ${times_ >= 1 ? `${whole(times_)} times less.` : "The plain sum is the faster here."}`;
  say(element("cost-value"), text);
  element("cost-chart").setAttribute("aria-label", `Time over size on logarithmic axes: direct rises as n squared, FFT as n log n. ${text}`);
  say(element("cost-note"), [given.note, given.machine].filter(Boolean).join(" \u2014 "));
}

function costLabels(context, x, y, box, job, size) {
  const mark = (time, colour, text, above) => {
    const [left, top] = [x(size), y(time)];
    context.fillStyle = theme.ground;
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.beginPath();
    context.rect(left - 5, top - 5, 10, 10);
    context.fill();
    context.stroke();
    context.lineWidth = 1;
    write(context, text, left - 12, top + (above ? -8 : 20), { align: "right", colour });
  };
  rule(context, x(size), box.top, x(size), box.top + box.height, theme.quiet, [2, 4]);
  mark(job.direct_s, theme["g-text"], `this run, direct: ${lasting(job.direct_s)}`, true);
  mark(job.fft_s, theme["sum-text"], `this run, FFT: ${lasting(job.fft_s)}`, false);
  write(context, "direct, n\u00b2 (dashed)", box.left + 12, box.top + 20, { colour: theme["g-text"] });
  write(context, "FFT, n log n (solid)", box.left + 12, box.top + 40, { colour: theme["sum-text"] });
}
