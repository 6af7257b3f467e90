"""MPEG audio (MP3, MP2, MP1): where its frames are, and which of their samples are sound.

libsndfile estimates the length of MPEG audio from its first frame, stops at the end that an
encoder states, and stops at bytes between frames. So the frames are found here, and libsndfile
is shown nothing else.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cached_property
from typing import IO

from audioconv.errors import FormatError, counted
from audioconv.files.codecs.mpeg_frame import (
    HEAD,
    LONGEST_TAG,
    SYNC,
    Header,
    Tag,
    parse_header,
    parse_tag,
    tag_place,
)
from audioconv.files.codecs.splice import Piece
from audioconv.files.codecs.tags import after_id3, after_tags, is_tag

DECODER_DELAY = 529
"""Samples by which a decoder of layer III is late; players drop them with the encoder's delay."""

CHAIN = 4
"""Frames in a row that are no accident; by chance, a header follows once in 2^16 places."""

LONGEST_JUNK = 2**16
"""Bytes before the first frame of a file that is recognised."""

PIECE = 2**20
"""Bytes that are searched for a frame at once."""

LONGEST_FRAME = 2**13
"""Bytes; free format has no limit but that of the layer, 640 kbit/s at 8 kHz or so."""


@dataclass
class Track:
    """MPEG frames that follow each other, perhaps one of several files joined end to end.

    Parameters
    ----------
    begin, end : int
        offsets of the first frame, or of the tag's, and after the last
    frames : int
        number of complete frames without that of the tag
    tag : Tag or None
    is_cut : bool
        whether the beginning of one more frame follows, and then the end of the file
    """

    begin: int
    end: int
    frames: int = 0
    tag: Tag | None = None
    is_cut: bool = False

    def is_whole(self, size: int) -> bool:
        """Return whether as many frames are there as the tag states.

        Some encoders count the frame of the tag. Then there seems to be one frame too few, and
        the number of bytes, perhaps with those of tags behind the frames, settles it.

        Parameters
        ----------
        size : int
            offset of the end of the file
        """
        if self.tag is None or not self.tag.frames or self.tag.frames <= self.frames + self.is_cut:
            return True
        held, stated = self.end - self.begin, self.tag.size
        if stated is None:
            return self.tag.frames == self.frames + 1
        one_off = self.tag.frames == self.frames + 1 and stated <= held
        return one_off or stated in (held, size - self.begin)

    def sound(self, samples: int) -> range:
        """Return which of the decoded samples of this track are sound.

        Parameters
        ----------
        samples : int
            samples per channel of a frame
        """
        total = self.frames * samples
        if self.tag is None or not self.tag.frames or self.tag.delay is None:
            return range(total)
        begin = min(total, self.tag.delay + DECODER_DELAY)
        end = total
        if abs(self.frames - self.tag.frames) <= 1:
            end = (self.frames + self.is_cut) * samples - self.tag.padding + DECODER_DELAY
        return range(begin, max(begin, min(total, end)))


@dataclass
class Scan:
    """The MPEG audio of a file.

    Parameters
    ----------
    header : Header
        of the first frame
    pieces : list of Piece
        the frames without those of tags, and without anything else
    tracks : list of Track
    joined : list of int
        offsets of the tracks that follow another without a fault
    fault : str or None
        description of the first fault, with its offset
    notices : list of str
        oddities that lose no sound, as predicates of the file
    """

    header: Header
    pieces: list[Piece] = field(default_factory=list)
    tracks: list[Track] = field(default_factory=list)
    joined: list[int] = field(default_factory=list)
    fault: str | None = None
    notices: list[str] = field(default_factory=list)

    @cached_property
    def sound(self) -> tuple[range, ...]:
        """Which of the decoded samples are sound, in samples of one channel."""
        ranges, at = [], 0
        for track in self.tracks:
            sound = track.sound(self.header.samples)
            ranges.append(range(at + sound.start, at + sound.stop))
            at += track.frames * self.header.samples
        return tuple(ranges)


def begins(file: IO[bytes]) -> bool:
    """Return whether a file begins with MPEG frames, perhaps after an ID3 tag."""
    begin = after_id3(file)
    return _Frames(file, file.seek(0, os.SEEK_END)).find(begin, begin + 1) is not None


def is_within(file: IO[bytes]) -> bool:
    """Return whether MPEG frames follow the beginning of a file, or an ID3 tag, closely."""
    begin = after_id3(file)
    frames = _Frames(file, file.seek(0, os.SEEK_END))
    return frames.find(begin, begin + LONGEST_JUNK) is not None


def scan(file: IO[bytes], begin: int, end: int) -> Scan:
    """Find the frames of MPEG audio between two offsets, and anything else.

    Parameters
    ----------
    file : binary file
        seekable; its position changes
    begin, end : int
        usually of the first frame, and of the end of the file

    Raises
    ------
    FormatError
        If no frame is found, or rate or channels change from one part to the next.
    """
    frames = _Frames(file, end)
    at = frames.find(begin)
    if at is None:
        raise FormatError(f"it has no MPEG frame from byte {begin} on")
    found = Scan(frames.header(at))
    if at > begin:
        found.notices.append(
            f"has {counted(at - begin, 'byte')} before its first MPEG frame; skipped"
        )
    while at is not None:
        track = frames.track(at, found)
        found.tracks.append(track)
        at = _next_track(frames, track, found)
    if found.joined:
        found.notices.append(
            f"is joined from {counted(len(found.joined) + 1, 'file')}, the second from byte "
            f"{found.joined[0]} on"
        )
    _check_counts(found, end)
    return found


