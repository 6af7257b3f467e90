"""How far long work has come, for whoever wants to show it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sized
from typing import Protocol, TypeVar


class Progress(Protocol):
    """Who is told how far long work has come."""

    def __call__(self, what: str, done: float = 0.0, total: float | None = None) -> None:
        """Take note of it, once a block, in no time.

        Parameters
        ----------
        what : str
            what is being done: "convolving"
        done : float
            seconds of sound that it has been done to
        total : float or None
            seconds there are of it; None where that is not known
        """


def silent(what: str, done: float = 0.0, total: float | None = None) -> None:
    """Tell nobody how far work has come."""


Block = TypeVar("Block", bound=Sized)


def watched(
    blocks: Iterable[Block], progress: Progress, what: str, rate: int, frames: int | None = None
) -> Iterator[Block]:
    """Yield blocks as they are, and tell after each how far this has come.

    Parameters
    ----------
    blocks : iterable of array, (any, channels)
    progress : Progress
    what : str
        what is being done to them
    rate : int > 0
        their frames per second
    frames : int, optional
        how many there will be, if that is known

    Examples
    --------
    >>> def show(what, done=0.0, total=None):
    ...     print(f"{what}: {done:g} of {total:g} s")
    >>> for block in watched(["ab", "c"], show, "counting", rate=2, frames=3):
    ...     print(len(block))
    counting: 0 of 1.5 s
    2
    counting: 1 of 1.5 s
    1
    counting: 1.5 of 1.5 s
    """
    total, done = None if frames is None else frames / rate, 0
    progress(what, 0.0, total)
    for block in blocks:
        yield block
        done += len(block)
        progress(what, done / rate, total)
