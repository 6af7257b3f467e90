"""FLAC: the length of a stream whose header leaves it open, and the MD5 of the samples.

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
from functools import cache
from typing import IO, NamedTuple

import numpy as np

from audioconv.engines.audio import Audio
from audioconv.files.codecs.containers import after_id3

LONGEST_FRAME = 2**22
"""Bytes; twice an incompressible frame of 65535 samples, 8 channels and 32 bits."""

STREAMINFO = 8
"""Offset of the STREAMINFO block, after the marker of the file and the header of the block."""

TOTAL = 2**36 - 1
"""Mask of the 36 bits that hold the length, the last of five bytes."""

SHORTEST, LONGEST_HEADER = 8, 17
"""Minimum bytes of a frame, and maximum bytes of its header."""

LOOKALIKES = 8
"""Places after the last frame that look like a frame header; even one is rare."""

BLOCK_SIZES = {1: 192, **{n: 144 << n for n in range(2, 6)}, **{n: 1 << n for n in range(8, 16)}}


class Frame(NamedTuple):
    """Position and length of a FLAC frame, in samples of one channel."""

    start: int
    length: int


def lacks_length(file: IO[bytes]) -> bool:
    """Return whether a file is a FLAC whose header leaves the length open."""
    file.seek(after_id3(file))
    start = file.read(STREAMINFO + 18)
    return start[:4] == b"fLaC" and int.from_bytes(start[-5:]) & TOTAL == 0


def is_finished(file: IO[bytes]) -> bool:
    """Return False if the header of a FLAC lacks the frame sizes, which are written last."""
    file.seek(0)
    start = file.read(STREAMINFO + 10)
    return start[:4] != b"fLaC" or any(start[-6:])


def length_patch(file: IO[bytes]) -> tuple[int, bytes, bool]:
    """Return the missing length of a FLAC, as a patch to its header.

    Returns
    -------
    at : int
        offset of the patch
    patch : bytes
        the bytes to put there
    complete : bool
        whether the file ends with its last frame
    """
    frames, complete = length(file)
    at = after_id3(file) + STREAMINFO + 13
    file.seek(at)
    other = int.from_bytes(file.read(5)) & ~TOTAL
    return at, (other | frames & TOTAL).to_bytes(5), complete


class Checksum:
    """The MD5 of the samples of a FLAC, compared with the one in its header.

    RFC 9639, section 8.2: the MD5 of little-endian integers in as few bytes as hold them.
    """

    def __init__(self, stated: bytes, bits: int) -> None:
        self._stated = stated
        self._bits = bits
        self._md5 = hashlib.md5(usedforsecurity=False)

    @classmethod
    def of(cls, file: IO[bytes]) -> Checksum | None:
        """Read the stated MD5; return None if the file is not a FLAC, or has none."""
        file.seek(after_id3(file))
        start = file.read(STREAMINFO + 34)
        bits = (int.from_bytes(start[-22:-20]) >> 4 & 31) + 1
        stated = start[-16:]
        # libsndfile reads no other numbers of bits
        usable = start[:4] == b"fLaC" and bits in (8, 16, 24) and any(stated)
        return cls(stated, bits) if usable else None

    def update(self, block: Audio) -> None:
        """Append samples in -1 to 1."""
        # exact: each is a whole number of steps
        steps = block * 2.0 ** (self._bits - 1)
        if self._bits == 24:
            narrow = steps.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3]
            self._md5.update(np.ascontiguousarray(narrow).data)
        else:
            self._md5.update(np.ascontiguousarray(steps.astype(f"<i{self._bits // 8}")).data)

    def matches(self) -> bool:
        """Return whether the MD5 of the samples is the stated one."""
        return self._md5.digest() == self._stated


def length(file: IO[bytes]) -> tuple[int, bool]:
    """Return the length of a FLAC, from its last frame.

    Parameters
    ----------
    file : binary file
        seekable; its position changes

    Returns
    -------
    frames : int
        samples per channel, up to the end of the last complete FLAC frame
    complete : bool
        whether the file ends with that frame
    """
    begin = after_id3(file) + STREAMINFO
    size = file.seek(0, os.SEEK_END)
    file.seek(begin)
    fixed = int.from_bytes(file.read(2))
    file.seek(max(begin + 34, size - LONGEST_FRAME))
    data = file.read()
    if data[-128:].startswith(b"TAG"):  # an ID3v1 tag
        data = data[:-128]
    # bytes may look like a header by chance; a real frame ends where the next one begins
    ends: list[tuple[int, int]] = []
    at = len(data)
    while (at := data.rfind(b"\xff", 0, at)) >= 0 and len(ends) < LOOKALIKES:
        frame = _frame(data[at : at + 20], fixed)
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
    return len(frame) > SHORTEST and _crc(frame[:-2], 16, 0x8005) == int.from_bytes(frame[-2:])


def _frame(head: bytes, fixed: int) -> Frame | None:
    """Parse a frame header; return None if the checksum of the header does not match."""
    if len(head) < 6 or head[1] & 0xFE != 0xF8:
        return None
    code = head[2] >> 4
    number, at = _number(head, 4)
    if code in (6, 7):  # length - 1 follows the number
        extra = code - 5
        samples = int.from_bytes(head[at : at + extra]) + 1
        at += extra
    else:
        samples = BLOCK_SIZES.get(code, 0)
    at += {12: 1, 13: 2, 14: 2}.get(head[2] & 15, 0)  # an uncommon rate follows
    if not samples or at >= len(head) or _crc(head[:at], 8, 0x07) != head[at]:
        return None
    return Frame(number if head[1] & 1 else number * fixed, samples)


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


def _crc(data: bytes, bits: int, polynomial: int) -> int:
    """Return a cyclic redundancy check, most significant bit first, with initial value 0."""
    table = _table(bits, polynomial)
    register, mask = 0, (1 << bits) - 1
    for byte in data:
        register = (register << 8 & mask) ^ table[register >> (bits - 8) ^ byte]
    return register


@cache
def _table(bits: int, polynomial: int) -> list[int]:
    """Return the CRC of each single byte."""
    table = []
    for byte in range(256):
        register = byte << (bits - 8)
        for _ in range(8):
            register = register << 1 ^ (polynomial if register >> (bits - 1) & 1 else 0)
        table.append(register & ((1 << bits) - 1))
    return table
