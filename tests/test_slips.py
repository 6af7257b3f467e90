"""Slips on the command line: what is refused there, and read everywhere else."""

import json
import re

import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from audioconv import Job, Options
from audioconv.cli import slips
from audioconv.errors import UsageError
from audioconv.ir.load import load_impulse
from audioconv.parameters import parameters
from audioconv.units import parse_frequency, parse_gain, parse_number, parse_rate, parse_time
from impulses import BUILDERS

SECONDS = "350 has no unit; write 350ms or 350s"
RANGE = "0.1..350 has no unit; write 0.1..350ms or 0.1..350s"
COMMA = "has a comma, but decimals follow a point; write"
DECIBELS = "-6 has no unit; write -6dB, or -6x to invert"

TYPED = [
    ("echo IN OUT --delay 350", f"--delay {SECONDS}"),
    ("echo IN OUT --delay 1s --gain -6", f"--gain {DECIBELS}"),
    ("echo IN OUT --delay 350 ms", "--delay 350 ms has a space before the unit; write 350ms"),
    (
        "batch IN --into=DIR --ir-gain=-6 dB",
        "--ir-gain -6 dB has a space before the unit; write -6dB",
    ),
    ("echo IN OUT --wet -6", f"'--wet': {DECIBELS}"),
    ("convolve IN OUT --ir delta --dry -6", f"'--dry': {DECIBELS}"),
    ("convolve IN OUT --ir delta --ir-gain -6", f"--ir-gain {DECIBELS}"),
    ("convolve IN OUT --ir delta:delay=350", f"delay of delta:delay=350: {SECONDS}"),
    ("convolve IN OUT --ir preset:slapback,gain=-6", DECIBELS),
    ("convolve IN OUT --ir join:delta,delta:delay=350", SECONDS),
    ("convolve IN OUT --ir fdn:rt60_high=350", SECONDS),
    ("verify IN IN --ir delta:delay=350", SECONDS),
    ("explain IN -o page.html --ir delta:delay=350", SECONDS),
    ("animate IN -o film.gif --ir delta:delay=350", SECONDS),
    ("plot response delta:delay=350 -o plot.png", SECONDS),
    ("plot waterfall delta:delay=350 -o plot.png", SECONDS),
    ("amp IN OUT --model none.nam --ir delta:delay=350", SECONDS),
    ("amp IN OUT --model none.nam --input-gain -6", f"'--input-gain': {DECIBELS}"),
    ("ir build double-spike OUT --delay 350", f"--delay {SECONDS}"),
    ("ir build multi-tap OUT --gain 1,-6", f"--gain {DECIBELS}"),
    ("ir edit delta OUT --predelay 350", f"--predelay {SECONDS}"),
    ("ir edit delta OUT --fade-out 350", f"--fade-out {SECONDS}"),
    ("ir edit delta OUT --gain -6", f"--gain {DECIBELS}"),
    ("ir edit delta OUT --chain delta:delay=350", SECONDS),
    ("ir fold delta delta:delay=350 OUT", SECONDS),
    ("ir join delta delta:delay=350 OUT", SECONDS),
    ("ir info delta:delay=350", SECONDS),
    ("batch IN --ir delta:delay=350 --into DIR", SECONDS),
    ("batch IN --ir delta:delay=0.1..350 --into DIR", RANGE),
    (
        "batch IN --ir spring:feedback=-0.6..-0.4 --into DIR",
        "-0.6..-0.4 has no unit; write -0.6..-0.4dB, or -0.6..-0.4x to invert",
    ),
    ("batch IN --ir delta --stems early=350 --into DIR", f"--stems early={SECONDS}"),
    ("echo IN OUT --mix 0,5", f"'--mix': 0,5 {COMMA} 0.5"),
    ("echo IN OUT --wet -3,5dB", f"'--wet': -3,5dB {COMMA} -3.5dB"),
    ("echo IN OUT --length 1,5s", f"'--length': 1,5s {COMMA} 1.5s"),
    ("echo IN OUT --match lufs=-23,5", f"'--match': lufs=-23,5 {COMMA} lufs=-23.5"),
    ("convolve IN OUT --ir delta --ir-gain -3,5dB", f"'--ir-gain': -3,5dB {COMMA} -3.5dB"),
    ("convolve IN OUT --ir delta:delay=0,35", f"delay of delta:delay=0,35: 0,35 {COMMA} 0.35"),
    ("ir edit delta OUT --trim -60,5dB", f"--trim -60,5dB {COMMA} -60.5dB"),
    ("ir build delta OUT --delay 0,35s", f"--delay 0,35s {COMMA} 0.35s"),
    ("ir build delta OUT --rate 44,1kHz", f"'--rate': 44,1kHz {COMMA} 44.1kHz"),
    ("ir build noise OUT --rate 44,100", f"'--rate': 44,100 {COMMA} 44.100, or 44100"),
    ("echo IN OUT --length 132,300S", f"'--length': 132,300S {COMMA} 132.300S, or 132300S"),
    (
        "batch IN --ir noise:predelay=0,01..0,02s --into DIR",
        f"predelay of noise:predelay=0,01..0,02s: 0,01..0,02s {COMMA} 0.01..0.02s",
    ),
    (
        "batch IN --ir noise:rt60=0,2..0,8 --into DIR",
        f"rt60 of noise:rt60=0,2..0,8: 0,2..0,8 {COMMA} 0.2..0.8",
    ),
    ("sweep OUT --duration 1,5", f"--duration 1,5 {COMMA} 1.5"),
    ("plot waveform IN -o plot.png --start 0,5", f"'--start': 0,5 {COMMA} 0.5"),
]


