"""Encoders: what is written is read back, within the quantisation of the format.

An input is a header of six bytes, and samples behind it. The header chooses the format and its
subtype, the rate, the channels, the quality of a lossy coding, how the samples are stored, and
dither.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile

from audioconv.engines.audio import Audio
from audioconv.errors import AudioconvError
from audioconv.files import FLOATS, INTEGER_BITS, Reader, SoundInfo, Writer, refuse_unfit
from audioconv.files.atomic import Target
from audioconv.files.writing import ABSURD, LARGEST

from .guard import FaultError
from .places import folder_with
from .small_sounds import RATES

HEADER = 6

SAMPLE_RATES = (8000, 11025, 44100, 48000, 96000, 192_000, 1, 1_536_000)
QUALITIES = (None, 0.0, 0.3, 0.5, 1.0, 64_000.0, 128_000.0, 320_000.0)

REFUSED = {
    "RAW": soundfile.available_subtypes("RAW"),  # no header, so it does not read back
    "SD2": soundfile.available_subtypes("SD2"),  # its header is another file
    "SDS": soundfile.available_subtypes("SDS"),
    "MP3": ["MPEG_LAYER_I", "MPEG_LAYER_II"],
    "WAV": ["MPEG_LAYER_III"],
    "AIFF": ["DWVW_12", "DWVW_16", "DWVW_24"],
}
"""Subtypes that libsndfile offers, but cannot write or read back."""


@functools.cache
def kinds() -> list[tuple[str, str]]:
    """Return every format with every subtype, in the order of their names."""
    return [
        (form, subtype)
        for form in sorted(soundfile.available_formats())
        for subtype in sorted(soundfile.available_subtypes(form))
    ]


class Asked(NamedTuple):
    """What is to be written, and how."""

    info: SoundInfo
    audio: Audio
    dither: bool


def encoders(data: bytes) -> None:
    """Write samples and read them back."""
    info, audio, dither = _asked(data)
    refuse_unfit(info)
    peak = float(np.abs(audio).max())
    refusable = (
        info.subtype in REFUSED.get(info.format, ())
        or peak > LARGEST.get(info.subtype, ABSURD)
        or info.rate not in SAMPLE_RATES[:4]
        or info.subtype.startswith("ALAC")  # whose encoder changes some samples, which is told
    )
    with folder_with(out=b""):
        try:
            _write("out", info, audio, dither)
            found, read = _read("out")
        except AudioconvError as error:
            if refusable:
                raise
            raise FaultError(f"{info} of {audio.shape} is not written: {error}") from error
    if (read.rate, read.channels) != (info.rate, info.channels):
        raise FaultError(f"{info} is read as {read}")
    _compare(info, audio, found, dither)


def _asked(data: bytes) -> Asked:
    kind, rate, channels, quality, store, dither = data[:HEADER].ljust(HEADER, b"\0")
    form, subtype = kinds()[kind % len(kinds())]
    body = data[HEADER:]
    stored = [np.int8, np.int16, np.int32, np.float32, np.float64][store % 5]
    values = np.frombuffer(body, stored, len(body) // np.dtype(stored).itemsize)
    with np.errstate(invalid="ignore"):  # to convert a signalling NaN
        audio = np.nan_to_num(values.astype(np.float64))
    if np.issubdtype(stored, np.integer):
        audio = audio / 0.75 / np.iinfo(stored).max  # some are past full scale
    width = 1 + channels % 8
    frames = max(1, len(audio) // width)
    usual = RATES.get(subtype, RATES.get(form))
    info = SoundInfo(
        "out",
        form,
        subtype,
        usual or SAMPLE_RATES[rate % len(SAMPLE_RATES)],
        width,
        frames,
        QUALITIES[quality % len(QUALITIES)],
    )
    return Asked(info, np.resize(audio, (frames, width)), bool(dither % 2))


def _write(path: str, info: SoundInfo, audio: Audio, dither: bool) -> None:
    with Path(path).open("r+b") as file:
        writer = Writer(
            Target(file, path), info, clip="saturate", dither="tpdf" if dither else "none"
        )
        writer.write(audio)
        writer.finish()


def _read(path: str) -> tuple[Audio, SoundInfo]:
    # of some formats truncation cannot be detected; here the length is known
    with Reader(path, allow_truncated=True) as reader:
        return np.concatenate(list(reader.blocks())), reader.info


def _compare(info: SoundInfo, audio: Audio, found: Audio, dither: bool) -> None:
    """Compare what was read with what was written, as far as the coding keeps it."""
    bits = INTEGER_BITS.get(info.subtype)
    if bits is None and info.subtype not in FLOATS:
        if len(found) < len(audio):
            raise FaultError(f"{info} is read as {len(found)} frames of {len(audio)}")
        return
    if len(found) != len(audio):
        raise FaultError(f"{info} is read as {len(found)} frames of {len(audio)}")
    if bits is None:
        kept = audio.astype(np.float32 if info.subtype == "FLOAT" else np.float64)
        steps, most = np.abs(found - kept), 0.0
    else:
        full = 2.0 ** (bits - 1)
        steps = np.abs(found * full - np.clip(audio * full, -full, full - 1))
        most = 1.5 if dither else 0.5  # dither adds up to one step
    if (worst := float(steps.max())) > most:
        raise FaultError(f"{info} is off by {worst:g} steps")
