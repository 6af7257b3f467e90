// What the browser makes of a sound and an impulse: to hear, to see, and to check.

import { channelsOf, peakOfBuffer, rmsLevel } from "./buffers.js";
import { pathsToFirst } from "./convolver.js";
import { element, setText } from "./dom.js";
import { digits, inSeconds, whole } from "./format.js";
import { player } from "./player.js";
import { columns, total } from "./series.js";
import { Sound } from "./sound.js";
import { Convolution } from "./sum.js";
import { seekOver, waveFigure } from "./wave.js";

const COLUMNS = 1000; // of a waveform
const NOTHING = { envelope: { low: [], high: [] }, peak: 1 };

/**
 * Make the figures and the player of a sound and its output.
 * @returns {{show: function, hear: function}} to show buffers f, g and y, and to let f and y be heard
 */
export function ownOutput() {
  let waves = { before: NOTHING, after: NOTHING };
  let sums = [];
  let first = true;
  const sound = new Sound({ seconds: 1, loudness: { before: null, after: null } });
  sound.which = "after";
  const figures = Object.keys(waves).map((which) =>
    waveFigure(element(`own-${which}-wave`), sound, which, () => waves[which]),
  );
  const { seek, refresh } = player("own", sound, { name: "rms level", unit: "dBFS" }, () => {
    for (const figure of figures) figure.change();
    if (!sound.playing) showSum(sums, sound.position());
  });
  for (const { canvas } of figures) seekOver(canvas, sound, seek);
  const hear = async (f, y) => {
    await sound.replace(aboutBoth(f, y, waves.after.peak), async () => [f, y]);
    element("own-play").disabled = false;
    refresh();
    if (first) seek(onsetOf(y, waves.after.peak)); // or the sum to begin with is one of zeros
    first = false;
  };
  const show = (f, g, y) => {
    const peaks = [f, y].map(peakOfBuffer);
    waves = wavesOf(f, y, Math.max(...peaks));
    sums = pathsToFirst(f, g).map(([from, by]) => sumOf(f, g, y, from, by));
    labelWave("before", "the sound", f, peaks[0]);
    labelWave("after", "the output", y, peaks[1]);
    for (const figure of figures) figure.change();
  };
  return { show, hear };
}

/** Return the time at which a buffer first comes within 20 dB of a peak. */
function onsetOf(buffer, peak) {
  const at = buffer.getChannelData(0).findIndex((value) => Math.abs(value) > peak / 10);
  return Math.max(0, at) / buffer.sampleRate;
}

/** Return the length and the levels of two buffers, and a gain at which neither clips. */
function aboutBoth(f, y, peak) {
  return {
    seconds: y.duration,
    loudness: { before: rmsLevel(f), after: rmsLevel(y) },
    gain: Math.min(1, 1 / peak),
  };
}

/** Return the waveforms of f and y, over the time of y and to the same peak. */
function wavesOf(f, y, peak) {
  const view = { from: 0, to: y.length };
  const envelopes = [f, y].map((buffer) => {
    const each = channelsOf(buffer).map((samples) => columns(samples, 0, view, COLUMNS));
    const [first, second = first] = each;
    return {
      low: first.low.map((value, i) => Math.min(value, second.low[i])),
      high: first.high.map((value, i) => Math.max(value, second.high[i])),
    };
  });
  return { before: { envelope: envelopes[0], peak }, after: { envelope: envelopes[1], peak } };
}

function labelWave(which, name, { duration }, peak) {
  element(`own-${which}-wave`).setAttribute(
    "aria-label",
    `Waveform of ${name}: peak ${digits(peak, 3)} of full scale in ${duration.toFixed(1)} s.`,
  );
}

/** Return the sum of a path to the first output channel. */
function sumOf(f, g, y, from, by) {
  const axis = { rate: f.sampleRate, first: 0, begin: 0, end: y.length, origin: 0 };
  // copies, because Firefox empties the arrays of a buffer that is played
  const copy = (buffer, channel) => buffer.getChannelData(channel).slice();
  return new Convolution(axis, copy(f, from), copy(g, by), copy(y, 0));
}

/** Show the page's own sum at a position beside the sample that the browser computed. */
function showSum(sums, position) {
  if (!sums.length) return;
  const { rate, end } = sums[0];
  const c = Math.min(end - 1, Math.round(position * rate));
  const found = sums.map((sum) => sum.at(c));
  const value = total(found.map((sum) => sum.value));
  const { written } = found[0];
  const count = total(found.map((sum) => sum.count));
  const taps = total(sums.map((sum) => sum.taps));
  const put = (name, number, text) => {
    const target = element(`own-${name}`);
    target.dataset.value = String(number);
    setText(target, text);
  };
  put("c", c, `${whole(c)} (${inSeconds(c / rate)})`);
  put("sum", value, digits(value, 9));
  put("heard", written, digits(written, 9));
  put("difference", value - written, digits(value - written, 2));
  put("count", count, `${whole(count)} of ${whole(taps)}`);
}
