"""Whole files: exact by default, the level kept, the same as published results."""

import math
import os
import subprocess
import sys
import threading
import time

import numpy as np
import oracle
import pytest
import soundfile

from audioconv import api
from audioconv.engines import ENGINES
from audioconv.errors import AudioconvError, FormatError, LayoutError
from audioconv.job import Job, Options
from audioconv.render.run import run


def render(folder, source, irs, suffix=".wav", **options):
    out = folder / f"out{suffix}"
    irs = [str(ir) for ir in irs]
    outcome = run(Job(str(source), str(out), irs, Options(overwrite=True, **options)))
    audio, _ = soundfile.read(out, always_2d=True)
    return audio, outcome


@pytest.mark.parametrize(
    ("sound", "engine", "length"),
    [
        ("speech.wav", "auto", 66_150),
        ("speech.wav", "partitioned", 66_150),
        ("tabla.wav", "overlap-add", 66_150),
        ("tabla.wav", "direct", 40),
        ("tabla.wav", "sparse", 40),
        ("tabla.wav", "toeplitz", 40),
    ],
)
def test_16_bits_are_the_rounded_direct_sum_at_every_sample(
    samples, tmp_path, sound, engine, length
):
    """Whole numbers times whole numbers: float64 holds every sum, so the reference is exact.

    One sum in 2^15 lies halfway between two 16-bit values; an FFT's own rounding would send
    half of those to the other side.
    """
    frames = 30_000
    x, rate = soundfile.read(samples / sound, frames=frames, always_2d=True, dtype="int16")
    h, _ = soundfile.read(samples / "hall.wav", frames=length, always_2d=True, dtype="int16")
    soundfile.write(tmp_path / "in.wav", x, rate)
    soundfile.write(tmp_path / "ir.wav", h, rate)
    y, outcome = render(tmp_path, tmp_path / "in.wav", [tmp_path / "ir.wav"], engine=engine)
    assert not outcome.clipped
    assert outcome.gain_db == 0
    for channel in range(2):
        source = x[:, min(channel, x.shape[1] - 1)].astype(float)
        sums = np.convolve(source, h[:, channel].astype(float))
        assert np.abs(sums).max() < 2**53
        np.testing.assert_array_equal(y[:, channel] * 2**15, np.rint(sums / 2**15))


def test_the_sounds_above_hold_ties(samples):
    """The samples above do hold ties, so the test above can fail."""
    x, _ = soundfile.read(samples / "speech.wav", frames=30_000, dtype="int16")
    h, _ = soundfile.read(samples / "hall.wav", dtype="int16")
    sums = np.convolve(x.astype(float), h[:, 0].astype(float))
    assert np.count_nonzero(sums % 2**15 == 2**14) > 0


def test_published_convolution_of_speech_and_a_seminar_room(shared, tmp_path):
    """Equal within 1.05 steps of 16 bits, up to the one gain the publisher scaled it by."""
    audio = shared / "audio"
    golden, _ = soundfile.read(audio / "golden/speech_x_rir_seminar_GOLDEN.wav")
    y, outcome = render(
        tmp_path,
        audio / "speech_44k_mono16.wav",
        [audio / "rir_seminar_room_clap_44k_mono16.wav"],
        subtype="DOUBLE",
        verify=True,
    )
    assert outcome.verified.passed
    assert len(y) == len(golden) == 121_191
    gain = np.vdot(y[:, 0], golden) / np.vdot(y, y)
    assert np.abs(gain * y[:, 0] - golden).max() * 2**15 <= 1.05


REAL = {
    "stereo by mono room": ("guitar_em9_44k_stereo16.flac", "rir_living_room_44k_mono16.wav", 2),
    "stereo by true stereo": ("tabla_loop_44k_stereo16.flac", "rir_true_stereo_44k_4ch16.wav", 2),
    "mono into four": ("drum_roll_44k_mono16.flac", "rir_ambisonic_foa_44k_4ch16.wav", 4),
    "mono into eight": ("speech_16k_mono16.wav", "rir_16k_8ch16.wav", 8),
    "24 bits by 48 kHz": ("castanets_44k_mono24.wav", "rir_48k_mono_float32.wav", 1),
    "512 taps": ("guitar_em9_44k_stereo16.flac", "hp_comp_44k_stereo16.wav", 2),
    "headphones": ("speech_48k_mono16.wav", "hrir_az90_48k_stereo24.wav", 2),
}


