"""Headers of MPEG audio frames (MP3, MP2, MP1), and the tag of an encoder in the first frame.

Encoders put a tag (Xing, Info or VBRI) into a silent first frame, with the number of frames, and
with the samples to drop from the beginning and the end.

References
----------
ISO/IEC 11172-3, 1993, and 13818-3, 1998, section 2.4.2.3; K. Windström, "MPEG audio frame
header"; G. Bouvigne, "MP3 info tag revision 1", for the encoder's delay and padding.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
"""Sample rates in Hz, by the two version bits: MPEG-1, MPEG-2 and its extension 2.5."""

KILOBITS = {
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Bit rates, by whether it is MPEG-1, and layer."""

SYNC = re.compile(rb"\xff(?=[\xe2-\xff][\x00-\xef].)", re.DOTALL)
"""The beginning of a frame header."""

HEAD = 48
"""Bytes of a frame in which the name of a tag is looked for."""

LONGEST_TAG = 256
"""Bytes of a frame that hold all fields of a tag, wherever it begins."""


class Header(NamedTuple):
    """The fields of a frame header.

    Parameters
    ----------
    version : {3, 2, 0}
        the two version bits; MPEG-1, MPEG-2 and its extension 2.5
    layer : {1, 2, 3}
    rate, channels : int
    length : int
        bytes of the frame; of free format, whose header omits the length, only the padding
    free : bool
        whether it is of free format
    """

    version: int
    layer: int
    rate: int
    channels: int
    length: int
    free: bool

    @property
    def samples(self) -> int:
        """Samples per channel of a frame."""
        if self.layer == 1:
            return 384
        return 576 if self.layer == 3 and self.version != 3 else 1152

    @property
    def side(self) -> int:
        """Bytes of side information between the header and a tag."""
        if self.version == 3:
            return 17 if self.channels == 1 else 32
        return 9 if self.channels == 1 else 17

    @property
    def sound(self) -> str:
        """Layer, rate and channels, which must not change."""
        return f"layer {self.layer}, {self.rate} Hz, {('mono', 'stereo')[self.channels - 1]}"


class Tag(NamedTuple):
    """The tag of an encoder in the first frame.

    Parameters
    ----------
    frames, size : int or None
        number of MPEG frames, and bytes of them all with that of the tag, as stated
    delay : int or None
        samples that the encoder put before the sound; None if players drop none
    padding : int
        samples that it put after the sound
    """

    frames: int | None = None
    size: int | None = None
    delay: int | None = None
    padding: int = 0


@lru_cache(2**12)
def parse_header(data: bytes) -> Header | None:
    """Return the fields of a frame header; None if it is not one."""
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE0 != 0xE0:
        return None
    version, layer = data[1] >> 3 & 3, 4 - (data[1] >> 1 & 3)
    kind, frequency = data[2] >> 4, data[2] >> 2 & 3
    if version == 1 or layer == 4 or kind == 15 or frequency == 3:
        return None
    rate = RATES[version][frequency]
    channels = 1 if data[3] >> 6 == 3 else 2
    header = Header(version, layer, rate, channels, 0, kind == 0)
    length = (data[2] >> 1 & 1) * (4 if layer == 1 else 1)
    if kind:
        bits = KILOBITS[version == 3, layer][kind - 1] * 1000
        length += 12 * bits // rate * 4 if layer == 1 else header.samples // 8 * bits // rate
    return header._replace(length=length)


def parse_tag(data: bytes, header: Header) -> Tag | None:
    """Return the tag in the first bytes of a frame; None without one."""
    place = tag_place(data, header)
    if not place:
        return None
    if data[place:].startswith(b"VBRI"):
        return Tag(int.from_bytes(data[50:54]), int.from_bytes(data[46:50]))
    return _xing(data[place + 4 :])


def tag_place(data: bytes, header: Header) -> int:
    """Return the offset of a tag in the bytes of a frame; 0 without one."""
    if header.layer == 3:
        begin = 4 + header.side  # encoders differ in whether they count a checksum before it
        for place in (begin, begin + 2):
            if data[place : place + 4] in (b"Xing", b"Info"):
                return place
        if data[36:40] == b"VBRI":
            return 36
    return 0


def _xing(data: bytes) -> Tag:
    """Return the fields of a Xing or Info tag, from its flags on."""
    flags = int.from_bytes(data[:4])
    at, fields = 4, []
    for flag, size in ((1, 4), (2, 4), (4, 100), (8, 4)):
        present = bool(flags & flag)
        fields.append(int.from_bytes(data[at : at + size]) if present else None)
        at += size * present
    encoder = data[at : at + 24]
    if len(encoder) < 24 or not encoder[0]:
        return Tag(fields[0], fields[1], 0)
    both = int.from_bytes(encoder[21:24])
    return Tag(fields[0], fields[1], both >> 12, both & 0xFFF)
