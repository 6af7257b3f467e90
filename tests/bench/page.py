"""The page of ``explain`` in Chromium: its size, how soon it is there, and its work a frame.

``python -m tests.bench.page FILE...`` measures pages that are already there, in turn.
"""

from __future__ import annotations

import json
import sys
from bisect import bisect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from operator import itemgetter
from pathlib import Path
from typing import Any

import numpy as np

from tests.browser.conftest import ARGUMENTS, chromium

from . import commands
from .bench import Bench
from .measure import run
from .sounds import SAMPLES
from .tables import header, judged, number, row

SECONDS = 2
MAX_MB = 1.5  # for a part of 10 s
SLOWEST_MS = 16.0  # a frame, 95 of 100

TRACED, TASK = ["devtools.timeline", "toplevel"], "ThreadControllerImpl::RunTask"
# all but the players of sound, whose clock is that of a sound card
PLAYERS = "button[id$=-play]:not(#listen-play, #own-play)"
SHOWN = "all => all.filter(one => one.offsetParent && !one.disabled).map(one => one.id)"


@dataclass
class Page:
    """What was measured of a page, in bytes and ms."""

    size: int
    loads: list[float] = field(default_factory=list)
    frames: dict[str, list[tuple[float, float]]] = field(default_factory=dict)


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
    yield f"## The page\n\nIn Chromium, in turn, {rounds} rounds of {SECONDS} s of each player."
    yield "\n" + header("page", "MB", "loaded, ms")
    for path, found in pages.items():
        yield row(path, judged(found.size / 1e6, MAX_MB), number(float(np.median(found.loads)), 0))
    yield (
        "\nProcessor time of the main thread a frame, in ms: of the scripts, and of all, with "
        "layout and paint.\n"
    )
    yield header("page", "player", "scripts", "95 %", "all", "95 %")
    for path, found in pages.items():
        for player, times in found.frames.items():
            if not times:
                continue  # it ended at once
            (half, middle), (most, slow) = np.percentile(times, [50, 95], axis=0)
            limited = judged(slow, SLOWEST_MS)
            yield row(path, player, number(half), number(most), number(middle), limited)


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
    tab.goto(path.absolute().as_uri())
    found.loads.append(tab.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd"))
    for player in tab.eval_on_selector_all(PLAYERS, SHOWN):
        if player == "slide-play":
            tab.focus("#slide-position")
            tab.keyboard.press("Home")
        tab.locator(f"#{player}").scroll_into_view_if_needed()
        tab.wait_for_timeout(300)  # until the figures here are drawn
        browser.start_tracing(page=tab, categories=TRACED)
        tab.click(f"#{player}")
        tab.wait_for_timeout(SECONDS * 1000)
        events = json.loads(browser.stop_tracing())["traceEvents"]
        if tab.inner_text(f"#{player}") == "Pause":
            tab.click(f"#{player}")
        found.frames.setdefault(player, []).extend(_frames(events))
    context.close()


def _frames(events: list[dict[str, Any]]) -> list[tuple[float, float]]:
    """Return the processor time of the scripts and of all work, in ms, of each frame."""
    timed = [event for event in events if "tdur" in event]
    calls = [event for event in timed if event["name"] == "FireAnimationFrame"]
    main = {event["tid"] for event in calls}
    tasks = [event for event in timed if event["name"] == TASK and event["tid"] in main]
    tasks.sort(key=itemgetter("ts"))
    starts = [task["ts"] for task in tasks]
    frames: dict[int, list[float]] = {}
    for call in calls:
        at = bisect(starts, call["ts"]) - 1
        if at < 0:
            continue  # its task began before the trace
        frames.setdefault(at, []).append(call["tdur"] / 1000)
    return [(sum(scripts), tasks[at]["tdur"] / 1000) for at, scripts in frames.items()]


if __name__ == "__main__":
    for line in table([Path(name) for name in sys.argv[1:]], rounds=3):
        print(line, flush=True)