@pytest.mark.parametrize("name", REAL)
def test_real_rooms_verify(shared, tmp_path, name):
    sound, room, channels = REAL[name]
    y, outcome = render(tmp_path, shared / "audio" / sound, [shared / "audio" / room], verify=True)
    assert outcome.verified.passed
    assert y.shape == (outcome.frames, channels)


def test_two_passes_are_one_with_both_impulses(samples, tmp_path):
    """A chain is folded first; passing the sound through twice gives the same, to rounding."""
    echo = "double-spike:delay=120ms,gain=0.7"
    hall = samples / "hall.wav"
    once, _ = render(tmp_path, samples / "speech.wav", [hall, echo], subtype="DOUBLE")
    render(tmp_path, samples / "speech.wav", [hall], subtype="DOUBLE")
    (tmp_path / "out.wav").rename(tmp_path / "first.wav")
    twice, _ = render(tmp_path, tmp_path / "first.wav", [echo], subtype="DOUBLE")
    x, _ = soundfile.read(samples / "speech.wav")
    h, _ = soundfile.read(hall)
    limit = 2 * oracle.tolerance(x, 1.7 * np.abs(h[:, 0]))
    np.testing.assert_allclose(once, twice, rtol=0, atol=limit)


def test_an_impulse_of_another_rate_is_resampled_with_a_notice(samples, tmp_path):
    rate = 48000
    n = np.arange(4800)
    taps = np.exp(-n / 400) * (1 - np.exp(-n / 40))  # smooth, so that 44.1 kHz holds all of it
    soundfile.write(tmp_path / "ir.wav", taps, rate, subtype="DOUBLE")
    _, outcome = render(tmp_path, samples / "speech.wav", [tmp_path / "ir.wav"])
    assert any("resampled from 48000 to 44100 Hz" in notice for notice in outcome.notices)
    with pytest.raises(AudioconvError, match="is 48000 Hz but the input is 44100 Hz"):
        render(tmp_path, samples / "speech.wav", [tmp_path / "ir.wav"], rate_mismatch="error")


def test_dry_wet_and_gains_are_edits_of_the_impulse(samples, tmp_path):
    x, _ = soundfile.read(samples / "tabla.wav", always_2d=True)
    y, outcome = render(
        tmp_path,
        samples / "tabla.wav",
        ["delta:delay=3S"],
        wet=0.5,
        dry=-0.25,
        subtype="DOUBLE",
    )
    expected = np.zeros((len(x) + 3, 2))
    expected[: len(x)] -= 0.25 * x
    expected[3:] += 0.5 * x
    np.testing.assert_array_equal(y, expected)
    assert outcome.engine == "sparse"


def test_layouts_that_do_not_fit_leave_no_file(samples, tmp_path):
    soundfile.write(tmp_path / "ir.wav", np.ones((10, 3)), 44100)
    with pytest.raises(LayoutError, match="3 channels does not fit a sound of 2"):
        run(Job(str(samples / "guitar.wav"), str(tmp_path / "o.wav"), [str(tmp_path / "ir.wav")]))
    assert not (tmp_path / "o.wav").exists()


def test_a_job_and_its_outcome_pickle(samples, tmp_path):
    import pickle

    job = Job(str(samples / "speech.wav"), str(tmp_path / "o.wav"), ["delta"])
    outcome = run(pickle.loads(pickle.dumps(job)))
    assert pickle.loads(pickle.dumps(outcome)) == outcome


def test_guard_brings_the_peak_to_just_full_scale(samples, tmp_path):
    y, outcome = render(tmp_path, samples / "guitar.wav", ["delta"], wet=10.0)
    x, _ = soundfile.read(samples / "guitar.wav", always_2d=True)
    highest, lowest = x.max() * 10, x.min() * 10
    gain = min((1 - 2.0**-15) / highest, 1 / -lowest)
    assert outcome.gain_db == pytest.approx(20 * np.log10(gain), abs=1e-12)
    assert max(y.max() + 2.0**-15, -y.min()) == 1
    assert np.abs(y - 10 * gain * x).max() <= 2.0**-16 + 1e-12
    assert outcome.clipped == 0


def test_guard_leaves_alone_what_fits(samples, tmp_path):
    x = np.array([[-(2**15)], [2**15 - 1]], np.int16)
    soundfile.write(tmp_path / "full.wav", x, 44100)
    y, outcome = render(tmp_path, tmp_path / "full.wav", ["delta"])
    np.testing.assert_array_equal(y * 2**15, x)
    assert not outcome.notices
    y, outcome = render(tmp_path, tmp_path / "full.wav", ["delta"], wet=-1.0)
    assert len(outcome.notices) == 1  # -1 turned round is one step above the largest value


