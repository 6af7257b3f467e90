// Overlap-add: one block after another, each with its tail.

import { timeAxis } from "./axes.js";
import { Figure, hatch, rule, theme, write } from "./canvas.js";
import { slider } from "./controls.js";
import { element, setText } from "./dom.js";
import { whole } from "./format.js";
import { unpackEnvelope } from "./packed.js";
import { fillBetween, peakOf } from "./series.js";

const BLOCK_COLOURS = ["f", "orange", "product", "sky"];

export function blocks(given) {
  const { rate, begin, end, taps, origin, note } = given;
  const pieces = given.pieces.map((piece) => ({
    start: piece.start,
    frames: piece.frames,
    ...unpackEnvelope(piece),
  }));
  const [input, sum] = [unpackEnvelope(given.input), unpackEnvelope(given.sum)];
  const drawing = { rate, begin, end, taps, origin, pieces, input, sum };
  const peak = ({ low, high }) => Math.max(peakOf(low), peakOf(high));
  drawing.peaks = { input: peak(input), sum: peak(sum), pieces: Math.max(...pieces.map(peak)) };
  const count = pieces.length;
  const canvas = element("blocks-canvas");
  const range = element("blocks-position");
  range.max = count;
  const figure = new Figure(
    canvas,
    (width) => blockRows(width, count).bottom + 30,
    (context, width) => drawBlocks(context, width, drawing, Number(range.value)),
  );
  const show = (added) => {
    element("blocks-back").disabled = added === 0;
    element("blocks-add").disabled = added === count;
    const text = blocksSentence(drawing, added);
    element("blocks-value").dataset.value = String(added);
    setText(element("blocks-value"), text);
    canvas.setAttribute(
      "aria-label",
      `Blocks of the input, each convolved by itself, and their sum. ${text}`,
    );
    figure.change();
  };
  const move = (by) => () => {
    range.value = Number(range.value) + by;
    show(Number(range.value));
  };
  element("blocks-back").addEventListener("click", move(-1));
  element("blocks-add").addEventListener("click", move(1));
  range.value = Math.min(count, 2);
  slider(range, show);
  setText(element("blocks-note"), note);
}

/** Return the frame up to which the output is final: where the next block begins. */
function finalFrame({ pieces, end }, added) {
  return added < pieces.length ? pieces[added].start : end;
}

function blocksSentence(drawing, added) {
  if (added === 0) return "No block is added yet.";
  const { pieces, taps, origin, rate } = drawing;
  const { frames } = pieces[added - 1];
  const block =
    `Block ${added} of ${pieces.length}: ${whole(frames)} samples become ` +
    `${whole(frames + taps - 1)}; the last ${whole(taps - 1)} are the tail.`;
  const time = (finalFrame(drawing, added) / rate).toFixed(3);
  const early = origin ? `, ${whole(origin)} samples before the end of the block, where the next result begins` : "";
  return added < pieces.length
    ? `${block} The output is final up to ${time} s${early}; the rest waits for the next block.`
    : `${block} That was the last one: the output is complete up to ${time} s.`;
}

/** Return the place of each row, for a width and a number of pieces. */
function blockRows(width, count) {
  const high = width < 700 ? 56 : 76;
  const lane = Math.max(16, Math.min(48, 380 / count));
  const input = { left: 0, width, top: 24, height: high };
  const pieces = { top: 24 + high + 30, lane };
  const sum = { left: 0, width, top: pieces.top + lane * count + 34, height: high + 16 };
  return { input, pieces, sum, bottom: sum.top + sum.height + 4 };
}

function drawBlocks(context, width, drawing, added) {
  const { rate, begin, end, pieces, sum, peaks } = drawing;
  const rows = blockRows(width, pieces.length);
  const x = (frame) => ((Math.min(end, Math.max(begin, frame)) - begin) / (end - begin)) * width;
  const column = (frame) => Math.round((x(frame) / width) * sum.low.length);
  write(context, "input, cut into blocks", 0, 14, { colour: theme["f-text"] });
  const each = width < 600 ? "each" : "each block convolved by itself";
  write(context, `${each}, with its tail hatched`, 0, rows.pieces.top - 8);
  write(context, "their sum", 0, rows.sum.top - 8, { colour: theme["sum-text"] });
  pieces.forEach((piece, i) => drawPiece(context, drawing, rows, i, i < added, x, column));
  const done = added ? finalFrame(drawing, added) : begin;
  const { top, height } = rows.sum;
  rule(context, 0, top + height / 2, width, top + height / 2);
  fillBetween(context, rows.sum, sum, peaks.sum, theme.sum, 0, column(done));
  if (added && added < pieces.length) {
    rule(context, x(done), top, x(done), top + height, theme.ink, [4, 3]);
    const roomy = width - x(done) > 190;
    if (roomy) write(context, "waits for the next block", x(done) + 8, top + 14);
  }
  timeAxis(context, { left: 0, width }, rows.bottom, begin / rate, end / rate);
}

/** Draw a block in the row of the input, and its convolution in a row of its own. */
function drawPiece(context, { taps, origin, pieces, input, peaks }, rows, i, shown, x, column) {
  const piece = pieces[i];
  const colour = theme[BLOCK_COLOURS[i % BLOCK_COLOURS.length]];
  const stop = piece.start + piece.frames;
  const [left, middle, right] = [x(piece.start), x(stop), x(stop + taps - 1)];
  const [first, next, last] = [column(piece.start), column(stop), column(stop + taps - 1)];
  // its convolution rings before the block by the taps before time 0
  const [from, to] = [column(piece.start + origin), column(stop + origin)];
  const { top, height, width } = rows.input;
  context.globalAlpha = shown ? 1 : 0.3;
  fillBetween(context, rows.input, input, peaks.input, colour, from, to);
  context.globalAlpha = 1;
  rule(context, x(piece.start + origin), top, x(piece.start + origin), top + height);
  const { lane } = rows.pieces;
  const row = { left: 0, width, top: rows.pieces.top + i * lane, height: lane };
  rule(context, left, row.top + lane / 2, right, row.top + lane / 2);
  if (!shown) return;
  fillBetween(context, row, piece, peaks.pieces, colour, first, next);
  context.globalAlpha = 0.55;
  fillBetween(context, row, piece, peaks.pieces, colour, next, last);
  context.globalAlpha = 0.4;
  hatch(context, middle, row.top + 3, right - middle, lane - 6, colour);
  context.globalAlpha = 1;
  rule(context, middle, row.top + 2, middle, row.top + lane - 2, colour, [3, 2]);
}
