// A person's own sound and impulse, convolved by the browser.

import { latest } from "./controls.js";
import { convolved } from "./convolver.js";
import { element, setText } from "./dom.js";
import { dropFiles, fileButton } from "./drop.js";
import { ownImpulse } from "./own-impulse.js";
import { ownOutput } from "./own-output.js";
import { decode, unpack } from "./packed.js";
import { readImpulse, readSound } from "./sound-file.js";

const SLOW = 500; // ms after which a convolution is announced
const CONVOLVING = "The browser is convolving them.";
const PAUSE = 150; // ms after a change until it is heard, so that a drag does not stutter
const FEW_TAPS = 8; // of the page's impulse, up to which its taps are those to begin with
const READERS = { f: readSound, g: readImpulse };

export function own({ input, listen, sliding }) {
  const { rate } = sliding;
  const section = element("own");
  let opened = null; // the sound from a file
  let given = null; // the page's own
  let pause = 0;
  const { show, hear } = ownOutput();
  const convolve = latest(() =>
    announced(async () => {
      clearTimeout(pause);
      given ??= await pageSound(listen.before.data, rate);
      const [f, g] = [opened ?? given, impulse.buffer()];
      const y = await convolved(f, g);
      show(f, g, y);
      pause = setTimeout(async () => {
        await hear(f, y);
        section.ariaBusy = "false";
      }, PAUSE);
    }),
  );
  const changed = () => {
    section.ariaBusy = "true";
    convolve();
  };
  const impulse = ownImpulse(rate, tapsToBegin(sliding), changed);
  const use = {
    f: (buffer) => {
      opened = buffer;
      changed();
    },
    g: impulse.open,
  };
  openFiles(rate, use, { f: `${input.name}, as MP3`, g: "taps, to be dragged" });
  whenSeen(section, changed);
}

/** Run a convolution, and announce it if it takes long or fails. */
async function announced(convolve) {
  const message = element("own-message");
  const slow = setTimeout(() => setText(message, CONVOLVING), SLOW);
  try {
    await convolve();
    if (message.textContent === CONVOLVING) setText(message, "");
  } catch (error) {
    setText(message, `This browser cannot convolve them: ${error.message}`);
    element("own").ariaBusy = "false";
  }
  clearTimeout(slow);
}

/** Let files be opened as f and as g, and the page's own be used again. */
function openFiles(rate, use, names) {
  const opening = {};
  const say = (text) => setText(element("own-message"), text);
  const show = (part, buffer, text) => {
    setText(element(`own-${part}-name`), text);
    element(`own-${part}-back`).hidden = !buffer;
    say("");
    use[part](buffer);
  };
  const open = async (part, file, dropped = 1) => {
    opening[part] = file;
    say(`Reading ${file.name}.`);
    try {
      const { buffer, notes } = await READERS[part](file, rate);
      if (dropped > 1) notes.push(`only the first of ${dropped} files is read; drop one at a time`);
      // unless another was opened meanwhile
      if (opening[part] === file) show(part, buffer, described(file.name, buffer, notes));
    } catch (error) {
      const remedy = dropped > 1 ? " Drop one file at a time." : "";
      if (opening[part] === file) say(`${error.message}${remedy}`);
    }
  };
  for (const part of ["f", "g"]) {
    const choose = (file) => open(part, file);
    fileButton(element(`own-${part}-open`), element(`own-${part}-file`), choose);
    const back = () => {
      opening[part] = null;
      show(part, null, names[part]);
      element(`own-${part}-open`).focus(); // the button that was pressed is gone
    };
    element(`own-${part}-back`).addEventListener("click", back);
    setText(element(`own-${part}-name`), names[part]);
  }
  dropFiles((part, file, dropped) => {
    element("own").scrollIntoView();
    open(part, file, dropped);
  });
}

/** Return a file's name, its size, and notes about how it is used, as one text. */
function described(name, { duration, numberOfChannels: channels }, notes) {
  const size = `${duration.toFixed(2)} s, ${channels === 1 ? "mono" : `${channels} channels`}`;
  return [`${name}, ${size}`, ...notes].join("; ");
}

/** Return the sound of this page before the convolution, at the page's rate. */
function pageSound(data, rate) {
  return new OfflineAudioContext(1, 1, rate).decodeAudioData(decode(data).buffer);
}

/** Return the taps of the page's impulse if they are few, or else an echo. */
function tapsToBegin({ rate, origin, g }) {
  if (g.type === "sparse" && origin === 0) {
    const heights = [...unpack(g.values)];
    if (heights.length <= FEW_TAPS) {
      return [...unpack(g.at)].map((at, i) => ({ at, height: heights[i] }));
    }
  }
  return [
    { at: 0, height: 1 },
    { at: Math.round(0.35 * rate), height: 0.5 },
  ];
}

/** Call a function once, when a section is first seen. */
function whenSeen(section, call) {
  const observer = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    call();
  });
  observer.observe(section);
}
