"""Deconvolution against known impulse responses and formulas of sweeps; faulty recordings."""

import itertools
import math
import re
import shlex

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import UNIT
from scipy.signal import fftconvolve
from typer.testing import CliRunner

from audioconv.cli import app
from audioconv.errors import AudioconvError
from audioconv.ir.measure import deconvolve_files, sweep_recipe
from audioconv.ir.save import save
from impulses import Impulse, ImpulseError
from impulses.measurement.deconvolution import deconvolve
from impulses.measurement.sweeps import Sweep

RATE = 16000
EXACT = {"regularisation": -math.inf, "band": (0, RATE / 2)}
ROOMS = [
    "rir_living_room_44k_mono16.wav",
    "rir_seminar_room_clap_44k_mono16.wav",
    "rir_48k_mono_float32.wav",
    "rir_16k_8ch16.wav",
    "rir_true_stereo_44k_4ch16.wav",
]


def room(rate=RATE, frames=4000, rt60=0.15, channels=1, seed=0, tail=0.2):
    """A direct sound after 10 ms, then decaying noise."""
    noise = np.random.default_rng(seed).standard_normal((frames, channels))
    taps = tail * noise * 10 ** (-3 * np.arange(frames) / (rt60 * rate))[:, np.newaxis]
    return np.concatenate([np.zeros((rate // 100, channels)), np.ones((1, channels)), taps])


def record(played, taps, *, level=0.5, noise=None, seed=1):
    """Return the recording of a microphone while the file plays: convolved, scaled and noisy.

    The second result is the factor of the scaling; `noise` is in dB relative to the root mean
    square.
    """
    heard = np.stack([fftconvolve(played[:, 0], tap)[: len(played)] for tap in taps.T], axis=1)
    factor = level / np.abs(heard).max()
    heard *= factor
    if noise is not None:
        rms = np.sqrt(np.mean(heard**2)) * 10 ** (noise / 20)
        heard += rms * np.random.default_rng(seed).standard_normal(heard.shape)
    return heard, factor


def from_origin(impulse):
    return impulse.taps[impulse.origin :]


def window(frequency, rate, low, high):
    """Return the band of an impulse as documented, implemented independently."""
    bottom = np.clip((frequency - low) / (low * (2 ** (1 / 3) - 1)), 0, 1)
    top = np.clip((high - frequency) / (high * (1 - 2 ** (-1 / 12))), 0, 1)
    return np.sin(np.pi / 2 * bottom) ** 2 * np.sin(np.pi / 2 * top) ** 2


def in_band(taps, rate, low, high):
    """Return taps limited to the band, with the ringing before them at the end."""
    size = 1 << (3 * rate).bit_length()
    shape = window(np.fft.rfftfreq(size, 1 / rate), rate, low, high)
    return np.fft.irfft(np.fft.rfft(taps, size, axis=0) * shape[:, np.newaxis], size, axis=0)


def response(impulse, size):
    """Return the spectrum of an impulse whose time zero is its origin."""
    taps = np.zeros((size, impulse.taps.shape[1]))
    taps[: impulse.frames] = impulse.taps
    return np.fft.rfft(np.roll(taps, -impulse.origin, axis=0), axis=0)


# The impulse


@given(
    taps=st.lists(st.floats(-1, 1), min_size=1, max_size=60),
    seed=st.integers(0, 2**32 - 1),
    channels=st.integers(1, 3),
)
@settings(max_examples=40, deadline=None)
def test_a_clean_pair_recovers_the_impulse(taps, seed, channels):
    rng = np.random.default_rng(seed)
    played = rng.uniform(-1, 1, (3000, 1))
    known = np.zeros((200, channels))
    known[3] = 100  # so loud that the others stay below the direct sound
    known[4 : 4 + len(taps)] += np.reshape(taps, (-1, 1)) * (1 + np.arange(channels))
    heard = np.stack([np.convolve(played[:, 0], tap) for tap in known.T], axis=1)
    found = deconvolve(heard, played, RATE, length=200 / RATE, **EXACT)
    # transforms of N points err by a few u log2 N of the largest, and the quietest frequency of
    # the excitation magnifies that
    spectrum = np.abs(np.fft.rfft(played[:, 0], 1 << 16))
    bound = 16 * UNIT * 13 * spectrum.max() / spectrum.min() * np.linalg.norm(known)
    np.testing.assert_allclose(found.impulse.taps, known, rtol=0, atol=bound)
    assert (found.impulse.origin, found.latency) == (0, 3 / RATE)


def test_regularisation_is_conj_x_over_the_power_and_beta():
    rng = np.random.default_rng(3)
    played = rng.uniform(-1, 1, (2000, 1))
    heard = np.concatenate([played, np.zeros((800, 1))])
    found = deconvolve(
        heard, played, RATE, regularisation=-10, band=(0, RATE / 2), length=800 / RATE
    )
    # at 4800 points; the mean that beta stands below is over the frequencies of a transform
    # from 0 to half the rate, and lags beyond 800 are not kept
    size = 4800
    power = np.abs(np.fft.rfft(played[:, 0], size)) ** 2
    expected = np.fft.irfft(power / (power + 0.1 * power.mean()), size)
    np.testing.assert_allclose(found.impulse.taps[:, 0], expected[:800], rtol=0, atol=1e-12)


@pytest.mark.parametrize("kind", ["exponential", "synchronised"])
@pytest.mark.parametrize("known_sweep", [True, False])
def test_an_impulse_is_recovered_down_to_the_noise_and_its_harmonics_do_not_reach_it(
    kind, known_sweep
):
    check_recovery(room(), RATE, kind, known_sweep)


@pytest.mark.parametrize("name", ROOMS[:3])
def test_a_real_room_is_recovered_down_to_the_noise(shared, name):
    taps, rate = soundfile.read(shared / "audio" / name, always_2d=True)
    check_recovery(taps, rate, "exponential", True)


def check_recovery(taps, rate, kind, known_sweep):
    cubic, high = 0.02, rate / 6.5  # three times which is below half the rate
    sweep = Sweep(kind=kind, rate=rate, duration=4, start=20, end=high, silence=2.2, level=-6)
    played = sweep.samples()
    clean, factor = record(played + cubic * played**3, taps)
    noise = 1e-3 * np.sqrt(np.mean(clean**2))
    heard = clean + noise * np.random.default_rng(5).standard_normal(clean.shape)
    band = None if known_sweep else (20, high)
    found = deconvolve(
        heard, played, rate, sweep=sweep if known_sweep else None, band=band, before=0.1
    )
    assert found.notes == ()
    assert found.band == (20, high)

    # sin^3 is 3/4 sin less sin 3 phi / 4
    amplitude = 10 ** (-6 / 20)
    first = 1 + 0.75 * cubic * amplitude**2
    expected = in_band(factor * first * taps, rate, 20, high)
    got = from_origin(found.impulse)
    residual = np.sqrt(np.mean((got - expected[: len(got)]) ** 2))
    # white noise through the inverse W / X: its power times the mean of the squared magnitude
    size = 1 << 20
    power = np.abs(np.fft.rfft(played[:, 0], size)) ** 2
    frequency = np.fft.rfftfreq(size, 1 / rate)
    gain = np.mean(window(frequency, rate, 20, high) ** 2 / power)
    # 2 B T degrees of freedom, 10000 and more, so that the power varies by 1.4 %, and three
    # times that is 0.2 dB
    assert abs(20 * math.log10(residual / (noise * math.sqrt(gain)))) < 0.2
    # as the formula of the sweep promises: abs(X)^2 = A^2 fs^2 L / (4 f); the
    # ripples of its ends come to a few hundredths
    formula = 4 * np.mean(window(frequency, rate, 20, high) ** 2 * frequency)
    formula /= amplitude**2 * rate**2 * sweep.growth
    assert abs(10 * math.log10(gain / formula)) < 0.2


@pytest.mark.parametrize("kind", ["exponential", "synchronised"])
def test_harmonics_are_those_of_the_polynomial(kind):
    sweep = Sweep(
        kind=kind, rate=48000, duration=5, start=20, end=7000, level=0, silence=0.5, fade_in=0.2
    )
    played = sweep.samples()
    path = np.array([0, 0, 0, 1, 0, -0.4])
    heard = np.convolve((played + 0.1 * played**2 + 0.05 * played**3)[:, 0], path)[: len(played)]
    found = deconvolve(heard[:, np.newaxis], played, 48000, sweep=sweep, harmonics=4, before=0.2)
    # the mean of x^2 is an offset; that orders overlap would be another note
    assert [note.split(" has ")[0] for note in found.notes] == ["channel 1 of the recording"]
    assert len(found.harmonics) == 3
    assert {h.frames for h in found.harmonics} == {found.impulse.frames}
    size = 1 << 17
    frequency = np.fft.rfftfreq(size, 1 / 48000)
    own = np.fft.rfft(path, size)
    # x^2 = 1/2 - cos(2 phi) / 2 and -cos is a sine a quarter late; x^3 = 3/4 sin - sin(3 phi) / 4
    expected = [1 + 0.05 * 0.75, -0.05j, -0.05 / 4, 0]
    # the rest is the ringing of 20 Hz that 0.2 s do not hold, of the order's own height;
    # without `before` it is 100 times as much
    for order, (impulse, level) in enumerate(
        zip((found.impulse, *found.harmonics), expected, strict=True), 1
    ):
        inside = (frequency > 200 * order) & (frequency < 6000 * order)
        ratio = response(impulse, size)[inside, 0] / own[inside]
        assert np.abs(ratio - level).max() < (2e-4, 2e-5, 2e-6, 2e-7)[order - 1], order


@pytest.mark.parametrize("kind", ["exponential", "synchronised"])
@pytest.mark.parametrize(("duration", "invented"), [(5, -40), (10, -50)])
def test_low_harmonics_are_not_invented(kind, duration, invented):
    """An odd nonlinearity has no second harmonic, and no third below the band of the third."""
    sweep = Sweep(kind=kind, rate=44100, duration=duration, silence=2)
    played = sweep.samples()
    heard = played + 0.1 * played**3
    found = deconvolve(heard, played, 44100, sweep=sweep, harmonics=3)
    assert found.notes == ()
    assert found.impulse.origin == 4410  # 2 periods of 20 Hz
    assert found.harmonic_bands == ((40, 22050), (60, 22050))
    size = 1 << 18
    second, third = (
        20 * np.log10(np.abs(response(impulse, size)[:, 0]) + 1e-12) for impulse in found.harmonics
    )
    # the ringing cut off was as loud as -9 dB at 45 Hz; the rest is the start of the sweep, and
    # decreases with its length
    at = np.round(np.array([45, 60, 100]) * size / 44100).astype(int)
    assert (second[at] < invented).all()
    amplitude = 10 ** (-6 / 20)
    inside = np.round(np.array([100, 400, 5000]) * size / 44100).astype(int)
    expected = 20 * np.log10(0.1 / 4 * amplitude**2)
    np.testing.assert_allclose(third[inside], expected, atol=0.2)


def test_time_before_leaves_half_of_the_way_to_the_next_harmonic():
    sweep = Sweep(rate=8000, duration=1, start=50, end=3900, lead=0, silence=0.5)
    played = sweep.samples()
    for harmonics in (2, 3, 6):
        found = deconvolve(played, played, 8000, sweep=sweep, harmonics=harmonics)
        between = sweep.growth * math.log(harmonics / (harmonics - 1))
        assert found.impulse.origin == round(min(2 / 50, between / 2) * 8000), harmonics
    assert round(between / 2 * 8000) < 2 / 50 * 8000
    found = deconvolve(played, played, 8000, sweep=sweep, harmonics=6, before=0)
    assert found.impulse.origin == round(50 * 8000 / 3900)


def test_harmonics_of_a_quieter_sweep_are_those_at_its_level():
    sweep = Sweep(kind="synchronised", rate=48000, duration=3, end=7000, level=-20, silence=0.5)
    played = sweep.samples()
    found = deconvolve(played + played**2, played, 48000, sweep=sweep, harmonics=2)
    size = 1 << 17
    middle = round(1000 * size / 48000)
    assert abs(response(found.harmonics[0], size)[middle, 0] + 0.05j) < 2e-4


def test_time_reversal_with_farinas_envelope_agrees():
    sweep = Sweep(rate=RATE, duration=4, start=20, end=7000, lead=0, silence=1, level=0)
    played = sweep.samples()
    heard, _ = record(played, room())
    found = deconvolve(heard, played, RATE, sweep=sweep)
    t = np.arange(sweep.active_frames) / RATE
    # reversed, the frequency is f2 e^(-t/L), and its power is divided by 4 f / L
    inverse = played[: len(t), 0][::-1] * np.exp(-t / sweep.growth) * 4 * 7000
    inverse /= sweep.growth * RATE**2
    farina = fftconvolve(heard[:, 0], inverse)[len(t) - 1 :]
    size = 1 << 15
    spectral = np.fft.rfft(from_origin(found.impulse)[:16000, 0], size)
    timed = np.fft.rfft(farina[:16000], size)
    frequency = np.fft.rfftfreq(size, 1 / RATE)
    inside = (frequency > 60) & (frequency < 6000)
    # his spectrum is flat to the ripples of the sweep, which fall to parts in a thousand here
    error = np.abs(timed - spectral)[inside] / np.abs(spectral[inside]).max()
    assert error.max() < 0.004


def test_ringing_before_the_direct_sound():
    """A wire: 2.5 ms before the tap, only the missing 20 Hz are above -70 dB."""
    sweep = Sweep(rate=48000, duration=4, silence=0.5)
    played = sweep.samples()
    found = deconvolve(np.roll(played, 2400, axis=0), played, 48000, sweep=sweep)
    taps = found.impulse.taps[:, 0]
    assert taps.argmax() == 2400
    # 0 to 22.6 Hz is missing: a sinc of height 2 * 22.6 / 48000 = -60.5 dB beside 1
    assert 20 * np.log10(np.abs(taps[: 2400 - 240]).max() / taps.max()) < -58
    fast = np.diff(taps)  # which takes 20 Hz down by 52 dB
    assert 20 * np.log10(np.abs(fast[: 2400 - 120]).max() / taps.max()) < -70
    energy = np.sum(taps[: 2400 - 48] ** 2) / np.sum(taps**2)
    assert 10 * np.log10(energy) < -32


def test_a_wire_gives_one_tap_of_its_gain_with_all_of_its_ringing():
    sweep = Sweep(rate=48000, duration=4, silence=0.5)
    played = sweep.samples()
    found = deconvolve(-0.25 * played, played, 48000, sweep=sweep)
    assert found.impulse.origin == 120  # 50 periods of 20 kHz
    assert found.latency == 0
    frequency = np.fft.rfftfreq(1 << 17, 1 / 48000)
    for before, lowest, error in ((0, 2000, 5e-3), (1, 40, 1e-4)):
        found = deconvolve(-0.25 * played, played, 48000, sweep=sweep, before=before, length=0.5)
        inside = (frequency > lowest) & (frequency < 18800)
        # half of the contribution of the missing 23 Hz is 23 / (pi f) at f, and less is cut off
        off = response(found.impulse, 1 << 17)[inside, 0] / -0.25 - 1
        assert np.abs(off).max() < error
    assert found.impulse.origin == 48000


# Maximum length sequences


@pytest.mark.parametrize("repeats", [2, 5])
@pytest.mark.parametrize("offset", [0.0, 0.1])
def test_mls_recovers_the_impulse_with_any_offset(repeats, offset):
    sweep = Sweep(kind="mls", rate=RATE, duration=0.5, repeats=repeats, lead=0.1, silence=0.3)
    played = sweep.samples()
    taps = room(frames=2000, channels=2)
    heard = np.stack([np.convolve(played[:, 0], tap)[: len(played)] for tap in taps.T], axis=1)
    found = deconvolve(heard + offset, played, RATE, sweep=sweep, regularisation=-math.inf)
    assert len(found.notes) == (2 if offset else 0)  # of two channels
    expected = np.zeros((found.impulse.frames, 2))
    expected[: len(taps)] = taps
    # all frequencies are as loud but that of 0, whose error becomes the pedestal that is
    # taken off: transforms of N points, some u log2 N each
    bound = 64 * UNIT * 13 * np.linalg.norm(taps) * (1 + offset * sweep.period)
    np.testing.assert_allclose(found.impulse.taps, expected, rtol=0, atol=bound)


def test_mls_averages_its_periods():
    residuals = []
    for repeats in (2, 17):
        sweep = Sweep(kind="mls", rate=RATE, duration=0.5, repeats=repeats)
        heard, factor = record(sweep.samples(), room())
        heard += 1e-3 * np.random.default_rng(2).standard_normal(heard.shape)
        got = from_origin(deconvolve(heard, sweep.samples(), RATE, sweep=sweep).impulse)[:4001]
        residuals.append(np.std(got[:, 0] - factor * room()[:4001, 0]))
    # one period and sixteen: a quarter, to the chance of 4000 values, 1.6 % of each
    assert residuals[0] / residuals[1] == pytest.approx(4, rel=0.1)


# Takes


def takes(number, *, kind="exponential", noise=0.0, seed=2, **fields):
    """Return a sweep, and its recording in a room with white noise."""
    sweep = Sweep(kind=kind, rate=RATE, duration=1, silence=0.75, repeats=number, **fields)
    heard, _ = record(sweep.samples(), room())
    return sweep, heard + noise * np.random.default_rng(seed).standard_normal(heard.shape)


@pytest.mark.parametrize("kind", ["exponential", "synchronised"])
def test_repeated_sweeps_give_the_impulse_of_one(kind):
    single, heard = takes(1, kind=kind)
    one = deconvolve(heard, single.samples(), RATE, sweep=single, before=0.1, length=0.5)
    sweep, heard = takes(3, kind=kind)
    found = deconvolve(heard, sweep.samples(), RATE, sweep=sweep, before=0.1, length=0.5)
    assert (found.notes, found.takes, one.takes, one.spread) == ((), 3, 1, None)
    assert (found.latency, found.impulse.origin) == (one.latency, one.impulse.origin)
    # the ends of the recording are elsewhere, where the room is below -100 dB
    peak = np.abs(one.impulse.taps).max()
    np.testing.assert_allclose(found.impulse.taps, one.impulse.taps, rtol=0, atol=1e-5 * peak)
    # but for the end of the room, below -100 dB, before the sweeps that follow
    assert found.spread < -100


@pytest.mark.parametrize("take", [None, 2])
@pytest.mark.parametrize("before", [6400, 40000])
def test_the_reverberation_of_a_take_is_not_in_the_next(before, take):
    """Recorded for longer before the first sweep than there is silence between two."""
    sweep, heard = takes(3)
    late = np.concatenate([np.zeros((before, 1)), heard])
    wanted, found = (
        deconvolve(sound, sweep.samples(), RATE, sweep=sweep, take=take) for sound in (heard, late)
    )
    assert (found.notes, found.spread is None) == ((), take is not None)
    assert take or found.spread < -100
    shift = found.impulse.origin + before - wanted.impulse.origin
    taps = wanted.impulse.taps
    got = np.pad(found.impulse.taps, ((0, len(taps) + shift), (0, 0)))[shift:][: len(taps)]
    # but for the sweep's sidelobes, which end where the response begins
    np.testing.assert_allclose(got, taps, rtol=0, atol=2e-3 * np.abs(taps).max())
    onset = shift + np.abs(taps).argmax() - RATE // 20
    assert np.abs(found.impulse.taps[:onset]).max() < 1e-3 * np.abs(taps).max()


def test_takes_are_averaged_and_their_spread_is_the_noise_of_one():
    residuals, clean = [], []
    for number in (1, 16):
        sweep, heard = takes(number, noise=1e-3)
        found = deconvolve(heard, sweep.samples(), RATE, sweep=sweep, before=0.1, length=0.5)
        sweep, quiet = takes(number)
        exact = deconvolve(quiet, sweep.samples(), RATE, sweep=sweep, before=0.1, length=0.5)
        residuals.append(np.std(found.impulse.taps - exact.impulse.taps))
        clean.append(quiet)
    # a quarter, to the chance of the noise of 8000 lags
    assert residuals[0] / residuals[1] == pytest.approx(4, rel=0.1)
    # from shortly before a sweep until shortly before the next: the frames that are averaged
    average = clean[0][sweep.lead_frames - RATE // 100 : len(clean[0]) - RATE // 100]
    level = 20 * math.log10(1e-3 / np.sqrt(np.mean(average**2)))
    # 15 * 36000 degrees of freedom, and the average has its own 1 / 16 of the noise
    assert found.spread == pytest.approx(level, abs=0.05)
    assert found.takes == 16


def test_a_take_is_chosen():
    sweep, heard = takes(3)
    cycle = sweep.single.frames - sweep.lead_frames
    spoilt = heard.copy()
    spoilt[sweep.lead_frames + 4000 : sweep.lead_frames + 8000] += 0.1  # a door, in the first
    options = {"sweep": sweep, "before": 0.1, "length": 0.5}
    for number in (2, 3):
        found = deconvolve(spoilt, sweep.samples(), RATE, **options, take=number)
        alone = deconvolve(
            heard[(number - 1) * cycle :][: sweep.single.frames],
            sweep.single.samples(),
            RATE,
            **(options | {"sweep": sweep.single}),
        )
        assert (found.notes, found.takes, found.spread) == ((), 1, None)
        peak = np.abs(alone.impulse.taps).max()
        np.testing.assert_allclose(found.impulse.taps, alone.impulse.taps, atol=1e-5 * peak)
    (note,) = deconvolve(spoilt, sweep.samples(), RATE, **options).notes
    assert re.search(r"3 times.* differ by -1\d\.\d dB; choose one with `take=1`$", note)
    for wrong in (0, 4):
        with pytest.raises(ImpulseError, match=f"take is {wrong}, but the recording contains 3"):
            deconvolve(heard, sweep.samples(), RATE, **options, take=wrong)


def saved(path, samples, sweep, **changes):
    """Write a sound with the parameters of a sweep, some of them changed."""
    recipe = {"sweep": sweep_recipe(sweep)["sweep"] | changes}
    save(Impulse(samples, sweep.rate), str(path), recipe=recipe, overwrite=True)
    return str(path)


def test_a_sweep_file_of_an_older_version_has_one_sweep_whatever_its_repeats(tmp_path):
    sweep, heard = takes(1)
    old = saved(tmp_path / "old.wav", sweep.samples(), sweep, repeats=2)
    recording = saved(tmp_path / "heard.wav", heard, sweep)
    found, _ = deconvolve_files(recording, old, {"before": ["100ms"], "length": ["500ms"]})
    exact = deconvolve(heard, sweep.samples(), RATE, sweep=sweep, before=0.1, length=0.5)
    np.testing.assert_array_equal(found.impulse.taps, exact.impulse.taps)
    assert found.band == exact.band == (20, 7600)  # known from its parameters


def test_a_stereo_sweep_is_one_channel_or_the_message_has_the_command(tmp_path):
    sweep, heard = takes(1)
    played = sweep.samples()
    recording = saved(tmp_path / "heard.wav", heard, sweep)
    alike = saved(tmp_path / "alike.wav", np.hstack([played, played]), sweep)
    found, _ = deconvolve_files(recording, alike)
    exact = deconvolve(heard, played, RATE, sweep=sweep)
    np.testing.assert_array_equal(found.impulse.taps, exact.impulse.taps)
    differ = saved(tmp_path / "left only.wav", np.hstack([played, 0 * played]), sweep)
    with pytest.raises(AudioconvError, match="has 2 channels, and they differ") as error:
        deconvolve_files(recording, differ)
    command = re.search("`audioconv (.*)`", str(error.value))[1]
    arguments = shlex.split(command.replace("one.wav", shlex.quote(str(tmp_path / "one.wav"))))
    assert CliRunner().invoke(app, arguments).exit_code == 0
    found, _ = deconvolve_files(recording, str(tmp_path / "one.wav"), {"band": ["20", "7600"]})
    assert found.latency == exact.latency


@pytest.mark.parametrize("known", [True, False])
def test_a_sweep_played_several_times_by_hand_is_averaged(known):
    """At any distances, after any time, and beside a sweep that is not whole."""
    sweep, heard = takes(1)
    heard = heard[:, 0]
    parts = [np.zeros(3000), heard, np.zeros(1234), heard, np.zeros(777), heard, heard[:12000]]
    recording = np.concatenate(parts)[:, np.newaxis]
    description = sweep if known else None
    options = {"sweep": description, "before": 0.1, "length": 0.5, "band": (20, 7600)}
    found = deconvolve(recording, sweep.samples(), RATE, **options)
    assert found.takes == 3
    assert "contains the excitation 3 times, 2.327 s, 2.299 s apart" in found.notes[0]
    one = deconvolve(heard[:, np.newaxis], sweep.samples(), RATE, **options)
    assert found.latency == pytest.approx(one.latency + 3000 / RATE, abs=1e-12)
    expected = one.impulse.taps[one.impulse.origin - 500 :][:4000]
    got = found.impulse.taps[found.impulse.origin + 3000 - 500 :][:4000]
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-4 * np.abs(expected).max())


def test_an_mls_of_several_periods_has_no_takes_to_choose():
    sweep, heard = takes(2, kind="mls")
    with pytest.raises(ImpulseError, match="take is 1, but the excitation repeats without a pause"):
        deconvolve(heard, sweep.samples(), RATE, sweep=sweep, take=1)


def test_takes_that_are_missing_are_noted():
    sweep, heard = takes(4)
    cycle = sweep.single.frames - sweep.lead_frames
    found = deconvolve(heard[: -cycle - 100], sweep.samples(), RATE, sweep=sweep, before=0.1)
    assert found.takes == 3
    assert found.notes[0].startswith("recording contains 3 of the 4 times that the excitation")


def test_harmonics_of_averaged_takes():
    results = []
    for number in (1, 3):
        sweep = Sweep(rate=RATE, duration=3, silence=0.75, repeats=number, end=3500)
        played = sweep.samples()
        bent = played + 0.1 * played**3
        results.append(deconvolve(bent, played, RATE, sweep=sweep, harmonics=3, length=0.5))
    for one, several in zip(results[0].harmonics, results[1].harmonics, strict=True):
        peak = np.abs(results[0].harmonics[1].taps).max()
        np.testing.assert_allclose(several.taps, one.taps, rtol=0, atol=1e-3 * peak)


@pytest.mark.parametrize("lead", [0, 100, 12000, 20000])
def test_a_foreign_sequence_of_one_period_is_averaged_where_it_is_looped(lead):
    """As our own of as many periods, whenever the recording starts; frames after it do no harm."""
    whole = Sweep(kind="mls", rate=RATE, duration=1, repeats=5, lead=0, silence=0.5)
    heard, factor = record(whole.samples(), room(), noise=-40)
    own = deconvolve(heard, whole.samples(), RATE, sweep=whole).impulse
    one = whole.samples()[: whole.period]
    heard = np.concatenate([np.zeros((lead, 1)), heard])
    found = deconvolve(heard, one, RATE, band=(0, RATE / 2))
    assert (found.notes, found.takes) == ((), 4)
    # noise is relative to the recording with its silence; to the chance of 16000 frames
    level = -40 - 10 * math.log10(whole.frames / whole.active_frames)
    assert found.spread == pytest.approx(level, abs=0.1)
    peak = factor * room()[RATE // 100, 0]
    # the first whole period begins 10 ms late, when it arrives
    late = lead + RATE // 100 if lead > whole.period // 2 else 0
    first = 0 if late else lead + RATE // 100
    assert found.latency == first / RATE
    taps = found.impulse.taps[found.impulse.origin + first :][:4000]
    expected = own.taps[own.origin + RATE // 100 :][:4000]
    if lead == 0:  # the same frames, but for a level of 0 Hz
        np.testing.assert_allclose(taps, expected, rtol=0, atol=1e-9 * peak)
    # the noise of a period beside the energy of the room, and a quarter of it in the average
    energy = np.sum((factor * room()[RATE // 100 :]) ** 2)
    noise = np.mean((taps - factor * room()[RATE // 100 :][:4000]) ** 2) * whole.period
    assert 10 * math.log10(noise / energy) == pytest.approx(level - 10 * math.log10(4), abs=0.3)
    with pytest.raises(ImpulseError, match="take is 2, but the excitation repeats without"):
        deconvolve(heard, one, RATE, take=2)


@pytest.mark.parametrize("order", [14, 17])
def test_a_foreign_sequence_of_one_period_needs_no_more_than_its_decay(order):
    """Its lowest frequency is one over its length; the ringing of that is no fault."""
    rate = 48000
    sequence = Sweep(
        kind="mls", rate=rate, duration=(2**order - 1) / rate, repeats=1, lead=0, silence=0
    ).samples()
    padded = np.concatenate([sequence, np.zeros((rate // 2, 1))])
    heard, factor = record(padded, room(rate))
    found = deconvolve(heard, sequence, rate)
    assert found.notes == ()
    # the noise of a single period, without its lowest frequencies
    taps = from_origin(found.impulse)[: rate // 4]
    expected = np.zeros(taps.shape)
    known = factor * room(rate)
    expected[: len(known)] = known
    assert 10 * math.log10(np.sum((taps - expected) ** 2) / np.sum(expected**2)) < -15


def test_a_recording_that_cuts_a_foreign_sequence_needs_its_decay():
    sequence = Sweep(kind="mls", rate=48000, duration=2.7, repeats=1, lead=0, silence=0).samples()
    heard, _ = record(np.concatenate([sequence, np.zeros((1000, 1))]), room(48000))
    notes = deconvolve(heard, sequence, 48000).notes
    (note,) = (note for note in notes if note.startswith("recording ends"))
    assert re.search(
        r"ends \d+\.?\d* ms after the sweep, but the response needs \d+\.?\d* ms", note
    )


# Time and band


@pytest.mark.parametrize("delay", [0, 3, 40, 1600])
def test_latency_is_kept(delay):
    sweep = Sweep(rate=RATE, duration=1, start=50, silence=1)
    played = sweep.samples()
    found = deconvolve(np.roll(played, delay, axis=0), played, RATE, sweep=sweep)
    assert found.latency == delay / RATE
    assert from_origin(found.impulse)[:, 0].argmax() == delay
    assert found.impulse.origin == max(0, round(50 * RATE / 7600) - delay)
    # the ringing at 50 Hz has 0.2 to 6 ms, or 100
    assert [note.split(",")[0] for note in found.notes] == (
        [] if delay == 1600 else ["the low end rings before the impulse"]
    )


def test_length_is_the_time_recorded_after_the_excitation_unless_it_is_given():
    sweep = Sweep(kind="mls", rate=RATE, duration=1, repeats=1, silence=0.75)
    heard, _ = record(sweep.samples(), room(channels=3))
    assert deconvolve(heard, sweep.samples(), RATE).impulse.taps.shape == (12000, 3)
    assert deconvolve(heard, sweep.samples(), RATE, length=0.1).impulse.taps.shape == (1600, 3)
    with pytest.raises(ImpulseError, match="length is -1 s"):
        deconvolve(heard, sweep.samples(), RATE, length=-1)


@pytest.mark.parametrize("kind", ["exponential", "synchronised", "mls"])
@pytest.mark.parametrize(("start", "end"), [(20, 7000), (100, 2000)])
def test_the_band_is_found_from_the_excitation(kind, start, end):
    sweep = Sweep(kind=kind, rate=RATE, duration=4, start=start, end=end)
    heard, _ = record(sweep.samples(), room())
    low, high = deconvolve(heard, sweep.samples(), RATE).band
    if kind == "mls":
        assert (low < 1, high) == (True, RATE / 2)
    else:  # two parts of a 48th of an octave, and four of slope at an end
        assert abs(math.log2(low / start)) < 1 / 8
        assert abs(math.log2(high / end)) < 1 / 8


# Faulty recordings


@pytest.fixture(scope="module")
def sweep():
    return Sweep(rate=RATE, duration=3, silence=1)


@pytest.fixture(scope="module")
def played(sweep):
    return sweep.samples()


@pytest.fixture(scope="module")
def good(played):
    return record(played, room(), noise=-60)[0]


def only_note(heard, played, sweep, start):
    (note,) = deconvolve(heard, played, sweep.rate, sweep=sweep, before=0.1).notes
    assert note.startswith(start), note
    return note


@pytest.mark.parametrize("kind", ["exponential", "synchronised", "mls"])
@pytest.mark.parametrize("name", ROOMS)
def test_good_recordings_of_real_rooms_have_no_notes(shared, name, kind):
    taps, rate = soundfile.read(shared / "audio" / name, always_2d=True)
    sweep = Sweep(kind=kind, rate=rate, duration=3, silence=2.2)
    heard, _ = record(sweep.samples(), taps[:, :2], noise=-60)
    found = deconvolve(heard, sweep.samples(), rate, sweep=sweep, before=0.1)
    assert found.notes == ()
    assert found.decay_range > 60
    assert kind == "mls" or deconvolve(heard, sweep.samples(), rate, before=0.1).notes == ()


@pytest.mark.parametrize("kind", ["exponential", "synchronised", "mls"])
@pytest.mark.parametrize("bits", [16, 24])
def test_a_good_recording_and_a_wire_in_few_bits_have_no_notes(kind, bits):
    sweep = Sweep(kind=kind, rate=RATE, duration=3, silence=1)
    played = np.round(sweep.samples() * 2 ** (bits - 1)) / 2 ** (bits - 1)
    for heard in (played, record(played, room(), noise=-60)[0]):
        heard = np.round(heard * 2 ** (bits - 1)) / 2 ** (bits - 1)
        assert deconvolve(heard, played, RATE, sweep=sweep, before=0.1).notes == ()


@pytest.mark.parametrize("known_sweep", [True, False])
@pytest.mark.parametrize("kind", ["exponential", "mls"])
def test_another_sound_is_not_taken_for_the_excitation(kind, known_sweep, samples):
    sweep = Sweep(kind=kind, rate=RATE, duration=3, silence=1)
    speech = soundfile.read(samples / "speech.wav", always_2d=True)[0][:, :1]
    for other in (np.random.default_rng(0).standard_normal((sweep.frames, 1)), speech):
        heard = np.resize(other, (sweep.frames, 1))
        with pytest.raises(ImpulseError, match=r"not found in the recording: .* under 20 dB; give"):
            deconvolve(heard, sweep.samples(), RATE, sweep=sweep if known_sweep else None)


def test_a_noisy_recording_is_noted(sweep, played):
    heard, _ = record(played, room(), noise=-10)
    note = only_note(heard, played, sweep, "recording is noisy: the response rises")
    assert 20 < float(re.search(r"rises ([\d.]+) dB", note)[1]) < 45


def test_decay_range_follows_the_noise(sweep, played):
    ranges = [
        deconvolve(record(played, room(), noise=noise)[0], played, RATE, sweep=sweep).decay_range
        for noise in (-20, -40, -60)
    ]
    # 20 dB less noise is 20 dB more range; a median of 300 blocks varies by some tenths
    np.testing.assert_allclose(np.diff(ranges), 20, atol=0.5)


@pytest.mark.parametrize("gain", [1.05, 2, 10])
def test_a_clipped_recording_is_noted_with_its_first_flat_top(sweep, played, gain):
    heard, _ = record(played, room(), level=gain)
    clipped = np.clip(heard, -1, 1)
    runs, at = [], 0
    for value, run in itertools.groupby(clipped[:, 0]):
        length = len(list(run))
        if abs(value) == 1 and length >= 3:
            runs.append(at)
        at += length
    note = deconvolve(clipped, played, RATE, sweep=sweep).notes[0]
    assert note.startswith("recording is clipped: ")
    count, first = re.search(r"clipped: (\d+) flat tops?, the first at ([\d.]+) s", note).groups()
    assert float(first) == pytest.approx(runs[0] / RATE, abs=5e-4)
    assert int(count) == len(runs)


def test_silence_is_refused_and_a_silent_channel_noted(sweep, played, good):
    with pytest.raises(ImpulseError, match="recording is silent from end to end; check"):
        deconvolve(np.zeros((8000, 2)), played, RATE, sweep=sweep)
    with pytest.raises(ImpulseError, match="excitation is silent from end to end; check"):
        deconvolve(good, np.zeros((8000, 1)), RATE)
    only_note(np.hstack([good, 0 * good]), played, sweep, "channel 2 of the recording is silent")


def test_a_low_level_is_noted(sweep, played, good):
    only_note(good / 500, played, sweep, "recording peaks at -60.0 dBFS, under -50 dBFS; raise")


def test_an_offset_is_noted(sweep, played, good):
    note = only_note(good + 0.05, played, sweep, "channel 1 of the recording has an offset of 0.05")
    assert "over -40 dB" in note


def test_inverted_polarity_is_noted(sweep, played):
    taps = np.abs(room())
    assert deconvolve(record(played, taps)[0], played, RATE, sweep=sweep, before=0.1).notes == ()
    only_note(record(played, -taps)[0], played, sweep, "polarity is inverted: the peak is -")
    taps[RATE // 100 - 2] = -0.7  # before the peak, as a loudspeaker rings
    assert deconvolve(record(played, -taps)[0], played, RATE, sweep=sweep, before=0.1).notes == ()


def test_a_recording_and_an_excitation_in_the_wrong_order(played, good):
    with pytest.raises(ImpulseError, match="give the recording first and the sweep second"):
        deconvolve(played, good, RATE)


def test_a_recording_that_starts_late(sweep, played, good):
    # after 0.3 s of the 0.5 s of silence: nothing is lost but time zero
    found = deconvolve(good[4800:], played, RATE, sweep=sweep)
    assert found.notes[0].startswith("recording starts 0.290 s into the silence before the sweep")
    assert found.latency == pytest.approx(0.01 - 0.3, abs=1e-9)
    whole = deconvolve(good, played, RATE, sweep=sweep)
    first, second = (
        d.impulse.taps[d.impulse.origin + round(d.latency * RATE) :][:4000] for d in (found, whole)
    )
    assert np.abs(first - second).max() < 1e-3 * np.abs(second).max()
    with pytest.raises(ImpulseError, match=r"starts 0\.4\d\d s into the excitation, over 1%"):
        deconvolve(good[16000:], played, RATE, sweep=sweep)


def test_a_recording_that_ends_early(sweep, played, good):
    with pytest.raises(ImpulseError, match=r"ends 0\.[56]\d\d s before the excitation does, over"):
        deconvolve(good[: -16000 - 8000], played, RATE, sweep=sweep)
    note = only_note(good[:-15950], played, sweep, "recording ends ")
    # 3.1 ms short and 50 frames late, of the two periods of 20 Hz that its low end needs
    assert re.search(r"needs 0\.100 s to fall by 30 dB; record for 0\.1\d\d s longer$", note)
    mls = Sweep(kind="mls", rate=RATE, duration=1, silence=0.5)
    with pytest.raises(ImpulseError, match=r"ends 0\.500 s before the excitation does"):
        deconvolve(mls.samples()[:-16000], mls.samples(), RATE, sweep=mls)


def at_speed(sweep, speed):
    """Return the sweep by its formula, without fades, as recorded at another speed."""
    frames = round(sweep.frames / speed)
    t = np.arange(frames) / sweep.rate * speed - sweep.lead
    low, growth = sweep.band[0], sweep.growth
    sound = np.sin(2 * np.pi * low * growth * np.expm1(np.clip(t, 0, sweep.seconds) / growth))
    return 0.5 * np.where((t >= 0) & (t < sweep.seconds), sound, 0)[:, np.newaxis]


@pytest.mark.parametrize(("true", "taken"), [(48000, 44100), (44100, 48000), (88200, 44100)])
@pytest.mark.parametrize("kind", ["exponential", "synchronised"])
def test_a_recording_at_another_speed_names_both_rates(kind, true, taken):
    # at a 2 % slower end, so that no part of it is above half the rate
    sweep = Sweep(kind=kind, rate=RATE, duration=3, end=7000, silence=1)
    heard, _ = record(at_speed(sweep, taken / true), room(), noise=-60)
    message = f"{taken / true:.4g} times the speed .* {true} Hz taken for {taken} Hz; set both"
    with pytest.raises(ImpulseError, match=message):
        deconvolve(heard, sweep.samples(), RATE, sweep=sweep)


def test_an_mls_at_another_speed_names_both_rates():
    from scipy.signal import resample

    sweep = Sweep(kind="mls", rate=RATE, duration=1, lead=0, silence=0.5, repeats=1)
    heard, _ = record(sweep.samples(), room())
    slow = resample(
        np.pad(heard, ((0, 147 - len(heard) % 147), (0, 0))), (len(heard) // 147 + 1) * 160
    )
    with pytest.raises(ImpulseError, match="48000 Hz taken for 44100 Hz"):
        deconvolve(slow, sweep.samples(), RATE, sweep=sweep)


@pytest.mark.parametrize("ppm", [-900, -400, 400, 900])
def test_a_drifting_clock_is_noted(ppm):
    sweep = Sweep(rate=48000, duration=10, silence=1)
    heard, _ = record(at_speed(sweep, 1 / (1 + ppm * 1e-6)), room(48000, tail=0.03), noise=-60)
    note = only_note(heard, sweep.samples(), sweep, "recording's clock is")
    # the finest step is 1 / (2 ln 2 L f2) = 25 ppm
    assert abs(int(re.search(r"is ([+-]\d+) ppm", note)[1]) - ppm) <= 25


@pytest.mark.parametrize("percent", [-6, -1, 0.2, 1, 6])
@pytest.mark.parametrize("kind", ["exponential", "synchronised"])
def test_a_speed_off_by_some_percent_is_noted(kind, percent):
    sweep = Sweep(kind=kind, rate=RATE, duration=5, end=7000, silence=1)
    speed = 1 + percent / 100
    for taps in (np.ones((1, 1)), room(tail=0.03)):
        heard, _ = record(at_speed(sweep, speed), taps, noise=-60)
        note = only_note(heard, sweep.samples(), sweep, "recording runs at ")
        # the finest step is 1 / (2 ln 2 L f2) = 0.00012 here, and four digits are given
        assert float(re.search(r"at ([\d.]+) times", note)[1]) == pytest.approx(speed, abs=4e-4)


@pytest.mark.parametrize("ppm", [-100, -50, 50, 100])
def test_a_drift_too_small_to_detect_causes_no_other_notes(ppm):
    """The peak is smeared over half a millisecond: neither its time nor its sign is noted."""
    sweep = Sweep(rate=44100, duration=5, silence=1)
    for sign in (-1, 1):
        heard = sign * at_speed(sweep, 1 / (1 + ppm * 1e-6))
        assert deconvolve(heard, sweep.samples(), 44100, sweep=sweep, before=0.1).notes == ()


@pytest.mark.parametrize(("frames", "noted"), [(7, False), (15, False), (17, True), (24, True)])
def test_a_start_earlier_by_more_than_a_millisecond_is_noted(sweep, played, frames, noted):
    notes = deconvolve(np.roll(played, -frames, 0), played, RATE, sweep=sweep, before=0.1).notes
    assert len(notes) == noted
    assert all(f"starts {1000 * frames / RATE:.3g} ms into" in note for note in notes)


# Lost sound


@pytest.mark.parametrize("second", [2.0, 3.0, 3.4])
@pytest.mark.parametrize("frames", [-512, 512, 2048])
def test_sound_lost_or_repeated_in_the_middle_is_noted(second, frames):
    sweep = Sweep(rate=44100, duration=5, silence=1)
    played = sweep.samples()
    at = round((second + sweep.lead) * 44100)
    heard = np.concatenate([played[:at], played[at + frames :]])
    note = only_note(heard, played, sweep, "frequencies above")
    found = re.search(r"arrive ([\d.]+) ms (\w+) .* were (\w+) about ([\d.]+) s", note)
    # bands of a third of an octave pass in L ln 2 / 3 = 0.17 s, and two may be in doubt; their
    # own times are some tenths of a period off
    assert float(found[1]) == pytest.approx(abs(frames) / 44.1, abs=1.5)
    assert found[2] == ("earlier" if frames > 0 else "later")
    assert found[3] == ("lost" if frames > 0 else "repeated")
    assert float(found[4]) == pytest.approx(second, abs=0.4)


@pytest.mark.parametrize("kind", ["exponential", "mls"])
def test_an_excitation_recorded_twice_is_noted(kind):
    sweep = Sweep(kind=kind, rate=RATE, duration=2, silence=1, repeats=1)
    heard, _ = record(sweep.samples(), room(), noise=-60)
    twice = np.concatenate([heard, 0.8 * heard])
    note = only_note(twice, sweep.samples(), sweep, "recording contains the excitation 2 times")
    # 1 and 0.8 differ from 0.9 by 0.1: 2 * 0.1^2 beside 0.9^2
    assert f"{sweep.frames / RATE:.3f} s apart: they are averaged, and differ by -16.1 dB" in note
    # an echo is no second sweep
    echo = np.zeros((RATE // 2, 1))
    echo[[0, -1], 0] = 1, 0.9
    heard, _ = record(sweep.samples(), echo)
    assert deconvolve(heard, sweep.samples(), RATE, sweep=sweep, before=0.1).notes == ()


def test_a_low_end_cut_off_before_the_impulse_is_noted():
    sweep = Sweep(rate=44100, duration=5, silence=1)
    played = sweep.samples()
    (note,) = deconvolve(played, played, 44100, sweep=sweep).notes
    whole = deconvolve(played, played, 44100, sweep=sweep, before=0.1)
    assert whole.notes == ()
    assert note.endswith("; pass `before=0.1`")
    size = 1 << 18
    noted = float(re.search(r"off by ([-+][\d.]+) dB", note)[1])
    cut = np.zeros(size)
    taps = whole.impulse.taps[4410 - 110 :, 0]  # 50 periods of 20 kHz
    cut[: len(taps)] = taps
    # the worst octave of three; the definition is a cut impulse beside a whole one
    octave = slice(round(40 * size / 44100), round(80 * size / 44100))
    energies = [
        np.sum(np.abs(np.fft.rfft(taps, size)[octave]) ** 2)
        for taps in (cut, whole.impulse.taps[:, 0])
    ]
    assert noted == pytest.approx(10 * np.log10(energies[0] / energies[1]), abs=0.1)
    # with 100 ms of latency nothing is cut
    late = np.roll(played, 4410, axis=0)
    assert deconvolve(late, played, 44100, sweep=sweep).notes == ()


@pytest.mark.parametrize("length", [None, 1.5])
@pytest.mark.parametrize("frames", [-19, 0, 19, 700])
def test_the_note_on_a_recording_without_the_decay_has_the_time_missing(
    sweep, played, frames, length
):
    end = sweep.lead_frames + sweep.active_frames + frames
    found = deconvolve(played[:end], played, RATE, sweep=sweep, length=length)
    assert found.notes[0].startswith("recording ends ")
    assert len(found.notes) == (1 if length is None else 2)
    noted = re.search(r"needs (.*) to fall by 30 dB; record for (.*) longer", found.notes[0])
    needs, longer = noted.groups()
    assert needs == "0.100 s"  # 2 periods of 20 Hz
    value, unit = longer.split()
    # the end of the fade, under -60 dB, does not count
    missing = 0.1 - frames / RATE
    assert float(value) * {"s": 1, "ms": 1e-3}[unit] == pytest.approx(missing, abs=1.5e-3)


def test_a_length_beyond_the_recording_is_cut_to_it(sweep, played):
    bent = played + 0.1 * played**3
    longest = deconvolve(bent, played, RATE, sweep=sweep, before=0.1).impulse
    found = deconvolve(bent, played, RATE, sweep=sweep, before=0.1, length=60)
    (note,) = found.notes
    assert note.startswith("length is 60 s, but the recording ends 1.0")
    assert 0 <= found.impulse.frames - longest.frames <= 1
    np.testing.assert_array_equal(found.impulse.taps[: longest.frames], longest.taps)


def test_the_flat_band_is_within_the_band(sweep, played, good):
    found = deconvolve(good, played, RATE, sweep=sweep, before=0.5)
    assert found.flat == pytest.approx((20 * 2 ** (1 / 3), 7600 / 2 ** (1 / 12)))
    limit = deconvolve(good, played, RATE, sweep=sweep, band=(0, RATE / 2))
    assert limit.flat == limit.band == (0, RATE / 2)
    wire = deconvolve(played, played, RATE, sweep=sweep, before=0.5).impulse
    level = np.abs(response(wire, 1 << 16)[:, 0])
    low, high = (round(f * (1 << 16) / RATE) for f in found.flat)
    # the regularisation takes beta = -80 dB of the mean, more where the sweep is weak
    np.testing.assert_allclose(level[low + 4 : high - 4], 1, atol=0.01)
    assert level[round(7500 * (1 << 16) / RATE)] < 0.2


@pytest.mark.parametrize("kind", ["exponential", "synchronised", "mls"])
def test_no_regularisation_at_all(kind):
    sweep = Sweep(kind=kind, rate=RATE, duration=1, silence=0.5)
    found = deconvolve(
        sweep.samples(), sweep.samples(), RATE, sweep=sweep, regularisation=-math.inf, before=0.1
    )
    assert found.notes == ()
    assert np.isfinite(found.impulse.taps).all()


def test_the_shortest_sweeps_end_in_an_impulse_or_a_line():
    for rate, duration in ((1000, 0.01), (1000, 0.1), (768000, 0.01), (48000, 1e-3)):
        sweep = Sweep(rate=rate, duration=duration, fade_in=0, fade_out=0, lead=0, silence=0)
        try:
            found = deconvolve(sweep.samples(), sweep.samples(), rate, sweep=sweep)
        except ImpulseError as error:
            message = str(error)
        else:
            message = " ".join(found.notes)
            assert np.isfinite(found.impulse.taps).all()
        assert not re.search("\n|nan", message)


def test_orders_that_overlap_are_noted(sweep, played):
    taps = room(frames=16000, rt60=0.8)
    heard, _ = record(played, taps)
    found = deconvolve(heard, played, RATE, sweep=sweep, harmonics=3)
    (note,) = found.notes
    needed = re.search(r"harmonic 2 .*; use a sweep of (\d+) s", note)
    longer = Sweep(rate=RATE, duration=int(needed[1]) + 1, silence=1)
    heard, _ = record(longer.samples(), taps)
    assert deconvolve(heard, longer.samples(), RATE, sweep=longer, harmonics=3).notes == ()


# Errors


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"band": (500, 100)}, "band is 500 to 100 Hz; it must rise"),
        ({"band": (9000, 10000)}, "band is 9000 to 10000 Hz; .* between 0 and 8000 Hz"),
        ({"band": (10, 8001)}, "band is 10 to 8001 Hz; .* between 0 and 8000 Hz, half the rate"),
        ({"band": (math.nan, 100)}, "band is nan to 100 Hz"),
        ({"band": (100, 100.001)}, r"band is 100 to 100\.001 Hz, narrower than"),
        ({"regularisation": 0}, "regularisation is 0 dB; it must be below 0 dB"),
        ({"regularisation": math.nan}, "regularisation is nan dB"),
        ({"length": math.inf}, "length is inf s"),
        ({"before": -1}, "before is -1 s"),
        ({"harmonics": 0}, "harmonics is 0; it must be at least 1"),
        ({"harmonics": 2}, "more than 1 need a sweep"),
    ],
)
def test_options_out_of_range(played, good, options, message):
    with pytest.raises(ImpulseError, match=message):
        deconvolve(good, played, RATE, **options)


def test_arrays_and_descriptions_that_do_not_fit(sweep, played, good):
    with pytest.raises(ImpulseError, match=r"recording has shape \(9,\); it must be \(frames, ch"):
        deconvolve(np.ones(9), played, RATE)
    with pytest.raises(ImpulseError, match="excitation has 2 channels; it must have 1"):
        deconvolve(good, np.hstack([played, played]), RATE)
    with pytest.raises(ImpulseError, match=r"recording has a value of nan, not under 1e.30; re"):
        deconvolve(good * math.nan, played, RATE)
    with pytest.raises(ImpulseError, match="rate is 0 Hz; it must be between 1000 and 768000 Hz"):
        deconvolve(good, played, 0)
    with pytest.raises(ImpulseError, match="recording is 48000 Hz but the excitation is 16000 Hz"):
        deconvolve(good, played, 48000, sweep=sweep)
    with pytest.raises(
        ImpulseError, match=r"does not match its parameters \(exponential, 72000 frames\)"
    ):
        deconvolve(good, played / 2, RATE, sweep=sweep)
    with pytest.raises(ImpulseError, match=r"harmonic 50 .* use a longer sweep or ask for fewer"):
        deconvolve(good, played, RATE, sweep=sweep, harmonics=50)


@given(
    heard=st.integers(1, 40),
    frames=st.integers(1, 40),
    rate=st.sampled_from([1000, 48000, 768000]),
    scale=st.sampled_from([1e-300, 1e-12, 1.0, 1e12, 1e150]),
    seed=st.integers(0, 99),
)
@settings(max_examples=80, deadline=None)
def test_the_shortest_and_the_strangest_end_in_an_impulse_or_a_line(
    heard, frames, rate, scale, seed
):
    rng = np.random.default_rng(seed)
    recording = rng.standard_normal((heard, 1)) * scale
    try:
        found = deconvolve(recording, rng.standard_normal((frames, 1)), rate)
    except ImpulseError as error:
        message = str(error)
    else:
        message = " ".join(found.notes)
        assert np.isfinite(found.impulse.taps).all()
    assert not re.search("\n|nan", message)


def test_time_before_that_reaches_the_second_harmonic_is_noted():
    sweep = Sweep(rate=8000, duration=1, start=50, end=3900, lead=0, silence=0.5)
    played = sweep.samples()
    advance = sweep.harmonic_advance(2)  # L ln 2
    assert advance == pytest.approx(np.log(2) / np.log(3900 / 50))
    for before, noted in ((0.9 * advance, False), (1.1 * advance, True)):
        notes = deconvolve(played, played, 8000, sweep=sweep, before=before).notes
        assert any("its second harmonic arrives 159 ms before" in note for note in notes) == noted


@pytest.mark.parametrize("kept", [0.3, 0.72, 0.9])
def test_a_recording_shorter_than_the_sweep_is_refused_whatever_its_peak(kept):
    """After half a second of silence, the sweep in a room, cut off while it still rises."""
    sweep = Sweep(rate=16000, duration=4, start=50, lead=0.5, silence=1)
    played = sweep.samples()
    room = np.random.default_rng(0).standard_normal(8000) * np.exp(-np.arange(8000) / 1000)
    heard = np.convolve(played[:, 0], room)
    cut = np.concatenate([np.zeros(8000), heard])[: round(kept * sweep.active_frames)]
    with pytest.raises(ImpulseError, match=r"before the excitation does|is not found"):
        deconvolve(cut[:, np.newaxis], played, 16000, sweep=sweep)
