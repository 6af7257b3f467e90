"""Compressed chunks of a variable, of which none may hold more than its shape says.

HDF5 decodes a chunk to its end, however long, and then looks at what it needs. The stream of a
chunk of a hundred bytes can hold gigabytes.
"""

from __future__ import annotations

import math
import zlib
from typing import Any

from impulses.impulse import MAX_SAMPLES

CODINGS = {1: "deflate", 2: "shuffle", 3: "fletcher32"}
"""What netCDF, the library beneath most SOFA files, writes, by the numbers of HDF5."""

DEFLATE, CHECKSUM = 1, 3

HARMLESS = 8 * MAX_SAMPLES // 1032
"""Most bytes of a stream that cannot hold more than an impulse may; zlib expands 1032 times."""

PIECE = 2**20


def refuse_codings(name: str, properties: Any) -> None:
    """Refuse compression other than that of netCDF, and of what is compressed.

    Others decode to a length that they state themselves.
    """
    codes = _codes(properties)
    for code in codes:
        if code not in CODINGS or codes.count(code) > 1:
            held = CODINGS.get(code, f"number {code}")
            raise ValueError(f"{name} is coded by the filter {held}, unknown or more than once")
    if DEFLATE in codes and codes[codes.index(DEFLATE) + 1 :] not in ([], [CHECKSUM]):
        raise ValueError(f"{name} is coded by other filters after deflate")


def refuse_overfull(name: str, data: Any, where: tuple[Any, ...]) -> None:
    """Refuse a variable of which a chunk to be read holds more than its shape says.

    Parameters
    ----------
    name : str
    data : h5py.Dataset
    where : tuple of int or slice
        the part to be read: at some indices, and at all others
    """
    codes = _codes(data.id.get_create_plist())
    if data.chunks is None or DEFLATE not in codes:
        return
    most = math.prod(data.chunks) * data.dtype.itemsize
    large: list[Any] = []

    def keep(chunk: Any) -> None:
        deflated = not chunk.filter_mask & 1 << codes.index(DEFLATE)
        if deflated and chunk.size > HARMLESS and _meets(chunk.chunk_offset, data.chunks, where):
            large.append(chunk)

    data.id.chunk_iter(keep)
    for chunk in large:
        stored = chunk.size <= _longest(most) and data.id.read_direct_chunk(chunk.chunk_offset)[1]
        if not stored or _holds_more(stored, most):
            raise ValueError(f"a chunk of {name} holds more than the {most} bytes of its shape")


def _codes(properties: Any) -> list[int]:
    return [properties.get_filter(n)[0] for n in range(properties.get_nfilters())]


def _meets(offset: tuple[int, ...], lengths: tuple[int, ...], where: tuple[Any, ...]) -> bool:
    """Return whether a chunk has a part of what is to be read."""
    return all(
        isinstance(at, slice) or begin <= at < begin + length
        for at, begin, length in zip(where, offset, lengths, strict=False)
    )


def _longest(size: int) -> int:
    """Return the most bytes of a stream for some data: what deflate cannot shrink it stores."""
    return size + size // 1000 + 1000


def _holds_more(stream: bytes, most: int) -> bool:
    """Return whether a stream inflates to more bytes, of which no more are in memory."""
    inflater, held = zlib.decompressobj(), 0
    while stream and not inflater.eof and held <= most:
        held += len(inflater.decompress(stream, PIECE))
        stream = inflater.unconsumed_tail
    return held > most
