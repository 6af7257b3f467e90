"""What every output needs, however its samples are made."""

from __future__ import annotations

from audioconv.files import FLOATS, TRANSPARENT, Writer, is_exact
from audioconv.job import Options
from audioconv.units import parse_match


def restarts(options: Options) -> bool:
    """Return whether the guard may have to begin again."""
    integers = (options.subtype or "").upper() not in FLOATS
    return options.clip == "guard" and integers and parse_match(options.match) is None


def quality(options: Options, subtype: str, *, transparent: bool) -> float | None:
    """Return the quality of the output, or None if it has none, or the encoder chooses it."""
    if subtype not in TRANSPARENT:
        return None
    if options.quality is not None:
        return float(options.quality)
    return TRANSPARENT[subtype] if transparent else None


def bit_rate(writer: Writer) -> int | None:
    """Return the bit rate of a lossy output, in bit/s."""
    frames, info = writer.level.frames, writer.info
    if is_exact(info.subtype) or not frames:
        return None
    return round(8 * writer.bytes * info.rate / frames)
