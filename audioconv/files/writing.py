"""Writing: a stream of blocks as a sound file, checked before it is published.

Samples are rounded here, because libsndfile rounds toward minus infinity. PCM and float WAV is
also encoded here, so that a file and a pipe get the same bytes.
"""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from itertools import accumulate, pairwise
from typing import Literal, NamedTuple, NoReturn

import numpy as np

from audioconv.engines.audio import Audio, Samples
from audioconv.engines.stream import in_order
from audioconv.errors import AudioconvError, FormatError, VerificationError
from audioconv.files.atomic import Target
from audioconv.files.codecs import pcm
from audioconv.files.codecs.riff import Chunk
from audioconv.files.encoders import Rf64, WaveEncoder, encoder, holds_chunks
from audioconv.files.formats import FLOATS, INTEGER_BITS, SoundInfo, display_name, is_exact
from audioconv.files.metadata import NO_METADATA, Metadata
from audioconv.files.peak import PeakMeter
from audioconv.files.quantise import Integers, first_past, quantise, triangular_noise
from audioconv.files.reading import Reader
from audioconv.files.scratch import copied_to_tmpdir, scratch
from impulses.impulse import to_db

ABSURD = 1e15
"""Largest sample, 300 dB above full scale, for encoders that would fail on more."""

TOGETHER = 4
"""Parts that are read back at a time."""

LARGEST = {"FLOAT": float(np.finfo(np.float32).max), "DOUBLE": float(np.finfo(np.float64).max)}
"""Largest sample of the subtypes that hold floats."""


def ignored(block: Samples, unit: float) -> None:
    """Do nothing with a block that is read back."""


class Part(NamedTuple):
    """A number of frames, and the checksum of their samples as a reader should return them."""

    frames: int
    checksum: int


@dataclass
class EncodedBlock:
    """A block of the output, ready to be written.

    Parameters
    ----------
    data : list of bytes or views
        encoded samples, unless they have been written already
    level : PeakMeter
        peak before rounding
    clipped, first_clipped : int
        number of samples past full scale, and the frame of the first in the output
    parts : list of Part
        what a reader should return, if it will be compared
    found : list of array
        the samples, decoded again, if that was asked for
    unit : float
        value of 1 in them, a power of two
    """

    data: list[pcm.Encoded] = field(default_factory=list)
    level: PeakMeter = field(default_factory=PeakMeter)
    clipped: int = 0
    first_clipped: int = 0
    parts: list[Part] = field(default_factory=list)
    found: list[Samples] = field(default_factory=list)
    unit: float = 1.0


