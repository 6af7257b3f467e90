"""What `audioconv ir info` tells a person of an impulse: its format, its levels, its room."""

from __future__ import annotations

from impulses.acoustics import Acoustics, Figures

from audioconv.cli import report
from impulses import Impulse
from impulses.analysis import Levels
from impulses.impulse import to_db

COLUMNS = {
    "edt_s": ("EDT s", ".2f"),
    "t20_s": ("T20 s", ".2f"),
    "t30_s": ("T30 s", ".2f"),
    "t30_r": ("r(T30)", ".4f"),
    "c50_db": ("C50 dB", ".1f"),
    "c80_db": ("C80 dB", ".1f"),
    "d50": ("D50", ".2f"),
    "ts_ms": ("Ts ms", ".0f"),
    "drr_db": ("D/R dB", ".1f"),
    "noise_floor_db": ("floor dB", ".0f"),
    "decay_range_db": ("range dB", ".0f"),
}
"""Heading and form of each figure."""

NOT_SAID = ("t30_r",)
"""Columns of which no reason is told: they are about another."""


def show(impulse: Impulse, levels: Levels, room: Acoustics) -> None:
    """Tell all of it on standard output."""
    channels = impulse.taps.shape[1]
    loudest = report.decibels(to_db(levels.guaranteed(1.0)), "dBFS")
    usual = report.decibels(to_db(levels.expected(1.0)), "dBFS")
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
    report.tell(report.rows(pairs))
    rows = [("all", room.broadband), *((f"{band.hz:g}", band.figures) for band in room.bands)]
    report.tell("room acoustics (ISO 3382-1), by octave")
    report.tell(_table(rows))
    reasons = [
        (f"{hz} Hz" if hz != "all" else hz, f"{', '.join(names)}: {reason}")
        for hz, figures in rows
        for reason, names in _reasons(figures).items()
    ]
    if reasons:
        report.tell("why some cannot be given")
        report.tell(report.rows(reasons))


def _level(ratio: float) -> str:
    return f"{ratio:.6g} ({report.decibels(to_db(ratio))})"


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


def _reasons(figures: Figures) -> dict[str, list[str]]:
    """Return the reasons, each with the figures that it is for."""
    reasons: dict[str, list[str]] = {}
    for name, (heading, _) in COLUMNS.items():
        if name in figures.why_not and name not in NOT_SAID:
            reasons.setdefault(figures.why_not[name], []).append(heading.split()[0])
    return reasons
