// An impulse to be changed: taps that can be moved, or one from a file.

import { timeAxis } from "./axes.js";
import { bufferOf, channelsOf } from "./buffers.js";
import { Figure, rule, theme, write } from "./canvas.js";
import { fillSelect, sampleKeys } from "./controls.js";
import { element, setText } from "./dom.js";
import { draggable } from "./drag.js";
import { minus } from "./format.js";
import { columns, fillBetween, peakOf, stems } from "./series.js";

const MOST_TAPS = 20;
const HEIGHT = 190; // pixels of the figure
const NEAR = 22; // pixels from the end of a tap within which it is held

/**
 * Show an impulse, and let its taps be moved, added and removed.
 * @param {number} rate in Hz
 * @param {Array<{at: number, height: number}>} given taps to begin with, at sample numbers
 * @param {function(): void} changed called after every change
 * @returns {{buffer: function(): AudioBuffer, open: function(?AudioBuffer): void}} the impulse as
 *   it is now, and a function that shows one from a file, or the taps again
 */
export function ownImpulse(rate, given, changed) {
  const canvas = element("own-g");
  const [choice, time, height] = ["tap", "at", "height"].map((name) => element(`own-${name}`));
  let taps = given;
  let opened = null;
  let chosen = taps[taps.length - 1];
  const span = Math.round(Math.max(rate, 1.4 * Math.max(...taps.map(({ at }) => at))));
  const most = Math.max(1, ...taps.map((tap) => Math.abs(tap.height)));
  const axes = (width) => tapAxes(width, span, most);
  const figure = new Figure(
    canvas,
    () => HEIGHT,
    (context, width) => {
      if (opened) drawImpulse(context, width, opened);
      else drawTaps(context, axes(width), { taps, chosen, rate, span });
    },
  );
  time.max = span;
  height.min = -most;
  height.max = most;

  const show = () => {
    fillSelect(
      choice,
      taps.map((_, i) => [i, `${i + 1} of ${taps.length}`]),
      taps.indexOf(chosen),
    );
    time.value = chosen.at;
    time.setAttribute("aria-valuetext", inMilliseconds(chosen.at, rate));
    height.value = chosen.height;
    setText(element("own-tap-value"), tapText(chosen, rate));
    element("own-add").disabled = taps.length === MOST_TAPS;
    element("own-remove").disabled = taps.length === 1;
    element("own-taps").hidden = opened !== null;
    canvas.setAttribute("aria-label", opened ? openedLabel(opened) : tapsLabel(taps, rate));
    figure.change();
  };
  const edit = () => {
    show();
    changed();
  };
  const move = (at, tall) => {
    chosen.at = Math.round(Math.min(span, Math.max(0, at)));
    chosen.height = Math.round(100 * Math.min(most, Math.max(-most, tall))) / 100;
    edit();
  };

  draggable(canvas, (x, y) => {
    const { place, value } = axes(canvas.clientWidth);
    const tap = opened ? null : nearestTap(taps, place, x, y);
    if (!tap) return null;
    const [across, down] = [place(tap).x - x, place(tap).y - y];
    return (nextX, nextY) => {
      chosen = tap;
      const { at, height: tall } = value(nextX + across, nextY + down);
      move(at, tall);
    };
  });
  choice.addEventListener("change", () => {
    chosen = taps[Number(choice.value)];
    show();
  });
  time.addEventListener("input", () => move(Number(time.value), chosen.height));
  sampleKeys(time, (at) => move(at, chosen.height));
  height.addEventListener("input", () => move(chosen.at, Number(height.value)));
  element("own-add").addEventListener("click", () => {
    chosen = nextTap(taps, span);
    taps = [...taps, chosen];
    edit();
  });
  element("own-remove").addEventListener("click", () => {
    taps = taps.filter((tap) => tap !== chosen);
    chosen = taps[taps.length - 1];
    edit();
  });
  show();
  return {
    buffer: () => opened ?? tapsBuffer(taps, rate),
    open: (buffer) => {
      opened = buffer;
      edit();
    },
  };
}

