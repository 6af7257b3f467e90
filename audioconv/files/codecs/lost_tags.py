"""Names of metadata in files other than WAV that libsndfile does not expose.

Only the names of Vorbis comments, ID3 frames, pictures and chunks are read, for a notice, and put
into words where few people know them.

References
----------
RFC 9639 (FLAC), 8.2; RFC 3533 (Ogg), 6; "Vorbis I specification", 5; RFC 7845 (Opus), 5.2;
M. Nilsson, "ID3 tag version 2.3.0", 1999; Apple, AIFF and CAF; Sonic Foundry, "Wave 64".
"""

from __future__ import annotations

import re
import struct
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from typing import IO

from audioconv.files.codecs import containers, tags

FIELDS = (
    *("title", "copyright", "encoder", "artist", "comment", "date", "album"),
    *("license", "tracknumber", "genre", "software"),
)
"""Vorbis comments that libsndfile exposes, one of each."""

FRAMES = (
    *(b"TIT2", b"TCOP", b"TENC", b"TSSE", b"TPE1", b"COMM", b"TDRC", b"TYER", b"TALB", b"TRCK"),
    b"TCON",
)
OLD_FRAMES = (*(b"TT2", b"TCR", b"TEN", b"TSS", b"TP1", b"COM", b"TYE", b"TAL", b"TRK", b"TCO"),)
"""ID3 frames that libsndfile exposes, and their names in version 2.2."""

PLAIN_LAYOUTS = (b"\0\x64\0\1", b"\0\x65\0\2")
"""Layout tags of mono and stereo in a chan chunk of CAF."""

MOST_NAMES = 1000
LONGEST_NAME = 100

BLOCKS = {2: "application data", 5: "cue sheet", 6: "cover art"}
"""Metadata blocks of FLAC that libsndfile does not expose."""

WORDS = {
    "album artist": "TPE2 TP2",
    "AES channel status": "AESD",
    "Apple Loops data": "basc trns cate",
    "attached files": "GEOB GEO",
    "CD table of contents": "MCDI MCI",
    "chapters": "CHAP CTOC chapters",
    "comments": "COMT",
    "composer": "TCOM TCM IMUS",
    "conductor": "TPE3 TP3",
    "cover art": "APIC PIC metadata_block_picture coverart coverartmime",
    "credits": "IPLS IPL TIPL TMCL",
    "custom fields": "TXXX TXX",
    "disc number": "TPOS TPA",
    "encoded by": "IENC",
    "engineer": "IENG",
    "equalisation": "EQU2 EQUA EQU",
    "grouping": "TIT1 TT1 GRP1",
    "identifiers": "UFID UFI",
    "instrument settings": "INST",
    "ISRC": "TSRC TRC",
    "key": "TKEY TKE",
    "keywords": "IKEY",
    "language": "TLAN TLA ILNG",
    "length": "TLEN TLE",
    "lyricist": "TEXT TXT",
    "lyrics": "USLT ULT SYLT SLT unsyncedlyrics",
    "markers": "MARK mark",
    "medium": "TMED TMT IMED",
    "MIDI data": "MIDI midi",
    "mood": "TMOO",
    "original album": "TOAL TOT",
    "original artist": "TOPE TOA",
    "play counter": "PCNT CNT",
    "private data": "PRIV",
    "publisher": "TPUB TPB",
    "rating": "POPM POP IRTD",
    "recording date": "TDAT TDA TIME TIM TRDA TRD",
    "regions": "regn",
    "release date": "TDOR TDRL TORY TOR",
    "remixer": "TPE4 TP4",
    "replay gain": "RGAD",
    "sort order": "TSOA TSOP TSOT TSO2 TSOC TST TSA TSP TS2 TSC",
    "source": "ISRC ISRF",
    "speaker positions": "CHAN",
    "subject": "ISBJ",
    "subtitle": "TIT3 TT3",
    "technician": "ITCH",
    "tempo": "TBPM TBP SYTC STC",
    "terms of use": "USER",
    "volume adjustment": "RVA2 RVAD RVA XRVA",
    "writer": "IWRI",
}
"""Words for names of ID3 frames, Vorbis comments, INFO fields and chunks of AIFF and CAF."""

NAMES = {name: word for word, names in WORDS.items() for name in names.split()}
PATTERNS = (
    (r"chapter\d+(name|url)?", "chapters"),
    (r"replaygain_.*|r128_.*", "replay gain"),
    (r"musicbrainz_.*|acoustid_.*", "MusicBrainz identifiers"),
    (r"W[A-Z]{2,3}", "links"),
)
"""Words for names that are numbered, or that have many kinds."""

