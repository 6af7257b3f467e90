// Before and after, to hear and to see.

import { timeAxis } from "./axes.js";
import { Figure, rule, theme, trackPointer, write } from "./canvas.js";
import { reducedMotion } from "./controls.js";
import { element, setText } from "./dom.js";
import { digits, minus } from "./format.js";
import { unpack, unpackEnvelope } from "./packed.js";
import { fillBetween, peakOf } from "./series.js";
import { Sound } from "./sound.js";
import { drawKey, drawSpectrum, spectrumPicture } from "./spectrogram.js";

export function listen(given) {
  const section = element("listen");
  const sound = new Sound(given);
  const play = element("listen-play");
  const range = element("listen-position");
  range.max = given.seconds;
  const drawings = listenFigures(given, sound, (position) => seek(position));

  const show = () => {
    const position = sound.position();
    Object.assign(section.dataset, {
      playing: sound.playing,
      which: sound.which,
      position,
      gainBefore: sound.level("before"),
      gainAfter: sound.level("after"),
    });
    setText(play, sound.playing ? "Pause" : "Play");
    range.value = position;
    range.setAttribute(
      "aria-valuetext",
      `${position.toFixed(1)} of ${given.seconds.toFixed(1)} seconds`,
    );
    setText(element("listen-time"), `${position.toFixed(1)} of ${given.seconds.toFixed(1)} s`);
    for (const figure of drawings) figure.change();
  };
  const run = () => {
    if (sound.playing && sound.position() >= given.seconds) sound.pause();
    show();
    if (!sound.playing) return;
    if (reducedMotion.matches) setTimeout(run, 333);
    else requestAnimationFrame(run);
  };
  const seek = (position) => {
    sound.seek(position);
    show();
  };
  const choose = (which) => {
    sound.which = which;
    element(`listen-${which}`).checked = true;
    sound.fade();
    show();
  };
  const other = () => choose(sound.which === "before" ? "after" : "before");

  play.addEventListener("click", async () => {
    if (sound.playing) {
      sound.pause();
      show();
      return;
    }
    play.disabled = true;
    try {
      await sound.start();
      setText(element("listen-message"), "");
    } catch (error) {
      setText(
        element("listen-message"),
        `This browser cannot play the MP3 sound: ${error.message || error.name}`,
      );
    }
    play.disabled = false;
    play.focus({ preventScroll: true });
    run();
  });
  element("listen-before").addEventListener("change", () => choose("before"));
  element("listen-after").addEventListener("change", () => choose("after"));
  element("listen-switch").addEventListener("click", other);
  section.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "x" || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    other();
  });
  element("listen-match").addEventListener("change", (event) => {
    sound.match = event.target.checked;
    sound.fade();
    showLoudness(given, sound);
    show();
  });
  range.addEventListener("input", () => seek(Number(range.value)));
  listenKeys(range, given.seconds, () => sound.position(), seek);
  showLoudness(given, sound);
  setText(element("listen-note"), given.note);
  show();
}

/** Let keys move through the sound: arrows 1 s, with shift 0.1 s, page keys a tenth. */
function listenKeys(range, length, position, seek) {
  range.addEventListener("keydown", (event) => {
    const arrow = event.shiftKey ? 0.1 : 1;
    const steps = {
      ArrowRight: arrow,
      ArrowUp: arrow,
      ArrowLeft: -arrow,
      ArrowDown: -arrow,
      PageUp: length / 10,
      PageDown: -length / 10,
      Home: -length,
      End: length,
    };
    if (!(event.key in steps)) return;
    event.preventDefault();
    seek(position() + steps[event.key]);
  });
}

/** Show the loudness of each sound, and by how much it is turned down. */
function showLoudness(given, sound) {
  for (const which of ["before", "after"]) {
    const level = given[which].loudness_db;
    const down = 20 * Math.log10(sound.level(which));
    const lowered = down < -0.005 ? `, turned down by ${(-down).toFixed(1)} dB` : "";
    const text = level !== null ? `loudness ${minus(level.toFixed(1))} dB${lowered}` : "";
    setText(element(`listen-${which}-level`), text);
  }
}

