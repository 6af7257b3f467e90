"""Standard error and standard output, kept from decoders and encoders that write to them."""

from __future__ import annotations

import ctypes
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

STDOUT, STDERR = 1, 2


class _Silencer:
    """Redirect a standard stream to the null device while any thread asks for it."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._lock = threading.Lock()
        self._depth = 0
        self._saved = -1

    def begin(self) -> None:
        """Redirect it, if it is not yet redirected."""
        with self._lock:
            if self._depth == 0:
                self._saved = _duplicate(self._descriptor)
                if self._saved >= 0:
                    null = os.open(os.devnull, os.O_WRONLY)
                    os.dup2(null, self._descriptor)
                    os.close(null)
            self._depth += 1

    def end(self) -> None:
        """Restore it, if no other thread needs it redirected."""
        with self._lock:
            self._depth -= 1
            if self._depth == 0 and self._saved >= 0:
                os.dup2(self._saved, self._descriptor)
                os.close(self._saved)


def _duplicate(descriptor: int) -> int:
    try:
        return os.dup(descriptor)
    except OSError:  # closed
        return -1


_stderr, _stdout = _Silencer(STDERR), _Silencer(STDOUT)


@contextmanager
def stderr_silenced() -> Iterator[None]:
    """Keep the MP3 decoder inside libsndfile from writing to standard error."""
    _stderr.begin()
    try:
        yield
    finally:
        _stderr.end()


@contextmanager
def stdout_silenced() -> Iterator[None]:
    """Keep libsndfile's ALAC encoder and SDS reader from writing to standard output."""
    flush_c()
    _stdout.begin()
    try:
        yield
    finally:
        flush_c()
        _stdout.end()


def flush_c() -> None:
    """Write out what libraries in C have printed, but the C library still holds."""
    library = ctypes.CDLL("ucrtbase" if sys.platform == "win32" else None)
    library.fflush(None)
