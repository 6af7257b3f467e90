"""The spectrogram of a sound: power over time and frequency.

Short-time spectra with a Hann window on a logarithmic frequency axis. As in the envelope, pairs of
columns are merged whenever there are too many, so memory does not depend on the length.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.fft import rfft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from audioconv.engines import stream
from audioconv.engines.audio import Audio
from audioconv.errors import UsageError

Power = NDArray[np.float64]

COLUMNS = 1000
ROWS = 300

WINDOW = 0.05
"""Approximate length of a window in s; it resolves 20 Hz and 25 ms."""

LOWEST = 20.0
"""Lowest frequency in Hz."""

HOPS = 8, 2
"""Slices per window of a short sound, and of one with too many slices for that."""

RANGE = 70.0
"""Decibels below the loudest level that the colours of a picture span, if not told otherwise."""

SILENT = -200.0
"""Level of silence in dBFS."""

GRID = 2**16


@dataclass(frozen=True, eq=False)
class Spectrogram:
    """Power of a sound over time and frequency.

    Parameters
    ----------
    power : array, (rows, columns)
        power of each row in each column, lowest frequency first; 1 for a full-scale sine
    edges : array, (rows + 1,)
        edges of the rows in Hz
    step : float
        seconds from column to column; the first one is centred on 0
    seconds : float
        length of the sound
    window : float
        length of a window in s
    """

    power: Power
    edges: NDArray[np.float64]
    step: float
    seconds: float
    window: float

    def level(self, floor: float = SILENT) -> Power:
        """Return the level in dBFS, at least `floor`."""
        return 10 * np.log10(np.maximum(self.power, 10 ** (floor / 10)))


def spectrogram(
    blocks: Iterable[Audio],
    rate: int,
    *,
    frames: int | None = None,
    window: float = WINDOW,
    columns: int = COLUMNS,
    rows: int = ROWS,
    low: float | None = None,
    high: float | None = None,
) -> Spectrogram:
    """Return the spectrogram of a stream of blocks, in constant memory.

    Parameters
    ----------
    blocks : iterable of array, (any, channels)
        the sound, in blocks of any length; the powers of its channels are averaged
    rate : int > 0
        frames per second
    frames : int, optional
        length of the sound, if known; a short sound has more slices per window
    window : float > 0
        length of a window in s, rounded to a power of two of frames
    columns : int > 1
        largest number of columns
    rows : int > 1
        number of rows
    low, high : float > 0, optional
        range of the rows in Hz; by default from 20 Hz (an eighth of a lower rate) to half the rate

    Returns
    -------
    Spectrogram
        A row is the largest of its frequency bins, so that the level of a tone does not depend
        on the number of rows (it is up to 1.4 dB low between two bins); a column is the mean of
        its slices.

    Raises
    ------
    UsageError
        If the lowest frequency is not below the highest.

    References
    ----------
    F. J. Harris, "On the use of windows for harmonic analysis with the discrete Fourier
    transform", Proc. IEEE 66, 1978.

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 1500 * np.arange(48000) / 48000)[:, np.newaxis]
    >>> result = spectrogram([tone], 48000)
    >>> row = int(np.argmax(result.power[:, 20]))
    >>> bool(result.edges[row] < 1501 and result.edges[row + 1] > 1499)
    True
    >>> abs(round(float(result.level()[row, 20]), 6))
    0.0
    """
    points = 2 ** max(4, round(np.log2(window * rate)))
    short = frames is not None and frames * HOPS[0] <= columns * points * HOPS[1]
    hop = points // HOPS[0 if short else 1]
    low, high = low or min(LOWEST, rate / 8), high or rate / 2
    if not low < high:
        raise UsageError(
            f"frequencies from {low:g} to {high:g} Hz must rise; give a lower `fmin`, or a higher "
            "`fmax`"
        )
    edges = np.geomspace(low, high, rows + 1)
    transform = _Transform(edges * points / rate, points)
    sums, slices, each, length = np.zeros((columns // 2 * 2, rows)), 0, 1, 0
    for windows, read in _windows(blocks, points, hop):
        length = read
        power = transform.power(windows)
        while (slices + len(power) - 1) // each >= len(sums):
            half = len(sums) // 2
            sums[:half] = sums[::2] + sums[1::2]
            sums[half:] = 0
            each *= 2
        np.add.at(sums, (slices + np.arange(len(power), dtype=np.int64)) // each, power)
        slices += len(power)
    sums = sums[: -(-slices // each)]
    counts = np.full((len(sums), 1), float(each))
    counts[-1] = slices - each * (len(sums) - 1)
    return Spectrogram((sums / counts).T, edges, each * hop / rate, length / rate, points / rate)


def _windows(
    blocks: Iterable[Audio], points: int, hop: int
) -> Iterator[tuple[NDArray[np.float64], int]]:
    """Yield all windows, (windows, channels, points), and the number of frames read so far.

    Windows are centred on frame 0 and every `hop` frames after it, with silence around the sound.
    """
    waiting: NDArray[np.float64] | None = None
    read = count = 0
    for block in stream.regrid(blocks, GRID):
        if waiting is None:
            waiting = np.zeros((points // 2, block.shape[1]))
        read += len(block)
        waiting = np.concatenate([waiting, block])
        if len(waiting) >= points:
            windows = sliding_window_view(waiting, points, axis=0)[::hop]
            yield windows, read
            count += len(windows)
            waiting = waiting[len(windows) * hop :]
    assert waiting is not None  # a sound has at least one frame
    left = -(-read // hop) - count  # windows centred on frames of the sound that reach past it
    if left > 0:
        missing = (left - 1) * hop + points - len(waiting)
        waiting = np.pad(waiting, ((0, max(0, missing)), (0, 0)))
        yield sliding_window_view(waiting, points, axis=0)[::hop][:left], read


class _Transform:
    """Transform from windows to power on a logarithmic frequency axis.

    Parameters
    ----------
    bins : array, (rows + 1,)
        edges of the rows in frequency bins
    points : int
        length of a window in frames
    """

    def __init__(self, bins: NDArray[np.float64], points: int) -> None:
        self._hann = np.sin(np.pi * np.arange(points, dtype=np.int64) / points) ** 2
        # the amplitude of a sine is twice the magnitude of its bin over the sum of the window
        self._scale = (2 / self._hann.sum()) ** 2
        first = np.ceil(bins[:-1]).astype(np.int64)
        last = np.minimum(np.ceil(bins[1:]).astype(np.int64), points // 2 + 1)
        self._wide = last > first
        self._first, self._last = first[self._wide], last[self._wide]
        middles = (bins[1:] * bins[:-1])[~self._wide] ** 0.5
        self._below = middles.astype(np.int64)
        self._share = middles - self._below

    def power(self, windows: NDArray[np.float64]) -> Power:
        """Return the power of each row in each window, (windows, rows), averaged over channels."""
        spectra = rfft(windows * self._hann, axis=-1)
        power = (spectra.real**2 + spectra.imag**2).mean(axis=1) * self._scale
        rows = np.empty((len(windows), len(self._wide)))
        # a row is the largest of its bins, or interpolated if it lies between two
        rows[:, self._wide] = self._largest(power)
        low, high = power[:, self._below], power[:, np.minimum(self._below + 1, power.shape[1] - 1)]
        rows[:, ~self._wide] = low + self._share * (high - low)
        return rows

    def _largest(self, power: Power) -> Power:
        if not len(self._first):
            return np.zeros((len(power), 0))
        # each row ends where the next one begins; the last one is cut
        return np.maximum.reduceat(power[:, : self._last[-1]], self._first, axis=1)
