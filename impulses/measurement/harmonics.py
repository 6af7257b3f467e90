"""Harmonics: the distortion of a recorded sweep, one impulse response per order."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from impulses.impulse import Impulse, Taps, from_db
from impulses.measurement.inverses import Spectrum, band_window, half_cosine, take_lags
from impulses.measurement.sweeps import Sweep

PERIODS = 2.0
"""Periods of the lowest frequency for which it rings on either side of a direct sound."""


def spacing(sweep: Sweep, order: int) -> float:
    """Return the seconds from harmonic `order` to the next lower one, which arrives later."""
    return sweep.harmonic_advance(order) - sweep.harmonic_advance(order - 1)


def order_band(sweep: Sweep, order: int) -> tuple[float, float]:
    """Return the lowest and the highest frequency at which a sweep excites an order.

    Examples
    --------
    >>> order_band(Sweep(start=20, end=10000, rate=48000), 3)
    (60.0, 24000.0)
    """
    low, high = sweep.band
    return float(order * low), min(order * high, sweep.rate / 2)


def harmonic(recording: Taps, sweep: Sweep, order: int, linear: Impulse, begin: int) -> Impulse:
    """Return the impulse response of one order of distortion, at the frames of the linear one.

    The sweep is divided out by its analytic spectrum, as harmonics go beyond its end. An order
    lasts from where its direct sound begins to ring to where that of the next lower order does.

    Parameters
    ----------
    recording : array, (frames, channels)
    sweep : Sweep
        Exponential or synchronised.
    order : int > 1
    linear : Impulse
        The linear response, of which length and origin are kept.
    begin : int
        Lag at which the direct sound begins to ring.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    rate = sweep.rate
    size = next_fast_len(len(recording) + sweep.frames, real=True)
    inverse = _inverse(sweep, order, size)
    count = round(spacing(sweep, order) * rate)
    lags = np.arange(-linear.origin, linear.frames - linear.origin, dtype=np.int64)
    window = _order_window(lags, begin, count)
    taps = np.empty(linear.taps.shape)
    for channel in range(recording.shape[1]):
        response = irfft(rfft(recording[:, channel], size) * inverse, size)
        taps[:, channel] = (
            take_lags(response, -linear.origin, linear.frames - linear.origin) * window
        )
    return Impulse(taps, rate, origin=linear.origin)


def _order_window(lags: NDArray[np.int64], begin: int, count: int) -> Taps:
    """Return 1 at `count` lags from `begin` on; the last fiftieth fades by half a cosine."""
    fade = max(1, count // 50)
    return np.where(lags >= begin, half_cosine((begin + count - lags) / fade), 0.0)


def _inverse(sweep: Sweep, order: int, size: int) -> Spectrum:
    """Return the spectrum that turns harmonic `order` of a sweep into an impulse at time zero.

    The synchronised sweep has the inverse spectrum ``2 sqrt(f/L) exp(-2 pi i f L (1 - ln(f/f1))
    + i pi/4)``. Its harmonic m is the sweep itself, L ln m early. The exponential sweep has an
    additional phase of -2 pi f1 L, and its harmonic m lags by m times that phase.

    References
    ----------
    A. Novak, P. Lotton, L. Simon, "Synchronized swept-sine: theory, application, and
    implementation", J. Audio Eng. Soc. 63(10), 2015, eq. 43.
    """
    rate, growth = sweep.rate, sweep.growth
    low, _ = sweep.band
    frequency = np.arange(1, size // 2 + 1, dtype=np.int64) * (rate / size)
    turns = frequency * growth * (np.log(frequency / low) - 1)
    turns += 1 / 8 + order * low * growth
    turns += frequency * (sweep.lead_frames / rate - sweep.harmonic_advance(order))
    inverse = np.zeros(size // 2 + 1, np.complex128)
    inverse[1:] = 2 * np.sqrt(frequency / growth) * np.exp(2j * np.pi * turns)
    inverse *= band_window(size, rate, order_band(sweep, order))
    return inverse / (from_db(sweep.level) * rate)