KNOWN = {
    b"FORM": (b"COMM", b"SSND", b"FVER", b"NAME", b"AUTH", b"(c) ", b"ANNO", b"APPL", b"PEAK"),
    b"caff": (b"desc", b"data", b"pakt", b"kuki", b"free", b"info", b"strg", b"peak"),
    b"riff": (b"riff", b"wave", b"fmt ", b"data", b"fact", b"junk"),
}
"""Chunks that hold the audio, or metadata that libsndfile exposes."""

LONGEST = 2**20
"""Bytes of an Ogg file that are searched for comments."""


def lost_names(file: IO[bytes]) -> tuple[str, ...]:
    """Return the names of all metadata in a file that libsndfile does not expose.

    Parameters
    ----------
    file : binary file
        seekable; its position changes
    """
    names: list[str] = []
    with suppress(struct.error, IndexError):  # damaged; the intact part is named
        names.extend(islice(_lost_names(file), MOST_NAMES))
    return tuple(dict.fromkeys(map(in_words, names)))


def in_words(name: str) -> str:
    """Return a plain word for the name of a field, where there is one.

    Examples
    --------
    >>> in_words("APIC"), in_words("chapter001name"), in_words("mood")
    ('cover art', 'chapters', 'mood')
    """
    found = (word for pattern, word in PATTERNS if re.fullmatch(pattern, name))
    return NAMES.get(name) or next(found, name)


def _lost_names(file: IO[bytes]) -> Iterator[str]:
    begin = tags.after_id3(file)
    if begin:
        yield from _id3(file)
    file.seek(begin)
    start = file.read(4)
    if start == b"fLaC":
        yield from _flac(file, begin + 4)
    elif start == b"OggS":
        file.seek(begin)
        yield from _ogg(file.read(LONGEST))
    elif start in KNOWN:
        yield from _chunks(file, start)


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
    """Yield the names of comments in the second packet of the first stream."""
    packets, at = [bytearray()], 0
    while len(packets) < 3 and at + 26 < len(data):
        lacing = data[at + 27 : at + 27 + data[at + 26]]
        at += 27 + len(lacing)
        for size in lacing:
            packets[-1] += data[at : at + size]
            at += size
            if size < 255:
                packets.append(bytearray())
    comments = bytes(packets[1])
    skip = 8 if comments.startswith(b"OpusTags") else 7
    yield from _comments(comments[skip:])


def _comments(block: bytes) -> Iterator[str]:
    """Yield the names of Vorbis comments that are not exposed, or of which only one is."""

    def text(at: int) -> bytes:
        return block[at + 4 : at + 4 + struct.unpack("<I", block[at : at + 4])[0]]

    at = 4 + len(text(0))
    count = struct.unpack("<I", block[at : at + 4])[0]
    at += 4
    counts: Counter[str] = Counter()
    for _ in range(min(count, MOST_NAMES)):
        field = text(at)
        at += 4 + len(field)
        key = field[:LONGEST_NAME].partition(b"=")[0].decode("ascii", "backslashreplace").lower()
        counts[key] += 1
        if key not in FIELDS:
            yield key
        elif counts[key] == 2:
            yield f"more than one {key}"


def _id3(file: IO[bytes]) -> Iterator[str]:
    """Yield the names of ID3 frames that are not exposed."""
    file.seek(0)
    start = file.read(10)
    version, end = start[3], 10 + tags.synchsafe(start[6:])
    names, header = (OLD_FRAMES, 6) if version == 2 else (FRAMES, 10)
    at = 10
    while at + header <= end:
        file.seek(at)
        head = file.read(header)
        frame, length = (head[:3], head[3:6]) if version == 2 else (head[:4], head[4:8])
        if not frame.isalnum():
            return
        if frame not in names:
            yield frame.decode("ascii", "backslashreplace")
        at += header
        at += tags.synchsafe(length) if version > 3 else int.from_bytes(length)


def _chunks(file: IO[bytes], kind: bytes) -> Iterator[str]:
    for chunk, begin, _ in containers.chunks(file):
        if chunk == b"chan":  # mono and stereo layouts need no notice
            file.seek(begin)
            if file.read(4) not in PLAIN_LAYOUTS:
                yield "speaker positions"
        elif chunk not in KNOWN[kind]:
            yield chunk.decode("ascii", "backslashreplace").strip()
