"""What tests of several modules do with streams."""

import numpy as np

from audioconv.engines import stream


def convolved(blocks, convolver, **how):
    """Return the full convolution of a stream."""
    parts = [*stream.convolve(blocks, convolver, lambda part, start: part, **how)]
    return np.concatenate([*parts, convolver.flush()])


def finished(convolver, block):
    """Process a last block, and flush."""
    return np.concatenate([convolver.process(block), convolver.flush()])
