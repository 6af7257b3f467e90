"""Every format but linear WAV, read by libsndfile."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO

import soundfile

from audioconv.engines.convolver import Audio
from audioconv.errors import FormatError, TruncatedError
from audioconv.files.codecs import lost_tags, mpeg, riff
from audioconv.files.codecs.containers import Claim
from audioconv.files.codecs.pcm import frame_bytes
from audioconv.files.codecs.probe import Probe, probe
from audioconv.files.decoders import REMEDY, around, open_ended, reason
from audioconv.files.formats import INTEGER_BITS, SoundInfo, display_name, is_exact
from audioconv.files.metadata import Metadata
from audioconv.files.scratch import scratch
from audioconv.files.source import PIECE, Digest, Source

UNCHECKED = ("AVR", "HTK", "MAT4", "MAT5", "MPC2K", "VOC", "WVE", "XI")
"""Formats that tell their length, which nobody here reads."""

UNKNOWN_FRAMES = 2**60

LENGTHLESS = ("IRCAM", "PAF", "PVF")
"""Formats that do not tell their length."""


class LibsndfileDecoder:
    """Any format that libsndfile knows, from a regular file."""

    def __init__(
        self, path: str, raw: IO[bytes], header: riff.Header | None, files: ExitStack
    ) -> None:
        self.unit = 1.0
        self._path = path
        self._raw = raw
        # all looking is done before libsndfile shares the position in the file
        try:
            found = probe(raw, header)
        except FormatError as error:
            raise FormatError(f"{display_name(path)} is damaged: {error}") from None
        metadata = around(header, raw) if header else Metadata(lost=lost_tags.uncarried(raw))
        known = mpeg.is_mpeg(raw) or mpeg.is_free(raw)
        self._checksum = found.checksum
        copy = raw if found.patch is None else files.enter_context(_patched(raw, found))
        self._ready = self._decoded(self._opened(raw, files), found.lead) if found.lead else None
        self._file = file = self._opened(copy, files)
        self._refuse_misread()
        self.metadata = metadata if header else metadata.with_tags(_tags(file))
        self.notices = [open_ended(path)] if found.open_ended else []
        if file.format in LENGTHLESS:
            self.notices.append(
                f"{display_name(path)} is of the format {file.format}, which does not tell its length"
            )
        fault = found.fault
        if file.format == "MP3" and not known:
            fault = "it does not begin with an MPEG frame"
        self.shortage = self._missing(fault) if fault else None
        if file.format in UNCHECKED:
            self.shortage = TruncatedError(
                f"{display_name(path)} is of the format {file.format}, of which it cannot be told whether "
                "it is whole; make a WAV of it, or pass --allow-truncated to take what there is"
            )
        self._left = self._frames(found.claim, fault)
        if self._left is not None and self._ready is not None:
            self._left += len(self._ready)
        self.info = SoundInfo(
            path, file.format, file.subtype, file.samplerate, file.channels, self._left
        )

    def _opened(self, raw: IO[bytes], files: ExitStack) -> soundfile.SoundFile:
        descriptor = os.dup(raw.fileno())
        files.callback(os.close, descriptor)
        os.lseek(descriptor, 0, os.SEEK_SET)
        try:
            with hushed():
                file = soundfile.SoundFile(descriptor, closefd=False)
        except soundfile.SoundFileError as error:
            raise FormatError(
                f"{display_name(self._path)} is not a sound file that can be read: {reason(error)}; "
                "convert it first, for instance with ffmpeg"
            ) from error
        files.callback(file.close)
        return file

    def _refuse_misread(self) -> None:
        """Refuse what libsndfile does not read right."""
        what = None
        if self._file.format == "SDS":
            what = "an SDS, whose last samples"
        elif self._file.format == "SVX" and self._file.channels > 1:
            what = "an 8SVX of more than one channel, which"
        if what:
            raise FormatError(
                f"{display_name(self._path)} is {what} libsndfile does not read right; make a WAV of it"
            )

    @staticmethod
    def _decoded(file: soundfile.SoundFile, frames: int) -> Audio:
        with hushed() if file.format == "MP3" else ExitStack():
            block: Audio = file.read(frames, dtype="float64", always_2d=True)
        return block

    def _frames(self, claim: Claim, fault: str | None) -> int | None:
        """Return how many frames there are, where a header tells it better than libsndfile."""
        file, frames = self._file, int(self._file.frames)
        if file.subtype.startswith("MPEG") and (file.format != "MP3" or claim.frames):
            return claim.frames  # what libsndfile has is a guess
        if fault:
            return frames
        if file.format == "W64" and claim.end is not None and is_exact(file.subtype):
            # what follows the samples is none of them
            frame = frame_bytes(file.subtype, file.channels)
            return min(frames, (claim.end - claim.begin) // frame)
        if claim.frames is None or not is_exact(file.subtype):
            return frames
        padding = file.channels == 1 and INTEGER_BITS.get(file.subtype) == 8
        if claim.frames == frames or (padding and claim.frames == frames - 1):
            return claim.frames
        raise FormatError(
            f"{display_name(self._path)} is damaged: its header says {claim.frames} frames, but its "
            f"samples are those of {frames}"
        )

    def _missing(self, how: str) -> TruncatedError:
        frames = self._file.frames
        held = f"; it holds about {frames} frames ({frames / self._file.samplerate:.3f} s)"
        return TruncatedError(
            f"{display_name(self._path)} is cut short or damaged: {how}"
            f"{held if frames < UNKNOWN_FRAMES else ''}{REMEDY}"
        )

    def read(self, frames: int) -> Audio:
        """Return so many frames, or fewer at the end only."""
        if self._left is not None:
            frames = min(frames, self._left)
        if self._ready is not None and len(self._ready) and frames:
            block, self._ready = self._ready[:frames], self._ready[frames:]
        else:
            block = self._decoded(self._file, frames)
        if self._left is not None:
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


def _tags(file: soundfile.SoundFile) -> dict[str, str]:
    """Return the fields of a file; libsndfile ends the program's of an AIFF with any one byte."""
    fields: dict[str, str] = file.copy_metadata()
    if file.format == "AIFF" and "software" in fields:
        fields["software"] = re.sub(r"(\(libsndfile-[\d.]*\)).$", r"\1", fields["software"])
    return fields


