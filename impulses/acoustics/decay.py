"""Energy decay: backward integration, where the noise begins, and lines fitted to the decay.

Energy is one number a frame, ``h[n]^2`` summed over whatever channels, from the onset on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from impulses.acoustics.lundeby import BLOCK, BLOCKS, FEWEST, Tail, averages, line_through, lundeby
from impulses.impulse import Taps
from impulses.quantities import Seconds

TAIL_BLOCKS = 10
"""Averages of what may be noise, which tell whether it is steady."""

FALL = -3.0
"""dB from end to end by which noise may fall and be steady."""

STRAIGHT = -0.9
"""Correlation of the averages of a decay, at most."""


@dataclass(frozen=True)
class Ending:
    """How far a decay can be followed, and what is known of the energy after that.

    Parameters
    ----------
    frames : int
        Frames that belong to the decay.
    noise : float
        Mean energy of a frame of steady noise; 0 if there is none.
    beyond : float
        Energy that the decay would have after its last frame.
    rt60 : float
        Seconds in which that energy would fall by 60 dB; 0 if there is none.
    kind : {"noise", "silence", "cut"}
        What ends it.
    """

    frames: int
    kind: Literal["noise", "silence", "cut"]
    noise: float = 0.0
    beyond: float = 0.0
    rt60: float = 0.0


@dataclass(frozen=True)
class Line:
    """A straight line through a decay.

    Parameters
    ----------
    rt60 : float
        Seconds in which it falls by 60 dB.
    r : float
        Its correlation; -1 is best.
    level : float
        dB at time 0.
    """

    rt60: float
    r: float
    level: float


def energy_decay(energy: Taps, *, noise: float = 0.0, beyond: float = 0.0) -> Taps:
    """Integrate energy backwards: ``E[n] = beyond + sum over m >= n of (energy[m] - noise)``.

    All of energy without a correction is Schroeder's integral; up to the crosspoint, it is
    truncated; with `beyond` it is ISO 3382-1's, with `noise` alone it is Chu's.

    Parameters
    ----------
    energy : array, (frames,)
        From the onset to where the decay ends.
    noise : float >= 0
        Mean energy of a frame of the noise, which is subtracted.
    beyond : float >= 0
        Energy of the decay after the last frame (the constant C of the standard).

    Returns
    -------
    array, (frames,)
        Not normalised: its first value is the energy of all. Noise that is subtracted can
        make its last values rise, or negative.

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


def ending(energy: Taps, rate: int, shortest: Seconds = 0.0) -> Ending | None:
    """Tell where a decay ends: at steady noise, in silence, or cut off while it still falls.

    Parameters
    ----------
    energy : array, (frames,), >= 0
        From the onset on.
    rate : int > 0
        Frames per second.

    Returns
    -------
    Ending or None
        None if no decay stands out of the noise.

    References
    ----------
    ISO 3382-1:2009, 5.3.3: the energy beyond the end is that of an exponential decay, at the
    rate found between the end and the point 10 dB above it.

    Examples
    --------
    >>> ending(np.array([1.0, 0, 0, 0, 0, 0, 0, 0, 0.5, 0]), 1000)
    Ending(frames=9, kind='silence', noise=0.0, beyond=0.0, rt60=0.0)
    """
    energy = energy[: int(np.flatnonzero(energy)[-1]) + 1]
    tail = lundeby(energy, rate, shortest)
    if tail and _is_noise(energy, tail, rate):
        # at the crosspoint the decay is as loud as the noise
        beyond = tail.noise / (1 - 10 ** (-6 / (tail.rt60 * rate)))
        return Ending(round(tail.crosspoint * rate), "noise", tail.noise, beyond, tail.rt60)
    if _is_sparse(energy, rate):
        return Ending(len(energy), "silence")
    if tail is None:
        return None
    stretch = _last_stretch(energy, tail, rate)
    line = _tail_line(stretch)
    rt60 = -60 / line[0] / rate if line and line[1] < STRAIGHT else tail.rt60
    return Ending(len(energy), "cut", 0.0, _beyond(stretch, rt60 * rate), rt60)


def fit(decay_db: Taps, rate: int, upper: float, lower: float) -> Line | None:
    """Fit a line to the part of a decay between two levels, by least squares.

    Parameters
    ----------
    decay_db : array, (frames,)
        The decay, in dB beside its start.
    rate : int > 0
        Frames per second.
    upper, lower : float
        dB between which the line is fitted.

    Returns
    -------
    Line or None
        None if fewer than three frames are between the two.

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
    """Tell whether the second half has digital silence in it, as single echoes leave it."""
    length = max(1, min(round(BLOCK * rate), len(energy) // BLOCKS))
    levels = averages(energy, length)
    return len(levels) == 1 or not levels[len(levels) // 2 :].all()


def _is_noise(energy: Taps, tail: Tail, rate: int) -> bool:
    """Tell whether a tail is steady: below its decay, and not a decay itself.

    A decay that is cut off meets the mean of its own last tenth inside of that tenth; a second,
    slower decay falls by over 3 dB, and close to a line.
    """
    if tail.crosspoint >= tail.noise_from:
        return False
    rest = energy[round(tail.noise_from * rate) :]
    line = _tail_line(rest)
    return line is None or not (line[0] * len(rest) < FALL and line[1] < STRAIGHT)


def _last_stretch(energy: Taps, tail: Tail, rate: int) -> Taps:
    """Return the end of a decay that is cut off: the last 10 dB, or a slower decay after a knee."""
    if tail.crosspoint < tail.noise_from:
        return energy[round(tail.noise_from * rate) :]
    return energy[max(0, len(energy) - round(tail.rt60 * rate / 6)) :]


def _tail_line(energy: Taps) -> tuple[float, float] | None:
    """Return the dB a frame and the correlation of a line through ten averages."""
    length = len(energy) // TAIL_BLOCKS
    levels = averages(energy, length)[:TAIL_BLOCKS] if length else np.zeros(1)
    if not levels.all():
        return None
    slope, _, r = line_through(10 * np.log10(levels))
    return slope / length, r


def _beyond(stretch: Taps, rt60: float) -> float:
    """Return the energy after the end of an exponential decay, from its last stretch.

    If energy falls by a ratio q in the stretch, and the stretch holds S, all that follows is
    ``S (q + q^2 + ...) = S q / (1 - q)``.
    """
    ratio = 10 ** (-6 * len(stretch) / rt60)
    return float(np.sum(stretch)) * ratio / (1 - ratio)
