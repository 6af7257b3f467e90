"""Division of a recording by its excitation: at once, or circularly by one of its periods."""

from __future__ import annotations

import numpy as np

from impulses.impulse import Taps
from impulses.measurement.inverses import regularised_inverse


def divide(
    recording: Taps,
    excitation: Taps,
    rate: int,
    band: tuple[float, float],
    beta: float,
) -> Taps:
    """Return the response at lags 0, 1 ... and, from the end, -1, -2 ..., (lags, channels)."""
    from scipy.fft import irfft, next_fast_len, rfft  # late: an echo must not import scipy

    # no lag from -len(excitation) to len(recording) aliases to another
    size = next_fast_len(len(recording) + len(excitation), real=True)
    inverse = regularised_inverse(rfft(excitation[:, 0], size), size, rate, band, beta)
    response = np.empty((size, recording.shape[1]))
    for channel in range(recording.shape[1]):
        response[:, channel] = irfft(rfft(recording[:, channel], size) * inverse, size)
    return response


def divide_period(
    recording: Taps,
    excitation: Taps,
    rate: int,
    band: tuple[float, float],
    beta: float,
) -> Taps:
    """Return the circular response of one period of an excitation that repeats without a pause."""
    from scipy.fft import irfft, rfft

    period = len(excitation)
    inverse = regularised_inverse(rfft(excitation[:, 0]), period, rate, band, beta)
    response = np.empty((period, recording.shape[1]))
    for channel in range(recording.shape[1]):
        response[:, channel] = irfft(rfft(recording[:, channel]) * inverse, period)
    # an offset of the recording adds a pedestal, as division cannot separate it from the gain at
    # 0 Hz; its height is the level at the end of the period, where the response has decayed
    pedestal: Taps = response[-max(1, period // 10) :].mean(axis=0)
    return response - pedestal
