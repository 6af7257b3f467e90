"""Decoders: each reads one kind of file, forward.

PCM and float WAV is read here, every other format by libsndfile. Both report a file that ends
before the length in its header.
"""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from typing import IO, NamedTuple, Protocol

from audioconv.engines.audio import Samples
from audioconv.errors import TruncatedError, counted
from audioconv.files.codecs import containers, pcm, riff
from audioconv.files.codecs.riff import label
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
        """Return up to `frames` frames; none only at the end."""
        ...

    def digest(self) -> Digest | None:
        """Return the digest of the file, once its samples have been read."""
        ...


class WaveDecoder:
    """PCM and float WAV, read forward without seeking.

    Parameters
    ----------
    path : str
        its name in messages
    stream : Source
        after the header
    header : Header
    lenient : bool
        whether to read bytes after the stated end that may be samples, from a file
    """

    def __init__(self, path: str, stream: Source, header: riff.Header, lenient: bool) -> None:
        assert header.subtype is not None
        self.shortage: TruncatedError | None = None
        self.notices: list[str] = []
        self.unit = pcm.unit(header.subtype)
        self.info = SoundInfo(
            path, header.format, header.subtype, header.rate, header.channels, None
        )
        self._stream = stream
        self._lenient = lenient
        self._frame_bytes = pcm.frame_bytes(header.subtype, header.channels)
        self._frames = 0
        self._ended = False
        self._more: list[_More] = []
        size = os.fstat(stream.file.fileno()).st_size if stream.regular else None
        self._header, notice = header.corrected(size)
        self._notice(notice)
        self._left = stated = self._stated_frames()
        if size is None:
            self.metadata = wave_metadata(self._header)
            self.info = replace(self.info, frames=stated or None)
        else:
            self.metadata = seekable_metadata(self._header, stream.file)
            self.info = replace(self.info, frames=self._seekable_frames(size))

    def _notice(self, notice: str | None) -> None:
        """Add a notice, which is a predicate of the file."""
        if notice is not None:
            self.notices.append(f"{display_name(self.info.path)} {notice}")

    def _stated_frames(self) -> int | None:
        """Return the number of frames that the header states, with notices of its oddities."""
        path = self.info.path
        size = self._header.data_bytes
        if size is None:
            self.notices.append(length_notice(path))
            return None
        frames, rest = divmod(size, self._frame_bytes)
        if rest:
            self.notices.append(
                f"the header of {display_name(path)} states {counted(size, 'byte')} of samples, "
                f"not a multiple of the frame size of {self._frame_bytes}; the last {rest} are "
                "ignored"
            )
        return frames

    def _seekable_frames(self, size: int) -> int | None:
        """Return the number of frames of a file of `size` bytes; None if they end with it."""
        begin, stated = self._header.offset, self._left
        held = (size - begin) // self._frame_bytes
        if stated is None:  # counted at the end, as in a pipe
            return None if held else 0
        if held < stated:
            self.shortage = truncated_error(self.info, stated, held)
            self._left = held
            return held
        more = self._find_more(self._stream.file, begin)
        self._stream.file.seek(begin)
        self._more = more if self._lenient else []
        return stated + sum(frames for _, frames in self._more)

    def _find_more(self, file: IO[bytes], begin: int, *, whole: bool = True) -> list[_More]:
        """Find and report frames after the end that the header states.

        Parameters
        ----------
        file : binary file
            seekable; its position changes
        begin : int
            offset of the samples
        whole : bool
            whether the file goes to the end of the pipe that it comes from
        """
        stated = self._header.data_bytes or 0
        behind = containers.behind(file, begin, begin + stated)
        if behind.another:
            self._notice("is followed by another file, which is not read")
        if behind.cut and whole:
            self.notices.append(cut_notice(self.info.path, behind.cut))
            self.metadata = replace(self.metadata, cut=behind.cut)
        read = begin + stated // self._frame_bytes * self._frame_bytes
        more = []
        for extra in behind.extra:
            # bytes that follow without a chunk between complete a partial frame
            start = read if extra.start == begin + stated else extra.start
            frames = (extra.stop - start) // self._frame_bytes
            more.append(_More(start - read, frames))
            read = start + frames * self._frame_bytes
        found = sum(frames for _, frames in more)
        if found and not stated:
            self.shortage = no_length_error(self.info.path, found)
        elif found:
            self._notice(more_notice(found, read=self._lenient))
        return more

    def read(self, frames: int) -> Samples:
        """Return up to `frames` frames; none only at the end."""
        if self._left == 0 and self._more:
            gap, self._left = self._more.pop(0)
            self._stream.read(gap)
        if self._left is not None:
            frames = min(frames, self._left)
        data = self._stream.read(frames * self._frame_bytes)
        held, partial = divmod(len(data), self._frame_bytes)
        self._frames += held
        if self._left is not None:
            self._left -= held
        if partial:
            self.shortage = TruncatedError(
                f"{display_name(self.info.path)} is truncated: it ends inside a frame, after "
                f"{partial} of its {self._frame_bytes} bytes{REMEDY}"
            )
        elif held < frames and self._left and not self._stream.regular:
            self._miss(self._left)
        if held < frames or (self._left == 0 and not self._more):
            self._end()
        block = data[: held * self._frame_bytes]
        return pcm.decode(block, self.info.subtype, self.info.channels, self._header.order)

    def _miss(self, frames: int) -> None:
        """Report a pipe that ends before the length in its header."""
        size = self._header.offset + self._frames * self._frame_bytes
        corrected, notice = self._header.corrected(size)
        if notice is None:
            self.shortage = truncated_error(self.info, self._frames + frames, self._frames)
        self._notice(notice)
        self._header, self._left = corrected, 0
        self.info = replace(self.info, frames=self._frames)

    def digest(self) -> Digest | None:
        """Return the digest of the file; None for an unfinished pipe of unknown length."""
        while self._left or self._more:  # the caller has read only the beginning
            if not len(self.read(PIECE)):
                break
        return self._stream.digest() if self._ended or self._stream.regular else None

    def _end(self) -> None:
        """Read the part of a pipe after its samples."""
        size = self._header.data_bytes
        if self._left == 0 and size is not None and not self._ended and not self._stream.regular:
            with tempfile.SpooledTemporaryFile(riff.MAX_CHUNKS) as rest:
                end = rest.write(self._header.without_samples())
                behind = self._stream.read(PIECE)
                while behind and rest.tell() <= riff.MAX_CHUNKS:
                    rest.write(behind)
                    behind = self._stream.read(PIECE)
                self._read_trailing(rest, end, whole=not behind)
        self._ended = True

    def _read_trailing(self, rest: IO[bytes], end: int, *, whole: bool) -> None:
        """Read the metadata after the samples, which would end at an offset of a file."""
        size = self._header.data_bytes or 0
        begin = end - size // self._frame_bytes * self._frame_bytes
        self.metadata = _metadata_from(rest, begin + size + size % 2, self._header)
        self._find_more(rest, begin, whole=whole)


