"""FLAC: how long one is whose header does not tell, as from a pipe, and whether one is right.

Every frame tells where it stands and how long it is, and ends with a checksum. So the last one
gives the length; and if its checksum ends elsewhere than the file, the file is cut short.

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

from audioconv.engines.convolver import Audio
from audioconv.files.codecs.containers import after_id3

LONGEST_FRAME = 2**22
"""A frame of 65535 samples, 8 channels and 32 bits that nothing compresses has half of it."""

TOTAL = 2**36 - 1
"""The bits that hold the length, the last of five bytes."""

SHORTEST, LONGEST_HEADER = 8, 17
"""Bytes that a frame has at least, and its header at most."""

LOOKALIKES = 8
"""Places beyond the last frame that can be taken for the beginning of one; one is rare."""

BLOCK_SIZES = {1: 192, **{n: 144 << n for n in range(2, 6)}, **{n: 1 << n for n in range(8, 16)}}


class Frame(NamedTuple):
    """Where a frame stands in a sound, in samples of one channel, and how many it holds."""

    start: int
    length: int


STREAMINFO = 8
"""The byte at which the first metadata block begins, behind its header."""


def tells_no_length(file: IO[bytes]) -> bool:
    """Tell whether a file is a FLAC whose header leaves its length open."""
    file.seek(after_id3(file))
    start = file.read(STREAMINFO + 18)
    return start[:4] == b"fLaC" and int.from_bytes(start[-5:]) & TOTAL == 0


def is_finished(file: IO[bytes]) -> bool:
    """Tell whether the header of a FLAC has the sizes of its frames, which are written last."""
    file.seek(0)
    start = file.read(STREAMINFO + 10)
    return start[:4] != b"fLaC" or any(start[-6:])


def told_length(file: IO[bytes]) -> tuple[int, bytes, bool]:
    """Find the length of a FLAC that does not tell it.

    Returns
    -------
    at : int
        the byte from which on its header has to be changed
    told : bytes
        what has to stand there
    whole : bool
        whether the file ends where its last frame does
    """
    frames, whole = length(file)
    at = after_id3(file) + STREAMINFO + 13
    file.seek(at)
    other = int.from_bytes(file.read(5)) & ~TOTAL
    return at, (other | frames & TOTAL).to_bytes(5), whole


class Checksum:
    """What a FLAC says that the MD5 of its samples is, and what it is.

    RFC 9639, section 8.2: of whole numbers, little-endian, in as many bytes as they need.
    """

    def __init__(self, said: bytes, bits: int) -> None:
        self._said = said
        self._bits = bits
        self._found = hashlib.md5(usedforsecurity=False)

    @classmethod
    def of(cls, file: IO[bytes]) -> Checksum | None:
        """Read it from a file, if that is a FLAC and has one."""
        file.seek(after_id3(file))
        start = file.read(STREAMINFO + 34)
        bits = (int.from_bytes(start[-22:-20]) >> 4 & 31) + 1
        said = start[-16:]
        # libsndfile does not read other numbers of bits
        fits = start[:4] == b"fLaC" and bits in (8, 16, 24) and any(said)
        return cls(said, bits) if fits else None

    def take(self, block: Audio) -> None:
        """Take note of samples in -1 to 1."""
        # each is a whole number of steps, exactly
        steps = block * 2.0 ** (self._bits - 1)
        if self._bits == 24:
            narrow = steps.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3]
            self._found.update(np.ascontiguousarray(narrow).data)
        else:
            self._found.update(np.ascontiguousarray(steps.astype(f"<i{self._bits // 8}")).data)

    def right(self) -> bool:
        """Tell whether the samples are those that the file says."""
        return self._found.digest() == self._said


def length(file: IO[bytes]) -> tuple[int, bool]:
    """Find how many frames of sound a FLAC holds.

    Parameters
    ----------
    file : binary file
        that can be sought in; its position is left anywhere

    Returns
    -------
    frames : int
        up to the end of its last whole FLAC frame
    whole : bool
        whether the file ends there
    """
    begin = after_id3(file) + STREAMINFO
    size = file.seek(0, os.SEEK_END)
    file.seek(begin)
    fixed = int.from_bytes(file.read(2))
    file.seek(max(begin + 34, size - LONGEST_FRAME))
    data = file.read()
    if data[-128:].startswith(b"TAG"):  # of ID3, old
        data = data[:-128]
    # some bytes look like a header by chance: a frame is one that ends where another begins
    ends: list[tuple[int, int]] = []
    at = len(data)
    while (at := data.rfind(b"\xff", 0, at)) >= 0 and len(ends) < LOOKALIKES:
        frame = _frame(data[at : at + 20], fixed)
        if frame is None:
            continue
        if _is_whole(data[at:]):
            return frame.start + frame.length, True
        # or the beginning of another header follows, too short to be known
        rest = range(1, LONGEST_HEADER if not ends else 1)
        if any(_is_whole(data[at : len(data) - more]) for more in rest):
            return frame.start + frame.length, False
        for end, start in ends:
            if _is_whole(data[at:end]):
                return start, False
        ends.append((at, frame.start))
    return (ends[-1][1] if ends else 0), False


def _is_whole(frame: bytes) -> bool:
    return len(frame) > SHORTEST and _crc(frame[:-2], 16, 0x8005) == int.from_bytes(frame[-2:])


def _frame(head: bytes, fixed: int) -> Frame | None:
    """Read a frame header, if this is one: its own checksum tells."""
    if len(head) < 6 or head[1] & 0xFE != 0xF8:
        return None
    code = head[2] >> 4
    number, at = _number(head, 4)
    if code in (6, 7):  # the length stands after the number, less one
        extra = code - 5
        samples = int.from_bytes(head[at : at + extra]) + 1
        at += extra
    else:
        samples = BLOCK_SIZES.get(code, 0)
    at += {12: 1, 13: 2, 14: 2}.get(head[2] & 15, 0)  # a rate of its own
    if not samples or at >= len(head) or _crc(head[:at], 8, 0x07) != head[at]:
        return None
    return Frame(number if head[1] & 1 else number * fixed, samples)


def _number(head: bytes, at: int) -> tuple[int, int]:
    """Read a number coded like a character of UTF-8, and return what follows it."""
    first = head[at]
    more = 0
    while first & (0x80 >> more):
        more += 1
    value = first & (0x7F >> more)
    for byte in head[at + 1 : at + more]:
        value = value << 6 | byte & 0x3F
    return value, at + max(1, more)


def _crc(data: bytes, bits: int, polynomial: int) -> int:
    """Return a cyclic redundancy check, most significant bit first, beginning with zero."""
    table = _table(bits, polynomial)
    register, mask = 0, (1 << bits) - 1
    for byte in data:
        register = (register << 8 & mask) ^ table[register >> (bits - 8) ^ byte]
    return register


@cache
def _table(bits: int, polynomial: int) -> list[int]:
    """Return the check of each single byte."""
    table = []
    for byte in range(256):
        register = byte << (bits - 8)
        for _ in range(8):
            register = register << 1 ^ (polynomial if register >> (bits - 1) & 1 else 0)
        table.append(register & ((1 << bits) - 1))
    return table
