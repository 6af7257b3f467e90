"""Delays between two samples: a spike seen through an interpolator.

A delay of D samples that is not whole has no sample of its own. Both interpolators here put
the weights ``shape(n - D)`` on the whole samples n around it, so a delay is one dot product
with the sound: Lagrange's, exact on polynomials, and a windowed sinc, exact on nearly every
tone that the rate can hold.
"""

from __future__ import annotations

import math
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from impulses.impulse import MAX_FRAMES, Impulse, ImpulseError, Taps, too_long
from impulses.quantities import Seconds, above, one_of, within

Method: TypeAlias = Literal["lagrange", "sinc"]

SINC_TAPS = 81
"""Taps of the windowed sinc: 40 on either side of the one nearest to the delay."""

KAISER_BETA = 8.6
"""Shape of every Kaiser window here: 87 dB of attenuation, so this sinc is flat to 0.466 rate."""

MAX_ORDER = 99
"""Highest Lagrange order: its weights are those of a sinc under a window of 100 samples."""


def fractional_delay(
    rate: int,
    *,
    delay: Seconds = 0.0001,
    method: Method = "lagrange",
    order: int = 3,
) -> Impulse:
    """One unit spike between two samples: ``H(w) = e^(-i w D)`` as nearly as taps allow.

    Sound: nothing but later, by less than a sample if need be; Lagrange of a low order dulls
    the highest octave a little, the sinc does not.

    The level is that of a constant, which is kept: the taps sum to 1. A whole number of samples
    is one tap of 1. Taps that a short delay would put before the start are kept, and `origin`
    counts them: it is the frame that stands for no delay.

    Parameters
    ----------
    rate : int > 0
        Samples per second.
    delay : float >= 0
        seconds before the spike
    method : {"lagrange", "sinc"}
        interpolate by a polynomial, flattest at low frequencies, or by a sinc of 81 taps under
        a Kaiser window, flat to 0.466 of the rate
    order : int, 1 to 99
        degree of the polynomial, which has one tap more; 1 is linear interpolation

    Returns
    -------
    Impulse
        (floor(D) + about half the taps, 1).

    Raises
    ------
    ImpulseError
        If the delay is negative or not finite, or the order or the method is none of these.

    References
    ----------
    T. I. Laakso et al., "Splitting the unit delay", IEEE Signal Processing Magazine 13(1),
    1996, eq. 42 (Lagrange) and section "Windowing" (sinc).

    Examples
    --------
    >>> fractional_delay(4, delay=0.625, order=1).taps.ravel()
    array([0. , 0. , 0.5, 0.5])
    >>> fractional_delay(4, delay=0.125).origin
    1
    """
    one_of("method", method, get_args(Method))
    if within("order", order, 1, MAX_ORDER) != int(order):
        raise ImpulseError(f"order is {order:g}; it must be a whole number, such as 3")
    position = float(in_samples(rate, [delay])[0])
    if position == round(position):
        start, shape = round(position), np.ones(1)
    elif method == "sinc":
        start = _start(position, SINC_TAPS - 1)
        shape = _sinc(position - start)
    else:
        start = _start(position, int(order))
        shape = _basis(np.array(position - start), int(order))
    taps = np.concatenate([np.zeros(max(start, 0)), shape])
    return Impulse(taps[:, np.newaxis], rate, origin=max(-start, 0))


def lagrange(positions: Taps, order: int) -> tuple[NDArray[np.int64], Taps]:
    """Return where fractional taps start, never before frame 0, and the samples of each.

    They are the Lagrange basis polynomials at the position, so they sum to 1 and delay
    polynomials up to that order exactly.

    References
    ----------
    T. I. Laakso et al., "Splitting the unit delay", IEEE Signal Processing Magazine 13(1),
    1996, eq. 42.

    Examples
    --------
    >>> lagrange(np.array([10.5]), 1)
    (array([10]), array([[0.5, 0.5]]))
    """
    starts = np.maximum(0, np.floor(positions - (order - 1) / 2)).astype(np.int64)
    return starts, _basis(positions - starts, order)


def in_samples(rate: int, delays: ArrayLike) -> Taps:
    """Return delays (s) in samples, which need not be whole.

    Examples
    --------
    >>> in_samples(1000, [0.25, 0.0005])
    array([250. ,   0.5])
    """
    above("rate", rate, 0, "Hz")
    seconds = np.asarray(delays, np.float64)
    for delay in seconds[~((seconds >= 0) & (seconds < np.inf))]:
        raise ImpulseError(f"delay is {delay:g} s; it must be 0 or more, and finite")
    samples = seconds * rate
    if samples.max() >= MAX_FRAMES:
        raise ImpulseError(too_long(float(samples.max()) + 1))
    # seconds that name a sample (15435 / 44100) come back within a few units of rounding
    whole = np.rint(samples)
    return np.where(np.isclose(samples, whole, rtol=1e-12, atol=0), whole, samples)


def _start(position: float, order: int) -> int:
    """Return the first of the ``order + 1`` samples that lie evenly around a position."""
    return math.floor(position - (order - 1) / 2)


def _basis(offsets: Taps, order: int) -> Taps:
    """Return the polynomials that are 1 at one of the nodes 0 .. order, 0 at the others.

    The last axis is that of the nodes.
    """
    weights = np.ones((*np.shape(offsets), order + 1))
    for i in range(order + 1):
        for j in range(order + 1):
            if j != i:
                weights[..., i] *= (offsets - j) / (i - j)
    return weights


def _sinc(offset: float) -> Taps:
    """Return the samples of a sinc around the offset, under a window that moves with it."""
    time = np.arange(SINC_TAPS) - offset
    # half a sample more than 40 on either side, for the sample farthest from the offset
    window = np.i0(KAISER_BETA * np.sqrt(1 - (time / (SINC_TAPS / 2)) ** 2))
    windowed = np.sinc(time) * window
    weights: Taps = windowed / windowed.sum()
    return weights
