"""A part of a sound to be listened to in a page: small, and with its loudness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audioconv.engines.convolver import Audio
from audioconv.files import SoundInfo, encoded
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
        LKFS of the sound itself
    gain : float
        by which it was lowered, where one of those beside it would have passed full scale
    """

    mp3: bytes
    loudness: float
    gain: float


def listening(sounds: Sequence[Audio], rate: int) -> list[Listening]:
    """Make sounds ready for players, all lowered by as much as the loudest of them needs.

    Parameters
    ----------
    sounds : sequence of array, (frames, channels)
        of which the first two channels are heard
    rate : int > 0
        frames per second; one that MP3 has not is resampled

    Examples
    --------
    >>> tone = 2 * np.sin(2 * np.pi * 997 * np.arange(48000) / 48000)[:, np.newaxis]
    >>> loud, soft = listening([tone, tone / 4], 48000)
    >>> round(soft.gain, 2), round(loud.loudness, 1), round(soft.loudness, 1)
    (0.5, 3.0, -9.0)
    """
    heard = [np.asarray(sound[:, :EARS], np.float64) for sound in sounds]
    if rate not in RATES:
        played = next((r for r in RATES if r >= rate), RATES[-1])
        heard, rate = [resample_sound(sound, rate, played) for sound in heard], played
    gain = 1 / max(1.0, *(float(np.abs(sound).max(initial=0)) for sound in heard))
    return [Listening(_mp3(sound * gain, rate), loudness(sound, rate), gain) for sound in heard]


def _mp3(sound: Audio, rate: int) -> bytes:
    frames, channels = sound.shape
    return encoded(SoundInfo("excerpt", "MP3", "MPEG_LAYER_III", rate, channels, frames), sound)
