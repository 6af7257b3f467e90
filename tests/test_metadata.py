"""Metadata is copied unchanged, or listed in a notice, and never affects the samples.

Chunks are built by hand, and read back by a small parser here, by libsndfile, and by exiftool and
ffprobe where they are installed.
"""

import base64
import io
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audioconv.errors import AudioconvError
from audioconv.files.codecs.lost_tags import in_words
from audioconv.files.codecs.riff import GUID_TAIL
from audioconv.files.metadata import listed
from audioconv.job import Job, Options
from audioconv.render.run import run

RATE = 48000
FRAMES = 301
RECIPE = b"aucv"


# files built by hand


def chunk(name, body, order="<"):
    return name + struct.pack(order + "I", len(body)) + body + b"\0" * (len(body) % 2)


def sub_chunks(kind, **fields):
    return kind + b"".join(chunk(name.encode(), body) for name, body in fields.items())


def bext(version, *, loudness=(-2300, 800, -100, -1800, -2000), history=b"A=PCM,F=48000\r\n"):
    head = b"a description".ljust(256, b"\0") + b"an originator".ljust(32, b"\0")
    head += b"REF123".ljust(32, b"\0") + b"2024-02-2912:34:56" + struct.pack("<QH", 2**33, version)
    umid = bytes(range(64)) if version >= 1 else bytes(64)
    figures = struct.pack("<5h", *loudness) if version >= 2 else bytes(10)
    made = head + umid + figures + bytes(180) + history
    assert len(made) == 602 + len(history)
    return made


def cue(*places):
    points = b"".join(
        struct.pack("<II4sIII", n, place, b"data", 0, 0, place) for n, place in enumerate(places, 1)
    )
    return struct.pack("<I", len(places)) + points


ADTL = b"adtl" + b"".join(
    chunk(b"labl", struct.pack("<I", n) + text) for n, text in ((1, b"one\0"), (2, b"number two\0"))
)
SMPL = struct.pack("<9I", 0, 0, 20833, 60, 0, 0, 0, 1, 3) + struct.pack("<6I", 1, 0, 5, 90, 0, 0)
SMPL += b"own"
ID3 = b"ID3\x03\0\0\0\0\0\x12" + b"TIT2\0\0\0\x08\0\0\0in ID3x"
INFO = sub_chunks(
    b"INFO",
    **{
        name: f"{name} text".encode() + b"\0" * (1 + n % 2)
        for n, name in enumerate(
            [
                "IARL",
                "IART",
                "ICMS",
                "ICMT",
                "ICOP",
                "ICRD",
                "ICRP",
                "IDIM",
                "IDPI",
                "IENG",
                "IGNR",
                "IKEY",
                "ILGT",
                "IMED",
                "INAM",
                "IPLT",
                "IPRD",
                "ISBJ",
                "ISFT",
                "ISHP",
                "ISRC",
                "ISRF",
                "ITCH",
                "ITRK",
            ]
        )
    },
)
CHUNKS = {
    "INFO": (b"LIST", INFO),
    "INFO of odd length": (b"LIST", b"INFO" + b"INAM" + struct.pack("<I", 5) + b"title"),
    "INFO in latin-1": (b"LIST", sub_chunks(b"INFO", INAM=b"Caf\xe9\0", IART=b"Bj\xf6rk\0")),
    "INFO in UTF-8": (b"LIST", sub_chunks(b"INFO", INAM="Café 音楽\0".encode())),
    "adtl": (b"LIST", ADTL),
    "bext 0": (b"bext", bext(0)),
    "bext 1": (b"bext", bext(1, history=b"odd")),
    "bext 2 without loudness": (b"bext", bext(2, loudness=[0x7FFF] * 5)),
    "iXML": (b"iXML", b"<?xml version='1.0'?><BWFXML><SCENE>7</SCENE></BWFXML>"),
    "cue": (b"cue ", cue(10, 200)),
    "plst": (b"plst", struct.pack("<4I", 1, 1, 100, 2)),
    "smpl": (b"smpl", SMPL),
    "inst": (b"inst", bytes([60, 0, 0, 0, 127, 0, 127])),
    "id3": (b"id3 ", ID3),
    "ID3": (b"ID3 ", ID3),
    "cart": (b"cart", b"0101" + b"a title".ljust(64, b"\0") + bytes(1980)),
    "_PMX": (b"_PMX", b"<x:xmpmeta xmlns:x='adobe:ns:meta/'/>"),
    "empty": (b"cue ", b""),
}


def steps_of(frames, channels, seed=0):
    return np.random.default_rng(seed).integers(-9000, 9000, (frames, channels))


