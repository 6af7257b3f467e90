"""Files as people have them: lossy codings, joined and damaged files, and headers that are wrong.

The right values are those of an uninterrupted decode by libsndfile, of the signal itself, or of
another decoder, with the command that gave them. The frames, pages and chunks are taken apart and
put together here, from the specifications.
"""

import hashlib
import io
import itertools
import os
import re
import struct
import subprocess
import sys
import wave
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from audioconv.errors import FormatError, TruncatedError
from audioconv.files import Reader, SoundInfo, target, write_all
from audioconv.files.codecs import blocks as block_codings
from audioconv.files.codecs import mpeg
from audioconv.files.codecs.splice import Splice, cut
from audioconv.files.codecs.tags import after_tags

RATE = 44100


# sounds, and how they are read


def tones(frames, channels=1, rate=RATE, seed=0):
    """Return a sine of its own pitch in each channel, 300 Hz and up, with noise and bursts."""
    generator = np.random.default_rng(seed)
    time = np.arange(frames)[:, np.newaxis] / rate
    pitches = 300 + 200 * np.arange(channels)
    bursts = np.repeat(generator.uniform(0, 0.2, (frames // 500 + 1, channels)), 500, axis=0)
    noise = generator.uniform(-1, 1, (frames, channels))
    return 0.4 * np.sin(2 * np.pi * pitches * time) + bursts[:frames] * noise


def encoded(audio, form, subtype, rate=RATE, **options):
    """Return the bytes of a file that libsndfile writes."""
    file = io.BytesIO()
    soundfile.write(file, audio, rate, subtype, format=form, **options)
    return file.getvalue()


def uninterrupted(data, most=None):
    """Return the samples of a whole file, decoded by one call and no seek before it."""
    with soundfile.SoundFile(io.BytesIO(data)) as file:
        return file.read(out=np.empty((most or file.frames, file.channels)))


def put(folder, data, name="sound"):
    path = folder / name
    path.write_bytes(data)
    return str(path)


class Heard(NamedTuple):
    """A sound as it is read, the notices without the name of the file, and its header."""

    audio: np.ndarray
    notices: list[str]
    info: SoundInfo
    speakers: int


def heard(path, block=2**16, *, allow=False):
    with Reader(path, allow_truncated=allow) as reader:
        audio = np.concatenate(list(reader.blocks(block)))
        notices = [notice.replace(path, "FILE") for notice in reader.notices]
        assert all("\n" not in notice for notice in notices)
        return Heard(audio, notices, reader.info, reader.metadata.speakers)


def hear(folder, data, **how):
    """Read a file of these bytes."""
    return heard(put(folder, data), **how)


def same(found, expected):
    assert found.shape == expected.shape
    np.testing.assert_array_equal(found, expected)


def refusal(folder, data, kind=TruncatedError):
    """Return the message with which a file is refused."""
    path = put(folder, data)
    with pytest.raises(kind) as caught:
        heard(path)
    message = str(caught.value)
    assert message.startswith(path)
    assert "\n" not in message
    return message.removeprefix(path).strip()


def pitches(audio, rate):
    """Return the strongest frequency of each channel, in Hz."""
    spectrum = np.abs(np.fft.rfft(audio * np.hanning(len(audio))[:, np.newaxis], axis=0))
    return np.argmax(spectrum, axis=0) * rate / len(audio)


# MPEG frames

CBR = {"compression_level": 0.99, "bitrate_mode": "CONSTANT"}
"""The lowest bit rate, 32 kbit/s at 44.1 kHz; LAME then writes no tag, but fills its reservoir."""

VBR = {"compression_level": 0.9, "bitrate_mode": "VARIABLE"}
ABR = {"compression_level": 0.6, "bitrate_mode": "AVERAGE"}
TAG_FRAME = 1105
"""Samples that a player drops: 576 of LAME's delay, and 529 of the decoder's."""

MPEG_1 = (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
MPEG_2 = (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160)
"""Bit rates of layer III in kbit/s."""


def mp3_frames(data):
    """Return the frames of a layer III stream without other bytes."""
    at, frames = 0, []
    while at + 4 <= len(data):
        assert data[at] == 0xFF
        assert data[at + 1] & 0xE6 == 0xE2
        first = data[at + 1] >> 3 & 3 == 3
        rate = (44100, 48000, 32000)[data[at + 2] >> 2 & 3] // {3: 1, 2: 2, 0: 4}[
            data[at + 1] >> 3 & 3
        ]
        kilobits = (MPEG_1 if first else MPEG_2)[data[at + 2] >> 4]
        padding = data[at + 2] >> 1 & 1
        size = (144 if first else 72) * kilobits * 1000 // rate + padding
        frames.append(data[at : at + size])
        at += size
    assert at == len(data)
    return frames


@cache
def mp3(frames, channels=1, rate=RATE, seed=0, mode="VBR"):
    options = {"CBR": CBR, "VBR": VBR, "ABR": ABR}[mode]
    audio = tones(frames, channels, rate, seed)
    return encoded(audio, "MP3", "MPEG_LAYER_III", rate, **options)


def spread(frames):
    return b"".join(frames)


def layer_1(frames, channels=1, seed=0):
    """Return frames of MPEG-1 layer I, 44.1 kHz and 192 kbit/s, of random numbers.

    In each of eight subbands, 12 samples of four bits with a scale factor; the rest is empty.
    ISO/IEC 11172-3, section 2.4.1.5.
    """
    generator = np.random.default_rng(seed)
    made = []
    for number in range(frames):
        padding = number * 12 * 192000 // 44100 != (number + 1) * 12 * 192000 // 44100
        size = 4 * (12 * 192000 // 44100 + padding)
        numbers = [(3, 4)] * 8 * channels + [(0, 4)] * 24 * channels
        numbers += [(int(n), 6) for n in generator.integers(5, 20, 8 * channels)]
        numbers += [(int(n), 4) for n in generator.integers(0, 15, 12 * 8 * channels)]
        bits = "".join(f"{value:0{width}b}" for value, width in numbers)
        body = int(bits.ljust(8 * (size - 4), "0"), 2).to_bytes(size - 4, "big")
        head = bytes([0xFF, 0xFF, 6 << 4 | padding << 1, 0xC0 if channels == 1 else 0])
        made.append(head + body)
    return made


def layer_2(frames):
    """Return silent frames of MPEG-2 layer II, mono, 24 kHz and 32 kbit/s."""
    return [b"\xff\xf5\x44\xc0" + bytes(72 * 32 * 1000 // 24000 * 2 - 4)] * frames


# Ogg pages


class Page(NamedTuple):
    """A page of an Ogg file; RFC 3533, section 6."""

    flags: int
    granule: int
    serial: int
    number: int
    lacing: bytes
    body: bytes

    @property
    def data(self):
        head = struct.pack("<4sBBqII", b"OggS", 0, *self[:4])
        tail = bytes([len(self.lacing)]) + self.lacing + self.body
        return head + struct.pack("<I", ogg_crc(head + bytes(4) + tail)) + tail


def ogg_crc(data):
    register = 0
    for byte in data:
        register = (register << 8 ^ OGG_TABLE[register >> 24 ^ byte]) & 0xFFFFFFFF
    return register


def table_of(bits, polynomial):
    def remainder(register):
        for _ in range(8):
            register = register << 1 ^ (polynomial if register >> (bits - 1) & 1 else 0)
        return register & (1 << bits) - 1

    return [remainder(byte << (bits - 8)) for byte in range(256)]


OGG_TABLE = table_of(32, 0x04C11DB7)


def ogg_pages(data):
    at, pages = 0, []
    while at < len(data):
        name, _, flags, granule, serial, number = struct.unpack("<4sBBqII", data[at : at + 22])
        assert name == b"OggS"
        lacing = data[at + 27 : at + 27 + data[at + 26]]
        begin = at + 27 + len(lacing)
        at = begin + sum(lacing)
        pages.append(Page(flags, granule, serial, number, lacing, data[begin:at]))
    return pages


def ogg(pages):
    return b"".join(page.data for page in pages)


def paged(packet, granule=0, *, flags=0, serial=1, number=0):
    """Return the pages of one packet."""
    lacing = bytes([255] * (len(packet) // 255) + [len(packet) % 255])
    made = []
    for place in range(0, len(lacing), 255):
        part = lacing[place : place + 255]
        begin = sum(lacing[:place])
        ended = place + 255 >= len(lacing)
        page = Page(
            flags | bool(place),
            granule if ended else -1,
            serial,
            number + len(made),
            part,
            packet[begin : begin + sum(part)],
        )
        made.append(page)
    return made


@cache
def ogg_sound(coding, frames, channels=1, rate=48000):
    return encoded(tones(frames, channels, rate), "OGG", coding, rate)


def test_the_pages_taken_apart_here_are_those_of_the_file():
    for coding in ("VORBIS", "OPUS"):
        data = ogg_sound(coding, 50_000)
        assert ogg(ogg_pages(data)) == data


# chunks


def chunk(name, body=b"", *, order="<", size=None):
    size = len(body) if size is None else size
    return name + struct.pack(f"{order}I", size) + body + b"\0" * (len(body) % 2)


def riff(*chunks, magic=b"RIFF", order="<", size=None):
    body = b"WAVE" + b"".join(chunks)
    return magic + struct.pack(f"{order}I", len(body) if size is None else size) + body


def fmt(tag=1, channels=1, bits=16, *, rate=RATE, align=None, order="<", more=b""):
    align = channels * bits // 8 if align is None else align
    body = struct.pack(f"{order}HHIIHH", tag, channels, rate, rate * align, align, bits)
    return chunk(b"fmt ", body + more, order=order)


def mp3_in_wave(frames, *, channels=1, rate=RATE, fact=None, more=b"", samples=1152):
    """Return MPEG frames in a WAV, with the twelve bytes of MPEGLAYER3WAVEFORMAT."""
    own = struct.pack("<HHIHHH", 12, 1, 2, len(frames[0]), 1, 1393)
    form = fmt(0x55, channels, 0, rate=rate, align=1, more=own)
    facts = [] if fact is None else [chunk(b"fact", struct.pack("<I", fact))]
    return riff(form, *facts, chunk(b"data", spread(frames) + more))


# 1. one uninterrupted decode, in blocks of any length


def decoded_frames(frames, channels=1):
    """Return the samples of MPEG frames of equal length, of which none has a tag."""
    return uninterrupted(spread(frames), len(frames) * 1152)


def lossy(name, frames):
    """Return a file, and its samples."""
    if name == "MP3 in WAV":
        parts = mp3_frames(mp3(frames, mode="CBR"))
        return mp3_in_wave(parts), decoded_frames(parts)
    if name.startswith("MP3"):
        data = mp3(frames, mode=name[4:7], rate=16000 if "16 kHz" in name else RATE)
        return data, uninterrupted(data)
    if name == "MP1":
        parts = layer_1(frames // 384)
        return spread(parts), uninterrupted(spread(parts), len(parts) * 384)
    data = ogg_sound(name, frames)
    return data, uninterrupted(data)


LOSSY = ["MP3 CBR", "MP3 VBR", "MP3 ABR", "MP3 VBR 16 kHz", "MP3 in WAV", "MP1", "VORBIS", "OPUS"]


@pytest.mark.parametrize("coding", LOSSY)
def test_a_lossy_sound_is_one_decode_in_blocks_of_any_length(coding, tmp_path):
    for frames, lengths in [(4000, (1, 7)), (270_000, (1024, 4095, 131_072, 2**20))]:
        data, expected = lossy(coding, frames)
        path = put(tmp_path, data)
        assert len(expected) >= frames - 384  # a file of layer I has whole MPEG frames only
        assert np.abs(expected).max() > 0.1
        for length in lengths:
            found = heard(path, length)
            same(found.audio, expected)
            assert found.notices == []
        same(heard(path, lengths[1], allow=True).audio, expected)


@pytest.mark.parametrize("mode", ["VBR", "ABR"])
def test_the_tag_of_lame_gives_the_length_of_the_signal(mode, tmp_path):
    """Its delay and padding are dropped, so the sound is as long as the original, and in time."""
    original = tones(50_000)
    found = hear(tmp_path, mp3(50_000, mode=mode)).audio
    assert len(found) == len(original)
    # the error of the coding is below the sound; a shift by a frame would double the sound
    assert np.std(found[:, 0] - original[:, 0]) < np.std(original[:, 0]) / 2


def test_layer_2_is_read(tmp_path):
    found = hear(tmp_path, spread(layer_2(20)))
    assert (found.info.rate, found.audio.shape) == (24000, (20 * 1152, 1))
    assert not found.audio.any()


SHARED_MP3 = {
    # ffmpeg -i FILE -f f64le -, samples from the frame on
    "m32k.mp3": (1_323_000, {131_077: [0.0401868, 0.0417539, 0.0433898, 0.0451302, 0.0470759]}),
    "m48k.mp3": (1_323_000, {131_077: [0.0409998, 0.0426027, 0.0443434, 0.0463263, 0.0487001]}),
}


@pytest.mark.parametrize("name", SHARED_MP3)
def test_shared_mp3_past_the_edges_of_blocks(name, shared):
    frames, places = SHARED_MP3[name]
    path = str(shared / "cases" / name)
    data = Path(path).read_bytes()
    expected = uninterrupted(data)
    for length in (1024, 131_072):
        found = heard(path, length).audio
        assert len(found) == frames
        same(found, expected)
        for at, values in places.items():
            # two decoders of full accuracy differ by 2^-14 at most: ISO/IEC 11172-4, 2.6
            np.testing.assert_allclose(found[at : at + 5, 0], values, rtol=0, atol=2.0**-14)


# 2. Opus that begins later than 0


@pytest.mark.parametrize(
    ("channels", "later"), [(1, 312), (1, 960), (1, 5000), (1, 2**40), (2, 960), (6, 5000)]
)
def test_an_opus_cut_from_a_stream_is_the_sound(channels, later, tmp_path):
    data = ogg_sound("OPUS", 150_000, channels)
    pages = ogg_pages(data)
    assert len(pages) > 4
    moved = [p._replace(granule=p.granule + later) if p.granule else p for p in pages]
    found, original = hear(tmp_path, ogg(moved)), hear(tmp_path, data)
    assert len(original.audio) == 150_000
    same(found.audio, original.audio)
    assert found.notices == original.notices == []


@pytest.mark.parametrize("later", [960, 48_000 * 60])
def test_a_vorbis_that_begins_later_is_the_sound(later, tmp_path):
    data = ogg_sound("VORBIS", 100_000)
    moved = [p._replace(granule=p.granule + later) if p.granule else p for p in ogg_pages(data)]
    found, original = hear(tmp_path, ogg(moved)), hear(tmp_path, data)
    assert len(original.audio) == 100_000
    same(found.audio, original.audio)


@pytest.mark.parametrize("first", [1, 2])
def test_an_opus_from_the_middle_of_a_stream_is_the_rest_of_the_sound(first, tmp_path):
    data = ogg_sound("OPUS", 300_000)
    head, tags, *sound = ogg_pages(data)
    assert not any(page.flags & 1 for page in sound)  # packets end with their pages
    rest = [page._replace(number=2 + n) for n, page in enumerate(sound[first:])]
    found, whole = hear(tmp_path, ogg([head, tags, *rest])), hear(tmp_path, data)
    # 312 samples of pre-skip are dropped, of the whole and of the rest
    assert len(found.audio) == 300_000 - sound[first - 1].granule
    assert found.notices == []
    settled = len(found.audio) - 48_000  # RFC 7845, section 4.6: 80 ms are enough
    ends = found.audio[-settled:], whole.audio[-settled:]
    np.testing.assert_allclose(*ends, rtol=0, atol=2.0**-15)


@pytest.mark.parametrize("later", [0, 960])
@pytest.mark.parametrize("length", [10, 70_000, 200_000])
def test_comments_of_opus_may_span_pages(length, later, tmp_path):
    data = ogg_sound("OPUS", 150_000)
    head, _, *sound = ogg_pages(data)
    text = b"title=" + b"x" * length
    comments = b"OpusTags" + struct.pack("<I4sII", 4, b"test", 1, len(text)) + text
    tags = paged(comments, serial=head.serial, number=1)
    assert len(tags) == (length + 50) // (255 * 255) + 1
    moved = [
        page._replace(number=len(tags) + number, granule=page.granule + later)
        for number, page in enumerate(sound, 1)
    ]
    found = hear(tmp_path, ogg([head, *tags, *moved]))
    same(found.audio, hear(tmp_path, data).audio)


def test_shared_opus_that_begins_late(shared):
    found = heard(str(shared / "cases" / "st_960.opus"))
    # opusdec --float --rate 48000: 240,000 frames; those from 4800 on
    assert found.audio.shape == (240_000, 2)
    expected = [[-0.0955211, -0.1040798], [-0.1036449, -0.1132397], [-0.1130272, -0.1241301]]
    np.testing.assert_allclose(found.audio[4800:4803], expected, rtol=0, atol=2.0**-15)
    assert found.notices == []


# 3. damage between MPEG frames

ID3V1 = b"TAG" + b"a title".ljust(125)
APE_ITEM = struct.pack("<II", 4, 0) + b"Title\0abcd"


def ape(*, header=True):
    """Return an APE tag of version 2, with a footer."""
    size = len(APE_ITEM) + 32

    def part(flags):
        return struct.pack("<8sIIII8x", b"APETAGEX", 2000, size, 1, flags)

    return (part(5 << 29) if header else b"") + APE_ITEM + part((4 if header else 0) << 29)


LYRICS = b"LYRICSBEGIN" + b"IND0000200" + b"LYR00005" + b"hello"
LYRICS += f"{len(LYRICS):06}".encode() + b"LYRICS200"


def id3(size, body=None):
    """Return an ID3 tag of version 2.4, with one frame of text and padding."""
    frame = b"TIT2" + struct.pack(">IH", 6, 0) + b"\3title"
    body = (frame + bytes(max(0, size - 10 - len(frame)))) if body is None else body
    length = bytes(len(body) >> shift & 127 for shift in (21, 14, 7, 0))
    return b"ID3\4\0\0" + length + body


TAGS = {
    "nothing": b"",
    "ID3v1": ID3V1,
    "APE": ape(),
    "Lyrics3": LYRICS,
    "Lyrics3 and ID3v1": LYRICS + ID3V1,
    "APE and ID3v1": ape() + ID3V1,
}
DAMAGED = 100


@pytest.mark.parametrize("mode", ["CBR", "VBR"])
@pytest.mark.parametrize("behind", TAGS)
def test_damage_in_the_middle_of_an_mp3_is_named(behind, mode, tmp_path):
    frames = mp3_frames(mp3(300_000, mode=mode))
    assert len(frames) > 200
    sizes = [*itertools.accumulate(map(len, frames), initial=0)]
    frames[DAMAGED] = bytes(4) + frames[DAMAGED][4:]
    data = spread(frames) + TAGS[behind]
    assert f"no MPEG frame at byte {sizes[DAMAGED]};" in refusal(tmp_path, data)

    found = hear(tmp_path, data, allow=True)
    assert f"no MPEG frame at byte {sizes[DAMAGED]};" in found.notices[0]
    whole = hear(tmp_path, mp3(300_000, mode=mode)).audio
    # with a tag, the encoder's padding at the end remains: at least the decoder's delay less
    assert len(whole) - 1152 <= len(found.audio) < len(whole)
    begin = 0 if mode == "CBR" else TAG_FRAME + 1152  # the frame of the tag is no sound
    lost = DAMAGED * 1152 - begin
    same(found.audio[:lost], whole[:lost])
    # the bit reservoir is 511 bytes at most, five frames of 32 kbit/s; a frame overlaps the next
    later, end = lost + 6 * 1152, len(whole) - 1152
    # the order in which the decoder adds 16 products depends on the number of frames before
    rest = found.audio[later:end] - whole[later + 1152 :]
    assert np.abs(rest).max() <= 2.0**-22


@pytest.mark.parametrize("place", [50, -3, -1])
def test_three_letters_are_no_tag(place, tmp_path):
    """They may be taken for 128 bytes of ID3v1, but then no frame follows."""
    frames = mp3_frames(mp3(300_000, mode="CBR"))
    before = spread(frames[:place])
    data = before + b"TAG" + spread(frames[place:])
    found = re.search(r"no MPEG frame at byte (\d+);", refusal(tmp_path, data))
    assert 0 <= int(found[1]) - len(before) <= 128
    assert len(hear(tmp_path, data, allow=True).audio) >= (len(frames) - 2) * 1152


def test_shared_mp3_with_damage(shared):
    path = str(shared / "cases" / "mid_bad_id3v1.mp3")
    with pytest.raises(TruncatedError, match="no MPEG frame at byte 23405;"):
        heard(path)
    found = heard(path, allow=True)
    # 112 MPEG frames but one; ffmpeg -i FILE -f f64le - drops another after the damage
    assert len(found.audio) == 111 * 1152
    assert "no MPEG frame at byte 23405" in found.notices[0]


# 4. joined MP3s

BETWEEN = {**TAGS, "ID3v2": id3(500), "ID3v1 and ID3v2": ID3V1 + id3(500), "two tags": ID3V1 * 2}
BETWEEN["APE without header"] = ape(header=False)
"""Bytes between two files joined end to end."""


def joined(first, second, between, folder):
    """Return the sound of the joined files, and its notices."""
    found = hear(folder, first + between + second, allow=False)
    same(hear(folder, first + between + second, allow=True).audio, found.audio)
    return found.audio, found.notices


@pytest.mark.parametrize("between", BETWEEN)
def test_joined_mp3s_with_tags_are_both_sounds(between, tmp_path):
    """Each begins with a frame for the tag, which is longer than the decoder's overlap."""
    parts = [mp3(40_000, seed=1), mp3(30_000, seed=2), mp3(20_000, seed=3)]
    data = BETWEEN[between].join(parts)
    found = hear(tmp_path, data)
    same(found.audio, np.concatenate([uninterrupted(part) for part in parts]))
    place = len(parts[0]) + len(BETWEEN[between])
    assert found.notices == [f"FILE is joined from 3 files, the second from byte {place} on"]


@pytest.mark.parametrize("between", ["ID3v1", "APE", "ID3v2", "Lyrics3"])
@pytest.mark.parametrize("modes", [("CBR", "CBR"), ("CBR", "VBR"), ("VBR", "CBR")])
def test_joined_mp3s_without_tags_are_both_sounds(modes, between, tmp_path):
    first, second = (mp3(40_000, seed=seed, mode=mode) for seed, mode in enumerate(modes))
    found = hear(tmp_path, first + BETWEEN[between] + second)
    ends = [hear(tmp_path, part).audio for part in (first, second)]
    place = len(ends[0])
    assert len(found.audio) == sum(map(len, ends))
    same(found.audio[:place], ends[0])
    # without a tag, the second begins in the decay of the first: less than an MPEG frame
    same(found.audio[place + 1152 :], ends[1][1152:])
    at = len(first) + len(BETWEEN[between])
    assert found.notices == [f"FILE is joined from 2 files, the second from byte {at} on"]


def test_joined_mp3s_without_any_tag_are_one_stream(tmp_path):
    parts = [mp3(40_000, seed=seed, mode="CBR") for seed in (1, 2)]
    found = hear(tmp_path, spread(parts))
    assert len(found.audio) == sum(len(mp3_frames(part)) * 1152 for part in parts)


@pytest.mark.parametrize("between", ["nothing", "ID3v1", "ID3v2"])
@pytest.mark.parametrize(
    ("other", "name"),
    [({"rate": 48000}, "48000 Hz, mono"), ({"channels": 2}, "44100 Hz, stereo")],
)
def test_joined_mp3s_of_different_sounds_are_refused(other, name, between, tmp_path):
    first = mp3(40_000)
    data = first + BETWEEN[between] + mp3(40_000, **other)
    place = len(first) + len(BETWEEN[between])
    message = refusal(tmp_path, data, FormatError)
    assert f"it changes from layer 3, 44100 Hz, mono to layer 3, {name} at byte {place}" in message


def test_shared_mp3s_joined(shared, tmp_path):
    path = str(shared / "cases" / "cat_id3v1_between.mp3")
    found = heard(path)
    assert len(found.audio) == 2 * 112 * 1152
    assert len(found.notices) == 1
    data = Path(path).read_bytes()
    assert data[46_811:46_814] == b"TAG"
    parts = [uninterrupted(part, 112 * 1152) for part in (data[:46_811], data[46_939:])]
    same(found.audio[: 112 * 1152], parts[0])
    same(found.audio[113 * 1152 :], parts[1][1152:])


# 5. orders of channels

WAVE_ORDER = ["FL", "FR", "FC", "LFE", "BL", "BR", "FLC", "FRC", "BC", "SL", "SR"]
"""From the first bit of a speaker mask on."""

VORBIS_ORDER = {
    # Vorbis I, section 4.3.9; RFC 7845, section 5.1.1.2
    3: "FL FC FR",
    4: "FL FR BL BR",
    5: "FL FC FR BL BR",
    6: "FL FC FR BL BR LFE",
    7: "FL FC FR SL SR BC LFE",
    8: "FL FC FR SL SR BL BR LFE",
}
ALAC_ORDER = {
    # Apple Lossless format, "Channel layout tags": MPEG_3_0_B, 4_0_B, 5_0_D, 5_1_D, AAC_6_1, 7_1_B
    3: "FC FL FR",
    4: "FC FL FR BC",
    5: "FC FL FR BL BR",
    6: "FC FL FR BL BR LFE",
    7: "FC FL FR BL BR BC LFE",
    8: "FC FLC FRC FL FR BL BR LFE",
}
ORDERS = {
    ("OGG", "VORBIS"): VORBIS_ORDER,
    ("OGG", "OPUS"): VORBIS_ORDER,
    ("CAF", "ALAC_16"): ALAC_ORDER,
    ("CAF", "ALAC_24"): ALAC_ORDER,
}


def written(path, audio, form, subtype, rate=48000):
    """Write a file with audioconv."""
    info = SoundInfo(str(path), form, subtype, rate, audio.shape[1], len(audio))
    with target(str(path), reread=True) as out:
        write_all(out, info, audio)
        out.commit()
    return str(path)


@pytest.mark.parametrize("channels", range(3, 9))
@pytest.mark.parametrize(("form", "subtype"), ORDERS)
def test_channels_have_the_order_of_the_coding_in_a_file_and_of_wav_outside(
    form, subtype, channels, tmp_path
):
    names = ORDERS[form, subtype][channels].split()
    in_wave = sorted(names, key=WAVE_ORDER.index)
    original = tones(12_000, channels, 48000)
    pitch = dict(zip(in_wave, 300 + 200 * np.arange(channels), strict=True))
    path = written(tmp_path / "a", original, form, subtype)
    with soundfile.SoundFile(path) as file:
        inside = file.read()
    if "LFE" in names and subtype == "OPUS":  # which codes it for low frequencies only
        pitch["LFE"] = pitches(inside, 48000)[names.index("LFE")]
    assert pitches(inside, 48000).tolist() == [pitch[name] for name in names]
    found = heard(path)
    assert pitches(found.audio, 48000).tolist() == [pitch[name] for name in in_wave]
    assert found.speakers == sum(1 << WAVE_ORDER.index(name) for name in names)
    if subtype.startswith("ALAC"):
        half_step = 2.0 ** -int(subtype[5:])
        np.testing.assert_allclose(found.audio, original, rtol=0, atol=half_step)


def opus_of_family(family, channels):
    """Return an Opus of a channel mapping family; RFC 7845, section 5.1.1."""
    head, *rest = ogg_pages(ogg_sound("OPUS", 60_000, channels))
    assert head.body[18] == 1
    changed = head.body[:18] + bytes([family]) + head.body[19:]
    return ogg([head._replace(body=changed), *rest])


@pytest.mark.parametrize("channels", [4, 6])
@pytest.mark.parametrize("family", [2, 3])
def test_ambisonics_in_opus_are_left_alone(family, channels, tmp_path):
    found = hear(tmp_path, opus_of_family(family, channels))
    with soundfile.SoundFile(str(tmp_path / "sound")) as file:
        same(found.audio, file.read())
    assert found.notices == []
    assert found.speakers == 0


@pytest.mark.parametrize("channels", [3, 5, 6])
def test_an_opus_of_no_order_is_left_alone_with_a_notice(channels, tmp_path):
    found = hear(tmp_path, opus_of_family(255, channels))
    with soundfile.SoundFile(str(tmp_path / "sound")) as file:
        same(found.audio, file.read())
    expected = f"FILE has {channels} channels of no defined order; they are read in the order"
    assert [expected in notice for notice in found.notices] == [True]
    assert found.speakers == 0


def test_a_vorbis_of_nine_channels_has_no_order(tmp_path):
    found = hear(tmp_path, ogg_sound("VORBIS", 30_000, 9))
    assert pitches(found.audio, 48000).round(-1).tolist() == [*range(300, 2000, 200)]
    assert ["9 channels of no defined order" in notice for notice in found.notices] == [True]
    assert found.speakers == 0


@pytest.mark.parametrize("channels", [1, 2])
def test_one_and_two_channels_have_no_speakers_to_state(channels, tmp_path):
    found = hear(tmp_path, ogg_sound("VORBIS", 30_000, channels))
    assert (found.speakers, found.notices) == (0, [])


@pytest.mark.parametrize("channels", [3, 6, 7])
def test_speaker_positions_go_from_ogg_to_wav(channels, call, tmp_path):
    put(tmp_path, ogg_sound("VORBIS", 30_000, channels), "a.ogg")
    call("convolve", tmp_path / "a.ogg", tmp_path / "b.wav", "--ir", "delta")
    data = (tmp_path / "b.wav").read_bytes()
    at = data.index(b"fmt ") + 8
    tag, mask = struct.unpack("<H18xI", data[at : at + 24])
    assert tag == 0xFFFE
    assert mask == sum(1 << WAVE_ORDER.index(name) for name in VORBIS_ORDER[channels].split())
    with soundfile.SoundFile(str(tmp_path / "b.wav")) as file:
        in_wave = sorted(VORBIS_ORDER[channels].split(), key=WAVE_ORDER.index)
        inside = [VORBIS_ORDER[channels].split().index(name) for name in in_wave]
        expected = 300 + 200 * np.array(inside)  # libsndfile wrote tone after tone
        np.testing.assert_allclose(pitches(file.read(), 48000), expected, atol=2)


SHARED_ORDERS = {"c3.ogg": 3, "w6.opus": 6}


@pytest.mark.parametrize("name", SHARED_ORDERS)
def test_shared_channels_are_in_wav_order(name, shared):
    path = str(shared / "cases" / name)
    found = heard(path)
    assert found.audio.shape == (48_000, SHARED_ORDERS[name])
    names = VORBIS_ORDER[SHARED_ORDERS[name]].split()
    with soundfile.SoundFile(path) as file:
        inside = file.read()
    in_wave = sorted(names, key=WAVE_ORDER.index)
    for channel, speaker in enumerate(in_wave):
        same(found.audio[:, channel], inside[:, names.index(speaker)])


# 6. the ends of codings in blocks

BLOCK_CODINGS = {
    # subtype, channels; bytes and samples per channel of a block stand in the fmt chunk
    "GSM": ("GSM610", 1),
    "IMA": ("IMA_ADPCM", 1),
    "IMA stereo": ("IMA_ADPCM", 2),
    "MS": ("MS_ADPCM", 1),
    "MS stereo": ("MS_ADPCM", 2),
}
BLOCKS = 5


class Coded(NamedTuple):
    """The parts of a WAV of a coding in blocks, and the samples of its blocks."""

    fmt: bytes
    data: bytes
    audio: np.ndarray
    size: int
    samples: int


@cache
def coded(name):
    """Return a sound of five blocks."""
    subtype, channels = BLOCK_CODINGS[name]
    made = encoded(tones(20_000, channels, 8000), "WAV", subtype, 8000)
    at = made.index(b"fmt ")
    form = made[at + 8 : at + 8 + int.from_bytes(made[at + 4 : at + 8], "little")]
    size, samples = (int.from_bytes(form[place : place + 2], "little") for place in (12, 18))
    begin = made.index(b"data") + 8
    return Coded(
        form,
        made[begin : begin + BLOCKS * size],
        uninterrupted(made)[: BLOCKS * samples],
        size,
        samples,
    )


def coded_wave(form, data, fact=None, size=None, more=b""):
    facts = b"" if fact is None else chunk(b"fact", struct.pack("<I", fact))
    return riff(chunk(b"fmt ", form), facts, chunk(b"data", data, size=size), more)


GUID = bytes.fromhex("f3acd3118cd100c04f8edb8a")


def wave64_chunk(name, body, size=None):
    size = 24 + len(body) if size is None else 24 + size
    return name + GUID + struct.pack("<Q", size) + body + bytes(-len(body) % 8)


def wave64(*chunks):
    body = b"wave" + GUID + b"".join(chunks)
    start = b"riff" + bytes.fromhex("2e91cf11a5d628db04c10000")
    return start + struct.pack("<Q", 24 + len(body)) + body


def coded_wave64(form, data, fact=None, size=None, more=b""):
    facts = b"" if fact is None else wave64_chunk(b"fact", struct.pack("<Q", fact))
    return wave64(wave64_chunk(b"fmt ", form), facts, wave64_chunk(b"data", data, size), more)


@pytest.mark.parametrize("make", [coded_wave, coded_wave64])
@pytest.mark.parametrize("name", BLOCK_CODINGS)
def test_the_fact_chunk_counts_inside_the_last_block(name, make, tmp_path):
    sound = coded(name)
    held = BLOCKS * sound.samples
    for fact, length in {
        None: held,
        held: held,
        held - 1: held - 1,
        held - sound.samples + 1: held - sound.samples + 1,
        held - sound.samples: held,
        held + 1: held,
        2**32 - 1: held,
        0: held,
        1: held,
    }.items():
        found = hear(tmp_path, make(sound.fmt, sound.data, fact))
        same(found.audio, sound.audio[:length])
        assert found.notices == []
        assert found.info.frames == length


@pytest.mark.parametrize("make", [coded_wave, coded_wave64])
@pytest.mark.parametrize("name", BLOCK_CODINGS)
def test_a_byte_of_padding_is_no_block(name, make, tmp_path):
    sound = coded(name)
    for data in (
        make(sound.fmt, sound.data + b"\0"),
        make(sound.fmt, sound.data + b"\0", more=chunk(b"LIST", b"INFO")),
    ):
        same(hear(tmp_path, data).audio, sound.audio)
    one = make(sound.fmt, sound.data[: sound.size])  # of an odd size in GSM, then a byte of padding
    same(hear(tmp_path, one).audio, sound.audio[: sound.samples])


def partial_samples(name, rest):
    """Return the samples per channel of the beginning of a block of `rest` bytes."""
    channels = BLOCK_CODINGS[name][1]
    if name == "GSM":  # two frames of 260 bits
        return 160 if 8 * rest >= 260 else 0
    if name.startswith("IMA"):  # a header with the first sample; eight of each channel in turn
        groups = (rest - 4 * channels) // (4 * channels)
        return 1 + 8 * groups if groups >= 0 else 0
    more = rest - 7 * channels  # a header with two samples; then half a byte for each
    return 2 + 2 * more // channels if more >= 0 else 0


@pytest.mark.parametrize("make", [coded_wave, coded_wave64])
@pytest.mark.parametrize("name", BLOCK_CODINGS)
def test_a_partial_last_block_counts_for_as_much_as_it_holds(name, make, tmp_path):
    sound = coded(name)
    before = (BLOCKS - 1) * sound.samples
    rests = [1, 4, 5, 7, 8, 9, 14, 15, 32, 33, 34, 40, 63, 64, sound.size // 2, sound.size - 1]
    for rest in rests:
        if rest >= sound.size:
            continue
        data = sound.data[: (BLOCKS - 1) * sound.size + rest]
        held = before + partial_samples(name, rest)
        found = hear(tmp_path, make(sound.fmt, data))
        same(found.audio, sound.audio[:held])
        last = held - before
        for fact, length in {held - 1: held - 1 if last > 1 else held, before: held}.items():
            if last:
                same(hear(tmp_path, make(sound.fmt, data, fact)).audio, sound.audio[:length])


@pytest.mark.parametrize("name", BLOCK_CODINGS)
def test_rifx_ends_where_riff_does(name, tmp_path):
    """Microsoft and IBM, 1991: RIFX differs in the order of the bytes of numbers."""
    sound = coded(name)
    words = struct.unpack(f"<HHIIHH{(len(sound.fmt) - 16) // 2}H", sound.fmt)
    form = struct.pack(f">HHIIHH{(len(sound.fmt) - 16) // 2}H", *words)
    held = BLOCKS * sound.samples
    for fact, length in {None: held, held - 7: held - 7, held + 7: held}.items():
        facts = b"" if fact is None else chunk(b"fact", struct.pack(">I", fact), order=">")
        parts = chunk(b"fmt ", form, order=">"), facts, chunk(b"data", sound.data, order=">")
        data = riff(*parts, magic=b"RIFX", order=">")
        found = hear(tmp_path, data)
        assert len(found.audio) == length
        same(found.audio, uninterrupted(data)[:length])


@given(data=st.data())
@settings(max_examples=200, deadline=None)
def test_the_length_of_blocks_is_the_sum_over_them(data):
    """A fact chunk only chooses inside the last block."""
    name = data.draw(st.sampled_from(sorted(BLOCK_CODINGS)))
    sound = coded(name)
    coding = block_codings.blocks(sound.fmt)
    bytes_held = data.draw(st.integers(0, 4 * sound.size))
    fact = data.draw(st.none() | st.integers(0, 5 * sound.samples))
    lengths = [
        min(sound.samples, sound.samples if rest == sound.size else partial_samples(name, rest))
        for start in range(0, bytes_held, sound.size)
        if (rest := min(sound.size, bytes_held - start))
    ]
    held = sum(lengths)
    lengths = [length for length in lengths if length]
    begin = held - lengths[-1] if lengths else 0
    expected = fact if fact is not None and begin < fact <= held else held
    assert coding.length(bytes_held, fact) == expected


def test_the_end_of_mp3_in_wav_is_that_of_its_fact_chunk(tmp_path):
    frames = mp3_frames(mp3(30_000, mode="CBR"))
    decoded = decoded_frames(frames)
    held = len(decoded)
    for fact, length in {
        None: held,
        held: held,
        held - 1: held - 1,
        held - 1151: held - 1151,
        held - 1152: held,
        held + 1: held,
        0: held,
    }.items():
        found = hear(tmp_path, mp3_in_wave(frames, fact=fact))
        same(found.audio, decoded[:length])
        assert found.notices == []


def test_a_partial_mpeg_frame_in_wav_is_noticed(tmp_path):
    *frames, last = mp3_frames(mp3(30_000, mode="CBR"))
    data = mp3_in_wave(frames, more=last[:50])
    found = hear(tmp_path, data)
    same(found.audio, decoded_frames(frames))
    assert found.notices == ["FILE ends inside an MPEG frame, which is left out"]


def test_shared_gsm_with_a_pad_byte(shared):
    found = heard(str(shared / "cases" / "gsm1590.wav"))
    assert found.audio.shape == (1590, 1)
    # ffmpeg -i gsm1590.wav -f s16le - | head -c 3180 | sha256sum; the same with sox and -t raw
    assert (
        digest(found.audio, 16)
        == "53311e9ca504ffbdd2d4ade1978f2803e7d8871524171d0b848d9ad58634c080"
    )


def digest(audio, bits):
    """Return the SHA-256 of samples as little-endian integers."""
    steps = (audio * 2.0 ** (bits - 1)).astype(f"<i{bits // 8}")
    np.testing.assert_array_equal(steps / 2.0 ** (bits - 1), audio)
    return hashlib.sha256(steps.tobytes()).hexdigest()


# 7. data sizes that claim less than there is

HELD, STATED = 1000, 700


def numbers(frames=HELD, channels=1, bits=16):
    """Return random whole numbers, none of which looks like the name of a chunk."""
    low = 2 ** (bits - 1)
    return np.random.default_rng(5).integers(-low, low, (frames, channels))


def packed(samples, bits, order="<"):
    wide = samples.astype(f"{order}i4").tobytes()
    places = range(4 - bits // 8, 4) if order == ">" else range(bits // 8)
    columns = np.frombuffer(wide, np.uint8).reshape(-1, 4)
    return columns[:, [*places]].tobytes()


def short_wave(samples, bits, stale, more=b""):
    data = packed(samples, bits)
    size = len(data) * STATED // HELD
    channels = samples.shape[1]
    body = chunk(b"data", data, size=size) + more
    whole = 4 + len(fmt(1, channels, bits)) + 8 + size
    return riff(fmt(1, channels, bits), body, size=whole if stale else None)


def short_rf64(samples, bits, stale, more=b""):
    data = packed(samples, bits)
    size = len(data) * STATED // HELD
    channels = samples.shape[1]
    form = fmt(1, channels, bits)
    whole = 4 + 36 + len(form) + 8 + (size if stale else len(data))
    sizes = chunk(b"ds64", struct.pack("<QQQI", whole, size, STATED, 0))
    body = chunk(b"data", data, size=2**32 - 1) + more
    return riff(sizes, form, body, magic=b"RF64", size=2**32 - 1)


def short_au(samples, bits, stale, more=b""):
    data = packed(samples, bits, ">")
    code = {8: 2, 16: 3, 24: 4, 32: 5}[bits]
    size = len(data) * STATED // HELD
    return b".snd" + struct.pack(">5I", 24, size, code, RATE, samples.shape[1]) + data + more


def short_caf(samples, bits, stale, more=b""):
    data = packed(samples, bits, ">")
    channels = samples.shape[1]
    width = channels * bits // 8
    form = struct.pack(">d4s5I", RATE, b"lpcm", 0, width, 1, channels, bits)
    size = 4 + len(data) * STATED // HELD
    body = b"desc" + struct.pack(">q", 32) + form + b"data" + struct.pack(">q", size)
    return b"caff\0\1\0\0" + body + bytes(4) + data + more


def short_wave64(samples, bits, stale, more=b""):
    data = packed(samples, bits)
    size = len(data) * STATED // HELD
    channels = samples.shape[1]
    width = channels * bits // 8
    form = struct.pack("<HHIIHH", 1, channels, RATE, RATE * width, width, bits)
    return wave64(wave64_chunk(b"fmt ", form), wave64_chunk(b"data", data, size)) + more


AIFF_RATE = bytes.fromhex("400eac44000000000000")


def aiff(samples, bits, *, frames=None, size=None, more=b""):
    data = packed(samples, bits, ">")
    frames = len(samples) if frames is None else frames
    common = struct.pack(">hIh", samples.shape[1], frames, bits) + AIFF_RATE
    size = len(data) if size is None else size
    body = b"AIFF" + chunk(b"COMM", common, order=">")
    body += chunk(b"SSND", bytes(8) + data, order=">", size=8 + size) + more
    return chunk(b"FORM", body, order=">")


def short_aiff(samples, bits, stale, more=b""):
    size = len(packed(samples, bits)) * STATED // HELD
    return aiff(samples, bits, frames=STATED, size=size, more=more)


SHORT = {
    make.__name__.removeprefix("short_"): make
    for make in (short_wave, short_rf64, short_au, short_caf, short_wave64, short_aiff)
}
RESIZED = [name for name in SHORT if name != "aiff"]


@pytest.fixture(params=["file", "pipe"])
def way(request, piped, tmp_path):
    """Return a function that reads bytes from a file or from a pipe."""

    def read(data, **how):
        if request.param == "file":
            return hear(tmp_path, data, **how)
        piped(data)
        found = heard("-", **how)
        notices = [notice.replace("standard input", "FILE") for notice in found.notices]
        return found._replace(notices=notices)

    return read


@pytest.mark.parametrize("stale", [False, True])
@pytest.mark.parametrize(("channels", "bits"), [(1, 16), (2, 24)])
@pytest.mark.parametrize("name", SHORT)
def test_samples_past_the_stated_end_are_noticed(name, channels, bits, stale, way):
    samples = numbers(HELD, channels, bits)
    data = SHORT[name](samples, bits, stale)
    found = way(data)
    sound = samples / 2.0 ** (bits - 1)
    same(found.audio, sound[:STATED])
    remedy = "pass `allow_truncated=True` to read them"
    if name == "aiff":  # whose samples past the end are never read
        remedy = "they are skipped"
    assert found.notices == [f"FILE has up to 300 frames more than its header states; {remedy}"]


def test_a_byte_past_the_stated_end_that_completes_a_frame_is_noticed(way):
    data = struct.pack(">4s5I", b".snd", 24, 39, 3, 8000, 1) + bytes(40)
    found = way(data)
    assert len(found.audio) == 19
    assert "FILE has up to 1 frame more than its header states" in found.notices[0]
    assert len(way(data, allow=True).audio) == 20


@pytest.mark.parametrize("stale", [False, True])
@pytest.mark.parametrize(("channels", "bits"), [(1, 16), (2, 24)])
@pytest.mark.parametrize("name", RESIZED)
def test_samples_past_the_stated_end_are_read_if_allowed(name, channels, bits, stale, way):
    samples = numbers(HELD, channels, bits)
    found = way(SHORT[name](samples, bits, stale), allow=True)
    same(found.audio, samples / 2.0 ** (bits - 1))
    assert found.notices == ["FILE has up to 300 frames more than its header states; they are read"]


@pytest.mark.parametrize("allow", [False, True])
@pytest.mark.parametrize("make", [coded_wave, coded_wave64])
@pytest.mark.parametrize("name", BLOCK_CODINGS)
def test_blocks_past_the_stated_end_are_noticed(name, make, allow, way):
    sound = coded(name)
    found = way(make(sound.fmt, sound.data, size=3 * sound.size), allow=allow)
    same(found.audio, sound.audio[: (BLOCKS if allow else 3) * sound.samples])
    (notice,) = found.notices
    number = int(re.match(r"FILE has up to (\d+) frames more than its header states;", notice)[1])
    assert number == 2 * sound.samples


@pytest.mark.parametrize("allow", [False, True])
@pytest.mark.parametrize("kind", ["ULAW", "MP3"])
def test_coded_samples_past_the_stated_end_are_noticed(kind, allow, way):
    if kind == "ULAW":
        data = encoded(tones(1000), "WAV", "ULAW")
        held, size, whole = 700, 700, uninterrupted(data)[:1000]
    else:
        frames = mp3_frames(mp3(30_000, mode="CBR"))
        data, size = mp3_in_wave(frames), len(spread(frames[:10]))
        held, whole = 10 * 1152, decoded_frames(frames)
    at = data.index(b"data") + 4
    found = way(data[:at] + struct.pack("<I", size) + data[at + 4 :], allow=allow)
    same(found.audio, whole if allow else whole[:held])
    (notice,) = found.notices
    number = int(re.match(r"FILE has up to (\d+) frames more than its header states;", notice)[1])
    # frames of MPEG differ in length by a byte
    assert abs(number - (len(whole) - held)) <= (1152 if kind == "MP3" else 0)


@pytest.mark.parametrize("allow", [False, True])
@pytest.mark.parametrize("name", [b"LIST", b"id3 ", b"bext", b"aucv", b"zz9!"])
def test_a_truncated_chunk_behind_the_samples_is_no_sample(name, allow, way):
    samples = numbers()
    more = chunk(name, b"INFO" + bytes(100), size=4000)
    found = way(riff(fmt(), chunk(b"data", packed(samples, 16)), more), allow=allow)
    same(found.audio, samples / 2.0**15)
    label = name.decode().strip()
    assert found.notices == [
        f"the chunk {label!r} at the end of FILE is cut off; the sound is complete"
    ]


def test_a_notice_promises_nothing_that_does_not_help(tmp_path):
    """Frames past the end of an AIFF are not read, whatever the option."""
    found = hear(tmp_path, short_aiff(numbers(), 16, True), allow=True)
    if len(found.audio) == HELD:
        assert found.notices[0].endswith("they are read")
    else:
        assert "allow_truncated" not in found.notices[0]


@pytest.mark.parametrize("name", SHORT)
def test_samples_past_the_stated_end_are_an_error_in_strict_runs(name, call, tmp_path):
    source = put(tmp_path, SHORT[name](numbers(), 16, True))
    target_path = tmp_path / "out.wav"
    said = call("convolve", source, target_path, "--ir", "delta", "--strict", code=1)
    assert "up to 300 frames more than its header states" in said.err
    assert not target_path.exists()


@pytest.mark.parametrize("bits", [8, 16, 24])
@pytest.mark.parametrize("between", [b"", chunk(b"LIST", b"INFO"), chunk(b"abcd", b"xyz")])
def test_a_second_data_chunk_is_noticed(between, bits, way):
    samples = numbers(201, 1, bits)
    parts = [packed(part + (128 if bits == 8 else 0), bits) for part in (samples[:101], samples)]
    data = riff(fmt(1, 1, bits), chunk(b"data", parts[0]), between, chunk(b"data", parts[1]))
    sound = samples / 2.0 ** (bits - 1)
    found = way(data)
    same(found.audio, sound[:101])
    assert [notice.startswith("FILE has up to 201 frames more") for notice in found.notices] == [
        True
    ]
    found = way(data, allow=True)
    same(found.audio, np.concatenate([sound[:101], sound]))
    assert [notice.startswith("FILE has up to 201 frames more") for notice in found.notices] == [
        True
    ]


def past(name, more):
    """Return a whole file of a format, and bytes after it."""
    samples = numbers()[:STATED]
    if name == "au":
        data = packed(samples, 16, ">")
        return b".snd" + struct.pack(">5I", 24, len(data), 3, RATE, 1) + data + more
    if name == "caf":
        form = struct.pack(">d4s5I", RATE, b"lpcm", 0, 2, 1, 1, 16)
        data = bytes(4) + packed(samples, 16, ">")
        body = b"desc" + struct.pack(">q", 32) + form + b"data" + struct.pack(">q", len(data))
        return b"caff\0\1\0\0" + body + data + more
    if name == "wave64":
        form = struct.pack("<HHIIHH", 1, 1, RATE, RATE * 2, 2, 16)
        data = packed(samples, 16)
        return wave64(wave64_chunk(b"fmt ", form), wave64_chunk(b"data", data)) + more
    if name == "aiff":
        return aiff(samples, 16) + more
    return riff(fmt(), chunk(b"data", packed(samples, 16))) + more


def chunks_of(name):
    """Return chunks that may stand after the samples of a format."""
    if name == "wave64":
        return [wave64_chunk(b"LIST", b"INFO"), wave64_chunk(b"junk", bytes(5))]
    if name == "caf":
        return [n + struct.pack(">q", 4) + b"abcd" for n in (b"free", b"info", b"uuid")]
    order = ">" if name == "aiff" else "<"
    names = (b"LIST", b"id3 ", b"bext", b"ANNO", b"abcd", b"_PMX")
    return [chunk(name, b"INFO", order=order) for name in names]


@pytest.mark.parametrize("behind", [*TAGS, "ID3v2"])
@pytest.mark.parametrize("name", ["wave", "au", "caf", "wave64", "aiff"])
def test_tags_after_the_samples_are_no_samples(name, behind, way):
    found = way(past(name, {**TAGS, "ID3v2": id3(300)}[behind]))
    assert len(found.audio) == STATED
    assert found.notices == []


@pytest.mark.parametrize("name", ["wave", "caf", "wave64", "aiff"])
def test_chunks_after_the_samples_are_no_samples(name, way):
    for parts in [*([part] for part in chunks_of(name)), chunks_of(name)]:
        found = way(past(name, b"".join(parts)))
        assert len(found.audio) == STATED
        assert found.notices == []


@pytest.mark.parametrize("frames", [1, 2, 3, 4])
@pytest.mark.parametrize("name", ["wave", "wave64"])
def test_padding_is_no_sample(name, frames, way):
    """A chunk of RIFF is padded by a byte, one of Wave 64 to a multiple of eight bytes."""
    data = bytes(range(128, 128 + frames))
    form = struct.pack("<HHIIHH", 1, 1, RATE, RATE, 1, 8)
    if name == "wave":
        whole = riff(chunk(b"fmt ", form), chunk(b"data", data))
    else:
        whole = wave64(wave64_chunk(b"fmt ", form), wave64_chunk(b"data", data))
    unpadded = whole[: len(whole) - (-frames % (2 if name == "wave" else 8))]
    extra = [unpadded + b"\0"] if name == "wave" else []
    for data in (whole, unpadded, *extra):
        found = way(data)
        assert (found.audio[:, 0] * 128).tolist() == [*range(frames)]
        assert found.notices == []


class Sink(io.RawIOBase):
    """A pipe as the `wave` module sees it."""

    def __init__(self):
        self.data = b""

    def writable(self):
        return True

    def write(self, data):
        self.data += bytes(data)
        return len(data)

    def seekable(self):
        return False

    def seek(self, *_):
        raise io.UnsupportedOperation

    def tell(self):
        raise io.UnsupportedOperation


@pytest.mark.parametrize("stated", [None, 700, 1300])
def test_python_writes_wav_into_a_pipe(stated, way):
    """The header states the number of frames set, or else those of the first call."""
    samples, sink = numbers(), Sink()
    made = wave.open(sink, "wb")  # noqa: SIM115  # closing it is an error, tested here
    made.setnchannels(1)
    made.setsampwidth(2)
    made.setframerate(RATE)
    if stated:
        made.setnframes(stated)
    for start in range(0, HELD, 100):
        made.writeframesraw(packed(samples[start : start + 100], 16))
    with pytest.raises(io.UnsupportedOperation):
        made.close()
    assert len(sink.data) == 44 + 2 * HELD
    if stated == 1300:
        with pytest.raises(TruncatedError, match="states 1300 frames, but it ends after 1000"):
            way(sink.data)
        return
    found = way(sink.data)
    claimed = stated or 100
    same(found.audio, samples[:claimed] / 2.0**15)
    assert found.notices[0].startswith(f"FILE has up to {HELD - claimed} frames more than")
    same(way(sink.data, allow=True).audio, samples / 2.0**15)


# 8. FLAC that changes in mid-stream

FLAC_BITS = {8: 1, 12: 2, 16: 4, 20: 5, 24: 6}
FLAC_RATES = {88200: 1, 32000: 8, 44100: 9, 48000: 10, 96000: 11}
CRC_8, CRC_16 = table_of(8, 0x07), table_of(16, 0x8005)


def crc(data, table, bits):
    register = 0
    for byte in data:
        register = (register << 8 & (1 << bits) - 1) ^ table[register >> (bits - 8) ^ byte]
    return register


def flac_frame(samples, bits, number, *, rate=RATE, explicit=True):
    """Return a frame of verbatim subframes; RFC 9639, section 9."""
    length, channels = samples.shape
    code = FLAC_BITS.get(bits, 0) if explicit else 0
    head = bytes([0xFF, 0xF8, 7 << 4 | FLAC_RATES[rate], (channels - 1) << 4 | code << 1])
    head += chr(number).encode() + struct.pack(">H", length - 1)
    head += bytes([crc(head, CRC_8, 8)])
    mask = (1 << bits) - 1
    subframes = (
        "00000010" + "".join(f"{n & mask:0{bits}b}" for n in c) for c in samples.T.tolist()
    )
    text = "".join(subframes)
    body = head + int(text + "0" * (-len(text) % 8), 2).to_bytes(-(-len(text) // 8))
    return body + struct.pack(">H", crc(body, CRC_16, 16))


def flac_header(bits, frames, channels=1, *, rate=RATE, block=1024, md5=bytes(16)):
    """Return the first block of metadata, which is the only one."""
    fields = rate << 44 | (channels - 1) << 41 | (bits - 1) << 36 | frames
    info = struct.pack(">HH6xQ", block, block, fields) + md5
    return b"fLaC" + b"\x80\0\0\x22" + info


def flac_frames(samples, bits, *, first=0, block=1024, **how):
    """Return the frames of whole numbers."""
    return [
        flac_frame(samples[start : start + block], bits, first + start // block, **how)
        for start in range(0, len(samples), block)
    ]


def flac(samples, bits, *, stated=True, **how):
    size = -(-bits // 8)
    whole = (n.to_bytes(size, "little", signed=True) for n in samples.ravel().tolist())
    md5 = hashlib.md5(b"".join(whole), usedforsecurity=False).digest()
    header = flac_header(bits, len(samples) if stated else 0, samples.shape[1], md5=md5)
    return header + spread(flac_frames(samples, bits, **how))


@pytest.mark.parametrize(
    ("other", "name"),
    [
        ({"rate": 48000}, "48000 Hz, 1 and 16"),
        ({"channels": 2}, "44100 Hz, 2 and 16"),
        ({"bits": 24}, "44100 Hz, 1 and 24"),
    ],
)
@pytest.mark.parametrize("behind", ["nothing", "ID3v1"])
def test_a_flac_that_changes_is_refused_at_the_byte(other, name, behind, tmp_path):
    bits, channels, rate = ({"bits": 16, "channels": 1, "rate": RATE} | other).values()
    before = flac_header(16, 9192) + spread(flac_frames(numbers(4096), 16))
    after = spread(flac_frames(numbers(5096, channels, bits), bits, first=4, rate=rate))
    message = refusal(tmp_path, before + after + TAGS[behind])
    expected = f"changes from 44100 Hz, 1 channel and 16 bits to {name} at byte {len(before)};"
    assert expected in message


def test_the_last_frame_of_a_flac_may_be_the_only_other_one(tmp_path):
    before = flac_header(16, 4100) + spread(flac_frames(numbers(4096), 16))
    data = before + flac_frame(numbers(4), 16, 4, rate=48000)
    assert f"at byte {len(before)};" in refusal(tmp_path, data)


def test_samples_that_look_like_a_header_are_no_change(tmp_path):
    """The bytes of a whole frame of 48 kHz, as samples of 8 bits."""
    false = np.frombuffer(flac_frame(numbers(30), 16, 7, rate=48000), np.int8)
    samples = np.concatenate([numbers(500, 1, 8)[:, 0], false, numbers(500, 1, 8)[:, 0]])
    data = flac(samples[:, np.newaxis], 8)
    assert false.tobytes() in data
    same((hear(tmp_path, data).audio[:, 0] * 128).astype(int), samples)


# 9. ALAC


def alac(frames):
    """Return a file of ALAC in CAF, and the offsets of its packets; each holds 4,096 frames."""
    data = encoded(tones(frames), "CAF", "ALAC_16")
    table, sizes, size = data.index(b"pakt"), [], 0
    count, _, _, remainder = struct.unpack(">qqii", data[table + 12 : table + 36])
    assert count * 4096 - remainder == frames
    for byte in data[table + 36 :]:
        size = size << 7 | byte & 127
        if byte < 128:
            sizes.append(size)
            size = 0
        if len(sizes) == count:
            break
    begin = data.index(b"data", table) + 16
    return data, [*itertools.accumulate(sizes, initial=begin)]


@pytest.mark.parametrize("byte", [0, 0xFF])
def test_an_alac_packet_of_another_length_is_an_error(byte, tmp_path):
    data, places = alac(2 * 4096 + 1500)
    assert places[-1] == len(data)
    damaged = data[: places[-2]] + bytes([byte]) * (places[-1] - places[-2])
    message = refusal(tmp_path, damaged)
    assert "its header states 9692 frames, but it holds 12288" in message
    whole = hear(tmp_path, data).audio
    found = hear(tmp_path, damaged, allow=True)
    assert len(whole) == len(found.audio) == 9692
    same(found.audio[:8192], whole[:8192])
    assert "its header states 9692 frames, but it holds 12288" in found.notices[0]


# 11. counts that are one off


def with_count(frames, more, *, size=0, sized=True):
    """Change the tag of LAME in the first frame: number of frames, and of bytes."""
    first, *rest = frames
    at = first.index(b"Xing")
    flags, count, total = struct.unpack(">III", first[at + 4 : at + 16])
    assert flags & 3 == 3
    assert (count, total) == (len(rest), len(spread(frames)))
    if sized:
        fields = struct.pack(">III", flags, count + more, total + size)
        return [first[: at + 4] + fields + first[at + 16 :], *rest]
    # without the number of bytes, the fields behind move
    fields = struct.pack(">II", flags & ~2, count + more)
    return [first[: at + 4] + fields + first[at + 16 :] + bytes(4), *rest]


@pytest.mark.parametrize("behind", TAGS)
@pytest.mark.parametrize("sized", [True, False])
@pytest.mark.parametrize("more", [1, -1])
def test_a_count_that_is_one_off_is_no_damage(more, sized, behind, tmp_path):
    frames = mp3_frames(mp3(50_000))
    whole = hear(tmp_path, spread(frames)).audio
    assert len(whole) == 50_000
    data = spread(with_count(frames, more, sized=sized)) + TAGS[behind]
    for allow in (False, True):
        found = hear(tmp_path, data, allow=allow)
        same(found.audio, whole)
        assert found.notices == []


def test_a_count_that_includes_the_tag_agrees_with_the_bytes_of_all_tags(tmp_path):
    frames = mp3_frames(mp3(50_000))
    data = spread(with_count(frames, 1, size=128)) + ID3V1
    assert len(hear(tmp_path, data).audio) == 50_000


@pytest.mark.parametrize("more", [0, 1])
@pytest.mark.parametrize("lost", [5, 20, -1])
@pytest.mark.parametrize("behind", TAGS)
def test_a_lost_frame_is_noticed(behind, lost, more, tmp_path):
    """Whether or not the tag counts itself, the bytes do not agree."""
    frames = with_count(mp3_frames(mp3(50_000)), more)
    count = len(frames) - 1 + more
    del frames[lost]
    message = refusal(tmp_path, spread(frames) + TAGS[behind])
    assert f"it has {count - 1 - more} MPEG frames, but its header states {count}" in message


@pytest.mark.parametrize("off", [0, 1])
def test_a_lost_frame_is_noticed_without_a_number_of_bytes(off, tmp_path):
    frames = with_count(mp3_frames(mp3(50_000)), 0, sized=False)
    del frames[20 : 21 + 1]
    count = len(mp3_frames(mp3(50_000))) - 1
    assert f"{count - 2} MPEG frames, but its header states {count}" in refusal(
        tmp_path, spread(frames)
    )


def vbri(frames, size, like):
    """Return a frame with the tag of Fraunhofer, of the size of another frame."""
    tag = struct.pack(">4sHHHIIHHHH", b"VBRI", 1, 0, 75, size, frames, 0, 1, 2, 1)
    return (like[:4] + bytes(32) + tag).ljust(len(like), b"\0")


@pytest.mark.parametrize("more", [-1, 0, 1])
def test_a_vbri_count_may_be_one_off(more, tmp_path):
    frames = mp3_frames(mp3(50_000, mode="CBR"))
    tag = vbri(len(frames) + more, len(spread(frames)) + len(frames[0]), frames[0])
    found = hear(tmp_path, tag + spread(frames))
    same(found.audio, decoded_frames(frames))
    assert found.notices == []
    if more >= 0:
        data = tag + spread(frames[:20] + frames[21:])
        assert f"states {len(frames) + more}" in refusal(tmp_path, data)


def test_more_frames_than_the_tag_states_are_all_read(tmp_path):
    frames = mp3_frames(mp3(50_000))
    found = hear(tmp_path, spread(with_count(frames, -10)))
    whole = hear(tmp_path, spread(frames)).audio
    same(found.audio[: len(whole)], whole)
    count = len(frames) - 1
    assert found.notices == [
        f"FILE has {count} MPEG frames, but its header states {count - 10}; all are read"
    ]


# 12. other bytes before and behind the frames


def random_bytes(count, seed=0):
    return np.random.default_rng(seed).bytes(count)


JUNK = {
    "417 zeros": bytes(417),
    "one zero": b"\0",
    "zeros": bytes(20_000),
    "199 random bytes": random_bytes(199, 1),
    "random bytes": random_bytes(3000, 2),
    "text": b"recorded by a program\r\n" * 20,
    "a header of one frame": b"\xff\xfb\x90\x44" + bytes(300),
    "ones": b"\xff" * 500,
}


@pytest.mark.parametrize("tag", [b"", id3(300)])
@pytest.mark.parametrize("mode", ["CBR", "VBR"])
@pytest.mark.parametrize("junk", JUNK)
def test_bytes_before_the_first_mpeg_frame_are_skipped(junk, mode, tag, tmp_path):
    data = mp3(30_000, mode=mode)
    found = hear(tmp_path, tag + JUNK[junk] + data)
    same(found.audio, uninterrupted(data))
    count = len(JUNK[junk])
    assert found.notices == [
        f"FILE has {count} byte{'s' * (count > 1)} before its first MPEG frame; skipped"
    ]


@pytest.mark.parametrize("tag", [b"", ID3V1])
@pytest.mark.parametrize("mode", ["CBR", "VBR"])
@pytest.mark.parametrize("junk", JUNK)
def test_bytes_behind_the_last_mpeg_frame_are_skipped(junk, mode, tag, tmp_path):
    data = mp3(30_000, mode=mode)
    for behind in (JUNK[junk] + tag, tag + JUNK[junk]):
        found = hear(tmp_path, data + behind)
        same(found.audio, uninterrupted(data))
        # a cut frame is another kind of end
        assert all(
            re.fullmatch(
                r"FILE (has \d+ bytes? after its last MPEG frame; skipped"
                r"|ends inside an MPEG frame, which is left out)",
                notice,
            )
            for notice in found.notices
        )
        assert len(found.notices) == (0 if junk in ("417 zeros", "one zero") else 1) or tag


@pytest.mark.parametrize("mode", ["CBR", "VBR"])
def test_a_last_frame_cut_anywhere_is_a_notice(mode, tmp_path):
    *frames, last = mp3_frames(mp3(12_000, mode=mode))
    whole = hear(tmp_path, spread([*frames, last])).audio
    for size in range(1, len(last)):
        found = hear(tmp_path, spread(frames) + last[:size])
        missing = len(whole) - len(found.audio)
        assert 0 <= missing <= 1152
        assert mode == "VBR" or missing == 1152
        same(found.audio, whole[: len(found.audio)])
        assert len(found.notices) == 1
        if size >= 4:  # the header of a frame
            assert found.notices == ["FILE ends inside an MPEG frame, which is left out"]


@pytest.mark.parametrize("tag", ["ID3v1", "APE"])
def test_a_last_frame_cut_before_a_tag_is_a_notice(tag, tmp_path):
    """The bytes of the tag complete it, so that the end of the tag is of no tag."""
    frames = mp3_frames(mp3(30_000, mode="CBR"))
    found = hear(tmp_path, spread(frames)[:-40] + TAGS[tag])
    same(found.audio[: -2 * 1152], decoded_frames(frames)[: -2 * 1152])
    assert len(found.audio) // 1152 in (len(frames) - 1, len(frames))
    assert len(found.notices) == 1


NO_MAGIC = {"HTK": "PCM_16", "IRCAM": "PCM_16", "AVR": "PCM_16", "MAT4": "PCM_16", "XI": "DPCM_16"}
SIGNALS = {
    "silence": np.zeros((20_000, 1)),
    "constant": np.full((20_000, 1), 0.25),
    "minus one step": np.full((20_000, 1), -(2.0**-15)),
    "headers": np.tile([[-1 / 2**15], [0x1044 / 2**15]], (10_000, 1)),
    "headers of layer III": np.tile([[-5 / 2**15], [-0x6FBC / 2**15]], (10_000, 1)),
    "sine": np.round(2**14 * np.sin(np.arange(20_000)[:, np.newaxis] * 0.05)) / 2**15,
    "zeros, then ones": np.repeat([[0.0], [-(2.0**-15)]], 10_000, axis=0),
}


@pytest.mark.parametrize("signal", SIGNALS)
@pytest.mark.parametrize("form", NO_MAGIC)
def test_pcm_is_never_taken_for_mpeg(form, signal, tmp_path):
    audio = SIGNALS[signal]
    for endian in ("LITTLE", "BIG") if form == "IRCAM" else ("FILE",):
        data = encoded(audio, form, NO_MAGIC[form], RATE, endian=endian)
        found = hear(tmp_path, data, allow=True)
        assert found.info.format == form
        same(found.audio, uninterrupted(data))


@pytest.mark.parametrize("mode", ["CBR"])
def test_free_format_is_read(mode, tmp_path):
    """At 48 kHz and 32 kbit/s, all frames have 96 bytes, and no padding."""
    frames = mp3_frames(mp3(30_000, rate=48000, mode=mode))
    assert {len(frame) for frame in frames} == {96}
    free = [frame[:2] + bytes([frame[2] & 15]) + frame[3:] for frame in frames]
    found = hear(tmp_path, spread(free))
    same(found.audio, decoded_frames(frames))
    assert found.notices == []


def test_shared_mp3_behind_junk(shared):
    path = str(shared / "cases" / "junk_rand.mp3")
    found = heard(path)
    # ffmpeg -i FILE -f f64le -: 129,024 frames
    assert len(found.audio) == 129_024
    same(found.audio, uninterrupted(Path(path).read_bytes()[199:], 129_024))
    assert found.notices == ["FILE has 199 bytes before its first MPEG frame; skipped"]


@st.composite
def interrupted_streams(draw):
    """Return frames in their order, with other bytes between some; and each with its place."""
    frames = layer_1(24) if draw(st.booleans()) else mp3_frames(mp3(25_000, mode="CBR"))
    cuts = draw(st.lists(st.integers(0, len(frames)), max_size=4))
    kinds = st.sampled_from(["random", "zeros", "tag", "id3", "text"])
    data, places = b"", {}
    for number in range(len(frames) + 1):
        for _ in range(cuts.count(number)):
            size = draw(st.integers(1, 600))
            kind = draw(kinds)
            data += {
                "random": random_bytes(size, draw(st.integers(0, 2**20))),
                "zeros": bytes(size),
                "tag": ID3V1,
                "id3": id3(size),
                "text": b"some text " * (size // 10 + 1),
            }[kind]
        if number < len(frames):
            places[len(data)] = frames[number]
            data += frames[number]
    return data, places


@given(interrupted_streams())
@settings(max_examples=60, deadline=None)
def test_a_scan_returns_no_bytes_but_those_of_frames(stream):
    data, places = stream
    try:
        found = mpeg.scan(io.BytesIO(data), 0, len(data))
    except FormatError:
        return  # random bytes between look like a frame of another sound
    assert sum(track.frames for track in found.tracks) <= len(places)
    assert [track.end for track in found.tracks] == [piece.stop for piece in found.pieces]
    count = 0
    for piece, track in zip(found.pieces, found.tracks, strict=True):
        at = piece.start
        for _ in range(track.frames):
            assert at in places
            at += len(places[at])
            count += 1
        assert at == piece.stop
    interrupted = [*places] != [*itertools.accumulate(map(len, places.values()), initial=0)][:-1]
    if count < len(places):
        assert found.fault or found.notices
    assert interrupted or (found.fault is None and count == len(places))


# 13. FLAC behind ID3 tags, in Ogg, and of odd numbers of bits


@pytest.mark.parametrize("size", [100, 2038, 4096, 65_535, 100_000, 300_000])
@pytest.mark.parametrize("stated", [True, False])
def test_a_flac_behind_an_id3_tag_is_read(stated, size, tmp_path):
    data = bytearray(encoded(tones(70_000), "FLAC", "PCM_16"))
    if not stated:
        data[21:26] = bytes([data[21] & 0xF0, 0, 0, 0, 0])
    whole = hear(tmp_path, bytes(data))
    assert len(whole.audio) == 70_000
    for tags in (id3(size), id3(size) + id3(77)):
        found = hear(tmp_path, tags + bytes(data))
        same(found.audio, whole.audio)
        assert found.notices == whole.notices
        assert len(found.notices) == (not stated)
        assert found.info.format == "FLAC"


def test_a_picture_in_front_of_a_flac_may_hold_anything(tmp_path):
    data = encoded(tones(20_000), "FLAC", "PCM_16")
    for body in (data[:15_000], random_bytes(100_000), b"\xff\xfb\x90\x44" * 10_000):
        same(hear(tmp_path, id3(0, body) + data).audio, hear(tmp_path, data).audio)


def ogg_flac(samples, bits, *, packets=1):
    """Return FLAC in Ogg; https://xiph.org/flac/ogg_mapping.html."""
    data = flac(samples, bits)
    size = 8 + 34
    frames = flac_frames(samples, bits)
    info = data[:4] + b"\0" + data[5:size]  # another block follows
    pages = paged(b"\x7fFLAC\1\0\0\1" + info, flags=2)
    comment = struct.pack("<I4sI", 4, b"test", 0)
    pages += paged(b"\x84" + len(comment).to_bytes(3) + comment, number=1)
    for start in range(0, len(frames), packets):
        held = frames[start : start + packets]
        granule = min(len(samples), (start + packets) * 1024)
        last = 4 if start + packets >= len(frames) else 0
        if packets == 1:
            made = paged(held[0], granule, number=len(pages))
            made[-1] = made[-1]._replace(flags=made[-1].flags | last)
            pages += made
        else:
            lacing = b"".join(bytes([255] * (len(f) // 255) + [len(f) % 255]) for f in held)
            pages.append(Page(last, granule, 1, len(pages), lacing, spread(held)))
    return pages


@pytest.mark.parametrize(
    ("channels", "bits", "packets"), [(1, 16, 1), (2, 24, 1), (1, 8, 5), (1, 12, 3), (8, 24, 1)]
)
def test_flac_in_ogg_is_read_exactly(channels, bits, packets, tmp_path):
    """24 bits of eight channels are longer than a page."""
    samples = numbers(5000, channels, bits)
    pages = ogg_flac(samples, bits, packets=packets)
    found = hear(tmp_path, ogg(pages))
    same(found.audio, samples / 2.0 ** (bits - 1))
    assert found.notices == []


def test_damage_to_flac_in_ogg_is_named(tmp_path):
    pages = ogg_flac(numbers(5000), 16)
    lost = ogg([*pages[:3], *pages[4:]])
    assert f"a page is missing before byte {len(ogg(pages[:3]))}" in refusal(tmp_path, lost)
    inside = ogg(pages[:-1]) + pages[-1].data[:100]
    assert f"it ends inside the page at byte {len(ogg(pages[:-1]))}" in refusal(tmp_path, inside)
    found = hear(tmp_path, inside, allow=True)
    same(found.audio, numbers(5000)[: len(found.audio)] / 2.0**15)
    assert len(found.audio) >= 4096


def test_flac_in_ogg_without_an_end_is_noticed(tmp_path):
    pages = ogg_flac(numbers(5000), 16)
    unmarked = [*pages[:-1], pages[-1]._replace(flags=0)]
    found = hear(tmp_path, ogg(unmarked))
    assert len(found.audio) == 5000
    assert found.notices == ["FILE has no last page, and may be truncated"]
    with pytest.raises(TruncatedError):
        hear(tmp_path, ogg(pages[:-1]))


@pytest.mark.parametrize("tag", [b"", id3(3000)])
@pytest.mark.parametrize("stated", [True, False])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("bits", [8, 12, 16, 20, 24])
def test_flac_of_all_usual_bits_is_exact(bits, channels, stated, tag, tmp_path):
    low = 2 ** (bits - 1)
    samples = numbers(3000, channels, bits)
    samples[:2] = [-low], [low - 1]
    found = hear(tmp_path, tag + flac(samples, bits, stated=stated))
    same(found.audio, samples / low)
    assert len(found.notices) == (not stated)


@pytest.mark.parametrize("bits", [12, 20])
def test_flac_of_rare_bits_is_checked_against_its_md5(bits, tmp_path):
    data = flac(numbers(3000, 1, bits), bits)
    damaged = data[:30] + bytes([data[30] ^ 1]) + data[31:]
    assert "its samples do not match its checksum" in refusal(tmp_path, damaged)


@pytest.mark.parametrize("bits", [4, 15, 17, 32])
def test_flac_of_other_bits_is_refused_by_name(bits, tmp_path):
    message = refusal(tmp_path, flac(numbers(3000, 1, bits), bits), FormatError)
    assert f"FLAC of {bits} bits" in message
    assert "ffmpeg -i" in message or "flac " in message


@pytest.mark.parametrize("bits", [12, 20])
def test_flac_whose_frames_do_not_state_their_bits_is_exact_or_refused(bits, tmp_path):
    samples = numbers(3000, 1, bits)
    data = flac(samples, bits, explicit=False)
    with suppress(FormatError):
        found = hear(tmp_path, data)
        same(found.audio, samples / 2.0 ** (bits - 1))


def test_shared_flac_behind_an_id3_tag(shared):
    found = heard(str(shared / "cases" / "flac_behind_id3.flac"))
    assert found.audio.shape == (176_400, 2)
    # ffmpeg -i FILE -f s16le - | sha256sum
    assert (
        digest(found.audio, 16)
        == "3771fcf62551d387068b29be4bb317c77ca400ce0ec92965a0588b1569c030b5"
    )


# 14. lengths that recorders leave

PLACEHOLDERS = [0x7FFF0000, 0x7FFFF000, 0x7FFFFFFF, 0x80000000, 0xFFFFFF9B, 0xFFFFFFFE, 0xFFFFFFFF]
UNKNOWN = "the header of FILE does not state its length; it is read to its end"


@pytest.mark.parametrize("allow", [False, True])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("size", PLACEHOLDERS)
def test_a_placeholder_is_read_to_the_end(size, channels, allow, way):
    samples = numbers(HELD, channels)
    data = riff(fmt(channels=channels), chunk(b"data", packed(samples, 16), size=size), size=size)
    found = way(data, allow=allow)
    same(found.audio, samples / 2.0**15)
    assert found.notices == [UNKNOWN]


@pytest.mark.parametrize("size", PLACEHOLDERS)
def test_a_placeholder_of_a_coding_is_read_to_the_end(size, way):
    made = encoded(tones(1000), "WAV", "ULAW")
    at = made.index(b"data") + 4
    data = (
        made[:4] + struct.pack("<I", size) + made[8:at] + struct.pack("<I", size) + made[at + 4 :]
    )
    found = way(data)
    same(found.audio, uninterrupted(made)[:1000])
    assert found.notices == [UNKNOWN]


@pytest.mark.parametrize("more", [2, 16, 44, 1000])
def test_a_data_size_too_large_is_corrected_by_that_of_riff(more, way):
    samples = numbers()
    size = 2 * HELD + more
    data = riff(fmt(), chunk(b"data", packed(samples, 16), size=size))
    found = way(data)
    same(found.audio, samples / 2.0**15)
    assert found.notices == [
        f"FILE has a header that states {more} bytes of samples too many; it is read to its end"
    ]


def test_the_size_of_the_file_as_that_of_the_samples_is_corrected(way):
    samples = numbers()
    whole = 44 + 2 * HELD
    data = riff(fmt(), chunk(b"data", packed(samples, 16), size=whole), size=whole + 36)
    found = way(data)
    same(found.audio, samples / 2.0**15)
    assert found.notices == [
        "FILE has a header that states 44 bytes of samples too many; it is read to its end"
    ]


def test_both_sizes_too_large_are_a_truncated_file(way):
    data = riff(fmt(), chunk(b"data", packed(numbers(), 16), size=3000), size=3036)
    with pytest.raises(TruncatedError, match="states 1500 frames, but it ends after 1000"):
        way(data)
    found = way(data, allow=True)
    same(found.audio, numbers() / 2.0**15)
    assert "its header states 1500 frames, but it ends after 1000" in found.notices[0]


@pytest.mark.parametrize("size", [36, 36 + 2 * HELD])
def test_a_length_of_nothing_is_an_error_or_read_if_allowed(size, way):
    samples = numbers()
    data = riff(fmt(), chunk(b"data", packed(samples, 16), size=0), size=size)
    with pytest.raises(FormatError, match="states a length of 0, but up to 1000 frames follow"):
        way(data)
    found = way(data, allow=True)
    same(found.audio, samples / 2.0**15)
    assert "states a length of 0, but up to 1000 frames follow" in found.notices[0]


def test_a_header_of_many_frames_makes_no_claim_of_them(call, tmp_path):
    data = riff(fmt(), chunk(b"data", packed(numbers(), 16), size=2**31 - 4096), size=2**31)
    said = call("info", put(tmp_path, data, "a.wav"))
    assert "83222784" not in said.out + said.err
    assert str(2**30 - 2048) not in said.out + said.err


SHARED_SIZES = {
    "cubicsdr616_data16more.wav": (False, "states 16 bytes of samples too many"),
    "record96_data44more.wav": (False, "states 44 bytes of samples too many"),
    "rs39_data0_riff36.wav": (True, "states a length of 0, but up to 4001 frames follow"),
    "pd855_comm_more_than_ssnd.aiff": (True, "states 4005 frames, but it holds 4001"),
}


@pytest.mark.parametrize("name", SHARED_SIZES)
def test_shared_files_of_wrong_sizes(name, shared):
    damaged, notice = SHARED_SIZES[name]
    path = str(shared / "cases" / name)
    if damaged:
        with pytest.raises(TruncatedError, match=notice):
            heard(path)
    found = heard(path, allow=damaged)
    # ffmpeg -i FILE -f s16le - | sha256sum: 4,001 frames
    assert (
        digest(found.audio, 16)
        == "0465bd649f1be69fa84413900360c4dce83af02a38bec5df9579ae4f2f1d1fa0"
    )
    assert notice in found.notices[0]
    assert len(found.notices) == 1


# 15. AIFF whose lengths disagree


@pytest.mark.parametrize("frames", [1, 999, 1001, 1500, 2**32 - 1])
def test_an_aiff_of_two_lengths_honours_allow_truncated(frames, way):
    samples = numbers()
    data = aiff(samples, 16, frames=frames)
    with pytest.raises(TruncatedError, match=f"states {frames} frames?, but it holds 1000"):
        way(data)
    found = way(data, allow=True)
    same(found.audio, samples[: min(frames, HELD)] / 2.0**15)
    assert found.info.frames == min(frames, HELD)
    assert len(found.notices) == 1
    assert f"but it holds {HELD}" in found.notices[0]


# 16. Ogg without an end page


@pytest.mark.parametrize("coding", ["VORBIS", "OPUS"])
def test_an_ogg_without_an_end_page_is_a_notice(coding, call, tmp_path):
    data = ogg_sound(coding, 150_000)
    pages = ogg_pages(data)
    assert pages[-1].flags & 4
    whole = hear(tmp_path, data).audio
    notice = "has no last page, and may be truncated"
    for cut_off in range(1, 4):
        found = hear(tmp_path, ogg(pages[:-cut_off]))
        assert found.notices == [f"FILE {notice}"]
        assert 0 < len(found.audio) < len(whole)
        same(found.audio, whole[: len(found.audio)])
        last = pages[-cut_off - 1].granule - (312 if coding == "OPUS" else 0)
        assert len(found.audio) == last
    source = put(tmp_path, ogg(pages[:-1]), "a.ogg")
    said = call("convolve", source, tmp_path / "o.wav", "--ir", "delta", "--strict", code=1)
    assert notice in said.err


@pytest.mark.parametrize("coding", ["VORBIS", "OPUS"])
def test_an_ogg_that_ends_inside_a_page_is_an_error(coding, tmp_path):
    data = ogg_sound(coding, 150_000)
    begin = len(ogg(ogg_pages(data)[:-1]))
    for size in (begin + 1, begin + 30, len(data) - 1):
        assert f"it ends inside the page at byte {begin};" in refusal(tmp_path, data[:size])


# the bytes that libsndfile is shown


def read_fully(file, count):
    """Read as a buffer does: until all is there, or nothing more comes."""
    parts = b""
    while len(parts) < count and (part := file.read(count - len(parts))):
        parts += part
    return parts


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_a_splice_is_its_pieces_joined(data, tmp_path_factory):
    whole = random_bytes(500)
    path = tmp_path_factory.getbasetemp() / "spliced"
    path.write_bytes(whole)
    places = st.integers(0, 600)
    ranges = st.builds(lambda a, b: range(min(a, b), max(a, b)), *[st.integers(0, 500)] * 2)
    pieces = data.draw(st.lists(ranges | st.binary(max_size=40), max_size=6))
    joined_bytes = b"".join(
        piece if isinstance(piece, bytes) else whole[piece.start : piece.stop] for piece in pieces
    )
    with path.open("rb") as file:
        splice = Splice(file.fileno(), pieces)
        assert splice.read() == joined_bytes
        assert splice.seek(0, os.SEEK_END) == len(joined_bytes)
        for at, size in data.draw(st.lists(st.tuples(places, st.integers(1, 100)), max_size=10)):
            assert splice.seek(at) == splice.tell() == at
            assert read_fully(splice, size) == joined_bytes[at : at + size]
        assert splice.error is None
        begin, end = sorted(data.draw(st.tuples(places, places)))
        part = Splice(file.fileno(), cut(pieces, range(begin, end)))
        assert part.read() == joined_bytes[begin:end]


def test_a_splice_that_claims_more_shows_a_tag_at_the_end(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(random_bytes(500))
    with path.open("rb") as file:
        splice = Splice(file.fileno(), [range(500)], 2**40, ID3V1)
        assert splice.seek(-128, os.SEEK_END) == 2**40 - 128
        assert splice.read(128) == ID3V1
        splice.seek(499)
        assert splice.read(10) == path.read_bytes()[499:]
        assert splice.read(10) == b""


def test_an_error_of_the_file_is_kept(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(bytes(10))
    with path.open("rb") as file:
        splice = Splice(file.fileno(), [range(10)])
    assert splice.read(1) == b""
    assert isinstance(splice.error, OSError)


@given(
    st.lists(st.sampled_from([ID3V1, ape(), LYRICS, id3(40), id3(3000)]), max_size=5),
    st.integers(0, 50),
    st.binary(max_size=20).filter(lambda rest: rest[:1] not in (b"T", b"A", b"L", b"I")),
)
@settings(max_examples=200, deadline=None)
def test_tags_are_passed_one_after_another(parts, before, rest):
    data = bytes(before) + b"".join(parts) + rest
    end = len(data) - len(rest)
    assert after_tags(io.BytesIO(data), before, len(data)) == end
    assert after_tags(io.BytesIO(data), before, end) == end


# 17. errors while a pipe is copied

COPIED = {
    # two channels, for impulses of three not to fit
    "MP3": lambda: mp3(20_000, 2, mode="CBR"),
    "VORBIS": lambda: ogg_sound("VORBIS", 20_000, 2),
    "OPUS": lambda: ogg_sound("OPUS", 20_000, 2),
    "FLAC": lambda: encoded(tones(20_000, 2), "FLAC", "PCM_16"),
    "AIFF": lambda: encoded(tones(20_000, 2), "AIFF", "PCM_16"),
    "CAF": lambda: encoded(tones(20_000, 2), "CAF", "PCM_16"),
    "W64": lambda: encoded(tones(20_000, 2), "W64", "PCM_16"),
    "AU": lambda: encoded(tones(20_000, 2), "AU", "PCM_16"),
    "ULAW": lambda: encoded(tones(20_000, 2), "WAV", "ULAW"),
}


def one_error(printed, errors):
    """Assert that the output is one line of error, and return it."""
    assert errors.startswith("error: ")
    assert errors.count("\n") == 1
    assert errors.endswith("\n")
    assert "unexpected" not in errors
    assert "/tmp" not in errors
    assert "Errno" not in errors
    assert not printed
    return errors


@pytest.fixture
def fails(piped, call, tmp_path, monkeypatch):
    """Return a function that runs a command on a pipe, and returns the one error."""
    scratch = tmp_path / "scratch files"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))

    def run(data, *arguments):
        piped(data)
        said = call(*arguments, code=1)
        assert "scratch" not in said.err
        assert not [*scratch.iterdir()]
        return one_error(said.out, said.err)

    soundfile.write(str(tmp_path / "made.wav"), tones(20_000, 2), RATE)
    return run


@pytest.mark.parametrize("kind", COPIED)
def test_an_error_while_a_pipe_is_read_keeps_its_cause(kind, fails, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = COPIED[kind]()
    missing = fails(data, "convolve", "-", "o.wav", "--ir", "none.wav")
    assert "none.wav does not exist" in missing
    with soundfile.SoundFile(io.BytesIO(data)) as file:
        rate = file.samplerate
    soundfile.write("three.wav", np.ones((5, 3)), rate)
    misfit = fails(data, "convolve", "-", "o.wav", "--ir", "three.wav")
    assert "3 channels" in misfit
    soundfile.write("other.wav", np.ones((5, 1)), 8000)
    strict = fails(data, "convolve", "-", "o.wav", "--ir", "other.wav", "--strict")
    assert "resampled from 8000 to" in strict
    assert not Path("o.wav").exists()


COMMANDS = [
    ("info", "-"),
    ("ir", "info", "-"),
    ("plot", "waveform", "-", "-o", "p.png"),
    ("verify", "-", "made.wav", "--ir", "delta"),
    ("explain", "-", "--ir", "delta", "-o", "p.html"),
    ("convolve", "-", "o.wav", "--ir", "delta"),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("kind", COPIED)
def test_a_truncated_pipe_is_one_error(kind, command, fails, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    data = COPIED[kind]()
    for size in (1, 20, len(data) * 2 // 3 if kind != "MP3" else 10):
        message = fails(data[:size], *command)
        assert "standard input" in message


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_random_bytes_through_a_pipe_are_one_error(command, fails, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for seed in range(3):
        assert "standard input" in fails(random_bytes(1000, seed), *command)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_process_reports_the_same(command, tmp_path):
    soundfile.write(str(tmp_path / "made.wav"), tones(20_000, 2), RATE)
    done = subprocess.run(
        [sys.executable, "-m", "audioconv", *command],
        input=random_bytes(1000) if command[0] == "info" else COPIED["FLAC"]()[:3000],
        capture_output=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    assert done.returncode == 1
    message = one_error(done.stdout.decode(), done.stderr.decode().replace(os.linesep, "\n"))
    assert "standard input" in message
    assert str(tmp_path) not in message


# several files in one, and bytes behind


def flac_of(tmp_path, name, frames=20_000):
    path = tmp_path / name
    noise = np.random.default_rng(1).integers(-(2**14), 2**14, frames)
    soundfile.write(path, noise.astype(np.int16), 44100)
    return path.read_bytes()


def test_flacs_joined_end_to_end_are_refused_and_the_first_can_be_read(tmp_path):
    data = flac_of(tmp_path, "a.flac")
    path = tmp_path / "joined.flac"
    path.write_bytes(data + data)
    with pytest.raises(TruncatedError, match=f"another FLAC begins at byte {len(data)}"):
        Reader(str(path))
    with Reader(str(path), allow_truncated=True) as reader:
        assert sum(map(len, reader.blocks())) == 20_000


@pytest.mark.parametrize("count", [1, 300, 100_000])
def test_bytes_behind_a_flac_are_noticed(count, tmp_path):
    path = tmp_path / "more.flac"
    path.write_bytes(flac_of(tmp_path, "a.flac") + np.random.default_rng(2).bytes(count))
    with Reader(str(path)) as reader:
        assert sum(map(len, reader.blocks())) == 20_000
    assert [("does not end with a FLAC frame" in notice) for notice in reader.notices] == [True]


def ape_footer(size):
    return b"APETAGEX" + struct.pack("<IIII", 2000, size, 0, 0) + bytes(8)


@pytest.mark.parametrize("tag", [b"TAG".ljust(128, b"\0"), bytes(40) + ape_footer(72)])
def test_tags_behind_a_flac_are_no_bytes_behind(tag, tmp_path):
    path = tmp_path / "tagged.flac"
    path.write_bytes(flac_of(tmp_path, "a.flac") + tag)
    with Reader(str(path)) as reader:
        assert sum(map(len, reader.blocks())) == 20_000
    assert reader.notices == []


def test_wavs_joined_end_to_end_are_noticed(tmp_path, samples):
    path = tmp_path / "joined.wav"
    path.write_bytes((samples / "speech.wav").read_bytes() * 2)
    with Reader(str(path)) as reader:
        assert sum(map(len, reader.blocks())) == 127126
    assert ["is followed by another file" in notice for notice in reader.notices] == [True]
