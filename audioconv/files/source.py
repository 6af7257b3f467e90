"""A binary file or a pipe as a stream that keeps its beginning and its SHA-256."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import IO, NamedTuple

PIECE = 2**20
"""Bytes of a read where the caller needs no other size."""

WORTHWHILE = 2**16
"""Bytes that are worth handing to another thread."""

ALONE = 2**20
"""Bytes that are hashed before another thread is worth starting."""


class Digest(NamedTuple):
    """SHA-256 of a file, and its length in bytes."""

    sha256: str
    bytes: int


class Hash:
    """SHA-256 in a thread of its own, at most one piece behind."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._thread: ThreadPoolExecutor | None = None
        self._busy: Future[None] | None = None
        self._small = bytearray()
        self._alone = ALONE

    def update(self, data: bytes) -> None:
        """Append bytes."""
        if len(data) <= self._alone:
            self._alone -= len(data)
            self._hash.update(data)
            return
        self._alone = 0  # from here on in order, behind what waits
        if len(data) < WORTHWHILE:
            self._small += data
            if len(self._small) < WORTHWHILE:
                return
            data = b""
        if self._small:
            data = bytes(self._small) + data
            self._small.clear()
        self._wait()
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="hash")
        self._busy = self._thread.submit(self._hash.update, data)

    def hexdigest(self) -> str:
        """Return the hash of all bytes so far."""
        self._wait()
        self._hash.update(self._small)
        self._small.clear()
        return self._hash.hexdigest()

    def _wait(self) -> None:
        if self._busy is not None:
            self._busy.result()


class Source:
    """A binary file or a pipe, read forward.

    Parameters
    ----------
    file : binary file
        at its beginning
    hashed : bool
        whether `digest` will be called

    Attributes
    ----------
    regular : bool
        whether it is seekable and complete
    beginning : bytes or None
        all that has been read from a pipe, kept until `forget`
    """

    def __init__(self, file: IO[bytes], *, hashed: bool = False) -> None:
        self.file = file
        # standard input may be a file of which another program has read a part
        self.regular = stat.S_ISREG(os.fstat(file.fileno()).st_mode) and not file.tell()
        self.beginning: bytearray | None = None if self.regular else bytearray()
        self._hash = Hash() if hashed else None
        self._read = 0

    def read(self, count: int) -> bytes:
        """Return `count` bytes; fewer only at the end."""
        data = self.file.read(count) if self.regular else b"".join(pieces(self.file, count))
        if self.beginning is not None:
            self.beginning += data
        if self._hash is not None:
            self._hash.update(data)
        self._read += len(data)
        return data

    def forget(self) -> None:
        """Free the beginning, and keep no more of it."""
        self.beginning = None

    def digest(self) -> Digest | None:
        """Read the remainder, and return the digest of the whole."""
        if self._hash is None:
            return None
        while self.read(PIECE):
            pass
        return Digest(self._hash.hexdigest(), self._read)


def pieces(file: IO[bytes], count: int | None = None) -> Iterator[bytes]:
    """Yield the next `count` bytes of a pipe, or all, as they come.

    A signal that arrives between two pieces is seen here, and not within one read of both.
    """
    read = getattr(file, "read1", file.read)
    while (count is None or count > 0) and (piece := read(min(count or PIECE, PIECE))):
        yield piece
        if count is not None:
            count -= len(piece)


def file_digest(path: str) -> Digest:
    """Return the digest of a file."""
    with open(path, "rb") as file:
        digest = Source(file, hashed=True).digest()
    assert digest is not None  # as it is hashed
    return digest
