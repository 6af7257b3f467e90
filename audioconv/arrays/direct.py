"""The plain sum, for a few taps: faster than transforms, and off by the rounding of each term."""

from __future__ import annotations

from audioconv.arrays.cut import Cut
from audioconv.arrays.layout import some_items
from audioconv.arrays.library import Library
from audioconv.arrays.sink import Array, Index

FEW = 8
"""Taps at most: K roundings of float32 err by K 6e-8 of max(abs(x)) sum(abs(h)) if all go one way,
and by some 2e-7 if not. A transform of full-scale noise errs by more until K averages it."""

HOP = 2**14
"""Frames of an item that are summed at a time, by default."""


def direct_cut(taps: int, wanted: int, block: int | None) -> Cut:
    """Return how to cut `wanted` frames for `Direct`.

    Examples
    --------
    >>> direct_cut(3, 40_000, None)
    Cut(size=16386, hop=16384, skip=2, windows=3, alone=False)
    """
    hop = block or min(wanted, HOP)
    return Cut(hop + taps - 1, hop, taps - 1, -(-wanted // hop), False)


class Direct:
    """One convolution by the plain sum, of which `sums` computes some items and windows."""

    def __init__(self, library: Library, x: Array, h: Array, how: Cut, begin: int) -> None:
        self._library, self._x, self._h, self._how, self._begin = library, x, h, how, begin

    def sums(self, items: Index, first: int, count: int, frames: int) -> Array:
        """Return frames of some items, from those of a window on."""
        taps, skip = some_items(self._h, items), self._how.skip
        start = self._begin + first * self._how.hop
        x = some_items(self._x, items)
        sound = self._library.padded(x, start - skip, start + frames)
        total = taps[..., :1] * sound[..., skip : skip + frames]
        for k in range(1, skip + 1):
            total = total + taps[..., k : k + 1] * sound[..., skip - k : skip - k + frames]
        return total
