"""`audioconv sweep` and `audioconv deconvolve`, from files to files."""

import io
import json
import sys

import numpy as np
import pytest
import soundfile

from audioconv.files import Reader, read_all, recipe_fields
from impulses.measurement.sweeps import Sweep

RATE = 48000


def recipe(path):
    with Reader(str(path)) as reader:
        list(reader.blocks(2**16))
        return recipe_fields(reader.metadata)


@pytest.fixture
def sweep(call, tmp_path):
    path = tmp_path / "sweep.wav"
    call("sweep", path, "--kind", "synchronised", "--duration", "1s", "--silence", "500ms")
    return path


def record(path, sweep, response, gain=1.0, tail=0):
    """Write the recording of the sweep in a room with a given response, as a float file."""
    played = read_all(str(sweep))[0][:, 0]
    heard = np.convolve(played, response)[: len(played) + tail] * gain
    soundfile.write(path, heard, RATE, "DOUBLE")
    return path


def test_a_sweep_file_holds_its_parameters(sweep):
    made = Sweep(**recipe(sweep)["sweep"])
    assert (made.kind, made.duration, made.rate) == ("synchronised", 1.0, RATE)
    played = read_all(str(sweep))[0]
    # 24 bits round by half a step
    np.testing.assert_allclose(played, made.samples(), rtol=0, atol=2.0**-24)


def test_the_same_sweep_is_the_same_bytes(call, sweep, tmp_path):
    call("sweep", tmp_path / "b.wav", "--kind=synchronised", "--duration=1", "--silence=0.5")
    assert sweep.read_bytes() == (tmp_path / "b.wav").read_bytes()


def test_a_wire_is_a_spike_at_its_latency(call, sweep, tmp_path):
    wire = np.zeros(201)
    wire[200] = -0.5
    result = call(
        "deconvolve",
        record(tmp_path / "wire.wav", sweep, wire),
        sweep,
        tmp_path / "ir.wav",
        *("--length", "100ms", "--json"),
    )
    found = json.loads(result.out)
    assert found["latency_s"] == pytest.approx(200 / RATE, abs=1e-9)
    assert any("polarity" in note for note in found["notices"])
    taps = read_all(str(tmp_path / "ir.wav"))[0][:, 0]
    origin = round(found["origin_s"] * RATE)
    assert np.argmax(np.abs(taps)) == origin + 200
    # the band's share of a spike: 20 Hz to 20 kHz of 24, faded over a twelfth of an octave
    assert taps[origin + 200] == pytest.approx(-0.5 * 19400 / 24000, rel=0.02)
    assert recipe(tmp_path / "ir.wav")["deconvolve"]["parameters"] == {"length": 0.1}


def test_a_hall_comes_back(call, tmp_path, samples):
    """In the band, the hall used for convolution: the demonstration in the README."""
    sweep, heard, out = (tmp_path / f"{name}.wav" for name in ("sweep", "heard", "out"))
    call("sweep", sweep, "--duration", "2s", "--rate", "44100", "--silence", "1s")
    hall = samples / "hall.wav"
    call("convolve", sweep, heard, "--ir", hall, "--subtype", "FLOAT")
    found = json.loads(
        call("deconvolve", heard, sweep, out, "--length=1.5s", "--before=0.2", "--json").out
    )
    origin = round(found["origin_s"] * 44100)
    taps, true = read_all(str(out))[0], read_all(str(hall))[0]
    size = 2**18
    bins = np.fft.rfftfreq(size, 1 / 44100)
    band = (bins > 200) & (bins < 15000)
    for channel in range(2):
        one, other = (np.fft.rfft(x[:, channel], size)[band] for x in (taps, true))
        one = one * np.exp(2j * np.pi * bins[band] * origin / 44100)
        # 200 ms keep of the ringing at 20 Hz all but some 1e-5; regularised by -80 dB, 1e-4
        assert np.linalg.norm(one - other) < 2e-4 * np.linalg.norm(other)


