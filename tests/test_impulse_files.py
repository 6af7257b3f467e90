"""Impulses as files: `audioconv ir edit` and what files tell of how they were made."""

import json
import re

import numpy as np
import pytest
import soundfile
from oracle import UNIT

from audioconv.files import Reader, read_all, recipe_fields
from audioconv.ir.edits import Edits, apply
from audioconv.ir.load import load, load_impulse
from impulses import Impulse, ImpulseError, analysis, edit, resampling
from impulses.acoustics.trimming import trim_at_noise

RATE = 48000


def recipe(path):
    with Reader(str(path)) as reader:
        list(reader.blocks(2**16))
        return recipe_fields(reader.metadata)


@pytest.fixture
def decaying(noise):
    return Impulse(noise(4800, 2) * np.exp(-np.arange(4800) / 400)[:, None], RATE)


def test_no_edits_change_nothing(decaying):
    np.testing.assert_array_equal(apply(decaying, Edits()).taps, decaying.taps)


@pytest.mark.parametrize("frames", [0, 1, 700, 4800, 10000])
def test_early_and_late_add_up(decaying, frames):
    early, late = edit.split(decaying, frames)
    whole = np.zeros((4800, 2))
    whole[: early.frames] += early.taps
    np.testing.assert_array_equal(whole + late.taps, decaying.taps)
    assert not late.taps[: min(frames, 4800)].any()
    assert early.frames == max(1, min(4800, frames + analysis.onset(decaying)))


def test_a_part_is_counted_from_the_onset():
    impulse = Impulse([[0.0], [0.0], [1.0], [0.5], [0.25]], RATE)
    assert apply(impulse, Edits(early=1 / RATE)).taps.ravel().tolist() == [0, 0, 1]
    assert apply(impulse, Edits(late=1 / RATE)).taps.ravel().tolist() == [0, 0, 0, 0.5, 0.25]


def test_reverse_keeps_its_origin_in_place():
    impulse = Impulse([[0.25], [1.0], [0.5]], RATE, origin=1)
    turned = edit.reverse(impulse)
    assert turned.taps.ravel().tolist() == [0.5, 1, 0.25]
    assert turned.taps[turned.origin] == impulse.taps[impulse.origin]
    np.testing.assert_array_equal(edit.reverse(turned).taps, impulse.taps)


@pytest.mark.parametrize("factor", [0.5, 0.8, 1.25, 2, 3.7])
def test_stretching_moves_the_response(factor):
    """H(f) becomes H(f factor): a bell at 1 kHz comes to lie at 1 kHz / factor, as high."""
    time = np.arange(-480, 481) / RATE
    bell = np.exp(-((time * 900) ** 2)) * np.cos(2 * np.pi * 1000 * time) / 50
    stretched = resampling.stretch(Impulse(bell[:, None], RATE), factor)
    assert stretched.rate == RATE
    assert stretched.notes == ()
    for frequency in (600, 1000, 1400):
        before = abs(bell @ np.exp(-2j * np.pi * frequency * np.arange(len(bell)) / RATE))
        turns = np.exp(-2j * np.pi * frequency / factor * np.arange(stretched.frames) / RATE)
        # soxr VHQ is flat to 0.01 dB, and a hundred-millionth of the energy may be left out
        assert abs(stretched.taps[:, 0] @ turns) == pytest.approx(before, rel=2e-3)


def test_stretching_by_one_is_nothing_and_out_of_range_is_refused(decaying):
    np.testing.assert_array_equal(resampling.stretch(decaying, 1).taps, decaying.taps)
    for factor in (0, -1, 0.001, 1000, np.nan, np.inf):
        with pytest.raises(ImpulseError, match=r"stretch is .*; it must be between 0.01 and 100"):
            resampling.stretch(decaying, factor)


def test_edits_are_made_in_their_order(decaying):
    """A norm comes after fades, a gain after the norm, and silence before it all at the end."""
    edits = Edits(fade_out=0.05, norm="peak", gain=0.5, predelay=0.01, reverse=True)
    made = apply(decaying, edits)
    assert not made.taps[:480].any()
    assert np.abs(made.taps).max() == pytest.approx(0.5, rel=4 * UNIT)
    faded = edit.fade(edit.reverse(decaying), fade_out=2400).taps
    np.testing.assert_allclose(made.taps[480:], faded / np.abs(faded).max() / 2, rtol=4 * UNIT)


