// Spectra of a signal, an impulse and their convolution, with levels that can be combined.

import { linearScale, logScale } from "./axes.js";
import { digits, minus } from "./format.js";
import { unpack } from "./packed.js";
import { peakOf } from "./series.js";
import { convolve } from "./short.js";

const SHORT_FREQUENCIES = 201;
const SHOWN_DB = 70; // below the highest level
// rounding errors of a magnitude that is 0, and the level of silence
const [LEAST_MAGNITUDE, SILENCE_DB] = [1e-9, -3000];

/** Return the magnitude and the phase in degrees of a signal, at a frequency in cycles per sample. */
function transform(values, frequency) {
  let [real, imaginary] = [0, 0];
  values.forEach((value, n) => {
    real += value * Math.cos(2 * Math.PI * frequency * n);
    imaginary -= value * Math.sin(2 * Math.PI * frequency * n);
  });
  return [Math.hypot(real, imaginary), (Math.atan2(imaginary, real) * 180) / Math.PI];
}

/** Return an angle from -180 to 180 degrees. */
export function wrapped(angle) {
  return angle - 360 * Math.round(angle / 360);
}

/** Return the product of the spectra of f and g, by their levels and by their phases. */
function productOf([f, g], combine) {
  return {
    level: f.level.map((level, i) => combine(level, g.level[i])),
    phase: f.phase.map((phase, i) => wrapped(phase + g.phase[i])),
  };
}

/** Return the spectra of short signals; their levels are magnitudes, which are multiplied. */
export function shortSpectra({ f, g }) {
  const places = Array.from(
    { length: SHORT_FREQUENCIES },
    (_, i) => i / (2 * (SHORT_FREQUENCIES - 1)),
  );
  const rows = [f, g, convolve(f, g)].map((values) => {
    const pairs = places.map((place) => transform(values, place));
    const level = pairs.map(([size]) => size);
    return {
      level,
      phase: pairs.map(([, angle]) => angle),
      scale: linearScale(0, 1.08 * (peakOf(level) || 1)),
    };
  });
  return {
    places,
    rows,
    x: { ...linearScale(0, 0.5), label: "frequency, cycles per sample" },
    at: (place) => `${place.toFixed(4)} cycles per sample`,
    product: productOf(rows, (one, other) => one * other),
    sign: "\u00d7",
    unit: "",
    isNothing: (value) => value < LEAST_MAGNITUDE,
    text: (value) => digits(value < LEAST_MAGNITUDE ? 0 : value, 3),
    note:
      "These are the signals of the first steps. A wave of 0.5 cycles per sample is the fastest: " +
      "two samples are one cycle, which is half the sample rate.",
  };
}

/** Return spectra that the page holds; their levels are in decibels, which are added. */
export function heldSpectra(given) {
  const places = [...unpack(given.hz)];
  const rows = [given.f, given.g, given.y].map((packed) => {
    const level = [...unpack(packed.level_db)];
    const most = Math.max(...level);
    const top = most < SILENCE_DB ? 0 : most;
    return {
      level,
      phase: [...unpack(packed.phase)],
      scale: linearScale(top - SHOWN_DB, top + 4),
    };
  });
  return {
    places,
    rows,
    x: { ...logScale(places[0], places[places.length - 1]), label: "frequency, Hz" },
    at: (place) => `${Math.round(place)} Hz`,
    product: productOf(rows, (one, other) => one + other),
    sign: "+",
    unit: ", dB",
    isNothing: (value) => value < SILENCE_DB,
    text: (value) => minus(value < SILENCE_DB ? "-\u221e dB" : `${value.toFixed(1)} dB`),
    note:
      "These are the sound and the impulse of your own file, at some of their frequencies. " +
      "Magnitudes are in decibels, so they are added: to add decibels is to multiply. " +
      "The phase of a long sound changes so fast that it looks random; the rule holds all the same.",
  };
}
