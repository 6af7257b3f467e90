"""Energy decay: backward integration, the end of a decay, and line fits.

Energy is one number per frame, ``h[n]^2`` summed over the channels, from the onset on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from impulses.acoustics.endings import STEADY_FALL, floor_end
from impulses.acoustics.lundeby import BLOCK, BLOCKS, FEWEST, Tail, averages, line_through, lundeby
from impulses.impulse import Taps
from impulses.quantities import Seconds

TAIL_BLOCKS = 10
"""Averages by which presumed noise is tested for steadiness."""

STRAIGHT = -0.9
"""Highest correlation of level and time at which averages count as a decay."""


@dataclass(frozen=True)
class DecayEnd:
    """The end of a decay, and an estimate of the energy beyond it.

    Parameters
    ----------
    frames : int
        Frames that belong to the decay.
    noise : float
        Mean energy per frame of steady noise; 0 without any.
    beyond : float
        Energy of the decay extrapolated beyond its last frame.
    rt60 : float
        Seconds in which the extrapolated decay falls by 60 dB; 0 without any.
    kind : {"noise", "silence", "cut", "fade", "rounding"}
        Whether the decay ends in steady noise or digital silence, is cut off or faded out, or
        rounded to nothing.
    """

    frames: int
    kind: Literal["noise", "silence", "cut", "fade", "rounding"]
    noise: float = 0.0
    beyond: float = 0.0
    rt60: float = 0.0


@dataclass(frozen=True)
class Line:
    """A line fitted to a decay.

    Parameters
    ----------
    rt60 : float
        Seconds in which the line falls by 60 dB.
    r : float
        Correlation of level and time; -1 for a straight decay.
    level : float
        dB at time 0.
    """

    rt60: float
    r: float
    level: float


def energy_decay(energy: Taps, *, noise: float = 0.0, beyond: float = 0.0) -> Taps:
    """Integrate energy backwards: ``E[n] = beyond + sum over m >= n of (energy[m] - noise)``.

    Without corrections this is Schroeder's integral, truncated if `energy` ends at the crosspoint.
    With `beyond` it is the integral of ISO 3382-1; with `noise` alone, Chu's.

    Parameters
    ----------
    energy : array, (frames,)
        From the onset to the end of the decay.
    noise : float >= 0
        Mean energy per frame of the noise to subtract.
    beyond : float >= 0
        Energy of the decay after the last frame (the constant C of the standard).

    Returns
    -------
    array, (frames,)
        Not normalised: its first value is the total energy. Noise subtraction can make the last
        values rise, or negative.

    References
    ----------
    M. R. Schroeder, "New method of measuring reverberation time", JASA 37, 1965.
    ISO 3382-1:2009, 5.3.3. W. T. Chu, JASA 63, 1978.

    Examples
    --------
    >>> energy_decay(np.array([4.0, 2.0, 1.0]), beyond=1)
    array([8., 4., 2.])
    """
    summed: Taps = np.cumsum((energy - noise)[::-1])[::-1] + beyond
    return summed


def decay_end(energy: Taps, rate: int, shortest: Seconds = 0.0) -> DecayEnd | None:
    """Find the end of a decay: in steady noise, in silence, or cut off while it still falls.

    Parameters
    ----------
    energy : array, (frames,), >= 0
        From the onset on.
    rate : int > 0
        Frames per second.
    shortest : float >= 0
        Shortest average in seconds, as for `lundeby`.

    Returns
    -------
    DecayEnd or None
        None if no decay rises above the noise.

    References
    ----------
    ISO 3382-1:2009, 5.3.3: the energy beyond the end is that of an exponential decay with the
    slope of the last 10 dB.

    Examples
    --------
    >>> decay_end(np.array([1.0, 0, 0, 0, 0, 0, 0, 0, 0.5, 0]), 1000)
    DecayEnd(frames=9, kind='silence', noise=0.0, beyond=0.0, rt60=0.0)
    """
    energy = energy[: int(np.flatnonzero(energy)[-1]) + 1]
    energy = energy[: floor_end(energy, rate, shortest)]
    tail = lundeby(energy, rate, shortest)
    if tail and _is_noise(energy, tail, rate):
        # at the crosspoint the decay is as loud as the noise
        beyond = tail.noise / (1 - 10 ** (-6 / (tail.rt60 * rate)))
        return DecayEnd(round(tail.crosspoint * rate), "noise", tail.noise, beyond, tail.rt60)
    if _is_sparse(energy, rate):
        return DecayEnd(len(energy), "silence")
    if tail is None:
        return None
    last = _last_part(energy, tail, rate)
    line = _fit_averages(last)
    rt60 = -60 / line[0] / rate if line and line[1] < STRAIGHT else tail.rt60
    return DecayEnd(len(energy), "cut", 0.0, _energy_beyond(last, rt60 * rate), rt60)


def fit(decay_db: Taps, rate: int, upper: float, lower: float) -> Line | None:
    """Fit a line to the part of a decay between two levels, by least squares.

    Parameters
    ----------
    decay_db : array, (frames,)
        The decay curve in dB relative to its start.
    rate : int > 0
        Frames per second.
    upper, lower : float
        dB, the range of the fit.

    Returns
    -------
    Line or None
        None if fewer than three frames are between them, or the line does not fall.

    References
    ----------
    ISO 3382-1:2009, 5.3.3 and annex A.2.2.

    Examples
    --------
    >>> fit(np.array([0.0, -3.0, -6.0, -9.0, -12.0]), 10, 0, -10)
    Line(rt60=2.0, r=-1.0, level=0.0)
    """
    below = np.flatnonzero(~(decay_db >= lower))
    end = int(below[0]) if len(below) else len(decay_db)
    start = int(np.argmax(decay_db[:end] <= upper)) if end else 0
    if end - start < FEWEST or decay_db[start] > upper:
        return None
    slope, level, r = line_through(decay_db[start:end])
    return Line(-60 / slope / rate, r, level - slope * start) if slope < 0 else None


def _is_sparse(energy: Taps, rate: int) -> bool:
    """Return whether the second half contains digital silence, as between single echoes."""
    length = max(1, min(round(BLOCK * rate), len(energy) // BLOCKS))
    levels = averages(energy, length)
    return len(levels) == 1 or not levels[len(levels) // 2 :].all()


def _is_noise(energy: Taps, tail: Tail, rate: int) -> bool:
    """Return whether the noise found is steady rather than a decay itself.

    A decay that is cut off crosses the mean of its own last tenth within that tenth; a second,
    slower decay falls by over 3 dB, close to a straight line.
    """
    if tail.crosspoint >= tail.noise_from:
        return False
    rest = energy[round(tail.noise_from * rate) :]
    line = _fit_averages(rest)
    return line is None or not (line[0] * len(rest) < STEADY_FALL and line[1] < STRAIGHT)


def _last_part(energy: Taps, tail: Tail, rate: int) -> Taps:
    """Return the end of a decay that is cut off: the last 10 dB, or a slower decay after a knee."""
    if tail.crosspoint < tail.noise_from:
        return energy[round(tail.noise_from * rate) :]
    return energy[max(0, len(energy) - round(tail.rt60 * rate / 6)) :]


def _fit_averages(energy: Taps) -> tuple[float, float] | None:
    """Fit a line to ten averages; return dB per frame and correlation."""
    length = len(energy) // TAIL_BLOCKS
    levels = averages(energy, length)[:TAIL_BLOCKS] if length else np.zeros(1)
    if not levels.all():
        return None
    slope, _, r = line_through(10 * np.log10(levels))
    return slope / length, r


def _energy_beyond(last: Taps, rt60: float) -> float:
    """Extrapolate an exponential decay beyond its end, from its last part.

    If that part has the energy S, and energy falls by a ratio q over its length, the rest is
    ``S (q + q^2 + ...) = S q / (1 - q)``.

    Parameters
    ----------
    last : array, (frames,)
        Energy of the last part.
    rt60 : float
        Frames in which the decay falls by 60 dB.
    """
    ratio = 10 ** (-6 * len(last) / rt60)
    return float(np.sum(last)) * ratio / (1 - ratio)
