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
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import IO, NamedTuple

from audioconv.errors import FormatError
from audioconv.files.codecs.riff import UNTIL_THE_END, is_name, refuse_padded_samples
from audioconv.files.codecs.splice import Piece
from audioconv.files.codecs.tags import after_tags

EXTENSIBLE = b"\xfe\xff"
SOX_UNKNOWN = 0x7F000000
"""Size, or a little more than it, that SoX writes into an AIFF of unknown length."""

MAX_CHUNKS = 10_000
"""More chunks than any file has; a gigabyte of zeros would be read as very many."""

MAX_BODY = 64
"""Bytes of a chunk that are read; a fmt chunk has 40 or, with coefficients of ADPCM, 50."""

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
    extra : tuple of range
        offsets of bytes after the samples that may be more of them
    """

    begin: int = 0
    end: int | None = None
    until_the_end: bool = False
    frames: int | None = None
    extra: tuple[range, ...] = ()

    def held_end(self, size: int) -> int:
        """Return the offset after the last sample in a file of `size` bytes."""
        return size if self.end is None else min(self.end, size)


UNKNOWN = Extent()

SAMPLES = (b"data", b"SSND", b"BODY")
"""Chunks of samples."""

METADATA = (
    *(b"LIST", b"bext", b"iXML", b"cue ", b"smpl", b"inst", b"id3 ", b"ID3 ", b"axml", b"_PMX"),
    *(b"NAME", b"AUTH", b"(c) ", b"ANNO", b"APPL", b"MARK", b"INST", b"COMT", b"PEAK", b"info"),
)
"""Chunks after the samples that are recognised even if they are truncated."""

LAYOUTS = {
    **dict.fromkeys([b"RIFF", b"RF64", b"BW64"], "<4sI"),
    **dict.fromkeys([b"FORM", b"RIFX"], ">4sI"),
    b"caff": ">4sq",
}
"""Layouts of the name and the size of a chunk, by the first bytes of the file."""


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
        if size == UNTIL_THE_END:
            return Extent(begin, until_the_end=True)
        return Extent(begin, begin + size, extra=_after(file, begin + size))
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
        if chunk in SAMPLES:
            frames = frames if start[:4] == b"FORM" else _packed_frames(file)
            return _extent(file, start[:4], begin, size, frames)
    return UNKNOWN


def _packed_frames(file: IO[bytes]) -> int | None:
    """Return the number of frames that the packet table of a CAF states; None without one."""
    for chunk, begin, _ in chunks(file):
        if chunk == b"pakt":
            file.seek(begin + 8)
            return int.from_bytes(file.read(8))
    return None


def _extent(file: IO[bytes], kind: bytes, begin: int, size: int, frames: int | None) -> Extent:
    until_the_end = {
        b"FORM": size == 0 or -(2**12) < size - 8 - SOX_UNKNOWN <= 0,
        b"caff": size == -1,
        b"riff": size >= 2**62,
    }
    if until_the_end.get(kind, size == UNTIL_THE_END):
        return Extent(begin, until_the_end=True)
    if size < 0:
        raise FormatError(f"its header states a length of {size} bytes")
    extra = behind(file, begin, begin + size).extra
    return Extent(begin, begin + size, frames=frames, extra=extra)


class Behind(NamedTuple):
    """The part of a file after its samples.

    Parameters
    ----------
    extra : tuple of range
        offsets of bytes that may be more samples: the bodies of further chunks of samples, or
        bytes that are no chunk and no tag
    another : bool
        whether another file of chunks follows
    """

    extra: tuple[range, ...] = ()
    another: bool = False


def behind(file: IO[bytes], begin: int, end: int) -> Behind:
    """Inspect a file of chunks after its samples.

    Parameters
    ----------
    file : binary file
        seekable; its position changes
    begin, end : int
        offsets of the samples, as the header states them
    """
    size, kind = file.seek(0, os.SEEK_END), _kind(file)
    found = _chunks_behind(file, kind, begin, end, size)
    another = any(chunk in (*LAYOUTS, b"riff") for chunk, _, _ in found)
    extra = []
    stop = end
    for chunk, at, length in found:
        if chunk in SAMPLES:
            extra.append(range(at, min(at + length, size)))
        elif at + length > size and chunk not in METADATA:
            break
        begin, stop = at, at + length
    padded = min(size, stop + max(1, (begin - stop) % _alignment(kind)))
    if extra or len(found) == MAX_CHUNKS or after_tags(file, padded, size) == size:
        return Behind(tuple(extra), another)
    return Behind(_after(file, stop), another)


def _chunks_behind(
    file: IO[bytes], kind: bytes, begin: int, end: int, size: int
) -> list[tuple[bytes, int, int]]:
    """Return the chunks after the samples; some writers leave out the padding of an odd size."""
    for start in dict.fromkeys((end + (begin - end) % _alignment(kind), end)):
        found = list(islice(_walk(file, kind, start, size), MAX_CHUNKS))
        if found:
            chunk, at, length = found[0]
            if at + length <= size or chunk in (*METADATA, *SAMPLES):
                return found
    return []


def _after(file: IO[bytes], end: int) -> tuple[range, ...]:
    """Return the bytes from an offset on; none if they are tags."""
    size = file.seek(0, os.SEEK_END)
    return (range(end, size),) if after_tags(file, end, size) < size else ()


LONG = (b"RF64", b"BW64")

RESIZABLE = {
    **dict.fromkeys([b"RIFF", b"RF64", b"BW64"], (4, "<I", 0)),
    b"RIFX": (4, ">I", 0),
    b"riff": (8, "<Q", 24),
    b"caff": (8, ">Q", 0),
    b".snd": (0, ">I", 0),
    b"dns.": (0, "<I", 0),
}
"""Where the size of the samples stands, in bytes before them, its layout, and what it adds.

