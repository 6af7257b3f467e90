"""FLAC: lengths that the header leaves open, changes of rate, and the MD5 of the samples.

Each frame header holds its position and length, and each frame ends with a checksum. So the last
frame gives the length of the stream, and a file that does not end with it is truncated.

References
----------
RFC 9639, "Free Lossless Audio Codec (FLAC)", 2024, sections 8.2 (streaminfo), 9.1 (frame header)
and 9.3 (frame footer).
"""

from __future__ import annotations

import hashlib
import os
import re
from itertools import islice
from typing import IO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from audioconv.engines.audio import Audio
from audioconv.errors import counted
from audioconv.files.codecs.splice import Piece
from audioconv.files.codecs.tags import ID3V1, after_id3

LONGEST_FRAME = 2**22
"""Bytes; twice an incompressible frame of 65535 samples, 8 channels and 32 bits."""

STREAMINFO = 8
"""Offset of the STREAMINFO block, after the marker of the file and the header of the block."""

FIELDS = STREAMINFO + 10
"""Offset of the eight bytes with rate, channels, bits and length."""

TOTAL = 2**36 - 1
"""Mask of the 36 bits that hold the length, the last of them."""

SHORTEST, LONGEST_HEADER = 8, 17
"""Minimum bytes of a frame, and maximum bytes of its header."""

LOOKALIKES = 8
"""Places after the last frame that look like a frame header; even one is rare."""

BLOCK_SIZES = {1: 192, **{n: 144 << n for n in range(2, 6)}, **{n: 1 << n for n in range(8, 16)}}

RATES = (0, 88200, 176400, 192000, 8000, 16000, 22050, 24000, 32000, 44100, 48000, 96000)
"""Hz, by the code in a frame header; 0 refers to the header of the file."""

BITS = (0, 8, 12, 0, 16, 20, 24, 32)
"""Bits per sample, by the code in a frame header; 0 refers to the header of the file."""

READABLE_BITS = {12: 16, 20: 24}
"""Bits that libsndfile refuses in the header of a file, and those to state instead.

It decodes each frame by the header of the frame, where these have codes.
"""

BEGINNING = re.compile(rb"fLaC[\x00\x80]\x00\x00\x22")
"""The beginning of a FLAC: its marker, and the header of its STREAMINFO block."""

SYNC = re.compile(rb"\xff[\xf8\xf9]")
"""The beginning of a frame header."""

USUAL_FRAME = LONGEST_LAST = 2**18
"""Bytes in which the next frame is looked for, and of a last one whose checksum is computed."""

MOST_HEADERS = 16
"""Beginnings of a header among which the next one is looked for."""

LAST_BLOCK = 128
"""Flag of the last metadata block."""

SEARCHED = 2**24
"""Bytes that are searched for frame headers at once."""


class Sound(NamedTuple):
    """Rate in Hz, channels and bits per sample; in a frame header, 0 if it does not state them."""

    rate: int
    channels: int
    bits: int


class Frame(NamedTuple):
    """Position and length of a FLAC frame, in samples of one channel, and its sound."""

    start: int
    length: int
    sound: Sound


def is_finished(file: IO[bytes]) -> bool:
    """Return False if the header of a FLAC lacks the frame sizes, which are written last."""
    file.seek(0)
    start = file.read(STREAMINFO + 10)
    return start[:4] != b"fLaC" or any(start[-6:])


class StreamInfo(NamedTuple):
    """The STREAMINFO block at the beginning of a FLAC.

    Parameters
    ----------
    begin : int
        offset of the FLAC in its file, after ID3 tags
    block : int
        samples of a frame, of a stream of fixed block size
    sound : Sound
    total : int
        samples per channel; 0 leaves the length open
    md5 : bytes
        of the samples; zeros if not stated
    """

    begin: int
    block: int
    sound: Sound
    total: int
    md5: bytes


def streaminfo(file: IO[bytes]) -> StreamInfo | None:
    """Read the header of a FLAC; return None for other files, and for less than a header."""
    begin = after_id3(file)
    file.seek(begin)
    start = file.read(STREAMINFO + 34)
    if start[:4] != b"fLaC" or len(start) < STREAMINFO + 18:
        return None
    fields = int.from_bytes(start[FIELDS : FIELDS + 8])
    sound = Sound(fields >> 44, (fields >> 41 & 7) + 1, (fields >> 36 & 31) + 1)
    block = int.from_bytes(start[STREAMINFO : STREAMINFO + 2])
    return StreamInfo(begin, block, sound, fields & TOTAL, start[FIELDS + 8 :])


