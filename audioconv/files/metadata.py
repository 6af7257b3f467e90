"""Metadata of sound files, and the part of it that another file can hold.

Between WAV files, chunks are copied unchanged. Between other formats, the fields that libsndfile
supports are copied. The names of all other metadata are kept, so that a notice can list them.

References
----------
Microsoft and IBM, "Multimedia programming interface and data specifications 1.0", 1991 (LIST,
INFO, cue, smpl); EBU Tech 3285, "Broadcast wave format", 2011 (bext); iXML 2.1.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

from audioconv.files.codecs.lost_tags import in_words
from audioconv.files.codecs.riff import IMPLIED_SPEAKERS, Chunk, Header, label
from audioconv.files.formats import escape
from audioconv.files.plain_json import read_json

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
"""Tags of libsndfile, and their names in a LIST chunk of type INFO."""

COPIED = (
    *(b"bext", b"iXML", b"LIST", b"cue ", b"plst", b"smpl", b"inst", b"acid", b"DISP"),
    *(b"id3 ", b"ID3 ", b"cart", b"axml", b"chna", b"_PMX"),
)
"""Chunks that remain valid after convolution."""

STRUCTURAL = (b"fmt ", b"fact", b"ds64", b"JUNK", b"junk", b"PAD ", b"FLLR", b"PEAK", b"levl")
"""Chunks about the samples of one file, which are not metadata."""

RECIPE = b"aucv"
"""The private chunk that holds the recipe of a file."""

MOST_NAMES = 20
"""Names in a list; a longer one ends with the number of the others."""

LOUDNESS = slice(412, 422)
UNSET = b"\xff\x7f" * 5
"""The five loudness values in a bext chunk of version 2, and their bytes if unset."""


@dataclass(frozen=True)
class Metadata:
    """The metadata of a file.

    Parameters
    ----------
    head, tail : tuple of Chunk
        RIFF chunks before and after the samples
    tags : dict
        fields of a file that is not RIFF, by libsndfile's names
    speakers : int
        bit mask of speaker positions; 0 if not given, or implied by the number of channels
    lost : tuple of str
        names of metadata that cannot be copied
    cut : bytes or None
        name of a chunk that the end of the file cuts off, up to 4 bytes of it; None without one
    """

    head: tuple[Chunk, ...] = ()
    tail: tuple[Chunk, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    speakers: int = 0
    lost: tuple[str, ...] = ()
    cut: bytes | None = None

    def with_tags(self, tags: dict[str, str]) -> Metadata:
        """Return a copy with these tags; those in an unknown text encoding are lost."""
        garbled = [tag for tag, text in tags.items() if "\ufffd" in text]
        legible = {tag: text for tag, text in tags.items() if tag not in garbled and text}
        return replace(self, tags=legible, lost=(*self.lost, *garbled))

    def names(self) -> list[str]:
        """Return the names of all metadata."""
        chunks = [
            label(chunk.body[:4] if chunk.id == b"LIST" else chunk.id)
            for chunk in (*self.head, *self.tail)
            if chunk.id not in (*STRUCTURAL, RECIPE)
        ]
        speakers = ["speaker positions"] * bool(self.speakers)
        return list(dict.fromkeys([*chunks, *self.tags, *speakers, *self.lost]))

    def after_convolution(self, channels: int, outputs: int) -> Metadata:
        """Return the metadata that remains valid after convolution.

        Measured loudness does not, nor do speaker positions if the number of channels changes.

        Parameters
        ----------
        channels, outputs : int
            number of channels before and after
        """
        lost = list(self.lost)
        speakers = self.speakers
        if channels != outputs and speakers:
            speakers = 0
            lost.append("speaker positions")

        def keep(chunks: tuple[Chunk, ...]) -> Iterator[Chunk]:
            for chunk in chunks:
                if chunk.id in STRUCTURAL or chunk.id == RECIPE:
                    continue
                unknown_list = chunk.id == b"LIST" and chunk.body[:4] not in (b"INFO", b"adtl")
                if chunk.id not in COPIED or unknown_list:
                    lost.append(label(chunk.id))
                elif chunk.id == b"chna" and channels != outputs:
                    lost.append("chna")
                elif chunk.id == b"bext" and _has_loudness(chunk.body):
                    lost.append("loudness (in bext)")
                    yield Chunk(chunk.id, _with_loudness_unset(chunk.body))
                else:
                    yield chunk

        head, tail = tuple(keep(self.head)), tuple(keep(self.tail))
        return replace(self, head=head, tail=tail, speakers=speakers, lost=tuple(lost), cut=None)

    def as_chunks(self) -> tuple[tuple[Chunk, ...], tuple[Chunk, ...], list[str]]:
        """Return chunks for before and after the samples of a WAV, and the tags without a chunk."""
        info = _info_list({TAGS[tag]: text for tag, text in self.tags.items() if tag in TAGS})
        return (*self.head, *info), self.tail, [tag for tag in self.tags if tag not in TAGS]

    def as_tags(self) -> tuple[dict[str, str], list[str]]:
        """Return tags for a file that is not RIFF, and the names of metadata without a tag."""
        tags, lost = dict(self.tags), []
        names = {field_id: tag for tag, field_id in TAGS.items()} | {b"IPRT": "tracknumber"}
        for chunk in (*self.head, *self.tail):
            if chunk.id != b"LIST" or chunk.body[:4] != b"INFO":
                lost.append(label(chunk.body[:4] if chunk.id == b"LIST" else chunk.id))
                continue
            for field_id, text in _info_fields(chunk.body[4:]):
                if field_id not in names:
                    lost.append(in_words(label(field_id)))
                elif names[field_id] in tags:
                    lost.append(f"more than one {names[field_id]}")
                else:
                    tags[names[field_id]] = text
        if self.speakers:
            lost.append("speaker positions")
        return tags, lost


NO_METADATA = Metadata()


def wave_metadata(
    header: Header, tail: tuple[Chunk, ...] = (), broken: tuple[str, ...] = ()
) -> Metadata:
    """Return the metadata of a WAV.

    Parameters
    ----------
    header : Header
    tail : tuple of Chunk
        chunks after the samples
    broken : tuple of str
        names of damaged chunks

    Returns
    -------
    Metadata
        from a big-endian RIFX only names, because chunks cannot be copied across byte orders
    """
    implied = header.speakers == IMPLIED_SPEAKERS.get(header.channels)
    speakers = 0 if implied else header.speakers
    if header.order == "<":
        return Metadata(header.chunks, tail, speakers=speakers, lost=broken)
    lost = [label(chunk.id) for chunk in (*header.chunks, *tail) if chunk.id not in STRUCTURAL]
    return Metadata(speakers=speakers, lost=(*lost, *broken))


def recipe_bytes(metadata: Metadata) -> bytes | None:
    """Return the recipe in a file as its bytes, if it holds one."""
    bodies = [chunk.body for chunk in (*metadata.head, *metadata.tail) if chunk.id == RECIPE]
    return bodies[-1] if bodies else None


def recipe_is_cut(metadata: Metadata) -> bool:
    """Return whether the end of a file cuts off its recipe, or the name of that."""
    return metadata.cut is not None and RECIPE.startswith(metadata.cut)


def recipe_fields(metadata: Metadata) -> dict[str, Any] | None:
    """Return the recipe in a file as its fields; None without an object of `read_json`."""
    with suppress(ValueError):
        fields = read_json((recipe_bytes(metadata) or b"null").decode())
        return fields if isinstance(fields, dict) else None
    return None


def listed(names: Iterable[str]) -> str:
    """Join names for a sentence: each once, escaped, and at most 20.

    Examples
    --------
    >>> listed(["bext", "cue", "bext", "smpl"])
    'bext, cue and smpl'
    """
    *first, last = dict.fromkeys(map(escape, names))
    if len(first) > MOST_NAMES:
        first, last = first[:MOST_NAMES], f"{len(first) + 1 - MOST_NAMES} more"
    return f"{', '.join(first)} and {last}" if first else last


def _info_fields(body: bytes) -> Iterator[tuple[bytes, str]]:
    """Yield the fields of an INFO list: each is a chunk that holds a string."""
    at = 0
    while at + 8 <= len(body):
        field_id, size = struct.unpack("<4sI", body[at : at + 8])
        text = body[at + 8 : at + 8 + size].partition(b"\0")[0]
        try:
            yield field_id, text.decode()
        except UnicodeDecodeError:  # a list does not state its encoding; programs use these two
            yield field_id, text.decode("latin-1")
        at += 8 + size + size % 2


def _info_list(fields: dict[bytes, str]) -> list[Chunk]:
    """Return an INFO list with these fields; none if there are no fields."""
    if not fields:
        return []
    body = b"INFO"
    for field_id, text in fields.items():
        data = text.encode("utf-8", "surrogateescape") + b"\0"
        body += field_id + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)
    return [Chunk(b"LIST", body)]


def _has_loudness(bext: bytes) -> bool:
    version = struct.unpack("<H", bext[346:348])[0] if len(bext) >= 602 else 0
    return version >= 2 and bext[LOUDNESS] != UNSET


def _with_loudness_unset(bext: bytes) -> bytes:
    return bext[: LOUDNESS.start] + UNSET + bext[LOUDNESS.stop :]
