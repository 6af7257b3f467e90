"""Convolution and correlation of arrays, and the choice of a method."""

from __future__ import annotations

import math
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from audioconv.errors import AudioconvError, LayoutError, UsageError
from audioconv.nd.direct import direct
from audioconv.nd.extent import MODES, Extent, Mode, extent, full
from audioconv.nd.fft import cost, fft
from audioconv.nd.integers import integers

Method: TypeAlias = Literal["auto", "direct", "fft"]

METHODS: tuple[Method, ...] = ("auto", "direct", "fft")

TAP = 0.35
"""Time of a product of the definition, for that of a point and stage of the transforms."""


def convolve(
    f: ArrayLike, g: ArrayLike, mode: Mode = "full", method: Method = "auto"
) -> NDArray[Any]:
    """Convolve two arrays: ``(f * g)[c] = sum over a + b = c of f[a] g[b]``.

    Parameters
    ----------
    f, g : array of numbers
        of the same number of axes, 1 or more, none of them empty
    mode : {"full", "same", "valid"}
        as in `scipy.signal.convolve`: all sums; the middle of them, of the shape of `f`; or those
        that lack no product, where one array is at least as large as the other along every axis
    method : {"auto", "direct", "fft"}
        the definition, at a cost of ``f.size * g.size``; transforms of blocks; or whichever is
        estimated to take less time. They differ by rounding alone, and by the reach of a value
        that is not finite: transforms refuse it, the definition spreads it over `g` as it should

    Returns
    -------
    array
        of int64, where both arrays have integers or bools: the exact sums, not rounded, and not
        wrapped to the range of a smaller type. Otherwise of float32, float64, complex64 or
        complex128, whichever holds both arrays and has at least 32 bits; arithmetic is in that
        precision

    Raises
    ------
    LayoutError
        If the shapes do not fit together.
    AudioconvError
        If a sum of integers may not fit int64, or transforms meet a value that is not finite.

    See Also
    --------
    audioconv.convolve : sound, (frames, channels), with rules for channels

    Examples
    --------
    >>> convolve([1, 2, 3], [1, 1])
    array([1, 3, 5, 3])
    >>> convolve(np.ones((3, 3)), np.ones((3, 3)) / 9, mode="same").round(3)
    array([[0.444, 0.667, 0.444],
           [0.667, 1.   , 0.667],
           [0.444, 0.667, 0.444]])
    >>> convolve(np.full(2, 200, np.uint8), np.ones(2, np.uint8))
    array([200, 400, 200])
    """
    f, g = _checked("f", f), _checked("g", g)
    if f.ndim != g.ndim:
        axes = "axis" if f.ndim == 1 else "axes"
        raise LayoutError(
            f"f has {f.ndim} {axes} and g has {g.ndim}; give both as many, such as by g[..., None]"
        )
    asked = extent(f.shape, g.shape, _choice("mode", mode, MODES))
    _choice("method", method, METHODS)
    if f.size < g.size:  # f * g = g * f
        f, g = g, f
    if method == "auto":
        method = _faster(f, g, asked)
    computed = direct if method == "direct" else fft
    if f.dtype.kind in "biu" and g.dtype.kind in "biu":
        return integers(f, g, asked, computed)
    return computed(f, g, asked, np.result_type(f, g, np.float32))


def correlate(
    f: ArrayLike, g: ArrayLike, mode: Mode = "full", method: Method = "auto"
) -> NDArray[Any]:
    """Correlate two arrays: ``sum over a - b = c of f[a] conj(g[b])``.

    It is the convolution with `g` reversed along every axis and conjugated, as in
    `scipy.signal.correlate`: the full result begins with ``c = 1 - g.shape``.

    Parameters
    ----------
    f, g, mode, method
        as for `convolve`

    Returns
    -------
    array
        as from `convolve`

    Examples
    --------
    >>> correlate([1, 2, 3], [0, 1, 5])
    array([ 5, 11, 17,  3,  0])
    """
    return convolve(f, np.conj(np.flip(_checked("g", g))), mode, method)


def _checked(name: str, array: ArrayLike) -> NDArray[Any]:
    """Return an array of numbers that has axes, none of them empty."""
    checked = np.asarray(array)
    if checked.dtype.kind not in "biufc" or not np.can_cast(checked.dtype, np.complex128):
        raise AudioconvError(
            f"{name} is of type {checked.dtype}; it must be an array of bools, integers, floats "
            "of up to 64 bits, or complex numbers of two of these"
        )
    if checked.ndim == 0 or checked.size == 0:
        raise LayoutError(
            f"{name} has shape {checked.shape}; it must have an axis or more, none of them empty"
        )
    return checked


def _choice(name: str, value: str, choices: tuple[str, ...]) -> Any:
    if value not in choices:
        raise UsageError(f"{name} is {value!r}; it must be one of {', '.join(choices)}")
    return value


def _faster(f: NDArray[Any], g: NDArray[Any], asked: Extent) -> Method:
    """Return the method that is estimated to take less time, by shapes and types alone."""
    lines = math.prod(full(f.shape[1:], g.shape[1:])) * asked.shape[0] if f.ndim > 1 else 0
    products = TAP * g.size * (lines or asked.shape[0])
    if f.dtype.kind == "c" and g.dtype.kind == "c":
        products *= 2  # four real sums, where the work of complex transforms is twice that of real
    return "direct" if products <= cost(f.shape, g.shape, asked) else "fft"
