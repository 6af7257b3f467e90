"""What formats and codings cannot hold, so that it is refused or said before any work is done.

libsndfile refuses some of it late, changes some in silence, and crashes on some; all of it was
measured with version 1.2.2.
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
"""Most channels of a format or a coding."""

RATES = {
    "MP3": (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000),
    "OPUS": (8000, 12000, 16000, 24000, 48000),
    "WVE": (8000,),
    "XI": (44100,),
}
"""All rates of a format or a coding that has but a few."""

HIGHEST_RATE = {"VORBIS": 200_000, "FLAC": 655_350, "MPC2K": 65_535, "SVX": 65_535}

UNWRITABLE = {
    "RAW": "has no header to tell what it holds",
    **dict.fromkeys(["DWVW_12", "DWVW_16", "DWVW_24"], "cannot be read back"),
    **dict.fromkeys(["MPEG_LAYER_I", "MPEG_LAYER_II"], "can be read, but not written"),
}

BLOCKS = (
    *("IMA_ADPCM", "MS_ADPCM", "GSM610", "G721_32", "G723_24", "G723_40", "VOX_ADPCM"),
    *("NMS_ADPCM_16", "NMS_ADPCM_24", "NMS_ADPCM_32"),
)
"""Codings of whole blocks of samples."""


def refuse_unfit(sound: SoundInfo) -> None:
    """Refuse an output whose format cannot hold its channels or its rate.

    Raises
    ------
    UsageError

    Examples
    --------
    >>> refuse_unfit(SoundInfo("a.flac", "FLAC", "PCM_16", 48000, 9, None))
    Traceback (most recent call last):
    audioconv.errors.UsageError: FLAC holds at most 8 channels, but the output has 9; use WAV
    """
    for kind in (sound.format, sound.subtype):
        if kind in UNWRITABLE:
            raise UsageError(f"{kind} {UNWRITABLE[kind]}; use WAV, or another --format")
        if sound.channels > CHANNELS.get(kind, sound.channels):
            raise UsageError(
                f"{kind} holds at most {CHANNELS[kind]} channel{'s' * (CHANNELS[kind] > 1)}, but "
                f"the output has {sound.channels}; use WAV"
            )
        rates = RATES.get(kind, (sound.rate,))
        if sound.rate not in rates:
            raise UsageError(
                f"{kind} holds rates of {', '.join(map(str, rates))} Hz, but the output has "
                f"{sound.rate}; resample the input first, or use another --format"
            )
        if sound.rate > HIGHEST_RATE.get(kind, sound.rate):
            raise UsageError(
                f"{kind} holds rates up to {HIGHEST_RATE[kind]} Hz, but the output has "
                f"{sound.rate}; use WAV"
            )
    if sound.format == "FLAC" and sound.rate > 65535 and sound.rate % 10:
        raise UsageError(
            f"FLAC holds rates above 65535 Hz in steps of 10 Hz, but the output has {sound.rate}; "
            "use WAV"
        )


def padding(sound: SoundInfo) -> str | None:
    """Say that a coding makes a sound longer, if it does.

    Examples
    --------
    >>> padding(SoundInfo("a.wav", "WAV", "IMA_ADPCM", 8000, 1, None))
    'IMA_ADPCM is coded in whole blocks; up to one of them is added at the end'
    """
    if sound.subtype not in BLOCKS:
        return None
    return f"{sound.subtype} is coded in whole blocks; up to one of them is added at the end"
