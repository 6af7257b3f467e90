"""Inverse spectra of an excitation: regularised and limited to a band."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from impulses.impulse import ImpulseError, Taps, from_db

Spectrum: TypeAlias = NDArray[np.complex128]

LOW_EDGE = 2 ** (1 / 3)
HIGH_EDGE = 2 ** (1 / 12)
"""Within these ratios of its ends a band fades by half a cosine.

Ringing depends on the width of the fade in Hz: at the low end a third of an octave is narrow, and
at the high end a twelfth is wide.
"""


def regularised_inverse(
    spectrum: Spectrum,
    size: int,
    rate: int,
    band: tuple[float, float],
    beta: float,
) -> Spectrum:
    """Return ``conj(X) / (abs(X)^2 + beta)``, faded at the ends of the band.

    Parameters
    ----------
    spectrum : array, (size // 2 + 1,)
        X, of a transform of `size` points.
    size : int
        Points of the transform.
    rate : int
        Samples per second.
    band : tuple of float
        Lowest and highest frequency in Hz.
    beta : float >= 0
        Relative to the mean power in the band.

    Raises
    ------
    ImpulseError
        If the band contains no bin of the transform.
    """
    shape = band_window(size, rate, band)
    if not shape.any():
        raise ImpulseError(
            f"band is {band[0]:g} to {band[1]:g} Hz, narrower than the {rate / size:.3g} Hz that "
            "the recording resolves; widen it"
        )
    power = spectrum.real**2 + spectrum.imag**2
    power += beta * np.average(power, weights=shape)
    # bins without any excitation stay empty
    gain = np.divide(shape, power, out=np.zeros_like(power), where=power > 0)
    inverse: Spectrum = np.conj(spectrum) * gain
    return inverse


def band_window(size: int, rate: int, band: tuple[float, float]) -> Taps:
    """Return 1 within a band and 0 outside, with half a cosine within its ends."""
    low, high = band
    frequency = np.arange(size // 2 + 1, dtype=np.int64) * (rate / size)
    shape = np.ones(len(frequency))
    if low > 0:
        shape *= half_cosine((frequency - low) / (low * LOW_EDGE - low))
    if high < rate / 2:
        shape *= half_cosine((high - frequency) / (high - high / HIGH_EDGE))
    return shape


def half_cosine(position: NDArray[np.floating]) -> Taps:
    """Return half a cosine that rises from 0 to 1 between positions 0 and 1."""
    half: Taps = 0.5 - 0.5 * np.cos(np.pi * np.clip(position, 0, 1))
    return half


def estimated_band(excitation: Taps, rate: int) -> tuple[float, float]:
    """Return the first and the last frequency at which the excitation is strong.

    A 48th of an octave is strong if its energy or its energy density is within 12 dB of the
    largest: sweeps keep the energy constant, noise the density. The outermost strong ones are left
    out, as the band may end within them, unless they are at 0 or half the rate.
    """
    from scipy.fft import next_fast_len, rfft

    size = next_fast_len(len(excitation), real=True)
    energy = np.concatenate([[0.0], np.cumsum(np.abs(rfft(excitation, size)) ** 2)])
    bins = len(energy) - 1
    octaves = np.arange(-int(48 * np.log2(bins)), 1, dtype=np.int64) / 48
    edges = np.unique([0, *np.round(bins * 2.0**octaves).astype(np.int64)])
    part = np.diff(energy[edges])
    density = part / np.diff(edges)
    limit = from_db(-24)  # 12 dB of energy
    strong = np.flatnonzero((part > limit * part.max()) | (density > limit * density.max()))
    first, last = edges[strong[0] + 1], max(edges[strong[-1]], edges[strong[0] + 1] + 1)
    return (
        0.0 if strong[0] == 0 else float(first * rate / size),
        rate / 2 if strong[-1] == len(part) - 1 else float(last * rate / size),
    )


def take_lags(response: Taps, first: int, stop: int) -> Taps:
    """Return a circular response at the lags from `first`, which may be negative, to `stop`."""
    return np.take(response, np.arange(first, stop, dtype=np.int64), axis=0, mode="wrap")
