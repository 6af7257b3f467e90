"""Wrong, incomplete and ambiguous headers of AIFF, W64, CAF and AU."""

import io
import struct

import numpy as np
import pytest
import soundfile

from audioconv.errors import FormatError, TruncatedError
from audioconv.files import Reader, read_all

RATE_80_BITS = bytes.fromhex("400eac44000000000000")  # 44100 as an 80-bit SANE float
GUID = bytes.fromhex("f3acd3118cd100c04f8edb8a")
UNKNOWN = "does not state its length; it is read to its end"


def aiff(samples, bits, *, width=None, frames=None, size=None, more=b""):
    """Return an AIFF of integers, with these bytes per sample."""
    width = width or -(-bits // 8)
    data = b"".join((n & 256**width - 1).to_bytes(width, "big") for n in samples)
    frames = len(samples) if frames is None else frames
    size = 8 + len(data) if size is None else size
    comm = struct.pack(">4sIhIh", b"COMM", 18, 1, frames, bits) + RATE_80_BITS
    sound = struct.pack(">4sIII", b"SSND", size, 0, 0) + data + b"\0" * (len(data) % 2)
    body = b"AIFF" + comm + sound + more
    return b"FORM" + struct.pack(">I", len(body)) + body


def wave64(samples, bits, *, align=None, size=None):
    width = align or bits // 8
    data = b"".join((n & 256**width - 1).to_bytes(width, "little") for n in samples)
    fmt = struct.pack("<HHIIHH", 1, 1, 44100, 44100 * width, width, bits)
    size = 24 + len(data) if size is None else size
    body = b"wave" + GUID + b"fmt " + GUID + struct.pack("<Q", 40) + fmt
    body += b"data" + GUID + struct.pack("<Q", size) + data
    return b"riff" + bytes.fromhex("2e91cf11a5d628db04c10000") + struct.pack("<Q", 24) + body


def caf(samples, bits, *, width=None, size=None):
    width = width or bits // 8
    data = bytes(4) + b"".join((n & 256**width - 1).to_bytes(width, "big") for n in samples)
    form = struct.pack(">d4sIIIII", 44100.0, b"lpcm", 0, width, 1, 1, bits)
    body = b"desc" + struct.pack(">q", 32) + form
    return b"caff\0\1\0\0" + body + b"data" + struct.pack(">q", size or len(data)) + data


def put(tmp_path, data):
    path = tmp_path / "sound"
    path.write_bytes(data)
    return str(path)


STEPS = [2**14, -(2**14), 5, 0, -1]


@pytest.mark.parametrize("make", [aiff, wave64, caf])
@pytest.mark.parametrize("bits", [16, 24])
def test_the_files_put_together_here_are_right(make, bits, tmp_path):
    audio, sound = read_all(put(tmp_path, make(STEPS, bits)))
    assert audio[:, 0].tolist() == [n / 2 ** (bits - 1) for n in STEPS]
    assert (sound.subtype, sound.rate) == (f"PCM_{bits}", 44100)


@pytest.mark.parametrize("make", [aiff, wave64, caf])
def test_narrow_samples_in_wide_containers_are_refused(make, tmp_path):
    width = {"align" if make is wave64 else "width": 4}
    with pytest.raises(FormatError, match=r"damaged|unsupported encoding"):
        read_all(put(tmp_path, make(STEPS, 24, **width)))


@pytest.mark.parametrize("count", [1, 2, 101])
def test_the_padding_of_an_aiff_is_no_sample(count, tmp_path):
    path = put(tmp_path, aiff(range(count), 8))
    # libsndfile's count, if a pad byte follows the samples
    assert soundfile.info(path).frames in (count, count + count % 2)
    assert read_all(path)[0][:, 0].tolist() == [n / 128 for n in range(count)]


@pytest.mark.parametrize("frames", [3, 4, 6, 2**31])
def test_an_aiff_of_two_lengths_is_refused(frames, tmp_path):
    with pytest.raises(FormatError, match=f"states {frames} frames, but it holds 5"):
        read_all(put(tmp_path, aiff(STEPS, 16, frames=frames)))


@pytest.mark.parametrize(
    "data",
    [
        aiff(STEPS, 16, frames=0, size=0),
        aiff(STEPS, 16, frames=0x3F800000, size=0x7F000008),
        wave64(STEPS, 16, size=2**63 - 1),
        caf(STEPS, 16, size=-1),
        b".snd" + struct.pack(">5I", 24, 2**32 - 1, 3, 44100, 1) + struct.pack(">5h", *STEPS),
    ],
    ids=["aiff from ffmpeg", "aiff from sox", "w64 from ffmpeg", "caf", "au"],
)
def test_a_length_left_open_is_read_to_the_end(data, tmp_path):
    with Reader(put(tmp_path, data)) as reader:
        audio = np.concatenate(list(reader.blocks(2)))
    assert (audio[:, 0] * 2**15).tolist() == STEPS
    assert [UNKNOWN in notice for notice in reader.notices] == [True]


@pytest.mark.parametrize("data", [wave64(STEPS, 16, size=23), caf(STEPS, 16, size=-5)])
def test_a_size_below_nothing_is_refused(data, tmp_path):
    with pytest.raises(FormatError, match=r"states a length of -\d+ bytes"):
        read_all(put(tmp_path, data))


@pytest.mark.parametrize("make", [aiff, wave64, caf])
@pytest.mark.parametrize("cut", [1, 2, 5])
def test_samples_that_break_off_are_missed(make, cut, tmp_path):
    with pytest.raises(TruncatedError, match="truncated or damaged: its header states"):
        read_all(put(tmp_path, make(STEPS, 16)[:-cut]))


def test_floats_that_libsndfile_takes_for_whole_numbers_are_refused(tmp_path):
    """FFmpeg writes them into an extensible W64, whose format tag is in the GUID."""
    guid = struct.pack("<H", 3) + bytes.fromhex("000000001000800000aa00389b71")
    fmt = struct.pack("<HHIIHHHHI", 0xFFFE, 1, 44100, 176400, 4, 32, 22, 32, 4) + guid
    plain = wave64([0], 16)
    at = plain.index(b"fmt ")
    data = np.array([0.5, -0.5], "<f4").tobytes()
    file = plain[: at + 16] + struct.pack("<Q", 24 + len(fmt)) + fmt
    file += b"data" + GUID + struct.pack("<Q", 24 + len(data)) + data
    with pytest.raises(FormatError, match="damaged: its samples are not integers"):
        read_all(put(tmp_path, file))


def test_chunks_without_end_take_no_time(tmp_path):
    """A gigabyte of zeros could be read as empty chunks."""
    path = tmp_path / "sound"
    with path.open("wb") as file:
        file.write(aiff(STEPS, 16, more=b"note\0\0\0\0" * 20_000))
        file.truncate(2**30)
    audio, _ = read_all(str(path))
    assert (audio[:, 0] * 2**15).tolist() == STEPS


# chunks behind the samples that the end of the file cuts off


GUID_TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")
"""The bytes after the first four in the name of a chunk of Wave 64."""

HEADERS = {b"riff": 24, b"caff": 12}
"""Bytes of the name and the size of a chunk; elsewhere 8."""

CUT_FILES = {
    "WAV of 8 bits": ("WAV", "PCM_U8", "FILE"),
    "WAV of 16 bits": ("WAV", "PCM_16", "FILE"),
    "RIFX": ("WAV", "PCM_16", "BIG"),
    "WAV of floats": ("WAV", "FLOAT", "FILE"),
    "WAV of mu-law": ("WAV", "ULAW", "FILE"),
    "WAV of ADPCM": ("WAV", "MS_ADPCM", "FILE"),
    "RF64": ("RF64", "PCM_24", "FILE"),
    "W64": ("W64", "PCM_16", "FILE"),
    "W64 of mu-law": ("W64", "ULAW", "FILE"),
    "AIFF": ("AIFF", "PCM_16", "FILE"),
    "AIFC of floats": ("AIFF", "FLOAT", "FILE"),
    "CAF": ("CAF", "PCM_16", "FILE"),
    "CAF of mu-law": ("CAF", "ULAW", "FILE"),
    "CAF of ALAC": ("CAF", "ALAC_16", "FILE"),
}


def with_chunk(data, name, body):
    """Return a file with one more chunk at its end, and the size of the file to match."""
    magic = data[:4]
    if magic == b"riff":
        data += bytes(-len(data) % 8) + name + GUID_TAIL + struct.pack("<Q", 24 + len(body)) + body
        return data[:16] + struct.pack("<Q", len(data)) + data[24:]
    if magic == b"caff":
        return data + name + struct.pack(">q", len(body)) + body
    order = ">" if magic in (b"FORM", b"RIFX") else "<"
    data += bytes(len(data) % 2) + name + struct.pack(order + "I", len(body)) + body
    if magic == b"RF64":  # whose size stands in the ds64 chunk
        return data[:20] + struct.pack("<Q", len(data) - 8) + data[28:]
    return magic + struct.pack(order + "I", len(data) - 8) + data[8:]


def heard(tmp_path, data, *, allow=False):
    with Reader(put(tmp_path, data), allow_truncated=allow) as reader:
        audio = np.concatenate(list(reader.blocks()))
        return audio, [notice.replace(reader.info.path, "FILE") for notice in reader.notices]


@pytest.mark.parametrize("allow", [False, True])
@pytest.mark.parametrize("name", [b"aucv", b"LIST", b"zz9!"])
@pytest.mark.parametrize("frames", [600, 601])
@pytest.mark.parametrize("kind", CUT_FILES)
def test_a_chunk_that_is_cut_off_anywhere_is_no_sound(kind, frames, name, allow, tmp_path):
    form, subtype, endian = CUT_FILES[kind]
    file = io.BytesIO()
    sound = np.random.default_rng(1).uniform(-0.9, 0.9, frames)
    soundfile.write(file, sound, 44100, subtype, endian, form)
    base = file.getvalue()
    whole = with_chunk(base, name, b'{"gain":1.5}' * 40)
    at, header = whole.rindex(name), HEADERS.get(base[:4], 8)
    expected, notices = heard(tmp_path, base)
    assert len(expected) >= frames  # ADPCM fills its last block
    for end in (*range(at + 1, at + header + 2), at + 100, len(whole) - 1):
        audio, more = heard(tmp_path, whole[:end], allow=allow)
        np.testing.assert_array_equal(audio, expected)
        cut = f"the chunk {name.decode()!r}" if end >= at + 4 else "a chunk"
        assert more == [*notices, f"{cut} at the end of FILE is cut off; the sound is complete"]
    audio, more = heard(tmp_path, whole, allow=allow)
    np.testing.assert_array_equal(audio, expected)
    assert more == notices


@pytest.mark.parametrize("size", [2**26 + 2, 2**31 - 2**17])
def test_a_large_chunk_is_cut_off_if_the_file_states_to_hold_it(size, tmp_path):
    file = io.BytesIO()
    soundfile.write(file, np.full(100, 0.5), 44100, "PCM_16", format="WAV")
    base = file.getvalue()
    rest = b"zz9!" + struct.pack("<I", size) + b"text"
    whole = len(base) + 8 + size - 8
    for stated, expected in ((whole, "is cut off"), (whole - 1, "up to 6 frames more")):
        audio, (notice,) = heard(tmp_path, base[:4] + struct.pack("<I", stated) + base[8:] + rest)
        assert len(audio) == 100
        assert expected in notice


def test_printable_samples_past_the_stated_end_are_samples(tmp_path):
    """Bytes near the middle of 8 bits are printable, but no size of a chunk."""
    file = io.BytesIO()
    soundfile.write(file, np.full(1000, -0.1), 44100, "PCM_U8", format="WAV")
    data = file.getvalue()
    assert data[-900:].decode("ascii").isprintable()
    at = data.index(b"data") + 4
    audio, (notice,) = heard(tmp_path, data[:at] + struct.pack("<I", 100) + data[at + 4 :])
    assert len(audio) == 100
    assert notice.startswith("FILE has up to 900 frames more than its header states")


@pytest.mark.parametrize("count", range(1, 8))
def test_a_few_printable_samples_of_a_file_as_long_as_it_states_are_samples(count, tmp_path):
    file = io.BytesIO()
    soundfile.write(file, np.full(100 + count, -0.1), 44100, "PCM_U8", format="WAV")
    data = file.getvalue()[: 144 + count]
    size = struct.pack("<I", len(data) - 8)
    data = data[:4] + size + data[8:40] + struct.pack("<I", 100) + data[44:]
    assert not any("cut off" in notice for notice in heard(tmp_path, data)[1])
    if count > 1:  # one alone may be padding
        assert len(heard(tmp_path, data, allow=True)[0]) == 100 + count
