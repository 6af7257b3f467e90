"""Convolutional layers on arrays: ``sigma(W x + b)``, with shared weights.

A layer is a correlation, as the operator ``Conv`` of ONNX, PyTorch and others define it: for one
channel in and out, ``y[n] = sigma(b + sum over k of w[k] x[stride n + dilation k - begin])``, where
x is zero outside, and `begin` the number of zeros before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from audioconv.errors import LayoutError, UsageError
from audioconv.layers.activations import Activation, Array, activation
from audioconv.layers.padding import Padding, check_padding, pads

if TYPE_CHECKING:
    from audioconv.layers.stream import ConvStream


class _Conv:
    """A layer of any number of axes; `Conv1d` and `Conv2d` have one and two.

    Parameters
    ----------
    weight : array, (outputs, inputs / groups, taps, ...)
        float32 or float64; the layer computes in its precision
    bias : array, (outputs,), optional
    stride, dilation : int or sequence of int > 0
        steps between outputs, and between the taps of the kernel; one for each axis, or for all
    groups : int > 0
        the channels are so many layers side by side
    padding : {"valid", "same_upper", "same_lower", "causal"}, int or sequence of int
        zeros around the input: one of these rules, or numbers, as ``pads`` of ONNX: all begins,
        then all ends
    activation : str or function
        sigma, a key of `ACTIVATIONS`, or what `audioconv.layers.activation` returns

    Raises
    ------
    LayoutError, UsageError
        If shapes do not fit, or a value makes no sense.
    """

    axes: ClassVar[int]

    def __init__(
        self,
        weight: ArrayLike,
        bias: ArrayLike | None = None,
        *,
        stride: int | Sequence[int] = 1,
        dilation: int | Sequence[int] = 1,
        groups: int = 1,
        padding: Padding = "valid",
        activation: str | Activation = "Identity",
    ) -> None:
        self.weight = _floats(weight)
        if self.weight.ndim != self.axes + 2 or 0 in self.weight.shape:
            raise LayoutError(
                f"weight has shape {self.weight.shape}; it must be (outputs, inputs / groups, "
                f"taps{', taps' * (self.axes - 1)}), none of them 0"
            )
        if groups < 1 or self.outputs % groups:
            raise UsageError(
                f"groups is {groups}; it must be at least 1, and divide the {self.outputs} outputs"
            )
        self.bias = np.zeros(self.outputs) if bias is None else _floats(bias)
        self.bias = self.bias.astype(self.weight.dtype, copy=False)
        if self.bias.shape != (self.outputs,):
            raise LayoutError(
                f"bias has shape {self.bias.shape}; it must be ({self.outputs},), one for each "
                "output"
            )
        check_padding(padding, self.axes)
        self.stride = self._each("stride", stride)
        self.dilation = self._each("dilation", dilation)
        self.groups = groups
        self.padding = padding
        self.activation = _named(activation)

    @property
    def outputs(self) -> int:
        """Channels out."""
        return int(self.weight.shape[0])

    @property
    def inputs(self) -> int:
        """Channels in."""
        return int(self.weight.shape[1]) * self.groups

    @property
    def extent(self) -> tuple[int, ...]:
        """Elements from the first tap of the kernel to its last, by axis."""
        taps = self.weight.shape[2:]
        return tuple(d * (n - 1) + 1 for d, n in zip(self.dilation, taps, strict=True))

    def __call__(self, x: ArrayLike) -> Array:
        """Apply the layer.

        Parameters
        ----------
        x : array, (..., inputs, size, ...)
            any axes before the channels are of a batch

        Returns
        -------
        array, (..., outputs, size, ...)

        Raises
        ------
        LayoutError
            If it has other channels, or is shorter than the kernel.
        """
        sums = self._sums(np.asarray(x, self.weight.dtype))
        sums += self.bias.reshape(-1, *[1] * self.axes)
        lines = sums.reshape(*sums.shape[: -self.axes], -1)  # (..., outputs, elements)
        return self.activation(lines, lines).reshape(sums.shape)

    def as_matrix(self, size: int | Sequence[int]) -> Array:
        """Return W, for an input of some size.

        Weights are shared: of one channel, each diagonal of the matrix has one value, and most
        have none (Toeplitz; with a stride, the rows step by it).

        Parameters
        ----------
        size : int or sequence of int
            of the input, by axis

        Returns
        -------
        array, (outputs times their size, inputs times their size)
            ``sigma(W @ x.ravel() + b)`` is the layer's output, ravelled, with the bias of each
            channel repeated

        Examples
        --------
        >>> Conv1d(np.array([[[1.0, 2.0, 3.0]]]), padding="causal").as_matrix(4)
        array([[3., 0., 0., 0.],
               [2., 3., 0., 0.],
               [1., 2., 3., 0.],
               [0., 1., 2., 3.]])
        """
        sizes = (size,) * self.axes if isinstance(size, int) else tuple(size)
        each = self.inputs * int(np.prod(sizes))
        units = np.eye(each, dtype=self.weight.dtype).reshape(each, self.inputs, *sizes)
        return np.ascontiguousarray(self._sums(units).reshape(each, -1).T)

    def _sums(self, x: Array) -> Array:
        """Return W x: for each tap of the kernel, one product of matrices, added up."""
        if x.ndim < self.axes + 1 or x.shape[-self.axes - 1] != self.inputs:
            sizes = ", ".join(["size"] * self.axes)
            raise LayoutError(
                f"x has shape {x.shape}; it must be (..., {self.inputs}, {sizes}): this layer has "
                f"{self.inputs} inputs"
            )
        batch, size = x.shape[: -self.axes - 1], x.shape[-self.axes :]
        around = pads(self.padding, size, self.extent, self.stride)
        padded = np.pad(x, [(0, 0)] * (x.ndim - self.axes) + around)
        steps = list(zip(padded.shape[-self.axes :], self.extent, self.stride, strict=True))
        shape = tuple((length - extent) // stride + 1 for length, extent, stride in steps)
        grouped = (self.groups, self.outputs // self.groups)
        everything = (slice(None),) * (x.ndim - self.axes)
        sums = np.zeros((*batch, *grouped, int(np.prod(shape))), x.dtype)
        for tap in np.ndindex(*self.weight.shape[2:]):
            starts = [at * dilation for at, dilation in zip(tap, self.dilation, strict=True)]
            seen = tuple(
                slice(start, start + stride * (count - 1) + 1, stride)
                for start, stride, count in zip(starts, self.stride, shape, strict=True)
            )
            columns = padded[everything + seen].reshape(*batch, self.groups, -1, sums.shape[-1])
            sums += self.weight[(slice(None), slice(None), *tap)].reshape(*grouped, -1) @ columns
        return sums.reshape(*batch, self.outputs, *shape)

    def _each(self, name: str, value: int | Sequence[int]) -> tuple[int, ...]:
        """Return a number for each axis."""
        values = (value,) * self.axes if isinstance(value, int) else tuple(value)
        if len(values) != self.axes or min(values) < 1:
            raise UsageError(f"{name} is {value}; it must be at least 1, once for each axis")
        return values


class Conv1d(_Conv):
    """A convolutional layer over one axis, such as time.

    Examples
    --------
    >>> layer = Conv1d([[[1.0, 2.0, 3.0]]], [0.5], padding="causal", activation="ReLU")
    >>> layer([[1.0, 0.0, -1.0, 0.0]])  # not reversed: the kernel is [3, 2, 1] as an impulse
    array([[3.5, 2.5, 0. , 0. ]])
    """

    axes = 1

    def stream(self, *, block: int = 1024) -> ConvStream:
        """Return the layer for a sound that comes in blocks, under the engine law.

        Parameters
        ----------
        block : int > 0
            frames that are computed at once, and the least that a call costs

        Raises
        ------
        UsageError
            If the stride is not 1: a stream has as many frames out as in.
        """
        from audioconv.layers.stream import ConvStream  # late: it imports this module

        return ConvStream(self, block=block)


class Conv2d(_Conv):
    """A convolutional layer over two axes, such as those of a picture.

    Examples
    --------
    >>> blur = Conv2d(np.full((1, 1, 3, 3), 1 / 9), padding="same_upper")
    >>> blur(np.ones((1, 3, 3))).round(2)
    array([[[0.44, 0.67, 0.44],
            [0.67, 1.  , 0.67],
            [0.44, 0.67, 0.44]]])
    """

    axes = 2


def _floats(values: ArrayLike) -> Array:
    """Return weights as float32, if they are that, or else as float64."""
    array: Any = np.asarray(values)
    if array.dtype.kind not in "biuf":
        raise LayoutError(f"weights are of type {array.dtype}; they must be real numbers")
    return np.asarray(array, np.float32 if array.dtype == np.float32 else np.float64)


def _named(function: str | Activation) -> Activation:
    return activation(function) if isinstance(function, str) else function
