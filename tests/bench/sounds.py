"""What is convolved: recordings repeated to a length, and impulses of decaying noise."""

from __future__ import annotations

from itertools import cycle
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

RATE = 44100
ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "samples"
SHARED = ROOT.parent / "shared" / "audio"  # reference audio beside a developer's checkout

WAV_LIMIT = 2**32 - 2**16
DECAY = 40.0  # dB, over the length of an impulse


def recordings() -> list[Path]:
    """Name the real sounds that are there."""
    names = ["tabla_loop_44k_stereo16.flac", "guitar_em9_44k_stereo16.flac"]
    found = [SHARED / name for name in names if (SHARED / name).is_file()]
    return found or [SAMPLES / "guitar.wav", SAMPLES / "speech.wav"]


def write_sound(path: Path, frames: int) -> None:
    """Write recordings one after the other, 16-bit stereo, at half level so that nothing clips."""
    pieces = cycle([_stereo(recording) // 2 for recording in recordings()])
    large = 4 * frames > WAV_LIMIT
    with soundfile.SoundFile(
        path, "w", RATE, 2, subtype="PCM_16", format="RF64" if large else "WAV"
    ) as file:
        while frames > 0:
            piece = next(pieces)[:frames]
            file.write(piece)
            frames -= len(piece)


def write_impulse(path: Path, frames: int, channels: int = 2) -> None:
    """Write seeded noise that decays, of unit energy, 16-bit; no two channels are the same."""
    noise = np.random.default_rng(frames).standard_normal((frames, channels))
    noise *= 10 ** (-DECAY / 20 * np.arange(frames) / frames)[:, None]
    noise /= np.linalg.norm(noise, axis=0)
    soundfile.write(path, noise, RATE, subtype="PCM_16")


def _stereo(path: Path) -> NDArray[np.int16]:
    samples, rate = soundfile.read(path, dtype="int16", always_2d=True)
    assert rate == RATE, path
    return np.repeat(samples, 2, axis=1)[:, :2] if samples.shape[1] == 1 else samples
