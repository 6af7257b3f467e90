"""Names of the codings of sound in WAV, Wave 64, AIFF-C, CAF and AU files.

libsndfile reads few of them, and calls a header that states another one malformed.

References
----------
Microsoft, "mmreg.h"; E. Fleischman, RFC 2361, "WAVE and AVI codec registries", 1998; Apple,
"Core Audio format specification", 2011; NeXT, "soundstruct.h".
"""

from __future__ import annotations

import struct
from contextlib import suppress
from typing import IO

from audioconv.errors import FormatError, counted
from audioconv.files.codecs import containers, flac, riff
from audioconv.files.codecs.pcm import IEEE_FLOAT, PCM

WAVE = {
    0x0002: "Microsoft ADPCM",
    0x0005: "IBM CVSD",
    0x0008: "DTS",
    0x000A: "Windows Media Audio Voice",
    0x0010: "OKI ADPCM",
    0x0011: "IMA ADPCM",
    0x0014: "G.723 ADPCM",
    0x0017: "Dialogic OKI ADPCM",
    0x0020: "Yamaha ADPCM",
    0x0022: "TrueSpeech",
    0x0025: "aptX",
    0x0030: "Dolby AC-2",
    0x0031: "GSM 6.10",
    0x0032: "MSN Audio",
    0x0038: "NMS ADPCM",
    0x0040: "G.721 ADPCM",
    0x0041: "G.728",
    0x0042: "G.723.1",
    0x0045: "G.726 ADPCM",
    0x0050: "MPEG layer 1 or 2",
    0x0055: "MPEG layer 3",
    0x0057: "AMR",
    0x0058: "AMR wideband",
    0x0059: "G.723",
    0x0061: "Duck DK4 ADPCM",
    0x0062: "Duck DK3 ADPCM",
    0x0064: "G.726 ADPCM",
    0x0065: "G.722 ADPCM",
    0x0069: "Xbox IMA ADPCM",
    0x0075: "Voxware MetaSound",
    0x0083: "G.729",
    0x0092: "AC-3 over S/PDIF",
    0x00A1: "GSM",
    0x00A2: "G.729",
    0x00A3: "G.723",
    0x00FF: "AAC",
    0x0111: "Vivo G.723",
    0x0112: "Vivo Siren",
    0x0130: "Sipro ACELP",
    0x0140: "G.726 ADPCM",
    0x0150: "Qualcomm PureVoice",
    0x0160: "Windows Media Audio 1",
    0x0161: "Windows Media Audio 2",
    0x0162: "Windows Media Audio Professional",
    0x0163: "Windows Media Audio Lossless",
    0x0164: "Windows Media Audio over S/PDIF",
    0x0165: "Xbox XMA",
    0x0166: "Xbox XMA 2",
    0x0200: "Creative ADPCM",
    0x0270: "ATRAC3",
    0x0272: "ATRAC3",
    0x028E: "Siren",
    0x028F: "G.722 ADPCM",
    0x0401: "Intel Music Coder",
    0x0450: "QDesign Music",
    0x1600: "AAC",
    0x1601: "AAC",
    0x1602: "AAC",
    0x1610: "HE-AAC",
    0x2000: "AC-3",
    0x2001: "DTS",
    0x2048: "Sonic",
    0x4143: "AAC",
    0x5346: "Flash ADPCM",
    0x566F: "Vorbis",
    0x674F: "Vorbis",
    0x6750: "Vorbis",
    0x6751: "Vorbis",
    0x676F: "Vorbis",
    0x6770: "Vorbis",
    0x6771: "Vorbis",
    0x706D: "AAC",
    0xA100: "G.723.1",
    0xA106: "AAC",
    0xA109: "Speex",
    0xF1AC: "FLAC",
}
"""Codings of WAV and Wave 64, by format tag."""

APPLE = {
    b".mp1": "MPEG layer 1",
    b".mp2": "MPEG layer 2",
    b".mp3": "MPEG layer 3",
    b"aac ": "AAC",
    b"aace": "AAC",
    b"aacf": "AAC",
    b"aacg": "AAC",
    b"aach": "HE-AAC",
    b"aacl": "AAC",
    b"aacp": "HE-AAC",
    b"ac-3": "AC-3",
    b"ADP4": "Intel DVI ADPCM",
    b"agsm": "GSM 6.10",
    b"alac": "Apple Lossless",
    b"ec-3": "E-AC-3",
    b"flac": "FLAC",
    b"G722": "G.722 ADPCM",
    b"G726": "G.726 ADPCM",
    b"GSM ": "GSM 6.10",
    b"ilbc": "iLBC",
    b"ima4": "IMA ADPCM",
    b"MAC3": "MACE 3:1",
    b"MAC6": "MACE 6:1",
    b"ms\0\x02": "Microsoft ADPCM",
    b"ms\0\x11": "IMA ADPCM",
    b"ms\0\x31": "GSM 6.10",
    b"ms\0\x55": "MPEG layer 3",
    b"opus": "Opus",
    b"Qclp": "Qualcomm PureVoice",
    b"QDM2": "QDesign Music 2",
    b"QDMC": "QDesign Music",
    b"samr": "AMR",
    b"SDX2": "SDX2 DPCM",
}
"""Codings of AIFF-C and CAF."""

