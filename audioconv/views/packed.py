"""Arrays as text for a page: little-endian bytes in base64, without loss.

Each array has the narrowest type that represents all its values: samples of 16-bit sound take two
bytes, those of 24-bit sound four, others eight. Sparse arrays, such as the taps of an echo, are
stored as their nonzero values.
"""

from __future__ import annotations

import base64
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

STEP = 2.0**-15
"""Quantisation step of 16-bit sound."""

MAX_NONZERO = 64
"""Nonzero values of a sparse array."""


def narrowest_type(values: NDArray[np.float64]) -> str:
    """Return the narrowest type that represents every value exactly.

    Examples
    --------
    >>> arrays = np.array([0.5, -1.0]), np.array([2.0**-20]), np.array([0.1])
    >>> tuple(map(narrowest_type, arrays))
    ('int16', 'float32', 'float64')
    """
    steps = values / STEP
    if ((steps == np.rint(steps)) & (steps >= -(2**15)) & (steps < 2**15)).all():
        return "int16"
    with np.errstate(over="ignore"):  # too large for float32
        return "float32" if (values.astype(np.float32) == values).all() else "float64"


def item_size(values: NDArray[np.float64]) -> int:
    """Return the bytes per value; 0 for a sparse array, which takes next to none.

    Examples
    --------
    >>> item_size(np.array([0.5, -1.0])), item_size(np.full(100, 0.1))
    (2, 8)
    """
    return 0 if is_sparse(values) else np.dtype(narrowest_type(values)).itemsize


def is_sparse(values: NDArray[np.float64]) -> bool:
    """Return whether few of many values are nonzero."""
    return bool(len(values) > 4 * MAX_NONZERO and np.count_nonzero(values) <= MAX_NONZERO)


def pack(values: ArrayLike, *, exact: bool = True) -> dict[str, Any]:
    """Pack a one-dimensional array.

    Parameters
    ----------
    values : array, (n,)
        finite values
    exact : bool
        keep every value; otherwise quantise to 16 bits relative to the largest, as for a picture

    Returns
    -------
    dict
        ``type``, ``scale`` and ``data``, where the values are data times scale; or, if sparse,
        ``type``, ``length`` and the packed arrays ``at`` and ``values``

    Examples
    --------
    >>> pack([0.5, -1.0])
    {'type': 'int16', 'scale': 3.0517578125e-05, 'data': 'AEAAgA=='}
    """
    array = np.asarray(values, np.float64)
    if not exact:
        scale = float(np.abs(array).max(initial=0)) / (2**15 - 1) or 1.0
        return _encode(np.rint(array / scale), "int16", scale)
    if is_sparse(array):
        at = np.flatnonzero(array)
        return {
            "type": "sparse",
            "length": len(array),
            "at": pack_integers(at),
            "values": pack(array[at]),
        }
    dtype = narrowest_type(array)
    scale = STEP if dtype == "int16" else 1.0
    return _encode(array / scale, dtype, scale)


def pack_integers(values: ArrayLike, dtype: str = "int32") -> dict[str, Any]:
    """Pack an array of integers in a type that represents them.

    Examples
    --------
    >>> pack_integers([1, 258], "int16")
    {'type': 'int16', 'scale': 1.0, 'data': 'AQACAQ=='}
    """
    return _encode(np.asarray(values), dtype, 1.0)


def _encode(values: NDArray[Any], dtype: str, scale: float) -> dict[str, Any]:
    data = values.astype(np.dtype(dtype).newbyteorder("<")).tobytes()
    return {"type": dtype, "scale": scale, "data": base64.b64encode(data).decode()}


def finite(level: float) -> float | None:
    """Return a level, or None if it is infinite, which JSON cannot hold.

    Examples
    --------
    >>> finite(-20.00049), finite(-np.inf)
    (-20.0, None)
    """
    return round(float(level), 3) if np.isfinite(level) else None
