"""Files that libsndfile cannot read are named, with the way to convert them.

The first bytes of each format are written by hand, after its specification. Where ffmpeg is
installed, it makes real files too, and the advice that a message gives is followed to the letter.
"""

import io
import re
import shlex
import shutil
import struct
import subprocess

import numpy as np
import pytest
import soundfile

from audioconv import info
from audioconv.errors import FormatError
from audioconv.files.codecs.codings import coding
from audioconv.files.codecs.foreign import OTHER, SOUND, conversion, is_foreign, refusal
from audioconv.files.codecs.riff import GUID_TAIL

CAUSE = "Format not recognised"


def said(start, path="song.wav"):
    return refusal(path, io.BytesIO(start), CAUSE)


def ogg(packet):
    """Return the first page of an Ogg stream (RFC 3533, section 6), without its checksum."""
    return b"OggS\0\2" + bytes(8) + b"1234" + bytes(8) + bytes([1, len(packet)]) + packet


def adts(*sizes):
    """Return AAC frames of some sizes: sync word, MPEG-4, no CRC, LC, 44.1 kHz, stereo."""
    heads = [(0xFFF1508000001FFC | size << 13 << 8) >> 8 for size in sizes]
    return b"".join(
        head.to_bytes(7) + bytes(size - 7) for head, size in zip(heads, sizes, strict=True)
    )


def loas(*sizes):
    return b"".join((0x56E000 | size).to_bytes(3) + bytes(size) for size in sizes)


