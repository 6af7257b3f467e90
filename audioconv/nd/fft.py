"""The definition by transforms: overlap-add, block by block along every axis that is long.

A spectrum is the product of two where an array is their cyclic convolution. Zeros behind a block of
S elements and K taps, up to N >= S + K - 1, keep the wrap out of it; blocks that overlap add up, as
convolution is linear. Along an axis of one block, N may be less: for elements start up to stop of
the L of a full convolution, N >= max(stop, L - start) wraps only what is not asked for.

Zeros take no transform: forwards, an axis is padded just before its own transform; backwards, it is
cropped just after. So the last axis goes first on the way there, and last on the way back.

Rounding. A transform of N points has a relative error, in the root of the energy, of at most about
7 u for each of its log2 N stages (u the unit roundoff; Higham, theorem 24.2), and so has one of
several axes, N being the product. With those of both inputs, of a product and of the inverse, an
element that m blocks add up to is off by at most

    u sqrt(m) (7 log2 N (2 |g|_2 + max|G|) + 3 |g|_2 + m |g|_2) |f|_2,

by the inequality of Cauchy and Schwarz; max|G| is at most |g|_1. `audioconv.engines.rounding`
derives the same for sound.

References
----------
N. J. Higham, "Accuracy and stability of numerical algorithms", 2nd edition, SIAM, 2002.
"""

from __future__ import annotations

import math
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft as scipy_fft

from audioconv.errors import AudioconvError
from audioconv.nd.extent import Extent, Shape, full

PER_STAGE = 7

PASS = 4
"""Stages of a transform that take as long as to lay out, multiply, add and call for an element."""

LEAST = 2**14
"""Elements of a block, at least: of fewer, calls take longer than their work."""


def fft(f: NDArray[Any], g: NDArray[Any], extent: Extent, dtype: np.dtype[Any]) -> NDArray[Any]:
    """Convolve two arrays by transforms.

    Parameters
    ----------
    f, g : array, of one number of axes
        `f`, best the larger one, is cut into blocks
    extent : Extent
        the part of the full convolution that is returned
    dtype : float or complex dtype
        of the arithmetic

    Returns
    -------
    array, of the shape of `extent`

    Raises
    ------
    AudioconvError
        If a value or a sum is not finite: it would spoil all that is transformed with it.

    Examples
    --------
    >>> fft(np.ones(3), np.ones(2), Extent((0,), (4,)), np.dtype(float)).round(12)
    array([1., 2., 2., 1.])
    """
    blocks, points = _cut(f.shape, g.shape, extent)
    real = dtype.kind != "c"
    taps = _forwards(g.astype(dtype, copy=False), points, real)
    out: NDArray[Any] = np.zeros(extent.shape, dtype)
    for start in product(*map(range, [0] * f.ndim, f.shape, blocks)):
        block = f[tuple(map(_slice, start, blocks))]
        # the part of the block's convolution that is asked for
        begin = tuple(max(0, lo - s) for lo, s in zip(extent.start, start, strict=True))
        ends = zip(full(block.shape, g.shape), extent.stop, start, strict=True)
        end = tuple(min(n, stop - s) for n, stop, s in ends)
        size = tuple(b - a for a, b in zip(begin, end, strict=True))
        if min(size) > 0:
            part = _forwards(block.astype(dtype, copy=False), points, real)
            with np.errstate(over="ignore", invalid="ignore"):
                part *= taps
            part = _backwards(part, points, real, begin, end)
            if not np.isfinite(part.flat[0]):  # one spoils all
                raise AudioconvError(_extreme(f, g))
            to = (s + a - lo for s, a, lo in zip(start, begin, extent.start, strict=True))
            out[tuple(map(_slice, to, size))] += part
    return out


