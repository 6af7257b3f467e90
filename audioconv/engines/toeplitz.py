"""Convolution as a matrix: ``y = W x``, with the impulse repeated down the diagonals of W.

Row c of W is the impulse read backwards and shifted to c, so a row times x is the definition,
and all rows together are one matrix product. Slow and large, but the plainest picture there is
of what convolution is.
"""

from __future__ import annotations

import numpy as np

from audioconv.engines.convolver import (
    Convolved,
    Convolver,
    OverlapAdd,
    Samples,
    as_audio,
    whole,
)
from audioconv.engines.routes import Routing
from audioconv.errors import UsageError

BLOCK = 512
MAX_BYTES = 2**28


def toeplitz(
    routing: Routing, *, single: bool = False, signal_bits: int | None = None
) -> Convolver:
    """Build the matrix engine, in float64.

    Raises
    ------
    UsageError
        If its matrices would take more than `MAX_BYTES`.
    """
    from scipy.linalg import convolution_matrix  # a quarter of a second to import: only when used

    size = len(routing.distinct) * (BLOCK + routing.frames - 1) * BLOCK * 8
    if size > MAX_BYTES:
        raise UsageError(
            f"the convolution matrix of an impulse of {routing.frames} frames would take {size} "
            f"bytes; the limit is {MAX_BYTES}; use --engine direct, or a shorter impulse"
        )
    matrices = {key: convolution_matrix(taps, BLOCK) for key, taps in routing.distinct.items()}

    def kernel(samples: Samples, unit: float) -> Convolved:
        block = as_audio(samples, np.dtype(np.float64), unit)
        full = np.zeros((len(block) + routing.frames - 1, routing.outputs))
        for route in routing.routes:
            # a short last block meets only the first columns, and their rows
            matrix = matrices[id(route.taps)][: len(full), : len(block)]
            full[:, route.target] += matrix @ block[:, route.source]
        return whole(full, len(block))

    return OverlapAdd(routing, kernel, block=BLOCK, dtype=np.dtype(np.float64))