def test_edits_follow_their_order_from_the_first(noise):
    """Each of the first edits, made one by one and by hand in the order of `Edits`."""
    impulse = Impulse(noise(2000, 1) * np.r_[np.full(500, 1e-3), np.ones(1500)][:, None], RATE)
    whole = {"align": "onset", "trim": "-30dB", "early": 0.02, "late": 0.005, "reverse": True}
    by_hand = edit.trim(edit.align(impulse, "onset"), -30)
    by_hand = edit.split(by_hand, 960)[0]
    by_hand = edit.reverse(edit.split(by_hand, 240)[1])
    np.testing.assert_array_equal(apply(impulse, Edits(**whole)).taps, by_hand.taps)
    faded = edit.fade(by_hand, fade_in=48, fade_out=96).taps
    made = apply(impulse, Edits(**whole, fade_in=0.001, fade_out=0.002)).taps
    np.testing.assert_array_equal(made, faded)


def test_minimum_phase_brings_a_filter_to_its_start():
    made = apply(load_impulse("low-pass:cutoff=4kHz", RATE), Edits(minimum_phase=True))
    assert np.argmax(np.abs(made.taps)) < 20
    assert made.origin == 0


def test_a_chain_equalises(call, tmp_path):
    out = tmp_path / "out.wav"
    spec = "double-spike:delay=1S,gain=-1x"
    call("ir", "edit", "delta", out, "--chain", spec, "--chain", "multi-tap:delay=0,2S,gain=1,3")
    assert read_all(str(out))[0].ravel().tolist() == [1, -1, 3, -3]
    assert recipe(out)["edits"] == {"chain": [spec, "multi-tap:delay=0,2S,gain=1,3"]}


def test_every_edit_has_an_option(call, samples, tmp_path):
    out = tmp_path / "out.wav"
    options = (
        *("--align", "onset", "--trim", "-60dB", "--early", "900ms", "--late", "5ms", "--reverse"),
        *("--stretch", "0.8", "--rate", "48000", "--minimum-phase", "--fade-in", "1ms"),
        *("--fade-out", "50ms", "--norm", "l2", "--gain", "-6dB", "--predelay", "10ms"),
        *("--wet", "0.5", "--dry", "1", "--chain", "delta"),
    )
    said = call("ir", "edit", samples / "hall.wav", out, *options)
    assert "48000 Hz, DOUBLE" in said.err
    taps = read_all(str(out))[0]
    assert taps[0].tolist() == [1, 1]  # the dry path
    assert not taps[1:480].any()  # the predelay
    # energy of the louder channel: 1, halved by the gain, and again by the wet level
    assert np.sqrt((taps[480:] ** 2).sum(0).max()) == pytest.approx(0.5 * 10 ** (-6 / 20))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--trim", "80dB"], "trim level is 80 dB; it must be below 0 dB"),
        (["--trim", "lundeby"], "trim 'lundeby' is not a level in decibels, or noise"),
        (["--norm", "loud"], "norm is 'loud'; it must be one of peak, l1, l2"),
        (["--fade-out", "3s"], "fades of 0 and 132300 frames do not fit an impulse of 66150"),
        (["--stretch", "0"], "stretch is 0; it must be between 0.01 and 100"),
        (["--stretch", "fast"], "ir edit stretch: 'fast' is not a number"),
        (["--predelay", "-1ms"], "predelay is -0.001 s; it must be 0 or more"),
        (["--chain", "ecko"], "ecko is neither a file nor a builder"),
        (["--early", "soon"], "ir edit early: 'soon' is not a time"),
    ],
)
def test_errors_of_edits(call, samples, tmp_path, options, message):
    out = tmp_path / "out.wav"
    said = call("ir", "edit", samples / "hall.wav", out, *options, code=2)
    assert message in said.err
    assert not out.exists()


