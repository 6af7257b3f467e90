"""Partitioned convolution: an FFT engine that answers at once, for embedding.

The impulse is cut into partitions of B taps. The spectrum of each block of B frames of input
stays in a delay line, and a block of output is one sum and one inverse transform:

    Y[t] = sum over p of X[t - p] H[p],    spectra of 2 B points.

All terms but p = 0 are known before block t has begun, and those from p = 2 on a whole block
earlier. So `process` can take any number of frames: it transforms the block as far as it has
come for the term p = 0, and returns the frames that it was given. No frame waits.

Later taps have more time, so they get larger partitions: `_Stage` by stage, each 16 times as
large, from its own p = 2 on. A stage sums its terms bit by bit while its block fills, and no
partition is so large that its transform, which falls to one call, would be felt.

References
----------
T. G. Stockham 1966; W. G. Gardner, "Efficient convolution without input-output delay",
J. Audio Eng. Soc. 43(3), 1995; F. Wefers, "Partitioned convolution algorithms for real-time
auralization", 2015, chapters 5 and 6.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from audioconv.engines.audio import Audio, as_audio, checked, refuse_extremes
from audioconv.engines.convolver import Convolver, ring_out
from audioconv.engines.grid import grid_scale, snap
from audioconv.engines.rounding import ErrorModel, loudest, transforms
from audioconv.engines.routes import Routing
from audioconv.engines.subnormals import flush_subnormals

BLOCK = 512
GROWTH = 16
LARGEST = 2**13
"""Frames of a partition that is not to grow: its transforms take half a millisecond a channel."""


class Partitioned:
    """A `Convolver` with delay lines of spectra, of zero latency at any block length.

    Parameters
    ----------
    routing : Routing
        paths between inputs and outputs
    block : int > 0
        frames B of the smallest partitions; calls of `process` that stay within B cost one
        transform each
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
        from scipy.fft import irfft, rfft  # a tenth of a second to import: only when used

        self.routing = routing
        self.block = block
        self._dtype = np.dtype(np.float32 if single else np.float64)
        self._complex = np.result_type(self._dtype, np.complex64)
        self._scale = grid_scale(routing, signal_bits, self._dtype)
        self._rfft, self._irfft = rfft, irfft
        self._stages = []
        size, begin = block, block
        while begin < routing.frames:
            # from where on the next stage has its p = 2, if there is to be one
            end = 2 * GROWTH * size if GROWTH * size <= LARGEST else routing.frames
            self._stages.append(_Stage(routing, self._dtype, size, begin, end))
            size, begin = GROWTH * size, end
        self.fft_size: int | None = 2 * max((stage.block for stage in self._stages), default=block)
        self.limit = loudest(routing, self._dtype, points=self.fft_size)
        self._first = [
            rfft(taps[:block], 2 * block).astype(self._complex) for taps in routing.kernels
        ]
        self.reset()

    def error_model(self) -> ErrorModel:
        """Return the bounds on its rounding errors."""
        assert self.fft_size is not None
        return transforms(
            self.routing,
            block=self.block,
            points=self.fft_size,
            dtype=self._dtype,
            grid_scale=self._scale,
            partitioned=True,
        )

    def process(self, block: Audio) -> Audio:
        """Take n frames (n, inputs) and return n frames (n, outputs)."""
        refuse_extremes(samples := checked(block, self.routing.inputs), self.limit)
        block = flush_subnormals(as_audio(samples, self._dtype))
        out = np.empty((len(block), self.routing.outputs), self._dtype)
        done = 0
        while done < len(block):
            frames = min(self.block - self._filled, len(block) - done)
            part = block[done : done + frames].T
            out[done : done + frames] = self._advance(part).T
            done += frames
        return snap(out, self._scale)

    def flush(self) -> Audio:
        """End the sound and return its last K - 1 frames."""
        return ring_out(self, self._dtype)

    def reset(self) -> None:
        """Forget the sound so far."""
        self._input = np.zeros((self.routing.inputs, self.block), self._dtype)
        self._tail = np.zeros((self.routing.outputs, self.block), self._dtype)
        self._filled = 0
        for stage in self._stages:
            stage.reset()

    def _advance(self, frames: Audio) -> Audio:
        """Take frames (inputs, n) that fit in the current block, and return (outputs, n)."""
        begin, end = self._filled, self._filled + frames.shape[1]
        self._input[:, begin:end] = frames
        spectrum = self._rfft(self._input, 2 * self.block, axis=1)
        products = np.zeros((self.routing.outputs, spectrum.shape[1]), spectrum.dtype)
        for route in self.routing.routes:
            products[route.target] += spectrum[route.source] * self._first[route.kernel]
        result = self._irfft(products, 2 * self.block, axis=1)
        out: Audio = result[:, begin:end] + self._tail[:, begin:end]
        for stage in self._stages:
            out += stage.advance(frames)
        self._filled = end % self.block
        if not self._filled:
            self._tail = result[:, self.block :]
            self._input[:] = 0
        return out


