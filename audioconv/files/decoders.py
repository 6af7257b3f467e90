"""Decoders: what can read one kind of file, forward.

WAV of linear samples is read here, and every other format by libsndfile. Either knows when a
file ends before its header says so.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import IO, Protocol

from audioconv.engines.convolver import Samples
from audioconv.errors import FormatError, TruncatedError
from audioconv.files.codecs import pcm, riff
from audioconv.files.formats import SoundInfo, display_name
from audioconv.files.metadata import Metadata, wave_metadata
from audioconv.files.source import PIECE, Digest, Source

REMEDY = "; get a complete copy, or pass --allow-truncated"


class Decoder(Protocol):
    """What can read one kind of file.

    Attributes
    ----------
    info : SoundInfo
        what there is, as far as that is known before its end
    metadata : Metadata
        what it tells besides its samples, so far as is known
    shortage : TruncatedError or None
        what is missing from it, so far as is known
    notices : list of str
        what a careful person should know of its header
    unit : float
        what 1 means in its samples, full scale being 1: a power of two
    """

    info: SoundInfo
    metadata: Metadata
    shortage: TruncatedError | None
    notices: list[str]
    unit: float

    def read(self, frames: int) -> Samples:
        """Return so many frames, or fewer at the end only."""
        ...

    def digest(self) -> Digest | None:
        """Return the digest of the file, once its samples have been read."""
        ...


class WaveDecoder:
    """Linear WAV, of which nothing but reading forward is asked."""

    def __init__(self, path: str, stream: Source, header: riff.Header) -> None:
        assert header.subtype is not None
        self._stream = stream
        self._header = header
        self._ended = False
        self.unit = pcm.unit(header.subtype)
        self.shortage: TruncatedError | None = None
        self.notices: list[str] = []
        self.metadata = around(header, stream.file) if stream.regular else wave_metadata(header)
        self.info = SoundInfo(
            path, header.format, header.subtype, header.rate, header.channels, None
        )
        self._frame_bytes = size = pcm.frame_bytes(header.subtype, header.channels)
        frames, rest = None, 0
        if header.data_bytes is None:
            self.notices.append(open_ended(path))
        else:
            frames, rest = divmod(header.data_bytes, size)
        if rest:
            self.notices.append(
                f"{display_name(path)} says that its samples take {header.data_bytes} bytes, which is no "
                f"whole number of frames of {size}; the last {rest} are left out"
            )
        self._left = frames
        if stream.regular:
            held = (os.fstat(stream.file.fileno()).st_size - header.offset) // size
            if frames == 0 and held and not self.metadata.tail:
                raise FormatError(
                    f"{display_name(path)} says that it holds no samples, but {held * size} bytes follow, "
                    "as when a recorder stops before it finishes a file; repair its header, for "
                    "instance with `sox --ignore-length`"
                )
            if frames is not None and held < frames:
                self.shortage = cut_short(self.info, frames, held)
            if frames is not None or not held:  # as of a pipe, that of an open end is not told
                frames = min(frames or 0, held)
        self.info = replace(self.info, frames=frames)

    def read(self, frames: int) -> Samples:
        """Return so many frames, or fewer at the end only."""
        if self._left is not None:
            frames = min(frames, self._left)
        data = self._stream.read(frames * self._frame_bytes)
        held, part = divmod(len(data), self._frame_bytes)
        if self._left is not None:
            self._left -= held
        if part:
            self.shortage = TruncatedError(
                f"{display_name(self.info.path)} is cut short: it ends inside a frame, after {part} of "
                f"its {self._frame_bytes} bytes{REMEDY}"
            )
        if held < frames or self._left == 0:
            self._end()
        block = data[: held * self._frame_bytes]
        return pcm.decode(block, self.info.subtype, self.info.channels, self._header.order)

    def digest(self) -> Digest | None:
        """Return the digest of the file; a pipe without an end that is known has none."""
        while self._left:  # of which somebody wanted only the beginning
            if not len(self.read(PIECE)):
                break
        return self._stream.digest() if self._ended or self._stream.regular else None

    def _end(self) -> None:
        """Behind the samples of a pipe, read what else there is."""
        size = self._header.data_bytes
        if self._left == 0 and size is not None and not self._ended and not self._stream.regular:
            self._stream.read(size % self._frame_bytes + size % 2)
            after = riff.read_chunks(self._stream.read, self._header.order)
            self.metadata = wave_metadata(self._header, *after)
        self._ended = True


def around(header: riff.Header, file: IO[bytes]) -> Metadata:
    """Gather what a WAV that can be sought in tells before and after its samples."""
    if header.data_bytes is None:
        return wave_metadata(header)
    end = header.offset + header.data_bytes + header.data_bytes % 2
    if end >= os.fstat(file.fileno()).st_size:
        return wave_metadata(header)
    here = file.tell()
    file.seek(end)
    after = riff.read_chunks(file.read, header.order)
    file.seek(here)
    return wave_metadata(header, *after)


def open_ended(path: str) -> str:
    """Say that a header leaves the length to where the file ends."""
    return f"the header of {display_name(path)} does not tell its length; it is read to its end"


def cut_short(sound: SoundInfo, says: int | None, frames: int) -> TruncatedError:
    """Say that a sound ends before its header says so."""
    return TruncatedError(
        f"{display_name(sound.path)} is cut short: its header says {says} frames, but it ends after "
        f"{frames} ({frames / sound.rate:.3f} s){REMEDY}"
    )


def reason(error: Exception) -> str:
    """Return the cause alone, without the path or the prefix that libraries put before it."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return getattr(error, "error_string", str(error)).rstrip(".")
