// The sliding picture's controls, and the numbers under it.

const SPEEDS = [
  [1, "real time"],
  [1 / 4, "1/4"],
  [1 / 16, "1/16"],
  [1 / 64, "1/64"],
  [1 / 1024, "1/1024"],
];

/** Show the sum of one path, at one c after another. */
function sliding(given) {
  const of = new Convolution(given);
  const picture = new SlidingPicture(of);
  const state = { c: of.begin, span: 0, magnify: magnification(of) };
  const range = element("slide-position");
  const canvas = element("slide-canvas");
  range.min = of.begin;
  range.max = of.end - 1;
  range.step = 1;
  const figure = new Figure(canvas, slidingHeight, (context, width) =>
    picture.draw(context, width, figure.sharp, state),
  );
  const said = later((text) => {
    say(element("slide-said"), text);
    canvas.setAttribute("aria-label", `The sliding sum. ${text}`);
  });
  let exact = of.begin;
  let player = null;

  const show = (c) => {
    state.c = Math.min(of.end - 1, Math.max(of.begin, Math.round(c)));
    exact = state.c;
    range.value = state.c;
    const found = of.at(state.c);
    range.setAttribute("aria-valuetext", `${seconds(state.c / of.rate)}, sample ${state.c}`);
    numbers(of, state.c, found);
    say(element("slide-arrival"), "");
    if (!player?.playing) said(sentence(of, state.c, found));
    figure.change();
  };

  range.addEventListener("input", () => show(Number(range.value)));
  sampleKeys(range, show);
  dragging(canvas, picture, state, show);
  choices(element("slide-speed"), SPEEDS, 1 / 16);
  player = new Player(element("slide-play"), (passed) => {
    const next = exact + passed * of.rate * Number(element("slide-speed").value);
    show(next);
    exact = next;
    return next < of.end - 1;
  });
  player.stopped = () => said(sentence(of, state.c, of.at(state.c)));
  element("slide-play").addEventListener("click", () => {
    if (player.playing && state.c === of.end - 1) show(of.begin);
  });

  choices(element("slide-view"), [
    [0, "all"],
    [Math.round(of.rate / 10), "100 ms around c"],
    [Math.round(of.rate / 500), "2 ms around c"],
  ]);
  element("slide-view").addEventListener("change", (event) => {
    state.span = Number(event.target.value);
    figure.change();
  });
  choices(
    element("slide-magnify"),
    [
      [1, "as they are"],
      [4, "\u00d7 4"],
      [16, "\u00d7 16"],
      [64, "\u00d7 64"],
    ],
    state.magnify,
  );
  element("slide-magnify").addEventListener("change", (event) => {
    state.magnify = Number(event.target.value);
    figure.change();
  });
  listed(element("slide-notes"), [given.path, ...(given.notes ?? [])].filter(Boolean));
  const arrivals = visits(of, state, show);
  show(arrivals.length ? arrivals[Math.min(1, arrivals.length - 1)].c : loudest(of));
}

/** Let the line at c be dragged; close up, the picture moves and the line stays. */
function dragging(canvas, picture, state, show) {
  let grabbed = { x: 0, c: 0 };
  follow(canvas, (x, y, pressed) => {
    const view = picture.view(state.c, state.span);
    const each = (view.to - view.from) / canvas.clientWidth;
    if (pressed) grabbed = { x, c: state.c };
    show(state.span ? grabbed.c + (x - grabbed.x) * each : view.from + x * each);
  });
}

/** Return how much higher to draw an impulse whose first spike stands far above all else. */
function magnification(of) {
  if (of.sparse) return 1;
  const sizes = Array.from(of.spikes, (b) => Math.abs(of.g[b])).sort((one, other) => one - other);
  const usual = sizes[Math.floor(sizes.length * 0.98)] || 1;
  const ratio = sizes[sizes.length - 1] / usual;
  return ratio > 32 ? 16 : ratio > 6 ? 4 : 1;
}

function loudest(of) {
  let found = 0;
  of.y.forEach((value, i) => {
    if (Math.abs(value) > Math.abs(of.y[found])) found = i;
  });
  return of.begin + found;
}

/** Put the numbers at c under the picture. */
function numbers(of, c, found) {
  const put = (id, value, text) => {
    const target = element(id);
    target.dataset.value = String(value);
    say(target, text);
  };
  put("slide-c", c, `${whole(c)} (${seconds(c / of.rate)})`);
  put("slide-sum", found.value, digits(found.value, 12));
  put("slide-written", found.written, digits(found.written, 12));
  put("slide-difference", found.value - found.written, digits(found.value - found.written, 2));
  put("slide-count", found.count, `${whole(found.count)} of ${whole(of.taps)}`);
  const body = element("slide-terms").tBodies[0];
  body.replaceChildren(
    ...found.largest.map((term) => {
      const row = cells([
        whole(term.a),
        short(term.f),
        whole(term.b),
        short(term.g),
        short(term.product),
      ]);
      Object.assign(row.dataset, term);
      return row;
    }),
  );
  // as many rows at every c, so that nothing below jumps
  for (let i = found.largest.length; i < Math.min(LARGEST, of.spikes.length); i++) {
    const empty = cells(["\u00a0", "", "", "", ""]);
    empty.className = "empty";
    body.append(empty);
  }
  const more = Math.max(0, found.count - found.largest.length);
  const rest = cells([more ? `the other ${whole(more)}` : "no other", short(found.rest)]);
  rest.cells[0].colSpan = 4;
  rest.dataset.product = found.rest;
  element("slide-terms").tFoot.replaceChildren(rest);
}

function short(value) {
  return digits(value, narrow.matches ? 4 : 5);
}

function cells(texts) {
  const row = made("tr");
  row.append(...texts.map((text) => made("td", text)));
  return row;
}

function sentence(of, c, found) {
  const first = found.largest[0];
  const loud = first
    ? ` The largest is f(${first.a}) g(${first.b}) = ${digits(first.product, 4)}.`
    : "";
  return `At c = ${c}, ${seconds(c / of.rate)}: ${whole(found.count)} of ${whole(of.taps)} products are not zero; their sum is ${digits(found.value, 6)}.${loud}`;
}

/** Let each arrival of the loudest moment be visited, where the impulse is a few spikes. */
function visits(of, state, show) {
  const arrivals = of.arrivals();
  element("slide-arrivals").hidden = arrivals.length < 2;
  if (arrivals.length < 2) return arrivals;
  const go = (arrival) => {
    if (!arrival) return;
    show(arrival.c);
    const copy = arrival.copy ? `copy ${arrival.copy + 1}` : "the first copy";
    say(
      element("slide-arrival"),
      `Here ${copy} of the loudest moment, a = ${whole(arrival.a)} (${seconds(arrival.a / of.rate)}), arrives: b = ${whole(arrival.b)}, ${seconds(arrival.b / of.rate)} later, ${digits(of.g[arrival.b], 3)} times as high.`,
    );
  };
  element("slide-next").addEventListener("click", () =>
    go(arrivals.find(({ c }) => c > state.c) ?? arrivals[0]),
  );
  element("slide-previous").addEventListener("click", () =>
    go([...arrivals].reverse().find(({ c }) => c < state.c) ?? arrivals[arrivals.length - 1]),
  );
  return arrivals;
}
