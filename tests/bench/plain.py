"""What labs write: a loop over files. Arguments: ``HOW SOUNDS ROOMS OUTPUTS``.

HOW is ``scipy``, ``shoebox`` (a room of its own for each sound, built by ours), ``audiomentations``
or ``lhotse`` (which normalise and cut as they do), or ``shell`` (a command for each sound).
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

Sound = NDArray[np.float64]


def main(how: str, sounds: str, rooms: str, outputs: str) -> None:
    """Convolve every sound with the next of the rooms."""
    folder = Path(outputs)
    folder.mkdir()
    convolved = LOOPS[how](sorted(Path(rooms).iterdir()))
    for path in sorted(Path(sounds).iterdir()):
        convolved(path, folder / f"{path.stem}.wav")


def _scipy(rooms: list[Path]) -> Callable[[Path, Path], None]:
    from scipy.signal import fftconvolve

    impulses = cycle([soundfile.read(path)[0] for path in rooms])

    def convolved(path: Path, output: Path) -> None:
        sound, rate = soundfile.read(path)
        soundfile.write(output, fftconvolve(sound, next(impulses)), rate, "FLOAT")

    return convolved


def _shoebox(rooms: list[Path]) -> Callable[[Path, Path], None]:
    from scipy.signal import fftconvolve

    random = np.random.default_rng(3)

    def convolved(path: Path, output: Path) -> None:
        sound, rate = soundfile.read(path)
        taps = random_room(random, rate)
        soundfile.write(output, fftconvolve(sound, taps), rate, "FLOAT")

    return convolved


def random_room(random: np.random.Generator, rate: int) -> Sound:
    """Build the impulse response of a room of any size, of one channel."""
    from impulses.builders import shoebox

    sides = random.uniform((4, 3, 2.5), (8, 6, 3.5))
    source, microphone = (tuple(sides * random.uniform(0.2, 0.8, 3)) for _ in range(2))
    time = random.uniform(0.2, 0.8)
    room = shoebox(rate, room=tuple(sides), source=source, microphone=microphone, rt60=time)
    taps: Sound = room.taps[:, 0]
    return taps


def _audiomentations(rooms: list[Path]) -> Callable[[Path, Path], None]:
    from audiomentations import ApplyImpulseResponse

    apply: Any = ApplyImpulseResponse(rooms[0].parent, p=1.0, leave_length_unchanged=False)

    def convolved(path: Path, output: Path) -> None:
        sound, rate = soundfile.read(path, dtype="float32")
        soundfile.write(output, apply(sound, sample_rate=rate), rate, "FLOAT")

    return convolved


def _lhotse(rooms: list[Path]) -> Callable[[Path, Path], None]:
    from lhotse import Recording

    impulses: Any = cycle([Recording.from_file(path) for path in rooms])

    def convolved(path: Path, output: Path) -> None:
        recording: Any = Recording.from_file(path)
        sound = recording.reverb_rir(next(impulses)).load_audio()
        soundfile.write(output, sound.T, recording.sampling_rate, "FLOAT")

    return convolved


def _shell(rooms: list[Path]) -> Callable[[Path, Path], None]:
    impulses = cycle(rooms)

    def convolved(path: Path, output: Path) -> None:
        named = (path, output, "--ir", next(impulses), "--subtype", "FLOAT", "-q")
        subprocess.run([sys.executable, "-m", "audioconv", "convolve", *named], check=True)

    return convolved


LOOPS: dict[str, Callable[[list[Path]], Callable[[Path, Path], None]]] = {
    "scipy": _scipy,
    "shoebox": _shoebox,
    "audiomentations": _audiomentations,
    "lhotse": _lhotse,
    "shell": _shell,
}

if __name__ == "__main__":
    main(*sys.argv[1:])
