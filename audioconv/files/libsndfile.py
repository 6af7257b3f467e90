"""The decoder for every format but PCM and float WAV, which uses libsndfile."""

from __future__ import annotations

import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import IO

import soundfile

from audioconv.engines.audio import Audio
from audioconv.errors import FormatError, TruncatedError
from audioconv.files.codecs import lost_tags, mpeg, riff
from audioconv.files.codecs.containers import Extent
from audioconv.files.codecs.pcm import frame_bytes
from audioconv.files.codecs.probe import Probe, probe
from audioconv.files.decoders import REMEDY, cause_of, length_notice, seekable_metadata
from audioconv.files.formats import INTEGER_BITS, SoundInfo, display_name, is_exact
from audioconv.files.metadata import Metadata
from audioconv.files.scratch import scratch
from audioconv.files.source import PIECE, Digest, Source

UNCHECKED = ("AVR", "HTK", "MAT4", "MAT5", "MPC2K", "VOC", "WVE", "XI")
"""Formats whose headers state the length, but are not parsed here."""

UNKNOWN_FRAMES = 2**60
"""libsndfile reports at least so many frames where it does not know the length."""

LENGTHLESS = ("IRCAM", "PAF", "PVF")
"""Formats whose headers do not state the length."""


class LibsndfileDecoder:
    """Any format that libsndfile supports, from a regular file."""

    def __init__(
        self, path: str, raw: IO[bytes], header: riff.Header | None, files: ExitStack
    ) -> None:
        self.unit = 1.0
        self._path = path
        self._raw = raw
        # inspected and copied before libsndfile, which shares its position, moves it
        try:
            probed = probe(raw, header)
        except FormatError as error:
            raise FormatError(f"{display_name(path)} is damaged: {error}") from None
        metadata = (
            seekable_metadata(header, raw) if header else Metadata(lost=lost_tags.lost_names(raw))
        )
        is_mpeg = mpeg.is_mpeg(raw) or mpeg.is_free(raw)
        self._checksum = probed.checksum
        patched = raw if probed.patch is None else files.enter_context(_patched(raw, probed))
        self._head = self._decode(self._open(raw, files), probed.delay) if probed.delay else None
        self._file = file = self._open(patched, files)
        self._refuse_misread()
        self.metadata = metadata if header else metadata.with_tags(_tags(file))
        self.notices = self._header_notices(probed.until_the_end)
        fault = probed.fault
        if file.format == "MP3" and not is_mpeg:
            fault = "it does not begin with an MPEG frame"
        self.shortage = self._shortage(fault)
        self._left = self._stated_frames(probed.extent, fault)
        if self._left is not None and self._head is not None:
            self._left += len(self._head)
        self.info = SoundInfo(
            path, file.format, file.subtype, file.samplerate, file.channels, self._left
        )

    def _open(self, raw: IO[bytes], files: ExitStack) -> soundfile.SoundFile:
        descriptor = os.dup(raw.fileno())
        files.callback(os.close, descriptor)
        os.lseek(descriptor, 0, os.SEEK_SET)
        try:
            with stderr_silenced():
                file = soundfile.SoundFile(descriptor, closefd=False)
        except soundfile.SoundFileError as error:
            raise FormatError(
                f"{display_name(self._path)} is not a readable sound file: {cause_of(error)}; "
                "convert it first, for instance with ffmpeg"
            ) from error
        files.callback(file.close)
        return file

    def _refuse_misread(self) -> None:
        """Refuse formats that libsndfile decodes incorrectly."""
        fault = None
        if self._file.format == "SDS":
            fault = "the last samples of SDS files"
        elif self._file.format == "SVX" and self._file.channels > 1:
            fault = "8SVX files of more than one channel"
        if fault:
            raise FormatError(
                f"{display_name(self._path)} cannot be read: libsndfile misreads {fault}; "
                "convert it to WAV with another program"
            )

    def _header_notices(self, until_the_end: bool) -> list[str]:
        notices = [length_notice(self._path)] if until_the_end else []
        if self._file.format in LENGTHLESS:
            notices.append(
                f"{display_name(self._path)} may be truncated: truncation cannot be detected in "
                f"{self._file.format} files, which do not store their length"
            )
        return notices

    def _shortage(self, fault: str | None) -> TruncatedError | None:
        if self._file.format in UNCHECKED:
            return TruncatedError(
                f"{display_name(self._path)} may be truncated: truncation cannot be detected in "
                f"{self._file.format} files; convert it to WAV, or pass `allow_truncated=True`"
            )
        return self._damaged(fault) if fault else None

    @staticmethod
    def _decode(file: soundfile.SoundFile, frames: int) -> Audio:
        with stderr_silenced() if file.format == "MP3" else ExitStack():
            block: Audio = file.read(frames, dtype="float64", always_2d=True)
        return block

    def _stated_frames(self, extent: Extent, fault: str | None) -> int | None:
        """Return the number of frames, from the header where libsndfile is less reliable."""
        file, frames = self._file, int(self._file.frames)
        if file.subtype.startswith("MPEG") and (file.format != "MP3" or extent.frames):
            return extent.frames  # libsndfile only estimates it
        if fault:
            return frames
        if file.format == "W64" and extent.end is not None and is_exact(file.subtype):
            # libsndfile also counts the chunks after the samples
            frame = frame_bytes(file.subtype, file.channels)
            return min(frames, (extent.end - extent.begin) // frame)
        if extent.frames is None or not is_exact(file.subtype):
            return frames
        padding = file.channels == 1 and INTEGER_BITS.get(file.subtype) == 8
        if extent.frames == frames or (padding and extent.frames == frames - 1):
            return extent.frames
        raise FormatError(
            f"{display_name(self._path)} is damaged: its header states {extent.frames} frames, but "
            f"it holds {frames}"
        )

    def _damaged(self, fault: str) -> TruncatedError:
        frames = self._file.frames
        held = f"; it holds about {frames} frames ({frames / self._file.samplerate:.3f} s)"
        return TruncatedError(
            f"{display_name(self._path)} is truncated or damaged: {fault}"
            f"{held if frames < UNKNOWN_FRAMES else ''}{REMEDY}"
        )

    def read(self, frames: int) -> Audio:
        """Return `frames` frames; fewer only at the end."""
        if self._left is not None:
            frames = min(frames, self._left)
        if self._head is not None and len(self._head) and frames:
            block, self._head = self._head[:frames], self._head[frames:]
        else:
            block = self._decode(self._file, frames)
        if self._left is not None:
            self._left -= len(block)
        if self._checksum is not None:
            self._checksum.update(block)
            if self._left == 0 and not self._checksum.matches():
                self.shortage = self._damaged("its samples do not match its checksum")
        return block

    def digest(self) -> Digest | None:
        """Return the digest of the file."""
        # reopened, because libsndfile has moved the position under the buffer of `_raw`
        with os.fdopen(os.dup(self._raw.fileno()), "rb") as file:
            file.seek(0)
            return Source(file, hashed=True).digest()


def _tags(file: soundfile.SoundFile) -> dict[str, str]:
    """Return the tags of a file, without a stray byte after the software tag of an AIFF."""
    fields: dict[str, str] = file.copy_metadata()
    if file.format == "AIFF" and "software" in fields:
        fields["software"] = re.sub(r"(\(libsndfile-[\d.]*\)).$", r"\1", fields["software"])
    return fields


@contextmanager
def _patched(raw: IO[bytes], probed: Probe) -> Iterator[IO[bytes]]:
    """Copy a file to a temporary one, with the missing bytes."""
    assert probed.patch is not None
    with scratch() as copy:
        raw.seek(0)
        copy.write(raw.read(probed.patch_begin) + probed.patch)
        raw.seek(probed.patch_end)
        shutil.copyfileobj(raw, copy, PIECE)
        copy.flush()
        yield copy


class _StderrSilencer:
    """Redirect standard error to the null device while any thread asks for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._depth = 0
        self._saved = -1

    def begin(self) -> None:
        """Redirect it, if it is not yet redirected."""
        with self._lock:
            if self._depth == 0:
                self._saved = _duplicate(2)
                if self._saved >= 0:
                    null = os.open(os.devnull, os.O_WRONLY)
                    os.dup2(null, 2)
                    os.close(null)
            self._depth += 1

    def end(self) -> None:
        """Restore it, if no other thread needs it redirected."""
        with self._lock:
            self._depth -= 1
            if self._depth == 0 and self._saved >= 0:
                os.dup2(self._saved, 2)
                os.close(self._saved)


def _duplicate(descriptor: int) -> int:
    try:
        return os.dup(descriptor)
    except OSError:  # closed
        return -1


_silencer = _StderrSilencer()


@contextmanager
def stderr_silenced() -> Iterator[None]:
    """Keep the MP3 decoder inside libsndfile from writing to standard error."""
    _silencer.begin()
    try:
        yield
    finally:
        _silencer.end()
