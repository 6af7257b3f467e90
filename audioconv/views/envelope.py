"""The envelope of a sound: lowest, highest and RMS sample of each column of a picture.

A column is a power of two of frames. Whenever there are too many columns, pairs of them are
merged: the length need not be known in advance, and memory does not depend on it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from audioconv.engines import stream
from audioconv.engines.audio import Audio

Columns = NDArray[np.float64]

GRID = 2**14
"""Frames per block: few enough for the cache, and a power of two, so that blocks end with columns.
"""

COLUMNS = 2000
"""Largest number of columns, about the dots of a printed line; long sounds have at least half."""

EMPTY = np.array([[[np.inf], [-np.inf], [0.0]]])
"""A column without frames: lowest and highest sample, and sum of squares."""


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
    outline, start = Outline(columns), 0
    for block in stream.regrid(blocks, GRID):
        outline.take(outline.measure(start, block))
        start += len(block)
    return outline.envelope()


class _Measured(NamedTuple):
    """The columns of some frames, of which the first and the last may go on in others.

    Parameters
    ----------
    end : int
        frame after the last
    step : int
        frames per column
    first : int
        number of the first column
    columns : array, (columns, 3, channels)
        lowest and highest sample, and sum of squares
    """

    end: int
    step: int
    first: int
    columns: Columns


class Outline:
    """The envelope of a sound that goes by in parts, measured in any thread, taken in order.

    Parameters
    ----------
    columns : int > 1
        largest number of columns

    Attributes
    ----------
    frames : int
        frames so far

    Examples
    --------
    >>> outline = Outline(4)
    >>> outline.take(outline.measure(0, np.array([[0.5], [-1.0], [0.0]])))
    >>> outline.frames, outline.envelope().low.ravel()
    (3, array([ 0.5, -1. ,  0. ]))
    """

    def __init__(self, columns: int = COLUMNS) -> None:
        self.frames = 0
        self._most = columns // 2 * 2
        self._step = 1
        self._columns: Columns | None = None

    def measure(self, start: int, *sounds: Audio) -> _Measured:
        """Return the columns of the frames from `start` on, of sounds with channels side by side.

        Parameters
        ----------
        start : int
            first frame
        *sounds : array, (frames, channels)
            at least one frame of each
        """
        end = start + len(sounds[0])
        # the least power of two that leaves few enough columns up to here
        step = 1 << (-(-end // self._most) - 1).bit_length()
        columns = [_columns(sound, start, step) for sound in sounds]
        return _Measured(end, step, start // step, np.concatenate(columns, axis=2))

    def take(self, measured: _Measured) -> None:
        """Add the columns of the frames that follow those taken so far."""
        if self._columns is None:
            self._columns = np.repeat(EMPTY, measured.columns.shape[2], axis=2)
            self._columns = np.repeat(self._columns, self._most, axis=0)
        half = self._most // 2
        while self._step < measured.step:
            self._columns[:half] = _merge(self._columns[::2], self._columns[1::2])
            self._columns[half:] = EMPTY
            self._step *= 2
        columns = self._columns[measured.first :][: len(measured.columns)]
        columns[:] = _merge(columns, measured.columns)
        self.frames = measured.end

    def envelope(self) -> Envelope:
        """Return the envelope so far, of at least one frame."""
        assert self._columns is not None
        columns = self._columns[: -(-self.frames // self._step)]
        counts = np.full((len(columns), 1), float(self._step))
        counts[-1] = self.frames - self._step * (len(columns) - 1)
        low, high, squares = np.moveaxis(columns, 1, 0)
        return Envelope(low, high, np.sqrt(squares / counts), self.frames, self._step)


def _columns(sound: Audio, start: int, step: int) -> Columns:
    """Return the columns of the frames from `start` on; the first and the last may be shorter."""
    # minima over contiguous samples are many times faster
    channels = sound.T if sound.strides[0] == sound.itemsize else np.ascontiguousarray(sound.T)
    before = min(-start % step, len(sound))
    whole = before + (len(sound) - before) // step * step
    parts = [
        channels[:, np.newaxis, :before],
        channels[:, before:whole].reshape(len(channels), -1, step),
        channels[:, np.newaxis, whole:],
    ]
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
