"""Blocks in, blocks out: the pump between a reader and a writer.

One thread reads. As many as there are workers convolve, block by block, and finish what comes of
it, which may be to write it; what they cannot do at the same time, handing on tails, is done in
order. `convolve` is all of that; `within` and `ending` give its result another length.

Memory is set by the impulse and the block, never by the length of the sound, and the block
grid by the impulse alone: however the input arrives, it is cut anew into the engine's own
blocks, so a file and a pipe, one thread and many, give the same bytes.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from functools import partial
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from audioconv.engines.convolver import Audio, Convolver, OverlapAdd, OverlapSave, Samples, as_audio

TAIL_LEVEL = 10 ** (-60 / 20)
LONGEST_SILENCE = 2**16

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

    What rings on after that, K - 1 frames, `Convolver.flush` gives afterwards.

    Parameters
    ----------
    blocks : iterable of array, (any, inputs)
        the sound, cut in any way
    convolver : Convolver
        it begins as new, whatever it did before
    finish : callable
        what to make of each part of the result, given with its first frame; called in any
        thread, and in any order
    unit : float
        what 1 means in the blocks, a power of two: so whole numbers need no pass of their own
    threads : int > 0
        blocks under way at a time; tails are handed on in order, so the result does not depend
        on it

    Yields
    ------
    R
        what was made of each part, in order

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
    convolver.reset()
    grid = _placed(regrid(blocks, convolver.block))
    if isinstance(convolver, OverlapAdd):
        work = _overlapping(grid, convolver, finish, unit)
    elif isinstance(convolver, OverlapSave):
        work = _windowed(grid, convolver, finish, unit)
    else:
        work = _stateful(grid, convolver, finish, unit)
    with closing(_in_order(work, threads)) as results:
        for finished in results:
            yield from finished


def _placed(
    blocks: Iterable[NDArray[Number]], at: int = 0
) -> Iterator[tuple[int, NDArray[Number]]]:
    """Yield each block with its first frame."""
    for block in blocks:
        yield at, block
        at += len(block)


def _finished(parts: Iterable[Audio], start: int, finish: Callable[[Audio, int], R]) -> list[R]:
    """Finish each part of a block that begins with a frame."""
    return [finish(part, at) for at, part in _placed(parts, start)]


def _overlapping(
    grid: Iterable[tuple[int, Samples]],
    convolver: OverlapAdd,
    finish: Callable[[Audio, int], R],
    unit: float,
) -> Iterator[Callable[[], list[R]]]:
    """Yield the work on each block, of which all can be done in any thread but handing on tails."""

    def work(block: Samples, start: int, before: Future[Audio], after: Future[Audio]) -> list[R]:
        try:
            made = convolver.kernel(block, unit)
            parts, tail = convolver.join(before.result(), made)
        except BaseException as error:  # who waits for the tail must not wait for ever
            after.set_exception(error)
            raise
        after.set_result(tail)
        return _finished(parts, start, finish)

    tail: Future[Audio] = Future()
    tail.set_result(convolver.silence())
    for start, block in grid:
        before, tail = tail, Future()
        yield partial(work, block, start, before, tail)
    convolver.tail = tail.result()


def _windowed(
    grid: Iterable[tuple[int, Samples]],
    convolver: OverlapSave,
    finish: Callable[[Audio, int], R],
    unit: float,
) -> Iterator[Callable[[], list[R]]]:
    """Yield the work on each block, of which all can be done in any thread."""

    def work(window: Samples, start: int) -> list[R]:
        return _finished(convolver.kernel(window, unit), start, finish)

    for start, block in grid:
        yield partial(work, convolver.window(block, unit), start)


def _stateful(
    grid: Iterable[tuple[int, Samples]],
    convolver: Convolver,
    finish: Callable[[Audio, int], R],
    unit: float,
) -> Iterator[Callable[[], list[R]]]:
    """Do what must be done in order, and yield the work that can be done in any thread."""
    for start, block in grid:
        part = convolver.process(as_audio(block, np.dtype(np.float64), unit))
        yield partial(_finished, [part], start, finish)


def regrid(blocks: Iterable[NDArray[Number]], frames: int) -> Iterator[NDArray[Number]]:
    """Cut a stream anew into blocks of exactly so many frames; the last may be shorter.

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
        waiting, count = [joined[whole:]], count - whole
    if count:
        yield np.concatenate(waiting)


def within(part: Audio, start: int, length: str | int) -> Audio:
    """Cut a part that begins with a frame, where an output of so many frames ends.

    Examples
    --------
    >>> len(within(np.zeros((5, 1)), 10, 12)), len(within(np.zeros((5, 1)), 10, "full"))
    (2, 5)
    """
    return part[: max(0, length - start)] if isinstance(length, int) else part


def ending(tail: Audio, length: str | int, *, frames: int, peak: float) -> Iterator[Audio]:
    """Yield what follows the frames of a convolution that are under the sound.

    Parameters
    ----------
    tail : array, (K - 1, channels)
    length : {"full", "input", "auto"} or int
        all of the tail; nothing of it; up to its last frame within 60 dB of the peak; or what
        is missing from so many frames, silence following if that is more
    frames : int
        those before it
    peak : float
        the largest magnitude before it

    Examples
    --------
    >>> tail = np.array([[0.5], [0.0001]])
    >>> [sum(map(len, ending(tail, length, frames=2, peak=1.0)))
    ...  for length in ("full", "input", "auto", 7)]
    [2, 0, 1, 5]
    """
    if isinstance(length, int):
        yield within(tail, frames, length)
        missing = length - frames - len(tail)
        silence = np.zeros((LONGEST_SILENCE, tail.shape[1]), tail.dtype)
        for done in range(0, missing, LONGEST_SILENCE):
            yield silence[: missing - done]
    elif length == "full":
        yield tail
    elif length == "auto":
        peaks = np.abs(tail).max(axis=1, initial=0)
        reaches = peaks >= TAIL_LEVEL * max(peak, float(peaks.max(initial=0)))
        last = np.flatnonzero(reaches & (peaks > 0))[-1:]
        yield tail[: int(last.sum()) + len(last)]


def _in_order(work: Iterable[Callable[[], R]], threads: int) -> Generator[R, None, None]:
    """Do work in so many threads, as many pieces under way, and yield its results in order."""
    if threads == 1:
        yield from (task() for task in work)
        return
    pending: deque[Future[R]] = deque()
    pieces, missing = iter(work), None
    # what is under way when a consumer stops early, or at an error, is waited for: work that was
    # cancelled would never give its tail, and the next might wait for it already
    with ThreadPoolExecutor(threads, thread_name_prefix="convolve") as pool:
        while True:
            try:
                pending.append(pool.submit(next(pieces)))
            except StopIteration:
                break
            except Exception as error:  # what came before it comes first, as in one thread
                missing = error
                break
            if len(pending) == threads:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    if missing is not None:
        raise missing
