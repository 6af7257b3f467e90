"""Spectra of a sound, an impulse and their convolution, for the theorem that relates them."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.fft import rfft
from numpy.typing import NDArray

from audioconv.engines.audio import Signal

FREQUENCIES = 400
LOWEST = 20.0
"""Lowest frequency in Hz, or an eighth of a lower rate."""

FEWEST_BINS = 2048


@dataclass(frozen=True, eq=False)
class Spectra:
    """Discrete-time Fourier transforms at the same frequencies; ``y`` is ``f * g``.

    Parameters
    ----------
    hz : array, (n,)
        increasing
    f, g, y : complex array, (n,)
    """

    hz: NDArray[np.float64]
    f: NDArray[np.complex128]
    g: NDArray[np.complex128]
    y: NDArray[np.complex128]


def spectra(f: Signal, g: Signal, y: Signal, rate: int, *, origin: int = 0) -> Spectra:
    """Transform three signals, each by itself, at frequencies in equal ratios.

    Parameters
    ----------
    f : array, (frames,)
    g : array, (K,)
    y : array, (frames + K - 1,)
    rate : int
        frames per second
    origin : int
        place of time 0 in `g` and `y`

    Returns
    -------
    Spectra
        at `FREQUENCIES` bins of one transform, or fewer, from `LOWEST` to half the rate

    Examples
    --------
    >>> found = spectra(np.array([1.0, 2.0]), np.array([0.0, 1.0]), np.array([0.0, 1.0, 2.0]), 8000)
    >>> bool(np.allclose(found.f * found.g, found.y)), float(found.hz[-1])
    (True, 4000.0)
    """
    # as long as y, or the transform would wrap it round; and even, so that the last bin is half
    # the rate
    length = max(FEWEST_BINS, 1 << (len(y) - 1).bit_length())
    first = math.ceil(min(LOWEST / rate, 1 / 8) * length)
    bins = np.unique(np.rint(np.geomspace(first, length // 2, FREQUENCIES)).astype(np.int64))
    turn = np.exp(2j * np.pi * bins * origin / length)
    return Spectra(
        hz=bins * rate / length,
        f=rfft(f, length)[bins],
        g=rfft(g, length)[bins] * turn,
        y=rfft(y, length)[bins] * turn,
    )
