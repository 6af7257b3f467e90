"""Whether a file is still what it was: the same file, of the same length and time of change."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import IO, NamedTuple

from audioconv.errors import FormatError
from audioconv.files.formats import STANDARD, display_name


class Stamp(NamedTuple):
    """What changes with the content of a regular file."""

    inode: int
    bytes: int
    modified_ns: int


class Watch:
    """A regular file that must not change; anything else is not watched.

    An opened file is compared with itself, and a path with itself, as systems may describe the
    same file in two ways.

    Parameters
    ----------
    look : callable
        returns the status of the file

    Attributes
    ----------
    stamp : Stamp or None
        that of the file when the watch began
    """

    def __init__(self, look: Callable[[], os.stat_result]) -> None:
        self._look = look
        self.stamp = self._now()

    @classmethod
    def opened(cls, file: IO[bytes]) -> Watch:
        """Watch an open file."""
        return cls(partial(os.fstat, file.fileno()))

    def refuse_changed(self, name: str) -> None:
        """Raise `FormatError` if the file has changed; `name` is its path in messages."""
        if self._now() != self.stamp:
            raise changed_error(name)

    def _now(self) -> Stamp | None:
        try:
            status = self._look()
        except (OSError, ValueError):  # no such file, or no such name
            return None
        if not stat.S_ISREG(status.st_mode):
            return None
        return Stamp(status.st_ino, status.st_size, status.st_mtime_ns)


def watch(path: str) -> Watch:
    """Watch the file at a path: it must be neither changed nor replaced."""
    return Watch(partial(os.stat, "" if path == STANDARD else path))


@contextmanager
def unchanged(*paths: str) -> Iterator[None]:
    """Raise `FormatError` at the end if a file has changed since the beginning.

    Examples
    --------
    >>> with unchanged("samples/guitar.wav"):
    ...     pass
    """
    watches = [(path, watch(path)) for path in paths]
    yield
    for path, one in watches:
        one.refuse_changed(path)


def changed_error(name: str) -> FormatError:
    """Return the error that a file has changed while it was read."""
    return FormatError(
        f"{display_name(name)} changed while it was read; start again once it is complete"
    )
