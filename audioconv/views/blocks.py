"""Overlap-add to look at: a sound cut into blocks, each convolved alone, their tails adding up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from audioconv.engines.plan import plan
from audioconv.engines.routes import Route, Routing

Samples = NDArray[np.float64]

PIECES = 4
COLUMNS = 600


@dataclass(frozen=True, eq=False)
class Piece:
    """A block convolved alone.

    Parameters
    ----------
    start, frames : int
        where it stands in the sound, and how much of it
    y : array, (frames of the whole output,)
        its convolution at its place, its tail behind it, and zeros elsewhere
    """

    start: int
    frames: int
    y: Samples


def pieces(f: Samples, g: Samples, count: int = PIECES) -> list[Piece]:
    """Cut a sound into blocks, and convolve each alone.

    Parameters
    ----------
    f : array, (frames,)
    g : array, (K,)
    count : int > 0
        at most so many blocks, all but the last equally long

    Returns
    -------
    list of Piece
        whose sum is the convolution of `f` and `g`, ``frames + K - 1`` long

    Examples
    --------
    >>> [piece.y.tolist() for piece in pieces(np.array([1.0, 2.0]), np.array([1.0, 0.5]), 2)]
    [[1.0, 0.5, 0.0], [0.0, 2.0, 1.0]]
    """
    convolver = plan(Routing(1, 1, len(g), (Route(0, 0, g),)))
    segment = -(-len(f) // count)
    made = []
    for start in range(0, len(f), segment):
        block = f[start : start + segment, np.newaxis]
        alone = np.concatenate([convolver.process(block), convolver.flush()])[:, 0]
        after = len(f) + len(g) - 1 - start - len(alone)
        made.append(Piece(start, len(block), np.pad(alone, (start, after))))
    return made


def extremes(values: Samples, columns: int = COLUMNS) -> tuple[Samples, Samples]:
    """Return the least and the largest value of each of so many columns, as equal as can be.

    Examples
    --------
    >>> extremes(np.array([1.0, -1.0, 3.0, 2.0]), 2)
    (array([-1.,  2.]), array([1., 3.]))
    """
    starts = np.arange(columns) * len(values) // columns
    if len(values) < columns:
        return values[starts], values[starts]
    return np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
