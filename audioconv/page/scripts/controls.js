// What all figures share: sliders, choices, motion, and words that come when things are quiet.

const narrow = window.matchMedia("(max-width: 560px)");
const still = window.matchMedia("(prefers-reduced-motion: reduce)");

/** Fill a choice with [value, text] pairs. */
function choices(select, pairs, chosen) {
  select.replaceChildren(
    ...pairs.map(([value, text]) => {
      const option = made("option", text);
      option.value = String(value);
      return option;
    }),
  );
  if (chosen !== undefined) select.value = String(chosen);
}

/** Call `changed` with the number of a slider, now and whenever it moves. */
function slider(range, changed) {
  const tell = () => changed(Number(range.value));
  range.addEventListener("input", tell);
  tell();
}

/** Let keys move a slider of samples: see the help text under the sliding picture. */
function sampleKeys(range, move) {
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

/** Return a function that puts off a call until there was no other for a while. */
function later(call, wait = 500) {
  let waiting = 0;
  return (...values) => {
    clearTimeout(waiting);
    waiting = setTimeout(() => call(...values), wait);
  };
}

/** Something that runs: frame by frame, or three times a second where nothing should move. */
class Player {
  /**
   * @param {HTMLButtonElement} button
   * @param {function(number): boolean} step by so many seconds; returns whether to go on
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
    const next = () => (still.matches ? setTimeout(run, 333) : requestAnimationFrame(run));
    next();
  }

  stop() {
    this.playing = false;
    this.button.textContent = "Play";
    this.stopped?.();
  }
}

/** Colours of the page: as the system has them, or light, or dark. */
function themeButtons() {
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
    document.dispatchEvent(new Event("themed"));
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
