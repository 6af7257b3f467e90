"""`match`: an output at the level of its input, or at a target, as measured on the output."""

import json
import math
import subprocess
import sys
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import soundfile
from scipy.signal import fftconvolve

from audioconv import api
from audioconv.engines import stream
from audioconv.errors import AudioconvError, FormatError, UsageError
from audioconv.ir.load import load_impulse
from audioconv.job import Job, Options
from audioconv.metering.loudness import Loudness, channel_weights
from audioconv.page.data import data_of
from audioconv.page.explain import explain
from audioconv.render import run as rendering
from audioconv.render.redo import redo
from audioconv.render.run import run

RATE = 8000
SPEAKERS_5_1 = 0x3F


@pytest.fixture
def sound(tmp_path, noise):
    """Two seconds of stereo, in two very different halves."""
    loud = np.repeat([0.1, 0.01], RATE)[:, np.newaxis]
    path = tmp_path / "in.wav"
    soundfile.write(path, noise(2 * RATE, 2) * loud, RATE, "DOUBLE")
    return path


@pytest.fixture
def room(tmp_path, noise):
    """An impulse with a tail of half a second, which would clip."""
    path = tmp_path / "room.wav"
    taps = noise(4000, 2, seed=1) * 10 ** (-3 * np.arange(4000) / 4000)[:, np.newaxis]
    soundfile.write(path, taps, RATE, "DOUBLE")
    return path


def level(measure, sound, frames=None):
    """Measure a level, by its definition."""
    if measure == "peak":
        return 20 * math.log10(np.abs(sound).max())
    if measure == "rms":
        return 10 * math.log10((sound[:frames] ** 2).mean())
    meter = Loudness(RATE, [1.0] * sound.shape[1])  # which has tests of its own
    meter.take(sound)
    return meter.level()


def read(path):
    return soundfile.read(path, always_2d=True)[0]


def convolved(sound, room, out, **options):
    return run(Job(sound, out, [room], Options(overwrite=True, **options)))


UNITS = {"peak": "dBFS", "rms": "dBFS", "lufs": "LUFS"}
MEASURES = [*UNITS]


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("length", ["full", "auto", "input", "0.7s", "3s"])
def test_the_output_has_the_level_of_the_input(tmp_path, sound, room, measure, length):
    out = tmp_path / "out.wav"
    outcome = convolved(sound, room, out, match=measure, length=length)
    given, made = read(sound), read(out)
    if length == "0.7s":  # as much of the input as of the output
        given = given[: len(made)]
    wanted = level(measure, given)
    # 32 bits of a gain
    assert level(measure, made, len(given)) == pytest.approx(wanted, abs=1e-8)
    assert outcome.matched == {
        "measure": measure,
        "level": pytest.approx(wanted, abs=1e-9),
        "unit": UNITS[measure],
    }
    assert outcome.gain_db == outcome.match_gain_db
    assert outcome.guard_gain_db == 0
    plain = tmp_path / "plain.wav"
    convolved(sound, room, plain, length=length)
    gain = 10 ** (outcome.match_gain_db / 20)
    np.testing.assert_allclose(made, read(plain) * gain, rtol=1e-12, atol=0)


@pytest.fixture
def late(tmp_path, noise):
    """An impulse of 1.5 s and its peak behind it, which is to be time 0."""
    path, frames = tmp_path / "late.wav", 3 * RATE // 2
    taps = noise(frames + 1, 2, seed=2) * 10 ** (-np.arange(frames + 1) / RATE)[:, np.newaxis]
    taps[-1] = 1.01 * np.abs(taps).max()
    soundfile.write(path, taps, RATE, "DOUBLE")
    return path, taps, frames


