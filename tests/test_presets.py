"""Presets: named specs that work at any rate."""

import json

import numpy as np
import pytest

from audioconv.errors import UsageError
from audioconv.files import read_all
from audioconv.ir.load import load, load_impulse
from impulses import BUILDERS, PRESETS, analysis

RATES = [8000, 11025, 16000, 22050, 44100, 48000, 96000]


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_are_specs_of_builders(preset):
    spec, sound = PRESETS[preset]
    assert spec.partition(":")[0] in BUILDERS
    assert len(sound) > 10
    impulse, ingredient = load(f"preset:{preset}", 48000)
    assert ingredient == spec  # as in recipes, which must stay reproducible
    np.testing.assert_array_equal(impulse.taps, load_impulse(spec, 48000).taps)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("preset", PRESETS)
def test_presets_keep_about_the_level_of_the_sound(preset, rate):
    """The direct sound is there, at -10 to 0 dB, and noise comes out 3 dB quieter to 6 louder."""
    impulse = load_impulse(f"preset:{preset}", rate)
    assert impulse.rate == rate
    assert impulse.origin == 0
    levels = analysis.levels(impulse)
    if preset != "telephone":  # which takes away most of the band
        assert 0.3 <= levels.peak <= 1.001
        assert 0.7 <= levels.l2 <= 2
    assert levels.response < 10


def test_the_list_of_presets(call):
    text = call("ir", "list", "--presets").out
    listed = [
        json.loads(line) for line in call("ir", "list", "--presets", "--json").out.splitlines()
    ]
    assert {one["preset"]: (one["spec"], one["sound"]) for one in listed} == dict(PRESETS)
    for preset, (spec, sound) in PRESETS.items():
        assert f"{preset}\n  {sound}\n    {spec}" in text


def test_a_preset_is_an_impulse_anywhere(call, tmp_path, samples):
    out, ir = tmp_path / "out.wav", tmp_path / "ir.wav"
    call("convolve", samples / "speech.wav", out, "--ir", "preset:slapback")
    call("redo", out, "--from", samples)
    call("ir", "edit", "preset:slapback", ir, "--gain", "0.5", "--rate", "8000")
    assert read_all(str(ir))[0][0] == 0.5
    call("ir", "info", "preset:small-room")


def test_an_unknown_preset_is_refused_with_the_choices():
    with pytest.raises(UsageError) as caught:
        load_impulse("preset:catedral", 48000)
    message = str(caught.value)
    assert message.startswith("no preset is named 'catedral'; did you mean 'cathedral'? there are")
    assert all(preset in message for preset in PRESETS)
    for wrong in ("preset", "preset:"):
        with pytest.raises(UsageError, match="no preset is named ''"):
            load_impulse(wrong, 48000)


@pytest.mark.parametrize(
    ("spec", "taps"),
    [
        ("delta:wet=0.5,dry=1", [1.5]),
        ("delta:delay=2S,wet=-6dB,dry=1", [1, 0, 10 ** (-6 / 20)]),
        ("multi-tap:delay=1S,2S,gain=0.5,0.25,dry=2", [2, 0.5, 0.25]),
    ],
)
def test_dry_and_wet_go_with_any_builder(spec, taps):
    np.testing.assert_allclose(load_impulse(spec, 48000).taps.ravel(), taps, rtol=1e-15)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (
            "shoebox:room=6,4",
            "shoebox room: it takes 3 values, separated by commas, but 2 are given: 6,4",
        ),
        ("shoebox:room=6,4,high", "shoebox room: 'high' is not a distance; write 3.5m or 17cm"),
        ("low-pass:cutoff=dull", "low-pass cutoff: 'dull' is not a frequency; write 500Hz or"),
        ("delta:dry=loud", "delta dry: 'loud' is not a gain; write 0.5 or -6dB"),
    ],
)
def test_errors_of_values(spec, message):
    with pytest.raises(UsageError) as caught:
        load_impulse(spec, 48000)
    assert message in str(caught.value)


@pytest.mark.parametrize("builder", BUILDERS)
def test_the_same_spec_gives_the_same_bytes(call, tmp_path, builder):
    one, other = tmp_path / "one.wav", tmp_path / "other.wav"
    for path in (one, other):
        call("ir", "build", builder, path, "--rate", "16000")
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize("builder", ["noise", "velvet", "fdn"])
def test_another_seed_is_another_impulse(builder):
    one, other = (load_impulse(f"{builder}:seed={seed}", 48000) for seed in (1, 2))
    assert not np.array_equal(one.taps[:4000], other.taps[:4000])


def test_presets_can_be_changed():
    spec = PRESETS["large-hall"].spec
    for change in ("wet=-20dB", "rt60=1,2,3,4", "predelay=0,dry=0"):
        _, ingredient = load(f"preset:large-hall,{change}", 48000)
        assert all(part in ingredient for part in change.split(",") if "=" in part)
        assert ingredient != spec
    quiet = load_impulse("preset:large-hall,wet=0", 48000)
    assert np.count_nonzero(quiet.taps) == 2
    with pytest.raises(UsageError, match="noise has no parameter 'wett'; did you mean 'wet'"):
        load_impulse("preset:large-hall,wett=1", 48000)


@pytest.mark.parametrize(
    "line",
    [
        "ir build cathedral OUT",
        "ir list cathedral",
        "ir build preset:cathedral OUT",
        "ir info cathedral",
    ],
)
def test_an_error_explains_how_to_name_a_preset(call, tmp_path, line):
    printed = call(*line.replace("OUT", str(tmp_path / "o.wav")).split(), code=2)
    assert "preset:cathedral" in printed.err


def test_a_time_that_may_be_milliseconds_is_noted():
    (note,) = load_impulse("delta:delay=350", 8000).notes
    assert note.startswith("delta is 350 s long: a time without a unit is in seconds")
    assert load_impulse("delta:delay=350ms", 8000).notes == ()
