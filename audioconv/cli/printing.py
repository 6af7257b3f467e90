"""Results for a person: lines on standard error, or JSON on standard output."""

from __future__ import annotations

import io
import json
import math
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TextIO

from audioconv.cli import terminal
from audioconv.cli.options import Show
from audioconv.cli.wording import as_options
from audioconv.effects.job import EffectOutcome
from audioconv.errors import AudioconvError, counted, printable
from audioconv.job import Outcome, VerificationReport
from audioconv.urls import public_name, public_text

NAMES = "path", "input", "output"
"""Keys of objects under which the name of a file stands."""

Rows = list[tuple[str, str]]
"""Labels and values."""


def err(text: str) -> None:
    """Write lines to standard error, if it is there and can be written."""
    if sys.stderr is None:
        return
    with _unless_lost(sys.stderr):
        print(_lines(text), file=sys.stderr)


def out(text: str) -> None:
    """Write lines to standard output.

    Raises
    ------
    AudioconvError
        If it cannot be written.
    """
    try:
        print(_lines(text))
    except OSError as error:
        raise write_error(error) from None


def _lines(text: str) -> str:
    """Return lines as a terminal may show them, whatever text of a file is in them."""
    return "\n".join(map(printable, text.split("\n")))


@contextmanager
def _unless_lost(stream: TextIO) -> Iterator[None]:
    """Suppress errors of standard error: nothing that is done fails because it cannot be told."""
    try:
        yield
    except (OSError, ValueError):
        discard(stream)


def escape_unencodable() -> None:
    """Make both standard streams escape what their encodings lack, such as kanji in cp1252."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def discard(stream: TextIO) -> None:
    """Send what is still to be written, and Python writes on exit, nowhere."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def write_error(error: OSError) -> AudioconvError:
    """Return the error for standard output that cannot be written."""
    if isinstance(error, BrokenPipeError):
        return AudioconvError("standard output was closed by its reader before the end")
    return AudioconvError(f"standard output cannot be written: {error.strerror or error}")


def print_error(message: str) -> None:
    """Write an error as one line on standard error."""
    err(f"error: {one_line(message)}")


def print_notices(notices: Sequence[str]) -> None:
    """Write each notice as a line on standard error."""
    for notice in notices:
        err(f"notice: {one_line(notice)}")


def one_line(message: str) -> str:
    """Return a message as one line, without what may be secret in a URL."""
    return public_text(" ".join(as_options(message).splitlines()))


def print_json(value: dict[str, Any]) -> None:
    """Write one JSON object on a line of standard output, with null for NaN and infinity.

    Of files at URLs it names what is public.
    """
    names = {key: public_name(value[key]) for key in NAMES if isinstance(value.get(key), str)}
    value = {**value, **names}
    if "notices" in value:
        value = {**value, "notices": [*map(as_options, value["notices"])]}
    out(json.dumps(_finite(value)))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def two_columns(pairs: Rows, *, indent: str = "  ") -> str:
    """Align labels and values in two columns."""
    width = max((len(label) for label, _ in pairs), default=0)
    return "\n".join(f"{indent}{label:<{width}}  {value}" for label, value in pairs)


def format_db(level: float, unit: str = "dB") -> str:
    """Format a level, with ``-inf`` for silence and without negative zero.

    Examples
    --------
    >>> format_db(-6.0206), format_db(-1e-9), format_db(-math.inf, "dBFS")
    ('-6.02 dB', '+0.00 dB', '-inf dBFS')
    """
    return f"{round(level, 2) + 0.0:+.2f} {unit}" if math.isfinite(level) else f"-inf {unit}"


def duration(frames: int, rate: int) -> str:
    """Format a number of frames, and the same in seconds.

    Examples
    --------
    >>> duration(48000, 48000), duration(1, 48000)
    ('48000 frames (1.000 s)', '1 frame (0.000 s)')
    """
    return f"{counted(frames, 'frame')} ({frames / rate:.3f} s)"


