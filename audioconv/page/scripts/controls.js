// Controls that figures share: sliders, choices, motion and colours.

import { drawAllNow, redrawAll } from "./canvas.js";
import { create } from "./dom.js";

export const narrow = window.matchMedia("(max-width: 560px)");
export const reducedMotion = window.matchMedia("(prefers-reduced-motion: reduce)");

/** Fill a select element with [value, text] pairs. */
export function fillSelect(select, pairs, chosen) {
  select.replaceChildren(
    ...pairs.map(([value, text]) => {
      const option = create("option", text);
      option.value = String(value);
      return option;
    }),
  );
  if (chosen !== undefined) select.value = String(chosen);
}

/** Call a function with the value of a slider, now and whenever it moves. */
export function slider(range, changed) {
  const report = () => changed(Number(range.value));
  range.addEventListener("input", report);
  report();
}

/** Move a slider, as a person does: to the nearest value that it can have. */
export function moveSlider(range, value) {
  range.value = value;
  range.dispatchEvent(new Event("input"));
}

/** Let keys move a slider of samples, as the help text under the sliding picture describes. */
export function sampleKeys(range, move) {
  range.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const low = Number(range.min);
    const high = Number(range.max);
    const part = (count) => Math.max(1, Math.round((high - low) / count));
    const arrow = event.shiftKey ? 1 : part(200);
    const steps = {
      ArrowRight: arrow,
      ArrowUp: arrow,
      ArrowLeft: -arrow,
      ArrowDown: -arrow,
      PageUp: part(20),
      PageDown: -part(20),
      Home: low - high,
      End: high - low,
    };
    if (!(event.key in steps)) return;
    event.preventDefault();
    move(Math.min(high, Math.max(low, Number(range.value) + steps[event.key])));
  });
}

/** Return a function that calls another after a pause without further calls. */
export function debounce(call, wait = 500) {
  let waiting = 0;
  return (...values) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => call(...values), wait);
  };
}

/** Return a function that runs a slow one, once more if it is called meanwhile, and never twice at once. */
export function latest(work) {
  let [running, again] = [false, false];
  return async () => {
    again = true;
    if (running) return;
    running = true;
    while (again) {
      again = false;
      await work();
    }
    running = false;
  };
}

/** A play button: steps frame by frame, or three times a second under reduced motion. */
export class Player {
  /**
   * @param {HTMLButtonElement} button
   * @param {function(number): boolean} step by a number of seconds; returns whether to go on
   */
  constructor(button, step) {
    Object.assign(this, { button, step, playing: false, turn: 0 });
    button.addEventListener("click", () => (this.playing ? this.stop() : this.start()));
  }

  start() {
    this.playing = true;
    this.button.textContent = "Pause";
    this.last = performance.now();
    const turn = ++this.turn;
    const run = () => {
      if (!this.playing || turn !== this.turn) return;
      const now = performance.now();
      const passed = Math.min(0.5, (now - this.last) / 1000);
      this.last = now;
      if (!this.step(passed)) this.stop();
      next();
    };
    const next = () => (reducedMotion.matches ? setTimeout(run, 333) : requestAnimationFrame(run));
    next();
  }

  stop() {
    this.playing = false;
    this.button.textContent = "Play";
    this.stopped?.();
  }
}

/** Let buttons choose the colours of the page: those of the system, light, or dark. */
export function themeButtons() {
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const buttons = [...document.querySelectorAll("[data-theme]")];
  let chosen = "auto";
  const apply = () => {
    const isDark = chosen === "auto" ? dark.matches : chosen === "dark";
    document.documentElement.toggleAttribute("data-dark", isDark);
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.theme === chosen));
    }
    redrawAll();
  };
  for (const button of buttons) {
    button.addEventListener("click", () => {
      chosen = button.dataset.theme;
      apply();
    });
  }
  dark.addEventListener("change", apply);
  apply();
}

/** Draw the figures for paper while the page is printed: as wide as paper, light, and fine. */
export function printing() {
  const turn = (on) => () => {
    document.documentElement.toggleAttribute("data-print", on);
    drawAllNow(on ? 3 : 1);
  };
  window.addEventListener("beforeprint", turn(true));
  window.addEventListener("afterprint", turn(false));
}