def _next_track(frames: _Frames, track: Track, found: Scan) -> int | None:
    """Return where the next frames begin; note whatever lies between, or the end."""
    end = frames.end
    behind = after_tags(frames.file, track.end, end)
    if behind == end or frames.are_zeros(behind):
        return None
    at = frames.find(behind, like=found.header)
    if at is not None:
        other = frames.header(at)
        if other.sound != found.header.sound:
            raise FormatError(
                f"it changes from {found.header.sound} to {other.sound} at byte {at}; split it"
            )
        if at > behind:
            found.fault = found.fault or f"it has no MPEG frame at byte {behind}"
        else:
            found.joined.append(at)
    elif frames.is_cut(behind, found.header):
        track.is_cut = True
        found.notices.append("ends inside an MPEG frame, which is left out")
    else:
        found.notices.append(
            f"has {counted(end - behind, 'byte')} after its last MPEG frame; skipped"
        )
    return at


def _check_counts(found: Scan, end: int) -> None:
    """Compare the number of frames with those that the tags state."""
    for track in found.tracks:
        stated = track.tag.frames if track.tag else None
        if not track.is_whole(end):
            found.fault = found.fault or (
                f"it has {counted(track.frames, 'MPEG frame')}, but its header states {stated}"
            )
        elif stated and stated < track.frames - 1:
            found.notices.append(
                f"has {track.frames} MPEG frames, but its header states {stated}; all are read"
            )


class _Frames:
    """The bytes of a file up to an offset, as MPEG frames."""

    def __init__(self, file: IO[bytes], end: int) -> None:
        self.file = file
        self.end = end
        self._free = 0

    def read(self, begin: int, count: int) -> bytes:
        """Return the bytes at an offset; fewer at the end."""
        self.file.seek(begin)
        return self.file.read(max(0, min(count, self.end - begin)))

    def header(self, at: int) -> Header:
        """Return the header of a frame that is there."""
        header = parse_header(self.read(at, 4))
        assert header is not None
        return header

    def find(self, begin: int, limit: int | None = None, like: Header | None = None) -> int | None:
        """Return the offset of the next frame that is no accident; None without one.

        Others follow it, fewer if the end of the file follows them, and none need to if the frame
        is where one is expected or is like others.

        Parameters
        ----------
        begin : int
            where a frame is expected
        limit : int, optional
            where to stop looking
        like : Header, optional
            of the other frames
        """
        limit = self.end if limit is None else min(limit, self.end)
        for start in range(begin, limit, PIECE):
            for match in SYNC.finditer(self.read(start, min(PIECE, limit - start) + 3)):
                at = start + match.start()
                header = parse_header(match.string[match.start() : match.start() + 4])
                if header is None or at >= limit:
                    continue
                frames, ends = self._chain(at)
                expected = at == begin or (like and header.sound == like.sound)
                if frames >= CHAIN or (ends and frames >= (1 if expected else 2)):
                    return at
        return None

    def track(self, at: int, found: Scan) -> Track:
        """Follow the frames from an offset on, and add them to what has been found."""
        header = self.header(at)
        self._free = self._free_length(at) if header.free else 0
        track = Track(at, at, tag=parse_tag(self.read(at, LONGEST_TAG), header))
        begin = track.end = at if track.tag is None else at + self._length(at, header)
        while True:
            data = self.read(track.end, HEAD)
            length = self._length_of(data[:4], header)
            if not length or track.end + length > self.end:
                break
            if track.frames and tag_place(data, header):
                break  # another file begins
            track.frames += 1
            track.end += length
        found.pieces.append(range(begin, track.end))
        return track

    def is_cut(self, at: int, header: Header) -> bool:
        """Return whether a frame begins at an offset, and ends after the end of the file."""
        rest = self.read(at, 4)
        return bool(self._length_of(rest, header)) or (len(rest) < 4 and rest[:1] == b"\xff")

    def are_zeros(self, at: int) -> bool:
        """Return whether fewer zeros than a frame has, and nothing else, are left."""
        rest = self.read(at, LONGEST_FRAME)
        return at + len(rest) == self.end and not rest.strip(b"\0")

    def _chain(self, at: int) -> tuple[int, bool]:
        """Return how many complete frames follow each other, and whether the end follows them.

        They are counted up to `CHAIN`.
        """
        header = self.header(at)
        self._free = self._free_length(at) if header.free else 0
        frames = 0
        while frames < CHAIN and (length := self._length(at, header)):
            if at + length > self.end:
                return frames, True
            frames += 1
            at += length
        return frames, at == self.end or is_tag(self.file, at)

    def _length(self, at: int, like: Header) -> int:
        """Return the length of the frame at an offset; 0 if there is none like another."""
        return self._length_of(self.read(at, 4), like)

    def _length_of(self, start: bytes, like: Header) -> int:
        header = parse_header(start)
        if header is None or header[:4] != like[:4] or header.free != like.free:
            return 0
        return header.length + self._free if header.free else header.length

    def _free_length(self, at: int) -> int:
        """Return the length without padding of frames of free format, from one to the next."""
        header = self.header(at)
        data = self.read(at, 2 * LONGEST_FRAME)
        place = 4
        while (place := data.find(data[:1], place)) >= 0:
            other = parse_header(data[place : place + 4])
            if other and other.free and other.sound == header.sound:
                again = 2 * place - header.length + other.length
                third = parse_header(data[again : again + 4])
                if again >= len(data) or (third and third.free and third.sound == header.sound):
                    return place - header.length
            place += 1
        return 0
