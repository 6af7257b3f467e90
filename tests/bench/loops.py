"""Loops over short sounds, ours and a peer's in turn, as a program.

Arguments: ``arrays|files FOLDER SECONDS IMPULSE PRECISION|SUBTYPE LOOPS``. Each loop convolves
SECONDS of speech with `EACH` impulses of IMPULSE seconds that have not been met before.

Prints JSON: the seconds of one convolution, ours and theirs, as medians over the loops, the median
of their ratio, and the largest difference in dB relative to the peak.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from math import log10
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import soundfile
from scipy.signal import fftconvolve

from audioconv import Job, Options, convolve, convolve_file

from .check import Audio
from .sounds import DECAY, SAMPLES

RATE = 16000
EACH = 20
LEVEL = 0.1
"""Of the impulses, by the root of their energy: nothing clips."""


def main(what: str, folder: str, seconds: float, impulse: float, form: str, loops: int) -> None:
    """Time loops in turn; the first warms up."""
    speech, _ = soundfile.read(SAMPLES / "speech.wav", always_2d=True)
    x = np.resize(speech[:, :1], (round(seconds * RATE), 1))
    prepare = _arrays if what == "arrays" else _files
    ours, theirs, outputs = prepare(x, Path(folder), form)
    random = np.random.default_rng(1)
    times: list[tuple[float, float]] = []
    for _ in range(1 + loops):
        impulses = [_impulse(random, round(impulse * RATE)) for _ in range(EACH)]
        times.append((ours(impulses), theirs(impulses)))
    found, wanted = outputs()
    told = {
        "ours": median(a for a, _ in times[1:]),
        "theirs": median(b for _, b in times[1:]),
        "ratio": median(a / b for a, b in times[1:]),
        "error": 20 * log10(float(np.abs(found - wanted).max() / np.abs(wanted).max()) + 1e-20),
    }
    print(json.dumps(told))


Loop = Callable[[list[Audio]], float]
Outputs = Callable[[], tuple[Audio, Audio]]


def _impulse(random: np.random.Generator, frames: int) -> Audio:
    """Return noise that decays."""
    noise = random.standard_normal((frames, 1))
    noise *= 10 ** (-DECAY / 20 * np.arange(frames) / frames)[:, None]
    taps: Audio = LEVEL * noise / np.linalg.norm(noise)
    return taps


def _arrays(x: Audio, _: Path, precision: str) -> tuple[Loop, Loop, Outputs]:
    dtype = np.float32 if precision == "single" else np.float64
    x = x.astype(dtype)
    latest: dict[str, Audio] = {}

    def loop(name: str, work: Callable[[Audio], Audio]) -> Loop:
        def timed(impulses: list[Audio]) -> float:
            taps = [impulse.astype(dtype) for impulse in impulses]
            begin = time.perf_counter()
            for impulse in taps:
                latest[name] = work(impulse)
            return (time.perf_counter() - begin) / len(taps)

        return timed

    return (
        loop("ours", lambda h: convolve(x, h, single=dtype is np.float32)),
        loop("theirs", lambda h: fftconvolve(x, h, axes=0)),
        lambda: (latest["ours"], latest["theirs"]),
    )


def _files(x: Audio, folder: Path, subtype: str) -> tuple[Loop, Loop, Outputs]:
    sound, impulse = folder / "utterance.wav", folder / "room.wav"
    soundfile.write(sound, x, RATE, subtype="PCM_16")
    options = Options(subtype=subtype)

    def ours(output: Path) -> None:
        convolve_file(Job(str(sound), str(output), [str(impulse)], options))

    def theirs(output: Path) -> None:
        dry, rate = soundfile.read(sound, always_2d=True)
        taps, _ = soundfile.read(impulse, always_2d=True)
        soundfile.write(output, fftconvolve(dry, taps, axes=0), rate, subtype)

    def loop(work: Callable[[Path], None], output: Path) -> Loop:
        def timed(impulses: list[Audio]) -> float:
            total = 0.0
            for taps in impulses:
                output.unlink(missing_ok=True)
                soundfile.write(impulse, taps, RATE, subtype="FLOAT")
                begin = time.perf_counter()
                work(output)
                total += time.perf_counter() - begin
            return total / len(impulses)

        return timed

    paths = folder / "short-ours.wav", folder / "short-theirs.wav"

    def outputs() -> tuple[Any, Any]:
        found, wanted = (soundfile.read(path, always_2d=True)[0] for path in paths)
        for path in (sound, impulse, *paths):
            path.unlink()
        return found, wanted

    return loop(ours, paths[0]), loop(theirs, paths[1]), outputs


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    what, folder, seconds, impulse, form, loops = sys.argv[1:]
    main(what, folder, float(seconds), float(impulse), form, int(loops))