def change(file: IO[bytes], info: StreamInfo) -> str | None:
    """Return a description of the first frame whose rate, channels or bits differ.

    Or of the beginning of another FLAC, if several are joined end to end.

    Parameters
    ----------
    file : binary file
        seekable; its position changes
    info : StreamInfo
        of the file
    """
    sound = info.sound
    size, lookalikes = file.seek(0, os.SEEK_END), 0
    for start in range(_first_frame(file, info), size, SEARCHED):
        file.seek(start)
        data = file.read(SEARCHED + LONGEST_HEADER)
        if another := BEGINNING.search(data):
            return f"another FLAC begins at byte {start + another.start()}, which would not be read"
        for match in SYNC.finditer(data):
            at = match.start()
            frame = _frame(data[at : at + LONGEST_HEADER], 1)
            if frame is None or _agree(frame.sound, sound):
                continue
            if not _continues(file, start + at, USUAL_FRAME):
                lookalikes += 1  # each takes time, and a file may be full of them
                if lookalikes > LOOKALIKES or not (
                    _continues(file, start + at, LONGEST_FRAME) or _is_last(file, start + at)
                ):
                    continue
            other = Sound(*(new or old for new, old in zip(frame.sound, sound, strict=True)))
            return (
                f"it changes from {sound.rate} Hz, {counted(sound.channels, 'channel')} and "
                f"{sound.bits} bits to {other.rate} Hz, {other.channels} and {other.bits} at byte "
                f"{start + at}"
            )
    return None


def _first_frame(file: IO[bytes], info: StreamInfo) -> int:
    """Return the offset after the metadata blocks of a FLAC."""
    begin, last = info.begin + 4, False
    while not last:
        file.seek(begin)
        header = file.read(4)
        last = len(header) < 4 or header[0] >= LAST_BLOCK
        begin += 4 + int.from_bytes(header[1:])
    return begin


def _agree(one: Sound, other: Sound) -> bool:
    return all(a in (0, b) for a, b in zip(one, other, strict=True))


def _continues(file: IO[bytes], at: int, longest: int) -> bool:
    """Return whether the next frame of the same sound follows a header, which may be chance."""
    file.seek(at)
    data = file.read(longest)
    first = _frame(data[:LONGEST_HEADER], 1)
    assert first is not None
    for match in islice(SYNC.finditer(data, SHORTEST), MOST_HEADERS):
        frame = _frame(data[match.start() : match.start() + LONGEST_HEADER], 1)
        if frame is None or frame.sound != first.sound:
            continue
        if frame.start - first.start in (1, first.length):
            return True
    return False


def _is_last(file: IO[bytes], at: int) -> bool:
    """Return whether the last frame begins at an offset."""
    file.seek(at)
    data = _without_tag(file.read(LONGEST_LAST + 1))
    return len(data) <= LONGEST_LAST and _is_complete(data)


def _without_tag(data: bytes) -> bytes:
    """Return the end of a file without tags of ID3 version 1 and APE."""
    data = data[:-ID3V1] if data[-ID3V1:].startswith(b"TAG") else data
    if data[-32:].startswith(b"APETAGEX"):  # a footer, with the size of all but the header
        has_header = int.from_bytes(data[-12:-8], "little") >> 31
        data = data[: -int.from_bytes(data[-20:-16], "little") - 32 * has_header]
    return data


def readable_pieces(file: IO[bytes], info: StreamInfo, frames: int | None) -> list[Piece]:
    """Return a FLAC as libsndfile can read it; empty if it can as it is.

    Without ID3 tags at the beginning, with the missing length, and with bits per sample that it
    accepts.

    Parameters
    ----------
    file : binary file
        seekable; its position changes
    info : StreamInfo
        of the file
    frames : int or None
        the length to state, in samples of one channel; None if the header states it
    """
    begin, size, bits = info.begin, file.seek(0, os.SEEK_END), info.sound.bits
    at = begin + FIELDS
    file.seek(at)
    old = int.from_bytes(file.read(8))
    new = old + (READABLE_BITS.get(bits, bits) - bits << 36) + ((frames or 0) & TOTAL)
    if new == old and not begin:
        return []
    return [range(begin, at), new.to_bytes(8), range(at + 8, size)]


class Checksum:
    """The MD5 of the samples of a FLAC, compared with the one in its header.

    RFC 9639, section 8.2: the MD5 of little-endian integers in as few bytes as hold them.
    """

    def __init__(self, stated: bytes, bits: int) -> None:
        self._stated = stated
        self._bits = bits
        self._md5 = hashlib.md5(usedforsecurity=False)

    @classmethod
    def of(cls, info: StreamInfo) -> Checksum | None:
        """Return the checksum that a header states, or None if it has none."""
        # libsndfile reads no other numbers of bits
        usable = info.sound.bits in (8, 16, 24, *READABLE_BITS) and any(info.md5)
        return cls(info.md5, info.sound.bits) if usable else None

    def update(self, block: Audio) -> None:
        """Append samples in -1 to 1."""
        # exact: each is a whole number of steps
        steps = block * 2.0 ** (self._bits - 1)
        if self._bits > 16:
            narrow = steps.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3]
            self._md5.update(np.ascontiguousarray(narrow).data)
        else:
            kind = "i1" if self._bits == 8 else "<i2"
            self._md5.update(np.ascontiguousarray(steps.astype(kind)).data)

    def matches(self) -> bool:
        """Return whether the MD5 of the samples is the stated one."""
        return self._md5.digest() == self._stated


