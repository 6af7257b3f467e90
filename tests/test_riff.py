"""WAV headers and samples, against libsndfile, the standard library and bytes built by hand."""

import io
import struct
import wave
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from audioconv.errors import FormatError, TruncatedError
from audioconv.files import Reader, read_all
from audioconv.files.codecs import pcm, riff

SHARED = Path(__file__).parents[2] / "shared" / "audio" / "format"
SUBTYPES = list(pcm.TAGS)
PCM = [subtype for subtype in SUBTYPES if subtype.startswith("PCM")]
RATE = 44100


def parse(data):
    return riff.read_header(io.BytesIO(data).read)


def samples_of(subtype, frames, channels):
    """Return samples for `encode`, all different, with the extremes."""
    tag, bits = pcm.TAGS[subtype]
    count = frames * channels
    if tag == pcm.IEEE_FLOAT:
        return np.linspace(-1, 1, count).reshape(frames, channels).astype(f"f{bits // 8}")
    full = 2 ** (bits - 1)
    steps = [-full + n * (2 * full - 1) // (count - 1) for n in range(count)]
    return np.array(steps, np.int32).reshape(frames, channels)


def sound_of(subtype, samples):
    """Return the same samples in -1 to 1."""
    tag, bits = pcm.TAGS[subtype]
    return samples.astype(np.float64) / (1 if tag == pcm.IEEE_FLOAT else 2.0 ** (bits - 1))


def whole(subtype, samples, frames, **options):
    """Return the bytes of a whole file."""
    data = pcm.encode(samples, subtype)
    head = riff.header(subtype, RATE, samples.shape[1], frames, **options)
    return head + data + b"\0" * (len(data) % 2)


def chunk(name, body, order="<"):
    return name + struct.pack(f"{order}I", len(body)) + body + b"\0" * (len(body) % 2)


def fmt(tag=1, channels=1, bits=16, *, align=None, order="<", more=b""):
    align = channels * bits // 8 if align is None else align
    return struct.pack(f"{order}HHIIHH", tag, channels, RATE, RATE * align, align, bits) + more


def extensible(tag, bits, valid=None, guid=riff.GUID_TAIL, order="<"):
    return struct.pack(f"{order}HHIH", 22, valid or bits, 0, tag) + guid


def riff_file(*chunks, magic=b"RIFF", order="<", size=None):
    body = b"WAVE" + b"".join(chunks)
    return magic + struct.pack(f"{order}I", len(body) if size is None else size) + body


@pytest.mark.parametrize("form", ["WAV", "WAVEX", "RF64"])
@pytest.mark.parametrize("reserve", [False, True])
@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("channels", [1, 2, 3])
@pytest.mark.parametrize("subtype", SUBTYPES)
def test_header_reads_back(subtype, channels, known, reserve, form):
    samples = samples_of(subtype, 5, channels)
    frames = 5 if known else None
    data = whole(subtype, samples, frames, form=form, reserve=reserve)
    layout = parse(data)
    wide = "WAVEX" if form == "WAVEX" or channels > 2 else "WAV"
    assert replace(layout, chunks=()) == riff.Header(
        "RF64" if form == "RF64" and known else wide,
        subtype,
        "<",
        RATE,
        channels,
        5 * channels * pcm.TAGS[subtype][1] // 8 if known else None,
        len(riff.header(subtype, RATE, channels, frames, form=form, reserve=reserve)),
        riff.IMPLIED_SPEAKERS.get(channels, 0) if form == "WAVEX" else 0,
    )
    with soundfile.SoundFile(io.BytesIO(data)) as file:
        assert (file.samplerate, file.channels, file.subtype) == (RATE, channels, subtype)
        assert file.format == layout.format
        np.testing.assert_array_equal(file.read(5, always_2d=True), sound_of(subtype, samples))
        if known:
            assert file.frames == 5


@pytest.mark.parametrize("reserve", [False, True])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("subtype", PCM)
def test_header_is_what_the_wave_module_reads(subtype, channels, reserve):
    samples = samples_of(subtype, 5, channels)
    with wave.open(io.BytesIO(whole(subtype, samples, 5, reserve=reserve))) as file:
        assert file.getparams()[:4] == (channels, pcm.TAGS[subtype][1] // 8, RATE, 5)
        assert file.readframes(6) == pcm.encode(samples, subtype)


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("subtype", PCM)
def test_what_the_wave_module_writes_is_read(subtype, channels, tmp_path):
    samples = samples_of(subtype, 5, channels)
    with wave.open(str(tmp_path / "a.wav"), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(pcm.TAGS[subtype][1] // 8)
        file.setframerate(RATE)
        file.writeframes(pcm.encode(samples, subtype))
    audio, sound = read_all(str(tmp_path / "a.wav"))
    assert (sound.format, sound.subtype, sound.frames) == ("WAV", subtype, 5)
    np.testing.assert_array_equal(audio, sound_of(subtype, samples))


@pytest.mark.parametrize("frames", [0, 1, 2, 3])
@pytest.mark.parametrize("form", ["WAV", "WAVEX", "RF64"])
@pytest.mark.parametrize("subtype", SUBTYPES)
def test_sizes_count_the_bytes_of_the_file(subtype, form, frames):
    # an odd number of bytes is padded: the RIFF size counts the pad, the data size does not
    samples = samples_of(subtype, 5, 1)[:frames]
    data = whole(subtype, samples, frames, form=form)
    held = frames * pcm.TAGS[subtype][1] // 8
    head = len(data) - held - held % 2
    if form == "RF64":
        assert struct.unpack("<4s4x4s4sI", data[:20]) == (b"RF64", b"WAVE", b"ds64", 28)
        assert struct.unpack("<QQQI", data[20:48]) == (len(data) - 8, held, frames, 0)
        assert data[4:8] == data[head - 4 : head] == b"\xff" * 4
    else:
        assert struct.unpack("<I", data[4:8]) == (len(data) - 8,)
        assert struct.unpack("<I", data[head - 4 : head]) == (held,)
    if pcm.TAGS[subtype][0] == pcm.IEEE_FLOAT:
        fact = data.index(b"fact")
        assert struct.unpack("<II", data[fact + 4 : fact + 12]) == (4, frames)


@pytest.mark.parametrize("form", ["WAV", "WAVEX", "RF64"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("subtype", SUBTYPES)
def test_a_reserved_header_has_one_length_whatever_it_says(subtype, channels, form):
    lengths = {
        len(riff.header(subtype, RATE, channels, frames, form=form, reserve=True))
        for frames in (None, 0, 1, 1000, 2**30, 2**40)
    }
    # no more than RF64 needs
    assert lengths == {len(riff.header(subtype, RATE, channels, 2**40, form=form))}


@pytest.mark.parametrize("reserve", [False, True])
@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "DOUBLE"])
def test_wav_ends_where_its_sizes_do(subtype, reserve):
    size = pcm.TAGS[subtype][1] // 8
    head = len(riff.header(subtype, RATE, 1, 1, reserve=reserve))
    # the RIFF size is the file less 8 bytes, padded to a word, and at most 2^32 - 2
    most = (2**32 - 2 - (head - 8)) // size
    short = riff.header(subtype, RATE, 1, most, reserve=reserve)
    held = most * size
    assert struct.unpack("<4sI", short[:8]) == (b"RIFF", head - 8 + held + held % 2)
    assert parse(short).data_bytes == held

    long = riff.header(subtype, RATE, 1, most + 1, reserve=reserve)
    held += size
    assert long[:4] == b"RF64"
    assert struct.unpack("<QQQI", long[20:48]) == (
        len(long) - 8 + held + held % 2,
        held,
        most + 1,
        0,
    )
    assert parse(long).data_bytes == held


@pytest.mark.parametrize("frames", [2**32 - 1, 2**32, 2**33 + 1, 2**40 + 7])
def test_rf64_says_lengths_past_four_gibibytes(frames):
    head = riff.header("FLOAT", RATE, 3, frames)
    held = frames * 12
    assert head[:16] == b"RF64" + b"\xff" * 4 + b"WAVEds64"
    assert struct.unpack("<IQQQI", head[16:48]) == (28, len(head) - 8 + held, held, frames, 0)
    assert head[-8:] == b"data" + b"\xff" * 4
    fact = head.index(b"fact")
    assert struct.unpack("<I", head[fact + 8 : fact + 12]) == (min(frames, 2**32 - 1),)
    layout = parse(head)
    assert (layout.format, layout.data_bytes, layout.offset) == ("RF64", held, len(head))


def test_unknown_length_is_written_as_all_ones():
    head = riff.header("PCM_16", RATE, 1, None)
    assert head[4:8] == head[-4:] == b"\xff" * 4
    assert parse(head).data_bytes is None


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFF000])
@pytest.mark.parametrize("tail", [b"", b"\1"])
def test_a_streamed_file_goes_on_until_its_end(size, tail, tmp_path):
    data = struct.pack("<3h", 1, 2, -3)
    path = tmp_path / "a.wav"
    path.write_bytes(
        riff_file(chunk(b"fmt ", fmt()), b"data", struct.pack("<I", size), data, tail, size=size)
    )
    if tail:
        with pytest.raises(FormatError, match="inside a frame, after 1 of its 2 bytes"):
            read_all(str(path))
        return
    audio, sound = read_all(str(path))
    assert sound.frames is None
    assert (audio.ravel() * 2**15).tolist() == [1, 2, -3]


def test_the_size_that_sox_writes_for_whole_frames_is_unknown_too():
    """0x7FFFF000 is not a multiple of six bytes; 0x7FFFEFFC is."""
    head = riff_file(
        chunk(b"fmt ", fmt(channels=2, bits=24)), b"data", struct.pack("<I", 0x7FFFEFFC)
    )
    header, notice = parse(head).corrected(None)
    assert (header.data_bytes, notice) == (None, None)


@pytest.mark.parametrize("subtype", [s for s in SUBTYPES if s != "PCM_U8"])
@pytest.mark.parametrize("channels", [1, 2])
def test_rifx_is_big_endian(subtype, channels, tmp_path):
    tag, bits = pcm.TAGS[subtype]
    samples = samples_of(subtype, 7, channels)
    little = np.frombuffer(pcm.encode(samples, subtype), np.uint8).reshape(-1, bits // 8)
    data = riff_file(
        chunk(b"fmt ", fmt(tag, channels, bits, order=">"), ">"),
        chunk(b"odd ", b"abc", ">"),
        chunk(b"data", little[:, ::-1].tobytes(), ">"),
        magic=b"RIFX",
        order=">",
    )
    path = tmp_path / "a.wav"
    path.write_bytes(data)
    audio, sound = read_all(str(path))
    assert (sound.format, sound.subtype, sound.frames) == ("WAV", subtype, 7)
    np.testing.assert_array_equal(audio, sound_of(subtype, samples))
    np.testing.assert_array_equal(audio, soundfile.read(path, always_2d=True)[0])


@pytest.mark.parametrize("junk", [b"", b"a", b"ab", b"abc" * 99])
@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize("subtype", SUBTYPES)
def test_chunks_before_the_samples_are_passed_over(subtype, wide, junk, tmp_path):
    tag, bits = pcm.TAGS[subtype]
    samples = samples_of(subtype, 3, 1)
    form = fmt(riff.EXTENSIBLE, 1, bits, more=extensible(tag, bits)) if wide else fmt(tag, 1, bits)
    path = tmp_path / "a.wav"
    path.write_bytes(
        riff_file(
            chunk(b"bext", junk),
            chunk(b"fmt ", form),
            chunk(b"junk", junk),
            chunk(b"data", pcm.encode(samples, subtype)),
            chunk(b"cue ", junk),
        )
    )
    audio, sound = read_all(str(path))
    assert (sound.format, sound.subtype) == ("WAVEX" if wide else "WAV", subtype)
    assert sound.frames == 3  # trailing chunks are not samples
    np.testing.assert_array_equal(audio, sound_of(subtype, samples))
    np.testing.assert_array_equal(audio, soundfile.read(path, always_2d=True)[0])


@pytest.mark.parametrize("magic", [b"RF64", b"BW64"])
@pytest.mark.parametrize("junk", [b"", b"abc"])
def test_long_formats_take_their_length_from_ds64(magic, junk):
    sizes = chunk(b"ds64", struct.pack("<QQQI", 1, 6 * 2**32, 3 * 2**32, 0))
    parts = [sizes, chunk(b"bext", junk), chunk(b"fmt ", fmt()), b"data", b"\xff" * 4]
    data = riff_file(*parts, magic=magic, size=2**32 - 1)
    expected = riff.Header("RF64", "PCM_16", "<", RATE, 1, 6 * 2**32, len(data))
    assert replace(parse(data), chunks=()) == expected
    # a size that fits into its own field is stated there
    parts[-1] = struct.pack("<I", 10)
    assert parse(riff_file(*parts, magic=magic, size=2**32 - 1)).data_bytes == 10


def test_narrow_samples_in_a_wide_container_are_left_justified(tmp_path):
    # 20 valid bits of 24: the lowest four are zero, and the value does not change
    form = fmt(riff.EXTENSIBLE, 1, 24, more=extensible(1, 24, valid=20))
    path = tmp_path / "a.wav"
    path.write_bytes(riff_file(chunk(b"fmt ", form), chunk(b"data", bytes.fromhex("000040f0ffbf"))))
    audio, sound = read_all(str(path))
    assert (sound.subtype, audio.ravel().tolist()) == ("PCM_24", [0.5, -0.5 - 16 / 2**23])
    np.testing.assert_array_equal(audio, soundfile.read(path, always_2d=True)[0])


def stored(subtype):
    """Return a strategy for all samples that can be stored."""
    tag, bits = pcm.TAGS[subtype]
    shape = st.tuples(st.integers(1, 20), st.integers(1, 3))
    if tag == pcm.IEEE_FLOAT:
        return arrays.arrays(f"<f{bits // 8}", shape, elements=st.floats(width=bits))
    limit = 2 ** (bits - 1)
    return arrays.arrays(np.int32, shape, elements=st.integers(-limit, limit - 1))


@pytest.mark.parametrize("subtype", SUBTYPES)
def test_samples_are_read_as_libsndfile_reads_them(subtype):
    @settings(max_examples=60, deadline=None)
    @given(stored(subtype))
    def check(samples):
        data = whole(subtype, samples, len(samples))
        layout = parse(data)
        assert layout.subtype == subtype
        stored = pcm.decode(pcm.encode(samples, subtype), subtype, layout.channels)
        found = stored.astype(np.float64) * pcm.unit(subtype)
        theirs = soundfile.read(io.BytesIO(data), always_2d=True)[0]
        assert np.isnan(found).tolist() == np.isnan(theirs).tolist()
        bits = np.where(np.isnan(found), 0, found), np.where(np.isnan(theirs), 0, theirs)
        np.testing.assert_array_equal(bits[0].view(np.int64), bits[1].view(np.int64))
        np.testing.assert_array_equal(found, sound_of(subtype, samples))

    check()


@pytest.mark.parametrize("subtype", SUBTYPES)
def test_encoding_is_what_libsndfile_writes(subtype):
    @settings(max_examples=60, deadline=None)
    @given(stored(subtype))
    def check(samples):
        tag, bits = pcm.TAGS[subtype]
        file = io.BytesIO()
        justified = samples if tag == pcm.IEEE_FLOAT else samples << (32 - bits)
        soundfile.write(file, justified, RATE, subtype, format="WAV")
        ours = pcm.encode(samples, subtype)
        start = file.getvalue().index(b"data") + 8
        assert len(ours) == samples.size * bits // 8
        if not np.isnan(samples).any():  # the payload of a NaN may change
            assert file.getvalue()[start : start + len(ours)] == ours

    check()


def good_file(*, frames=4, form="WAV", subtype="FLOAT", channels=1):
    return whole(subtype, samples_of(subtype, 4, channels), frames, form=form)


@pytest.mark.parametrize("form", ["WAV", "WAVEX", "RF64"])
def test_a_header_that_breaks_off_anywhere_is_refused(form, tmp_path):
    path = tmp_path / "a.wav"
    data = good_file(form=form)
    head = parse(data).offset
    for length in range(len(data)):
        path.write_bytes(data[:length])
        with pytest.raises(FormatError) as caught:
            read_all(str(path))
        assert str(path) in str(caught.value)
        if length < 12:
            with pytest.raises(riff.NotRiffError):
                parse(data[:length])
        elif length < head:
            with pytest.raises(FormatError, match=f"its header is truncated after {length} bytes"):
                parse(data[:length])
        else:
            assert caught.type is TruncatedError
            assert f"ends after {(length - head) // 4} " in str(caught.value)


@pytest.mark.parametrize("form", ["WAV", "WAVEX", "RF64"])
def test_a_damaged_byte_never_gives_anything_but_a_sound_or_a_refusal(form, tmp_path):
    path = tmp_path / "a.wav"
    data = good_file(form=form, subtype="PCM_16")
    for place in range(parse(data).offset):
        for value in (0, 1, 4, 0x7F, 0x80, 0xFF):
            path.write_bytes(data[:place] + bytes([value]) + data[place + 1 :])
            try:
                with Reader(str(path)) as reader:
                    list(reader.blocks(1024))
            except FormatError:
                continue
            except Exception as error:
                error.add_note(f"byte {place} set to {value}")
                raise


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (riff_file(chunk(b"data", bytes(4))), "no fmt chunk"),
        (riff_file(chunk(b"fmt ", fmt()[:14]), chunk(b"data", bytes(4))), "14 bytes; it needs"),
        (riff_file(chunk(b"fmt ", fmt(bits=24, align=4)), chunk(b"data", bytes(8))), "24-bit"),
        (
            riff_file(chunk(b"fmt ", fmt(bits=24, channels=2, align=8)), chunk(b"data", bytes(8))),
            "frames of 8 bytes, which is ambiguous; rewrite it with frames of 6 bytes",
        ),
        (
            riff_file(b"LIST", struct.pack("<I", 2**26 + 1)),
            "chunk b'LIST' of 67108865 bytes before the data",
        ),
    ],
    ids=["no fmt", "short fmt", "24 in 32", "24 in 32 stereo", "chunk"],
)
def test_a_header_that_contradicts_itself_is_refused(data, message, tmp_path):
    with pytest.raises(FormatError, match=message):
        parse(data)
    path = tmp_path / "a.wav"
    path.write_bytes(data)
    with pytest.raises(FormatError, match=message) as caught:
        Reader(str(path))
    assert str(caught.value).startswith(f"{path} is damaged: ")


@pytest.mark.parametrize("length", [0, 4, 8, 12, 15])
def test_a_ds64_chunk_too_short_for_its_sizes_is_refused(length):
    parts = [chunk(b"ds64", bytes(length)), chunk(b"fmt ", fmt()), b"data", b"\xff" * 4]
    with pytest.raises(FormatError, match="ds64"):
        parse(riff_file(*parts, magic=b"RF64", size=2**32 - 1))


@pytest.mark.parametrize("length", [16, 28])
def test_a_ds64_chunk_needs_no_more_than_two_sizes(length):
    sizes = struct.pack("<QQ", 5_000_000_000, 4_999_999_960).ljust(length, b"\0")
    parts = [chunk(b"ds64", sizes), chunk(b"fmt ", fmt()), b"data", b"\xff" * 4]
    found = parse(riff_file(*parts, magic=b"RF64", size=2**32 - 1))
    assert (found.riff_bytes, found.data_bytes) == (5_000_000_000, 4_999_999_960)


TRAILING = {
    # chunks that fill what is allowed, the last of which is of odd length, and one byte more
    "as much as is allowed": ([b"abcd", b"efgh"], [50, 49], [b"abcd", b"efgh"], ()),
    "an empty chunk besides": ([b"a  d", b"efgh"], [99, 0], [b"a  d", b"efgh"], ()),
    "one too large": ([b"abcd"], [100], [], ("abcd (of 100 bytes)",)),
    "two too large together": ([b"abcd", b"efg "], [50, 50], [b"abcd"], ("efg (of 50 bytes)",)),
    "many": ([b"abcd"] * 9, [20] * 9, [b"abcd"] * 4, ("abcd (of 20 bytes)",)),
    "four spaces": ([b"abcd", b"    ", b"efgh"], [3, 4, 5], [b"abcd"], ()),
    "a control character": ([b"abcd", b"ef\x1bh"], [3, 4], [b"abcd"], ()),
    "letters that are not ASCII": ([b"abcd", b"ef\xe9h"], [3, 4], [b"abcd"], ()),
    "more samples": ([b"abcd", b"data", b"efgh"], [3, 4, 5], [b"abcd"], ()),
}


@pytest.mark.parametrize("case", TRAILING)
@pytest.mark.parametrize("order", "<>")
def test_chunks_behind_the_samples_end_with_a_limit_or_with_what_is_none(case, order, monkeypatch):
    names, sizes, kept, broken = TRAILING[case]
    monkeypatch.setattr(riff, "MAX_CHUNKS", 99)
    data = b"".join(
        chunk(name, bytes(range(size)), order) for name, size in zip(names, sizes, strict=True)
    )
    chunks, found = riff.read_chunks(io.BytesIO(data).read, order)
    assert [name for name, _ in chunks] == kept
    assert [body for _, body in chunks] == [bytes(range(size)) for size in sizes[: len(kept)]]
    assert found == broken


@pytest.mark.parametrize(("channels", "rate"), [(0, RATE), (65, RATE), (1, 0), (1, 1_536_001)])
def test_channels_and_rates_out_of_range_are_refused(channels, rate, tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(riff.header("PCM_16", rate, channels, 1) + bytes(2 * channels))
    with pytest.raises(FormatError, match="channels; the limit is" if rate == RATE else "rate of"):
        Reader(str(path))


def test_a_wav_that_says_it_is_empty_is_no_sound(tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(riff_file(chunk(b"fmt ", fmt()), chunk(b"data", b"")))
    assert parse(path.read_bytes()).data_bytes == 0
    with pytest.raises(FormatError, match="holds no frames"):
        Reader(str(path))


@pytest.mark.parametrize(
    "form",
    [
        fmt(tag=7, bits=8),
        fmt(bits=12, align=2),
        fmt(riff.EXTENSIBLE),
        fmt(riff.EXTENSIBLE, more=extensible(1, 16, guid=bytes(14))),
    ],
    ids=["mu-law", "12 bits", "short extensible", "another GUID"],
)
def test_coded_samples_are_left_to_others(form):
    assert parse(riff_file(chunk(b"fmt ", form), chunk(b"data", bytes(4)))).subtype is None


@pytest.mark.parametrize("data", [b"RIFF\0\0\0\0AVI ", b"FORM\0\0\0\0AIFF", b""])
def test_other_kinds_of_file_are_left_to_others(data):
    with pytest.raises(riff.NotRiffError):
        parse(data)


def test_coded_samples_are_read_through_libsndfile(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, np.array([0.5, -0.25, 0.0]), RATE, "ULAW")
    audio, sound = read_all(str(path))
    assert (sound.format, sound.subtype, sound.frames) == ("WAV", "ULAW", 3)
    np.testing.assert_array_equal(audio, soundfile.read(path, always_2d=True)[0])


@pytest.mark.parametrize(
    ("file", "form", "subtype", "rate", "channels", "frames"),
    [
        ("u8_8k_stereo.wav", "WAV", "PCM_U8", 8000, 2, 800),
        ("rifx_float32_44k_stereo.wav", "WAV", "FLOAT", 44100, 2, 441),
        ("rf64_s32_44k_mono.wav", "RF64", "PCM_32", 44100, 1, 4410),
        ("wavex_float64_48k_stereo.wav", "WAVEX", "DOUBLE", 48000, 2, 480),
        ("s24_8k_3ch.wav", "WAV", "PCM_24", 8000, 3, 5),
    ],
)
def test_files_that_others_made(file, form, subtype, rate, channels, frames):
    path = SHARED / file
    if not path.exists():
        pytest.skip(f"{file} is not beside this checkout")
    audio, sound = read_all(str(path))
    assert (sound.subtype, sound.rate, sound.channels) == (subtype, rate, channels)
    assert sound.format == form
    assert sound.frames == len(audio) == frames
    np.testing.assert_array_equal(audio, soundfile.read(path, always_2d=True)[0])
