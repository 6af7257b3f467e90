"""Encoders: what can write one kind of file, from whole numbers or floats.

WAV of linear samples is written here, so that a file and a pipe get the same bytes, and every
other format by libsndfile.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Literal, Protocol, TypeAlias

import numpy as np
import soundfile

from audioconv.engines.convolver import Audio
from audioconv.errors import FormatError
from audioconv.files.atomic import Target
from audioconv.files.codecs import flac, pcm, riff
from audioconv.files.codecs.deterministic import make_deterministic
from audioconv.files.codecs.riff import Chunk
from audioconv.files.formats import INTEGER_BITS, SoundInfo
from audioconv.files.metadata import CARRIED, NO_METADATA, Metadata
from audioconv.files.quantise import Integers

Rf64: TypeAlias = Literal["auto", "always", "never"]

LIBSNDFILE_BLOCK = 2**16
"""Frames that libsndfile is given at a time; its Vorbis encoder crashes on very many."""


SHORT_TEXT, LONG_TEXT = 1500, 50_000
"""Bytes of a field beyond which libsndfile loses it, or makes a file that cannot be read."""


class Encoder(Protocol):
    """What can write one kind of file.

    Attributes
    ----------
    placing : bool
        whether parts may be written in any order
    """

    placing: bool

    def encode(self, samples: Audio | Integers) -> bytes:
        """Turn samples, integers of the subtype's bits or floats, into bytes; in any thread."""
        ...

    def write(self, data: bytes) -> None:
        """Append what was encoded."""
        ...

    def place(self, data: bytes, frame: int) -> None:
        """Write what was encoded where its first frame belongs; in any thread, if `placing`."""
        ...

    def size(self, frames: int) -> int:
        """Return the bytes that the file has with so many frames."""
        ...

    def close(self, frames: int, tail: Sequence[Chunk] = ()) -> list[str]:
        """Put chunks after the samples, and finish the file; name metadata it cannot hold."""
        ...


class WaveEncoder:
    """Linear WAV; sizes are right in a file, and in a pipe as far as the length is known.

    Past 4 GiB its header becomes that of RF64, unless that is never to be.

    Parameters
    ----------
    after : int
        bytes of the chunks that will come after the samples, if they are known

    Attributes
    ----------
    long : bool
        whether the header is that of RF64
    """

    def __init__(
        self,
        target: Target,
        sound: SoundInfo,
        rf64: Rf64 = "auto",
        metadata: Metadata = NO_METADATA,
        after: int = 0,
    ) -> None:
        self._target = target
        self._file = target.file
        self.placing = target.path is not None
        self._sound = replace(sound, format="RF64") if rf64 == "always" else sound
        self._never = rf64 == "never"
        self._speakers = metadata.speakers
        head, _, self._lost = metadata.as_chunks()
        self._head = riff.serialise(head)
        self._promised = after
        self.long = False
        header = self._header(sound.frames, after)
        self._file.write(header)
        self._begin = len(header)

    def encode(self, samples: Audio | Integers) -> bytes:
        """Turn samples, integers of the subtype's bits or floats, into bytes; in any thread."""
        return pcm.encode(samples, self._sound.subtype)

    def write(self, data: bytes) -> None:
        """Append what was encoded."""
        self._file.write(data)

    def place(self, data: bytes, frame: int) -> None:
        """Write what was encoded where its first frame belongs; in any thread, if `placing`."""
        self._target.write_at(data, self._begin + frame * self._frame_bytes)

    def size(self, frames: int) -> int:
        """Return the bytes of so many frames, and of what stands beside them."""
        return self._begin + frames * self._frame_bytes + self._promised

    def close(self, frames: int, tail: Sequence[Chunk] = ()) -> list[str]:
        """Pad to a whole number of words, add the tail, and put the true sizes in the header."""
        if not self.placing:
            # what was not promised would be taken for samples, or for another file
            room = self._promised if frames == self._sound.frames else 0
            while len(riff.serialise(tail)) > room:
                self._lost += [riff.label(tail[0].id)] if tail[0].id in CARRIED else []
                tail = tail[1:]
        after = riff.serialise(tail)
        padding = b"\0" * (frames * self._frame_bytes % 2)
        if self.placing:
            self._file.seek(self._begin + frames * self._frame_bytes)
        self._file.write(padding + after)
        if self.placing and (frames, len(after)) != (self._sound.frames, self._promised):
            self._file.seek(0)
            self._file.write(self._header(frames, len(after)))
        self._promised = len(padding) + len(after)
        return self._lost

    @property
    def _frame_bytes(self) -> int:
        return pcm.frame_bytes(self._sound.subtype, self._sound.channels)

    def _header(self, frames: int | None, after: int) -> bytes:
        sound = self._sound
        expected = sound.frames
        # a file of unknown length, or one near the end of WAV, keeps room for the sizes of RF64
        near = expected is None or expected * self._frame_bytes > riff.LARGEST - 3 * riff.MAX_CHUNKS
        # once long, a header stays so: what follows it has its place
        form = "RF64" if self.long else sound.format
        header = riff.header(
            sound.subtype,
            sound.rate,
            sound.channels,
            frames,
            form=form,
            reserve=self.placing and near,
            speakers=self._speakers,
            chunks=self._head,
            after=after,
        )
        self.long = header.startswith(b"RF64")
        if self.long and self._never:
            raise FormatError(
                f"{frames} frames of {sound.subtype} pass the 4 GiB of a WAV file; use "
                "--rf64 auto, or a smaller --subtype"
            )
        return header