@pytest.fixture
def sound(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    soundfile.write("IN", [0.5, 0.25], 8000, "PCM_16", format="WAV")


@pytest.mark.parametrize(("line", "message"), TYPED)
@pytest.mark.usefixtures("sound")
def test_a_value_without_a_unit_is_refused_with_two_ways_to_write_it(line, message, call, tmp_path):
    assert f"{message}\n" in call(*line.split(), code=2).err
    assert [one.name for one in tmp_path.iterdir()] == ["IN"]


@pytest.mark.usefixtures("sound")
def test_what_has_a_unit_or_is_no_slip_is_not_refused(call, tmp_path):
    (tmp_path / "s").write_bytes((tmp_path / "IN").read_bytes())
    for line in (
        "echo IN OUT.wav --delay 0.35 --gain 2 --strict --subtype FLOAT",
        "echo IN OUT.wav --delay 10 --gain -6x",
        "echo IN OUT.wav --delay 350MS --gain -6DB --mix 30%",
        "convolve IN OUT.wav --ir delta:delay=11s --dry -50% --ir-gain -6dB",
        "convolve IN OUT.wav --ir preset:doubler",
        "echo --mix 0.5 s OUT.wav",
        "explain IN -o page.html --ir delta --seconds 20",
        "ir edit delta:delay=12s OUT.wav --slice 0,11",
        "ir build delta OUT.wav --rate 44.1kHz",
        "batch IN --ir delta:delay=20..40ms --into DIR --dry-run",
    ):
        call(*line.split(), *["-y"] * ("OUT" in line))
    assert soundfile.info("OUT.wav").samplerate == 44100
    call("sweep", "OUT.wav", "-y", "--duration", 12, "--rate", "1kHz", "--start", 20, "--end", 400)


@pytest.mark.usefixtures("sound")
def test_a_large_factor_is_a_notice_and_under_strict_an_error(call):
    said = call("echo", "IN", "OUT.wav", "--delay", "1S", "--gain", 6, "--json")
    notice = "a gain of 6 is a factor, 15.6 dB louder; 6 dB are written 6dB, and the factor 6x"
    assert notice in json.loads(said.out)["notices"]
    assert f"\n\nnotice: {notice}\n" in said.err
    line = ["convolve", "IN", "OUT.wav", "-y", "--strict", "--ir"]
    assert notice in call(*line, "delta", "--ir-gain", 6, code=1).err
    assert notice in call(*line, "delta:wet=6", code=1).err
    assert notice in call(*line, "delta", "--wet", 6, code=1).err
    assert notice in call(*line[:-2], "--dry", 6, "--json", "--ir", "delta").out
    assert notice in call("ir", "edit", "delta", "OUT.wav", "--gain", 6, "-y").err
    for text in ("2", "6x", "12dB", "300%"):
        line = ("echo", "IN", "OUT.wav", "--gain", text, "--subtype", "FLOAT", "--strict", "-y")
        assert "notice" not in call(*line, "--wet", text, "--dry", text).err


@pytest.mark.usefixtures("sound")
def test_an_echo_is_never_a_multi_tap(call):
    for line in ("--delay -1s --gain 1 --delay 2s --gain 1", "--delay 1q", "--delay -1s"):
        error = call("echo", "IN", "OUT.wav", *line.split(), code=2).err
        assert error.startswith("error: echo")
        assert "multi-tap" not in error
        assert "double-spike" not in error
    line = [
        "echo",
        "IN",
        "OUT.wav",
        "--delay",
        "1s",
        "--gain",
        "1",
        "--delay",
        "70s",
        "--gain",
        "1",
    ]
    assert "\n\nnotice: echo is 70 s long: " in call(*line).err
    assert "error: echo is 70 s long: " in call(*line, "--strict", "-y", code=1).err


def test_python_and_recipes_mean_what_they_state():
    job = Job("in.wav", "out.wav", ["double-spike:delay=350,gain=-6"], Options(wet=-1, dry="-6"))
    assert job.options.gains == (-1, -6)
    assert load_impulse("double-spike:delay=11,gain=-6", 8).taps[-1, 0] == -6


NUMBERS = st.floats(-1e6, 1e6).map(lambda number: f"{number:g}")


@given(text=NUMBERS)
def test_both_ways_to_write_a_time_are_read(text):
    if float(text) <= 10:
        slips.refuse("--delay", "time", text)
        return
    with pytest.raises(UsageError, match=f"; write {re.escape(text)}ms or {re.escape(text)}s$"):
        slips.refuse("--delay", "time", text)
    assert parse_time(f"{text}ms", 8) == float(text) / 1000
    assert parse_time(f"{text}s", 8) == float(text)


@given(text=NUMBERS)
def test_both_ways_to_write_a_gain_are_read(text):
    assert parse_gain(f"{text}x") == float(text)
    assert parse_gain(f"{text}%") == float(text) / 100
    if float(text) >= 0:
        slips.refuse("--gain", "gain", text)
        return
    with pytest.raises(UsageError, match=f"; write {re.escape(text)}dB, or {re.escape(text)}x "):
        slips.refuse("--gain", "gain", text)
    assert parse_gain(f"{text}dB") == 10 ** (float(text) / 20)


def test_units_in_any_case():
    assert [parse_time(f"350{unit}", 8) for unit in ("ms", "MS", "Ms")] == [0.35] * 3
    assert (parse_time("8S", 8), parse_time("8s", 8)) == (1, 8)
    assert parse_frequency("1KHZ") == parse_frequency("1k") == 1000
    assert [*map(parse_rate, ("44.1kHz", "44100 Hz", "11.025k"))] == [44100, 44100, 11025]
    assert (parse_number("50%"), parse_gain("-50 %")) == (0.5, -0.5)
    for text in ("44.1", "1.0005kHz"):
        with pytest.raises(UsageError, match="whole number of hertz"):
            parse_rate(text)


@pytest.mark.parametrize("builder", BUILDERS)
def test_what_the_help_shows_as_default_may_be_typed(builder):
    for parameter in parameters(BUILDERS[builder]):
        if (written := parameter.written_default()) != "none":
            slips.refuse_options([parameter], {parameter.option: [written]})
            assert parameter.parse_all([written], 48000) is not None


@pytest.mark.usefixtures("sound")
@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("echo IN O.wav --delay 1s,2s", "write --delay 1s --delay 2s"),
        ("echo IN O.wav --gain 0.5,-6dB", "write --gain 0.5 --gain -6dB"),
        ("echo IN O.wav --delay 0,35", "--delay 0.35, or --delay 0 --delay 35ms for two echoes"),
        (
            "echo IN O.wav --delay 250,500",
            "--delay 250.500ms, or --delay 250ms --delay 500ms for two echoes",
        ),
        (
            "convolve IN O.wav --ir double-spike:delay=1,delay=2",
            "double-spike delay: it takes one value, but 2 are given",
        ),
        ("echo IN O.wav --mix 1.5", "between 0 (dry) and 1 (wet), such as 0.3 or 30%\n"),
        ("convolve IN O.wav --ir delta --subtype s24", "no subtype S24; did you mean 'PCM_24'?"),
        ("convolve IN O.wav --ir delta --subtype pcm16", "did you mean 'PCM_16'?"),
        ("ir build low-pass O.wav --rate=-5", "rate is -5 Hz; write 1 or more"),
        ("sweep O.wav --rate 0", "rate is 0 Hz; write 1"),
    ],
)
def test_what_is_meant_is_named(line, message, call):
    assert message in call(*line.split(), code=2).err
