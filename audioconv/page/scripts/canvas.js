// Figures on canvases: sharp on every screen, drawn again only when seen and changed.

const theme = {};
const figures = new Set();
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

/** A canvas that is as wide as its place, and as high as asked for that width. */
class Figure {
  /**
   * @param {HTMLCanvasElement} canvas
   * @param {function(number): number} height for a width, in CSS pixels
   * @param {function(CanvasRenderingContext2D, number, number): void} draw with width and height
   */
  constructor(canvas, height, draw) {
    Object.assign(this, { canvas, height, draw, dirty: true, seen: false, waiting: false });
    this.context = canvas.getContext("2d");
    figures.add(this);
    new ResizeObserver(() => this.resize()).observe(canvas.parentElement);
    new IntersectionObserver(
      (entries) => {
        this.seen = entries.some((entry) => entry.isIntersecting);
        this.ask();
      },
      { rootMargin: "300px" },
    ).observe(canvas);
    this.resize();
  }

  resize() {
    const width = this.canvas.clientWidth;
    const sharp = window.devicePixelRatio || 1;
    if (!width || (width === this.width && sharp === this.sharp)) return;
    this.width = width;
    this.sharp = sharp;
    this.tall = this.height(width);
    this.canvas.style.height = `${this.tall}px`;
    this.canvas.width = Math.round(width * sharp);
    this.canvas.height = Math.round(this.tall * sharp);
    this.change();
  }

  change() {
    this.dirty = true;
    this.ask();
  }

  ask() {
    if (!this.dirty || !this.seen || this.waiting) return;
    this.waiting = true;
    requestAnimationFrame(() => {
      this.waiting = false;
      this.now();
    });
  }

  now() {
    if (!this.width) return;
    this.dirty = false;
    const context = this.context;
    context.setTransform(this.canvas.width / this.width, 0, 0, this.sharp, 0, 0);
    context.clearRect(0, 0, this.width, this.tall);
    context.lineWidth = 1;
    context.textBaseline = "alphabetic";
    this.draw(context, this.width, this.tall);
  }
}

function redrawAll() {
  readTheme();
  for (const figure of figures) figure.change();
}

/** Write a text, with a halo where lines run behind it, and return its width. */
function write(context, text, x, y, options = {}) {
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
  return context.measureText(text).width;
}

/** Draw a straight line; dashed if told how. */
function rule(context, x0, y0, x1, y1, colour = theme.line, dash = []) {
  context.strokeStyle = colour;
  context.setLineDash(dash);
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
  context.setLineDash([]);
}

/** Fill a rectangle with slanted lines. */
function hatch(context, x, y, width, height, colour, gap = 6) {
  if (width <= 0 || height <= 0) return;
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  context.strokeStyle = colour;
  context.beginPath();
  for (let at = x - height; at < x + width; at += gap) {
    context.moveTo(at, y + height);
    context.lineTo(at + height, y);
  }
  context.stroke();
  context.restore();
}

/** Follow a pointer that is pressed on a canvas, or with `hover` over it. */
function follow(canvas, moved, hover = false) {
  const tell = (event) => {
    const place = canvas.getBoundingClientRect();
    moved(event.clientX - place.left, event.clientY - place.top, event.type === "pointerdown");
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId);
    tell(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (hover || canvas.hasPointerCapture(event.pointerId)) tell(event);
  });
}
