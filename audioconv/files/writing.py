"""Writing: a stream of blocks as a sound file that is checked before anyone sees it.

Samples are rounded here, not in libsndfile, which floors them. WAV files of linear samples are
also encoded here, so that a file and a pipe get the same bytes.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from audioconv.engines.convolver import Audio
from audioconv.errors import FormatError
from audioconv.files.atomic import Target
from audioconv.files.codecs import pcm
from audioconv.files.codecs.riff import Chunk
from audioconv.files.encoders import Rf64, WaveEncoder, encoder, holds_chunks
from audioconv.files.formats import FLOATS, INTEGER_BITS, SoundInfo, is_exact
from audioconv.files.metadata import NO_METADATA, Metadata
from audioconv.files.peak import PeakMeter
from audioconv.files.quantise import Integers, first_past, quantise, triangular_noise
from audioconv.files.reading import Reader
from audioconv.files.scratch import scratch
from impulses.impulse import to_db

READ_BACK = 2**16

CACHED = 2**14
"""Frames that stay in the cache from their scaling to their bytes."""

ABSURD = 1e15
"""A sample of 300 dB above full scale is no sound, and would break encoders."""

LARGEST = {"FLOAT": float(np.finfo(np.float32).max), "DOUBLE": float(np.finfo(np.float64).max)}


@dataclass
class Encoded:
    """A part of an output, ready to be written.

    Parameters
    ----------
    data : list of bytes
        for the encoder
    level : PeakMeter
        of the part, before rounding
    clipped, first_clipped : int
        samples past full scale, and the frame of the output in which the first of them is
    expected : list of bytes
        what a reader should read, if that is to be compared
    """

    data: list[bytes] = field(default_factory=list)
    level: PeakMeter = field(default_factory=PeakMeter)
    clipped: int = 0
    first_clipped: int = 0
    expected: list[bytes] = field(default_factory=list)


class Writer:
    """The output of one run.

    Parameters
    ----------
    target : Target
        an empty file or a pipe
    sound : SoundInfo
        format, subtype, rate, channels, and the frames that are expected, if they are known
    clip : {"guard", "error", "saturate"}
        what to do with a sample past full scale: ``error`` refuses it at once; the others
        write the largest value and count it, and ``guard`` leaves it to the caller to start
        again with the gain that `PeakMeter.fitting_gain` gives
    dither : {"none", "tpdf"}
    rf64 : {"auto", "always", "never"}
        whether a WAV gets the header of RF64: past 4 GiB, in any case, or not at all
    metadata : Metadata
        what to tell besides the samples, so far as is known
    after : int
        bytes of the chunks that `finish` will get, if they are known
    most : int, optional
        bytes that the file may have

    Attributes
    ----------
    level : PeakMeter
        of what was written, before rounding
    clipped : int
        samples past full scale
    first_clipped : int
        frame of the first of them
    notices : list of str
        what is unlike what was asked for, once it is finished
    lost : list of str
        names of metadata that the file cannot hold, once it is finished

    Raises
    ------
    FormatError
        If a sample is not a finite number, or past full scale under ``error``, or the file
        becomes too large, or what was written does not check out.
    """

    def __init__(
        self,
        target: Target,
        sound: SoundInfo,
        *,
        clip: Literal["guard", "error", "saturate"] = "guard",
        dither: Literal["none", "tpdf"] = "none",
        rf64: Rf64 = "auto",
        metadata: Metadata = NO_METADATA,
        after: int = 0,
        most: int | None = None,
    ) -> None:
        self.info = sound
        self.level = PeakMeter()
        self.clipped = 0
        self.first_clipped = 0
        self.notices: list[str] = []
        self.lost: list[str] = []
        self._target = target
        self._clip = clip
        self._dither = dither
        self._rf64 = rf64
        self._most = most
        self._bits = INTEGER_BITS.get(sound.subtype)
        self._exact = is_exact(sound.subtype)
        if sound.frames and holds_chunks(sound):
            self._refuse_large(sound.frames * pcm.frame_bytes(sound.subtype, sound.channels))
        self._largest = LARGEST.get(sound.subtype, ABSURD)
        self._encoder = encoder(target, sound, rf64, metadata, after)
        self._checked = self._exact and not isinstance(self._encoder, WaveEncoder)
        self._checksum = 0

    def write(self, block: Audio) -> None:
        """Append a block (frames, channels)."""
        self.append(self.encode(block, self.level.frames))

    def encode(self, block: Audio, start: int) -> Encoded:
        """Turn a block that begins with a frame into bytes; in any thread, and in any order."""
        encoded = Encoded()
        for at in range(0, len(block), CACHED):
            self._encode(block[at : at + CACHED], start + at, encoded)
        return encoded

    def _encode(self, block: Audio, start: int, encoded: Encoded) -> None:
        encoded.level.take(block)
        samples: Audio | Integers = block
        past = 0
        noise: Audio | float = 0.0
        if not encoded.level.peak <= self._largest:
            return  # which `append` refuses
        if self._bits:
            if self._dither == "tpdf":
                noise = triangular_noise(start, *block.shape)
            samples, past = quantise(block, self._bits, noise)
        elif self.info.subtype not in FLOATS:
            past = int(np.count_nonzero(np.abs(block) > 1))
            samples = np.clip(block, -1, 1)
        if past and not encoded.clipped:
            encoded.first_clipped = start + first_past(block, self._bits, noise)
        encoded.clipped += past
        data = self._encoder.encode(samples)
        if not self._encoder.placing:
            encoded.data.append(data)
        elif past == 0 or self._clip != "error":
            self._refuse_large(self._encoder.size(start + len(block)))
            self._encoder.place(data, start)
        if self._checked:
            encoded.expected.append(self._as_read(samples))

    def append(self, encoded: Encoded) -> None:
        """Append what was encoded, in order.

        Raises
        ------
        FormatError
            If it must not be there.
        """
        self.level.join(encoded.level)
        self._refuse_absurd()
        if encoded.clipped and not self.clipped:
            self.first_clipped = encoded.first_clipped
        self.clipped += encoded.clipped
        if encoded.clipped and self._clip == "error":
            raise FormatError(
                f"the output would clip: {self.clipping()}, so far; use "
                "--clip guard, --ir-gain l1 or a lower --wet"
            )
        for data in encoded.data:
            self._encoder.write(data)
        self._refuse_large(self._encoder.size(self.level.frames))
        for expected in encoded.expected:
            self._checksum = zlib.crc32(expected, self._checksum)

    def clipping(self) -> str:
        """Tell how many samples pass full scale, from when on, and by how much."""
        rate, count = self.info.rate, self.clipped
        return (
            f"{count} sample{'s' * (count != 1)} past full scale, the first at "
            f"{self.first_clipped / rate:.3f} s, the loudest {to_db(self.level.peak):+.2f} dB "
            f"above it at {self.level.peak_frame / rate:.3f} s"
        )

    def _refuse_large(self, size: int) -> None:
        if self._most is not None and size > self._most:
            raise FormatError(
                f"the output has {size} bytes or more; --max-output allows {self._most}; raise "
                "it, or cut the output with --length"
            )

    def _refuse_absurd(self) -> None:
        level, largest = self.level, self._largest
        if level.peak <= largest:
            return
        found = f"reaches {level.peak:.3g}" if np.isfinite(level.peak) else "is not a finite number"
        raise FormatError(
            f"the output {found} at frame {level.peak_frame} "
            f"({level.peak_frame / self.info.rate:.6f} s), full scale being 1; "
            f"{self.info.subtype} holds up to {largest:.3g}; lower the gain"
        )

    def abandon(self) -> None:
        """Let go of the file, so that the target can be written again from its beginning."""
        self._encoder.close(self.level.frames)
        self._target.restart()

    def finish(self, metadata: Metadata = NO_METADATA, recipe: Sequence[Chunk] = ()) -> None:
        """Close the file, with what is to be told after the samples, and check it.

        It must say of itself what was written; and samples that libsndfile encoded must come
        back as they were, unless their coding is lossy.
        """
        frames = self.level.frames
        self.lost += self._encoder.close(frames, [*metadata.tail, *recipe])
        self._refuse_large(self._encoder.size(frames))
        self._target.file.flush()
        ours = isinstance(self._encoder, WaveEncoder)
        long = isinstance(self._encoder, WaveEncoder) and self._encoder.long
        if long and self.info.format != "RF64" and self._rf64 == "auto":
            self.notices.append(
                "the output passes the 4 GiB of a WAV file; its header is that of RF64"
            )
        if self._target.path is None:
            return
        try:
            # of some formats nobody knows whether they are whole, but their length is known here
            with Reader(
                self._target.path, known_as=self.info.path, allow_truncated=True
            ) as reader:
                found, checksum = reader.info, self._checksum
                if not ours:
                    self._compare_tags(metadata, reader.metadata)
                if checksum:
                    checksum = 0
                    for block in reader.blocks(READ_BACK):
                        checksum = zlib.crc32(block.tobytes(), checksum)
        except FormatError as error:
            raise FormatError(f"the output does not read back: {error}") from error
        says = (found.rate, found.channels)
        if says != (self.info.rate, self.info.channels) or not self._whole(found.frames):
            raise FormatError(
                f"the output says {found.frames} frames of {found.channels} channels at "
                f"{found.rate} Hz, but {self.level.frames} of {self.info.channels} at "
                f"{self.info.rate} were written; the disk or the encoder "
                "failed; try another --format"
            )
        if checksum != self._checksum:
            raise FormatError(
                f"the encoder of {self.info.format} {self.info.subtype} changed samples on the "
                "way; use another --subtype or --format"
            )

    def _compare_tags(self, metadata: Metadata, found: Metadata) -> None:
        """Name what the format does not hold; a program's name may have grown."""
        wanted, self.lost = metadata.as_tags()
        kept, _ = found.as_tags()
        self.lost += [tag for tag, text in wanted.items() if not kept.get(tag, "").startswith(text)]

    def _as_read(self, samples: Audio | Integers) -> bytes:
        """Return samples as a reader should give them back."""
        if self._bits:
            return (samples / 2.0 ** (self._bits - 1)).tobytes()
        kind = np.float32 if self.info.subtype == "FLOAT" else np.float64
        return samples.astype(kind).astype(np.float64).tobytes()

    def _whole(self, frames: int | None) -> bool:
        """Tell whether a file of so many frames holds all; lossy coders pad to their blocks."""
        written = self.level.frames
        return frames == written if self._exact else frames is None or frames >= written


def write_all(
    target: Target, sound: SoundInfo, audio: Audio, recipe: Sequence[Chunk] = ()
) -> Writer:
    """Write a whole sound and check it; committing it is left to the caller."""
    writer = Writer(target, sound, clip="error")
    writer.write(audio)
    writer.finish(recipe=recipe)
    return writer


def encoded(sound: SoundInfo, audio: Audio) -> bytes:
    """Return a whole sound as the bytes of its file.

    Examples
    --------
    >>> silence = np.zeros((100, 1))
    >>> len(encoded(SoundInfo("silence", "WAV", "PCM_16", 48000, 1, 100), silence))
    244
    """
    with scratch() as file:
        write_all(Target(file, file.name), sound, audio)
        file.seek(0)
        return file.read()
