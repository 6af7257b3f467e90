"""Every sample of an output, compared with the rounded sums."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from audioconv.engines.audio import SLICE, Audio, Samples, as_audio
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
        self._float = np.dtype(np.float32 if subtype == "FLOAT" else np.float64)
        self._relative = FLOAT_ROUNDOFF.get(subtype, 0.0)
        # half a step of the integers, or half the least number of a float
        self._absolute = 2.0**-self._bits if self._bits else LEAST_FLOAT.get(subtype, 0.0)

    def wanted(self, sums: Audio, start: int) -> Taps:
        """Return the values that the output's frames from `start` on are rounded from."""
        return self.limited(self.unlimited(sums, start))

    def unlimited(self, sums: Audio, start: int) -> Taps:
        """Return the same before they are limited to full scale."""
        wanted: Taps = sums.astype(np.float64, copy=False)
        if self._gain != 1:
            wanted = wanted * self._gain
        if self._dither:
            wanted = wanted + triangular_noise(start, *wanted.shape) * self._step
        return wanted

    def limits(self, unlimited: Taps) -> bool:
        """Return whether a value is so large that it may be limited."""
        most = 1 - self._step  # less than half a step from full scale, at least
        return self._bits is not None and not (
            float(unlimited.max()) <= most and -float(unlimited.min()) <= most
        )

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

    def are_rounded(self, wanted: Taps, found: Samples, unit: float = 1.0) -> bool:
        """Return whether samples, in steps of a unit, are the nearest to what is wanted.

        Integers are compared with values that none of them limits.
        """
        if self._bits is None:
            with np.errstate(over="ignore"):
                return np.array_equal(wanted.astype(self._float, copy=False), found)
        steps = wanted * (1 / self._step)
        np.rint(steps, out=steps)
        if self._step != unit:
            steps *= self._step / unit
        return np.array_equal(steps.astype(found.dtype, copy=False), found)

    def farthest_rounded(self, peak: float) -> float:
        """Return how far the nearest sample to a value up to a peak is from it, at most."""
        if self._bits is None and self._float == np.float64:
            return 0.0
        return self._absolute + self._relative * peak

    @property
    def least_allowance(self) -> float:
        """The deviation that is allowed whatever the value; of floats next to nothing."""
        return self._absolute

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
    """The comparison of samples with the sums that they are rounded from.

    Parameters
    ----------
    rounding : Rounding

    Attributes
    ----------
    frames : int
        compared so far
    worst : float
        largest deviation of those that are not rounded as they should be; NaN if one is
    equal : bool
        whether there are others
    farthest : Deviation
        that of the sample which exceeds its allowance by most, or comes nearest to it; `NONE` if
        all integers are within half a step
    limited : int
        sums past full scale
    past : Deviation
        the sum that is past it by most
    """

    def __init__(self, rounding: Rounding) -> None:
        self.frames = 0
        self.worst = 0.0
        self.equal = False
        self.farthest = NONE
        self.limited = 0
        self.past = NONE
        self._rounding = rounding

    def take(self, sums: Audio, found: Samples, start: int, unit: float = 1.0) -> None:
        """Compare frames (n, channels) from `start` on, as many of one as of the other.

        Samples that were found count a unit, a power of two.
        """
        together = max(1, SLICE // sums.shape[1])
        for at in range(0, len(sums), together):
            self._compare(sums[at : at + together], found[at : at + together], start + at, unit)
        self.frames += len(sums)

    def join(self, other: SampleCheck) -> None:
        """Add what was compared elsewhere."""
        self.frames += other.frames
        self.equal |= other.equal
        self.worst = float(np.maximum(self.worst, other.worst))
        self.farthest = max(self.farthest, other.farthest, key=_excess)
        self.limited += other.limited
        self.past = max(self.past, other.past, key=_excess)

    def _compare(self, sums: Audio, found: Samples, start: int, unit: float) -> None:
        wanted = self._rounding.unlimited(sums, start)
        if self._rounding.limits(wanted):
            self._count_limited(wanted, start)
            wanted = self._rounding.limited(wanted)
        elif self._rounding.are_rounded(wanted, found, unit):
            self.equal = True
            return
        deviation = np.subtract(as_audio(found, wanted.dtype, unit), wanted)
        np.abs(deviation, out=deviation)
        worst = float(deviation.max())
        # not the built-in, which passes over a NaN
        self.worst = float(np.maximum(self.worst, worst))
        if worst <= self._rounding.least_allowance:
            return
        here = farthest_off(deviation, self._rounding.allowance(wanted), start)
        self.farthest = max(self.farthest, here, key=_excess)

    def _count_limited(self, unlimited: Taps, start: int) -> None:
        """Count the sums past full scale; samples that are not limited to it deviate."""
        past = self._rounding.past(unlimited)
        beyond = (past > 0) | ((past == 0) & (unlimited > 0))
        if not beyond.any():
            return
        self.limited += int(np.count_nonzero(beyond))
        here = farthest_off(past, np.zeros_like(past), start)
        self.past = max(self.past, here, key=_excess)


def _excess(deviation: Deviation) -> float:
    return deviation.excess
