"""What a run tells a person: one short block on standard error, or JSON on standard output."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Sequence
from typing import Any

from audioconv.cli import terminal
from audioconv.cli.options import Show
from audioconv.errors import AudioconvError
from audioconv.job import Outcome

Rows = list[tuple[str, str]]
"""Names and what stands behind them."""


def err(text: str) -> None:
    """Write a line to standard error, if there is one."""
    if sys.stderr is not None:
        print(text, file=sys.stderr)


def out(text: str) -> None:
    """Write a line to standard output.

    Raises
    ------
    AudioconvError
        If that cannot be written to.
    """
    try:
        print(text)
    except OSError as error:
        raise unwritten(error) from None


def unwritten(error: OSError) -> AudioconvError:
    """Say that standard output cannot be written to."""
    if isinstance(error, BrokenPipeError):
        return AudioconvError("standard output was closed by its reader before the end")
    return AudioconvError(f"standard output cannot be written: {error.strerror or error}")


def print_json(value: dict[str, Any]) -> None:
    """Write one JSON object on one line of standard output, with null for what is not finite."""
    out(json.dumps(_finite(value)))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def rows(pairs: Rows, *, indent: str = "  ") -> str:
    """Lay out names and values as two columns."""
    width = max(len(key) for key, _ in pairs)
    return "\n".join(f"{indent}{key:<{width}}  {value}" for key, value in pairs)


def decibels(level: float, unit: str = "dB") -> str:
    """Write a level; silence is minus infinity, and a hair below zero is zero."""
    return f"{round(level, 2) + 0.0:+.2f} {unit}" if math.isfinite(level) else f"-inf {unit}"


def headroom(level: dict[str, float]) -> str:
    """Write in a line what an impulse does to levels."""
    from impulses.impulse import to_db  # late, so that help is quick

    peak, l1, rms = (decibels(to_db(level[key])) for key in ("peak", "l1", "rms"))
    return f"peak {peak}, sum|h| {l1}, rms {rms}, max|H| {decibels(level['max_response_db'])}"


def block(sections: Sequence[tuple[str, Rows]], notices: Sequence[str] = ()) -> None:
    """Write headings, each with names and values, and notices to standard error.

    To a terminal they go as a table, else as lines that scripts may rely on.
    """
    if terminal.shows(sys.stderr):
        terminal.table(sys.stderr, sections, notices)
        return
    for heading, pairs in sections:
        if heading:
            err(heading)
        err(rows(pairs))
    notes(notices)


def notes(notices: Sequence[str]) -> None:
    """Write what a careful person should know."""
    for notice in notices:
        err(f"notice: {notice}")


def wrote(output: str, what: str, notices: Sequence[str] = ()) -> None:
    """Tell in a line what was written."""
    from audioconv.files import display_name  # late, so that help is quick

    err(f"{display_name(output, role='output')}: {what}")
    notes(notices)


def outcome(made: Outcome, show: Show) -> None:
    """Tell what came of a job."""
    if show.json:
        print_json(made.as_json())
    if show.quiet:
        return
    from audioconv.files import display_name  # late, so that help is quick

    heading = f"{display_name(made.input)} -> {display_name(made.output, role='output')}"
    proven = [verdict(made.verified)] if made.verified else []
    block([(heading, summary(made)), *proven], made.notices)


def summary(made: Outcome) -> Rows:
    """Return what there is to tell of a job."""
    fft = f", FFTs of {made.fft_size} points" if made.fft_size else ""
    return [
        ("routes", made.routes),
        (
            "impulse",
            f"{made.impulse_frames} frame{'s' * (made.impulse_frames > 1)} "
            f"({made.impulse_frames / made.rate:.3f} s): {headroom(made.impulse_level)}",
        ),
        ("engine", f"{made.engine}, blocks of {made.block} frames{fft}"),
        ("gain", decibels(made.gain_db)),
        (
            "peak",
            f"{decibels(made.peak_dbfs, 'dBFS')} (guaranteed: at most "
            f"{decibels(made.guaranteed_dbfs, 'dBFS')}; expected: about "
            f"{decibels(made.expected_dbfs, 'dBFS')})",
        ),
        (
            "output",
            f"{made.frames} frames ({made.frames / made.rate:.3f} s), {made.channels} "
            f"channel{'s' * (made.channels > 1)}, {made.rate} Hz, {made.subtype}",
        ),
        ("time", f"{made.seconds:.2f} s, {made.speed:.0f} x real time"),
    ]


def proof(made: Outcome) -> Rows:
    """Return what is proven of a job, and what is sampled; nothing if it was not verified."""
    return verdict(made.verified)[1] if made.verified else []


def verdict(report: dict[str, Any]) -> tuple[str, Rows]:
    """Return a heading for a verification, and what is proven and what is sampled."""
    points = ", ".join(str(k) for k in report["points"])
    count = report["frames"] * report["channels"]
    sums = (
        f"guaranteed within {report['error_bound']:.2g} of exact in every block, which is under "
        "half a step of their grid: they are exact to the last bit"
        if report["exact"]
        else f"guaranteed within {report['error_bound']:.2g} of exact in every block"
    )
    certificate = "proven" if report["certificate_passed"] else "FAILED"
    samples = "proven" if report["samples_passed"] else "FAILED"
    spots = "sampled" if report["spots_passed"] else "FAILED"
    return "verified" if report["passed"] else "NOT verified", [
        (
            certificate,
            f"Y(z) = X(z) H(z) at {len(report['points'])} random points of the unit circle "
            f"(k = {points} of 2^31 - 1): {report['certificate_residual']:.2g} off, limit "
            f"{report['certificate_limit']:.2g}; one sum off by more, anywhere, would show",
        ),
        (
            samples,
            f"all {count} samples are those sums, rounded: at most "
            f"{report['samples_worst']:.3g} off, limit {report['samples_limit']:.3g}",
        ),
        (
            spots,
            f"{report['spots']} samples against the direct sum, exactly rounded: at most "
            f"{report['spots_worst']:.3g} off, limit {report['spots_limit']:.3g}",
        ),
        ("bound", f"the sums are {sums}"),
        ("rounding", f"{report['subtype']} adds at most {report['quantisation']:.3g}"),
    ]
