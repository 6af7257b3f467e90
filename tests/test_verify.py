"""Verification must pass what is right and catch what is wrong, down to one sample."""

import itertools
import json
import math
from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from grids import pairwise
from hypothesis import given, settings
from hypothesis import strategies as st
from streams import convolved

from audioconv.cli import main
from audioconv.engines import ENGINES, stream
from audioconv.engines.plan import plan
from audioconv.engines.rounding import EXPECTED
from audioconv.engines.routes import routes
from audioconv.engines.window import Window
from audioconv.errors import FormatError, VerificationError
from audioconv.files import PeakMeter, Reader
from audioconv.job import Job, Options
from audioconv.render.prepare import prepare
from audioconv.render.run import run
from audioconv.verify import certificate as certificate_module
from audioconv.verify import verify
from audioconv.verify.bound import ErrorBound
from audioconv.verify.certificate import Certificate, Fold, Partial, draw_primes, overhang
from audioconv.verify.evidence import Evidence
from audioconv.verify.samples import Rounding, SampleCheck
from audioconv.verify.spots import Spot, Spots, direct_sum, doubled_sum, two_product
from audioconv.verify.verdict import Picked
from audioconv.verify.verification import BLOCK

RATE = 44100
HALL = "hall.wav"


def check(source, output, irs, *, gain=None, **options):
    """Verify with fixed random points, so that a test is the same on every run."""
    chosen = Options(**options)
    with Reader(str(source)) as reader:
        prepared = prepare([str(ir) for ir in irs], chosen, reader.info)
    convolver, window = prepared.convolver, prepared.window
    return verify(str(source), str(output), convolver, window, chosen, gain=gain, seed=1)


@pytest.fixture(scope="module")
def made(tmp_path_factory, samples):
    """Make outputs of every kind once: the source, the impulse, and a path for each subtype."""
    folder = tmp_path_factory.mktemp("made")
    outputs = {}
    for subtype in ("PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"):
        outputs[subtype] = folder / f"{subtype}.wav"
        run(
            Job(
                str(samples / "guitar.wav"),
                str(outputs[subtype]),
                [str(samples / HALL)],
                Options(subtype=subtype, wet=0.25),
            )
        )
    return samples / "guitar.wav", samples / HALL, outputs


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_a_right_output_passes(made, subtype):
    source, hall, outputs = made
    report = check(source, outputs[subtype], [hall], wet=0.25)
    assert report.passed, report.failures
    assert report.exact  # 16 bits by 16 bits, a gain of a quarter: every sum is a whole number
    assert report.samples_worst <= report.quantisation
    assert report.certificate_residual <= report.certificate_limit < 1e-10


def corrupted(path, change):
    audio, rate = soundfile.read(path, always_2d=True, dtype="float64")
    info = soundfile.info(path)
    audio = change(audio)
    # samples of a PCM file are whole steps, so writing them again rounds nothing else
    steps = {"PCM_16": 2**15, "PCM_24": 2**23}.get(info.subtype)
    if steps:
        bits = 16 if steps == 2**15 else 32
        whole = np.rint(audio * steps).clip(-steps, steps - 1).astype(np.int64)
        audio = (whole << (0 if bits == 16 else 8)).astype(f"int{bits}")
    soundfile.write(path, audio, rate, subtype=info.subtype)


def one_sample(step):
    def change(audio):
        audio[123_456, 1] += step
        return audio

    return change


def dropped_block(audio):
    return np.delete(audio, slice(70_000, 74_096), axis=0)


def silenced_block(audio):
    audio[70_000:74_096] = 0
    return audio


CORRUPTIONS = {
    "a block dropped": dropped_block,
    "a block silenced": silenced_block,
    "the tail cut": lambda audio: audio[: 4 * RATE],
    "one frame cut": lambda audio: audio[:-1],
    "one frame more": lambda audio: np.concatenate([audio, np.zeros((1, 2))]),
    "one sample late": lambda audio: np.roll(audio, 1, axis=0),
    "0.001 dB too loud": lambda audio: audio * 10 ** (0.001 / 20),
    "channels swapped": lambda audio: audio[:, ::-1],
    "polarity": lambda audio: -audio,
}


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_wrong_output_is_caught(made, tmp_path, name, subtype):
    source, hall, outputs = made
    wrong = tmp_path / "wrong.wav"
    wrong.write_bytes(outputs[subtype].read_bytes())
    corrupted(wrong, CORRUPTIONS[name])
    assert not check(source, wrong, [hall], wet=0.25).passed


@pytest.mark.parametrize(
    ("subtype", "step"),
    [("PCM_16", 2.0**-15), ("PCM_24", 2.0**-23), ("FLOAT", 1e-7), ("DOUBLE", 1e-10)],
)
def test_one_sample_off_by_the_least_is_caught_and_named(made, tmp_path, subtype, step):
    source, hall, outputs = made
    wrong = tmp_path / "wrong.wav"
    wrong.write_bytes(outputs[subtype].read_bytes())
    corrupted(wrong, one_sample(step))
    report = check(source, wrong, [hall], wet=0.25)
    assert not report.passed
    assert f"frame 123456 ({123456 / RATE:.6f} s), channel 2" in report.failures[0]


@pytest.mark.parametrize(("subtype", "unit"), [("FLOAT", 2.0**-24), ("DOUBLE", 2.0**-53)])
def test_the_deviation_and_the_limit_are_those_of_the_sample_that_fails(
    tmp_path, noise, subtype, unit, capsys
):
    """A quiet sample is off by less than the loud ones, which rounding explains, are."""
    source, out = tmp_path / "in.wav", tmp_path / "o.wav"
    audio = 0.9 * np.tanh(noise(3000, 2))
    audio[1000:] *= 1e-6  # beyond the grid of integers, so its sums round as the loud ones do
    soundfile.write(source, audio, RATE, subtype="DOUBLE")
    irs = ["multi-tap:delay=0,3S,gain=0.7,0.31"]
    run(Job(str(source), str(out), irs, Options(subtype=subtype)))
    right, _ = soundfile.read(out, dtype="float64")
    # 2 sums of 2 products each, and the rounding of the file; the error bound of the sums counts
    # K + 3 roundings of the loudest sample within reach
    step = abs(right[2500, 1]) * 2.0**-20 if subtype == "FLOAT" else 40 * unit * 1e-6 + 8 * unit
    wrong = right.copy()
    wrong[2500, 1] += step
    soundfile.write(out, wrong, RATE, subtype=subtype)
    report = check(source, out, irs, subtype=subtype)
    assert not report.passed
    assert report.samples_failed_at == (2500, 2)
    assert report.samples_worst > report.samples_limit
    assert abs(report.samples_worst - step) <= 8 * unit * abs(right[2500, 1]) + unit
    # that of the failing sample, not that of the loudest
    bound = report.samples_limit - unit * abs(wrong[2500, 1])
    assert bound <= report.error_bound + 2.0**-50 * abs(wrong[2500, 1])
    number = f"is {report.samples_worst:.3g} off; its limit is {report.samples_limit:.3g}"
    assert report.failures[0] == (
        f"the sample at frame 2500 ({2500 / RATE:.6f} s), channel 2, {number}"
    )
    command = ["verify", str(source), str(out), "--ir", irs[0], "--subtype", subtype]
    assert main(command) == 3
    row = next(line for line in capsys.readouterr().err.splitlines() if "FAILED    all" in line)
    assert row.endswith(
        f"rounded: frame 2500, channel 2 is {report.samples_worst:.3g} off, "
        f"limit {report.samples_limit:.3g}"
    )


def test_a_spot_that_fails_is_named_with_its_own_limit(made, tmp_path):
    """The loudest of the sums is always a spot."""
    source, hall, outputs = made
    wrong = tmp_path / "wrong.wav"
    audio, rate = soundfile.read(outputs["FLOAT"], dtype="float32")
    loudest = int(np.abs(audio).max(axis=1).argmax())
    audio[loudest, 1] += 2
    soundfile.write(wrong, audio, rate, subtype="FLOAT")
    report = check(source, wrong, [hall], wet=0.25)
    assert report.spots_failed_at == report.samples_failed_at == (loudest, 2)
    assert report.spots_worst > report.spots_limit
    assert f"is {report.spots_worst:.3g} off the direct sum; its limit is" in report.failures[1]


