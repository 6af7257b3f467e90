"""What all sections share: the folder with its inputs, the lengths and the rounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import soundfile

from .check import Audio
from .sounds import RATE, write_impulse, write_sound

QUICK = 60  # by which every sound is shorter when the harness is tried


@dataclass(frozen=True)
class Bench:
    """One run of the benchmark."""

    folder: Path
    rounds: int
    quick: bool = False
    plot: Path | None = None

    def minutes(self, minutes: float) -> float:
        """Return the seconds that stand for so many minutes."""
        return 60 * minutes / (QUICK if self.quick else 1)

    def sound(self, seconds: float) -> Path:
        """Return a stereo sound, made when it is first asked for."""
        path = self.folder / f"sound-{seconds:g}.wav"
        if not path.exists():
            write_sound(path, round(seconds * RATE))
        return path

    def impulse(self, seconds: float, channels: int = 2) -> Path:
        """Return an impulse, made when it is first asked for."""
        path = self.folder / f"impulse-{seconds:g}-{channels}.wav"
        if not path.exists():
            write_impulse(path, round(seconds * RATE), channels)
        return path


Section: TypeAlias = Callable[[Bench], Iterator[str]]
"""Yields its Markdown as it goes."""


def taps_of(impulse: Path) -> Audio:
    """Read an impulse, (frames, channels)."""
    taps: Audio = soundfile.read(impulse, always_2d=True)[0]
    return taps


def named(seconds: float) -> str:
    """Write a length as people do.

    Examples
    --------
    >>> named(3600), named(36000), named(0.4)
    ('60 min', '10 h', '0.4 s')
    """
    if seconds < 60:
        return f"{seconds:g} s"
    return f"{seconds / 3600:g} h" if seconds > 3600 else f"{seconds / 60:g} min"
