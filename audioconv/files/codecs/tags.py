"""Tags around and between the parts of a file: ID3, APE and Lyrics3, whose length is enough here.

References
----------
M. Nilsson, "ID3 tag version 2.4.0, main structure", 2000, section 3.1; E. Kemp, "ID3v1", 1996;
F. Klemm, "APE tag version 2", 2004; P. Strnad, "Lyrics3 version 2.00", 1998.
"""

from __future__ import annotations

from typing import IO

ID3V1 = 128
"""Bytes of a tag of ID3 version 1, which begins with "TAG"."""

EXTENDED_ID3V1 = 227
"""Bytes of its extension, which begins with "TAG+" and precedes it."""

LONGEST_LYRICS = LONGEST_APE = 2**20
LYRICS_ENDS = (b"LYRICS200", b"LYRICSEND")


MOST_TAGS = 100
"""Tags in a row; a file of nothing but empty tags would have very many."""


def first_id3(file: IO[bytes]) -> int:
    """Return the bytes of the first ID3 tag of a file that is not empty; 0 without one."""
    length = _id3(file, 0) or 0
    return length if length > 10 else 0


def after_id3(file: IO[bytes]) -> int:
    """Return the offset after the ID3 tags at the beginning of a file; 0 if there are none."""
    begin = 0
    for _ in range(MOST_TAGS):
        begin += _id3(file, begin) or 0
    return begin


def is_tag(file: IO[bytes], begin: int) -> bool:
    """Return whether a tag begins at an offset."""
    return _length(file, begin) is not None


def after_tags(file: IO[bytes], begin: int, end: int) -> int:
    """Return the offset after all tags that follow each other from `begin` on, up to `end`."""
    for _ in range(MOST_TAGS):
        length = _length(file, begin) or _ape_without_header(file, begin)
        if length is None or begin + length > end:
            break
        begin += length
    return begin


def synchsafe(size: bytes) -> int:
    r"""Decode a size of ID3, with seven bits in each byte.

    Examples
    --------
    >>> synchsafe(b"\0\0\1\0")
    128
    """
    return sum((byte & 127) << 7 * place for place, byte in enumerate(reversed(size)))


def _length(file: IO[bytes], begin: int) -> int | None:
    """Return the bytes of the tag at an offset; None if there is none."""
    file.seek(begin)
    start = file.read(32)
    if start.startswith(b"TAG+"):
        return EXTENDED_ID3V1
    if start.startswith(b"TAG"):
        return ID3V1
    if start.startswith(b"APETAGEX") and len(start) == 32:
        # the size includes the footer, but not the header, which this is if a flag is set
        size, flags = int.from_bytes(start[12:16], "little"), int.from_bytes(start[20:24], "little")
        return size + 32 if flags >> 29 & 1 else 32
    if start.startswith(b"LYRICSBEGIN"):
        file.seek(begin)
        text = file.read(LONGEST_LYRICS)
        ends = [at + len(end) for end in LYRICS_ENDS if (at := text.find(end)) >= 0]
        return min(ends, default=None)
    return _id3(file, begin)


def _ape_without_header(file: IO[bytes], begin: int) -> int | None:
    """Return the bytes of an APE tag that has only a footer, whose size leads back to it."""
    file.seek(begin)
    data = file.read(LONGEST_APE)
    at = data.find(b"APETAGEX")
    size = int.from_bytes(data[at + 12 : at + 16], "little")
    return size if 0 <= at == size - 32 else None


def _id3(file: IO[bytes], begin: int) -> int | None:
    """Return the bytes of the tag of ID3 version 2 at an offset; None if there is none."""
    file.seek(begin)
    start = file.read(10)
    if start[:3] != b"ID3" or len(start) < 10:
        return None
    footer = 10 * (start[5] >> 4 & 1)
    return 10 + synchsafe(start[6:]) + footer
