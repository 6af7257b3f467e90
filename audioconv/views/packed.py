"""Numbers as text that a page can hold: little-endian bytes in base 64, each number exact.

The narrowest kind is taken that holds every number as it is: the samples of 16-bit sound in two
bytes, of 24-bit sound in four, anything else in eight; and of an echo's taps, only those that
are not zero.
"""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

STEP = 2.0**-15
"""Of 16-bit sound."""

FEW = 64
"""Numbers that are not zero, at most, in what is held as those alone."""


def kind(values: NDArray[np.float64]) -> str:
    """Name the narrowest kind that holds every value exactly.

    Examples
    --------
    >>> kind(np.array([0.5, -1.0])), kind(np.array([2.0**-20])), kind(np.array([0.1]))
    ('int16', 'float32', 'float64')
    """
    steps = values / STEP
    if ((steps == np.rint(steps)) & (steps >= -(2**15)) & (steps < 2**15)).all():
        return "int16"
    with np.errstate(over="ignore"):  # what is too large for it is not held by it
        return "float32" if (values.astype(np.float32) == values).all() else "float64"


def width(values: NDArray[np.float64]) -> int:
    """Return the bytes that each value takes; of what is held sparsely, none to speak of.

    Examples
    --------
    >>> width(np.array([0.5, -1.0])), width(np.full(100, 0.1))
    (2, 8)
    """
    return 0 if is_sparse(values) else np.dtype(kind(values)).itemsize


def is_sparse(values: NDArray[np.float64]) -> bool:
    """Tell whether few of many values are not zero."""
    return bool(len(values) > 4 * FEW and np.count_nonzero(values) <= FEW)


def pack(values: ArrayLike, *, exact: bool = True) -> dict[str, Any]:
    """Return an array of one axis as plain data.

    Parameters
    ----------
    values : array, (n,)
        finite
    exact : bool
        keep every number as it is; else steps of 16 bits of the largest will do, as for a
        picture

    Returns
    -------
    dict
        ``type``, ``scale`` and ``data``, of which values are data times scale; or ``type``
        sparse, with ``length`` and, packed themselves, ``at`` and ``values``

    Examples
    --------
    >>> pack([0.5, -1.0])
    {'type': 'int16', 'scale': 3.0517578125e-05, 'data': 'AEAAgA=='}
    """
    array = np.asarray(values, np.float64)
    if not exact:
        scale = float(np.abs(array).max(initial=0)) / (2**15 - 1) or 1.0
        return _held(np.rint(array / scale), "int16", scale)
    if is_sparse(array):
        at = np.flatnonzero(array)
        return {
            "type": "sparse",
            "length": len(array),
            "at": pack_whole(at),
            "values": pack(array[at]),
        }
    held = kind(array)
    scale = STEP if held == "int16" else 1.0
    return _held(array / scale, held, scale)


def pack_whole(values: ArrayLike, held: str = "int32") -> dict[str, Any]:
    """Return an array of whole numbers as plain data, in a kind that holds them.

    Examples
    --------
    >>> pack_whole([1, 258], "int16")
    {'type': 'int16', 'scale': 1.0, 'data': 'AQACAQ=='}
    """
    return _held(np.asarray(values), held, 1.0)


def _held(values: NDArray[Any], held: str, scale: float) -> dict[str, Any]:
    data = values.astype(np.dtype(held).newbyteorder("<")).tobytes()
    return {"type": held, "scale": scale, "data": base64.b64encode(data).decode()}
