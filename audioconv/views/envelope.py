"""The envelope of a sound: lowest, highest and RMS sample of each column of a picture.

A column is a power of two of frames. Whenever there are too many columns, pairs of them are
merged: the length need not be known in advance, and memory does not depend on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audioconv.engines import stream
from audioconv.engines.audio import Audio

Columns = NDArray[np.float64]

GRID = 2**16
"""Frames per block; a power of two, so that blocks end with columns."""

COLUMNS = 2000
"""Largest number of columns, about the dots of a printed line; long sounds have at least half."""


@dataclass(frozen=True, eq=False)
class Envelope:
    """Extremes and RMS level of a sound, column by column.

    Parameters
    ----------
    low, high : array, (columns, channels)
        lowest and highest sample of each column
    rms : array, (columns, channels)
        root mean square of each column
    frames : int
        length of the sound; the last column may be shorter than the others
    step : int
        frames per column, a power of two; if 1, `low` and `high` are the samples
    """

    low: Columns
    high: Columns
    rms: Columns
    frames: int
    step: int

    @property
    def starts(self) -> NDArray[np.int64]:
        """First frame of each column."""
        return np.arange(len(self.low), dtype=np.int64) * self.step

    @property
    def peak(self) -> float:
        """Largest magnitude of the sound."""
        return float(max(self.high.max(initial=0.0), -self.low.min(initial=0.0)))


def envelope(blocks: Iterable[Audio], columns: int = COLUMNS) -> Envelope:
    """Return the envelope of a stream of blocks, in constant memory.

    Parameters
    ----------
    blocks : iterable of array, (any, channels)
        the sound, in blocks of any length; at least one frame
    columns : int > 1
        largest number of columns

    Returns
    -------
    Envelope
        independent of the lengths of the blocks

    Examples
    --------
    >>> sound = np.array([[0.5], [-1.0], [0.0], [0.25], [0.125]])
    >>> columns = envelope([sound[:2], sound[2:]], columns=4)
    >>> columns.step, columns.low.ravel(), columns.high.ravel()
    (2, array([-1.   ,  0.   ,  0.125]), array([0.5  , 0.25 , 0.125]))
    """
    accumulator: _Accumulator | None = None
    for block in stream.regrid(blocks, GRID):
        accumulator = accumulator or _Accumulator(columns, block.shape[1])
        accumulator.add(block)
    assert accumulator is not None  # a sound has at least one frame
    return accumulator.envelope()


class _Accumulator:
    """Low, high and sum of squares of the columns of a sound as it is read."""

    def __init__(self, max_columns: int, channels: int) -> None:
        self._empty = np.array([[np.inf], [-np.inf], [0.0]])
        self._columns = np.tile(self._empty, (max_columns // 2 * 2, 1, channels))
        self._frames = 0
        self._step = 1

    def add(self, block: Audio) -> None:
        """Add the next `GRID` frames; only the last block may be shorter."""
        while (self._frames + len(block) - 1) // self._step >= len(self._columns):
            half = len(self._columns) // 2
            self._columns[:half] = _merge(self._columns[::2], self._columns[1::2])
            self._columns[half:] = self._empty
            self._step *= 2
        new = _columns(block, min(self._step, GRID))
        first = self._frames // self._step
        columns = self._columns[first : first + len(new)]
        columns[:] = _merge(columns, new)
        self._frames += len(block)

    def envelope(self) -> Envelope:
        """Return the envelope so far."""
        columns = self._columns[: -(-self._frames // self._step)]
        counts = np.full((len(columns), 1), float(self._step))
        counts[-1] = self._frames - self._step * (len(columns) - 1)
        low, high, squares = np.moveaxis(columns, 1, 0)
        return Envelope(low, high, np.sqrt(squares / counts), self._frames, self._step)


def _columns(block: Audio, step: int) -> Columns:
    """Return the columns of a block; the last one may be shorter than `step`."""
    whole = len(block) // step * step
    sound = np.ascontiguousarray(block.T)  # minima over contiguous samples are many times faster
    parts = [sound[:, :whole].reshape(len(sound), -1, step), sound[:, np.newaxis, whole:]]
    # not a dot product of BLAS, which adds in an order that depends on the machine
    return np.concatenate(
        [
            np.stack([part.min(axis=2), part.max(axis=2), np.einsum("ijk,ijk->ij", part, part)]).T
            for part in parts
            if part.size
        ]
    ).swapaxes(1, 2)


def _merge(a: Columns, b: Columns) -> Columns:
    """Merge columns in pairs."""
    return np.stack(
        [
            np.minimum(a[:, 0], b[:, 0]),
            np.maximum(a[:, 1], b[:, 1]),
            a[:, 2] + b[:, 2],
        ],
        axis=1,
    )
