"""Blocks in, blocks out: the pump between a reader and a writer.

Memory is set by the impulse and the block, never by the length of the sound, and the block
grid by the impulse alone: however the input arrives, it is cut anew into the engine's own
blocks, so a file and a pipe, one thread and many, give the same bytes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np

from audioconv.engines import Audio, Convolver, OverlapAdd

TAIL_LEVEL = 10 ** (-60 / 20)
LONGEST_SILENCE = 2**16

T = TypeVar("T")
R = TypeVar("R")


def convolve(blocks: Iterable[Audio], convolver: Convolver, *, threads: int = 1) -> Iterator[Audio]:
    """Convolve a sound that comes in blocks.

    Parameters
    ----------
    blocks : iterable of array, (any, inputs)
        the sound, cut in any way
    convolver : Convolver
        it begins as new, whatever it did before
    threads : int > 0
        blocks convolved at a time, where the engine's kernel is stateless; tails are added in
        order, so the result does not depend on it

    Yields
    ------
    array, (any, outputs)
        the full convolution, input + K - 1 frames in all

    Examples
    --------
    >>> from audioconv.engines import plan, routes
    >>> echo = plan(routes(np.array([[1.0], [0.0], [0.5]]), 1), "direct")
    >>> np.concatenate(list(convolve([np.array([[1.0]]), np.array([[2.0]])], echo))).ravel()
    array([1. , 2. , 0.5, 1. ])
    """
    convolver.reset()
    grid = regrid(blocks, convolver.block)
    if isinstance(convolver, OverlapAdd):
        for full in _in_order(convolver.kernel, grid, threads):
            yield convolver.add(full)
    else:
        yield from map(convolver.process, grid)
    yield convolver.flush()


def regrid(blocks: Iterable[Audio], frames: int) -> Iterator[Audio]:
    """Cut a stream anew into blocks of exactly so many frames; the last may be shorter.

    Examples
    --------
    >>> [len(block) for block in regrid([np.zeros((3, 1)), np.zeros((4, 1))], 2)]
    [2, 2, 2, 1]
    """
    waiting: list[Audio] = []
    count = 0
    for block in blocks:
        waiting.append(block)
        count += len(block)
        if count < frames:
            continue
        joined = waiting[0] if len(waiting) == 1 else np.concatenate(waiting)
        whole = count - count % frames
        yield from (joined[start : start + frames] for start in range(0, whole, frames))
        waiting, count = [joined[whole:]], count - whole
    if count:
        yield np.concatenate(waiting)


def fit(blocks: Iterable[Audio], length: str | int) -> Iterator[Audio]:
    """Give a convolution, as `convolve` yields it, another length.

    Parameters
    ----------
    blocks : iterable of array
        the tail of K - 1 frames being the last of them
    length : {"full", "input", "auto"} or int
        all of it; without the tail; with the tail up to its last frame within 60 dB of the
        peak; or so many frames, silence following if there are fewer

    Examples
    --------
    >>> sound = [np.ones((2, 1)), np.array([[0.5], [0.0001]])]
    >>> [sum(map(len, fit(sound, length))) for length in ("full", "input", "auto", 7)]
    [4, 2, 3, 7]
    """
    if length == "full":
        yield from blocks
    elif isinstance(length, int):
        yield from _exactly(blocks, length)
    else:
        yield from _cut_tail(blocks, np.inf if length == "input" else TAIL_LEVEL)


def _cut_tail(blocks: Iterable[Audio], level: float) -> Iterator[Audio]:
    """End the last block with its last frame that reaches a level beside the peak."""
    peak = 0.0
    held: Audio | None = None
    for block in blocks:
        if held is not None:
            yield held
        held = block
        peak = max(peak, float(np.abs(block).max(initial=0)))
    if held is not None:
        peaks = np.abs(held).max(axis=1, initial=0)
        reaches = (peaks > 0) & (peaks >= level * peak)
        yield held[: int(np.flatnonzero(reaches)[-1]) + 1 if reaches.any() else 0]


def _exactly(blocks: Iterable[Audio], frames: int) -> Iterator[Audio]:
    """Cut the stream after so many frames, or fill it up with silence."""
    left = frames
    channels = 1
    dtype: np.dtype[Any] = np.dtype(np.float64)
    for block in blocks:
        channels, dtype = block.shape[1], block.dtype
        yield block[:left]
        left -= len(block[:left])
        if not left:
            return
    while left:
        silence = np.zeros((min(LONGEST_SILENCE, left), channels), dtype)
        yield silence
        left -= len(silence)


def _in_order(work: Callable[[T], R], items: Iterable[T], threads: int) -> Iterator[R]:
    """Map in threads, results in order, with one more item under way than there are threads."""
    if threads == 1:
        yield from map(work, items)
        return
    pending: deque[Future[R]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="convolve") as pool:
        try:
            for item in items:
                pending.append(pool.submit(work, item))
                if len(pending) > threads:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:  # a consumer that stops early, or an error, leaves no work behind
            for future in pending:
                future.cancel()
