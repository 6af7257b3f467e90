"""Every sample of an output, held against the sums that it should be the rounding of."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from audioconv.engines import Audio
from audioconv.files import INTEGER_BITS
from impulses.impulse import Taps

FLOAT_ROUNDOFF = {"FLOAT": 2.0**-24, "DOUBLE": 2.0**-53}


class Rounding:
    """How far a subtype's samples may lie from the values that they stand for.

    Parameters
    ----------
    subtype : str
    dither : str
        ``tpdf`` adds up to one step
    """

    def __init__(self, subtype: str, dither: str) -> None:
        bits = INTEGER_BITS.get(subtype)
        self._relative = FLOAT_ROUNDOFF.get(subtype, 0.0)
        self._absolute = 2.0**-150  # half the least float32; for integers, half a step
        self._top = np.inf
        if bits:
            self._absolute = 2.0**-bits * (3 if dither == "tpdf" else 1)
            self._top = 1 - 2.0 ** (1 - bits)

    def clamp(self, sums: Audio) -> Audio:
        """Limit sums to the values that there are."""
        return np.clip(sums, -1, self._top) if np.isfinite(self._top) else sums

    def allowance(self, sums: Audio) -> Audio:
        """Return how far each sample may be off its sum."""
        # the comparison itself rounds too, by a few units of the last place
        return self._absolute + (self._relative + 2.0**-51) * np.abs(sums)

    def most(self, peak: float) -> float:
        """Return what rounding adds at most to samples up to a peak."""
        return self._absolute + self._relative * peak


class Samples:
    """The comparison of an output with its sums, as two streams.

    Parameters
    ----------
    rounding : Rounding
    gain : float
        between the sums and the output
    picked : iterable of int
        frames whose samples are to be kept

    Attributes
    ----------
    frames : int
        compared so far
    worst : float
        largest deviation, and `worst_excess` the largest beyond the allowance
    picked : dict of int to array
        samples found at those frames
    """

    def __init__(self, rounding: Rounding, gain: float, picked: Iterable[int]) -> None:
        self.frames = 0
        self.worst = 0.0
        self.worst_excess = -np.inf
        self.worst_at = (0, 0)
        self.picked: dict[int, Taps] = {}
        self._rounding = rounding
        self._gain = gain
        self._wanted = sorted(set(picked))

    def take(self, sums: Audio, found: Audio) -> None:
        """Compare the next frames (n, channels), as many of one as of the other."""
        wanted = self._rounding.clamp(sums.astype(np.float64, copy=False) * self._gain)
        deviation = np.abs(found - wanted)
        excess = deviation - self._rounding.allowance(wanted)
        if len(excess) and (most := float(excess.max())) > self.worst_excess:
            frame, channel = np.unravel_index(np.argmax(excess), excess.shape)
            self.worst_excess = most
            self.worst_at = (self.frames + int(frame), int(channel))
        self.worst = max(self.worst, float(deviation.max(initial=0)))
        while self._wanted and self._wanted[0] < self.frames + len(found):
            picked = self._wanted.pop(0)
            self.picked[picked] = found[picked - self.frames].copy()
        self.frames += len(found)
