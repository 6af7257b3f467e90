// The controls of a section that plays two sounds.

import { reducedMotion } from "./controls.js";
import { create, element, setText } from "./dom.js";
import { minus } from "./format.js";

/**
 * Let the controls of a section play a sound: a button, a choice of two, a switch, a check box for
 * equal loudness, and a slider for the position.
 *
 * @param {string} id of the section, with which the ids of its controls begin
 * @param {Sound} sound
 * @param {{name: string, unit: string}} measure of its levels
 * @param {function(): void} shown called whenever the position or the choice may have changed
 * @returns {{seek: function(number): void, refresh: function(): void}} to go to a position, and to
 *   show another sound
 */
export function player(id, sound, measure, shown) {
  const section = element(id);
  const part = (name) => element(`${id}-${name}`);
  const [play, range] = [part("play"), part("position")];

  const show = () => {
    const position = sound.position();
    const { seconds } = sound.about;
    Object.assign(section.dataset, {
      playing: sound.playing,
      which: sound.which,
      position,
      gainBefore: sound.level("before"),
      gainAfter: sound.level("after"),
    });
    setText(play, sound.playing ? "Pause" : "Play");
    range.value = position;
    range.setAttribute("aria-valuetext", `${position.toFixed(1)} of ${seconds.toFixed(1)} seconds`);
    setText(part("time"), `${position.toFixed(1)} of ${seconds.toFixed(1)} s`);
    shown();
  };
  const refresh = () => {
    range.max = sound.about.seconds;
    showLevels(part, sound, measure);
    show();
  };
  const run = () => {
    if (sound.playing && sound.position() >= sound.about.seconds) sound.pause();
    show();
    if (!sound.playing) return;
    if (reducedMotion.matches) setTimeout(run, 333);
    else requestAnimationFrame(run);
  };
  const seek = (position) => {
    sound.seek(position);
    show();
  };
  const choose = (which) => {
    sound.which = which;
    part(which).checked = true;
    sound.fade();
    show();
  };
  const other = () => choose(sound.which === "before" ? "after" : "before");

  play.addEventListener("click", async () => {
    if (sound.playing) {
      sound.pause();
      show();
      return;
    }
    play.disabled = true;
    try {
      await sound.start();
      setText(part("message"), "");
    } catch (error) {
      setText(
        part("message"),
        `This browser cannot play the sound: ${error.message || error.name}`,
      );
    }
    play.disabled = false;
    play.focus({ preventScroll: true });
    run();
  });
  for (const which of ["before", "after"]) {
    part(which).addEventListener("change", () => choose(which));
  }
  part("switch").addEventListener("click", other);
  section.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "x" || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    other();
  });
  part("match").addEventListener("change", (event) => {
    sound.match = event.target.checked;
    sound.fade();
    refresh();
  });
  range.addEventListener("input", () => seek(Number(range.value)));
  positionKeys(range, sound, seek);
  part(sound.which).checked = true;
  refresh();
  return { seek, refresh };
}

/** Let keys move through the sound: arrows 1 s, with shift 0.1 s, page keys a tenth. */
function positionKeys(range, sound, seek) {
  range.addEventListener("keydown", (event) => {
    const { seconds } = sound.about;
    const arrow = event.shiftKey ? 0.1 : 1;
    const steps = {
      ArrowRight: arrow,
      ArrowUp: arrow,
      ArrowLeft: -arrow,
      ArrowDown: -arrow,
      PageUp: seconds / 10,
      PageDown: -seconds / 10,
      Home: -seconds,
      End: seconds,
    };
    if (!(event.key in steps)) return;
    event.preventDefault();
    seek(sound.position() + steps[event.key]);
  });
}

/** Show the level of each sound, and by how much it is turned down. */
function showLevels(part, sound, measure) {
  for (const which of ["before", "after"]) {
    const level = sound.about.loudness[which];
    const down = 20 * Math.log10(sound.level(which));
    const lowered = down < -0.005 ? `, turned down by ${(-down).toFixed(1)} dB` : "";
    const text = level !== null ? `${measure.name} ${minus(level.toFixed(1))} ${measure.unit}` : "";
    const both = [text, create("span", text && lowered, "on-screen")];
    part(`${which}-level`).replaceChildren(...both);
  }
}
