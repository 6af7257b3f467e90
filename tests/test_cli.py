"""The command line as a user meets it: what it prints, what it leaves behind, how it ends."""

import io
import json
import math
import os
import re
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audioconv._version import __version__
from audioconv.cli import main
from audioconv.cli.inspect import WRITING
from audioconv.files import listed
from audioconv.ir.load import builder_parameters
from audioconv.parameters import parameters
from impulses import BUILDERS

ROOT = Path(__file__).parents[1]
GUITAR, HALL, SPEECH = (str(ROOT / "samples" / f"{n}.wav") for n in ("guitar", "hall", "speech"))
RATE = 44100
OUTCOME = ["input", "output", "frames", "channels", "rate", "subtype", "engine", "block"]
OUTCOME += ["fft_size", "impulse_frames", "gain_db", "match_gain_db"]
OUTCOME += ["matched", "guard_gain_db", "peak_dbfs", "clipped", "notices"]
OUTCOME += ["verified", "seconds", "speed", "impulse_level", "guaranteed_dbfs", "expected_dbfs"]
OUTCOME += ["bit_rate", "shift", "input_sha256"]
FIGURES = ["edt_s", "t20_s", "t30_s", "c50_db", "c80_db", "d50", "ts_ms", "drr_db"]
FIGURES += ["noise_floor_db", "decay_range_db", "why_not"]
posix = pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")


def run(*arguments, stdin=b"", cwd=None, env=None):
    """Run the program as its users do."""
    return subprocess.run(
        [sys.executable, "-m", "audioconv", *arguments],
        input=stdin,
        capture_output=True,
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **(env or {})},
        timeout=60,
        check=False,
    )


def strict_json(text):
    """Read JSON as every reader of it does: NaN and Infinity are not in it."""
    return json.loads(text, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))


def wav(path, audio, subtype="PCM_16", rate=RATE):
    soundfile.write(path, np.asarray(audio), rate, subtype)
    return str(path)


def steps(path):
    """Return 16-bit samples."""
    return soundfile.read(path, dtype="int16", always_2d=True)[0]


def samples(path):
    return soundfile.read(path, dtype="float64", always_2d=True)[0]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


