// Overlap-add: one block after another, each with its tail.

const BLOCK_COLOURS = ["f", "orange", "product", "sky", "g", "strong"];

function blocks(given) {
  const envelope = (packed) => ({ low: unpack(packed.low), high: unpack(packed.high) });
  const drawing = {
    ...given,
    input: envelope(given.input),
    sum: envelope(given.sum),
    pieces: given.pieces.map((piece) => ({ ...piece, ...envelope(piece) })),
  };
  const peak = (sound) => Math.max(peakOf(sound.low), peakOf(sound.high));
  drawing.peaks = {
    input: peak(drawing.input),
    sum: peak(drawing.sum),
    pieces: Math.max(...drawing.pieces.map(peak)),
  };
  const count = given.pieces.length;
  const canvas = element("blocks-canvas");
  const range = element("blocks-position");
  range.max = count;
  const figure = new Figure(
    canvas,
    (width) => blockRows(width, count).bottom + 30,
    (context, width) => drawBlocks(context, width, drawing, Number(range.value)),
  );
  const show = () => {
    const added = Number(range.value);
    element("blocks-back").disabled = added === 0;
    element("blocks-add").disabled = added === count;
    const text = blocksSentence(given, added);
    element("blocks-value").dataset.value = String(added);
    say(element("blocks-value"), text);
    canvas.setAttribute(
      "aria-label",
      `Blocks of the input, each convolved by itself, and their sum. ${text}`,
    );
    figure.change();
  };
  const move = (by) => () => {
    range.value = Number(range.value) + by;
    show();
  };
  element("blocks-back").addEventListener("click", move(-1));
  element("blocks-add").addEventListener("click", move(1));
  range.value = Math.min(count, 2);
  slider(range, show);
  say(element("blocks-note"), given.note ?? "");
}

/** Return the frame up to which the output is final: no block that is yet to come reaches back. */
function finalFrame(given, added) {
  return added < given.pieces.length ? given.pieces[added].start : given.end;
}

function blocksSentence(given, added) {
  if (added === 0) return "Nothing is added yet.";
  const piece = given.pieces[added - 1];
  const made = `Block ${added} of ${given.pieces.length}: ${whole(piece.frames)} samples become ${whole(piece.frames + given.taps - 1)}, of which the last ${whole(given.taps - 1)} are tail.`;
  const time = (finalFrame(given, added) / given.rate).toFixed(3);
  return added < given.pieces.length
    ? `${made} Up to ${time} s the output is done; what lies after it waits for the next block.`
    : `${made} All are added: the output is done up to ${time} s.`;
}

/** Return where the rows stand, for a width and so many pieces. */
function blockRows(width, count) {
  const high = width < 600 ? 56 : 76;
  const lane = Math.max(16, Math.min(48, 380 / count));
  const input = { left: 0, width, top: 24, height: high };
  const pieces = { top: 24 + high + 30, lane };
  const sum = { left: 0, width, top: pieces.top + lane * count + 34, height: high + 16 };
  return { input, pieces, sum, bottom: sum.top + sum.height + 4 };
}

function drawBlocks(context, width, of, added) {
  const rows = blockRows(width, of.pieces.length);
  const cells = of.sum.low.length;
  const x = (frame) =>
    ((Math.min(of.end, Math.max(of.begin, frame)) - of.begin) / (of.end - of.begin)) * width;
  const column = (frame) => Math.round((x(frame) / width) * cells);
  write(context, "input, cut into blocks", 0, 14, { colour: theme["f-text"] });
  write(
    context,
    width < 600
      ? "each convolved; its tail hatched"
      : "each block convolved by itself; its tail hatched",
    0,
    rows.pieces.top - 8,
  );
  write(context, "added up", 0, rows.sum.top - 8, { colour: theme["sum-text"] });
  of.pieces.forEach((piece, i) => {
    const colour = theme[BLOCK_COLOURS[i % BLOCK_COLOURS.length]];
    const shown = i < added;
    context.globalAlpha = shown ? 1 : 0.3;
    const stop = piece.start + piece.frames;
    fillBetween(
      context,
      rows.input,
      of.input,
      of.peaks.input,
      colour,
      column(piece.start),
      column(stop),
    );
    context.globalAlpha = 1;
    rule(
      context,
      x(piece.start),
      rows.input.top,
      x(piece.start),
      rows.input.top + rows.input.height,
      theme.line,
    );
    const box = {
      left: 0,
      width,
      top: rows.pieces.top + i * rows.pieces.lane,
      height: rows.pieces.lane,
    };
    const tail = x(stop + of.taps - 1);
    rule(
      context,
      x(piece.start),
      box.top + box.height / 2,
      tail,
      box.top + box.height / 2,
      theme.line,
    );
    if (!shown) return;
    fillBetween(context, box, piece, of.peaks.pieces, colour, column(piece.start), column(stop));
    context.globalAlpha = 0.55;
    fillBetween(
      context,
      box,
      piece,
      of.peaks.pieces,
      colour,
      column(stop),
      column(stop + of.taps - 1),
    );
    context.globalAlpha = 0.4;
    hatch(context, x(stop), box.top + 3, tail - x(stop), box.height - 6, colour);
    context.globalAlpha = 1;
    rule(context, x(stop), box.top + 2, x(stop), box.top + box.height - 2, colour, [3, 2]);
  });
  const done = added ? finalFrame(of, added) : of.begin;
  const sum = rows.sum;
  rule(context, 0, sum.top + sum.height / 2, width, sum.top + sum.height / 2);
  fillBetween(context, sum, of.sum, of.peaks.sum, theme.sum, 0, column(done));
  if (added && added < of.pieces.length) {
    rule(context, x(done), sum.top, x(done), sum.top + sum.height, theme.ink, [4, 3]);
    const room = width - x(done) > 190;
    if (room) write(context, "waits for the next block", x(done) + 8, sum.top + 14);
  }
  timeAxis(context, { left: 0, width }, rows.bottom, of.begin / of.rate, of.end / of.rate);
}
