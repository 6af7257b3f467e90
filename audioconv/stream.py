"""Blocks in, blocks out: the pump between a reader and a writer.

Memory is set by the impulse and the block, never by the length of the sound, and the block
grid by the impulse alone: however the input arrives, it is cut anew into the engine's own
blocks, so a file and a pipe, one thread and many, give the same bytes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

import numpy as np

from audioconv.engines import Audio, Convolver, OverlapAdd

T = TypeVar("T")
R = TypeVar("R")


def convolve(blocks: Iterable[Audio], convolver: Convolver, *, threads: int = 1) -> Iterator[Audio]:
    """Convolve a sound that comes in blocks.

    Parameters
    ----------
    blocks : iterable of array, (any, inputs)
        the sound, cut in any way
    convolver : Convolver
        as new; it is as new again when the stream has ended
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


def fit_length(blocks: Iterable[Audio], frames: int) -> Iterator[Audio]:
    """Cut the stream after so many frames, or fill it up with silence to as many.

    Examples
    --------
    >>> [block.ravel().tolist() for block in fit_length([np.ones((2, 1))], 3)]
    [[1.0, 1.0], [0.0]]
    """
    left = frames
    shape, dtype = (0, 1), np.dtype(np.float64)
    for block in blocks:
        shape, dtype = block.shape, block.dtype
        yield block[:left]
        left -= len(block[:left])
        if not left:
            return
    longest = 2**16
    for start in range(0, left, longest):
        yield np.zeros((min(longest, left - start), shape[1]), dtype)


def _in_order(work: Callable[[T], R], items: Iterable[T], threads: int) -> Iterator[R]:
    """Map in threads, results in order, with no more items under way than there are threads."""
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
