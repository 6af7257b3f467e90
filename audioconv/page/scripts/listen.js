// Before and after, to hear and to see.

import { timeAxis } from "./axes.js";
import { Figure, onPaper } from "./canvas.js";
import { element, setText } from "./dom.js";
import { digits, minus } from "./format.js";
import { decode, unpack, unpackEnvelope } from "./packed.js";
import { player } from "./player.js";
import { peakOf } from "./series.js";
import { Sound } from "./sound.js";
import { drawKey, drawSpectrum, spectrumPicture } from "./spectrogram.js";
import { drawPosition, playerBox, seekOver, waveFigure } from "./wave.js";

const BOTH = ["before", "after"];

export function listen(given) {
  const { before, after, seconds } = given;
  const loudness = { before: before.loudness_db, after: after.loudness_db };
  const sound = new Sound({ seconds, loudness }, (context) =>
    Promise.all(BOTH.map((which) => context.decodeAudioData(decode(given[which].data).buffer))),
  );
  const drawings = listenFigures(given, sound);
  const { seek } = player("listen", sound, { name: "loudness", unit: "LUFS" }, () => {
    for (const figure of drawings) figure.change();
  });
  for (const { canvas } of drawings) seekOver(canvas, sound, seek);
  setText(element("listen-note"), given.note);
}

/** Make the waveforms and spectrograms of both, and return their figures. */
function listenFigures(given, sound) {
  const spectra = given.spectrograms;
  const envelopes = {
    before: unpackEnvelope(given.before),
    after: unpackEnvelope(given.after),
  };
  const peaks = {};
  for (const which of BOTH) {
    const { low, high } = envelopes[which];
    peaks[which] = Math.max(peakOf(low), peakOf(high));
  }
  const peak = Math.max(peaks.before, peaks.after);
  const drawings = [];
  for (const which of BOTH) {
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
      waveFigure(wave, sound, which, () => ({ envelope: envelopes[which], peak })),
      spectrumFigure(spectrum, which, given, sound),
    );
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

function spectrumFigure(canvas, which, given, sound) {
  const { rows, columns, step, hz, [which]: levels } = given.spectrograms;
  const picture = spectrumPicture(unpack(levels), rows, columns);
  return new Figure(
    canvas,
    () => (onPaper() ? 160 : 232), // so that both are on the first page
    (context, width, height) => {
      const { start, seconds } = given;
      drawSpectrum(context, playerBox(width, 4, height - 32), picture, hz, seconds / step);
      drawPosition(context, width, 4, height - 28, sound.position() / seconds);
      timeAxis(context, playerBox(width), height - 26, start, start + seconds);
    },
  );
}