def length(file: IO[bytes], info: StreamInfo) -> tuple[int, bool]:
    """Return the length of a FLAC, from its last frame.

    Parameters
    ----------
    file : binary file
        seekable; its position changes
    info : StreamInfo
        of the file

    Returns
    -------
    frames : int
        samples per channel, up to the end of the last complete FLAC frame
    complete : bool
        whether the file ends with that frame
    """
    size = file.seek(0, os.SEEK_END)
    file.seek(max(info.begin + STREAMINFO + 34, size - LONGEST_FRAME))
    data = _without_tag(file.read())
    # bytes may look like a header by chance; a real frame ends where the next one begins
    ends: list[tuple[int, int]] = []
    at = len(data)
    while (at := data.rfind(b"\xff", 0, at)) >= 0 and len(ends) < LOOKALIKES:
        frame = _frame(data[at : at + 20], info.block)
        if frame is None:
            continue
        if _is_complete(data[at:]):
            return frame.start + frame.length, True
        # or it is followed by the beginning of a header, too short to be recognised
        rest = range(1, LONGEST_HEADER if not ends else 1)
        if any(_is_complete(data[at : len(data) - more]) for more in rest):
            return frame.start + frame.length, False
        for end, start in ends:
            if _is_complete(data[at:end]):
                return start, False
        ends.append((at, frame.start))
    return (ends[-1][1] if ends else 0), False


def _is_complete(frame: bytes) -> bool:
    return len(frame) > SHORTEST and _crc16(frame[:-2]) == int.from_bytes(frame[-2:])


def _frame(head: bytes, fixed: int) -> Frame | None:
    """Parse a frame header; return None if the checksum of the header does not match."""
    if len(head) < 6 or head[1] & 0xFE != 0xF8 or head[3] & 1 or head[3] >> 4 > 10:
        return None
    code = head[2] >> 4
    number, at = _number(head, 4)
    if code in (6, 7):  # length - 1 follows the number
        extra = code - 5
        samples = int.from_bytes(head[at : at + extra]) + 1
        at += extra
    else:
        samples = BLOCK_SIZES.get(code, 0)
    rate_code, channels = head[2] & 15, head[3] >> 4
    extra = {12: 1, 13: 2, 14: 2}.get(rate_code, 0)  # an uncommon rate follows
    uncommon = int.from_bytes(head[at : at + extra]) * {12: 1000, 14: 10}.get(rate_code, 1)
    at += extra
    if not samples or at >= len(head) or _crc8(head[:at]) != head[at]:
        return None
    rate = RATES[rate_code] if rate_code < len(RATES) else uncommon
    # three codes past those of independent channels are ways of coding stereo
    sound = Sound(rate, channels + 1 if channels < 8 else 2, BITS[head[3] >> 1 & 7])
    return Frame(number if head[1] & 1 else number * fixed, samples, sound)


def _number(head: bytes, at: int) -> tuple[int, int]:
    """Decode a number coded as UTF-8 codes a character; return it and the offset after it."""
    first = head[at]
    more = 0
    while first & (0x80 >> more):
        more += 1
    value = first & (0x7F >> more)
    for byte in head[at + 1 : at + more]:
        value = value << 6 | byte & 0x3F
    return value, at + max(1, more)


Registers = NDArray[np.uint16]


def _crc8(data: bytes) -> int:
    """Return the CRC-8 of a few bytes: polynomial 0x07, initial value 0."""
    register = 0
    for byte in data:
        register = CRC8[register ^ byte]
    return register


def _crc16(data: bytes) -> int:
    """Return the CRC-16 of a frame: polynomial 0x8005, initial value 0.

    It is linear: that of a half, followed by as many zeros as the other half has bytes, added to
    that of the other half is that of both. So all pairs of pieces are joined at once, and again.
    """
    values, zeros = CRC16[np.frombuffer(data, np.uint8)], ONE_ZERO
    while len(values) > 1:
        if len(values) % 2:
            values = np.concatenate([CRC16[:1], values])  # zeros in front change nothing
        values = _behind(values[::2], zeros) ^ values[1::2]
        zeros = _behind(zeros, zeros)
    return int(values[0]) if len(values) else 0


def _behind(registers: Registers, zeros: Registers) -> Registers:
    """Return what some zero bytes make of registers of 16 bits.

    Parameters
    ----------
    registers : array of uint16
    zeros : array, (2, 256)
        what they make of the higher byte and of the lower one
    """
    behind: Registers = zeros[0, registers >> 8] ^ zeros[1, registers & 255]
    return behind


def _table(bits: int, polynomial: int) -> list[int]:
    """Return the CRC of each single byte, most significant bit first."""
    table = []
    for byte in range(256):
        register = byte << (bits - 8)
        for _ in range(8):
            register = register << 1 ^ (polynomial if register >> (bits - 1) & 1 else 0)
        table.append(register & ((1 << bits) - 1))
    return table


CRC8 = _table(8, 0x07)
CRC16 = np.array(_table(16, 0x8005), np.uint16)
ONE_ZERO = np.stack([CRC16, np.arange(256, dtype=np.uint16) << 8])