def test_an_input_is_never_the_output(call, samples, tmp_path):
    path = tmp_path / "ir.wav"
    call("ir", "build", "feedback", path)
    before = path.read_bytes()
    call("ir", "edit", path, path, "-y", code=2)
    call("ir", "edit", "delta", path, "--chain", path, "-y", code=2)
    call("ir", "edit", path, tmp_path / "other.wav", "--reverse")
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("gain", "subtype", "said"),
    [
        ("0", "PCM_16", "notice: every sample is 0\n"),
        ("0", "DOUBLE", "notice: every sample is 0\n"),
        (
            "-100dB",
            "PCM_16",
            "notice: the peak of -100.0 dBFS is less than one step of PCM_16 "
            "(-90.3 dBFS), so that hardly anything is left; raise the level, or use --subtype "
            "FLOAT\n",
        ),
        ("-100dB", "PCM_24", ""),
        ("-100dB", "FLOAT", ""),
    ],
)
def test_an_impulse_that_is_saved_as_silence_is_noted(call, tmp_path, gain, subtype, said):
    out = tmp_path / "out.wav"
    written = call("ir", "edit", "double-spike", out, "--gain", gain, "--subtype", subtype)
    assert written.err.partition("\n")[2].removeprefix("\n") == said


def test_files_tell_how_they_were_made(call, samples, tmp_path):
    built, edited, folded = (tmp_path / f"{name}.wav" for name in ("built", "edited", "folded"))
    options = ("--delay", "0", "--delay", "0.25ms", "--gain", "1,0.5", "--rate", "8000")
    call("ir", "build", "multi-tap", built, *options)
    assert recipe(built)["build"] == "multi-tap:delay=0,0.25ms,gain=1,0.5"
    assert recipe(built)["rate"] == 8000
    again = load_impulse(recipe(built)["build"], recipe(built)["rate"])
    np.testing.assert_array_equal(again.taps, read_all(str(built))[0])

    call("ir", "edit", built, edited, "--gain", "2")
    digest = load(str(built), None)[1]._asdict()
    assert recipe(edited)["edit"] == digest
    assert recipe(edited)["edits"] == {"gain": ["2"]}
    assert recipe(edited)["rate"] == 8000
    chained = tmp_path / "chained.wav"
    call("ir", "edit", built, chained, "--chain", built, "--chain", "delta")
    assert recipe(chained)["edits"]["chain"] == [digest, "delta"]
    call("ir", "edit", built, chained, "--rate", "16000", "-y")
    assert recipe(chained)["rate"] == 16000
    call("ir", "fold", built, "delta:delay=1S", folded)
    assert recipe(folded)["fold"] == [digest, "delta:delay=1S"]
    assert recipe(folded)["rate"] == 8000
    for path, command in ((edited, "ir edit"), (folded, "ir fold"), (built, "ir build")):
        assert f"was made by `audioconv {command}`" in call("redo", path, code=1).err
    said = json.loads(call("info", folded, "--json").out)
    assert said["recipe"] == recipe(folded)


def test_a_built_file_has_no_recipe_to_redo(call, tmp_path):
    call("ir", "build", "delta", tmp_path / "d.wav")
    said = call("redo", tmp_path / "d.wav", code=1)
    assert "was made by `audioconv ir build`" in said.err


@pytest.mark.parametrize("builder", ["delta", "feedback", "ping-pong"])
def test_the_same_spec_gives_the_same_bytes(call, tmp_path, builder):
    one, other = tmp_path / "one.wav", tmp_path / "other.wav"
    call("ir", "build", builder, one)
    call("ir", "build", builder, other)
    assert one.read_bytes() == other.read_bytes()


