"""Sound files, which the content alone tells apart: RIFF, Ogg, FLAC, MPEG, AIFF, CAF and others."""

from __future__ import annotations

import hashlib
import io
import zlib
from typing import NamedTuple

from audioconv.files import Reader, info, recipe_fields
from audioconv.files.codecs import ogg as pages
from audioconv.files.reading import BLOCK_FRAMES

from .guard import FaultError, refusal
from .places import folder_with, standard_input

ODD_BLOCK = 97
"""Frames of a block that no format has."""


class Heard(NamedTuple):
    """What a file holds, as far as it does not depend on how it is read."""

    rate: int
    channels: int
    frames: int
    checksum: int


def sound(data: bytes) -> None:
    """Read a file in every way; all that accept it must hear the same."""
    with folder_with(sound=data):
        strict = _heard("sound", data)
        if strict is None:
            _heard("sound", data, allow_truncated=True)
            refusal(lambda: info("sound", allow_truncated=True))
            with standard_input(data):
                _heard("-", data)
            _raise_again("sound")
            return
        report = info("sound")
        if (report.rate, report.channels, report.frames) != strict[:3]:
            raise FaultError(f"info states {report}, but reading gives {strict}")
        ways = {"odd": _heard("sound", data, frames=ODD_BLOCK)}
        lenient = _heard("sound", data, allow_truncated=True)
        # it may read behind the stated end, where samples may be no numbers
        if not report.notices or (lenient and lenient.frames <= strict.frames):
            ways["lenient"] = lenient
        with standard_input(data):
            # what a pipe may refuse is only what a file holds behind its stated end
            ways["pipe"] = _heard("-", data) or strict
        for way, found in ways.items():
            if found != strict:
                raise FaultError(f"read another way ({way}) it is {found}, not {strict}")


def _raise_again(path: str) -> None:
    """Raise the refusal of a file."""
    with Reader(path) as reader:
        for _ in reader.blocks():
            pass
    raise FaultError("a file is refused once, and accepted the next time")


def _heard(
    path: str, data: bytes, *, frames: int = BLOCK_FRAMES, allow_truncated: bool = False
) -> Heard | None:
    """Read a file to its end; None if it is refused."""
    found: list[Heard] = []

    def read() -> None:
        checksum = 0
        with Reader(path, allow_truncated=allow_truncated, hashed=True) as reader:
            for block in reader.blocks(frames):
                checksum = zlib.crc32(block.tobytes(), checksum)
            digest = reader.digest()
            if digest is not None and digest.sha256 != hashlib.sha256(data).hexdigest():
                raise FaultError("its digest is that of another file")
            reader.metadata.as_tags()
            reader.metadata.as_chunks()
            recipe_fields(reader.metadata)
            reader.metadata.names()
            if unsafe := [notice for notice in reader.notices if not notice.isprintable()]:
                raise FaultError(f"a notice says {unsafe}")
            found.append(Heard(reader.info.rate, reader.info.channels, reader.frames, checksum))

    refusal(read)
    return found[0] if found else None


def ogg(data: bytes) -> None:
    """Read an Ogg file as it is, and with its checksums mended, so that damage gets further."""
    mended = b"".join(pages.sealed(page.data) for page in pages.pages(io.BytesIO(data)))
    refusal(lambda: sound(data))
    sound(mended)
