"""Limits of formats and codings on channels, rates and quality, checked before any work is done.

libsndfile enforces some of them late, silently changes the audio for others, and crashes on a
few. All were measured with version 1.2.2.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from audioconv.errors import UsageError, counted
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

HTK_TICKS = 10_000_000
"""Steps of a second, of which HTK stores the number from frame to frame (The HTK Book, 5.10)."""

UNWRITABLE = {
    "RAW": "has no header with the rate and channels",
    **dict.fromkeys(["DWVW_12", "DWVW_16", "DWVW_24"], "cannot be read back"),
    **dict.fromkeys(["MPEG_LAYER_I", "MPEG_LAYER_II"], "can be read, but not written"),
}

TRANSPARENT = {"MPEG_LAYER_III": 1.0, "VORBIS": 0.8, "OPUS": 0.4}
"""Quality of each lossy coding that has one, if none is asked for.

A step above the one that is called transparent, because the input may be lossy already, and the
errors add up: LAME's ``-V 0`` (``-V 2`` "should generally be transparent to most people on most
music", says ``lame --preset help``); of Vorbis 128 kbit/s for each channel, the most that it is
made for (xiph.org/vorbis); of Opus 106 (128 for both channels of a stereo sound are "pretty much
transparent", says wiki.xiph.org/Opus_Recommended_Settings).
"""

MPEG_1 = (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
MPEG_2 = (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
"""Bit rates of MP3 in kbit/s, at rates from 32 kHz, and below (ISO/IEC 11172-3, 13818-3)."""

OPUS_CHANNEL = 6000, 256_000
"""Least and most bit/s that libsndfile asks of Opus for one channel."""

SMALLEST_MP3 = 0.9999
"""Largest compression level of MP3 with a variable bit rate: LAME's scale ends with -V 9.999."""

BLOCKS = (
    *("IMA_ADPCM", "MS_ADPCM", "GSM610", "G721_32", "G723_24", "G723_40", "VOX_ADPCM"),
    *("NMS_ADPCM_16", "NMS_ADPCM_24", "NMS_ADPCM_32"),
)
"""Codings in blocks of a fixed number of samples."""


def refuse_unfit(info: SoundInfo) -> None:
    """Refuse an output whose format cannot hold its channels or its rate, or lacks its quality.

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
            raise UsageError(f"{kind} {UNWRITABLE[kind]}; use WAV, or another format")
        if info.channels > CHANNELS.get(kind, info.channels):
            raise UsageError(
                f"{kind} holds at most {counted(CHANNELS[kind], 'channel')}, but the output has "
                f"{info.channels}; use WAV"
            )
        rates = RATES.get(kind, (info.rate,))
        if info.rate not in rates:
            raise UsageError(
                f"{kind} supports rates of {', '.join(map(str, rates))} Hz, but the output has "
                f"{info.rate}; resample the input first, or use another format"
            )
        if info.rate > HIGHEST_RATE.get(kind, info.rate):
            raise UsageError(
                f"{kind} supports rates up to {HIGHEST_RATE[kind]} Hz, but the output has "
                f"{info.rate}; use WAV"
            )
    _refuse_between_steps(info)
    compression(info)


def _refuse_between_steps(info: SoundInfo) -> None:
    """Refuse a rate that a format would round."""
    if info.format == "FLAC" and info.rate > 65535 and info.rate % 10:
        raise UsageError(
            f"FLAC supports rates above 65535 Hz in steps of 10 Hz, but the output has "
            f"{info.rate}; use WAV"
        )
    if info.format == "HTK" and HTK_TICKS // (HTK_TICKS // info.rate) != info.rate:
        raise UsageError(
            f"HTK stores rates as whole steps of 100 ns from frame to frame, but the output has "
            f"{info.rate} Hz; use WAV"
        )


class Compression(NamedTuple):
    """Settings of a lossy encoder, as soundfile takes them.

    Parameters
    ----------
    compression_level : float or None
        0 (largest file) to 1; None leaves the setting to the encoder
    bitrate_mode : {"CONSTANT", "VARIABLE"} or None
        of MP3
    """

    compression_level: float | None = None
    bitrate_mode: Literal["CONSTANT", "VARIABLE"] | None = None


def compression(info: SoundInfo) -> Compression:
    """Return the settings that give an output its quality.

    Raises
    ------
    UsageError
        If the encoder lacks a bit rate; the message gives those that it has.

    Examples
    --------
    >>> compression(SoundInfo("a.ogg", "OGG", "VORBIS", 44100, 2, None, quality=1.0))
    Compression(compression_level=0.0, bitrate_mode=None)

    References
    ----------
    libsndfile 1.2.2, `mpeg_l3_encode.c`, `ogg_vorbis.c` and `ogg_opus.c`.
    """
    quality = info.quality
    if quality is None or info.subtype not in TRANSPARENT:
        return Compression()
    if info.subtype == "OPUS":
        return Compression(_opus_level(info, quality))
    if info.subtype == "MPEG_LAYER_III":
        if quality > 1:
            return Compression(_mp3_level(info.rate, quality / 1000), "CONSTANT")
        return Compression(min(1 - quality, SMALLEST_MP3), "VARIABLE")
    if quality > 1:
        raise UsageError(
            f"Vorbis takes no bit rate, but `quality` is {quality / 1000:g}k; use a number from 0 "
            "to 1"
        )
    return Compression(1 - quality)


def _mp3_level(rate: int, kilobits: float) -> float:
    """Return the level of a constant bit rate, which libsndfile spreads from most to least.

    It rounds toward 0, and LAME to the nearest bit rate; half a kbit/s is added for that.
    """
    # LAME has no more in MPEG-2.5, at rates below 16 kHz
    low = MPEG_2 if rate >= 16000 else MPEG_2[: MPEG_2.index(64) + 1]
    offered = MPEG_1 if rate >= 32000 else low
    if kilobits not in offered:
        raise UsageError(
            f"MP3 at {rate} Hz has the bit rates {', '.join(f'{one}k' for one in offered)}, but "
            f"`quality` is {kilobits:g}k; use one of them, or a number from 0 to 1"
        )
    least, most = offered[0], offered[-1]
    return max(0.0, (most - kilobits - 0.5) / (most - least))


def _opus_level(info: SoundInfo, quality: float) -> float:
    """Return the level of a quality or a bit rate, which libsndfile takes for each channel."""
    least, most = OPUS_CHANNEL
    wanted = quality / info.channels if quality > 1 else least + quality * (most - least)
    if not least <= wanted <= most:
        low, high = (f"{one * info.channels // 1000}k" for one in OPUS_CHANNEL)
        raise UsageError(
            f"Opus has bit rates from {low} to {high} for {counted(info.channels, 'channel')}, but "
            f"`quality` is {quality / 1000:g}k; use one of them, or a number from 0 to 1"
        )
    # libsndfile rounds toward 0
    return max(0.0, (most - wanted - 0.5) / (most - least))


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
