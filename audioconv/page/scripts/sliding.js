// The sliding picture's controls, and the numbers under it.

import { Figure, trackPointer } from "./canvas.js";
import { debounce, fillSelect, narrow, Player, sampleKeys } from "./controls.js";
import { element, fillList, fillRow, setText, tableRow } from "./dom.js";
import { digits, inSeconds, whole } from "./format.js";
import { SlidingPicture, slidingHeight } from "./sliding-draw.js";
import { Convolution, LARGEST } from "./sum.js";
import { namedTaps } from "./taps.js";

const SPEEDS = [
  [1, "real time"],
  [1 / 4, "1/4"],
  [1 / 16, "1/16"],
  [1 / 64, "1/64"],
  [1 / 1024, "1/1024"],
];
const HEIGHTS = [
  [1, "as it is"],
  [4, "\u00d7 4"],
  [16, "\u00d7 16"],
  [64, "\u00d7 64"],
];

/** Show the sum of one path, at one c after another. */
export function sliding(given) {
  const convolution = Convolution.unpacked(given);
  const { rate, begin, end } = convolution;
  const picture = new SlidingPicture(convolution);
  const state = { c: begin, span: 0, magnify: magnification(convolution) };
  const range = element("slide-position");
  const canvas = element("slide-canvas");
  range.min = begin;
  range.max = end - 1;
  range.step = 1;
  const figure = new Figure(canvas, slidingHeight, (context, width) =>
    picture.draw(context, width, figure.pixelRatio, state),
  );
  const describe = debounce((text) => {
    setText(element("slide-summary"), text);
    canvas.setAttribute("aria-label", `The sliding sum. ${text}`);
  });
  makeRows(convolution);
  let exact = begin;
  let player = null;

  const show = (c) => {
    state.c = Math.min(end - 1, Math.max(begin, Math.round(c)));
    exact = state.c;
    range.value = state.c;
    const sum = convolution.at(state.c);
    range.setAttribute("aria-valuetext", `${inSeconds(state.c / rate)}, sample ${state.c}`);
    showNumbers(convolution, state.c, sum);
    setText(element("slide-arrival"), "");
    if (!player?.playing) describe(sentence(convolution, state.c, sum));
    figure.change();
  };

  range.addEventListener("input", () => show(Number(range.value)));
  sampleKeys(range, show);
  dragLine(canvas, picture, state, show);
  fillSelect(element("slide-speed"), SPEEDS, 1 / 16);
  player = new Player(element("slide-play"), (passed) => {
    const next = exact + passed * rate * Number(element("slide-speed").value);
    show(next);
    exact = next;
    return next < end - 1;
  });
  player.stopped = () => describe(sentence(convolution, state.c, convolution.at(state.c)));
  element("slide-play").addEventListener("click", () => {
    if (player.playing && state.c === end - 1) show(begin);
  });

  const spans = [
    [0, "all"],
    [Math.round(rate / 10), "100 ms around c"],
    [Math.round(rate / 500), "2 ms around c"],
  ];
  choose(element("slide-view"), spans, state, "span", figure);
  choose(element("slide-magnify"), HEIGHTS, state, "magnify", figure);
  const taps = namedTaps(convolution).map(({ text }) => text);
  fillList(element("slide-notes"), [...taps, given.path, ...given.notes]);
  const arrivals = convolution.arrivals();
  if (arrivals.length > 1) arrivalButtons(convolution, arrivals, state, show);
  show(arrivals.length ? arrivals[Math.min(1, arrivals.length - 1)].c : loudest(convolution));
}

/** Let a choice set one part of the picture's state. */
function choose(select, pairs, state, name, figure) {
  fillSelect(select, pairs, state[name]);
  select.addEventListener("change", () => {
    state[name] = Number(select.value);
    figure.change();
  });
}

/** Let the line at c be dragged; in a close-up, the picture moves and the line stays. */
function dragLine(canvas, picture, state, show) {
  let grabbed = { x: 0, c: 0 };
  trackPointer(canvas, (x, _, pressed) => {
    const view = picture.view(state.c, state.span);
    const each = (view.to - view.from) / canvas.clientWidth;
    if (pressed) grabbed = { x, c: state.c };
    show(state.span ? grabbed.c + (x - grabbed.x) * each : view.from + x * each);
  });
}

