r"""The four-step transform: a long DFT as many short ones, side by side.

N = R C points of x, seen as a matrix of R rows and C columns with x[C r + c] in row r and
column c, have the DFT

    X[j + R k] = sum over c of w_C^(c k) ( w_N^(c j) sum over r of w_R^(r j) x[C r + c] ),

with w_n = exp(-2 pi i / n). Read from the inside: transform every column (R points each),
multiply by the twiddle factors w_N^(c j), transform every row (C points each). The matrix that
is left holds X[j + R k] in row j and column k.

So the spectrum comes in another order, which does not matter here: the spectra that are
multiplied are all in the same one, and the inverse takes the same steps back. What is won is
speed. Short transforms stay in the cache, and several of them can be computed at once, one in
each lane of a vector, which a long one cannot be inside: of 2^19 points, half the time in single
precision, three quarters in double.

Between the columns' transforms, forward and back, rows have nothing to do with one another. So
a convolution goes through them in bands that fit the cache, and through the whole of its memory
only twice.

References
----------
D. H. Bailey, "FFTs in external or hierarchical memory", Journal of Supercomputing 4(1), 1990.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from copy import copy
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Matrix: TypeAlias = NDArray[np.complexfloating[Any, Any]]
"""N points of a signal, or of its spectrum, as R rows and C columns."""

GAP = 8
"""Numbers between the end of a row and the beginning of the next. Rows a power of two apart
would share their places in the cache, and a column would push itself out of it."""

BAND = 2**16
"""Numbers that are worked on together, from one multiplication by twiddles to the other."""


class FourStep:
    """A DFT of N points, and its inverse but for the factor 1 / N, in halves.

    `columns` and `rows` are the way forward, `rows_back` and `columns_back` the way back. All
    work in place. Rows go band by band, as `bands` lists them.

    Parameters
    ----------
    points : int > 0
        N; fast if it is a power of two

    Attributes
    ----------
    shape : pair of int
        R rows and C columns; N = R C

    Examples
    --------
    >>> transform = FourStep(4096)
    >>> unit = transform.plane()
    >>> unit[:] = np.eye(1, 4096).reshape(unit.shape)
    >>> transform.columns(unit)
    >>> [bool((transform.rows(unit, band) == 1).all()) for band in transform.bands()]
    [True]
    """

    def __init__(self, points: int) -> None:
        columns = row_length(points)
        self.shape = points // columns, columns
        self._step = max(BAND // columns, math.isqrt(points // columns))
        # w^(c (j + i)) = w^(c j) w^(c i): two small tables that stay in the cache, for a large one
        self._first = _roots(
            points, np.arange(0, points // columns, self._step, dtype=np.int64), columns
        )
        self._next = _roots(points, np.arange(self._step, dtype=np.int64), columns)
        self._first_back, self._next_back = self._first.conj(), self._next.conj()

    def astype(self, dtype: np.dtype[Any]) -> FourStep:
        """Return the same transform in another precision, or this one."""
        if self._next.dtype == dtype:
            return self
        other = copy(self)
        for table in ("_first", "_next", "_first_back", "_next_back"):
            setattr(other, table, getattr(self, table).astype(dtype))
        return other

    def plane(self) -> Matrix:
        """Return room for one signal, with anything in it."""
        rows, columns = self.shape
        return np.empty((rows, columns + GAP), self._next.dtype)[:, :columns]

    def bands(self) -> Iterator[slice]:
        """Yield all rows, in bands that fit the cache."""
        rows = self.shape[0]
        yield from (slice(at, min(at + self._step, rows)) for at in range(0, rows, self._step))

    def columns(self, plane: Matrix) -> None:
        """Transform the columns of a signal."""
        _in_place("fft", plane, axis=0)

    def rows(self, plane: Matrix, band: slice) -> Matrix:
        """In a band of rows, go on from the columns' transforms to the spectrum, and return it."""
        spectrum = plane[band]
        spectrum *= self._next[: len(spectrum)]
        spectrum *= self._first[band.start // self._step]
        _in_place("fft", spectrum, axis=1)
        return spectrum

    def rows_back(self, spectrum: Matrix, plane: Matrix, band: slice) -> None:
        """Go back from a band of a spectrum to the columns' transforms, in these rows."""
        _in_place("ifft", spectrum, axis=1)
        spectrum *= self._next_back[: len(spectrum)]
        np.multiply(spectrum, self._first_back[band.start // self._step], out=plane[band])

    def columns_back(self, plane: Matrix) -> None:
        """Go back from the columns' transforms to a signal, scaled by N."""
        _in_place("ifft", plane, axis=0)


def _roots(points: int, rows: NDArray[np.int64], columns: int) -> Matrix:
    """Return w_N^(c j) for some rows j, within 2.5 units of roundoff.

    Sine and cosine are taken of less than an eighth of a turn, and the quarters are exact.
    """
    roots: Matrix = np.empty((len(rows), columns), complex)
    for root, row in zip(roots, rows, strict=True):
        eighths = 8 * (row * np.arange(columns, dtype=np.int64) % points)  # of a turn, times N
        quarters = (eighths + points) // (2 * points)
        rest = (eighths - 2 * points * quarters) * (-np.pi / 4 / points)
        root[:] = np.exp(1j * rest) * np.array([1, -1j, -1, 1j])[quarters % 4]
    return roots


def row_length(points: int) -> int:
    """Return C for N: a power of two, a good deal more than R, as was measured to be fastest.

    Examples
    --------
    >>> [row_length(2**k) for k in (12, 17, 19, 20)]
    [256, 2048, 4096, 4096]
    """
    return math.gcd(points, 4 << points.bit_length() // 2)


def _in_place(name: Literal["fft", "ifft"], matrix: Matrix, axis: int) -> None:
    """Transform a matrix where it is, without the factor 1 / N either way.

    NumPy is loaded already. In double precision it is as fast as SciPy, with the same result; in
    single precision SciPy is several times as fast.
    """
    norm: Literal["backward", "forward"] = "backward" if name == "fft" else "forward"
    if matrix.dtype == np.complex128:
        getattr(np.fft, name)(matrix, axis=axis, norm=norm, out=matrix)
        return
    import scipy.fft  # a tenth of a second to import: only when used

    result = getattr(scipy.fft, name)(matrix, axis=axis, norm=norm, overwrite_x=True)
    if not np.may_share_memory(result, matrix):  # SciPy may work in place, but does not promise it
        matrix[:] = result
