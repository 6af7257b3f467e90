"""RIFF, RIFX, RF64 and BW64: the chunks of WAV files, read and written as a stream.

Nothing here seeks, so pipes and files are read alike. The chunks before and after the samples are
kept. A header is written with correct sizes if the length is known, and with 0xFFFFFFFF ("until
the end") otherwise. Past 4 GiB the sizes move to the ds64 chunk of RF64.

References
----------
Microsoft, "Multiple channel audio data and WAVE files", 2007; EBU Tech 3306, "RF64", 2009;
ITU-R BS.2088, "Long-form file format" (BW64), 2019.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeAlias

from audioconv.errors import FormatError, counted
from audioconv.files.codecs.pcm import IEEE_FLOAT, PCM, SUBTYPES, TAGS, frame_bytes
from audioconv.files.formats import INTEGER_BITS

Read: TypeAlias = Callable[[int], bytes]
"""``read(n)`` returns n bytes, or fewer at the end only."""

MAGIC = (b"RIFF", b"RIFX", b"RF64", b"BW64")
EXTENSIBLE = 0xFFFE
GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")
"""The bytes after the format tag in the GUID of every standard WAVE format."""

UNTIL_THE_END = 0xFFFFFFFF
PLACEHOLDERS = (range(0x7FFF0000, 0x80000001), range(0xFFFF0000, UNTIL_THE_END + 1))
"""Sizes that programs write while the length is unknown, with room for rounding.

FFmpeg writes 0xFFFFFFFF, SoX 0x7FFFF000, LAME 0x7FFFFFFF, arecord 0x80000000 and GStreamer
0x7FFF0000; some round it to whole frames, or subtract the length of the header.
"""

LARGEST = UNTIL_THE_END - 1
"""Largest size that a 32-bit field can hold."""

MAX_CHUNKS = 2**26
"""Largest total size of chunks other than the samples; a larger one means a damaged file."""

IMPLIED_SPEAKERS = {1: 0x4, 2: 0x3}
"""Speaker positions that a plain WAV implies, by number of channels."""


class Chunk(NamedTuple):
    """One chunk of a RIFF file."""

    id: bytes
    body: bytes


@dataclass(frozen=True)
class Header:
    """The header of a WAV file.

    Parameters
    ----------
    format : {"WAV", "WAVEX", "RF64"}
    subtype : str or None
        one of `pcm.TAGS`; None for any other coding
    order : {"<", ">"}
        byte order
    rate, channels : int
    data_bytes : int or None
        length of the samples; None if they extend to the end of the file
    offset : int
        bytes before the samples
    speakers : int
        bit mask of speaker positions; 0 if not given
    chunks : tuple of Chunk
        all chunks before the samples
    riff_bytes : int
        length of the file after its first 8 bytes, as stated
    """

    format: str
    subtype: str | None
    order: str
    rate: int
    channels: int
    data_bytes: int | None
    offset: int
    speakers: int = 0
    chunks: tuple[Chunk, ...] = ()
    riff_bytes: int = field(default=0, compare=False)

    def without_samples(self) -> bytes:
        """Return the beginning of a file that holds only what follows the samples in this one."""
        magic = b"RIFX" if self.order == ">" else b"RIFF"
        samples = (self.data_bytes or 0) + self.offset - 12
        size = min(max(0, self.riff_bytes - samples), UNTIL_THE_END)
        return magic + struct.pack(self.order + "I", size) + b"WAVE"

    def corrected(self, size: int | None) -> tuple[Header, str | None]:
        """Return the header with the true length of the samples where it is wrong, and a notice.

        Parameters
        ----------
        size : int or None
            length of the file; None in a pipe

        Returns
        -------
        header : Header
            `data_bytes` is None for a placeholder, and those that follow if it is the length of
            the whole file, or contradicts the length of the file that the header states
        notice : str or None
            as a predicate of the file
        """
        stated = self.data_bytes
        held = None if size is None else size - self.offset
        if stated is None or (held is not None and stated <= held):
            return self, None
        if any(stated in sizes for sizes in PLACEHOLDERS):
            return replace(self, data_bytes=None), None
        if not held or size is None:
            return self, None
        missing = stated - held
        if size not in (self.riff_bytes + 8, stated):
            return self, None
        return replace(self, data_bytes=held), (
            f"has a header that states {counted(missing, 'byte')} of samples too many; it is read "
            "to its end"
        )


class _Fmt(NamedTuple):
    """The fields of a fmt chunk."""

    subtype: str | None
    rate: int
    channels: int
    extensible: bool
    speakers: int


class NotRiffError(Exception):
    """The stream is not a WAV file; it may be a file of another format."""


class _HeaderStream:
    """A stream whose bytes are counted, to name the byte at which a header is truncated."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self.consumed = 0

    def read(self, count: int) -> bytes:
        """Return `count` bytes; fewer only at the end."""
        data = self._read(count)
        self.consumed += len(data)
        return data

    def take(self, count: int) -> bytes:
        """Return `count` bytes, or raise `FormatError`."""
        data = self.read(count)
        if len(data) < count:
            raise FormatError(f"its header is truncated after {counted(self.consumed, 'byte')}")
        return data


