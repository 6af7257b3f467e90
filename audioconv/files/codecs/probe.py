"""Inspection of a file before libsndfile opens it.

libsndfile opens a truncated file as a shorter one, conceals missing parts of a stream, and
estimates or loses the end of many. So each file is inspected here, and libsndfile is shown the
bytes that it reads correctly.
"""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import IO, Literal, TypeAlias

from audioconv.files.codecs import blocks, containers, flac, mpeg, ogg, opus, riff
from audioconv.files.codecs.containers import Extent
from audioconv.files.codecs.foreign import is_foreign
from audioconv.files.codecs.splice import Piece, Splice, cut
from audioconv.files.codecs.tags import ID3V1, after_id3, first_id3

Layout: TypeAlias = Literal["speakers", "ambisonic", "none"]

LAYOUTS: dict[int, Layout] = {0: "speakers", 1: "speakers", 2: "ambisonic", 3: "ambisonic"}
"""Layouts of the channel mapping families of Opus (RFC 7845 and RFC 8486)."""

OVERRUN = (b"riff", b".snd", b"dns.", b"NIST")
"""The first bytes of files whose trailing chunks libsndfile takes for samples."""

BEYOND = 2**40
"""A length beyond which no estimate of libsndfile ends."""


@dataclass
class Probe:
    """The properties of a file that libsndfile does not report.

    Parameters
    ----------
    fault : str or None
        description of the first fault
    notices : list of str
        oddities, as predicates of the file
    until_the_end : bool
        whether the header leaves the length to the end of the file
    extent : Extent
        place and length of the samples, as the header states them
    pieces : sequence of Piece
        the bytes that libsndfile reads correctly; empty for the file as it is
    claimed : int or None
        length to claim for them instead of their own
    tail : bytes
        bytes at the claimed end
    sound : tuple of range or None
        the decoded samples that are sound, in samples of one channel; None for as many as
        libsndfile states
    reads_extra : bool
        whether the bytes after the stated end are among them
    more : int or None
        frames that those bytes may be, if that is known
    checksum : Checksum or None
        MD5 of the samples of a FLAC
    layout : {"speakers", "ambisonic", "none"}
        whether the channels have the order of their coding, another, or none that is defined
    """

    fault: str | None = None
    notices: list[str] = field(default_factory=list)
    until_the_end: bool = False
    extent: Extent = containers.UNKNOWN
    pieces: Sequence[Piece] = ()
    claimed: int | None = None
    tail: bytes = b""
    sound: tuple[range, ...] | None = None
    reads_extra: bool = False
    more: int | None = None
    checksum: flac.Checksum | None = None
    layout: Layout = "speakers"


def probe(raw: IO[bytes], header: riff.Header | None, lenient: bool) -> Probe:
    """Inspect a file.

    Parameters
    ----------
    raw : binary file
        seekable; its position changes
    header : Header or None
        its header, if it is a WAV file
    lenient : bool
        whether to read bytes after the stated end that may be samples

    Raises
    ------
    FormatError
        If the header contradicts itself.
    """
    raw.seek(0)
    start = raw.read(4)
    if start == ogg.MAGIC:
        return _probe_ogg(raw)
    info = flac.streaminfo(raw)
    if info is not None:
        return _probe_flac(raw, info)
    if header is not None or start == b"riff":
        found = _probe_wave(raw, header, lenient)
        if found is not None:
            return found
    if header is None and mpeg.begins(raw):
        return _probe_mpeg(raw)
    return _probe_extent(raw, header, lenient)


def probe_further(raw: IO[bytes]) -> Probe | None:
    """Inspect a file that libsndfile does not recognise, or takes for MPEG audio.

    Returns
    -------
    Probe or None
        of MPEG frames behind other bytes; None without any
    """
    return _probe_mpeg(raw) if mpeg.is_within(raw) and not is_foreign(raw) else None


def _probe_ogg(raw: IO[bytes]) -> Probe:
    pages = ogg.inspect(raw)
    found = Probe(pages.fault)
    if not pages.ended and not pages.fault:
        found.notices.append("has no last page, and may be truncated")
    if pages.backwards is not None:
        found.notices.append(
            f"has positions that go back at byte {pages.backwards}, so its length is uncertain"
        )
    if pages.first.startswith(ogg.FLAC):
        return _probe_ogg_flac(raw, found)
    if pages.first.startswith(ogg.VORBIS):
        found.pieces = ogg.sound_apart(raw, ogg.VORBIS_HEADERS)
    if pages.first.startswith(opus.MAGIC):
        if pages.fault is None and pages.backwards is None:
            found.pieces = opus.from_zero(raw)
        found.layout = LAYOUTS.get(opus.mapping_family(pages.first), "none")
    return found


def _probe_ogg_flac(raw: IO[bytes], pages: Probe) -> Probe:
    """Inspect the FLAC in an Ogg file: its packets, one after another, are one."""
    inner = ogg.unwrapped(raw)
    with io.BufferedReader(Splice(raw.fileno(), inner)) as file:
        info = flac.streaminfo(file)
        if info is None:
            found = Probe("the header of its FLAC stream is damaged")
        else:
            found = _probe_flac(file, info)
    parts = [[piece] if isinstance(piece, bytes) else cut(inner, piece) for piece in found.pieces]
    found.pieces = [piece for part in parts for piece in part] or inner
    found.fault = pages.fault or found.fault
    found.notices += pages.notices
    return found