@pytest.mark.parametrize(("name", "frames"), [("one frame cut", -1), ("one frame more", 1)])
def test_another_length_is_said_as_such(made, tmp_path, name, frames, capsys):
    source, hall, outputs = made
    wrong = tmp_path / "wrong.wav"
    wrong.write_bytes(outputs["PCM_16"].read_bytes())
    corrupted(wrong, CORRUPTIONS[name])
    report = check(source, wrong, [hall], wet=0.25)
    assert report.frames == report.frames_expected + frames
    assert report.samples_failed_at is None
    assert main(["verify", str(source), str(wrong), "--ir", str(hall), "--wet", "0.25"]) == 3
    shown = capsys.readouterr().err
    row = next(line for line in shown.splitlines() if "FAILED    all" in line)
    assert row.endswith(
        f"rounded: there are {report.frames} frames instead of {report.frames_expected}; the "
        "frames that both have are right"
    )
    assert "at most 0 off" not in row
    assert f"it has {report.frames} frames instead of {report.frames_expected}" in shown


def test_a_sound_of_one_frame_has_a_spot_in_each_channel(tmp_path):
    source, out = tmp_path / "in.wav", tmp_path / "o.wav"
    soundfile.write(source, [[0.5, -0.25, 0.125]], RATE)
    run(Job(source, out, ["delta"]))
    report = check(source, out, ["delta"])
    assert report.passed
    assert (report.spots, report.frames, report.channels) == (3, 1, 3)


@pytest.mark.parametrize("more", [0, 1, BLOCK, 3 * BLOCK])
def test_what_follows_a_whole_number_of_blocks_counts(tmp_path, noise, more):
    """Sums and samples are compared block by block; here the last of the sums is a full one."""
    source, out = tmp_path / "in.wav", tmp_path / "o.wav"
    soundfile.write(source, 0.3 * np.tanh(noise(BLOCK - 3)), RATE)
    run(Job(source, out, ["delta:delay=3S"]))
    audio, _ = soundfile.read(out, dtype="int16")
    assert len(audio) == BLOCK
    soundfile.write(out, np.pad(audio, (0, more)), RATE)
    report = check(source, out, ["delta:delay=3S"])
    assert (report.frames, report.frames_expected) == (BLOCK + more, BLOCK)
    assert report.passed == (not more)


@pytest.mark.parametrize("kept", [1, 2])
def test_an_output_that_ends_with_a_block_is_as_long_as_it_is(tmp_path, noise, kept):
    source, out = tmp_path / "in.wav", tmp_path / "o.wav"
    soundfile.write(source, 0.3 * np.tanh(noise(2 * BLOCK + 100)), RATE)
    run(Job(source, out, ["delta"]))
    audio, _ = soundfile.read(out, dtype="int16")
    soundfile.write(out, audio[: kept * BLOCK], RATE)
    report = check(source, out, ["delta"])
    assert (report.frames, report.frames_expected) == (kept * BLOCK, 2 * BLOCK + 100)
    assert not report.passed


def test_the_command_ends_with_3_and_one_line(made, tmp_path, capsys):
    source, hall, outputs = made
    wrong = tmp_path / "wrong.wav"
    wrong.write_bytes(outputs["PCM_16"].read_bytes())
    arguments = ["verify", str(source), str(wrong), "--ir", str(hall), "--wet", "0.25"]
    assert main(arguments) == 0
    shown = capsys.readouterr().err
    assert shown.startswith("verified\n")
    assert shown.count("proven") == 2
    corrupted(wrong, one_sample(2.0**-15))
    assert main(arguments) == 3
    shown = capsys.readouterr().err
    assert shown.startswith("NOT verified\n")
    assert "FAILED    all" in shown
    assert shown.splitlines()[-1].startswith("error: ")


def test_a_file_cut_off_is_a_failed_verification(made, tmp_path, capsys):
    source, hall, outputs = made
    wrong = tmp_path / "wrong.wav"
    wrong.write_bytes(outputs["PCM_16"].read_bytes()[:-1000])
    assert main(["verify", str(source), str(wrong), "--ir", str(hall), "--wet", "0.25"]) == 3
    assert "is truncated" in capsys.readouterr().err


@pytest.fixture
def small(tmp_path, noise):
    """Return a short sound of one channel, its convolution, and the name of the impulse."""
    source, out, ir = tmp_path / "in.wav", tmp_path / "o.wav", "delta:delay=3S"
    soundfile.write(source, 0.3 * np.tanh(noise(3000)), 48000)
    run(Job(source, out, [ir]))
    return source, out, ir


@pytest.mark.parametrize(
    ("rate", "channels"), [(44100, 1), (48000, 1), (44100, 2), (48000, 2)], ids=str
)
def test_another_rate_or_number_of_channels_is_said_as_such(small, rate, channels):
    """The samples of a copy in stereo, or of a file that states another rate, are all right."""
    source, out, ir = small
    audio, _ = soundfile.read(out, dtype="int16", always_2d=True)
    soundfile.write(out, np.tile(audio, channels), rate)
    if (rate, channels) == (48000, 1):
        assert check(source, out, [ir]).passed
        return
    stated = f"{channels} channel{'s' * (channels - 1)} at {rate} Hz"
    with pytest.raises(VerificationError) as caught:
        check(source, out, [ir])
    assert str(caught.value) == f"{out} has {stated}, but the convolution has 1 at 48000 Hz"


@pytest.mark.parametrize("failed", ["certificate", "samples", "spots", "limited"])
def test_each_check_alone_fails_the_verification(small, failed):
    source, out, ir = small
    report = check(source, out, [ir])
    report.raise_if_failed("out.wav")
    wrong = replace(report, failures=["it is wrong"], **{f"{failed}_passed": False})
    assert not wrong.passed
    assert wrong.as_json()["passed"] is False
    with pytest.raises(VerificationError, match=r"out\.wav is not the .* be: it is wrong; if"):
        wrong.raise_if_failed("out.wav")


@pytest.mark.parametrize("right", [True, False])
@pytest.mark.parametrize("quiet", [True, False])
def test_the_report_in_json_and_the_exit_code_say_the_same(small, call, monkeypatch, right, quiet):
    drawn_by = (
        np.random.default_rng
    )  # with a seed, as by chance a spot may be the sample that is off
    monkeypatch.setattr(np.random, "default_rng", lambda seed=None: drawn_by(seed or 1))
    source, out, ir = small
    if not right:
        audio, rate = soundfile.read(out, dtype="int16")
        audio[1234] += 1
        soundfile.write(out, audio, rate)
    arguments = ["verify", source, out, "--ir", ir, *["-q"] * quiet]
    said = call(*arguments, "--json", code=0 if right else 3)
    found = json.loads(said.out, parse_constant=lambda word: pytest.fail(f"{word} is not JSON"))
    report = check(source, out, [ir])
    drawn = {"primes", "certificate_residual", "certificate_limit", "certificate_smallest"}
    drawn |= {"spots", "spots_exact", "spots_worst"}
    expected = json.loads(json.dumps(report.as_json()))
    assert found.keys() == expected.keys()
    assert {n: v for n, v in found.items() if n not in drawn} == {
        n: v for n, v in expected.items() if n not in drawn
    }
    assert found["passed"] == right
    assert found["samples_failed_at"] == (None if right else [1234, 1])
    heading = "" if quiet else "verified\n" if right else "NOT verified\n"
    assert said.err.startswith(heading)
    assert len(said.err.splitlines()) == (0 if quiet else 6) + (not right)  # and the error
    assert call(*arguments, code=0 if right else 3).out == ""


