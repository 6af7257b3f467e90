// The browser's own convolution.

/**
 * Return f convolved by a ConvolverNode with every tap of g as it is, the tail included.
 * @param {AudioBuffer} f of one or two channels
 * @param {AudioBuffer} g of one, two or four channels, at the same rate
 * @returns {Promise<AudioBuffer>} of two channels, or one if f and g have one
 */
export async function convolved(f, g) {
  const channels = Math.min(2, Math.max(f.numberOfChannels, g.numberOfChannels));
  const context = new OfflineAudioContext(channels, f.length + g.length - 1, f.sampleRate);
  const convolver = new ConvolverNode(context);
  convolver.normalize = false; // before the buffer, which it would scale
  convolver.buffer = g;
  const source = new AudioBufferSourceNode(context, { buffer: f });
  source.connect(convolver).connect(context.destination);
  source.start();
  return context.startRendering();
}

/**
 * Return the paths to the first channel of the output, each a channel of f and one of g: of four
 * channels of g, the first and the third lead to the left, as a ConvolverNode has them.
 */
export function pathsToFirst(f, g) {
  if (g.numberOfChannels < 4) return [[0, 0]];
  return [
    [0, 0],
    [f.numberOfChannels - 1, 2],
  ];
}
