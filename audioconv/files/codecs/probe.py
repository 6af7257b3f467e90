"""What libsndfile does not see in a file, looked at before it gets it.

It opens a file that is cut short as a shorter sound, makes up for what is missing from a stream,
and guesses or loses the end of one that does not tell its length.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import IO

from audioconv.files.codecs import containers, flac, mpeg, ogg, riff


@dataclass
class Probe:
    """What there is to know of a file before libsndfile sees it.

    Parameters
    ----------
    fault : str or None
        what is wrong with it
    open_ended : bool
        whether its header leaves its length to where it ends
    claim : Claim
        what its header says of its samples
    checksum : Checksum or None
        what its samples have to add up to
    patch : bytes or None
        what a copy for libsndfile needs, which would lose the end else
    at, until : int
        the bytes of the file in whose place it has to be put
    lead : int
        frames that libsndfile drops from the beginning of such a copy
    """

    fault: str | None = None
    open_ended: bool = False
    claim: containers.Claim = containers.UNKNOWN
    checksum: flac.Checksum | None = None
    patch: bytes | None = None
    at: int = 0
    until: int = 0
    lead: int = 0


def probe(raw: IO[bytes], header: riff.Header | None) -> Probe:
    """Look at a file before libsndfile does.

    Raises
    ------
    FormatError
        If its header contradicts itself.
    """
    size = os.fstat(raw.fileno()).st_size
    raw.seek(0)
    start = raw.read(4)
    if start == ogg.MAGIC:
        return Probe(ogg.fault(raw))
    if mpeg.is_mpeg(raw):
        begin, found = containers.after_id3(raw), mpeg.scan(raw)
        seen = Probe(found.fault, at=begin, until=begin + mpeg.tag_length(found))
        seen.claim = containers.Claim(frames=mpeg.length(found))
        if found.frames > 0 and mpeg.lacks_tag(found):
            seen.patch, seen.lead = mpeg.tag(found), mpeg.DECODER_DELAY
        return seen
    if mpeg.is_free(raw):
        return Probe()
    if flac.tells_no_length(raw):
        at, told, whole = flac.told_length(raw)
        fault = None if whole else "it ends inside a FLAC frame"
        return Probe(fault, True, patch=told, at=at, until=at + len(told))
    if header is not None:
        end = None if header.data_bytes is None else header.offset + header.data_bytes
        claim = containers.Claim(header.offset, end, end is None)
    else:
        claim = containers.claim(raw)
    fault = None
    if claim.end is not None and claim.end > size:
        fault = f"its header says that its samples end at byte {claim.end}, but it ends at {size}"
    if start == b"caff" and claim.open_ended:  # libsndfile takes no other than its true size
        told = (size - claim.begin).to_bytes(8)
        return Probe(fault, True, claim, patch=told, at=claim.begin - 8, until=claim.begin)
    return Probe(fault, claim.open_ended, claim, checksum=flac.Checksum.of(raw))
