"""Reading, quantising and writing sound files."""

import hashlib
import io
import math
import os
import stat
import struct
import sys
import tempfile
import threading
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from audioconv.errors import AudioconvError, FormatError, TruncatedError, UsageError
from audioconv.files import (
    FLOATS,
    INTEGER_BITS,
    PeakMeter,
    Reader,
    SoundInfo,
    Target,
    Writer,
    display_name,
    output_format,
    read_all,
    reading,
    refuse_overwrite,
    rereadable,
    target,
    write_all,
)
from audioconv.files.codecs import riff
from audioconv.files.encoders import WaveEncoder
from audioconv.files.quantise import first_past, quantise, triangular_noise
from audioconv.job import Job, Options
from audioconv.render.run import run

RATE = 44100
FORMATS = ["WAV", "WAVEX", "FLAC", "AIFF", "CAF", "W64", "AU", "RF64"]
LOSSLESS = [
    (form, subtype)
    for form in FORMATS
    for subtype in soundfile.available_subtypes(form)
    if subtype in INTEGER_BITS or subtype in FLOATS
]
posix = pytest.mark.skipif(os.name != "posix", reason="permissions and pipes as POSIX has them")
linux = pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes are Linux's")


def sound_at(path, subtype="PCM_16", *, form="WAV", channels=1, frames=None, rate=RATE):
    return SoundInfo(str(path), form, subtype, rate, channels, frames)


def wav(path, audio, subtype="DOUBLE", **options):
    soundfile.write(path, np.asarray(audio), RATE, subtype, **options)
    return str(path)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def put(out, data, *, error=None):
    """Write to a target, and commit it or fail."""
    out.file.write(data)
    out.file.flush()
    if error:
        raise error
    out.commit()


# rounding


@pytest.mark.parametrize("bits", [2, 8, 16, 20, 24, 32])
def test_rounding_is_to_nearest_even_with_clipping_counted(bits):
    full = 2 ** (bits - 1)
    places = st.integers(-3 * full, 3 * full).map(lambda quarters: quarters / (2 * full))
    values = st.one_of(places, st.floats(-4, 4), st.floats(-1e200, 1e200))

    @settings(max_examples=100, deadline=None)
    @given(arrays.arrays(np.float64, (7, 2), elements=values))
    def check(audio):
        exact = [round(Fraction(float(value)) * full) for value in audio.ravel()]
        limited = [min(max(step, -full), full - 1) for step in exact]
        integers, clipped = quantise(audio, bits)
        assert integers.dtype == np.int32
        assert integers.shape == audio.shape
        assert integers.ravel().tolist() == limited
        assert clipped == sum(a != b for a, b in zip(exact, limited, strict=True))

    check()


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
def test_ties_go_to_the_even_neighbour(bits):
    full = 2.0 ** (bits - 1)
    ties = np.array([[-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]]) / full
    assert quantise(ties, bits)[0].tolist() == [[-2, -2, 0, 0, 2, 2]]


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
def test_rounding_has_no_bias(bits):
    # eighths of a step from 0 to 64 steps: rounding ties up would add 1/16 step on average
    steps = np.arange(64 * 8) / 8
    rounded, clipped = quantise(steps[:, None] / 2.0 ** (bits - 1), bits)
    assert rounded.sum() == steps.sum()
    assert clipped == 0


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
def test_full_scale_is_where_it_is(bits):
    full = 2 ** (bits - 1)
    edges = np.array([[-1.0, (full - 1) / full, (full - 0.5) / full, 1.0, -1 - 0.5 / full]])
    integers, clipped = quantise(edges, bits)
    # half a step below -1 ties to the even -full and is whole; half a step below 1 ties to full
    assert integers.tolist() == [[-full, full - 1, full - 1, full - 1, -full]]
    assert clipped == 2


@pytest.mark.parametrize("bits", [8, 16, 24, 32, None])
@pytest.mark.parametrize("past", [1.5, -1.5])
@pytest.mark.parametrize("frame", range(4))
def test_the_first_frame_past_full_scale_is_named(bits, past, frame):
    audio = np.full((5, 2), -1.0)  # full scale itself
    audio[frame, frame % 2] = past
    audio[4] = 3.0, -3.0
    assert first_past(audio, bits) == frame
    assert first_past(audio.astype(np.float32), bits) == frame


@pytest.mark.parametrize("bits", [8, 16, 24, 32, None])
def test_full_scale_is_passed_where_samples_are_limited(bits):
    """Half a step below 1 ties to full scale, which is one step too much; below -1 to -1."""
    half = 0.5 / 2 ** ((bits or 60) - 1)
    kept, past = [-1 - half, 1 - 2.5 * half, 0.0], 1 - half
    if bits is None:  # where there are no steps
        kept, past = [-1.0, 1.0, 0.0], np.nextafter(1.0, 2.0)
    assert first_past(np.array([[*kept], [0.0, past, 0.0]]), bits) == 1
    assert first_past(np.array([[*kept], [0.0, -1 - 3.5 * half - 1e-15, 0.0]]), bits) == 1
    assert first_past(np.array([[0.0], [1.25 if bits is None else 1.0]], np.float32), bits) == 1
    if bits is not None:
        assert quantise(np.array([kept]), bits)[1] == 0
        assert quantise(np.array([[past]]), bits)[1] == 1


def test_noise_may_take_a_sample_past_full_scale():
    noise = np.array([[0.4, -0.9], [0.0, 0.6], [0.9, 0.9]])
    largest = np.full((3, 2), 1 - 1 / 128)  # of 8 bits
    assert first_past(largest, 8, noise) == 1
    least = np.full((3, 2), -1.0)
    assert first_past(least, 8, noise) == 0


def test_rounding_leaves_its_argument_alone():
    audio = np.array([[2.0, 0.3]])
    quantise(audio, 8, 0.1)
    assert audio.tolist() == [[2.0, 0.3]]


def test_noise_is_added_in_steps_before_rounding():
    assert quantise(np.array([[0.0, 0.25]]), 8, np.array([[0.6, -0.6]]))[0].tolist() == [[1, 31]]