def test_an_output_that_fails_never_reaches_its_name(samples, tmp_path, monkeypatch, capsys):
    """A writer that drops a sample is caught before the old file is replaced."""
    from audioconv.files import writing

    true, mistakes = writing.quantise, []

    def faulty(audio, bits, noise=0.0):
        integers, clipped = true(audio, bits, noise)
        if not mistakes:
            mistakes.append(1000)
            integers[1000, 0] += 1
        return integers, clipped

    monkeypatch.setattr(writing, "quantise", faulty)
    target = tmp_path / "out.wav"
    target.write_bytes(b"old")
    # in one thread, so that the first block that is rounded is the first of the sound
    arguments = ["echo", str(samples / "guitar.wav"), str(target), "-y", "--verify"]
    assert main([*arguments, "--threads", "1"]) == 3
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["out.wav"]
    assert "frame 1000 (0.022676 s), channel 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    "options",
    [
        {"engine": "partitioned"},
        {"length": "input"},
        {"length": "auto"},
        {"length": "1s"},
        {"length": "9s"},
        {"dither": "tpdf"},
        {"clip": "saturate", "wet": 4.0},
        {"wet": 4.0},
        {"dry": 1.0, "align": "peak", "ir_gain": "l2"},
        {"precision": "single", "subtype": "FLOAT"},
        {"precision": "single"},
        {"map": "mono", "impulses": ["feedback:delay=30ms,gain=0.7"]},
        {"impulses": ["double-spike:delay=20ms", "double-spike:delay=9ms"], "engine": "direct"},
        {"impulses": ["delta:delay=0"]},
        {"subtype": "PCM_U8"},
    ],
    ids=str,
)
def test_every_kind_of_run_verifies_itself_and_again(samples, tmp_path, options, noise):
    options = dict(options)
    source, out = tmp_path / "in.wav", tmp_path / "out.wav"
    audio, _ = soundfile.read(samples / "guitar.wav", frames=30_000, dtype="int16")
    soundfile.write(source, audio, RATE)
    impulses = options.pop("impulses", [str(samples / HALL)])
    outcome = run(Job(str(source), str(out), impulses, Options(verify=True, **options)))
    assert outcome.verified.passed
    # the command does not know the guard's gain, and must find it out
    assert check(source, out, impulses, **options).passed


def test_a_lossy_output_cannot_be_verified(samples, tmp_path):
    source, out = samples / "speech.wav", tmp_path / "out.ogg"
    run(Job(str(source), str(out), ["delta"], Options()))
    with pytest.raises(FormatError, match="VORBIS"):
        check(source, out, ["delta"])


# --- the certificate ---------------------------------------------------------------------------


def proof_of(x, y, routing, primes=None, cut=10_000, seed=0):
    """Return the certificate of two sounds that come in pieces."""
    primes = primes or draw_primes(np.random.default_rng(seed))
    certificate = Certificate(routing, primes)
    for audio, side in ((x, certificate.x), (y, certificate.y)):
        for start in range(0, len(audio), cut):
            side.take(audio[start : start + cut])
    return certificate


def certified(x, y, convolver, **how):
    certificate = proof_of(x, y, convolver.routing, **how)
    model = convolver.error_model()
    return certificate.check(np.abs(x).max(), relative=model.relative, floor=model.floor)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("frame", [0, 1, 77_777, 149_999, 150_998])
def test_the_certificate_sees_one_sample_off_by_1e_11(frame, seed, noise):
    x, routing = 0.1 * noise(150_000, 2), routes(0.05 * noise(1000, 2, seed=5), 2)
    convolver = plan(routing, "overlap-add")
    y = convolved([x], convolver)
    right = certified(x, y, convolver, seed=seed)
    assert right.residual <= right.limit
    assert right.smallest < 1e-11
    y[frame, 1] += 1e-11
    wrong = certified(x, y, convolver, seed=seed)
    assert wrong.residual > wrong.limit
    assert wrong.residual == pytest.approx(1e-11, rel=0.1)  # the error itself, in its place


@pytest.mark.parametrize("error", [1, -1])
@pytest.mark.parametrize("seed", range(4))
def test_an_error_just_past_the_smallest_shows(error, seed, noise):
    x, routing = 0.1 * noise(20_000, 2), routes(0.05 * noise(300, 2, seed=5), 2)
    convolver = plan(routing, "overlap-add")
    y = convolved([x], convolver)
    smallest = certified(x, y, convolver, seed=seed).smallest
    y[1234 * seed, seed % 2] += 1.01 * error * smallest
    wrong = certified(x, y, convolver, seed=seed)
    assert wrong.residual > wrong.limit


def test_an_error_that_repeats_with_one_prime_is_seen_by_the_other(noise):
    x, routing = 0.1 * noise(50_000, 1), routes(0.05 * noise(300, 1, seed=5), 1)
    convolver, primes = plan(routing, "direct"), (4099, 16411)
    y = convolved([x], convolver)
    for prime in primes:
        wrong = y.copy()
        wrong[7] += 1e-6
        wrong[7 + prime] -= 1e-6
        found = certified(x, wrong, convolver, primes=primes)
        assert found.residual == pytest.approx(1e-6, rel=1e-4)
        assert found.residual > found.limit
        alone = certified(x, wrong, convolver, primes=(prime,))
        assert alone.residual <= alone.limit