def read_header(read: Read) -> Header:
    """Read up to the first sample.

    Raises
    ------
    NotRiffError
        If the stream is not a WAV file.
    FormatError
        If the header contradicts itself or is truncated.
    """
    stream = _HeaderStream(read)
    start = stream.read(12)
    magic, kind = start[:4], start[8:12]
    if magic not in MAGIC or kind != b"WAVE":
        raise NotRiffError
    order = ">" if magic == b"RIFX" else "<"
    riff_size = struct.unpack(order + "I", start[4:8])[0]
    fmt: _Fmt | None = None
    chunks: list[Chunk] = []
    long_data: int | None = None
    while True:
        chunk, size = _next_chunk(stream, order)
        if chunk.id == b"data":
            break
        chunks.append(chunk)
        if chunk.id == b"fmt ":
            if fmt is not None:
                raise FormatError("it has two fmt chunks")
            fmt = _read_fmt(chunk.body, order)
        elif chunk.id == b"ds64" and magic in (b"RF64", b"BW64"):
            riff_size, long_data = struct.unpack("<QQ", _fields("ds64", chunk.body))
    if fmt is None:
        raise FormatError("it has no fmt chunk before its data")
    return Header(
        format="RF64" if long_data is not None else "WAVEX" if fmt.extensible else "WAV",
        subtype=fmt.subtype,
        order=order,
        rate=fmt.rate,
        channels=fmt.channels,
        data_bytes=_data_bytes(size, long_data),
        riff_bytes=riff_size,
        offset=stream.consumed,
        speakers=fmt.speakers,
        chunks=tuple(chunks),
    )


def _next_chunk(stream: _HeaderStream, order: str) -> tuple[Chunk, int]:
    """Read a chunk and its size, but not the samples, which are the body of the data chunk."""
    name, size = struct.unpack(order + "4sI", stream.take(8))
    if name == b"data":
        return Chunk(name, b""), size
    if stream.consumed + size > MAX_CHUNKS:
        raise FormatError(
            f"its header has a chunk {name!r} of {counted(size, 'byte')} before the data"
        )
    return Chunk(name, stream.take(size + size % 2)[:size]), size


def _fields(name: str, body: bytes) -> bytes:
    """Return the first 16 bytes of a chunk, which hold the fields of fmt and of ds64."""
    if len(body) < 16:
        raise FormatError(
            f"its {name} chunk has {counted(len(body), 'byte')}; it needs at least 16"
        )
    return body[:16]


def _data_bytes(size: int, long_data: int | None) -> int | None:
    """Return the length of the samples, from the sizes in the data and ds64 chunks."""
    if size == UNTIL_THE_END:
        return long_data or None
    return size


def _read_fmt(body: bytes, order: str) -> _Fmt:
    tag, channels, rate, _, align, bits = struct.unpack(order + "HHIIHH", _fields("fmt", body))
    extensible, speakers = tag == EXTENSIBLE, 0
    if extensible and len(body) >= 40:
        speakers = struct.unpack(order + "I", body[20:24])[0]
        if body[26:40] == GUID_TAIL:
            tag = struct.unpack(order + "H", body[24:26])[0]
    subtype = SUBTYPES.get((tag, bits))
    if tag in (PCM, IEEE_FLOAT) and not 0 < bits <= 64:
        raise FormatError(f"its header states {counted(bits, 'bit')} per sample; WAV has 8 to 64")
    refuse_padded_samples(tag, channels, align, bits)
    return _Fmt(subtype, rate, channels, extensible, speakers)


