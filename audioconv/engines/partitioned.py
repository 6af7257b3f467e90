"""Uniformly partitioned convolution: an FFT engine that answers at once, for embedding.

The impulse is cut into P partitions of B taps. The spectrum of each block of B frames of input
stays in a delay line of P spectra, and a block of output is one sum and one inverse transform:

    Y[t] = sum over p of X[t - p] H[p],    spectra of 2 B points.

All terms but p = 0 are known before block t has begun. So `process` can take any number of
frames: it transforms the block as far as it has come, adds the terms that are known, and
returns the frames that it was given. No frame waits for the block to fill.

References
----------
T. G. Stockham 1966; W. G. Gardner, "Efficient convolution without input-output delay",
J. Audio Eng. Soc. 43(3), 1995; F. Wefers, "Partitioned convolution algorithms for real-time
auralization", 2015, chapter 5.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from audioconv.engines.convolver import Audio, Convolver, as_audio, checked, ring_out
from audioconv.engines.grid import grid_scale, snap
from audioconv.engines.overlap_add import flush_subnormals
from audioconv.engines.routes import Routing

Spectrum: TypeAlias = NDArray[np.complexfloating[Any, Any]]

BLOCK = 512


class Partitioned:
    """A `Convolver` with a frequency-domain delay line, of zero latency at any block length.

    Parameters
    ----------
    routing : Routing
        paths between inputs and outputs
    block : int > 0
        frames B of a partition; calls of `process` that stay within B cost one transform each
    single : bool
        compute in float32 instead of float64
    signal_bits : int, optional
        fractional bits of the signal's samples, where known: then exact sums are made exact
    """

    def __init__(
        self,
        routing: Routing,
        *,
        block: int = BLOCK,
        single: bool = False,
        signal_bits: int | None = None,
    ) -> None:
        from scipy.fft import irfft, rfft  # a quarter of a second to import: only when used

        self.routing = routing
        self.block = block
        self.fft_size: int | None = 2 * block
        self._dtype = np.dtype(np.float32 if single else np.float64)
        self._scale = None if single else grid_scale(routing, signal_bits)
        self._rfft, self._irfft = rfft, irfft

        partitions = -(-routing.frames // block)
        self._spectra = {}
        for key, taps in routing.distinct.items():
            parts = np.zeros((partitions, block), self._dtype)
            parts.ravel()[: len(taps)] = taps
            self._spectra[key] = rfft(parts, self.fft_size, axis=1)  # (partitions, bins)
        self._bins = block + 1
        self._partitions = partitions
        self.reset()

    def process(self, block: Audio) -> Audio:
        """Take n frames (n, inputs) and return n frames (n, outputs)."""
        block = as_audio(checked(block, self.routing.inputs), self._dtype)
        out = np.empty((len(block), self.routing.outputs), self._dtype)
        done = 0
        while done < len(block):
            frames = min(self.block - self._filled, len(block) - done)
            out[done : done + frames] = self._advance(block[done : done + frames])
            done += frames
        return snap(out, self._scale)

    def flush(self) -> Audio:
        """End the sound and return its last K - 1 frames."""
        return ring_out(self, self._dtype)

    def reset(self) -> None:
        """Forget the sound so far."""
        bins, inputs, outputs = self._bins, self.routing.inputs, self.routing.outputs
        complex_type = np.result_type(self._dtype, np.complex64)
        self._delay_line = np.zeros((self._partitions, inputs, bins), complex_type)
        self._newest = 0
        self._known = np.zeros((outputs, bins), complex_type)
        self._input = np.zeros((inputs, self.block), self._dtype)
        self._tail = np.zeros((outputs, self.block), self._dtype)
        self._filled = 0

    def _advance(self, frames: Audio) -> Audio:
        """Take frames that fit in the current block, and return theirs."""
        begin, end = self._filled, self._filled + len(frames)
        self._input[:, begin:end] = flush_subnormals(frames.T)
        spectrum = self._rfft(self._input, self.fft_size, axis=1)
        products = self._known.copy()
        for route in self.routing.routes:
            products[route.target] += spectrum[route.source] * self._spectra[id(route.taps)][0]
        result = self._irfft(products, self.fft_size, axis=1)
        out = result[:, begin:end] + self._tail[:, begin:end]
        self._filled = end
        if end == self.block:
            self._next_block(spectrum, result[:, self.block :])
        return out.T

    def _next_block(self, spectrum: Spectrum, tail: Audio) -> None:
        """Store a full block in the delay line and sum what it and the older ones will add."""
        self._newest = (self._newest - 1) % self._partitions
        self._delay_line[self._newest] = spectrum
        self._tail = tail
        self._input[:] = 0
        self._filled = 0
        # X[t - p] for p = 1 .. P - 1, newest first: the ring read from its newest entry on
        order = (self._newest + np.arange(self._partitions - 1)) % self._partitions
        self._known[:] = 0
        for route in self.routing.routes:
            past = self._delay_line[order, route.source]
            self._known[route.target] += np.einsum(
                "pb,pb->b", past, self._spectra[id(route.taps)][1:]
            )


def partitioned(
    routing: Routing, *, single: bool = False, signal_bits: int | None = None
) -> Convolver:
    """Build the partitioned engine with its usual partition of `BLOCK` frames."""
    return Partitioned(routing, single=single, signal_bits=signal_bits)
