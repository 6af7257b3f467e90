"""Axes, types and lengths of arrays, checked and brought to one form: (..., frames)."""

from __future__ import annotations

import numpy as np

from audioconv.arrays.library import Library
from audioconv.arrays.sink import Array, Index
from audioconv.errors import LayoutError, UsageError


def one_type(library: Library, x: Array, h: Array) -> tuple[Array, Array]:
    """Return two arrays as the type that holds both: float32 or float64, complex if either is.

    Raises
    ------
    LayoutError
        If one has numbers of another type.
    """
    xp = library.xp
    types = (xp.float32, xp.float64, xp.complex64, xp.complex128)
    for name, array in (("x", x), ("h", h)):
        if array.dtype not in types:
            raise LayoutError(
                f"{name} is of type {array.dtype}; it must be of float32, float64, complex64 or "
                "complex128; convert it first"
            )
    if library.device(x) != library.device(h):
        raise LayoutError(
            f"x is on {library.device(x)} and h on {library.device(h)}; move one to the other"
        )
    if x.dtype == h.dtype:
        return x, h
    common = xp.result_type(x.dtype, h.dtype)
    return xp.astype(x, common), xp.astype(h, common)


def last(library: Library, name: str, array: Array, axis: int) -> Array:
    """Return an array with its frames along the last axis."""
    if not -array.ndim <= axis < array.ndim:
        axes = "no axis" if array.ndim == 0 else f"the axes {-array.ndim} to {array.ndim - 1}"
        raise LayoutError(f"axis is {axis}, but {name} of shape {tuple(array.shape)} has {axes}")
    return array if axis in (-1, array.ndim - 1) else library.xp.moveaxis(array, axis, -1)


def broadcast(library: Library, x: Array, h: Array) -> tuple[Array, Array]:
    """Return two arrays (..., frames) with as many axes, of which the leading ones broadcast.

    Raises
    ------
    LayoutError
        If they do not.
    """
    shapes = tuple(x.shape[:-1]), tuple(h.shape[:-1])
    most = max(map(len, shapes))
    a, b = ((1,) * (most - len(shape)) + shape for shape in shapes)
    if not fit(a, b):
        raise LayoutError(
            f"h of {h.shape[-1]} frames, with leading axes {shapes[1]}, does not fit x of "
            f"{x.shape[-1]} frames, with {shapes[0]}; along each axis, counted from the last, they "
            "must be equal, or one of them 1"
        )
    refuse_empty(h)
    reshape = library.xp.reshape
    return (
        x if len(shapes[0]) == most else reshape(x, (*a, x.shape[-1])),
        h if len(shapes[1]) == most else reshape(h, (*b, h.shape[-1])),
    )


def fit(a: tuple[int, ...], b: tuple[int, ...]) -> bool:
    """Return whether two shapes broadcast.

    Examples
    --------
    >>> fit((4, 2), (2,)), fit((3, 1), (1, 5)), fit((3,), (4,))
    (True, True, False)
    """
    pairs = zip(reversed(a), reversed(b), strict=False)
    return all(m == n or 1 in (m, n) for m, n in pairs)


def refuse_empty(h: Array) -> None:
    """Raise `LayoutError` for an impulse of no frames."""
    if h.shape[-1] == 0:
        raise LayoutError("h has no frames; it must have at least 1")


def some_items(array: Array, items: Index) -> Array:
    """Return some items of an array; one that has one along an axis has it for all."""
    whole = slice(None)
    return array[
        (
            *(whole if size == 1 else one for size, one in zip(array.shape, items, strict=False)),
            whole,
        )
    ]


def frames_of(name: str, frames: int | None) -> int | None:
    """Return a number of frames, if there is one, as Python's own.

    Raises
    ------
    UsageError
        If it is no whole number, or below 1.
    """
    if frames is None:
        return None
    if not isinstance(frames, int | np.integer) or frames < 1:
        raise UsageError(f"{name} is {frames!r}; it must be a whole number of frames, at least 1")
    return int(frames)


def lengths_of(
    library: Library, name: str, lengths: Array, array: Array, items: int
) -> Array | None:
    """Return the frames that count of each item, as an array (..., 1) beside `array`, or None.

    `items` leading axes of `array` are those of items.

    Raises
    ------
    LayoutError
        If they do not fit these axes.
    UsageError
        If numbers of Python's own or of NumPy are out of range. Those of an array that may be on a
        device are not looked at.
    """
    if lengths is None:
        return None
    xp = library.xp
    of_numpy = isinstance(lengths, np.ndarray | np.generic)
    if of_numpy or not hasattr(lengths, "dtype"):
        _check(name, lengths.tolist() if of_numpy else lengths, array.shape[-1])
        lengths = xp.asarray(lengths, device=library.device(array))
    if not xp.isdtype(lengths.dtype, "integral"):
        raise UsageError(f"{name} is of type {lengths.dtype}; it must be an array of integers")
    shape, axes = tuple(lengths.shape), tuple(array.shape[:items])
    if len(shape) > items or not fit(shape, axes):
        raise LayoutError(
            f"{name} has shape {shape}, which does not fit the axes of items, {axes}; along each, "
            "counted from the last, they must be equal, or one of them 1"
        )
    # small types would not hold sums with the frames of impulses
    return xp.astype(lengths, xp.arange(0).dtype)[..., None]


def silenced(library: Library, array: Array, lengths: Array | None) -> Array:
    """Return items that are zero from their lengths (..., 1) on, whatever was there."""
    if lengths is None:
        return array
    frames = library.xp.arange(array.shape[-1], device=library.device(array))
    return library.xp.where(frames < lengths, array, library.zeros((), array))


def _check(name: str, lengths: Array, frames: int) -> None:
    """Refuse numbers, in lists or not, of which one is above the frames that there are."""
    for one in lengths if isinstance(lengths, list | tuple) else [lengths]:
        if isinstance(one, list | tuple):
            _check(name, one, frames)
        elif not isinstance(one, int | np.integer) or not 0 <= one <= frames:
            raise UsageError(f"{name} has {one!r}; it must be an integer from 0 to {frames}")
