"""RIFF, RIFX, RF64 and BW64: the headers of WAV files, read and written as a stream.

Nothing here seeks, so a pipe and a file are the same. Read are the chunks up to the samples;
written is a header whose sizes are right, where the length is known, and 0xFFFFFFFF ("until
the end") where it is not. Past 4 GiB the sizes move to the ds64 chunk of RF64.

References
----------
Microsoft, "Multiple channel audio data and WAVE files", 2007; EBU Tech 3306, "RF64", 2009;
ITU-R BS.2088, "Long-form file format" (BW64), 2019.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from audioconv.engines import Audio
from audioconv.errors import FormatError
from audioconv.files.formats import INTEGER_BITS

PCM, IEEE_FLOAT, EXTENSIBLE = 1, 3, 0xFFFE
SUBTYPES = {
    (PCM, 8): "PCM_U8",
    (PCM, 16): "PCM_16",
    (PCM, 24): "PCM_24",
    (PCM, 32): "PCM_32",
    (IEEE_FLOAT, 32): "FLOAT",
    (IEEE_FLOAT, 64): "DOUBLE",
}
TAGS = {subtype: tag for tag, subtype in SUBTYPES.items()}

GUID_TAIL = bytes.fromhex("000000001000800000aa00389b71")
"""What follows the format tag in the GUID of every plain WAVE format."""

UNTIL_THE_END = 0xFFFFFFFF
UNKNOWN_SIZES = (UNTIL_THE_END, 0x7FFFF000)
"""What FFmpeg and SoX write for a length that they cannot know."""

LARGEST = UNTIL_THE_END - 1
"""Largest size that a 32-bit field can tell."""

MAX_CHUNK = 2**26
"""Chunks before the samples, beyond this many bytes, are taken for a damaged header."""


@dataclass(frozen=True)
class Layout:
    """Where the samples of a WAV file lie, and how.

    Parameters
    ----------
    format : {"WAV", "WAVEX", "RF64"}
    subtype : str
        one of `TAGS`
    order : {"<", ">"}
        byte order
    rate, channels : int
    data_bytes : int or None
        length of the samples; None if they go on until the end
    offset : int
        bytes before the samples
    """

    format: str
    subtype: str
    order: str
    rate: int
    channels: int
    data_bytes: int | None
    offset: int

    @property
    def frame_bytes(self) -> int:
        """Bytes of one frame."""
        return self.channels * TAGS[self.subtype][1] // 8


class NotLinearError(Exception):
    """The stream is not a WAV file of linear samples; something else may be able to read it."""


def read_header(read: Callable[[int], bytes]) -> Layout:
    """Read up to the first sample.

    Parameters
    ----------
    read : callable
        ``read(n)`` returns n bytes, or fewer at the end only

    Raises
    ------
    NotLinearError
        If it is another kind of file, or samples are coded.
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
    if magic not in (b"RIFF", b"RIFX", b"RF64", b"BW64") or kind != b"WAVE":
        raise NotLinearError
    order = ">" if magic == b"RIFX" else "<"
    riff_size = struct.unpack(order + "I", start[4:8])[0]
    fmt: tuple[str, int, int, bool] | None = None
    long_data: int | None = None
    while True:
        chunk, size = struct.unpack(order + "4sI", take(8))
        if chunk == b"data":
            break
        if size > MAX_CHUNK:
            raise FormatError(f"its header has a chunk {chunk!r} of {size} bytes before the data")
        body = take(size + size % 2)
        if chunk == b"fmt ":
            fmt = _read_fmt(body, order)
        elif chunk == b"ds64" and magic in (b"RF64", b"BW64"):
            if len(body) < 16:
                raise FormatError(f"its ds64 chunk has {len(body)} bytes; it needs at least 16")
            riff_size, long_data = struct.unpack("<QQ", body[:16])
    if fmt is None:
        raise FormatError("it has no fmt chunk before its data")
    subtype, rate, channels, extensible = fmt
    # SoX takes the largest size of whole frames below its own mark
    frame = channels * TAGS[subtype][1] // 8 or 1
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
    form = "RF64" if long_data is not None else "WAVEX" if extensible else "WAV"
    return Layout(form, subtype, order, rate, channels, length, consumed)


def _read_fmt(body: bytes, order: str) -> tuple[str, int, int, bool]:
    """Return subtype, rate, channels and whether the chunk is of the extensible kind."""
    if len(body) < 16:
        raise FormatError(f"its fmt chunk has {len(body)} bytes; it needs at least 16")
    tag, channels, rate, _, align, bits = struct.unpack(order + "HHIIHH", body[:16])
    extensible = tag == EXTENSIBLE
    if extensible:
        if len(body) < 40 or body[26:40] != GUID_TAIL:
            raise NotLinearError
        tag = struct.unpack(order + "H", body[24:26])[0]
    if (tag, bits) not in SUBTYPES:
        raise NotLinearError
    if align != channels * bits // 8:
        raise FormatError(
            f"it keeps {bits}-bit samples of {channels} channels in frames of {align} bytes, "
            f"which can be read in more than one way; rewrite it with {channels * bits // 8}"
        )
    return SUBTYPES[tag, bits], rate, channels, extensible


