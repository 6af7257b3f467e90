"""From float64 to whole numbers: rounded to nearest, ties to even, never silently clipped."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from audioconv.engines.convolver import Audio

Integers: TypeAlias = NDArray[np.int32]


def quantise(audio: Audio, bits: int, noise: Audio | float = 0.0) -> tuple[Integers, int]:
    """Round sound in -1 to 1 to integers of so many bits.

    Parameters
    ----------
    audio : array, (frames, channels)
    bits : int, 2 to 32
        full scale is 2^(bits - 1); the largest value is one less
    noise : array or float
        dither to add, in steps

    Returns
    -------
    integers : array of int32
        values past full scale are the largest or smallest there is
    clipped : int
        how many those were

    Examples
    --------
    >>> quantise(np.array([[0.5, -1.0, 1.0]]), 8)
    (array([[  64, -128,  127]], dtype=int32), 1)
    """
    full = 2.0 ** (bits - 1)
    steps = _steps(audio, full, noise)
    if float(steps.max(initial=0)) <= full - 1 and float(steps.min(initial=0)) >= -full:
        return steps.astype(np.int32), 0
    steps = steps.astype(np.float64, copy=False)  # float32 does not have the number 2^31 - 1
    return np.clip(steps, -full, full - 1).astype(np.int32), int(_past(steps, full).sum())


def first_past(audio: Audio, bits: int | None, noise: Audio | float = 0.0) -> int:
    """Return the first frame that does not fit integers of so many bits; floats fit up to 1.

    Examples
    --------
    >>> first_past(np.array([[0.5], [-1.5], [2.0]]), 16)
    1
    """
    if bits is None:
        past = np.abs(audio) > 1
    else:
        full = 2.0 ** (bits - 1)
        past = _past(_steps(audio, full, noise).astype(np.float64, copy=False), full)
    return int(np.argmax(past.any(axis=1)))


def _steps(audio: Audio, full: float, noise: Audio | float) -> Audio:
    """Scale and round: both are exact in either precision, but for noise, which needs float64."""
    steps: Audio = audio * audio.dtype.type(full)
    if np.any(noise):
        steps = np.add(steps, noise, dtype=np.float64)
    return np.rint(steps, out=steps)


def _past(steps: Audio, full: float) -> NDArray[np.bool_]:
    return (steps < -full) | (steps > full - 1)


def triangular_noise(start: int, frames: int, channels: int) -> Audio:
    """Return dither of triangular density in -1 to 1 step: the difference of two uniform numbers.

    Every number is a function of its channel and its place in the sound alone, so that the
    same sound gets the same dither however it is cut.

    References
    ----------
    S. P. Lipshitz, R. A. Wannamaker, J. Vanderkooy, "Quantization and dither: a theoretical
    survey", J. Audio Eng. Soc. 40(5), 1992; J. K. Salmon et al., "Parallel random numbers: as
    easy as 1, 2, 3", SC11, 2011 (Philox).

    Examples
    --------
    >>> whole, part = triangular_noise(0, 9, 2), triangular_noise(5, 4, 2)
    >>> bool((whole[5:] == part).all())
    True
    """
    from numpy.random import Generator, Philox  # only when used

    noise = np.empty((frames, channels))
    odd = start % 2
    for channel in range(channels):
        # one count of the generator gives four numbers, two frames' worth
        source = Generator(Philox(key=channel, counter=start // 2))
        pairs = source.random((frames + odd, 2))[odd:]
        noise[:, channel] = pairs[:, 0] - pairs[:, 1]
    return noise
