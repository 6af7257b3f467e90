"""The decoder for every format but PCM and float WAV, which uses libsndfile."""

from __future__ import annotations

import io
import os
import re
from collections import deque
from contextlib import ExitStack, nullcontext
from dataclasses import replace
from typing import IO

import numpy as np
import soundfile

from audioconv.engines.audio import Audio
from audioconv.errors import FormatError, TruncatedError, counted
from audioconv.files.codecs import lost_tags, riff
from audioconv.files.codecs.foreign import is_foreign, refusal
from audioconv.files.codecs.probe import Probe, probe, probe_further
from audioconv.files.codecs.speakers import positions, reordered, to_wave
from audioconv.files.codecs.splice import Splice
from audioconv.files.decoders import (
    REMEDY,
    cause_of,
    cut_notice,
    length_notice,
    more_notice,
    seekable_metadata,
)
from audioconv.files.formats import INTEGER_BITS, SoundInfo, display_name, is_exact
from audioconv.files.metadata import Metadata
from audioconv.files.silence import stderr_silenced, stdout_silenced
from audioconv.files.source import PIECE, Digest, Source

SDS = b"\xf0\x7e"
"""The beginning of SDS files, of whose faults libsndfile tells standard output."""

UNCHECKED = ("AVR", "HTK", "MAT4", "MAT5", "MPC2K", "VOC", "WVE", "XI")
"""Formats whose headers state the length, but are not parsed here."""

UNKNOWN_FRAMES = 2**60
"""libsndfile reports at least so many frames where it does not know the length."""

FIXED = ("AIFF", "NIST")
"""Formats whose length is stated a second time, so that more samples are not read."""