@pytest.mark.parametrize("length", ["500S", "3000S", "9000S"])
@pytest.mark.parametrize("engine", ["overlap-add", "sparse", "partitioned"])
def test_a_length_is_that_many_frames_of_the_whole(samples, tmp_path, length, engine):
    x, rate = soundfile.read(samples / "tabla.wav", frames=5000)
    soundfile.write(tmp_path / "in.wav", x, rate)
    ir = "double-spike:delay=2000S,gain=0.5"
    whole, _ = render(tmp_path, tmp_path / "in.wav", [ir], engine=engine)
    part, outcome = render(tmp_path, tmp_path / "in.wav", [ir], engine=engine, length=length)
    frames = int(length[:-1])
    assert outcome.frames == len(part) == frames
    expected = np.pad(whole, ((0, max(0, frames - len(whole))), (0, 0)))[:frames]
    np.testing.assert_array_equal(part, expected)


def test_no_thread_writes_when_a_run_has_failed(samples, tmp_path, monkeypatch):
    """What it writes to is closed, and its number may be another file's."""
    pwrite = os.pwrite

    def slow(*arguments):
        time.sleep(0.05)
        return pwrite(*arguments)

    monkeypatch.setattr(os, "pwrite", slow)
    x, rate = soundfile.read(samples / "tabla.wav")
    soundfile.write(tmp_path / "in.wav", np.tile(x, (20, 1)), rate)
    with pytest.raises(AudioconvError, match="would clip"):
        render(
            tmp_path,
            tmp_path / "in.wav",
            ["double-spike:delay=1s,gain=0.9"],
            clip="error",
            wet=3.0,
            threads=4,
        )
    assert not [t for t in threading.enumerate() if t.name.startswith("convolve")]
    assert [path.name for path in tmp_path.iterdir()] == ["in.wav"]


@pytest.mark.parametrize("threads", [1, 2, 8])
def test_the_first_error_is_told_by_any_number_of_threads(samples, tmp_path, threads):
    """The sound clips before it breaks off."""
    x, rate = soundfile.read(samples / "tabla.wav", dtype="int16")
    soundfile.write(tmp_path / "in.wav", np.tile(x, (9, 1)), rate)
    data = (tmp_path / "in.wav").read_bytes()
    run_it = [sys.executable, "-m", "audioconv", "convolve", "-", str(tmp_path / "out.wav")]
    how = ["--ir", "delta", "--wet", "9", "--clip", "error", "--threads", str(threads)]
    done = subprocess.run([*run_it, *how], input=data[:-3], capture_output=True)
    assert done.returncode == 1
    assert b"would clip" in done.stderr


TINY = {"double": 1e-150, "single": 1e-30}
"""Samples under these, an FFT takes for zero."""


@pytest.fixture
def of_level(tmp_path, noise):
    """Return a function that makes a sound and an impulse with given peaks."""

    def make(input_peak, impulse_peak):
        paths = []
        for name, frames, peak in (("x", 3000, input_peak), ("h", 100, impulse_peak)):
            audio = noise(frames, 1)
            paths.append(tmp_path / f"{name}.wav")
            soundfile.write(paths[-1], peak * audio / np.abs(audio).max(), 48000, "DOUBLE")
        return paths

    return make


@pytest.mark.parametrize("engine", ["overlap-add", "partitioned"])
@pytest.mark.parametrize("precision", TINY)
def test_a_sound_that_is_all_too_small_for_an_fft_is_reported_once(
    precision, engine, of_level, tmp_path
):
    limit = TINY[precision]
    source, impulse = of_level(limit / 2, 1.0)
    how = {"engine": engine, "precision": precision, "subtype": "DOUBLE"}
    made, outcome = render(tmp_path, source, [impulse], **how)
    assert not made.any()
    assert outcome.notices == [
        f"the output is silent: no sample of the input reaches {limit:g}, and the {engine} engine "
        "takes smaller ones for zero; raise the level, or use `engine='direct'`"
    ]
    with pytest.raises(AudioconvError, match="the output is silent"):
        render(tmp_path, source, [impulse], **how, strict=True)
    made, outcome = render(tmp_path, source, [impulse], **{**how, "engine": "direct"})
    assert made.any()
    assert not outcome.notices
    source, impulse = of_level(limit * 2, 1.0)
    made, outcome = render(tmp_path, source, [impulse], **how)
    assert made.any()
    assert not outcome.notices


