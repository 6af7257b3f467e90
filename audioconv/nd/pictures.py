"""Pictures are arrays: kernels by name, borders, and 8 bits.

A picture is (rows, columns), or (rows, columns, colours) with a kernel of one colour, such as
``KERNELS["blur"][..., None]``. A picture is padded as its border should be, convolved where no
product is lacking, and rounded once::

    nd.to_uint8(nd.convolve(nd.pad(picture, kernel.shape, "extend"), kernel, mode="valid"))
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from audioconv.errors import AudioconvError, LayoutError, UsageError

Border: TypeAlias = Literal["zero", "extend", "wrap", "mirror"]

BORDERS: dict[Border, Literal["constant", "edge", "wrap", "reflect"]] = {
    "zero": "constant",
    "extend": "edge",
    "wrap": "wrap",
    "mirror": "reflect",
}
"""Borders by name, each with the mode of `numpy.pad` that makes it."""

KERNELS: dict[str, NDArray[Any]] = {
    "blur": np.full((3, 3), 1 / 9),
    "edge": np.array([[1, -1]]),
    "sharpen": np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]]),
    "emboss": np.array([[-2, -1, 0], [-1, 1, 1], [0, 1, 2]]),
    "sobel": np.array([[1, 0, -1], [2, 0, -2], [1, 0, -1]]),
}
"""Kernels by name. As convolution reverses them, ``edge`` is each pixel less the one to its left,
and ``sobel`` is large where it grows brighter to the right; transposed, they act downwards.
``sharpen`` and ``emboss`` keep an even grey as it is, as ``blur`` does; the others make it 0."""

for _kernel in KERNELS.values():
    _kernel.flags.writeable = False


def pad(picture: ArrayLike, shape: Sequence[int], border: Border = "extend") -> NDArray[Any]:
    """Pad an array, so that the valid part of its convolution has its own shape.

    Parameters
    ----------
    picture : array, of any number of axes
    shape : sequence of int > 0, one for each axis
        of the kernel
    border : {"extend", "zero", "wrap", "mirror"}
        the value at the border; zero; those at the other side; or the picture mirrored at the
        middle of its outermost values, ``c b [a b c] b a``

    Returns
    -------
    array, of the picture's dtype
        ``picture.shape + shape - 1``; of the additional values, half are before the picture, and
        the one that is over for an even `shape` too: with "zero", the valid part is the same as
        that of mode "same" without padding

    Raises
    ------
    LayoutError
        If `shape` has another number of axes, or the picture an empty one.

    Examples
    --------
    >>> pad([1, 2, 3], [3], "mirror")
    array([2, 1, 2, 3, 2])
    """
    array = np.asarray(picture)
    if array.ndim != len(shape) or array.size == 0 or min(shape, default=0) < 1:
        raise LayoutError(
            f"a picture of shape {array.shape} cannot be padded for a kernel of shape "
            f"{tuple(shape)}; both must have as many axes, none of them empty"
        )
    if border not in BORDERS:
        raise UsageError(f"border is {border!r}; it must be one of {', '.join(BORDERS)}")
    return np.pad(array, [(k // 2, (k - 1) // 2) for k in shape], mode=BORDERS[border])


def to_uint8(picture: ArrayLike) -> NDArray[np.uint8]:
    """Round a picture to 8 bits: to the nearest integer, ties to even, and then to 0 or 255.

    Parameters
    ----------
    picture : array of real numbers
        full scale being 255

    Raises
    ------
    AudioconvError
        If a value is NaN, or the array is not of real numbers.

    Examples
    --------
    >>> to_uint8([-3.0, 0.5, 1.5, 254.6, 300.0])
    array([  0,   0,   2, 255, 255], dtype=uint8)
    """
    array = np.asarray(picture)
    if array.dtype.kind not in "biuf":
        raise AudioconvError(f"a picture of type {array.dtype} has no 8 bits; take real numbers")
    if np.isnan(array).any():
        raise AudioconvError("a picture with NaN has no 8 bits; replace it")
    rounded: NDArray[np.uint8] = np.clip(np.rint(array), 0, 255).astype(np.uint8)
    return rounded