# what fails


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder of inputs, good and bad."""
    made = tmp_path_factory.mktemp("inputs")
    noise = np.random.default_rng(0).uniform(-0.5, 0.5, (2000, 3))
    wav(made / "mono.wav", noise[:, 0])
    wav(made / "stereo.wav", noise[:, :2])
    wav(made / "three.wav", noise)
    wav(made / "other-rate.wav", noise[:, 0], rate=48000)
    wav(made / "loud.wav", np.full(2000, 0.75))
    wav(made / "no-frames.wav", np.zeros(0))
    broken = np.zeros(2000)
    broken[441] = math.nan
    wav(made / "nan.wav", broken, "FLOAT")
    (made / "text.wav").write_text("no sound at all, but text\n")
    (made / "empty.wav").touch()
    (made / "cut.wav").write_bytes((made / "mono.wav").read_bytes()[:3000])
    (made / "folder.wav").mkdir()
    return made


FAILURES = {
    # name: (exit code, what the error says, arguments after "convolve")
    "missing input": (1, ["none.wav does not exist; check the name"], "none.wav OUT --ir delta"),
    "directory": (1, ["folder.wav is a directory; name"], "folder.wav OUT --ir delta"),
    "not audio": (1, ["text.wav is text, not sound"], "text.wav OUT --ir delta"),
    "empty": (1, ["empty.wav is empty"], "empty.wav OUT --ir delta"),
    "no frames": (1, ["no-frames.wav holds no frames"], "no-frames.wav OUT --ir delta"),
    "cut short": (
        1,
        ["cut.wav is truncated", "states 2000 frames", "after 1478", "get a complete copy"],
        "cut.wav OUT --ir delta",
    ),
    "nan in signal": (
        1,
        ["nan.wav", "not a finite number at frame 441 (0.010000 s)", "fix the file"],
        "nan.wav OUT --ir delta",
    ),
    "nan in impulse": (
        1,
        ["nan.wav", "not a finite number at frame 441 (0.010000 s)", "fix the file"],
        "mono.wav OUT --ir nan.wav",
    ),
    "missing impulse": (
        1,
        ["none.wav does not exist; check the name"],
        "mono.wav OUT --ir none.wav",
    ),
    "impulse not audio": (1, ["text.wav is text, not sound"], "mono.wav OUT --ir text.wav"),
    "impulse of no frames": (1, ["holds no frames"], "mono.wav OUT --ir no-frames.wav"),
    "layout": (
        1,
        ["an impulse of 3 channels does not fit a sound of 2", "--map matrix"],
        "stereo.wav OUT --ir three.wav",
    ),
    "layout, stereo on three": (
        1,
        ["an impulse of 2 channels does not fit a sound of 3"],
        "three.wav OUT --ir stereo.wav",
    ),
    "map mono": (1, ["needs an impulse of 1"], "stereo.wav OUT --ir stereo.wav --map mono"),
    "map each": (1, ["map each needs"], "stereo.wav OUT --ir mono.wav --map each"),
    "map true-stereo": (
        1,
        ["4 channels and a sound of 1 or 2, but there are 1 and 1"],
        "mono.wav OUT --ir mono.wav --map true-stereo",
    ),
    "rate mismatch": (
        1,
        ["other-rate.wav is 48000 Hz but the input is 44100 Hz", "--rate-mismatch resample"],
        "mono.wav OUT --ir other-rate.wav --rate-mismatch error",
    ),
    "strict, resampled": (
        1,
        ["impulse resampled from 48000 to 44100 Hz", "--strict"],
        "mono.wav OUT --ir other-rate.wav --strict",
    ),
    "strict, guarded": (1, ["guard", "--strict"], "loud.wav OUT --ir delta --wet 2 --strict"),
    "clip": (
        1,
        [
            "the output would clip: 2000 samples past full scale, the first at 0.000 s, the "
            "loudest +3.52 dB above it at 0.000 s, so far",
            "--clip guard",
            "lower --wet",
        ],
        "loud.wav OUT --ir delta --wet 2 --clip error",
    ),
    "no builder": (
        2,
        ["dleta is neither a file nor a builder", "did you mean 'delta'?"],
        "mono.wav OUT --ir dleta",
    ),
    "no parameter": (
        2,
        ["double-spike has no parameter 'dellay'; did you mean 'delay'? there are delay, gain"],
        "mono.wav OUT --ir double-spike:dellay=1",
    ),
    "negative delay": (
        2,
        ["delta: delay is -1 s; it must be 0 or more"],
        "mono.wav OUT --ir delta:delay=-1",
    ),
    "time": (2, ["'soon' is not a time; write 350ms"], "mono.wav OUT --ir delta:delay=soon"),
    "gain of a spec": (
        2,
        ["'loud' is not a gain; write 0.5 or -6dB"],
        "mono.wav OUT --ir double-spike:gain=loud",
    ),
    "wet": (2, ["'loud' is not a gain; write 0.5 or -6dB"], "mono.wav OUT --ir delta --wet loud"),
    "engine": (
        2,
        ["'magic'", "overlap-add", "partitioned", "sparse", "direct", "toeplitz"],
        "mono.wav OUT --ir delta --engine magic",
    ),
    "map": (
        2,
        ["no map is named 'sideways'; there are auto, each, mono, true-stereo, matrix"],
        "mono.wav OUT --ir mono.wav --map sideways",
    ),
    "length": (
        2,
        ["length 'long' is not one of full, input, auto, or a time such as 10s"],
        "mono.wav OUT --ir delta --length long",
    ),
    "no length": (2, ["at least one"], "mono.wav OUT --ir delta --length 0"),
    "ir-gain": (
        2,
        [
            "--ir-gain is 'max'; it must be one of none, peak, l1, l2, dc, response, web-audio, "
            "or a gain"
        ],
        "mono.wav OUT --ir delta --ir-gain max",
    ),
    "mix": (2, ["mix is 1.5; it must be between 0"], "mono.wav OUT --ir delta --mix 1.5"),
    "mix and wet": (
        2,
        ["mix sets both wet and dry"],
        "mono.wav OUT --ir delta --mix 0.5 --wet 0.5",
    ),
    "clip choice": (
        2,
        ["'maybe'", "guard", "error", "saturate"],
        "mono.wav OUT --ir delta --clip maybe",
    ),
    "threads": (2, ["threads is 0; it must be at least 1"], "mono.wav OUT --ir delta --threads 0"),
    "subtype": (
        2,
        ["WAV has no subtype PCM_12; it has PCM_16"],
        "mono.wav OUT --ir delta --subtype PCM_12",
    ),
    "format": (2, ["there is no format TAPE"], "mono.wav OUT --ir delta --format tape"),
    "no impulse": (2, ["'--ir'"], "mono.wav OUT"),
    "no option": (2, ["--engin"], "mono.wav OUT --ir delta --engin auto"),
    "standard input twice": (2, ["standard input is named twice"], "- OUT --ir -"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_is_one_line_and_leaves_the_output_alone(
    failure, folder, tmp_path, call, monkeypatch
):
    monkeypatch.chdir(folder)
    code, words, line = FAILURES[failure]
    out = tmp_path / "out.wav"
    out.write_bytes(b"precious")
    before = names(folder)
    arguments = [str(out) if word == "OUT" else word for word in line.split()]
    printed, said = call("convolve", *arguments, "-y", code=code)
    assert said.startswith("error: ")
    assert said.count("\n") == 1
    assert said.endswith("\n")
    for word in words:
        assert word in said
    assert printed == ""
    assert out.read_bytes() == b"precious"
    assert names(tmp_path) == ["out.wav"]
    assert names(folder) == before


def test_an_output_that_exists_is_refused_without_y(call, tmp_path):
    out = tmp_path / "out.wav"
    out.write_bytes(b"precious")
    error = f"error: {out} exists; pass -y to overwrite it, or name another output\n"
    for command in (
        ["convolve", SPEECH, out, "--ir", "delta"],
        ["echo", SPEECH, out],
        ["ir", "build", "delta", out],
        ["ir", "fold", "delta", out, "--rate", 8000],
    ):
        assert call(*command, code=2).err == error
        assert out.read_bytes() == b"precious"
        call(*command, "-y")
        assert out.read_bytes()[:4] == b"RIFF"
        out.write_bytes(b"precious")
    assert names(tmp_path) == ["out.wav"]


@pytest.mark.parametrize(
    "line",
    [
        "convolve none.wav OUT --ir delta",
        "echo none.wav OUT",
        "spectral none.wav OUT --kernel blur:time=90ms",
        "amp none.wav OUT --model none.nam",
        "deconvolve none.wav none.wav OUT",
        "explain none.wav --ir delta -o OUT.html",
        "ir edit none.wav OUT",
        "ir fold none.wav OUT",
    ],
)
def test_names_that_are_swapped_are_no_matter_of_y(line, call, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("OUT", "OUT.html"):
        Path(name).write_bytes(b"precious")
    assert call(*line.split(), code=1).err == "error: none.wav does not exist; check the name\n"
    assert {path.read_bytes() for path in tmp_path.iterdir()} == {b"precious"}


@pytest.mark.parametrize("same", ["path", "symlink", "hard link"])
@pytest.mark.parametrize("role", ["input", "impulse", "second impulse"])
def test_an_output_that_is_an_input_is_refused(role, same, call, tmp_path):
    precious, other = tmp_path / "precious.wav", tmp_path / "other.wav"
    for path in (precious, other):
        wav(path, [0.5, 0.25])
    out = precious if same == "path" else tmp_path / "out.wav"
    if same == "symlink":
        out.symlink_to(precious)
    elif same == "hard link":
        os.link(precious, out)
    before = precious.read_bytes(), names(tmp_path)
    source, impulse = (precious, other) if role == "input" else (other, precious)
    irs = ["--ir", "delta", "--ir", impulse] if role == "second impulse" else ["--ir", impulse]
    error = call("convolve", source, out, *irs, "-y", code=2).err
    expected = f"output {out} is the same file as input {precious}; name another output"
    assert error == f"error: {expected}\n"
    assert (precious.read_bytes(), names(tmp_path)) == before


def test_a_fold_into_one_of_its_impulses_is_refused(call, tmp_path):
    ir = wav(tmp_path / "ir.wav", [0.5, 0.25])
    assert "is the same file as input" in call("ir", "fold", "delta", ir, ir, "-y", code=2).err


def test_a_directory_that_is_not_there_is_refused(call, tmp_path):
    error = call("convolve", SPEECH, tmp_path / "no" / "out.wav", "--ir", "delta", code=1).err
    assert error == f"error: {tmp_path / 'no'} is not a directory; make it first\n"
    assert names(tmp_path) == []


@posix
def test_an_input_without_permission_is_refused(call, tmp_path):
    path = wav(tmp_path / "a.wav", [0.5])
    Path(path).chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    assert "Permission denied" in call("info", path, code=1).err


def test_verbose_shows_where_an_error_came_from(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr("audioconv.render.run.run", lambda job, progress: 1 // 0)
    arguments = ["convolve", SPEECH, str(tmp_path / "out.wav"), "--ir", "delta"]
    assert main(arguments) == 1
    assert "Traceback" not in capsys.readouterr().err
    for verbose in ("-v", "--verbose", "-yv"):
        assert main([*arguments, verbose]) == 1
        assert "ZeroDivisionError" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["convole"], "No such command 'convole'"),
        (["plot", GUITAR], f"'{GUITAR}'; name one before the file: waveform, spectrogram, "),
        (["ir", "hall"], "No such command 'hall'; there are list, fold, join, info, build, edit\n"),
        (["song.wav"], "No such command 'song.wav'; name one before the file: convolve, echo, "),
        (["ir", "rt60"], "No such command 'rt60'; `audioconv ir info IR` prints all figures"),
        (["ir", "info", "--rt60", HALL], "option: --rt60; `audioconv ir info IR` prints all fig"),
        (
            ["ir", "build", "noise", "n.wav", "--t60", "1"],
            "No such option: --t60 (Possible options",
        ),
        (["ir", "build", "noise", "n.wav", "--rt60-band", "1"], "options: --bands, --rt60)"),
        (["ir", "build", "dleta", "OUT"], "no builder is named 'dleta'; did you mean 'delta'?"),
        (["ir", "list", "delta", "dleta"], "no builder is named 'dleta'; did you mean 'delta'?"),
        (["ir", "build", "delta", "OUT", "--delay", "-1s"], "delta: delay is -1 s; it must be 0"),
        (["ir", "build", "delta", "OUT", "--gain", "2"], "--gain"),
        (["ir", "build", "ping-pong", "OUT", "--first", "up"], "'up' is not one of left, right"),
        (["ir", "build", "delta", "OUT", "--rate", "0"], "rate is 0 Hz"),
        (["ir", "fold", "OUT"], "fold needs 1 impulse and an output"),
        (["echo", GUITAR, "OUT", "--delay", "1", "--delay", "2"], "2 delays but 0 gains"),
        (["echo", GUITAR, "OUT", *["--delay", "1"] * 2, "--gain", "1"], "2 delays but 1 gain;"),
        (["echo", GUITAR, "OUT", "--delay", "1", "--gain", "x"], "'x' is not a gain"),
        (["echo", GUITAR, "OUT", "--delay=-1s"], "delay is -1 s; it must be 0 or more"),
        (["info"], "Missing argument 'FILE...'; usage: audioconv info FILE... [OPTIONS]\n"),
        (
            ["convolve", GUITAR, "OUT"],
            "Missing option '--ir'; usage: audioconv convolve IN OUT --ir IR [OPTIONS]\n",
        ),
        (["echo", GUITAR], "Missing argument 'OUT'; usage: audioconv echo IN OUT [OPTIONS]\n"),
        (["batch", "-o", "OUT"], "option: -o; usage: audioconv batch INPUT... --ir IR --into DIR"),
        (["echo", GUITAR, "OUT", "--jso"], "No such option: --jso (Possible options: --json)\n"),
    ],
)
def test_usage_errors_of_other_commands(arguments, words, call, tmp_path):
    out = tmp_path / "out.wav"
    error = call(*[out if word == "OUT" else word for word in arguments], code=2).err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    assert words in error
    assert names(tmp_path) == []


# what succeeds


def test_a_run_tells_what_it_did(tmp_path):
    out = tmp_path / "out.wav"
    done = run("convolve", GUITAR, str(out), "--ir", HALL)
    assert (done.returncode, done.stdout) == (0, b"")
    heading, *said = done.stderr.decode().splitlines()
    assert heading == f"{GUITAR} -> {out}"
    frames = 176400 + 66150 - 1
    sound = f"{frames} frames ({frames / RATE:.3f} s), 2 channels, 44100 Hz, PCM_16"
    assert said[0] == f"  output  {sound}"
    assert said[1] == "  level   peak 0.0 dBFS; lowered by 1.5 dB so that 16 bits hold it"
    assert re.fullmatch(r"  time    \d+\.\d\d s, [\d.]+ x real time", said[2])
    assert said[3:] == []
    assert names(tmp_path) == ["out.wav"]
    assert len(steps(out)) == frames
    for told in (("-v", "convolve"), ("convolve", "-v")):
        done = run(*told, GUITAR, str(out), "--ir", HALL, "-y")
        heading, *said = done.stderr.decode().splitlines()
        heads = [line.split()[0] for line in said[:7]]
        assert heads == ["routes", "impulse", "engine", "gain", "peak", "output", "time"]
        assert "2 on 2, each its own" in said[0]
        assert "66150 frames (1.500 s)" in said[1]
        assert said[5] == f"  output   {sound}"
        assert said[7] == ""  # notices are set apart
        assert said[8].startswith("notice: guard: 72 samples past full scale")
        assert said[9:] == []


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--wet", "-20dB"], "; wet -20.0 dB, dry 0"),
        (["--wet", "-50%"], "; wet -6.0 dB, dry 0"),
        (["--wet", "-20dB", "--dry", "1"], ""),
        (["--mix", "1"], ""),
        ([], ""),
    ],
)
def test_a_wet_gain_without_dry_sound_is_told_with_the_level(options, told, call, tmp_path):
    line = ["convolve", SPEECH, tmp_path / "out.wav", "--ir", "delta:delay=1S", *options]
    level = call(*line).err.splitlines()[2]
    assert re.fullmatch(rf"  level   peak \S+ dBFS{re.escape(told)}", level)


def test_a_page_tells_of_the_guard_as_a_run_does(call, tmp_path, monkeypatch):
    monkeypatch.setattr("audioconv.views.cost.MAX_FRAMES", 2**8)  # whose times are measured
    options = ["--ir", "delta", "--ir-gain", "2"]
    run = call("convolve", SPEECH, tmp_path / "out.wav", *options).err
    page = call("explain", SPEECH, *options, "-o", tmp_path / "page.html").err
    lowered = re.search(r"lowered by \S+ dB so that 16 bits hold it", run)[0]
    assert page.endswith(f" MB\n  level  {lowered}\n")


def test_json_has_the_stable_names(call, tmp_path):
    for command in ("convolve", "echo"):
        out = tmp_path / f"{command}.wav"
        irs = ["--ir", "double-spike"] if command == "convolve" else []
        said = call(command, SPEECH, out, *irs, "--json", "-q")
        assert said.err == ""
        found = strict_json(said.out)
        assert list(found) == OUTCOME
        assert found["input"] == SPEECH
        assert found["output"] == str(out)
        assert found["frames"] == 127126 + 11025
        assert (found["channels"], found["rate"], found["subtype"]) == (1, RATE, "PCM_16")
        assert (found["impulse_frames"], found["engine"]) == (11026, "sparse")
        assert (found["gain_db"], found["clipped"], found["verified"]) == (0, 0, None)
        assert found["notices"] == []
        assert found["seconds"] > 0
        assert found["peak_dbfs"] == pytest.approx(
            20 * math.log10(np.abs(samples(out)).max()),
            abs=20 * math.log10(1 + 2**-15),  # half a step of a peak that is over a half
        )


def test_a_run_tells_its_head_room(call, tmp_path):
    """The sound's peak times sum abs(h), which two taps of one sign reach, and times their root."""
    sound = wav(tmp_path / "a.wav", [0.25, 0.5, 0.5, 0.25])
    arguments = ("convolve", sound, tmp_path / "out.wav", "--ir", "double-spike:delay=1S,gain=0.75")
    found = strict_json(call(*arguments, "--json").out)
    level = found["impulse_level"]
    assert level == {
        "peak": 1,
        "l1": 1.75,
        "l2": 1.25,
        "max_response_db": pytest.approx(20 * math.log10(1.75), abs=1.6),
        "rms": pytest.approx(1.25 / math.sqrt(2)),
    }
    assert found["guaranteed_dbfs"] == pytest.approx(20 * math.log10(0.5 * 1.75))
    assert found["expected_dbfs"] == pytest.approx(20 * math.log10(0.5 * 1.25))
    assert found["peak_dbfs"] == pytest.approx(found["guaranteed_dbfs"])
    loud = strict_json(call(*arguments, "-y", "--json", "--wet=4").out)
    assert loud["gain_db"] < 0  # the guard has made it softer, and what it promises too
    for promise in ("guaranteed_dbfs", "expected_dbfs"):
        softer = loud["gain_db"] + 20 * math.log10(4)
        assert loud[promise] == pytest.approx(found[promise] + softer)
    said = call(*arguments, "-y", "-v").err
    assert "peak 0.00 dB, sum|h| +4.86 dB, rms -1.07 dB, max|H| +4.86 dB" in said
    assert "-1.16 dBFS (guaranteed: at most -1.16 dBFS; expected: about -4.08 dBFS)" in said


