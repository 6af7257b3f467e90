"""Convolution as a matrix: ``y = W x``, with the impulse repeated down the diagonals of W.

Row c of W is the impulse read backwards and shifted to c, so a row times x is the definition,
and all rows together are one matrix product. Slow and large, but the plainest picture of
convolution.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from audioconv.engines.audio import Samples, as_audio
from audioconv.engines.convolver import Convolved, Convolver, OverlapAdd, as_convolved
from audioconv.engines.rounding import plain_sums
from audioconv.engines.routes import Routing
from audioconv.errors import UsageError
from impulses.impulse import Taps

BLOCK = 512
MAX_BYTES = 2**28
DTYPE = np.dtype(np.float64)


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

    size = len(routing.kernels) * (BLOCK + routing.frames - 1) * BLOCK * 8
    if size > MAX_BYTES:
        raise UsageError(
            f"the convolution matrix of an impulse of {routing.frames} frames would take {size} "
            f"bytes; the limit is {MAX_BYTES}; use `engine='direct'`, or a shorter impulse"
        )
    matrices = [convolution_matrix(taps, BLOCK) for taps in routing.kernels]
    # where single precision is enough, verification is to allow its errors too
    asked = np.dtype(np.float32) if single else DTYPE
    model = partial(plain_sums, routing, block=BLOCK, dtype=asked, signal_bits=signal_bits)
    return OverlapAdd(
        routing, partial(_convolve, routing, matrices), block=BLOCK, dtype=DTYPE, error_model=model
    )


def _convolve(routing: Routing, matrices: list[Taps], samples: Samples, unit: float) -> Convolved:
    """Convolve a block by itself."""
    block = as_audio(samples, DTYPE, unit)
    full = np.zeros((len(block) + routing.frames - 1, routing.outputs))
    for route in routing.routes:
        # a short last block meets only the first columns, and their rows
        matrix = matrices[route.kernel][: len(full), : len(block)]
        # not as a matrix product, whose order of summation depends on the number of cores
        full[:, route.target] += np.einsum("ij,j->i", matrix, block[:, route.source])
    return as_convolved(full, len(block))