# dither


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**40), st.lists(st.integers(0, 40), max_size=6), st.integers(1, 3))
def test_dither_does_not_depend_on_cuts_or_other_channels(start, lengths, channels):
    whole = triangular_noise(start, sum(lengths), 3)
    at = 0
    for length in lengths:
        part = triangular_noise(start + at, length, channels)
        np.testing.assert_array_equal(part, whole[at : at + length, :channels])
        at += length


def test_dither_is_triangular():
    count = 2**18
    noise = triangular_noise(5, count, 2)
    assert np.abs(noise).max() < 1
    spread = 5 / math.sqrt(count)  # five standard errors; the noise is always the same
    for channel in noise.T:
        # moments of the difference of two uniform numbers: 0, 1/6, 0, 1/15
        assert abs(channel.mean()) < spread * math.sqrt(1 / 6)
        assert abs((channel**2).mean() - 1 / 6) < spread * math.sqrt(1 / 15 - 1 / 36)
        # its distribution, by Kolmogorov and Smirnov: 2.23 / sqrt(n) is passed once in 10000
        at = np.sort(channel)
        cumulative = np.where(at < 0, (1 + at) ** 2 / 2, 1 - (1 - at) ** 2 / 2)
        ranks = np.arange(count + 1) / count
        worst = max((ranks[1:] - cumulative).max(), (cumulative - ranks[:-1]).max())
        assert worst < 2.23 / math.sqrt(count)


@pytest.mark.parametrize("lag", [1, 2, 3, 4])
def test_dither_is_not_correlated_in_time(lag):
    noise = triangular_noise(0, 2**17, 1)[:, 0]
    # a product of independent values has mean 0 and variance 1/36
    assert abs((noise[lag:] * noise[:-lag]).mean()) < 5 / 6 / math.sqrt(2**17 - lag)


def test_dither_of_two_channels_is_not_correlated():
    left, right = triangular_noise(0, 2**17, 2).T
    assert abs((left * right).mean()) < 5 / 6 / math.sqrt(2**17)


@pytest.mark.parametrize("place", [0.0, 0.25, 0.5, 0.8])
def test_dither_makes_the_error_independent_of_the_signal(place):
    # Lipshitz et al.: mean 0 and variance 1/4 of the total error, wherever between two steps
    count = 2**17
    noise = triangular_noise(0, count, 1)
    error = quantise(np.full((count, 1), place / 2**15), 16, noise)[0] - place
    assert abs(error.mean()) < 5 * 0.5 / math.sqrt(count)
    # the error stays within 1.5, so its square's variance is at most 1.5^2 times its mean
    assert abs((error**2).mean() - 0.25) < 5 * math.sqrt(2.25 * 0.25 / count)


# reading


@pytest.mark.parametrize("block", [1, 1000, 4096, 10**9])
def test_blocks_are_the_sound_however_it_is_cut(block, tmp_path):
    audio = np.random.default_rng(0).uniform(-1, 1, (1500, 2))
    for form in ("WAV", "AIFF"):
        path = wav(tmp_path / "a", audio, format=form)
        with Reader(path) as reader:
            assert (reader.frames, reader.peak) == (0, 0.0)
            blocks = list(reader.blocks(block))
        assert all(len(b) == block for b in blocks[:-1])
        assert 1 <= len(blocks[-1]) <= block
        np.testing.assert_array_equal(np.concatenate(blocks), audio)
        assert (reader.frames, reader.peak) == (1500, np.abs(audio).max())


@pytest.mark.parametrize("loudest", [0.75, -0.75])
def test_the_peak_is_of_both_signs(loudest, tmp_path):
    with Reader(wav(tmp_path / "a.wav", [0.5, -0.5, loudest, 0.1])) as reader:
        list(reader.blocks(2))
        assert reader.peak == 0.75


@pytest.mark.parametrize("form", ["WAV", "WAVEX", "RF64", "AIFF", "CAF", "AU", "W64"])
@pytest.mark.parametrize("subtype", FLOATS)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_not_a_number_is_refused_at_its_time(value, subtype, form, tmp_path):
    audio = np.zeros((1000, 2))
    audio[777, 1] = audio[900, 0] = value
    path = wav(tmp_path / "a", audio, subtype, format=form)
    with pytest.raises(FormatError) as caught, Reader(path) as reader:
        list(reader.blocks(100))
    assert "not a finite number at frame 777 (0.017619 s)" in str(caught.value)
    assert reader.frames == 700


@pytest.mark.parametrize("cut", [1, 100, 1000, 5000])
@pytest.mark.parametrize("form", FORMATS)
def test_a_sound_cut_short_is_refused(form, cut, tmp_path):
    noise = np.random.default_rng(0).uniform(-1, 1, 4000)  # 12000 bytes, so nothing is padded
    path = tmp_path / "a"
    assert len(read_all(wav(path, noise, "PCM_24", format=form))[0]) == 4000
    os.truncate(path, path.stat().st_size - cut)
    with pytest.raises(FormatError) as caught:
        read_all(str(path))
    assert str(caught.value).startswith(str(path))


def test_a_file_that_shrinks_while_it_is_read_is_refused(tmp_path):
    path = wav(tmp_path / "a.wav", np.zeros(10**5))
    with Reader(path) as reader:
        blocks = reader.blocks(1000)
        next(blocks)
        os.truncate(path, 300_000)
        with pytest.raises(TruncatedError, match="its header states 100000"):
            list(blocks)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty; there is no sound in it"),
        (b"no sound at all", "is text, not sound"),
        (b"RIFF", "is not a readable sound file"),
        (bytes(10**5), "begins with 65536 zero bytes"),
    ],
)
def test_what_is_not_a_sound_is_refused(content, message, tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=message) as caught:
        Reader(str(path))
    assert str(caught.value).startswith(str(path))


@pytest.mark.parametrize("form", ["WAV", "AIFF", "AU", "CAF", "W64", "RF64"])
def test_a_sound_of_no_frames_is_refused(form, tmp_path):
    path = wav(tmp_path / "a", np.zeros((0, 1)), "PCM_16", format=form)
    with pytest.raises(FormatError, match=r"holds no frames|states a length of 0"):
        Reader(path)


