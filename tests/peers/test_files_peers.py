"""Files as people have them, decoded by ffmpeg, mpg123, opusdec, oggdec and SoX.

Each test is skipped where its program is not installed.
"""

import itertools
import shutil
import subprocess

import numpy as np
import pytest
import soundfile

from audioconv.errors import TruncatedError
from audioconv.files import Reader

RATE = 44100

ROUNDINGS = 1000
"""Additions behind a sample of a transform codec: of a window, a transform and a filter bank."""

FLOAT_SNR = 20 * np.log10(2.0**24 / ROUNDINGS**0.5)
"""Least SNR in dB of two decoders in single precision, 114 dB.

Each addition rounds by 2^-24 of full scale at most, and their errors are independent.
"""

SIXTEEN_BITS = 2.0**-15
"""Largest difference of a decoder that rounds to 16 bits, and of one that does not."""


def needs(program):
    return pytest.mark.skipif(shutil.which(program) is None, reason=f"{program} is not installed")


def ran(*command):
    """Return standard output of a program that must succeed."""
    return subprocess.run([*map(str, command)], capture_output=True, check=True).stdout


def ffmpeg(path, channels, *, decoder=()):
    data = ran("ffmpeg", "-v", "error", *decoder, "-i", path, "-f", "f64le", "-")
    return np.frombuffer(data).reshape(-1, channels)


def mpg123(path, channels):
    data = ran("mpg123", "-q", "-e", "f32", "-s", path)
    return np.frombuffer(data, "<f4").reshape(-1, channels).astype(float)


def opusdec(path, folder):
    ran("opusdec", "--quiet", "--float", "--rate", "48000", path, folder / "opusdec.wav")
    return soundfile.read(str(folder / "opusdec.wav"), always_2d=True)[0]


def sox(path, channels):
    data = ran("sox", path, "-t", "raw", "-e", "floating-point", "-b", "64", "-")
    return np.frombuffer(data).reshape(-1, channels)


def heard(path, *, allow=False):
    """Return the samples of a file, as audioconv reads them in blocks, and the notices."""
    with Reader(str(path), allow_truncated=allow) as reader:
        return np.concatenate([*reader.blocks(5000)]), reader.notices


def snr(found, expected):
    error = np.sum((found - expected) ** 2)
    return np.inf if not error else 10 * np.log10(np.sum(expected**2) / error)


def agree(found, expected, limit=FLOAT_SNR):
    assert found.shape == expected.shape
    assert np.sum(expected**2) > 0
    assert snr(found, expected) >= limit