@pytest.mark.parametrize("sound", ["constant", "nearly constant", "tone of the period", "noise"])
@pytest.mark.parametrize("length", [1, 7, 300])
def test_the_certificate_raises_no_false_alarm(sound, length, noise):
    """A tone that repeats with a prime is the worst: all partial sums grow alike."""
    n = np.arange(20_000)
    convolver = plan(routes(np.cos(0.3 * np.arange(length))[:, None] / length, 1), "sparse")
    random = np.random.default_rng(length)
    for trial in range(20):
        primes = draw_primes(random)
        period = primes[trial % 2] / int(random.integers(1, primes[0] // 2))
        x = {
            "constant": np.full(len(n), 0.7),
            "nearly constant": 0.5 + 0.1 * noise(len(n), seed=trial),
            "tone of the period": 0.9 * np.cos(2 * np.pi * n / period + trial),
            "noise": noise(len(n), seed=trial),
        }[sound][:, None]
        found = certified(x, convolved([x], convolver), convolver, primes=primes)
        assert found.residual <= found.limit


def test_the_certificate_holds_for_matrices(noise):
    x, routing = noise(5000, 3), routes(noise(300, 3, 2, seed=1), 3)
    convolver = plan(routing, "direct")
    y = convolved([x], convolver)
    found = certified(x, y, convolver)
    assert found.residual <= found.limit
    found = certified(x, y[:, ::-1], convolver)
    assert found.residual > found.limit


def folded(audio, prime):
    """Fold a sound by the definition."""
    sums = np.zeros((prime, audio.shape[1]))
    for n, frame in enumerate(audio):
        sums[n % prime] += frame
    return sums


@pytest.mark.parametrize("largest", ["x", "y", "taps", "error", "floor", "one output"])
def test_every_term_of_the_limit_of_the_certificate(noise, largest):
    """The limit is 16 standard deviations of all roundings that are on the way."""
    primes, unit = (7, 31), 2.0**-53
    loud = {name: 1e3 if name == largest else 1.0 for name in ("x", "y", "taps")}
    x, taps = loud["x"] * noise(300, 2), loud["taps"] * noise(40, 2, 2, seed=1)
    taps[:, 1, 0] = 0
    y = loud["y"] * noise(339, 2, seed=2)
    if largest == "one output":  # which is off by most, but the other is farther off its limit
        taps[:, :, 0] *= 1e6
        y[:, 0] = 1.001 * convolved([x], plan(routes(taps, 2), "direct"))[:, 0]
    relative = 3e3 * unit if largest == "error" else 7 * unit
    floor = 1e-8 if largest == "floor" else 1e-13
    certificate = proof_of(x, y, routes(taps, 2), primes)
    found = certificate.check(np.abs(x).max(), relative=[relative] * 3, floor=floor)

    expected = []
    for prime, size in zip(primes, (16, 64), strict=True):  # of transforms, fast ones
        sides, meeting = [folded(audio, prime) for audio in (x, y)], -(-len(y) // prime)
        # plain sums of all frames
        largest_x, largest_y = (max(np.abs(folded(a, p)).max() for p in primes) for a in (x, y))
        rows_x, rows_y = (-(-len(audio) // min(primes)) for audio in (x, y))
        for target in range(2):
            sound, summed = sides[0], sides[1][:, target]
            limit = unit * (
                math.sqrt(rows_y) * np.abs(summed).max() + math.sqrt(meeting) * largest_y
            )
            wanted = np.zeros(prime)
            for source in range(2 if target else 1):  # one path is silent
                impulse = folded(taps[:, source, [target]], prime)[:, 0]
                level = np.abs(sound[:, source]).max()
                response = np.abs(np.fft.rfft(impulse, size)).max()
                limit += relative * (level + math.sqrt(meeting) * np.abs(x).max())
                limit += (
                    unit
                    * response
                    * (
                        level * (math.sqrt(math.log2(size)) + math.sqrt(rows_x))
                        + math.sqrt(meeting) * largest_x
                    )
                )
                for i in range(prime):
                    wanted += sound[i, source] * np.roll(impulse, i)
            residual = np.abs(summed - wanted).max()
            expected.append((residual, 16 * limit + meeting * floor))
    worst = max(expected, key=lambda pair: pair[0] / pair[1])
    assert worst != max(expected) or largest != "one output"
    assert (found.residual, found.limit) == pytest.approx(worst, rel=1e-6, abs=0)
    # each error shows in the prime in which it is farther past its limit
    smallest = max(min(sum(expected[t]), sum(expected[t + 2])) for t in range(2))
    assert found.smallest == pytest.approx(smallest, rel=1e-6, abs=0)


def test_what_is_lost_beside_a_large_sum_is_kept():
    """2^-54 is under half a step of 1, but a thousand of them are not."""
    sound = Fold([2], 1)
    for sample in [1.0, *[2.0**-54] * 2048]:
        sound.take(np.array([[sample], [0.0]]))
        sound.settle()
    exact = [Fraction(float(part[0][0, 0])) for part in (sound.sums, sound.rests)]
    assert sum(exact) == 1 + Fraction(1, 2**43)


def test_primes_are_primes_and_others_each_time():
    random = np.random.default_rng(0)
    drawn = [draw_primes(random) for _ in range(50)]
    for prime in itertools.chain.from_iterable(drawn):
        assert all(prime % divisor for divisor in range(2, math.isqrt(prime) + 1))
    assert len(set(drawn)) == 50
    assert all(2**12 < small < 2**13 and 2**14 < large < 2**15 for small, large in drawn)


@given(
    values=st.lists(st.integers(-(2**20), 2**20), min_size=1, max_size=700),
    cut=st.integers(1, 700),
    few=st.integers(0, 300),
    plain=st.integers(1, 300),
)
def test_folds_are_the_sums_in_each_place(values, cut, few, plain):
    """However they are cut, kept, added up in other threads and combined."""
    audio, primes = np.array(values, float).reshape(-1, 1), [5, 31]
    sound, joined = Fold(primes, 1), Fold(primes, 1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certificate_module, "FEW", few)
        patch.setattr(certificate_module, "PLAIN", plain)
        for start in range(0, len(audio), cut):
            sound.take(audio[start : start + cut])
            partial = Partial(primes, start)
            partial.take(audio[start : start + cut])
            joined.join(partial)
        sound.settle()
        joined.settle()
    for fold in (sound, joined):
        assert fold.frames == len(values)
        for prime, sums, rests in zip(primes, fold.sums, fold.rests, strict=True):
            assert not rests.any()
            np.testing.assert_array_equal(sums, folded(audio, prime))


@pytest.mark.parametrize("frames", [1, 2, 30, 400])
@pytest.mark.parametrize("spikes", [1, 20, 400])
def test_an_overhang_is_the_tail_of_the_convolution(frames, spikes, noise):
    taps = noise(frames, 2, 3)
    taps[spikes:] = 0
    x, routing = noise(frames - 1, 2, seed=1), routes(taps, 2)
    tail = convolved([x], plan(routing, "direct"))[frames - 1 :] if frames > 1 else x[:, :1]
    tail = np.concatenate([tail, np.zeros((1, tail.shape[1]))])[: frames - 1]
    found = overhang(x, routing)
    # of transforms of at most 1024 points, and sums of at most 800 products
    np.testing.assert_allclose(found, tail if frames > 1 else found, rtol=0, atol=1e-11)
    assert found.shape == (frames - 1, 3)


@pytest.mark.parametrize("engine", ["overlap-add", "sparse", "partitioned"])
def test_a_slow_error_of_a_tone_is_cut_off_where_a_beginning_ends(engine):
    """It swells and fades over the whole sound, so that its spectrum is zero nearly everywhere."""
    n = np.arange(650_000)[:, None]
    x = 0.5 * np.cos(2 * np.pi * 0.0123 * n)
    taps = np.zeros((15_000, 1))
    taps[0], taps[-1] = 1.0, 0.5
    convolver = plan(routes(taps, 1), engine)
    y = convolved([x], convolver)
    swell = 1 + 1e-7 * np.sin(np.pi * np.arange(len(y)) / len(y))[:, None] ** 4
    for wrong in (False, True):
        evidence = Evidence(convolver, Window(0, "full"), Rounding("DOUBLE", "none", 1.0), seed=1)
        reader = SimpleNamespace(
            info=SimpleNamespace(path="in.wav"), peak=0.5, frames=len(x), ended=True
        )
        for _ in evidence.hear(reader, stream.regrid([x], convolver.block)):
            pass
        sums = y * swell if wrong else y
        for start in range(0, len(y), 50_000):
            testimony = evidence.testimony(start)
            testimony.fold(sums[start : start + 50_000])
            level = PeakMeter()
            level.take(sums[start : start + 50_000])
            evidence.take(testimony, level)
        assert evidence.margins
        found = evidence.certificate()
        assert (found.residual <= found.limit) != wrong


@pytest.mark.parametrize("pieces", [[5000], [1, 4999], [700] * 7 + [100], [300, 4700]])
def test_the_bound_holds_however_the_reader_cuts_the_sound(noise, pieces):
    """A piece that lies in two blocks counts in both, which can only make the bound larger."""
    x = noise(5000, 2)
    convolver = plan(routes(noise(40, 2, seed=1), 2), "partitioned")
    reader = SimpleNamespace(
        info=SimpleNamespace(path="in.wav"), peak=4.0, frames=len(x), ended=True
    )
    evidence = Evidence(convolver, Window(0, "full"), Rounding("DOUBLE", "none", 1.0), seed=1)
    ends = itertools.accumulate(pieces)
    heard_so = evidence.hear(
        reader, (x[end - n : end] for n, end in zip(pieces, ends, strict=True))
    )
    blocks = [*evidence.measure(stream.regrid(heard_so, convolver.block))]
    bound = ErrorBound(convolver.error_model())
    for block in blocks:
        heard(bound, block)
    assert evidence.bound.worst >= bound.worst * (1 - 1e-12)
    assert len(pieces) > 1 or evidence.bound.worst == pytest.approx(bound.worst, rel=1e-12, abs=0)
    assert evidence.bound.peak == bound.peak


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32"])
@pytest.mark.parametrize("turns", [1, 2, -1, 2**17, 2**33])
def test_a_sample_that_wrapped_round_is_off(subtype, turns):
    """A sum past full scale by whole turns is alike in the bits that an integer has."""
    compared = SampleCheck(Rounding(subtype, "none", 1.0))
    compared.take(np.array([[0.25 + 2.0 * turns]]), np.array([[0.25]]), 0)
    assert compared.limited == 1
    assert not compared.equal
    assert compared.farthest.excess > 0.7


# --- spots and bounds --------------------------------------------------------------------------


# products of numbers below 1e-100 could lose their error terms to underflow; no tap is that small
TAPS = st.floats(-1e3, 1e3).map(lambda tap: tap if abs(tap) > 1e-100 else 0.0)


@given(st.lists(TAPS, min_size=1, max_size=40), st.integers(0, 2**32 - 1))
def test_a_spot_is_the_exactly_rounded_sum(taps, seed):
    window = np.random.default_rng(seed).standard_normal((len(taps), 1))
    routing = routes(np.array(taps)[:, None], 1)
    exact = sum(Fraction(h) * Fraction(x) for h, x in zip(taps, window[::-1, 0], strict=True))
    assert direct_sum(window, routing)[0] == float(exact)


@given(st.floats(-1e100, 1e100), st.floats(-1e100, 1e100))
def test_two_products_are_exact(a, b):
    if 0 < abs(a * b) < 1e-250 or 0 < min(abs(a), abs(b)) < 1e-100:
        return  # beyond the range in which the error term is a normal number
    product, error = two_product(np.array([a]), np.array([b]))
    assert Fraction(float(product[0])) + Fraction(float(error[0])) == Fraction(a) * Fraction(b)


def test_products_of_53_bits_are_exact():
    random = np.random.default_rng(0)
    a, b = (random.integers(2**52, 2**53, 4000).astype(float) for _ in range(2))
    parts = [part.tolist() for part in two_product(a, b)]
    for x, y, product, error in zip(a.tolist(), b.tolist(), *parts, strict=True):
        assert int(product) + int(error) == int(x) * int(y)


@given(st.lists(TAPS, min_size=1, max_size=40), st.integers(0, 2**32 - 1))
def test_a_sum_of_pairs_is_the_exact_one_to_100_bits(taps, seed):
    window = np.random.default_rng(seed).standard_normal((len(taps), 1))
    routing = routes(np.array(taps)[:, None], 1)
    products = [Fraction(h) * Fraction(x) for h, x in zip(taps, window[::-1, 0], strict=True)]
    exact, found = sum(products), Fraction(float(doubled_sum(window, routing)[0]))
    allowed = abs(exact) / 2**53 + sum(map(abs, products)) * len(taps) ** 2 / 2**106
    assert abs(found - exact) <= allowed + Fraction(5, 2**1074)


@pytest.mark.parametrize("frames", [1, 5, 3000, 9000])
def test_sums_of_pairs_agree_with_exact_ones_in_any_number_of_lanes(frames, noise):
    window, routing = noise(frames, 2), routes(noise(frames, 2, 2, seed=1), 2)
    np.testing.assert_array_equal(doubled_sum(window, routing), direct_sum(window, routing))


@settings(max_examples=60, deadline=None)
@given(
    frames=st.integers(1, 300),
    length=st.integers(1, 60),
    head=st.integers(0, 70),
    seams=st.integers(1, 90),
    cut=st.integers(1, 300),
    ahead=st.integers(0, 3),
    seed=st.integers(0, 2**32 - 1),
)
def test_spots_anywhere_are_the_direct_sum(frames, length, head, seams, cut, ahead, seed):
    """Whatever the blocks, and however far the sound is heard ahead of its sums."""
    random = np.random.default_rng(seed)
    taps = random.standard_normal((length, 2)) * random.integers(0, 2, (length, 1))
    x, routing = random.standard_normal((frames, 2)), routes(taps, 2)
    full = convolved([x], plan(routing, "direct"))[head:]
    spots = Spots(routing, head, seams, random)
    blocks = [x[start : start + cut] for start in range(0, frames, cut)]
    heard, level = 0, 0.0
    ends = [*itertools.accumulate(map(len, blocks)), frames + length - 1]
    for number, end in enumerate(ends):
        while heard < min(len(blocks), number + ahead + 1):
            spots.hear(blocks[heard])
            heard += 1
        start = ends[number - 1] if number else 0
        sums = np.abs(full[max(0, start - head) : max(0, end - head)]).max(axis=1)
        louder = len(sums) and sums.max() > level
        level = max(level, sums.max(initial=0))
        spots.take(len(sums), max(0, start - head) + int(sums.argmax()) if louder else None)
    chosen = spots.chosen()
    assert [spot.frame for spot in chosen] == sorted({spot.frame for spot in chosen})
    for spot in chosen:
        np.testing.assert_allclose(
            direct_sum(spot.window, spots.routing), full[spot.frame], rtol=0, atol=1e-12
        )
    if len(full):
        wanted = {0, len(full) - 1, int(np.abs(full).max(axis=1).argmax())}
        seam = (head + len(full) - 1) // seams * seams - head
        first = (head // seams + 1) * seams - head
        if first < len(full):
            wanted |= {seam - 1, seam, first - 1, first}
        assert wanted <= {spot.frame for spot in chosen}


def test_random_spots_are_equally_likely(noise):
    """Of 40,000 draws from 20 frames in blocks of 1 to 6, each comes 2,000 times, to 5 sigma."""
    random, counts = np.random.default_rng(0), np.zeros(20)
    routing = routes(np.ones((1, 1)), 1)
    for _ in range(1700):
        spots = Spots(routing, 0, 1000, random)
        for frames in (1, 4, 6, 3, 6):
            spots.hear(np.zeros((frames, 1)))
            spots.take(frames)
        for slot in spots._anywhere:
            counts[slot[0].frame] += 1
    expected = counts.sum() / 20
    assert np.abs(counts - expected).max() < 5 * np.sqrt(expected)


def direct_sums(x, routing, frames):
    """Return the direct sum at every frame of a convolution."""
    silence = np.zeros((routing.frames - 1, x.shape[1]))
    padded = np.concatenate([silence, x, silence])
    return [direct_sum(padded[n : n + routing.frames], routing) for n in range(frames)]


def heard(bound, block):
    bound.take((block**2).sum(axis=0), np.abs(block).max(axis=0))


@settings(max_examples=25, deadline=None)
@given(
    frames=st.integers(1, 400),
    length=st.integers(1, 300),
    engine=st.sampled_from([*ENGINES]),
    single=st.booleans(),
    loud=st.integers(-8, 8),
    seed=st.integers(0, 2**32 - 1),
)
def test_no_error_passes_its_bound(frames, length, engine, single, loud, seed):
    random = np.random.default_rng(seed)
    x = random.standard_normal((frames, 2)) * 10.0 ** (loud * random.random((frames, 1)))
    routing = routes(random.standard_normal((length, 2, 2)), 2)
    convolver = plan(routing, engine, single=single)
    bound = ErrorBound(convolver.error_model())
    for start in range(0, frames, convolver.block):
        heard(bound, x[start : start + convolver.block])
    y = convolved([x], convolver)
    worst = np.abs(np.array(direct_sums(x, routing, len(y))) - y).max()
    assert worst <= bound.expected
    assert worst <= bound.worst
    assert not bound.exact


def test_exactness_is_claimed_only_where_it_holds(noise):
    random = np.random.default_rng(3)
    x = random.integers(-(2**15), 2**15, (1500, 1)) / 2**15
    for bits, scale in itertools.product((15, 23, 31), (1.0, 30.0)):
        taps = random.integers(-(2 ** min(bits, 30)), 2 ** min(bits, 30), (400, 1)) / 2.0**bits
        convolver = plan(routes(taps * scale, 1), "overlap-add", signal_bits=15)
        bound = ErrorBound(convolver.error_model())
        heard(bound, x)
        y = convolved([x], convolver)
        whole = np.convolve(
            np.rint(x[:, 0] * 2**15).astype(object),
            np.rint(taps[:, 0] * scale * 2.0**bits).astype(np.int64).astype(object),
        )
        exact = all(
            Fraction(float(v)) == Fraction(int(w), 2 ** (15 + bits))
            for v, w in zip(y[:, 0], whole, strict=True)
        )
        assert exact or not bound.exact
        if (bits, scale) == (15, 1):
            assert bound.exact


@pytest.mark.parametrize("engine", ["sparse", "direct", "toeplitz", "overlap-add", "partitioned"])
def test_sums_that_all_grow_the_same_way_are_no_false_alarm(tmp_path, engine, noise):
    """A constant through a long box: the partial sums of every sample grow together."""
    source, ir, out = tmp_path / "in.wav", tmp_path / "ir.wav", tmp_path / "o.wav"
    soundfile.write(source, 0.5 + 0.01 * noise(12_000, 1), RATE, subtype="DOUBLE")
    soundfile.write(ir, np.ones(2000) / 7, RATE, subtype="DOUBLE")
    options = Options(engine=engine, verify=True)
    assert run(Job(str(source), str(out), [str(ir)], options)).verified.passed


def test_dither_that_touches_full_scale_is_no_false_alarm(tmp_path, noise):
    source, out = tmp_path / "in.wav", tmp_path / "o.wav"
    audio = np.zeros(2000, np.int16)
    audio[700] = 32767
    soundfile.write(source, audio, RATE)
    run(Job(str(source), str(out), ["delta"], Options(dither="tpdf", verify=True)))
    assert check(source, out, ["delta"], dither="tpdf").passed


def test_dither_is_verified_to_half_a_step(tmp_path, samples):
    """The noise is known, so an undithered file is not a dithered one."""
    out = tmp_path / "o.wav"
    run(Job(str(samples / "speech.wav"), str(out), ["delta"], Options()))
    assert not check(samples / "speech.wav", out, ["delta"], dither="tpdf").passed


@pytest.mark.parametrize("peak", [1e-160, 1e200])
def test_levels_beyond_arithmetic_are_refused(tmp_path, noise, peak):
    source, out = tmp_path / "in.wav", tmp_path / "o.wav"
    soundfile.write(source, peak * np.tanh(noise(1000, 1)), RATE, subtype="DOUBLE")
    run(Job(str(source), str(out), ["delta:delay=9S"], Options()))
    with pytest.raises(FormatError, match="verification needs one between"):
        check(source, out, ["delta:delay=9S"])


@pytest.mark.parametrize("peak", [1e-31, 1e-35, 1e-20])
def test_quiet_single_precision_is_no_false_alarm(tmp_path, noise, peak):
    source, out = tmp_path / "in.wav", tmp_path / "o.wav"
    soundfile.write(source, peak * np.tanh(noise(9000, 1)), RATE, subtype="FLOAT")
    irs = ["feedback:delay=1ms,gain=0.9"]
    assert run(
        Job(str(source), str(out), irs, Options(precision="single", verify=True))
    ).verified.passed


@pytest.mark.parametrize("at", [0, 2, 3])
@pytest.mark.parametrize("order", [1, -1])
def test_a_sample_that_is_no_number_is_farthest_off(at, order):
    """As a sum may be, where the sound or the impulse is near the largest number."""
    found = np.zeros((4, 1))
    found[at] = np.nan
    parts = [(np.zeros((4, 1)), found), (np.ones((4, 1)), np.zeros((4, 1)))][::order]
    check = SampleCheck(Rounding("FLOAT", "none", 1.0))
    for start, (sums, samples) in zip((0, 4), parts, strict=True):
        check.take(sums, samples, start)
    assert check.farthest.excess == np.inf
    assert check.farthest.frame == at + (4 if order < 0 else 0)
    assert np.isnan(check.worst)


# --- what rounding allows ----------------------------------------------------------------------

ROUNDOFF = {
    # half a step of integers of b bits; and half a unit of the last place, or the least number
    "PCM_U8": (2.0**-8, 0.0),
    "PCM_16": (2.0**-16, 0.0),
    "PCM_24": (2.0**-24, 0.0),
    "PCM_32": (2.0**-32, 0.0),
    "FLOAT": (2.0**-150, 2.0**-24),
    "DOUBLE": (2.0**-1074, 2.0**-53),
}


@pytest.mark.parametrize("subtype", ROUNDOFF)
@pytest.mark.parametrize("level", [0.0, 1e-40, 0.3, 0.9])
def test_rounding_is_allowed_half_a_step_and_no_more(subtype, level):
    absolute, relative = ROUNDOFF[subtype]
    rounding = Rounding(subtype, "none", 1.0)
    # 4 roundoffs for the comparison itself
    expected = absolute + (relative + 4 * 2.0**-53) * level
    assert rounding.allowance(np.array([[-level]]))[0, 0] == pytest.approx(
        expected, rel=1e-12, abs=0
    )
    assert rounding.most(level) == pytest.approx(expected, rel=1e-12, abs=0)


@pytest.mark.parametrize(
    ("subtype", "kept", "off"),
    [
        ("PCM_16", 2.0**-16, 1.01 * 2.0**-16),
        ("PCM_24", 2.0**-24, 1.01 * 2.0**-24),
        ("PCM_32", 2.0**-32, 1.01 * 2.0**-32),
        # beside 1/2, whose last place is worth 2^-24 in FLOAT, and 2^-53 in DOUBLE
        ("FLOAT", 2.0**-25, 1.01 * 2.0**-25),
        ("DOUBLE", 2.0**-53, 3 * 2.0**-53),
    ],
)
@pytest.mark.parametrize("sign", [1, -1])
def test_a_tie_is_within_the_limit_and_more_is_not(subtype, kept, off, sign):
    for deviation, right in ((kept, True), (off, False)):
        compared = SampleCheck(Rounding(subtype, "none", 1.0))
        compared.take(np.array([[sign * (0.5 + deviation)]]), np.array([[sign * 0.5]]), 0)
        assert (compared.farthest.excess <= 0) == right
        assert compared.equal == (right and subtype != "DOUBLE")  # which has the sum itself
        most = Rounding(subtype, "none", 1.0).farthest_rounded(0.5 + deviation)
        assert compared.worst == pytest.approx(0 if compared.equal else deviation, rel=1e-6, abs=0)
        assert most >= deviation or not compared.equal


@pytest.mark.parametrize("at", range(6))
def test_the_largest_deviation_of_all_samples_is_reported(at):
    found = np.linspace(0.01, 0.06, 6)[:, None] * [1.0, -1.0]
    found[at, at % 2] = 0.5
    compared = SampleCheck(Rounding("DOUBLE", "none", 1.0))
    for start, part in ((0, found[:2]), (2, found[2:5]), (5, found[5:])):
        other = SampleCheck(Rounding("DOUBLE", "none", 1.0))
        other.take(np.zeros_like(part), part, start)
        compared.join(other)
    assert compared.worst == compared.farthest.size == 0.5
    assert (compared.farthest.frame, compared.farthest.channel) == (at, at % 2)
    assert compared.frames == 6


def test_samples_at_some_frames_are_picked_as_a_sound_goes_by():
    found = np.arange(12, dtype=np.int16).reshape(6, 2)
    window = np.zeros((1, 1))
    picked = Picked([Spot(frame, window) for frame in (0, 4, 9)])
    for part in (found[:2], found[2:5], found[5:]):
        picked.take(part, 0.5)
    assert {frame: row.tolist() for frame, row in picked.found.items()} == {
        0: [0, 0.5],
        4: [4, 4.5],
    }
    assert picked.frames == 6


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("gain", [1.0, 0.25])
@pytest.mark.parametrize("bits", [15, None])
def test_limits_are_those_of_sums_and_rounding_together(tmp_path, noise, engine, gain, bits):
    source, ir, out = (tmp_path / name for name in ("in.wav", "ir.wav", "o.wav"))
    kind = "DOUBLE" if bits is None else "PCM_16"
    soundfile.write(source, 0.9 * np.tanh(noise(3000, 2)), RATE, subtype=kind)
    soundfile.write(ir, 0.3 * np.tanh(noise(30, 2, seed=1)), RATE, subtype=kind)
    options = Options(engine=engine, subtype="DOUBLE")
    with Reader(str(source)) as reader:
        prepared = prepare([str(ir)], options, reader.info)
        sound = np.concatenate([*reader.blocks()])
    convolver = prepared.convolver
    sums = convolved([sound], convolver)
    soundfile.write(out, gain * sums, RATE, subtype="DOUBLE")
    window = prepared.window
    report = verify(str(source), str(out), convolver, window, options, gain=gain, seed=1)
    assert report.passed
    bound = ErrorBound(convolver.error_model())
    for start in range(0, len(sound), convolver.block):
        heard(bound, sound[start : start + convolver.block])
    assert report.error_bound == pytest.approx(bound.worst, rel=1e-12, abs=0)
    assert report.exact == bound.exact == (bits is not None)
    rounding = 2.0**-1074 + 5 * 2.0**-53 * gain * np.abs(sums).max()
    assert report.quantisation == pytest.approx(rounding, rel=1e-9, abs=0)
    limit = gain * bound.remaining + rounding
    assert report.samples_limit == pytest.approx(limit, rel=1e-9, abs=0)
    assert report.spots_limit == pytest.approx(limit, rel=1e-9, abs=0)
    assert report.samples_worst == 0
    model = convolver.error_model()
    margins = [
        proof_of(
            sound[:, [c]], sums[:, [c]], routes(prepared.impulse.taps[:, [c]], 1), [prime]
        ).check(np.abs(sound).max(), relative=[0 if bits else model.relative[c]], floor=model.floor)
        for c in range(2)
        for prime in report.primes
    ]
    assert report.certificate_limit / min(m.limit for m in margins) > 0.5
    assert report.certificate_limit / max(m.limit for m in margins) < 2
    # a single error just past the limit of its own sample fails, and one within it does not
    for more, right in ((0.9, True), (1.2, False)):
        wrong = gain * sums
        own = gain * bound.remaining + 5 * 2.0**-53 * abs(wrong[1000, 1])
        wrong[1000, 1] += more * own
        soundfile.write(out, wrong, RATE, subtype="DOUBLE")
        report = verify(str(source), str(out), convolver, window, options, gain=gain, seed=1)
        assert report.samples_passed == right


# --- samples past full scale -------------------------------------------------------------------


@pytest.fixture
def loud(tmp_path):
    """Return a sound of 16 bits that is past full scale three times when it is doubled."""
    source = tmp_path / "in.wav"
    audio = np.zeros(2000, np.int16)
    audio[[5, 700, 1999]] = -32768, 20_000, 16_384  # 16,384 is a sample past: 2^15
    audio[[6, 701]] = -16_384, 16_383
    soundfile.write(source, audio, RATE)
    return source


@pytest.mark.parametrize("engine", ["sparse", "partitioned"])
def test_limited_samples_are_counted_and_allowed_only_where_asked_for(loud, tmp_path, call, engine):
    out = tmp_path / "o.wav"
    outcome = run(Job(loud, out, ["delta"], Options(wet=2.0, clip="saturate", verify=True)))
    assert outcome.verified.limited == outcome.clipped == 3
    common = {"wet": 2.0, "engine": engine}
    report = check(loud, out, ["delta"], clip="saturate", **common)
    assert report.passed
    assert (report.limited, report.limited_passed) == (3, True)
    report = check(loud, out, ["delta"], clip="error", **common)
    assert not report.passed
    assert report.samples_passed
    assert report.failures == [
        "it has 3 samples past full scale, limited to it, but `clip='error'` allows none"
    ]
    arguments = ["verify", loud, out, "--ir", "delta", "--wet", "2"]
    assert "limited   3 samples past" in call(*arguments, "--clip", "saturate").err
    shown = call(*arguments, "--clip", "error", code=3).err
    assert "FAILED    3 samples past full scale, limited to it" in shown
    assert "but --clip error allows none" in shown
    call(*arguments, "--clip", "guard", code=3)


def test_a_limited_sample_below_full_scale_fails(loud, tmp_path):
    out = tmp_path / "o.wav"
    run(Job(loud, out, ["delta"], Options(wet=2.0, clip="saturate")))
    audio, _ = soundfile.read(out, dtype="int16")
    audio[700] -= 1
    soundfile.write(out, audio, RATE)
    report = check(loud, out, ["delta"], wet=2.0, clip="saturate")
    assert report.samples_failed_at == (700, 1)


@pytest.mark.parametrize("dither", ["none", "tpdf"])
def test_a_run_that_counts_its_limited_samples_wrongly_is_caught(
    loud, tmp_path, monkeypatch, dither
):
    from audioconv.files import writing

    true = writing.quantise
    options = Options(wet=2.0, clip="saturate", verify=True, dither=dither)
    found = run(Job(loud, tmp_path / "o.wav", ["delta"], options))
    assert found.clipped == found.verified.limited

    def forgetful(audio, bits, noise=0.0):
        integers, clipped = true(audio, bits, noise)
        return integers, max(0, clipped - 1)

    monkeypatch.setattr(writing, "quantise", forgetful)
    with pytest.raises(VerificationError, match=r"limited to it; the run limited \d+"):
        run(Job(loud, tmp_path / "wrong.wav", ["delta"], options))
    assert not (tmp_path / "wrong.wav").exists()


@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT"])
@pytest.mark.parametrize("precision", ["double", "single"])
def test_limited_samples_are_those_that_quantising_counts(tmp_path, noise, subtype, precision):
    """The bounds of both ends, and ties at them, are those of `quantise`."""
    source = tmp_path / "in.wav"
    audio = np.tanh(noise(3000, 2))
    audio[:4] = [[0.5], [-0.5], [0.5 - 2.0**-17], [-0.5 - 2.0**-17]]
    soundfile.write(source, audio, RATE, subtype="PCM_24")
    options = Options(wet=2.0, clip="saturate", verify=True, subtype=subtype, precision=precision)
    if precision == "single" and subtype in ("PCM_24", "PCM_32"):
        options = replace(options, subtype="PCM_16")
    outcome = run(Job(source, tmp_path / "o.wav", ["delta:delay=3S"], options))
    assert outcome.verified.limited == outcome.clipped
    assert (outcome.clipped > 100) == (subtype != "FLOAT")


# --- engines and levels ------------------------------------------------------------------------


def tone(frames):
    return 0.9 * np.sin(2 * np.pi * 440 * np.arange(frames) / RATE)[:, None]


@pytest.mark.parametrize(
    ("sound", "ir", "subtype"),
    pairwise(
        ["tone", "noise", "constant", "click"],
        ["delta:delay=7S", "noise:rt60=50ms", "ir.wav"],
        ["PCM_16", "FLOAT", "DOUBLE"],
    ),
)
def test_single_precision_of_any_engine_is_verified_by_any_other(
    tmp_path, noise, sound, ir, subtype
):
    """Of a tone, errors of a transform are no noise: largest by the count of their standard."""
    source, out = tmp_path / "in.wav", tmp_path / "o.wav"
    audio = {
        "tone": tone(30_000),
        "noise": np.tanh(noise(30_000, 1)),
        "constant": np.full((30_000, 1), 0.7),
        "click": np.eye(30_000, 1),
    }[sound]
    soundfile.write(source, 0.9 * audio, RATE)
    soundfile.write(tmp_path / "ir.wav", 0.02 * tone(900), RATE, subtype="FLOAT")
    irs = [ir.replace("ir.wav", str(tmp_path / "ir.wav"))]
    few = ir.startswith("delta")
    for made in ("overlap-add", "partitioned", "sparse", "direct"):
        options = {"precision": "single", "subtype": subtype, "overwrite": True}
        run(Job(source, out, irs, Options(engine=made, **options)))
        for engine in ("auto", "partitioned", "direct") if few else ("auto", "direct"):
            report = check(source, out, irs, engine=engine, **options)
            assert report.passed, (made, engine, report.failures)


@pytest.mark.parametrize("gain", [1.0, 0.25])
def test_another_engine_is_allowed_only_what_its_roundings_explain(tmp_path, gain):
    """100 times the error that is there, and still 90 dB under the sound, is caught."""
    source, out = tmp_path / "in.wav", tmp_path / "o.wav"
    soundfile.write(source, tone(30_000), RATE)
    common = {"precision": "single", "subtype": "DOUBLE"}
    run(Job(source, out, ["delta:delay=7S"], Options(engine="partitioned", **common)))
    audio, _ = soundfile.read(out)
    audio[12_345] += 3e-5
    soundfile.write(out, gain * audio, RATE, subtype="DOUBLE")
    report = check(source, out, ["delta:delay=7S"], gain=gain, **common)
    assert report.samples_failed_at == (12_345, 1)
    # 16 u sqrt(20), times the peak, and the bound of the single product
    unit = 2.0**-24
    expected = (EXPECTED * unit * np.sqrt(20) + 5 * unit) * 0.9 * gain
    assert report.samples_limit == pytest.approx(expected, rel=1e-3, abs=0)


def test_a_run_allows_no_engine_but_its_own(tmp_path, monkeypatch):
    """What is verified as it is made has no other's errors."""
    from audioconv.files import writing

    source = tmp_path / "in.wav"
    soundfile.write(source, tone(30_000), RATE)
    options = Options(precision="single", subtype="DOUBLE", verify=True)
    true = writing.Writer.encode

    def off(self, block, start):
        wrong = block.astype(np.float64)
        wrong[len(wrong) // 2] += 1e-6
        return true(self, wrong, start)

    monkeypatch.setattr(writing.Writer, "encode", off)
    with pytest.raises(VerificationError, match="frame"):
        run(Job(source, tmp_path / "o.wav", ["delta:delay=7S"], options))


@pytest.mark.parametrize("level", [1e-40, 1e-46, 1e-60, 1e-99])
@pytest.mark.parametrize("engine", ["sparse", "overlap-add", "direct"])
def test_faint_samples_in_double_are_verified_as_loud_ones_are(tmp_path, noise, level, engine):
    source, out = tmp_path / "in.wav", tmp_path / "o.wav"
    audio = np.tanh(noise(3000, 1))
    soundfile.write(source, 1.1 * level / np.abs(audio).max() * audio, RATE, subtype="DOUBLE")
    irs = ["multi-tap:delay=0,3S,gain=1,0.31"]
    run(Job(source, out, irs, Options(engine=engine)))
    assert check(source, out, irs, engine=engine).passed
    right, _ = soundfile.read(out)
    for wrong in (np.zeros_like(right), -right, np.roll(right, 1), right * (1 + 1e-6)):
        soundfile.write(out, wrong, RATE, subtype="DOUBLE")
        assert not check(source, out, irs, engine=engine).passed


@pytest.mark.parametrize("level", [1.0, 1e-20, 1e-36, 1e-44, 1e-60])
@pytest.mark.parametrize("engine", ["sparse", "overlap-add", "direct"])
def test_faint_samples_in_single_precision_are_no_false_alarm(tmp_path, noise, level, engine):
    source, out = tmp_path / "in.wav", tmp_path / "o.wav"
    soundfile.write(source, level * np.tanh(noise(3000, 1)), RATE, subtype="DOUBLE")
    irs = ["multi-tap:delay=0,3S,gain=1,0.31"]
    run(Job(source, out, irs, Options(engine=engine, precision="single", verify=True)))


@pytest.mark.parametrize(
    ("level", "gain", "precision", "message"),
    [
        (1.0, "1e-200", "double", "the largest tap of the impulse is 1e-200"),
        (1.0, "1e-310", "double", "the largest tap"),
        (1.0, "1e-31", "single", "one between 1e-30 and"),
        (1e-60, "1e-60", "double", "the largest sample times the largest tap is"),
        (1e98, "60dB", "double", "the largest sample times the largest tap is"),
    ],
)
def test_products_beyond_arithmetic_are_refused(tmp_path, noise, level, gain, precision, message):
    source, out = tmp_path / "in.wav", tmp_path / "o.wav"
    audio = np.tanh(noise(3000, 1))
    soundfile.write(source, level * audio / np.abs(audio).max(), RATE, subtype="DOUBLE")
    soundfile.write(out, np.zeros(3000), RATE, subtype="DOUBLE")
    with pytest.raises(FormatError, match=message):
        check(source, out, ["delta"], ir_gain=gain, precision=precision)


@pytest.mark.parametrize("field", ["guaranteed", "floor"])
def test_an_infinite_bound_lets_nothing_pass(tmp_path, monkeypatch, field):
    source, out = tmp_path / "in.wav", tmp_path / "o.wav"
    soundfile.write(source, tone(3000), RATE, subtype="DOUBLE")
    soundfile.write(out, -tone(3000), RATE, subtype="DOUBLE")
    chosen = Options(engine="direct")
    with Reader(str(source)) as reader:
        prepared = prepare(["delta"], chosen, reader.info)
    model = prepared.convolver.error_model()
    endless = replace(model, **{field: np.inf * np.ones_like(getattr(model, field))})
    monkeypatch.setattr(prepared.convolver, "error_model", lambda: endless)
    with pytest.raises(FormatError, match="is not finite, so that anything would pass"):
        verify(str(source), str(out), prepared.convolver, prepared.window, chosen)


# --- what the report claims --------------------------------------------------------------------


@pytest.mark.parametrize("precision", ["double", "single"])
def test_the_report_says_to_which_level_single_precision_proves_it(made, tmp_path, call, precision):
    source, hall, _ = made
    out = tmp_path / "o.wav"
    command = ["--ir", hall, "--wet", "0.25", "--precision", precision, "--subtype", "FLOAT"]
    brief = call("convolve", source, out, *command, "--verify").err
    to_level = ", beside a peak of " if precision == "single" else ""
    assert (to_level or "  proven  all ") in brief
    shown = call("convolve", source, out, *command, "--verify", "-yv").err
    report = check(source, out, [hall], wet=0.25, precision=precision, subtype="FLOAT")
    # before it is rounded
    assert report.peak == pytest.approx(np.abs(soundfile.read(out)[0]).max(), rel=2.0**-24)
    assert "are the convolution: folded modulo the random primes" in shown
    rows = [row.split("  ", 2)[2].strip() for row in shown.splitlines() if " proven " in row]
    assert len(rows) == 2
    if precision == "double":
        assert not any(row.startswith("to ") for row in rows)
        return
    peak = f"beside a peak of {20 * np.log10(report.peak):+.2f} dBFS: "
    # a run compares samples with the very sums that they are made of
    limits = (report.certificate_limit, report.quantisation)
    for row, limit in zip(rows, limits, strict=True):
        level, rest = row.split(", ", 1)
        assert rest.startswith(peak)
        # the primes, and with them the limit of the certificate, are others
        assert abs(float(level.split()[-2]) - 20 * np.log10(limit)) < 10


def test_notices_on_both_files_are_shown(call, samples, tmp_path):
    """Those of the input as `convolve` shows them, those of the output as `info` does."""
    cut, made = tmp_path / "cut.wav", tmp_path / "made.wav"
    cut.write_bytes((samples / "speech.wav").read_bytes()[:50_000])
    job = [cut, made, "--ir", samples / "hall.wav", "--allow-truncated"]
    shown = json.loads(call("convolve", *job, "--json").out)["notices"]
    assert len(shown) == 1
    made.write_bytes(made.read_bytes()[:-9])  # of the recipe, behind the samples
    shown += json.loads(call("info", made, "--json").out)["notices"]
    assert len(shown) == 2
    said = call("verify", *job, "--json")
    assert json.loads(said.out)["notices"] == shown
    assert [line.partition(": ")[2] for line in said.err.splitlines()[-2:]] == shown
    assert shown[0] in call("verify", *job, "--strict", code=1).err
    assert shown[0] not in call("verify", *job, "--quiet").err
