// A person's own sound and impulse, convolved by the browser: to hear, to see, and to check.

import { channelsOf, peakOfBuffers, rmsLevel } from "./buffers.js";
import { debounce, latest } from "./controls.js";
import { convolved, pathsToFirst } from "./convolver.js";
import { element, setText } from "./dom.js";
import { dropFiles, fileButton } from "./drop.js";
import { digits, inSeconds, whole } from "./format.js";
import { ownImpulse } from "./own-impulse.js";
import { decode, unpack } from "./packed.js";
import { player } from "./player.js";
import { columns, total } from "./series.js";
import { readImpulse, readSound } from "./sound-file.js";
import { Sound } from "./sound.js";
import { Convolution } from "./sum.js";
import { seekOver, waveFigure } from "./wave.js";

const COLUMNS = 1000; // of a waveform
const PAUSE = 150; // ms after a change until it is heard, so that a drag does not stutter
const FEW_TAPS = 8; // of the page's impulse, up to which its taps are those to begin with
const READERS = { f: readSound, g: readImpulse };
const NOTHING = { envelope: { low: [], high: [] }, peak: 1 };

export function own({ input, listen, sliding }) {
  const { rate } = sliding;
  let f = null; // the page's sound, unless a file is opened
  let waves = { before: NOTHING, after: NOTHING };
  let sums = [];
  const sound = new Sound({ seconds: 1, loudness: { before: null, after: null } });
  sound.which = "after";
  const figures = Object.keys(waves).map((which) =>
    waveFigure(element(`own-${which}-wave`), sound, which, () => waves[which]),
  );
  const { seek, refresh } = player("own", sound, "rms level", () => {
    for (const figure of figures) figure.change();
    if (!sound.playing) showSum(sums, rate, sound.position());
  });
  for (const { canvas } of figures) seekOver(canvas, sound, seek);

  const taken = debounce(async (both, about) => {
    await sound.replace(about, async () => both);
    element("own-play").disabled = false;
    refresh();
  }, PAUSE);
  const convolve = latest(async () => {
    try {
      f ??= await pageSound(listen.before.data, rate);
      const g = impulse.buffer();
      const y = await convolved(f, g);
      waves = wavesOf(f, y);
      labelWave("before", "the sound", f);
      labelWave("after", "the output", y);
      sums = pathsToFirst(f, g).map(([from, by]) => sumOf(f, g, y, from, by));
      taken([f, y], aboutBoth(f, y));
    } catch (error) {
      setText(element("own-message"), `This browser cannot convolve them: ${error.message}`);
    }
    for (const figure of figures) figure.change();
  });
  const impulse = ownImpulse(rate, tapsToBegin(sliding), convolve);

  const use = {
    f: (buffer) => {
      f = buffer;
      convolve();
    },
    g: impulse.open,
  };
  const names = { f: `${input.name}, as MP3`, g: "taps, to be dragged" };
  openFiles(rate, use, names);
  whenNear(element("own"), convolve);
}

/** Let files be opened as f and as g, and the page's own be used again. */
function openFiles(rate, use, names) {
  const opening = {};
  const show = (part, buffer, text) => {
    setText(element(`own-${part}-name`), text);
    element(`own-${part}-back`).hidden = !buffer;
    setText(element("own-message"), "");
    use[part](buffer);
  };
  const open = async (part, file) => {
    opening[part] = file;
    setText(element("own-message"), `Reading ${file.name}.`);
    try {
      const { buffer, notes } = await READERS[part](file, rate);
      // unless another was opened meanwhile
      if (opening[part] === file) show(part, buffer, described(file.name, buffer, notes));
    } catch (error) {
      if (opening[part] === file) setText(element("own-message"), error.message);
    }
  };
  for (const part of ["f", "g"]) {
    const choose = (file) => open(part, file);
    fileButton(element(`own-${part}-open`), element(`own-${part}-file`), choose);
    const back = () => {
      opening[part] = null;
      show(part, null, names[part]);
      element(`own-${part}-open`).focus(); // the button that was pressed is gone
    };
    element(`own-${part}-back`).addEventListener("click", back);
    setText(element(`own-${part}-name`), names[part]);
  }
  dropFiles((part, file) => {
    element("own").scrollIntoView();
    open(part, file);
  });
}

/** Return a file's name, its size, and notes about how it is used, as one text. */
function described(name, { duration, numberOfChannels: channels }, notes) {
  const size = `${duration.toFixed(2)} s, ${channels === 1 ? "mono" : `${channels} channels`}`;
  return [`${name}, ${size}`, ...notes].join("; ");
}

/** Return the sound of this page before the convolution, at the page's rate. */
function pageSound(data, rate) {
  return new OfflineAudioContext(1, 1, rate).decodeAudioData(decode(data).buffer);
}

/** Return the taps of the page's impulse if they are few, or else an echo. */
function tapsToBegin({ rate, origin, g }) {
  if (g.type === "sparse" && origin === 0) {
    const heights = [...unpack(g.values)];
    if (heights.length <= FEW_TAPS) {
      return [...unpack(g.at)].map((at, i) => ({ at, height: heights[i] }));
    }
  }
  return [
    { at: 0, height: 1 },
    { at: Math.round(0.35 * rate), height: 0.5 },
  ];
}

/** Return the length and the levels of two buffers, and a gain at which neither clips. */
function aboutBoth(f, y) {
  return {
    seconds: y.duration,
    loudness: { before: rmsLevel(f), after: rmsLevel(y) },
    gain: Math.min(1, 1 / peakOfBuffers(f, y)),
  };
}

/** Return the waveforms of f and y, over the time of y and to the same height. */
function wavesOf(f, y) {
  const view = { from: 0, to: y.length };
  const envelopes = [f, y].map((buffer) => {
    const each = channelsOf(buffer).map((samples) => columns(samples, 0, view, COLUMNS));
    const [first, second = first] = each;
    return {
      low: first.low.map((value, i) => Math.min(value, second.low[i])),
      high: first.high.map((value, i) => Math.max(value, second.high[i])),
    };
  });
  const peak = peakOfBuffers(f, y);
  return { before: { envelope: envelopes[0], peak }, after: { envelope: envelopes[1], peak } };
}

function labelWave(which, name, buffer) {
  element(`own-${which}-wave`).setAttribute(
    "aria-label",
    `Waveform of ${name}: peak ${digits(peakOfBuffers(buffer), 3)} of full scale in ${buffer.duration.toFixed(1)} s.`,
  );
}

/** Return the sum of a path to the first output channel. */
function sumOf(f, g, y, from, by) {
  const axis = { rate: f.sampleRate, first: 0, begin: 0, end: y.length, origin: 0 };
  const [signal, taps] = [f.getChannelData(from), g.getChannelData(by)];
  return new Convolution(axis, signal, taps, y.getChannelData(0));
}

/** Show the page's own sum at a position beside the sample that the browser computed. */
function showSum(sums, rate, position) {
  if (!sums.length) return;
  const c = Math.min(sums[0].end - 1, Math.round(position * rate));
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

/** Call a function once, when a section comes near the window. */
function whenNear(section, call) {
  const observer = new IntersectionObserver(
    (entries) => {
      if (!entries.some((entry) => entry.isIntersecting)) return;
      observer.disconnect();
      call();
    },
    { rootMargin: "300px" },
  );
  observer.observe(section);
}