class LibsndfileEncoder:
    """Any other format that libsndfile writes."""

    def __init__(self, target: Target, sound: SoundInfo, metadata: Metadata = NO_METADATA) -> None:
        if target.path is None:
            raise FormatError(f"{sound.format} cannot be written to a pipe; use WAV or a file")
        self.placing = False
        self._bits = INTEGER_BITS.get(sound.subtype)
        self._raw = target.file
        try:
            self._file = soundfile.SoundFile(
                # opened anew: libsndfile syncs it, and keeps to itself what comes of that
                os.open(target.path, os.O_RDWR | getattr(os, "O_BINARY", 0)),
                "w",
                sound.rate,
                sound.channels,
                sound.subtype,
                format=sound.format,
                closefd=True,
            )
        except (soundfile.SoundFileError, ValueError) as error:
            raise FormatError(
                f"{sound.format} cannot hold {sound.subtype} samples of {sound.channels} channels "
                f"at {sound.rate} Hz; use another --format or --subtype"
            ) from error
        plain = sound.format == "MP3"  # of which others read anything but ASCII in their own way
        longest = LONG_TEXT if sound.format in ("FLAC", "OGG") else SHORT_TEXT
        for tag, text in metadata.as_tags()[0].items():
            fits = len(text.encode("utf-8", "surrogateescape")) <= longest
            if fits and (text.isascii() or not plain):
                # what a format does not hold is seen on reading back
                with suppress(soundfile.SoundFileError):
                    setattr(self._file, tag, text)

    def encode(self, samples: Audio | Integers) -> bytes:
        """Turn samples, integers of the subtype's bits or floats, into bytes; in any thread."""
        if self._bits:
            return (samples.astype(np.int32) << (32 - self._bits)).tobytes()
        return samples.astype(np.float64, copy=False).tobytes()

    def write(self, data: bytes) -> None:
        """Append what was encoded, but for the coding that is libsndfile's."""
        kind = "int32" if self._bits else "float64"
        most = LIBSNDFILE_BLOCK * self._file.channels * np.dtype(kind).itemsize
        try:
            for start in range(0, len(data), most):
                self._file.buffer_write(data[start : start + most], kind)
        except soundfile.SoundFileError as error:
            raise FormatError(f"the encoder failed: {error}") from error

    def place(self, data: bytes, frame: int) -> None:
        """Refuse: an encoder goes forward."""
        raise NotImplementedError

    def size(self, frames: int) -> int:
        """Return the bytes that the file has so far, whatever its frames."""
        return os.fstat(self._raw.fileno()).st_size

    def close(self, frames: int, tail: Sequence[Chunk] = ()) -> list[str]:
        """Finish the file, which has no chunks; that its fields are there is for others to see."""
        self._file.close()
        make_deterministic(self._raw)
        if not flac.is_finished(self._raw):
            raise FormatError("the encoder failed at the end: the header of the FLAC is not whole")
        return []


def encoder(
    target: Target,
    sound: SoundInfo,
    rf64: Rf64 = "auto",
    metadata: Metadata = NO_METADATA,
    after: int = 0,
) -> Encoder:
    """Open the encoder for a kind of file."""
    if holds_chunks(sound):
        return WaveEncoder(target, sound, rf64, metadata, after)
    return LibsndfileEncoder(target, sound, metadata)


def holds_chunks(sound: SoundInfo) -> bool:
    """Tell whether a file is a WAV that is written here, and can hold any chunk.

    Examples
    --------
    >>> holds_chunks(SoundInfo("a.wav", "WAV", "PCM_16", 48000, 2, None))
    True
    """
    return sound.format in ("WAV", "WAVEX", "RF64") and sound.subtype in pcm.TAGS