@pytest.fixture
def filtering():
    """A linear-phase filter, whose centre is time 0."""
    spec = "low-pass:cutoff=500Hz,numtaps=4001"
    return spec, load_impulse(spec, RATE).taps.repeat(2, axis=1), 2000


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("length", ["full", "input", "1.5s", "3s"])
@pytest.mark.parametrize("kind", ["late", "filtering"])
def test_levels_count_from_time_0(tmp_path, sound, measure, length, kind, request):
    ir, taps, origin = request.getfixturevalue(kind)
    given, out = read(sound), tmp_path / "out.wav"
    whole = fftconvolve(given, taps, axes=0)
    kept = np.concatenate([whole[origin:], np.zeros((3 * RATE, 2))])
    frames = {"full": len(whole) - origin, "input": len(given), "1.5s": 12000, "3s": 24000}
    kept, under = kept[: frames[length]], given[: frames[length]]
    options = Options(match=measure, length=length, align="peak", verify=True)
    job = Job(sound, out, [ir], options)
    outcome = run(job)
    gain = level(measure, under) - level(measure, kept, len(under))
    # 32 bits of a gain; NumPy's sums and the engine's differ in their last bits
    assert outcome.match_gain_db == pytest.approx(gain, abs=1e-8)
    np.testing.assert_allclose(read(out), kept * 10 ** (gain / 20), rtol=0, atol=1e-8)
    if kind == "late":  # or the test could not tell
        head = whole[: origin + len(kept)]
        assert level(measure, head, len(under)) > level(measure, kept, len(under)) + 0.5
        peak = level("peak", whole[:origin]) + gain
        assert f"are dropped, with a peak of {peak:.1f} dBFS" in outcome.notices[0]
    assert api.verify_file(job).passed
    assert redo(str(out)).same


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("target", [-40, -23.5])
def test_the_output_has_the_level_that_is_asked_for(tmp_path, sound, room, measure, target):
    out = tmp_path / "out.wav"
    options = {"match": f"{measure}={target}{UNITS[measure]}", "subtype": "PCM_24"}
    assert convolved(sound, room, out, **options).notices == []
    # rounding to 24 bits adds 2^-24 / sqrt(3), 91 dB below the softest
    found = level(measure, read(out), 2 * RATE)
    assert found == pytest.approx(target, abs=1e-3)


def test_what_does_not_change_the_sound_changes_no_bit(tmp_path, sound):
    for measure in MEASURES:
        out = tmp_path / f"{measure}.wav"
        assert convolved(sound, "delta", out, match=measure).match_gain_db == 0
        np.testing.assert_array_equal(read(out), read(sound))


def test_the_guard_comes_after_the_match_in_the_same_pass(tmp_path, sound, room, monkeypatch):
    passes = Counter()
    convolve = stream.convolve_blocks

    def counted(*arguments, **options):
        passes["convolve"] += 1
        return convolve(*arguments, **options)

    monkeypatch.setattr(rendering.stream, "convolve_blocks", counted)
    out = tmp_path / "out.wav"
    outcome = convolved(sound, room, out, match="rms=-3", subtype="PCM_16")
    assert passes["convolve"] == 2
    made = read(out)
    assert np.abs(made).max() in (1, 1 - 2**-15)
    assert outcome.guard_gain_db < -1
    assert outcome.gain_db == pytest.approx(outcome.match_gain_db + outcome.guard_gain_db)
    (notice,) = outcome.notices
    left = f"{-3 + outcome.guard_gain_db:.2f} dBFS instead of -3.00"
    assert f"attenuated by {-outcome.guard_gain_db:.3f} dB to fit PCM_16" in notice
    assert left in notice
    assert level("rms", made, 2 * RATE) == pytest.approx(-3 + outcome.guard_gain_db, abs=0.01)
    with pytest.raises(AudioconvError, match=r"guard: matched.*under `strict`"):
        convolved(sound, room, out, match="rms=-3", subtype="PCM_16", strict=True)
    np.testing.assert_array_equal(read(out), made)