def test_paths_that_are_no_files_are_refused_by_their_cause(tmp_path):
    for path, cause in [
        (tmp_path / "none.wav", "does not exist; check the name"),
        (tmp_path / "no folder" / "none.wav", "does not exist; check the name"),
        (tmp_path, "is a directory; name a sound file in it"),
        (f"{tmp_path}/a\0b.wav", "cannot be read: "),
    ]:
        for opening in (Reader, read_all, lambda path: rereadable(path).__enter__()):
            with pytest.raises(FormatError) as caught:
                opening(str(path))
            assert str(caught.value).startswith(f"{display_name(str(path))} {cause}")


@posix
def test_a_file_without_permission_is_refused(tmp_path):
    path = tmp_path / "a.wav"
    path.touch(mode=0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    with pytest.raises(FormatError, match="cannot be read: Permission denied"):
        Reader(str(path))


@linux
@pytest.mark.parametrize("form", ["WAV", "FLAC"])
def test_a_name_may_be_of_any_bytes(form, tmp_path):
    path = f"{tmp_path}/" + os.fsdecode(b"caf\xe9 \n." + form.lower().encode())
    sound = sound_at(path, form=form, frames=3)
    with target(path, reread=True) as out:
        write_all(out, sound, np.array([[0.5], [0.25], [-1.0]]))
        out.commit()
    audio, found = read_all(path)
    assert audio.ravel().tolist() == [0.5, 0.25, -1.0]
    assert found == sound
    assert [os.fsencode(n) for n in names(tmp_path)] == [b"caf\xe9 \n." + form.lower().encode()]
    assert display_name(path).isprintable()
    display_name(path).encode("utf-8")


@pytest.mark.parametrize("form", FORMATS)
def test_a_pipe_is_the_same_sound_as_a_file(form, piped, tmp_path):
    audio = np.random.default_rng(1).integers(-(2**15), 2**15, (70_000, 2)).astype(np.int16)
    path = wav(tmp_path / "a", audio, "PCM_16", format=form)
    piped((tmp_path / "a").read_bytes())
    found, sound = read_all("-")
    np.testing.assert_array_equal(found, audio / 2.0**15)
    assert (sound.format, sound.subtype, sound.rate, sound.channels) == (form, "PCM_16", RATE, 2)
    assert read_all(path)[1].frames == sound.frames == 70_000


def test_a_pipe_of_unknown_length_is_read_to_its_end(piped, tmp_path):
    wav(tmp_path / "a.wav", np.array([1, -2, 3], np.int16), "PCM_16")
    data = bytearray((tmp_path / "a.wav").read_bytes())
    data[4:8] = data[40:44] = b"\xff" * 4
    piped(bytes(data))
    with Reader("-") as reader:
        assert reader.info.frames is None
        (block,) = reader.blocks(100)
    assert (block.ravel() * 2**15).tolist() == [1, -2, 3]
    assert "does not state its length" in reader.notices[0]
    piped(bytes(data) + b"\7")
    with Reader("-") as reader, pytest.raises(TruncatedError, match="inside a frame"):
        list(reader.blocks(100))
    piped(bytes(data) + b"\7")
    with Reader("-", allow_truncated=True) as reader:
        assert len(np.concatenate(list(reader.blocks(100)))) == 3
    assert "inside a frame, after 1 of its 2 bytes" in reader.notices[1]


def test_a_pipe_that_breaks_off_is_refused(piped, tmp_path):
    wav(tmp_path / "a.wav", np.zeros(1000), "PCM_16")
    piped((tmp_path / "a.wav").read_bytes()[:-500])
    with pytest.raises(TruncatedError, match=r"standard input is truncated: .* ends after 750"):
        read_all("-")


def test_a_pipe_without_a_sound_is_refused(piped):
    piped(b"")
    with pytest.raises(FormatError, match="standard input is empty"):
        read_all("-")


def test_a_file_is_reread_where_it_is(tmp_path):
    path = wav(tmp_path / "a.wav", [0.5])
    with rereadable(path) as again:
        assert again == path


def test_a_pipe_is_reread_from_a_copy_that_is_gone_after(piped, tmp_path):
    wav(tmp_path / "a.wav", [0.5, -0.25])
    piped((tmp_path / "a.wav").read_bytes())
    with rereadable("-") as path:
        for _ in range(3):
            assert read_all(path)[0].ravel().tolist() == [0.5, -0.25]
    assert not Path(path).exists()


@pytest.mark.parametrize("form", ["WAV", "FLAC"])
@pytest.mark.parametrize("over", [0, 1])
def test_a_pipe_is_copied_up_to_a_limit(piped, tmp_path, monkeypatch, form, over):
    """To be read again, or by libsndfile, which needs a file."""
    path = wav(tmp_path / f"a.{form}", np.zeros(1000), "PCM_16", format=form)
    data = Path(path).read_bytes()
    monkeypatch.setattr(reading, "MAX_SPOOL", len(data) - over)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    piped(data)
    if not over:
        with rereadable("-") as again:
            assert Path(again).read_bytes() == data
        return
    with pytest.raises(FormatError, match="the piped input exceeds 0 GiB, the limit of a temp"):
        rereadable("-").__enter__() if form == "WAV" else read_all("-")
    assert names(tmp_path) == [Path(path).name]


@pytest.mark.parametrize("reread", [False, True])
def test_a_closed_standard_output_is_refused(monkeypatch, reread):
    monkeypatch.setattr(sys, "stdout", None)  # as Python has it where there is none
    with (
        pytest.raises(FormatError, match="standard output is closed; name a file, or open it"),
        target("-", reread=reread),
    ):
        pytest.fail("it was opened")


@posix
@pytest.mark.parametrize("reread", [False, True])
@pytest.mark.parametrize("size", [10, 10_000_000])
def test_an_output_whose_reader_has_gone_is_an_error(monkeypatch, reread, size):
    reading_end, writing_end = os.pipe()
    os.close(reading_end)
    with os.fdopen(writing_end, "wb") as pipe:
        monkeypatch.setattr(sys, "stdout", pipe)
        with (
            pytest.raises(FormatError, match="standard output was closed by its reader before"),
            target("-", reread=reread) as out,
        ):
            put(out, bytes(size))


@posix
def test_a_named_pipe_is_read_and_written(tmp_path):
    source, sink = tmp_path / "in", tmp_path / "out"
    os.mkfifo(source)
    os.mkfifo(sink)
    wav(tmp_path / "a.wav", np.array([5, -6], np.int16), "PCM_16")
    got = []
    threads = [
        threading.Thread(target=lambda: source.write_bytes((tmp_path / "a.wav").read_bytes())),
        threading.Thread(target=lambda: got.append(sink.read_bytes())),
    ]
    for thread in threads:
        thread.start()
    run(Job(str(source), str(sink), ["delta"], Options(format="WAV")))
    for thread in threads:
        thread.join()
    assert soundfile.read(io.BytesIO(got[0]), dtype="int16")[0].tolist() == [5, -6]
    assert stat.S_ISFIFO(sink.stat().st_mode)


# the target


def test_a_commit_replaces_the_old_file(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with target(str(path), overwrite=True) as out:
        out.file.write(b"new")
        assert path.read_bytes() == b"old"
        assert len(names(tmp_path)) == 2
        out.commit()
    assert path.read_bytes() == b"new"
    assert names(tmp_path) == ["a"]


def test_without_a_commit_the_old_file_stays(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with target(str(path), overwrite=True) as out:
        out.file.write(b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["a"]


@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, SystemExit])
def test_an_error_leaves_nothing_behind(error, tmp_path):
    with pytest.raises(error), target(str(tmp_path / "a")) as out:
        put(out, b"new", error=error)
    assert names(tmp_path) == []


def test_a_failed_rename_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a"
    path.write_bytes(b"old")

    def fail(*_):
        raise OSError(5, "Input/output error")

    for step in ("fsync", "replace", "chmod"):
        with monkeypatch.context() as patch:
            patch.setattr(f"audioconv.files.atomic.os.{step}", fail)
            with (
                pytest.raises(FormatError, match="cannot be written: Input/output error"),
                target(str(path), overwrite=True) as out,
            ):
                put(out, b"new")
        assert path.read_bytes() == b"old"
        assert names(tmp_path) == ["a"]


def test_a_restart_begins_with_nothing(tmp_path):
    with target(str(tmp_path / "a")) as out:
        out.file.write(b"first, and longer")
        out.restart()
        out.file.write(b"second")
        out.commit()
    assert (tmp_path / "a").read_bytes() == b"second"


@posix
def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "there").mkdir()
    real, link = tmp_path / "there" / "real", tmp_path / "link"
    for content in (b"new", b"newer"):  # at first the link is dangling
        link.unlink(missing_ok=True)
        link.symlink_to(real)
        with target(str(link), overwrite=True) as out:
            out.file.write(content)
            out.commit()
        assert link.is_symlink()
        assert real.read_bytes() == content
        assert names(tmp_path / "there") == ["real"]


@posix
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o444])
def test_permissions_are_kept(mode, tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    path.chmod(mode)
    with target(str(path), overwrite=True) as out:
        out.commit()
    assert stat.S_IMODE(path.stat().st_mode) == mode


@posix
@pytest.mark.parametrize("umask", [0o022, 0o077, 0o002])
def test_a_new_file_has_the_permissions_of_the_umask(umask, tmp_path):
    before = os.umask(umask)
    try:
        with target(str(tmp_path / "a")) as out:
            out.commit()
        assert os.umask(umask) == umask
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o666 & ~umask


def test_a_target_that_cannot_be_is_refused(tmp_path):
    for path, message in [
        (tmp_path / "none" / "a.wav", f"{tmp_path / 'none'} is not a directory; make it first"),
        (tmp_path, f"{tmp_path} is a directory; name a file in it"),
    ]:
        with pytest.raises(FormatError) as caught, target(str(path)):
            pytest.fail("it was opened")
        assert str(caught.value) == message
    assert names(tmp_path) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full device")
@pytest.mark.parametrize("reread", [False, True])
def test_a_full_disk_is_an_error(reread):
    with (
        pytest.raises(FormatError, match="/dev/full cannot be written: No space left"),
        target("/dev/full", reread=reread) as out,
    ):
        put(out, bytes(10))


def test_a_long_name_is_written(tmp_path):
    path = tmp_path / ("x" * 250 + ".wav")
    with target(str(path)) as out:
        out.commit()
    assert names(tmp_path) == [path.name]


def test_an_output_that_is_there_or_is_an_input_is_refused(tmp_path):
    source, other = tmp_path / "in.wav", tmp_path / "other.wav"
    source.touch()
    other.touch()
    os.link(source, tmp_path / "hard.wav")
    inputs = [str(source), "-", str(tmp_path / "missing.wav")]
    refuse_overwrite(str(tmp_path / "new.wav"), inputs=inputs, overwrite=False)
    refuse_overwrite(str(other), inputs=inputs, overwrite=True)
    refuse_overwrite("-", inputs=inputs, overwrite=False)
    with pytest.raises(
        UsageError, match="exists; pass `overwrite=True` to overwrite it, or name another"
    ):
        refuse_overwrite(str(other), inputs=inputs, overwrite=False)
    for same in (source, tmp_path / "hard.wav", f"{tmp_path}/./in.wav"):
        with pytest.raises(UsageError, match="is the same file as input"):
            refuse_overwrite(str(same), inputs=inputs, overwrite=True)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "the name of the output is empty; name a file"),
        (".", r"\. is a directory; name a file in it"),
        ("a\0b", "cannot be written: embedded null"),
        ("x" * 5000, "cannot be written: File name too long"),
    ],
)
def test_a_name_that_no_file_can_have_is_refused(name, message):
    if len(name) > 1000 and os.name != "posix":
        pytest.skip("the system says it in other words")
    with pytest.raises(UsageError, match=message):
        refuse_overwrite(name, inputs=[], overwrite=True)


