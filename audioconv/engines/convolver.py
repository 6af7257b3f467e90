"""The engine law, and the adapters by which stateless block convolutions obey it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from copy import copy
from typing import Any, NamedTuple, Protocol, TypeAlias

import numpy as np

from audioconv.engines.audio import Audio, Samples, checked, refuse_extremes
from audioconv.engines.rounding import ErrorModel, loudest
from audioconv.engines.routes import Routing


class Convolver(Protocol):
    """Convolution of a sound that comes in blocks, cut in any way.

    `process` returns exactly as many frames as it is given, `flush` the K - 1 that are left.
    Put end to end they are the full linear convolution, ``(x * h)[n] = sum over a + b = n of
    x[a] h[b]``. After `flush` or `reset` a convolver is as new. It can be pickled and deep-copied
    at any time, and the copy continues where the original was.

    Attributes
    ----------
    routing : Routing
        the paths it applies, and with them its inputs, outputs and impulse length K
    block : int
        the length of block, in frames, that it processes fastest
    fft_size : int or None
        length of its longest transform, if it has any
    limit : float
        largest magnitude of a sample that it computes with
    """

    routing: Routing
    block: int
    fft_size: int | None
    limit: float

    def process(self, block: Audio) -> Audio:
        """Take n frames (n, inputs) and return n frames (n, outputs).

        Raises
        ------
        AudioconvError
            If the block has another shape, or a sample that is not finite or exceeds `limit`.
            The convolver is then as before, and can go on with another block.
        """
        ...

    def flush(self) -> Audio:
        """End the sound and return its last K - 1 frames."""
        ...

    def reset(self) -> None:
        """Forget the sound so far."""
        ...

    def error_model(self) -> ErrorModel:
        """Return the bounds on its rounding errors."""
        ...


class Convolved(NamedTuple):
    """A block of n frames convolved by itself, n + K - 1 frames long.

    Parameters
    ----------
    frames : int
        n
    parts : iterable of array
        the first n frames, which may be computed on demand; the caller may write to them
    tail : array, (K - 1, outputs)
        the frames after them
    full : array, (n + K - 1, outputs), optional
        all of them, where they lie in one array
    """

    frames: int
    parts: Iterable[Audio]
    tail: Audio
    full: Audio | None = None


Kernel: TypeAlias = Callable[[Samples, float], Convolved]
"""A stateless convolution of (n, inputs), counted in a unit that is a power of two.

Safe in any thread. For a convolver to be pickled, it is a `functools.partial` of a module's
function, or an object with `__call__`; no closure."""

WindowKernel: TypeAlias = Callable[[Samples, float], Iterable[Audio]]
"""A stateless convolution of (K - 1 + n, inputs) that yields the last n frames in parts.

