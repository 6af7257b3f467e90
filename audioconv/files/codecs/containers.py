"""What headers claim that libsndfile does not hold against a file: AIFF, AU, CAF, W64, RIFF.

A file of these kinds that is cut short opens as a shorter sound, and one that contradicts itself
as some sound. So what its header says of its samples is read here, to be compared with the file.

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
from audioconv.files.codecs.pcm import IEEE_FLOAT, PCM
from audioconv.files.codecs.riff import UNTIL_THE_END, is_name

EXTENSIBLE = b"\xfe\xff"
SOX_UNKNOWN = 0x7F000000
"""What SoX writes for the length of an AIFF that it cannot know, or a little less."""

MAX_CHUNKS = 10_000
"""More than any file has; a gigabyte of zeros would be taken for very many."""


MAX_TEXT = 2**16


class Claim(NamedTuple):
    """What a header says of the samples.

    Parameters
    ----------
    begin : int
        the first byte of them
    end : int or None
        the byte at which they end, if it tells
    open_ended : bool
        whether it leaves that to where the file ends
    frames : int or None
        how many there are, if it tells that besides
    """

    begin: int = 0
    end: int | None = None
    open_ended: bool = False
    frames: int | None = None


UNKNOWN = Claim()


def claim(file: IO[bytes]) -> Claim:
    """Read what the header of a file says of its samples.

    Parameters
    ----------
    file : binary file
        that can be sought in; its position is left anywhere

    Raises
    ------
    FormatError
        If it contradicts itself.
    """
    file.seek(0)
    start = file.read(16)
    if start[:4] in (b".snd", b"dns.") and len(start) >= 12:
        order = ">" if start[:4] == b".snd" else "<"
        begin, size = struct.unpack(order + "II", start[4:12])
        return Claim(open_ended=True) if size == UNTIL_THE_END else Claim(begin, begin + size)
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
                raise FormatError("its samples are no whole numbers; libsndfile misreads them")
            _refuse_wide(*struct.unpack("<HH8xHH", fmt[:16]))
        if chunk in (b"data", b"SSND", b"BODY"):
            return _claim_of(start[:4], begin, size, frames)
    return Claim()


def _claim_of(kind: bytes, begin: int, size: int, frames: int | None) -> Claim:
    unknown = {
        b"FORM": size == 0 or -(2**12) < size - 8 - SOX_UNKNOWN <= 0,
        b"RIFF": size == UNTIL_THE_END,
        b"caff": size == -1,
        b"riff": size >= 2**62,
    }
    if unknown[kind]:
        return Claim(begin, open_ended=True)
    if kind == b"FORM":
        return Claim(begin, begin + size, frames=frames)
    if size < 0:
        raise FormatError(f"its header says that its samples take {size} bytes")
    return Claim(begin, begin + size)


def _sphere(file: IO[bytes]) -> Claim:
    """Read the header of NIST SPHERE, which is text: a name, a kind and a value in each line."""
    file.seek(8)
    size = file.readline(16).strip()
    if not size.isdigit():
        return Claim()
    fields = {}
    for line in file.read(min(int(size), MAX_TEXT)).splitlines():
        words = line.split()
        if len(words) == 3 and words[1] == b"-i" and words[2].isdigit():
            fields[words[0]] = int(words[2])
    count = fields.get(b"sample_count")
    frame = fields.get(b"channel_count", 1) * fields.get(b"sample_n_bytes", 0)
    end = None if count is None or not frame else int(size) + count * frame
    return Claim(int(size), end, frames=count)


def _refuse_wide(tag: int, channels: int, align: int, bits: int) -> None:
    """Refuse samples that stand in more bytes than they have, which libsndfile misreads."""
    if tag in (PCM, IEEE_FLOAT) and align != channels * -(-bits // 8):
        raise FormatError(
            f"it keeps {bits}-bit samples of {channels} channels in frames of {align} bytes, "
            f"which can be read in more than one way; rewrite it with {channels * -(-bits // 8)}"
        )


def chunks(file: IO[bytes]) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, first byte and size of each chunk of a RIFF, AIFF, CAF or Wave 64 file."""
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    start = file.read(12)
    found: Iterator[tuple[bytes, int, int]] = iter(())
    if start[:4] == b"RIFF":
        found = _chunks(file, 12, "<4sI", size)
    elif start[:4] == b"FORM":
        found = _chunks(file, 12, ">4sI", size)
    elif start[:4] == b"caff":
        found = _chunks(file, 8, ">4sq", size)
    elif start[:4] == b"riff":
        found = _wave64_chunks(file, size)
    return islice(found, MAX_CHUNKS)


def after_id3(file: IO[bytes]) -> int:
    """Return the first byte after the ID3 tags that can stand before anything; 0 without any."""
    begin = 0
    while True:
        file.seek(begin)
        start = file.read(10)
        if start[:3] != b"ID3" or len(start) < 10:
            return begin
        begin += 10 + synchsafe(start[6:])


def is_tag(rest: bytes) -> bool:
    """Tell a tag that follows a sound, or nothing but zeros, from something else."""
    first = rest.startswith((b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"ID3"))
    last = rest[-32:].startswith(b"APETAGEX") or rest[-128:].startswith(b"TAG")
    return first or last or rest[-10:].startswith(b"3DI") or not rest.strip(b"\0")


def synchsafe(size: bytes) -> int:
    """Read a size of seven bits a byte, as ID3 has them."""
    return sum((byte & 127) << 7 * place for place, byte in enumerate(reversed(size)))


def _chunks(file: IO[bytes], begin: int, form: str, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, first byte and size of each chunk; IFF and RIFF pad odd ones by a byte."""
    header = struct.calcsize(form)
    while begin + header <= end:
        file.seek(begin)
        chunk, size = struct.unpack(form, file.read(header))
        if not is_name(chunk):
            return
        yield chunk, begin + header, size
        begin += header + max(0, size) + (size % 2 if header == 8 else 0)


def _wave64_chunks(file: IO[bytes], end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield the same of Wave 64, whose names are 16 bytes, and whose sizes count the header."""
    begin = 40
    while begin + 24 <= end:
        file.seek(begin)
        head = file.read(24)
        size = struct.unpack("<Q", head[16:])[0]
        if not is_name(head[:4]):
            return
        yield head[:4], begin + 24, size - 24
        begin += max(24, (size + 7) // 8 * 8)
