"""A file as libsndfile should see it: some of its bytes, and others between them."""

from __future__ import annotations

import io
import os
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate
from typing import TypeAlias

Piece: TypeAlias = bytes | range
"""Bytes of their own, or a range of offsets in the file."""

BUFFER = 2**16
"""Bytes read at once; libsndfile asks for a few at a time."""

PEEK = 128
"""Bytes at a claimed end, where decoders look for a tag."""


def cut(pieces: Sequence[Piece], part: range) -> list[Piece]:
    """Return the pieces of a part of the bytes that pieces make up.

    Examples
    --------
    >>> cut([b"abc", range(10, 20)], range(2, 5))
    [b'c', range(10, 12)]
    """
    found: list[Piece] = []
    begin = 0
    for piece in pieces:
        found.append(piece[max(0, part.start - begin) : max(0, part.stop - begin)])
        begin += len(piece)
    return [piece for piece in found if len(piece)]


class Splice(io.RawIOBase):
    """A read-only file made of parts of another, without a copy.

    An exception would be lost in a callback of libsndfile, which takes it for the end. So an
    error of the file is kept, for the caller to raise.

    Parameters
    ----------
    descriptor : int
        of a seekable file; its position changes
    pieces : sequence of Piece
    claimed : int, optional
        length to report instead of the true one. libsndfile estimates the length of MPEG audio
        from that of the file, and stops there; a claim beyond any estimate lets it read on to
        the true end.
    tail : bytes
        the last bytes before the claimed end, where decoders look for a tag

    Attributes
    ----------
    error : OSError or None
        the first error of the file

    Examples
    --------
    >>> with open("samples/speech.wav", "rb") as file:
    ...     Splice(file.fileno(), [b"<", range(8, 12), b">"]).read()
    b'<WAVE>'
    """

    def __init__(
        self,
        descriptor: int,
        pieces: Sequence[Piece],
        claimed: int | None = None,
        tail: bytes = b"",
    ) -> None:
        self._descriptor = descriptor
        self._pieces = [piece for piece in pieces if len(piece)]
        self._tail = tail.rjust(PEEK, b"\0")
        *self._begins, self._end = accumulate(map(len, self._pieces), initial=0)
        self._claimed = self._end if claimed is None else claimed
        self._at = 0
        self.error: OSError | None = None

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Set the position, and return it."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._claimed}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Read into a buffer; return the number of bytes, 0 at the end."""
        try:
            data = self._read(len(buffer))
        except OSError as error:
            self.error = self.error or error
            data = b""
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def _read(self, count: int) -> bytes:
        """Return up to `count` bytes from one piece."""
        if self._at >= self._end:
            begin = self._at - (self._claimed - PEEK)
            return self._tail[begin : begin + count] if begin >= 0 else b""
        number = bisect_right(self._begins, self._at) - 1
        piece = self._pieces[number]
        begin = self._at - self._begins[number]
        part = piece[begin : begin + count]
        if isinstance(part, bytes):
            return part
        os.lseek(self._descriptor, part.start, os.SEEK_SET)
        return os.read(self._descriptor, len(part))