def print_sections(sections: Sequence[tuple[str, Rows]], notices: Sequence[str] = ()) -> None:
    """Write sections, each a heading and rows, and notices to standard error.

    A terminal shows them as tables; otherwise they are lines that scripts may rely on.
    """
    if terminal.shows(sys.stderr):
        with _unless_lost(sys.stderr):
            terminal.table(sys.stderr, sections, [*map(one_line, notices)])
        return
    for heading, rows in sections:
        if heading:
            err(heading)
        err(two_columns(rows))
    print_notices(notices)


def print_written(output: str, description: str, notices: Sequence[str] = ()) -> None:
    """Write the name of an output file and a description of it as one line, and notices."""
    from audioconv.files import display_name  # late, so that help is fast

    err(f"{display_name(output, role='output')}: {description}")
    print_notices(notices)


def print_outcome(outcome: Outcome, show: Show) -> None:
    """Write the outcome of a job: sections for a person, or JSON."""
    if show.json:
        print_json(outcome.as_json())
    if show.quiet:
        return
    from audioconv.files import display_name  # late, so that help is fast

    heading = f"{display_name(outcome.input)} -> {display_name(outcome.output, role='output')}"
    sections = [(heading, outcome_rows(outcome))]
    if outcome.verified:
        sections.append(verification_section(outcome.verified))
    print_sections(sections, outcome.notices)


def outcome_rows(outcome: Outcome) -> Rows:
    """Return the rows that describe the outcome of a job."""
    fft = f", FFTs of up to {outcome.fft_size} points" if outcome.fft_size else ""
    return [
        ("routes", outcome.routes),
        (
            "impulse",
            f"{duration(outcome.impulse_frames, outcome.rate)}: {_levels(outcome.impulse_level)}",
        ),
        ("engine", f"{outcome.engine}, blocks of up to {outcome.block} frames{fft}"),
        ("gain", f"{format_db(outcome.gain_db)}{_matched(outcome)}"),
        (
            "peak",
            f"{format_db(outcome.peak_dbfs, 'dBFS')} (guaranteed: at most "
            f"{format_db(outcome.guaranteed_dbfs, 'dBFS')}; expected: about "
            f"{format_db(outcome.expected_dbfs, 'dBFS')})",
        ),
        *_written(outcome),
    ]


def print_effect(outcome: EffectOutcome, show: Show) -> None:
    """Write the outcome of an effect: rows for a person, or JSON."""
    if show.json:
        print_json(outcome.as_json())
    if show.quiet:
        return
    from audioconv.files import display_name  # late, so that help is fast

    heading = f"{display_name(outcome.input)} -> {display_name(outcome.output, role='output')}"
    rows = [
        *outcome.rows,
        ("gain", format_db(outcome.gain_db)),
        ("peak", format_db(outcome.peak_dbfs, "dBFS")),
        *_written(outcome),
    ]
    print_sections([(heading, rows)], outcome.notices)


def _written(outcome: Outcome | EffectOutcome) -> Rows:
    """Return the rows on the output itself, and the time it took."""
    return [
        (
            "output",
            f"{duration(outcome.frames, outcome.rate)}, {counted(outcome.channels, 'channel')}, "
            f"{outcome.rate} Hz, {_coding(outcome)}",
        ),
        ("time", f"{outcome.seconds:.2f} s, {outcome.speed:.0f} x real time"),
    ]


def _matched(outcome: Outcome) -> str:
    """Describe the gains of match and guard, if there is a match."""
    if outcome.matched is None or outcome.match_gain_db is None:
        return ""
    level = format_db(float(outcome.matched["level"]), str(outcome.matched["unit"]))
    visible = round(outcome.guard_gain_db, 2) != 0
    guard = f", guard {format_db(outcome.guard_gain_db)}" if visible else ""
    return f" (match {format_db(outcome.match_gain_db)}, to {level}{guard})"


def _coding(outcome: Outcome | EffectOutcome) -> str:
    """Return the subtype of an output; of a lossy one, the usual name and the bit rate."""
    if outcome.bit_rate is None:
        return outcome.subtype
    from audioconv.files import CODECS  # late, so that help is fast

    name = CODECS.get(outcome.subtype, outcome.subtype)
    return f"{name} at {outcome.bit_rate / 1000:.0f} kbit/s"


