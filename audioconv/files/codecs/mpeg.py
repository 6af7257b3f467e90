"""MPEG audio (MP3): the number of frames, and a Xing tag for files without one.

libsndfile takes the length from the tag (Xing, Info or VBRI) that most encoders put in the first
frame. Without one it estimates the length from the size of that frame, and stops reading there.

References
----------
ISO/IEC 11172-3, 1993, and 13818-3, 1998, section 2.4.2.3; K. Windström, "MPEG audio frame
header", for the tag.
"""

from __future__ import annotations

import mmap
from typing import IO, NamedTuple

from audioconv.files.codecs.containers import after_id3, is_tag

TAGS = (b"Xing", b"Info")
LONGEST_TAG = 2**26
"""Bytes after the last frame that are checked for being a tag."""

RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
"""Sample rates in Hz, by the two version bits: MPEG-1, MPEG-2 and its extension 2.5."""

KILOBITS = {
    (True, 3): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 1): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 3): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 1): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Bit rates, by whether it is MPEG-1 and the two layer bits: 3 is layer I, 1 is layer III."""

DECODER_DELAY = 529
"""Frames that libsndfile drops from a file with a tag, to undo the delay of the decoder."""

LAYER_3 = 1
TAG_KILOBITS = 64


class Scan(NamedTuple):
    """The MPEG frames of a file.

    Parameters
    ----------
    frames : int
        number of complete frames, without that of the tag
    tagged : int or None
        number of frames that the tag states, or 0 if it states none; None without a tag
    first : bytes
        header of the first frame
    fault : str or None
        description of the first fault, with its offset
    """

    frames: int
    tagged: int | None
    first: bytes
    fault: str | None


def is_mpeg(file: IO[bytes]) -> bool:
    """Return whether a file begins with an MPEG frame, after an ID3 tag if there is one."""
    file.seek(after_id3(file))
    return _length(file.read(4)) is not None


def is_free(file: IO[bytes]) -> bool:
    """Return whether a file begins with a free-format frame, whose header omits its length."""
    file.seek(after_id3(file))
    header = file.read(4)
    return _length(header[:2] + b"\x10" + header[3:]) is not None and header[2] >> 4 == 0


def lacks_tag(scan: Scan) -> bool:
    """Return whether a file is of layer III, without a tag that states its length."""
    return not scan.tagged and scan.first[1] >> 1 & 3 == LAYER_3


def tag_length(scan: Scan) -> int:
    """Return the length in bytes of the frame of a tag; 0 without one."""
    return 0 if scan.tagged is None else _length(scan.first) or 0


def length(scan: Scan) -> int | None:
    """Return the samples per channel of a file of layer I or II, which libsndfile estimates."""
    layer = scan.first[1] >> 1 & 3
    return None if layer == LAYER_3 else scan.frames * (384 if layer == 3 else 1152)


def scan_frames(file: IO[bytes]) -> Scan:
    """Count the MPEG frames of a file, and check that nothing else is in it."""
    at = after_id3(file)
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        end = len(data)
        first = data[at : at + 4]
        tagged = _tag(data, at)
        frames = 0 if tagged is None else -1
        while (length := _length(data[at : at + 4])) is not None:
            if at + length > end:
                return Scan(frames, tagged, first, f"its last frame, at byte {at}, is truncated")
            frames += 1
            at += length
        fault = None
        if not is_tag(data[at : min(end, at + LONGEST_TAG)]):
            fault = f"it has no MPEG frame at byte {at}"
        elif tagged and tagged != frames:
            fault = f"it has {frames} MPEG frames, but its header states {tagged}"
        return Scan(frames, tagged, first, fault)


def tag(scan: Scan) -> bytes:
    """Return a Xing frame that states the number of frames, to be put before the first."""
    header = bytearray(scan.first)
    header[1] |= 1  # no checksum after the header
    kilobits = KILOBITS[_is_mpeg_1(header), LAYER_3]
    header[2] = (kilobits.index(TAG_KILOBITS) + 1) << 4 | header[2] & 0x0C
    length = _length(bytes(header)) or 0
    body = bytes(header) + bytes(_side(header)) + b"Xing" + (1).to_bytes(4)
    return (body + scan.frames.to_bytes(4)).ljust(length, b"\0")


def _tag(data: mmap.mmap, at: int) -> int | None:
    """Return the number of frames that a tag in the frame at `at` states; None without a tag."""
    header = data[at : at + 4]
    if _length(header) is None:
        return None
    for checksum in (0, 2):  # encoders differ in whether they count one before the tag
        begin = at + 4 + _side(header) + checksum
        if data[begin : begin + 4] in TAGS:
            has_count = int.from_bytes(data[begin + 4 : begin + 8]) & 1
            return int.from_bytes(data[begin + 8 : begin + 12]) if has_count else 0
    if data[at + 36 : at + 40] == b"VBRI":
        return int.from_bytes(data[at + 50 : at + 54])
    return None


def _side(header: bytes | bytearray) -> int:
    """Return the bytes of side information between the header and a tag."""
    mono = header[3] >> 6 == 3
    if _is_mpeg_1(header):
        return 17 if mono else 32
    return 9 if mono else 17


def _is_mpeg_1(header: bytes | bytearray) -> bool:
    return header[1] >> 3 & 3 == 3


def _length(header: bytes) -> int | None:
    """Return the length of a frame in bytes, or None if `header` is not a frame header."""
    if len(header) < 4 or header[0] != 0xFF or header[1] & 0xE0 != 0xE0:
        return None
    version, layer = header[1] >> 3 & 3, header[1] >> 1 & 3
    kind, rate = header[2] >> 4, header[2] >> 2 & 3
    if version == 1 or layer == 0 or kind in (0, 15) or rate == 3:
        return None
    bits = KILOBITS[version == 3, layer][kind - 1] * 1000
    padding = header[2] >> 1 & 1
    if layer == 3:
        return (12 * bits // RATES[version][rate] + padding) * 4
    samples = 576 if layer == LAYER_3 and version != 3 else 1152
    return samples // 8 * bits // RATES[version][rate] + padding
