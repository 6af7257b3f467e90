"""What a sound file is: format, subtype, rate, channels, frames, and which formats hold what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

import soundfile

from audioconv.errors import FormatError, UsageError

STANDARD = "-"

MAX_CHANNELS = 64
MAX_RATE = 1_536_000

INTEGER_BITS = {
    "PCM_S8": 8,
    "PCM_U8": 8,
    "PCM_16": 16,
    "PCM_24": 24,
    "PCM_32": 32,
    "ALAC_16": 16,
    "ALAC_20": 20,
    "ALAC_24": 24,
    "ALAC_32": 32,
}
"""Bits a sample of the subtypes that hold whole numbers, exactly."""

FLOATS = ("FLOAT", "DOUBLE")

SUFFIXES = {
    "wav": ("WAV", None),
    "wave": ("WAV", None),
    "aif": ("AIFF", None),
    "aiff": ("AIFF", None),
    "aifc": ("AIFF", None),
    "au": ("AU", None),
    "snd": ("AU", None),
    "caf": ("CAF", None),
    "flac": ("FLAC", None),
    "mp3": ("MP3", None),
    "oga": ("OGG", None),
    "ogg": ("OGG", None),
    "opus": ("OGG", "OPUS"),
    "rf64": ("RF64", None),
    "w64": ("W64", None),
}
"""File suffix to format, and to the subtype where the suffix means one."""


def is_exact(subtype: str) -> bool:
    """Tell whether a subtype holds samples as they are, rounded at most, and not a lossy coding.

    Examples
    --------
    >>> is_exact("PCM_16"), is_exact("FLOAT"), is_exact("VORBIS")
    (True, True, False)
    """
    return subtype in INTEGER_BITS or subtype in FLOATS


@dataclass(frozen=True)
class SoundInfo:
    """What a sound file says of itself.

    Parameters
    ----------
    path : str
        its name, or ``-``
    format, subtype : str
        libsndfile's names, such as ``WAV`` and ``PCM_16``
    rate : int
        samples per second
    channels : int
    frames : int or None
        None where only its end will tell, as in a pipe
    """

    path: str
    format: str
    subtype: str
    rate: int
    channels: int
    frames: int | None

    def __post_init__(self) -> None:
        if not 1 <= self.channels <= MAX_CHANNELS:
            raise FormatError(
                f"{display_name(self.path)} has {self.channels} channels; the limit is {MAX_CHANNELS}; "
                "split it"
            )
        if not 1 <= self.rate <= MAX_RATE:
            raise FormatError(
                f"{display_name(self.path)} has a rate of {self.rate} Hz; the limit is {MAX_RATE} Hz; "
                "its header may be damaged"
            )

    @property
    def signal_bits(self) -> int | None:
        """Fractional bits of its samples (15 in 16-bit sound), or None where they have no grid."""
        bits = INTEGER_BITS.get(self.subtype)
        return None if bits is None else bits - 1


def display_name(path: str, *, role: str = "input") -> str:
    """Name a file for a message, whatever bytes it is made of."""
    if path == STANDARD:
        return f"standard {role}"
    readable = path.encode("utf-8", "backslashreplace").decode()
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in readable)


def output_format(
    path: str, source: SoundInfo, form: str | None = None, subtype: str | None = None
) -> tuple[str, str, str | None]:
    """Settle the format and subtype of an output.

    Parameters
    ----------
    path : str
        whose suffix names the format, unless `form` does; ``-`` is WAV
    source : SoundInfo
        whose own subtype is kept where the format holds it; a lossy one becomes 24-bit
    form, subtype : str, optional
        libsndfile's names, in any case

    Returns
    -------
    format, subtype : str
    notice : str or None
        what the format cannot hold

    Raises
    ------
    UsageError
        If there is no such format, or it has no such subtype.

    Examples
    --------
    >>> output_format("a.flac", SoundInfo("a.wav", "WAV", "FLOAT", 48000, 2, 100))
    ('FLAC', 'PCM_24', 'FLAC cannot hold FLOAT samples; written as PCM_24')
    """
    form, meant = _format(path, source, form)
    offered = soundfile.available_subtypes(form)
    chosen = (subtype or meant or "").upper()
    if chosen:
        if chosen not in offered:
            raise UsageError(f"{form} has no subtype {chosen}; it has {', '.join(offered)}")
        return form, chosen, None

    wanted = source.subtype if is_exact(source.subtype) else "PCM_24"
    bits = INTEGER_BITS.get(wanted)
    same = [s for s in offered if s == wanted] or [
        s for s in offered if bits and INTEGER_BITS.get(s) == bits
    ]
    if same:
        return form, same[0], None
    integers = sorted((s for s in offered if s in INTEGER_BITS), key=lambda s: INTEGER_BITS[s])
    enough = [s for s in integers if bits and INTEGER_BITS[s] > bits]
    if enough:
        return form, enough[0], None
    if not integers:  # a lossy format, which one chooses knowingly
        return form, soundfile.default_subtype(form), None
    best = integers[-1]
    notice = f"{form} cannot hold {wanted} samples; written as {best}"
    return form, best, notice


def _format(path: str, source: SoundInfo, form: str | None) -> tuple[str, str | None]:
    """Return the format, and the subtype where a suffix means one."""
    if form is not None:
        if form.upper() not in soundfile.available_formats():
            known = ", ".join(sorted(soundfile.available_formats()))
            raise UsageError(f"there is no format {form.upper()}; there are {known}")
        return form.upper(), None
    if path == STANDARD:
        return "WAV", None
    suffix = PurePath(path).suffix.lower().lstrip(".")
    if suffix in SUFFIXES:
        return SUFFIXES[suffix]
    if not suffix and source.format in soundfile.available_formats():
        raise UsageError(
            f"{display_name(path)} has no suffix to tell its format; add one such as .wav, or --format WAV"
        )
    raise UsageError(
        f"the suffix .{suffix} of {display_name(path)} names no format; use one of "
        f"{', '.join(SUFFIXES)}, or --format"
    )
