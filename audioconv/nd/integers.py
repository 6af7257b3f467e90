"""Sums of integers: exact, in int64, or refused.

No partial sum exceeds ``min(max|f| |g|_1, |f|_1 max|g|, |f|_2 |g|_2)``. Up to 2^53, float64 holds
every one of them. Transforms are rounded to integers where their error is less than 1/2; where
it may be more, the numbers are cut into digits of fewer bits, whose convolutions are shifted and
added.

Arithmetic modulo 2^64 is exact for a result that fits int64, whatever happens on the way.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import count
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from audioconv.errors import AudioconvError
from audioconv.nd.direct import direct
from audioconv.nd.extent import Extent
from audioconv.nd.fft import fft, rounding

Integers: TypeAlias = NDArray[np.int64]

DOUBLE = np.dtype(np.float64)
UNIT = 2.0**-53
MOST = 2.0**63
SLACK = 1 + 2.0**-20
"""For the rounding of the bounds themselves, of up to 2^32 terms."""


def integers(
    f: NDArray[Any],
    g: NDArray[Any],
    extent: Extent,
    method: Callable[[NDArray[Any], NDArray[Any], Extent, np.dtype[Any]], NDArray[Any]],
) -> Integers:
    """Convolve arrays of integers exactly.

    Parameters
    ----------
    f, g : array of bool or integer dtype
    extent : Extent
        the part of the full convolution that is returned
    method : callable
        `direct` or `fft`

    Returns
    -------
    array of int64, of the shape of `extent`

    Raises
    ------
    AudioconvError
        If a sum may not fit int64.

    Examples
    --------
    >>> f = np.array([2**40, 1]), np.array([3, -(2**20)])
    >>> integers(*f, Extent((0,), (3,)), fft)
    array([      3298534883328, -1152921504606846973,            -1048576])
    """
    largest = bound(f, g)
    if largest >= MOST:
        _refuse_overflow(f, g, extent, method, largest)
    if method is fft:
        return _by_transforms(f, g, extent)
    if largest <= 1 / UNIT:
        return direct(f, g, extent, DOUBLE).astype(np.int64)
    return direct(f, g, extent, np.dtype(np.int64))


def bound(f: NDArray[Any], g: NDArray[Any]) -> float:
    """Return a number that no sum of products exceeds in magnitude, nor any part of it.

    Examples
    --------
    >>> 6 <= bound(np.array([1, -2]), np.array([3, 0])) < 6.1
    True
    """
    f, g = (np.abs(array.astype(DOUBLE)) for array in (f, g))
    energies = math.sqrt(float(np.square(f).sum()) * float(np.square(g).sum()))
    sums = float(f.max()) * float(g.sum()), float(f.sum()) * float(g.max())
    return SLACK * min(energies, *sums)


def _refuse_overflow(
    f: NDArray[Any], g: NDArray[Any], extent: Extent, method: Any, largest: float
) -> None:
    """Refuse sums that may not fit, by the sums in float64 and their error."""
    f, g = f.astype(DOUBLE), g.astype(DOUBLE)  # whose squares do not overflow
    near = method(f, g, extent, DOUBLE)
    terms = min(f.size, g.size)
    error = (terms + 3) * UNIT * largest if method is direct else rounding(f, g, extent, UNIT)
    reached = float(np.abs(near).max()) + error
    if reached >= MOST:
        raise AudioconvError(
            f"the sums may reach {reached:.3g}; integers are convolved exactly up to "
            f"{MOST:.3g}, so use smaller ones, or convert them to float"
        )


def _by_transforms(f: NDArray[Any], g: NDArray[Any], extent: Extent) -> Integers:
    """Add up the convolutions of all pairs of digits, of as few digits as are exact."""
    for number in count(2):  # digits of both together
        of_f, of_g = number // 2, number - number // 2
        wide, narrow = _bits(f, of_f), _bits(g, of_g)
        cut_f, cut_g = _digits(f, wide, of_f), _digits(g, narrow, of_g)
        if all(rounding(a, b, extent, UNIT) < 0.5 for a in cut_f for b in cut_g):
            break
    total: Integers = np.zeros(extent.shape, np.int64)
    for i, a in enumerate(cut_f):
        for j, b in enumerate(cut_g):
            sums = np.rint(fft(a, b, extent, DOUBLE)).astype(np.int64)
            total += sums << np.int64(i * wide + j * narrow)
    return total


def _bits(x: NDArray[Any], digits: int) -> int:
    """Return the bits of a digit, of so many of them."""
    most = max(int(x.max()), -int(x.min())) if x.dtype.kind != "b" else 1
    return -(-(most.bit_length() + 1) // digits)


def _digits(x: NDArray[Any], bits: int, digits: int) -> list[NDArray[np.float64]]:
    """Cut integers into digits, the least first, each from -2^(bits - 1) up to half a step less.

    Examples
    --------
    >>> _digits(np.array([7, -9]), 3, 2)
    [array([-1., -1.]), array([ 1., -1.])]
    """
    rest, found = x.astype(np.int64), []
    for _ in range(digits - 1):
        half = np.int64(1 << (bits - 1))
        digit = ((rest + half) & np.int64((1 << bits) - 1)) - half
        found.append(digit.astype(DOUBLE))
        rest = (rest - digit) >> np.int64(bits)
    return [*found, rest.astype(DOUBLE)]
