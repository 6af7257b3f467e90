"""Quantise float64 to integers: round to nearest, ties to even, and count clipped samples."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from audioconv.engines.audio import Audio

Integers: TypeAlias = NDArray[np.int32]


def quantise(audio: Audio, bits: int, noise: Audio | None = None) -> tuple[Integers, int]:
    """Round audio in -1 to 1 to integers.

    Parameters
    ----------
    audio : array, (frames, channels)
    bits : int, 2 to 32
        full scale is 2^(bits - 1); the largest value is one less
    noise : array, optional
        dither to add, in steps of 1 LSB

    Returns
    -------
    integers : array of int32
        samples past full scale are clipped
    clipped : int
        number of clipped samples

    Examples
    --------
    >>> quantise(np.array([[0.5, -1.0, 1.0]]), 8)
    (array([[  64, -128,  127]], dtype=int32), 1)
    """
    full = 2.0 ** (bits - 1)
    steps = _steps(audio, full, noise)
    if float(steps.max(initial=0)) <= full - 1 and float(steps.min(initial=0)) >= -full:
        return steps.astype(np.int32), 0
    steps = steps.astype(np.float64, copy=False)  # float32 cannot represent 2^31 - 1
    return np.clip(steps, -full, full - 1).astype(np.int32), int(_past(steps, full).sum())


def first_past(audio: Audio, bits: int | None, noise: Audio | None = None) -> int:
    """Return the first frame past full scale of integers, or past 1 if `bits` is None.

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


def _steps(audio: Audio, full: float, noise: Audio | None) -> Audio:
    """Scale and round, exactly in either precision; adding noise needs float64."""
    steps: Audio = audio * audio.dtype.type(full)
    if noise is not None:
        steps = np.add(steps, noise, dtype=np.float64)
    return np.rint(steps, out=steps)


def _past(steps: Audio, full: float) -> NDArray[np.bool_]:
    return (steps < -full) | (steps > full - 1)


def triangular_noise(start: int, frames: int, channels: int) -> Audio:
    """Return TPDF dither in -1 to 1 LSB: the difference of two uniform random numbers.

    Each number depends only on its channel and its frame, so dither does not depend on how a
    stream is cut into blocks.

    Parameters
    ----------
    start : int
        first frame
    frames, channels : int

    Returns
    -------
    array, (frames, channels)

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
        # one step of the generator's counter yields four numbers, enough for two frames
        source = Generator(Philox(key=channel, counter=start // 2))
        pairs = source.random((frames + odd, 2))[odd:]
        noise[:, channel] = pairs[:, 0] - pairs[:, 1]
    return noise
