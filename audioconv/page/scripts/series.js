// Samples as the lowest and highest of each pixel column, or as stems; lines and dots.

/** Pixels for each sample from which there is room for stems. */
export const ROOM = 3;

/**
 * Return the lowest and highest sample under each column.
 * @param {Float64Array} samples
 * @param {number} offset of samples[0] on the axis
 * @param {{from: number, to: number}} view of the axis
 * @param {number} count of columns
 */
export function columns(samples, offset, view, count) {
  const low = new Float64Array(count).fill(NaN);
  const high = new Float64Array(count).fill(NaN);
  const step = (view.to - view.from) / count;
  const place = (column) => {
    const at = Math.ceil(view.from + column * step - offset);
    return Math.min(samples.length, Math.max(0, at));
  };
  let start = place(0);
  for (let column = 0; column < count; column++) {
    const stop = place(column + 1);
    if (stop > start) {
      // from the last sample of the column before, so that the line has no gaps
      let least = samples[start > 0 ? start - 1 : start];
      let most = least;
      for (let i = start; i < stop; i++) {
        const value = samples[i];
        if (value < least) least = value;
        else if (value > most) most = value;
      }
      low[column] = least;
      high[column] = most;
    }
    start = stop;
  }
  return { low, high };
}

/**
 * Fill the area between the lowest and highest of each column.
 * @param {{left, width, top, height}} box
 * @param {{low, high}} envelope
 * @param {number} peak at the top and bottom of the box
 */
export function fillBetween(context, box, envelope, peak, colour, from = 0, to = Infinity) {
  const middle = box.top + box.height / 2;
  const scale = box.height / 2 / (peak || 1);
  const step = box.width / envelope.low.length;
  const limit = box.height / 2;
  const y = (value) => middle - Math.max(-limit, Math.min(limit, value * scale));
  const lower = [];
  context.fillStyle = colour;
  context.beginPath();
  for (let i = from; i < Math.min(to, envelope.low.length); i++) {
    if (Number.isNaN(envelope.low[i])) continue;
    let top = y(envelope.high[i]);
    let bottom = y(envelope.low[i]);
    if (bottom - top < 1) {
      const centre = (top + bottom) / 2;
      top = centre - 0.5;
      bottom = centre + 0.5;
    }
    const x = box.left + i * step;
    context.lineTo(x, top);
    context.lineTo(x + step, top);
    lower.push(x, bottom);
  }
  for (let i = lower.length - 2; i >= 0; i -= 2) {
    context.lineTo(lower[i] + step, lower[i + 1]);
    context.lineTo(lower[i], lower[i + 1]);
  }
  context.fill();
}

/**
 * Draw stems with dots.
 * @param {Array<number>|Int32Array} at places on the axis
 * @param {Array<number>|Float64Array} values
 */
export function stems(context, box, view, at, values, peak, colour) {
  const middle = box.top + box.height / 2;
  const scale = box.height / 2 / (peak || 1);
  const limit = box.height / 2;
  const dot = at.length > 200 ? 1.5 : 3;
  context.strokeStyle = context.fillStyle = colour;
  context.lineWidth = 1.5;
  context.beginPath();
  const dots = [];
  for (let i = 0; i < at.length; i++) {
    if (at[i] < view.from || at[i] > view.to) continue;
    const x = box.left + ((at[i] - view.from) / (view.to - view.from)) * box.width;
    const y = middle - Math.max(-limit, Math.min(limit, values[i] * scale));
    context.moveTo(x, middle);
    context.lineTo(x, y);
    dots.push(x, y);
  }
  context.stroke();
  context.beginPath();
  for (let i = 0; i < dots.length; i += 2) {
    context.moveTo(dots[i] + dot, dots[i + 1]);
    context.arc(dots[i], dots[i + 1], dot, 0, 2 * Math.PI);
  }
  context.fill();
  context.lineWidth = 1;
}

/** Draw samples as stems if there is room for them, else column by column. */
export function drawSamples(context, box, view, samples, offset, peak, colour, pixelRatio) {
  const room = box.width / (view.to - view.from);
  if (room < ROOM) {
    const envelope = columns(samples, offset, view, Math.round(box.width * pixelRatio));
    fillBetween(context, box, envelope, peak, colour);
    return;
  }
  const start = Math.max(0, Math.floor(view.from - offset));
  const stop = Math.min(samples.length, Math.ceil(view.to - offset) + 1);
  const at = Array.from({ length: Math.max(0, stop - start) }, (_, i) => offset + start + i);
  stems(context, box, view, at, samples.subarray(start, Math.max(start, stop)), peak, colour);
}

/** Return the largest magnitude. */
export function peakOf(samples) {
  let peak = 0;
  for (const value of samples) peak = Math.max(peak, Math.abs(value));
  return peak;
}

/** Draw a line through points, broken where there is none. */
export function drawLine(context, points, colour, { width = 1, dash = [] } = {}) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.lineJoin = "round";
  context.setLineDash(dash);
  context.beginPath();
  points.forEach((point, i) => {
    if (!point) return;
    if (points[i - 1]) context.lineTo(point.x, point.y);
    else context.moveTo(point.x, point.y);
  });
  context.stroke();
  context.setLineDash([]);
  context.lineWidth = 1;
}

/** Draw a dot at each point that there is. */
export function drawDots(context, points, colour, radius) {
  context.fillStyle = colour;
  context.beginPath();
  for (const point of points) {
    if (!point) continue;
    context.moveTo(point.x + radius, point.y);
    context.arc(point.x, point.y, radius, 0, 2 * Math.PI);
  }
  context.fill();
}

export function total(values) {
  return values.reduce((sum, value) => sum + value, 0);
}