def test_an_impulse_that_is_all_too_small_is_reported_where_it_is_lost(of_level, tmp_path):
    source, impulse = of_level(1.0, 1e-200)
    how = {"engine": "overlap-add", "subtype": "DOUBLE"}
    made, outcome = render(tmp_path, source, [impulse], **how)
    assert made.any()  # in double precision, only the sound is compared with the limit
    assert [n.partition(":")[0] for n in outcome.notices] == ["the impulse is almost silent"]
    made, outcome = render(tmp_path, source, [impulse], **how, precision="single")
    assert not made.any()
    assert [n.partition(" reaches ")[0] for n in outcome.notices[1:]] == [
        "the output is silent: no sample of the impulse"
    ]


@pytest.mark.parametrize("subtype", ["PCM_16", "DOUBLE"])
def test_a_silent_sound_is_no_news(of_level, tmp_path, subtype):
    source, impulse = of_level(0.0, 0.01)
    _, outcome = render(tmp_path, source, [impulse], subtype=subtype)
    assert not outcome.notices


# Impulses through which nothing is heard

SILENT = "impulse {} is silent: nothing is heard through it"
PARTLY = "impulse {} is silent for {}: nothing is heard through it there"
QUIET = "the impulse is almost silent: its level is {} dB; raise it, as with `ir_gain='peak'`"


@pytest.fixture
def stereo_hall(tmp_path, noise):
    """Return a function that writes an impulse whose channels have a certain root energy each."""

    def write(name, *gains):
        taps = noise(200, len(gains))
        path = tmp_path / f"{name}.wav"
        taps *= np.array(gains) / np.sqrt((taps**2).sum(axis=0))
        soundfile.write(path, taps, 48000, "DOUBLE")
        return path

    return write


@pytest.fixture
def stereo_sound(tmp_path, noise):
    path = tmp_path / "x.wav"
    soundfile.write(path, 0.1 * np.tanh(noise(3000, 2)), 48000, "PCM_16")
    return path


@pytest.mark.parametrize(
    ("gains", "options", "expected"),
    [
        ((0, 0), {}, SILENT),
        ((0,), {}, SILENT),
        ((0,), {"dry": 1.0}, SILENT),
        ((0,), {"ir_gain": "web-audio"}, SILENT),
        ((0, 0, 0, 0), {"map": "true-stereo"}, SILENT),
        ((1, 0), {}, PARTLY.format("{}", "channel 2 of 2")),
        ((0, 1), {"ir_gain": "l2"}, PARTLY.format("{}", "channel 1 of 2")),
        ((1, 0, 1, 0), {"map": "true-stereo"}, PARTLY.format("{}", "channel 2 of 2")),
        ((1, 0, 0, 1), {"map": "true-stereo"}, None),  # stereo, written as a matrix
        ((1, 0, 0, 1, 0, 0), {"map": "matrix"}, PARTLY.format("{}", "channels 2 and 3 of 3")),
        (
            (1, 1),
            {"map": "matrix=1:1,2:4"},
            "no path of the matrix leads to channels 2, 3 of the output: silent",
        ),
        ((1, 1), {}, None),
        ((2.0**-16, 2.0**-17), {"subtype": "DOUBLE"}, QUIET.format(-96.3)),
        ((1e-200, 0.5e-200), {"subtype": "DOUBLE"}, QUIET.format(-4000.0)),
        ((2.0**-14, 2.0**-14), {"subtype": "DOUBLE"}, None),
        ((1e-6, 1e-6), {"ir_gain": "l2"}, None),
        ((1, 1), {"ir_gain": "-120dB", "subtype": "FLOAT"}, QUIET.format("-120.0")),
        (
            (0.1, 1e-6),
            {},
            "the impulse is almost silent for channel 2 of 2: its level is -120.0 dB there",
        ),
    ],
)
def test_a_silent_impulse_is_noted(stereo_hall, stereo_sound, tmp_path, gains, options, expected):
    impulse = stereo_hall("h", *gains)
    made, outcome = render(tmp_path, stereo_sound, [impulse], **options)
    notices = [notice for notice in outcome.notices if "guard" not in notice]
    assert notices == ([expected.format(impulse)] if expected else [])
    assert made.any() == (any(gains) or "dry" in options)
    if expected:
        with pytest.raises(AudioconvError, match="silent"):
            render(tmp_path, stereo_sound, [impulse], **options, strict=True)


