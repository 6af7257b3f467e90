"""Encoders: each writes one kind of file, from integers or floats.

PCM and float WAV is written here, so that a file and a pipe get the same bytes, and every other
format by libsndfile.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from typing import Literal, Protocol, TypeAlias

import numpy as np
import soundfile

from audioconv.engines.audio import SLICE, Audio, Samples
from audioconv.errors import FormatError
from audioconv.files.atomic import Target
from audioconv.files.codecs import flac, pcm, riff
from audioconv.files.codecs.deterministic import make_deterministic
from audioconv.files.codecs.pcm import Encoded
from audioconv.files.codecs.riff import Chunk
from audioconv.files.codecs.speakers import from_wave, positions, reordered, to_wave
from audioconv.files.formats import INTEGER_BITS, SoundInfo, display_name
from audioconv.files.limits import compression
from audioconv.files.metadata import COPIED, NO_METADATA, Metadata
from audioconv.files.quantise import Integers
from audioconv.files.silence import stdout_silenced

Rf64: TypeAlias = Literal["auto", "always", "never"]

LIBSNDFILE_BLOCK = 2**16
"""Frames passed to libsndfile in one call; its Vorbis encoder crashes on very many."""

CACHED = 2**14
"""Frames passed to an encoder of libsndfile together; where Vorbis begins depends on it."""

SHORT_TEXT, LONG_TEXT = 1500, 50_000
"""Bytes of a tag beyond which libsndfile drops it, or writes a file that cannot be read."""


class Encoder(Protocol):
    """A writer of one kind of file.

    Attributes
    ----------
    random_access : bool
        whether blocks may be written in any order, with `write_at`
    block : int > 0
        frames that are best encoded together
    unit : float
        value of 1 in what `decode` returns, a power of two
    """

    random_access: bool
    block: int
    unit: float

    def encode(self, samples: Audio | Integers) -> Encoded:
        """Encode floats, or integers with the bits of the subtype; in any thread."""
        ...

    def decode(self, data: Encoded) -> Samples:
        """Return encoded samples as a reader of the file should; in any thread."""
        ...

    def write(self, data: Encoded) -> None:
        """Append encoded samples."""
        ...

    def write_at(self, data: Encoded, frame: int) -> None:
        """Write encoded samples at a frame, in any thread; only with `random_access`."""
        ...

    def size(self, frames: int) -> int:
        """Return the size in bytes of a file of `frames` frames."""
        ...

    def close(self, frames: int, tail: Sequence[Chunk] = ()) -> list[str]:
        """Append chunks and complete the file; return names of metadata it cannot hold."""
        ...


class WaveEncoder:
    """PCM and float WAV; a file, and a pipe of known length, get correct sizes.

    Past 4 GiB the header becomes RF64.

    Parameters
    ----------
    target : Target
        an empty file or a pipe
    info : SoundInfo
        `frames` is the expected number, or None
    rf64 : {"auto", "always", "never"}
        use an RF64 header past 4 GiB, always, or raise `FormatError` instead
    metadata : Metadata
    tail_bytes : int
        expected length of the trailing chunks

    Attributes
    ----------
    is_rf64 : bool
        whether the header is RF64
    """

    def __init__(
        self,
        target: Target,
        info: SoundInfo,
        rf64: Rf64 = "auto",
        metadata: Metadata = NO_METADATA,
        tail_bytes: int = 0,
    ) -> None:
        self._target = target
        self._file = target.file
        self.random_access = target.path is not None
        self.block = max(1, SLICE // info.channels)
        self._info = replace(info, format="RF64") if rf64 == "always" else info
        self.unit = pcm.unit(info.subtype)
        self._never = rf64 == "never"
        self._speakers = metadata.speakers
        head, _, self._lost = metadata.as_chunks()
        self._head = riff.serialise(head)
        self._tail_bytes = tail_bytes
        self.is_rf64 = False
        header = self._header(info.frames, tail_bytes)
        self._file.write(header)
        self._begin = len(header)

    def encode(self, samples: Audio | Integers) -> Encoded:
        """Encode floats, or integers with the bits of the subtype; in any thread."""
        return pcm.encode(samples, self._info.subtype)

    def decode(self, data: Encoded) -> Samples:
        """Return encoded samples as a reader of the file should; in any thread."""
        return pcm.decode(data, self._info.subtype, self._info.channels)

    def write(self, data: Encoded) -> None:
        """Append encoded samples."""
        self._file.write(data)

    def write_at(self, data: Encoded, frame: int) -> None:
        """Write encoded samples at a frame, in any thread; only with `random_access`."""
        self._target.write_at(data, self._begin + frame * self._frame_bytes)

    def size(self, frames: int) -> int:
        """Return the size in bytes of a file of `frames` frames, with all chunks."""
        return self._begin + frames * self._frame_bytes + self._tail_bytes

    def close(self, frames: int, tail: Sequence[Chunk] = ()) -> list[str]:
        """Pad to an even length, append the tail, and correct the sizes in the header."""
        if not self.random_access:
            # chunks past the sizes in the header would be read as samples, or as another file
            room = self._tail_bytes if frames == self._info.frames else 0
            while len(riff.serialise(tail)) > room:
                self._lost += [riff.label(tail[0].id)] if tail[0].id in COPIED else []
                tail = tail[1:]
        trailing = riff.serialise(tail)
        padding = b"\0" * (frames * self._frame_bytes % 2)
        if self.random_access:
            self._file.seek(self._begin + frames * self._frame_bytes)
        self._file.write(padding + trailing)
        expected = (self._info.frames, self._tail_bytes)
        if self.random_access and (frames, len(trailing)) != expected:
            self._file.seek(0)
            self._file.write(self._header(frames, len(trailing)))
        self._tail_bytes = len(padding) + len(trailing)
        return self._lost

    @property
    def _frame_bytes(self) -> int:
        return pcm.frame_bytes(self._info.subtype, self._info.channels)

    def _header(self, frames: int | None, tail_bytes: int) -> bytes:
        info = self._info
        # a file of unknown length, or of nearly 4 GiB, reserves space for the sizes of RF64
        near_limit = (
            info.frames is None
            or info.frames * self._frame_bytes > riff.LARGEST - 3 * riff.MAX_CHUNKS
        )
        header = riff.header(
            info.subtype,
            info.rate,
            info.channels,
            frames,
            # the length of the header must not change once samples follow it
            form="RF64" if self.is_rf64 else info.format,
            reserve=self.random_access and near_limit,
            speakers=self._speakers,
            chunks=self._head,
            tail_bytes=tail_bytes,
        )
        self.is_rf64 = header.startswith(b"RF64")
        if self.is_rf64 and self._never:
            raise FormatError(
                f"{frames} frames of {info.subtype} exceed the 4 GiB of a WAV file; use "
                "`rf64='auto'`, or a smaller `subtype`"
            )
        return header


class LibsndfileEncoder:
    """Any other format that libsndfile can write."""

    unit = 1.0

    def __init__(self, target: Target, info: SoundInfo, metadata: Metadata = NO_METADATA) -> None:
        if target.path is None:
            raise FormatError(f"{info.format} cannot be written to a pipe; use WAV or a file")
        self.random_access = False
        self.block = CACHED
        self._bits = INTEGER_BITS.get(info.subtype)
        fixed = positions(info.subtype, info.channels)
        self._order, self._wave_order = from_wave(fixed), to_wave(fixed)
        self._channels = info.channels
        self._read_as = np.dtype(np.float32 if info.subtype == "FLOAT" else np.float64)
        self._target = target
        self._raw = target.file
        self._name = f"the {info.format} encoder of {display_name(info.path, role='output')}"
        settings = compression(info)
        try:
            self._file = soundfile.SoundFile(
                # opened again: a failed sync is reported once per open file, and libsndfile
                # ignores it
                os.open(target.path, os.O_RDWR | getattr(os, "O_BINARY", 0)),
                "w",
                info.rate,
                info.channels,
                info.subtype,
                format=info.format,
                closefd=True,
                **settings._asdict(),
            )
        except (soundfile.SoundFileError, ValueError) as error:
            target.raise_if_full()
            raise FormatError(
                f"{info.format} cannot hold {info.subtype} samples of {info.channels} channels "
                f"at {info.rate} Hz; use another format or `subtype`"
            ) from error
        self._write_tags(metadata.as_tags()[0], info.format)

    def _write_tags(self, tags: dict[str, str], form: str) -> None:
        ascii_only = form == "MP3"  # readers disagree about any other text
        longest = LONG_TEXT if form in ("FLAC", "OGG") else SHORT_TEXT
        for tag, text in tags.items():
            fits = len(text.encode("utf-8", "surrogateescape")) <= longest
            if fits and (text.isascii() or not ascii_only):
                # a tag that the format cannot hold is noticed on reading back
                with suppress(soundfile.SoundFileError):
                    setattr(self._file, tag, text)

    def encode(self, samples: Audio | Integers) -> bytes:
        """Convert to the bytes that libsndfile takes; in any thread."""
        ordered = reordered(samples, self._order)
        if self._bits:
            return (ordered.astype(np.int32) << (32 - self._bits)).tobytes()
        return ordered.astype(np.float64, copy=False).tobytes()

    def decode(self, data: Encoded) -> Samples:
        """Return what is passed to libsndfile as a reader of the file should; in any thread."""
        if self._bits:
            samples = np.frombuffer(data, np.int32) / 2.0**31
        else:
            samples = np.frombuffer(data, np.float64).astype(self._read_as).astype(np.float64)
        return reordered(samples.reshape(-1, self._channels), self._wave_order)

    def write(self, data: Encoded) -> None:
        """Code and append samples."""
        kind = "int32" if self._bits else "float64"
        most = LIBSNDFILE_BLOCK * self._file.channels * np.dtype(kind).itemsize
        try:
            with self._silenced():
                for start in range(0, len(data), most):
                    self._file.buffer_write(data[start : start + most], kind)
        except soundfile.SoundFileError as error:
            self._target.raise_if_full()
            raise FormatError(f"{self._name} failed: {error}") from error

    def _silenced(self) -> AbstractContextManager[None]:
        return stdout_silenced() if self._file.subtype.startswith("ALAC") else nullcontext()

    def write_at(self, data: Encoded, frame: int) -> None:
        """Refuse: libsndfile encodes forward only."""
        raise NotImplementedError

    def size(self, frames: int) -> int:
        """Return the size of the file so far in bytes, whatever `frames` is."""
        return os.fstat(self._raw.fileno()).st_size

    def close(self, frames: int, tail: Sequence[Chunk] = ()) -> list[str]:
        """Complete the file; chunks are ignored, and `Writer` checks the tags."""
        with self._silenced():
            self._file.close()
        make_deterministic(self._raw)
        if not flac.is_finished(self._raw):
            self._target.raise_if_full()
            raise FormatError(f"{self._name} failed at the end: its header is incomplete")
        return []


def encoder(
    target: Target,
    info: SoundInfo,
    rf64: Rf64 = "auto",
    metadata: Metadata = NO_METADATA,
    tail_bytes: int = 0,
) -> Encoder:
    """Return the encoder for a format and subtype; see `WaveEncoder` for the parameters."""
    if holds_chunks(info):
        return WaveEncoder(target, info, rf64, metadata, tail_bytes)
    return LibsndfileEncoder(target, info, metadata)


def holds_chunks(info: SoundInfo) -> bool:
    """Return whether a file is written by `WaveEncoder`, and so can hold any chunk.

    Examples
    --------
    >>> holds_chunks(SoundInfo("a.wav", "WAV", "PCM_16", 48000, 2, None))
    True
    """
    return info.format in ("WAV", "WAVEX", "RF64") and info.subtype in pcm.TAGS