/** Make the waveforms and spectrograms of both, and return their figures. */
function listenFigures(given, sound, seek) {
  const spectra = given.spectrograms;
  const envelopes = {
    before: unpackEnvelope(given.before),
    after: unpackEnvelope(given.after),
  };
  const peaks = {};
  for (const which of ["before", "after"]) {
    const { low, high } = envelopes[which];
    peaks[which] = Math.max(peakOf(low), peakOf(high));
  }
  const peak = Math.max(peaks.before, peaks.after);
  const drawings = [];
  for (const which of ["before", "after"]) {
    const wave = element(`wave-${which}`);
    wave.setAttribute(
      "aria-label",
      `Waveform, ${which}: peak ${digits(peaks[which], 3)} of full scale in ${given.seconds.toFixed(1)} s.`,
    );
    const spectrum = element(`spectrum-${which}`);
    const [top, bottom] = [0, spectra.range_db].map((down) => Math.round(spectra.top_db - down));
    spectrum.setAttribute(
      "aria-label",
      `Spectrogram, ${which}: ${Math.round(spectra.hz[0])} to ${Math.round(spectra.hz[spectra.hz.length - 1])} Hz, ${minus(String(bottom))} to ${minus(String(top))} dBFS.`,
    );
    drawings.push(
      waveFigure(wave, which, envelopes[which], peak, given, sound),
      spectrumFigure(spectrum, which, given, sound),
    );
    for (const canvas of [wave, spectrum]) {
      trackPointer(canvas, (x) => {
        const { left, width } = playerBox(canvas.clientWidth);
        seek(((x - left) / width) * given.seconds);
      });
    }
  }
  const key = element("spectrum-key");
  key.setAttribute("aria-label", "Colours of the spectrograms, from dark, soft, to bright, loud.");
  new Figure(
    key,
    () => 42,
    (context, width) => drawKey(context, width, spectra.top_db, spectra.range_db),
  );
  return drawings;
}

/** Return the box of a waveform or a spectrogram, beside its axis. */
function playerBox(width, top = 0, height = 0) {
  const left = 44;
  return { left, width: width - left - 1, top, height };
}

function waveFigure(canvas, which, envelope, peak, given, sound) {
  return new Figure(
    canvas,
    () => 96,
    (context, width, height) => {
      const box = playerBox(width, 4, height - 8);
      rule(context, box.left, height / 2, width, height / 2);
      context.globalAlpha = sound.which === which ? 1 : 0.5;
      fillBetween(context, box, envelope, peak, which === "before" ? theme.f : theme.sum);
      context.globalAlpha = 1;
      for (const value of [peak, -peak]) {
        const y = value > 0 ? 14 : height - 5;
        write(context, minus(value.toPrecision(2)), box.left - 7, y, { align: "right", size: 12 });
      }
      drawPosition(context, width, 0, height, sound.position() / given.seconds);
    },
  );
}

function spectrumFigure(canvas, which, given, sound) {
  const { rows, columns, step, hz, [which]: levels } = given.spectrograms;
  const picture = spectrumPicture(unpack(levels), rows, columns);
  return new Figure(
    canvas,
    () => 232,
    (context, width, height) => {
      const { start, seconds } = given;
      drawSpectrum(context, playerBox(width, 4, height - 32), picture, hz, seconds / step);
      drawPosition(context, width, 4, height - 28, sound.position() / seconds);
      timeAxis(context, playerBox(width), height - 26, start, start + seconds);
    },
  );
}

/** Draw a line at the position that is heard, a share of the whole. */
function drawPosition(context, width, top, bottom, share) {
  const box = playerBox(width);
  const x = box.left + share * box.width;
  rule(context, x, top, x, bottom, theme.ground);
  rule(context, x + 1, top, x + 1, bottom, theme.ink);
}
