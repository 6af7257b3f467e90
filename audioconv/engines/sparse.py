"""Shifted adds: each non-zero tap adds one delayed, weighted copy of the sound.

``y[n] = sum over the non-zero taps of h[D] x[n - D]``: the definition with its zeros left out,
so it is exact, and for an echo of a few taps it costs little more than a copy.
"""

from __future__ import annotations

import numpy as np

from audioconv.engines.convolver import Audio, Convolver, OverlapAdd
from audioconv.engines.routes import Routing

LEAST_BLOCK = 2**16


def sparse(routing: Routing, *, single: bool = False, signal_bits: int | None = None) -> Convolver:
    """Build the shifted-add engine. Its cost is one pass over the sound for each non-zero tap."""
    dtype = np.dtype(np.float32 if single else np.float64)
    spikes = [
        (route.source, route.target, int(at), dtype.type(route.taps[at]))
        for route in routing.routes
        for at in np.flatnonzero(route.taps)
    ]

    def kernel(block: Audio) -> Audio:
        frames = len(block)
        full = np.zeros((frames + routing.frames - 1, routing.outputs), dtype)
        untouched = set(range(routing.outputs))
        for source, target, at, tap in spikes:
            copy = tap * block[:, source]
            if target in untouched:  # set, not added, so that even the sign of -0.0 survives
                full[at : at + frames, target] = copy
                untouched.remove(target)
            else:
                full[at : at + frames, target] += copy
        return full

    # a block no shorter than the impulse, so that its tail is not copied more often than it
    block = max(LEAST_BLOCK, 1 << (routing.frames - 1).bit_length())
    return OverlapAdd(routing, kernel, block=block, dtype=dtype)
