"""Sums of independent random variables: their distributions, convolved."""

from __future__ import annotations

import math
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from audioconv.errors import AudioconvError, LayoutError
from audioconv.nd.convolution import convolve

Numbers: TypeAlias = NDArray[np.float64]

TOLERANCE = math.sqrt(np.finfo(np.float64).eps)
"""By which probabilities may miss the sum of 1, as in `numpy.random.Generator.choice`."""

EPS = float(np.finfo(np.float64).eps)

DENSE = 4
"""Integers between the least and the largest value, for each value that there is, up to which a
distribution is written as one array, with zeros for the values between."""


def convolve_distributions(*distributions: tuple[ArrayLike, ArrayLike]) -> tuple[Numbers, Numbers]:
    """Return the distribution of the sum of independent random variables.

    ``P(c) = sum over a + b = c of P(a) P(b)``, over all values a and b.

    Parameters
    ----------
    distributions : pairs of arrays, each (n,)
        the values of a variable, any finite numbers in any order, and their probabilities, which
        sum to 1 within 1.5e-8 and are scaled to do so to rounding

    Returns
    -------
    values : array, (m,)
        the sums, ascending; sums that differ by rounding alone are one
    probabilities : array, (m,)
        of each, never negative, of sum 1 to rounding

    Raises
    ------
    LayoutError
        If values and probabilities are no pair of lists of the same length.
    AudioconvError
        If a value or a sum is not finite, or probabilities are negative or do not sum to 1.

    Examples
    --------
    >>> coin = [0, 1], [0.5, 0.5]
    >>> convolve_distributions(coin, coin)
    (array([0., 1., 2.]), array([0.25, 0.5 , 0.25]))
    >>> convolve_distributions(coin, ([0.1, 2.5], [0.25, 0.75]))
    (array([0.1, 1.1, 2.5, 3.5]), array([0.125, 0.125, 0.375, 0.375]))
    """
    values, probabilities, off = np.zeros(1), np.ones(1), np.zeros(1)
    for number, distribution in enumerate(distributions, 1):
        more, of_more = _checked(number, distribution)
        with np.errstate(over="ignore"):
            ends = values[[0, -1]] + more[[0, -1]]
        if not np.isfinite(ends).all():
            raise AudioconvError(
                f"with distribution {number}, sums reach {ends[np.argmax(np.abs(ends))]:g}; scale "
                "the values down"
            )
        if _dense(values) and _dense(more) and not off.any():
            values, probabilities = _on_integers(values, probabilities, more, of_more)
            off = np.zeros(len(values))
        else:
            sums = np.add.outer(values, more)
            products = np.multiply.outer(probabilities, of_more)
            # a value may be off by its own rounding, and that of the sum
            far = off[:, None] + EPS * (np.abs(values)[:, None] + np.abs(more))
            values, probabilities, off = _merged(sums.ravel(), products.ravel(), far.ravel())
    return values, probabilities / math.fsum(probabilities)


def _checked(number: int, distribution: tuple[ArrayLike, ArrayLike]) -> tuple[Numbers, Numbers]:
    """Return values, ascending, and their probabilities, or refuse them."""
    name = f"distribution {number}"
    try:
        values, probabilities = (np.asarray(each, np.float64) for each in distribution)
    except (TypeError, ValueError):
        raise LayoutError(
            f"{name} is no pair (values, probabilities) of real numbers, such as "
            "([0, 1], [0.5, 0.5])"
        ) from None
    if values.ndim != 1 or values.shape != probabilities.shape or not len(values):
        raise LayoutError(
            f"{name} has values of shape {values.shape} and probabilities of shape "
            f"{probabilities.shape}; both must be lists, one probability for each value"
        )
    if not np.isfinite(values).all():
        raise AudioconvError(f"{name} has a value that is not finite; leave it out")
    least, total = float(probabilities.min()), math.fsum(probabilities)
    if not least >= 0:  # nor NaN
        raise AudioconvError(f"{name} has a probability of {least:g}; it must be 0 or more")
    if not abs(total - 1) <= TOLERANCE:
        raise AudioconvError(
            f"probabilities of {name} sum to {total:.9g}; divide them by it to make it 1"
        )
    values, probabilities, _ = _merged(values, probabilities / total, np.zeros(len(values)))
    return values, probabilities


def _merged(
    values: Numbers, probabilities: Numbers, off: Numbers
) -> tuple[Numbers, Numbers, Numbers]:
    """Return values, ascending, those as one that are no further apart than they may be off."""
    order = np.argsort(values, kind="stable")
    values, off = values[order], off[order]
    with np.errstate(over="ignore"):  # far apart
        new = np.concatenate([[True], np.diff(values) > off[1:] + off[:-1]])
    at = np.cumsum(new) - 1
    sums, most = np.zeros((2, at[-1] + 1))
    np.add.at(sums, at, probabilities[order])
    np.maximum.at(most, at, off)
    return values[new], sums, most


def _dense(values: Numbers) -> bool:
    """Return whether values, ascending, are integers that lie close."""
    largest = max(abs(values[0]), abs(values[-1]))
    if not largest < 0.5 / EPS or (values % 1 != 0).any():
        return False
    return bool(values[-1] - values[0] < DENSE * len(values))


def _on_integers(f: Numbers, of_f: Numbers, g: Numbers, of_g: Numbers) -> tuple[Numbers, Numbers]:
    """Return the distribution of a sum, as the convolution of two arrays by the definition.

    It has no terms that are not products of probabilities, where transforms leave negative noise.
    """
    lines, given = [], []
    for values, probabilities in ((f, of_f), (g, of_g)):
        places = (values - values[0]).astype(np.int64)
        line = np.zeros(places[-1] + 1)
        line[places] = probabilities
        lines.append(line)
        given.append(
            np.isin(np.arange(len(line), dtype=np.int64), places)
        )  # also where the probability is 0
    sums = convolve(lines[0], lines[1], method="direct")
    possible = convolve(given[0], given[1]) > 0
    return f[0] + g[0] + np.flatnonzero(possible), sums[possible]
