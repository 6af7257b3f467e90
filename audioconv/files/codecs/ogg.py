"""Pages of Ogg files: missing or damaged ones, and their serial numbers.

libsndfile conceals lost and damaged pages, and of several streams in one file it reads only the
first, in either case without an error. It gives a new stream a random serial number.

References
----------
RFC 3533, "The Ogg encapsulation format", 2003, section 6.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from typing import IO, NamedTuple

from audioconv.files.codecs.splice import Piece
from audioconv.files.codecs.tags import after_tags

MAGIC = b"OggS"
FLAC = b"\x7fFLAC"
"""The beginning of the first packet of a stream of FLAC, 9 bytes before that of a FLAC file."""

VORBIS, VORBIS_HEADERS = b"\x01vorbis", 3
"""The beginning of the first packet of a stream of Vorbis, and the packets before its sound."""

FIRST, LAST = 2, 4
"""Flags of the first page and of the last page of a stream."""

SERIAL = 1
"""The serial number of every stream written here."""

LONGEST_PAGE = 65_307
"""Bytes."""

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
    def granule(self) -> int:
        """Position at the end of the last packet that ends on the page; -1 if none does."""
        return int.from_bytes(self.data[6:14], "little", signed=True)

    @property
    def lacing(self) -> bytes:
        """Lengths of the segments of the packets."""
        return self.data[27 : 27 + self.data[26]]

    @property
    def body(self) -> bytes:
        """The packets."""
        return self.data[27 + self.data[26] :]

    @property
    def ends(self) -> list[tuple[int, int]]:
        """Number of segments, and of bytes, up to the end of each packet that ends on the page."""
        sums = accumulate(self.lacing)
        pairs = zip(self.lacing, enumerate(sums, 1), strict=True)
        return [end for size, end in pairs if size < 255]

    def packets(self) -> Iterator[bytes]:
        """Yield the packets that end on the page; the first may have begun on another."""
        begin = 0
        for _, end in self.ends:
            yield self.body[begin:end]
            begin = end

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


@dataclass
class Pages:
    """The pages of a file, after one reading of them all.

    Parameters
    ----------
    fault : str or None
        description of the first fault, with its offset
    ended : bool
        whether the last page is marked as such
    backwards : int or None
        offset of the first page whose position is before that of an earlier one
    first : bytes
        the first packet of the first stream, up to the end of its page
    """

    fault: str | None = None
    ended: bool = True
    backwards: int | None = None
    first: bytes = b""


def inspect(file: IO[bytes]) -> Pages:
    """Check that the pages of a file are whole, consecutive, and of one stream."""
    found = Pages()
    expected: dict[int, int] = {}
    begun, end, position = False, 0, 0
    for page in pages(file):
        first = bool(page.flags & FIRST)
        if not page.intact:
            found.fault = f"the checksum of its page at byte {page.begin} is wrong"
        elif first and begun:
            found.fault = f"a second stream begins at byte {page.begin}, which would not be read"
        elif page.number != expected.get(page.serial, 0 if first else page.number):
            found.fault = f"a page is missing before byte {page.begin}"
        if found.fault:
            return found
        found.first = found.first or page.body
        if page.granule >= 0 or page.granule < -1:
            if page.granule < position and found.backwards is None:
                found.backwards = page.begin
            position = page.granule
        begun = begun or not first
        found.ended = bool(page.flags & LAST)
        expected[page.serial] = page.number + 1
        end = page.begin + len(page.data)
    found.fault = _fault_at_end(file, end, len(expected))
    return found


def _fault_at_end(file: IO[bytes], end: int, streams: int) -> str | None:
    """Return a description of a fault after the last complete page; None without one."""
    size = file.seek(0, os.SEEK_END)
    if streams > 1:
        return f"it holds {streams} streams, of which only one would be read"
    if size == end or after_tags(file, end, size) == size:
        return None
    file.seek(end)
    rest = file.read(LONGEST_PAGE)
    if rest.startswith(MAGIC[: len(rest)]):
        return f"it ends inside the page at byte {end}"
    return f"the bytes from {end} on are not Ogg pages" if rest.strip(b"\0") else None


def sound_apart(file: IO[bytes], headers: int) -> list[Piece]:
    """Return a stream whose sound begins on a page of its own; empty if it does.

    The specifications of Vorbis and Opus ask for that, and libsndfile drops the packets of sound
    on the last page of the headers. That page is parted in two, and the others are renumbered.

    Parameters
    ----------
    file : binary file
        of one stream; its position changes
    headers : int
        number of packets before the sound
    """
    pieces: list[Piece] = []
    for page in pages(file):
        if headers <= 0:
            pieces += replaced(page, page.data[:18] + struct.pack("<I", page.number + 1))
            continue
        ends = page.ends
        if len(ends) < headers:
            headers -= len(ends)
            pieces.append(page.data)
            continue
        segments, size = ends[headers - 1]
        if segments == len(page.lacing):
            return []
        pieces += _parted(page, segments, size)
        headers = 0
    return pieces


def replaced(page: Page, fields: bytes) -> list[Piece]:
    """Return a page in which these bytes replace the first of its header."""
    end, size = page.begin + len(page.data), len(page.body)
    header = sealed(fields + page.data[len(fields) :])[: -size or None]
    return [header, range(end - size, end)]


def _parted(page: Page, split: int, size: int) -> list[Piece]:
    """Return two pages: the first segments and bytes, which end at position 0, and the rest."""
    first = page.data[:6] + bytes(8) + page.data[14:26] + bytes([split])
    # the rest neither begins a stream nor continues a packet
    rest = page.data[:5] + bytes([page.flags & LAST]) + page.data[6:18]
    rest += struct.pack("<I", page.number + 1) + bytes(4) + bytes([len(page.lacing) - split])
    return [
        sealed(first + page.lacing[:split] + page.body[:size]),
        sealed(rest + page.lacing[split:] + page.body[size:]),
    ]


def unwrapped(file: IO[bytes]) -> list[Piece]:
    """Return the packets of a file of one stream of FLAC, which are those of a FLAC file."""
    pieces: list[Piece] = []
    for page in pages(file):
        end = page.begin + len(page.data)
        pieces.append(range(end - len(page.body) + (0 if pieces else len(FLAC) + 4), end))
    return pieces


def renumber(file: IO[bytes]) -> None:
    """Set the serial number in all pages of a complete file with one stream."""
    for page in pages(file):
        file.seek(page.begin)
        file.write(sealed(page.data[:14] + struct.pack("<I", SERIAL) + page.data[18:]))
