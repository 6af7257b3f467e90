"""The definition: ``(f * g)[c] = sum over a + b = c of f[a] g[b]``.

It needs one axis only. Lay the rows of f end to end, with zeros between them, as many as make a
row as long as one of the result: then an index vector a is the number a . w, for the strides w of
the result, and a + b = c holds of vectors where it holds of numbers. No sum runs into the next row,
as it meets the zeros. So each row of g slides over one long line of f, a slab of rows at a time,
small enough to stay in the cache.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioconv.nd.extent import Extent, full

SLAB = 2**16
"""Elements of a slab: its input and its sums stay in a second-level cache."""

LINE = 2**14
"""Elements of a line that are summed at a time, for the first-level cache."""

ROW = 8
"""Taps of a row that are summed at a time. `numpy.convolve` sums up to 11 in one pass over the
line, in their order; of more, it takes a dot product for each element, two to five times as long,
in an order that depends on the machine."""


def direct(f: NDArray[Any], g: NDArray[Any], extent: Extent, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Convolve two arrays by the definition.

    Parameters
    ----------
    f, g : array, of one number of axes
        `g` is best the smaller one
    extent : Extent
        the part of the full convolution that is returned
    dtype : dtype
        of the products and sums

    Returns
    -------
    array, of the shape of `extent`

    Examples
    --------
    >>> f, g = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, -1.0]])
    >>> direct(f, g, Extent((0, 0), (2, 3)), np.dtype(float))
    array([[ 1.,  1., -2.],
           [ 3.,  1., -4.]])
    """
    if dtype.kind == "c":
        return _by_parts(f, g, extent, dtype)
    out: NDArray[Any] = np.empty(extent.shape, dtype)
    if f.ndim == 1:  # one row
        extent = Extent((0, *extent.start), (1, *extent.stop))
        _sum(f[None], g[None].astype(dtype), extent, out[None])
    else:
        _sum(f, g.astype(dtype), extent, out)
    return out


def _by_parts(
    f: NDArray[Any], g: NDArray[Any], extent: Extent, dtype: np.dtype[Any]
) -> NDArray[Any]:
    """Convolve real and imaginary parts: NumPy takes ten times as long to sum complex products."""
    real = np.empty(0, dtype).real.dtype
    out: NDArray[Any] = np.zeros(extent.shape, dtype)
    if f.dtype.kind == "c":
        out += direct(f.real, g, extent, dtype if g.dtype.kind == "c" else real)
        imaginary = direct(f.imag, g, extent, dtype if g.dtype.kind == "c" else real)
        out.real -= imaginary.imag
        out.imag += imaginary.real
    else:
        out.real = direct(f, g.real, extent, real)
        out.imag = direct(f, g.imag, extent, real)
    return out


def _sum(f: NDArray[Any], g: NDArray[Any], extent: Extent, out: NDArray[Any]) -> None:
    """Write the sums to `out`, slab by slab along the first axis."""
    inner = full(f.shape[1:], g.shape[1:])
    width, taps = math.prod(inner), len(g)
    height = min(max(1, SLAB // width), len(out))
    pieces = list(_pieces(g, inner))
    lead = max(shift + len(piece) - 1 for _, shift, piece in pieces)
    line = np.zeros(lead + (height + taps - 1) * width, g.dtype)
    slab = line[lead:].reshape(-1, *inner)
    laid = slab[:, *(slice(n) for n in f.shape[1:])]
    sums = np.empty(height * width, g.dtype)
    crop = tuple(map(slice, extent.start[1:], extent.stop[1:]))
    for begin in range(0, len(out), height):
        rows = min(height, len(out) - begin)
        top = extent.start[0] + begin - (taps - 1)  # the row of f that the slab begins with
        _lay(f, laid[: rows + taps - 1], top)
        # the last row of g meets the first of the slab
        at = [(lead + (taps - 1 - row) * width - shift, piece) for row, shift, piece in pieces]
        _slide(line, at, sums[: rows * width])
        out[begin : begin + rows] = sums.reshape(-1, *inner)[:rows, *crop]


def _pieces(g: NDArray[Any], inner: tuple[int, ...]) -> Iterator[tuple[int, int, NDArray[Any]]]:
    """Yield at most `ROW` taps of `g` at a time, with their first index and their shift inside."""
    strides = np.array([math.prod(inner[axis + 1 :]) for axis in range(len(inner))])
    for index in np.ndindex(g.shape[:-1]):
        for column in range(0, g.shape[-1], ROW):
            shift = int(np.dot(strides, (*index[1:], column)))
            yield index[0], shift, g[index][column : column + ROW]


def _lay(f: NDArray[Any], rows: NDArray[Any], top: int) -> None:
    """Copy rows of `f` from the one numbered `top`, with zeros where it has none."""
    before = min(max(0, -top), len(rows))
    inside = f[max(0, top) : max(0, top + len(rows))]
    rows[:before] = 0
    rows[before : before + len(inside)] = inside
    rows[before + len(inside) :] = 0


def _slide(line: NDArray[Any], pieces: list[tuple[int, NDArray[Any]]], sums: NDArray[Any]) -> None:
    """Add up what each piece of a row of taps makes of the line, from its place on."""
    for begin in range(0, len(sums), LINE):
        part = sums[begin : begin + LINE]
        for number, (place, piece) in enumerate(pieces):
            first = begin + place - (len(piece) - 1)
            products = np.convolve(line[first : begin + place + len(part)], piece, "valid")
            if number:
                part += products
            else:
                part[:] = products
