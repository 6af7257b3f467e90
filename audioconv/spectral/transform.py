r"""A stream of sound as slices of its short-time spectrum, and back.

Slice `j` is the Fourier transform of the M frames around frame ``j a``, weighted by a Hann window
g, with phases relative to the middle of the window::

    X[j, k] = sum over n of x[j a + n] g[n] exp(-2 pi i k n / M),   -M / 2 <= n < M / 2

as `scipy.signal.ShortTimeFFT` has it for ``hop=a, mfft=M, phase_shift=None``, times ``(-1)^k``.
Each frame lies in M / a slices; weighted again by ``g / sum over j of g[n - j a]^2``, the dual
window, they add up to the sound.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.fft import irfft, rfft
from numpy.typing import NDArray

from audioconv.engines.audio import Signal
from audioconv.errors import UsageError

OVERLAP = 8
"""Slices in which each frame lies. Phases from gradients need 4 or more; 8 are better [1]_.

.. [1] Z. Prusa and P. L. Sondergaard, "Real-Time Spectrogram Inversion Using Phase Gradient Heap
   Integration", DAFx-16, Brno, 2016.
"""

SHORTEST, LONGEST = 2**5, 2**16
"""Frames of a window, at least and at most."""

Slices = NDArray[np.complex128]
"""Some slices of one channel: (slices, bins)."""


@dataclass(frozen=True)
class Grid:
    """Places of slices in time and of bins in frequency.

    Parameters
    ----------
    rate : int > 0
        frames per second
    frames : int, a power of two
        length M of the window

    Examples
    --------
    >>> grid = Grid.of(44100, 0.043)
    >>> grid.frames, grid.hop, grid.bins
    (2048, 256, 1025)
    """

    rate: int
    frames: int

    @classmethod
    def of(cls, rate: int, seconds: float) -> Grid:
        """Return the grid whose window is nearest to a time, as a ratio.

        Raises
        ------
        UsageError
            If the window is too short or too long.
        """
        least, most = SHORTEST / rate, LONGEST / rate
        if not least <= seconds <= most:
            raise UsageError(
                f"the window is {seconds:g} s; it must be between {least:.2g} s and {most:.2g} s "
                f"at {rate} Hz"
            )
        return cls(rate, 2 ** round(math.log2(seconds * rate)))

    @property
    def hop(self) -> int:
        """Frames from a slice to the next."""
        return self.frames // OVERLAP

    @property
    def bins(self) -> int:
        """Bins from 0 to half the rate."""
        return self.frames // 2 + 1

    @property
    def window(self) -> Signal:
        """The Hann window, (frames,); even around its middle."""
        hann: Signal = 0.5 - 0.5 * np.cos(
            2 * np.pi * np.arange(self.frames, dtype=np.int64) / self.frames
        )
        return hann

    @property
    def dual(self) -> Signal:
        """The window under which the slices add up to the sound, (frames,)."""
        window = self.window
        power: Signal = (window.reshape(OVERLAP, self.hop) ** 2).sum(axis=0)
        return window / np.tile(power, OVERLAP)

    @property
    def signs(self) -> Signal:
        """Factors between phases relative to the first frame and to the middle, (bins,)."""
        return np.where(np.arange(self.bins, dtype=np.int64) % 2, -1.0, 1.0)


class Analysis:
    """One channel as slices; the first is the first in which a frame of it lies.

    Parameters
    ----------
    grid : Grid
    """

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._window, self._signs = grid.window, grid.signs
        self._frames = np.zeros(grid.frames - grid.hop)

    def process(self, frames: Signal) -> Slices:
        """Return the slices that are complete after some more frames: one for each hop."""
        grid = self._grid
        frames = np.concatenate([self._frames, frames])
        count = max(0, (len(frames) - grid.frames) // grid.hop + 1)
        self._frames = frames[count * grid.hop :]
        if not count:
            return np.zeros((0, grid.bins), np.complex128)
        framed = np.lib.stride_tricks.sliding_window_view(frames, grid.frames)[:: grid.hop]
        slices: Slices = rfft(framed[:count] * self._window) * self._signs
        return slices


class Synthesis:
    """Slices as one channel; the frames begin with the first frame of the first slice.

    Parameters
    ----------
    grid : Grid
    """

    def __init__(self, grid: Grid) -> None:
        self._grid = grid
        self._dual, self._signs = grid.dual, grid.signs
        self._frames = np.zeros(grid.frames - grid.hop)

    def process(self, slices: Slices) -> Signal:
        """Return the frames that are complete after some more slices: a hop for each."""
        grid, count = self._grid, len(slices)
        parts = irfft(slices * self._signs, grid.frames) * self._dual
        parts = parts.reshape(count, OVERLAP, grid.hop)
        frames = np.zeros((count + OVERLAP - 1, grid.hop))
        frames[: OVERLAP - 1] = self._frames.reshape(OVERLAP - 1, grid.hop)
        for late in range(OVERLAP):  # the hops of a slice are added to as many rows
            frames[late : late + count] += parts[:, late]
        self._frames = frames[count:].ravel()
        return frames[:count].ravel()
