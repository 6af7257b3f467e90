"""What a file tells besides its samples, and what of it another file can hold.

Between WAV files chunks are carried as they are. Everywhere else go the ten fields that
libsndfile knows. What can be carried neither way has a name, so that it is not lost in silence.

References
----------
Microsoft and IBM, "Multimedia programming interface and data specifications 1.0", 1991 (LIST,
INFO, cue, smpl); EBU Tech 3285, "Broadcast wave format", 2011 (bext); iXML 2.1.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from audioconv.files.codecs.riff import IMPLIED_SPEAKERS, Chunk, Header, label
from audioconv.files.formats import display_name

TAGS = {
    "title": b"INAM",
    "artist": b"IART",
    "album": b"IPRD",
    "date": b"ICRD",
    "genre": b"IGNR",
    "tracknumber": b"ITRK",
    "comment": b"ICMT",
    "copyright": b"ICOP",
    "software": b"ISFT",
}
"""Fields that libsndfile carries, as a LIST chunk of type INFO names them."""

CARRIED = (
    *(b"bext", b"iXML", b"LIST", b"cue ", b"plst", b"smpl", b"inst", b"acid", b"DISP"),
    *(b"id3 ", b"ID3 ", b"cart", b"axml", b"chna", b"_PMX"),
)
"""Chunks that stay true of a sound when it is convolved."""

STRUCTURAL = (b"fmt ", b"fact", b"ds64", b"JUNK", b"junk", b"PAD ", b"FLLR", b"PEAK", b"levl")
"""Chunks that belong to the samples of one file, and are nothing to carry."""

RECIPE = b"aucv"
"""The private chunk that holds how a file was made."""

MOST_NAMES = 20

LOUDNESS = slice(412, 422)
UNSET = b"\xff\x7f" * 5
"""The five loudness figures of a bext chunk of version 2, and how it says that there are none."""


@dataclass(frozen=True)
class Metadata:
    """What a file tells besides its samples.

    Parameters
    ----------
    head, tail : tuple of Chunk
        RIFF chunks before the samples and after them
    tags : dict
        fields of a file that is not RIFF, by libsndfile's names
    speakers : int
        one bit for each speaker that a channel is for; 0 if it does not say
    lost : tuple of str
        names of what is there, and cannot be carried
    """

    head: tuple[Chunk, ...] = ()
    tail: tuple[Chunk, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    speakers: int = 0
    lost: tuple[str, ...] = ()

    def with_tags(self, tags: dict[str, str]) -> Metadata:
        """Add fields, but for those that are in an encoding nobody tells."""
        unread = [tag for tag, text in tags.items() if "\ufffd" in text]
        read = {tag: text for tag, text in tags.items() if tag not in unread and text}
        return replace(self, tags=read, lost=(*self.lost, *unread))

    def names(self) -> list[str]:
        """Name everything that it tells."""
        chunks = [
            label(chunk.body[:4] if chunk.id == b"LIST" else chunk.id)
            for chunk in (*self.head, *self.tail)
            if chunk.id not in (*STRUCTURAL, RECIPE)
        ]
        speakers = ["speaker positions"] * bool(self.speakers)
        return list(dict.fromkeys([*chunks, *self.tags, *speakers, *self.lost]))

    def carried(self, channels: int, made: int) -> Metadata:
        """Return what is still true of a convolution of so many channels, in `made` ones.

        Loudness that was measured is not, nor are speakers where the channels are others.
        """
        lost = list(self.lost)
        speakers = self.speakers
        if channels != made and speakers:
            speakers = 0
            lost.append("speaker positions")

        def keep(chunks: tuple[Chunk, ...]) -> Iterator[Chunk]:
            for chunk in chunks:
                if chunk.id in STRUCTURAL or chunk.id == RECIPE:
                    continue
                unknown_list = chunk.id == b"LIST" and chunk.body[:4] not in (b"INFO", b"adtl")
                if chunk.id not in CARRIED or unknown_list:
                    lost.append(label(chunk.id))
                elif chunk.id == b"chna" and channels != made:
                    lost.append("chna")
                elif chunk.id == b"bext" and _has_loudness(chunk.body):
                    lost.append("loudness (in bext)")
                    yield Chunk(chunk.id, UNSET.join(_around(chunk.body, LOUDNESS)))
                else:
                    yield chunk

        head, tail = tuple(keep(self.head)), tuple(keep(self.tail))
        return replace(self, head=head, tail=tail, speakers=speakers, lost=tuple(lost))

    def as_chunks(self) -> tuple[tuple[Chunk, ...], tuple[Chunk, ...], list[str]]:
        """Return the chunks of a WAV file, before and after its samples, and what has none."""
        info = _info({TAGS[tag]: text for tag, text in self.tags.items() if tag in TAGS})
        return (*self.head, *info), self.tail, [tag for tag in self.tags if tag not in TAGS]

    def as_tags(self) -> tuple[dict[str, str], list[str]]:
        """Return the fields of a file that is not RIFF, and what is none of them."""
        tags, lost = dict(self.tags), []
        names = {known: tag for tag, known in TAGS.items()} | {b"IPRT": "tracknumber"}
        for chunk in (*self.head, *self.tail):
            if chunk.id != b"LIST" or chunk.body[:4] != b"INFO":
                lost.append(label(chunk.body[:4] if chunk.id == b"LIST" else chunk.id))
                continue
            for known, text in _fields(chunk.body[4:]):
                if known not in names:
                    lost.append(label(known))
                elif names[known] in tags:
                    lost.append(f"more than one {label(known)}")
                else:
                    tags[names[known]] = text
        if self.speakers:
            lost.append("speaker positions")
        return tags, lost


NO_METADATA = Metadata()


def wave_metadata(
    header: Header, tail: tuple[Chunk, ...] = (), broken: tuple[str, ...] = ()
) -> Metadata:
    """Return what a WAV tells; the chunks of RIFX are big-endian, and cannot be carried."""
    implied = header.speakers == IMPLIED_SPEAKERS.get(header.channels)
    speakers = 0 if implied else header.speakers
    if header.order == "<":
        return Metadata(header.chunks, tail, speakers=speakers, lost=broken)
    named = [label(chunk.id) for chunk in (*header.chunks, *tail) if chunk.id not in STRUCTURAL]
    return Metadata(speakers=speakers, lost=(*named, *broken))


def recipe_of(metadata: Metadata) -> bytes | None:
    """Return the recipe that a file holds, if it holds one."""
    found = [chunk.body for chunk in (*metadata.head, *metadata.tail) if chunk.id == RECIPE]
    return found[-1] if found else None


def carried_recipe(metadata: Metadata) -> dict[str, Any] | None:
    """Return the recipe that a file holds, as it stands there, if it is one at all."""
    with suppress(ValueError, RecursionError):
        found = json.loads(recipe_of(metadata) or b"null")
        return found if isinstance(found, dict) else None
    return None


def listed(names: Iterable[str]) -> str:
    """Write names, each once, as a sentence has them.

    Examples
    --------
    >>> listed(["bext", "cue", "bext", "smpl"])
    'bext, cue and smpl'
    """
    *most, last = dict.fromkeys(display_name(text) for text in names)
    if len(most) > MOST_NAMES:
        most, last = most[:MOST_NAMES], f"{len(most) + 1 - MOST_NAMES} more"
    return f"{', '.join(most)} and {last}" if most else last


def _fields(body: bytes) -> Iterator[tuple[bytes, str]]:
    """Read the fields of an INFO list: each is a chunk that holds a string."""
    at = 0
    while at + 8 <= len(body):
        known, size = struct.unpack("<4sI", body[at : at + 8])
        text = body[at + 8 : at + 8 + size].partition(b"\0")[0]
        try:
            yield known, text.decode()
        except UnicodeDecodeError:  # the list does not tell its encoding; programs write these two
            yield known, text.decode("latin-1")
        at += 8 + size + size % 2


def _info(fields: dict[bytes, str]) -> list[Chunk]:
    """Write an INFO list, if there is anything to put in it."""
    if not fields:
        return []
    body = b"INFO"
    for known, text in fields.items():
        data = text.encode("utf-8", "surrogateescape") + b"\0"
        body += known + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    return [Chunk(b"LIST", body)]


def _has_loudness(bext: bytes) -> bool:
    version = struct.unpack("<H", bext[346:348])[0] if len(bext) >= 602 else 0
    return version >= 2 and bext[LOUDNESS] != UNSET


def _around(data: bytes, part: slice) -> tuple[bytes, bytes]:
    return data[: part.start], data[part.stop :]
