"""The definition itself, the reference for every other engine.

Output sample c of a route is the one dot product ``sum over b of h[b] x[c - b]``: the window
of the last K samples times the impulse read backwards.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from audioconv.engines.convolver import Audio, Convolver, OverlapAdd
from audioconv.engines.routes import Routing

BLOCK = 4096


def direct(routing: Routing, *, single: bool = False, signal_bits: int | None = None) -> Convolver:
    """Build the direct-sum engine. Its cost is K products a sample; it always sums in float64."""
    reach = routing.frames - 1
    backwards = [np.ascontiguousarray(route.taps[::-1]) for route in routing.routes]

    def kernel(block: Audio) -> Audio:
        full = np.zeros((len(block) + reach, routing.outputs))
        padded = np.pad(block.T, ((0, 0), (reach, reach)))  # (inputs, reach + n + reach)
        for route, taps in zip(routing.routes, backwards, strict=True):
            windows = sliding_window_view(padded[route.source], routing.frames)
            full[:, route.target] += np.vecdot(windows, taps)
        return full

    return OverlapAdd(routing, kernel, block=BLOCK, dtype=np.dtype(np.float64))
