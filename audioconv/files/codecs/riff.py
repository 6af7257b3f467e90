"""RIFF, RIFX, RF64 and BW64: the chunks of WAV files, read and written as a stream.

Nothing here seeks, so a pipe and a file are the same. Read are the chunks up to the samples, and
those after them; written is a header whose sizes are right, where the length is known, and
0xFFFFFFFF ("until the end") where it is not. Past 4 GiB the sizes move to the ds64 chunk of RF64.

References
----------
Microsoft, "Multiple channel audio data and WAVE files", 2007; EBU Tech 3306, "RF64", 2009;
ITU-R BS.2088, "Long-form file format" (BW64), 2019.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from audioconv.errors import FormatError
from audioconv.files.codecs.pcm import IEEE_FLOAT, PCM, SUBTYPES, TAGS, frame_bytes
from audioconv.files.formats import INTEGER_BITS

Read: TypeAlias = Callable[[int], bytes]
"""``read(n)`` returns n bytes, or fewer at the end only."""

MAGIC = (b"RIFF", b"RIFX", b"RF64", b"BW64")
EXTENSIBLE = 0xFFFE
GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")
"""What follows the format tag in the GUID of every plain WAVE format."""

UNTIL_THE_END = 0xFFFFFFFF
UNKNOWN_SIZES = (UNTIL_THE_END, 0x7FFFF000, 0x7FFFFFFF)
"""What FFmpeg, SoX and LAME write for a length that they cannot know."""

LARGEST = UNTIL_THE_END - 1
"""Largest size that a 32-bit field can tell."""

MAX_CHUNKS = 2**26
"""Chunks beside the samples, beyond this many bytes in all, are taken for a damaged file."""

IMPLIED_SPEAKERS = {1: 0x4, 2: 0x3}
"""Speaker positions that a plain WAV of so many channels has without saying so."""


class Chunk(NamedTuple):
    """One chunk of a RIFF file."""

    id: bytes
    body: bytes


@dataclass(frozen=True)
class Header:
    """What a WAV file says before its first sample.

    Parameters
    ----------
    format : {"WAV", "WAVEX", "RF64"}
    subtype : str or None
        one of `pcm.TAGS`; None if the samples are coded
    order : {"<", ">"}
        byte order
    rate, channels : int
    data_bytes : int or None
        length of the samples; None if they go on until the end
    offset : int
        bytes before the samples
    speakers : int
        one bit for each speaker that a channel is for; 0 if it does not say
    chunks : tuple of Chunk
        all that come before the samples
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


class _Form(NamedTuple):
    """What a fmt chunk says."""

    subtype: str | None
    rate: int
    channels: int
    extensible: bool
    speakers: int


class NotRiffError(Exception):
    """The stream is no WAV file; something else may be able to read it."""