# formats


SOURCES = {"wav16": ("WAV", "PCM_16"), "u8": ("WAV", "PCM_U8"), "s8": ("AIFF", "PCM_S8")} | {
    subtype.lower(): ("WAV", subtype) for subtype in ("PCM_24", "PCM_32", "FLOAT", "DOUBLE")
}
SOURCES |= {"mp3": ("MP3", "MPEG_LAYER_III"), "vorbis": ("OGG", "VORBIS"), "ulaw": ("AU", "ULAW")}


@pytest.mark.parametrize(
    ("path", "source", "form", "subtype", "expected"),
    [
        # the source's own subtype, in the format of the suffix
        ("a.wav", "wav16", None, None, ("WAV", "PCM_16")),
        ("a.WAV", "pcm_24", None, None, ("WAV", "PCM_24")),
        ("a.wave", "pcm_32", None, None, ("WAV", "PCM_32")),
        ("a.wav", "float", None, None, ("WAV", "FLOAT")),
        ("a.w64", "double", None, None, ("W64", "DOUBLE")),
        ("a.rf64", "double", None, None, ("RF64", "DOUBLE")),
        ("a.aif", "float", None, None, ("AIFF", "FLOAT")),
        ("a.aiff", "pcm_24", None, None, ("AIFF", "PCM_24")),
        ("a.aifc", "wav16", None, None, ("AIFF", "PCM_16")),
        ("a.au", "wav16", None, None, ("AU", "PCM_16")),
        ("a.snd", "wav16", None, None, ("AU", "PCM_16")),
        ("a.caf", "wav16", None, None, ("CAF", "PCM_16")),
        ("a.flac", "wav16", None, None, ("FLAC", "PCM_16")),
        ("-", "float", None, None, ("WAV", "FLOAT")),
        ("a.b.c.flac", "pcm_24", None, None, ("FLAC", "PCM_24")),
        # eight bits, signed or unsigned
        ("a.wav", "s8", None, None, ("WAV", "PCM_U8")),
        ("a.flac", "u8", None, None, ("FLAC", "PCM_S8")),
        ("a.au", "u8", None, None, ("AU", "PCM_S8")),
        # a lossy source becomes 24 bits
        ("a.wav", "mp3", None, None, ("WAV", "PCM_24")),
        ("a.flac", "vorbis", None, None, ("FLAC", "PCM_24")),
        ("a.au", "ulaw", None, None, ("AU", "PCM_24")),
        # as requested, in upper or lower case
        ("a.wav", "wav16", None, "pcm_24", ("WAV", "PCM_24")),
        ("a.wav", "double", None, "FLOAT", ("WAV", "FLOAT")),
        ("a.wav", "wav16", "flac", None, ("FLAC", "PCM_16")),
        ("a.anything", "wav16", "wavex", "double", ("WAVEX", "DOUBLE")),
        ("-", "wav16", "au", None, ("AU", "PCM_16")),
        ("a.opus", "wav16", None, None, ("OGG", "OPUS")),
    ],
)
def test_format_and_subtype_of_an_output(path, source, form, subtype, expected):
    given_form, given_subtype = SOURCES[source]
    sound = SoundInfo("in", given_form, given_subtype, 48000, 2, 100)
    assert output_format(path, sound, form, subtype) == (*expected, None)


