"""Values as people write them, and parameters read from signatures."""

import inspect
from dataclasses import fields

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from audioconv.errors import UsageError
from audioconv.ir.load import build, impulse_files, known_builder, load_impulse
from audioconv.job import Options
from audioconv.parameters import parameters
from audioconv.units import parse_gain, parse_length, parse_level, parse_time
from impulses import BUILDERS

RATE = 44100
BAD_NUMBERS = ["", " ", "x", "1x", "1 s x", "--1", "1..2", "1e", "e5", "nan", "inf", "-inf", "0x10"]
BAD_NUMBERS += ["1,5", "1_000", "1e31", "-1e999", "½", "1\n2", "."]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("350ms", 0.35),
        ("0.35s", 0.35),
        ("0.35", 0.35),
        ("15435S", 0.35),
        ("22050S", 0.5),
        ("1S", 1 / RATE),
        (".5", 0.5),
        ("5.", 5.0),
        ("1e-3", 0.001),
        ("1E3ms", 1.0),
        ("+2s", 2.0),
        ("-1s", -1.0),
        ("0", 0.0),
        (" 2s ", 2.0),
        ("350MS", 0.35),
        ("350Ms", 0.35),
    ],
)
def test_times(text, seconds):
    assert parse_time(text, RATE) == seconds


@pytest.mark.parametrize("text", [*BAD_NUMBERS, "1m", "1min", "1  ms", "1Sm", "s", "1dB"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(UsageError) as caught:
        parse_time(text, RATE)
    assert str(caught.value) == f"{text!r} is not a time; write 350ms, 0.35s or 15435S (samples)"


@given(st.integers(0, 2**30), st.sampled_from([8000, 11025, 44100, 48000, 96000, 192000]))
def test_samples_survive_the_way_through_seconds(samples, rate):
    assert parse_time(f"{samples}S", rate) == samples / rate
    assert parse_length(f"{samples + 1}S", rate) == samples + 1


@pytest.mark.parametrize(
    ("text", "gain"),
    [
        ("0.5", 0.5),
        ("-0.5", -0.5),
        ("2", 2.0),
        ("0", 0.0),
        ("0dB", 1.0),
        ("-20dB", 0.1),
        ("20dB", 10.0),
        ("+40db", 100.0),
        ("-60DB", 0.001),
        ("-60Db", 0.001),
        ("-0.5x", -0.5),
        ("50%", 0.5),
        (" 1 ", 1.0),
    ],
)
def test_gains(text, gain):
    assert parse_gain(text) == gain


def test_six_decibels_are_nearly_a_half():
    assert parse_gain("-6dB") == 10 ** (-6 / 20)


@pytest.mark.parametrize(
    "text",
    [*(text for text in BAD_NUMBERS if text != "1x"), "-6  dB", "-6bD", "dB", "%", "x", "1s"],
)
def test_what_is_no_gain_is_refused(text):
    with pytest.raises(UsageError) as caught:
        parse_gain(text)
    assert str(caught.value) == f"{text!r} is not a gain; write 0.5 or -6dB"


@pytest.mark.parametrize(("text", "level"), [("-60dB", -60.0), ("-60", -60.0), ("1.5db", 1.5)])
def test_levels(text, level):
    assert parse_level(text) == level


@pytest.mark.parametrize("text", [*(text for text in BAD_NUMBERS if text != "-inf"), "-60s"])
def test_what_is_no_level_is_refused(text):
    with pytest.raises(UsageError, match="is not a level in decibels; write -60dB"):
        parse_level(text)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("full", "full"),
        ("input", "input"),
        ("auto", "auto"),
        ("2s", 2 * RATE),
        ("10", 10 * RATE),
        ("100ms", 4410),
        ("1S", 1),
        ("0.02ms", 1),  # 0.88 frames, to the nearest
    ],
)
def test_lengths(text, length):
    assert parse_length(text, RATE) == length


@pytest.mark.parametrize("text", ["", "Full", "half", "10m"])
def test_what_is_no_length_is_refused(text):
    with pytest.raises(UsageError) as caught:
        parse_length(text, RATE)
    message = f"length {text!r} is not one of full, input, auto, or a time such as 10s"
    assert str(caught.value) == message


@pytest.mark.parametrize(("text", "frames"), [("0", 0), ("0.01ms", 0), ("-1s", -RATE)])
def test_a_length_is_at_least_one_frame(text, frames):
    with pytest.raises(UsageError) as caught:
        parse_length(text, RATE)
    assert str(caught.value) == f"length {text} is {frames} frames; it must be at least one"