def test_harmonics_are_files_of_their_own(call, tmp_path):
    full = tmp_path / "full.wav"
    options = ("--kind=synchronised", "--duration=4", "--silence=0.5", "--level=0")
    assert "use a lower level, or" in call("sweep", full, *options, code=2).err
    call("sweep", full, *options, "--subtype=DOUBLE")
    soundfile.write(tmp_path / "bent.wav", *bent(full), "DOUBLE")
    result = call(
        "deconvolve",
        tmp_path / "bent.wav",
        full,
        tmp_path / "ir.wav",
        *("--harmonics", "3", "--before", "200ms", "--json"),
    )
    found = json.loads(result.out)
    names = ["ir.wav", "ir-h2.wav", "ir-h3.wav"]
    assert [found["output"], *found["harmonics"]] == [str(tmp_path / name) for name in names]
    for name, level in zip(names, (1.0375, 0.05, 0.0125), strict=True):
        taps = read_all(str(tmp_path / name))[0][:, 0]
        at = np.exp(-2j * np.pi * 1000 * np.arange(len(taps)) / RATE)
        assert abs(taps @ at) == pytest.approx(level, rel=2e-3)


def test_the_band_of_each_order_is_reported(call, tmp_path, sweep):
    heard = record(tmp_path / "heard.wav", sweep, np.array([1.0]))
    options = ("--harmonics", "3", "--before", "50ms")
    result = call("deconvolve", heard, sweep, tmp_path / "ir.wav", *options)
    lines = [" ".join(line.split()) for line in result.err.splitlines()]
    assert "band 20 to 20000 Hz, flat from 25 to 18877 Hz" in lines
    assert "harmonic 2 limited to 40 to 24000 Hz" in lines
    assert "harmonic 3 limited to 60 to 24000 Hz" in lines
    result = call("deconvolve", heard, sweep, tmp_path / "ir.wav", *options, "--json", "-y")
    found = json.loads(result.out)
    assert found["harmonic_bands_hz"] == [[40, 24000], [60, 24000]]
    assert found["flat_hz"] == pytest.approx([25.2, 18877.5], abs=0.1)


def bent(path):
    x = read_all(str(path))[0][:, 0]
    return x + 0.1 * x**2 + 0.05 * x**3, RATE


def test_a_sweep_of_another_program_will_do(call, sweep, tmp_path):
    """Without parameters the band is estimated from the samples; harmonics need the parameters."""
    plain = tmp_path / "plain.wav"
    played = read_all(str(sweep))[0]
    soundfile.write(plain, played, RATE, "PCM_24")
    heard = record(tmp_path / "heard.wav", sweep, np.array([0.0, 1.0]))
    call("deconvolve", heard, plain, tmp_path / "ir.wav")
    result = call("deconvolve", heard, plain, tmp_path / "b.wav", "--harmonics=2", code=2)
    assert "does not contain the parameters of its sweep" in result.err
    longer = tmp_path / "longer.wav"
    soundfile.write(longer, np.pad(read_all(str(heard))[0], ((0, 100), (0, 0))), RATE, "PCM_24")
    result = call("deconvolve", sweep, longer, tmp_path / "swapped.wav", code=2)
    assert f"{sweep} is a sweep, and {longer} contains no parameters of one;" in result.err


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda x: x[:30000], "end"),
        (lambda x: 0 * x, "silent"),
        (lambda x: np.random.default_rng(0).standard_normal(len(x)) / 10, "not found"),
    ],
)
def test_bad_recordings_are_refused(call, sweep, tmp_path, spoil, message):
    heard = spoil(read_all(str(sweep))[0][:, 0])
    soundfile.write(tmp_path / "heard.wav", heard, RATE, "DOUBLE")
    result = call("deconvolve", tmp_path / "heard.wav", sweep, tmp_path / "ir.wav", code=1)
    assert message in result.err
    assert not (tmp_path / "ir.wav").exists()


