"""Blocks in, blocks out: the pump between a reader and a writer.

One thread reads. Worker threads convolve block by block and finish each result, for instance by
encoding it; only the tails are handed on in order. `convolve` is all of that; a `Window` cuts its
result to an output.

Memory depends on the impulse and the block, never on the length of the sound, and the block grid
on the impulse alone: however the input arrives, it is cut into the engine's own blocks, so a file
and a pipe, one thread and many, give the same bytes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from itertools import chain, islice
from typing import Any, Generic, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from audioconv.engines.audio import Audio, Samples, as_audio
from audioconv.engines.convolver import Convolver, OverlapAdd, OverlapSave

R = TypeVar("R")
Number = TypeVar("Number", bound=np.floating[Any] | np.signedinteger[Any])


def convolve(
    blocks: Iterable[Samples],
    convolver: Convolver,
    finish: Callable[[Audio, int], R],
    *,
    unit: float = 1.0,
    threads: int = 1,
) -> Generator[R, None, None]:
    """Convolve a sound that comes in blocks, up to its last frame.

    `Convolver.flush` returns the tail of K - 1 frames afterwards.

    Parameters
    ----------
    blocks : iterable of array, (any, inputs)
        the sound, cut in any way
    convolver : Convolver
        it is reset first
    finish : callable
        called with each part of the result and its first frame, in any thread and in any order
    unit : float
        value of 1 in the blocks, a power of two; integers then need no conversion of their own
    threads : int > 0
        blocks in progress at a time; the result does not depend on it

    Yields
    ------
    R
        the result of `finish` for each part, in order

    Examples
    --------
    >>> from audioconv.engines.plan import plan
    >>> from audioconv.engines.routes import routes
    >>> echo = plan(routes(np.array([[1.0], [0.0], [0.5]]), 1), "direct")
    >>> sound = [np.array([[1.0]]), np.array([[2.0]])]
    >>> [part.tolist() for part in convolve(sound, echo, lambda part, start: part)]
    [[[1.0], [2.0]]]
    >>> echo.flush().tolist()
    [[0.5], [1.0]]
    """

    def finish_each(parts: Iterable[Audio], start: int) -> list[R]:
        return [finish(part, at) for at, part in _placed(parts, start)]

    with closing(
        convolve_blocks(blocks, convolver, finish_each, unit=unit, threads=threads)
    ) as results:
        for finished in results:
            yield from finished


def convolve_blocks(
    blocks: Iterable[Samples],
    convolver: Convolver,
    finish: Callable[[Iterable[Audio], int], R],
    *,
    unit: float = 1.0,
    threads: int = 1,
) -> Generator[R, None, None]:
    """Convolve a sound as `convolve` does, and finish its result block by block.

    Parameters
    ----------
    blocks, convolver, unit, threads
        as for `convolve`
    finish : callable
        called with the parts of a block, which are computed on demand, and its first frame, in any
        thread and in any order

    Yields
    ------
    R
        the result of `finish` for each block, in order
    """
    convolver.reset()
    grid = _placed(regrid(blocks, convolver.block))
    if isinstance(convolver, OverlapAdd):
        work = _overlapping(grid, convolver, finish, unit)
    elif isinstance(convolver, OverlapSave):
        work = _windowed(grid, convolver, finish, unit)
    else:
        work = _stateful(grid, convolver, finish, unit)
    with closing(in_order(work, threads)) as results:
        yield from results


def whole(sound: Samples, convolver: Convolver) -> Audio:
    """Convolve a sound that is all there, and return all of its convolution.

    Parameters
    ----------
    sound : array, (frames, inputs)
    convolver : Convolver
        any sound that it is in is given up

    Returns
    -------
    array, (frames + K - 1, outputs)
        as `convolve` and `Convolver.flush` return it; of a single block, nothing is copied
    """
    if isinstance(convolver, OverlapAdd) and len(sound) <= convolver.block:
        return convolver.alone(sound)
    parts = convolve([sound], convolver, lambda part, start: part)
    return np.concatenate([*parts, convolver.flush()])


def _placed(
    blocks: Iterable[NDArray[Number]], at: int = 0
) -> Iterator[tuple[int, NDArray[Number]]]:
    """Yield each block with its first frame."""
    for block in blocks:
        yield at, block
        at += len(block)


def _overlapping(
    grid: Iterable[tuple[int, Samples]],
    convolver: OverlapAdd,
    finish: Callable[[Iterable[Audio], int], R],
    unit: float,
) -> Iterator[Callable[[], R]]:
    """Yield the work on each block; all of it but the joining of tails can run in any thread."""

    def work(block: Samples, start: int, before: Future[Audio], after: Future[Audio]) -> R:
        try:
            made = convolver.kernel(block, unit)
            parts, tail = convolver.join(before.result(), made)
        except BaseException as error:  # a thread that waits for the tail must not wait for ever
            after.set_exception(error)
            raise
        convolver.tail = tail  # in order, as the next block waits for it
        after.set_result(tail)
        return finish(parts, start)

    tail: Future[Audio] = Future()
    tail.set_result(convolver.silence())
    for start, block in grid:
        before, tail = tail, Future()
        yield partial(work, block, start, before, tail)


def _windowed(
    grid: Iterable[tuple[int, Samples]],
    convolver: OverlapSave,
    finish: Callable[[Iterable[Audio], int], R],
    unit: float,
) -> Iterator[Callable[[], R]]:
    """Yield the work on each block; all of it can run in any thread."""

    def work(window: Samples, start: int) -> R:
        return finish(convolver.kernel(window, unit), start)

    for start, block in grid:
        yield partial(work, convolver.window(block, unit), start)


def _stateful(
    grid: Iterable[tuple[int, Samples]],
    convolver: Convolver,
    finish: Callable[[Iterable[Audio], int], R],
    unit: float,
) -> Iterator[Callable[[], R]]:
    """Convolve in order, and yield the work that can be done in any thread."""
    for start, block in grid:
        part = convolver.process(as_audio(block, np.dtype(np.float64), unit))
        yield partial(finish, [part], start)


def regrid(blocks: Iterable[NDArray[Number]], frames: int) -> Iterator[NDArray[Number]]:
    """Cut a stream into blocks of exactly `frames`; the last may be shorter.

    Examples
    --------
    >>> [len(block) for block in regrid([np.zeros((3, 1)), np.zeros((4, 1))], 2)]
    [2, 2, 2, 1]
    """
    waiting: list[NDArray[Number]] = []
    count = 0
    for block in blocks:
        waiting.append(block)
        count += len(block)
        if count < frames:
            continue
        joined = waiting[0] if len(waiting) == 1 else np.concatenate(waiting)
        whole = count - count % frames
        yield from (joined[start : start + frames] for start in range(0, whole, frames))
        count -= whole
        waiting = [joined[whole:]] if count else []
    if count:
        yield waiting[0] if len(waiting) == 1 else np.concatenate(waiting)


class Supply(Generic[Number]):
    """A stream of which any number of frames can be taken at a time.

    Parameters
    ----------
    blocks : iterable of array, (any, channels)

    Examples
    --------
    >>> supply = Supply([np.array([[1.0], [2.0]]), np.array([[3.0]])])
    >>> supply.take(1).ravel(), supply.take(5).ravel(), supply.take(1).ravel()
    (array([1.]), array([2., 3.]), array([], dtype=float64))
    """

    def __init__(self, blocks: Iterable[NDArray[Number]]) -> None:
        self._blocks = iter(blocks)
        self._rest: list[NDArray[Number]] = []

    def take(self, frames: int) -> NDArray[Number]:
        """Return as many frames, or what there is."""
        parts = self._rest
        count = sum(map(len, parts))
        while count < frames and (block := next(self._blocks, None)) is not None:
            parts.append(block)
            count += len(block)
        if not parts:
            return cast(NDArray[Number], np.zeros((0, 1)))
        joined = parts[0] if len(parts) == 1 else np.concatenate(parts)
        self._rest = [joined[frames:]]
        return joined[:frames]


def in_order(work: Iterable[Callable[[], R]], threads: int) -> Generator[R, None, None]:
    """Do work in a number of threads, and yield its results in order."""
    pieces, missing = iter(work), None
    head = [*islice(pieces, 1)]
    if threads > 1:  # one piece alone needs no thread
        try:
            head += islice(pieces, 1)
        except Exception as error:  # earlier results come first, as in one thread
            missing = error
    if len(head) < 2:
        yield from (task() for task in chain(head, pieces if missing is None else ()))
        if missing is not None:
            raise missing
        return
    pending: deque[Future[R]] = deque()
    pieces = chain(head, pieces)
    # when a consumer stops early, or at an error, work in progress is waited for: work that was
    # cancelled would never hand on its tail, and the next piece might already wait for it
    with ThreadPoolExecutor(threads, thread_name_prefix="convolve") as pool:
        while True:
            try:
                pending.append(pool.submit(next(pieces)))
            except StopIteration:
                break
            except Exception as error:
                missing = error
                break
            if len(pending) > threads:  # one is ready for the thread that is free first
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    if missing is not None:
        raise missing
