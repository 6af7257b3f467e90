"""Pages of Ogg files: missing or damaged ones, and their serial numbers.

libsndfile conceals lost and damaged pages, and of several streams in one file it reads only the
first, in either case without an error. It gives a new stream a random serial number.

References
----------
RFC 3533, "The Ogg encapsulation format", 2003, section 6.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from typing import IO, NamedTuple

from audioconv.files.codecs.containers import is_tag

MAGIC = b"OggS"
FIRST, LAST = 2, 4
"""Flags of the first page and of the last page of a stream."""

SERIAL = 1
"""The serial number of every stream written here."""

LONGEST_TAG = 2**20
"""Bytes after the last page that are checked for being a tag."""

MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
"""Each byte with its bits in reverse order."""


class Page(NamedTuple):
    """A page, and its offset in the file."""

    begin: int
    data: bytes

    @property
    def flags(self) -> int:
        """Flags such as `FIRST` and `LAST`."""
        return self.data[5]

    @property
    def serial(self) -> int:
        """Serial number of the stream."""
        return int.from_bytes(self.data[14:18], "little")

    @property
    def number(self) -> int:
        """Number of the page in its stream, from 0."""
        return int.from_bytes(self.data[18:22], "little")

    @property
    def intact(self) -> bool:
        """Whether the checksum of the page is correct."""
        return self.data == sealed(self.data)


def pages(file: IO[bytes]) -> Iterator[Page]:
    """Yield the pages of a file, up to the first bytes that are not a complete page."""
    begin = 0
    while True:
        file.seek(begin)
        head = file.read(27)
        if len(head) < 27 or head[:4] != MAGIC:
            return
        lacing = file.read(head[26])
        body = file.read(sum(lacing))
        if len(lacing) < head[26] or len(body) < sum(lacing):
            return
        yield Page(begin, head + lacing + body)
        begin += len(head) + len(lacing) + len(body)


def sealed(page: bytes) -> bytes:
    """Return a page with its correct checksum.

    The CRC-32 of Ogg has the polynomial of zlib's, but takes the bits of each byte in the
    opposite order, and neither initial nor final inversion.
    """
    blank = page[:22] + bytes(4) + page[26:]
    mirrored = zlib.crc32(blank.translate(MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return blank[:22] + mirrored.to_bytes(4, "big").translate(MIRRORED) + blank[26:]


def fault(file: IO[bytes]) -> str | None:
    """Return a description of the first fault in the pages of a file; None without one."""
    expected: dict[int, int] = {}
    begun = ended = False
    end = 0
    for page in pages(file):
        if not page.intact:
            return f"the checksum of its page at byte {page.begin} is wrong"
        first = bool(page.flags & FIRST)
        if first and begun:
            return f"a second stream begins at byte {page.begin}, which would not be read"
        if page.number != expected.get(page.serial, 0 if first else page.number):
            return f"a page is missing before byte {page.begin}"
        begun = begun or not first
        ended = bool(page.flags & LAST)
        expected[page.serial] = page.number + 1
        end = page.begin + len(page.data)
    if not ended:
        return f"it ends at byte {end}, without the last page of a stream"
    if len(expected) > 1:
        return f"it holds {len(expected)} streams, of which only one would be read"
    file.seek(end)
    return None if is_tag(file.read(LONGEST_TAG)) else f"the bytes from {end} on are not Ogg pages"


def renumber(file: IO[bytes]) -> None:
    """Set the serial number in all pages of a complete file with one stream."""
    for page in pages(file):
        file.seek(page.begin)
        file.write(sealed(page.data[:14] + struct.pack("<I", SERIAL) + page.data[18:]))