def tones(frames, channels=1, rate=RATE, seed=0):
    generator = np.random.default_rng(seed)
    time = np.arange(frames)[:, np.newaxis] / rate
    loud = np.repeat(generator.uniform(0, 0.2, (frames // 500 + 1, channels)), 500, axis=0)
    noise = loud[:frames] * generator.uniform(-1, 1, (frames, channels))
    return 0.4 * np.sin(2 * np.pi * (300 + 200 * np.arange(channels)) * time) + noise


def saved(path, frames, channels=1, rate=RATE, seed=0):
    soundfile.write(str(path), tones(frames, channels, rate, seed), rate, "PCM_16")
    return path


# the shared cases


@needs("ffmpeg")
@pytest.mark.parametrize("name", ["m32k.mp3", "m48k.mp3", "junk_rand.mp3"])
def test_shared_mp3_as_ffmpeg(name, shared):
    path = shared / "cases" / name
    agree(heard(path)[0], ffmpeg(path, 1))


@needs("mpg123")
@pytest.mark.parametrize("name", ["m32k.mp3", "m48k.mp3"])
def test_shared_mp3_as_mpg123(name, shared):
    path = shared / "cases" / name
    agree(heard(path)[0], mpg123(path, 1))


@needs("mpg123")
def test_shared_joined_mp3s_as_mpg123(shared, tmp_path):
    path = shared / "cases" / "cat_id3v1_between.mp3"
    data = path.read_bytes()
    (tmp_path / "a.mp3").write_bytes(data[:46_811])
    (tmp_path / "b.mp3").write_bytes(data[46_939:])
    parts = [mpg123(tmp_path / name, 1) for name in ("a.mp3", "b.mp3")]
    found, notices = heard(path)
    assert len(found) == sum(map(len, parts))
    agree(found[: len(parts[0])], parts[0])
    agree(found[len(parts[0]) + 1152 :], parts[1][1152:])
    assert len(notices) == 1
    assert "joined from" in notices[0]


@needs("mpg123")
def test_shared_damaged_mp3_as_mpg123(shared, tmp_path):
    path = shared / "cases" / "mid_bad_id3v1.mp3"
    with pytest.raises(TruncatedError):
        heard(path)
    found, _ = heard(path, allow=True)
    data = path.read_bytes()
    (tmp_path / "before.mp3").write_bytes(data[:23_405])
    before = mpg123(tmp_path / "before.mp3", 1)
    agree(found[: len(before)], before)


@needs("opusdec")
@pytest.mark.parametrize("name", ["st_960.opus", "w6.opus"])
def test_shared_opus_as_opusdec(name, shared, tmp_path):
    """Opusdec writes the order of WAV too."""
    path = shared / "cases" / name
    agree(heard(path)[0], opusdec(path, tmp_path))


@needs("ffmpeg")
@pytest.mark.parametrize(("name", "channels"), [("c3.ogg", 3), ("w6.opus", 6)])
def test_shared_channels_are_in_the_order_of_ffmpeg(name, channels, shared):
    path = shared / "cases" / name
    found, expected = heard(path)[0], ffmpeg(path, channels)
    # some versions of ffmpeg drop the last 128 frames of a Vorbis
    assert 0 <= len(found) - len(expected) <= 128
    for channel in range(channels):
        agree(found[: len(expected), channel], expected[:, channel], limit=90)


IN_WAVE_ORDER = {
    3: [0, 2, 1],
    5: [0, 2, 1, 3, 4],
    6: [0, 2, 1, 5, 3, 4],
    7: [0, 2, 1, 6, 5, 3, 4],
    8: [0, 2, 1, 7, 5, 6, 3, 4],
}
"""Channels of Vorbis (Vorbis I, section 4.3.9) in the order of WAV; the others have that order."""


def oggdec(path, channels):
    """Return the samples, which oggdec writes without a header in the order of Vorbis."""
    data = ran("oggdec", "-Q", "-R", "-o", "-", path)
    samples = np.frombuffer(data, "<i2").reshape(-1, channels) / 2.0**15
    return samples[:, IN_WAVE_ORDER.get(channels, range(channels))]


@needs("oggdec")
def test_shared_vorbis_as_oggdec(shared):
    path = shared / "cases" / "c3.ogg"
    found, expected = heard(path)[0], oggdec(path, 3)
    assert found.shape == expected.shape
    assert np.abs(found - expected).max() <= SIXTEEN_BITS


@needs("sox")
def test_shared_gsm_as_sox(shared):
    path = shared / "cases" / "gsm1590.wav"
    found, expected = heard(path)[0], sox(path, 1)
    assert (len(found), len(expected)) == (1590, 1600)
    np.testing.assert_array_equal(found, expected[:1590])


@needs("ffmpeg")
@pytest.mark.parametrize(
    ("name", "channels"),
    [
        ("cubicsdr616_data16more.wav", 1),
        ("record96_data44more.wav", 1),
        ("rs39_data0_riff36.wav", 1),
        ("pd855_comm_more_than_ssnd.aiff", 1),
        ("flac_behind_id3.flac", 2),
    ],
)
def test_shared_lossless_files_as_ffmpeg(name, channels, shared):
    path = shared / "cases" / name
    np.testing.assert_array_equal(heard(path, allow=True)[0], ffmpeg(path, channels))


# made files


MP3 = [
    ("libmp3lame", "-b:a", "32k"),
    ("libmp3lame", "-q:a", "9"),
    ("libmp3lame", "-q:a", "2"),
    ("libmp3lame", "-b:a", "96k", "-abr", "1"),
    ("libmp3lame", "-b:a", "320k", "-joint_stereo", "0"),
    ("libmp3lame", "-b:a", "32k", "-write_xing", "0"),
]


@needs("ffmpeg")
@needs("mpg123")
@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("how", MP3, ids=" ".join)
def test_mp3_of_lame_as_mpg123(how, channels, rate, tmp_path):
    source = saved(tmp_path / "a.wav", 60_000, channels, rate)
    encoder, *options = how
    path = tmp_path / "a.mp3"
    ran("ffmpeg", "-v", "error", "-i", source, "-c:a", encoder, *options, path)
    found, notices = heard(path)
    agree(found, mpg123(path, channels))
    assert notices == []


@needs("ffmpeg")
@needs("mpg123")
@pytest.mark.parametrize("rate", [16000, 24000, 32000, 44100, 48000])
@pytest.mark.parametrize("channels", [1, 2])
def test_layer_2_as_mpg123(channels, rate, tmp_path):
    source = saved(tmp_path / "a.wav", 60_000, channels, rate)
    path = tmp_path / "a.mp2"
    ran("ffmpeg", "-v", "error", "-i", source, "-c:a", "mp2", "-b:a", "64k", path)
    found, notices = heard(path)
    agree(found, mpg123(path, channels))
    assert notices == []


@needs("ffmpeg")
@needs("mpg123")
def test_mp3_in_wav_as_mpg123(tmp_path):
    source = saved(tmp_path / "a.wav", 60_000)
    options = ["-c:a", "libmp3lame", "-b:a", "32k", "-write_xing", "0"]
    for name in ("a.mp3", "b.wav"):
        ran("ffmpeg", "-v", "error", "-i", source, *options, tmp_path / name)
    found, expected = heard(tmp_path / "b.wav")[0], mpg123(tmp_path / "a.mp3", 1)
    assert 0 <= len(expected) - len(found) < 1152  # a fact chunk may end inside the last frame
    agree(found, expected[: len(found)])


@needs("opusdec")
@pytest.mark.parametrize("channels", range(1, 9))
def test_opus_of_all_channels_as_opusdec(channels, tmp_path):
    path = tmp_path / "a.opus"
    audio = tones(60_000, channels, 48000)
    soundfile.write(str(path), audio, 48000, "OPUS", format="OGG")
    agree(heard(path)[0], opusdec(path, tmp_path))


@needs("oggdec")
@pytest.mark.parametrize("channels", range(1, 9))
def test_vorbis_of_all_channels_as_oggdec(channels, tmp_path):
    path = tmp_path / "a.ogg"
    soundfile.write(str(path), tones(60_000, channels), RATE, "VORBIS", format="OGG")
    expected = oggdec(path, channels)
    found = heard(path)[0]
    assert found.shape == expected.shape
    assert np.abs(np.clip(found, -1, 1) - expected).max() <= SIXTEEN_BITS


@needs("ffmpeg")
@pytest.mark.parametrize("channels", range(3, 9))
@pytest.mark.parametrize(
    ("form", "subtype"), [("CAF", "ALAC_16"), ("OGG", "OPUS"), ("OGG", "VORBIS")]
)
def test_channels_are_in_the_order_of_ffmpeg(form, subtype, channels, tmp_path):
    path = tmp_path / "sound"
    soundfile.write(str(path), tones(24_000, channels, 48000), 48000, subtype, format=form)
    found, expected = heard(path)[0], ffmpeg(path, channels)
    if form == "CAF":
        np.testing.assert_array_equal(found, expected)
        return
    frames = min(len(found), len(expected))
    assert abs(len(found) - len(expected)) <= 128  # some versions drop the end of a Vorbis
    for channel in range(channels):
        # ffmpeg's own decoder of Opus rounds more; another order of the sines would be at 0 dB
        assert snr(found[:frames, channel], expected[:frames, channel]) > 80


@needs("sox")
@pytest.mark.parametrize("frames", [1590, 1600, 4000, 5001])
@pytest.mark.parametrize("coding", ["gsm-full-rate", "ima-adpcm", "ms-adpcm"])
def test_codings_of_sox_in_wav_are_as_long_as_the_sound(coding, frames, tmp_path):
    """SoX states the number of samples in a fact chunk, and decodes to the end of a frame."""
    source = saved(tmp_path / "a.wav", frames, 1, 8000)
    path = tmp_path / "b.wav"
    ran("sox", "-D", source, "-e", coding, path)
    expected = sox(path, 1)
    found, notices = heard(path)
    assert len(found) == frames
    np.testing.assert_array_equal(found, expected[:frames])
    assert notices == []


@needs("ffmpeg")
@pytest.mark.parametrize("size", [100, 100_000, 300_000])
def test_flac_behind_id3_as_ffmpeg(size, tmp_path):
    soundfile.write(str(tmp_path / "a.flac"), tones(60_000, 2), RATE, "PCM_24")
    length = bytes(size >> shift & 127 for shift in (21, 14, 7, 0))
    path = tmp_path / "b.flac"
    tag = b"ID3\4\0\0" + length + bytes(size)
    path.write_bytes(tag + (tmp_path / "a.flac").read_bytes())
    np.testing.assert_array_equal(heard(path)[0], ffmpeg(path, 2))


@needs("flac")
@pytest.mark.parametrize("bits", [8, 16, 24])
@pytest.mark.parametrize("ogg", [False, True])
def test_flac_of_the_reference_encoder(ogg, bits, tmp_path):
    low = 2 ** (bits - 1)
    samples = np.random.default_rng(bits).integers(-low, low, 20_000)
    width = -(-bits // 8)
    data = samples.astype("<i4").view(np.uint8).reshape(-1, 4)[:, :width]
    if width == 1:
        data = data ^ 128
    raw, path = tmp_path / "a.raw", tmp_path / "a.flac"
    raw.write_bytes(data.tobytes())
    form = ["--force-raw-format", "--endian=little", "--channels=1", f"--bps={bits}"]
    form += [f"--sign={'unsigned' if width == 1 else 'signed'}", f"--sample-rate={RATE}"]
    ran("flac", "-s", *form, *(["--ogg"] if ogg else []), "-o", path, raw)
    found, notices = heard(path)
    np.testing.assert_array_equal(found[:, 0], samples / low)
    assert notices == []


@needs("ffmpeg")
@needs("mpg123")
def test_joined_mp3s_of_ffmpeg(tmp_path):
    names = [tmp_path / f"{number}.mp3" for number in range(3)]
    for number, path in enumerate(names):
        source = saved(tmp_path / "a.wav", 30_000, seed=number)
        tags = ["-metadata", f"title=part {number}", "-write_id3v1", "1"]
        command = ["ffmpeg", "-v", "error", "-y", "-i", source, "-c:a", "libmp3lame", *tags]
        ran(*command, "-q:a", "5", path)
    path = tmp_path / "all.mp3"
    path.write_bytes(b"".join(name.read_bytes() for name in names))
    expected = [mpg123(name, 1) for name in names]
    found, notices = heard(path)
    assert len(found) == sum(map(len, expected))
    ends = [0, *itertools.accumulate(map(len, expected))]
    for (begin, end), part in zip(itertools.pairwise(ends), expected, strict=True):
        agree(found[begin:end], part)
    assert len(notices) == 1
    assert "joined from" in notices[0]