@pytest.mark.parametrize(
    ("path", "source", "expected", "wanted"),
    [
        ("a.flac", "float", ("FLAC", "PCM_24"), "FLOAT"),
        ("a.flac", "double", ("FLAC", "PCM_24"), "DOUBLE"),
        ("a.flac", "pcm_32", ("FLAC", "PCM_24"), "PCM_32"),
    ],
)
def test_what_a_format_cannot_hold_is_noticed(path, source, expected, wanted):
    sound = SoundInfo("in", *SOURCES[source], 48000, 2, 100)
    form, subtype = expected
    notice = f"{form} cannot hold {wanted} samples; written as {subtype}"
    assert output_format(path, sound) == (form, subtype, notice)


@pytest.mark.parametrize(
    ("path", "expected"), [("a.ogg", ("OGG", "VORBIS")), ("a.mp3", ("MP3", "MPEG_LAYER_III"))]
)
def test_a_lossy_format_is_chosen_knowingly(path, expected):
    sound = SoundInfo("in", *SOURCES["wav16"], 48000, 2, 100)
    assert output_format(path, sound) == (*expected, None)


@pytest.mark.parametrize(
    ("path", "form", "subtype", "message"),
    [
        ("a.flac", None, "DOUBLE", "FLAC has no subtype DOUBLE; it has PCM_S8, PCM_16, PCM_24"),
        ("a.wav", None, "PCM_12", "WAV has no subtype PCM_12; it has PCM_16"),
        ("a.wav", "nonsense", None, "there is no format NONSENSE; use one of AIFF"),
        ("a.xyz", None, None, "the suffix .xyz of a.xyz is not a known format; use one of wav"),
        ("a", None, None, "a has no suffix; add one such as .wav"),
        ("a.", None, None, "format"),
        ("dir.wav/a", None, None, "has no suffix"),
    ],
)
def test_formats_that_are_not_are_refused(path, form, subtype, message):
    with pytest.raises(UsageError) as caught:
        output_format(path, SoundInfo("in", "WAV", "PCM_16", 48000, 2, 1), form, subtype)
    assert message in str(caught.value)


# writing


@pytest.mark.parametrize("frames", [None, 5, 3, 7])
@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("form", ["WAV", "WAVEX", "RF64"])
def test_the_header_tells_what_was_written_whatever_was_expected(form, subtype, frames, tmp_path):
    audio = np.array([[0.5], [-1.0], [0.25], [0.0], [-0.125]])
    path = str(tmp_path / "a.wav")
    with target(path) as out:
        writer = Writer(out, sound_at(path, subtype, form=form, frames=frames))
        writer.write(audio[:2])
        writer.write(audio[2:])
        writer.finish()
        out.commit()
    with soundfile.SoundFile(path) as file:
        assert (file.subtype, file.frames) == (subtype, 5)
        np.testing.assert_array_equal(file.read(always_2d=True), audio)
    size = Path(path).stat().st_size
    head = (tmp_path / "a.wav").read_bytes()[:8]
    assert size % 2 == 0
    assert struct.unpack("<I", head[4:])[0] in (size - 8, 2**32 - 1)
    assert head[:4] == (b"RF64" if form == "RF64" else b"RIFF")


