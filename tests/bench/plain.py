"""What labs write: a loop over files, with SciPy. Arguments: ``SOUNDS ROOMS OUTPUTS``."""

from __future__ import annotations

import sys
from itertools import cycle
from pathlib import Path

import soundfile
from scipy.signal import fftconvolve


def main(sounds: str, rooms: str, outputs: str) -> None:
    """Convolve every sound with the next of the rooms."""
    impulses = cycle([soundfile.read(path)[0] for path in sorted(Path(rooms).iterdir())])
    folder = Path(outputs)
    folder.mkdir()
    for path, impulse in zip(sorted(Path(sounds).iterdir()), impulses, strict=False):
        sound, rate = soundfile.read(path)
        soundfile.write(folder / f"{path.stem}.wav", fftconvolve(sound, impulse), rate, "FLOAT")


if __name__ == "__main__":
    main(*sys.argv[1:])
