"""Padding: the zeros around the input of a layer, as the operator ``Conv`` of ONNX defines them.

References
----------
ONNX operators, Conv: https://onnx.ai/onnx/operators/onnx__Conv.html
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from audioconv.errors import LayoutError, UsageError

Padding: TypeAlias = "str | int | Sequence[int]"
"""`AUTOMATIC`, or zeros: one number for every side, or one for each, all begins before all ends."""

AUTOMATIC = ("valid", "same_upper", "same_lower", "causal")
"""None at all; as many that the output has ``ceil(size / stride)`` elements, with an odd one at the
end or at the beginning; or all at the beginning, so that no output depends on later input."""


def check_padding(padding: Padding, axes: int) -> None:
    """Raise `UsageError` if a padding is none for this number of axes."""
    if isinstance(padding, str):
        if padding not in AUTOMATIC:
            raise UsageError(
                f"padding is {padding!r}; it must be one of {', '.join(AUTOMATIC)}, or numbers"
            )
        return
    numbers = [padding] if isinstance(padding, int) else list(padding)
    if len(numbers) not in (1, 2 * axes) or min(numbers, default=0) < 0:
        raise UsageError(
            f"padding is {padding}; it must be one number of zeros, or {2 * axes}: before each "
            "axis, then after each"
        )


def pads(
    padding: Padding, size: Sequence[int], extent: Sequence[int], stride: Sequence[int]
) -> list[tuple[int, int]]:
    """Return the zeros before and after each axis.

    Parameters
    ----------
    padding : str, int, or sequence of int
    size : sequence of int
        of the input, by axis
    extent : sequence of int
        elements from the first tap of the kernel to its last, ``dilation (taps - 1) + 1``
    stride : sequence of int

    Raises
    ------
    LayoutError
        If the padded input is shorter than the kernel.

    Examples
    --------
    >>> pads("same_upper", [5], [4], [1]), pads("causal", [5], [4], [1]), pads(2, [5], [4], [1])
    ([(1, 2)], [(3, 0)], [(2, 2)])
    """
    if isinstance(padding, str):
        pairs = [_automatic(padding, *one) for one in zip(size, extent, stride, strict=True)]
    elif isinstance(padding, int):
        pairs = [(padding, padding)] * len(size)
    else:
        each = [*padding] if len(padding) > 1 else [*padding] * 2 * len(size)
        pairs = list(zip(each[: len(size)], each[len(size) :], strict=True))
    for length, kernel, (before, after) in zip(size, extent, pairs, strict=True):
        if before + length + after < kernel:
            raise LayoutError(
                f"an axis of {length} elements, with {before + after} of padding, is shorter than "
                f"the kernel's {kernel}; pad it, or use a shorter kernel"
            )
    return pairs


def _automatic(padding: str, size: int, extent: int, stride: int) -> tuple[int, int]:
    """Return the zeros before and after one axis."""
    if padding == "causal":
        return extent - 1, 0
    if padding == "valid":
        return 0, 0
    outputs = -(-size // stride)
    missing = max(0, (outputs - 1) * stride + extent - size)
    less, more = missing // 2, missing - missing // 2
    return (less, more) if padding == "same_upper" else (more, less)