def _levels(level: dict[str, float]) -> str:
    """Format the levels of an impulse response."""
    from impulses.impulse import to_db  # late, so that help is fast

    peak, l1, rms = (format_db(to_db(level[key])) for key in ("peak", "l1", "rms"))
    return f"peak {peak}, sum|h| {l1}, rms {rms}, max|H| {format_db(level['max_response_db'])}"


def verification_rows(outcome: Outcome) -> Rows:
    """Return the rows of the verification of a job; none if it was not verified."""
    return verification_section(outcome.verified)[1] if outcome.verified else []


def verification_section(report: VerificationReport) -> tuple[str, Rows]:
    """Return heading and rows of a verification: checks that are proven, and those sampled."""
    count = report.frames * report.channels
    bound = f"the sums are guaranteed within {report.error_bound:.2g} of exact in every block"
    if report.exact:
        bound += ", which is under half a step of their grid: they are exact to the last bit"
    certificate = "proven" if report.certificate_passed else "FAILED"
    samples = "proven" if report.samples_passed else "FAILED"
    spots = "sampled" if report.spots_passed else "FAILED"
    return "verified" if report.passed else "NOT verified", [
        (certificate, f"{_to_level(report, report.certificate_limit)}{_certificate(report)}"),
        (
            samples,
            f"{_to_level(report, report.samples_limit)}all {count} samples are those sums, "
            f"rounded: {_samples(report)}",
        ),
        (spots, f"{_to_level(report, report.spots_limit)}{_spots(report)}"),
        *_limited(report),
        ("bound", bound),
        ("rounding", f"{report.subtype} adds at most {report.quantisation:.3g}"),
    ]


def _to_level(report: VerificationReport, limit: float) -> str:
    """Say how far below the signal a limit lies, if single precision left it high."""
    if report.precision != "single" or not report.passed:
        return ""
    from impulses.impulse import to_db  # late, so that help is fast

    level, peak = (format_db(to_db(value), "dBFS") for value in (limit, report.peak))
    return f"to {level}, beside a peak of {peak}: "


def _certificate(report: VerificationReport) -> str:
    """Describe what is proven of the sums, and how."""
    sums = (
        "the sums, computed anew by the same engine,"
        if report.anew
        else "the sums of the run, of the sound as it was read, once, and the impulse as prepared,"
    )
    primes = " and ".join(str(prime) for prime in report.primes)
    return (
        f"{sums} are the convolution: folded modulo the random primes {primes}, they are "
        f"{report.certificate_residual:.2g} off, limit {report.certificate_limit:.2g}; one sum off "
        f"by {report.certificate_smallest:.2g}, anywhere, would show"
    )


def _spots(report: VerificationReport) -> str:
    """Describe the comparison with the direct sum."""
    off = _deviation(report.spots_worst, report.spots_limit, report.spots_failed_at)
    return (
        f"{counted(report.spots, 'sample')} against the direct sum, {report.spots_exact} of them "
        f"exactly rounded, the rest to 100 bits: {off}"
    )


def _samples(report: VerificationReport) -> str:
    """Describe how far the samples are off their sums, and whether there are as many."""
    if report.frames_expected in (None, report.frames) or report.samples_failed_at:
        return _deviation(report.samples_worst, report.samples_limit, report.samples_failed_at)
    return (
        f"there are {counted(report.frames, 'frame')} instead of {report.frames_expected}; the "
        "frames that both have are right"
    )


def _limited(report: VerificationReport) -> Rows:
    """Return the row on samples limited to full scale, if there are any."""
    if report.limited_passed and not report.limited:
        return []
    row = f"{counted(report.limited, 'sample')} past full scale, limited to it"
    return [("limited" if report.limited_passed else "FAILED", row)]


def _deviation(worst: float, limit: float, place: tuple[int, int] | None) -> str:
    """Describe the deviation of the sample that fails, or else the largest of any."""
    which = "at most" if place is None else f"frame {place[0]}, channel {place[1]} is"
    return f"{which} {worst:.3g} off, limit {limit:.3g}"