def fmt(subtype, channels, mask=None):
    bits = {"PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "FLOAT": 32}[subtype]
    tag = 3 if subtype == "FLOAT" else 1
    align = channels * bits // 8
    form = tag if mask is None else 0xFFFE
    made = struct.pack("<HHIIHH", form, channels, RATE, RATE * align, align, bits)
    if mask is not None:
        made += struct.pack("<HHIH", 22, bits, mask, tag) + GUID_TAIL
    return chunk(b"fmt ", made)


def samples_of(steps, subtype):
    if subtype == "PCM_U8":
        return (steps // 256 + 128).astype(np.uint8).tobytes()
    if subtype == "PCM_24":
        return b"".join(struct.pack("<i", n << 8)[:3] for n in steps.ravel().tolist())
    if subtype == "FLOAT":
        return (steps / 2**15).astype("<f4").tobytes()
    return steps.astype("<i2").tobytes()


def wave_file(
    before=(), after=(), *, subtype="PCM_16", channels=1, frames=FRAMES, mask=None, magic=b"RIFF",
    size=None, steps=None,
):  # fmt: skip
    """Return the bytes of a WAV with (name, body) pairs before and after its samples."""
    steps = steps_of(frames, channels) if steps is None else steps
    data = samples_of(steps, subtype)
    said = len(data) if size is None else size
    head = fmt(subtype, channels, mask) + b"".join(chunk(*pair) for pair in before)
    tail = b"\0" * (len(data) % 2) + b"".join(chunk(*pair) for pair in after)
    total = 4 + len(head) + 8 + len(data) + len(tail)
    if magic == b"RF64":
        total += 36
        head = chunk(b"ds64", struct.pack("<QQQI", total, len(data), len(steps), 0)) + head
        total = said = 0xFFFFFFFF
    elif size == 0xFFFFFFFF:
        total = size
    start = magic + struct.pack("<I", total) + b"WAVE" + head
    return start + b"data" + struct.pack("<I", said) + data + tail


def parsed(path):
    """Return (name, body, whether it follows the samples) of each chunk; check the sizes."""
    data = Path(path).read_bytes() if not isinstance(path, bytes) else path
    magic, size, kind = struct.unpack("<4sI4s", data[:12])
    assert kind == b"WAVE"
    at, found, behind, long = 12, [], False, None
    while at < len(data):
        name, length = struct.unpack("<4sI", data[at : at + 8])
        if name == b"data" and length == 0xFFFFFFFF:
            length = long[1]
        body = data[at + 8 : at + 8 + length]
        assert len(body) == length, f"{name} is not whole"
        if name == b"ds64":
            long = struct.unpack("<QQ", body[:16])
        found.append((name, body, behind))
        behind |= name == b"data"
        at += 8 + length + length % 2
    assert at == len(data)
    assert (long[0] if magic == b"RF64" else size) == len(data) - 8
    return found


def chunks_of(path):
    """Return the metadata chunks before and after the samples."""
    own = (b"fmt ", b"fact", b"ds64", b"JUNK", b"data", RECIPE)
    found = [(name, body, behind) for name, body, behind in parsed(path) if name not in own]
    before = [(name, body) for name, body, behind in found if not behind]
    return before, [(name, body) for name, body, behind in found if behind]


def put(folder, data, name="in.wav"):
    (folder / name).write_bytes(data)
    return str(folder / name)


def convolve(source, out, *irs, **options):
    """Convolve with a unit impulse, or `irs`, and return the notices."""
    return run(Job(str(source), str(out), irs or ["delta"], Options(**options))).notices


def steps_in(path):
    return soundfile.read(path, dtype="int16", always_2d=True)[0]


def data_of(path):
    """Return the bytes of the samples; libsndfile refuses some valid chunks."""
    return next(body for name, body, _ in parsed(path) if name == b"data")


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def missing(notices):
    """Return the names in the notice about metadata, or an empty string."""
    found = [n for n in notices if " output does not hold the input's " in n]
    assert len(found) <= 1
    return found[0].split(" output does not hold the input's ")[1] if found else ""


# other readers


def tool(name):
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not on the path")


def exiftool(path):
    tool("exiftool")
    done = subprocess.run(
        ["exiftool", "-j", "-a", "-charset", "UTF8", str(path)],
        capture_output=True,
        check=False,
        timeout=30,
    )
    return json.loads(done.stdout)[0]


def ffprobe(path):
    tool("ffprobe")
    done = subprocess.run(
        [
            "ffprobe",
            "-v",
            "error",
            "-print_format",
            "json",
            "-show_format",
            "-show_streams",
            str(path),
        ],
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def tags_seen_by_ffprobe(path):
    found = ffprobe(path)
    both = {**found["streams"][0].get("tags", {}), **found["format"].get("tags", {})}
    return {key.lower(): value for key, value in both.items()}


# from WAV to WAV


@pytest.mark.parametrize("place", ["before", "after"])
@pytest.mark.parametrize("kind", CHUNKS)
def test_a_chunk_arrives_as_it_is_in_its_place(kind, place, tmp_path):
    source = put(tmp_path, wave_file(**{place: [CHUNKS[kind]]}))
    notices = convolve(source, tmp_path / "out.wav")
    before, after = chunks_of(tmp_path / "out.wav")
    assert {"before": before, "after": after}[place] == [CHUNKS[kind]]
    assert before + after == [CHUNKS[kind]]
    assert notices == []
    assert data_of(tmp_path / "out.wav") == data_of(source)


@pytest.mark.parametrize("form", ["WAV", "WAVEX", "RF64"])
@pytest.mark.parametrize("magic", [b"RIFF", b"RF64"])
@pytest.mark.parametrize(("subtype", "channels"), [("PCM_U8", 1), ("PCM_24", 1), ("PCM_16", 3)])
def test_all_chunks_arrive_in_their_order(subtype, channels, magic, form, tmp_path):
    every = list(CHUNKS.values())
    source = put(
        tmp_path,
        wave_file(every[::2], every[1::2], magic=magic, subtype=subtype, channels=channels),
    )
    assert convolve(source, tmp_path / "out.wav", format=form) == []
    assert chunks_of(tmp_path / "out.wav") == (every[::2], every[1::2])
    assert data_of(tmp_path / "out.wav") == data_of(source)


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_the_second_pass_of_the_guard_tells_the_same(subtype, tmp_path):
    every = list(CHUNKS.values())
    source = put(tmp_path, wave_file(every[::2], every[1::2], subtype=subtype))
    notices = convolve(source, tmp_path / "out.wav", wet=30.0)
    assert [n.split(":")[0] for n in notices] == ["guard"] * (subtype != "FLOAT")
    assert chunks_of(tmp_path / "out.wav") == (every[::2], every[1::2])


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
@pytest.mark.parametrize("size", [None, 0xFFFFFFFF], ids=["known", "unknown"])
def test_a_pipe_tells_what_a_file_tells(size, subtype, tmp_path, monkeypatch):
    every = list(CHUNKS.values())
    after = every[1::2] if size is None else []
    data = wave_file(every[::2], after, size=size)
    convolve(put(tmp_path, data), tmp_path / "file.wav", subtype=subtype)
    with pipe_of(data) as pipe:
        monkeypatch.setattr(sys, "stdin", pipe)
        convolve("-", tmp_path / "pipe.wav", subtype=subtype)
    assert chunks_of(tmp_path / "pipe.wav") == (every[::2], after)
    assert (tmp_path / "pipe.wav").read_bytes() == (tmp_path / "file.wav").read_bytes()


@contextmanager
def pipe_of(data):
    """Provide a standard input that is a pipe."""
    reading, writing = os.pipe()

    def feed():
        with os.fdopen(writing, "wb") as file, suppress(BrokenPipeError):
            file.write(data)

    thread = threading.Thread(target=feed)
    thread.start()
    with os.fdopen(reading) as pipe:
        yield pipe
    thread.join()


def test_chunks_after_an_odd_number_of_bytes_come_through_a_pipe(tmp_path, monkeypatch):
    after = [CHUNKS["cue"], CHUNKS["iXML"]]
    with pipe_of(wave_file(after=after, subtype="PCM_U8", frames=301)) as pipe:
        monkeypatch.setattr(sys, "stdin", pipe)
        assert convolve("-", tmp_path / "out.wav", subtype="FLOAT") == []
    assert chunks_of(tmp_path / "out.wav") == ([], after)


def test_measured_loudness_is_taken_back_and_nothing_else(tmp_path):
    for version in (2, 3):
        body = bext(version)
        source = put(tmp_path, wave_file([(b"bext", body)], [CHUNKS["cue"]]))
        notices = convolve(source, tmp_path / "out.wav", overwrite=True)
        (found,), after = chunks_of(tmp_path / "out.wav")
        assert found == (b"bext", body[:412] + struct.pack("<5h", *[0x7FFF] * 5) + body[422:])
        assert after == [CHUNKS["cue"]]
        assert missing(notices) == "loudness (in bext)"


def test_a_bext_too_short_for_loudness_is_left_alone(tmp_path):
    short = (b"bext", bext(2)[:601])
    source = put(tmp_path, wave_file([short]))
    assert convolve(source, tmp_path / "out.wav") == []
    assert chunks_of(tmp_path / "out.wav") == ([short], [])


def test_exiftool_reads_the_same_of_input_and_output(tmp_path):
    ours = [CHUNKS[kind] for kind in ("INFO", "bext 1", "iXML", "cue", "inst", "smpl", "_PMX")]
    source = put(tmp_path, wave_file(ours[:3], ours[3:]))
    convolve(source, tmp_path / "out.wav")
    one, other = exiftool(source), exiftool(tmp_path / "out.wav")
    for file_field in [key for key in {**one, **other} if key.startswith(("File", "Source"))]:
        one.pop(file_field, None), other.pop(file_field, None)
    assert one["Originator"] == "an originator"
    assert one["Title"] == "INAM text"
    assert one == other


@pytest.mark.parametrize("form", ["WAV", "WAVEX", "RF64"])
def test_ffprobe_reads_the_same_of_input_and_output(form, tmp_path):
    source = put(tmp_path, wave_file([CHUNKS["INFO"], CHUNKS["bext 1"]], [CHUNKS["cue"]]))
    convolve(source, tmp_path / "out.wav", format=form)
    one, other = ffprobe(source), ffprobe(tmp_path / "out.wav")
    assert one["streams"][0]["codec_name"] == other["streams"][0]["codec_name"]
    assert one["format"]["tags"]["title"] == "INAM text"
    assert one["format"]["tags"]["coding_history"] == "odd"
    assert one["format"]["tags"] == other["format"]["tags"]
    assert other["streams"][0]["duration_ts"] == FRAMES


# one notice lists lost metadata


PRIVATE = (b"odd1", b"private")
LOST_FROM_WAV = {
    "out.flac": ["bext", "cue", "iXML", "odd1", "adtl"],
    "out.aiff": ["bext", "cue", "iXML", "odd1", "adtl"],
    "out.caf": ["bext", "cue", "iXML", "odd1", "adtl"],
    "out.w64": ["bext", "cue", "iXML", "odd1", "adtl", "title"],
    "out.mp3": ["bext", "cue", "iXML", "odd1", "adtl"],
    "out.ogg": ["bext", "cue", "iXML", "odd1", "adtl"],
    "out.opus": ["bext", "cue", "iXML", "odd1", "adtl"],
    "out.au": ["bext", "cue", "iXML", "odd1", "adtl", "title"],
    "out.wav": ["odd1"],
}


def words(text):
    return sorted(text.replace(" and ", ", ").split(", "))


@pytest.mark.parametrize("out", LOST_FROM_WAV)
def test_one_notice_names_what_the_format_does_not_hold(out, tmp_path):
    title = (b"LIST", sub_chunks(b"INFO", INAM=b"a title\0"))
    before, after = [CHUNKS["bext 1"], title], [PRIVATE]
    after += [CHUNKS[kind] for kind in ("cue", "iXML", "adtl")]
    source = put(tmp_path, wave_file(before, after, frames=5000))
    notices = convolve(source, tmp_path / out)
    assert words(missing(notices)) == sorted(LOST_FROM_WAV[out])
    assert len(notices) == 1
    with pytest.raises(AudioconvError, match="under `strict`"):
        convolve(source, tmp_path / f"strict-{out}", strict=True)
    assert names(tmp_path) == sorted(["in.wav", out])
    assert convolve(source, tmp_path / f"none-{out}", strict=True, metadata="none") == []


@pytest.mark.parametrize("out", LOST_FROM_WAV)
def test_there_is_no_notice_where_nothing_is_lost(out, tmp_path):
    source = put(tmp_path, wave_file(after=[(b"JUNK", b"x" * 31), (b"PAD ", b"")], frames=5000))
    assert convolve(source, tmp_path / out, strict=True) == []


def test_a_list_of_another_kind_is_lost_by_name(tmp_path):
    source = put(tmp_path, wave_file([(b"LIST", b"wxyz" + INFO)]))
    assert missing(convolve(source, tmp_path / "out.wav")) != ""
    assert chunks_of(tmp_path / "out.wav") == ([], [])


def test_the_same_field_twice_is_lost_by_name(tmp_path):
    """Of two titles only one can be copied; a notice names the other."""
    twice = b"INFO" + chunk(b"INAM", b"one\0") + chunk(b"INAM", b"two\0")
    source = put(tmp_path, wave_file([(b"LIST", twice)]))
    assert missing(convolve(source, tmp_path / "out.flac")) == "more than one title"


def flac_block(kind, body, *, last=False):
    return bytes([kind | 128 * last]) + len(body).to_bytes(3) + body


def comments(*fields, vendor=b"test"):
    made = struct.pack("<I", len(vendor)) + vendor + struct.pack("<I", len(fields))
    return made + b"".join(struct.pack("<I", len(f)) + f for f in fields)


def picture(size):
    mime = b"image/png"
    made = (
        struct.pack(">II", 3, len(mime))
        + mime
        + struct.pack(">I", 0)
        + struct.pack(">4I", *[1] * 4)
    )
    return made + struct.pack(">I", size) + bytes(size)


def flac_file(folder, *blocks, frames=FRAMES, name="in.flac"):
    """Return a FLAC with these metadata blocks after its first one."""
    path = folder / name
    soundfile.write(path, steps_of(frames, 1).astype(np.int16), RATE, "PCM_16")
    data = path.read_bytes()
    at, last = 4, False
    while not last:
        last, length = data[at] >= 128, int.from_bytes(data[at + 1 : at + 4])
        at += 4 + length
    info = b"\0" + data[5:42]
    made = b"fLaC" + info + b"".join(flac_block(*block) for block in blocks)
    path.write_bytes(made + flac_block(1, b"", last=True) + data[at:])
    return str(path)


COMMENTS = (b"TITLE=a title", b"ARTIST=one", b"artist=two", b"REPLAYGAIN_TRACK_GAIN=-1 dB")
FLAC_LOST = ["application data", "cover art", "cue sheet", "more than one artist", "replay gain"]


@pytest.mark.parametrize("out", ["out.wav", "out.flac", "out.aiff", "out.ogg"])
def test_what_a_flac_tells_and_nobody_passes_on_is_named(out, tmp_path):
    sheet = bytes(128) + bytes(8) + b"\0" + bytes(258) + b"\1" + bytes(8) + b"\xaa" + bytes(27)
    source = flac_file(
        tmp_path, (4, comments(*COMMENTS)), (6, picture(70_000)), (2, b"appl1234"), (5, sheet)
    )
    assert words(missing(convolve(source, tmp_path / out))) == FLAC_LOST
    if out == "out.wav":
        (info,) = chunks_of(tmp_path / out)[0]
        assert chunk(b"INAM", b"a title\0") in info[1]


def test_a_flac_of_which_all_is_passed_on_has_no_notice(tmp_path):
    fields = (b"TITLE=t", b"ARTIST=a", b"ALBUM=b", b"DATE=2020", b"GENRE=g", b"TRACKNUMBER=3")
    source = flac_file(tmp_path, (4, comments(*fields, b"COMMENT=c", b"COPYRIGHT=d")))
    for out in ("out.wav", "out.flac", "out.ogg"):
        assert convolve(source, tmp_path / out) == []


def ogg_crc(data):
    register = 0
    for byte in data:
        register ^= byte << 24
        for _ in range(8):
            register = (register << 1 ^ (0x04C11DB7 if register >> 31 else 0)) & 0xFFFFFFFF
    return register


def ogg_pages(packets, serial, sequence, position=0, flags=0):
    """Return pages that hold complete packets, as RFC 3533 defines them."""
    lacing, data = [], b"".join(packets)
    for packet in packets:
        lacing += [255] * (len(packet) // 255) + [len(packet) % 255]
    made, at, continued = b"", 0, False
    while lacing:
        now, lacing = lacing[:255], lacing[255:]
        size = sum(now)
        ended = position if now[-1] < 255 or any(n < 255 for n in now) else 2**64 - 1
        kind = flags | (1 if continued else 0)
        page = struct.pack("<4sBBQIIIB", b"OggS", 0, kind, ended, serial, sequence, 0, len(now))
        page += bytes(now) + data[at : at + size]
        made += page[:22] + struct.pack("<I", FAST_CRC(page)) + page[26:]
        at, sequence, continued = at + size, sequence + 1, now[-1] == 255
    return made, sequence


CRC_TABLE = np.array([ogg_crc(bytes([n])) for n in range(256)], np.uint32).tolist()


def FAST_CRC(data):  # noqa: N802
    register = 0
    for byte in data:
        register = (register << 8 & 0xFFFFFFFF) ^ CRC_TABLE[register >> 24 ^ byte]
    return register


def ogg_file(folder, subtype, block, name="in.ogg", frames=4800):
    """Return an Ogg file with its Vorbis comments replaced."""
    path = folder / name
    x = steps_of(frames, 1) / 2**15
    soundfile.write(path, x, RATE, subtype, format="OGG")
    data, packets, rest, at = path.read_bytes(), [b""], b"", 0
    while at < len(data):
        count = data[at + 26]
        lacing = data[at + 27 : at + 27 + count]
        size = 27 + count + sum(lacing)
        serial = struct.unpack("<I", data[at + 14 : at + 18])[0]
        if len(packets) <= (3 if subtype == "VORBIS" else 2):
            begin = at + 27 + count
            for length in lacing:
                packets[-1] += data[begin : begin + length]
                begin += length
                if length < 255:
                    packets.append(b"")
        else:
            rest += data[at : at + size]
        at += size
    first, second, *third = packets[:-1]
    second = (b"OpusTags" + block) if subtype == "OPUS" else (b"\3vorbis" + block + b"\1")
    made, sequence = ogg_pages([first], serial, 0, flags=2)
    more, sequence = ogg_pages([second, *third], serial, sequence)
    made += more
    at = 0
    while at < len(rest):
        count = rest[at + 26]
        size = 27 + count + sum(rest[at + 27 : at + 27 + count])
        page = bytearray(rest[at : at + size])
        page[18:26] = struct.pack("<II", sequence, 0)
        page[22:26] = struct.pack("<I", FAST_CRC(page))
        made, at, sequence = made + bytes(page), at + size, sequence + 1
    path.write_bytes(made)
    return str(path)


@pytest.mark.parametrize("size", [1000, 100_000, 1_200_000])
@pytest.mark.parametrize("subtype", ["VORBIS", "OPUS"])
def test_what_an_ogg_file_tells_and_nobody_passes_on_is_named(subtype, size, tmp_path):
    art = b"METADATA_BLOCK_PICTURE=" + base64.b64encode(picture(size))
    source = ogg_file(tmp_path, subtype, comments(*COMMENTS, art))
    assert soundfile.info(source).frames > 0
    notices = convolve(source, tmp_path / "out.wav")
    assert words(missing(notices)) == ["cover art", "more than one artist", "replay gain"]


def synchsafe(size):
    return bytes(size >> shift & 127 for shift in (21, 14, 7, 0))


def mp3_file(folder, *frames, version=3, name="in.mp3", size=None):
    """Return an MP3 with an ID3 tag of these (name, body) frames before it."""
    soundfile.write(folder / name, steps_of(9000, 1) / 2**15, RATE, "MPEG_LAYER_III", format="MP3")
    data = (folder / name).read_bytes()
    if data.startswith(b"ID3"):
        data = data[10 + sum((b & 127) << 7 * n for n, b in enumerate(data[9:5:-1])) :]
    body = b""
    for frame, text in frames:
        if version == 2:
            body += frame + len(text).to_bytes(3) + text
        else:
            length = synchsafe(len(text)) if version == 4 else len(text).to_bytes(4)
            body += frame + length + b"\0\0" + text
    tag = b"ID3" + bytes([version, 0, 0]) + synchsafe(len(body) if size is None else size) + body
    (folder / name).write_bytes(tag + data)
    return str(folder / name)


JPEG = b"\0image/png\0\3\0" + bytes(3000)


@pytest.mark.parametrize("big", [3000, 1_500_000])
@pytest.mark.parametrize("version", [3, 4])
def test_what_an_mp3_tells_and_nobody_passes_on_is_named(version, big, tmp_path):
    frames = [(b"TIT2", b"\0a title"), (b"APIC", b"\0image/png\0\3\0" + bytes(big))]
    source = mp3_file(tmp_path, *frames, (b"TXXX", b"\0key\0value"), version=version)
    notices = convolve(source, tmp_path / "out.wav")
    assert words(missing(notices)) == ["cover art", "custom fields"]
    (info,) = chunks_of(tmp_path / "out.wav")[0]
    assert chunk(b"INAM", b"a title\0") in info[1]


def test_the_picture_of_an_old_id3_tag_is_named(tmp_path):
    frames = [(b"TT2", b"\0a title"), (b"PIC", b"\0PNG\3\0" + bytes(300))]
    source = mp3_file(tmp_path, *frames, version=2)
    assert missing(convolve(source, tmp_path / "out.wav")) == "cover art"


def test_the_chapters_of_an_mp3_are_named_once(tmp_path):
    chapter = struct.pack(">4s4I", b"one\0", 0, 100, 2**32 - 1, 2**32 - 1)
    frames = [(b"CTOC", b"toc\0\3\1one\0"), (b"CHAP", chapter), (b"CHAP", chapter)]
    source = mp3_file(tmp_path, *frames, (b"XYZ1", b"raw"), version=4)
    assert missing(convolve(source, tmp_path / "out.wav")) == "chapters and XYZ1"


def test_the_chapters_of_an_ogg_file_are_named_once(tmp_path):
    block = comments(b"CHAPTER001=00:00:00.000", b"CHAPTER001NAME=one", b"CHAPTER02URL=x", b"A=b")
    source = ogg_file(tmp_path, "VORBIS", block)
    assert missing(convolve(source, tmp_path / "out.wav")) == "chapters and a"


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        ("APIC", "cover art"),
        ("metadata_block_picture", "cover art"),
        ("CTOC", "chapters"),
        ("chapter12", "chapters"),
        ("chapters", "chapters"),
        ("chapterhouse", "chapterhouse"),
        ("r128_album_gain", "replay gain"),
        ("replaygain", "replaygain"),
        ("USLT", "lyrics"),
        ("POPM", "rating"),
        ("PRIV", "private data"),
        ("WOAR", "links"),
        ("WXX", "links"),
        ("IENG", "engineer"),
        ("musicbrainz_trackid", "MusicBrainz identifiers"),
        ("ISRC", "source"),
        ("isrc", "isrc"),
        ("XYZ1", "XYZ1"),
    ],
)
def test_names_that_few_people_know_have_words(raw, word):
    assert in_words(raw) == word


def test_the_fields_of_info_that_a_flac_does_not_hold_are_named_in_words(tmp_path):
    fields = {"INAM": b"a\0", "IENG": b"b\0", "ISBJ": b"c\0", "IXYZ": b"d\0"}
    source = put(tmp_path, wave_file([(b"LIST", sub_chunks(b"INFO", **fields))]))
    assert missing(convolve(source, tmp_path / "out.flac")) == "engineer, subject and IXYZ"


@pytest.mark.parametrize("pad", [b" ", b"\0"])
def test_the_padding_of_id3v1_goes(pad, tmp_path):
    """An ID3v1 tag has fields of 30 bytes, filled with blanks by some programs."""
    path = tmp_path / "in.mp3"
    soundfile.write(path, steps_of(9000, 1) / 2**15, RATE, "MPEG_LAYER_III", format="MP3")
    fields = [text.ljust(30, pad) for text in (b"A song", b"", b"An album")]
    tag = b"TAG" + b"".join(fields) + b"1999" + b"A comment".ljust(28, pad) + b"\0\5\x08"
    with path.open("ab") as file:
        file.write(tag)
    assert convolve(path, tmp_path / "out.wav") == []
    wanted = {"title": "A song", "album": "An album", "date": "1999", "comment": "A comment"}
    assert fields_in(tmp_path / "out.wav") == {**wanted, "tracknumber": "5", "genre": "Jazz"}
    (info,) = chunks_of(tmp_path / "out.wav")[0]
    assert chunk(b"INAM", b"A song\0") in info[1]


def with_chunks(folder, form, *pairs):
    """Append chunks to an AIFF or a CAF."""
    path = folder / f"in.{form.lower()}"
    soundfile.write(path, steps_of(FRAMES + 1, 1).astype(np.int16), RATE, "PCM_16", format=form)
    data = path.read_bytes()
    if form == "AIFF":
        data += b"".join(chunk(*pair, ">") for pair in pairs)
        data = data[:4] + struct.pack(">I", len(data) - 8) + data[8:]
    else:
        at = data.index(b"data", 8)
        made = b"".join(name + struct.pack(">q", len(body)) + body for name, body in pairs)
        data = data[:at] + made + data[at:]
    path.write_bytes(data)
    return str(path)


@pytest.mark.parametrize(("form", "marker"), [("AIFF", b"MARK"), ("CAF", b"mark")])
@pytest.mark.parametrize("out", ["out.wav", "out.flac"])
def test_markers_are_named(form, marker, out, tmp_path):
    body = struct.pack(">HHIB", 1, 1, 100, 3) + b"one"
    source = with_chunks(tmp_path, form, (marker, body))
    notices = convolve(source, tmp_path / out)
    assert missing(notices) == "markers"
    np.testing.assert_array_equal(steps_in(tmp_path / out), steps_of(FRAMES + 1, 1))


def test_a_caf_with_six_speakers_does_not_lose_them_in_silence(tmp_path):
    path = tmp_path / "in.caf"
    soundfile.write(path, steps_of(FRAMES, 6).astype(np.int16), RATE, "PCM_16")
    data = path.read_bytes()
    at = data.index(b"data", 8)
    layout = struct.pack(">III", (121 << 16) | 6, 0, 0)  # MPEG 5.1 A: L R C LFE Ls Rs
    path.write_bytes(data[:at] + b"chan" + struct.pack(">q", 12) + layout + data[at:])
    assert soundfile.info(path).frames == FRAMES
    notices = convolve(path, tmp_path / "out.wav")
    made = {name: body for name, body, _ in parsed(tmp_path / "out.wav")}
    carried = struct.unpack("<I", made[b"fmt "][20:24])[0] != 0
    assert carried or "speaker positions" in missing(notices)


# fields between formats


FIELDS = {
    "title": "a title",
    "artist": "somebody",
    "album": "an album",
    "date": "2021",
    "genre": "Jazz",
    "tracknumber": "7",
    "comment": "a comment",
    "copyright": "a copyright",
    "software": "a program",
    "license": "a licence",
}
IDS = dict(
    zip(
        [
            "title",
            "artist",
            "album",
            "date",
            "genre",
            "tracknumber",
            "comment",
            "copyright",
            "software",
        ],
        ["INAM", "IART", "IPRD", "ICRD", "IGNR", "ITRK", "ICMT", "ICOP", "ISFT"],
        strict=True,
    )
)
TAGGED = ["wav", "flac", "ogg", "opus", "aiff", "caf", "mp3", "w64"]


def tagged(folder, suffix, fields, frames=4800):
    path = folder / f"in.{suffix}"
    steps = steps_of(frames, 1)
    if suffix == "wav":
        info = {IDS[f]: t.encode() + b"\0" for f, t in fields.items() if f in IDS}
        return put(folder, wave_file(after=[(b"LIST", sub_chunks(b"INFO", **info))], steps=steps))
    form = {"opus": "OGG"}.get(suffix, suffix.upper())
    subtype = {"opus": "OPUS", "ogg": "VORBIS", "mp3": "MPEG_LAYER_III"}.get(suffix, "PCM_16")
    with soundfile.SoundFile(path, "w", RATE, 1, subtype, format=form) as file:
        for field, text in fields.items():
            try:
                setattr(file, field, text)
            except soundfile.SoundFileError:
                continue
        file.write(steps / 2**15)
    return str(path)


def fields_in(path):
    """Return the tags of a file, read by libsndfile or by the INFO parser here."""
    if str(path).endswith(".wav"):
        found = {}
        for _, body in [pair for part in chunks_of(path) for pair in part if pair[0] == b"LIST"]:
            at = 4
            while at < len(body):
                known, size = struct.unpack("<4sI", body[at : at + 8])
                text = body[at + 8 : at + 8 + size].rstrip(b"\0").decode()
                found |= {field: text for field, id_ in IDS.items() if id_ == known.decode()}
                at += 8 + size + size % 2
        return found
    with soundfile.SoundFile(path) as file:
        fields = file.copy_metadata()
    # libsndfile reads past the software tag of an AIFF, up to whatever byte of its memory is 0
    return {
        name: re.sub(r"(?s)(\(libsndfile-[\d.]*\)).*", r"\1", text) for name, text in fields.items()
    }


@pytest.mark.parametrize("target", TAGGED)
@pytest.mark.parametrize("source", TAGGED)
def test_a_field_arrives_or_is_named(source, target, tmp_path):
    path = tagged(tmp_path, source, FIELDS)
    had = fields_in(path)
    notices = convolve(path, tmp_path / f"out.{target}")
    found, gone = fields_in(tmp_path / f"out.{target}"), words(missing(notices))
    for field, text in had.items():
        if field in found:
            assert found[field].startswith(text), field
            assert field not in gone
        else:
            assert field in gone
    for field in found:
        assert field in had or field == "software" or not found[field]
    if target in ("flac", "wav"):
        assert had.keys() & {"title", "artist", "date"} <= found.keys()


def test_ffprobe_reads_the_fields_of_every_format(tmp_path):
    path = tagged(tmp_path, "flac", FIELDS)
    wanted = {f: FIELDS[f] for f in ("title", "artist", "album", "date", "genre", "comment")}
    for target in TAGGED:
        out = tmp_path / f"out.{target}"
        gone = missing(convolve(path, out))
        seen = tags_seen_by_ffprobe(out)
        for field, text in wanted.items():
            if field in words(gone):
                assert text not in seen.values()
            elif target in ("aiff", "caf"):  # ffprobe uses other names for these
                assert text in seen.values(), (target, field)
            else:
                assert seen.get(field) == text, (target, field)


def test_exiftool_reads_the_fields_of_every_format(tmp_path):
    path = tagged(tmp_path, "flac", FIELDS)
    for target in ("wav", "flac", "ogg", "opus", "mp3"):
        out = tmp_path / f"out.{target}"
        gone = words(missing(convolve(path, out)))
        seen = exiftool(out)
        for field in ("title", "artist", "comment", "genre"):
            assert (seen.get(field.title()) == FIELDS[field]) == (field not in gone), (target, seen)


STRANGE = {"title": "Ä → 音楽", "artist": "Björk", "album": "Ω", "comment": "naïve ☃"}


@pytest.mark.parametrize("target", TAGGED)
@pytest.mark.parametrize("source", ["wav", "flac", "aiff", "ogg"])
def test_text_that_is_not_ascii_arrives_or_is_named(source, target, tmp_path):
    path = tagged(tmp_path, source, STRANGE)
    had = fields_in(path)
    gone = words(missing(convolve(path, tmp_path / f"out.{target}")))
    found = fields_in(tmp_path / f"out.{target}")
    for field in had:
        assert (found.get(field) == STRANGE[field]) == (field not in gone), (field, found)
    if shutil.which("ffprobe") and target in ("wav", "flac", "ogg", "opus", "mp3"):
        seen = tags_seen_by_ffprobe(tmp_path / f"out.{target}")
        for field in had.keys() - set(gone):
            assert seen.get(field) == STRANGE[field]


@pytest.mark.parametrize("target", ["flac", "ogg"])
def test_info_in_latin_1_arrives_as_the_same_text(target, tmp_path):
    """As it states no encoding, it is UTF-8 wherever it can be, and else what is common."""
    source = put(tmp_path, wave_file([CHUNKS["INFO in latin-1"]], []))
    assert missing(convolve(source, tmp_path / f"out.{target}")) == ""
    found = fields_in(tmp_path / f"out.{target}")
    assert (found["title"], found["artist"]) == ("Café", "Björk")


def test_a_name_in_latin_1_is_not_mangled_in_silence(tmp_path):
    """AIFF states no text encoding; text other than UTF-8 is decoded correctly, or listed."""
    source = with_chunks(tmp_path, "AIFF", (b"NAME", "Björk".encode("latin-1") + b"\0"))
    if "title" not in fields_in(source):
        pytest.skip("libsndfile does not read it")
    for target in ("wav", "flac", "ogg"):
        gone = missing(convolve(source, tmp_path / f"out.{target}"))
        found = fields_in(tmp_path / f"out.{target}").get("title")
        assert found == "Björk" or "title" in gone, (target, found)


@pytest.mark.parametrize("length", [1400, 1501, 5000, 60_000])
@pytest.mark.parametrize("target", TAGGED)
def test_long_text_never_makes_a_file_that_cannot_be_read(target, length, tmp_path):
    long = {field: (field + " ") * (length // len(field)) for field in FIELDS}
    source = tagged(tmp_path, "wav", long)
    notices = convolve(source, tmp_path / f"out.{target}")
    found = fields_in(tmp_path / f"out.{target}")
    for field in IDS:
        arrived = found.get(field, "").startswith(long[field].rstrip("\0"))
        assert arrived == (field not in words(missing(notices))), field
    assert soundfile.info(tmp_path / f"out.{target}").frames >= 4800
    if shutil.which("ffprobe"):
        assert ffprobe(tmp_path / f"out.{target}")["streams"][0]["codec_type"] == "audio"


# speakers


def mask_of(path):
    body = next(body for name, body, _ in parsed(path) if name == b"fmt ")
    tag = struct.unpack("<H", body[:2])[0]
    return struct.unpack("<I", body[20:24])[0] if tag == 0xFFFE else None


@pytest.mark.parametrize(
    ("channels", "mask", "kept"),
    [
        (1, 4, None),
        (2, 3, None),
        (2, 48, 48),
        (1, 1, 1),
        (2, 0, None),
        (6, 63, 63),
        (6, 1551, 1551),
        (3, 0, 0),
        (4, 263, 263),
    ],
)
def test_speaker_positions_are_kept(channels, mask, kept, tmp_path):
    source = put(tmp_path, wave_file(channels=channels, mask=mask))
    assert convolve(source, tmp_path / "out.wav", "double-spike:delay=5S", strict=True) == []
    assert mask_of(tmp_path / "out.wav") == kept


@pytest.mark.parametrize(("channels", "mask"), [(2, 0x30), (3, 0x7), (1, 0x1)])
def test_speaker_positions_are_dropped_with_a_notice_where_channels_change(
    channels, mask, tmp_path
):
    source = put(tmp_path, wave_file(channels=channels, mask=mask))
    soundfile.write(tmp_path / "ir.wav", np.eye(4), RATE, "DOUBLE")
    notices = convolve(
        source,
        tmp_path / "out.wav",
        str(tmp_path / "ir.wav"),
        map=f"matrix={','.join(f'{1 + n % channels}:{1 + n}' for n in range(4))}",
    )
    assert missing(notices) == "speaker positions"
    assert mask_of(tmp_path / "out.wav") == 0


def test_speaker_positions_that_a_flac_does_not_hold_are_named(tmp_path):
    usual = put(tmp_path, wave_file(channels=2, mask=0x3))
    assert convolve(usual, tmp_path / "usual.flac", strict=True) == []
    rear = put(tmp_path, wave_file(channels=2, mask=0x30))
    assert missing(convolve(rear, tmp_path / "rear.flac")) == "speaker positions"


def test_metadata_none_leaves_all_of_it_out(tmp_path):
    every = list(CHUNKS.values())
    source = put(tmp_path, wave_file(every[::2], every[1::2], channels=2, mask=0x30))
    assert convolve(source, tmp_path / "out.wav", metadata="none", recipe="none") == []
    assert [name for name, _, _ in parsed(tmp_path / "out.wav")] == [b"fmt ", b"data"]


def test_the_same_file_without_metadata_has_the_same_samples(tmp_path):
    every = list(CHUNKS.values())
    source = put(tmp_path, wave_file(every, every, channels=2))
    convolve(source, tmp_path / "a.wav", "double-spike:delay=1ms,gain=0.3")
    convolve(source, tmp_path / "b.wav", "double-spike:delay=1ms,gain=0.3", metadata="none")
    assert data_of(tmp_path / "a.wav") == data_of(tmp_path / "b.wav")


# wrong and hostile metadata


def survives(source, out, **options):
    """Convolve a file that may be refused, quickly and without a crash; return the notices."""
    begin = time.process_time()  # other programs do not count
    try:
        return convolve(source, out, overwrite=True, **options)
    except AudioconvError:
        return None
    finally:
        assert time.process_time() - begin < 10


LIES = {
    "a tail chunk that passes the end": (b"cue " + struct.pack("<I", 10**6) + b"x" * 50, "cue"),
    "a tail chunk of 4 GiB": (b"iXML" + struct.pack("<I", 2**32 - 1) + b"x" * 50, "iXML"),
    "a tail chunk whose last byte is missing": (chunk(b"iXML", b"abcd")[:-1], "iXML"),
    "NULs": (bytes(5000), ""),
    "less than a chunk header": (b"LIST", ""),
    "text that is no chunk": ("ÄÖ garbage".encode() * 40, ""),
    "a list of itself": (chunk(b"LIST", b"INFO" + chunk(b"LIST", b"INFO" * 50)), ""),
    "a field that passes its list": (chunk(b"LIST", b"INFOINAM" + struct.pack("<I", 10**9)), ""),
    "a field without text": (chunk(b"LIST", b"INFOINAM" + bytes(4)), ""),
    "a list of no kind": (chunk(b"LIST", b""), "LIST"),
    "a short bext": (chunk(b"bext", b"abc"), ""),
    "another RIFF": (wave_file(), "RIFF"),
}


@pytest.mark.parametrize("out", ["out.wav", "out.flac"])
@pytest.mark.parametrize("lie", LIES)
def test_what_follows_the_samples_never_touches_them(lie, out, tmp_path):
    garbage, said = LIES[lie]
    source = put(tmp_path, wave_file() + garbage)
    notices = survives(source, tmp_path / out)
    assert notices is not None
    if out == "out.wav":
        assert said in missing(notices)
        assert bool(said) == bool(missing(notices))
        parsed(tmp_path / out)
    np.testing.assert_array_equal(steps_in(tmp_path / out), steps_of(FRAMES, 1))


@pytest.mark.parametrize(("place", "out"), [("before", "out.wav"), ("after", "out.flac")])
def test_a_chunk_of_60_megabytes_is_carried_or_named(place, out, tmp_path):
    source = put(tmp_path, wave_file(**{place: [(b"iXML", b"<" * 60_000_000)]}))
    notices = survives(source, tmp_path / out)
    assert (missing(notices) == "iXML") == (out != "out.wav")
    np.testing.assert_array_equal(steps_in(tmp_path / out), steps_of(FRAMES, 1))


def test_a_chunk_that_is_whole_but_too_large_is_not_called_broken(tmp_path):
    source = put(tmp_path, wave_file(after=[(b"iXML", bytes(70_000_000)), CHUNKS["cue"]]))
    gone = missing(survives(source, tmp_path / "out.wav"))
    assert "iXML" in gone
    assert "truncated" not in gone


@pytest.mark.parametrize("place", ["before", "after"])
def test_the_work_grows_as_the_number_of_chunks(place, tmp_path):
    """Not faster: a file may have a million of them."""

    def calls(count):
        chunks = [(b"cue ", b"")] * count + [PRIVATE] * 10
        source = put(tmp_path, wave_file(**{place: chunks}))
        events = 0

        def seen(*_):
            nonlocal events
            events += 1

        sys.setprofile(seen)
        try:
            notices = survives(source, tmp_path / "out.wav")
        finally:
            sys.setprofile(None)
        assert missing(notices) == "odd1"
        assert data_of(tmp_path / "out.wav") == data_of(source)
        return events

    few, some, many = (calls(count) for count in (1000, 10_000, 19_000))
    assert many - some < 1.5 * (some - few)  # work that grew as the square would take 2.6 times


def test_a_notice_has_an_end_however_much_is_lost(tmp_path):
    """The notice stays short, however many names there are."""
    many = [(b"%04x" % n, b"") for n in range(40_000)]
    source = put(tmp_path, wave_file(after=many))
    assert len(missing(survives(source, tmp_path / "out.wav"))) < 10_000


@pytest.mark.parametrize("size", [0, 5, 10**6, 2**28 - 1])
def test_an_id3_tag_that_lies_about_its_size_is_no_crash(size, tmp_path):
    source = mp3_file(tmp_path, (b"TIT2", b"\0a"), (b"APIC", JPEG), size=size)
    survives(source, tmp_path / "out.wav")
    lying = mp3_file(tmp_path, (b"TIT2", b"\0a"), name="b.mp3")
    data = bytearray(Path(lying).read_bytes())
    data[14:18] = b"\x7f\xff\xff\xff"
    survives(put(tmp_path, bytes(data), "c.mp3"), tmp_path / "out.wav")


@pytest.mark.parametrize("kind", range(7))
def test_a_flac_block_that_lies_about_its_size_is_no_crash(kind, tmp_path):
    source = flac_file(tmp_path, (kind or 1, b"x" * 40))
    data = bytearray(Path(source).read_bytes())
    for size in (0, 1, 10**5, 2**24 - 1):
        data[43:46] = size.to_bytes(3)
        survives(put(tmp_path, bytes(data), "b.flac"), tmp_path / "out.wav")


@pytest.mark.parametrize("count", [0, 1, 5, 10**6, 2**32 - 1])
@pytest.mark.parametrize("length", [3, 2**32 - 1])
def test_comments_that_lie_are_no_crash(count, length, tmp_path):
    block = struct.pack("<I", 4) + b"test" + struct.pack("<I", count)
    block += struct.pack("<I", length) + b"A=b"
    survives(flac_file(tmp_path, (4, block)), tmp_path / "out.wav")
    for subtype in ("VORBIS", "OPUS"):
        survives(ogg_file(tmp_path, subtype, block), tmp_path / "out.wav")


def test_millions_of_empty_comments_take_no_time(tmp_path):
    block = struct.pack("<I", 4) + b"test" + struct.pack("<I", 2**32 - 1)
    source = flac_file(tmp_path, (4, block + bytes(2**24 - 1 - len(block))))
    notices = survives(source, tmp_path / "out.wav")
    assert notices is None or len(missing(notices)) < 100


def test_a_broken_comment_does_not_hide_the_others(tmp_path):
    block = struct.pack("<I", 4) + b"test" + struct.pack("<I", 2)
    block += struct.pack("<I", 11) + b"STRANGE=one" + struct.pack("<I", 100)
    source = flac_file(tmp_path, (6, picture(100)), (4, block))
    notices = survives(source, tmp_path / "out.wav")
    assert notices is None or "cover art" in missing(notices)


def test_the_chunks_of_rifx_are_named(tmp_path):
    data = b"".join(struct.pack(">h", n) for n in steps_of(FRAMES, 1).ravel())
    form = chunk(b"fmt ", struct.pack(">HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16), ">")
    body = form + chunk(b"cue ", cue(5), ">") + chunk(b"data", data, ">")
    body += chunk(b"LIST", INFO, ">")
    source = put(tmp_path, b"RIFX" + struct.pack(">I", 4 + len(body)) + b"WAVE" + body)
    assert words(missing(convolve(source, tmp_path / "out.wav"))) == ["LIST", "cue"]
    assert chunks_of(tmp_path / "out.wav") == ([], [])
    np.testing.assert_array_equal(steps_in(tmp_path / "out.wav"), steps_of(FRAMES, 1))


@pytest.mark.parametrize("at", range(0, 700, 7))
def test_a_damaged_byte_among_the_chunks_never_crashes(at, tmp_path):
    data = bytearray(wave_file(list(CHUNKS.values())[::3], list(CHUNKS.values())[1::3]))
    data[-1 - at] ^= 0xFF
    survives(put(tmp_path, bytes(data)), tmp_path / "out.wav")


# through pipes


def piped(data, *arguments, folder):
    """Run the program between two pipes; return its output and its notices."""
    done = subprocess.run(
        [sys.executable, "-m", "audioconv", "convolve", "-", "-", "--ir", "delta", *arguments],
        input=data,
        capture_output=True,
        cwd=Path(__file__).parents[1],
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    said = [n.removeprefix("notice: ") for n in done.stderr.decode().splitlines()]
    (folder / "piped.wav").write_bytes(done.stdout)
    return done.stdout, said


@pytest.mark.parametrize("size", [None, 0xFFFFFFFF], ids=["known", "unknown"])
@pytest.mark.parametrize("arguments", [["--subtype", "FLOAT"], ["--clip", "error"], []])
def test_chunks_come_out_of_a_pipe_only_where_its_sizes_are_right(arguments, size, tmp_path):
    before = [CHUNKS["bext 1"], CHUNKS["INFO in UTF-8"]]
    after = [CHUNKS["cue"], CHUNKS["iXML"]] if size is None else []
    data = wave_file(before, after, size=size)
    made, said = piped(data, *arguments, folder=tmp_path)
    flows = bool(arguments)
    if size is None and not flows:
        assert chunks_of(made) == (before, after)
        assert missing(said) == ""
    elif size is None:  # the trailing chunks are not known before the samples
        assert words(missing(said)) == ["cue", "iXML"]
    sound, rate = soundfile.read(io.BytesIO(made), dtype="float64")
    assert rate == RATE
    np.testing.assert_array_equal(sound, steps_of(FRAMES, 1)[:, 0] / 2**15)
    for name in (b"bext", b"LIST"):
        assert name in made
    if shutil.which("ffprobe"):
        found = ffprobe(tmp_path / "piped.wav")
        assert found["streams"][0]["codec_name"] in ("pcm_f32le", "pcm_s16le")
        assert found["format"]["tags"]["title"] == "Café 音楽"


@pytest.mark.parametrize("subtype", ["FLOAT", "PCM_24"])
def test_the_sizes_of_a_pipe_of_known_length_are_right(subtype, tmp_path):
    """Sizes in the header are wrong if they include chunks that are not written."""
    for after in ([], [CHUNKS["cue"]]):
        data = wave_file([CHUNKS["bext 1"]], after, frames=300)
        arguments = ["--subtype", subtype, "--clip", "error"]
        made, _ = piped(data, *arguments, folder=tmp_path)
        parsed(made)


def test_a_file_into_a_pipe_keeps_what_follows_the_samples(tmp_path, capfdbinary):
    source = put(tmp_path, wave_file([CHUNKS["INFO"]], [CHUNKS["cue"], CHUNKS["smpl"]]))
    run(Job(source, "-", ["delta"], Options(subtype="FLOAT", strict=True)))
    sys.stdout.flush()
    made = capfdbinary.readouterr().out
    assert chunks_of(made) == ([CHUNKS["INFO"]], [CHUNKS["cue"], CHUNKS["smpl"]])


def test_names_are_listed_once():
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "a"]) == "a and b"
