// Buffers of samples: the channels, the peak, the level.

import { peakOf, total } from "./series.js";

/** Return the samples of each channel. */
export function channelsOf(buffer) {
  return Array.from({ length: buffer.numberOfChannels }, (_, i) => buffer.getChannelData(i));
}

/** Return the largest magnitude of all samples. */
export function peakOfBuffer(buffer) {
  return Math.max(...channelsOf(buffer).map(peakOf));
}

/** Return the root of the mean square of all samples in dB, or null for silence. */
export function rmsLevel(buffer) {
  const energies = channelsOf(buffer).map((samples) => samples.reduce((sum, x) => sum + x * x, 0));
  const mean = total(energies) / buffer.length / buffer.numberOfChannels;
  return mean ? 10 * Math.log10(mean) : null;
}

/** Return a buffer of these channels. */
export function bufferOf(channels, sampleRate) {
  const buffer = new AudioBuffer({
    length: channels[0].length,
    numberOfChannels: channels.length,
    sampleRate,
  });
  channels.forEach((samples, i) => buffer.copyToChannel(samples, i));
  return buffer;
}
