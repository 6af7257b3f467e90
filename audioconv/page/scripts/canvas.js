// Figures on canvases: sharp on every screen, drawn only when visible and changed.

/** The colours and the font of the page, as its style sheet has them now. */
export const theme = {};

const figures = new Set();
let finest = 1; // pixels for each of the page's, at least
const NAMES = [
  "ground",
  "panel",
  "ink",
  "quiet",
  "line",
  "strong",
  "f",
  "g",
  "product",
  "sum",
  "orange",
  "sky",
  "f-text",
  "g-text",
  "product-text",
  "sum-text",
  "plain",
];

function readTheme() {
  const style = getComputedStyle(document.documentElement);
  for (const name of NAMES) theme[name] = style.getPropertyValue(`--${name}`).trim();
}

const figureOn = new WeakMap();

// one for all figures: each observer takes time in every frame
const whetherVisible = new IntersectionObserver(
  (entries) => {
    for (const { target, isIntersecting } of entries) {
      const figure = figureOn.get(target);
      figure.visible = isIntersecting;
      figure.schedule();
    }
  },
  { rootMargin: "300px" },
);

/** A canvas as wide as its parent, with a height that depends on that width. */
export class Figure {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {function(number): number} heightFor a width, both in CSS pixels
   * @param {function(CanvasRenderingContext2D, number, number): void} draw with width and height
   */
  constructor(canvas, heightFor, draw) {
    Object.assign(this, { canvas, heightFor, draw });
    Object.assign(this, { changed: true, visible: false, scheduled: false });
    this.context = canvas.getContext("2d");
    figures.add(this);
    figureOn.set(canvas, this);
    new ResizeObserver(() => this.resize()).observe(canvas.parentElement);
    whetherVisible.observe(canvas);
    this.resize();
  }

  resize() {
    const width = this.canvas.clientWidth;
    const pixelRatio = Math.max(finest, window.devicePixelRatio || 1);
    if (!width || (width === this.width && pixelRatio === this.pixelRatio)) return;
    this.width = width;
    this.pixelRatio = pixelRatio;
    this.height = this.heightFor(width);
    this.canvas.style.height = `${this.height}px`;
    this.canvas.width = Math.round(width * pixelRatio);
    this.canvas.height = Math.round(this.height * pixelRatio);
    this.change();
  }

  /** Draw again, in the next frame in which the figure is visible. */
  change() {
    this.changed = true;
    this.schedule();
  }

  schedule() {
    if (!this.changed || !this.visible || this.scheduled) return;
    this.scheduled = true;
    requestAnimationFrame(() => {
      this.scheduled = false;
      this.drawNow();
    });
  }

  drawNow() {
    if (!this.width) return;
    this.changed = false;
    const context = this.context;
    context.setTransform(this.canvas.width / this.width, 0, 0, this.pixelRatio, 0, 0);
    context.clearRect(0, 0, this.width, this.height);
    context.lineWidth = 1;
    context.textBaseline = "alphabetic";
    this.draw(context, this.width, this.height);
  }
}

/** Return whether figures are drawn for paper, where nothing plays and nothing is chosen. */
export function onPaper() {
  return finest > 1;
}

/** Draw every figure in the colours that the page has now. */
export function redrawAll() {
  readTheme();
  for (const figure of figures) figure.change();
}

/** Draw every figure at once, visible or not, with at least so many pixels for each of the page. */
export function drawAllNow(pixelRatio) {
  finest = pixelRatio;
  readTheme();
  for (const figure of figures) {
    figure.resize();
    figure.drawNow();
  }
}

/** Write a text, with a halo where lines run behind it. */
export function write(context, text, x, y, options = {}) {
  const { colour = theme.quiet, align = "left", size = 13, weight = "", halo = false } = options;
  context.font = `${weight} ${size}px ${theme.plain}`;
  context.textAlign = align;
  if (halo) {
    context.strokeStyle = theme.ground;
    context.lineWidth = 4;
    context.lineJoin = "round";
    context.strokeText(text, x, y);
    context.lineWidth = 1;
  }
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

/** Return the width of a text in a size. */
export function textWidth(context, text, size = 13) {
  context.font = `${size}px ${theme.plain}`;
  return context.measureText(text).width;
}

/** Draw a straight line, solid or dashed. */
export function rule(context, x0, y0, x1, y1, colour = theme.line, dash = []) {
  context.strokeStyle = colour;
  context.setLineDash(dash);
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
  context.setLineDash([]);
}

/** Fill a rectangle with slanted lines. */
export function hatch(context, x, y, width, height, colour, gap = 6) {
  if (width <= 0 || height <= 0) return;
  clipped(context, { left: x, top: y, width, height }, () => {
    context.strokeStyle = colour;
    context.beginPath();
    for (let at = x - height; at < x + width; at += gap) {
      context.moveTo(at, y + height);
      context.lineTo(at + height, y);
    }
    context.stroke();
  });
}

/** Draw only inside a box. */
export function clipped(context, box, draw) {
  context.save();
  context.beginPath();
  context.rect(box.left, box.top, box.width, box.height);
  context.clip();
  draw();
  context.restore();
}

/**
 * Call `moved` with the place of a pointer that is pressed on a canvas, or with `hover` of one that
 * is over it.
 */
export function trackPointer(canvas, moved, hover = false) {
  const report = (event) => {
    const place = canvas.getBoundingClientRect();
    moved(event.clientX - place.left, event.clientY - place.top, event.type === "pointerdown");
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    report(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (hover || canvas.hasPointerCapture(event.pointerId)) report(event);
  });
}
