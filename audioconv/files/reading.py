"""Reading: a sound file, or standard input, as a stream of float64 blocks.

A WAV file of linear samples is read alike from a file and from a pipe; what libsndfile decodes
is copied to a temporary file first where it comes out of a pipe. Whoever reads to the
end has had every sample that the header promises, or an error that says where they end.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import TracebackType
from typing import IO

import numpy as np
import soundfile

from audioconv.engines.convolver import Audio, Samples, as_audio
from audioconv.errors import FormatError, TruncatedError
from audioconv.files.codecs import riff
from audioconv.files.decoders import REMEDY, Decoder, WaveDecoder, cut_short, reason
from audioconv.files.formats import STANDARD, SoundInfo, display_name
from audioconv.files.libsndfile import LibsndfileDecoder
from audioconv.files.metadata import Metadata
from audioconv.files.scratch import scratch
from audioconv.files.source import PIECE, Digest, Source

MAX_BLOCK_BYTES = 2**27

SMALL_BLOCK = 1024

MAX_SPOOL = 2**36
"""Bytes of a pipe that are kept on disk at most: 100 hours of 16-bit stereo."""


class Reader:
    """A sound, open to be read once from its beginning to its end.

    Parameters
    ----------
    path : str
        a file, or ``-`` for standard input
    known_as : str, optional
        its name for messages, where the path is that of a copy
    allow_truncated : bool
        take a sound that ends before its header says so for what there is, with a notice
    hashed : bool
        whether its digest will be asked for

    Attributes
    ----------
    info : SoundInfo
        what its header says
    metadata : Metadata
        what it tells besides; of a pipe, what comes after the samples is known after them
    frames : int
        frames read so far
    peak : float
        largest magnitude read so far
    notices : list of str
        what is missing from it, so far as is known

    Raises
    ------
    FormatError
        If it cannot be read, is not a sound, holds no frames, or breaks off before its header
        says so; and, while reading, if a sample is not a finite number.

    Examples
    --------
    >>> with Reader("samples/guitar.wav") as reader:
    ...     reader.info.rate, sum(len(block) for block in reader.blocks(4096))
    (44100, 176400)
    """

    info: SoundInfo

    def __init__(
        self,
        path: str,
        *,
        known_as: str | None = None,
        allow_truncated: bool = False,
        hashed: bool = False,
    ) -> None:
        self.frames = 0
        self.peak = 0.0
        self.notices: list[str] = []
        self._allow_truncated = allow_truncated
        self._missed: TruncatedError | None = None
        self._open = ExitStack()
        try:
            try:
                self._decoder = _decoder(path, known_as or path, self._open, hashed)
            except OSError as error:
                raise FormatError(
                    f"{display_name(known_as or path)} cannot be read: {reason(error)}"
                ) from error
            self.info = self._decoder.info
            self.notices += self._decoder.notices
            self._check_shortage()
            if self.info.frames == 0:
                raise FormatError(
                    f"{display_name(self.info.path)} holds no frames; there is nothing to convolve"
                )
        except BaseException:
            self._open.close()
            raise

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    @property
    def unit(self) -> float:
        """What 1 means in `samples`, full scale being 1: a power of two."""
        return self._decoder.unit

    def blocks(self, frames: int) -> Iterator[Audio]:
        """Yield the sound in float64 blocks (n, channels) of at most so many frames."""
        for block in self.samples(frames):
            yield as_audio(block, np.dtype(np.float64), self.unit)

    def samples(self, frames: int) -> Iterator[Samples]:
        """Yield the sound in blocks (n, channels) of numbers as they are, which count in units."""
        frames = max(1, min(frames, MAX_BLOCK_BYTES // (8 * self.info.channels)))
        if self._allow_truncated:  # where a decoder fails, the block that it was at is lost
            frames = min(frames, SMALL_BLOCK)
        while len(block := self._read(frames)):
            yield block
        whole = self.frames and self.frames == (self.info.frames or self.frames)
        if not whole and self._missed is None:
            self._miss(cut_short(self.info, self.info.frames, self.frames))
        self._check_shortage()

    @property
    def metadata(self) -> Metadata:
        """What the file tells besides its samples, so far as is known."""
        return self._decoder.metadata

    def digest(self) -> Digest | None:
        """Return what tells the file from every other, once it has been read.

        A pipe that has not been read to its end has none.
        """
        try:
            return self._decoder.digest()
        except OSError as error:
            raise FormatError(
                f"{display_name(self.info.path)} cannot be read: {reason(error)}"
            ) from error

    def _check_shortage(self) -> None:
        if self._decoder.shortage is not None and self._decoder.shortage is not self._missed:
            self._miss(self._decoder.shortage)

    def _miss(self, shortage: TruncatedError) -> None:
        """Take note of what is missing, or raise it."""
        if not self._allow_truncated:
            raise shortage
        self._missed = shortage
        self.notices.append(str(shortage).partition("; get a complete")[0])

    def _read(self, frames: int) -> Samples:
        try:
            block = self._decoder.read(frames)
        except (OSError, soundfile.SoundFileError) as error:
            missing = TruncatedError(
                f"{display_name(self.info.path)} cannot be read on at frame {self.frames} "
                f"({self.frames / self.info.rate:.3f} s): {reason(error)}"
                f"{'' if isinstance(error, OSError) else REMEDY}"
            )
            if isinstance(error, OSError):
                raise FormatError(str(missing)) from error
            self._miss(missing)
            return np.zeros((0, self.info.channels))
        if len(block):
            peak = max(float(block.max()), -float(block.min())) * self.unit
            if not np.isfinite(peak):
                frame = self.frames + int(np.argmin(np.isfinite(block).all(axis=1)))
                raise FormatError(
                    f"{display_name(self.info.path)} has a sample that is not a finite number at frame "
                    f"{frame} ({frame / self.info.rate:.6f} s); mend it before convolving"
                )
            self.peak = max(self.peak, peak)
            self.frames += len(block)
        return block


def _decoder(source: str, path: str, files: ExitStack, hashed: bool) -> Decoder:
    """Open a source, known as `path`, with the decoder for what it turns out to be."""
    file = files.enter_context(_open(source))
    stream = Source(file, hashed=hashed)
    try:
        header = riff.read_header(stream.read)
    except riff.NotRiffError:
        header = None
    except FormatError as error:
        raise FormatError(f"{display_name(path)} is damaged: {error}") from None
    if header is not None and header.subtype is not None:
        stream.forget()
        return WaveDecoder(path, stream, header)
    if not stream.regular:
        file = files.enter_context(_spooled(file, bytes(stream.beginning or b"")))
    if not os.fstat(file.fileno()).st_size:
        raise FormatError(f"{display_name(path)} is empty; there is no sound in it")
    return LibsndfileDecoder(path, file, header, files)


@contextmanager
def rereadable(path: str) -> Iterator[str]:
    """Give a path that can be read any number of times: itself, or a copy of a pipe on disk."""
    with ExitStack() as files:
        file = files.enter_context(_open(path))
        if path != STANDARD and Source(file).regular:
            yield path
        else:
            yield files.enter_context(_spooled(file)).name


@contextmanager
def _open(path: str) -> Iterator[IO[bytes]]:
    """Open for reading, naming what is wrong where that cannot be done."""
    if path == STANDARD:
        if sys.stdin is None:
            raise FormatError("standard input is closed; give a file, or open it")
        yield sys.stdin.buffer
        return
    if not path:
        raise FormatError("the name of an input is empty; name a sound file")
    try:
        if os.path.isdir(path):
            raise FormatError(f"{display_name(path)} is a directory; name a sound file in it")
        file = open(path, "rb")  # noqa: SIM115  # closed below
    except FileNotFoundError:
        raise FormatError(f"{display_name(path)} does not exist; check the name") from None
    except (OSError, ValueError) as error:
        raise FormatError(f"{display_name(path)} cannot be read: {reason(error)}") from None
    with file:
        yield file


@contextmanager
def _spooled(file: IO[bytes], beginning: bytes = b"") -> Iterator[IO[bytes]]:
    """Copy a pipe, of which the beginning has been read, to a temporary file."""
    files = ExitStack()
    try:
        copy = files.enter_context(scratch())
        copy.write(beginning)
        while piece := file.read(PIECE):
            if copy.tell() + len(piece) > MAX_SPOOL:
                raise FormatError(
                    f"the input passes {MAX_SPOOL >> 30} GiB, the most that is kept on disk "
                    "of a pipe; give it as a file, or as a WAV with --subtype FLOAT"
                )
            copy.write(piece)
        copy.flush()
        copy.seek(0)
    except OSError as error:
        with suppress(OSError):  # closing fails as writing did
            files.close()
        raise FormatError(
            f"the input cannot be kept in {tempfile.gettempdir()} until it is complete: "
            f"{reason(error)}; set TMPDIR to a larger place, or give a file"
        ) from None
    except BaseException:
        files.close()
        raise
    with files:
        yield copy


def read_all(path: str) -> tuple[Audio, SoundInfo]:
    """Read a whole sound: samples (frames, channels) and what its header says."""
    with Reader(path) as reader:
        return np.concatenate(list(reader.blocks(2**16))), reader.info
