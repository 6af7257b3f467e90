"""What only a terminal gets: a bar while work lasts, the summary as a table, a line of a decay.

The only module that knows rich, which is imported when something is drawn: a run that is over
soon, or whose output goes elsewhere, does without it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Event, Thread
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple, TextIO

from audioconv.progress import Progress, silent

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

PATIENCE = 0.7
"""Seconds that work may last without a bar."""

PAUSE = 0.125
"""Seconds between two drawings of a bar."""

LONGEST_BAR, SHORTEST_BAR = 40, 6
ROOMY = 72
"""Columns from which on there is room for whole words beside a bar."""

EIGHTHS = "▁▂▃▄▅▆▇█"
STYLES = {"proven": "green", "sampled": "green", "FAILED": "bold red", "notice": "yellow"}


def shows(stream: TextIO | None, quiet: bool = False) -> bool:
    """Tell whether more than plain lines may go to a stream: a person looks at it, and agrees.

    References
    ----------
    https://no-color.org
    """
    dumb = os.environ.get("TERM", "").lower() in ("dumb", "unknown")
    if quiet or dumb or os.environ.get("NO_COLOR") or stream is None or stream.closed:
        return False
    return stream.isatty()


@contextmanager
def progress(what: str = "reading", *, quiet: bool = False) -> Iterator[Progress]:
    """Show how far work has come, as soon as it lasts, on standard error.

    Whatever ends the work, an interruption too, the bar is gone afterwards.

    Parameters
    ----------
    what : str
        what is done until the work itself tells
    quiet : bool
        show nothing
    """
    if not shows(sys.stderr, quiet):
        yield silent
        return
    bar = _Bar(sys.stderr, what)
    try:
        bar.start()
        yield bar
    finally:
        bar.end()


class Work(NamedTuple):
    """How far work had come at some time, in seconds of sound, and when it began."""

    what: str
    done: float
    total: float | None
    began: float
    at: float


class _Bar:
    """A bar, drawn by a thread of its own, which no signal interrupts half way."""

    def __init__(self, stream: TextIO, what: str) -> None:
        self._stream = stream
        self._work = Work(what, 0.0, None, perf_counter(), perf_counter())
        self._ended = Event()
        self._thread = Thread(target=self._run, name="progress")

    def start(self) -> None:
        """Begin to wait."""
        self._thread.start()

    def __call__(self, what: str, done: float = 0.0, total: float | None = None) -> None:
        """Take note of how far work has come."""
        before, now = self._work, perf_counter()
        goes_on = what == before.what and done >= before.done
        self._work = Work(what, done, total, before.began if goes_on else now, now)

    def end(self) -> None:
        """Take the bar away."""
        self._ended.set()
        if self._thread.ident is not None:  # an interruption may come before it starts
            self._thread.join()

    def _run(self) -> None:
        # the work goes on without a bar where there is no terminal any more
        with suppress(OSError, ValueError):
            if not self._ended.wait(PATIENCE):
                self._draw()

    def _draw(self) -> None:
        from rich.live import Live  # late: only for work that lasts

        console = _console(self._stream)
        with Live(
            console=console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        ) as live:
            while not self._ended.is_set():
                live.update(_line(self._work, perf_counter(), console.width), refresh=True)
                self._ended.wait(PAUSE)


def _line(work: Work, now: float, width: int) -> Table:
    """Lay out one line: what, a bar, and the figures."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    told = "  ".join(figures(work, now, roomy=width >= ROOMY))
    left = width - len(told) - 3  # between them, and after the last one
    line = Table.grid(padding=(0, 1), pad_edge=False)
    cells = [Text(printable(work.what), no_wrap=True, overflow="crop", end="")]
    room = left - cells[0].cell_len
    if room >= SHORTEST_BAR:
        bar = ProgressBar(
            work.total,
            work.done,
            width=min(room, LONGEST_BAR),
            pulse=work.total is None,
            animation_time=now,
            complete_style="green",
            finished_style="green",
            pulse_style="green",
        )
        line.add_row(*cells, bar, Text(told, no_wrap=True))
    else:
        cells[0].truncate(max(left + 1, 0))
        line.add_row(*cells, Text(told, no_wrap=True))
    return line


def figures(work: Work, now: float, *, roomy: bool = True) -> list[str]:
    """Return the figures beside a bar: how much is done, how fast, and the time left.

    Examples
    --------
    >>> figures(Work("convolving", 150.0, 600.0, began=2.0, at=4.0), now=5.0)
    ['25 %', '75 x real time', '0:05 left']
    >>> figures(Work("convolving", 150.0, None, began=2.0, at=4.0), now=5.0, roomy=False)
    ['2:30', '75 x']
    >>> figures(Work("reading", 0.0, None, began=2.0, at=2.0), now=5.0)
    ['0:03 so far']
    """
    _, done, total, began, at = work
    if not done or at <= began:
        return [f"{_clock(now - began)} so far"]
    speed = done / (at - began)
    told = f"{speed:.0f} x" if speed >= 10 else f"{speed:.2g} x"
    told += " real time" * roomy
    if total is None:
        return [_clock(done) + " done" * roomy, told]
    left = (total - done) / speed - (now - at)
    return [f"{100 * done / total:.0f} %", told, f"{_clock(max(left, 0))} left"]


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def table(
    stream: TextIO,
    sections: Sequence[tuple[str, list[tuple[str, str]]]],
    notices: Sequence[str] = (),
) -> None:
    """Lay out headings, each with names and values, and notices: small tables, one under another.

    Parameters
    ----------
    stream : text stream
        a terminal, as wide as which they are at most: longer values are wrapped
    sections : sequence of (str, list of (str, str))
    notices : sequence of str
    """
    from rich.table import Table
    from rich.text import Text

    console = _console(stream)
    noted = [("", [("notice", notice) for notice in notices])]
    widest = max(len(label) for _, rows in [*sections, *noted] for label, _ in rows)
    for heading, rows in [*sections, *noted]:
        if heading:
            style = "bold red" if heading.startswith("NOT") else "bold"
            console.print(Text(heading, style, overflow="fold"))
        laid = Table(box=None, show_header=False, padding=(0, 1))
        laid.add_column(no_wrap=True, min_width=widest)
        laid.add_column(overflow="fold")
        for label, value in rows:
            laid.add_row(Text(label, STYLES.get(label, "dim")), Text(value))
        if rows:
            console.print(laid)


def _console(stream: TextIO) -> Console:
    """Return a terminal that `shows` found, whatever else rich would look at."""
    from rich.console import Console

    return Console(
        file=stream, force_terminal=True, force_interactive=True, force_jupyter=False, emoji=False
    )


def sparkline(levels: Sequence[float], encoding: str = "utf-8") -> str | None:
    """Draw levels in a line, the lowest to the highest; None where an encoding has no such signs.

    Examples
    --------
    >>> sparkline([0, -10, -60, -35]), sparkline([0, -10], "latin-1")
    ('█▇▁▄', None)
    """
    low, high = min(levels), max(levels)
    steps = [(level - low) / ((high - low) or 1) * (len(EIGHTHS) - 1) for level in levels]
    try:
        EIGHTHS.encode(encoding)
    except UnicodeEncodeError:
        return None
    return "".join(EIGHTHS[round(step)] for step in steps)


def printable(text: str) -> str:
    """Write what a terminal would obey as it is written in Python."""
    from audioconv.files import display_name  # late, so that help is quick

    return display_name(text)