def test_an_encoder_prints_nothing_between_json(tmp_path):
    """ALAC says of a short block of noise that it takes more bits than the samples do."""
    noise = np.random.default_rng(1).integers(-(2**15), 2**15, (6, 1))
    wav(tmp_path / "in.wav", noise / 2**15)
    line = ("convolve", "in.wav", "out.caf", "--subtype", "ALAC_16", "--ir", "delta", "--json")
    done = run(*line, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert strict_json(done.stdout)["frames"] == 6


def test_json_of_silence_is_json(call, tmp_path):
    silent = wav(tmp_path / "silent.wav", np.zeros(100))
    found = strict_json(call("convolve", silent, tmp_path / "o.wav", "--ir", "delta", "--json").out)
    assert found["peak_dbfs"] is None
    muted = ["--ir", "delta", "--ir-gain", "0", "--json"]
    found = strict_json(call("convolve", SPEECH, tmp_path / "p.wav", *muted).out)
    assert (found["gain_db"], found["peak_dbfs"]) == (None, None)
    assert strict_json(call("info", silent, "--json").out)["peak_dbfs"] is None
    assert strict_json(call("compare", silent, silent, "--json").out)["identical"] is True
    assert strict_json(call("compare", silent, silent, "--json").out)["gain_db"] is None
    assert strict_json(call("compare", silent, silent, "--json").out)["polarity"] is None


def test_json_of_a_silent_impulse_is_json(call, tmp_path):
    silent = wav(tmp_path / "silent.wav", np.zeros(100))
    level = strict_json(call("ir", "info", silent, "--json").out)["level"]
    assert level == {"peak": 0, "l1": 0, "l2": 0, "max_response_db": None, "rms": 0}


def test_quiet_says_nothing(call, tmp_path):
    said = call("convolve", SPEECH, tmp_path / "out.wav", "--ir", "delta", "-q")
    assert (said.out, said.err) == ("", "")


def test_explain_in_json_is_the_outcome_and_the_size_of_the_page(call, tmp_path, monkeypatch):
    monkeypatch.setattr("audioconv.views.cost.MAX_FRAMES", 2**8)  # whose times are measured
    source, page = wav(tmp_path / "in.wav", samples(SPEECH)[:9000]), tmp_path / "page.html"
    arguments = ["explain", source, "--ir", "delta:delay=88S", "-o", page]
    said = call(*arguments, "--json")
    found = strict_json(said.out)
    assert list(found) == [*OUTCOME, "bytes"]
    assert found["bytes"] == page.stat().st_size
    assert found["verified"]["passed"] is True
    assert (found["input"], found["frames"]) == (source, 9000 + 88)
    assert said.err == f"{page}: a page of {found['bytes'] / 1e6:.2f} MB\n"
    said = call(*arguments, "-y", "--json", "-q")
    assert strict_json(said.out)["bytes"] == page.stat().st_size
    assert said.err == ""
    said = call(*arguments[:-1], "-", "--json", code=2)
    assert "--json and the page cannot both go to standard output" in said.err


def test_version():
    done = run("--version")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.decode() == f"audioconv {__version__}\n"


def test_the_command_without_arguments_shows_its_help():
    done = run()
    assert b"Usage: audioconv" in done.stdout + done.stderr
    assert b"Traceback" not in done.stderr


COMMANDS = ["", "convolve", "echo", "info", "verify", "compare", "ir", "ir build", "ir list"]
COMMANDS += [
    "ir fold",
    "ir join",
    "ir info",
    "ir edit",
    "sweep",
    "deconvolve",
    *(f"ir build {builder}" for builder in BUILDERS),
]


@pytest.mark.parametrize("flag", ["--help", "-h"])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(command, flag, call):
    said = call(*command.split(), flag)
    assert said.out.startswith(f"Usage: audioconv {command}".rstrip())
    assert said.err == ""


def test_options_that_are_read_late_are_in_the_help(call):
    from audioconv.ir.edits import Edits
    from impulses.measurement.deconvolution import deconvolve
    from impulses.measurement.sweeps import Sweep

    for command, declared in (("ir edit", Edits), ("sweep", Sweep), ("deconvolve", deconvolve)):
        text = " ".join(call(*command.split(), "--help").out.split())
        for parameter in parameters(declared):
            assert len(parameter.help) > 10, parameter.name
            if parameter.name != "resample":  # which is --rate
                assert f"--{parameter.option} " in text


@pytest.mark.parametrize(
    ("command", "without"), [("convolve", ()), ("echo", ["rate_mismatch"]), ("verify", WRITING)]
)
def test_every_option_of_a_job_that_has_a_meaning_is_in_the_help(command, without, call):
    from audioconv.job import Options

    text = call(command, "--help-all").out
    for parameter in parameters(Options):
        listed = re.search(rf"^  (-\w, )?--{parameter.option}\b", text, re.MULTILINE)
        assert bool(listed) == (parameter.name not in without)
        if not listed:
            continue
        for choice in parameter.choices:
            assert choice in text


@pytest.mark.parametrize("builder", list(BUILDERS))
def test_every_parameter_of_a_builder_is_in_its_help(builder, call):
    text = " ".join(call("ir", "build", builder, "--help").out.split())
    for parameter in parameters(BUILDERS[builder]):
        assert f"--{parameter.option} " in text
        default = parameter.written_default()
        assert default == "none" or f"[default: {default}]" in text
        for choice in parameter.choices:
            assert str(choice) in text


def test_the_list_names_every_builder_and_parameter(call):
    text = call("ir", "list").out
    objects = [strict_json(line) for line in call("ir", "list", "--json").out.splitlines()]
    assert [found["builder"] for found in objects] == list(BUILDERS)
    for found in objects:
        assert f"\n{found['builder']}\n" in f"\n{text}"
        declared = builder_parameters(found["builder"])
        assert len(found["sound"]) > 10
        assert [p["name"] for p in found["parameters"]] == [p.option for p in declared]
        for parameter in found["parameters"]:
            assert f"    {parameter['name']}=" in text
            assert set(parameter) == {"name", "unit", "choices", "many", "default", "help"}


# impulses


@pytest.mark.parametrize(
    ("builder", "options", "taps"),
    [
        ("delta", [], [[1]]),
        ("delta", ["--delay", "2S"], [[0], [0], [1]]),
        ("double-spike", ["--delay", "1ms", "--gain", "-20dB"], [[1], *[[0]] * 7, [0.1]]),
        (
            "multi-tap",
            ["--delay", "0", "--gain", "1", "--delay", "2S", "--gain", "-0.5x"],
            [[1], [0], [-0.5]],
        ),
        ("feedback", ["--delay", "1S", "--gain", "0.5", "--floor=-12dB"], [[1], [0.5], [0.25]]),
        (
            "ping-pong",
            ["--delay", "1S", "--first", "right", "--floor=-6"],
            [[0, 0], [0, 1], [0.5, 0]],
        ),
    ],
)
def test_built_impulses(builder, options, taps, call, tmp_path):
    out = tmp_path / "ir.wav"
    said = call("ir", "build", builder, out, "--rate", 8000, *options)
    assert said.out == ""
    assert said.err.startswith(f"{out}: {len(taps)} frame{'s' * (len(taps) > 1)} ")
    with soundfile.SoundFile(out) as file:
        assert (file.samplerate, file.subtype) == (8000, "DOUBLE")
        assert file.read(always_2d=True).tolist() == taps


def test_a_built_impulse_has_the_rate_and_subtype_asked_for(call, tmp_path):
    call(
        "ir", "build", "delta", tmp_path / "a.flac", "--subtype", "PCM_16", "--delay", "1s", code=2
    )
    assert names(tmp_path) == []  # 1 is past the largest 16-bit value
    call("ir", "build", "double-spike", tmp_path / "a.wav", "--fractional", "--delay", "1.5S")
    with soundfile.SoundFile(tmp_path / "a.wav") as file:
        assert file.samplerate == 48000
        assert file.frames == 4


def test_a_fold_is_the_convolution_of_its_impulses(call, tmp_path):
    f, g, out = (tmp_path / f"{n}.wav" for n in "fgo")
    wav(f, [0.5, 0.25], "DOUBLE", 8000)
    wav(g, [[1.0, -1.0], [0.0, 0.5], [2.0, 0.125]], "DOUBLE", 8000)
    call("ir", "fold", f, g, "delta:delay=1S", out)
    left, right = np.convolve([0.5, 0.25], [1, 0, 2]), np.convolve([0.5, 0.25], [-1, 0.5, 0.125])
    expected = np.stack([[0, *left], [0, *right]], axis=1)
    found, rate = soundfile.read(out)
    assert rate == 8000
    np.testing.assert_array_equal(found, expected)


def test_a_chain_is_its_fold(call, tmp_path):
    a, b, folded = tmp_path / "a.wav", tmp_path / "b.wav", tmp_path / "ir.wav"
    irs = ["double-spike:delay=3S,gain=0.5", "double-spike:delay=7S,gain=-0.25x"]
    call("ir", "fold", *irs, folded, "--rate", RATE)
    call("convolve", SPEECH, a, "--ir", irs[0], "--ir", irs[1], "--recipe", "none")
    call("convolve", SPEECH, b, "--ir", folded, "--recipe", "none")
    assert a.read_bytes() == b.read_bytes()


def test_info_of_an_impulse(call):
    spec = "multi-tap:delay=2S,gain=0.5,delay=4S,gain=-0.25x"
    found = strict_json(call("ir", "info", spec, "--rate", 1000, "--json").out)
    names = ["path", "rate", "frames", "channels", "origin", "level", "onset_s"]
    assert [key for key in found if key in names] == names
    assert [found[key] for key in names[:5]] == [spec, 1000, 5, 1, 0]
    assert found["onset_s"] == 0.002
    level = found["level"]
    assert list(level) == ["peak", "l1", "l2", "max_response_db", "rms"]
    assert level["rms"] == pytest.approx(level["l2"] / math.sqrt(5))
    assert {band["hz"] for band in found["bands"]} == {31.5, 63, 125, 250}
    for figures in (found["broadband"], *found["bands"]):
        assert set(FIGURES) <= set(figures)
        absent = {name for name, figure in figures.items() if figure is None}
        assert absent == set(figures["why_not"])
    assert (level["peak"], level["l1"]) == (0.5, 0.75)
    assert level["l2"] == math.sqrt(0.5**2 + 0.25**2)
    # its largest response is l1, where both taps are in phase: found on a grid 8 times as fine
    assert level["max_response_db"] == pytest.approx(20 * math.log10(0.75), abs=0.35)
    text = call("ir", "info", spec, "--rate", 1000).out
    assert text.startswith(f"{spec}\n")
    assert "1000 Hz, 1 channel, 5 frames (0.005 s)" in text
    assert "0.002000 s" in text


def test_info_of_an_impulse_tells_its_time_0(call):
    spec = "low-pass:cutoff=100Hz,numtaps=101"
    assert strict_json(call("ir", "info", spec, "--rate", 8000, "--json").out)["origin"] == 50
    assert "frame 50, 0.006250 s: time 0\n" in call("ir", "info", spec, "--rate", 8000).out


def test_info_of_sounds(call, tmp_path):
    path = wav(tmp_path / "a.wav", [[0.5, -0.25], [0.0, 0.0]], rate=8000)
    lines = call("info", path, GUITAR, "--json").out.splitlines()
    found = [strict_json(line) for line in lines]
    assert found[0] == {
        "path": path,
        "format": "WAV",
        "subtype": "PCM_16",
        "rate": 8000,
        "channels": 2,
        "frames": 2,
        "seconds": 2 / 8000,
        "peak_dbfs": 20 * math.log10(0.5),
        "metadata": [],
        "recipe": None,
        "notices": [],
    }
    assert (found[1]["path"], found[1]["frames"]) == (GUITAR, 176400)
    text = call("info", path).out
    assert text == (
        f"{path}: WAV PCM_16, 8000 Hz, 2 channels, 2 frames (0.000 s), peak -6.02 dBFS\n"
    )


@pytest.mark.parametrize("json", [[], ["--json"]])
@pytest.mark.parametrize("bad", ["none.wav", "text.wav", "cut.wav"])
@pytest.mark.parametrize("place", range(3))
def test_one_bad_file_hides_no_other(call, tmp_path, json, bad, place):
    good = [wav(tmp_path / name, [0.5, 0.25], rate=8000) for name in ("a.wav", "b.wav")]
    Path(tmp_path / "text.wav").write_text("this is no sound\n" * 9)
    wav(tmp_path / "cut.wav", np.zeros(100))
    (tmp_path / "cut.wav").write_bytes((tmp_path / "cut.wav").read_bytes()[:-50])
    files = good.copy()
    files.insert(place, str(tmp_path / bad))
    said = call("info", *files, *json, code=1)
    lines = said.out.splitlines()
    assert [strict_json(line)["path"] if json else line.split(":")[0] for line in lines] == good
    first, last = said.err.splitlines()
    assert first.startswith(f"error: {tmp_path / bad} ")
    assert last == "error: 1 of 3 files cannot be read; fix or omit them"


def test_one_bad_file_alone_is_one_error(call, tmp_path):
    said = call("info", tmp_path / "none.wav", code=1)
    assert said.err == f"error: {tmp_path / 'none.wav'} does not exist; check the name\n"
    said = call("info", *[tmp_path / "none.wav"] * 2, code=1)
    assert said.err.splitlines()[-1] == "error: 2 of 2 files cannot be read; fix or omit them"


@pytest.mark.parametrize("order", [1, -1])
def test_compare_of_another_length(call, tmp_path, order):
    """Silence behind a sound is a difference, and one that nothing is left of."""
    sound = samples(SPEECH)[:20_000]
    a, b = (
        wav(tmp_path / f"{frames}.wav", np.pad(sound, ((0, frames - 20_000), (0, 0))))
        for frames in (20_000, 90_000)[::order]
    )
    said = call("compare", a, b).out
    lengths = (20_000, 90_000)[::order]
    assert said.splitlines() == [
        f"A, B      {a}, {b}",
        f"length    {lengths[0]} and {lengths[1]} frames",
        "shift     0 frames (B after A)",
        "gain      +0.0000 dB (B relative to A)",
        "polarity  normal",
        "residual  none: B is A",
        f"differs   from {20_000 / RATE:.6f} s",
    ]
    found = strict_json(call("compare", a, b, "--json").out)
    assert found["identical"] is False
    assert found["first_difference_s"] == 20_000 / RATE


@pytest.mark.parametrize("silent", ["a", "b", "ab"])
def test_compare_with_silence(call, tmp_path, silent):
    sound = samples(SPEECH)[10_000:20_000]
    a, b = (wav(tmp_path / f"{name}.wav", sound * (name not in silent)) for name in "ab")
    first = int(np.flatnonzero(sound)[0]) / RATE
    if silent == "ab":  # of another length, as they are identical otherwise
        b, first = wav(tmp_path / "b.wav", np.zeros(10_001)), 10_000 / RATE
    rows = call("compare", a, b).out.splitlines()
    length = ["length   10000 and 10001 frames"] * (silent == "ab")
    assert rows == [
        f"A, B     {a}, {b}",
        *length,
        "gain     none: one of them is silent",
        f"differs  from {first:.6f} s",
    ]
    found = strict_json(call("compare", a, b, "--json").out)
    assert (found["identical"], found["gain_db"], found["polarity"]) == (False, None, None)
    assert found["first_difference_s"] == first
    # of a silent B nothing is left; of a silent A, all of B
    assert found["residual_db"] == (0 if silent == "a" else None)


def test_compare(call, tmp_path):
    sound = samples(SPEECH)[:20000]
    first = wav(tmp_path / "a.wav", sound, "DOUBLE")
    later = wav(tmp_path / "b.wav", np.concatenate([np.zeros((100, 1)), sound / 2]), "DOUBLE")
    said = call("compare", first, first, "--json").out
    keys = ["identical", "shift", "gain_db", "residual_db", "first_difference_s"]
    keys += ["polarity", "channel_polarity"]
    assert list(strict_json(said)) == keys
    values = [True, 0, 0, None, None, "normal", ["normal"]]
    assert strict_json(said) == dict(zip(keys, values, strict=True))
    assert call("compare", first, first).out == "identical: every sample is the same\n"
    found = strict_json(call("compare", first, later, "--json").out)
    assert (found["identical"], found["shift"], found["residual_db"]) == (False, 100, None)
    assert found["gain_db"] == pytest.approx(20 * math.log10(0.5), abs=1e-12)
    assert found["first_difference_s"] == int(np.flatnonzero(sound)[0]) / RATE
    assert strict_json(call("compare", later, first, "--json").out)["shift"] == -100


@pytest.mark.parametrize("gain", [1.0, -1.0, 0.25, -2.0])
@pytest.mark.parametrize("delay", [0, 100, -70])
def test_compare_says_whether_a_sound_is_inverted(call, tmp_path, gain, delay):
    sound = samples(SPEECH)[:20000]
    a = wav(tmp_path / "a.wav", np.concatenate([np.zeros((max(0, -delay), 1)), sound]), "DOUBLE")
    moved = np.concatenate([np.zeros((max(0, delay), 1)), gain * sound])
    b = wav(tmp_path / "b.wav", moved, "DOUBLE")
    found = strict_json(call("compare", a, b, "--json").out)
    assert (found["shift"], found["residual_db"]) == (delay, None)
    assert found["gain_db"] == pytest.approx(20 * math.log10(abs(gain)), abs=1e-12)
    polarity = "inverted" if gain < 0 else "normal"
    assert (found["polarity"], found["channel_polarity"]) == (polarity, [polarity])
    said = call("compare", a, b).out
    if not found["identical"]:
        assert f"polarity  {polarity}\n" in said
        changes = {"inverted": gain < 0, "shifted": delay, "scaled": abs(gain) != 1}
        told = [change for change, there in changes.items() if there]
        assert f"none: B is A{', ' + listed(told) if told else ''}\n" in said


@pytest.mark.parametrize("signs", [(1, -1), (-1, 1), (-1, -1), (1, 1)])
@pytest.mark.parametrize("alike", [False, True])
def test_compare_names_the_channel_that_is_inverted(call, tmp_path, signs, alike, noise):
    """Also where both channels are the same sound, so that their products cancel."""
    sound = 0.1 * noise(30_000, 2)
    if alike:
        sound[:, 1] = sound[:, 0]
    a = wav(tmp_path / "a.wav", sound, "DOUBLE")
    b = wav(tmp_path / "b.wav", np.concatenate([np.zeros((33, 2)), sound * signs / 2]), "DOUBLE")
    found = strict_json(call("compare", a, b, "--json").out)
    names = ["inverted" if sign < 0 else "normal" for sign in signs]
    assert found["channel_polarity"] == names
    assert found["polarity"] == (names[0] if names[0] == names[1] else None)
    assert (found["shift"], found["residual_db"]) == (33, None)
    assert found["gain_db"] == pytest.approx(20 * math.log10(0.5), abs=1e-12)
    said = call("compare", a, b).out
    words = names[0] if names[0] == names[1] else f"channel {1 + names.index('inverted')} inverted"
    assert f"polarity  {words}\n" in said


def test_compare_says_no_polarity_of_what_has_none(call, tmp_path, noise):
    one, other = 0.1 * noise(30_000, 2), 0.1 * noise(30_000, 2, seed=1)
    a, b = wav(tmp_path / "a.wav", one, "DOUBLE"), wav(tmp_path / "b.wav", other, "DOUBLE")
    found = strict_json(call("compare", a, b, "--json").out)
    assert found["polarity"] is None
    assert found["channel_polarity"] == [None, None]
    assert found["gain_db"] is not None
    assert "polarity  unknown: B has too little in common with A" in call("compare", a, b).out
    # a silent channel has none; the other is heard, under noise of 6 dB more
    half = np.stack([2 * other[:, 0] - one[:, 0], 0 * one[:, 1]], axis=1)
    c = wav(tmp_path / "c.wav", half, "DOUBLE")
    found = strict_json(call("compare", a, c, "--json").out)
    assert found["polarity"] == "inverted"
    assert found["channel_polarity"] == ["inverted", None]


def test_a_polarity_is_more_than_chance(call, tmp_path):
    """Chance explains more of a sound, the fewer independent values bandwidth and length leave."""
    from scipy.signal import butter, sosfiltfilt

    random, rate = np.random.default_rng(7), 8000
    narrow = butter(4, [50, 100], "bandpass", fs=rate, output="sos")

    def polarity(one, other):
        files = [
            wav(tmp_path / f"{name}.wav", sound[:, np.newaxis], "DOUBLE", rate)
            for name, sound in (("a", one), ("b", other))
        ]
        return strict_json(call("compare", *files, "--json").out)["polarity"]

    for _ in range(6):  # at the best shift, chance explains about a tenth of these
        one, other = (sosfiltfilt(narrow, random.standard_normal(rate)) for _ in range(2))
        assert polarity(one, other) is None
        # but not most, even of a tone
        assert polarity(one, other - 2 * one) == "inverted"
    tone = np.sin(2 * np.pi * 440 * np.arange(rate) / rate)
    assert polarity(tone, -tone / 3) == "inverted"
    click = np.eye(1, 100, 7)[0]
    assert polarity(click, -click) == "inverted"
    # over 48000 frames of white noise, chance explains 0.01 %, and 9 % is in common here
    one, other = random.standard_normal((2, 48000))
    for sign, name in [(1, "normal"), (-1, "inverted")]:
        assert polarity(one, sign * 0.3 * one + 0.3 * math.sqrt(10) * other) == name
    assert polarity(one[:100], other[:100]) is None


def test_compare_measures_what_is_left(call, tmp_path):
    # an orthogonal rest of a tenth of the amplitude: energy 0.01 of 1.01
    t = np.arange(1000)
    tone, rest = np.sin(2 * np.pi * t / 100), 0.1 * np.cos(2 * np.pi * t / 100)
    # so that no other shift fits better, the tone stands in the middle of silence
    pad = np.zeros(2000)
    a = wav(tmp_path / "a.wav", np.concatenate([pad, tone, pad]), "DOUBLE")
    b = wav(tmp_path / "b.wav", np.concatenate([pad, tone, pad]) * 0.5, "DOUBLE")
    c = wav(tmp_path / "c.wav", np.concatenate([rest, pad[:1000], tone, pad]), "DOUBLE")
    found = strict_json(call("compare", a, b, "--json").out)
    assert (found["shift"], found["residual_db"]) == (0, None)
    assert found["first_difference_s"] == 2001 / RATE
    found = strict_json(call("compare", a, c, "--json").out)
    assert found["shift"] == 0
    assert found["residual_db"] == pytest.approx(10 * math.log10(0.01 / 1.01), abs=1e-9)
    assert found["gain_db"] == pytest.approx(0, abs=1e-9)


def test_compare_refuses_what_is_not_alike(call, tmp_path):
    other = wav(tmp_path / "a.wav", [0.5], rate=8000)
    error = call("compare", SPEECH, other, code=1).err
    assert "has 1 channel at 44100 Hz" in error
    assert "they must agree in both" in error


# the same sound whichever way


def test_an_echo_is_the_multi_tap_of_its_spec(call, tmp_path):
    a, b, c = (tmp_path / f"{n}.wav" for n in "abc")
    echoes = ["--delay", "350ms", "--gain", "-6dB", "--delay", "15436S", "--gain", "-0.25x"]
    call("echo", SPEECH, a, *echoes, "--recipe", "none")
    spec = "multi-tap:delay=0,gain=1,delay=350ms,gain=-6dB,delay=15436S,gain=-0.25x"
    call("convolve", SPEECH, b, "--ir", spec, "--recipe", "none")
    assert a.read_bytes() == b.read_bytes()
    x = samples(SPEECH)[:, 0]
    expected = np.zeros(len(x) + 15436)
    for delay, gain in ((0, 1), (15435, 10 ** (-6 / 20)), (15436, -0.25)):
        expected[delay : delay + len(x)] += gain * x
    np.testing.assert_array_equal(steps(a)[:, 0], np.rint(expected * 2**15))
    call("echo", SPEECH, c, "--recipe", "none")
    spec = "double-spike:delay=250ms,gain=0.5"
    call("convolve", SPEECH, b, "--ir", spec, "-y", "--recipe", "none")
    assert c.read_bytes() == b.read_bytes()


@pytest.mark.parametrize("subtype", ["PCM_16", "FLOAT"])
def test_a_file_and_a_pipe_give_the_same_bytes(subtype, tmp_path):
    out = tmp_path / "out.wav"
    common = ["--ir", HALL, "--subtype", subtype]
    data = Path(GUITAR).read_bytes()
    assert run("convolve", GUITAR, str(out), *common, "-q").returncode == 0
    for source, sink in ((GUITAR, "-"), ("-", str(tmp_path / "b.wav")), ("-", "-")):
        done = run("convolve", source, sink, *common, stdin=data if source == "-" else b"")
        assert done.returncode == 0
        if sink == "-":
            assert done.stdout == out.read_bytes()
            assert b"output  242549 frames" in done.stderr
        else:
            assert done.stdout == b""
            assert Path(sink).read_bytes() == out.read_bytes()


def test_a_pipe_of_unknown_length_gives_the_same_samples(tmp_path):
    data = bytearray(Path(SPEECH).read_bytes())
    data[4:8] = data[40:44] = b"\xff" * 4
    out = tmp_path / "out.wav"
    common = ["--ir", "double-spike", "--subtype", "FLOAT", "-q"]
    assert run("convolve", "-", str(out), *common, stdin=data).returncode == 0
    done = run("convolve", "-", "-", *common, stdin=data)
    assert done.stdout[4:8] == b"\xff" * 4
    start = done.stdout.index(b"data") + 8
    piped = np.frombuffer(done.stdout[start:], "<f4")
    x = samples(SPEECH)[:, 0]
    expected = np.zeros(len(x) + 11025)
    expected[: len(x)] = x
    expected[11025:] += 0.5 * x
    np.testing.assert_array_equal(piped, expected)
    np.testing.assert_array_equal(samples(out)[:, 0], expected)
    size = out.stat().st_size
    assert struct.unpack("<I", out.read_bytes()[4:8]) == (size - 8,)


def test_commands_are_piped_into_each_other():
    impulse = run("ir", "build", "double-spike", "-", "--delay", "1S", "--rate", "44100")
    done = run("convolve", SPEECH, "-", "--ir", "-", "--length", "3S", stdin=impulse.stdout)
    assert done.returncode == 0, done.stderr
    x = samples(SPEECH)[:3, 0]
    expected = np.rint((x + 0.5 * np.array([0, x[0], x[1]])) * 2**15)
    assert steps(io.BytesIO(done.stdout))[:, 0].tolist() == expected.tolist()


@pytest.mark.parametrize("engine", ["auto", "overlap-add", "partitioned", "sparse"])
def test_threads_never_change_the_result(engine, call, tmp_path):
    ir = HALL if engine != "sparse" else "feedback:delay=10ms,floor=-40"
    outputs = []
    for threads in (1, 2, 3):
        out = tmp_path / f"{threads}.wav"
        common = ["--ir", ir, "--engine", engine, "--subtype", "DOUBLE"]
        call("convolve", GUITAR, out, *common, "--threads", threads)
        outputs.append(out.read_bytes())
    assert outputs[0] == outputs[1] == outputs[2]


# options


@pytest.mark.parametrize(
    ("length", "frames"),
    [("full", 107), ("input", 100), ("1s", 8000), ("13S", 13), ("105S", 105), ("100ms", 800)],
)
def test_lengths(length, frames, call, tmp_path):
    x = np.linspace(-0.5, 0.5, 100)
    out = tmp_path / "out.wav"
    source = wav(tmp_path / "in.wav", x, "DOUBLE", rate=8000)
    call("convolve", source, out, "--ir", "double-spike:delay=7S,gain=0.5", "--length", length)
    full = np.zeros(max(frames, 107))
    full[:100] = x
    full[7:107] += 0.5 * x
    np.testing.assert_array_equal(samples(out)[:, 0], full[:frames])


def test_auto_length_ends_the_tail_sixty_decibels_down(call, tmp_path):
    # echoes 6.02 dB apart: the tenth is 60.2 dB down, so the ninth is the last
    source, out = wav(tmp_path / "in.wav", [0.5], "DOUBLE"), tmp_path / "out.wav"
    taps = ["--ir", "feedback:delay=5S,gain=0.5", "--engine", "sparse"]
    call("convolve", source, out, *taps, "--length", "auto")
    found = samples(out)[:, 0]
    assert len(found) == 9 * 5 + 1
    assert found[::5].tolist() == [0.5 * 0.5**n for n in range(10)]


@pytest.mark.parametrize(
    ("options", "wet", "dry"),
    [
        ([], 1, 0),
        (["--wet", "0.5"], 0.5, 0),
        (["--wet", "0"], 0, 0),
        (["--wet", "-0.5x", "--dry", "0.25"], -0.5, 0.25),
        (["--dry", "1"], 1, 1),
        (["--wet", "0", "--dry", "1"], 0, 1),
        (["--wet", "-20dB"], 0.1, 0),
        (["--mix", "0.25"], 0.25, 0.75),
        (["--mix", "0"], 0, 1),
        (["--mix", "1"], 1, 0),
    ],
)
def test_wet_and_dry(options, wet, dry, call, tmp_path):
    x = np.arange(-50, 50) / 128
    source, out = wav(tmp_path / "in.wav", x, "DOUBLE"), tmp_path / "out.wav"
    call("convolve", source, out, "--ir", "delta:delay=3S", *options)
    expected = np.zeros(103)
    expected[:100] = dry * x
    expected[3:] += wet * x
    np.testing.assert_array_equal(samples(out)[:, 0], expected)


@pytest.mark.parametrize(
    ("norm", "gain"),
    [
        ("none", 1.0),
        ("peak", 1 / 2),
        ("l1", 1 / 3),
        ("l2", 1 / math.sqrt(5)),
        ("dc", 1.0),
        ("response", 1 / 3),
        ("-20dB", 0.1),
        ("3", 3.0),
    ],
)
def test_norms_of_the_impulse(norm, gain, call, tmp_path):
    source, out = wav(tmp_path / "in.wav", [0.25], "DOUBLE"), tmp_path / "out.wav"
    ir = "multi-tap:delay=0,gain=2,delay=1S,gain=-1x"
    said = call("convolve", source, out, "--ir", ir, "--ir-gain", norm, "--json")
    expected = [0.5 * gain, -0.25 * gain]
    np.testing.assert_allclose(samples(out)[:, 0], expected, rtol=4e-16)
    assert strict_json(said.out)["gain_db"] == pytest.approx(20 * math.log10(gain), abs=1e-9)


TAPS = [0.0, 0.01, 0.5, 0.25, 1.0, 0.125]  # -20 dB of the peak is 0.1
ALIGNED = [("none", 0), ("first", 0), ("onset", 2), ("peak", 4)]


@pytest.mark.parametrize(("align", "head"), ALIGNED)
@pytest.mark.parametrize("length", ["full", "input", "auto", "2S", "40S"])
@pytest.mark.parametrize("frames", [1, 3, 50])
def test_an_output_begins_at_time_0_and_every_tap_counts(
    align, head, length, frames, call, tmp_path
):
    x = np.random.default_rng(3).integers(-(2**14), 2**14, frames) / 2**15
    ir, source = wav(tmp_path / "h.wav", TAPS, "DOUBLE"), wav(tmp_path / "x.wav", x, "DOUBLE")
    out = tmp_path / "o.wav"
    given = ["--ir", ir, "--align", align, "--length", length, "--dry=0.5"]
    call("convolve", source, out, *given, "--verify")
    taps = np.array(TAPS)
    taps[head] += 0.5  # the direct sound
    whole = np.concatenate([np.convolve(x, taps)[head:], np.zeros(40)])
    full = frames + len(TAPS) - 1 - head  # the last tap is loud enough for auto
    frames_out = {"full": full, "input": frames, "auto": full, "2S": 2, "40S": 40}[length]
    found = samples(out)[:, 0]
    np.testing.assert_allclose(found, whole[:frames_out], rtol=0, atol=1e-14)
    call("verify", source, out, *given)
    call("redo", out)


def test_a_resampled_impulse_keeps_its_time_0(call, tmp_path):
    """A band-limited spike at another rate is where it was, and the end is not lost."""
    x = np.zeros(4800)
    x[[1000, 4700]] = 0.5, 0.25
    h = np.zeros(441)
    h[0] = 1
    source = wav(tmp_path / "x.wav", x, "DOUBLE", rate=48000)
    ir = wav(tmp_path / "h.wav", h, "DOUBLE", rate=44100)
    call("convolve", source, tmp_path / "o.wav", "--ir", ir, "--length=input")
    found = samples(tmp_path / "o.wav")[:, 0]
    assert (len(found), int(found.argmax()), int(found[4500:].argmax())) == (4800, 1000, 200)


def test_loud_frames_before_time_0_get_a_notice(call, tmp_path):
    ir = wav(tmp_path / "h.wav", [0.1, 1.0], "DOUBLE")
    for lead, noted in [([0.5, 0.0], True), ([0.0] * 5 + [0.5], False)]:
        source = wav(tmp_path / "x.wav", lead, "DOUBLE")
        said = call("convolve", source, tmp_path / "o.wav", "--ir", ir, "--align=peak", "-y")
        assert noted == ("the 1 frame (0.02 ms) before time 0" in said.err)
        assert noted == ("-20.0 dB beside the output's peak); --align first keeps" in said.err)


def test_maps_lead_where_they_say(call, tmp_path):
    source = wav(tmp_path / "x.wav", [[0.5, 0.25]], "DOUBLE")
    four = wav(tmp_path / "h.wav", [[1.0, 2.0, 4.0, 8.0]], "DOUBLE")
    for rule, expected in [
        # LL, LR, RL, RR: left is L LL + R RL, right is L LR + R RR
        ("auto", [0.5 * 1 + 0.25 * 4, 0.5 * 2 + 0.25 * 8]),
        ("true-stereo", [0.5 * 1 + 0.25 * 4, 0.5 * 2 + 0.25 * 8]),
        ("true-stereo=LL,RR,LR,RL", [0.5 * 1 + 0.25 * 8, 0.5 * 4 + 0.25 * 2]),
        ("matrix=1:1,1:2,2:1,2:3", [0.5 * 1 + 0.25 * 4, 0.5 * 2, 0.25 * 8]),
    ]:
        call("convolve", source, tmp_path / "o.wav", "--ir", four, "--map", rule, "-y")
        assert samples(tmp_path / "o.wav").tolist() == [expected], rule


@pytest.mark.parametrize(
    ("peak", "lowest", "highest"), [(0.5, -0.25, 0.5), (-0.5, -0.5, 0.25), (0.5, -0.5, 0.5)]
)
def test_the_guard_attenuates_to_just_fit_and_says_so(peak, lowest, highest, call, tmp_path):
    source = wav(tmp_path / "in.wav", [0.125, lowest, 0.0, highest], "PCM_16")
    out = tmp_path / "out.wav"
    said = call("convolve", source, out, "--ir", "delta", "--wet", "4x", "--json")
    found = strict_json(said.out)
    # the largest 16-bit value is 32767, the smallest -32768
    gain = min(32767 / (4 * highest * 2**15), 32768 / (-4 * lowest * 2**15))
    expected = np.rint(np.array([0.125, lowest, 0.0, highest]) * 4 * gain * 2**15)
    assert steps(out)[:, 0].tolist() == expected.tolist()
    assert 32767 in expected or -32768 in expected
    assert found["gain_db"] == pytest.approx(20 * math.log10(gain), abs=1e-12)
    assert found["clipped"] == 0
    (notice,) = found["notices"]
    past = [n for n, value in enumerate([0.125, lowest, 0.0, highest]) if not -1 <= value * 4 < 1]
    at = 1 if lowest == -0.5 else 3
    assert notice == (
        f"guard: {len(past)} sample{'s' * (len(past) > 1)} past full scale, the first at "
        f"{past[0] / RATE:.3f} s, the loudest +6.02 dB above it at {at / RATE:.3f} s; "
        f"attenuated by {-20 * math.log10(gain):.3f} dB to fit PCM_16"
    )
    lowered = f"lowered by {-20 * math.log10(gain):.1f} dB so that 16 bits hold it\n"
    assert f"; {lowered}" in said.err
    assert "notice" not in said.err  # which would be the same again
    said = call("convolve", source, out, "--ir", "delta", "--wet", "4x", "-y", "-v")
    assert f"notice: {notice}\n" in said.err
    said = call("convolve", source, out, "--ir=delta", "--wet=4x", "-y", "--strict", code=1)
    assert said.err == f"error: {notice} (an error under --strict)\n"
    assert abs(peak) == max(-lowest, highest)


def test_the_guard_leaves_alone_what_fits(call, tmp_path):
    source = wav(tmp_path / "in.wav", np.array([-32768, 32767, 0], np.int16))
    for options in ([], ["--subtype", "FLOAT", "--wet", "8x"]):
        said = call("convolve", source, tmp_path / "o.wav", "--ir", "delta", "-y", *options)
        assert "notice: " not in said.err
    assert samples(tmp_path / "o.wav")[:, 0].tolist() == [-8, 8 * 32767 / 32768, 0]


def test_saturation_limits_and_counts(call, tmp_path):
    source, out = wav(tmp_path / "in.wav", [0.125, -0.5, 0.5, 0.25, -0.25]), tmp_path / "out.wav"
    limited = ("convolve", source, out, "--ir", "delta", "--wet", "4x", "--clip", "saturate", "-y")
    assert "peak +6.0 dBFS, limited to full scale\n" in call(*limited).err
    said = call(*limited, "--json")
    assert steps(out)[:, 0].tolist() == [16384, -32768, 32767, 32767, -32768]
    found = strict_json(said.out)
    assert (found["clipped"], found["gain_db"]) == (3, 0)
    (notice,) = found["notices"]
    assert notice.startswith(
        "limited 3 samples past full scale, the first at 0.000 s, the loudest +6.02 dB above"
    )
    assert f"notice: {notice}" in said.err


def test_what_fits_is_no_clipping(call, tmp_path):
    source = wav(tmp_path / "in.wav", np.array([-32768, 32767], np.int16))
    call("convolve", source, tmp_path / "o.wav", "--ir", "delta", "--clip", "error", "--strict")
    assert steps(tmp_path / "o.wav")[:, 0].tolist() == [-32768, 32767]


def test_dither_adds_less_than_a_step_and_a_half_and_is_the_same_again(call, tmp_path):
    a, b, plain = (tmp_path / f"{n}.wav" for n in "abp")
    common = ["--ir", "delta", "--wet", "0.3"]
    for out, options in ((a, ["--dither", "tpdf"]), (b, ["--dither", "tpdf"]), (plain, [])):
        call("convolve", SPEECH, out, *common, *options)
    assert a.read_bytes() == b.read_bytes()
    exact = 0.3 * samples(SPEECH) * 2**15
    assert np.abs(steps(plain) - exact).max() <= 0.5
    assert 0.5 < np.abs(steps(a) - exact).max() < 1.5


def test_a_resampled_impulse_is_noticed(call, tmp_path):
    ir = wav(tmp_path / "h.wav", [0.5, *[0.0] * 99], "DOUBLE", rate=48000)
    said = call("convolve", SPEECH, tmp_path / "o.wav", "--ir", ir)
    assert "notice: impulse resampled from 48000 to 44100 Hz" in said.err


def test_format_and_subtype_of_the_output(call, tmp_path):
    for name, options, form, subtype in [
        ("a.flac", [], "FLAC", "PCM_16"),
        ("a.aiff", ["--subtype", "pcm_24"], "AIFF", "PCM_24"),
        ("a", ["--format", "caf", "--subtype", "DOUBLE"], "CAF", "DOUBLE"),
        ("a.w64", [], "W64", "PCM_16"),
    ]:
        call("convolve", SPEECH, tmp_path / name, "--ir", "delta", *options)
        with soundfile.SoundFile(tmp_path / name) as file:
            assert (file.format, file.subtype, file.frames) == (form, subtype, 127126)


def test_verify_ends_with_three_if_the_output_is_another(call, tmp_path):
    out = tmp_path / "out.wav"
    call("convolve", SPEECH, out, "--ir", "double-spike")
    call("verify", SPEECH, out, "--ir", "double-spike")
    error = call("verify", SPEECH, out, "--ir", "double-spike:gain=0.49", code=3).err
    assert error.splitlines()[-1].startswith("error: ")


@posix
def test_a_link_to_the_output_is_followed(call, tmp_path):
    (tmp_path / "link.wav").symlink_to(tmp_path / "real.wav")
    for _ in range(2):
        call("convolve", SPEECH, tmp_path / "link.wav", "--ir", "delta", "-y")
    assert (tmp_path / "link.wav").is_symlink()
    assert names(tmp_path) == ["link.wav", "real.wav"]
    np.testing.assert_array_equal(steps(tmp_path / "real.wav"), steps(SPEECH))


@pytest.mark.skipif(sys.platform != "linux", reason="names of any bytes are Linux's")
@pytest.mark.parametrize(
    "line",
    [
        "info IN",
        "info IN --json",
        "ir info IN",
        "convolve IN OUT --ir IN --json",
        "compare IN IN",
        "ir build delta OUT",
    ],
)
def test_a_name_may_be_of_any_bytes(line, tmp_path):
    source = os.fsencode(tmp_path) + b"/caf\xe9.wav"
    Path(os.fsdecode(source)).write_bytes(Path(wav(tmp_path / "a.wav", [0.5, 0.25])).read_bytes())
    out = os.fsencode(tmp_path) + b"/\xff.wav"
    words = {"IN": source, "OUT": out}
    done = run(
        *[words.get(word, word) for word in line.split()],
        env={"PYTHONIOENCODING": "utf-8:strict", "LC_ALL": "C.UTF-8"},
    )
    assert done.returncode == 0, done.stderr
    assert b"error" not in done.stderr
    done.stdout.decode("utf-8")
    assert Path(os.fsdecode(out)).exists() == ("OUT" in line)


@posix
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)]
)
def test_an_interrupted_run_leaves_nothing_behind(number, code, tmp_path):
    out = tmp_path / "out.wav"
    out.write_bytes(b"precious")
    command = ["convolve", "-", str(out), "--ir", "delta", "--subtype", "FLOAT", "-y"]
    with subprocess.Popen(
        [sys.executable, "-m", "audioconv", *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    ) as process:
        # the beginning of a sound; the rest is waited for
        process.stdin.write(Path(GUITAR).read_bytes()[:100_000])
        process.stdin.flush()
        end = time.monotonic() + 20
        while len(names(tmp_path)) < 2 and time.monotonic() < end:
            time.sleep(0.01)
        assert len(names(tmp_path)) == 2
        time.sleep(0.3)  # now it waits
        process.send_signal(number)
        process.wait(10)
        said = process.stderr.read().decode()
    assert process.returncode == code
    assert "Traceback" not in said
    assert out.read_bytes() == b"precious"
    assert names(tmp_path) == ["out.wav"]


@posix
def test_a_reader_that_goes_away_is_an_error():
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "audioconv", "convolve", GUITAR, "-", "--ir", "delta", "-q"],
            stdout=writing,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            timeout=60,
            check=False,
        )
    finally:
        os.close(writing)
    assert done.returncode == 1
    assert done.stderr == b"error: standard output was closed by its reader before the end\n"


