"""A part of a sound to be listened to in a page: small, and with its loudness."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audioconv.engines import Audio
from audioconv.files import Sound, encoded
from audioconv.views.loudness import loudness
from impulses.resampling import resample_sound

RATES = 32000, 44100, 48000
"""Hz that MP3 has for sounds of full bandwidth."""

EARS = 2


@dataclass(frozen=True, eq=False)
class Listening:
    """A sound for a player.

    Parameters
    ----------
    mp3 : bytes
        MP3, because every browser plays it
    loudness : float
        LKFS of what it plays
    gain : float
        by which it was lowered, where it would have passed full scale
    """

    mp3: bytes
    loudness: float
    gain: float


def listening(sound: Audio, rate: int) -> Listening:
    """Make a part of a sound ready for a player.

    Parameters
    ----------
    sound : array, (frames, channels)
        of which the first two channels are heard
    rate : int > 0
        frames per second; one that MP3 has not is resampled

    Examples
    --------
    >>> tone = 2 * np.sin(2 * np.pi * 997 * np.arange(48000) / 48000)[:, np.newaxis]
    >>> heard = listening(tone, 48000)
    >>> round(heard.gain, 2), round(heard.loudness, 1)
    (0.5, -3.0)
    """
    heard = np.asarray(sound[:, :EARS], np.float64)
    if rate not in RATES:
        played = next((r for r in RATES if r >= rate), RATES[-1])
        heard, rate = resample_sound(heard, rate, played), played
    gain = 1 / max(1.0, float(np.abs(heard).max(initial=0)))
    heard = heard * gain
    mp3 = encoded(
        Sound("excerpt", "MP3", "MPEG_LAYER_III", rate, heard.shape[1], len(heard)), heard
    )
    return Listening(mp3, loudness(heard, rate), gain)
