"""The engine law, and the adapter by which a stateless block convolution obeys it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from audioconv.engines.routes import Routing
from audioconv.errors import LayoutError

Audio: TypeAlias = NDArray[np.floating[Any]]
"""Sound: (frames, channels), float64, or float32 where single precision was asked for."""

Samples: TypeAlias = NDArray[np.floating[Any] | np.signedinteger[Any]]
"""Sound as a file holds it: (frames, channels), floats or whole numbers, which count in units."""

Kernel: TypeAlias = Callable[[Samples, float], Audio]
"""A stateless full convolution: (n, inputs) in some unit, a power of two, to (n + K - 1, outputs)
in full scale 1; safe in any thread."""


class Convolver(Protocol):
    """Convolution of a sound that comes in blocks, cut in any way.

    `process` returns exactly as many frames as it is given, `flush` the K - 1 that are left.
    Put end to end they are the full linear convolution, ``(x * h)[n] = sum over a + b = n of
    x[a] h[b]``. After `flush` or `reset` a convolver is as new.

    Attributes
    ----------
    routing : Routing
        the paths it applies, and with them its inputs, outputs and impulse length K
    block : int
        frames it takes most readily at a time
    fft_size : int or None
        length of its transforms, if it has any
    """

    routing: Routing
    block: int
    fft_size: int | None

    def process(self, block: Audio) -> Audio:
        """Take n frames (n, inputs) and return n frames (n, outputs)."""
        ...

    def flush(self) -> Audio:
        """End the sound and return its last K - 1 frames."""
        ...

    def reset(self) -> None:
        """Forget the sound so far."""
        ...


class OverlapAdd:
    """A `Convolver` made of a stateless kernel: the tail of each block is added to the next.

    `process` is `kernel` then `add`; whoever has threads to spare may run kernels ahead of time
    and `add` their results in order.
    """

    def __init__(
        self,
        routing: Routing,
        kernel: Kernel,
        *,
        block: int,
        dtype: np.dtype[Any],
        fft_size: int | None = None,
    ) -> None:
        self.routing = routing
        self.block = block
        self.fft_size = fft_size
        self._kernel = kernel
        self._tail: Audio = np.zeros((routing.frames - 1, routing.outputs), dtype)

    def kernel(self, block: Samples, unit: float = 1.0) -> Audio:
        """Convolve one block alone, in units: (n, inputs) to (n + K - 1, outputs)."""
        block = checked(block, self.routing.inputs)
        return self._kernel(block, unit) if len(block) else np.zeros_like(self._tail)

    def add(self, full: Audio) -> Audio:
        """Add the tail so far to a kernel's result, keep its tail, and return its frames."""
        full[: len(self._tail)] += self._tail
        frames = len(full) - len(self._tail)
        self._tail = full[frames:].copy()
        return full[:frames]

    def process(self, block: Audio) -> Audio:
        """Take n frames (n, inputs) and return n frames (n, outputs)."""
        return self.add(self.kernel(block))

    def flush(self) -> Audio:
        """End the sound and return its last K - 1 frames."""
        tail = self._tail
        self.reset()
        return tail

    def reset(self) -> None:
        """Forget the sound so far."""
        self._tail = np.zeros_like(self._tail)


def ring_out(convolver: Convolver, dtype: np.dtype[Any]) -> Audio:
    """Flush a convolver that holds the sound itself, by K - 1 frames of silence."""
    silence = np.zeros((convolver.routing.frames - 1, convolver.routing.inputs), dtype)
    tail = convolver.process(silence)
    convolver.reset()
    return tail


def as_audio(block: Samples, dtype: np.dtype[Any], unit: float = 1.0) -> Audio:
    """Bring samples that count in units to the precision of an engine."""
    audio: Audio = block.astype(dtype, copy=False)
    return audio if unit == 1 else audio * dtype.type(unit)


def checked(block: Samples, channels: int) -> Samples:
    """Check that a block is (frames, channels).

    Raises
    ------
    LayoutError
        If it has another shape.
    """
    block = np.asarray(block)
    if block.ndim != 2 or block.shape[1] != channels:
        raise LayoutError(
            f"a block of shape {block.shape} does not fit; it must be (frames, {channels})"
        )
    return block
