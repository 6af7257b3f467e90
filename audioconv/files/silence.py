"""Standard error, kept from a decoder that writes to it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class _StderrSilencer:
    """Redirect standard error to the null device while any thread asks for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._depth = 0
        self._saved = -1

    def begin(self) -> None:
        """Redirect it, if it is not yet redirected."""
        with self._lock:
            if self._depth == 0:
                self._saved = _duplicate(2)
                if self._saved >= 0:
                    null = os.open(os.devnull, os.O_WRONLY)
                    os.dup2(null, 2)
                    os.close(null)
            self._depth += 1

    def end(self) -> None:
        """Restore it, if no other thread needs it redirected."""
        with self._lock:
            self._depth -= 1
            if self._depth == 0 and self._saved >= 0:
                os.dup2(self._saved, 2)
                os.close(self._saved)


def _duplicate(descriptor: int) -> int:
    try:
        return os.dup(descriptor)
    except OSError:  # closed
        return -1


_silencer = _StderrSilencer()


@contextmanager
def stderr_silenced() -> Iterator[None]:
    """Keep the MP3 decoder inside libsndfile from writing to standard error."""
    _silencer.begin()
    try:
        yield
    finally:
        _silencer.end()
