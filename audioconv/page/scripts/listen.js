// Before and after, to be heard and seen.

function listen(given) {
  const section = element("listen");
  const sound = new Sound(given);
  const play = element("listen-play");
  const range = element("listen-position");
  range.max = given.seconds;
  const drawings = listenFigures(given, sound, (position) => seek(position));

  const show = () => {
    const position = sound.position();
    Object.assign(section.dataset, {
      playing: sound.playing,
      which: sound.which,
      position,
      gainBefore: sound.level("before"),
      gainAfter: sound.level("after"),
    });
    say(play, sound.playing ? "Pause" : "Play");
    range.value = position;
    range.setAttribute(
      "aria-valuetext",
      `${position.toFixed(1)} of ${given.seconds.toFixed(1)} seconds`,
    );
    say(element("listen-time"), `${position.toFixed(1)} of ${given.seconds.toFixed(1)} s`);
    for (const figure of drawings) figure.change();
  };
  const run = () => {
    if (sound.playing && sound.position() >= given.seconds) sound.pause();
    show();
    if (!sound.playing) return;
    if (still.matches) setTimeout(run, 333);
    else requestAnimationFrame(run);
  };
  const seek = (position) => {
    sound.seek(position);
    show();
  };
  const choose = (which) => {
    sound.which = which;
    element(`listen-${which}`).checked = true;
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
      say(element("listen-message"), "");
    } catch (error) {
      say(
        element("listen-message"),
        `This browser cannot play the sound (${given.before.type}): ${error.message || error.name}`,
      );
    }
    play.disabled = false;
    play.focus({ preventScroll: true });
    run();
  });
  element("listen-before").addEventListener("change", () => choose("before"));
  element("listen-after").addEventListener("change", () => choose("after"));
  element("listen-switch").addEventListener("click", other);
  section.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "x" || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    other();
  });
  element("listen-match").addEventListener("change", (event) => {
    sound.match = event.target.checked;
    sound.fade();
    loudness(given, sound);
    show();
  });
  range.addEventListener("input", () => seek(Number(range.value)));
  listenKeys(range, given.seconds, () => sound.position(), seek);
  loudness(given, sound);
  say(element("listen-note"), given.note ?? "");
  show();
}

/** Let keys move through the sound: arrows 1 s, with shift 0.1 s, pages 1/10. */
function listenKeys(range, length, position, seek) {
  range.addEventListener("keydown", (event) => {
    const arrow = event.shiftKey ? 0.1 : 1;
    const steps = {
      ArrowRight: arrow,
      ArrowUp: arrow,
      ArrowLeft: -arrow,
      ArrowDown: -arrow,
      PageUp: length / 10,
      PageDown: -length / 10,
      Home: -length,
      End: length,
    };
    if (!(event.key in steps)) return;
    event.preventDefault();
    seek(position() + steps[event.key]);
  });
}

/** Say how loud each is, and what is done about it. */
function loudness(given, sound) {
  for (const which of ["before", "after"]) {
    const level = given[which].loudness_db;
    const down = 20 * Math.log10(sound.level(which));
    const turned = down < -0.005 ? `, turned down by ${(-down).toFixed(1)} dB` : "";
    const text = Number.isFinite(level) ? `loudness ${minus(level.toFixed(1))} dB${turned}` : "";
    say(element(`listen-${which}-told`), text);
  }
}

/** Make the waveforms and spectrograms of both, and return their figures. */
function listenFigures(given, sound, seek) {
  const drawings = [];
  const left = 44;
  const box = (width, top, height) => ({ left, width: width - left - 1, top, height });
  const head = (context, width, top, bottom) => {
    const x = left + (sound.position() / given.seconds) * (width - left - 1);
    rule(context, x, top, x, bottom, theme.ground);
    rule(context, x + 1, top, x + 1, bottom, theme.ink);
  };
  const seekable = (canvas) =>
    follow(canvas, (x) => seek(((x - left) / (canvas.clientWidth - left - 1)) * given.seconds));
  const spectra = given.spectrograms;
  const span = given.seconds / spectra.step;
  const envelopes = {};
  for (const which of ["before", "after"]) {
    envelopes[which] = { low: unpack(given[which].low), high: unpack(given[which].high) };
  }
  const peak = Math.max(
    ...Object.values(envelopes).flatMap(({ low, high }) => [peakOf(low), peakOf(high)]),
  );
  for (const which of ["before", "after"]) {
    const wave = element(`wave-${which}`);
    wave.setAttribute(
      "aria-label",
      `Waveform, ${which}: peak ${digits(Math.max(peakOf(envelopes[which].low), peakOf(envelopes[which].high)), 3)} of full scale in ${given.seconds.toFixed(1)} s.`,
    );
    drawings.push(
      new Figure(
        wave,
        () => 96,
        (context, width, height) => {
          const place = box(width, 4, height - 8);
          const middle = height / 2;
          rule(context, left, middle, width, middle);
          context.globalAlpha = sound.which === which ? 1 : 0.5;
          fillBetween(
            context,
            place,
            envelopes[which],
            peak,
            which === "before" ? theme.f : theme.sum,
          );
          context.globalAlpha = 1;
          for (const value of [peak, -peak]) {
            write(context, minus(value.toPrecision(2)), left - 7, value > 0 ? 14 : height - 5, {
              align: "right",
              size: 12,
            });
          }
          head(context, width, 0, height);
        },
      ),
    );
    seekable(wave);
    const canvas = element(`spectrum-${which}`);
    canvas.hidden = !spectra;
    if (!spectra) continue;
    canvas.setAttribute(
      "aria-label",
      `Spectrogram, ${which}: ${Math.round(spectra.hz[0])} to ${Math.round(spectra.hz[spectra.hz.length - 1])} Hz, ${minus(String(spectra.top_db - spectra.range_db))} to ${minus(String(spectra.top_db))} dBFS.`,
    );
    const image = spectrumPicture(unpack(spectra[which]), spectra.rows, spectra.columns);
    drawings.push(
      new Figure(
        canvas,
        () => 232,
        (context, width, height) => {
          drawSpectrum(context, box(width, 4, height - 32), image, spectra.hz, span);
          head(context, width, 4, height - 28);
          timeAxis(
            context,
            box(width, 0, 0),
            height - 26,
            given.start,
            given.start + given.seconds,
          );
        },
      ),
    );
    seekable(canvas);
  }
  const key = element("spectrum-key");
  key.hidden = !spectra;
  if (spectra) {
    key.setAttribute("aria-label", "Colours of the spectrograms, dark to bright: soft to loud.");
    new Figure(
      key,
      () => 42,
      (context, width) => drawKey(context, width, spectra.top_db, spectra.range_db),
    );
  }
  return drawings;
}
