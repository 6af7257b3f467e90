"""Impulse responses as raw samples: a file without a header."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import PurePath
from typing import Annotated

import numpy as np

from audioconv.errors import FormatError, UsageError, counted
from audioconv.files import display_name, read_bytes
from audioconv.files.codecs import pcm
from audioconv.files.formats import MAX_CHANNELS
from audioconv.ir.kinds import RAW
from audioconv.ir.names import example_name
from audioconv.ir.response import Response
from audioconv.ir.sound import checked_rate, chosen_channels
from audioconv.parameters import choices_like
from impulses import Impulse
from impulses.impulse import MAX_SAMPLES

FORMATS = {
    "U8": ("PCM_U8", "<"),
    "S16_LE": ("PCM_16", "<"),
    "S16_BE": ("PCM_16", ">"),
    "S24_3LE": ("PCM_24", "<"),
    "S24_3BE": ("PCM_24", ">"),
    "S32_LE": ("PCM_32", "<"),
    "S32_BE": ("PCM_32", ">"),
    "FLOAT_LE": ("FLOAT", "<"),
    "FLOAT_BE": ("FLOAT", ">"),
    "FLOAT64_LE": ("DOUBLE", "<"),
    "FLOAT64_BE": ("DOUBLE", ">"),
}
"""Name of a sample format, as ALSA and BruteFIR have it: libsndfile's name, and the byte order."""

UNCLEAR = ("S24_LE", "S24_BE", "S24_4LE", "S24_4BE")
"""24 bits in 4 bytes: which three of them is not agreed upon."""

ELSEWHERE = {
    **{subtype: name for name, (subtype, order) in FORMATS.items() if order == "<"},
    **{"F32LE": "FLOAT_LE", "F32BE": "FLOAT_BE", "F64LE": "FLOAT64_LE", "F64BE": "FLOAT64_BE"},
}
"""Names of libsndfile and ffmpeg, for suggestions."""

EXAMPLES = {"format": "FLOAT_LE", "rate": 48000}
"""Values of the options that are required, for messages."""


def read_raw(
    path: str,
    *,
    format: str | None = None,  # noqa: A002  # as a name has it
    rate: Annotated[int, "rate"] | None = None,
    channels: int = 1,
    channel: int | None = None,
) -> Response:
    """Read raw samples as an impulse response; full scale of integers is 1.

    Parameters
    ----------
    path : str
        samples without a header, frame by frame
    format : str
        S16_LE, S24_3LE, S32_LE, FLOAT_LE, FLOAT64_LE, the same with BE, or U8; by default
        FLOAT_LE for .f32, and FLOAT64_LE for .f64 and .dbl
    rate : int
        sample rate in Hz; required
    channels : int, from 1
        number of channels in the file
    channel : int, from 1
        number of the only channel to use

    Raises
    ------
    UsageError
        If there is no format or no rate, or one that does not exist.
    FormatError
        If the file cannot be read, or does not hold whole frames.
    """
    if not 1 <= channels <= MAX_CHANNELS:
        raise UsageError(
            f"{display_name(path)}: channels is {channels}; it must be between 1 and {MAX_CHANNELS}"
        )
    count = None if channels == 1 else channels
    example = partial(example_name, path, format=format, rate=rate, channels=count, channel=channel)
    subtype, order, frequency = _format(path, format, rate, example)
    size = pcm.frame_bytes(subtype, channels)
    data, digest = read_bytes(path, MAX_SAMPLES * pcm.frame_bytes(subtype, 1))
    if len(data) % size or not data:
        raise FormatError(
            f"{display_name(path)} has {counted(len(data), 'byte')}, not a whole number of "
            f"{size}-byte frames ({subtype}, {counted(channels, 'channel')}); check format= and "
            "channels="
        )
    samples = pcm.decode(data, subtype, channels, order)
    taps = samples.astype(np.float64) * pcm.unit(subtype)
    impulse = Impulse(taps, frequency)
    return Response(chosen_channels(path, impulse, channel), digest=digest)


def _format(
    path: str, given: str | None, rate: int | None, example: Callable[..., str]
) -> tuple[str, str, int]:
    """Return subtype, byte order and rate of a file; raise `UsageError` if anything is missing."""
    wanted = (given or RAW.get(PurePath(path).suffix.lower(), "")).upper()
    if wanted:
        _check_format(path, wanted)
    if rate is not None:
        rate = checked_rate(path, rate)
    if not wanted or rate is None:
        needed = {"format": wanted or None, "rate": rate}
        missing = {key: EXAMPLES[key] for key, value in needed.items() if value is None}
        raise UsageError(
            f"{display_name(path)} is raw samples, which state no {' and no '.join(missing)}; name "
            f"{'them' if len(missing) > 1 else 'it'}, as in {example(**missing)}"
        )
    return *FORMATS[wanted], rate


def _check_format(path: str, wanted: str) -> None:
    name = display_name(path)
    if wanted in UNCLEAR:
        raise UsageError(
            f"{name}: format is {wanted}, 24 bits in 4 bytes, which programs align differently; "
            "convert it to S32_LE, or to packed 24 bits, S24_3LE"
        )
    if wanted not in FORMATS:
        known = ELSEWHERE.get(wanted, wanted)
        raise UsageError(f"{name}: format is {wanted!r};{choices_like(known, FORMATS)}")
