"""Fourier transforms of an impulse at the frequencies of an axis, exact or smoothed."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.fft import rfft
from numpy.typing import NDArray

from impulses.impulse import Impulse, ImpulseError, Taps
from impulses.quantities import Hertz

LOWEST = 20.0
"""Lowest frequency of the axis, in Hz."""

SHORT = 2**12
"""Frames up to which an impulse (a filter, an HRIR) is not smoothed by default."""

SMOOTHING = 12
"""Default smoothing of longer impulses (rooms): 1/12 octave."""

PADDING = 4
"""Least size of a transform relative to the impulse, so that power is smooth between bins."""

AT_A_TIME = 64
"""Frequencies transformed at a time, to bound memory."""


def frequencies(
    rate: int, points: int, low: Hertz | None = None, high: Hertz | None = None
) -> Taps:
    """Return logarithmically spaced frequencies, by default from 20 Hz to half the rate.

    A rate below 1000 Hz has them from a fiftieth of it.

    Raises
    ------
    ImpulseError
        If `low` is not above 0 and below `high`, or `high` above half the rate.

    Examples
    --------
    >>> frequencies(64000, 3).round(3).tolist(), frequencies(64000, 2, 100, 1000).tolist()
    ([20.0, 800.0, 32000.0], [100.0, 1000.0])
    """
    low = min(LOWEST, rate / 50) if low is None else low
    high = rate / 2 if high is None else high
    if not low < high:
        raise ImpulseError(
            f"lowest frequency is {low:g} Hz, not below the highest, {high:g} Hz; lower the one or "
            "raise the other"
        )
    if not 0 < low < high <= rate / 2:
        raise ImpulseError(
            f"frequencies from {low:g} to {high:g} Hz must rise, from above 0 to half the rate, "
            f"{rate / 2:g} Hz, at most"
        )
    spaced: Taps = np.geomspace(low, high, points)
    return spaced


def column(impulse: Impulse, channel: int) -> Taps:
    """Return one channel of an impulse, (frames,)."""
    columns: Taps = impulse.taps.reshape(impulse.frames, -1)
    if not 0 <= channel < columns.shape[1]:
        raise ImpulseError(
            f"channel is {channel}; the impulse has {columns.shape[1]}, counted from 0"
        )
    return columns[:, channel]


def smoothing_of(impulse: Impulse, smoothing: int | None) -> int:
    """Return the smoothing, or its default for the impulse."""
    if smoothing is None:
        return 0 if impulse.frames <= SHORT else SMOOTHING
    if smoothing < 0:
        raise ImpulseError(f"smoothing is {smoothing}; it must be 0 (none) or above")
    return smoothing


class Spectrum(NamedTuple):
    """Means of ``abs(H)^2``, ``H`` and ``Re(conj(H) G)`` at each frequency."""

    power: Taps
    mean: NDArray[np.complex128]
    moment: Taps


def spectrum_of(taps: Taps, rate: int, hz: Taps, smoothing: int, centre: int) -> Spectrum:
    """Transform taps, with time 0 at frame `centre`."""
    both = np.stack([taps, (np.arange(len(taps), dtype=np.int64) - centre) * taps])
    if not smoothing:
        h, g = transform_at(both, hz / rate)
        shifted = h * np.exp(2j * np.pi * hz / rate * centre)
        return Spectrum(np.abs(h) ** 2, shifted, (h.conj() * g).real)
    size = _transform_size(len(taps))
    rolled = np.roll(np.pad(both, ((0, 0), (0, size - len(taps)))), -centre, axis=1)
    h, g = rfft(rolled)
    power, mean, moment = (
        _mean(values, hz * size / rate, smoothing)
        for values in (np.abs(h) ** 2, h, (h.conj() * g).real)
    )
    return Spectrum(np.maximum(power, 0), mean, moment)


def power_of(taps: Taps, rate: int, hz: Taps, smoothing: int) -> Taps:
    """Return the mean of ``abs(H)^2`` at each frequency."""
    if not smoothing:
        exact: Taps = np.square(np.abs(transform_at(taps[np.newaxis], hz / rate)[0]))
        return exact
    size = _transform_size(len(taps))
    power: Taps = _mean(np.abs(rfft(taps, size)) ** 2, hz * size / rate, smoothing)
    return np.maximum(power, 0)


def _transform_size(frames: int) -> int:
    return int(2 ** (PADDING * frames - 1).bit_length())


def _mean(values: NDArray[Any], bins: Taps, smoothing: int) -> NDArray[Any]:
    """Average over 1/`smoothing` octave around each position, linear between bins."""
    half = 2 ** (0.5 / smoothing)
    low, high = bins / half, np.minimum(bins * half, len(values) - 1)
    mean: NDArray[Any] = (_integral(values, high) - _integral(values, low)) / (high - low)
    return mean


def transform_at(columns: Taps, frequency: Taps) -> NDArray[np.complex128]:
    """Return the Fourier transform of each row at any frequencies, by its defining sum.

    With ``n = a + b B``, the sum over `a` is one matrix product for all `b`.

    Parameters
    ----------
    columns : array, (rows, frames)
    frequency : array, (points,)
        Frequencies in cycles per sample.

    Examples
    --------
    >>> transform_at(np.array([[1.0, 1.0]]), np.array([0.0, 0.5])).real.round(12)
    array([[2., 0.]])
    """
    rows, frames = columns.shape
    block = 2 ** (((frames - 1).bit_length() + 1) // 2)
    blocks = np.pad(columns, ((0, 0), (0, -frames % block))).reshape(rows, -1, block)
    transform = np.empty((rows, len(frequency)), np.complex128)
    for start in range(0, len(frequency), AT_A_TIME):
        angle = -2j * np.pi * frequency[start : start + AT_A_TIME, np.newaxis]
        inner = blocks @ np.exp(angle * np.arange(block, dtype=np.int64)).T
        outer = np.exp(angle * (block * np.arange(blocks.shape[1], dtype=np.int64))).T
        transform[:, start : start + AT_A_TIME] = (inner * outer).sum(axis=1)
    return transform


def _integral(values: NDArray[Any], upto: Taps) -> NDArray[Any]:
    """Integrate the linear interpolation of values at 0, 1, 2 ... from 0 to each position."""
    at_nodes = np.concatenate([[0], np.cumsum((values[1:] + values[:-1]) / 2)])
    node = np.minimum(upto.astype(np.int64), len(values) - 2)
    rest = upto - node
    slope = values[node + 1] - values[node]
    integral: NDArray[Any] = at_nodes[node] + rest * values[node] + rest**2 / 2 * slope
    return integral


def decibels(power: Taps) -> Taps:
    """Convert power to decibels; 0 gives -inf."""
    levels = np.full(power.shape, -np.inf)
    np.log10(power, out=levels, where=power > 0)
    return 10 * levels