@pytest.mark.parametrize("form", ["WAV", "FLAC", "AIFF"])
def test_samples_are_rounded_not_floored(form, tmp_path):
    path = str(tmp_path / "a")
    steps = np.array([-2.5, -1.5, -0.75, -0.5, 0.5, 0.75, 1.5, 2.5, 40000.0])
    with target(path) as out:
        writer = Writer(out, sound_at(path, form=form), clip="saturate")
        writer.write(steps[:, None] / 2**15)
        writer.finish()
        out.commit()
    assert writer.clipped == 1
    found = soundfile.read(path, dtype="int16")[0].tolist()
    assert found == [-2, -2, -1, 0, 0, 1, 2, 2, 32767]


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_writer_refuses_what_is_not_a_number(value, subtype, tmp_path):
    with target(str(tmp_path / "a.wav")) as out:
        writer = Writer(out, sound_at(tmp_path / "a.wav", subtype))
        writer.write(np.full((441, 1), 0.9))
        with pytest.raises(FormatError, match=r"not a finite number at frame 442 \(0.010023 s\)"):
            writer.write(np.array([[0.0], [value], [0.0]]))


@pytest.mark.parametrize("form", ["WAV", "FLAC"])
def test_clipping_is_refused_counted_or_left_to_the_guard(form, tmp_path):
    loud = np.array([[0.5], [1.5], [-2.0], [-1.0]])
    for clip in ("guard", "saturate"):
        with target(str(tmp_path / "a"), overwrite=True) as out:
            writer = Writer(out, sound_at(tmp_path / "a", form=form), clip=clip)
            writer.write(loud)
            assert writer.clipped == 2
            assert (writer.level.peak, writer.level.peak_frame) == (2.0, 2)
            assert (writer.level.highest, writer.level.lowest) == (1.5, -2.0)
            assert writer.is_rejected == (clip == "guard")
            if writer.is_rejected:
                with pytest.raises(AssertionError):
                    writer.finish()
                writer.discard()
                writer = Writer(out, sound_at(tmp_path / "a", form=form), clip="saturate")
                writer.write(loud)
            writer.finish()
            out.commit()
        found = soundfile.read(tmp_path / "a", dtype="int16")[0].tolist()
        assert found == [16384, 32767, -32768, -32768]
    with target(str(tmp_path / "a"), overwrite=True) as out:
        writer = Writer(out, sound_at(tmp_path / "a", form=form), clip="error")
        with pytest.raises(FormatError, match=r"would clip: 2 samples .*loudest \+6.02 dB above"):
            writer.write(loud)


@pytest.mark.parametrize("dither", ["none", "tpdf"])
@pytest.mark.parametrize("form", ["WAV", "FLAC", "OGG"])
def test_nothing_is_encoded_behind_a_sample_that_the_guard_rejects(form, dither, tmp_path):
    subtype = "VORBIS" if form == "OGG" else "PCM_16"
    blocks = [*np.random.default_rng(0).uniform(-1.5, 1.5, (4, 3000, 2))]
    blocks[0] /= 2
    writers = []
    for clip in ("guard", "saturate"):
        path = tmp_path / clip
        with target(str(path)) as out:
            info = sound_at(path, subtype, form=form, channels=2, frames=12000)
            writer = Writer(out, info, clip=clip, dither=dither)
            encoded = []
            for block in blocks:
                encoded.append(writer.encode(block, writer.level.frames))
                writer.append(encoded[-1])
            writers.append(writer)
            written = out.file.seek(0, os.SEEK_END)
            if form == "FLAC":
                held = [bool(block.data) for block in encoded]
                assert held == ([True, True, False, False] if clip == "guard" else [True] * 4)
            elif form == "WAV":
                assert written - 44 == 4 * 3000 * (2 if clip == "guard" else 4)
            writer.discard()
    guarded, limited = writers
    assert guarded.level == limited.level
    assert guarded.clipping() == limited.clipping()


def test_floats_past_full_scale_are_kept(tmp_path):
    path = str(tmp_path / "a.wav")
    with target(path, overwrite=True) as out:
        writer = write_all(out, sound_at(path, "FLOAT"), np.array([[3.5], [-100.0]]))
        out.commit()
    assert writer.clipped == 0
    assert read_all(path)[0].ravel().tolist() == [3.5, -100.0]


@pytest.mark.parametrize(
    ("form", "cut"),
    [*((form, cut) for form in ("WAV", "RF64", "AIFF") for cut in (1, 2, 2000)), ("FLAC", 10**6)],
)
def test_a_file_the_disk_lost_part_of_is_refused(form, cut, tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"old")
    with target(str(path)) as out:
        writer = Writer(out, sound_at(path, form=form))
        writer.write(np.random.default_rng(0).uniform(-1, 1, (5000, 1)))
        close = writer._encoder.close

        def lose(frames, tail):
            close(frames, tail)
            out.file.flush()
            os.truncate(out.path, max(0, Path(out.path).stat().st_size - cut))
            return []

        writer._encoder.close = lose
        with pytest.raises(FormatError, match="the output "):
            writer.finish()
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("dither", ["none", "tpdf"])
@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32"])
def test_the_fitting_gain_just_fits(subtype, dither):
    full = 2 ** (INTEGER_BITS[subtype] - 1)
    room = 1 if dither == "tpdf" else 0

    @settings(max_examples=60, deadline=None)
    @given(arrays.arrays(np.float64, (6, 1), elements=st.floats(-8, 8)))
    def check(audio):
        level = PeakMeter()
        level.take(audio)
        gain = level.fitting_gain(subtype, dither)
        steps, clipped = quantise(audio * gain, INTEGER_BITS[subtype])
        assert clipped == 0
        top, bottom = int(steps.max()), int(steps.min())
        assert -full + room <= bottom
        assert top <= full - 1 - room
        if gain < 1:
            assert top == full - 1 - room or bottom == -full + room
        assert gain <= 1

    check()
    assert PeakMeter(highest=9.0, lowest=-9.0).fitting_gain("FLOAT", dither) == 1


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
@pytest.mark.parametrize("room", [0, 1])
def test_what_rounds_to_full_scale_fits_as_it_is(bits, room):
    """Half a step more ties, at the top to the even number, which is one too many."""
    subtype = "PCM_U8" if bits == 8 else f"PCM_{bits}"
    full, dither = 2 ** (bits - 1), "tpdf" if room else "none"
    top, bottom = full - 1 - room, full - room

    def gain(high, low):
        return PeakMeter(high / full, low / full).fitting_gain(subtype, dither)

    assert gain(top + 0.49, -bottom - 0.49) == 1
    high, low = (top, -bottom) if room else (top + 0.5, -bottom - 0.5)
    assert gain(0, low) == 1
    assert (gain(high, 0) == 1) == bool(room)
    assert gain(top + 0.51, 0) == pytest.approx(top / (top + 0.51), rel=1e-15)
    assert gain(0, -bottom - 0.51) == pytest.approx(bottom / (bottom + 0.51), rel=1e-15)
    assert gain(2 * top, -3 * bottom) == pytest.approx(1 / 3, rel=1e-15)
    assert gain(3 * top, -2 * bottom) == pytest.approx(1 / 3, rel=1e-15)