@pytest.mark.parametrize(
    ("subtype", "guard"), [("PCM_16", "0.0003"), ("PCM_24", "0.000001"), ("PCM_32", "0.000000004")]
)
def test_a_guard_of_one_step_is_stated(call, tmp_path, subtype, guard):
    """Full scale is one step more than the largest value."""
    full = 2.0 ** (int(subtype[-2:]) - 1)
    source, out = tmp_path / "in.wav", tmp_path / "out.wav"
    soundfile.write(source, [0.125, 0.5], RATE, "DOUBLE")
    line = "convolve", source, out, "--ir=delta", "--match=peak=0", f"--subtype={subtype}", "-y"
    said = call(*line)
    level = "peak 0.0 dBFS; matched to 0.0 dBFS by +6.0 dB; lowered by"
    bits = subtype.removeprefix("PCM_")
    assert f"{level} {guard} dB to 0.0 dBFS so that {bits} bits hold it\n" in said.err
    said = call(*line, "-v")
    assert read(out)[1] == (full - 1) / full
    assert (
        "guard: matched, its peak is +0.00 dBFS at 0.000 s; attenuated by "
        f"{guard} dB to fit {subtype}, which leaves -{guard} dBFS instead of {0:.{len(guard) - 2}f}"
    ) in said.err
    assert "gain     +6.02 dB (match +6.02 dB, to 0.00 dBFS)" in said.err
    line = "convolve", source, out, "-y", "--ir=delta", "--wet=2", f"--subtype={subtype}"
    assert f"peak 0.0 dBFS; lowered by {guard} dB so that" in call(*line).err
    said = call(*line, "-v")
    assert f"attenuated by {guard} dB to fit {subtype}" in said.err
    # a negative sample reaches full scale
    soundfile.write(source, [-0.125, -0.5], RATE, "DOUBLE")
    strict = ["--match=peak=0", f"--subtype={subtype}", "--strict", "-y"]
    call("convolve", source, out, "--ir=delta", *strict)
    assert read(out)[1] == -1


def test_a_softer_match_needs_no_guard(tmp_path, sound, room):
    """Without a match, this output clips."""
    out = tmp_path / "out.wav"
    assert convolved(sound, room, out, subtype="PCM_16").guard_gain_db < 0
    outcome = convolved(sound, room, out, subtype="PCM_16", match="peak", strict=True)
    assert outcome.notices == []
    with pytest.raises(FormatError, match="would clip"):
        convolved(sound, room, out, subtype="PCM_16", clip="error")
    convolved(sound, room, out, subtype="PCM_16", clip="error", match="peak")


@pytest.mark.parametrize(("impulse_gain", "noted"), [(-45, True), (-35, False)])
def test_a_match_that_raises_noise_is_noted(tmp_path, sound, impulse_gain, noted):
    """By more than 40 dB, which an impulse that is almost silent needs."""
    options = Options(match="rms", subtype="FLOAT")
    done = run(Job(str(sound), str(tmp_path / "o.wav"), [f"delta:wet={impulse_gain}dB"], options))
    told = [f"the match raises the output by {-impulse_gain:.1f} dB" in n for n in done.notices]
    assert told == [True] * noted


def test_the_other_ways_to_clip(tmp_path, sound, room):
    out = tmp_path / "out.wav"
    options = {"match": "rms=-3", "subtype": "PCM_16"}
    saturated = convolved(sound, room, out, clip="saturate", **options)
    assert saturated.clipped > 0
    assert "match a lower level" in saturated.notices[0]
    with pytest.raises(FormatError, match="would clip: matched, its peak is") as refused:
        convolved(sound, room, out, clip="error", **options)
    most = str(refused.value).split("match ")[-1].split()[0]
    made = convolved(sound, room, out, clip="error", match=f"rms={most}", subtype="PCM_16")
    assert (made.clipped, made.notices) == (0, [])
    # floats have no full scale
    made = convolved(sound, room, out, clip="error", match="rms=-3", subtype="FLOAT")
    assert made.peak_dbfs > 0


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("engine", ["overlap-add", "partitioned"])
def test_the_same_bytes_for_any_number_of_threads(tmp_path, noise, room, measure, engine):
    path = tmp_path / "long.wav"
    soundfile.write(path, noise(60 * RATE, 2) / 10, RATE, "PCM_16")
    made = set()
    for threads in (1, 2, 5):
        out = tmp_path / f"{threads}.wav"
        convolved(path, room, out, match=measure, engine=engine, threads=threads)
        made.add(out.read_bytes())
    assert len(made) == 1


