"""The engine law, and the adapter by which a stateless block convolution obeys it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

from audioconv.engines.routes import Routing
from audioconv.errors import LayoutError

Audio: TypeAlias = NDArray[np.floating[Any]]
"""Sound: (frames, channels), float64, or float32 where single precision was asked for."""

Samples: TypeAlias = NDArray[np.floating[Any] | np.signedinteger[Any]]
"""Sound as a file holds it: (frames, channels), floats or whole numbers, which count in units."""

Kernel: TypeAlias = Callable[[Samples, float], "Convolved"]
"""A stateless convolution of (n, inputs), counted in a unit that is a power of two; safe in any
thread."""


WindowKernel: TypeAlias = Callable[[Samples, float], Iterable[Audio]]
"""A stateless convolution of (K - 1 + n, inputs), counted in a unit, to the last n frames in parts;
safe in any thread."""


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


class Convolved(NamedTuple):
    """A block of n frames convolved by itself, in the place of n + K - 1 frames.

    Parameters
    ----------
    frames : int
        n
    parts : iterable of array
        the first n frames, which may be computed only when asked for; who asks may write to them
    tail : array, (K - 1, outputs)
        those behind them
    """

    frames: int
    parts: Iterable[Audio]
    tail: Audio


class OverlapAdd:
    """A `Convolver` made of a stateless kernel: the tail of each block is added to the next.

    `process` is `kernel`, then `join`, with the tail handed on. Whoever has threads to spare may
    run kernels ahead of time and hand on the tails in order.
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
        self._dtype = dtype
        self.tail: Audio = self.silence()

    def silence(self) -> Audio:
        """Return the tail before any sound."""
        return np.zeros((self.routing.frames - 1, self.routing.outputs), self._dtype)

    def kernel(self, block: Samples, unit: float = 1.0) -> Convolved:
        """Convolve at most `block` frames alone."""
        return self._kernel(checked(block, self.routing.inputs), unit)

    @staticmethod
    def join(before: Audio, made: Convolved) -> tuple[Iterator[Audio], Audio]:
        """Add the tail so far to a block, and return its frames, in parts, and the tail after."""
        after = made.tail
        reaching = before[made.frames :]
        after[: len(reaching)] += reaching
        return _added(before, made.parts), after

    def process(self, block: Audio) -> Audio:
        """Take n frames (n, inputs) and return n frames (n, outputs)."""
        done: list[Audio] = [np.zeros((0, self.routing.outputs), self._dtype)]
        checked(block, self.routing.inputs)
        for start in range(0, len(block), self.block):
            made = self.kernel(block[start : start + self.block])
            parts, self.tail = self.join(self.tail, made)
            done += parts
        return np.concatenate(done)

    def flush(self) -> Audio:
        """End the sound and return its last K - 1 frames."""
        tail = self.tail
        self.reset()
        return tail

    def reset(self) -> None:
        """Forget the sound so far."""
        self.tail = self.silence()


def _added(before: Audio, parts: Iterable[Audio]) -> Iterator[Audio]:
    at = 0
    for part in parts:
        overlap = before[at : at + len(part)]
        part[: len(overlap)] += overlap
        yield part
        at += len(part)


def whole(full: Audio, frames: int) -> Convolved:
    """Return a block of n frames of which all n + K - 1 are computed."""
    return Convolved(frames, [full[:frames]], full[frames:])


class OverlapSave:
    """A `Convolver` made of a stateless kernel that is given the K - 1 frames before each block.

    `process` is `window`, which remembers them, then `kernel`; whoever has threads to spare may
    run kernels on windows at any time.
    """

    fft_size: int | None = None

    def __init__(
        self, routing: Routing, kernel: WindowKernel, *, block: int, dtype: np.dtype[Any]
    ) -> None:
        self.routing = routing
        self.block = block
        self._kernel = kernel
        self._dtype = dtype
        self._past: Samples = np.zeros((routing.frames - 1, routing.inputs))
        self._unit: float | None = None

    def window(self, block: Samples, unit: float = 1.0) -> Samples:
        """Put the K - 1 frames before a block before it; all blocks must be of one unit."""
        block = checked(block, self.routing.inputs)
        if self._unit is None:
            self._past, self._unit = self._past.astype(block.dtype), unit
        window: Samples = np.concatenate([self._past, block])
        self._past = window[len(block) :]
        return window

    def kernel(self, window: Samples, unit: float = 1.0) -> Iterable[Audio]:
        """Convolve the frames of a window behind the first K - 1, in parts."""
        return self._kernel(window, unit)

    def process(self, block: Audio) -> Audio:
        """Take n frames (n, inputs) and return n frames (n, outputs)."""
        return self._whole(block, 1.0)

    def flush(self) -> Audio:
        """End the sound and return its last K - 1 frames."""
        tail = self._whole(np.zeros_like(self._past), self._unit or 1.0)
        self.reset()
        return tail

    def _whole(self, block: Samples, unit: float) -> Audio:
        nothing = np.zeros((0, self.routing.outputs), self._dtype)
        return np.concatenate([nothing, *self.kernel(self.window(block, unit), unit)])

    def reset(self) -> None:
        """Forget the sound so far."""
        self._past, self._unit = np.zeros(self._past.shape), None


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
