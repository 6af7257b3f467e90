// Thin axes with units.

/** Return round numbers between two, about as many as asked for, and their decimals. */
function ticks(from, to, about) {
  const rough = (to - from) / Math.max(1, about);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * [1, 2, 5, 10].find((factor) => factor * power >= rough * 0.999);
  const found = [];
  for (let i = Math.ceil(from / step); i <= Math.floor(to / step + 1e-9); i++) found.push(i * step);
  return { at: found, decimals: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
}

/**
 * Draw a time axis under a box.
 * @param {{left: number, width: number}} box
 * @param {number} y where the axis stands
 * @param {number} from seconds at the left
 * @param {number} to seconds at the right
 */
function timeAxis(context, box, y, from, to) {
  const small = to - from < 0.02;
  const factor = small ? 1000 : 1;
  const { at, decimals } = ticks(from * factor, to * factor, box.width / 90);
  rule(context, box.left, y + 0.5, box.left + box.width, y + 0.5, theme.strong);
  const unit = small ? "ms" : "s";
  const limit = box.left + box.width - 14;
  for (const value of at) {
    const x = box.left + ((value / factor - from) / (to - from)) * box.width;
    rule(context, x, y + 0.5, x, y + 5.5, theme.strong);
    const text = minus(value.toFixed(decimals));
    context.font = `12px ${theme.plain}`;
    const half = context.measureText(text).width / 2;
    if (x + half + 6 < limit) {
      write(context, text, Math.max(half, x), y + 19, { align: "center", size: 12 });
    }
  }
  write(context, unit, box.left + box.width, y + 19, { align: "right", size: 12 });
}

/** Return where each of some values lies between two on a logarithmic scale, 0 to 1. */
function logarithmic(value, from, to) {
  return Math.log(value / from) / Math.log(to / from);
}
