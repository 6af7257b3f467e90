"""MPEG audio (MP3, MP2, MP1): where its frames are, and which of their samples are sound.

libsndfile estimates the length of MPEG audio from its first frame, stops at the end that an
encoder states, and stops at bytes between frames. So the frames are found here, and libsndfile
is shown nothing else. Encoders put a tag (Xing, Info or VBRI) into a silent first frame, with the
number of frames, and with the samples to drop from the beginning and the end.

References
----------
ISO/IEC 11172-3, 1993, and 13818-3, 1998, section 2.4.2.3; K. Windström, "MPEG audio frame
header"; G. Bouvigne, "MP3 info tag revision 1", for the encoder's delay and padding.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import IO, NamedTuple

from audioconv.errors import FormatError, counted
from audioconv.files.codecs.splice import Piece
from audioconv.files.codecs.tags import after_id3, after_tags, is_tag

RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}
"""Sample rates in Hz, by the two version bits: MPEG-1, MPEG-2 and its extension 2.5."""

KILOBITS = {
    (True, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (True, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (True, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (False, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (False, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (False, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Bit rates, by whether it is MPEG-1, and layer."""

DECODER_DELAY = 529
"""Samples by which a decoder of layer III is late; players drop them with the encoder's delay."""

CHAIN = 4
"""Frames in a row that are no accident; by chance, a header follows once in 2^16 places."""

LONGEST_JUNK = 2**16
"""Bytes before the first frame of a file that is recognised."""

SYNC = re.compile(rb"\xff(?=[\xe2-\xff][\x00-\xef].)", re.DOTALL)
"""The beginning of a frame header."""

PIECE = 2**20
"""Bytes that are searched for a frame at once."""

HEAD = 48
"""Bytes of a frame in which the name of a tag is looked for."""

LONGEST_FRAME = 2**13
"""Bytes; free format has no limit but that of the layer, 640 kbit/s at 8 kHz or so."""


class Header(NamedTuple):
    """The fields of a frame header.

    Parameters
    ----------
    version : {3, 2, 0}
        the two version bits; MPEG-1, MPEG-2 and its extension 2.5
    layer : {1, 2, 3}
    rate, channels : int
    length : int
        bytes of the frame; of free format, whose header omits the length, only the padding
    free : bool
        whether it is of free format
    """

    version: int
    layer: int
    rate: int
    channels: int
    length: int
    free: bool

    @property
    def samples(self) -> int:
        """Samples per channel of a frame."""
        if self.layer == 1:
            return 384
        return 576 if self.layer == 3 and self.version != 3 else 1152

    @property
    def side(self) -> int:
        """Bytes of side information between the header and a tag."""
        if self.version == 3:
            return 17 if self.channels == 1 else 32
        return 9 if self.channels == 1 else 17

    @property
    def sound(self) -> str:
        """Layer, rate and channels, which must not change."""
        return f"layer {self.layer}, {self.rate} Hz, {('mono', 'stereo')[self.channels - 1]}"


class Tag(NamedTuple):
    """The tag of an encoder in the first frame.

    Parameters
    ----------
    frames, size : int or None
        number of MPEG frames, and bytes of them all with that of the tag, as stated
    delay : int or None
        samples that the encoder put before the sound; None if players drop none
    padding : int
        samples that it put after the sound
    """

    frames: int | None = None
    size: int | None = None
    delay: int | None = None
    padding: int = 0


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
        header = _header(self.read(at, 4))
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
                header = _header(match.string[match.start() : match.start() + 4])
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
        track = Track(at, at, tag=self.tag(at, header))
        begin = track.end = at if track.tag is None else at + self._length(at, header)
        while True:
            data = self.read(track.end, HEAD)
            length = self._length_of(data[:4], header)
            if not length or track.end + length > self.end:
                break
            if track.frames and self._tag_place(data, header):
                break  # another file begins
            track.frames += 1
            track.end += length
        found.pieces.append(range(begin, track.end))
        return track

    def tag(self, at: int, header: Header) -> Tag | None:
        """Return the tag in the frame at an offset; None without one."""
        data = self.read(at, 256)
        place = self._tag_place(data, header)
        if not place:
            return None
        if data[place:].startswith(b"VBRI"):
            return Tag(int.from_bytes(data[50:54]), int.from_bytes(data[46:50]))
        return _xing(data[place + 4 :])

    def is_cut(self, at: int, header: Header) -> bool:
        """Return whether a frame begins at an offset, and ends after the end of the file."""
        rest = self.read(at, 4)
        return bool(self._length_of(rest, header)) or (len(rest) < 4 and rest[:1] == b"\xff")

    def are_zeros(self, at: int) -> bool:
        """Return whether fewer zeros than a frame has, and nothing else, are left."""
        rest = self.read(at, LONGEST_FRAME)
        return at + len(rest) == self.end and not rest.strip(b"\0")

    @staticmethod
    def _tag_place(data: bytes, header: Header) -> int:
        """Return the offset of a tag in the bytes of a frame; 0 without one."""
        if header.layer == 3:
            begin = 4 + header.side  # encoders differ in whether they count a checksum before it
            for place in (begin, begin + 2):
                if data[place : place + 4] in (b"Xing", b"Info"):
                    return place
            if data[36:40] == b"VBRI":
                return 36
        return 0

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
        header = _header(start)
        if header is None or header[:4] != like[:4] or header.free != like.free:
            return 0
        return header.length + self._free if header.free else header.length

    def _free_length(self, at: int) -> int:
        """Return the length without padding of frames of free format, from one to the next."""
        header = self.header(at)
        data = self.read(at, 2 * LONGEST_FRAME)
        place = 4
        while (place := data.find(data[:1], place)) >= 0:
            other = _header(data[place : place + 4])
            if other and other.free and other.sound == header.sound:
                third = _header(data[(again := 2 * place - header.length + other.length) :][:4])
                if again >= len(data) or (third and third.free and third.sound == header.sound):
                    return place - header.length
            place += 1
        return 0


@lru_cache(2**12)
def _header(data: bytes) -> Header | None:
    """Return the fields of a frame header; None if it is not one."""
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE0 != 0xE0:
        return None
    version, layer = data[1] >> 3 & 3, 4 - (data[1] >> 1 & 3)
    kind, frequency = data[2] >> 4, data[2] >> 2 & 3
    if version == 1 or layer == 4 or kind == 15 or frequency == 3:
        return None
    rate = RATES[version][frequency]
    channels = 1 if data[3] >> 6 == 3 else 2
    header = Header(version, layer, rate, channels, 0, kind == 0)
    length = (data[2] >> 1 & 1) * (4 if layer == 1 else 1)
    if kind:
        bits = KILOBITS[version == 3, layer][kind - 1] * 1000
        length += 12 * bits // rate * 4 if layer == 1 else header.samples // 8 * bits // rate
    return header._replace(length=length)


def _xing(data: bytes) -> Tag:
    """Return the fields of a Xing or Info tag, from its flags on."""
    flags = int.from_bytes(data[:4])
    at, fields = 4, []
    for flag, size in ((1, 4), (2, 4), (4, 100), (8, 4)):
        present = bool(flags & flag)
        fields.append(int.from_bytes(data[at : at + size]) if present else None)
        at += size * present
    encoder = data[at : at + 24]
    if len(encoder) < 24 or not encoder[0]:
        return Tag(fields[0], fields[1], 0)
    both = int.from_bytes(encoder[21:24])
    return Tag(fields[0], fields[1], both >> 12, both & 0xFFF)
