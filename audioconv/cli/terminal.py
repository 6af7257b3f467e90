"""Output for a terminal only: progress bars, tables, and decays as sparklines.

The only module that uses rich, which is imported when something is drawn: short runs, and runs
whose output goes elsewhere, do not import it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from threading import Event, Thread
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple, Protocol, TextIO

from audioconv.cli import layout
from audioconv.errors import printable
from audioconv.progress import Progress, silent
from audioconv.units import clock

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

BAR_DELAY = 0.7
"""Seconds before a bar appears."""

BAR_INTERVAL = 0.125
"""Seconds between updates of a bar."""

LONGEST_BAR, SHORTEST_BAR = 40, 6
WIDE = 72
"""Columns from which the figures beside a bar are written in full."""

EIGHTHS = "▁▂▃▄▅▆▇█"
STYLES = {"proven": "green", "sampled": "green", "FAILED": "bold red"}
NOTICE = "notice: "


def shows(stream: TextIO | None, quiet: bool = False) -> bool:
    """Return whether a stream is a terminal that may show more than plain lines.

    References
    ----------
    https://no-color.org
    """
    dumb = os.environ.get("TERM", "").lower() in ("dumb", "unknown")
    if quiet or dumb or os.environ.get("NO_COLOR") or stream is None or stream.closed:
        return False
    return stream.isatty()


@contextmanager
def progress(step: str = "reading", *, quiet: bool = False) -> Iterator[Progress]:
    """Show the progress of long work on standard error.

    The bar is removed on exit, also after an error or an interruption.

    Parameters
    ----------
    step : str
        the current step until the first report
    quiet : bool
        show nothing
    """
    if not shows(sys.stderr, quiet):
        yield silent
        return
    bar = _Steps(sys.stderr, step)
    try:
        bar.start()
        yield bar
    finally:
        bar.end()


class Tally:
    """How far a batch is: files, seconds of sound, and when.

    Parameters
    ----------
    files : int
        number of all files
    """

    step = "convolving"

    def __init__(self, files: int) -> None:
        self.files = files
        self.done, self.failed, self.seconds = 0, 0, 0.0
        self.began = self.at = perf_counter()

    @property
    def part(self) -> tuple[float, float | None]:
        """Files that have ended, and all."""
        return self.done + self.failed, self.files

    def expect(self, files: int) -> None:
        """Set the number of files, where some have been done before."""
        self.files = files

    def add(self, seconds: float) -> None:
        """Count an output, and its seconds of sound."""
        self.done += 1
        self.seconds += seconds
        self.at = perf_counter()

    def fail(self) -> None:
        """Count a file that has failed."""
        self.failed += 1
        self.at = perf_counter()

    def figures(self, now: float, *, wide: bool = True) -> list[str]:
        """Return the figures beside a bar: files, length of sound, speed, time left, failures.

        Examples
        --------
        >>> tally = Tally(2000)
        >>> tally.done, tally.failed, tally.seconds, tally.began, tally.at = 498, 2, 1500, 2, 22
        >>> tally.figures(now=24)
        ['500/2000 files', '25:00 of sound', '75 x real time', '0:58 left', '2 failed']
        >>> tally.figures(now=24, wide=False)
        ['500/2000', '25:00', '75 x', '0:58 left', '2 failed']
        """
        ended = self.done + self.failed
        files = f"{ended}/{self.files}" + " files" * wide
        failed = [f"{self.failed} failed"] if self.failed else []
        took = self.at - self.began
        if not ended or took <= 0:
            return [files, f"{clock(now - self.began)} so far", *failed]
        left = (self.files - ended) * took / ended - (now - self.at)
        sound = clock(self.seconds) + " of sound" * wide
        speed = factor(self.seconds / took, wide=wide)
        return [files, sound, speed, f"{clock(max(left, 0))} left", *failed]


@contextmanager
def tally(files: int, *, quiet: bool = False) -> Iterator[Tally]:
    """Show the progress of a batch on standard error, as `progress` does that of a file.

    Parameters
    ----------
    files : int
        number of all files
    quiet : bool
        show nothing
    """
    counted = Tally(files)
    if not shows(sys.stderr, quiet):
        yield counted
        return
    bar = _Bar(sys.stderr, counted)
    try:
        bar.start()
        yield counted
    finally:
        bar.end()


def clear_bar(stream: TextIO | None) -> None:
    """Make room for a line where a bar may be, which is drawn again below it."""
    if stream is not None and shows(stream):
        with suppress(OSError, ValueError):
            stream.write("\r\x1b[2K")


class Shown(Protocol):
    """What a bar shows."""

    @property
    def step(self) -> str:
        """What is being done."""

    @property
    def part(self) -> tuple[float, float | None]:
        """What is done, and all; None if unknown."""

    def figures(self, now: float, *, wide: bool = True) -> list[str]:
        """Return the figures beside the bar."""


class Work(NamedTuple):
    """Progress of one step, in seconds of sound, and the times when it began and was reported."""

    step: str
    done: float
    total: float | None
    began: float
    at: float

    @property
    def part(self) -> tuple[float, float | None]:
        """Seconds of sound that are done, and all of them, if known."""
        return self.done, self.total

    def figures(self, now: float, *, wide: bool = True) -> list[str]:
        """Return the figures beside a bar."""
        return figures(self, now, wide=wide)


class _Bar:
    """A bar, drawn by its own thread, since signals only interrupt the main thread."""

    def __init__(self, stream: TextIO, shown: Shown) -> None:
        self._stream = stream
        self._shown = shown
        self._ended = Event()
        self._thread = Thread(target=self._run, name="progress")

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def end(self) -> None:
        """Remove the bar."""
        self._ended.set()
        if self._thread.ident is not None:  # None if interrupted before the start
            self._thread.join()

    def _run(self) -> None:
        # if the terminal is gone, the work goes on without a bar
        with suppress(OSError, ValueError):
            if not self._ended.wait(BAR_DELAY):
                self._draw()

    def _draw(self) -> None:
        from rich.live import Live  # late: only for long work

        console = _console(self._stream)
        with Live(
            console=console,
            auto_refresh=False,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
        ) as live:
            while not self._ended.is_set():
                live.update(_line(self._shown, perf_counter(), console.width), refresh=True)
                self._ended.wait(BAR_INTERVAL)


class _Steps(_Bar):
    """The bar of the steps of one run."""

    def __init__(self, stream: TextIO, step: str) -> None:
        self._work = Work(step, 0.0, None, perf_counter(), perf_counter())
        super().__init__(stream, self._work)

    def __call__(self, step: str, done: float = 0.0, total: float | None = None) -> None:
        """Take a progress report."""
        before, now = self._work, perf_counter()
        continues = step == before.step and done >= before.done
        self._work = Work(step, done, total, before.began if continues else now, now)
        self._shown = self._work


def _line(work: Shown, now: float, width: int) -> Table:
    """Lay out one line: the step, a bar, and the figures."""
    from rich.progress_bar import ProgressBar
    from rich.table import Table
    from rich.text import Text

    from audioconv.files import display_name  # late, so that help is fast

    done, total = work.part
    text = "  ".join(work.figures(now, wide=width >= WIDE))
    left = width - len(text) - 3  # a space between columns, and one at the end
    line = Table.grid(padding=(0, 1), pad_edge=False)
    cells = [Text(display_name(work.step), no_wrap=True, overflow="crop", end="")]
    room = left - cells[0].cell_len
    if room >= SHORTEST_BAR:
        bar = ProgressBar(
            total,
            done,
            width=min(room, LONGEST_BAR),
            pulse=total is None,
            animation_time=now,
            complete_style="green",
            finished_style="green",
            pulse_style="green",
        )
        line.add_row(*cells, bar, Text(text, no_wrap=True))
    else:
        cells[0].truncate(max(left + 1, 0))
        line.add_row(*cells, Text(text, no_wrap=True))
    return line


def figures(work: Work, now: float, *, wide: bool = True) -> list[str]:
    """Return the figures beside a bar: part done, speed, and time left.

    Examples
    --------
    >>> figures(Work("convolving", 150.0, 600.0, began=2.0, at=4.0), now=5.0)
    ['25 %', '75 x real time', '0:05 left']
    >>> figures(Work("convolving", 150.0, None, began=2.0, at=4.0), now=5.0, wide=False)
    ['2:30', '75 x']
    >>> figures(Work("reading", 0.0, None, began=2.0, at=2.0), now=5.0)
    ['0:03 so far']
    """
    _, done, total, began, at = work
    if not done or at <= began:
        return [f"{clock(now - began)} so far"]
    speed = done / (at - began)
    times = factor(speed, wide=wide)
    if total is None:
        return [clock(done) + " done" * wide, times]
    left = (total - done) / speed - (now - at)
    return [f"{100 * done / total:.0f} %", times, f"{clock(max(left, 0))} left"]


def factor(speed: float, *, wide: bool = True) -> str:
    """Return a speed, in seconds of sound a second.

    Examples
    --------
    >>> factor(85.3), factor(0.0421)
    ('85 x real time', '0.042 x real time')
    """
    times = f"{speed:.0f} x" if speed >= 10 else f"{speed:.2g} x"
    return times + " real time" * wide


def table(
    stream: TextIO,
    sections: Sequence[tuple[str, list[tuple[str, str]]]],
    notices: Sequence[str] = (),
) -> None:
    """Print sections and notices, in colours.

    Parameters
    ----------
    stream : text stream
        a terminal; lines are wrapped at its width
    sections : sequence of (str, list of (str, str))
        heading, and rows of label and value
    notices : sequence of str
    """
    from rich.text import Text

    console, columns = _console(stream), layout.width(stream)
    for heading, rows in sections:
        if heading:
            style = "bold red" if heading.startswith("NOT") else "bold"
            line = layout.wrapped(printable(heading), columns)
            console.print(Text(line, style), soft_wrap=True)
        shown = [(label, printable(value)) for label, value in rows]
        for (label, _), (cell, lines) in zip(rows, layout.cells(shown, columns), strict=True):
            row = Text.assemble((cell, STYLES.get(label, "dim")), lines)
            console.print(row, soft_wrap=True)
    for at, notice in enumerate(notices):
        text = layout.wrapped(NOTICE + printable(notice), columns, hanging=len(NOTICE))
        apart = "\n" if at == 0 else ""
        message = Text.assemble(apart, (NOTICE, "yellow"), text.removeprefix(NOTICE))
        console.print(message, soft_wrap=True)


def _console(stream: TextIO) -> Console:
    """Return a console for a stream that `shows` accepted, whatever rich would detect."""
    from rich.console import Console

    return Console(
        file=stream, force_terminal=True, force_interactive=True, force_jupyter=False, emoji=False
    )


def sparkline(levels: Sequence[float], encoding: str = "utf-8") -> str | None:
    """Draw levels as block characters, from the lowest to the highest level.

    Return None if the encoding lacks these characters.

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
