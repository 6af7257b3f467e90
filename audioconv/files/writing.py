"""Writing: a stream of blocks as a sound file that is checked before anyone sees it.

Samples are rounded here, not in libsndfile, which floors them. WAV files of linear samples are
also encoded here, so that a file and a pipe get the same bytes.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
import soundfile

from audioconv.engines import Audio
from audioconv.errors import FormatError
from audioconv.files import riff
from audioconv.files.atomic import Target
from audioconv.files.formats import FLOATS, INTEGER_BITS, Sound
from audioconv.files.quantise import Integers, quantise, triangular_noise
from audioconv.files.reading import Reader
from impulses.impulse import to_db

WAVES = ("WAV", "WAVEX", "RF64")

# libsndfile takes samples left-justified in these, and its Vorbis encoder crashes on long ones
LIBSNDFILE_BLOCK = 2**16


@dataclass
class Level:
    """The extremes of a stream: largest and least sample, and where the loudest one stands."""

    highest: float = 0.0
    lowest: float = 0.0
    peak: float = 0.0
    peak_frame: int = 0
    frames: int = 0

    def take(self, block: Audio) -> None:
        """Take note of a block."""
        if not block.size:
            return
        high, low = float(block.max()), float(block.min())
        self.highest, self.lowest = max(self.highest, high), min(self.lowest, low)
        if not max(high, -low) <= self.peak:  # so put, it is true of a NaN too
            self.peak = max(high, -low)
            self.peak_frame = self.frames + int(np.argmax(np.abs(block).max(axis=1)))
        self.frames += len(block)

    def fitting_gain(self, subtype: str, dither: str) -> float:
        """Return the gain, at most 1, with which every sample fits a subtype."""
        if subtype in FLOATS:
            return 1.0
        full = 2.0 ** (INTEGER_BITS.get(subtype, 32) - 1)
        noise = 1 if dither == "tpdf" else 0
        top, bottom = full - 1 - noise, full - noise
        # what rounds to the largest value fits as it is
        over = np.rint(self.highest * full) > top or np.rint(self.lowest * full) < -bottom
        if not over:
            return 1.0
        return min(top / max(self.highest * full, top), bottom / max(-self.lowest * full, bottom))


class Encoder(Protocol):
    """What can write one kind of file."""

    def write(self, samples: Audio | Integers) -> None:
        """Append samples: integers of the subtype's bits, or floats."""
        ...

    def close(self) -> None:
        """Finish the file."""
        ...


class Writer:
    """The output of one run.

    Parameters
    ----------
    target : Target
        an empty file or a pipe
    sound : Sound
        format, subtype, rate, channels, and the frames that are expected, if they are known
    clip : {"guard", "error", "saturate"}
        what to do with a sample past full scale: ``error`` refuses it at once; the others
        write the largest value and count it, and ``guard`` leaves it to the caller to start
        again with the gain that `Level.fitting_gain` gives
    dither : {"none", "tpdf"}

    Attributes
    ----------
    level : Level
        of what was written, before rounding
    clipped : int
        samples past full scale

    Raises
    ------
    FormatError
        If a sample is not a finite number, or past full scale under ``error``, or what was
        written does not check out.
    """

    def __init__(
        self,
        target: Target,
        sound: Sound,
        *,
        clip: Literal["guard", "error", "saturate"] = "guard",
        dither: Literal["none", "tpdf"] = "none",
    ) -> None:
        self.sound = sound
        self.level = Level()
        self.clipped = 0
        self._target = target
        self._clip = clip
        self._dither = dither
        self._bits = INTEGER_BITS.get(sound.subtype)
        wave = sound.format in WAVES and sound.subtype in riff.TAGS
        self._encoder: Encoder = (WaveEncoder if wave else LibsndfileEncoder)(target, sound)

    def write(self, block: Audio) -> None:
        """Append a block (frames, channels)."""
        start = self.level.frames
        self.level.take(block)
        if not np.isfinite(self.level.peak):
            raise FormatError(
                f"the output is not a finite number at frame {self.level.peak_frame} "
                f"({self.level.peak_frame / self.sound.rate:.6f} s); lower the gain"
            )
        samples: Audio | Integers = block
        clipped = 0
        if self._bits:
            noise: Audio | float = 0.0
            if self._dither == "tpdf":
                noise = triangular_noise(start, *block.shape)
            samples, clipped = quantise(block, self._bits, noise)
        elif self.sound.subtype not in FLOATS:
            clipped = int(np.count_nonzero(np.abs(block) > 1))
            samples = np.clip(block, -1, 1)
        if clipped and self._clip == "error":
            raise FormatError(
                f"the output would clip at {self.level.peak_frame / self.sound.rate:.3f} s, "
                f"{to_db(self.level.peak):+.2f} dB above full scale; use --clip guard, "
                "--ir-gain l1 or a lower --wet"
            )
        self.clipped += clipped
        self._encoder.write(samples)

    def abandon(self) -> None:
        """Let go of the file, so that the target can be written again from its beginning."""
        self._encoder.close()
        self._target.restart()

    def finish(self) -> None:
        """Close the file and check that it says of itself what was written."""
        self._encoder.close()
        self._target.file.flush()
        if self._target.path is None:
            return
        try:
            with Reader(self._target.path) as reader:
                found = reader.sound
        except FormatError as error:
            raise FormatError(f"the output does not read back: {error}") from error
        says = (found.rate, found.channels)
        if says != (self.sound.rate, self.sound.channels) or not self._whole(found.frames):
            raise FormatError(
                f"the output says {found.frames} frames of {found.channels} channels at "
                f"{found.rate} Hz, but {self.level.frames} of {self.sound.channels} at "
                f"{self.sound.rate} were written; the disk or the encoder failed"
            )

    def _whole(self, frames: int | None) -> bool:
        """Tell whether a file of so many frames holds all; lossy coders pad to their blocks."""
        exact = self._bits is not None or self.sound.subtype in FLOATS
        written = self.level.frames
        return frames == written if exact else frames is None or frames >= written


class WaveEncoder:
    """Linear WAV; sizes are right in a file, and in a pipe as far as the length is known."""

    def __init__(self, target: Target, sound: Sound) -> None:
        self._file = target.file
        self._rewritable = target.path is not None
        self._sound = sound
        self._frames = 0
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
        return riff.header(
            sound.subtype, sound.rate, sound.channels, frames, form=sound.format, reserve=reserve
        )


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
            raise FormatError(
                f"{sound.format} cannot hold {sound.subtype} samples of {sound.channels} "
                f"channels at {sound.rate} Hz; use another --format or --subtype"
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


def write_all(target: Target, sound: Sound, audio: Audio) -> Writer:
    """Write a whole sound and check it; committing it is left to the caller."""
    writer = Writer(target, sound, clip="error")
    writer.write(audio)
    writer.finish()
    return writer