/** Return how much higher to draw an impulse whose peak is far above its other taps. */
function magnification({ g, spikes, sparse }) {
  if (sparse) return 1;
  const sizes = Array.from(spikes, (b) => Math.abs(g[b])).sort((one, other) => one - other);
  const usual = sizes[Math.floor(sizes.length * 0.98)] || 1;
  const ratio = sizes[sizes.length - 1] / usual;
  return ratio > 32 ? 16 : ratio > 6 ? 4 : 1;
}

/** Return the c of the largest output sample. */
function loudest({ y, begin }) {
  let best = 0;
  y.forEach((value, i) => {
    if (Math.abs(value) > Math.abs(y[best])) best = i;
  });
  return begin + best;
}

/** Put the numbers at c under the picture. */
function showNumbers({ rate, taps }, c, sum) {
  const put = (id, value, text) => {
    const target = element(id);
    target.dataset.value = String(value);
    setText(target, text);
  };
  const difference = sum.value - sum.written;
  put("slide-c", c, `${whole(c)} (${inSeconds(c / rate)})`);
  put("slide-sum", sum.value, digits(sum.value, 12));
  put("slide-written", sum.written, digits(sum.written, 12));
  put("slide-difference", difference, digits(difference, 2));
  put("slide-count", sum.count, `${whole(sum.count)} of ${whole(taps)}`);
  const short = (value) => digits(value, narrow.matches ? 4 : 5);
  [...element("slide-terms").tBodies[0].rows].forEach((row, i) => {
    const term = sum.largest[i];
    row.classList.toggle("empty", !term);
    if (term) {
      const { a, f, b, g, product } = term;
      fillRow(row, [whole(a), short(f), whole(b), short(g), short(product)]);
      Object.assign(row.dataset, term);
    } else {
      fillRow(row, ["\u00a0", "", "", "", ""]);
      for (const name of Object.keys(row.dataset)) delete row.dataset[name];
    }
  });
  const others = sum.count - sum.largest.length;
  const [rest] = element("slide-terms").tFoot.rows;
  fillRow(rest, [others ? `the other ${whole(others)}` : "no others", short(sum.rest)]);
  rest.dataset.product = sum.rest;
}

/** Make the rows of the table once, as many at every c, so that nothing below moves. */
function makeRows({ spikes }) {
  const rows = Array.from({ length: Math.min(LARGEST, spikes.length) }, () =>
    tableRow(["", "", "", "", ""]),
  );
  const rest = tableRow(["", ""]);
  rest.cells[0].colSpan = 4;
  element("slide-terms").tBodies[0].replaceChildren(...rows);
  element("slide-terms").tFoot.replaceChildren(rest);
}

function sentence({ rate, taps }, c, sum) {
  const first = sum.largest[0];
  const loud = first
    ? ` The largest is f(${whole(first.a)}) g(${whole(first.b)}) = ${digits(first.product, 3)}.`
    : "";
  return (
    `At c = ${whole(c)}, ${inSeconds(c / rate)}: ${whole(sum.count)} of ${whole(taps)} products ` +
    `${sum.count === 1 ? "is" : "are"} not zero, and their sum is ${digits(sum.value, 3)}.${loud}`
  );
}

/** Let two buttons visit each arrival of the loudest sample. */
function arrivalButtons({ rate, g, origin }, arrivals, state, show) {
  element("slide-arrivals").hidden = false;
  const visit = ({ a, b, c, copy }) => {
    show(c);
    setText(
      element("slide-arrival"),
      `Copy ${copy + 1} of the loudest sample, a = ${whole(a)} (${inSeconds(a / rate)}), ` +
        `arrives here: b = ${whole(b)}, so ${inSeconds(b / rate)} later, ` +
        `and g(b) = ${digits(g[b + origin], 3)} times as high.`,
    );
  };
  element("slide-next").addEventListener("click", () =>
    visit(arrivals.find(({ c }) => c > state.c) ?? arrivals[0]),
  );
  element("slide-previous").addEventListener("click", () =>
    visit(arrivals.findLast(({ c }) => c < state.c) ?? arrivals[arrivals.length - 1]),
  );
}