@pytest.mark.parametrize(
    ("audio", "frame"),
    [
        ([[0.5], [-0.5], [0.5]], 0),
        ([[-0.5], [0.5], [-0.5]], 0),
        ([[0.1], [0.5], [-0.5]], 1),
        ([[0.1], [-0.5], [0.5]], 1),
        ([[0.1, 0.2], [0.3, -0.5], [0.5, -0.5]], 1),
        ([[0.1, 0.2], [-0.1, 0.5], [-0.5, 0.5]], 1),
        ([[0.1, 0.2], [-0.5, 0.5], [0.5, -0.5]], 1),
        ([[0.1], [-0.6], [0.5]], 1),
        ([[0.5], [-0.4], [0.6]], 2),
    ],
    ids=str,
)
@pytest.mark.parametrize("cut", [1, 2, 3])
def test_the_place_of_a_peak_is_its_first(audio, frame, cut):
    level = PeakMeter()
    for start in range(0, len(audio), cut):
        level.take(np.array(audio[start : start + cut]))
    assert level.peak_frame == frame
    assert level.peak == np.abs(audio).max()


def test_a_level_is_of_all_blocks():
    level = PeakMeter()
    for block in ([[0.5, -0.5]], np.zeros((0, 2)), [[0.1, 0.2], [-0.75, 0.5]], [[0.75, 0.0]]):
        level.take(np.array(block))
    assert level == PeakMeter(highest=0.75, lowest=-0.75, peak=0.75, peak_frame=2, frames=4)
    level.take(np.array([[0.0, math.nan]]))
    assert math.isnan(level.peak)
    assert level.peak_frame == 4


def test_a_format_that_needs_a_file_is_refused_on_a_pipe(capfdbinary):
    with (
        pytest.raises(FormatError, match="FLAC cannot be written to a pipe; use WAV or a file"),
        target("-") as out,
    ):
        Writer(out, sound_at("-", form="FLAC"))
    assert capfdbinary.readouterr().out == b""


# identity


def extremes(subtype, frames, channels):
    """Return noise up to full scale for soundfile, with all special values."""
    noise = np.random.default_rng(7)
    if subtype in FLOATS:
        kind = np.float32 if subtype == "FLOAT" else np.float64
        values = noise.uniform(-2, 2, (frames, channels)).astype(kind)
        info = np.finfo(kind)
        special = [-1.0, 1.0, -0.0, 0.0, 1e-7, info.tiny, -info.tiny, info.eps, 1e6, -1e6]
        special += [info.smallest_subnormal, -info.smallest_subnormal]
    else:
        bits = INTEGER_BITS[subtype]
        full = 2 ** (bits - 1)
        values = noise.integers(-full, full, (frames, channels))
        values = (values << (32 - bits)).astype(np.int32)
        special = [n << (32 - bits) for n in (-full, full - 1, 0, -1, 1, 1 - full)]
    values[: len(special)] = np.array(special)[:, None]
    return values


def bits_of(path):
    return soundfile.read(path, dtype="float64", always_2d=True)[0].view(np.int64)


@pytest.mark.parametrize(("frames", "channels"), [(100, 1), (4002, 1), (4001, 2)])
@pytest.mark.parametrize(("form", "subtype"), [k for k in LOSSLESS if "ALAC" not in k[1]])
def test_identity_gives_every_bit_back(form, subtype, frames, channels, tmp_path):
    values = extremes(subtype, frames, channels)
    source, out = str(tmp_path / "in"), str(tmp_path / "out")
    soundfile.write(source, values, RATE, subtype, format=form)
    made = run(Job(source, out, ["delta"], Options(format=form)))
    assert (made.frames, made.channels, made.subtype) == (frames, channels, subtype)
    assert made.notices == []
    with soundfile.SoundFile(out) as file:
        assert (file.format, file.subtype, file.frames) == (form, subtype, frames)
    np.testing.assert_array_equal(bits_of(out), bits_of(source))
    expected = values / (1.0 if subtype in FLOATS else 2.0**31)
    np.testing.assert_array_equal(bits_of(out), expected.astype(np.float64).view(np.int64))


@pytest.mark.parametrize(
    ("form", "subtype"),
    [k for k in LOSSLESS if "ALAC" not in k[1] and INTEGER_BITS.get(k[1]) != 16],
)
def test_a_sound_of_an_odd_number_of_bytes_keeps_its_length_or_is_refused(form, subtype, tmp_path):
    """libsndfile counts the padding of an 8-bit AIFF as a sample, which must not be passed on."""
    source, out = str(tmp_path / "in.wav"), str(tmp_path / "out")
    values = extremes(subtype, 101, 1)
    soundfile.write(source, values, RATE, "PCM_32" if values.dtype == np.int32 else "DOUBLE")
    job = Job(source, out, ["delta"], Options(format=form, subtype=subtype))
    if form == "AIFF" and INTEGER_BITS.get(subtype) == 8:
        with pytest.raises(FormatError, match=r"states 102 frames .* but 101"):
            run(job)
        assert names(tmp_path) == ["in.wav"]
        return
    assert run(job).frames == 101
    assert len(read_all(out)[0]) == 101


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize("subtype", ["ALAC_16", "ALAC_20", "ALAC_24", "ALAC_32"])
def test_alac_is_exact_or_refused(subtype, channels, tmp_path):
    values = extremes(subtype, 4001, channels)
    source, out = str(tmp_path / "in.wav"), str(tmp_path / "out.caf")
    soundfile.write(source, values, RATE, "PCM_32")
    try:
        run(Job(source, out, ["delta"], Options(subtype=subtype)))
    except AudioconvError:
        assert names(tmp_path) == ["in.wav"]
        return
    np.testing.assert_array_equal(bits_of(out), (values / 2.0**31).view(np.int64))


