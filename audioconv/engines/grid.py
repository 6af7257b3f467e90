"""Exact sums: values on a dyadic grid stay on one, so a transform's noise can be rounded away.

Samples of p fractional bits times taps of q are whole multiples of 2^-(p + q), and so is every
sum of them. The result of an FFT is off that grid by its rounding errors only; taken to the
nearest grid point it is the plain sum itself, bit for bit, as long as the error is less than
half a step, and worse by at most that half step otherwise. Without this, one 16-bit sample in
sixty thousand or so would be rounded to the other side of a tie.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

import numpy as np

from audioconv.engines.audio import Audio
from audioconv.engines.routes import Routing

DOUBLE = np.dtype(np.float64)

MOST_BITS = 32

CACHED = 2**14
"""Frames whose four steps stay in the cache."""


def fractional_bits(routing: Routing) -> int | None:
    """Return the least q for which every tap is a multiple of 2^-q, or None above `MOST_BITS`."""

    def on_grid(bits: int) -> bool:
        scaled = (taps * 2.0**bits for taps in routing.kernels)
        return all(bool((taps == np.rint(taps)).all()) for taps in scaled)

    # what is on one grid is on every finer one
    if not on_grid(MOST_BITS):
        return None
    return bisect_left(range(MOST_BITS), True, key=on_grid)


def grid_scale(routing: Routing, signal_bits: int | None, dtype: np.dtype[Any]) -> float | None:
    """Return 2^(p + q) where both signal and taps are on a grid, else None.

    Single precision has no grid: too few sums would fit its 24 bits.
    """
    tap_bits = None if signal_bits is None or dtype != DOUBLE else fractional_bits(routing)
    return None if signal_bits is None or tap_bits is None else 2.0 ** (signal_bits + tap_bits)


def snap(audio: Audio, scale: float | None) -> Audio:
    """Round `audio` in place to multiples of 1 / scale; no scale leaves it as it is."""
    if scale is not None:
        for start in range(0, len(audio), CACHED):
            part = audio[start : start + CACHED]
            part *= scale
            np.rint(part, out=part)
            part *= 1 / scale  # exact, as it is a power of two
            part += 0.0  # the sign of a zero is noise of the transform: -0.0 becomes 0.0
    return audio
