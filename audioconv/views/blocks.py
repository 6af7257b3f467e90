"""Overlap-add, block by block: each block convolved on its own, with its tail."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audioconv.engines.audio import Signal
from audioconv.engines.plan import plan
from audioconv.engines.routes import Route, Routing

BLOCKS = 4
COLUMNS = 600


@dataclass(frozen=True, eq=False)
class Block:
    """A block of a sound and its convolution.

    Parameters
    ----------
    start, frames : int
        first frame in the sound, and length
    y : array, (frames of the whole output,)
        convolution of the block in the whole output, with zeros around it
    """

    start: int
    frames: int
    y: Signal


def convolve_blocks(f: Signal, g: Signal, count: int = BLOCKS) -> list[Block]:
    """Split a sound into blocks, and convolve each on its own.

    Parameters
    ----------
    f : array, (frames,)
    g : array, (K,)
    count : int > 0
        most blocks; all but the last have the same length

    Returns
    -------
    list of Block
        their `y` add up to the convolution of `f` and `g`, of ``frames + K - 1`` samples

    Examples
    --------
    >>> blocks = convolve_blocks(np.array([1.0, 2.0]), np.array([1.0, 0.5]), 2)
    >>> [block.y.tolist() for block in blocks]
    [[1.0, 0.5, 0.0], [0.0, 2.0, 1.0]]
    """
    convolver = plan(Routing(1, 1, len(g), (g,), (Route(0, 0, 0),)))
    length = -(-len(f) // count)
    blocks = []
    for start in range(0, len(f), length):
        block = f[start : start + length, np.newaxis]
        y = np.concatenate([convolver.process(block), convolver.flush()])[:, 0]
        after = len(f) + len(g) - 1 - start - len(y)
        blocks.append(Block(start, len(block), np.pad(y, (start, after))))
    return blocks


def extremes(values: Signal, columns: int = COLUMNS) -> tuple[Signal, Signal]:
    """Return the lowest and the highest value of each column, of nearly equal widths.

    Examples
    --------
    >>> extremes(np.array([1.0, -1.0, 3.0, 2.0]), 2)
    (array([-1.,  2.]), array([1., 3.]))
    """
    starts = np.arange(columns, dtype=np.int64) * len(values) // columns
    if len(values) < columns:
        return values[starts], values[starts]
    return np.minimum.reduceat(values, starts), np.maximum.reduceat(values, starts)
