"""The one shape of sound: 2-D arrays, (frames, channels)."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from audioconv.errors import AudioconvError, LayoutError

Audio: TypeAlias = NDArray[np.floating[Any]]
"""Sound: (frames, channels), float64, or float32 where single precision was asked for."""

Samples: TypeAlias = NDArray[np.floating[Any] | np.signedinteger[Any]]
"""Sound as a file stores it: (frames, channels), floats, or integers that count a unit."""

Signal: TypeAlias = NDArray[np.float64]
"""One channel of sound, or of an impulse: (frames,)."""

SLICE = 2**18
"""Samples that are worked on at a time.

Many, so that threads seldom wait for the lock of the interpreter between two steps; and few beside
a block.
"""

# A piece that is freed teaches glibc to keep as much (M_MMAP_THRESHOLD in mallopt(3)). Otherwise it
# returns the memory of each slice to the system, and the page faults cost more than all else.
np.empty(2**24, np.uint8)

FINITE = float(np.finfo(np.float64).max)
"""Largest number that float64 represents."""


def as_audio(block: Samples, dtype: np.dtype[Any], unit: float = 1.0) -> Audio:
    """Convert samples that count a unit to the precision of an engine.

    Examples
    --------
    >>> as_audio(np.array([[16384]], np.int16), np.dtype(np.float64), 2.0**-15)
    array([[0.5]])
    """
    audio: Audio = block.astype(dtype, copy=False)
    return audio if unit == 1 else audio * dtype.type(unit)


def checked(block: Samples, channels: int) -> Samples:
    """Check that a block is (frames, channels), of real numbers.

    Raises
    ------
    LayoutError
        If it has another shape or type.
    """
    block = np.asarray(block)
    if block.dtype.kind not in "biuf":
        raise LayoutError(f"a block is of type {block.dtype}; it must be an array of real numbers")
    if block.ndim != 2 or block.shape[1] != channels:
        raise LayoutError(
            f"a block of shape {block.shape} does not fit; it must be (frames, {channels})"
        )
    return block


def refuse_extremes(samples: Samples, limit: float, name: str = "the block") -> None:
    """Refuse a sample that is not finite, or larger than an engine can compute with.

    It would spoil all that is transformed with it, and in a delay line what comes later.

    Parameters
    ----------
    samples : array, (frames, channels)
    limit : float
        largest magnitude that the engine can compute with
    name : str
        of the samples, for the message

    Raises
    ------
    AudioconvError
        If there is one; the message names the first.

    Examples
    --------
    >>> refuse_extremes(np.array([[0.5, np.inf]]), 1e300)
    Traceback (most recent call last):
    audioconv.errors.AudioconvError: the block has inf in frame 0, channel 2; samples must be \
finite, and at most 1e+300; replace it
    """
    if samples.dtype.kind != "f":
        return
    # without temporaries, and without BLAS, whose threads would wait for a core; NaN is in no range
    if not samples.size or (-limit <= float(samples.min()) and float(samples.max()) <= limit):
        return
    extreme = ~(np.abs(samples) <= np.float64(limit))
    if extreme.any():
        frame, channel = np.unravel_index(np.argmax(extreme), extreme.shape)
        raise AudioconvError(
            f"{name} has {samples[frame, channel]:g} in frame {frame}, channel {channel + 1}; "
            f"samples must be finite, and at most {limit:.3g}; replace it"
        )
