"""Limits of formats and codings on channels and rates, checked before any work is done.

libsndfile enforces some of them late, silently changes the audio for others, and crashes on a
few. All were measured with version 1.2.2.
"""

from __future__ import annotations

from audioconv.errors import UsageError
from audioconv.files.formats import SoundInfo

CHANNELS = {
    **dict.fromkeys(["FLAC", "ALAC_16", "ALAC_20", "ALAC_24", "ALAC_32"], 8),
    **dict.fromkeys(["MP3", "AVR", "MPC2K", "VOC", "IMA_ADPCM", "MS_ADPCM"], 2),
    **dict.fromkeys(["GSM610", "G721_32", "G723_24", "G723_40", "VOX_ADPCM", "DPCM_8"], 1),
    **dict.fromkeys(["DPCM_16", "NMS_ADPCM_16", "NMS_ADPCM_24", "NMS_ADPCM_32"], 1),
    **dict.fromkeys(["HTK", "SDS", "SVX", "WVE", "XI"], 1),
}
"""Largest number of channels of a format or a coding."""

RATES = {
    "MP3": (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000),
    "OPUS": (8000, 12000, 16000, 24000, 48000),
    "WVE": (8000,),
    "XI": (44100,),
}
"""The rates, in Hz, of formats and codings that support only a few."""

HIGHEST_RATE = {"VORBIS": 200_000, "FLAC": 655_350, "MPC2K": 65_535, "SVX": 65_535}
"""Hz."""

UNWRITABLE = {
    "RAW": "has no header with the rate and channels",
    **dict.fromkeys(["DWVW_12", "DWVW_16", "DWVW_24"], "cannot be read back"),
    **dict.fromkeys(["MPEG_LAYER_I", "MPEG_LAYER_II"], "can be read, but not written"),
}

BLOCKS = (
    *("IMA_ADPCM", "MS_ADPCM", "GSM610", "G721_32", "G723_24", "G723_40", "VOX_ADPCM"),
    *("NMS_ADPCM_16", "NMS_ADPCM_24", "NMS_ADPCM_32"),
)
"""Codings in blocks of a fixed number of samples."""


def refuse_unfit(info: SoundInfo) -> None:
    """Refuse an output whose format cannot hold its channels or its rate.

    Raises
    ------
    UsageError
        If a limit is exceeded; the message gives it.

    Examples
    --------
    >>> refuse_unfit(SoundInfo("a.flac", "FLAC", "PCM_16", 48000, 9, None))
    Traceback (most recent call last):
    audioconv.errors.UsageError: FLAC holds at most 8 channels, but the output has 9; use WAV
    """
    for kind in (info.format, info.subtype):
        if kind in UNWRITABLE:
            raise UsageError(f"{kind} {UNWRITABLE[kind]}; use WAV, or another `format`")
        if info.channels > CHANNELS.get(kind, info.channels):
            raise UsageError(
                f"{kind} holds at most {CHANNELS[kind]} channel{'s' * (CHANNELS[kind] > 1)}, but "
                f"the output has {info.channels}; use WAV"
            )
        rates = RATES.get(kind, (info.rate,))
        if info.rate not in rates:
            raise UsageError(
                f"{kind} supports rates of {', '.join(map(str, rates))} Hz, but the output has "
                f"{info.rate}; resample the input first, or use another `format`"
            )
        if info.rate > HIGHEST_RATE.get(kind, info.rate):
            raise UsageError(
                f"{kind} supports rates up to {HIGHEST_RATE[kind]} Hz, but the output has "
                f"{info.rate}; use WAV"
            )
    if info.format == "FLAC" and info.rate > 65535 and info.rate % 10:
        raise UsageError(
            f"FLAC supports rates above 65535 Hz in steps of 10 Hz, but the output has "
            f"{info.rate}; use WAV"
        )


def padding_notice(info: SoundInfo) -> str | None:
    """Return a notice that a coding pads the audio to whole blocks, if it does.

    Examples
    --------
    >>> padding_notice(SoundInfo("a.wav", "WAV", "IMA_ADPCM", 8000, 1, None))
    'IMA_ADPCM is coded in whole blocks; up to one block of padding is added at the end'
    """
    if info.subtype not in BLOCKS:
        return None
    return (
        f"{info.subtype} is coded in whole blocks; up to one block of padding is added at the end"
    )
