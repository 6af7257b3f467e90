"""Whether an output is right: every sample against an independent reference, in blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from math import inf, log10
from pathlib import Path
from typing import TypeAlias

import numpy as np
import soundfile
from numpy.typing import NDArray
from scipy.fft import irfft, next_fast_len, rfft

from .sounds import RATE

Audio: TypeAlias = NDArray[np.float64]

GRID = 2.0**30  # of 16-bit sound and 16-bit taps every sum is a multiple of 1 / GRID
WRONG = -90.0  # dB: a larger error is not one of arithmetic
STEPS = {"PCM_16": 2.0**-15}  # of formats whose rounding may be larger than that


@dataclass(frozen=True)
class Output:
    """A file to be checked.

    Attributes
    ----------
    fitted : bool
        its level is its own, and is fitted
    slack : int
        frames that it may have too many, where a program writes whole blocks
    raw : bool
        it has no header: stereo float32
    """

    path: Path
    fitted: bool = False
    slack: int = 0
    raw: bool = False

    def open(self) -> soundfile.SoundFile:
        """Open it for reading."""
        if not self.raw:
            return soundfile.SoundFile(self.path)
        return soundfile.SoundFile(self.path, "r", RATE, 2, "FLOAT", format="RAW")


@dataclass(frozen=True)
class Verdict:
    """How far an output is from the reference.

    Attributes
    ----------
    error : float
        the largest difference, in dB relative to the peak of the reference
    frames : int
        by which it is longer than it may be, or shorter than it must
    gain : float
        factor by which it is louder, where that was fitted; else 1
    peak : float
        of the reference
    limit : float
        dB, of the error: what arithmetic and rounding may add
    """

    error: float
    frames: int
    gain: float
    peak: float
    limit: float

    @property
    def right(self) -> bool:
        """Whether it is the whole convolution, up to rounding."""
        return self.error < self.limit and not self.frames

    def __str__(self) -> str:
        text = "exact" if self.error == -inf else f"{self.error:.0f}"
        if self.gain != 1:
            text += f" (at {20 * log10(abs(self.gain)):+.1f} dB)"
        if self.frames:
            text += f", {self.frames:+d} frames"
        return text if self.right else f"WRONG: {text}"


def reference(sound: Path, taps: Audio) -> Iterator[Audio]:
    """Convolve block by block in float64, and round to the grid on which the exact sums lie.

    Parameters
    ----------
    sound : Path
        16-bit file, (frames, channels)
    taps : array, (K, channels) or (K, 1)
        multiples of 2^-15
    """
    size = next_fast_len(max(2**20, 2 * len(taps)), real=True)
    spectrum = rfft(taps, size, axis=0)
    with soundfile.SoundFile(sound) as file:
        tail = np.zeros((len(taps) - 1, file.channels))
        for block in file.blocks(size - len(tail), dtype="float64", always_2d=True):
            full = irfft(rfft(block, size, axis=0) * spectrum, size, axis=0)
            full = full[: len(block) + len(tail)]
            full[: len(tail)] += tail
            tail = full[len(block) :].copy()
            yield np.rint(full[: len(block)] * GRID) / GRID
    yield np.rint(tail * GRID) / GRID


def check(sound: Path, taps: Audio, outputs: Sequence[Output]) -> list[Verdict]:
    """Compare outputs with the reference, which is computed once, in constant memory."""
    peak, length = 0.0, 0
    errors = [0.0] * len(outputs)
    gains: list[float | None] = [None if output.fitted else 1.0 for output in outputs]
    with ExitStack() as stack:
        files = [stack.enter_context(output.open()) for output in outputs]
        for exact in reference(sound, taps):
            peak = max(peak, float(np.abs(exact).max(initial=0)))
            length += len(exact)
            for i, file in enumerate(files):
                found = file.read(len(exact), dtype="float64", always_2d=True)
                wanted = exact[: len(found)]
                gain = gains[i]
                if gain is None:
                    gain = gains[i] = float((found * wanted).sum() / (wanted**2).sum())
                difference = found / gain - wanted
                largest = np.abs(difference).max(initial=0)
                errors[i] = float(np.maximum(errors[i], largest))  # NaN stays
        return [
            Verdict(
                error=20 * log10(error / peak) if error else -inf,
                frames=_beyond(file.frames - length, output.slack),
                gain=gain or 1.0,
                peak=peak,
                limit=20 * log10(10 ** (WRONG / 20) + STEPS.get(file.subtype, 0) / peak),
            )
            for output, file, error, gain in zip(outputs, files, errors, gains, strict=True)
        ]


def _beyond(frames: int, slack: int) -> int:
    return 0 if 0 <= frames <= slack else frames
