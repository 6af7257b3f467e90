"""The report of a run: four or five lines for a person, all figures under -v, or JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence

from audioconv.cli import terminal, verification
from audioconv.cli.layout import Rows
from audioconv.cli.options import Show
from audioconv.cli.printing import duration, format_db, print_json, print_sections
from audioconv.effects.job import EffectOutcome
from audioconv.errors import counted
from audioconv.job import GUARD, Options, Outcome

VISIBLE = 0.05
"""Decibels from which a gain is not 0.0 dB."""


def print_outcome(outcome: Outcome, options: Options, show: Show) -> None:
    """Write the outcome of a job: lines for a person, or JSON."""
    proof = [] if outcome.verified is None else verification.brief(outcome.verified)
    level = [("level", _level(outcome, _wet(options), *_gains(outcome)))]
    _print(outcome, show, [*_output(outcome), *level, *proof, *_time(outcome)])


def print_page(outcome: Outcome, size: int) -> None:
    """Write the size of a page in bytes, what the guard did to its sound, and the notices."""
    from audioconv.files import display_name  # late, so that help is fast

    heading = f"{display_name(outcome.output, role='output')}: a page of {size / 1e6:.2f} MB"
    rows = [("level", lowered) for lowered in filter(None, _gains(outcome)[-1:])]
    print_sections([(heading, rows)], _without_guard(outcome.notices))


def print_effect(outcome: EffectOutcome, show: Show) -> None:
    """Write the outcome of an effect: lines for a person, or JSON."""
    rows = [*outcome.rows[:1], *_output(outcome)]  # the first is what was applied
    level = [("level", _level(outcome, _lowered(outcome.gain_db, outcome)))]
    _print(outcome, show, [*rows, *level, *_time(outcome)])


def _print(outcome: Outcome | EffectOutcome, show: Show, brief: Rows) -> None:
    """Write a report; without -v the level stands for the notice of the guard."""
    if show.json:
        print_json(outcome.as_json())
    if show.quiet:
        return
    from audioconv.files import display_name  # late, so that help is fast

    heading = f"{display_name(outcome.input)} -> {display_name(outcome.output, role='output')}"
    if not show.verbose:
        print_sections([(heading, brief)], _without_guard(outcome.notices))
        return
    sections = [(heading, outcome_rows(outcome))]
    if isinstance(outcome, Outcome) and outcome.verified:
        sections.append(verification.section(outcome.verified))
    print_sections(sections, outcome.notices)


def _without_guard(notices: Sequence[str]) -> list[str]:
    """Return the notices but that of the guard, for which the level stands."""
    return [notice for notice in notices if not notice.startswith(GUARD)]


def outcome_rows(outcome: Outcome | EffectOutcome) -> Rows:
    """Return all rows that describe the outcome of a run."""
    own = _of_job(outcome) if isinstance(outcome, Outcome) else _of_effect(outcome)
    return [*own, *_output(outcome), *_time(outcome)]


def _of_job(outcome: Outcome) -> Rows:
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
            f"{format_db(outcome.peak_dbfs, 'dBFS')}{_limited(outcome)} (guaranteed: at most "
            f"{format_db(outcome.guaranteed_dbfs, 'dBFS')}; expected: about "
            f"{format_db(outcome.expected_dbfs, 'dBFS')})",
        ),
    ]


def _of_effect(outcome: EffectOutcome) -> Rows:
    return [
        *outcome.rows,
        ("gain", format_db(outcome.gain_db)),
        ("peak", f"{format_db(outcome.peak_dbfs, 'dBFS')}{_limited(outcome)}"),
    ]


def _output(outcome: Outcome | EffectOutcome) -> Rows:
    """Return the row on length and format of the output."""
    return [
        (
            "output",
            f"{duration(outcome.frames, outcome.rate)}, {counted(outcome.channels, 'channel')}, "
            f"{outcome.rate} Hz, {_coding(outcome)}",
        ),
    ]


def _time(outcome: Outcome | EffectOutcome) -> Rows:
    speed = f", {terminal.factor(outcome.speed)}" if outcome.frames else ""
    return [("time", f"{outcome.seconds:.2f} s{speed}")]


def _wet(options: Options) -> str:
    """Describe a gain that lowers the wet sound, if there is no dry sound; empty otherwise."""
    from impulses.impulse import to_db  # late, so that help is fast

    wet, dry = options.gains
    return "" if dry or not 0 < abs(wet) < 1 else f"wet {_decibels(to_db(abs(wet)))} dB, dry 0"


def _level(outcome: Outcome | EffectOutcome, *changes: str) -> str:
    """Describe the peak of an output, and what was done to its level."""
    silent = outcome.peak_dbfs == -math.inf
    peak = "silent" if silent else f"peak {_decibels(outcome.peak_dbfs)} dBFS{_limited(outcome)}"
    return "; ".join(filter(None, [peak, *changes]))


def _limited(outcome: Outcome | EffectOutcome) -> str:
    """Describe that the peak was measured before samples past full scale were limited."""
    return ", limited to full scale" if outcome.clipped else ""


def _gains(outcome: Outcome) -> list[str]:
    """Describe the gains of the impulse, of the match and of the guard, in their order."""
    match = outcome.match_gain_db or 0.0
    impulse = outcome.gain_db - match - outcome.guard_gain_db
    told = []
    if VISIBLE <= abs(impulse) < math.inf:
        told.append(f"impulse {'raised' if impulse > 0 else 'lowered'} by {abs(impulse):.1f} dB")
    reached = ""
    if outcome.matched is not None:
        level, unit = float(outcome.matched["level"]), outcome.matched["unit"]
        told.append(f"matched to {_decibels(level)} {unit} by {match:+.1f} dB")
        reached = f" to {_decibels(level + outcome.guard_gain_db)} {unit}"
    return [*told, _lowered(outcome.guard_gain_db, outcome, reached)]


def _lowered(guard: float, outcome: Outcome | EffectOutcome, reached: str = "") -> str:
    """Describe the gain of the guard; empty if it did nothing."""
    if not guard:
        return ""
    from audioconv.files import INTEGER_BITS  # late, so that help is fast
    from audioconv.metering.matching import decimals

    bits = INTEGER_BITS.get(outcome.subtype)
    holds = f"{bits} bits hold" if bits else f"{_codec(outcome.subtype)} holds"
    lowered = f"lowered by {-guard:.{decimals(guard, 1)}f} dB{reached}"
    return f"{lowered} so that {holds} it"


def _decibels(level: float) -> str:
    """Format a level to a tenth.

    Examples
    --------
    >>> _decibels(-1.94), _decibels(-0.0003), _decibels(3.2)
    ('-1.9', '0.0', '+3.2')
    """
    rounded = round(level, 1)
    return f"{rounded:+.1f}" if rounded else "0.0"


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
    return f"{_codec(outcome.subtype)} at {outcome.bit_rate / 1000:.0f} kbit/s"


def _codec(subtype: str) -> str:
    """Return the usual name of a lossy coding."""
    from audioconv.files import CODECS  # late, so that help is fast

    return CODECS.get(subtype, subtype)


def _levels(level: dict[str, float]) -> str:
    """Format the levels of an impulse response."""
    from impulses.impulse import to_db  # late, so that help is fast

    peak, l1, rms = (format_db(to_db(level[key])) for key in ("peak", "l1", "rms"))
    return f"peak {peak}, sum|h| {l1}, rms {rms}, max|H| {format_db(level['max_response_db'])}"