@pytest.mark.parametrize("form", ["WAV", "AIFF", "W64", "CAF", "AU"])
def test_a_truncated_input_is_taken_only_when_asked(form, tmp_path, capsys):
    source, out = tmp_path / "in", tmp_path / "out.wav"
    values = np.random.default_rng(0).integers(-(2**14), 2**14, (4000, 1), np.int16)
    soundfile.write(source, values, 44100, format=form)
    source.write_bytes(source.read_bytes()[:-2000])
    assert main(["convolve", str(source), str(out), "--ir", "delta"]) == 1
    assert "truncated" in capsys.readouterr().err
    assert not out.exists()
    taken = ["convolve", str(source), str(out), "--ir", "delta", "--allow-truncated"]
    assert main([*taken, "--strict"]) == 1
    capsys.readouterr()
    assert main([*taken, "--verify"]) == 0
    assert "notice: " in (said := capsys.readouterr().err)
    assert "truncated" in said
    found, _ = soundfile.read(out, dtype="int16")
    assert 2900 < len(found) < 4000
    np.testing.assert_array_equal(found, values[: len(found), 0])


def test_a_file_redirected_to_standard_input_is_like_a_pipe(tmp_path, samples):
    """`< file` is a regular file, and must be read more than once all the same."""
    out, named = tmp_path / "o.wav", tmp_path / "named.wav"
    hall = str(samples / "hall.wav")
    for more in ([], ["--verify"], ["--subtype", "FLOAT"]):
        command = [sys.executable, "-m", "audioconv", "convolve"]
        with (samples / "guitar.wav").open("rb") as source:
            subprocess.run(
                [*command, "-", str(out), "--ir", hall, "-y", "-q", *more], stdin=source, check=True
            )
        assert (
            main(["convolve", str(samples / "guitar.wav"), str(named), "--ir", hall, "-yq", *more])
            == 0
        )
        assert out.read_bytes() == named.read_bytes()


