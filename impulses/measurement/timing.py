"""What is amiss with the time of a recording: what it lacks before, after, and is asked for."""

from __future__ import annotations

import itertools

import numpy as np

from impulses.impulse import ImpulseError, Taps, to_db
from impulses.measurement.harmonics import PERIODS, spacing
from impulses.measurement.inverses import lags
from impulses.measurement.locate import BLOCK, FALL, Found
from impulses.measurement.sweeps import Sweep

Notes = tuple[str, ...]

LOST = 0.01
"""Share of the excitation that may be missing: a tenth of an octave of ten."""

EARLIEST = 1e-3
"""Seconds that a response may begin early: a foot of air, or what a driver takes off."""

MISSING = 0.5
"""Decibels that the lowest octaves may lack."""


def told(seconds: float) -> str:
    """Return a time with the digits that matter.

    Examples
    --------
    >>> told(0.29), told(0.0106), told(0.00043)
    ('0.290 s', '10.6 ms', '430 us')
    """
    if seconds >= 0.1:
        return f"{seconds:.3f} s"
    # what would be 1000 us is a millisecond
    return f"{1e3 * seconds:.3g} ms" if seconds > 0.9995e-3 else f"{1e6 * seconds:.3g} us"


def early_time(sweep: Sweep | None, harmonics: int) -> float:
    """Return the seconds to keep before the excitation where none are given.

    What rings at the low end before the direct sound would, cut off there, be taken for the end
    of the harmonic that comes before. Half of the time between two harmonics is left to them.
    """
    if sweep is None or harmonics == 1:
        return 0.0
    return min(PERIODS / sweep.band[0], spacing(sweep, harmonics) / 2)


def of_early_time(before: float, sweep: Sweep | None) -> Notes:
    """Tell whether time kept before the excitation reaches into the distortion of order 2."""
    if sweep is None or sweep.kind == "mls" or before < sweep.harmonic_advance(2):
        return ()
    return (
        f"{1000 * before:g} ms are kept before the excitation, but its second harmonic comes "
        f"{1000 * sweep.harmonic_advance(2):.0f} ms before; keep less, or use a longer sweep",
    )


def of_low_end(found: Found, start: int, low: float, rate: int) -> Notes:
    """Tell what the lowest three octaves lack because they ring before the first frame kept."""
    if low <= 0 or found.lag - start >= PERIODS * rate / low:
        return ()
    reach = min(len(found.response) // 2, round(4 * PERIODS * rate / low))
    whole = lags(found.response, found.lag - reach, found.lag + reach)
    kept = whole.copy()
    kept[: max(0, start - found.lag + reach)] = 0
    edges = np.round(low * 2.0 ** np.arange(4) * len(whole) / rate).astype(np.int64)
    ratios = [_octaves(sound, edges) for sound in (kept, whole)]
    lacking = [to_db(np.sqrt(k / w)) if w > 0 else 0.0 for k, w in zip(*ratios, strict=True)]
    most = max(lacking, key=abs)
    if abs(most) < MISSING:
        return ()
    return (
        f"the low end rings before the impulse, which begins {told((found.lag - start) / rate)} "
        f"before its peak: {most:+.1f} dB in an octave between {low:.3g} and {8 * low:.3g} Hz; "
        f"keep {1000 * PERIODS / low:.3g} ms before (--before {1000 * PERIODS / low:.0f}ms)",
    )


def of_length(length: float, tail: float, longest: float) -> Notes:
    """Tell that a recording does not hold the length that is asked for."""
    return (
        f"length is {length:g} s, but the recording goes on for {told(tail)} after the "
        f"excitation: {told(longest)} are kept; record for longer, or ask for less",
    )


def of_response(found: Found, rate: int, low: float) -> Notes:
    """Tell whether a recording starts late or ends early, and refuse one without some of it."""
    for lost, problem in ((found.late, starts_late), (found.early, ends_early)):
        if lost > LOST * found.active:
            raise ImpulseError(problem(lost, rate))
    notes = []
    if found.late > 0:
        notes.append(starts_late(found.late, rate).replace(" over ", " under "))
    elif -found.lag > EARLIEST * rate:
        notes.append(
            f"recording starts {told(-found.lag / rate)} into the silence before the sweep, so the "
            f"impulse begins before its time zero (limit {told(EARLIEST)}); align it, or start to "
            "record first"
        )
    spare = -found.early / rate
    # as before the direct sound, the low end rings after it
    needed = max(found.fall, PERIODS / low if low > 0 else 0.0, BLOCK)
    if spare < needed:
        when = f"{told(spare)} after the sweep" if spare > 0 else "with the sweep"
        when = when if spare >= 0 else f"{told(-spare)} before the sweep does"
        notes.append(
            f"recording ends {when}, but the response needs {told(needed)} to fall by {FALL:g} dB; "
            f"record for {told(needed - spare)} longer"
        )
    return tuple(notes)


def starts_late(frames: int, rate: int) -> str:
    """Say that the first frames of an excitation are missing."""
    return (
        f"recording starts {told(frames / rate)} after the excitation did, over {LOST:.0%} of it; "
        "start to record first (or give the recording before the sweep)"
    )


def ends_early(frames: int, rate: int) -> str:
    """Say that the last frames of an excitation are missing."""
    return (
        f"recording ends {told(frames / rate)} before the excitation does, over {LOST:.0%} of it; "
        f"record until the sound has decayed, at least {told(frames / rate)} longer"
    )


def _octaves(sound: Taps, edges: np.ndarray[tuple[int], np.dtype[np.int64]]) -> list[float]:
    """Return the energy between the bins of a transform."""
    from scipy.fft import rfft

    energy = np.abs(rfft(sound)) ** 2
    return [float(energy[a:b].sum()) for a, b in itertools.pairwise(edges)]
