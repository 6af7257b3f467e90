"""What headers claim that libsndfile does not hold against a file: AIFF, AU, CAF, W64, RIFF.

A file of these kinds that is cut short opens as a shorter sound. So the end of its samples, as
its header has it, is worked out here, to be compared with the end of the file.

References
----------
Apple, "Audio interchange file format", 1989; Apple, "Core Audio format specification", 2011;
Sonic Foundry, "Wave 64", 2000; Sun, "au(5)".
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from itertools import islice
from typing import IO

UNTIL_THE_END = 0xFFFFFFFF

MAX_CHUNKS = 10_000
"""More than any file has; a gigabyte of zeros would be taken for very many."""


def claimed_end(file: IO[bytes]) -> int | None:
    """Return the byte at which the samples of a file should end, if its header tells.

    Parameters
    ----------
    file : binary file
        that can be sought in; its position is left anywhere
    """
    file.seek(0)
    start = file.read(16)
    if start[:4] in (b".snd", b"dns.") and len(start) >= 12:
        order = ">" if start[:4] == b".snd" else "<"
        begin, size = struct.unpack(order + "II", start[4:12])
        return None if size == UNTIL_THE_END else begin + size
    for chunk, begin, size in chunks(file):
        if chunk in (b"data", b"SSND"):
            return None if size < 0 or size == UNTIL_THE_END else begin + size
    return None


def chunks(file: IO[bytes]) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, first byte and size of each chunk of a RIFF, AIFF, CAF or Wave 64 file."""
    file.seek(0)
    start = file.read(12)
    found: Iterator[tuple[bytes, int, int]] = iter(())
    if start[:4] == b"RIFF":
        found = _chunks(file, 12, "<4sI")
    elif start[:4] == b"FORM" and start[8:] in (b"AIFF", b"AIFC"):
        found = _chunks(file, 12, ">4sI")
    elif start[:4] == b"caff":
        found = _chunks(file, 8, ">4sq")
    elif start[:4] == b"riff":
        found = _wave64_chunks(file)
    return islice(found, MAX_CHUNKS)


def tells_length(file: IO[bytes]) -> bool:
    """Tell whether the length of an MPEG stream stands in it, and is not only a guess.

    It does in the tag (Xing, Info or VBRI) that most encoders put in the first frame.
    """
    file.seek(0)
    start = file.read(10)
    begin = 0
    if start[:3] == b"ID3":
        begin = 10 + synchsafe(start[6:])
    file.seek(begin)
    frame = file.read(2048)
    return any(tag in frame for tag in (b"Xing", b"Info", b"VBRI"))


def ogg_ends(file: IO[bytes]) -> bool:
    """Tell whether the last page of an Ogg file says that it is the last (RFC 3533)."""
    longest_page = 65307
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - longest_page))
    end = file.read(longest_page)
    last = end.rfind(b"OggS")
    return last >= 0 and last + 5 < len(end) and bool(end[last + 5] & 4)


def synchsafe(size: bytes) -> int:
    """Read a size of seven bits a byte, as ID3 has them."""
    return sum((byte & 127) << 7 * place for place, byte in enumerate(reversed(size)))


def _chunks(file: IO[bytes], begin: int, form: str) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, first byte and size of each chunk; IFF and RIFF pad odd ones by a byte."""
    header = struct.calcsize(form)
    while True:
        file.seek(begin)
        head = file.read(header)
        if len(head) < header:
            return
        chunk, size = struct.unpack(form, head)
        yield chunk, begin + header, size
        begin += header + max(0, size) + (size % 2 if header == 8 else 0)


def _wave64_chunks(file: IO[bytes]) -> Iterator[tuple[bytes, int, int]]:
    """Yield the same of Wave 64, whose names are 16 bytes, and whose sizes count the header."""
    begin = 40
    while True:
        file.seek(begin)
        head = file.read(24)
        if len(head) < 24:
            return
        size = struct.unpack("<Q", head[16:])[0]
        yield head[:4], begin + 24, size - 24
        begin += max(24, (size + 7) // 8 * 8)