BYTES = {
    **{subtype: bits // 8 for subtype, bits in INTEGER_BITS.items() if subtype[:3] == "PCM"},
    **{"FLOAT": 4, "DOUBLE": 8, "ULAW": 1, "ALAW": 1},
}
"""Bytes of a sample."""

UNORDERED = ("VORBIS", "OPUS")
"""Codings whose channels may lack a defined order."""

STEP = 2048
"""Frames decoded at once: a decoder that fails loses no more, and its place is known so well."""

BUFFER = 2**16
"""Bytes read at once where libsndfile is shown other bytes than those of the file."""

LENGTHLESS = ("IRCAM", "PAF", "PVF")
"""Formats whose headers do not state the length."""


class ForwardFile(soundfile.SoundFile):  # type: ignore[misc]  # it has no types
    """A sound file that is read from beginning to end without a seek.

    `soundfile.SoundFile` seeks to where it is after each read, if the file is seekable. MP3 then
    loses its bit reservoir, and Opus its place.
    """

    def seekable(self) -> bool:
        """Return False."""
        return False


class LibsndfileDecoder:
    """Any format that libsndfile supports, from a regular file.

    Parameters
    ----------
    path : str
        its name in messages
    raw : binary file
        seekable; its position changes
    header : Header or None
        its header, if it is a WAV file
    files : ExitStack
        closes the file
    lenient : bool
        whether to read bytes after the stated end that may be samples
    """

    def __init__(
        self,
        path: str,
        raw: IO[bytes],
        header: riff.Header | None,
        files: ExitStack,
        lenient: bool,
    ) -> None:
        self.unit = 1.0
        self._path = path
        self._raw = raw
        self._splice: Splice | None = None
        self._failure: OSError | soundfile.SoundFileError | None = None
        self._decoded = 0
        # before libsndfile opens the file, whose position they change
        metadata = (
            seekable_metadata(header, raw) if header else Metadata(lost=lost_tags.lost_names(raw))
        )
        probed, self._file = self._opened(header, files, lenient)
        file = self._file
        self._refuse_misread()
        form = header.format if header else file.format
        speakers = positions(file.subtype, file.channels) if probed.layout == "speakers" else ()
        self._order = to_wave(speakers)
        self._checksum = probed.checksum
        self.metadata = metadata if header else metadata.with_tags(_tags(file))
        if len(speakers) > 2:
            self.metadata = replace(self.metadata, speakers=sum(speakers))
        self.metadata = replace(self.metadata, cut=probed.extent.cut)
        self.notices = self._header_notices(probed)
        self.shortage: TruncatedError | None = None
        self._stated = frames = self._stated_frames(probed)
        if file.format in UNCHECKED:
            self.shortage = self._unchecked()
        elif probed.fault:
            self.shortage = self._damaged(probed.fault)
        sound = probed.sound or (range(UNKNOWN_FRAMES if frames is None else frames),)
        self._sound, self._end = deque(sound), sound[-1].stop
        self.info = SoundInfo(path, form, file.subtype, file.samplerate, file.channels, frames)

    def _opened(
        self, header: riff.Header | None, files: ExitStack, lenient: bool
    ) -> tuple[Probe, ForwardFile]:
        """Inspect and open the file, again if libsndfile does not see where its sound begins."""
        try:
            probed = probe(self._raw, header, lenient)
            refused: soundfile.SoundFileError | None = None
            try:
                file = self._open(probed, files)
                if file.format != "MP3" or probed.sound is not None:
                    return probed, file
            except soundfile.SoundFileError as error:
                refused = error
            self._raw.seek(0, os.SEEK_END)  # libsndfile has moved the position under its buffer
            further = None if probed.sound is not None else probe_further(self._raw)
            if further is not None:
                return further, self._open(further, files)
        except FormatError as error:
            raise FormatError(f"{display_name(self._path)} is damaged: {error}") from None
        except soundfile.SoundFileError as error:
            refused = error
        raise FormatError(self._refusal(probed, refused)) from refused

    def _refusal(self, probed: Probe, refused: soundfile.SoundFileError | None) -> str:
        """Return the message for a file that libsndfile refuses, or takes for another."""
        name = display_name(self._path)
        if probed.fault and not is_foreign(self._raw):
            return f"{name} is truncated or damaged: {probed.fault}; get a complete copy"
        if probed.claimed is not None:
            return f"{name} has too few MPEG frames to be decoded; get a complete copy"
        cause = "it has no MPEG frames" if refused is None else cause_of(refused)
        return refusal(self._path, self._raw, cause)

    def _open(self, probed: Probe, files: ExitStack) -> ForwardFile:
        descriptor = os.dup(self._raw.fileno())
        files.callback(os.close, descriptor)
        os.lseek(descriptor, 0, os.SEEK_SET)
        is_sds = os.read(descriptor, len(SDS)) == SDS
        os.lseek(descriptor, 0, os.SEEK_SET)
        shown: int | IO[bytes] = descriptor
        if probed.pieces:
            self._splice = Splice(descriptor, probed.pieces, probed.claimed, probed.tail)
            shown = io.BufferedReader(self._splice, BUFFER)
        try:
            with stderr_silenced(), stdout_silenced() if is_sds else nullcontext():
                file = ForwardFile(shown, closefd=False)
        except soundfile.SoundFileError:
            if self._splice and self._splice.error:
                raise self._splice.error from None
            raise
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

    def _header_notices(self, probed: Probe) -> list[str]:
        notices = [f"{display_name(self._path)} {notice}" for notice in probed.notices]
        if probed.until_the_end:
            notices.append(length_notice(self._path))
        if self._file.format in LENGTHLESS:
            notices.append(
                f"{display_name(self._path)} may be truncated: truncation cannot be detected in "
                f"{self._file.format} files, which do not store their length"
            )
        channels, coding = self._file.channels, self._file.subtype
        fixed = {"ambisonic": True, "speakers": bool(positions(coding, channels)), "none": False}
        if channels > 2 and coding in UNORDERED and not fixed[probed.layout]:
            notices.append(
                f"{display_name(self._path)} has {channels} channels of no defined order; they are "
                "read in the order of the file"
            )
        if probed.extent.cut:
            notices.append(cut_notice(self._path, probed.extent.cut))
        if more := self._more_frames(probed):
            kind = self._file.format
            notices.append(
                f"{display_name(self._path)} "
                + more_notice(more, read=probed.reads_extra, readable=kind not in FIXED)
            )
        return notices

    def _more_frames(self, probed: Probe) -> int:
        """Return how many frames the bytes after the stated end may be."""
        if probed.more is not None:
            return probed.more
        size = BYTES.get(self._file.subtype)
        extent, more = probed.extent, sum(map(len, probed.extent.extra))
        if size is not None:
            frame = size * int(self._file.channels)
            begun = ((extent.end or 0) - extent.begin) % frame  # they may complete a partial frame
            return (begun + more) // frame
        held = (extent.end or 0) - extent.begin + more * probed.reads_extra
        return int(self._file.frames) * more // held if held > 0 else 0  # at the same bit rate

    def _unchecked(self) -> TruncatedError:
        return TruncatedError(
            f"{display_name(self._path)} may be truncated: truncation cannot be detected in "
            f"{self._file.format} files; convert it to WAV, or pass `allow_truncated=True`"
        )

    def _stated_frames(self, probed: Probe) -> int | None:
        """Return the number of frames, from the header where libsndfile is less reliable."""
        file, frames, extent = self._file, int(self._file.frames), probed.extent
        if probed.sound is not None:
            return sum(map(len, probed.sound))
        if file.subtype.startswith("MPEG"):
            return None  # libsndfile only estimates it
        if probed.fault:
            return frames
        if extent.frames is None or not is_exact(file.subtype):
            return frames
        padding = file.channels == 1 and INTEGER_BITS.get(file.subtype) == 8
        if extent.frames == frames or (padding and extent.frames == frames - 1):
            return extent.frames
        self.shortage = TruncatedError(
            f"{display_name(self._path)} is damaged: its header states "
            f"{counted(extent.frames, 'frame')}, but it holds {frames}{REMEDY}"
        )
        return min(extent.frames, frames)

    def _damaged(self, fault: str) -> TruncatedError:
        frames = self._stated
        held = ""
        if frames is not None and frames < UNKNOWN_FRAMES:
            seconds = frames / self._file.samplerate
            held = f"; it holds about {counted(frames, 'frame')} ({seconds:.3f} s)"
        return TruncatedError(
            f"{display_name(self._path)} is truncated or damaged: {fault}{held}{REMEDY}"
        )

    def read(self, frames: int) -> Audio:
        """Return up to `frames` frames; none only at the end."""
        block: Audio = np.zeros((0, self._file.channels))
        while self._sound:
            sound = self._sound[0]
            while self._decoded < sound.start:
                if not len(self._decode(min(PIECE, sound.start - self._decoded))):
                    return block
            if self._decoded < sound.stop:
                block = self._decode(min(frames, sound.stop - self._decoded))
                break
            self._sound.popleft()
        if self._checksum is not None:
            self._checksum.update(block)
            if self._decoded == self._end and not self._checksum.matches():
                self.shortage = self._damaged("its samples do not match its checksum")
        return reordered(block, self._order)

    def _decode(self, frames: int) -> Audio:
        """Return the next frames as they are coded, up to the place where decoding fails."""
        if self._failure is not None:
            raise self._failure
        block: Audio = np.empty((frames, self._file.channels))
        done = 0
        with stderr_silenced() if self._file.subtype.startswith("MPEG") else nullcontext():
            while done < frames and self._failure is None:
                wanted = min(STEP, frames - done)
                held = self._decode_into(block[done : done + wanted])
                done += held
                if held < wanted:
                    break
        self._decoded += done
        if self._failure is not None and not done:
            raise self._failure
        return block[:done]

    def _decode_into(self, part: Audio) -> int:
        """Decode into an array, and return the number of frames; keep an error for later."""
        held = 0
        try:
            held = int(self._file.buffer_read_into(part, "float64"))
        except (OSError, soundfile.SoundFileError) as error:
            self._failure = error
        if self._splice is not None and self._splice.error is not None:
            self._failure = self._splice.error
        return held

    def digest(self) -> Digest | None:
        """Return the digest of the file."""
        # reopened, because libsndfile has moved the position under the buffer of `_raw`
        with os.fdopen(os.dup(self._raw.fileno()), "rb") as file:
            file.seek(0)
            return Source(file, hashed=True).digest()


def _tags(file: soundfile.SoundFile) -> dict[str, str]:
    """Return the tags of a file, without what libsndfile reads past the software tag of an AIFF."""
    fields: dict[str, str] = file.copy_metadata()
    if file.format == "AIFF" and "software" in fields:
        fields["software"] = re.sub(r"(?s)(\(libsndfile-[\d.]*\)).*", r"\1", fields["software"])
    if file.subtype.startswith("MPEG"):  # ID3 version 1 pads with blanks
        return {tag: text.rstrip(" \0") for tag, text in fields.items()}
    return fields
