"""Every sample of an output, compared with the rounded sums."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from audioconv.engines.audio import Audio
from audioconv.files import INTEGER_BITS, triangular_noise
from impulses.impulse import Taps

FLOAT_ROUNDOFF = {"FLOAT": 2.0**-24, "DOUBLE": 2.0**-53}
LEAST_FLOAT = {"FLOAT": 2.0**-150, "DOUBLE": 2.0**-1074}
"""Half the least number; of DOUBLE all of it, as there is no half."""


class Rounding:
    """The rounding of sums to a subtype, and the deviation that it allows.

    Parameters
    ----------
    subtype : str
    dither : str
        ``tpdf`` adds noise that is known sample by sample
    gain : float
        between the sums and the output
    """

    def __init__(self, subtype: str, dither: str, gain: float) -> None:
        self._bits = INTEGER_BITS.get(subtype)
        self._dither = dither == "tpdf" and self._bits is not None
        self._step = 2.0 ** (1 - (self._bits or 0))
        self._gain = gain
        self._relative = FLOAT_ROUNDOFF.get(subtype, 0.0)
        # half a step of the integers, or half the least number of a float
        self._absolute = 2.0**-self._bits if self._bits else LEAST_FLOAT.get(subtype, 0.0)

    def wanted(self, sums: Audio, start: int) -> Taps:
        """Return the values that the output's frames from `start` on are rounded from."""
        return self.limited(self.unlimited(sums, start))

    def unlimited(self, sums: Audio, start: int) -> Taps:
        """Return the same before they are limited to full scale."""
        wanted: Taps = sums.astype(np.float64, copy=False) * self._gain
        if self._dither:
            wanted = wanted + triangular_noise(start, *wanted.shape) * self._step
        return wanted

    def limited(self, unlimited: Taps) -> Taps:
        """Return values limited to full scale, if the subtype has one."""
        return unlimited if self._bits is None else np.clip(unlimited, -1, 1 - self._step)

    def past(self, unlimited: Taps) -> Taps:
        """Return by how much each value is past all that round to full scale at most.

        A value that is past it by 0 is a tie, which rounds to the even number: past the largest,
        but not past the smallest.

        Examples
        --------
        >>> Rounding("PCM_U8", "none", 1.0).past(np.array([1.0, -1.0]))
        array([ 0.00390625, -0.00390625])
        """
        if self._bits is None:
            return np.full_like(unlimited, -np.inf)
        return np.maximum(unlimited - (1 - self._step / 2), -1 - self._step / 2 - unlimited)

    def allowance(self, wanted: Audio) -> Audio:
        """Return the largest deviation of each sample that rounding explains."""
        # the comparison itself rounds too, by a few units of the last place
        return self._absolute + (self._relative + 2.0**-51) * np.abs(wanted)

    def most(self, peak: float) -> float:
        """Return the largest rounding error of samples up to a peak."""
        return self._absolute + (self._relative + 2.0**-51) * peak


class Deviation(NamedTuple):
    """The deviation of one sample, and what rounding allows it.

    Parameters
    ----------
    size, allowance : float
    frame, channel : int
    """

    size: float
    allowance: float
    frame: int
    channel: int

    @property
    def excess(self) -> float:
        """The deviation that rounding does not explain; infinite if it is not a number."""
        excess = self.size - self.allowance
        return math.inf if math.isnan(excess) else excess


NONE = Deviation(0.0, np.inf, 0, 0)
"""The deviation of no sample."""


def farthest_off(deviation: Audio, allowance: Audio, start: int = 0) -> Deviation:
    """Return the sample that exceeds its allowance by most, or comes nearest to it.

    Parameters
    ----------
    deviation, allowance : array, (frames, channels)
    start : int
        number of the first frame

    Examples
    --------
    >>> farthest_off(np.array([[2.0, 1e-3]]), np.array([[3.0, 1e-9]]), 5)
    Deviation(size=0.001, allowance=1e-09, frame=5, channel=1)
    """
    place = np.unravel_index(np.argmax(deviation - allowance), deviation.shape)
    frame, channel = int(place[0]), int(place[1])
    return Deviation(float(deviation[place]), float(allowance[place]), start + frame, channel)


class SampleCheck:
    """The comparison of an output with its sums, as two streams.

    Parameters
    ----------
    rounding : Rounding
    picked : iterable of int
        frames whose samples are to be kept

    Attributes
    ----------
    frames : int
        compared so far
    worst : float
        largest deviation; NaN if one is
    farthest : Deviation
        that of the sample which exceeds its allowance by most, or comes nearest to it
    picked : dict of int to array
        samples found at those frames
    limited : int
        sums past full scale
    past : Deviation
        the sum that is past it by most
    """

    def __init__(self, rounding: Rounding, picked: Iterable[int]) -> None:
        self.frames = 0
        self.worst = 0.0
        self.farthest = NONE
        self.picked: dict[int, Taps] = {}
        self.limited = 0
        self.past = NONE
        self._rounding = rounding
        self._wanted = sorted(set(picked))

    def take(self, sums: Audio, found: Audio) -> None:
        """Compare the next frames (n, channels), as many of one as of the other."""
        unlimited = self._rounding.unlimited(sums, self.frames)
        wanted = self._rounding.limited(unlimited)
        self._count_limited(unlimited)
        deviation = np.abs(found - wanted)
        if len(deviation):
            here = farthest_off(deviation, self._rounding.allowance(wanted), self.frames)
            self.farthest = max(self.farthest, here, key=lambda one: one.excess)
        # not the built-in, which passes over a NaN
        self.worst = float(np.maximum(self.worst, deviation.max(initial=0)))
        while self._wanted and self._wanted[0] < self.frames + len(found):
            picked = self._wanted.pop(0)
            self.picked[picked] = found[picked - self.frames].copy()
        self.frames += len(found)

    def _count_limited(self, unlimited: Taps) -> None:
        """Count the sums past full scale; samples that are not limited to it deviate."""
        past = self._rounding.past(unlimited)
        beyond = (past > 0) | ((past == 0) & (unlimited > 0))
        if not beyond.any():
            return
        self.limited += int(np.count_nonzero(beyond))
        here = farthest_off(past, np.zeros_like(past), self.frames)
        self.past = max(self.past, here, key=lambda one: one.excess)
