"""Progress of long work, reported to a callback."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from typing import Protocol, TypeVar


class Progress(Protocol):
    """Callback that long work reports its progress to."""

    def __call__(self, step: str, done: float = 0.0, total: float | None = None) -> None:
        """Take a report. It is called once per block, and must return at once.

        Parameters
        ----------
        step : str
            the current step, such as "convolving"
        done : float
            seconds of sound processed so far
        total : float or None
            seconds of sound in all; None if unknown
        """


def silent(step: str, done: float = 0.0, total: float | None = None) -> None:
    """Ignore progress."""


SizedBlock = TypeVar("SizedBlock", bound=Sized)


def watched(
    blocks: Iterable[SizedBlock],
    progress: Progress,
    step: str,
    rate: int,
    frames: int | None = None,
) -> Iterator[SizedBlock]:
    """Yield blocks unchanged, and report progress after each.

    Parameters
    ----------
    blocks : iterable of array, (any, channels)
    progress : Progress
    step : str
        the current step, such as "reading"
    rate : int > 0
        frames per second
    frames : int, optional
        frames in all blocks together, if known

    Examples
    --------
    >>> def show(step, done=0.0, total=None):
    ...     print(f"{step}: {done:g} of {total:g} s")
    >>> for block in watched(["ab", "c"], show, "counting", rate=2, frames=3):
    ...     print(len(block))
    counting: 0 of 1.5 s
    2
    counting: 1 of 1.5 s
    1
    counting: 1.5 of 1.5 s
    """
    total, done = None if frames is None else frames / rate, 0
    progress(step, 0.0, total)
    for block in blocks:
        yield block
        done += len(block)
        progress(step, done / rate, total)