def test_time_zero_is_kept_in_the_file(call, tmp_path, samples):
    """A linear-phase filter rings before its time 0: as a file it acts as the spec does."""
    spec, file = "low-pass:cutoff=2kHz,numtaps=101", tmp_path / "filter.wav"
    said = call("ir", "build", "low-pass", file, "--cutoff=2kHz", "--numtaps=101", "--rate=44100")
    assert "notice: time 0 is frame 50 (1.134 ms)" in said.err
    assert load_impulse(str(file), None).origin == 50
    for number, ir in enumerate((spec, file)):
        out = tmp_path / f"{number}.wav"
        said = call("convolve", samples / "speech.wav", out, "--ir", ir, "--dry=1", "--recipe=none")
        frames = soundfile.info(samples / "speech.wav").frames
        assert soundfile.info(out).frames == frames + 50
    assert (tmp_path / "0.wav").read_bytes() == (tmp_path / "1.wav").read_bytes()


@pytest.mark.parametrize("origin", ["51", "-1", '"x"', "1e9", "null"])
def test_a_time_zero_that_is_none_is_left(call, tmp_path, origin):
    file = tmp_path / "filter.wav"
    call("ir", "build", "low-pass", file, "--numtaps=51")
    data = file.read_bytes()
    assert data.count(b'"origin": 25') == 1
    file.write_bytes(data.replace(b'"origin": 25', f'"origin":{origin:>3}'.encode()[:12].ljust(12)))
    assert load_impulse(str(file), None).origin == 0


def test_early_parts_keep_their_time_zero(call, tmp_path):
    for options in (["--early", "0"], ["--early", "0", "--reverse"], ["--early=0.1ms", "--late=0"]):
        out = tmp_path / "out.wav"
        call("ir", "edit", "low-pass:cutoff=1kHz", out, *options, "--dry", "1", "-y")
        found = load_impulse(str(out), None)
        assert 0 <= found.origin < found.frames
        assert found.taps[found.origin, 0] == pytest.approx(1, abs=0.05)


def test_an_empty_value_is_no_default(call, tmp_path, samples):
    out = tmp_path / "out.wav"
    for line in (
        ["edit", samples / "hall.wav", out, "--trim", ""],
        ["build", "delta", out, "--delay", ""],
    ):
        call("ir", *line, code=2)


def test_standard_input_is_read_once(call, tmp_path, samples):
    out = tmp_path / "out.wav"
    assert "named twice" in call("ir", "fold", "-", "-", out, code=2).err
    assert "--chain cannot be" in call("ir", "edit", "delta", out, "--chain", "-", code=2).err


def test_formats_without_doubles_take_their_widest(call, tmp_path):
    said = call("ir", "build", "double-spike", tmp_path / "a.flac", "--wet=0.5")
    assert "PCM_24\n\nnotice: FLAC cannot hold DOUBLE samples; written as PCM_24" in said.err


def test_trimming_at_the_noise_looks_at_every_octave(call, tmp_path, noise):
    """Rumble hides the broadband decay; the octaves above it go on: T = 1 s, noise 60 dB down."""
    seconds = np.arange(2 * RATE) / RATE
    rumble = 0.05 * np.cos(2 * np.pi * 20 * seconds)
    taps = noise(2 * RATE) * 10 ** (-3 * seconds) + 1e-3 * noise(2 * RATE, seed=1) + rumble
    trimmed = trim_at_noise(Impulse(taps[:, None], RATE))
    assert 0.9 < trimmed.frames / RATE < 1.4
    for endless in (taps[: RATE // 2], noise(RATE), np.zeros(RATE)):
        with pytest.raises(ImpulseError, match="trim it to a level, such as -60 dB"):
            trim_at_noise(Impulse(endless[:, None], RATE))


def test_what_an_edit_did_is_said(call, tmp_path, samples):
    said = call("ir", "edit", samples / "hall.wav", tmp_path / "o.wav", "--trim=-40", "--norm=peak")
    assert "notice: trimmed from 1.500 to 0.400 s" in said.err
    assert "notice: scaled by +4.44 dB" in said.err


def test_a_slice_counts_from_the_first_frame_and_comes_before_every_other_edit(
    call, tmp_path, decaying
):
    path = str(tmp_path / "a.wav")
    soundfile.write(path, decaying.taps, RATE, "DOUBLE")
    out = tmp_path / "o.wav"
    call("ir", "edit", path, out, "--slice=480S,0.05s", "--reverse", "--gain=2")
    np.testing.assert_array_equal(soundfile.read(out)[0], 2 * decaying.taps[480:2400][::-1])
    assert recipe(out)["edits"]["slice"] == ["480S,0.05s"]
    # as the other times in samples, those of a slice are of OUT
    call("ir", "edit", path, out, "--slice=0,960S", "--rate=96000", "-y")
    half = edit.section(decaying, 0, 480)
    np.testing.assert_array_equal(soundfile.read(out)[0], resampling.resample(half, 96000).taps)
    edits = Edits(slice=(0.01, 0.05), trim_start="peak")
    assert apply(decaying, edits) == edit.trim_start(edit.section(decaying, 480, 2400), "peak")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("0.05,0.01", "--slice is frames 2400 to 480; it must be at least one of the 4800 frames"),
        ("10ms,10ms", "--slice is frames 480 to 480"),
        ("10ms,10s", "--slice ends at 10 s, but the impulse is 0.1 s long; end it there or earl"),
        ("0,4801S", "--slice ends at 0.100020833 s, but the impulse is 0.1 s long"),
        ("-1,0.1", "--slice is -1 s; it must be 0 or more"),
        ("10ms", "ir edit slice: it takes 2 values, separated by commas, but 1 is given: 10ms"),
        ("a,b", "ir edit slice: 'a' is not a time"),
    ],
)
def test_a_slice_that_is_none_is_refused(call, tmp_path, decaying, value, message):
    soundfile.write(tmp_path / "a.wav", decaying.taps, RATE, "DOUBLE")
    edited = ("ir", "edit", tmp_path / "a.wav", tmp_path / "o.wav", f"--slice={value}")
    assert message in call(*edited, code=2).err


