"""A causal layer on blocks of one length, in buffers that are allocated once.

Each block is one product of matrices, ``[W_0 ... V b] @ [x(t - (K - 1) d) ... x(t) s(t) 1]``: the
taps of the kernel, weights of a side input s, and the bias stand side by side. All products have
one shape, so that a frame at some place in its block is always rounded alike.
"""

from __future__ import annotations

import numpy as np

from audioconv.layers.activations import Array

MOST_PRODUCTS = 2**18
"""Products that OpenBLAS computes in one thread. More threads are slower here: each layer waits for
them, a thousand times as long where the cores have other work; and how they share a product changes
how its sums are rounded."""

LEAST_FRAMES = 32
"""Frames of a piece, at least; of a matrix that is too large for them, fewer outputs."""


def multiply(matrix: Array, x: Array, out: Array) -> None:
    """Multiply a matrix with a block, in pieces that are small enough for one thread.

    Parameters
    ----------
    matrix : array, (outputs, rows)
    x : array, (rows, block), contiguous
    out : array, (outputs, block), contiguous

    Examples
    --------
    >>> out = np.empty((1, 4096))
    >>> multiply(np.array([[1.0, 2.0]]), np.ones((2, 4096)), out)
    >>> bool((out == 3).all())
    True
    """
    rows, block = x.shape
    outputs = max(1, MOST_PRODUCTS // (LEAST_FRAMES * rows))
    for begin in range(0, len(matrix), outputs):
        part, made = matrix[begin : begin + outputs], out[begin : begin + outputs]
        frames = max(LEAST_FRAMES, 1 << ((MOST_PRODUCTS // part.size).bit_length() - 1))
        whole = block - block % frames if block > frames else 0
        if whole:
            pieces = [
                array[:, :whole].reshape(len(array), -1, frames).transpose(1, 0, 2)
                for array in (x, made)
            ]
            np.matmul(part, pieces[0], out=pieces[1])
        if whole < block:
            np.matmul(part, x[:, whole:], out=made[:, whole:])


class Scratch:
    """The rows that products are made of; layers that take turns can share them.

    Parameters
    ----------
    block : int > 0
        frames
    dtype : float type
    """

    def __init__(self, block: int, dtype: np.dtype[np.floating]) -> None:
        self.block = block
        self.dtype = dtype
        self._rows = np.empty((0, block), dtype)

    def reserve(self, rows: int) -> None:
        """Make room for as many rows."""
        if rows > len(self._rows):
            self._rows = np.empty((rows, self.block), self.dtype)

    def rows(self, count: int) -> Array:
        """Return the first rows."""
        return self._rows[:count]


class Causal:
    """The sums W x + V s + b of a causal layer, without its activation.

    Parameters
    ----------
    weight : array, (outputs, inputs, taps)
        a layer in groups has zeros elsewhere; see `dense`
    bias : array, (outputs,), optional
    scratch : Scratch
    dilation : int > 0
    side : array, (outputs, others), optional
        weights of a side input, of the present frame alone
    """

    def __init__(
        self,
        weight: Array,
        bias: Array | None,
        scratch: Scratch,
        *,
        dilation: int = 1,
        side: Array | None = None,
    ) -> None:
        outputs = len(weight)
        self._inputs, self._taps = int(weight.shape[1]), int(weight.shape[2])
        self._dilation = dilation
        taps = np.moveaxis(weight, 2, 1).reshape(outputs, -1)
        parts = [
            taps,
            *([] if side is None else [side]),
            *([] if bias is None else [bias[:, None]]),
        ]
        self._matrix = np.ascontiguousarray(np.concatenate(parts, axis=1), scratch.dtype)
        self._has_bias = bias is not None
        self._scratch = scratch
        scratch.reserve(self._matrix.shape[1])
        self._past = np.zeros((self._inputs, self.reach), scratch.dtype)

    @property
    def outputs(self) -> int:
        """Channels out."""
        return len(self._matrix)

    @property
    def reach(self) -> int:
        """Frames before the present one that count."""
        return self._dilation * (self._taps - 1)

    def reset(self) -> None:
        """Forget the sound so far: before it, there is silence."""
        self._past[:] = 0

    def sums(self, x: Array, out: Array, side: Array | None = None) -> None:
        """Write the sums for the next block; the past stays as it is.

        Parameters
        ----------
        x : array, (inputs, block)
        out : array, (outputs, block)
        side : array, (others, block), optional
        """
        rows = self._scratch.rows(self._matrix.shape[1])
        block, at = self._scratch.block, 0
        for lag in range(self.reach, -1, -self._dilation):
            tap = rows[at : at + self._inputs]
            known = min(lag, block)
            start = self.reach - lag
            tap[:, :known] = self._past[:, start : start + known]
            tap[:, known:] = x[:, : block - known]
            at += self._inputs
        if side is not None:
            rows[at : at + len(side)] = side
        if self._has_bias:
            rows[-1] = 1
        multiply(self._matrix, rows, out)

    def advance(self, x: Array) -> None:
        """Take a block into the past."""
        block, reach = self._scratch.block, self.reach
        if reach <= block:
            self._past[:] = x[:, block - reach :]
        else:
            self._past[:, :-block] = self._past[:, block:]
            self._past[:, -block:] = x

    def process(self, x: Array, out: Array, side: Array | None = None) -> None:
        """Write the sums for the next block, and take it into the past."""
        self.sums(x, out, side)
        self.advance(x)


def dense(weight: Array, groups: int) -> Array:
    """Return the weights of a layer in groups, with zeros between channels of different groups.

    Parameters
    ----------
    weight : array, (outputs, inputs / groups, taps)
    groups : int

    Examples
    --------
    >>> dense(np.array([[[1.0]], [[2.0]]]), 2)[:, :, 0]
    array([[1., 0.],
           [0., 2.]])
    """
    if groups == 1:
        return weight
    outputs, inputs, taps = weight.shape
    each = outputs // groups
    whole = np.zeros((outputs, inputs * groups, taps), weight.dtype)
    for group in range(groups):
        rows = slice(group * each, (group + 1) * each)
        whole[rows, group * inputs : (group + 1) * inputs] = weight[rows]
    return whole
