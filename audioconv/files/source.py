"""Bytes from a file or a pipe, as a stream that remembers its beginning and its hash."""

from __future__ import annotations

import hashlib
import os
import stat
from concurrent.futures import Future, ThreadPoolExecutor
from typing import IO, NamedTuple

PIECE = 2**20

WORTHWHILE = 2**16
"""Bytes that are worth handing to another thread."""


class Digest(NamedTuple):
    """What tells one file from every other: its hash and its length."""

    sha256: str
    bytes: int


class Hash:
    """SHA-256 in a thread of its own, which is never more than a piece behind."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="hash")
        self._busy: Future[None] | None = None
        self._small = bytearray()

    def update(self, data: bytes) -> None:
        """Take the next bytes."""
        if len(data) < WORTHWHILE:
            self._small += data
            if len(self._small) < WORTHWHILE:
                return
            data = b""
        if self._small:
            data = bytes(self._small) + data
            self._small.clear()
        self._wait()
        self._busy = self._thread.submit(self._hash.update, data)

    def hexdigest(self) -> str:
        """Return the hash of all so far."""
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
        whether its digest will be asked for

    Attributes
    ----------
    regular : bool
        whether it can be sought in, and is all there
    beginning : bytes or None
        what has been read of a pipe, kept until `forget`
    """

    def __init__(self, file: IO[bytes], *, hashed: bool = False) -> None:
        self.file = file
        # a file of which somebody has read a part is as good as a pipe
        self.regular = stat.S_ISREG(os.fstat(file.fileno()).st_mode) and not file.tell()
        self.beginning: bytearray | None = None if self.regular else bytearray()
        self._hash = Hash() if hashed else None
        self._read = 0

    def read(self, count: int) -> bytes:
        """Return so many bytes, or fewer at the end only."""
        data = self.file.read(count)
        if self.beginning is not None:
            self.beginning += data
        if self._hash is not None:
            self._hash.update(data)
        self._read += len(data)
        return data

    def forget(self) -> None:
        """Let go of the beginning: nobody will want it again."""
        self.beginning = None

    def digest(self) -> Digest | None:
        """Return the digest of the whole of it, of which the rest is read."""
        if self._hash is None:
            return None
        while self.read(PIECE):
            pass
        return Digest(self._hash.hexdigest(), self._read)


def file_digest(path: str) -> Digest:
    """Return the digest of a whole file."""
    with open(path, "rb") as file:
        found = Source(file, hashed=True).digest()
    assert found is not None  # as it is hashed
    return found