def _probe_flac(raw: IO[bytes], info: flac.StreamInfo) -> Probe:
    found = Probe(until_the_end=not info.total, checksum=flac.Checksum.of(info))
    frames, complete = flac.length(raw, info)
    if not complete and not info.total:
        found.fault = "it ends inside a FLAC frame"
    elif not complete:
        found.notices.append("does not end with a FLAC frame; the bytes after the last are skipped")
    found.fault = flac.change(raw, info) or found.fault
    found.pieces = flac.readable_pieces(raw, info, None if info.total else frames)
    return found


def _probe_mpeg(raw: IO[bytes]) -> Probe:
    """Keep the tags in front and behind, which libsndfile reads."""
    size = raw.seek(0, os.SEEK_END)
    begin = after_id3(raw)
    begin = begin if begin < size else 0
    shown = first_id3(raw)  # libsndfile refuses two long ones, and an empty one
    scan = mpeg.scan(raw, begin, size)
    raw.seek(max(0, size - ID3V1))
    tail = raw.read()
    return Probe(
        scan.fault,
        scan.notices,
        pieces=[range(shown if shown < size else 0), *scan.pieces],
        claimed=BEYOND,
        tail=tail if tail.startswith(b"TAG") else b"",
        sound=scan.sound,
    )


def _probe_wave(raw: IO[bytes], header: riff.Header | None, lenient: bool) -> Probe | None:
    """Inspect a WAV or a Wave 64 of a coding with blocks or frames; return None for others."""
    order = header.order if header else "<"
    chunks = containers.bodies(raw, (b"fmt ", b"fact"))
    fmt, fact = chunks.get(b"fmt ", b""), chunks.get(b"fact", b"")
    coding = blocks.blocks(fmt, order)
    is_mpeg = blocks.format_tag(fmt, order) in blocks.MPEG
    if coding is None and not is_mpeg:
        return None
    found = _probe_extent(raw, header, lenient)
    size = raw.seek(0, os.SEEK_END)
    begin, end = found.extent.begin, found.extent.held_end(size)
    parts = [range(begin, end), *(found.extent.extra if lenient else ())]
    found.reads_extra = lenient
    stated = int.from_bytes(fact[:4], "little" if order == "<" else "big") if fact else None
    if is_mpeg:
        return _in_wave(found, mpeg.scan(raw, begin, parts[-1].stop), stated)
    assert coding is not None
    found.more = coding.held(sum(map(len, found.extent.extra)))[0]
    held = sum(map(len, parts))
    found.sound = (range(coding.length(held, stated)),)
    found.pieces = containers.resized(raw, begin, [*parts, bytes(-held % coding.size)])
    return found


def _in_wave(found: Probe, scan: mpeg.Scan, fact: int | None) -> Probe:
    """Return what has been found, with the MPEG frames in a WAV."""
    *first, last = scan.sound
    end = blocks.shortened(sum(map(len, scan.sound)), scan.header.samples, fact) - sum(
        map(len, first)
    )
    found.sound = (*first, range(last.start, last.start + end))
    found.pieces, found.claimed = scan.pieces, BEYOND
    held = sum(len(piece) for piece in scan.pieces)
    more = sum(map(len, found.extent.extra))
    found.more = sum(map(len, scan.sound)) * more // (held or 1)  # at the same bit rate
    found.fault = found.fault or scan.fault
    found.notices += scan.notices
    return found


def _probe_extent(raw: IO[bytes], header: riff.Header | None, lenient: bool) -> Probe:
    """Compare the stated extent of the samples with the size of the file."""
    size = os.fstat(raw.fileno()).st_size
    found = Probe()
    if header is not None:
        header, notice = header.corrected(size)
        found.notices += [notice] if notice else []
        end = None if header.data_bytes is None else header.offset + header.data_bytes
        rest = containers.behind(raw, header.offset, end) if end else containers.Behind()
        extent = Extent(
            header.offset, end, until_the_end=end is None, extra=rest.extra, cut=rest.cut
        )
    else:
        extent = containers.stated_extent(raw)
    if extent.end is not None and extent.end > size:
        found.fault = (
            f"its header states that its samples end at byte {extent.end}, but it ends at {size}"
        )
    found.extent, found.until_the_end = extent, extent.until_the_end
    raw.seek(0)
    kind = raw.read(4)
    held = range(extent.begin, extent.held_end(size))
    packed = extent.frames is not None  # another chunk states the length
    if extent.extra and lenient and kind in containers.RESIZABLE and not packed:
        found.reads_extra = True
        found.pieces = containers.resized(raw, extent.begin, [held, *extent.extra])
    elif extent.until_the_end and kind == b"caff":  # libsndfile requires the true size
        found.pieces = containers.resized(raw, extent.begin, [range(extent.begin, size)])
    elif kind in OVERRUN and held.stop < size:
        found.pieces = [range(held.stop)]
    return found
