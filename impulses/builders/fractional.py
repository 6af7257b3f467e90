"""Fractional delays: a spike between two samples.

A delay of D samples that is not whole falls between samples. Both interpolators here put the
weights ``shape(n - D)`` on the samples n around it, so that a delay is one dot product with the
sound: Lagrange interpolation, exact for polynomials, and a windowed sinc, accurate for nearly
every frequency below half the rate.
"""

from __future__ import annotations

import math
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from impulses.impulse import MAX_FRAMES, Impulse, ImpulseError, Taps, too_long
from impulses.quantities import Seconds, above, one_of, whole

Method: TypeAlias = Literal["lagrange", "sinc"]

SINC_TAPS = 81
"""Taps of the windowed sinc: 40 on either side of the one nearest to the delay."""

KAISER_BETA = 8.6
"""Shape of every Kaiser window: 87 dB of attenuation, which keeps this sinc flat to 0.466 rate."""

MAX_ORDER = 99
"""Highest Lagrange order: its weights are those of a sinc windowed to 100 samples."""


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

    The taps sum to 1, so the gain at 0 Hz is 1. A delay of whole samples is a single tap of 1.
    Taps before time 0, which short delays have, are kept; `origin` is the frame of time 0.

    Parameters
    ----------
    rate : int > 0
        Samples per second.
    delay : float >= 0
        seconds before the spike
    method : {"lagrange", "sinc"}
        Lagrange interpolation, flattest at low frequencies, or a Kaiser-windowed sinc of 81
        taps, flat to 0.466 of the rate
    order : int, 1 to 99
        degree of the Lagrange polynomial (order + 1 taps); 1 is linear interpolation

    Returns
    -------
    Impulse
        (floor(D) + about half the taps, 1).

    Raises
    ------
    ImpulseError
        If the delay is negative or not finite, or the order or the method is invalid.

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
    order = whole("order", order, 1, MAX_ORDER)
    position = float(in_samples(rate, [delay])[0])
    if position == round(position):
        start, shape = round(position), np.ones(1)
    elif method == "sinc":
        start = _start(position, SINC_TAPS - 1)
        shape = _sinc(position - start)
    else:
        start = _start(position, order)
        shape = _lagrange_basis(np.array(position - start), order)
    taps = np.concatenate([np.zeros(max(start, 0)), shape])
    return Impulse(taps[:, np.newaxis], rate, origin=max(-start, 0))


def lagrange(positions: Taps, order: int) -> tuple[NDArray[np.int64], Taps]:
    """Return the first frame (0 at least) and the taps of a fractional delay for each position.

    The taps are the Lagrange basis polynomials at the position: they sum to 1 and delay
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
    return starts, _lagrange_basis(positions - starts, order)


def in_samples(rate: int, delays: ArrayLike) -> Taps:
    """Convert delays from seconds to samples, whole or not.

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
    # times of whole samples, such as 15435 / 44100 s, are off by a few units of rounding
    whole = np.rint(samples)
    return np.where(np.isclose(samples, whole, rtol=1e-12, atol=0), whole, samples)


def _start(position: float, order: int) -> int:
    """Return the first of the ``order + 1`` samples centred on a position."""
    return math.floor(position - (order - 1) / 2)


def _lagrange_basis(offsets: Taps, order: int) -> Taps:
    """Return the polynomials that are 1 at one of the nodes 0 .. order and 0 at the others.

    The last axis runs over the nodes.
    """
    weights = np.ones((*np.shape(offsets), order + 1))
    for i in range(order + 1):
        for j in range(order + 1):
            if j != i:
                weights[..., i] *= (offsets - j) / (i - j)
    return weights


def _sinc(offset: float) -> Taps:
    """Return a sinc centred on the offset, under a Kaiser window centred on it too."""
    time = np.arange(SINC_TAPS, dtype=np.int64) - offset
    # the window is half a sample longer than 40 on either side, to reach the farthest sample
    window = np.i0(KAISER_BETA * np.sqrt(1 - (time / (SINC_TAPS / 2)) ** 2))
    windowed = np.sinc(time) * window
    weights: Taps = windowed / windowed.sum()
    return weights