@pytest.mark.parametrize("options", [[], ["--subtype", "FLOAT"]])
def test_a_pipe_gives_the_bytes_of_a_file(tmp_path, sound, room, options):
    command = [sys.executable, "-m", "audioconv", "convolve"]
    how = ["--ir", str(room), "--match", "lufs=-30", "-q", "--recipe", "none", *options]
    out = tmp_path / "out.wav"
    subprocess.run([*command, str(sound), str(out), *how], check=True)
    piped = subprocess.run(
        [*command, "-", "-", *how], input=sound.read_bytes(), check=True, capture_output=True
    )
    assert piped.stdout == out.read_bytes()


@pytest.mark.parametrize("match", [*MEASURES, "lufs=-1", "peak=-6"])
@pytest.mark.parametrize("dither", ["none", "tpdf"])
def test_verify_and_redo(tmp_path, sound, room, match, dither):
    out = tmp_path / "out.wav"
    options = Options(match=match, dither=dither, subtype="PCM_16", verify=True)
    job = Job(sound, out, [room], options)
    assert run(job).verified.passed
    assert api.verify_file(job).passed
    assert redo(str(out)).same
    other = Options(match="lufs=-50", dither=dither)
    assert not api.verify_file(Job(sound, out, [room], other)).passed


def test_single_precision(tmp_path, noise, room):
    path, out = tmp_path / "short.wav", tmp_path / "out.wav"
    soundfile.write(path, noise(2 * RATE, 2) / 10, RATE, "PCM_16")
    options = Options(match="rms", precision="single", verify=True)
    assert run(Job(path, out, [room], options)).verified.passed
    assert level("rms", read(out), 2 * RATE) == pytest.approx(level("rms", read(path)), abs=1e-3)


@pytest.mark.parametrize("name", ["out.ogg", "out.mp3", "out.flac"])
def test_other_formats(tmp_path, sound, room, name):
    out = tmp_path / name
    outcome = convolved(sound, room, out, match="lufs=-23")
    assert outcome.match_gain_db != 0
    # lossy codings of noise are off by a few tenths
    assert level("lufs", read(out)) == pytest.approx(-23, abs=0.5)


def surround(path, noise, subtype="DOUBLE", form="WAVEX"):
    """Write 5.1 channels: a loud subwoofer, and speakers at the sides."""
    sound = noise(2 * RATE, 6) * [0.01, 0.01, 0.01, 0.3, 0.05, 0.05]
    soundfile.write(path, sound, RATE, subtype, format=form)
    if form == "WAVEX":  # libsndfile leaves the positions open
        data = bytearray(path.read_bytes())
        at = data.index(b"fmt ") + 8 + 20
        data[at : at + 4] = SPEAKERS_5_1.to_bytes(4, "little")
        path.write_bytes(data)
    return sound


@pytest.mark.parametrize(("form", "subtype"), [("WAVEX", "DOUBLE"), ("FLAC", "PCM_24")])
def test_speakers_have_their_weights(tmp_path, noise, form, subtype):
    source, out = tmp_path / "in", tmp_path / "out.wav"
    surround(source, noise, subtype, form)
    outcome = convolved(source, "delta", out, match="lufs=-23", subtype="DOUBLE")
    assert outcome.notices == []
    meter = Loudness(RATE, channel_weights(SPEAKERS_5_1, 6))
    meter.take(read(out))
    assert meter.level() == pytest.approx(-23, abs=1e-8)


