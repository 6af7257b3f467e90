"""Stated lengths of AIFF, AU, CAF, NIST SPHERE, W64 and RIFF files, which libsndfile ignores.

libsndfile opens a truncated file of these formats as a shorter one, and accepts contradictory
headers. So the place and length of the samples are read here, to be checked against the file.

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
from typing import IO, NamedTuple

from audioconv.errors import FormatError
from audioconv.files.codecs.riff import UNTIL_THE_END, is_name, refuse_padded_samples

EXTENSIBLE = b"\xfe\xff"
SOX_UNKNOWN = 0x7F000000
"""Size, or a little more than it, that SoX writes into an AIFF of unknown length."""

MAX_CHUNKS = 10_000
"""More chunks than any file has; a gigabyte of zeros would be read as very many."""

MAX_TEXT = 2**16
"""Bytes of a SPHERE header that are read."""


class Extent(NamedTuple):
    """The place and length of the samples, as the header states them.

    Parameters
    ----------
    begin : int
        offset of the first byte
    end : int or None
        offset after the last byte, if stated
    until_the_end : bool
        whether the header leaves the length to the end of the file
    frames : int or None
        number of frames, if stated separately
    """

    begin: int = 0
    end: int | None = None
    until_the_end: bool = False
    frames: int | None = None


UNKNOWN = Extent()


def stated_extent(file: IO[bytes]) -> Extent:
    """Read the place and length of the samples from the header of a file.

    Parameters
    ----------
    file : binary file
        seekable; its position changes

    Raises
    ------
    FormatError
        If the header contradicts itself.
    """
    file.seek(0)
    start = file.read(16)
    if start[:4] in (b".snd", b"dns.") and len(start) >= 12:
        order = ">" if start[:4] == b".snd" else "<"
        begin, size = struct.unpack(order + "II", start[4:12])
        return Extent(until_the_end=True) if size == UNTIL_THE_END else Extent(begin, begin + size)
    if start[:8] == b"NIST_1A\n":
        return _sphere(file)
    frames = None
    for chunk, begin, size in chunks(file):
        if chunk == b"COMM":
            file.seek(begin)
            (frames,) = struct.unpack(">2xI", file.read(6).ljust(6, b"\0"))
        if chunk == b"fmt " and start[:4] == b"riff":
            file.seek(begin)
            fmt = file.read(40).ljust(40, b"\0")
            if fmt[:2] == EXTENSIBLE and fmt[24:26] != b"\1\0":
                raise FormatError("its samples are not integers, and libsndfile misreads them")
            refuse_padded_samples(*struct.unpack("<HH8xHH", fmt[:16]))
        if chunk in (b"data", b"SSND", b"BODY"):
            return _extent(start[:4], begin, size, frames)
    return UNKNOWN


def _extent(kind: bytes, begin: int, size: int, frames: int | None) -> Extent:
    until_the_end = {
        b"FORM": size == 0 or -(2**12) < size - 8 - SOX_UNKNOWN <= 0,
        b"RIFF": size == UNTIL_THE_END,
        b"caff": size == -1,
        b"riff": size >= 2**62,
    }
    if until_the_end[kind]:
        return Extent(begin, until_the_end=True)
    if kind == b"FORM":
        return Extent(begin, begin + size, frames=frames)
    if size < 0:
        raise FormatError(f"its header states a length of {size} bytes")
    return Extent(begin, begin + size)


def _sphere(file: IO[bytes]) -> Extent:
    """Read the header of NIST SPHERE, which is text: a name, a type and a value in each line."""
    file.seek(8)
    size = file.readline(16).strip()
    if not size.isdigit():
        return UNKNOWN
    fields = {}
    for line in file.read(min(int(size), MAX_TEXT)).splitlines():
        words = line.split()
        if len(words) == 3 and words[1] == b"-i" and words[2].isdigit():
            fields[words[0]] = int(words[2])
    count = fields.get(b"sample_count")
    frame = fields.get(b"channel_count", 1) * fields.get(b"sample_n_bytes", 0)
    end = None if count is None or not frame else int(size) + count * frame
    return Extent(int(size), end, frames=count)


def chunks(file: IO[bytes]) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, offset and size of each chunk of a RIFF, AIFF, CAF or Wave 64 file."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    start = file.read(12)
    each: Iterator[tuple[bytes, int, int]] = iter(())
    if start[:4] == b"RIFF":
        each = _chunks(file, 12, "<4sI", size)
    elif start[:4] == b"FORM":
        each = _chunks(file, 12, ">4sI", size)
    elif start[:4] == b"caff":
        each = _chunks(file, 8, ">4sq", size)
    elif start[:4] == b"riff":
        each = _wave64_chunks(file, size)
    return islice(each, MAX_CHUNKS)


def after_id3(file: IO[bytes]) -> int:
    """Return the offset after the ID3 tags at the beginning of a file; 0 if there are none."""
    begin = 0
    while True:
        file.seek(begin)
        start = file.read(10)
        if start[:3] != b"ID3" or len(start) < 10:
            return begin
        begin += 10 + synchsafe(start[6:])


def is_tag(rest: bytes) -> bool:
    """Return whether the bytes after the audio are a known tag, or only zeros."""
    first = rest.startswith((b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"ID3"))
    last = rest[-32:].startswith(b"APETAGEX") or rest[-128:].startswith(b"TAG")
    return first or last or rest[-10:].startswith(b"3DI") or not rest.strip(b"\0")


def synchsafe(size: bytes) -> int:
    """Decode a size of ID3, with seven bits in each byte."""
    return sum((byte & 127) << 7 * place for place, byte in enumerate(reversed(size)))


def _chunks(file: IO[bytes], begin: int, form: str, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, offset and size of each chunk; IFF and RIFF pad odd ones by a byte."""
    header = struct.calcsize(form)
    while begin + header <= end:
        file.seek(begin)
        chunk, size = struct.unpack(form, file.read(header))
        if not is_name(chunk):
            return
        yield chunk, begin + header, size
        begin += header + max(0, size) + (size % 2 if header == 8 else 0)


def _wave64_chunks(file: IO[bytes], end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield the chunks of Wave 64, whose names are 16 bytes and whose sizes include the header."""
    begin = 40
    while begin + 24 <= end:
        file.seek(begin)
        head = file.read(24)
        size = struct.unpack("<Q", head[16:])[0]
        if not is_name(head[:4]):
            return
        yield head[:4], begin + 24, size - 24
        begin += max(24, (size + 7) // 8 * 8)