class Writer:
    """A sound file being written.

    Parameters
    ----------
    target : Target
        an empty file or a pipe
    info : SoundInfo
        `frames` is the expected number, or None
    clip : {"guard", "error", "saturate"}
        ``error`` raises at the first sample past full scale. The others clip and count such
        samples; under ``guard`` nothing more is written once the output `is_rejected`, and the
        caller starts again with `PeakMeter.fitting_gain`.
    unclipped : str
        how not to clip, for the message of ``error``
    dither : {"none", "tpdf"}
    gain : float
        that blocks are multiplied by
    threads : int > 0
        that compare what is read back
    proven : bool
        decode what is encoded, into `EncodedBlock.found`, and compare all of it with what is read
        back
    rf64 : {"auto", "always", "never"}
        use an RF64 header past 4 GiB, always, or raise `FormatError` instead
    metadata : Metadata
        that which precedes the samples
    tail_bytes : int
        expected length of the chunks passed to `finish`
    max_bytes : int, optional
        limit of the file size

    Attributes
    ----------
    level : PeakMeter
        peak of all samples, before rounding
    clipped : int
        number of samples past full scale
    first_clipped : int
        frame of the first of them
    notices : list of str
        deviations from the request; set by `finish`
    lost : list of str
        names of metadata that the file cannot hold; set by `finish`
    bytes : int
        size of the file; set by `finish`

    Raises
    ------
    FormatError
        If a sample is not a finite number, or past full scale under ``error``, or the file
        becomes too large or cannot be read back unchanged.
    VerificationError
        If it is proven, and cannot be read back unchanged.
    """

    def __init__(
        self,
        target: Target,
        info: SoundInfo,
        *,
        clip: Literal["guard", "error", "saturate"] = "guard",
        unclipped: str = "`clip='guard'`, `ir_gain='l1'` or a lower `wet`",
        dither: Literal["none", "tpdf"] = "none",
        gain: float = 1.0,
        threads: int = 1,
        proven: bool = False,
        rf64: Rf64 = "auto",
        metadata: Metadata = NO_METADATA,
        tail_bytes: int = 0,
        max_bytes: int | None = None,
    ) -> None:
        self.info = info
        self.level = PeakMeter()
        self.clipped = 0
        self.first_clipped = 0
        self.notices: list[str] = []
        self.lost: list[str] = []
        self.bytes = 0
        self._target = target
        self._clip, self._unclipped = clip, unclipped
        self._dither = dither
        self._gain = gain
        self._threads = threads
        self._rf64 = rf64
        self._max_bytes = max_bytes
        self._bits = INTEGER_BITS.get(info.subtype)
        self._exact = is_exact(info.subtype)
        if info.frames and holds_chunks(info):
            self._refuse_large(info.frames * pcm.frame_bytes(info.subtype, info.channels))
        self._largest = LARGEST.get(info.subtype, ABSURD)
        self._encoder = encoder(target, info, rf64, metadata, tail_bytes)
        self._proven = proven
        self._checked = proven or (self._exact and not isinstance(self._encoder, WaveEncoder))
        self._parts = array("Q")  # a part in 8 bytes: a long sound has many

    @property
    def is_rejected(self) -> bool:
        """Whether the output clips and is to be guarded, so that it is only measured from here."""
        level, subtype, dither = self.level, self.info.subtype, self._dither
        return self._clip == "guard" and level.fitting_gain(subtype, dither) < 1

    def write(self, block: Audio) -> None:
        """Append a block (frames, channels)."""
        self.append(self.encode(block, self.level.frames))

    def encode(self, block: Audio, start: int) -> EncodedBlock:
        """Encode a block whose first frame is `start`; in any thread and any order."""
        # all that is appended so far precedes it, so no lower peak need be located
        encoded = EncodedBlock(level=PeakMeter(peak=self.level.peak))
        together = self._encoder.block
        for at in range(0, len(block), together):
            self._encode(block[at : at + together], start + at, encoded)
        return encoded

    def _encode(self, block: Audio, start: int, encoded: EncodedBlock) -> None:
        if self._gain != 1:
            block = block.astype(np.float64, copy=False) * self._gain
        encoded.level.take(block)
        samples: Audio | Integers = block
        past = 0
        noise: Audio | None = None
        if not encoded.level.peak <= self._largest:
            return  # `append` will raise
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
        if self.is_rejected:
            return
        data = self._encoder.encode(samples)
        if not self._encoder.random_access:
            encoded.data.append(data)
        elif past == 0 or self._clip != "error":
            self._refuse_large(self._encoder.size(start + len(block)))
            self._encoder.write_at(data, start)
        if self._checked:
            self._check(data, encoded)

    def _check(self, data: pcm.Encoded, encoded: EncodedBlock) -> None:
        """Keep what is needed to check a block that has been encoded."""
        found: Samples = self._encoder.decode(data)
        encoded.parts.append(Part(len(found), _checksum(found)))
        if self._proven:
            encoded.found.append(found)
            encoded.unit = self._encoder.unit

    def append(self, encoded: EncodedBlock) -> None:
        """Append an encoded block; blocks must come in order.

        Raises
        ------
        FormatError
            If a sample is too large, or the file becomes too large.
        """
        self.level.join(encoded.level)
        self._refuse_absurd()
        if encoded.clipped and not self.clipped:
            self.first_clipped = encoded.first_clipped
        self.clipped += encoded.clipped
        if encoded.clipped and self._clip == "error":
            raise FormatError(
                f"the output would clip: {self.clipping()}, so far; use {self._unclipped}"
            )
        if self.is_rejected:
            return
        for data in encoded.data:
            self._encoder.write(data)
        self._refuse_large(self._encoder.size(self.level.frames))
        self._parts.extend(part.frames << 32 | part.checksum for part in encoded.parts)

    def clipping(self) -> str:
        """Describe the clipped samples: their number, the first and the loudest."""
        rate, count = self.info.rate, self.clipped
        return (
            f"{count} sample{'s' * (count != 1)} past full scale, the first at "
            f"{self.first_clipped / rate:.3f} s, the loudest {to_db(self.level.peak):+.2f} dB "
            f"above it at {self.level.peak_frame / rate:.3f} s"
        )

    def _refuse_large(self, size: int) -> None:
        if self._max_bytes is not None and size > self._max_bytes:
            raise FormatError(
                f"the output has {size} bytes or more; the limit of `max_output` is "
                f"{self._max_bytes}; raise it, or shorten the output with `length`"
            )

    def _refuse_absurd(self) -> None:
        level, largest = self.level, self._largest
        if level.peak <= largest:
            return
        fault = f"reaches {level.peak:.3g}" if np.isfinite(level.peak) else "is not a finite number"
        raise FormatError(
            f"the output {fault} at frame {level.peak_frame} "
            f"({level.peak_frame / self.info.rate:.6f} s), full scale being 1; "
            f"the limit for {self.info.subtype} is {largest:.3g}; lower the gain"
        )

    def discard(self) -> None:
        """Discard the file, so that the target can be written again from its beginning."""
        self._encoder.close(self.level.frames)
        self._target.restart()

    def finish(
        self,
        metadata: Metadata = NO_METADATA,
        recipe: Sequence[Chunk] = (),
        heard: Callable[[Samples, float], None] = ignored,
    ) -> None:
        """Close the file with its trailing chunks, read it back and check it.

        Its header must match, and samples that libsndfile encoded, or all samples where that was
        asked for, must be read back unchanged, unless the coding is lossy.

        Parameters
        ----------
        metadata : Metadata
            that which follows the samples
        recipe : sequence of Chunk
        heard : callable
            called with the blocks that are read back, if they are, and the value of 1 in them
        """
        assert not self.is_rejected  # it has to be discarded
        frames = self.level.frames
        self.lost += self._encoder.close(frames, [*metadata.tail, *recipe])
        self.bytes = self._encoder.size(frames)
        self._refuse_large(self.bytes)
        self._target.file.flush()
        is_rf64 = isinstance(self._encoder, WaveEncoder) and self._encoder.is_rf64
        if is_rf64 and self.info.format != "RF64" and self._rf64 == "auto":
            self.notices.append("the output exceeds the 4 GiB of a WAV file; its header is RF64")
        if self._target.path is not None:
            self._read_back(self._target.path, metadata, heard)

    def _read_back(
        self, path: str, metadata: Metadata, heard: Callable[[Samples, float], None]
    ) -> None:
        try:
            # truncation cannot be detected in some formats, but here the length is known
            with Reader(path, known_as=self.info.path, allow_truncated=True) as reader:
                read, changed = reader.info, None
                if not isinstance(self._encoder, WaveEncoder):
                    self._compare_tags(metadata, reader.metadata)
                if self._checked:
                    changed = self._first_changed(reader, heard)
        except FormatError as error:
            self._target.raise_if_full()
            message = f"the output cannot be read back: {error}"
            if isinstance(error.__context__, OSError):  # which says nothing of what it holds
                raise FormatError(message) from error
            raise self._failure(message) from error
        matches = (read.rate, read.channels) == (self.info.rate, self.info.channels)
        if not matches or not self._is_complete(read.frames):
            self._target.raise_if_full()
            raise self._failure(
                f"the header of the output states {read.frames} frames of {read.channels} channels "
                f"at {read.rate} Hz, but {self.level.frames} of {self.info.channels} at "
                f"{self.info.rate} were written; the disk or the encoder failed; try another "
                "format"
            )
        if changed is not None:
            self._target.raise_if_full()
            self._raise_changed(changed)

    def _failure(self, message: str) -> AudioconvError:
        """Return the error of an output that does not hold what was written."""
        return VerificationError(message) if self._proven else FormatError(message)

    def _raise_changed(self, frame: int) -> NoReturn:
        where = f"from frame {frame} ({frame / self.info.rate:.6f} s) on"
        if self._proven:
            raise VerificationError(
                f"the output reads back other than it was written {where}; the memory, the disk or "
                "the encoder failed; try again, or another `subtype` or format"
            )
        raise FormatError(
            f"the {self.info.format} encoder changed {self.info.subtype} samples {where}; use "
            "another `subtype` or format"
        )

    def _first_changed(self, reader: Reader, heard: Callable[[Samples, float], None]) -> int | None:
        """Return the first frame of the first part that reads back otherwise."""
        at, changed = 0, None
        lengths = (sum(part.frames for part in group) for group in self._groups())
        work = (
            partial(_read_again, block, group)
            for group, block in zip(self._groups(), reader.cut(lengths), strict=False)
        )
        with closing(in_order(work, self._threads)) as results:
            for block, group, found in results:
                heard(block, reader.unit)
                for part, checksum in zip(group, found, strict=True):
                    if changed is None and checksum != part.checksum:
                        changed = at
                    at += part.frames
        return at if changed is None and at < self.level.frames else changed

    def _groups(self) -> Iterator[list[Part]]:
        """Yield the parts, some at a time."""
        for start in range(0, len(self._parts), TOGETHER):
            group = self._parts[start : start + TOGETHER]
            yield [Part(part >> 32, part & 0xFFFFFFFF) for part in group]

    def _compare_tags(self, wanted: Metadata, read: Metadata) -> None:
        """Find the tags that the file does not hold; libsndfile appends to the software tag."""
        tags, self.lost = wanted.as_tags()
        kept, _ = read.as_tags()
        if wanted.speakers == read.speakers:
            self.lost = [name for name in self.lost if name != "speaker positions"]
        self.lost += [
            tag
            for tag, text in tags.items()
            if not kept.get(tag, "").startswith(text.rstrip(" \0"))
        ]

    def _is_complete(self, frames: int | None) -> bool:
        """Return whether a file of `frames` frames holds all; lossy codings pad to blocks."""
        written = self.level.frames
        return frames == written if self._exact else frames is None or frames >= written


