// Waveforms with a line at the position that is heard.

import { Figure, onPaper, rule, theme, trackPointer, write } from "./canvas.js";
import { minus } from "./format.js";
import { fillBetween } from "./series.js";

/** Return the box of a waveform or a spectrogram, beside its axis. */
export function playerBox(width, top = 0, height = 0) {
  const left = 44;
  return { left, width: width - left - 1, top, height };
}

/**
 * Return a figure of one of the two sounds; it is pale while the other is heard.
 * @param {Sound} sound
 * @param {string} which
 * @param {function(): {envelope, peak}} wave to be drawn now
 */
export function waveFigure(canvas, sound, which, wave) {
  return new Figure(
    canvas,
    () => 96,
    (context, width, height) => {
      const { envelope, peak } = wave();
      const box = playerBox(width, 4, height - 8);
      rule(context, box.left, height / 2, width, height / 2);
      context.globalAlpha = sound.which === which || onPaper() ? 1 : 0.5;
      fillBetween(context, box, envelope, peak, which === "before" ? theme.f : theme.sum);
      context.globalAlpha = 1;
      for (const value of [peak, -peak]) {
        const y = value > 0 ? 14 : height - 5;
        write(context, minus(value.toPrecision(2)), box.left - 7, y, { align: "right", size: 12 });
      }
      drawPosition(context, width, 0, height, sound.position() / sound.about.seconds);
    },
  );
}

/** Let a press or a drag over a picture of a sound go to its position. */
export function seekOver(canvas, sound, seek) {
  trackPointer(canvas, (x) => {
    const { left, width } = playerBox(canvas.clientWidth);
    seek(((x - left) / width) * sound.about.seconds);
  });
}

/** Draw a line at the position that is heard, a share of the whole. */
export function drawPosition(context, width, top, bottom, share) {
  if (onPaper()) return;
  const box = playerBox(width);
  const x = box.left + share * box.width;
  rule(context, x, top, x, bottom, theme.ground);
  rule(context, x + 1, top, x + 1, bottom, theme.ink);
}