def test_the_silent_impulse_of_a_chain_is_named(stereo_hall, stereo_sound, tmp_path):
    good, silent = stereo_hall("good", 0.1), stereo_hall("silent", 0, 0)
    for chain in ([good, silent], [silent, good], [good, silent, "delta"]):
        made, outcome = render(tmp_path, stereo_sound, chain)
        assert not made.any()
        assert outcome.notices == [SILENT.format(silent)]
    left, right = stereo_hall("left", 1, 0), stereo_hall("right", 0, 1)
    made, outcome = render(tmp_path, stereo_sound, [left, right])
    assert not made.any()
    assert outcome.notices == [
        PARTLY.format(left, "channel 2 of 2"),
        PARTLY.format(right, "channel 1 of 2"),
    ]


def test_a_chain_is_as_quiet_as_it_is_together(stereo_hall, stereo_sound, tmp_path):
    soft, softer, loud = (stereo_hall(*one) for one in (("a", 1e-3), ("b", 1e-4), ("c", 1e5)))
    how = {"subtype": "DOUBLE"}
    assert not render(tmp_path, stereo_sound, [soft], **how)[1].notices
    (notice,) = render(tmp_path, stereo_sound, [soft, softer], **how)[1].notices
    assert notice.startswith("the impulse is almost silent: its level is -1")
    assert not render(tmp_path, stereo_sound, [soft, softer, loud], **how)[1].notices


def test_silence_cannot_be_normalised(stereo_hall, stereo_sound, tmp_path):
    silent = stereo_hall("silent", 0)
    for norm in ("peak", "l1", "l2", "dc", "response"):
        message = f"the impulse's {norm} is 0, so it cannot be scaled by it; use a gain"
        with pytest.raises(AudioconvError, match=message):
            render(tmp_path, stereo_sound, [silent], ir_gain=norm)


@pytest.mark.parametrize("dither", ["none", "tpdf"])
@pytest.mark.parametrize(
    ("suffix", "subtype", "bits"),
    [
        (".wav", "PCM_16", 16),
        (".wav", "PCM_24", 24),
        (".wav", "FLOAT", None),
        (".flac", "PCM_16", 16),
        (".aiff", "PCM_16", 16),
    ],
)
def test_an_output_below_one_step_is_noted(of_level, tmp_path, suffix, subtype, bits, dither):
    """An impulse of one tap, so that the peaks multiply; dither keeps what is below a step."""
    source, _ = of_level(0.5, 1.0)
    step = 2.0 ** (1 - (bits or 16))
    for factor, lost in [(0.9, True), (0.3, True), (1.1, False)]:
        how = {"wet": 2 * factor * step, "subtype": subtype, "dither": dither}
        made, outcome = render(tmp_path, source, ["delta"], suffix=suffix, **how)
        found = [notice for notice in outcome.notices if "dither" not in notice]
        if bits and lost and dither == "none":
            (notice,) = found
            peak, level = (20 * math.log10(value) for value in (factor * step, step))
            assert notice == (
                f"the peak of {peak:.1f} dBFS is less than one step of {subtype} ({level:.1f} "
                "dBFS), so that hardly anything is left; raise the level, or "
                f"{'write a WAV with' if suffix == '.flac' else 'use'} `subtype='FLOAT'`"
            )
            assert np.abs(made).max() <= step
        else:
            assert not found
        if dither == "none":
            assert made.any() == (factor > 0.5 or not bits)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("precision", ["double", "single"])
def test_a_sound_too_loud_for_the_engine_is_refused_by_name_and_frame(
    tmp_path, engine, precision, recwarn
):
    """Wherever it is in the file, and in a block of whatever engine."""
    source, out = tmp_path / "xl.wav", tmp_path / "out.wav"
    sound = np.full((150_007, 2), 0.1)
    sound[150_000, 1] = -1.2e308
    sound[150_003, 0] = 1.7e308
    soundfile.write(source, sound, 48000, "DOUBLE")
    soundfile.write(tmp_path / "ir.wav", np.full((30, 1), 0.25), 48000, "DOUBLE")
    options = Options(engine=engine, precision=precision)
    job = Job(str(source), str(out), [str(tmp_path / "ir.wav")], options)
    place = r"xl.wav reaches 1.2e\+308 at frame 150000 \(3.125000 s\), full scale"
    with pytest.raises(FormatError, match=f"{place} being 1; this convolution takes .* at most "):
        run(job)
    assert not out.exists()
    soundfile.write(out, np.zeros((150_036, 2)), 48000, "DOUBLE")
    with pytest.raises(FormatError, match=place):
        api.verify_file(job)
    assert not recwarn.list