def _read_again(block: Samples, parts: list[Part]) -> tuple[Samples, list[Part], list[int]]:
    """Return a block, its parts, and their checksums as they are now."""
    ends = [*accumulate(part.frames for part in parts)]
    pairs = pairwise([0, *ends])
    return block, parts, [_checksum(block[start:end]) for start, end in pairs]


def _checksum(samples: Samples) -> int:
    """Return the checksum of samples in order, however they lie in memory."""
    return zlib.crc32(np.ascontiguousarray(samples).data)


def write_all(
    target: Target, info: SoundInfo, audio: Audio, recipe: Sequence[Chunk] = ()
) -> Writer:
    """Write and check a whole file; the caller commits the target."""
    writer = Writer(target, info, clip="error")
    writer.write(audio)
    writer.finish(recipe=recipe)
    return writer


def encode_all(info: SoundInfo, audio: Audio) -> bytes:
    """Return a whole file as bytes.

    Examples
    --------
    >>> silence = np.zeros((100, 1))
    >>> len(encode_all(SoundInfo("silence", "WAV", "PCM_16", 48000, 1, 100), silence))
    244
    """
    with copied_to_tmpdir(display_name(info.path, role="output")), scratch() as file:
        write_all(Target(file, file.name), info, audio)
        file.seek(0)
        return file.read()
