"""The part of a convolution that is asked for, named as SciPy names it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, TypeAlias

from audioconv.errors import LayoutError

Shape: TypeAlias = tuple[int, ...]

Mode: TypeAlias = Literal["full", "same", "valid"]

MODES: tuple[Mode, ...] = ("full", "same", "valid")


class Extent(NamedTuple):
    """The indices of the full convolution from `start` up to `stop`, one of each for an axis."""

    start: Shape
    stop: Shape

    @property
    def shape(self) -> Shape:
        """The shape of the result."""
        return tuple(stop - start for start, stop in zip(self.start, self.stop, strict=True))


def full(f: Sequence[int], g: Sequence[int]) -> Shape:
    """Return the shape of the full convolution: n + k - 1 along every axis.

    Examples
    --------
    >>> full((5, 4), (3, 1))
    (7, 4)
    """
    return tuple(n + k - 1 for n, k in zip(f, g, strict=True))


def extent(f: Shape, g: Shape, mode: Mode) -> Extent:
    """Return the extent of a mode.

    Parameters
    ----------
    f, g : tuple of int > 0
        shapes of the two arrays
    mode : {"full", "same", "valid"}
        everything; the middle of it, of the shape of `f`; or the sums that lack no product

    Raises
    ------
    LayoutError
        If the mode is valid, and neither array is at least as large as the other along every axis.

    Examples
    --------
    >>> extent((5,), (3,), "same"), extent((5,), (3,), "valid").shape
    (Extent(start=(1,), stop=(6,)), (3,))
    """
    whole = full(f, g)
    if mode == "full":
        return Extent((0,) * len(f), whole)
    if mode == "same":
        start = tuple((k - 1) // 2 for k in g)
        return Extent(start, tuple(first + n for first, n in zip(start, f, strict=True)))
    small = tuple(min(n, k) for n, k in zip(f, g, strict=True))
    if small not in (f, g):
        raise LayoutError(
            f"shapes {f} and {g} have no valid part; one must be at least as large as the other "
            "along every axis, so crop one, or pass mode 'full' or 'same'"
        )
    return Extent(
        tuple(k - 1 for k in small),
        tuple(max(n, k) for n, k in zip(f, g, strict=True)),
    )