class _Stage:
    """The part of a convolution that is due to some later taps, in partitions of one size.

    Parameters
    ----------
    routing : Routing
    dtype : float type
    block : int > 0
        frames B of a partition
    begin, end : int
        the taps, from a whole number p of partitions on, at least one
    """

    def __init__(
        self, routing: Routing, dtype: np.dtype[Any], block: int, begin: int, end: int
    ) -> None:
        from scipy.fft import irfft, rfft  # a tenth of a second to import: only when used

        self.block = block
        self._routing = routing
        self._dtype = dtype
        self._complex = np.result_type(dtype, np.complex64)
        self._rfft, self._irfft = rfft, irfft
        taps_there = min(end, routing.frames) - begin
        self._earliest = begin // block
        self._partitions = -(-taps_there // block)
        self._spectra = []
        for taps in routing.kernels:
            parts = np.zeros((self._partitions, block))
            parts.ravel()[: len(taps[begin:end])] = taps[begin:end]
            # (partitions, bins); in double precision first, as their error is in every sample
            self._spectra.append(rfft(parts, 2 * block, axis=1).astype(self._complex))
        self.reset()

    def reset(self) -> None:
        """Forget the sound so far."""
        inputs, outputs, bins = self._routing.inputs, self._routing.outputs, self.block + 1
        # every spectrum twice, so that from the newest on all are in one piece
        self._length = self._partitions + self._earliest - 1
        self._line = np.zeros((inputs, 2 * self._length, bins), self._complex)
        self._newest = 0
        self._sums = np.zeros((outputs, bins), self._complex)
        self._summed = self._filled = 0
        self._input = np.zeros((inputs, self.block), self._dtype)
        self._ready = np.zeros((outputs, self.block), self._dtype)
        self._tail = np.zeros((outputs, self.block), self._dtype)

    def advance(self, frames: Audio) -> Audio:
        """Take frames (inputs, n) that fit in a block; return as many of output, (outputs, n)."""
        begin, end = self._filled, self._filled + frames.shape[1]
        self._input[:, begin:end] = frames
        due: Audio = self._ready[:, begin:end]
        self._filled = end % self.block
        # p = 1, the only one that waits for the block to be full, is left for then
        early = self._partitions - (self._earliest == 1)
        self._sum_up(-(-early * end // self.block))
        if not self._filled:
            self._turn()
        return due

    def _sum_up(self, until: int) -> None:
        """Add terms for the next block, the latest partitions first, up to a number of them."""
        last, first = self._partitions - self._summed, self._partitions - until
        # while a block fills, the newest spectrum is that of the block before it: p = 2
        shift = self._newest + self._earliest - 2
        for route in self._routing.routes if first < last else ():
            past = self._line[route.source, shift + first : shift + last]
            terms = self._spectra[route.kernel][first:last]
            self._sums[route.target] += np.einsum("pb,pb->b", past, terms)
        self._summed = until

    def _turn(self) -> None:
        """Begin the next block: its spectrum into the delay line, its output out of the sums."""
        spectrum = self._rfft(self._input, 2 * self.block, axis=1)
        self._newest = (self._newest - 1) % self._length
        self._line[:, [self._newest, self._newest + self._length]] = spectrum[:, np.newaxis]
        if self._earliest == 1:
            for route in self._routing.routes:
                product = spectrum[route.source] * self._spectra[route.kernel][0]
                self._sums[route.target] += product
        result = self._irfft(self._sums, 2 * self.block, axis=1)
        self._ready = result[:, : self.block] + self._tail
        self._tail = result[:, self.block :]
        self._sums[:] = 0
        self._summed = 0


def partitioned(
    routing: Routing, *, single: bool = False, signal_bits: int | None = None
) -> Convolver:
    """Build the partitioned engine with its usual partition of `BLOCK` frames."""
    return Partitioned(routing, single=single, signal_bits=signal_bits)