Otherwise as `Kernel`."""


class OverlapAdd:
    """A `Convolver` made of a stateless kernel: the tail of each block is added to the next.

    `process` is `kernel`, then `join`, with the tail handed on. A caller with threads to spare may
    run kernels ahead of time and hand on the tails in order.

    Parameters
    ----------
    routing : Routing
    kernel : callable
        convolves one block by itself
    block : int > 0
        longest block, in frames, that the kernel takes
    dtype : float type
        of the output
    error_model : callable
        returns the bounds on the kernel's rounding errors
    fft_size : int, optional
        length of the kernel's transforms
    limit : float, optional
        largest magnitude of a sample; by default that of sums of products in `dtype`
    """

    def __init__(
        self,
        routing: Routing,
        kernel: Kernel,
        *,
        block: int,
        dtype: np.dtype[Any],
        error_model: Callable[[], ErrorModel],
        fft_size: int | None = None,
        limit: float | None = None,
    ) -> None:
        self.routing = routing
        self.block = block
        self.fft_size = fft_size
        self.limit = loudest(routing, dtype) if limit is None else limit
        self._error_model = error_model
        self._kernel = kernel
        self._dtype = dtype
        self.tail: Audio = self.silence()

    def by(self, change: Callable[[Kernel], Kernel]) -> OverlapAdd:
        """Return a convolver of a new sound, with another kernel that does the same."""
        other = copy(self)
        other._kernel = change(self._kernel)
        other.reset()
        return other

    def silence(self) -> Audio:
        """Return the tail before any sound."""
        return np.zeros((self.routing.frames - 1, self.routing.outputs), self._dtype)

    def kernel(self, block: Samples, unit: float = 1.0) -> Convolved:
        """Convolve at most `block` frames by themselves."""
        return self._kernel(checked(block, self.routing.inputs), unit)

    def alone(self, sound: Samples) -> Audio:
        """Convolve a sound of at most `block` frames: all n + K - 1 frames."""
        made = self.kernel(sound)
        full = np.concatenate([*made.parts, made.tail]) if made.full is None else made.full
        full[: self.routing.frames - 1] += 0.0  # -0.0 becomes 0.0, as where a tail is added
        return full

    @staticmethod
    def join(before: Audio, made: Convolved) -> tuple[Iterator[Audio], Audio]:
        """Add the tail so far to a block; return its frames, in parts, and the next tail."""
        after = made.tail
        reaching = before[made.frames :]
        after[: len(reaching)] += reaching
        return _added(before, made.parts), after

    def process(self, block: Audio) -> Audio:
        """Take n frames (n, inputs) and return n frames (n, outputs)."""
        done: list[Audio] = [np.zeros((0, self.routing.outputs), self._dtype)]
        refuse_extremes(checked(block, self.routing.inputs), self.limit)
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

    def error_model(self) -> ErrorModel:
        """Return the bounds on its rounding errors."""
        return self._error_model()


def _added(before: Audio, parts: Iterable[Audio]) -> Iterator[Audio]:
    at = 0
    for part in parts:
        overlap = before[at : at + len(part)]
        part[: len(overlap)] += overlap
        yield part
        at += len(part)


def as_convolved(full: Audio, frames: int) -> Convolved:
    """Return a block of n frames, given all n + K - 1 frames of its convolution."""
    return Convolved(frames, [full[:frames]], full[frames:], full)


class OverlapSave:
    """A `Convolver` made of a stateless kernel that is given the K - 1 frames before each block.

    `process` is `window`, which remembers them, then `kernel`; a caller with threads to spare may
    run kernels on windows at any time.

    Parameters
    ----------
    routing, kernel, block, dtype, error_model
        as for `OverlapAdd`
    """

    fft_size: int | None = None

    def __init__(
        self,
        routing: Routing,
        kernel: WindowKernel,
        *,
        block: int,
        dtype: np.dtype[Any],
        error_model: Callable[[], ErrorModel],
    ) -> None:
        self.routing = routing
        self.block = block
        self.limit = loudest(routing, dtype)
        self._error_model = error_model
        self._kernel = kernel
        self._dtype = dtype
        self._past: Samples = np.zeros((routing.frames - 1, routing.inputs))
        self._unit: float | None = None

    def by(self, change: Callable[[WindowKernel], WindowKernel]) -> OverlapSave:
        """Return a convolver of a new sound, with another kernel that does the same."""
        other = copy(self)
        other._kernel = change(self._kernel)
        other.reset()
        return other

    def window(self, block: Samples, unit: float = 1.0) -> Samples:
        """Prepend the K - 1 frames before a block; all blocks must count one unit."""
        block = checked(block, self.routing.inputs)
        if self._unit is None:
            self._past, self._unit = self._past.astype(block.dtype), unit
        window: Samples = np.concatenate([self._past, block])
        self._past = window[len(block) :]
        return window

    def kernel(self, window: Samples, unit: float = 1.0) -> Iterable[Audio]:
        """Convolve the frames of a window after the first K - 1, in parts."""
        return self._kernel(window, unit)

    def process(self, block: Audio) -> Audio:
        """Take n frames (n, inputs) and return n frames (n, outputs)."""
        refuse_extremes(checked(block, self.routing.inputs), self.limit)
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

    def error_model(self) -> ErrorModel:
        """Return the bounds on its rounding errors."""
        return self._error_model()


def ring_out(convolver: Convolver, dtype: np.dtype[Any]) -> Audio:
    """Flush a convolver that keeps the sound itself, with K - 1 frames of silence."""
    silence = np.zeros((convolver.routing.frames - 1, convolver.routing.inputs), dtype)
    tail = convolver.process(silence)
    convolver.reset()
    return tail
