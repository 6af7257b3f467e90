"""What every output needs, however its samples are made."""

from __future__ import annotations

from audioconv.files import FLOATS, TRANSPARENT, Writer, is_exact
from audioconv.job import GUARD, Options
from audioconv.metering.matching import Gains
from audioconv.units import parse_match


def restarts(options: Options) -> bool:
    """Return whether the guard may have to begin again."""
    integers = (options.subtype or "").upper() not in FLOATS
    return options.clip == "guard" and integers and parse_match(options.match) is None


def hashed(options: Options) -> bool:
    """Return whether the output has a recipe, which states the hash of the input."""
    return options.recipe != "none"


def guard_notice(written: Writer, gains: Gains) -> str:
    """Return the notice that the guard lowers what was written without it."""
    cause = written.clipping() if written.clipped else "no room for dither"
    return f"{GUARD}{cause}; {gains.attenuation(written.info.subtype)}"


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
