"""Perceived loudness, to compare sounds at equal loudness."""

from __future__ import annotations

import math

import numpy as np

from audioconv.engines.audio import Audio

BLOCK, OVERLAP = 0.4, 4
"""Length of a gating block in s, and number of overlapping blocks."""

ABSOLUTE, RELATIVE = -70.0, -10.0
"""Gates: loudness of silence in LKFS, and of a pause in LU relative to the mean of the rest."""

OFFSET = -0.691

# BS.1770 gives the K-weighting at 48 kHz only, as two filters. Their analogue prototypes are a
# shelf of +4 dB with its corner at 1682 Hz, for the head, and a high-pass at 38 Hz. The bilinear
# transform yields them at any rate, and the published ones at 48 kHz.
SHELF_HZ, SHELF_DB, SHELF_Q, SHELF_EXPONENT = (
    1681.974450955533,
    3.999843853973347,
    0.70717523695541,
    0.4996667741545416,
)
PASS_HZ, PASS_Q = 38.13547087602444, 0.5003270373238773


def loudness(sound: Audio, rate: int) -> float:
    """Return the gated loudness of a sound in LKFS, -inf for silence.

    Parameters
    ----------
    sound : array, (frames, channels)
        all channels have the same weight
    rate : int > 0
        frames per second

    References
    ----------
    ITU-R BS.1770-5, annex 1.

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 997 * np.arange(48000) / 48000)[:, np.newaxis]
    >>> round(loudness(tone, 48000), 2)
    -3.01
    """
    from scipy.signal import lfilter  # most of a second to import: only when used

    weighted = sound
    for numerator, denominator in (_shelf(rate), _high_pass(rate)):
        weighted = lfilter(numerator, denominator, weighted, axis=0)
    energy = np.cumsum(np.pad((weighted**2).sum(axis=1), (1, 0)))
    block = min(round(BLOCK * rate), len(sound))
    starts = np.arange(0, len(sound) - block + 1, max(1, block // OVERLAP))
    means = (energy[starts + block] - energy[starts]) / block
    means = means[means > 10 ** ((ABSOLUTE - OFFSET) / 10)]
    if not len(means):
        return -math.inf
    gated = means[means > means.mean() * 10 ** (RELATIVE / 10)]
    return OFFSET + 10 * math.log10(gated.mean())


def _shelf(rate: int) -> tuple[list[float], list[float]]:
    k = math.tan(math.pi * SHELF_HZ / rate)
    high = 10 ** (SHELF_DB / 20)
    middle = high**SHELF_EXPONENT
    norm = 1 + k / SHELF_Q + k * k
    numerator = [
        (high + middle * k / SHELF_Q + k * k) / norm,
        2 * (k * k - high) / norm,
        (high - middle * k / SHELF_Q + k * k) / norm,
    ]
    return numerator, [1.0, 2 * (k * k - 1) / norm, (1 - k / SHELF_Q + k * k) / norm]


def _high_pass(rate: int) -> tuple[list[float], list[float]]:
    k = math.tan(math.pi * PASS_HZ / rate)
    norm = 1 + k / PASS_Q + k * k
    return [1.0, -2.0, 1.0], [1.0, 2 * (k * k - 1) / norm, (1 - k / PASS_Q + k * k) / norm]