@contextmanager
def _patched(raw: IO[bytes], found: Probe) -> Iterator[IO[bytes]]:
    """Copy a file, with what it lacks."""
    assert found.patch is not None
    with scratch() as copy:
        raw.seek(0)
        copy.write(raw.read(found.at) + found.patch)
        raw.seek(found.until)
        shutil.copyfileobj(raw, copy, PIECE)
        copy.flush()
        yield copy


class _Hush:
    """Standard error put aside, by however many threads at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._depth = 0
        self._kept = -1

    def begin(self) -> None:
        """Put it aside, if it is not."""
        with self._lock:
            if self._depth == 0:
                self._kept = _duplicate(2)
                if self._kept >= 0:
                    nowhere = os.open(os.devnull, os.O_WRONLY)
                    os.dup2(nowhere, 2)
                    os.close(nowhere)
            self._depth += 1

    def end(self) -> None:
        """Put it back, if nobody else wants it aside."""
        with self._lock:
            self._depth -= 1
            if self._depth == 0 and self._kept >= 0:
                os.dup2(self._kept, 2)
                os.close(self._kept)


def _duplicate(descriptor: int) -> int:
    try:
        return os.dup(descriptor)
    except OSError:  # it is closed
        return -1


_hush = _Hush()


@contextmanager
def hushed() -> Iterator[None]:
    """Keep the decoder of MP3 from writing to standard error, which it does by itself."""
    _hush.begin()
    try:
        yield
    finally:
        _hush.end()
