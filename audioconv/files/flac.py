"""How long a FLAC is whose header does not tell, as when it was made in a pipe.

Every frame tells where it stands and how long it is, and ends with a checksum. So the last one
gives the length; and if its checksum ends elsewhere than the file, the file is cut short.

References
----------
RFC 9639, "Free Lossless Audio Codec (FLAC)", 2024, sections 8.2 (streaminfo), 9.1 (frame header)
and 9.3 (frame footer).
"""

from __future__ import annotations

import os
from typing import IO, NamedTuple

LONGEST_FRAME = 2**22
"""A frame of 65535 samples, 8 channels and 32 bits that nothing compresses has half of it."""

TOTAL = 2**36 - 1
"""The bits that hold the length, the last of five bytes."""

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
    file.seek(0)
    start = file.read(STREAMINFO + 18)
    return start[:4] == b"fLaC" and int.from_bytes(start[-5:]) & TOTAL == 0


def tell_length(file: IO[bytes]) -> bool:
    """Write its length into the header of a FLAC; return whether it is whole."""
    frames, whole = length(file)
    file.seek(STREAMINFO + 13)
    other = int.from_bytes(file.read(5)) & ~TOTAL
    file.seek(STREAMINFO + 13)
    file.write((other | frames & TOTAL).to_bytes(5))
    file.flush()
    return whole


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
    size = file.seek(0, os.SEEK_END)
    file.seek(STREAMINFO)
    fixed = int.from_bytes(file.read(2))
    file.seek(max(42, size - LONGEST_FRAME))
    data = file.read()
    # some bytes look like a header by chance: a frame is one that ends where another begins
    ends: list[tuple[int, int]] = []
    at = len(data)
    while (at := data.rfind(b"\xff", 0, at)) >= 0 and len(ends) < LOOKALIKES:
        frame = _frame(data[at : at + 20], fixed)
        if frame is None:
            continue
        if _is_whole(data[at:]):
            return frame.start + frame.length, True
        for end, start in ends:
            if _is_whole(data[at:end]):
                return start, False
        ends.append((at, frame.start))
    return (ends[-1][1] if ends else 0), False


def _is_whole(frame: bytes) -> bool:
    return _crc(frame[:-2], 16, 0x8005) == int.from_bytes(frame[-2:])


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
    table = []
    for byte in range(256):
        register = byte << (bits - 8)
        for _ in range(8):
            register = register << 1 ^ (polynomial if register >> (bits - 1) & 1 else 0)
        table.append(register & ((1 << bits) - 1))
    register, mask = 0, (1 << bits) - 1
    for byte in data:
        register = (register << 8 & mask) ^ table[register >> (bits - 8) ^ byte]
    return register
