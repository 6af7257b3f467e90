"""Small valid sound files, one of each kind, and their parts."""

from __future__ import annotations

import functools
import io
import itertools

import numpy as np
import soundfile

RATE = 8000
FRAMES = 50

KINDS = {
    "WAV": ("WAV", "PCM_16"),
    "WAV FLOAT": ("WAV", "FLOAT"),
    "WAV ULAW": ("WAV", "ULAW"),
    "WAV IMA_ADPCM": ("WAV", "IMA_ADPCM"),
    "WAVEX": ("WAVEX", "PCM_16"),
    "RF64": ("RF64", "PCM_16"),
    "RF64 ULAW": ("RF64", "ULAW"),
    "RIFX": ("WAV", "PCM_16"),
    "RIFX ULAW": ("WAV", "ULAW"),
    "AIFF": ("AIFF", "PCM_16"),
    "AU": ("AU", "PCM_16"),
    "CAF": ("CAF", "PCM_16"),
    "ALAC": ("CAF", "ALAC_16"),
    "W64": ("W64", "PCM_16"),
    "FLAC": ("FLAC", "PCM_16"),
    "VORBIS": ("OGG", "VORBIS"),
    "OPUS": ("OGG", "OPUS"),
    "MP3": ("MP3", "MPEG_LAYER_III"),
}
RARER = {
    "SVX": ("SVX", "PCM_16"),
    "MAT4": ("MAT4", "PCM_16"),
    "MAT5": ("MAT5", "PCM_16"),
    "MPC2K": ("MPC2K", "PCM_16"),
    "AVR": ("AVR", "PCM_16"),
    "VOC": ("VOC", "PCM_16"),
    "NIST": ("NIST", "PCM_16"),
    "HTK": ("HTK", "PCM_16"),
    "XI": ("XI", "DPCM_16"),
    "WVE": ("WVE", "ALAW"),
    "SDS": ("SDS", "PCM_16"),
}
"""Undocumented formats whose headers state the length."""

RATES = {"OPUS": 48000, "MPEG_LAYER_III": 48000, "MPC2K": 44100, "XI": 44100}


def rate_for(form, subtype):
    return RATES.get(subtype, RATES.get(form, RATE))


def encoded(audio, form, subtype, **options):
    file = io.BytesIO()
    soundfile.write(file, audio, rate_for(form, subtype), subtype, format=form, **options)
    return file.getvalue()


def noise(frames):
    return np.random.default_rng(1).integers(-64, 64, (frames, 1)) / 128


@functools.cache
def valid(kind):
    """Return a small valid file."""
    endian = {"endian": "BIG"} if kind.startswith("RIFX") else {}
    return encoded(noise(FRAMES), *{**KINDS, **RARER}[kind], **endian)


def ogg_pages(data):
    starts = [at for at in range(len(data)) if data.startswith(b"OggS", at)]
    return [data[a:b] for a, b in itertools.pairwise([*starts, len(data)])]


def flac_frames(data):
    """Return the bytes before the first frame, and the frames; only the last may be shorter."""
    begin, last = 4, False
    while not last:
        last = data[begin] >= 128
        begin += 4 + int.from_bytes(data[begin + 1 : begin + 4])
    mark = data[begin : begin + 4]
    starts = [at for at in range(begin, len(data)) if data.startswith(mark, at)]
    # a last frame of another block length is joined to the one before it
    return [data[a:b] for a, b in itertools.pairwise([0, *starts, len(data)])]


MPEG_KILOBITS = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
MPEG_FRAME = 1152


def mp3_frames(data):
    """Return the frames of a layer III stream at 48 kHz."""
    at, frames = 0, []
    while at < len(data):
        size = 3 * MPEG_KILOBITS[data[at + 2] >> 4] + (data[at + 2] >> 1 & 1)
        frames.append(data[at : at + size])
        at += size
    return frames
