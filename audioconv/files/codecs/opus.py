"""Opus in Ogg: the start of a stream that was cut from a longer one.

Such a stream begins at a granule position above 0. libsndfile then leaves the pre-skip in, and
loses as many samples at the end. So positions are moved, for it to see a stream from 0 on.

References
----------
RFC 6716, "Definition of the Opus audio codec", 2012, section 3.1; RFC 7845, "Ogg encapsulation
for the Opus audio codec", 2016, sections 4 and 5.1.
"""

from __future__ import annotations

from typing import IO

from audioconv.files.codecs import ogg
from audioconv.files.codecs.splice import Piece

MAGIC = b"OpusHead"

HEADERS = 2
"""Packets before the sound; the second, with the comments, ends its page."""

FRAME_SAMPLES = (
    *(480, 960, 1920, 2880) * 3,  # SILK
    *(480, 960) * 2,  # hybrid
    *(120, 240, 480, 960) * 4,  # CELT
)
"""Samples of a frame at 48 kHz, by the configuration in the first byte of a packet."""


def mapping_family(head: bytes) -> int:
    """Return the channel mapping family of an identification header."""
    return head[18] if len(head) > 18 else 0


def samples(packet: bytes) -> int:
    r"""Return the length of a packet in samples at 48 kHz.

    Examples
    --------
    >>> samples(b"\xfc")  # one CELT frame of 20 ms
    960
    """
    if not packet:
        return 0
    code = packet[0] & 3
    count = packet[1] & 63 if code == 3 and len(packet) > 1 else min(2, code + 1)
    return FRAME_SAMPLES[packet[0] >> 3] * count


def from_zero(file: IO[bytes]) -> list[Piece]:
    """Return the pieces of a stream with positions from 0 on; empty if it begins there."""
    start = _start(file)
    if not start:
        return []
    pieces: list[Piece] = []
    for page in ogg.pages(file):
        if page.granule <= 0:
            pieces.append(range(page.begin, page.begin + len(page.data)))
            continue
        granule = (page.granule - start).to_bytes(8, "little")
        pieces += ogg.replaced(page, page.data[:6] + granule)
    return pieces


def _start(file: IO[bytes]) -> int:
    """Return the position of the first sample of a stream; 0 also where it is ambiguous."""
    headers = length = 0
    packet = b""
    for page in ogg.pages(file):
        ended = list(page.packets())
        if ended:
            ended[0], packet = packet + ended[0], b""
        packet += page.body[page.ends[-1][1] if page.ends else 0 :]
        if headers < HEADERS:
            headers += len(ended)
            continue
        length += sum(map(samples, ended))
        if page.granule >= 0:
            # on a last page, the difference is instead that of samples cut from the end
            return 0 if page.flags & ogg.LAST else max(0, page.granule - length)
    return 0
