"""Encoders: what can write one kind of file, from whole numbers or floats.

WAV of linear samples is written here, so that a file and a pipe get the same bytes, and every
other format by libsndfile.
"""

from __future__ import annotations

import os
from dataclasses import replace
from typing import Literal, Protocol, TypeAlias

import numpy as np
import soundfile

from audioconv.engines import Audio
from audioconv.errors import FormatError
from audioconv.files import riff
from audioconv.files.atomic import Target
from audioconv.files.formats import INTEGER_BITS, Sound
from audioconv.files.quantise import Integers

Rf64: TypeAlias = Literal["auto", "always", "never"]

LIBSNDFILE_BLOCK = 2**16
"""Frames that libsndfile is given at a time; its Vorbis encoder crashes on very many."""


class Encoder(Protocol):
    """What can write one kind of file."""

    def write(self, samples: Audio | Integers) -> None:
        """Append samples: integers of the subtype's bits, or floats."""
        ...

    def close(self) -> None:
        """Finish the file."""
        ...


class WaveEncoder:
    """Linear WAV; sizes are right in a file, and in a pipe as far as the length is known.

    Past 4 GiB its header becomes that of RF64, unless that is never to be.

    Attributes
    ----------
    long : bool
        whether the header is that of RF64
    """

    def __init__(self, target: Target, sound: Sound, rf64: Rf64 = "auto") -> None:
        self._file = target.file
        self._rewritable = target.path is not None
        self._sound = replace(sound, format="RF64") if rf64 == "always" else sound
        self._never = rf64 == "never"
        self._frames = 0
        self.long = False
        self._file.write(self._header(sound.frames))

    def write(self, samples: Audio | Integers) -> None:
        """Append samples: integers of the subtype's bits, or floats."""
        data = riff.encode(samples, self._sound.subtype)
        self._file.write(data)
        self._frames += len(samples)

    def close(self) -> None:
        """Pad to a whole number of words and put the true length in the header."""
        if self._frames * self._sound.channels * riff.TAGS[self._sound.subtype][1] // 8 % 2:
            self._file.write(b"\0")
        if self._rewritable and self._frames != self._sound.frames:
            self._file.flush()
            self._file.seek(0)
            self._file.write(self._header(self._frames))

    def _header(self, frames: int | None) -> bytes:
        # a file of unknown length keeps room for the sizes of RF64
        reserve = self._rewritable and self._sound.frames is None
        sound = self._sound
        # once long, a header stays so: what follows it has its place
        form = "RF64" if self.long else sound.format
        header = riff.header(
            sound.subtype, sound.rate, sound.channels, frames, form=form, reserve=reserve
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

    def __init__(self, target: Target, sound: Sound) -> None:
        if target.path is None:
            raise FormatError(f"{sound.format} cannot be written to a pipe; use WAV or a file")
        self._bits = INTEGER_BITS.get(sound.subtype)
        try:
            self._file = soundfile.SoundFile(
                os.dup(target.file.fileno()),
                "w",
                sound.rate,
                sound.channels,
                sound.subtype,
                format=sound.format,
                closefd=True,
            )
        except (soundfile.SoundFileError, ValueError) as error:
            rates = "; it takes 8, 12, 16, 24 and 48 kHz" if sound.subtype == "OPUS" else ""
            raise FormatError(
                f"{sound.format} cannot hold {sound.subtype} samples of {sound.channels} channels "
                f"at {sound.rate} Hz{rates}; use another --format or --subtype"
            ) from error

    def write(self, samples: Audio | Integers) -> None:
        """Append samples: integers of the subtype's bits, or floats."""
        if self._bits:
            samples = samples.astype(np.int32) << (32 - self._bits)
        try:
            for start in range(0, len(samples), LIBSNDFILE_BLOCK):
                self._file.write(np.ascontiguousarray(samples[start : start + LIBSNDFILE_BLOCK]))
        except soundfile.SoundFileError as error:
            raise FormatError(f"the encoder failed: {error}") from error

    def close(self) -> None:
        """Finish the file."""
        self._file.close()


def encoder(target: Target, sound: Sound, rf64: Rf64 = "auto") -> Encoder:
    """Open the encoder for a kind of file."""
    if sound.format in ("WAV", "WAVEX", "RF64") and sound.subtype in riff.TAGS:
        return WaveEncoder(target, sound, rf64)
    return LibsndfileEncoder(target, sound)