BEGINNINGS = {
    "MPEG-4 audio (M4A)": [b"\0\0\0\x1cftypM4A \0\0\2\0", b"\0\0\0\x20ftypM4B "],
    "3GPP (3GP)": [b"\0\0\0\x1cftyp3gp4"],
    "QuickTime (MOV)": [b"\0\0\0\x14ftypqt  ", b"\0\0\0\x08wide\0\0\1\0mdat", b"\0\1\0\0moov"],
    "MPEG-4 (MP4)": [b"\0\0\0\x1cftypisom", b"\0\0\0\x1cftypmp42"],
    "AAC (ADIF)": [b"ADIF\0"],
    "AAC (ADTS)": [adts(371, 372, 371), b"ID3\4\0\0\0\0\0\5title" + adts(371, 372)],
    "AAC (LATM)": [loas(250, 300, 250)],
    "Windows Media (WMA, ASF)": [bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")],
    "WavPack": [b"wvpk\x10\4\0\0"],
    "Monkey's Audio (APE)": [b"MAC \x96\x0f\0\0", b"APETAGEX" + bytes(24) + b"MAC \x96\x0f"],
    "Musepack": [b"MP+\x27", b"MPCKSH"],
    "True Audio (TTA)": [b"TTA1\1\0"],
    "TAK": [b"tBaK\1"],
    "Shorten": [b"ajkg\2"],
    "Quite OK Audio (QOA)": [b"qoaf\0\0"],
    "TwinVQ (VQF)": [b"TWIN97012000"],
    "DSD (DSF)": [b"DSD \x1c\0\0\0"],
    "DSD (DSDIFF)": [b"FRM8" + bytes(8) + b"DSD "],
    "WebM": [b"\x1a\x45\xdf\xa3\x01" + bytes(7) + b"\x42\x86\x81\1\x42\x82\x84webm"],
    "Matroska": [b"\x1a\x45\xdf\xa3\x01" + bytes(7) + b"\x42\x86\x81\1\x42\x82\x88matroska"],
    "Speex": [ogg(b"Speex   1.2.0".ljust(80, b"\0"))],
    "Ogg FLAC": [ogg(b"\x7fFLAC\1\0\0\1fLaC")],
    "CELT": [ogg(b"CELT    0.11")],
    "Ogg video": [ogg(b"\x80theora\3\2\1"), ogg(b"BBCD\0"), ogg(b"OVP80\1"), ogg(b"\1video\0")],
    "Ogg with several streams": [ogg(b"fishead\0\3\0"), ogg(b"\x80kate\0\0\0")],
    "Dolby Digital (AC-3)": [
        b"\x0b\x77\xab\xcd\x14\x40\x43",  # AC-3, bsid 8
        b"\x0b\x77\0\xff\x3f\x86\xff",  # E-AC-3, bsid 16
        b"\x77\x0b\xcd\xab\x40\x14",  # AC-3 in the other byte order
    ],
    "Dolby TrueHD or MLP": [b"\xf0\x1a\0\0\xf8\x72\x6f\xba"],
    "DTS": [
        bytes.fromhex("7ffe8001fc3c"),
        bytes.fromhex("fe7f01803cfc"),
        bytes.fromhex("1fffe80007f0"),
        bytes.fromhex("ff1f00e8f007"),
        b"DTSHDHDR",
    ],
    "a recording of S/PDIF": [bytes.fromhex("72f81f4e0100")],
    "AMR": [b"#!AMR\n", b"#!AMR-WB\n"],
    "iLBC": [b"#!iLBC30\n"],
    "Qualcomm PureVoice (QCP)": [b"RIFF\x10\0\0\0QLCMfmt "],
    "RealAudio": [b".ra\xfd\0\4", b".RMF\0\0\0\x12"],
    "ATRAC (OMA)": [b"EA3\1\0\x60", b"ea3\3\0\0"],
    "Yamaha SMAF": [b"MMMD\0\0\1\0CNTI"],
    "SoX's own format": [b".SoX\x1c\0\0\0", b"XoS.\0\0\0\x1c"],
    "CRI ADX": [b"\x80\0\0\x24\3\x12\4\2"],
    "Nintendo AST": [b"STRM\0\0\x10\0\0\1\0\x10"],
    "Flash video (FLV)": [b"FLV\1\4\0\0\0\x09"],
    "Flash (SWF)": [b"FWS\4\0\0", b"CWS\x0a"],
    "AVI": [b"RIFF\x10\0\0\0AVI LIST"],
    "MPEG video (MPG)": [b"\0\0\1\xba\x21"],
    "an MPEG transport stream (TS)": [
        (b"G" + bytes(187)) * 4,
        (bytes(4) + b"G" + bytes(187)) * 4,
    ],
    "a recording of Windows television (WTV)": [bytes.fromhex("b7d800203749da11a64e0007e95ead8d")],
    "MXF": [bytes.fromhex("060e2b34020501010d010201")],
    "NUT": [b"nut/multimedia container\0"],
    "OptimFROG, which libsndfile cannot read": [b"OFR \x0c\0\0\0"],
    "a MIDI file, which holds notes, not sound": [
        b"MThd\0\0\0\6",
        b"RIFF\x10\0\0\0RMIDdata",
        b"FORM\0\0\0\x0eXDIRINFO",
    ],
    "a tracker module, which holds notes and instruments, not sound": [
        b"Extended Module: a song",
        b"IMPMa song",
        b"a song".ljust(28, b"\0") + b"\x1a\x10" + bytes(14) + b"SCRM",
        b"a song".ljust(1080, b"\0") + b"M.K.",
        b"a song".ljust(1080, b"\0") + b"8CHN",
        b"a song".ljust(1080, b"\0") + b"16CH",
    ],
    "a SoundFont or DLS bank, which holds instruments, not sound": [
        b"RIFF\x10\0\0\0sfbkLIST",
        b"RIFF\x10\0\0\0DLS colh",
    ],
    "a REX2 loop, which libsndfile cannot read": [b"CAT \0\0\1\0REX2"],
    "a database, such as an Audacity project, not a sound file": [b"SQLite format 3\0\x10"],
    "a macOS resource file (AppleDouble), not sound": [b"\0\5\x16\7\0\2\0\0Mac OS X"],
    "a MATLAB 7.3 file, not a sound file": [
        b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(512) + b"\x89HDF\r\n\x1a\n"
    ],
    "a NumPy array, not a sound file": [b"\x93NUMPY\1\0v\0{'descr'"],
    "a ZIP archive, not a sound file": [b"PK\3\4\x14\0", b"PK\5\6" + bytes(18)],
    "a RAR archive, not a sound file": [b"Rar!\x1a\7\0"],
    "a 7z archive, not a sound file": [b"7z\xbc\xaf\x27\x1c\0\4"],
    "a tar archive, not a sound file": [b"song.wav".ljust(257, b"\0") + b"ustar\00000"],
    "compressed with gzip": [b"\x1f\x8b\x08\0"],
    "compressed with bzip2": [b"BZh91AY&SY"],
    "compressed with xz": [b"\xfd7zXZ\0\0\4"],
    "compressed with Zstandard": [b"\x28\xb5\x2f\xfd\4"],
    "an image, not sound": [
        b"\x89PNG\r\n\x1a\n",
        b"\xff\xd8\xff\xe0\0\x10JFIF",
        b"GIF89a",
        b"II*\0",
        b"MM\0*",
        b"RIFF\x10\0\0\0WEBPVP8 ",
        b"\0\0\0\x1cftypavif",
    ],
    "a PDF document, not sound": [b"%PDF-1.7\n"],
    "a Git LFS pointer, not the sound file itself": [
        b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a2\nsize 12345\n"
    ],
    "a git-annex pointer, not the sound file itself": [
        b"/annex/objects/SHA256E-s1--ab.wav\n",
        b"../.git/annex/objects/aB/cD/SHA256E-s1--ab.wav/SHA256E-s1--ab.wav",
    ],
    "a web page, not sound": [
        b"<!DOCTYPE html>\n<html>",
        b"\xef\xbb\xbf\n<HTML lang='en'>",
        b"  <!doctype HTML>",
    ],
    "a playlist, which names sound files": [b"#EXTM3U\n#EXTINF:1\na.mp3\n", b"[playlist]\n"],
    "text, not sound": [b"404 not found\n", "Ä nice day\t☃\r\n".encode(), b"version https://x"],
}
"""First bytes by the name of their format; those of AAC are not in the tables."""

CASES = [(name, start) for name, starts in BEGINNINGS.items() for start in starts]


@pytest.mark.parametrize(("name", "start"), CASES, ids=[f"{n}: {s[:20]!r}" for n, s in CASES])
def test_a_format_is_known_by_its_first_bytes(name, start):
    assert re.match(
        rf"song\.wav is {re.escape(name)}(;|, which libsndfile cannot read;) ", said(start)
    )


@pytest.mark.parametrize(
    "start", [*(s for n, s in CASES if n != "text, not sound"), b"\x89HDF\r\n\x1a\n"]
)
def test_foreign_files_are_not_searched_for_sound(start):
    assert is_foreign(io.BytesIO(start))


def test_every_format_has_an_example():
    assert {found.name for found in (*SOUND, *OTHER)} <= BEGINNINGS.keys()


@pytest.mark.parametrize("name", BEGINNINGS)
def test_a_message_is_one_line_with_one_remedy(name):
    message = said(BEGINNINGS[name][0])
    assert message.isprintable()
    assert message.count("; ") == 1
    sounding = name.startswith("AAC") or name in {found.name for found in SOUND}
    assert ("which libsndfile cannot read; convert it with `ffmpeg -i " in message) == sounding


@pytest.mark.parametrize("kind", ["WAV", "AIFF", "AU", "CAF", "FLAC", "OGG", "MP3", "W64", "VOC"])
def test_files_that_libsndfile_reads_are_not_foreign(kind):
    file = io.BytesIO()
    rng = np.random.default_rng(0)
    soundfile.write(file, rng.uniform(-0.5, 0.5, (9000, 2)), 44100, format=kind)
    assert not is_foreign(file)
    assert coding(file) is None or kind == "MP3"


@pytest.mark.parametrize("seed", range(200))
def test_random_bytes_have_no_format(seed):
    junk = np.random.default_rng(seed).bytes(3000)
    assert said(junk) == f"song.wav is not a readable sound file: {CAUSE}; {conversion('song.wav')}"
    assert not is_foreign(io.BytesIO(junk))


@pytest.mark.parametrize("start", [b"RIFF", b"RIFF\x10\0\0\0WAVE", b"fLaC", b"caff\0\1", b"OggS"])
def test_a_known_format_that_breaks_off_keeps_its_cause(start):
    assert said(start).startswith(f"song.wav is not a readable sound file: {CAUSE}; ")


def test_a_character_that_the_beginning_cuts_is_text_all_the_same():
    assert "is text, not sound" in said(b"a" * (2**16 - 1) + "ä".encode() + b"b" * 100)
    assert "is text, not sound" not in said(b"a" * 1000 + b"\xc3(" + b"a" * 1000)


def test_a_file_of_zeros_is_not_text():
    assert said(bytes(5000)) == "song.wav begins with 5000 zero bytes; get a complete copy"


@pytest.mark.parametrize(
    "start",
    [
        b"ID3\4\0\0\0\0\0\x0aTIT2\0\0\0\0\0\0",
        b"ID3\4\0\0\0\0\0\x0aTIT2\0\0\0\0\0\0" + bytes(500),
        b"ID3\3\0\0\0\0\x10\0TIT2\0\0\0\5\0\0\0Song",  # cut short
        b"TAG" + bytes(125),
        b"ID3\4\0\0\0\0\0\0TAG" + bytes(125),
        b"APETAGEX" + struct.pack("<4I", 2000, 32, 0, 1 << 31 | 1 << 29) + bytes(8 + 32),
    ],
    ids=["ID3", "ID3 and zeros", "cut", "ID3v1", "both", "APE"],
)
def test_a_tag_without_sound_is_called_that(start, tmp_path):
    message = "song.mp3 holds a tag, but no sound; get a complete copy"
    assert said(start, "song.mp3") == message
    (tmp_path / "song.mp3").write_bytes(start)
    with pytest.raises(FormatError, match=r"song.mp3 holds a tag, but no sound"):
        info(tmp_path / "song.mp3")


# SOFA files


HDF5 = b"\x89HDF\r\n\x1a\n"


def test_a_sofa_file_is_an_impulse_response(call, tmp_path):
    assert said(HDF5, "kemar.sofa") == (
        "kemar.sofa is a SOFA file, which holds impulse responses by direction, not sound; see one "
        "of them with `audioconv ir info kemar.sofa:azimuth=30`"
    )
    assert "`audioconv ir info 'a b.SOFA:azimuth=30'`" in said(bytes(512) + HDF5, "a b.SOFA")
    assert said(HDF5, "a.h5").endswith("if it is a SOFA file, give it the suffix .sofa")
    (tmp_path / "a.sofa").write_bytes(HDF5)
    assert "is a SOFA file, which holds" in call("info", tmp_path / "a.sofa", code=1).err


# the command that converts a file


@pytest.mark.parametrize(
    ("path", "source", "target"),
    [
        ("song.m4a", "song.m4a", "song.wav"),
        ("song.wav", "song.wav", "song-pcm.wav"),
        ("SONG.WAV", "SONG.WAV", "SONG-pcm.wav"),
        ("song", "song", "song.wav"),
        ("a/b.c/song", "a/b.c/song", "a/b.c/song.wav"),
        ("my song.m4a", "my song.m4a", "my song.wav"),
        ("it's $5.m4a", "it's $5.m4a", "it's $5.wav"),
        ("-i.m4a", "./-i.m4a", "./-i.wav"),
        ("http:song.m4a", "./http:song.m4a", "./http:song.wav"),
        ("-", "IN", "IN.wav"),
        ("a\nb.m4a", "IN", "IN.wav"),
        ("a`b.m4a", "IN", "IN.wav"),
        ("Ä ☃.m4a", "Ä ☃.m4a", "Ä ☃.wav"),
    ],
)
def test_the_command_can_be_pasted(path, source, target):
    advice, command, end = conversion(path).split("`")
    assert (advice, end) == ("convert it with ", "")
    assert shlex.split(command) == ["ffmpeg", "-i", source, "-c:a", "pcm_s24le", target]


def test_quotes_on_windows_are_double(monkeypatch):
    monkeypatch.setattr("audioconv.files.codecs.foreign.os.name", "nt")
    path = "C:\\my songs\\a.m4a"
    wanted = 'ffmpeg -i "C:\\my songs\\a.m4a" -c:a pcm_s24le "C:\\my songs\\a.wav"'
    assert conversion(path) == f"convert it with `{wanted}`"


# codings in formats that libsndfile reads


def chunk(name, body, order="<"):
    return name + struct.pack(order + "I", len(body)) + body + b"\0" * (len(body) % 2)


def fmt(tag, order="<", extra=b""):
    return struct.pack(order + "HHIIHH", tag, 1, 8000, 4000, 1, 4) + extra


def wave(tag, order="<", extra=b"", fact=b""):
    body = b"WAVE" + chunk(b"fmt ", fmt(tag, order, extra), order) + fact
    body += chunk(b"data", bytes(100), order)
    return (b"RIFF" if order == "<" else b"RIFX") + struct.pack(order + "I", len(body)) + body


def extensible(guid):
    return wave(0xFFFE, extra=struct.pack("<HHI", 22, 16, 4) + guid)


def wave64(tag):
    def long_chunk(name, body):
        return name + bytes(12) + struct.pack("<Q", 24 + len(body)) + body + bytes(-len(body) % 8)

    body = b"wave" + bytes(12) + long_chunk(b"fmt ", fmt(tag)) + long_chunk(b"data", bytes(96))
    return b"riff" + bytes(12) + struct.pack("<Q", 24 + len(body)) + body


def caf(code):
    desc = struct.pack(">d4s5I", 8000, code, 0, 0, 0, 1, 0)
    return b"caff\0\1\0\0desc" + struct.pack(">q", len(desc)) + desc


def aifc(code):
    comm = struct.pack(">HIH", 1, 10, 16) + bytes(10) + code + b"\0\0"
    body = b"AIFC" + chunk(b"FVER", b"\xa2\x80\x51\x40", ">") + chunk(b"COMM", comm, ">")
    return b"FORM" + struct.pack(">I", len(body)) + body


def au(encoding, magic=b".snd", order=">"):
    return magic + struct.pack(order + "5I", 24, 100, encoding, 8000, 1) + bytes(100)


CODINGS = [
    (wave(0x0055), "MPEG layer 3 (0x0055)"),
    (wave(0x0161), "Windows Media Audio 2 (0x0161)"),
    (wave(0x0011, ">"), "IMA ADPCM (0x0011)"),
    (wave(0x2000, fact=chunk(b"fact", bytes(4))), "AC-3 (0x2000)"),
    (wave(0x0270), "ATRAC3 (0x0270)"),
    (wave(0x674F), "Vorbis (0x674F)"),
    (wave(0xF1AC), "FLAC (0xF1AC)"),
    (wave(0x00FF), "AAC (0x00FF)"),
    (wave(0xA109), "Speex (0xA109)"),
    (wave(0xABCD), "an unknown coding (0xABCD)"),
    (extensible(struct.pack("<H", 0x0045) + GUID_TAIL), "G.726 ADPCM (0x0045)"),
    (
        extensible(bytes.fromhex("af87fba7022dfb42a4d405cd93843bdd")),
        "E-AC-3 (a7fb87af-2d02-42fb-a4d4-05cd93843bdd)",
    ),
    (
        extensible(bytes(range(16))),
        "an unknown coding (03020100-0504-0706-0809-0a0b0c0d0e0f)",
    ),
    (wave64(0x0160), "Windows Media Audio 1 (0x0160)"),
    (caf(b"aac "), "AAC ('aac ')"),
    (caf(b"ima4"), "IMA ADPCM ('ima4')"),
    (caf(b"xyz\1"), r"an unknown coding ('xyz\x01')"),
    (aifc(b"QDM2"), "QDesign Music 2 ('QDM2')"),
    (aifc(b"MAC3"), "MACE 3:1 ('MAC3')"),
    (au(24), "G.722 ADPCM (AU encoding 24)"),
    (au(18, b"dns.", "<"), "16-bit samples with emphasis (AU encoding 18)"),
    (au(99), "an unknown coding (AU encoding 99)"),
]


@pytest.mark.parametrize(("data", "name"), CODINGS, ids=[name for _, name in CODINGS])
def test_a_coding_is_named(data, name):
    assert coding(io.BytesIO(data)) == name
    assert said(data) == (
        f"song.wav holds {name} that libsndfile cannot read; {conversion('song.wav')}"
    )


@pytest.mark.parametrize(
    "data",
    [
        *(wave(1), wave(3), wave(6, ">"), wave(7), wave64(1), caf(b"lpcm"), aifc(b"sowt"), au(3)),
        extensible(struct.pack("<H", 1) + GUID_TAIL),
        *(wave(0x0161)[:14], wave(0x0161)[:22], caf(b"aac ")[:18], aifc(b"QDM2")[:50], au(24)[:12]),
        b"FORM\0\0\0\x1aAIFF" + chunk(b"COMM", bytes(18) + b"QDM2", ">"),
        b"",
    ],
)
def test_plain_and_unfinished_headers_name_no_coding(data):
    assert coding(io.BytesIO(data)) is None


@pytest.mark.parametrize("tag", [0x0161, 0x2000, 0xABCD])
def test_info_names_the_coding(tag, call, tmp_path):
    (tmp_path / "a.wav").write_bytes(wave(tag, extra=b"\0\0"))
    error = call("info", tmp_path / "a.wav", code=1).err
    assert f"(0x{tag:04X}) that libsndfile cannot read; convert it with `ffmpeg -i" in error
    assert "Malformed" not in error


# through the program


@pytest.mark.parametrize("name", ["WavPack", "AAC (ADTS)", "Speex", "AMR", "Dolby Digital (AC-3)"])
def test_info_names_the_format(name, call, tmp_path):
    (tmp_path / "a.wav").write_bytes(BEGINNINGS[name][0] + bytes(range(256)) * 20)
    error = call("info", tmp_path / "a.wav", code=1).err
    assert f"a.wav is {name}, which libsndfile cannot read; convert it with `ffmpeg -i" in error


REAL = {
    "a.m4a": ("MPEG-4 audio (M4A)", ["-c:a", "aac"]),
    "a.mp4": ("MPEG-4 (MP4)", ["-c:a", "aac"]),
    "a.mov": ("QuickTime (MOV)", ["-c:a", "aac"]),
    "a.aac": ("AAC (ADTS)", []),
    "a.latm": ("AAC (LATM)", ["-c:a", "aac"]),
    "a.wma": ("Windows Media (WMA, ASF)", []),
    "a.wv": ("WavPack", []),
    "a.tta": ("True Audio (TTA)", []),
    "a.ac3": ("Dolby Digital (AC-3)", []),
    "a.mka": ("Matroska", []),
    "a.avi": ("AVI", ["-c:a", "pcm_s16le"]),
    "a.ts": ("an MPEG transport stream (TS)", ["-c:a", "aac"]),
    "a.flv": ("Flash video (FLV)", ["-c:a", "pcm_s16le"]),
    "a-wma.wav": ("Windows Media Audio 2 (0x0161)", ["-c:a", "wmav2"]),
    "a-ac3.wav": ("AC-3 (0x2000)", ["-c:a", "ac3"]),
    "a b.caf": ("AC-3 ('ac-3')", ["-c:a", "ac3"]),
}


@pytest.mark.parametrize("name", REAL)
def test_the_advice_helps_with_files_that_ffmpeg_made(name, samples, tmp_path, monkeypatch):
    if shutil.which("ffmpeg") is None:
        pytest.skip("ffmpeg is not on the path")
    monkeypatch.chdir(tmp_path)
    called, options = REAL[name]
    quiet = ["ffmpeg", "-loglevel", "error", "-nostdin"]
    source = [*quiet, "-i", str(samples / "guitar.wav"), "-t", "0.5", *options, name]
    subprocess.run(source, check=True, timeout=60)
    with pytest.raises(FormatError) as error:
        info(name)
    message = str(error.value)
    assert message.startswith((f"{name} is {called}, which", f"{name} holds {called} that"))
    command = shlex.split(message.split("`")[1])
    subprocess.run([*quiet, *command[1:]], check=True, timeout=60)
    report = info(command[-1])
    assert report.subtype == "PCM_24"
    assert report.channels == 2
    assert report.seconds == pytest.approx(0.5, abs=0.1)  # coders pad by up to two blocks of 2,048
