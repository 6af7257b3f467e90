"""The page of ``explain`` in Chromium: its size, how soon it is there, and its work a frame.

``python -m tests.bench.page FILE...`` measures pages that are already there, in turn.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from tests.browser.conftest import ARGUMENTS, chromium

from . import commands
from .bench import Bench
from .measure import run
from .sounds import SAMPLES
from .tables import header, judged, number, row

FRAMES = 60
MAX_MB = 1.5  # for a part of 10 s
SLOWEST_MS = 16.0  # a frame, 95 of 100

# The first callback of a frame posts a message, which is delivered once the frame is laid out and
# painted: between the two lies all the work of the main thread.
WATCH = """
  window.measured = {script: [], whole: []};
  const request = window.requestAnimationFrame.bind(window);
  const channel = new MessageChannel();
  let [frame, began, script] = [0, 0, 0];
  channel.port1.onmessage = () => {
    window.measured.script.push(script);
    window.measured.whole.push(performance.now() - began);
  };
  window.requestAnimationFrame = (call) => request((time) => {
    const start = performance.now();
    if (time !== frame) {
      [frame, began, script] = [time, start, 0];
      channel.port2.postMessage(0);
    }
    call(time);
    script += performance.now() - start;
  });
"""
# all but the player of sound, whose clock is that of a sound card
PLAYERS = "button[id$=-play]:not(#listen-play)"
SHOWN = "all => all.filter(one => one.offsetParent && !one.disabled).map(one => one.id)"


@dataclass
class Page:
    """What was measured of a page, in bytes and ms."""

    size: int
    loads: list[float] = field(default_factory=list)
    frames: dict[str, dict[str, list[float]]] = field(default_factory=dict)


def page(bench: Bench) -> Iterator[str]:
    """Measure the pages of an echo, of a hall, and of a part of 10 s with 3 s of taps."""
    if find_spec("playwright") is None or chromium() is None:
        yield "## The page\n\nLeft out: it needs playwright and Chromium."
        return
    paths = [bench.folder / f"{name}.html" for name in ("echo", "hall", "long")]
    echo = SAMPLES / "speech.wav", "double-spike:delay=350ms,gain=-6dB"
    hall = SAMPLES / "guitar.wav", SAMPLES / "hall.wav"
    for (sound, impulse), path in zip(
        [echo, hall, (bench.sound(20), bench.impulse(3))], paths, strict=True
    ):
        run(commands.explain(sound, impulse, path))
    yield from table(paths, bench.rounds)


def table(paths: Sequence[Path], rounds: int) -> Iterator[str]:
    """Measure pages in turn, and write a table of them."""
    pages = {path: Page(path.stat().st_size) for path in paths}
    with _browser() as browser:
        for _ in range(rounds):
            for path, found in pages.items():
                print(path.name, file=sys.stderr, flush=True)
                _visit(browser, path, found)
    yield f"## The page\n\nIn Chromium, in turn, {rounds} rounds of {FRAMES} frames of each player."
    yield "\n" + header("page", "MB", "loaded, ms")
    for path, found in pages.items():
        yield row(path, judged(found.size / 1e6, MAX_MB), number(float(np.median(found.loads)), 0))
    yield "\nWork of the main thread a frame, in ms: of the scripts, and with layout and paint.\n"
    yield header("page", "player", "scripts", "95 %", "all", "95 %")
    for path, found in pages.items():
        for player, times in found.frames.items():
            half, most = np.percentile(times["script"], [50, 95])
            middle, slow = np.percentile(times["whole"], [50, 95])
            limited = judged(slow, SLOWEST_MS, 1)
            yield row(path, player, number(half), number(most), number(middle, 1), limited)


@contextmanager
def _browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        yield opened
        opened.close()


def _visit(browser: Any, path: Path, found: Page) -> None:
    """Load a page anew, and let each of its players run."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    tab = context.new_page()
    tab.add_init_script(WATCH)
    tab.goto(path.absolute().as_uri())
    found.loads.append(tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))
    for player in tab.eval_on_selector_all(PLAYERS, SHOWN):
        if player == "slide-play":
            tab.focus("#slide-position")
            tab.keyboard.press("Home")
        tab.locator(f"#{player}").scroll_into_view_if_needed()
        tab.wait_for_timeout(300)  # until the figures here are drawn
        tab.evaluate("window.measured = {script: [], whole: []}")
        tab.click(f"#{player}")
        tab.wait_for_function(
            f"id => window.measured.whole.length >= {FRAMES} "
            "|| document.getElementById(id).textContent !== 'Pause'",
            arg=player,
            polling=100,
            timeout=60_000,
        )
        measured = tab.evaluate("window.measured")
        if tab.inner_text(f"#{player}") == "Pause":
            tab.click(f"#{player}")
        times = found.frames.setdefault(player, {"script": [], "whole": []})
        for part, values in measured.items():
            times[part] += values
    context.close()


if __name__ == "__main__":
    for line in table([Path(name) for name in sys.argv[1:]], rounds=3):
        print(line, flush=True)
