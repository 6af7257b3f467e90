"""The level of a stream: its peak, or its RMS.

Every meter gives the same result, to the last bit, for any way of cutting a sound into blocks.
"""

from __future__ import annotations

import math
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from audioconv.engines.audio import Audio
from impulses.impulse import to_db

STEP = 2**12
"""Frames whose squares are summed at a time."""

Powers = NDArray[np.float64]
"""One power for each frame, or one energy for each step, (n,)."""


class Meter(Protocol):
    """The level of a stream, full scale being 1."""

    def take(self, block: Audio) -> None:
        """Add a block (n, channels)."""

    def silent(self) -> bool:
        """Return whether no gain brings the sound to a level."""

    def level(self) -> float:
        """Return the level in dB relative to full scale, -inf for silence."""

    def gain_to(self, level: float) -> float:
        """Return the gain that brings a sound that is not silent to a level."""


class Peak:
    """The largest magnitude of a sample, in dBFS.

    Examples
    --------
    >>> meter = Peak()
    >>> meter.take(np.array([[0.1], [-0.5]]))
    >>> round(meter.level(), 2), round(meter.gain_to(0.0), 9)
    (-6.02, 2.0)
    """

    def __init__(self) -> None:
        self._peak = 0.0

    def take(self, block: Audio) -> None:
        """Add a block (n, channels)."""
        self._peak = float(np.abs(block).max(initial=self._peak))

    def silent(self) -> bool:
        """Return whether every sample is 0."""
        return self._peak == 0

    def level(self) -> float:
        """Return the level in dBFS."""
        return to_db(self._peak)

    def gain_to(self, level: float) -> float:
        """Return the gain that brings the sound to a level."""
        return _gain(level - self.level())


class Rms:
    """The root of the mean square of all samples of all channels, in dBFS.

    A square wave at full scale has 0 dBFS, and a sine -3.01 dBFS.

    Examples
    --------
    >>> meter = Rms()
    >>> meter.take(np.array([[1.0, -1.0], [0.5, 0.5]]))
    >>> round(meter.level(), 2)
    -2.04
    """

    def __init__(self) -> None:
        self._steps = Steps(STEP)
        self._energy = 0.0
        self._samples = 0

    def take(self, block: Audio) -> None:
        """Add a block (n, channels)."""
        self._samples += block.size
        squares = np.square(block, dtype=np.float64)
        for energy in self._steps.take(squares.sum(axis=1)):
            self._energy += float(energy)

    def silent(self) -> bool:
        """Return whether every sample is 0."""
        return self.level() == -math.inf

    def level(self) -> float:
        """Return the level in dBFS."""
        energy = self._energy + self._steps.remainder()
        return to_db(math.sqrt(energy / max(1, self._samples)))

    def gain_to(self, level: float) -> float:
        """Return the gain that brings the sound to a level."""
        return _gain(level - self.level())


class Steps:
    """Sums of a stream of numbers over a fixed number of them, however it is cut.

    Parameters
    ----------
    length : int > 0
        numbers in a sum

    Examples
    --------
    >>> steps = Steps(2)
    >>> steps.take(np.array([1.0])), steps.take(np.array([2.0, 3.0, 4.0, 5.0]))
    (array([], dtype=float64), array([3., 7.]))
    >>> steps.remainder()
    5.0
    """

    def __init__(self, length: int) -> None:
        self._length = length
        self._rest: Powers = np.zeros(0)

    def take(self, numbers: Powers) -> Powers:
        """Add numbers, and return the sums that are complete."""
        joined = np.concatenate([self._rest, numbers])
        whole = len(joined) // self._length * self._length
        self._rest = joined[whole:].copy()  # a view would keep the whole block
        sums: Powers = joined[:whole].reshape(-1, self._length).sum(axis=1)
        return sums

    def remainder(self) -> float:
        """Return the sum of the numbers that make no complete step."""
        return float(self._rest.sum())


def _gain(db: float) -> float:
    return float(10 ** (db / 20))
