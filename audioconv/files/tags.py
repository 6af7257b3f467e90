"""What files other than WAV tell besides their samples, and libsndfile does not pass on.

Only names are read here, for a notice: of Vorbis comments, ID3 frames, pictures and chunks.

References
----------
RFC 9639 (FLAC), 8.2; RFC 3533 (Ogg), 6; "Vorbis I specification", 5; RFC 7845 (Opus), 5.2;
M. Nilsson, "ID3 tag version 2.3.0", 1999; Apple, AIFF and CAF; Sonic Foundry, "Wave 64".
"""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Iterator
from typing import IO

from audioconv.files import containers

FIELDS = (
    *("title", "copyright", "encoder", "artist", "comment", "description", "date", "album"),
    *("license", "tracknumber", "genre"),
)
"""Vorbis comments that libsndfile passes on, one of each."""

FRAMES = (b"TIT2", b"TCOP", b"TENC", b"TSSE", b"TPE1", b"COMM", b"TDRC", b"TYER", b"TALB", b"TRCK")
"""ID3 frames that it passes on."""

BLOCKS = {2: "application data", 5: "cue sheet", 6: "picture"}
"""Metadata blocks of FLAC that it does not."""

KNOWN = {
    b"FORM": (b"COMM", b"SSND", b"FVER", b"NAME", b"AUTH", b"(c) ", b"ANNO", b"APPL", b"PEAK"),
    b"caff": (b"desc", b"data", b"pakt", b"kuki", b"free", b"info", b"strg", b"peak", b"chan"),
    b"riff": (b"riff", b"fmt ", b"data", b"fact", b"junk"),
}
"""Chunks that hold the sound, or what libsndfile passes on."""

LONGEST = 2**20
"""Comments are looked for in so many bytes of an Ogg file or an ID3 tag."""


def uncarried(file: IO[bytes]) -> tuple[str, ...]:
    """Name what a file tells that nobody here can carry.

    Parameters
    ----------
    file : binary file
        that can be sought in; its position is left anywhere
    """
    file.seek(0)
    start = file.read(12)
    try:
        if start[:4] == b"fLaC":
            return tuple(_flac(file, 4))
        if start[:4] == b"OggS":
            file.seek(0)
            return tuple(_ogg(file.read(LONGEST)))
        if start[:3] == b"ID3":
            return tuple(_id3(file))
        if start[:4] in KNOWN:
            return tuple(_chunks(file, start[:4]))
    except (struct.error, IndexError):  # damaged; what is whole has been named
        pass
    return ()


def _flac(file: IO[bytes], begin: int) -> Iterator[str]:
    last = False
    while not last:
        file.seek(begin)
        kind, *size = struct.unpack(">4B", file.read(4))
        last, kind = kind >= 128, kind & 127
        length = int.from_bytes(bytes(size))
        if kind == 4:
            yield from _comments(file.read(length))
        elif kind in BLOCKS:
            yield BLOCKS[kind]
        begin += 4 + length


def _ogg(data: bytes) -> Iterator[str]:
    """Name the comments in the second packet of the first stream."""
    packets, at = [b""], 0
    while len(packets) < 3:
        lacing = data[at + 27 : at + 27 + data[at + 26]]
        at += 27 + len(lacing)
        for size in lacing:
            packets[-1] += data[at : at + size]
            at += size
            if size < 255:
                packets.append(b"")
    comments = packets[1]
    skip = 8 if comments.startswith(b"OpusTags") else 7
    yield from _comments(comments[skip:])


def _comments(block: bytes) -> Iterator[str]:
    """Name the fields of a Vorbis comment that are not passed on, or only once."""

    def text(at: int) -> bytes:
        return block[at + 4 : at + 4 + struct.unpack("<I", block[at : at + 4])[0]]

    at = 4 + len(text(0))
    count = struct.unpack("<I", block[at : at + 4])[0]
    at += 4
    seen: Counter[str] = Counter()
    for _ in range(count):
        field = text(at)
        at += 4 + len(field)
        key = field.partition(b"=")[0].decode("ascii", "backslashreplace").lower()
        seen[key] += 1
        if key not in FIELDS:
            yield "picture" if key == "metadata_block_picture" else key
        elif seen[key] == 2:
            yield f"more than one {key}"


def _id3(file: IO[bytes]) -> Iterator[str]:
    """Name the frames of an ID3 tag of version 2.3 or 2.4."""
    file.seek(0)
    tag = file.read(10)
    version, size = tag[3], containers.synchsafe(tag[6:])
    data = file.read(min(size, LONGEST))
    at = 0
    while version >= 3 and data[at : at + 4].isalnum() and at + 10 <= len(data):
        frame, length = data[at : at + 4], data[at + 4 : at + 8]
        if frame not in FRAMES and frame != b"TCON":
            yield "picture" if frame == b"APIC" else frame.decode("ascii", "backslashreplace")
        at += 10 + (containers.synchsafe(length) if version > 3 else int.from_bytes(length))


def _chunks(file: IO[bytes], kind: bytes) -> Iterator[str]:
    for chunk, _, _ in containers.chunks(file):
        if chunk not in KNOWN[kind]:
            yield chunk.decode("ascii", "backslashreplace").strip()
