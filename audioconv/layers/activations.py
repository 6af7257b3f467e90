"""Activations: the functions sigma of a layer, element by element, by name.

Each has the signature of a NumPy function: ``f(x, out=None)``, with `out` an array to write to,
which may be `x` itself. Parameters are bound by `activation`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from audioconv.errors import UsageError
from audioconv.parameters import choices_like

Array: TypeAlias = NDArray[np.floating[Any]]

NUMERATOR = (2.45550750702956, 0.893229853513558, 0.821226666969744)
DENOMINATOR = (2.44506634652299, 0.814642734961073)
"""Coefficients of the rational approximation of tanh."""


class Activation(Protocol):
    """A function of each element."""

    def __call__(self, x: Array, out: Array | None = None) -> Array:
        """Return sigma(x), written to `out` if that is given; it may be `x`."""
        ...


def identity(x: Array, out: Array | None = None) -> Array:
    """Return x itself."""
    return np.positive(x, out=out)


def tanh(x: Array, out: Array | None = None) -> Array:
    """Return the hyperbolic tangent."""
    return np.tanh(x, out=out)


def fast_tanh(x: Array, out: Array | None = None) -> Array:
    """Return a rational approximation of tanh, within 0.0016 of it.

    References
    ----------
    As in NeuralAmpModelerCore, whose other renderers use it for speed.

    Examples
    --------
    >>> x = np.linspace(-8, 8, 10001)
    >>> bool(np.abs(fast_tanh(x) - np.tanh(x)).max() < 0.0016)
    True
    """
    (a, b, c), (d, e) = NUMERATOR, DENOMINATOR
    size, square = np.abs(x), np.multiply(x, x)
    above = np.multiply(size, c)
    above += b
    above *= square
    above += a
    # of sign x: |x + e x |x|| = |x| + e x^2
    below = np.multiply(square, e)
    below += size
    size *= a
    above += size
    square += d
    below *= square
    below += d
    above *= x
    return np.divide(above, below, out=out)


def relu(x: Array, out: Array | None = None) -> Array:
    """Return max(x, 0)."""
    return np.maximum(x, 0, out=out)


def leaky_relu(x: Array, out: Array | None = None, *, negative_slope: float = 0.01) -> Array:
    """Return x where it is positive, and `negative_slope` times x elsewhere."""
    other = np.multiply(x, negative_slope)
    if 0 <= negative_slope <= 1:  # then the larger of the two is the one that is meant
        return np.maximum(x, other, out=out)
    return _chosen(x > 0, x, other, out)


def prelu(x: Array, out: Array | None = None, *, negative_slopes: Sequence[float] = ()) -> Array:
    """Return `leaky_relu` with a slope for each channel, (channels, frames)."""
    slopes = np.asarray(negative_slopes, x.dtype)[:, None]
    return _chosen(x > 0, x, x * slopes, out)


def sigmoid(x: Array, out: Array | None = None, *, tanh: Activation = tanh) -> Array:
    """Return ``1 / (1 + exp(-x))``, by ``(1 + tanh(x / 2)) / 2``, which cannot overflow."""
    half = tanh(np.multiply(x, 0.5))
    half *= 0.5
    return np.add(half, 0.5, out=out)


def silu(x: Array, out: Array | None = None) -> Array:
    """Return x times its sigmoid, also called swish."""
    return np.multiply(x, sigmoid(x), out=out)


def hard_tanh(x: Array, out: Array | None = None) -> Array:
    """Return x, limited to -1 and 1."""
    return np.clip(x, -1, 1, out=out)


def leaky_hard_tanh(
    x: Array,
    out: Array | None = None,
    *,
    min_val: float = -1.0,
    max_val: float = 1.0,
    min_slope: float = 0.01,
    max_slope: float = 0.01,
) -> Array:
    """Return x between two values, and lines of other slopes beyond them."""
    inside: Array = np.clip(x, min_val, max_val)
    beyond: Array = np.subtract(x, inside)
    np.multiply(beyond, min_slope, out=beyond, where=x < min_val)
    np.multiply(beyond, max_slope, out=beyond, where=x > max_val)
    inside += beyond
    return np.positive(inside, out=out)


def hard_swish(x: Array, out: Array | None = None) -> Array:
    """Return ``x min(max(x + 3, 0), 6) / 6``."""
    gate: Array = np.add(x, 3)
    np.clip(gate, 0, 6, out=gate)
    gate /= 6
    return np.multiply(x, gate, out=out)


def softsign(x: Array, out: Array | None = None) -> Array:
    """Return ``x / (1 + |x|)``."""
    below: Array = np.abs(x)
    below += 1
    return np.divide(x, below, out=out)


def _chosen(where: NDArray[np.bool_], x: Array, other: Array, out: Array | None) -> Array:
    np.copyto(other, x, where=where)
    return np.positive(other, out=out)


ACTIVATIONS: dict[str, Callable[..., Array]] = {
    "Identity": identity,
    "Tanh": tanh,
    "Fasttanh": fast_tanh,
    "ReLU": relu,
    "LeakyReLU": leaky_relu,
    "PReLU": prelu,
    "Sigmoid": sigmoid,
    "SiLU": silu,
    "Hardtanh": hard_tanh,
    "LeakyHardtanh": leaky_hard_tanh,
    "Hardswish": hard_swish,
    "Softsign": softsign,
}
"""Activations by the names that PyTorch and the Neural Amp Modeler have for them."""


def activation(name: str, **parameters: Any) -> Activation:
    """Return an activation by name, with its parameters.

    Parameters
    ----------
    name : str
        a key of `ACTIVATIONS`
    **parameters
        of the function of that name, such as ``negative_slope=0.2``

    Raises
    ------
    UsageError
        If there is no such activation, or it has no such parameter.

    Examples
    --------
    >>> activation("LeakyReLU", negative_slope=0.5)(np.array([-2.0, 2.0]))
    array([-1.,  2.])
    """
    if name not in ACTIVATIONS:
        raise UsageError(f"no activation is named {name!r};{choices_like(name, ACTIVATIONS)}")
    function = ACTIVATIONS[name]
    declared = inspect.signature(function).parameters.values()
    known = [one.name for one in declared if one.kind is one.KEYWORD_ONLY]
    for key in parameters:
        if key not in known:
            its = ", ".join(known) or "none"
            raise UsageError(f"{name} has no parameter {key!r}; it has {its}")
    return partial(function, **parameters) if parameters else function
