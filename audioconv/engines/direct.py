"""The definition itself, the reference for every other engine.

Output sample c of a route is the one sum ``sum over a + b = c of x[a] h[b]``: the shorter of the
two, read backwards, times a window of the longer, as a plain dot product.
"""

from __future__ import annotations

from functools import partial

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from audioconv.engines.audio import Audio, Samples, as_audio
from audioconv.engines.convolver import Convolved, Convolver, OverlapAdd, as_convolved
from audioconv.engines.rounding import plain_sums
from audioconv.engines.routes import Routing

LEAST_BLOCK = 4096
DTYPE = np.dtype(np.float64)

ALONE = 2**13
"""Products of a sum that the linear algebra library adds up in one thread: with more, the order of
summation would depend on the number of cores."""


def direct(routing: Routing, *, single: bool = False, signal_bits: int | None = None) -> Convolver:
    """Build the direct-sum engine. Its cost is K products a sample; it always sums in float64."""
    # blocks as long as the impulse, so that no more than half of a window is silence
    block = max(LEAST_BLOCK, routing.frames)
    # where single precision is enough, verification is to allow its errors too
    asked = np.dtype(np.float32) if single else DTYPE
    model = partial(plain_sums, routing, block=block, dtype=asked, signal_bits=signal_bits)
    return OverlapAdd(
        routing, partial(_convolve, routing), block=block, dtype=DTYPE, error_model=model
    )


def _convolve(routing: Routing, samples: Samples, unit: float) -> Convolved:
    """Convolve a block by itself."""
    block = as_audio(samples, DTYPE, unit)
    full = np.zeros((len(block) + routing.frames - 1, routing.outputs))
    for route in routing.routes:
        full[:, route.target] += _sums(block[:, route.source], routing.taps(route))
    return as_convolved(full, len(block))


def _sums(x: Audio, taps: Audio) -> Audio:
    """Return every sum of two rows."""
    short, long = sorted((x, taps), key=len)
    windows = sliding_window_view(np.pad(long, len(short) - 1), len(short))
    backwards = np.ascontiguousarray(short[::-1])
    sums = np.zeros(len(windows))
    for start in range(0, len(short), ALONE):
        sums += np.vecdot(windows[:, start : start + ALONE], backwards[start : start + ALONE])
    return sums