@pytest.mark.parametrize(
    ("builder", "expected"),
    [
        ("delta", [("delay", "time", False, 0.0)]),
        (
            "double-spike",
            [
                ("delay", "time", False, 0.25),
                ("gain", "gain", False, 0.5),
                ("fractional", "flag", False, False),
            ],
        ),
        (
            "multi-tap",
            [
                ("delay", "time", True, (0.0, 0.25)),
                ("gain", "gain", True, (1.0, 0.5)),
                ("fractional", "flag", False, False),
            ],
        ),
        (
            "feedback",
            [
                ("delay", "time", False, 0.25),
                ("gain", "gain", False, None),
                ("rt60", "time", False, None),
                ("floor", "level", False, -120.0),
                ("fractional", "flag", False, False),
            ],
        ),
        (
            "ping-pong",
            [
                ("delay", "time", False, 0.25),
                ("gain", "gain", False, 0.5),
                ("width", "number", False, 1.0),
                ("first", "choice", False, "left"),
                ("floor", "level", False, -120.0),
            ],
        ),
    ],
)
def test_parameters_of_builders(builder, expected):
    declared = parameters(BUILDERS[builder])
    assert [(p.option, p.unit, p.many, p.default) for p in declared] == expected


@pytest.mark.parametrize("declared", [*BUILDERS.values(), Options])
def test_every_parameter_is_explained(declared):
    for parameter in parameters(declared):
        assert len(parameter.help) > 10, parameter.name
        assert "  " not in parameter.help
        assert parameter.default is not inspect.Parameter.empty


def test_parameters_of_a_job_are_its_fields():
    declared = {p.name: p for p in parameters(Options)}
    assert list(declared) == [field.name for field in fields(Options)]
    assert {n: p.default for n, p in declared.items()} == vars(Options())
    units = {name: p.unit for name, p in declared.items()}
    choices = {name for name, unit in units.items() if unit == "choice"}
    assert choices == {
        *("align", "rate_mismatch", "clip", "rf64", "dither", "precision"),
        *("metadata", "recipe", "engine"),
    }
    assert {n for n, unit in units.items() if unit == "gain"} == {"wet", "dry"}
    flags = {"verify", "overwrite", "strict", "allow_truncated"}
    assert {n for n, u in units.items() if u == "flag"} == flags
    assert (units["mix"], units["threads"], units["length"]) == ("number", "integer", "length")
    assert declared["clip"].choices == ("guard", "error", "saturate")
    assert declared["rate_mismatch"].option == "rate-mismatch"


def test_defaults_are_written_as_one_would_write_them():
    written = {p.option: p.written_default() for p in parameters(BUILDERS["feedback"])}
    assert written == {
        "delay": "0.25s",
        "gain": "none",
        "rt60": "none",
        "floor": "-120dB",
        "fractional": "no",
    }
    assert [p.written_default() for p in parameters(BUILDERS["multi-tap"])][:2] == [
        "0s,0.25s",
        "1,0.5",
    ]
    assert parameters(BUILDERS["ping-pong"])[3].written_default() == "left"


@pytest.mark.parametrize("builder", list(BUILDERS))
def test_a_written_default_means_the_default(builder):
    given = {
        p.option: [p.written_default()]
        for p in parameters(BUILDERS[builder])
        if p.default not in (None, ())
    }
    made, usual = build(builder, given, RATE), BUILDERS[builder](RATE)
    np.testing.assert_array_equal(made.taps, usual.taps)


@pytest.mark.parametrize(
    ("spec", "taps"),
    [
        ("delta", [1]),
        ("delta:", [1]),
        ("delta:delay=3S", [0, 0, 0, 1]),
        ("double-spike:delay=2S,gain=-20dB", [1, 0, 0.1]),
        ("double-spike:gain=-0.5,delay=1S", [1, -0.5]),
        ("double-spike:delay=1S,gain=2,fractional=no", [1, 2]),
        ("multi-tap:delay=0,delay=1S,delay=3S,gain=1,gain=0.5,gain=-0.25", [1, 0.5, 0, -0.25]),
        ("multi-tap:delay=1S,gain=0.5,delay=1S,gain=0.25", [0, 0.75]),
        ("multi-tap: delay=1S,,gain =1", [0, 1]),
        ("feedback:delay=1S,gain=0.5,floor=-12dB", [1, 0.5, 0.25]),
        ("feedback:delay=1S,rt60=3S,floor=-60", [1, 0.1, 0.01, 0.001]),
    ],
)
def test_specs(spec, taps):
    impulse = load_impulse(spec, RATE)
    assert impulse.rate == RATE
    np.testing.assert_allclose(impulse.taps.ravel(), taps, rtol=4e-15, atol=0)


def test_specs_of_two_channels():
    taps = load_impulse("ping-pong:delay=1S,gain=0.5,first=right,floor=-6dB", RATE).taps
    assert taps.tolist() == [[0, 0], [0, 1], [0.5, 0]]


@pytest.mark.parametrize("flag", ["yes", "true", "YES", "True"])
def test_flags(flag):
    half = load_impulse(f"double-spike:delay=2.5S,gain=1,fractional={flag}", RATE).taps.ravel()
    # the cubic Lagrange half-sample delay: (-1, 9, 9, -1) / 16
    spike = np.array([0, -1, 9, 9, -1]) / 16 + [1, 0, 0, 0, 0]
    np.testing.assert_allclose(half, spike, rtol=1e-12)