def test_channels_without_positions_are_noticed(tmp_path, noise):
    source, out = tmp_path / "in.wav", tmp_path / "out.wav"
    soundfile.write(source, noise(RATE, 6) / 10, RATE, "DOUBLE", format="WAV")
    said = "positions of 6 channels are not stated"
    assert said in convolved(source, "delta", out, match="lufs").notices[0]
    assert convolved(source, "delta", out, match="rms").notices == []


def test_a_level_that_no_number_reaches_is_an_error(tmp_path):
    least = tmp_path / "least.wav"
    soundfile.write(least, np.full(2000, 5e-324), RATE, "DOUBLE")
    with pytest.raises(AudioconvError, match=r"-6466 dBFS, and no gain brings it to 0\.00; raise"):
        convolved(least, "delta", tmp_path / "out.wav", match="peak=0")


def test_an_output_without_a_level_leaves_the_old_file(tmp_path, sound):
    out, silent = tmp_path / "out.wav", tmp_path / "silent.wav"
    out.write_bytes(b"old")
    soundfile.write(silent, np.zeros(RATE), RATE)
    for source, irs, match in [
        (silent, "delta", "rms"),
        (silent, "delta", "lufs=-23"),
        (sound, silent, "peak"),
    ]:
        with pytest.raises(AudioconvError, match="silent"):
            convolved(source, irs, out, match=match)
        assert out.read_bytes() == b"old"
    assert [*tmp_path.glob("*.part")] == []


def test_a_match_is_checked_before_anything_is_opened(tmp_path):
    with pytest.raises(UsageError, match="match 'loud' is not one of"):
        run(Job("missing.wav", tmp_path / "out.wav", ["delta"], Options(match="loud")))


def test_the_command_line(call, tmp_path, sound, room):
    out = tmp_path / "out.wav"
    said = call("convolve", sound, out, "--ir", room, "--match", "LUFS=-23 LUFS", "--json", "-v")
    found = json.loads(said.out)
    assert found["matched"] == {"measure": "lufs", "level": -23, "unit": "LUFS"}
    assert found["match_gain_db"] == found["gain_db"] < 0
    gain = f"{found['gain_db']:+.2f} dB"
    assert f"gain     {gain} (match {gain}, to -23.00 LUFS)" in said.err
    call("verify", sound, out, "--ir", room, "--match", "lufs=-23")
    call("redo", out)
    said = call("echo", sound, out, "--match", "peak=-1dBFS", "--subtype", "FLOAT", "-y", "--json")
    assert json.loads(said.out)["peak_dbfs"] == pytest.approx(-1, abs=1e-6)
    said = call("echo", sound, out, "-y", "--json")
    found = json.loads(said.out)
    assert (found["match_gain_db"], found["matched"], found["guard_gain_db"]) == (None, None, 0)
    said = call("echo", sound, out, "--match", "peak=-1dBTP", "-y", code=2)
    assert "true peak" in said.err
    silent = tmp_path / "silent.wav"
    soundfile.write(silent, np.zeros(RATE), RATE)
    said = call("echo", silent, out, "--match", "rms", "-y", code=1)
    assert "give one, such as --match rms=-23" in said.err


def test_the_page_tells_the_gain(sound, room):
    made = explain(Job(sound, "page.html", [room], Options(match="rms", subtype="PCM_16")))
    gain = made.outcome.match_gain_db
    said = f"before the match, which changed the whole output by {gain:+.2f}"
    assert any(said in note for note in data_of(made)["sliding"]["notes"])
    assert made.guard_db == 0
    for small, told in [(1e-4, False), (-1e-4, False), (0.01, True)]:
        outcome = replace(made.outcome, match_gain_db=small)
        notes = data_of(replace(made, outcome=outcome))["sliding"]["notes"]
        assert any("before the match" in note for note in notes) == told
