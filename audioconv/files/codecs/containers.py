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
from audioconv.files.codecs.riff import PLACEHOLDERS, UNTIL_THE_END, is_name, refuse_padded_samples
from audioconv.files.codecs.splice import Piece
from audioconv.files.codecs.tags import after_tags

EXTENSIBLE = b"\xfe\xff"
SOX_UNKNOWN = 0x7F000000
"""Size, or a little more than it, that SoX writes into an AIFF of unknown length."""

MAX_CHUNKS = 10_000
"""More chunks than any file has; a gigabyte of zeros would be read as very many."""

MAX_METADATA = 2**26
"""Largest chunk of no known name that is taken for one that is cut off; larger sizes are samples,
unless the stated size of the file has room for them."""

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
    cut : bytes or None
        name of a chunk after the samples that is cut off, as in `Behind`
    """

    begin: int = 0
    end: int | None = None
    until_the_end: bool = False
    frames: int | None = None
    extra: tuple[range, ...] = ()
    cut: bytes | None = None

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
"""Chunks after the samples that are recognised if they are cut off, whatever their size."""

LAYOUTS = {
    **dict.fromkeys([b"RIFF", b"RF64", b"BW64"], "<4sI"),
    **dict.fromkeys([b"FORM", b"RIFX"], ">4sI"),
    b"caff": ">4sq",
}
"""Layouts of the name and the size of a chunk, by the first bytes of the file."""

FILES = (*LAYOUTS, b"riff")
"""The first bytes of files of chunks."""

HEADERS = {**{kind: struct.calcsize(form) for kind, form in LAYOUTS.items()}, b"riff": 24}
"""Bytes of the name and the size of a chunk."""


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
    rest = behind(file, begin, begin + size)
    return Extent(begin, begin + size, frames=frames, extra=rest.extra, cut=rest.cut)


class Behind(NamedTuple):
    """The part of a file after its samples.

    Parameters
    ----------
    extra : tuple of range
        offsets of bytes that may be more samples: the bodies of further chunks of samples, or
        bytes that are no chunk and no tag
    another : bool
        whether another file of chunks follows
    cut : bytes or None
        name of a chunk that the end of the file cuts off, up to 4 bytes of it; None without one
    """

    extra: tuple[range, ...] = ()
    another: bool = False
    cut: bytes | None = None


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
    if end >= size:
        return Behind()
    found = _chunks_behind(file, kind, begin, end, size)
    another = any(chunk in FILES for chunk, _, _ in found)
    extra, cut = [], None
    stop = end
    for chunk, at, length in found:
        if chunk in SAMPLES:
            extra.append(range(at, min(at + length, size)))
        elif at + length > size:
            cut = chunk if _is_cut(file, kind, chunk, at, length) else None
            break
        begin, stop = at, at + length
    padding = (begin - stop) % _alignment(kind)
    padded = min(size, stop + max(1, padding))
    tagged = any(after_tags(file, at, size) == size for at in (stop, padded))
    cut = _cut_header(file, kind, stop, padding) or (None if tagged else cut)
    if extra or cut or tagged or len(found) == MAX_CHUNKS:
        return Behind(tuple(extra), another, None if cut in FILES else cut)
    return Behind((range(stop, size),), another)


def _chunks_behind(
    file: IO[bytes], kind: bytes, begin: int, end: int, size: int
) -> list[tuple[bytes, int, int]]:
    """Return the chunks after the samples; some writers leave out the padding of an odd size."""
    for start in dict.fromkeys((end + (begin - end) % _alignment(kind), end)):
        found = list(islice(_walk(file, kind, start, size), MAX_CHUNKS))
        if found:
            chunk, at, length = found[0]
            if at + length <= size or chunk in SAMPLES or _is_cut(file, kind, *found[0]):
                return found
    return []


def _is_cut(file: IO[bytes], kind: bytes, chunk: bytes, begin: int, size: int) -> bool:
    """Return whether a chunk of a printable name is cut off at the end of the file.

    Otherwise it is made of samples after the stated end, whose bytes are seldom printable and
    then a small size: by chance, in one of 3400 places of white noise at full scale.
    """
    fits = begin + size <= _stated_size(file, kind)
    return chunk in METADATA or size <= MAX_METADATA or fits


def _cut_header(file: IO[bytes], kind: bytes, begin: int, padding: int) -> bytes | None:
    """Return up to 4 bytes of the name of a chunk whose header is cut off; None if it is not.

    So few bytes are samples unless their beginning is printable, and the file is shorter than it
    states. A CAF states no size of its own; but the first bytes of a chunk's size are zeros there.
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(begin)
    rest = file.read(HEADERS.get(kind, 0) + padding)
    rest = rest[padding:] if not any(rest[:padding]) else rest
    if not rest or len(rest) >= HEADERS.get(kind, 0) or not is_name(rest[:4]):
        return None
    is_short = not any(rest[4:8]) if kind == b"caff" else size < _stated_size(file, kind)
    return rest[:4] if is_short else None


def _stated_size(file: IO[bytes], kind: bytes) -> int:
    """Return the size of the whole file that its header states; 0 without one."""
    file.seek(0)
    start = file.read(28).ljust(28, b"\0")
    if kind == b"riff":
        return int.from_bytes(start[16:24], "little")
    if kind == b"caff" or kind not in LAYOUTS:
        return 0
    if kind in LONG and start[12:16] == b"ds64":
        return int.from_bytes(start[20:28], "little") + 8
    size = int.from_bytes(start[4:8], "little" if LAYOUTS[kind][0] == "<" else "big")
    return 0 if any(size in sizes for sizes in PLACEHOLDERS) else size + 8


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
    """Return the bytes to a multiple of which chunks are padded; libsndfile pads those of CAF."""
    return 8 if kind == b"riff" else 2


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
