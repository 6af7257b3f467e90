"""The one shape of sound: 2-D arrays, (frames, channels)."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from audioconv.errors import LayoutError

Audio: TypeAlias = NDArray[np.floating[Any]]
"""Sound: (frames, channels), float64, or float32 where single precision was asked for."""

Samples: TypeAlias = NDArray[np.floating[Any] | np.signedinteger[Any]]
"""Sound as a file stores it: (frames, channels), floats, or integers that count a unit."""

Signal: TypeAlias = NDArray[np.float64]
"""One channel of sound, or of an impulse: (frames,)."""


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
    """Check that a block is (frames, channels).

    Raises
    ------
    LayoutError
        If it has another shape.
    """
    block = np.asarray(block)
    if block.ndim != 2 or block.shape[1] != channels:
        raise LayoutError(
            f"a block of shape {block.shape} does not fit; it must be (frames, {channels})"
        )
    return block