def rounding(f: NDArray[Any], g: NDArray[Any], extent: Extent, unit: float) -> float:
    """Return how far an element of `fft` may be off.

    Parameters
    ----------
    f, g, extent
        as for `fft`
    unit : float
        unit roundoff of the arithmetic

    Examples
    --------
    >>> f, g = np.full((64, 64), 255.0), np.ones((3, 3))
    >>> rounding(f, g, Extent((0, 0), (66, 66)), 2.0**-53) < 1e-8
    True
    """
    blocks, points = _cut(f.shape, g.shape, extent)
    # of the blocks along an axis, those that an element is a sum of
    reach = [
        min(1 + _ceil(k - 1, block), _ceil(n, block))
        for n, k, block in zip(f.shape, g.shape, blocks, strict=True)
    ]
    terms, stages = math.prod(reach), math.log2(math.prod(points))
    f, g = (np.abs(x * np.float64(1)) for x in (f, g))  # where squares do not wrap
    of_f, of_g = (math.sqrt(float(np.square(x).sum())) for x in (f, g))
    each = PER_STAGE * stages * (2 * of_g + float(g.sum())) + (3 + terms) * of_g
    return unit * math.sqrt(terms) * each * of_f


def cost(f: Shape, g: Shape, extent: Extent) -> float:
    """Return the work of `fft`: points of all transforms, times the stages of each."""
    blocks, points = _cut(f, g, extent)
    count = math.prod(map(_ceil, f, blocks))
    stages = math.log2(math.prod(points)) + PASS
    return (count + 0.5) * math.prod(points) * stages


def _cut(f: Shape, g: Shape, extent: Extent) -> tuple[Shape, Shape]:
    """Return the elements of a block and the points of its transform along each axis.

    They depend on shapes alone, so that results do not depend on the machine.
    """
    axes = [
        _cut_axis(n, k, start, stop, LEAST ** (1 / len(f)))
        for n, k, start, stop in zip(f, g, extent.start, extent.stop, strict=True)
    ]
    return tuple(block for block, _ in axes), tuple(points for _, points in axes)


def _cut_axis(n: int, k: int, start: int, stop: int, least: float) -> tuple[int, int]:
    """Return block and points of least work along one axis."""
    found = [(n, _fast(max(stop, n + k - 1 - start)))]
    count = 2
    while (block := _ceil(n, count)) > max(k / 4, least):
        found.append((block, _fast(block + k - 1)))
        count += max(1, count // 4)
    found = [(points - k + 1 if block < n else n, points) for block, points in found]
    return min(found, key=lambda cut: _ceil(n, cut[0]) * cut[1] * (math.log2(cut[1]) + PASS))


def _ceil(n: int, block: int) -> int:
    return -(-n // block)


def _slice(start: int, length: int) -> slice:
    return slice(start, start + length)


def _fast(points: int) -> int:
    return int(scipy_fft.next_fast_len(points, real=True))


def _forwards(x: NDArray[Any], points: Shape, real: bool) -> NDArray[Any]:
    transform = scipy_fft.rfft if real else scipy_fft.fft
    spectrum: NDArray[Any] = transform(x, points[-1], axis=-1)
    for axis in reversed(range(x.ndim - 1)):
        spectrum = scipy_fft.fft(spectrum, points[axis], axis=axis, overwrite_x=True)
    return spectrum


def _backwards(
    spectrum: NDArray[Any], points: Shape, real: bool, begin: Shape, end: Shape
) -> NDArray[Any]:
    for axis in range(spectrum.ndim - 1):
        spectrum = scipy_fft.ifft(spectrum, axis=axis, overwrite_x=True)
        spectrum = spectrum[(slice(None),) * axis + (slice(begin[axis], end[axis]),)]
    inverse = scipy_fft.irfft if real else scipy_fft.ifft
    return inverse(spectrum, points[-1], axis=-1)[..., begin[-1] : end[-1]]


def _extreme(f: NDArray[Any], g: NDArray[Any]) -> str:
    """Return a message that names the first value that is not finite."""
    for name, array in (("one array", f), ("the other array", g)):
        if not np.isfinite(array).all():
            place = np.unravel_index(np.argmin(np.isfinite(array)), array.shape)
            index = ", ".join(map(str, place))
            return (
                f"{array[place]:g} at [{index}] of {name} would spread by transforms; replace it, "
                "or pass method 'direct'"
            )
    return "the sums are too large for transforms; scale the arrays down, or pass method 'direct'"
