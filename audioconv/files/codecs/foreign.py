"""Files that libsndfile cannot read: their format by name, and a way to convert them.

A format is recognised by the bytes with which its files begin, behind ID3 tags, whatever the name
of the file: a web page or a pointer to a large file may be saved as ``song.wav``.
"""

from __future__ import annotations

import os
import re
import shlex
from pathlib import PurePath
from typing import IO, NamedTuple

from audioconv.files.codecs import tags
from audioconv.files.codecs.codings import coding
from audioconv.files.formats import STANDARD, display_name, escape, original_name

START = 2**16
"""Bytes of a file by which its format is recognised."""

UNPACK = "unpack it, and give a sound file in it"
ANOTHER = "give a sound file"
DOWNLOAD = "download the sound file again"


class Format(NamedTuple):
    """A format that libsndfile cannot read.

    Parameters
    ----------
    pattern : bytes
        regular expression that the beginning of its files matches; a dot is any byte
    name : str
        completes a sentence that begins with "song.wav is"
    remedy : str
        empty if ffmpeg can read the sound
    """

    pattern: bytes
    name: str
    remedy: str = ""


SOUND = (
    Format(rb".{4}ftypM4[ABP] ", "MPEG-4 audio (M4A)"),
    Format(rb".{4}ftyp3g", "3GPP (3GP)"),
    Format(rb".{4}(ftypqt  |moov|mdat|wide|pnot)", "QuickTime (MOV)"),
    Format(rb".{4}ftyp(?!avif|heic|heix|mif1|msf1)", "MPEG-4 (MP4)"),
    Format(rb"ADIF", "AAC (ADIF)"),
    Format(rb"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "Windows Media (WMA, ASF)"),
    Format(rb"wvpk", "WavPack"),
    Format(rb"MAC ", "Monkey's Audio (APE)"),
    Format(rb"MP\+|MPCK", "Musepack"),
    Format(rb"TTA[12]", "True Audio (TTA)"),
    Format(rb"tBaK", "TAK"),
    Format(rb"ajkg", "Shorten"),
    Format(rb"qoaf", "Quite OK Audio (QOA)"),
    Format(rb"TWIN9", "TwinVQ (VQF)"),
    Format(rb"DSD ", "DSD (DSF)"),
    Format(rb"FRM8", "DSD (DSDIFF)"),
    Format(rb"\x1a\x45\xdf\xa3.{0,60}webm", "WebM"),
    Format(rb"\x1a\x45\xdf\xa3", "Matroska"),
    Format(rb"OggS.{22}\x01.Speex   ", "Speex"),
    Format(rb"OggS.{22}\x01.\x7fFLAC", "Ogg FLAC"),
    Format(rb"OggS.{22}\x01.CELT    ", "CELT"),
    Format(rb"OggS.{22}\x01.(\x80theora|OVP80|BBCD|\x01video)", "Ogg video"),
    Format(rb"OggS.{22}\x01.(fishead|\x80kate|CMML)", "Ogg with several streams"),
    Format(rb"\x0b\x77.{3}[\x20-\x87]|\x77\x0b.{2}[\x20-\x87]", "Dolby Digital (AC-3)"),
    Format(rb".{4}\xf8\x72\x6f[\xba\xbb]", "Dolby TrueHD or MLP"),
    Format(rb"\x7f\xfe\x80\x01|\xfe\x7f\x01\x80|\x1f\xff\xe8\x00|\xff\x1f\x00\xe8|DTSHDHDR", "DTS"),
    Format(rb"\x72\xf8\x1f\x4e", "a recording of S/PDIF"),
    Format(rb"#!AMR", "AMR"),
    Format(rb"#!iLBC", "iLBC"),
    Format(rb"RIFF.{4}QLCM", "Qualcomm PureVoice (QCP)"),
    Format(rb"\.ra\xfd|\.RMF", "RealAudio"),
    Format(rb"(EA|ea)3[\x01\x03]", "ATRAC (OMA)"),
    Format(rb"MMMD", "Yamaha SMAF"),
    Format(rb"\.SoX|XoS\.", "SoX's own format"),
    Format(rb"\x80\x00.{2}\x03\x12\x04", "CRI ADX"),
    Format(rb"STRM.{4}\x00", "Nintendo AST"),
    Format(rb"FLV\x01", "Flash video (FLV)"),
    Format(rb"[FCZ]WS[\x01-\x40]", "Flash (SWF)"),
    Format(rb"RIFF.{4}AVI ", "AVI"),
    Format(rb"\x00\x00\x01\xba", "MPEG video (MPG)"),
    Format(rb"G(.{187}G){3}|.{4}G(.{191}G){3}", "an MPEG transport stream (TS)"),
    Format(rb"\xb7\xd8\x00\x20\x37\x49\xda\x11", "a recording of Windows television (WTV)"),
    Format(rb"\x06\x0e\x2b\x34", "MXF"),
    Format(rb"nut/multimedia container", "NUT"),
)
"""Sound that ffmpeg reads."""

OTHER = (
    Format(rb"OFR ", "OptimFROG, which libsndfile cannot read", "convert it with `ofr --decode`"),
    Format(
        rb"MThd|RIFF.{4}RMID|FORM.{4}XDIR",
        "a MIDI file, which holds notes, not sound",
        "play it into a sound file with a synthesiser, for instance FluidSynth",
    ),
    Format(
        rb"Extended Module: |IMPM|.{44}SCRM|.{1080}(M[.!&]K[.!]|FLT[48]|[1-9]CHN|[1-3][0-9]CH)",
        "a tracker module, which holds notes and instruments, not sound",
        "convert it with `openmpt123 --render`",
    ),
    Format(
        rb"RIFF.{4}(sfbk|DLS )",
        "a SoundFont or DLS bank, which holds instruments, not sound",
        "export one of its samples, for instance with Polyphone",
    ),
    Format(
        rb"CAT .{4}REX2",
        "a REX2 loop, which libsndfile cannot read",
        "export it as WAV, for instance with ReCycle",
    ),
    Format(
        rb"SQLite format 3\x00",
        "a database, such as an Audacity project, not a sound file",
        "export the sound from the program that made it",
    ),
    Format(
        rb"\x00\x05\x16[\x00\x07]",
        "a macOS resource file (AppleDouble), not sound",
        "give the file whose name lacks ._",
    ),
    Format(rb"MATLAB 7\.3 MAT-file", "a MATLAB 7.3 file, not a sound file", "save it with `-v6`"),
    Format(rb"\x93NUMPY", "a NumPy array, not a sound file", "save it with `soundfile.write`"),
    Format(rb"PK\x03\x04|PK\x05\x06", "a ZIP archive, not a sound file", UNPACK),
    Format(rb"Rar!\x1a\x07", "a RAR archive, not a sound file", UNPACK),
    Format(rb"7z\xbc\xaf\x27\x1c", "a 7z archive, not a sound file", UNPACK),
    Format(rb".{257}ustar", "a tar archive, not a sound file", UNPACK),
    Format(rb"\x1f\x8b\x08", "compressed with gzip", UNPACK),
    Format(rb"BZh[1-9]1AY&SY", "compressed with bzip2", UNPACK),
    Format(rb"\xfd7zXZ\x00", "compressed with xz", UNPACK),
    Format(rb"\x28\xb5\x2f\xfd", "compressed with Zstandard", UNPACK),
    Format(
        rb"\x89PNG\r\n|\xff\xd8\xff|GIF8[79]a|II\*\x00|MM\x00\*|RIFF.{4}WEBP|FORM.{4}ILBM|.{4}ftyp",
        "an image, not sound",
        ANOTHER,
    ),
    Format(rb"%PDF-", "a PDF document, not sound", ANOTHER),
    Format(
        rb"version https://git-lfs",
        "a Git LFS pointer, not the sound file itself",
        "run `git lfs pull`",
    ),
    Format(
        rb"(\.\./)*(\.git)?/annex/objects/",
        "a git-annex pointer, not the sound file itself",
        "run `git annex get`",
    ),
    Format(rb"(\xef\xbb\xbf)?\s*(?i:<!doctype html|<html)", "a web page, not sound", DOWNLOAD),
    Format(
        rb"(\xef\xbb\xbf)?\s*(#EXTM3U|\[playlist\])",
        "a playlist, which names sound files",
        "give one of those",
    ),
)
"""Sound that ffmpeg cannot read, and files that hold no sound."""

HDF5 = rb"(.{512}|.{1024}|.{2048})?\x89HDF\r\n\x1a\n"
ADTS = rb"\xff[\xf0\xf1\xf8\xf9]"
LOAS = rb"\x56[\xe0-\xff]"
KNOWN = rb"RIFF|RIFX|RF64|BW64|FORM|fLaC|OggS|caff|riff|\.snd|dns\.|NIST|Creative|PVF1"
"""The beginnings of files that libsndfile reads, unless they are damaged."""


def refusal(path: str, file: IO[bytes], cause: str) -> str:
    """Return the message for a file that libsndfile refuses to open.

    Parameters
    ----------
    path : str
        its name for messages, or ``-`` for standard input
    file : binary file
        seekable; its position changes
    cause : str
        libsndfile's reason, for a file of unknown format

    Examples
    --------
    >>> import io
    >>> refusal("song.wav", io.BytesIO(b"<html>"), "Format not recognised")
    'song.wav is a web page, not sound; download the sound file again'
    """
    name, (begin, start) = display_name(path), _beginning(file)
    if start[:3] == b"ID3" or (begin and not start.strip(b"\0")):
        return f"{name} holds a tag, but no sound; get a complete copy"
    found = _format(start)
    if found is not None:
        foreign = "" if found.remedy else ", which libsndfile cannot read"
        return f"{name} is {found.name}{foreign}; {found.remedy or conversion(path)}"
    if _matches(HDF5, start):
        return f"{name} is {_hdf5(path)}"
    if code := coding(file):
        return f"{name} holds {code} that libsndfile cannot read; {conversion(path)}"
    if not start.strip(b"\0"):
        return f"{name} begins with {len(start)} zero bytes; get a complete copy"
    if not _matches(KNOWN, start) and _is_text(start):
        return f"{name} is text, not sound; {ANOTHER}"
    return f"{name} is not a readable sound file: {cause}; {conversion(path)}"


def is_foreign(file: IO[bytes]) -> bool:
    """Return whether a file is of a format that libsndfile cannot read.

    Parameters
    ----------
    file : binary file
        seekable; its position changes
    """
    _, start = _beginning(file)
    return _format(start) is not None or _matches(HDF5, start)


def conversion(path: str) -> str:
    """Return the advice to convert a file with ffmpeg, as a command that can be pasted.

    Examples
    --------
    >>> conversion("song.m4a")
    'convert it with `ffmpeg -i song.m4a -c:a pcm_s24le song.wav`'
    >>> conversion("song.wav")
    'convert it with `ffmpeg -i song.wav -c:a pcm_s24le song-pcm.wav`'
    """
    path = original_name(path)
    if path == STANDARD or escape(path) != path:  # a name that cannot be pasted
        path = "IN"
    elif re.match(r"-|[\w.+-]{2,}:", path):  # ffmpeg would take it for an option or a protocol
        path = f"./{path}"
    suffix = PurePath(path).suffix
    stem = path.removesuffix(suffix)
    target = f"{stem}-pcm.wav" if suffix.lower() == ".wav" else f"{stem}.wav"
    return f"convert it with `ffmpeg -i {_quoted(path)} -c:a pcm_s24le {_quoted(target)}`"


def _quoted(path: str) -> str:
    quoted = shlex.quote(path)
    return f'"{path}"' if os.name == "nt" and quoted != path else quoted


def _beginning(file: IO[bytes]) -> tuple[int, bytes]:
    """Return the offset after the tags at the beginning of a file, and the bytes that follow."""
    begin = tags.after_tags(file, 0, file.seek(0, os.SEEK_END))
    file.seek(begin)
    return begin, file.read(START)


def _format(start: bytes) -> Format | None:
    """Return the format of a file from its beginning, if it is in the tables."""
    for found in (*SOUND, *OTHER):
        if _matches(found.pattern, start):
            return found
    if _matches(ADTS, start) and _matches(ADTS, start[int.from_bytes(start[3:6]) >> 5 & 0x1FFF :]):
        return Format(ADTS, "AAC (ADTS)")
    if _matches(LOAS, start) and _matches(LOAS, start[(int.from_bytes(start[1:3]) & 0x1FFF) + 3 :]):
        return Format(LOAS, "AAC (LATM)")
    return None


def _matches(pattern: bytes, start: bytes) -> bool:
    return re.match(pattern, start, re.DOTALL) is not None


def _hdf5(path: str) -> str:
    """Complete a sentence on an HDF5 file, which may be a SOFA file."""
    if not path.lower().endswith(".sofa"):
        return "an HDF5 file, not a sound file; if it is a SOFA file, give it the suffix .sofa"
    direction = _quoted(f"{escape(path)}:azimuth=30")
    return (
        "a SOFA file, which holds impulse responses by direction, not sound; see one of them with "
        f"`audioconv ir info {direction}`"
    )


def _is_text(start: bytes) -> bool:
    try:
        text = start.decode()
    except UnicodeDecodeError as error:
        if error.start < START - 3:  # where the beginning cuts a character
            return False
        text = start[: error.start].decode()
    return all(character.isprintable() or character in "\t\n\r\f\ufeff" for character in text)
