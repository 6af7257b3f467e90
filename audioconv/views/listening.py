"""Excerpts encoded for the players of a page, with their loudness."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from audioconv.engines.audio import Audio
from audioconv.files import SoundInfo, encode_all
from audioconv.views.loudness import loudness
from impulses.resampling import resample_sound

RATES = 32000, 44100, 48000
"""Sample rates of MP3 (MPEG-1) in Hz."""

PLAYER_CHANNELS = 2
"""Channels of a player."""


@dataclass(frozen=True, eq=False)
class PlayerSound:
    """A sound for a player.

    Parameters
    ----------
    mp3 : bytes
        MP3, which every browser plays
    loudness : float
        loudness in LUFS, before the gain
    gain : float, 0 to 1
        gain that keeps all sounds of a page below full scale
    """

    mp3: bytes
    loudness: float
    gain: float


def player_sounds(sounds: Sequence[Audio], rate: int) -> list[PlayerSound]:
    """Encode sounds for players, with one gain for all that keeps them below full scale.

    Parameters
    ----------
    sounds : sequence of array, (frames, channels)
        only the first two channels are encoded
    rate : int > 0
        frames per second; sounds at rates that MP3 lacks are resampled

    Examples
    --------
    >>> tone = 2 * np.sin(2 * np.pi * 997 * np.arange(48000) / 48000)[:, np.newaxis]
    >>> loud, soft = player_sounds([tone, tone / 4], 48000)
    >>> round(soft.gain, 2), round(loud.loudness, 1), round(soft.loudness, 1)
    (0.5, 3.0, -9.0)
    """
    played = [np.asarray(sound[:, :PLAYER_CHANNELS], np.float64) for sound in sounds]
    if rate not in RATES:
        mp3_rate = next((r for r in RATES if r >= rate), RATES[-1])
        played, rate = [resample_sound(sound, rate, mp3_rate) for sound in played], mp3_rate
    gain = 1 / max(1.0, *(float(np.abs(sound).max(initial=0)) for sound in played))
    return [PlayerSound(_mp3(sound * gain, rate), loudness(sound, rate), gain) for sound in played]


def _mp3(sound: Audio, rate: int) -> bytes:
    frames, channels = sound.shape
    return encode_all(SoundInfo("excerpt", "MP3", "MPEG_LAYER_III", rate, channels, frames), sound)
