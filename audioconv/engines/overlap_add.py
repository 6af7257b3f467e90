"""Block-wise FFT convolution, the engine for long impulses.

A block of B frames convolved with K taps has B + K - 1 frames, so a transform of N = B + K - 1
points holds it without wrapping round, and there the convolution theorem makes it a product:

    y = IDFT(DFT(x) DFT(h)),    DFT of N points of x and h, each with zeros behind it.

The sums of all blocks, each at its place, are the whole convolution (overlap-add, Stockham
1966); `OverlapAdd` does the adding. Every input is transformed once and every output once,
whatever the number of routes between them.

`fft_size` takes the power of two at which a frame costs least. It depends on the impulse
alone, never on the machine, so that the same input gives the same bytes everywhere.

References
----------
T. G. Stockham, "High-speed convolution and correlation", AFIPS Spring Joint Computer
Conference, 1966.
"""

from __future__ import annotations

import math

import numpy as np

from audioconv.engines.convolver import Audio, Convolver, OverlapAdd
from audioconv.engines.grid import grid_scale, snap
from audioconv.engines.routes import Routing

LEAST_SIZE = 2**12

# A transform that meets subnormal numbers is 40 to 90 times slower. What is flushed to zero
# leaves room above the least normal number for products of spectra, and is 600 dB below full
# scale even in single precision.
FLUSH_BELOW = {np.dtype(np.float32): 1e-30, np.dtype(np.float64): 1e-150}


def overlap_add(
    routing: Routing, *, single: bool = False, signal_bits: int | None = None
) -> Convolver:
    """Build the FFT engine.

    Parameters
    ----------
    routing : Routing
        paths between inputs and outputs
    single : bool
        compute in float32 instead of float64
    signal_bits : int, optional
        fractional bits of the signal's samples, where it has a known number of them: then
        sums that can be exact are made exact (see `audioconv.engines.grid`)
    """
    from scipy.fft import irfft, rfft  # a quarter of a second to import: only when used

    dtype = np.dtype(np.float32 if single else np.float64)
    scale = None if single else grid_scale(routing, signal_bits)
    size = fft_size(routing.frames)
    step = size - routing.frames + 1
    spectra = {key: rfft(taps.astype(dtype), size) for key, taps in routing.distinct.items()}

    def convolve(piece: Audio) -> Audio:
        """Convolve at most `step` frames, by one transform of each input and output."""
        sources = rfft(flush_subnormals(piece), size, axis=0)
        targets = np.zeros((len(sources), routing.outputs), sources.dtype)
        for route in routing.routes:
            targets[:, route.target] += sources[:, route.source] * spectra[id(route.taps)]
        whole: Audio = irfft(targets, size, axis=0, overwrite_x=True)
        return snap(whole[: len(piece) + routing.frames - 1], scale)

    def kernel(block: Audio) -> Audio:
        if len(block) <= step:
            return convolve(block)
        full = np.zeros((len(block) + routing.frames - 1, routing.outputs), dtype)
        for start in range(0, len(block), step):
            part = convolve(block[start : start + step])
            full[start : start + len(part)] += part
        return full

    return OverlapAdd(routing, kernel, block=step, dtype=dtype, fft_size=size)


def fft_size(frames: int) -> int:
    """Return the transform length for an impulse of so many frames.

    A transform of N points costs N log2 N, and brings N - K + 1 new frames. A short one spends
    itself on the overlap; a long one leaves the caches, at a price that grows about as
    1 + N / 2^21. The least of the product lies where measured times have theirs: at 2^17 for
    0.4 s of impulse (at 44.1 kHz), 2^19 for 3 s, 2^20 for 10 s.

    Examples
    --------
    >>> [fft_size(frames).bit_length() - 1 for frames in (17640, 132300, 441000)]
    [17, 19, 20]
    """

    def cost(size: int) -> float:
        return size * math.log2(size) * (1 + size / 2**21) / (size - frames + 1)

    least = max(LEAST_SIZE, 1 << frames.bit_length())
    return min((least << doublings for doublings in range(8)), key=cost)


def flush_subnormals(block: Audio) -> Audio:
    """Return the block with magnitudes that are as good as zero made zero."""
    small = np.abs(block) < FLUSH_BELOW[block.dtype]
    return np.where(small, block.dtype.type(0), block) if small.any() else block
