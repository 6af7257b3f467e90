"""Report of `audioconv ir info` on an impulse response: format, levels and room acoustics."""

from __future__ import annotations

import sys

from audioconv.cli import layout, printing, terminal
from audioconv.errors import counted
from impulses import Impulse, analysis
from impulses.acoustics.figures import Figures
from impulses.acoustics.iso3382 import SHORTEST, Acoustics, is_short
from impulses.analysis import Levels
from impulses.impulse import to_db

COLUMNS = {
    "edt_s": ("EDT s", "#.3g"),
    "t20_s": ("T20 s", "#.3g"),
    "t30_s": ("T30 s", "#.3g"),
    "t30_r": ("r(T30)", ".4f"),
    "curvature_percent": ("curv. %", ".1f"),
    "c50_db": ("C50 dB", ".1f"),
    "c80_db": ("C80 dB", ".1f"),
    "d50": ("D50", ".2f"),
    "ts_ms": ("Ts ms", ".0f"),
    "drr_db": ("D/R dB", ".1f"),
    "noise_floor_db": ("floor dB", ".0f"),
    "decay_range_db": ("range dB", ".0f"),
}
"""Heading and number format of each figure."""

MAX_CURVATURE = 10
"""Percent by which T30 may exceed T20: ISO 3382-2:2008, B.3."""

DEPTH = 60.0
"""Decibels shown by the sparkline of the decay."""

TEXT_COLUMNS, MAX_SPARKLINE = 52, 64
"""Columns of text beside the sparkline, and its own at most."""

DERIVED = ("t30_r", "curvature_percent")
"""Columns without reasons of their own: they depend on T20 and T30."""


def show(
    impulse: Impulse,
    levels: Levels,
    room: Acoustics,
    channel: int | None = None,
    *,
    is_sound: bool = False,
) -> None:
    """Print the report to standard output; onset and room acoustics may be those of a channel.

    Of a sound, it is told at once why figures are missing; their own reasons are in the JSON.
    """
    of = "" if channel is None else f" of channel {channel}"
    pairs = _summary(impulse, levels, room.onset_s, of)
    if terminal.shows(sys.stdout) and (line := decay(impulse)):
        pairs.insert(3, ("decay", line))
    printing.out_rows(pairs)
    if is_short(impulse):
        printing.out(f"room acoustics: none in an impulse under {1000 * SHORTEST:g} ms")
        return
    _show_acoustics(room, of, is_sound=is_sound)


def _summary(
    impulse: Impulse, levels: Levels, onset: float | None, of: str
) -> list[tuple[str, str]]:
    """Return the rows of format and levels."""
    channels = impulse.taps.shape[1]
    loudest = printing.format_db(to_db(levels.guaranteed(1.0)), "dBFS")
    usual = printing.format_db(to_db(levels.expected(1.0)), "dBFS")
    return [
        (
            "format",
            f"{impulse.rate} Hz, {counted(channels, 'channel')}, "
            f"{printing.duration(impulse.frames, impulse.rate)}",
        ),
        ("origin", f"frame {impulse.origin}, {impulse.origin / impulse.rate:.6f} s: time 0"),
        ("onset", "none: it is silent" if onset is None else f"{onset:.6f} s{of}"),
        ("peak", _level(levels.peak)),
        ("sum|h|", f"{_level(levels.l1)}: upper bound of the peak gain"),
        ("energy", f"{_level(levels.l2)}: gain of white noise, the root of the sum of h^2"),
        ("rms", _level(levels.rms)),
        ("max|H|", f"{_level(levels.response)}: largest gain of a sine"),
        (
            "output",
            f"from a full-scale input: guaranteed at most {loudest}, expected about {usual}",
        ),
    ]


def _show_acoustics(room: Acoustics, of: str, *, is_sound: bool) -> None:
    """Print the table of figures, and the reasons for those missing."""
    rows = [("all", room.broadband), *((f"{band.hz:g}", band.figures) for band in room.bands)]
    levels = "; levels are of all channels" if of else ""
    printing.out(f"room acoustics{of} (ISO 3382-1), by octave{levels}")
    printing.out(layout.table(_cells(rows), layout.width(sys.stdout)))
    curved = [
        row
        for row, (_, figures) in enumerate(rows)
        if (figures.curvature_percent or 0) > MAX_CURVATURE
    ]
    if curved:
        printing.out_line(
            f"curvature over {MAX_CURVATURE} %, so no single reverberation time (ISO 3382-2): "
            f"{_bands(rows, curved)}"
        )
    reasons = _reasons(rows)
    if is_sound:
        printing.out("not reported (-), as it seems a sound, which has no decay; see also --json")
    elif reasons:
        printing.out("not reported, because")
        printing.out_rows(reasons)


def decay(impulse: Impulse) -> str | None:
    """Return the decay as a sparkline, from the onset until it has fallen by `DEPTH` dB or ends.

    Levels below `DEPTH` in between are drawn at its level. None if the decay is under two frames
    long, or the terminal cannot draw it.
    """
    columns = min(layout.width(sys.stdout) - TEXT_COLUMNS, MAX_SPARKLINE)
    levels, frames = analysis.profile(impulse, max(columns, MAX_SPARKLINE // 8), DEPTH)
    if frames < 2:
        return None
    shown = levels.clip(-DEPTH).tolist()
    line = terminal.sparkline(shown, sys.stdout.encoding)
    ends = [f"{round(level) + 0:d} dB" for level in (shown[0], shown[-1])]
    return line and f"{ends[0]} {line} {ends[1]}, {frames / impulse.rate:.3f} s from the onset"


def _level(ratio: float) -> str:
    return f"{ratio:.6g} ({printing.format_db(to_db(ratio))})"


def _cells(rows: list[tuple[str, Figures]]) -> list[list[str]]:
    """Return the cells of the table, headings first: names, and units below them."""
    headings = [heading.partition(" ") for heading, _ in COLUMNS.values()]
    lines = [["Hz", *(name for name, _, _ in headings)], ["", *(unit for _, _, unit in headings)]]
    for hz, figures in rows:
        values = ((getattr(figures, name), form) for name, (_, form) in COLUMNS.items())
        lines.append(
            [hz, *("-" if value is None else f"{value:z{form}}" for value, form in values)]
        )
    return lines


def _reasons(rows: list[tuple[str, Figures]]) -> list[tuple[str, str]]:
    """Return each reason once, with the figures and bands to which it applies."""
    where: dict[tuple[str, str], list[int]] = {}
    for name, (heading, _) in COLUMNS.items():
        for row, (_, figures) in enumerate(rows):
            if name in figures.why_not and name not in DERIVED:
                key = (heading.split()[0], figures.why_not[name])
                where.setdefault(key, []).append(row)
    together: dict[tuple[str, str], list[str]] = {}
    for (heading, reason), indices in where.items():
        together.setdefault((_bands(rows, indices), reason), []).append(heading)
    return [
        (f"{', '.join(headings)} of {bands}", reason)
        for (bands, reason), headings in together.items()
    ]


def _bands(rows: list[tuple[str, Figures]], indices: list[int]) -> str:
    """Return the names of some rows, with runs abbreviated to their ends."""
    runs: list[list[int]] = []
    for row in indices:
        if runs and row == runs[-1][-1] + 1 and row > 1:
            runs[-1].append(row)
        else:
            runs.append([row])
    named = []
    for run in runs:
        ends = [rows[run[0]][0], rows[run[-1]][0]] if len(run) > 1 else [rows[run[0]][0]]
        named.append(" to ".join(ends) + " Hz" * (run[0] > 0))
    return ", ".join(named)