In an AU, which has no chunks, it is the third field of the header.
"""


def resized(file: IO[bytes], begin: int, parts: Sequence[Piece]) -> list[Piece]:
    """Return a file whose samples are other bytes, with the size in its header to match.

    Parameters
    ----------
    file : binary file
        RIFF, RF64, Wave 64, CAF or AU; its position changes
    begin : int
        offset of the samples
    parts : sequence of Piece
        the samples
    """
    size = sum(map(len, parts))
    kind = _kind(file)
    before, form, more = RESIZABLE[kind]
    at = begin - before if before else 8
    magic = b"RIFF" if kind in LONG else kind  # the long sizes stand in another chunk
    field = struct.pack(form, min(size + more, 256 ** struct.calcsize(form) - 2))
    return [magic, range(4, at), field, range(at + len(field), begin), *parts]


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
    return Extent(int(size), end, frames=count, extra=_after(file, end) if end else ())


def chunks(file: IO[bytes]) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, offset and size of each chunk of a RIFF, AIFF, CAF or Wave 64 file."""
    size, kind = file.seek(0, os.SEEK_END), _kind(file)
    begin = {b"caff": 8, b"riff": 40}.get(kind, 12)
    return islice(_walk(file, kind, begin, size), MAX_CHUNKS)


def bodies(file: IO[bytes], names: Sequence[bytes]) -> dict[bytes, bytes]:
    """Return the bodies of some chunks before the samples, up to 64 bytes of each."""
    found = {}
    for chunk, begin, size in chunks(file):
        if chunk in SAMPLES:
            break
        if chunk in names:
            file.seek(begin)
            found[chunk] = file.read(max(0, min(size, MAX_BODY)))
    return found


def _kind(file: IO[bytes]) -> bytes:
    """Return the first bytes of a file, which name its format."""
    file.seek(0)
    return file.read(4)


def _alignment(kind: bytes) -> int:
    """Return the bytes to a multiple of which chunks are padded."""
    return 8 if kind == b"riff" else 1 if kind == b"caff" else 2


def _walk(file: IO[bytes], kind: bytes, begin: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield name, offset and size of each chunk between two offsets."""
    if kind == b"riff":
        return _wave64_chunks(file, begin, end)
    if kind in LAYOUTS:
        return _chunks(file, begin, LAYOUTS[kind], end)
    return iter(())


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


def _wave64_chunks(file: IO[bytes], begin: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield the chunks of Wave 64, whose names are 16 bytes and whose sizes include the header."""
    begin = -(-begin // 8) * 8
    while begin + 24 <= end:
        file.seek(begin)
        head = file.read(24)
        size = struct.unpack("<Q", head[16:])[0]
        if not is_name(head[:4]):
            return
        yield head[:4], begin + 24, size - 24
        begin += max(24, (size + 7) // 8 * 8)
