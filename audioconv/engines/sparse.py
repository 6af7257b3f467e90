"""Shifted adds: each non-zero tap adds one delayed, weighted copy of the sound.

``y[n] = sum over the non-zero taps of h[D] x[n - D]``: the definition with its zeros left out,
so it is exact, and for an echo of a few taps it costs little more than a copy.

The last K frames of the sound stand in a ring, so a block costs the same whatever the delays.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from audioconv.engines.convolver import Audio, Convolver, as_audio, checked, ring_out
from audioconv.engines.routes import Routing

BLOCK = 2**16


class Sparse:
    """A `Convolver` that keeps the sound it may still need, and adds copies of it."""

    def __init__(self, routing: Routing, *, single: bool = False) -> None:
        self.routing = routing
        self.block = BLOCK
        self.fft_size: int | None = None
        self._dtype = np.dtype(np.float32 if single else np.float64)
        self._spikes = [
            (route.source, route.target, int(at), self._dtype.type(route.taps[at]))
            for route in routing.routes
            for at in np.flatnonzero(route.taps)
        ]
        self.reset()

    def process(self, block: Audio) -> Audio:
        """Take n frames (n, inputs) and return n frames (n, outputs)."""
        block = as_audio(checked(block, self.routing.inputs), self._dtype)
        out = np.zeros((len(block), self.routing.outputs), self._dtype)
        for start in range(0, len(block), self.block):
            self._advance(block[start : start + self.block], out[start : start + self.block])
        return out

    def flush(self) -> Audio:
        """End the sound and return its last K - 1 frames."""
        return ring_out(self, self._dtype)

    def reset(self) -> None:
        """Forget the sound so far."""
        longest = self.routing.frames - 1 + self.block
        self._ring = np.zeros((longest, self.routing.inputs), self._dtype)
        self._now = 0

    def _advance(self, block: Audio, out: Audio) -> None:
        """Store at most a block of frames, and add up theirs."""
        for ring, frames in self._spans(0, len(block)):
            self._ring[ring] = block[frames]
        untouched = set(range(self.routing.outputs))
        for source, target, delay, tap in self._spikes:
            for ring, frames in self._spans(delay, len(block)):
                if target in untouched:  # set, not added, so that even the sign of -0.0 survives
                    np.multiply(self._ring[ring, source], tap, out=out[frames, target])
                else:
                    out[frames, target] += tap * self._ring[ring, source]
            untouched.discard(target)
        self._now = (self._now + len(block)) % len(self._ring)

    def _spans(self, delay: int, frames: int) -> Iterator[tuple[slice, slice]]:
        """Yield where in the ring the frames of a delayed block lie: in one piece, or in two."""
        begin = (self._now - delay) % len(self._ring)
        first = min(frames, len(self._ring) - begin)
        yield slice(begin, begin + first), slice(0, first)
        if first < frames:
            yield slice(0, frames - first), slice(first, frames)


def sparse(routing: Routing, *, single: bool = False, signal_bits: int | None = None) -> Convolver:
    """Build the shifted-add engine. Its cost is one pass over the sound for each non-zero tap."""
    return Sparse(routing, single=single)
