"""The spectrogram of a sound: how loud each frequency is, column by column.

Short-time spectra under a Hann window, on a logarithmic frequency axis. As in the envelope, each
two columns become one where there are too many, so memory does not depend on the length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.fft import rfft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from audioconv.engines import stream
from audioconv.engines.convolver import Audio

Power = NDArray[np.float64]

COLUMNS = 1000
ROWS = 300

WINDOW = 0.05
"""Seconds under a window, about: 20 Hz are told apart, and what is 25 ms apart."""

LOWEST = 20.0
"""Hz at the bottom."""

HOPS = 8, 2
"""Slices a window that a short sound has, and those that one too long for that has."""

SILENT = -200.0
"""dBFS that silence is taken for."""

GRID = 2**16


@dataclass(frozen=True, eq=False)
class Spectrogram:
    """Power of a sound over time and frequency.

    Parameters
    ----------
    power : array, (rows, columns)
        mean square of each frequency in each column, the lowest first, so that a sine of full
        scale has 1
    edges : array, (rows + 1,)
        Hz between which each row stands
    step : float
        seconds of a column; each is centred on its time, the first on 0
    seconds : float
        length of the sound
    window : float
        seconds under a window
    """

    power: Power
    edges: NDArray[np.float64]
    step: float
    seconds: float
    window: float

    def level(self, floor: float = SILENT) -> Power:
        """Return the power in dBFS, and no less than a floor."""
        return 10 * np.log10(np.maximum(self.power, 10 ** (floor / 10)))


def spectrogram(
    blocks: Iterable[Audio],
    rate: int,
    *,
    frames: int | None = None,
    window: float = WINDOW,
    columns: int = COLUMNS,
    rows: int = ROWS,
) -> Spectrogram:
    """Return the spectrogram of a stream of blocks, in constant memory.

    Parameters
    ----------
    blocks : iterable of array, (any, channels)
        the sound, cut in any way; the powers of its channels are averaged
    rate : int > 0
        frames per second
    frames : int, optional
        its length, if it is known: a short sound is looked at more closely
    window : float > 0
        seconds under a window, rounded to a power of two of frames
    columns, rows : int > 1
        at most so many columns; so many rows, from 20 Hz to half the rate

    Returns
    -------
    Spectrogram
        The largest of the frequencies in a row stands for it, so a tone reads the same
        whatever the size of the picture (between two frequencies of the window, up to 1.4 dB
        less); in a column, the mean.

    References
    ----------
    F. J. Harris, "On the use of windows for harmonic analysis with the discrete Fourier
    transform", Proc. IEEE 66, 1978.

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 1500 * np.arange(48000) / 48000)[:, np.newaxis]
    >>> found = spectrogram([tone], 48000)
    >>> row = int(np.argmax(found.power[:, 20]))
    >>> bool(found.edges[row] < 1501 and found.edges[row + 1] > 1499)
    True
    >>> abs(round(float(found.level()[row, 20]), 6))
    0.0
    """
    points = 2 ** max(4, round(np.log2(window * rate)))
    close = frames is not None and frames * HOPS[0] <= columns * points * HOPS[1]
    hop = points // HOPS[0 if close else 1]
    edges = np.geomspace(min(LOWEST, rate / 8), rate / 2, rows + 1)
    reading = _Rows(edges * points / rate, points)
    sums, slices, each, length = np.zeros((columns // 2 * 2, rows)), 0, 1, 0
    for windows, heard in _windows(blocks, points, hop):
        length = heard
        power = reading.power(windows)
        while (slices + len(power) - 1) // each >= len(sums):
            half = len(sums) // 2
            sums[:half] = sums[::2] + sums[1::2]
            sums[half:] = 0
            each *= 2
        np.add.at(sums, (slices + np.arange(len(power))) // each, power)
        slices += len(power)
    found = sums[: -(-slices // each)]
    counts = np.full((len(found), 1), each)
    counts[-1] = slices - each * (len(found) - 1)
    return Spectrogram((found / counts).T, edges, each * hop / rate, length / rate, points / rate)


def _windows(
    blocks: Iterable[Audio], points: int, hop: int
) -> Iterator[tuple[NDArray[np.float64], int]]:
    """Yield every window, (windows, channels, points), and the frames heard so far.

    Windows are centred on frame 0 and every `hop` frames after it; silence is around the sound.
    """
    waiting: NDArray[np.float64] | None = None
    heard = made = 0
    for block in stream.regrid(blocks, GRID):
        if waiting is None:
            waiting = np.zeros((points // 2, block.shape[1]))
        heard += len(block)
        waiting = np.concatenate([waiting, block])
        if len(waiting) >= points:
            windows = sliding_window_view(waiting, points, axis=0)[::hop]
            yield windows, heard
            made += len(windows)
            waiting = waiting[len(windows) * hop :]
    assert waiting is not None  # a sound has at least one frame
    left = -(-heard // hop) - made  # centred on frames of the sound, and reaching past its end
    if left > 0:
        missing = (left - 1) * hop + points - len(waiting)
        waiting = np.pad(waiting, ((0, max(0, missing)), (0, 0)))
        yield sliding_window_view(waiting, points, axis=0)[::hop][:left], heard


class _Rows:
    """From windows to power on a logarithmic axis."""

    def __init__(self, bins: NDArray[np.float64], points: int) -> None:
        self._hann = np.sin(np.pi * np.arange(points) / points) ** 2
        # twice the magnitude of a bin over the sum of the window is the amplitude of a sine there
        self._scale = (2 / self._hann.sum()) ** 2
        first = np.ceil(bins[:-1]).astype(int)
        last = np.minimum(np.ceil(bins[1:]).astype(int), points // 2 + 1)
        self._wide = last > first
        self._first, self._last = first[self._wide], last[self._wide]
        middles = (bins[1:] * bins[:-1])[~self._wide] ** 0.5
        self._below = middles.astype(int)
        self._share = middles - self._below

    def power(self, windows: NDArray[np.float64]) -> Power:
        """Return the power of each row in each window, (windows, rows), mean of the channels."""
        spectra = rfft(windows * self._hann, axis=-1)
        power = (spectra.real**2 + spectra.imag**2).mean(axis=1) * self._scale
        found = np.empty((len(windows), len(self._wide)))
        # where a row has frequencies of its own, the largest of them; between two, their mean
        found[:, self._wide] = self._largest(power)
        low, high = power[:, self._below], power[:, np.minimum(self._below + 1, power.shape[1] - 1)]
        found[:, ~self._wide] = low + self._share * (high - low)
        return found

    def _largest(self, power: Power) -> Power:
        if not len(self._first):
            return np.zeros((len(power), 0))
        # rows are neighbours, so each ends where the next begins; the last has to be cut
        return np.maximum.reduceat(power[:, : self._last[-1]], self._first, axis=1)