def read_header(read: Read) -> Header:
    """Read up to the first sample.

    Raises
    ------
    NotRiffError
        If it is another kind of file.
    FormatError
        If it is a WAV file with a header that contradicts itself or breaks off.
    """
    consumed = 0

    def take(count: int) -> bytes:
        nonlocal consumed
        data = read(count)
        consumed += len(data)
        if len(data) < count:
            raise FormatError(f"its header breaks off after {consumed} bytes")
        return data

    start = read(12)
    consumed = len(start)
    magic, kind = start[:4], start[8:12]
    if magic not in MAGIC or kind != b"WAVE":
        raise NotRiffError
    order = ">" if magic == b"RIFX" else "<"
    riff_size = struct.unpack(order + "I", start[4:8])[0]
    form: _Form | None = None
    chunks: list[Chunk] = []
    long_data: int | None = None
    while True:
        chunk, size = struct.unpack(order + "4sI", take(8))
        if chunk == b"data":
            break
        if consumed + size > MAX_CHUNKS:
            raise FormatError(f"its header has a chunk {chunk!r} of {size} bytes before the data")
        body = take(size + size % 2)[:size]
        chunks.append(Chunk(chunk, body))
        if chunk == b"fmt ":
            if form is not None:
                raise FormatError("it has two fmt chunks, of which only one can be right")
            form = _read_fmt(body, order)
        elif chunk == b"ds64" and magic in (b"RF64", b"BW64"):
            if len(body) < 16:
                raise FormatError(f"its ds64 chunk has {len(body)} bytes; it needs at least 16")
            riff_size, long_data = struct.unpack("<QQ", body[:16])
    if form is None:
        raise FormatError("it has no fmt chunk before its data")
    # SoX takes the largest size of whole frames below its own mark
    frame = (frame_bytes(form.subtype, form.channels) if form.subtype else 0) or 1
    if size == UNTIL_THE_END and long_data:
        length: int | None = long_data
    elif size in (*UNKNOWN_SIZES, UNKNOWN_SIZES[1] // frame * frame):
        length = None
    else:
        length = size
    if length == 0 and riff_size in (0, *UNKNOWN_SIZES):
        raise FormatError(
            "its header says that it holds no samples, as when a recorder stops before it "
            "finishes a file; repair the header, for instance with `sox --ignore-length`"
        )
    name = "RF64" if long_data is not None else "WAVEX" if form.extensible else "WAV"
    return Header(
        name,
        form.subtype,
        order,
        form.rate,
        form.channels,
        length,
        consumed,
        form.speakers,
        tuple(chunks),
    )


def _read_fmt(body: bytes, order: str) -> _Form:
    if len(body) < 16:
        raise FormatError(f"its fmt chunk has {len(body)} bytes; it needs at least 16")
    tag, channels, rate, _, align, bits = struct.unpack(order + "HHIIHH", body[:16])
    extensible, speakers = tag == EXTENSIBLE, 0
    if extensible and len(body) >= 40:
        speakers = struct.unpack(order + "I", body[20:24])[0]
        if body[26:40] == GUID_TAIL:
            tag = struct.unpack(order + "H", body[24:26])[0]
    subtype = SUBTYPES.get((tag, bits))
    if tag in (PCM, IEEE_FLOAT) and not 0 < bits <= 64:
        raise FormatError(f"its header says that a sample has {bits} bits; WAV has 8 to 64")
    if tag in (PCM, IEEE_FLOAT) and align != channels * -(-bits // 8):
        raise FormatError(
            f"it keeps {bits}-bit samples of {channels} channels in frames of {align} bytes, "
            f"which can be read in more than one way; rewrite it with {channels * -(-bits // 8)}"
        )
    return _Form(subtype, rate, channels, extensible, speakers)


def read_chunks(read: Read, order: str) -> tuple[tuple[Chunk, ...], tuple[str, ...]]:
    """Read the chunks after the samples, until the end or something that is no chunk.

    Returns
    -------
    chunks : tuple of Chunk
    broken : tuple of str
        the name of one that is not whole, or too large
    """
    chunks: list[Chunk] = []
    room = MAX_CHUNKS
    while len(head := read(8)) == 8:
        chunk, size = struct.unpack(order + "4sI", head)
        if not is_name(chunk):
            break
        if size > room:
            return tuple(chunks), (f"{label(chunk)} (of {size} bytes)",)
        body = read(size)
        if len(body) < size:
            return tuple(chunks), (f"{label(chunk)} (which is not whole)",)
        chunks.append(Chunk(chunk, body))
        room -= size
        read(size % 2)
    return tuple(chunks), ()


def is_name(chunk: bytes) -> bool:
    """Tell a chunk's name, which is printable, from other bytes."""
    return chunk.isascii() and chunk.decode().isprintable() and not chunk.isspace()


def label(chunk: bytes) -> str:
    """Name a chunk for a message."""
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
    after: int = 0,
) -> bytes:
    """Write everything before the first sample.

    Parameters
    ----------
    subtype : str
        one of `pcm.TAGS`
    rate, channels : int
    frames : int or None
        None writes sizes of all ones, which mean "until the end"
    form : {"WAV", "WAVEX", "RF64"}
        RF64 is taken for any length that WAV cannot tell, and WAVEX above two channels, or
        for speakers other than those that plain WAV implies
    reserve : bool
        keep room, so that the header of any length is as long as that of RF64
    speakers : int
        one bit for each speaker that a channel is for; 0 if it is not known, or is what plain
        WAV implies
    chunks : bytes
        others to put before the samples
    after : int
        bytes of those to come after the samples

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
    total = size if frames is None else 4 + len(junk) + len(before) + 8 + size + size % 2 + after
    if frames is None or (form != "RF64" and total <= LARGEST):
        riff, data = struct.pack("<I", total), struct.pack("<I", size)
        return b"RIFF" + riff + b"WAVE" + junk + before + b"data" + data
    total += 0 if reserve else 36
    sizes = serialise([Chunk(b"ds64", struct.pack("<QQQI", total, size, frames, 0))])
    unsaid = struct.pack("<I", UNTIL_THE_END)
    return b"RF64" + unsaid + b"WAVE" + sizes + before + b"data" + unsaid


def serialise(chunks: Iterable[Chunk]) -> bytes:
    r"""Write chunks one after the other, each padded to a whole number of words.

    Examples
    --------
    >>> serialise([Chunk(b"note", b"abc")])
    b'note\x03\x00\x00\x00abc\x00'
    """
    return b"".join(
        chunk.id + struct.pack("<I", len(chunk.body)) + chunk.body + b"\0" * (len(chunk.body) % 2)
        for chunk in chunks
    )