def decode(data: bytes, layout: Layout) -> Audio:
    r"""Turn bytes of whole frames into sound in -1 to 1, without rounding.

    Examples
    --------
    >>> layout = Layout("WAV", "PCM_16", "<", 48000, 1, None, 44)
    >>> decode(b"\x00\x40\x00\x80", layout).ravel()
    array([ 0.5, -1. ])
    """
    tag, bits = TAGS[layout.subtype]
    if tag == IEEE_FLOAT:
        samples = np.frombuffer(data, f"{layout.order}f{bits // 8}").astype(np.float64)
    elif bits == 8:
        samples = (np.frombuffer(data, np.uint8) - 128.0) / 128
    elif bits == 24:
        # each sample becomes the upper three bytes of a 32-bit one
        wide = np.zeros((len(data) // 3, 4), np.uint8)
        upper = slice(1, 4) if layout.order == "<" else slice(0, 3)
        wide[:, upper] = np.frombuffer(data, np.uint8).reshape(-1, 3)
        samples = wide.view(f"{layout.order}i4")[:, 0] / 2.0**31
    else:
        samples = np.frombuffer(data, f"{layout.order}i{bits // 8}") / 2.0 ** (bits - 1)
    return samples.reshape(-1, layout.channels)


def encode(samples: Audio | np.ndarray[tuple[int, ...], np.dtype[np.int32]], subtype: str) -> bytes:
    """Turn samples, whole numbers or floats as the subtype has them, into little-endian bytes.

    Examples
    --------
    >>> encode(np.array([[1], [-2]], np.int32), "PCM_24").hex()
    '010000feffff'
    """
    if subtype == "PCM_24":
        narrow = np.ascontiguousarray(samples, "<i4").view(np.uint8).reshape(-1, 4)[:, :3]
        return narrow.tobytes()
    if subtype == "PCM_U8":
        return (samples + 128).astype(np.uint8).tobytes()
    tag, bits = TAGS[subtype]
    return samples.astype(f"<{'f' if tag == IEEE_FLOAT else 'i'}{bits // 8}").tobytes()


def header(
    subtype: str,
    rate: int,
    channels: int,
    frames: int | None,
    *,
    form: str = "WAV",
    reserve: bool = False,
) -> bytes:
    """Write everything before the first sample.

    Parameters
    ----------
    subtype : str
        one of `TAGS`
    rate, channels : int
    frames : int or None
        None writes sizes of all ones, which mean "until the end"
    form : {"WAV", "WAVEX", "RF64"}
        RF64 is taken for any length that WAV cannot tell, and WAVEX above two channels
    reserve : bool
        keep room, so that the header of any length is as long as that of RF64

    Examples
    --------
    >>> len(header("PCM_16", 48000, 2, 100)), len(header("PCM_16", 48000, 2, 2**31))
    (44, 80)
    """
    tag, bits = TAGS[subtype]
    align = channels * bits // 8
    extensible = form == "WAVEX" or channels > 2
    fmt = struct.pack(
        "<HHIIHH", EXTENSIBLE if extensible else tag, channels, rate, rate * align, align, bits
    )
    if extensible:  # 22 bytes more: valid bits, no speaker positions, and the GUID of the tag
        fmt += struct.pack("<HHIH", 22, bits, 0, tag) + GUID_TAIL
    elif tag != PCM:
        fmt += struct.pack("<H", 0)
    chunks = _chunk(b"fmt ", fmt)
    size = UNTIL_THE_END if frames is None else frames * align
    if subtype not in INTEGER_BITS:
        chunks += _chunk(b"fact", struct.pack("<I", min(frames or 0, UNTIL_THE_END)))
    junk = _chunk(b"JUNK", bytes(28)) if reserve else b""
    total = size if frames is None else 4 + len(junk) + len(chunks) + 8 + size + size % 2
    if frames is None or (form != "RF64" and total <= LARGEST):
        riff, data = struct.pack("<I", total), struct.pack("<I", size)
        return b"RIFF" + riff + b"WAVE" + junk + chunks + b"data" + data
    total += 0 if reserve else 36
    sizes = _chunk(b"ds64", struct.pack("<QQQI", total, size, frames, 0))
    unsaid = struct.pack("<I", UNTIL_THE_END)
    return b"RF64" + unsaid + b"WAVE" + sizes + chunks + b"data" + unsaid


def _chunk(chunk: bytes, body: bytes) -> bytes:
    return chunk + struct.pack("<I", len(body)) + body