class _More(NamedTuple):
    """Frames after the end that the header states, and the bytes before them."""

    gap: int
    frames: int


def seekable_metadata(header: riff.Header, file: IO[bytes]) -> Metadata:
    """Return the metadata of a seekable WAV, before and after its samples."""
    if header.data_bytes is None:
        return wave_metadata(header)
    end = header.offset + header.data_bytes + header.data_bytes % 2
    if end >= os.fstat(file.fileno()).st_size:
        return wave_metadata(header)
    here = file.tell()
    metadata = _metadata_from(file, end, header)
    file.seek(here)
    return metadata


def _metadata_from(file: IO[bytes], begin: int, header: riff.Header) -> Metadata:
    """Return the metadata of a WAV, of which the trailing chunks begin at an offset of a file."""
    file.seek(begin)
    return wave_metadata(header, *riff.read_chunks(file.read, header.order))


def length_notice(path: str) -> str:
    """Return the notice that a header does not state the length."""
    return f"the header of {display_name(path)} does not state its length; it is read to its end"


def cut_notice(path: str, chunk: bytes) -> str:
    """Return the notice that the end of a file cuts off a chunk after the samples.

    Parameters
    ----------
    path : str
    chunk : bytes
        its name; fewer than 4 bytes are not the whole of it
    """
    name = f"the chunk {label(chunk)!r}" if len(chunk) == 4 else "a chunk"
    return f"{name} at the end of {display_name(path)} is cut off; the sound is complete"


def more_notice(frames: int, *, read: bool, readable: bool = True) -> str:
    """Return the notice that bytes follow the samples that may be more of them.

    Parameters
    ----------
    frames : int
        number of frames that the bytes may be
    read, readable : bool
        whether they are read, and whether they could be
    """
    skipped = "pass `allow_truncated=True` to read them" if readable else "they are skipped"
    done = "they are read" if read else skipped
    return f"has up to {counted(frames, 'frame')} more than its header states; {done}"


def no_length_error(path: str, frames: int) -> TruncatedError:
    """Return the error that a header states a length of 0, but samples follow."""
    return TruncatedError(
        f"{display_name(path)} is damaged: its header states a length of 0, but up to "
        f"{counted(frames, 'frame')} follow, as left by a recorder that stopped early; repair the "
        "header, for instance with `sox --ignore-length IN OUT`, or pass `allow_truncated=True`"
    )


def truncated_error(info: SoundInfo, stated: int | None, frames: int) -> TruncatedError:
    """Return the error that a file ends before the length in its header."""
    return TruncatedError(
        f"{display_name(info.path)} is truncated: its header states "
        f"{'no length' if stated is None else counted(stated, 'frame')}, but it ends after "
        f"{frames} ({frames / info.rate:.3f} s){REMEDY}"
    )


def cause_of(error: Exception) -> str:
    """Return the message of an error without the path or prefix that libraries add."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return getattr(error, "error_string", str(error)).rstrip(".")
