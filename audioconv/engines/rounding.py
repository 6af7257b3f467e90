"""Error models: the bounds that an engine's rounding is guaranteed to keep.

A transform of N points has a relative error, in the root of the energy, of at most about 7 u for
each of its stages (u the unit roundoff; Higham, theorem 24.2, with twiddle factors right to u).
It has S = log2 N + 2 of them: two for the two multiplications between its columns and its rows.
Two forward transforms, a product, a sum of R such products and an inverse then leave each output
sample within

    u sqrt(m) ((7 (2 + sqrt 2) S + 2 sqrt 5 + sqrt 2 (R - 1) + m + 3) |h|_2
               + 7 sqrt 2 S max|H|) |x|_2,

by the inequality of Cauchy and Schwarz, and of Parseval for the last term. x is the input within
reach of the sample: the m blocks that its K taps span. Two segments share a transform, as real
and imaginary part, and where they overlap a sample has the errors of both: the forward error of
x and that of the inverse grow by the root of 2, those of h and of the product by 2. Only the last
block of a sound may be cut into more segments: they share no transform, so that two of them have
the errors of one block, and the additions of more are less than the multiplications that their
transforms do without. Where the
impulse is cut into partitions, m counts all blocks that their transforms span, and |h|_1 stands
for max|H|, as no part of h exceeds it.

Sums without a transform, of n products that lead to one output from all inputs, stay within
(n + 2 + m) u |h|_1 max|x| (Higham, section 3.1): sample, tap and product are rounded, and then
n - 1 sums of products and m of blocks, in any order.

Of sums by an engine that is not known, less can be said. An error of independent roundings that
pass through log2 N stages has u sqrt(log2 N) max|H| |x|_2 of root energy, and spreads over the N
points of a transform, in which |x|_2 is at most sqrt(N) max|x|. So it has about
u sqrt(log2 N) max|H| max|x| at each sample, whatever the length of the transform, but for the log.

References
----------
N. J. Higham, "Accuracy and stability of numerical algorithms", 2nd edition, SIAM, 2002.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from audioconv.engines import grid
from audioconv.engines.routes import Route, Routing, largest_response
from audioconv.engines.subnormals import FLUSH_BELOW
from impulses.impulse import Taps

PER_STAGE = 7

# Of a transform, roundings are as often up as down, and its errors stay far below the guarantee:
# the largest error of one sample ever observed is 0.56 u |x|_2 |h|_2 for noise and music, 4 times
# that for constants, whose partial sums all grow the same way, and 7 for a tone through a tone of
# a million taps.
EXPECTED = 16

LONGEST = 2**20
"""Points of the longest transform of an impulse that is not longer itself."""


@dataclass(frozen=True, eq=False)
class ErrorModel:
    """Bounds on the rounding errors of a convolver, full scale being 1.

    Parameters
    ----------
    transforms : bool
        whether errors grow with the root energy |x|_2 of the input within reach, as those of
        transforms do, or with its peak max|x|
    reach : int > 0
        blocks of input that one output sample depends on
    guaranteed : array, (inputs, outputs)
        largest error of an output sample for each unit of |x|_2, or of max|x|
    expected : array, (inputs, outputs)
        error that no output sample is expected to exceed, for each unit of |x|_2
    largest_sum : float
        largest sum of abs(h) into one output
    floor : float
        error due to samples flushed to zero, or to products below the least normal number
    other_engine : array, (inputs, outputs)
        error that no output sample of any engine is expected to exceed, for each unit of max|x|
    relative : tuple of float
        estimated root energy of the error of a whole output, for each unit of that of the input
    grid_scale : float or None
        reciprocal of the grid that exact sums lie on and float64 results are rounded to; None
        where there is no such grid
    """

    transforms: bool
    reach: int
    guaranteed: Taps
    expected: Taps
    largest_sum: float
    floor: float
    other_engine: Taps
    relative: tuple[float, ...]
    grid_scale: float | None


def plain_sums(
    routing: Routing, *, block: int, dtype: np.dtype[Any], signal_bits: int | None
) -> ErrorModel:
    """Return the error model of an engine that sums products one by one.

    Parameters
    ----------
    routing : Routing
    block : int > 0
        frames after which partial sums are added
    dtype : float type
        of the arithmetic
    signal_bits : int or None
        fractional bits of the signal's samples, where it has a known number of them
    """
    reach = 1 + -(-(routing.frames - 1) // block)
    unit = unit_roundoff(dtype)
    terms = _terms(routing)

    def guaranteed(route: Route) -> float:
        return (float(terms[route.target]) + 2 + reach) * float(np.abs(routing.taps(route)).sum())

    # all partial sums may grow the same way, to the sum of magnitudes
    sums = (
        math.sqrt(np.count_nonzero(taps) / 3) * float(np.abs(taps).sum())
        for taps in routing.kernels
    )
    return ErrorModel(
        transforms=False,
        reach=reach,
        guaranteed=unit * _matrix(routing, guaranteed),
        expected=EXPECTED * unit * _matrix(routing, lambda r: _root_energy(routing.taps(r))),
        largest_sum=routing.largest_sum,
        floor=_underflow(routing, dtype),
        other_engine=_other_engine(routing, unit),
        relative=tuple(unit * each for each in sums),
        grid_scale=grid.grid_scale(routing, signal_bits, dtype),
    )


def transforms(
    routing: Routing,
    *,
    block: int,
    points: int,
    dtype: np.dtype[Any],
    grid_scale: float | None,
    partitioned: bool = False,
    pieces: int = 2,
) -> ErrorModel:
    """Return the error model of an engine that multiplies spectra.

    Parameters
    ----------
    routing : Routing
    block : int > 0
        frames of input that are transformed together
    points : int > 0
        length N of the longest transform
    dtype : float type
        of the arithmetic
    grid_scale : float or None
        the one that results are rounded with
    partitioned : bool
        whether the impulse is cut into partitions, rather than in one transform as a whole
    pieces : int
        segments of a block, at most; more than two share no transform
    """
    reach = 1 + -(-(routing.frames - 1 + (points // 2 if partitioned else 0)) // block)
    blocks = reach - 1 + pieces / 2
    unit = unit_roundoff(dtype)
    products = Counter(route.target for route in routing.routes)
    # on a grid that contains that of the transforms
    fine = max(points, 1 << (2 * routing.frames).bit_length())
    responses = [largest_response(taps, fine) for taps in routing.kernels]
    largest = [float(np.abs(taps).sum()) for taps in routing.kernels] if partitioned else responses

    def guaranteed(route: Route) -> float:
        stages = PER_STAGE * (math.log2(points) + 2)
        others = 2 * math.sqrt(5) + math.sqrt(2) * (products[route.target] - 1) + blocks + 3
        energy = _root_energy(routing.taps(route))
        # m blocks with roots of energy e1 .. em sum to at most sqrt(m) times the root of all
        return math.sqrt(blocks) * (
            ((2 + math.sqrt(2)) * stages + others) * energy
            + math.sqrt(2) * stages * largest[route.kernel]
        )

    return ErrorModel(
        transforms=True,
        reach=reach,
        guaranteed=unit * _matrix(routing, guaranteed),
        expected=EXPECTED * unit * _matrix(routing, lambda r: _root_energy(routing.taps(r))),
        largest_sum=routing.largest_sum,
        floor=FLUSH_BELOW[dtype] * routing.largest_sum,
        other_engine=_other_engine(routing, unit),
        # being a sum of independent roundings, it grows with the root of the stages
        relative=tuple(unit * math.sqrt(math.log2(points)) * each for each in responses),
        grid_scale=grid_scale,
    )


def loudest(routing: Routing, dtype: np.dtype[Any], *, points: int | None = None) -> float:
    """Return the largest sample that no step of a convolution takes out of range.

    Products one by one are summed to at most max|x| sum|h|, and their relative rounding errors, of
    n terms, to n times the roundoff.

    A transform of N points is at most N times its largest sample, and of two segments as real and
    imaginary part, the root of 2 times that; each product of spectra has two such terms. So with
    the inverse, 4 N^2 max|x| sum|h| bounds every number on the way.

    Parameters
    ----------
    routing : Routing
    dtype : float type
        of the arithmetic
    points : int > 0, optional
        length N of the longest transform, if there are transforms

    Examples
    --------
    >>> from audioconv.engines.routes import routes
    >>> routing, float64 = routes(np.array([[1.0], [-0.5]]), 1), np.dtype(np.float64)
    >>> bool(1.19e308 < loudest(routing, float64) < 1.2e308)
    True
    >>> bool(1e292 < loudest(routing, float64, points=2**20) < 1e296)
    True
    """
    sums = max(1.0, routing.largest_sum) if routing.routes else 1.0
    terms = routing.inputs * routing.frames
    growth = 4.0 * points**2 if points else 1 + terms * float(np.finfo(dtype).eps)
    return float(np.finfo(dtype).max) / growth / sums


def unit_roundoff(dtype: np.dtype[Any]) -> float:
    """Return half the step between 1 and the next number.

    Examples
    --------
    >>> unit_roundoff(np.dtype(np.float64)) == 2.0**-53
    True
    """
    return float(np.finfo(dtype).eps) / 2


def _matrix(routing: Routing, weight: Callable[[Route], float]) -> Taps:
    """Add up the weights of all routes by input and output, (inputs, outputs)."""
    weights = np.zeros((routing.inputs, routing.outputs))
    for route in routing.routes:
        weights[route.source, route.target] += weight(route)
    return weights


def _other_engine(routing: Routing, unit: float) -> Taps:
    """Return `EXPECTED` times the error of transforms of any engine, by input and output."""
    points = max(LONGEST, 4 * routing.frames)
    each = EXPECTED * unit * math.sqrt(math.log2(points))
    return each * _matrix(routing, lambda route: routing.responses[route.kernel])


def _underflow(routing: Routing, dtype: np.dtype[Any]) -> float:
    """Return the error of one output that numbers below the least normal one cause.

    Each is off by the least number at most: a sample, which a tap then scales, and a product.
    """
    most = float(_terms(routing).max()) + routing.largest_sum
    return float(np.finfo(dtype).smallest_subnormal) * most


def _terms(routing: Routing) -> Taps:
    """Return the number of products that are summed into each output, (outputs,)."""
    counts = _matrix(routing, lambda route: int(np.count_nonzero(routing.taps(route))))
    terms: Taps = counts.sum(axis=0)
    return terms


def _root_energy(taps: Taps) -> float:
    return float(np.sqrt((taps**2).sum()))
