"""Two sounds side by side: read once for each question, and worked on in threads.

A question is a function of a block of both sounds, called in any thread; the answers come back in
order, so that they do not depend on the number of threads.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from audioconv.engines import stream
from audioconv.engines.audio import SLICE, Audio, Samples
from audioconv.errors import LayoutError, UsageError, counted
from audioconv.files import STANDARD, Reader, display_name, rereadable, unchanged
from audioconv.job import Options
from audioconv.progress import Progress, silent, watched

BLOCK = 2 * SLICE
"""Samples of each sound that are read at a time."""

R = TypeVar("R")


class Piece(NamedTuple):
    """Some frames of both sounds, as float64, each channel on its own in memory.

    Parameters
    ----------
    start : int
        first of them, counted from where the pair begins
    one, other : array, (frames, channels)
        valid until the next piece is asked for
    """

    start: int
    one: Audio
    other: Audio


class Blocks(NamedTuple):
    """The same frames of both sounds, as each is stored.

    Parameters
    ----------
    start : int
        first of them, counted from where the pair begins
    one, other : array, (frames, channels)
        where one of the sounds has ended, it is silent
    units : pair of float
        value of 1 in each
    frames : pair of int
        those that each sound has, without the silence after its end
    """

    start: int
    one: Samples
    other: Samples
    units: tuple[float, float]
    frames: tuple[int, int]

    def pieces(self) -> Iterator[Piece]:
        """Convert both, a piece at a time."""
        frames, channels = self.one.shape
        most = min(frames, _frames(SLICE, channels))
        planes = np.empty((2, channels, most))
        for start in range(0, frames, most):
            both = []
            for plane, block, unit in zip(planes, (self.one, self.other), self.units, strict=True):
                part = block[start : start + most]
                sound = plane[:, : len(part)].T
                sound[:] = part
                if unit != 1:
                    sound *= unit
                both.append(sound)
            yield Piece(self.start + start, *both)

    def first_difference(self) -> int | None:
        """Return the first frame in which they differ, counted as `start` is; None if none does."""
        if self.one.dtype == self.other.dtype and self.units[0] == self.units[1]:
            return _first(self.one != self.other, self.start)
        found = (_first(one != other, start) for start, one, other in self.pieces())
        return next((frame for frame in found if frame is not None), None)


class Listener(Protocol):
    """Who is told all that goes by, such as to draw it."""

    def hear(self, lead: int, start: int, sounds: Sequence[Audio]) -> Any:
        """Return what is to be taken of some frames. It is called in any thread and order.

        Parameters
        ----------
        lead : int
            frame of the first sound where the pair begins
        start : int
            first of the frames, counted from there
        sounds : sequence of array, (frames, channels)
            valid during the call
        """

    def take(self, heard: Any) -> None:
        """Take what was heard, in order."""


@dataclass(frozen=True)
class Pair:
    """Two sound files of the same rate and channels.

    Parameters
    ----------
    first, second : str
        paths that can be read several times
    rate, channels : int
        of both
    threads : int > 0
        blocks in progress at a time
    progress : Progress
    """

    first: str
    second: str
    rate: int
    channels: int
    threads: int = 1
    progress: Progress = silent

    def each(self, work: Callable[[Blocks], R], step: str, shift: int = 0) -> Iterator[R]:
        """Read both once, and yield the result of `work` for each block, in order.

        Parameters
        ----------
        work : callable
            called in any thread
        step : str
            its name, for the progress
        shift : int
            frames by which the second is moved to earlier; what it has before the first begins is
            left out, and so is what the first has before the second begins
        """
        with Reader(self.first) as a, Reader(self.second) as b:
            blocks = self._together(a, b, shift, step)
            yield from stream.in_order((partial(work, both) for both in blocks), self.threads)

    def _together(self, a: Reader, b: Reader, shift: int, step: str) -> Iterator[Blocks]:
        most = _frames(BLOCK, self.channels)
        first = watched(a.samples(most), self.progress, step, self.rate, a.info.frames)
        pairs = (first, -shift), (b.samples(most), shift)
        streams = [stream.regrid(_from(blocks, skip), most) for blocks, skip in pairs]
        units, start = (a.unit, b.unit), 0
        while True:
            one, other = (next(blocks, np.zeros((0, self.channels))) for blocks in streams)
            frames = len(one), len(other)
            if not any(frames):
                return
            longest = max(frames)
            yield Blocks(start, _padded(one, longest), _padded(other, longest), units, frames)
            start += longest

    def excerpts(self, begin: int, frames: int) -> tuple[Audio, Audio]:
        """Return some frames of each, (frames, channels), silent after its end."""
        parts = []
        for path in (self.first, self.second):
            with Reader(path) as reader:
                part = np.zeros((frames, self.channels))
                at = 0
                for block in _from(reader.samples(_frames(BLOCK, self.channels)), begin):
                    some = block[: frames - at]
                    part[at : at + len(some)] = some
                    at += len(some)
                    if at == frames:
                        break
                parts.append(part * reader.unit)
        return parts[0], parts[1]


@contextmanager
def pair(
    first: str | os.PathLike[str],
    second: str | os.PathLike[str],
    progress: Progress = silent,
    threads: int | None = None,
) -> Iterator[Pair]:
    """Provide two sound files side by side, neither of which may change meanwhile.

    Parameters
    ----------
    first, second : str or path-like
    progress : Progress
    threads : int, optional
        by default one for each core, within reason

    Raises
    ------
    FormatError
        If either cannot be read, or changes meanwhile.
    LayoutError
        If they differ in rate or channels.

    Examples
    --------
    >>> with pair("samples/guitar.wav", "samples/hall.wav") as both:
    ...     next(both.each(lambda blocks: blocks.frames, "counting"))
    (176400, 66150)
    """
    if os.fspath(first) == os.fspath(second) == STANDARD:
        raise UsageError("both files are standard input; name one of them")
    # each is read several times
    with (
        rereadable(os.fspath(first)) as one,
        rereadable(os.fspath(second)) as other,
        unchanged(one, other),
    ):
        with Reader(one) as a, Reader(other) as b:
            if (a.info.rate, a.info.channels) != (b.info.rate, b.info.channels):
                raise LayoutError(
                    f"{display_name(one)} has {counted(a.info.channels, 'channel')} at "
                    f"{a.info.rate} Hz, but {display_name(other)} has {b.info.channels} at "
                    f"{b.info.rate} Hz; they must agree in both"
                )
            rate, channels = a.info.rate, a.info.channels
        yield Pair(one, other, rate, channels, threads or Options().cores, progress)


def _frames(samples: int, channels: int) -> int:
    """Return the frames of at most so many samples, a power of two."""
    return max(1, samples >> (channels - 1).bit_length())


def _from(blocks: Iterable[Samples], skip: int) -> Iterator[Samples]:
    """Yield a sound without its first frames, if `skip` is positive."""
    for block in blocks:
        yield block[max(skip, 0) :]
        skip -= min(max(skip, 0), len(block))


def _padded(block: Samples, frames: int) -> Samples:
    if len(block) == frames:
        return block
    return np.pad(block, ((0, frames - len(block)), (0, 0)))


def _first(different: NDArray[np.bool_], start: int) -> int | None:
    """Return the first frame, counted from `start`, with a value that is true."""
    return start + int(different.argmax() // different.shape[1]) if different.any() else None