def test_json_and_sound_do_not_share_standard_output(samples, capsys):
    assert main(["convolve", str(samples / "speech.wav"), "-", "--ir", "delta", "--json"]) == 2
    assert "name a file" in capsys.readouterr().err


def test_guard_fits_single_precision_into_32_bits(tmp_path):
    soundfile.write(tmp_path / "in.wav", np.full(100, 0.9), 44100, subtype="PCM_32")
    arguments = ["convolve", str(tmp_path / "in.wav"), str(tmp_path / "o.wav"), "--ir", "delta"]
    assert main([*arguments, "--wet", "3", "--precision", "single"]) == 0
    found, _ = soundfile.read(tmp_path / "o.wav", dtype="int32")
    assert set(found.tolist()) == {2**31 - 1}


def test_an_mp3_that_only_guesses_its_length_is_whole(tmp_path, samples, capsys):
    """Without a Xing tag the length is an estimate; with one, a cut is seen."""
    mp3 = tmp_path / "a.mp3"
    assert main(["convolve", str(samples / "speech.wav"), str(mp3), "--ir", "delta"]) == 0
    data = mp3.read_bytes()
    first = max(data.find(b"Xing"), data.find(b"Info"))
    assert first > 0
    bare = tmp_path / "bare.mp3"
    bare.write_bytes(data.replace(b"Xing", b"\0\0\0\0").replace(b"Info", b"\0\0\0\0"))
    assert main(["info", str(bare)]) == 0
    cut = tmp_path / "cut.mp3"
    cut.write_bytes(data[: len(data) // 2])
    assert main(["info", str(cut)]) == 1


@pytest.mark.parametrize("suffix", ["ogg", "oga"])
def test_an_ogg_without_its_last_page_is_cut_short(tmp_path, samples, suffix, capsys):
    whole, cut = tmp_path / f"a.{suffix}", tmp_path / f"cut.{suffix}"
    assert main(["convolve", str(samples / "speech.wav"), str(whole), "--ir", "delta", "-q"]) == 0
    assert main(["info", str(whole)]) == 0
    data = whole.read_bytes()
    cut.write_bytes(data[: len(data) // 2])
    assert main(["info", str(cut)]) == 1
    assert "it ends inside the page at byte" in capsys.readouterr().err
    cut.write_bytes(data[: data.rindex(b"OggS")])
    assert main(["info", str(cut)]) == 0
    assert "has no last page, and may be truncated" in capsys.readouterr().err
    arguments = ["convolve", str(cut), str(tmp_path / "o.wav"), "--ir", "delta", "--strict"]
    assert main(arguments) == 1
    assert "has no last page, and may be truncated" in capsys.readouterr().err


def test_dry_and_wet_stay_together_when_the_impulse_is_resampled(tmp_path, samples):
    """A spike at 48 kHz, resampled, rings before itself; the dry sound waits for it."""
    taps = np.zeros(100)
    taps[0] = 1
    soundfile.write(tmp_path / "ir.wav", taps, 48000, subtype="DOUBLE")
    arguments = ["convolve", str(samples / "speech.wav"), str(tmp_path / "o.wav")]
    arguments += ["--ir", str(tmp_path / "ir.wav"), "--subtype", "DOUBLE", "-yq"]
    peaks = []
    for levels in (["--wet", "1", "--dry", "0"], ["--wet", "0", "--dry", "1"]):
        assert main([*arguments, *levels]) == 0
        found, _ = soundfile.read(tmp_path / "o.wav")
        peaks.append(int(np.argmax(np.abs(found))))
    assert peaks[0] == peaks[1]


def test_four_channels_on_stereo_are_true_stereo_with_a_notice(tmp_path, samples, capsys):
    soundfile.write(tmp_path / "ir.wav", 0.4 * np.eye(4), 44100)
    arguments = ["convolve", str(samples / "guitar.wav"), str(tmp_path / "o.wav")]
    arguments += ["--ir", str(tmp_path / "ir.wav"), "-y"]
    assert main(arguments) == 0
    assert "taken as true stereo (LL,LR,RL,RR)" in capsys.readouterr().err
    assert main([*arguments, "--map", "true-stereo", "--strict"]) == 0