def refuse_padded_samples(tag: int, channels: int, align: int, bits: int) -> None:
    """Refuse samples in more bytes than they need, which programs read in different ways."""
    needed = channels * -(-bits // 8)
    if tag in (PCM, IEEE_FLOAT) and align not in (0, needed):  # 0: left open
        raise FormatError(
            f"it stores {bits}-bit samples of {counted(channels, 'channel')} in frames of "
            f"{counted(align, 'byte')}, which is ambiguous; rewrite it with frames of "
            f"{counted(needed, 'byte')}"
        )


def read_chunks(read: Read, order: str) -> tuple[tuple[Chunk, ...], tuple[str, ...]]:
    """Read the trailing chunks, up to the end, to more samples, or to bytes that are not a chunk.

    Returns
    -------
    chunks : tuple of Chunk
    broken : tuple of str
        the name of a chunk that is truncated or too large
    """
    chunks: list[Chunk] = []
    room = MAX_CHUNKS
    while len(head := read(8)) == 8:
        chunk, size = struct.unpack(order + "4sI", head)
        if chunk == b"data" or not is_name(chunk):
            break
        if size > room:
            return tuple(chunks), (f"{label(chunk)} (of {size} bytes)",)
        body = read(size)
        if len(body) < size:
            return tuple(chunks), (f"{label(chunk)} (truncated)",)
        chunks.append(Chunk(chunk, body))
        room -= size
        read(size % 2)
    return tuple(chunks), ()


def is_name(chunk: bytes) -> bool:
    """Return whether bytes can be the name of a chunk: printable ASCII."""
    return chunk.isascii() and chunk.decode().isprintable() and not chunk.isspace()


def label(chunk: bytes) -> str:
    """Return the name of a chunk for a message."""
    return chunk.decode("ascii", "backslashreplace").strip()


def header(
    subtype: str,
    rate: int,
    channels: int,
    frames: int | None,
    *,
    form: str = "WAV",
    reserve: bool = False,
    speakers: int = 0,
    chunks: bytes = b"",
    tail_bytes: int = 0,
) -> bytes:
    """Return the bytes before the first sample.

    Parameters
    ----------
    subtype : str
        one of `pcm.TAGS`
    rate, channels : int
    frames : int or None
        None writes sizes of 0xFFFFFFFF, which mean "until the end"
    form : {"WAV", "WAVEX", "RF64"}
        RF64 replaces WAV past 4 GiB, and WAVEX replaces it above two channels, or for
        speakers other than those that a plain WAV implies
    reserve : bool
        reserve space, so that the header has the length of an RF64 header in any case
    speakers : int
        bit mask of speaker positions; 0 for those that a plain WAV implies
    chunks : bytes
        further chunks, serialised
    tail_bytes : int
        length of the trailing chunks

    Examples
    --------
    >>> len(header("PCM_16", 48000, 2, 100)), len(header("PCM_16", 48000, 2, 2**31))
    (44, 80)
    """
    tag, bits = TAGS[subtype]
    align = frame_bytes(subtype, channels)
    extensible = form == "WAVEX" or channels > 2 or bool(speakers)
    fmt = struct.pack(
        "<HHIIHH", EXTENSIBLE if extensible else tag, channels, rate, rate * align, align, bits
    )
    implied = IMPLIED_SPEAKERS.get(channels, 0)
    if extensible:  # 22 bytes more: valid bits, speaker positions, and the GUID of the tag
        fmt += struct.pack("<HHIH", 22, bits, speakers or implied, tag) + GUID_TAIL
    elif tag != PCM:
        fmt += struct.pack("<H", 0)
    own = [Chunk(b"fmt ", fmt)]
    size = UNTIL_THE_END if frames is None else frames * align
    if subtype not in INTEGER_BITS:
        own.append(Chunk(b"fact", struct.pack("<I", min(frames or 0, UNTIL_THE_END))))
    before = serialise(own) + chunks
    junk = serialise([Chunk(b"JUNK", bytes(28))]) if reserve else b""
    total = size
    if frames is not None:
        total = 4 + len(junk) + len(before) + 8 + size + size % 2 + tail_bytes
    if frames is None or (form != "RF64" and total <= LARGEST):
        riff, data = struct.pack("<I", total), struct.pack("<I", size)
        return b"RIFF" + riff + b"WAVE" + junk + before + b"data" + data
    total += 0 if reserve else 36
    sizes = serialise([Chunk(b"ds64", struct.pack("<QQQI", total, size, frames, 0))])
    in_ds64 = struct.pack("<I", UNTIL_THE_END)
    return b"RF64" + in_ds64 + b"WAVE" + sizes + before + b"data" + in_ds64


def serialise(chunks: Iterable[Chunk]) -> bytes:
    r"""Return the bytes of chunks, each padded to an even length.

    Examples
    --------
    >>> serialise([Chunk(b"note", b"abc")])
    b'note\x03\x00\x00\x00abc\x00'
    """
    return b"".join(
        chunk.id + struct.pack("<I", len(chunk.body)) + chunk.body + b"\0" * (len(chunk.body) % 2)
        for chunk in chunks
    )