AU = {
    8: "fragmented samples",
    10: "a DSP program",
    11: "8-bit fixed point",
    12: "16-bit fixed point",
    13: "24-bit fixed point",
    14: "32-bit fixed point",
    17: "mu-law with squelch",
    18: "16-bit samples with emphasis",
    19: "compressed 16-bit samples",
    20: "compressed 16-bit samples with emphasis",
    24: "G.722 ADPCM",
}

GUIDS = {"a7fb87af-2d02-42fb-a4d4-05cd93843bdd": "E-AC-3"}
"""Codings of WAVE_FORMAT_EXTENSIBLE that have no format tag."""

PLAIN_WAVE = (PCM, IEEE_FLOAT, 0x0006, 0x0007)
PLAIN_APPLE = (
    *(b"lpcm", b"NONE", b"sowt", b"twos", b"raw ", b"in24", b"in32", b"42ni", b"23ni"),
    *(b"fl32", b"FL32", b"fl64", b"FL64", b"alaw", b"ALAW", b"ulaw", b"ULAW"),
)
PLAIN_FLAC = (8, 16, 24)
PLAIN_AU = (*range(1, 8), 23, 25, 26, 27)
"""PCM, floats, A-law and mu-law, which libsndfile refuses only for another reason."""


def coding(file: IO[bytes]) -> str | None:
    """Return the name of the coding that the header of a file states.

    Parameters
    ----------
    file : binary file
        seekable; its position changes

    Returns
    -------
    str or None
        such as ``Windows Media Audio 2 (0x0161)``; None for PCM, floats, A-law and mu-law, and
        for a file of another format
    """
    file.seek(0)
    start = file.read(16)
    with suppress(struct.error, FormatError):  # truncated
        if start[:4] in riff.MAGIC and start[8:12] == b"WAVE":
            return _riff_coding(file)
        if start[:4] in (b".snd", b"dns."):
            return _au_coding(*struct.unpack(">I" if start[:1] == b"." else "<I", start[12:]))
        info = flac.streaminfo(file)
        if info is not None and info.sound.bits not in PLAIN_FLAC:
            return f"FLAC of {counted(info.sound.bits, 'bit')}"
        for chunk, begin, _ in containers.chunks(file):
            if (start[:4], chunk) in ((b"riff", b"fmt "), (b"FORM", b"COMM"), (b"caff", b"desc")):
                file.seek(begin)
                return _chunk_coding(start, file.read(40))
    return None


def _riff_coding(file: IO[bytes]) -> str | None:
    file.seek(0)
    header = riff.read_header(file.read)
    return _wave_coding(dict(header.chunks)[b"fmt "], header.order)


def _chunk_coding(start: bytes, body: bytes) -> str | None:
    """Return the coding that a chunk of Wave 64, CAF or AIFF-C states; plain AIFF has none."""
    if start[:4] == b"riff":
        return _wave_coding(body, "<")
    if start[:4] == b"caff":
        return _apple_coding(body[8:12])
    return _apple_coding(body[18:22]) if start[8:12] == b"AIFC" else None


def _wave_coding(fmt: bytes, order: str) -> str | None:
    """Return the coding that a fmt chunk states: a tag, or in WAVE_FORMAT_EXTENSIBLE a GUID."""
    (tag,) = struct.unpack(order + "H", fmt[:2])
    if tag == riff.EXTENSIBLE and len(fmt) >= 40:
        if fmt[26:40] != riff.GUID_TAIL:
            import uuid  # late: it is rarely needed

            guid = str(uuid.UUID(bytes_le=fmt[24:40]))
            return _labelled(GUIDS.get(guid), guid)
        (tag,) = struct.unpack(order + "H", fmt[24:26])
    return None if tag in PLAIN_WAVE else _labelled(WAVE.get(tag), f"0x{tag:04X}")


def _apple_coding(code: bytes) -> str | None:
    if code in PLAIN_APPLE or len(code) < 4:
        return None
    return _labelled(APPLE.get(code), repr(code.decode("latin-1")))


def _au_coding(code: int) -> str | None:
    return None if code in PLAIN_AU else _labelled(AU.get(code), f"AU encoding {code}")


def _labelled(name: str | None, code: str) -> str:
    return f"{name or 'an unknown coding'} ({code})"
