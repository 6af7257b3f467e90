// The time that the direct sum takes, and the time that the fast Fourier transform takes.

import { logScale } from "./axes.js";
import { rule, theme } from "./canvas.js";
import { showChart } from "./chart.js";
import { crossing, drawCrossing, drawLaws, lawThrough, roughly } from "./cost-laws.js";
import { create, element, setText } from "./dom.js";
import { counted, digits, duration, whole } from "./format.js";
import { drawDots, drawLine } from "./series.js";

export function cost(given) {
  const { direct, fft, job } = given;
  // sound and taps of equal length that take as many products as the job
  const size = Math.sqrt(job.direct_operations);
  const slow = lawThrough(direct, (n) => n * n);
  const fast = lawThrough(fft, (n) => n * Math.log2(Math.max(2, n)));
  const measured = [...new Set([...direct, ...fft].map(([n]) => n))].sort((one, two) => one - two);
  const from = Math.min(...measured, size) / 1.5;
  const to = Math.max(...measured, size) * 4;
  const meeting = crossing(slow, fast, from, to);
  const times = [...direct, ...fft].map(([, time]) => time);
  const low = Math.min(...times, job.engine_s, meeting ? slow(meeting) : Infinity) / 6;
  const high = Math.max(slow(to), job.direct_s) * 3;
  showChart("cost", {
    x: { label: "samples and taps, n", ...logScale(from, to) },
    y: { label: "time, s", ...logScale(low, high) },
    stops: measured,
    start: direct.length - 1,
    draw: (context, box, points) => {
      drawLaws(context, box, points, { slow, fast }, from, to);
      drawTimes(context, points, direct, theme.g);
      drawTimes(context, points, fft, theme.sum);
      if (meeting) drawCrossing(context, points([meeting], [slow(meeting)])[0], meeting);
      drawJob(context, box, points, job, size);
    },
    read: (stop) => readCost(given, slow, fast, measured[stop]),
  });
  element("cost-key").replaceChildren(
    create("li", "direct, measured", "g"),
    create("li", "FFT, measured", "sum"),
    create("li", "law n\u00b2 through the last dot", "g dashed"),
    create("li", "law n log n through the last dot", "sum dotted"),
    create("li", `this run, direct: ${duration(job.direct_s)}`, "g square"),
    create("li", `this run, ${job.engine}: ${duration(job.engine_s)}`, "sum square"),
  );
  const text = jobSentence(job);
  setText(element("cost-value"), text);
  element("cost-chart").setAttribute(
    "aria-label",
    "Time over size on logarithmic axes: direct rises as n squared, FFT as n log n." +
      `${meeting ? ` They cross at n = ${whole(roughly(meeting))}.` : ""} ${text}`,
  );
  setText(element("cost-note"), `${given.note} \u2014 ${given.machine}`);
}

/** Draw measured times as dots. */
function drawTimes(context, points, measured, colour) {
  const dots = points(
    measured.map(([n]) => n),
    measured.map(([, time]) => time),
  );
  drawLine(context, dots, colour, { width: 1.5 });
  drawDots(context, dots, colour, 4);
}

/** Mark the job's times by both ways. */
function drawJob(context, box, points, job, size) {
  const [direct, engine] = points([size, size], [job.direct_s, job.engine_s]);
  rule(context, direct.x, box.top, direct.x, box.top + box.height, theme.quiet, [2, 4]);
  const square = (point, colour) => {
    context.fillStyle = theme.ground;
    context.strokeStyle = colour;
    context.lineWidth = 2;
    context.beginPath();
    context.rect(point.x - 5, point.y - 5, 10, 10);
    context.fill();
    context.stroke();
    context.lineWidth = 1;
  };
  square(direct, theme["g-text"]);
  square(engine, theme["sum-text"]);
}

/** Return the text and the marks for one size. */
function readCost({ direct, fft }, slow, fast, n) {
  const time = (measured, law) => {
    const known = measured.find(([size]) => size === n)?.[1];
    return known === undefined ? [law(n), " (estimated)"] : [known, ""];
  };
  const [plain, about] = time(direct, slow);
  const [quick, nearly] = time(fft, fast);
  return {
    text: `n = ${whole(n)}: direct ${duration(plain)}${about}, FFT ${duration(quick)}${nearly}.`,
    marks: [
      [plain, "g-text"],
      [quick, "sum-text"],
    ],
  };
}

function jobSentence(job) {
  const paths = job.paths > 1 ? ` on ${job.paths} paths` : "";
  const ratio = job.direct_s / job.engine_s;
  const compared =
    ratio >= 10
      ? `, ${whole(ratio)} times as fast`
      : ratio >= 1.05
        ? `, ${ratio.toFixed(1)} times as fast`
        : ", no faster";
  return (
    `This run convolves ${counted(job.frames, "sample")} with ${counted(job.taps, "tap")}${paths}. ` +
    `The direct sum takes ${digits(job.direct_operations, 2)} products ` +
    `and ${duration(job.direct_s)}. ` +
    `The ${job.engine} engine takes ${duration(job.engine_s)}${compared}.`
  );
}
