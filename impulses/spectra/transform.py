"""The transform of an impulse at the very frequencies of an axis, or averaged around each."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.fft import rfft
from numpy.typing import NDArray

from impulses.impulse import Impulse, ImpulseError, Taps

LOWEST = 20.0
"""Hz at the left end of the axis."""

SHORT = 2**12
"""Frames up to which an impulse is a filter or a head, and is not smoothed unasked."""

SMOOTHING = 12
"""Parts of an octave over which a longer one, a room, is averaged unasked."""

PADDING = 4
"""Length of a transform beside the impulse, whose power is then smooth between two bins."""

AT_A_TIME = 64
"""Frequencies of a transform that are computed at a time, to bound memory."""


def frequencies(rate: int, points: int) -> Taps:
    """Return frequencies from 20 Hz (or a 25th of half the rate) to half the rate.

    Examples
    --------
    >>> frequencies(64000, 3).round(3).tolist()
    [20.0, 800.0, 32000.0]
    """
    spaced: Taps = np.geomspace(min(LOWEST, rate / 50), rate / 2, points)
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
    """Return the smoothing that is asked for, or that suits the impulse."""
    if smoothing is None:
        return 0 if impulse.frames <= SHORT else SMOOTHING
    if smoothing < 0:
        raise ImpulseError(f"smoothing is {smoothing}; it must be 0 (none) or above")
    return smoothing


class Spectrum(NamedTuple):
    """At each frequency: mean of ``abs(H)^2``, of ``H``, and of ``Re(conj(H) G)``."""

    power: Taps
    mean: NDArray[np.complex128]
    moment: Taps


def spectrum_of(taps: Taps, rate: int, hz: Taps, smoothing: int, centre: int) -> Spectrum:
    """Transform taps, of which frame `centre` is time 0."""
    both = np.stack([taps, (np.arange(len(taps)) - centre) * taps])
    if not smoothing:
        h, g = transform_at(both, hz / rate)
        turned = h * np.exp(2j * np.pi * hz / rate * centre)
        return Spectrum(np.abs(h) ** 2, turned, (h.conj() * g).real)
    size = _points(len(taps))
    rolled = np.roll(np.pad(both, ((0, 0), (0, size - len(taps)))), -centre, axis=1)
    h, g = rfft(rolled)
    power, mean, moment = (
        _mean(values, hz * size / rate, smoothing)
        for values in (np.abs(h) ** 2, h, (h.conj() * g).real)
    )
    return Spectrum(np.maximum(power, 0), mean, moment)


def power_of(taps: Taps, rate: int, hz: Taps, smoothing: int) -> Taps:
    """Return the mean of ``abs(H)^2`` at each frequency, and nothing else."""
    if not smoothing:
        found: Taps = np.square(np.abs(transform_at(taps[np.newaxis], hz / rate)[0]))
        return found
    size = _points(len(taps))
    power: Taps = _mean(np.abs(rfft(taps, size)) ** 2, hz * size / rate, smoothing)
    return np.maximum(power, 0)


def _points(frames: int) -> int:
    return int(2 ** (PADDING * frames - 1).bit_length())


def _mean(values: NDArray[Any], bins: Taps, smoothing: int) -> NDArray[Any]:
    """Average straight lines between bins over a part of an octave around some places."""
    half = 2 ** (0.5 / smoothing)
    low, high = bins / half, np.minimum(bins * half, len(values) - 1)
    found: NDArray[Any] = (_integral(values, high) - _integral(values, low)) / (high - low)
    return found


def transform_at(columns: Taps, frequency: Taps) -> NDArray[np.complex128]:
    """Return the Fourier transform of each row at any frequencies, as the sum that defines it.

    With ``n = a + b B``, the sum over `a` is one product of matrices for all `b`.

    Parameters
    ----------
    columns : array, (rows, frames)
    frequency : array, (points,)
        Beside the rate.

    Examples
    --------
    >>> transform_at(np.array([[1.0, 1.0]]), np.array([0.0, 0.5])).real.round(12)
    array([[2., 0.]])
    """
    rows, frames = columns.shape
    block = 2 ** (((frames - 1).bit_length() + 1) // 2)
    blocks = np.pad(columns, ((0, 0), (0, -frames % block))).reshape(rows, -1, block)
    found = np.empty((rows, len(frequency)), np.complex128)
    for start in range(0, len(frequency), AT_A_TIME):
        turn = -2j * np.pi * frequency[start : start + AT_A_TIME, np.newaxis]
        inner = blocks @ np.exp(turn * np.arange(block)).T
        outer = np.exp(turn * (block * np.arange(blocks.shape[1]))).T
        found[:, start : start + AT_A_TIME] = (inner * outer).sum(axis=1)
    return found


def _integral(values: NDArray[Any], upto: Taps) -> NDArray[Any]:
    """Integrate straight lines between values at 0, 1, 2 ... from 0 up to some places."""
    whole = np.concatenate([[0], np.cumsum((values[1:] + values[:-1]) / 2)])
    at = np.minimum(upto.astype(int), len(values) - 2)
    rest = upto - at
    slope = values[at + 1] - values[at]
    found: NDArray[Any] = whole[at] + rest * values[at] + rest**2 / 2 * slope
    return found


def decibels(power: Taps) -> Taps:
    """Return levels, -inf where there is nothing."""
    levels = np.full(power.shape, -np.inf)
    np.log10(power, out=levels, where=power > 0)
    return 10 * levels
