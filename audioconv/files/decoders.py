"""Decoders: each reads one kind of file, forward.

PCM and float WAV is read here, every other format by libsndfile. Both report a file that ends
before the length in its header.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import IO, Protocol

from audioconv.engines.audio import Samples
from audioconv.errors import FormatError, TruncatedError
from audioconv.files.codecs import pcm, riff
from audioconv.files.formats import SoundInfo, display_name
from audioconv.files.metadata import Metadata, wave_metadata
from audioconv.files.source import PIECE, Digest, Source

REMEDY = "; get a complete copy, or pass `allow_truncated=True`"


class Decoder(Protocol):
    """A reader of one kind of file.

    Attributes
    ----------
    info : SoundInfo
        the header; `frames` is None while unknown
    metadata : Metadata
        that of a pipe lacks trailing chunks until its end
    shortage : TruncatedError or None
        set once the file is known to be truncated or damaged
    notices : list of str
        oddities of the header
    unit : float
        the value of a sample of 1, relative to full scale: a power of two
    """

    info: SoundInfo
    metadata: Metadata
    shortage: TruncatedError | None
    notices: list[str]
    unit: float

    def read(self, frames: int) -> Samples:
        """Return `frames` frames; fewer only at the end."""
        ...

    def digest(self) -> Digest | None:
        """Return the digest of the file, once its samples have been read."""
        ...


class WaveDecoder:
    """PCM and float WAV, read forward without seeking."""

    def __init__(self, path: str, stream: Source, header: riff.Header) -> None:
        assert header.subtype is not None
        self._stream = stream
        self._header = header
        self._ended = False
        self.info = SoundInfo(
            path, header.format, header.subtype, header.rate, header.channels, None
        )
        self._frame_bytes = pcm.frame_bytes(header.subtype, header.channels)
        self.unit = pcm.unit(header.subtype)
        self.shortage: TruncatedError | None = None
        self.notices: list[str] = []
        self.metadata = (
            seekable_metadata(header, stream.file) if stream.regular else wave_metadata(header)
        )
        frames = self._stated_frames(path)
        self._left = frames
        if stream.regular:
            held = (os.fstat(stream.file.fileno()).st_size - header.offset) // self._frame_bytes
            if frames == 0 and held and not self.metadata.tail:
                raise FormatError(
                    f"{display_name(path)} is damaged: its header states a length of 0, but "
                    f"{held * self._frame_bytes} bytes follow, as left by a recorder that stopped "
                    "early; repair the header, for instance with `sox --ignore-length`"
                )
            if frames is not None and held < frames:
                self.shortage = truncated_error(self.info, frames, held)
            # without a stated length, `frames` stays None until the end, as in a pipe
            if frames is not None or not held:
                frames = min(frames or 0, held)
        self.info = replace(self.info, frames=frames)

    def _stated_frames(self, path: str) -> int | None:
        """Return the number of frames that the header states, with notices of its oddities."""
        size = self._header.data_bytes
        if size is None:
            self.notices.append(length_notice(path))
            return None
        frames, rest = divmod(size, self._frame_bytes)
        if rest:
            self.notices.append(
                f"the header of {display_name(path)} states {size} bytes of samples, not a "
                f"multiple of the frame size of {self._frame_bytes}; the last {rest} are ignored"
            )
        return frames

    def read(self, frames: int) -> Samples:
        """Return `frames` frames; fewer only at the end."""
        if self._left is not None:
            frames = min(frames, self._left)
        data = self._stream.read(frames * self._frame_bytes)
        held, partial = divmod(len(data), self._frame_bytes)
        if self._left is not None:
            self._left -= held
        if partial:
            self.shortage = TruncatedError(
                f"{display_name(self.info.path)} is truncated: it ends inside a frame, after "
                f"{partial} of its {self._frame_bytes} bytes{REMEDY}"
            )
        if held < frames or self._left == 0:
            self._end()
        block = data[: held * self._frame_bytes]
        return pcm.decode(block, self.info.subtype, self.info.channels, self._header.order)

    def digest(self) -> Digest | None:
        """Return the digest of the file; None for an unfinished pipe of unknown length."""
        while self._left:  # the caller has read only the beginning
            if not len(self.read(PIECE)):
                break
        return self._stream.digest() if self._ended or self._stream.regular else None

    def _end(self) -> None:
        """Read the trailing chunks of a pipe."""
        size = self._header.data_bytes
        if self._left == 0 and size is not None and not self._ended and not self._stream.regular:
            self._stream.read(size % self._frame_bytes + size % 2)
            trailing = riff.read_chunks(self._stream.read, self._header.order)
            self.metadata = wave_metadata(self._header, *trailing)
        self._ended = True


def seekable_metadata(header: riff.Header, file: IO[bytes]) -> Metadata:
    """Return the metadata of a seekable WAV, before and after its samples."""
    if header.data_bytes is None:
        return wave_metadata(header)
    end = header.offset + header.data_bytes + header.data_bytes % 2
    if end >= os.fstat(file.fileno()).st_size:
        return wave_metadata(header)
    here = file.tell()
    file.seek(end)
    trailing = riff.read_chunks(file.read, header.order)
    file.seek(here)
    return wave_metadata(header, *trailing)


def length_notice(path: str) -> str:
    """Return the notice that a header does not state the length."""
    return f"the header of {display_name(path)} does not state its length; it is read to its end"


def truncated_error(info: SoundInfo, stated: int | None, frames: int) -> TruncatedError:
    """Return the error that a file ends before the length in its header."""
    return TruncatedError(
        f"{display_name(info.path)} is truncated: its header states {stated} frames, but it ends "
        f"after {frames} ({frames / info.rate:.3f} s){REMEDY}"
    )


def cause_of(error: Exception) -> str:
    """Return the message of an error without the path or prefix that libraries add."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return getattr(error, "error_string", str(error)).rstrip(".")
