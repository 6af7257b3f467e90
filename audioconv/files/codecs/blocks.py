"""Codings of WAV and Wave 64 in blocks: GSM 6.10, IMA ADPCM and Microsoft ADPCM.

The number of samples is a multiple of those in a block, unless a fact chunk states where in the
last block they end. libsndfile ignores that chunk, drops a partial last block of one coding, and
makes a whole one of a byte of padding after another.

References
----------
IBM and Microsoft, "Multimedia programming interface and data specifications 1.0", 1991; Microsoft,
"New multimedia data types and data techniques", revision 3.0, 1994.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from audioconv.files.codecs.riff import EXTENSIBLE

MS_ADPCM, IMA_ADPCM, GSM = 0x0002, 0x0011, 0x0031
MPEG = (0x0050, 0x0055)
"""Format tags of layers I and II, and of layer III."""


@dataclass(frozen=True)
class Blocks:
    """The blocks of a coding.

    Parameters
    ----------
    tag : int
        format tag
    channels : int
    size : int
        bytes of a block
    samples : int
        samples per channel of a block
    """

    tag: int
    channels: int
    size: int
    samples: int

    def held(self, data_bytes: int) -> tuple[int, int]:
        """Return the samples per channel of some bytes, and those of the last, partial block."""
        whole, rest = divmod(data_bytes, self.size)
        last = min(self.samples, self._partial(rest))
        return whole * self.samples + last, last

    def length(self, data_bytes: int, fact: int | None) -> int:
        """Return the number of samples per channel of some bytes.

        Parameters
        ----------
        data_bytes : int
        fact : int or None
            the number that the fact chunk states; it counts if it ends inside the last block
        """
        held, last = self.held(data_bytes)
        return shortened(held, last or self.samples, fact)

    def _partial(self, rest: int) -> int:
        """Return the samples per channel of the beginning of a block."""
        if self.tag == GSM:
            return 160 if rest >= 33 else 0  # the first of two frames of 32.5 bytes
        if self.tag == MS_ADPCM:  # a header with two samples; then four bits for each
            more = rest - 7 * self.channels
            return 2 + more * 2 // self.channels if more >= 0 else 0
        # a header with one sample; then groups of eight of each channel, of four bits each
        more = rest - 4 * self.channels
        return 1 + more // (4 * self.channels) * 8 if more >= 0 else 0


def shortened(held: int, last: int, fact: int | None) -> int:
    """Return the length that a fact chunk states, if it ends inside the last block.

    Parameters
    ----------
    held, last : int
        samples per channel of all blocks, and of the last one
    fact : int or None

    Examples
    --------
    >>> shortened(1600, 320, 1590), shortened(1600, 320, 1000)
    (1590, 1600)
    """
    return fact if fact is not None and held - last < fact <= held else held


def format_tag(fmt: bytes, order: str = "<") -> int:
    """Return the format tag of a fmt chunk."""
    tag, inner = (struct.unpack(order + "H", fmt[at : at + 2].ljust(2, b"\0"))[0] for at in (0, 24))
    return int(inner if tag == EXTENSIBLE else tag)


def blocks(fmt: bytes, order: str = "<") -> Blocks | None:
    """Return the blocks of a fmt chunk; None for a coding that has none."""
    tag = format_tag(fmt, order)
    channels, size, samples = (
        struct.unpack(order + "H", fmt[at : at + 2].ljust(2, b"\0"))[0] for at in (2, 12, 18)
    )
    if not channels or not size or tag not in (MS_ADPCM, IMA_ADPCM, GSM):
        return None
    if tag == GSM:
        return Blocks(tag, channels, 65, 320)
    return Blocks(tag, channels, size, samples) if samples else None