class Counter:
    """A file that keeps its first bytes and only counts the others: 5 GiB at no cost."""

    def __init__(self):
        self.start, self.size, self.at = bytearray(), 0, 0

    def write(self, data):
        if self.at < 4096:
            self.start[self.at : self.at + len(data)] = data[: 4096 - self.at]
        self.at += len(data)
        self.size = max(self.size, self.at)
        return len(data)

    def seek(self, at):
        self.at = at

    def flush(self):
        pass


class Counted(Target):
    def write_at(self, data, offset):
        self.file.seek(offset)
        self.file.write(data)


@pytest.mark.parametrize("known", [True, False])
def test_a_wav_past_4_gib_becomes_rf64(known):
    frames, block = 2**31 // 8 + 10, np.zeros((2**22, 2), np.int32)
    file = Counter()
    sound = SoundInfo("o.wav", "WAV", "PCM_32", RATE, 2, frames * 2 if known else None)
    encoder = WaveEncoder(Counted(file, "o.wav"), sound)
    for at in range(0, frames * 2, len(block)):
        encoder.write_at(encoder.encode(block[: frames * 2 - at]), at)
    encoder.close(frames * 2)
    layout = riff.read_header(io.BytesIO(bytes(file.start)).read)
    assert (layout.format, layout.data_bytes) == ("RF64", frames * 16)
    assert layout.offset + layout.data_bytes == file.size
    assert encoder.is_rf64
    with pytest.raises(FormatError, match="4 GiB"):
        WaveEncoder(Target(Counter(), "o.wav"), replace(sound, frames=frames * 2), "never")
    short = Counter()
    WaveEncoder(Target(short, "o.wav"), replace(sound, frames=1), "always")
    assert short.start.startswith(b"RF64")


# blocks encoded and written in any order


@pytest.mark.parametrize("form", ["WAV", "FLAC"])
@pytest.mark.parametrize("dither", ["none", "tpdf"])
def test_parts_may_be_encoded_in_any_order(form, dither, tmp_path):
    audio = np.random.default_rng(5).uniform(-1.1, 1.1, (50_000, 2))
    files = []
    for order in (1, -1):
        path = tmp_path / f"{order}.out"
        with target(str(path)) as out:
            info = sound_at(path, form=form, channels=2)
            writer = Writer(out, info, clip="saturate", dither=dither)
            parts = [(start, audio[start : start + 7001]) for start in range(0, 50_000, 7001)]
            encoded = {start: writer.encode(part, start) for start, part in parts[::order]}
            for start in sorted(encoded):
                writer.append(encoded[start])
            writer.finish()
            out.commit()
        files.append(path.read_bytes())
        past = np.abs(audio).max(axis=1) > 1
        assert writer.clipped > 0
        assert writer.first_clipped == int(np.argmax(past))
        assert writer.level.peak == np.abs(audio).max()
        assert writer.level.peak_frame == int(np.argmax(np.abs(audio).max(axis=1)))
    assert files[0] == files[1]


@pytest.mark.parametrize("system", ["short writes", "without pwrite"])
def test_parts_find_their_places_whatever_the_system_has(system, tmp_path, monkeypatch):
    audio = np.random.default_rng(6).uniform(-1, 1, (30_000, 2))
    expected = write_float(tmp_path / "expected.wav", audio)
    if system == "without pwrite":
        monkeypatch.delattr(os, "pwrite")
    else:
        pwrite = os.pwrite
        monkeypatch.setattr(os, "pwrite", lambda fd, data, at: pwrite(fd, data[:1000], at))
    assert write_float(tmp_path / "found.wav", audio) == expected


def write_float(path, audio):
    with target(str(path)) as out:
        write_all(out, sound_at(path, subtype="FLOAT", channels=2), audio)
        out.commit()
    return path.read_bytes()


@given(st.lists(st.integers(0, 100_000), max_size=12))
def test_the_hash_is_that_of_all_bytes_however_they_come(sizes):
    from audioconv.files.source import Hash

    data = np.random.default_rng(7).bytes(sum(sizes))
    found, at = Hash(), 0
    for size in sizes:
        found.update(data[at : at + size])
        at += size
    assert found.hexdigest() == hashlib.sha256(data).hexdigest()


def test_single_precision_clips_at_the_largest_32_bit_number():
    """In float32, 2^31 - 1 rounds to 2^31, which would overflow."""
    steps, clipped = quantise(np.array([[1.5], [1.0], [-1.0], [0.5]], np.float32), 32)
    assert steps.ravel().tolist() == [2**31 - 1, 2**31 - 1, -(2**31), 2**30]
    assert clipped == 2


def test_the_first_clipped_sample_may_be_late(tmp_path):
    audio = np.zeros((60_000, 1))
    audio[[40_000, 50_000]] = 1.5
    with target(str(tmp_path / "a.wav")) as out:
        writer = Writer(out, sound_at(tmp_path / "a.wav"), clip="saturate")
        writer.write(audio[:20_000])
        writer.write(audio[20_000:])
        assert (writer.clipped, writer.first_clipped) == (2, 40_000)


def test_one_nan_among_many_samples_is_not_forgotten(tmp_path):
    audio = np.full((60_000, 1), 0.5)
    audio[3] = np.nan
    level = PeakMeter()
    level.take(audio[:10])
    level.take(audio[10:])
    assert math.isnan(level.peak)
    with target(str(tmp_path / "a.wav")) as out:
        writer = Writer(out, sound_at(tmp_path / "a.wav", "DOUBLE"))
        with pytest.raises(FormatError, match="not a finite number at frame 3 "):
            writer.write(audio)


@pytest.mark.parametrize("sizes", [[700_000, 400_000, 10, 3], [3000] * 400 + [7], [3, 2**21, 5, 0]])
def test_a_hash_is_that_of_the_bytes_in_order(sizes):
    """Whatever the sizes of the pieces, of which large ones go through another thread."""
    from audioconv.files.source import Hash

    pieces = [bytes([n % 251]) * size for n, size in enumerate(sizes)]
    found = Hash()
    for piece in pieces:
        found.update(piece)
    assert found.hexdigest() == hashlib.sha256(b"".join(pieces)).hexdigest()
