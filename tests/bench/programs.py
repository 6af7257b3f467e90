"""Convolution by other Python packages, each as a program: ``NAME SOUND IMPULSE OUTPUT``."""

from __future__ import annotations

import sys
from collections.abc import Callable

import numpy as np
import soundfile


def oaconvolve(sound: str, impulse: str, output: str, dtype: str) -> None:
    """The whole file in memory, as most scripts do it."""
    from scipy.signal import oaconvolve as convolve

    x, rate = soundfile.read(sound, dtype=dtype, always_2d=True)
    h, _ = soundfile.read(impulse, dtype=dtype, always_2d=True)
    soundfile.write(output, convolve(x, h, axes=0), rate, subtype="FLOAT")


def pedalboard(sound: str, impulse: str, output: str) -> None:
    """In blocks of ten seconds, by the package's own files."""
    from pedalboard import Convolution
    from pedalboard.io import AudioFile

    with AudioFile(impulse) as file:
        rate, taps = file.samplerate, file.read(file.frames)
    effect = Convolution(taps, sample_rate=rate)
    with AudioFile(sound) as source, AudioFile(output, "w", rate, 2, bit_depth=32) as sink:
        while source.tell() < source.frames:
            sink.write(effect.process(source.read(10 * rate), rate, reset=False))
        rest = source.frames + taps.shape[1] - 1 - sink.frames
        silence = np.zeros((2, rest), np.float32)
        sink.write(effect.process(silence, rate, reset=False))


def audiomentations(sound: str, impulse: str, output: str) -> None:
    """The whole file in memory; the package scales the peak to one half."""
    from audiomentations import ApplyImpulseResponse

    x, rate = soundfile.read(sound, dtype="float32", always_2d=True)
    effect = ApplyImpulseResponse(impulse, p=1.0, leave_length_unchanged=False)
    soundfile.write(output, effect(np.ascontiguousarray(x.T), rate).T, rate, subtype="FLOAT")


PROGRAMS: dict[str, Callable[..., None]] = {
    "oaconvolve": oaconvolve,
    "pedalboard": pedalboard,
    "audiomentations": audiomentations,
}

if __name__ == "__main__":
    PROGRAMS[sys.argv[1]](*sys.argv[2:])
