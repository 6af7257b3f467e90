"""Wrong, incomplete and ambiguous headers of AIFF, W64, CAF and AU."""

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
