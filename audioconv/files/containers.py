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
from typing import IO

UNTIL_THE_END = 0xFFFFFFFF


def claimed_end(file: IO[bytes]) -> int | None:
    """Return the byte at which the samples of a file should end, if its header tells.

    Parameters
    ----------
    file : binary file
        that can be sought in; its position is left anywhere
    """
    file.seek(0)
    start = file.read(16)
    if start[:4] == b"RIFF":
        return _end_of(b"data", _chunks(file, 12, "<4sI"))
    if start[:4] == b"FORM" and start[8:12] in (b"AIFF", b"AIFC"):
        return _end_of(b"SSND", _chunks(file, 12, ">4sI"))
    if start[:4] == b"caff":
        return _end_of(b"data", _chunks(file, 8, ">4sq"))
    if start[:4] == b"riff":
        return _end_of(b"data", _wave64_chunks(file))
    if start[:4] in (b".snd", b"dns.") and len(start) >= 12:
        order = ">" if start[:4] == b".snd" else "<"
        begin, size = struct.unpack(order + "II", start[4:12])
        return None if size == UNTIL_THE_END else begin + size
    return None


def tells_length(file: IO[bytes]) -> bool:
    """Tell whether the length of an MPEG stream stands in it, and is not only a guess.

    It does in the tag (Xing, Info or VBRI) that most encoders put in the first frame.
    """
    file.seek(0)
    start = file.read(10)
    begin = 0
    if start[:3] == b"ID3":  # sizes of seven bits a byte
        for byte in start[6:]:
            begin = (begin << 7) + (byte & 127)
        begin += 10
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


def _end_of(wanted: bytes, chunks: Iterator[tuple[bytes, int, int]]) -> int | None:
    for chunk, begin, size in chunks:
        if chunk == wanted:
            return None if size < 0 or size == UNTIL_THE_END else begin + size
    return None


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
