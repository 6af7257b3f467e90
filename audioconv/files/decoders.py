"""Decoders: what can read one kind of file, forward, as float64.

WAV of linear samples is read here, and every other format by libsndfile. Either refuses a file
that ends before its header says so.
"""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from dataclasses import replace
from typing import IO, Protocol

import soundfile

from audioconv.engines import Audio
from audioconv.errors import FormatError, TruncatedError
from audioconv.files import containers, riff
from audioconv.files.formats import Path, Sound, name

UNKNOWN_FRAMES = 2**62
"""libsndfile reports more frames than this for a FLAC whose header does not tell."""


class Decoder(Protocol):
    """What can read one kind of file.

    Attributes
    ----------
    sound : Sound
        what there is, as far as that is known before its end
    shortage : TruncatedError or None
        what is missing from it, so far as is known
    open_ended : bool
        whether its header leaves its length to where it ends
    """

    sound: Sound
    shortage: TruncatedError | None
    open_ended: bool

    def read(self, frames: int) -> Audio:
        """Return so many frames, or fewer at the end only."""
        ...


class WaveDecoder:
    """Linear WAV, of which nothing but reading forward is asked."""

    def __init__(self, path: Path, file: IO[bytes], layout: riff.Layout) -> None:
        self._file = file
        self._layout = layout
        self._left = layout.data_bytes
        self.open_ended = layout.data_bytes is None
        self.shortage: TruncatedError | None = None
        self.sound = Sound(path, layout.format, layout.subtype, layout.rate, layout.channels, None)
        size = layout.frame_bytes
        frames = None if self._left is None else self._left // size
        status = os.fstat(file.fileno())
        if stat.S_ISREG(status.st_mode):
            held = (status.st_size - layout.offset) // size
            if frames is not None and held < frames:
                self.shortage = cut_short(self.sound, frames, held)
            frames = held if frames is None else min(frames, held)
        self.sound = replace(self.sound, frames=frames)

    def read(self, frames: int) -> Audio:
        """Return so many frames, or fewer at the end only."""
        wanted = frames * self._layout.frame_bytes
        if self._left is not None:
            wanted = min(wanted, self._left - self._left % self._layout.frame_bytes)
        data = self._file.read(wanted)
        if self._left is not None:
            self._left -= len(data)
        part = len(data) % self._layout.frame_bytes
        if part:
            self.shortage = TruncatedError(
                f"{name(self.sound.path)} is cut short: it ends inside a frame, after {part} of "
                f"its {self._layout.frame_bytes} bytes; get a complete copy"
            )
        return riff.decode(data[: len(data) - part], self._layout)


class LibsndfileDecoder:
    """Any other format that libsndfile knows, from a regular file."""

    def __init__(self, path: Path, raw: IO[bytes]) -> None:
        # first, because libsndfile will share the position in the file
        claimed = containers.claimed_end(raw)
        tells_length, ogg_ends = containers.tells_length(raw), containers.ogg_ends(raw)
        size = os.fstat(raw.fileno()).st_size
        descriptor = os.dup(raw.fileno())
        os.lseek(descriptor, 0, os.SEEK_SET)
        try:
            self._file = soundfile.SoundFile(descriptor, closefd=True)
        except soundfile.SoundFileError as error:
            with suppress(OSError):  # a failed opening has closed it, in some versions
                os.close(descriptor)
            raise FormatError(
                f"{name(path)} is not a sound file that can be read: {reason(error)}"
            ) from error
        file, frames = self._file, self._file.frames
        if frames > UNKNOWN_FRAMES:
            raise FormatError(
                f"{name(path)} does not say how long it is; decode it first, for instance with "
                f"`{file.format.lower()} -d`"
            )
        self.shortage: TruncatedError | None = None
        if claimed is not None and claimed > size:
            self.shortage = TruncatedError(
                f"{name(path)} is cut short: its header says that its samples end at byte "
                f"{claimed}, but it ends at {size}, after {frames} frames "
                f"({frames / file.samplerate:.3f} s); get a complete copy"
            )
        if file.format == "OGG" and not ogg_ends:
            self.shortage = TruncatedError(
                f"{name(path)} is cut short: it ends after {frames} frames "
                f"({frames / file.samplerate:.3f} s), without the page that ends an Ogg file; "
                "get a complete copy"
            )
        self.open_ended = False
        guessed = file.subtype.startswith("MPEG") and not tells_length
        self.sound = Sound(
            path,
            file.format,
            file.subtype,
            file.samplerate,
            file.channels,
            None if guessed else frames,
        )

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()

    def read(self, frames: int) -> Audio:
        """Return so many frames, or fewer at the end only."""
        block: Audio = self._file.read(frames, dtype="float64", always_2d=True)
        return block


def cut_short(sound: Sound, says: int | None, frames: int) -> TruncatedError:
    """Say that a sound ends before its header says so."""
    return TruncatedError(
        f"{name(sound.path)} is cut short: its header says {says} frames, but it ends after "
        f"{frames} ({frames / sound.rate:.3f} s); get a complete copy"
    )


def reason(error: Exception) -> str:
    """Return the cause alone, without the path or the prefix that libraries put before it."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return getattr(error, "error_string", str(error)).rstrip(".")
