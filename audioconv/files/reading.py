"""Reading: a sound file, or standard input, as a stream of float64 blocks.

WAV files of linear samples are read here, from a file or a pipe alike; every other format goes
through libsndfile, from a temporary file where it comes out of a pipe. Whoever reads to the
end has had every sample that the header promises, or an error that says where they end.
"""

from __future__ import annotations

import os
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path as FilePath
from types import TracebackType
from typing import IO, Protocol

import numpy as np
import soundfile

from audioconv.engines import Audio
from audioconv.errors import FormatError, TruncatedError
from audioconv.files import riff
from audioconv.files.formats import STANDARD, Path, Sound, name
from audioconv.files.scratch import scratch

MAX_BLOCK_BYTES = 2**27
UNKNOWN_FRAMES = 2**62
"""libsndfile reports more frames than this for a FLAC whose header does not tell."""


class Decoder(Protocol):
    """What can read one kind of file."""

    sound: Sound

    def read(self, frames: int) -> Audio:
        """Return so many frames, or fewer at the end only."""
        ...


class Reader:
    """A sound, open to be read once from its beginning to its end.

    Parameters
    ----------
    path : str
        a file, or ``-`` for standard input

    Attributes
    ----------
    sound : Sound
        what its header says
    frames : int
        frames read so far
    peak : float
        largest magnitude read so far

    Raises
    ------
    FormatError
        If it cannot be read, is not a sound, holds no frames, or breaks off before its header
        says so; and, while reading, if a sample is not a finite number.

    Examples
    --------
    >>> with Reader("samples/guitar.wav") as reader:
    ...     reader.sound.rate, sum(len(block) for block in reader.blocks(4096))
    (44100, 176400)
    """

    sound: Sound

    def __init__(self, path: Path) -> None:
        self.frames = 0
        self.peak = 0.0
        self._open = ExitStack()
        try:
            self._decoder = _decoder(path, self._open)
            self.sound = self._decoder.sound
            if self.sound.frames == 0:
                raise FormatError(f"{name(path)} holds no frames; there is nothing to convolve")
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

    def blocks(self, frames: int) -> Iterator[Audio]:
        """Yield the sound in float64 blocks (n, channels) of at most so many frames."""
        frames = max(1, min(frames, MAX_BLOCK_BYTES // (8 * self.sound.channels)))
        while len(block := self._read(frames)):
            yield block
        if self.frames != (self.sound.frames or self.frames) or not self.frames:
            raise TruncatedError(
                f"{name(self.sound.path)} ends after {self.frames} frames "
                f"({self.frames / self.sound.rate:.3f} s), but its header says "
                f"{self.sound.frames}; get a complete copy"
            )

    def _read(self, frames: int) -> Audio:
        try:
            block = self._decoder.read(frames)
        except (OSError, soundfile.SoundFileError) as error:
            raise FormatError(
                f"{name(self.sound.path)} cannot be read on at frame {self.frames} "
                f"({self.frames / self.sound.rate:.3f} s): {_reason(error)}"
            ) from error
        if len(block):
            peak = float(max(block.max(), -block.min()))
            if not np.isfinite(peak):
                frame = self.frames + int(np.argmin(np.isfinite(block).all(axis=1)))
                raise FormatError(
                    f"{name(self.sound.path)} has a sample that is not a finite number at frame "
                    f"{frame} ({frame / self.sound.rate:.6f} s); mend it before convolving"
                )
            self.peak = max(self.peak, peak)
            self.frames += len(block)
        return block


class WaveDecoder:
    """Linear WAV, of which nothing but reading forward is asked."""

    def __init__(self, path: Path, file: IO[bytes], layout: riff.Layout) -> None:
        self._file = file
        self._layout = layout
        self._left = layout.data_bytes
        size = layout.frame_bytes
        frames = None if self._left is None else self._left // size
        self.sound = Sound(
            path, layout.format, layout.subtype, layout.rate, layout.channels, frames
        )
        status = os.fstat(file.fileno())
        if stat.S_ISREG(status.st_mode):
            held = status.st_size - layout.offset
            if frames is None:
                self.sound = Sound(
                    path, layout.format, layout.subtype, layout.rate, layout.channels, held // size
                )
            elif held < frames * size:
                raise TruncatedError(
                    f"{name(path)} is cut short: its header says {frames} frames, but it ends "
                    f"after {held // size} ({held / size / layout.rate:.3f} s); get a complete copy"
                )

    def read(self, frames: int) -> Audio:
        """Return so many frames, or fewer at the end only."""
        wanted = frames * self._layout.frame_bytes
        if self._left is not None:
            wanted = min(wanted, self._left - self._left % self._layout.frame_bytes)
        data = self._file.read(wanted)
        if self._left is not None:
            self._left -= len(data)
        # bytes that do not make up a frame are the end of a file that breaks off inside one
        return riff.decode(data[: len(data) - len(data) % self._layout.frame_bytes], self._layout)


class LibsndfileDecoder:
    """Any other format that libsndfile knows, from a regular file."""

    def __init__(self, path: Path, file: soundfile.SoundFile) -> None:
        if file.frames > UNKNOWN_FRAMES:
            raise FormatError(
                f"{name(path)} does not say how long it is; decode it first, for instance with "
                f"`{file.format.lower()} -d`"
            )
        self._file = file
        self.sound = Sound(
            path, file.format, file.subtype, file.samplerate, file.channels, file.frames
        )

    def read(self, frames: int) -> Audio:
        """Return so many frames, or fewer at the end only."""
        block: Audio = self._file.read(frames, dtype="float64", always_2d=True)
        return block


def _decoder(path: Path, files: ExitStack) -> Decoder:
    """Open a path with the decoder for what it turns out to be."""
    file = files.enter_context(_open(path))
    begin = file.peek(12)[:12]  # type: ignore[attr-defined]  # a BufferedReader, always
    if not begin:
        raise FormatError(f"{name(path)} is empty; there is no sound in it")
    try:
        if begin[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64"):
            return WaveDecoder(path, file, _wave_header(path, file))
    except riff.NotLinearError:
        if not file.seekable():
            raise FormatError(
                f"{name(path)} is a WAV with coded samples, which cannot come from a pipe; "
                "give it as a file"
            ) from None
        file.seek(0)
    if not _regular(file):
        file = files.enter_context(_spooled(file))
    descriptor = os.dup(file.fileno())
    os.lseek(descriptor, 0, os.SEEK_SET)  # a file begins, for libsndfile, where its reading does
    try:
        sound = soundfile.SoundFile(descriptor, closefd=True)
    except soundfile.SoundFileError as error:
        with suppress(OSError):  # a failed opening has closed it, in some versions
            os.close(descriptor)
        raise FormatError(
            f"{name(path)} is not a sound file that can be read: {_reason(error)}"
        ) from error
    return LibsndfileDecoder(path, files.enter_context(sound))


def _wave_header(path: Path, file: IO[bytes]) -> riff.Layout:
    try:
        return riff.read_header(file.read)
    except FormatError as error:
        raise FormatError(f"{name(path)} is damaged: {error}") from None


@contextmanager
def rereadable(path: Path) -> Iterator[Path]:
    """Give a path that can be read any number of times: itself, or a copy of a pipe on disk."""
    with ExitStack() as files:
        file = files.enter_context(_open(path))
        if _regular(file):
            file.close()
            yield path
        else:
            yield files.enter_context(_spooled(file)).name


@contextmanager
def _open(path: Path) -> Iterator[IO[bytes]]:
    """Open for reading, naming what is wrong where that cannot be done."""
    if path == STANDARD:
        yield sys.stdin.buffer
        return
    try:
        if FilePath(path).is_dir():
            raise FormatError(f"{name(path)} is a directory; name a sound file in it")
        file = FilePath(path).open("rb")  # noqa: SIM115  # closed below
    except FileNotFoundError:
        raise FormatError(f"{name(path)} does not exist; check the name") from None
    except (OSError, ValueError) as error:
        raise FormatError(f"{name(path)} cannot be read: {_reason(error)}") from None
    with file:
        yield file


def _regular(file: IO[bytes]) -> bool:
    return stat.S_ISREG(os.fstat(file.fileno()).st_mode)


@contextmanager
def _spooled(file: IO[bytes]) -> Iterator[IO[bytes]]:
    """Copy what is left of a pipe to a temporary file, open at its beginning."""
    with scratch() as copy:
        shutil.copyfileobj(file, copy, 2**20)
        copy.flush()
        copy.seek(0)
        yield copy


def _reason(error: Exception) -> str:
    """Return the cause alone, without the path or the prefix that libraries put before it."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return getattr(error, "error_string", str(error)).rstrip(".")


def read_all(path: Path) -> tuple[Audio, Sound]:
    """Read a whole sound: samples (frames, channels) and what its header says."""
    with Reader(path) as reader:
        return np.concatenate(list(reader.blocks(2**16))), reader.sound