/** Return a tap after the last one, as far and as much lower as that after the one before it. */
function nextTap(taps, span) {
  const [last, before] = taps.toSorted((one, other) => other.at - one.at);
  const gap = before ? last.at - before.at : Math.round(span / 4);
  const ratio = before?.height ? Math.min(1, Math.abs(last.height / before.height)) : 0.5;
  return { at: Math.min(span, last.at + gap), height: last.height * ratio };
}

function tapsBuffer(taps, rate) {
  const samples = new Float32Array(Math.max(...taps.map(({ at }) => at)) + 1);
  for (const { at, height } of taps) samples[at] += height;
  return bufferOf([samples], rate);
}

/** Return the box of the figure, the place of a tap, and the tap that is at a place. */
function tapAxes(width, span, most) {
  const box = { left: 44, width: width - 64, top: 12, height: HEIGHT - 48 };
  const middle = box.top + box.height / 2;
  const scale = box.height / 2 / most;
  return {
    box,
    most,
    place: ({ at, height }) => ({
      x: box.left + (at / span) * box.width,
      y: middle - height * scale,
    }),
    value: (x, y) => ({ at: ((x - box.left) / box.width) * span, height: (middle - y) / scale }),
  };
}

function nearestTap(taps, place, x, y) {
  const distance = (tap) => Math.hypot(place(tap).x - x, place(tap).y - y);
  const [nearest] = taps.toSorted((one, other) => distance(one) - distance(other));
  return distance(nearest) < NEAR ? nearest : null;
}

function drawTaps(context, { box, most, place }, { taps, chosen, rate, span }) {
  const middle = box.top + box.height / 2;
  rule(context, box.left, middle, box.left + box.width, middle);
  for (const [value, y] of [
    [most, box.top + 4],
    [0, middle + 4],
    [-most, box.top + box.height + 4],
  ]) {
    write(context, minus(value.toPrecision(2)), box.left - 9, y, { align: "right", size: 12 });
  }
  const [at, heights] = [taps.map((tap) => tap.at), taps.map((tap) => tap.height)];
  stems(context, box, { from: 0, to: span }, at, heights, most, theme.g);
  const { x, y } = place(chosen);
  context.strokeStyle = theme.g;
  context.lineWidth = 2;
  context.beginPath();
  context.arc(x, y, 9, 0, 2 * Math.PI);
  context.stroke();
  context.lineWidth = 1;
  const align = x > box.left + box.width / 2 ? "right" : "left";
  write(context, tapText(chosen, rate), x + (align === "left" ? 16 : -16), y + 4, {
    align,
    colour: theme["g-text"],
    halo: true,
  });
  timeAxis(context, box, box.top + box.height + 8, 0, span / rate);
}

function drawImpulse(context, width, buffer) {
  const { box } = tapAxes(width, 1, 1);
  const { length, duration } = buffer;
  const [samples] = channelsOf(buffer);
  const envelope = columns(samples, 0, { from: 0, to: length }, Math.round(box.width));
  rule(context, box.left, box.top + box.height / 2, width, box.top + box.height / 2);
  fillBetween(context, box, envelope, peakOf(samples), theme.g);
  timeAxis(context, box, box.top + box.height + 8, 0, duration);
}

function inMilliseconds(at, rate) {
  return `${((1000 * at) / rate).toFixed(1)} ms`;
}

function tapText({ at, height }, rate) {
  return minus(`${inMilliseconds(at, rate)}, ${height.toFixed(2)}`);
}

function tapsLabel(taps, rate) {
  const texts = taps.map((tap) => tapText(tap, rate)).join("; ");
  return `Impulse of ${taps.length} ${taps.length > 1 ? "taps" : "tap"}, time and height: ${texts}.`;
}

function openedLabel({ duration, numberOfChannels: channels }) {
  return `Waveform of the impulse: ${duration.toFixed(2)} s, channel 1 of ${channels}.`;
}