def test_channels_are_counted_from_one(call, samples):
    one, other = (
        json.loads(call("ir", "info", samples / "hall.wav", "--json", "--channel", n).out)
        for n in (1, 2)
    )
    assert one["broadband"] != other["broadband"]
    report = call("ir", "info", samples / "hall.wav", "--channel", 2).out
    assert "\nroom acoustics of channel 2 (ISO 3382-1), by octave; levels are of all" in report
    assert re.search(r"\n +onset +[\d.]+ s of channel 2\n", report)
    for channel in (0, 3):
        said = call("ir", "info", samples / "hall.wav", "--channel", channel, code=2)
        assert f"channel is {channel}, but the impulse has 2, counted from 1" in said.err


def test_a_short_impulse_has_no_room_in_it(call):
    assert "room acoustics: none in an impulse under 50 ms" in call("ir", "info", "low-pass").out
    found = json.loads(call("ir", "info", "low-pass", "--json").out)
    for figures in (found["broadband"], *found["bands"]):
        why = figures.pop("why_not")
        assert set(figures) - {"hz"} == set(why)
        assert {figures[name] for name in why} == {None}
        assert {*why.values()} == {"the impulse is under 50 ms"}


def test_a_sound_taken_for_an_impulse_is_named(samples, call):
    for name, noted in [("speech", True), ("guitar", True), ("hall", False)]:
        said = call("ir", "info", samples / f"{name}.wav")
        assert ("a recording is IN, and not --ir" in said.err) == noted, name
    for spec in ("double-spike:gain=1", "noise", "multi-tap:delay=0,1s,gain=0.1,1", "delta"):
        assert not call("ir", "info", spec).err


def test_a_bent_decay_is_named(call, tmp_path, noise):
    seconds = np.arange(2 * RATE) / RATE
    bent = noise(2 * RATE) * (10 ** (-3 * seconds / 0.2) + 0.03 * 10 ** (-3 * seconds / 1.5))
    soundfile.write(tmp_path / "bent.wav", bent / 8, RATE, "DOUBLE")
    said = call("ir", "info", tmp_path / "bent.wav").out
    assert "curvature over 10 %, so no single reverberation time (ISO 3382-2): all" in said


@pytest.mark.parametrize("command", ["ir info ecko", "info none.wav", "ir list ecko", "sweep"])
def test_verbose_goes_with_every_command(command, capsys):
    from audioconv.cli import main

    assert main([*command.split(), "-v"]) in (1, 2)
    assert "No such option" not in capsys.readouterr().err
