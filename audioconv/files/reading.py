"""Reading: a sound file, or standard input, as a stream of float64 blocks.

PCM and float WAV is read from files and from pipes alike. Other formats are read by libsndfile,
from a pipe after it has been copied to a temporary file. Reading to the end either yields every
sample that the header promises, or raises an error with the place where they end.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from itertools import repeat
from types import TracebackType
from typing import IO

import numpy as np
import soundfile

from audioconv.engines.audio import FINITE, Audio, Samples, as_audio
from audioconv.errors import FormatError, TruncatedError
from audioconv.files.codecs import riff
from audioconv.files.codecs.speakers import FLAC
from audioconv.files.decoders import REMEDY, Decoder, WaveDecoder, cause_of, truncated_error
from audioconv.files.formats import STANDARD, SoundInfo, TemporaryCopy, display_name
from audioconv.files.libsndfile import LibsndfileDecoder
from audioconv.files.metadata import Metadata
from audioconv.files.remote import local
from audioconv.files.scratch import copied_to_tmpdir, scratch
from audioconv.files.source import PIECE, Digest, Source, pieces
from audioconv.files.watch import Stamp, Watch, changed_error, watch
from audioconv.urls import is_url

BLOCK_FRAMES = 2**16
"""Frames of a block, unless the caller asks for another size."""

MAX_BLOCK_BYTES = 2**27
"""Largest block, as float64."""

MAX_SPOOL = 2**36
"""Largest copy of a pipe on disk, in bytes: 100 hours of 16-bit stereo."""


class Reader:
    """A sound file, read once from beginning to end.

    Parameters
    ----------
    path : str
        a file, a URL, or ``-`` for standard input
    known_as : str, optional
        its name in messages, if `path` is a temporary copy
    allow_truncated : bool
        read a truncated file as far as it goes, with a notice
    hashed : bool
        whether `digest` will be called

    Attributes
    ----------
    info : SoundInfo
        the header
    metadata : Metadata
        that of a pipe lacks trailing chunks until its end
    frames : int
        frames read so far
    peak : float
        largest magnitude so far, relative to full scale
    ended : bool
        whether all of it has been read
    notices : list of str
        oddities of the header, and missing parts

    Raises
    ------
    FormatError
        If the file cannot be read, is not a sound file, holds no frames, or is truncated; and,
        while reading, if a sample is not a finite number, or larger than the reader was told; and
        at the end, if the file has changed meanwhile.

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
        self.ended = False
        self._allow_truncated = allow_truncated
        self._accepted: TruncatedError | None = None
        self._open = ExitStack()
        try:
            try:
                self._decoder, self._watch = _decoder(
                    path, known_as or path, self._open, hashed, allow_truncated
                )
            except OSError as error:
                raise _unreadable(known_as or path, error) from error
            self.info = self._decoder.info
            self.notices = self._decoder.notices
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
    def stamp(self) -> Stamp | None:
        """What the file was when it was opened; None unless it is a regular one."""
        return self._watch.stamp

    @property
    def unit(self) -> float:
        """The value of a sample of 1 in `samples`, relative to full scale: a power of two."""
        return self._decoder.unit

    def blocks(self, frames: int = BLOCK_FRAMES, limit: float = FINITE) -> Iterator[Audio]:
        """Yield float64 blocks (n, channels) of at most `frames` frames; full scale is 1."""
        for block in self.samples(frames, limit):
            yield as_audio(block, np.dtype(np.float64), self.unit)

    def samples(
        self, frames: int, limit: float = FINITE, most: int | None = None
    ) -> Iterator[Samples]:
        """Yield blocks (n, channels) of samples as they are stored, in steps of `unit`.

        Parameters
        ----------
        frames : int > 0
            most frames of a block
        limit : float
            largest magnitude, relative to full scale, that what follows can compute with
        most : int, optional
            frames that are needed: those behind them are not read
        """
        frames = max(1, min(frames, MAX_BLOCK_BYTES // (8 * self.info.channels)))
        yield from self.cut(repeat(frames), limit, most)

    def cut(
        self, lengths: Iterable[int], limit: float = FINITE, most: int | None = None
    ) -> Iterator[Samples]:
        """Yield blocks as `samples` does, each of its own length, while there are lengths."""
        end = sys.maxsize if most is None else most
        for frames in lengths:
            block = self._read(min(frames, end - self.frames), limit)
            if not len(block):
                break
            yield block
            if self.frames == end:
                return
        self.info = self._decoder.info
        self._check_shortage()
        complete = self.frames and self.frames == (self.info.frames or self.frames)
        if not complete and self._accepted is None:
            self._accept(truncated_error(self.info, self.info.frames, self.frames))
        self._check_shortage()
        self._watch.refuse_changed(self.info.path)
        self.ended = True

    @property
    def metadata(self) -> Metadata:
        """The metadata; that of a pipe lacks trailing chunks until its end."""
        return self._decoder.metadata

    @property
    def speakers(self) -> int:
        """Bit mask of the speaker positions that the file or its format states; 0 if none."""
        fixed = FLAC.get(self.info.channels, 0) if self.info.format == "FLAC" else 0
        return self.metadata.speakers or fixed

    def digest(self) -> Digest | None:
        """Return the SHA-256 and length of the file, once its samples have been read.

        None for a pipe of unknown length that has not been read to its end.
        """
        try:
            return self._decoder.digest()
        except OSError as error:
            raise _unreadable(self.info.path, error) from error

    def _check_shortage(self) -> None:
        if self._decoder.shortage is not None and self._decoder.shortage is not self._accepted:
            self._accept(self._decoder.shortage)

    def _accept(self, shortage: TruncatedError) -> None:
        """Add a notice of missing frames if they are allowed to be missing, or raise."""
        if not self._allow_truncated:
            raise shortage
        self._accepted = shortage
        self.notices.append(str(shortage).rpartition("; ")[0])  # without the remedy

    def _read(self, frames: int, limit: float) -> Samples:
        try:
            block = self._decoder.read(frames)
        except (OSError, soundfile.SoundFileError) as error:
            message = (
                f"{display_name(self.info.path)} cannot be read past frame {self.frames} "
                f"({self.frames / self.info.rate:.3f} s): {cause_of(error)}"
            )
            if isinstance(error, OSError):
                raise FormatError(message) from error
            self._accept(TruncatedError(message + REMEDY))
            return np.zeros((0, self.info.channels))
        if len(block):
            peak = max(float(block.max()), -float(block.min())) * self.unit
            if not peak <= limit:  # true of a NaN, unlike peak > limit
                raise self._extreme(block, limit)
            self.peak = max(self.peak, peak)
            self.frames += len(block)
        return block

    def _extreme(self, block: Samples, limit: float) -> FormatError:
        """Return the error that names the first sample of a block beyond a limit."""
        with np.errstate(invalid="ignore"):  # to convert a signalling NaN
            levels = np.abs(as_audio(block, np.dtype(np.float64), self.unit))
        at, channel = np.unravel_index(np.argmax(~(levels <= limit)), levels.shape)
        name, frame = display_name(self.info.path), self.frames + int(at)
        where = f"at frame {frame} ({frame / self.info.rate:.6f} s)"
        if not np.isfinite(levels[at, channel]):
            return FormatError(
                f"{name} has a sample that is not a finite number {where}; fix the file"
            )
        return FormatError(
            f"{name} reaches {levels[at, channel]:.3g} {where}, full scale being 1; this "
            f"convolution takes samples of at most {limit:.3g}; scale the sound first"
        )


class Readings:
    """Several readings of one file, which must not change from before the first to the end.

    Parameters
    ----------
    path, known_as, allow_truncated
        as for `Reader`

    Examples
    --------
    >>> readings = Readings("samples/guitar.wav")
    >>> for _ in range(2):
    ...     with readings.open() as reader:
    ...         frames = sum(map(len, reader.blocks()))
    >>> readings.refuse_changed()
    """

    def __init__(
        self, path: str, *, known_as: str | None = None, allow_truncated: bool = False
    ) -> None:
        self._path = path
        self._name = known_as or path
        self._allow_truncated = allow_truncated
        self._watch = watch(path)
        self._stamps: set[Stamp | None] = set()

    def open(self, *, hashed: bool = False) -> Reader:
        """Open the file for another reading.

        Raises
        ------
        FormatError
            As for `Reader`, and if it is another file than before.
        """
        reader = Reader(
            self._path,
            known_as=self._name,
            allow_truncated=self._allow_truncated,
            hashed=hashed,
        )
        self._stamps.add(reader.stamp)
        if len(self._stamps) > 1:
            with reader:
                raise changed_error(self._name)
        return reader

    def refuse_changed(self) -> None:
        """Raise `FormatError` if the file has been changed or replaced."""
        self._watch.refuse_changed(self._name)


def _decoder(
    source: str, path: str, files: ExitStack, hashed: bool, lenient: bool
) -> tuple[Decoder, Watch]:
    """Open `source`, named `path` in messages, with the decoder for its format, and watch it."""
    file = files.enter_context(_open(source))
    watched = Watch.opened(file)
    stream, header = _header(path, file, hashed)
    is_wave = header is not None and header.subtype is not None
    # bytes after the stated end of a WAV are found only in a file
    if not stream.regular and (lenient or not is_wave):
        file = files.enter_context(_copied(file, bytes(stream.beginning or b"")))
        watched = Watch.opened(file)
        stream, header = _header(path, file, hashed)
    if header is not None and is_wave:
        stream.forget()
        return WaveDecoder(path, stream, header, lenient), watched
    if not os.fstat(file.fileno()).st_size:
        raise FormatError(f"{display_name(path)} is empty; there is no sound in it")
    return LibsndfileDecoder(path, file, header, files, lenient), watched


def _header(path: str, file: IO[bytes], hashed: bool) -> tuple[Source, riff.Header | None]:
    """Return a file as a stream past its header, and the header if it is a WAV."""
    stream = Source(file, hashed=hashed)
    try:
        return stream, riff.read_header(stream.read)
    except riff.NotRiffError:
        return stream, None
    except FormatError as error:
        raise FormatError(f"{display_name(path)} is damaged: {error}") from None


@contextmanager
def rereadable(path: str) -> Iterator[str]:
    """Provide a path that can be read many times: `path`, or a copy of a pipe or a URL."""
    with ExitStack() as files:
        path = files.enter_context(local(path))
        file = files.enter_context(_open(path))
        if path != STANDARD and Source(file).regular:
            yield path
        else:
            yield TemporaryCopy(files.enter_context(_copied(file)).name, path)


@contextmanager
def _open(path: str) -> Iterator[IO[bytes]]:
    """Open for reading, or raise `FormatError`."""
    if path == STANDARD:
        if sys.stdin is None:
            raise FormatError("standard input is closed; give a file, or open it")
        yield sys.stdin.buffer
        return
    if not path:
        raise FormatError("the name of an input is empty; name a sound file")
    with local(path) as found:
        try:
            if os.path.isdir(found):
                raise FormatError(f"{display_name(path)} is a directory; name a sound file in it")
            file = open(found, "rb")  # noqa: SIM115  # closed below
        except FileNotFoundError:
            raise _missing(path) from None
        except (OSError, ValueError) as error:
            raise _unreadable(path, error) from None
        with file:
            yield file


def refuse_missing(*paths: str) -> None:
    """Raise if one of several inputs does not exist; call this before the output is checked.

    Whatever else is wrong with an input, and whether there is one at a URL, shows as it is opened.

    Raises
    ------
    FormatError

    Examples
    --------
    >>> refuse_missing("samples/guitar.wav", "-", "gitar.wav")
    Traceback (most recent call last):
        ...
    audioconv.errors.FormatError: gitar.wav does not exist; check the name
    """
    for path in paths:
        if path in ("", STANDARD) or is_url(path):
            continue
        try:
            os.stat(path)
        except FileNotFoundError:
            raise _missing(path) from None
        except (OSError, ValueError):  # it cannot be read, and the reader says why
            continue


def _missing(path: str) -> FormatError:
    return FormatError(f"{display_name(path)} does not exist; check the name")


def _unreadable(path: str, error: Exception) -> FormatError:
    return FormatError(f"{display_name(path)} cannot be read: {cause_of(error)}")


@contextmanager
def _copied(file: IO[bytes], beginning: bytes = b"") -> Iterator[IO[bytes]]:
    """Copy a pipe, of which `beginning` has been read already, to a temporary file."""
    with copied_to_tmpdir("the piped input"), ExitStack() as opened:
        copy = opened.enter_context(scratch())
        copy.write(beginning)
        for piece in pieces(file):
            if copy.tell() + len(piece) > MAX_SPOOL:
                raise FormatError(
                    f"the piped input exceeds {MAX_SPOOL >> 30} GiB, the limit of a temporary "
                    "copy; give it as a file, or as a WAV with `subtype='FLOAT'`"
                )
            copy.write(piece)
        copy.flush()
        # opened again, as closing a buffered file for writing depends on its position, which
        # libsndfile moves
        again = opened.enter_context(open(copy.name, "rb"))  # closed there
        files = opened.pop_all()
    with files:
        yield again


def read_bytes(path: str, most: int) -> tuple[bytes, Digest]:
    """Read all bytes of a file or of standard input, with their digest.

    Raises
    ------
    FormatError
        If it cannot be read, or has more than `most` bytes.
    """
    data = bytearray()
    with _open(path) as file:
        stream = Source(file, hashed=True)
        stream.forget()
        try:
            while piece := stream.read(PIECE):
                data += piece
                if len(data) > most:
                    raise FormatError(
                        f"{display_name(path)} has over {most} bytes, the limit; trim it, or "
                        "convert it to a WAV"
                    )
        except OSError as error:
            raise _unreadable(path, error) from None
        digest = stream.digest()
    assert digest is not None  # as it is hashed
    return bytes(data), digest


def read_all(path: str) -> tuple[Audio, SoundInfo]:
    """Read a whole file: samples (frames, channels) in float64, and the header."""
    with Reader(path) as reader:
        return np.concatenate(list(reader.blocks())), reader.info