BUILDER_NAMES = "`audioconv ir list` shows them all"


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("ecko", f"ecko is neither a file nor a builder; {BUILDER_NAMES}"),
        (
            "doubel-spike:delay=1s",
            "doubel-spike:delay=1s is neither a file nor a builder; did you mean 'double-spike'? "
            + BUILDER_NAMES,
        ),
        (
            "double-spike:dealy=1s",
            "double-spike has no parameter 'dealy'; did you mean 'delay'? there are delay, gain, "
            "fractional, dry, wet",
        ),
        ("delta:rate=1", "delta has no parameter 'rate'; there are delay, dry, wet"),
        ("delta:delay", "'delay' in delta:delay is not key=value, such as delay=350ms"),
        ("delta:delay=1s,delay=2s", "delta delay: it takes one value, but 2 are given"),
        (
            "delta:delay=soon",
            "delta delay: 'soon' is not a time; write 350ms, 0.35s or 15435S (samples)",
        ),
        ("double-spike:gain=", "double-spike gain: '' is not a gain; write 0.5 or -6dB"),
        (
            "double-spike:fractional=maybe",
            "double-spike fractional: 'maybe' is not one of true, yes, false, no",
        ),
        ("ping-pong:first=up", "ping-pong first: 'up' is not one of left, right"),
        ("ping-pong:width=wide", "ping-pong width: 'wide' is not a number"),
        ("feedback:floor=low", "feedback floor: 'low' is not a level in decibels; write -60dB"),
        ("delta:delay=-1s", "delta: delay is -1 s; it must be 0 or more, and finite"),
        (
            "feedback:gain=1",
            "feedback: gain 1 never decays; a feedback gain must be between -1 and 1",
        ),
        (
            "multi-tap:delay=1s,delay=2s,gain=1",
            "multi-tap: 2 delays but 1 gains; give one gain for each delay",
        ),
    ],
)
def test_errors_of_specs_name_the_choices(spec, message):
    with pytest.raises(UsageError) as caught:
        load_impulse(spec, RATE)
    assert str(caught.value) == message


def test_a_delay_past_the_limit_is_refused():
    with pytest.raises(UsageError, match="frames long; the limit is 33554432"):
        load_impulse("delta:delay=10000s", RATE)


def test_a_builder_needs_a_rate():
    message = "delta has no rate of its own; pass `rate`, such as `rate=48000`"
    with pytest.raises(UsageError, match=message):
        load_impulse("delta", None)


def test_unknown_builders_are_refused():
    assert known_builder("delta") == "delta"
    for function in (known_builder, lambda name: build(name, {}, RATE)):
        with pytest.raises(UsageError) as caught:
            function("Delta")
        assert (
            str(caught.value)
            == f"no builder is named 'Delta'; did you mean 'delta'? {BUILDER_NAMES}"
        )


def test_underscores_are_dashes():
    values = {"delay": ["1S"], "gain": ["1"], "fractional": ["no"]}
    assert build("double-spike", values, RATE).taps.ravel().tolist() == [1, 1]
    with pytest.raises(UsageError, match="has no parameter 'rate_mismatch'"):
        build("delta", {"rate_mismatch": ["error"]}, RATE)


def test_a_file_comes_before_a_builder_of_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    taps = np.array([[0.25, 1.0], [0.5, -0.5]])
    for path in ("delta", "delta:delay=1S", "a b.wav"):
        soundfile.write(path, taps, 8000, "DOUBLE", format="WAV")
        impulse = load_impulse(path, RATE)
        assert impulse.rate == 8000
        np.testing.assert_array_equal(impulse.taps, taps)
    assert impulse_files(["delta", "delta:delay=2S", "double-spike", "none.wav", "-"]) == [
        "delta",
        "none.wav",
        "-",
    ]


def test_silence_is_an_impulse_too(tmp_path):
    path = str(tmp_path / "a.wav")
    soundfile.write(path, np.zeros(3), 8000, "DOUBLE")
    assert load_impulse(path, RATE).taps.tolist() == [[0], [0], [0]]


def test_a_rate_is_at_least_one():
    with pytest.raises(UsageError, match="delta: rate is 0 Hz; it must be above 0 Hz"):
        load_impulse("delta", 0)


@given(st.text(max_size=12))
def test_no_text_is_anything_but_a_value_or_a_refusal(text):
    for parse in (parse_gain, parse_level, lambda t: parse_time(t, RATE)):
        try:
            value = parse(text)
        except UsageError:
            continue
        assert value == value


def test_integers_are_whole():
    threads = next(p for p in parameters(Options) if p.name == "threads")
    assert threads.parse("3", RATE) == 3
    for text in ("2.5", "x", "1e-3"):
        with pytest.raises(UsageError, match="is not a whole number"):
            threads.parse(text, RATE)
