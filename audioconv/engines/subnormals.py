"""Flush subnormal numbers to zero before they meet a transform.

A transform that meets subnormal numbers is 40 to 90 times slower. The threshold leaves room above
the least normal number for products of spectra, and is 600 dB below full scale even in single
precision.
"""

from __future__ import annotations

import numpy as np

from audioconv.engines.audio import Audio

FLUSH_BELOW = {np.dtype(np.float32): 1e-30, np.dtype(np.float64): 1e-150}
"""Magnitudes that become zero, for each precision."""


def flush_subnormals(block: Audio) -> Audio:
    """Return the block with every magnitude under `FLUSH_BELOW` set to zero.

    Examples
    --------
    >>> flush_subnormals(np.array([1.0, 1e-300]))
    array([1., 0.])
    """
    small = np.abs(block) < FLUSH_BELOW[block.dtype]
    if not small.any() or not block[small].any():  # a zero is small, and stays
        return block
    return np.where(small, block.dtype.type(0), block)
