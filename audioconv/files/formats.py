"""Properties of a sound file (format, subtype, rate, channels, frames), and output formats."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import PurePath

import soundfile

from audioconv.errors import FormatError, UsageError, printable
from audioconv.urls import public_name

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
"""Bits per sample of each integer subtype."""

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
"""File suffix to format, and to a subtype where the suffix implies one."""


WAVES = ("WAV", "WAVEX", "RF64")
"""Formats that share the suffixes of WAV."""

CODECS = {"MPEG_LAYER_III": "MP3", "VORBIS": "Vorbis", "OPUS": "Opus"}
"""Usual names of lossy codings."""


def is_exact(subtype: str) -> bool:
    """Return whether a subtype holds samples exactly or rounded, without lossy coding.

    Examples
    --------
    >>> is_exact("PCM_16"), is_exact("FLOAT"), is_exact("VORBIS")
    (True, True, False)
    """
    return subtype in INTEGER_BITS or subtype in FLOATS


@dataclass(frozen=True)
class SoundInfo:
    """The header of a sound file.

    Parameters
    ----------
    path : str
        its name, or ``-`` for a pipe
    format, subtype : str
        libsndfile's names, such as ``WAV`` and ``PCM_16``
    rate : int
        frames per second, in Hz
    channels : int
    frames : int or None
        None until the end has been reached, as in a pipe of unknown length
    quality : float, optional
        of a lossy output: 0 to 1 (best), or a bit rate in bit/s; None is the encoder's own choice
    """

    path: str
    format: str
    subtype: str
    rate: int
    channels: int
    frames: int | None
    quality: float | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.channels <= MAX_CHANNELS:
            raise FormatError(
                f"{display_name(self.path)} has {self.channels} channels; the limit is "
                f"{MAX_CHANNELS}; split it"
            )
        if not 1 <= self.rate <= MAX_RATE:
            raise FormatError(
                f"{display_name(self.path)} has a rate of {self.rate} Hz; the limit is "
                f"{MAX_RATE} Hz; its header may be damaged"
            )

    @property
    def signal_bits(self) -> int | None:
        """Fractional bits of its samples (15 in 16-bit audio); None if they are not integers."""
        bits = INTEGER_BITS.get(self.subtype)
        return None if bits is None else bits - 1


class TemporaryCopy(str):
    """The path of a temporary copy of a pipe or a URL, which messages call by the name of that.

    Parameters
    ----------
    path : str
    original : str
        the name of the pipe, ``-`` for standard input, or the URL

    Examples
    --------
    >>> display_name(TemporaryCopy("/tmp/scratch", "-"))
    'standard input'
    """

    original: str

    def __new__(cls, path: str, original: str) -> TemporaryCopy:
        """Make the string, which has the name of the pipe besides."""
        copy = super().__new__(cls, path)
        copy.original = original
        return copy


def original_name(path: str) -> str:
    """Return the path that the user gave: that of the pipe or the URL, if it is a copy of one."""
    return path.original if isinstance(path, TemporaryCopy) else path


def display_name(path: str, *, role: str = "input") -> str:
    """Return the name of a file for a message, escaped by `escape`, without secrets of a URL.

    Parameters
    ----------
    path : str
    role : {"input", "output"}
        the standard stream that ``-`` stands for
    """
    path = public_name(original_name(path))
    return f"standard {role}" if path == STANDARD else escape(path)


def escape(text: str) -> str:
    r"""Escape backticks, and characters that cannot be printed, such as line ends.

    Examples
    --------
    >>> escape("a\nb\u202e")
    'a\\nb\\u202e'
    """
    return printable(text).replace("`", r"\x60")  # backticks mark arguments in messages


def _meant(subtype: str, offered: Sequence[str]) -> str:
    """Return a question that names the subtype that is probably meant, such as that of 24 bits.

    Examples
    --------
    >>> _meant("24", ["PCM_16", "PCM_24"]), _meant("FLOAT32", ["PCM_32", "FLOAT"])
    (" did you mean 'PCM_24'?", " did you mean 'FLOAT'?")
    >>> _meant("PCM_12", ["PCM_16", "PCM_24"])
    ''
    """
    from audioconv.parameters import suggestion  # late: most names are correct

    bits = "".join(filter(str.isdigit, subtype))
    if not bits or subtype.startswith("F"):
        return suggestion(subtype, offered)
    return f" did you mean 'PCM_{bits}'?" if f"PCM_{bits}" in offered else ""


def output_format(
    path: str,
    source: SoundInfo,
    form: str | None = None,
    subtype: str | None = None,
    *,
    by_name: bool = False,
) -> tuple[str, str, str | None]:
    """Choose the format and subtype of an output.

    Parameters
    ----------
    path : str
        its suffix gives the format if `form` is None; a stream without one is WAV
    source : SoundInfo
        its subtype is kept where the format supports it; a lossy one becomes 24-bit
    form, subtype : str, optional
        libsndfile's names, in upper or lower case
    by_name : bool
        whether the caller cannot choose a format but by the name

    Returns
    -------
    format, subtype : str
    notice : str or None
        the loss of precision, if there is one

    Raises
    ------
    UsageError
        If the format is unknown, or has no such subtype.

    Examples
    --------
    >>> output_format("a.flac", SoundInfo("a.wav", "WAV", "FLOAT", 48000, 2, 100))
    ('FLAC', 'PCM_24', 'FLAC cannot hold FLOAT samples; written as PCM_24')
    """
    form, implied = _format(path, form, "" if by_name else ", or pass `format='WAV'`")
    offered = _subtypes(form)
    chosen = (subtype or implied or "").upper()
    if chosen:
        if chosen not in offered:
            meant = _meant(chosen, offered)
            raise UsageError(
                f"{form} has no subtype {escape(chosen)};{meant} it has {', '.join(offered)}"
            )
        return form, chosen, None

    wanted = source.subtype if is_exact(source.subtype) else "PCM_24"
    bits = INTEGER_BITS.get(wanted)
    same = [s for s in offered if s == wanted] or [
        s for s in offered if bits and INTEGER_BITS.get(s) == bits
    ]
    if same:
        return form, same[0], None
    integers = sorted((s for s in offered if s in INTEGER_BITS), key=lambda s: INTEGER_BITS[s])
    wider = [s for s in integers if bits and INTEGER_BITS[s] > bits]
    if wider:
        return form, wider[0], None
    if not integers:  # a lossy format, which is chosen knowingly
        return form, soundfile.default_subtype(form), None
    best = integers[-1]
    notice = f"{form} cannot hold {wanted} samples; written as {best}"
    return form, best, notice


@cache
def _subtypes(form: str) -> tuple[str, ...]:
    """Return the subtypes of a format: libsndfile is asked for each of all that it knows."""
    return tuple(soundfile.available_subtypes(form))


def suffix_notice(path: str, form: str, subtype: str) -> str | None:
    """Return a notice that the suffix of an output is that of another format, if it is.

    Examples
    --------
    >>> suffix_notice("y.wav", "FLAC", "PCM_16")
    'y.wav has the suffix of WAV, but holds FLAC; use the suffix .flac'
    """
    suffix = _suffix(path)
    usual, implied = SUFFIXES.get(suffix, (form, None))
    if (usual == form or {usual, form} <= {*WAVES}) and implied in (None, subtype):
        return None
    fitting = usual_suffix(form, subtype)
    remedy = f"use the suffix .{fitting}" if fitting else "use another suffix"
    expected, held = (implied, subtype) if usual == form else (usual, form)
    return f"{display_name(path)} has the suffix of {expected}, but holds {held}; {remedy}"


def usual_suffix(form: str, subtype: str | None = None) -> str | None:
    """Return the suffix by which a format is known; None if it has none of `SUFFIXES`.

    Examples
    --------
    >>> usual_suffix("FLAC"), usual_suffix("AIFF"), usual_suffix("OGG", "OPUS")
    ('flac', 'aiff', 'opus')
    """
    fitting = [s for s, kind in SUFFIXES.items() if subtype and kind == (form, subtype)]
    fitting += ["wav"] if form in WAVES else [s for s in SUFFIXES if s == form.lower()]
    return fitting[0] if fitting else None


def is_stream(path: str) -> bool:
    """Return whether an output is written as a stream: standard output, a pipe or a device.

    Examples
    --------
    >>> is_stream("-"), is_stream("new.wav")
    (True, False)
    """
    return path == STANDARD or (os.path.exists(path) and not os.path.isfile(path))


def _format(path: str, form: str | None, or_pass: str) -> tuple[str, str | None]:
    """Return the format, and the subtype if the suffix implies one."""
    if form is not None:
        if form.upper() not in soundfile.available_formats():
            known = ", ".join(sorted(soundfile.available_formats()))
            raise UsageError(f"there is no format {escape(form.upper())}; use one of {known}")
        return form.upper(), None
    suffix = _suffix(path)
    if suffix in SUFFIXES:
        return SUFFIXES[suffix]
    if not suffix and is_stream(path):
        return "WAV", None
    if not suffix:
        raise UsageError(f"{display_name(path)} has no suffix; add one such as .wav{or_pass}")
    raise UsageError(
        f"the suffix .{escape(suffix)} of {display_name(path)} is not a known format; use one of "
        f"{', '.join(SUFFIXES)}{or_pass}"
    )


def _suffix(path: str) -> str:
    return PurePath(public_name(path)).suffix.lower().lstrip(".")
