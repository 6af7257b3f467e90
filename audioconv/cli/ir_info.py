"""What `audioconv ir info` tells a person of an impulse: its format, its levels, its room."""

from __future__ import annotations

import shutil
import sys

from audioconv.cli import printing, terminal
from impulses import Impulse, analysis
from impulses.acoustics.figures import Figures
from impulses.acoustics.iso3382 import Acoustics
from impulses.analysis import Levels
from impulses.impulse import to_db

COLUMNS = {
    "edt_s": ("EDT s", "#.3g"),
    "t20_s": ("T20 s", "#.3g"),
    "t30_s": ("T30 s", "#.3g"),
    "t30_r": ("r(T30)", ".4f"),
    "curvature_percent": ("bend %", ".0f"),
    "c50_db": ("C50 dB", ".1f"),
    "c80_db": ("C80 dB", ".1f"),
    "d50": ("D50", ".2f"),
    "ts_ms": ("Ts ms", ".0f"),
    "drr_db": ("D/R dB", ".1f"),
    "noise_floor_db": ("floor dB", ".0f"),
    "decay_range_db": ("range dB", ".0f"),
}
"""Heading and form of each figure."""

MOST_BEND = 10
"""Per cent by which T30 may be above T20: ISO 3382-2:2008, B.3."""

SHORTEST = 0.05
"""Seconds under which an impulse has no room in it: a filter, a head."""

DEPTH = 60.0
"""Decibels that a line of the decay shows."""

BESIDE_THE_LINE, LONGEST_LINE = 52, 64
"""Columns of text beside it, and its own at most."""

NOT_SAID = ("t30_r", "curvature_percent")
"""Columns of which no reason is told: they are about another."""


def show(impulse: Impulse, levels: Levels, room: Acoustics) -> None:
    """Tell all of it on standard output."""
    channels = impulse.taps.shape[1]
    loudest = printing.decibels(to_db(levels.guaranteed(1.0)), "dBFS")
    usual = printing.decibels(to_db(levels.expected(1.0)), "dBFS")
    pairs = [
        (
            "format",
            f"{impulse.rate} Hz, {channels} channel{'s' * (channels > 1)}, {impulse.frames} "
            f"frame{'s' * (impulse.frames > 1)} ({impulse.frames / impulse.rate:.3f} s)",
        ),
        ("onset", "none: it is silent" if room.onset_s is None else f"{room.onset_s:.6f} s"),
        ("peak", _level(levels.peak)),
        ("sum|h|", f"{_level(levels.l1)}: no output peak rises by more"),
        ("energy", f"{_level(levels.l2)}: what white noise rises by, the root of the sum of h^2"),
        ("rms", _level(levels.rms)),
        ("max|H|", f"{_level(levels.response)}: what the loudest tone rises by"),
        ("output", f"of a full-scale sound: guaranteed at most {loudest}, expected about {usual}"),
    ]
    if terminal.shows(sys.stdout) and (line := decay(impulse)):
        pairs.insert(2, ("decay", line))
    printing.out(printing.rows(pairs))
    if impulse.frames < SHORTEST * impulse.rate:
        printing.out(f"room acoustics: none in an impulse under {1000 * SHORTEST:g} ms")
        return
    rows = [("all", room.broadband), *((f"{band.hz:g}", band.figures) for band in room.bands)]
    printing.out("room acoustics (ISO 3382-1), by octave")
    printing.out(_table(rows))
    bent = [
        row for row, (_, figures) in enumerate(rows) if (figures.curvature_percent or 0) > MOST_BEND
    ]
    if bent:
        printing.out(
            f"a decay that bends by over {MOST_BEND} % has no one reverberation time (ISO 3382-2): "
            f"{_bands(rows, bent)}"
        )
    reasons = _reasons(rows)
    if reasons:
        printing.out("why some cannot be given")
        printing.out(printing.rows(reasons))


def decay(impulse: Impulse) -> str | None:
    """Return the decay of an impulse as a line of the terminal's; None where it has no length.

    It goes from the onset to where it has decayed by `DEPTH` dB, or ends; what is lower in between
    is drawn as that.
    """
    columns = min(shutil.get_terminal_size().columns - BESIDE_THE_LINE, LONGEST_LINE)
    levels, frames = analysis.profile(impulse, max(columns, LONGEST_LINE // 8), DEPTH)
    if frames < 2:
        return None
    shown = levels.clip(-DEPTH).tolist()
    line = terminal.sparkline(shown, sys.stdout.encoding)
    ends = [f"{round(level) + 0:d} dB" for level in (shown[0], shown[-1])]
    return line and f"{ends[0]} {line} {ends[1]}, {frames / impulse.rate:.3f} s from the onset"


def _level(ratio: float) -> str:
    return f"{ratio:.6g} ({printing.decibels(to_db(ratio))})"


def _table(rows: list[tuple[str, Figures]]) -> str:
    lines = [["Hz", *(heading for heading, _ in COLUMNS.values())]]
    for hz, figures in rows:
        values = ((getattr(figures, name), form) for name, (_, form) in COLUMNS.items())
        lines.append([hz, *("-" if value is None else f"{value:{form}}" for value, form in values)])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join(
        "  " + "  ".join(f"{cell:>{width}}" for cell, width in zip(line, widths, strict=True))
        for line in lines
    )


def _reasons(rows: list[tuple[str, Figures]]) -> list[tuple[str, str]]:
    """Return each reason once, with the figures and the bands that it is for."""
    found: dict[tuple[str, str], list[int]] = {}
    for name, (heading, _) in COLUMNS.items():
        for row, (_, figures) in enumerate(rows):
            if name in figures.why_not and name not in NOT_SAID:
                key = (heading.split()[0], figures.why_not[name])
                found.setdefault(key, []).append(row)
    together: dict[tuple[str, str], list[str]] = {}
    for (heading, reason), where in found.items():
        together.setdefault((_bands(rows, where), reason), []).append(heading)
    return [
        (f"{', '.join(headings)} of {bands}", reason)
        for (bands, reason), headings in together.items()
    ]


def _bands(rows: list[tuple[str, Figures]], where: list[int]) -> str:
    """Name some of the rows, runs of them by their ends."""
    runs: list[list[int]] = []
    for row in where:
        if runs and row == runs[-1][-1] + 1 and row > 1:
            runs[-1].append(row)
        else:
            runs.append([row])
    named = []
    for run in runs:
        ends = [rows[run[0]][0], rows[run[-1]][0]] if len(run) > 1 else [rows[run[0]][0]]
        named.append(" to ".join(ends) + " Hz" * (run[0] > 0))
    return ", ".join(named)
