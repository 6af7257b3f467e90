"""The envelope of a sound: how low, how high and how loud it is in each column of a picture.

A column is some number of frames, a power of two. How long the sound is need not be known: when
there are too many columns, each two become one. So an hour is held in as little as a second.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audioconv.engines import stream
from audioconv.engines.convolver import Audio

Columns = NDArray[np.float64]

GRID = 2**16
"""Frames that are looked at at a time; a power of two, so that columns end where they do."""

COLUMNS = 2000
"""Columns at most, and half as many at least: about as many as the dots of a printed line."""


@dataclass(frozen=True, eq=False)
class Envelope:
    """Extremes and level of a sound, column by column.

    Parameters
    ----------
    low, high : array, (columns, channels)
        least and largest sample of each column
    rms : array, (columns, channels)
        root of the mean square of each column
    frames : int
        length of the sound; the last column may have fewer frames than the others
    step : int
        frames of a column, a power of two; where it is 1, `low` and `high` are the samples
    """

    low: Columns
    high: Columns
    rms: Columns
    frames: int
    step: int

    @property
    def starts(self) -> NDArray[np.int64]:
        """The first frame of each column."""
        return np.arange(len(self.low)) * self.step

    @property
    def peak(self) -> float:
        """The largest magnitude of all."""
        return float(max(self.high.max(initial=0.0), -self.low.min(initial=0.0)))


def envelope(blocks: Iterable[Audio], columns: int = COLUMNS) -> Envelope:
    """Return the envelope of a stream of blocks, in constant memory.

    Parameters
    ----------
    blocks : iterable of array, (any, channels)
        the sound, cut in any way; at least one frame
    columns : int > 1
        at most so many

    Returns
    -------
    Envelope
        the same for every way of cutting the sound

    Examples
    --------
    >>> sound = np.array([[0.5], [-1.0], [0.0], [0.25], [0.125]])
    >>> found = envelope([sound[:2], sound[2:]], columns=4)
    >>> found.step, found.low.ravel(), found.high.ravel()
    (2, array([-1.   ,  0.   ,  0.125]), array([0.5  , 0.25 , 0.125]))
    """
    growing: _Growing | None = None
    for block in stream.regrid(blocks, GRID):
        growing = growing or _Growing(columns, block.shape[1])
        growing.take(block)
    assert growing is not None  # a sound has at least one frame
    return growing.envelope()


class _Growing:
    """An envelope so far: low, high and sum of squares of each column that there may be."""

    def __init__(self, most: int, channels: int) -> None:
        self._nothing = np.array([[np.inf], [-np.inf], [0.0]])
        self._columns = np.tile(self._nothing, (most // 2 * 2, 1, channels))
        self._frames = 0
        self._step = 1

    def take(self, block: Audio) -> None:
        """Take the next `GRID` frames, or fewer at the end only."""
        while (self._frames + len(block) - 1) // self._step >= len(self._columns):
            half = len(self._columns) // 2
            self._columns[:half] = _joined(self._columns[::2], self._columns[1::2])
            self._columns[half:] = self._nothing
            self._step *= 2
        made = _columns(block, min(self._step, GRID))
        first = self._frames // self._step
        here = self._columns[first : first + len(made)]
        here[:] = _joined(here, made)
        self._frames += len(block)

    def envelope(self) -> Envelope:
        """Return what has been found."""
        columns = self._columns[: -(-self._frames // self._step)]
        counts = np.full((len(columns), 1), float(self._step))
        counts[-1] = self._frames - self._step * (len(columns) - 1)
        low, high, squares = np.moveaxis(columns, 1, 0)
        return Envelope(low, high, np.sqrt(squares / counts), self._frames, self._step)


def _columns(block: Audio, step: int) -> Columns:
    """Cut a block into columns of so many frames, of which the last may be shorter."""
    whole = len(block) // step * step
    sound = np.ascontiguousarray(block.T)  # a minimum along neighbours is many times faster
    parts = [sound[:, :whole].reshape(len(sound), -1, step), sound[:, np.newaxis, whole:]]
    # einsum, because a dot product of BLAS adds up in an order that depends on the machine
    return np.concatenate(
        [
            np.stack([part.min(axis=2), part.max(axis=2), np.einsum("ijk,ijk->ij", part, part)]).T
            for part in parts
            if part.size
        ]
    ).swapaxes(1, 2)


def _joined(one: Columns, other: Columns) -> Columns:
    """Make one column of each two."""
    return np.stack(
        [
            np.minimum(one[:, 0], other[:, 0]),
            np.maximum(one[:, 1], other[:, 1]),
            one[:, 2] + other[:, 2],
        ],
        axis=1,
    )
