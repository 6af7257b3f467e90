"""Pages of Ogg files: whether they are all there and whole, and whose serial number they bear.

libsndfile makes up for pages that are lost or damaged, and reads the first of several sounds in
one file, in silence. A new stream gets a serial number by chance, and so never the same bytes.

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
"""Bits that say of a page that a stream begins, or ends, with it."""

SERIAL = 1

LONGEST_TAG = 2**20

MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))


class Page(NamedTuple):
    """A page, and where it is in its file."""

    begin: int
    data: bytes

    @property
    def flags(self) -> int:
        """Bits such as `FIRST` and `LAST`."""
        return self.data[5]

    @property
    def serial(self) -> int:
        """The stream that it belongs to."""
        return int.from_bytes(self.data[14:18], "little")

    @property
    def number(self) -> int:
        """Its place among the pages of its stream."""
        return int.from_bytes(self.data[18:22], "little")

    @property
    def whole(self) -> bool:
        """Whether its checksum is right."""
        return self.data == sealed(self.data)


def pages(file: IO[bytes]) -> Iterator[Page]:
    """Yield the pages of a file, up to the first that is none."""
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
    """Return a page with its right checksum.

    It has the polynomial of zlib's, but runs from the other end of every byte.
    """
    blank = page[:22] + bytes(4) + page[26:]
    mirrored = zlib.crc32(blank.translate(MIRRORED), 0xFFFFFFFF) ^ 0xFFFFFFFF
    return blank[:22] + mirrored.to_bytes(4, "big").translate(MIRRORED) + blank[26:]


def fault(file: IO[bytes]) -> str | None:
    """Say what is wrong with the pages of a file, if anything is."""
    expected: dict[int, int] = {}
    begun = ended = False
    end = 0
    for page in pages(file):
        if not page.whole:
            return f"the checksum of its page at byte {page.begin} is wrong"
        first = bool(page.flags & FIRST)
        if first and begun:
            return f"another sound begins at byte {page.begin}, which is not read"
        if page.number != expected.get(page.serial, 0 if first else page.number):
            return f"a page is missing before byte {page.begin}"
        begun = begun or not first
        ended = bool(page.flags & LAST)
        expected[page.serial] = page.number + 1
        end = page.begin + len(page.data)
    if not ended:
        return f"it ends at byte {end}, without the page that ends an Ogg file"
    if len(expected) > 1:
        return f"it holds {len(expected)} streams, of which one is read"
    file.seek(end)
    return None if is_tag(file.read(LONGEST_TAG)) else f"from byte {end} on it is no Ogg"


def renumber(file: IO[bytes]) -> None:
    """Give the pages of a finished file, with one stream, always the same serial number."""
    for page in pages(file):
        file.seek(page.begin)
        file.write(sealed(page.data[:14] + struct.pack("<I", SERIAL) + page.data[18:]))