def test_a_clipped_recording_is_a_notice(call, sweep, tmp_path):
    heard = np.clip(read_all(str(sweep))[0][:, 0] * 3, -1, 1)
    soundfile.write(tmp_path / "heard.wav", heard, RATE, "PCM_16")
    result = call("deconvolve", tmp_path / "heard.wav", sweep, tmp_path / "ir.wav")
    assert "notice: " in result.err
    assert "clip" in result.err


def test_rates_that_differ_are_an_error(call, sweep, tmp_path):
    soundfile.write(tmp_path / "heard.wav", read_all(str(sweep))[0], 44100)
    result = call("deconvolve", tmp_path / "heard.wav", sweep, tmp_path / "ir.wav", code=1)
    assert "44100 Hz but the excitation is 48000 Hz" in result.err


def test_nothing_is_overwritten_unasked(call, sweep, tmp_path):
    heard = record(tmp_path / "heard.wav", sweep, np.array([1.0]))
    third = tmp_path / "ir-h3.wav"
    third.write_bytes(b"mine")
    call("deconvolve", heard, sweep, tmp_path / "ir.wav", "--harmonics=3", code=2)
    assert third.read_bytes() == b"mine"
    assert not (tmp_path / "ir.wav").exists()
    call("deconvolve", heard, sweep, sweep, "-y", code=2)
    call("deconvolve", heard, sweep, "-", "--harmonics=2", code=2)
    call("deconvolve", heard, sweep, "", "--harmonics=2", code=2)
    call("deconvolve", heard, sweep, "-", "--json", code=2)
    call("deconvolve", "-", "-", tmp_path / "ir.wav", code=2)


def test_a_recipe_with_an_unknown_kind_of_sweep(call, tmp_path, sweep):
    """A sweep file of a later version, or one that was modified."""
    data = sweep.read_bytes()
    assert data.count(b"synchronised") == 1
    strange = tmp_path / "strange.wav"
    strange.write_bytes(data.replace(b"synchronised", b"sinchronised"))
    result = call("deconvolve", sweep, strange, tmp_path / "ir.wav", code=1)
    assert "a sweep that this version does not support" in result.err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--kind", "chirp"], "'chirp' is not one of exponential, synchronised, mls"),
        (["--start", "high"], "'high' is not a frequency; write 500Hz or 4.3kHz"),
        (["--end", "30kHz"], "at a rate of 48000 Hz it must"),
        (["--duration", "0"], "duration is 0 s; it must be above 0 s"),
        (["--level", "3"], "level is 3 dB; it must be between -120 and 0 dB"),
    ],
)
def test_errors_of_sweeps(call, tmp_path, options, message):
    assert message in call("sweep", tmp_path / "s.wav", *options, code=2).err
    assert not (tmp_path / "s.wav").exists()


def test_a_sweep_may_come_through_a_pipe(call, sweep, tmp_path, monkeypatch):
    heard = record(tmp_path / "heard.wav", sweep, np.array([0.0, 1.0]))
    options = ("--harmonics=2", "--before=0.01")
    call("deconvolve", heard, sweep, tmp_path / "a.wav", *options)
    with sweep.open("rb") as file:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(file))
        call("deconvolve", heard, "-", tmp_path / "b.wav", *options)
    for suffix, order in ((".wav", 1), ("-h2.wav", 2)):
        one, other = (tmp_path / f"{name}{suffix}" for name in "ab")
        assert one.read_bytes() == other.read_bytes()
        assert recipe(one)["order"] == order


def test_an_impulse_is_longer_than_its_latency(call, sweep, tmp_path):
    heard = record(tmp_path / "heard.wav", sweep, np.eye(1, 2401, 2400)[0])
    result = call("deconvolve", heard, sweep, tmp_path / "ir.wav", "--length=20ms", code=1)
    assert "length is 0.02 s, but the sound arrives only after 0.05 s" in result.err
    call("deconvolve", heard, sweep, tmp_path / "ir.wav", "--length=0", code=1)
    call("deconvolve", heard, sweep, tmp_path / "ir.wav", "--length=60ms")
