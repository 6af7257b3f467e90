"""Every format but linear WAV, read by libsndfile."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import IO

import soundfile

from audioconv.engines import Audio
from audioconv.errors import FormatError, TruncatedError
from audioconv.files import riff, tags
from audioconv.files.containers import Claim
from audioconv.files.decoders import REMEDY, around, open_ended, reason
from audioconv.files.examine import Examined, examine
from audioconv.files.formats import INTEGER_BITS, Path, Sound, is_exact, name
from audioconv.files.linear import frame_bytes
from audioconv.files.metadata import Metadata
from audioconv.files.scratch import scratch
from audioconv.files.source import PIECE, Digest, Source

UNCHECKED = ("AVR", "HTK", "MAT4", "MAT5", "MPC2K", "VOC", "WVE", "XI")
"""Formats that tell their length, which nobody here reads."""

LENGTHLESS = ("IRCAM", "PAF", "PVF")
"""Formats that do not tell their length."""


class LibsndfileDecoder:
    """Any format that libsndfile knows, from a regular file."""

    def __init__(self, path: Path, raw: IO[bytes], header: riff.Header | None) -> None:
        self._raw = raw
        self._open = ExitStack()
        # all looking is done before libsndfile shares the position in the file
        try:
            found = examine(raw, header)
        except FormatError as error:
            raise FormatError(f"{name(path)} is damaged: {error}") from None
        metadata = around(header, raw) if header else Metadata(lost=tags.uncarried(raw))
        self._path = path
        self._checksum = found.checksum
        copy = raw if found.patch is None else self._open.enter_context(_patched(raw, found))
        self._ready = self._decoded(self._opened(raw), found.lead) if found.lead else None
        self._file = file = self._opened(copy)
        self.metadata = metadata if header else metadata.with_tags(file.copy_metadata())
        self.notices = [open_ended(path)] if found.open_ended else []
        if file.format in LENGTHLESS:
            self.notices.append(
                f"{name(path)} is a {file.format}, which does not tell whether it is whole"
            )
        fault = found.fault
        if file.format in UNCHECKED:
            fault = f"whether a {file.format} is whole is not known"
        elif file.format == "MP3" and not found.is_mpeg:
            fault = "it does not begin with an MPEG frame"
        self.shortage = self._missing(fault) if fault else None
        self._left = int(file.frames) if fault else self._frames(found.claim)
        self._left += 0 if self._ready is None else len(self._ready)
        self.sound = Sound(
            path, file.format, file.subtype, file.samplerate, file.channels, self._left
        )

    def _opened(self, raw: IO[bytes]) -> soundfile.SoundFile:
        descriptor = os.dup(raw.fileno())
        os.lseek(descriptor, 0, os.SEEK_SET)
        try:
            with hushed():
                file = soundfile.SoundFile(descriptor, closefd=True)
        except soundfile.SoundFileError as error:
            with suppress(OSError):  # a failed opening has closed it, in some versions
                os.close(descriptor)
            self.close()
            raise FormatError(
                f"{name(self._path)} is not a sound file that can be read: {reason(error)}; "
                "convert it first, for instance with ffmpeg"
            ) from error
        self._open.callback(file.close)
        if file.format == "SDS":
            self.close()
            raise FormatError(
                f"{name(self._path)} is an SDS, whose last samples libsndfile does not read "
                "right; make a WAV of it"
            )
        return file

    @staticmethod
    def _decoded(file: soundfile.SoundFile, frames: int) -> Audio:
        with hushed() if file.format == "MP3" else ExitStack():
            block: Audio = file.read(frames, dtype="float64", always_2d=True)
        return block

    def _frames(self, claim: Claim) -> int:
        """Return how many frames there are, where a header tells it better than libsndfile."""
        file, frames = self._file, int(self._file.frames)
        if file.format == "W64" and claim.end is not None and is_exact(file.subtype):
            # what follows the samples is none of them
            return min(
                frames, (claim.end - claim.begin) // frame_bytes(file.subtype, file.channels)
            )
        if claim.frames is None or not is_exact(file.subtype):
            return frames
        padding = file.channels == 1 and INTEGER_BITS.get(file.subtype) == 8
        if claim.frames == frames or (padding and claim.frames == frames - 1):
            return claim.frames
        self.close()
        raise FormatError(
            f"{name(self._path)} is damaged: its header says {claim.frames} frames, but its "
            f"samples are those of {frames}"
        )

    def _missing(self, how: str) -> TruncatedError:
        frames = self._file.frames
        return TruncatedError(
            f"{name(self._path)} is cut short or damaged: {how}; it holds about {frames} frames "
            f"({frames / self._file.samplerate:.3f} s){REMEDY}"
        )

    def close(self) -> None:
        """Let go of the file."""
        self._open.close()

    def read(self, frames: int) -> Audio:
        """Return so many frames, or fewer at the end only."""
        frames = min(frames, self._left)
        if self._ready is not None and frames:
            block, self._ready = self._ready[:frames], self._ready[frames:]
            self._ready = self._ready if len(self._ready) else None
        else:
            block = self._decoded(self._file, frames)
        self._left -= len(block)
        if self._checksum is not None:
            self._checksum.take(block)
            if self._left == 0 and not self._checksum.right():
                self.shortage = self._missing("its samples are not those of its checksum")
        return block

    def digest(self) -> Digest | None:
        """Return the digest of the file."""
        # libsndfile has moved on in the file, of which the old buffer knows nothing
        with os.fdopen(os.dup(self._raw.fileno()), "rb") as again:
            again.seek(0)
            return Source(again, hashed=True).digest()


@contextmanager
def _patched(raw: IO[bytes], found: Examined) -> Iterator[IO[bytes]]:
    """Copy a file, with what it lacks."""
    assert found.patch is not None
    with scratch() as copy:
        raw.seek(0)
        copy.write(raw.read(found.at) + found.patch)
        raw.seek(found.until)
        shutil.copyfileobj(raw, copy, PIECE)
        copy.flush()
        yield copy


@contextmanager
def hushed() -> Iterator[None]:
    """Keep the decoder of MP3 from writing to standard error, which it does by itself."""
    try:
        kept = os.dup(2)
    except OSError:  # it is closed
        yield
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)
