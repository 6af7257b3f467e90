"""Perceived loudness, to compare sounds at equal loudness."""

from __future__ import annotations

import math

import numpy as np

from audioconv.engines.audio import Audio
from audioconv.metering.loudness import BLOCK, Loudness


def loudness(sound: Audio, rate: int) -> float:
    """Return the gated loudness of a sound in LUFS, -inf for silence.

    Parameters
    ----------
    sound : array, (frames, channels)
        all channels have the same weight; less than 0.4 s is followed by silence
    rate : int
        frames per second, over twice 1682 Hz

    References
    ----------
    ITU-R BS.1770-5, annex 1.

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 997 * np.arange(48000) / 48000)[:, np.newaxis]
    >>> round(loudness(tone, 48000), 2)
    -3.01
    """
    missing = max(0, math.ceil(BLOCK * rate) + 1 - len(sound))
    meter = Loudness(rate, [1.0] * sound.shape[1])
    meter.take(np.pad(sound, ((0, missing), (0, 0))))
    return meter.level()
