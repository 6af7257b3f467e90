"""Timing of a recording: sound missing at its start or end, and time to keep around a response."""

from __future__ import annotations

import itertools
from typing import Literal

import numpy as np

from impulses.impulse import ImpulseError, Taps, to_db
from impulses.measurement.harmonics import PERIODS, spacing
from impulses.measurement.inverses import take_lags
from impulses.measurement.locate import BLOCK, FALL, LocatedResponse
from impulses.measurement.sweeps import Sweep

Notes = tuple[str, ...]

LOST = 0.01
"""Share of the excitation that may be missing: a tenth of an octave of ten."""

EARLIEST = 1e-3
"""Seconds by which a response may begin early: a foot of air, or the rise of a driver."""

MISSING = 0.5
"""Decibels that the lowest octaves may lack."""


def format_time(seconds: float) -> str:
    """Return a time as text, with three digits.

    Examples
    --------
    >>> format_time(0.29), format_time(0.0106), format_time(0.00043)
    ('0.290 s', '10.6 ms', '430 us')
    """
    if seconds >= 0.1:
        return f"{seconds:.3f} s"
    # rounded to 1000 us, it is a millisecond
    return f"{1e3 * seconds:.3g} ms" if seconds > 0.9995e-3 else f"{1e6 * seconds:.3g} us"


def default_before(sweep: Sweep | None, harmonics: int) -> float:
    """Return the seconds to keep before the excitation by default.

    The low end rings before the direct sound. Cut off there, the ringing would count as the end of
    the harmonic before it. Half of the time between two harmonics is left to the earlier one.
    """
    if sweep is None or harmonics == 1:
        return 0.0
    return min(PERIODS / sweep.band[0], spacing(sweep, harmonics) / 2)


def check_before(before: float, sweep: Sweep | None) -> Notes:
    """Note if the time kept before the excitation reaches into the distortion of order 2."""
    if sweep is None or sweep.kind == "mls" or before < sweep.harmonic_advance(2):
        return ()
    return (
        f"{1000 * before:g} ms are kept before the excitation, but its second harmonic arrives "
        f"{1000 * sweep.harmonic_advance(2):.0f} ms before it; keep less, or use a longer sweep",
    )


def check_low_end(located: LocatedResponse, start: int, low: float, rate: int) -> Notes:
    """Note if the lowest three octaves change because they ring before the first frame kept.

    Parameters
    ----------
    located : LocatedResponse
    start : int
        First lag that is kept.
    low : float
        Lowest frequency of the band in Hz.
    rate : int
        Samples per second.
    """
    if low <= 0 or located.lag - start >= PERIODS * rate / low:
        return ()
    reach = min(len(located.response) // 2, round(4 * PERIODS * rate / low))
    whole = take_lags(located.response, located.lag - reach, located.lag + reach)
    kept = whole.copy()
    kept[: max(0, start - located.lag + reach)] = 0
    edges = np.round(low * 2.0 ** np.arange(4, dtype=np.int64) * len(whole) / rate).astype(np.int64)
    energies = [_octave_energies(sound, edges) for sound in (kept, whole)]
    changes = [to_db(np.sqrt(k / w)) if w > 0 else 0.0 for k, w in zip(*energies, strict=True)]
    largest = max(changes, key=abs)
    if abs(largest) < MISSING:
        return ()
    return (
        f"the low end rings before the impulse, which begins "
        f"{format_time((located.lag - start) / rate)} before its peak: an octave between "
        f"{low:.3g} and {8 * low:.3g} Hz is off by {largest:+.1f} dB for it; pass "
        f"`before={PERIODS / low:.3g}`",
    )


def short_length(length: float, tail: float, longest: float) -> Notes:
    """Return a note that a recording is too short for the length asked for."""
    return (
        f"length is {length:g} s, but the recording ends {format_time(tail)} after the "
        f"excitation: {format_time(longest)} are kept; record longer, or ask for less",
    )


def check_coverage(located: LocatedResponse, rate: int, low: float) -> Notes:
    """Note if a recording starts late or ends early.

    Parameters
    ----------
    located : LocatedResponse
    rate : int
        Samples per second.
    low : float
        Lowest frequency of the band in Hz.

    Raises
    ------
    ImpulseError
        If the recording lacks more than `LOST` of the excitation.
    """
    for lost, problem in ((located.late, starts_late), (located.early, ends_early)):
        if lost > LOST * located.active:
            raise ImpulseError(problem(lost, rate))
    notes = []
    if located.late > 0:
        notes.append(starts_late(located.late, rate, "under"))
    elif -located.lag > EARLIEST * rate:
        notes.append(
            f"recording starts {format_time(-located.lag / rate)} into the silence before the "
            "sweep, so the impulse begins before its time zero (limit "
            f"{format_time(EARLIEST)}); align it, or start recording earlier"
        )
    spare = -located.early / rate
    # the low end rings after the direct sound as it does before it
    needed = max(located.fall, PERIODS / low if low > 0 else 0.0, BLOCK)
    if spare < needed:
        when = f"{format_time(spare)} after the sweep" if spare > 0 else "with the sweep"
        when = when if spare >= 0 else f"{format_time(-spare)} before the sweep does"
        notes.append(
            f"recording ends {when}, but the response needs {format_time(needed)} to fall by "
            f"{FALL:g} dB; record for {format_time(needed - spare)} longer"
        )
    return tuple(notes)


def starts_late(frames: int, rate: int, limit: Literal["over", "under"] = "over") -> str:
    """Return a message that the first frames of an excitation are missing."""
    return (
        f"recording starts {format_time(frames / rate)} into the excitation, {limit} {LOST:.0%} of "
        "it; start recording earlier (or give the recording before the sweep)"
    )


def ends_early(frames: int, rate: int) -> str:
    """Return a message that the last frames of an excitation are missing."""
    missing = format_time(frames / rate)
    return (
        f"recording ends {missing} before the excitation does, over {LOST:.0%} of it; "
        f"record until the sound has decayed, at least {missing} longer"
    )


def _octave_energies(sound: Taps, edges: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[float]:
    """Return the energy between the edges, which are bins of a transform."""
    from scipy.fft import rfft

    energy = np.abs(rfft(sound)) ** 2
    return [float(energy[a:b].sum()) for a, b in itertools.pairwise(edges)]
