// Sound files that a person opens, as buffers at the page's rate. Nothing is sent anywhere.

import { bufferOf, channelsOf, peakOfBuffer } from "./buffers.js";
import { statedRate } from "./sound-rate.js";

const MOST_BYTES = 32 * 2 ** 20;
const LONGEST_SOUND = 60; // seconds
const LONGEST_IMPULSE = 20;

/**
 * Read a sound, its first minute and two channels at most.
 * @param {File} file
 * @param {number} rate in Hz
 * @returns {Promise<{buffer: AudioBuffer, notes: string[]}>}
 * @throws {Error} with one line for the person
 */
export async function readSound(file, rate) {
  const { buffer, notes } = await decoded(file, rate);
  const { duration, numberOfChannels: channels } = buffer;
  if (duration > LONGEST_SOUND) {
    notes.push(`only the first ${LONGEST_SOUND} s of ${duration.toFixed(1)} s are used`);
  }
  if (channels > 2) notes.push(`only channels 1 and 2 of ${channels} are used`);
  const frames = Math.min(buffer.length, LONGEST_SOUND * rate);
  return { buffer: copied(buffer, frames, Math.min(2, channels), 1), notes };
}

/** Read an impulse of one, two or four channels, as `readSound` does; its level is kept. */
export async function readImpulse(file, rate) {
  const { buffer, notes, from } = await decoded(file, rate);
  const { duration, numberOfChannels: channels } = buffer;
  if (![1, 2, 4].includes(channels)) {
    throw new Error(`${file.name} has ${channels} channels; an impulse has 1, 2 or 4 here.`);
  }
  if (duration > LONGEST_IMPULSE) {
    throw new Error(
      `${file.name} lasts ${duration.toFixed(1)} s; an impulse lasts at most ${LONGEST_IMPULSE} s ` +
        "here. Cut it, or use audioconv convolve.",
    );
  }
  if (from === null) {
    throw new Error(`${file.name} does not state its rate; save the impulse as WAV or FLAC.`);
  }
  if (channels === 4) notes.push("4 channels: true stereo, LL, LR, RL, RR");
  // the sum over twice as many taps must give the same response
  return { buffer: copied(buffer, buffer.length, channels, from / rate), notes };
}

/** Return what a file holds, at a rate, and the rate that it had. */
async function decoded(file, rate) {
  const refuse = (why) => {
    throw new Error(`${file.name} ${why}`);
  };
  if (file.size > MOST_BYTES) {
    const size = Math.ceil(file.size / 2 ** 20);
    refuse(`has ${size} MiB; at most ${MOST_BYTES / 2 ** 20} MiB are read here. Cut it first.`);
  }
  const bytes = await file.arrayBuffer().catch(() => refuse("cannot be read; is it a folder?"));
  if (!bytes.byteLength) refuse("is empty.");
  const from = statedRate(bytes); // before the bytes are handed over
  const buffer = await new OfflineAudioContext(1, 1, rate)
    .decodeAudioData(bytes)
    .catch(() => refuse("is no sound that this browser reads; try WAV, FLAC, Ogg or MP3."));
  const peak = peakOfBuffer(buffer);
  if (!peak) refuse("is silent; nothing would be heard.");
  if (!Number.isFinite(peak)) refuse("has samples that are not finite numbers.");
  const resampled = from !== null && from !== rate;
  return { buffer, from, notes: resampled ? [`resampled from ${from} to ${rate} Hz`] : [] };
}

/** Return the first frames and channels of a buffer, times a factor. */
function copied(buffer, frames, channels, factor) {
  const parts = channelsOf(buffer).slice(0, channels);
  return bufferOf(
    parts.map((samples) => samples.slice(0, frames).map((value) => value * factor)),
    buffer.sampleRate,
  );
}
