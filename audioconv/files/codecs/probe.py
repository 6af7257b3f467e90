"""Inspection of a file before libsndfile opens it.

libsndfile opens a truncated file as a shorter one, conceals missing parts of a stream, and
estimates or loses the end of a stream whose header does not state its length.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import IO

from audioconv.files.codecs import containers, flac, mpeg, ogg, riff
from audioconv.files.codecs.containers import Extent


@dataclass
class Probe:
    """The properties of a file that libsndfile does not report.

    Parameters
    ----------
    fault : str or None
        description of the first fault
    until_the_end : bool
        whether the header leaves the length to the end of the file
    extent : Extent
        place and length of the samples, as the header states them
    checksum : Checksum or None
        MD5 of the samples of a FLAC
    patch : bytes or None
        bytes to insert into a copy of the file, without which libsndfile would lose its end
    patch_begin, patch_end : int
        offsets of the bytes that the patch replaces
    delay : int
        frames that libsndfile drops from the beginning of the patched copy
    """

    fault: str | None = None
    until_the_end: bool = False
    extent: Extent = containers.UNKNOWN
    checksum: flac.Checksum | None = None
    patch: bytes | None = None
    patch_begin: int = 0
    patch_end: int = 0
    delay: int = 0


def probe(raw: IO[bytes], header: riff.Header | None) -> Probe:
    """Inspect a file.

    Parameters
    ----------
    raw : binary file
        seekable; its position changes
    header : Header or None
        its header, if it is a WAV file

    Raises
    ------
    FormatError
        If the header contradicts itself.
    """
    raw.seek(0)
    start = raw.read(4)
    if start == ogg.MAGIC:
        return Probe(ogg.fault(raw))
    if mpeg.is_mpeg(raw):
        return _probe_mpeg(raw)
    if mpeg.is_free(raw):
        return Probe()
    if flac.lacks_length(raw):
        at, patch, complete = flac.length_patch(raw)
        fault = None if complete else "it ends inside a FLAC frame"
        return Probe(fault, True, patch=patch, patch_begin=at, patch_end=at + len(patch))
    return _probe_extent(raw, header, start == b"caff")


def _probe_mpeg(raw: IO[bytes]) -> Probe:
    begin, scan = containers.after_id3(raw), mpeg.scan_frames(raw)
    found = Probe(scan.fault, extent=Extent(frames=mpeg.length(scan)))
    if scan.frames > 0 and mpeg.lacks_tag(scan):
        found.patch, found.delay = mpeg.tag(scan), mpeg.DECODER_DELAY
        found.patch_begin, found.patch_end = begin, begin + mpeg.tag_length(scan)
    return found


def _probe_extent(raw: IO[bytes], header: riff.Header | None, caf: bool) -> Probe:
    """Compare the stated extent of the samples with the size of the file."""
    size = os.fstat(raw.fileno()).st_size
    if header is not None:
        end = None if header.data_bytes is None else header.offset + header.data_bytes
        extent = Extent(header.offset, end, until_the_end=end is None)
    else:
        extent = containers.stated_extent(raw)
    fault = None
    if extent.end is not None and extent.end > size:
        fault = (
            f"its header states that its samples end at byte {extent.end}, but it ends at {size}"
        )
    found = Probe(fault, extent.until_the_end, extent)
    if caf and extent.until_the_end:  # libsndfile requires the true size
        found.patch = (size - extent.begin).to_bytes(8)
        found.patch_begin, found.patch_end = extent.begin - 8, extent.begin
    else:
        found.checksum = flac.Checksum.of(raw)
    return found
