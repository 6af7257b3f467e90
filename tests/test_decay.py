"""Decay curves, crosspoints and line fits against sums and closed forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import UNIT

from impulses.acoustics.bands import Octave
from impulses.acoustics.decay import DecayEnd, decay_end, energy_decay, fit
from impulses.acoustics.endings import fade_start, rounded_off, rounding_step
from impulses.acoustics.lundeby import lundeby

RATE = 8000


def exponential(rt60, seconds, rate=RATE):
    """Energy that falls by 60 dB in rt60."""
    return 10 ** (-6 * np.arange(round(seconds * rate)) / rate / rt60)


def noise_like(energy, seed=0):
    """Energy of Gaussian noise whose mean is the energy given."""
    return np.random.default_rng(seed).standard_normal(len(energy)) ** 2 * energy


# Backward integration


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(0, 1000), min_size=1, max_size=50),
    st.integers(0, 10),
    st.integers(0, 1000),
)
def test_decay_is_the_sum_of_the_remaining_energy(energy, noise, beyond):
    """Sums of integers are exact in any order."""
    found = energy_decay(np.array(energy, float), noise=noise, beyond=beyond)
    for n in range(len(energy)):
        assert found[n] == beyond + sum(energy[n:]) - noise * (len(energy) - n)


# Lundeby


@pytest.fixture(scope="module")
def measured(shared):
    """An analytic room with noise 40 dB below, from pyrato's tests: taps and expected values."""
    folder = shared / "vectors" / "pyrato_MIT"
    taps = np.loadtxt(folder / "analytic_rir_psnr50_1D.csv")
    return taps, {
        name: np.loadtxt(folder / f"{name}_1D.csv")
        for name in ("edc_truncation", "edc_lundeby", "edc_chu", "intersection_time")
    }


def test_crosspoint_matches_pyrato(measured):
    """The iteration leaves the number of averages open (3 to 10 in 10 dB), which alone moves the
    crosspoint of this impulse from 0.5537 to 0.5614 s; the tolerance is half of such a step.
    """
    taps, numbers = measured
    tail = lundeby(taps**2, 3000)
    crosspoint, rt60, noise = numbers["intersection_time"]
    assert (crosspoint, rt60, noise) == pytest.approx((0.554777, 1.016466, 9.98641e-5), rel=1e-5)
    assert tail.crosspoint == pytest.approx(crosspoint, rel=0.003)
    assert tail.rt60 == pytest.approx(rt60, rel=0.004)
    assert tail.noise == pytest.approx(noise, rel=0.002)


@pytest.mark.parametrize("kind", ["edc_truncation", "edc_lundeby", "edc_chu"])
def test_curves_match_pyrato(measured, shared, kind):
    """With pyrato's noise, decay time and end, the curves are the same sums."""
    taps, numbers = measured
    expected = numbers[kind]
    crosspoint, rt60, noise = numbers["intersection_time"]
    energy = taps**2  # its start is frame 0, a frame before our onset
    end = int(np.flatnonzero(~(expected > 0))[0])
    if kind == "edc_chu":
        last_tenth = np.loadtxt(shared / "vectors" / "pyrato_MIT" / "noise_energy_1D.csv")
        found = energy_decay(energy, noise=float(last_tenth))[:end]
    else:
        assert end == round(crosspoint * 3000)
        beyond = noise * rt60 * 3000 / (6 * np.log(10)) if kind == "edc_lundeby" else 0.0
        found = energy_decay(energy[:end], beyond=beyond)
    # 16384 sums, each rounded to UNIT of the total energy, and 19 written digits
    np.testing.assert_allclose(found / found[0], expected[:end], rtol=0, atol=16384 * UNIT)


def test_our_own_end_gives_the_curve_of_pyrato(measured):
    """Down to 20 dB, where the correction, 33 dB below the total, is a twentieth of the energy.

    Crosspoint, noise and T are each less than 0.4 % away; three frames of noise and decay
    at the end are a hundredth of the correction: 0.05 (0.008 + 0.01) of the energy.
    """
    taps, numbers = measured
    end = decay_end(taps**2, 3000)
    found = energy_decay(taps[: end.frames] ** 2, beyond=end.beyond)
    expected = numbers["edc_lundeby"]
    loud = np.flatnonzero(expected > 1e-2)
    np.testing.assert_allclose(found[loud] / found[0], expected[loud], rtol=0.05 * 0.03)


@settings(max_examples=25, deadline=None)
@given(
    st.floats(0.2, 3.0),
    st.floats(45, 90),
    st.integers(0, 2**32 - 1),
    st.sampled_from([4000, 8000, 16000]),
)
def test_lundeby_finds_the_noise_of_a_noisy_decay(rt60, floor, seed, rate):
    """A decay of Gaussian noise over Gaussian noise, `floor` dB below: the lines meet at
    floor / 60 of T.

    A line over 20 dB of decay errs by 0.88 T sqrt(2.9 / (B T)) (ISO 3382-2, annex A, for a
    single decay) and carries that to the crosspoint, and an average of the noise over n frames
    errs by sqrt(2 / n).
    """
    frames = round(rt60 * floor / 60 * 2 * rate)
    clean = exponential(rt60, frames / rate, rate)
    rng = np.random.default_rng(seed)
    taps = rng.standard_normal((2, frames)) * [np.sqrt(clean), np.full(frames, 10 ** (-floor / 20))]
    tail = lundeby(taps.sum(axis=0) ** 2, rate)
    error = 0.88 * np.sqrt(2.9 / (rate / 2 * rt60))
    assert tail.rt60 == pytest.approx(rt60, rel=5 * error + 0.02)
    assert tail.crosspoint == pytest.approx(rt60 * floor / 60, rel=5 * error + 0.02)
    # over half of it is noise alone, less the 10 dB after the crosspoint
    assert 10 * np.log10(tail.noise) == pytest.approx(-floor, abs=4.34 * 5 * np.sqrt(5 / frames))


# Where a decay ends


@pytest.mark.parametrize("rt60", [0.05, 0.3, 1.0, 4.0])
@pytest.mark.parametrize("depth", [22, 30, 60, 200, 400])
def test_an_exponential_that_is_cut_off_is_extrapolated(rt60, depth):
    """The terms after the last one of a geometric series sum to ``a q / (1 - q)``."""
    energy = exponential(rt60, rt60 * depth / 60)
    end = decay_end(energy, RATE)
    q = 10 ** (-6 / rt60 / RATE)
    assert (end.kind, end.frames, end.noise) == ("cut", len(energy), 0)
    assert end.rt60 == pytest.approx(rt60, rel=1e-9)
    assert end.beyond == pytest.approx(energy[-1] * q / (1 - q), rel=1e-6)


@pytest.mark.parametrize("seed", range(8))
def test_a_narrow_decay_that_is_cut_off_is_not_noise(seed):
    """In a band of 89 Hz its last tenth may rise by chance, but lies on the line of the decay."""
    taps = np.random.default_rng(seed).standard_normal(RATE) * np.sqrt(exponential(1.0, 1.0))
    band = Octave(125.0, RATE)
    assert decay_end(band.filter(taps, held=True) ** 2, RATE, 1 / band.width).kind == "cut"


def test_noise_ends_a_decay_where_both_are_as_loud():
    energy = exponential(0.5, 2) + 1e-6
    end = decay_end(energy, RATE)
    assert end.kind == "noise"
    # the lines bend where they meet: the one 10 to 30 dB above the noise lies 0.4 to 0 dB high
    assert end.frames == pytest.approx(0.5 * RATE, rel=0.02)
    # 10 dB after that, T / 13.8 of a tenth of it is still decay
    assert end.noise == pytest.approx(1e-6, rel=0.1 * (0.5 / 13.8) / (2 - 0.6))
    q = 10 ** (-6 / 0.5 / RATE)
    assert end.beyond == pytest.approx(1e-6 / (1 - q), rel=0.05)


@pytest.mark.parametrize("slow", [4.0, 12.0])
def test_a_slow_second_decay_is_not_noise(slow):
    """It falls by 30 or 10 dB in the part that would be noise."""
    energy = exponential(0.2, 2) + 1e-4 * exponential(slow, 2)
    end = decay_end(energy, RATE)
    assert end.kind == "cut"
    assert end.rt60 == pytest.approx(slow, rel=0.01)
    q = 10 ** (-6 / slow / RATE)
    assert end.beyond == pytest.approx(energy[-1] * q / (1 - q), rel=0.01)


@pytest.mark.parametrize("knee", [-20, -30, -40])
@pytest.mark.parametrize("seed", range(4))
def test_a_decay_with_a_knee_goes_on_as_after_the_knee(knee, seed):
    """The early decay meets the mean of what follows before that begins, yet it falls by 15 dB.

    The line goes through ten averages of n frames of it, each of which scatters by 4.34 sqrt(2 / n)
    dB, and so its slope by the root of 82.5, the sum of squares of -4.5 to 4.5, less.
    """
    energy = noise_like(exponential(0.3, 1.0) + 10 ** (knee / 10) * exponential(4.0, 1.0), seed)
    tail = lundeby(energy, RATE)
    assert tail.crosspoint < tail.noise_from < 0.5
    end = decay_end(energy, RATE)
    assert (end.kind, end.frames) == ("cut", len(energy))
    frames = (1.0 - tail.noise_from) * RATE / 10
    step = 60 / 4.0 * frames / RATE  # dB from one average to the next
    assert end.rt60 == pytest.approx(4.0, rel=5 * 4.34 * np.sqrt(2 / frames / 82.5) / step)


@pytest.mark.parametrize("depth", [60, 100])
@pytest.mark.parametrize("frames", [3, 9, 10, 11])
def test_a_last_part_of_a_few_frames_is_extrapolated(frames, depth):
    """Ten averages need ten frames; of fewer, the line of the late decay is taken."""
    rt60 = 6 * frames / RATE  # the last 10 dB have as many frames
    energy = exponential(rt60, rt60 * depth / 60)
    end = decay_end(energy, RATE)
    q = 10 ** (-6 / rt60 / RATE)
    assert (end.kind, end.frames) == ("cut", len(energy))
    assert end.rt60 == pytest.approx(rt60, rel=1e-6)
    assert end.beyond == pytest.approx(energy[-1] * q / (1 - q), rel=1e-6)


@pytest.mark.parametrize("spikes", [[0], [0, 1000], [0, 3000, 6000, 9000]])
def test_echoes_end_in_silence(spikes):
    energy = np.zeros(20000)
    energy[spikes] = 0.25 ** np.arange(len(spikes))
    assert decay_end(energy, RATE) == DecayEnd(spikes[-1] + 1, "silence")


@pytest.mark.parametrize(
    "energy",
    [
        noise_like(np.ones(8000)),
        noise_like(np.ones(10)),
        np.ones(8000),
        np.concatenate([noise_like(np.ones(4000)), np.zeros(4000)]),
        noise_like(exponential(0.5, 1.0))[::-1],
        exponential(0.5, 1.0) + 0.2,
    ],
    ids=["noise", "ten", "constant", "gated", "reversed", "7 dB"],
)
def test_sounds_without_a_decay_have_no_end(energy):
    assert decay_end(energy, RATE) is None


# Fades and rounding


@pytest.mark.parametrize("rt60", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("depth", [25, 45, 90])
def test_no_decay_is_a_fade(rt60, depth):
    """100 decays each, alone, over noise, and of two slopes: none steepens beyond chance."""
    clean = exponential(rt60, rt60 * depth / 60)
    for energy in (clean, clean + 1e-4, clean + 0.01 * exponential(3 * rt60, rt60 * depth / 60)):
        assert fade_start(energy, RATE) == len(energy)
        for seed in range(100):
            assert fade_start(noise_like(energy, seed), RATE) == len(energy)


@pytest.mark.parametrize("rt60", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("seconds", [0.15, 0.3, 0.6])
@pytest.mark.parametrize("power", [1, 2])
def test_a_fade_is_found_before_it_matters(rt60, seconds, power):
    """A line or its square, over the last part of 1.5 s: found while it is at most 4 dB down."""
    energy = exponential(rt60, 1.5)
    gain = np.clip((1.5 - np.arange(len(energy)) / RATE) / seconds, 0, 1) ** (2 * power)
    for faded in (energy * gain, noise_like(energy * gain)):
        start = fade_start(faded, RATE)
        assert start < len(energy)
        assert 10 * np.log10(gain[start]) > -4
        # a block of 30 ms, and two if it is noise
        assert start / RATE > 1.5 - seconds - 0.1


@pytest.mark.parametrize("step", [1.0, 2.0**-15, 0.3])
def test_the_step_of_rounded_taps(step):
    taps = np.random.default_rng(0).standard_normal(RATE) * 100 * np.sqrt(exponential(0.5, 1.0))
    assert rounding_step(taps) == 0
    assert rounding_step(np.rint(taps) * step) == pytest.approx(step, rel=1e-12)
    assert rounding_step(np.rint(taps).astype(np.float32) * np.float32(step)) == pytest.approx(
        step, rel=1e-6
    )
    # echoes of 1, 1/2, 1/4 ... are whole multiples of the last one, but single
    assert rounding_step(step * 0.5 ** np.arange(20)) == 0
    assert rounding_step(np.zeros(5)) == 0


def test_rounding_ends_a_decay_at_a_quarter_of_a_step():
    """Of Gaussian taps of that deviation 1 in 20 is not 0; it is reached at 60 dB, within the
    3 dB that a block of 30 ms falls.
    """
    taps = np.random.default_rng(0).standard_normal((4 * RATE, 1))
    taps *= 250 * np.sqrt(exponential(1.0, 4.0))[:, np.newaxis]
    end = rounded_off(np.rint(taps), RATE, 1.0)
    assert end / RATE == pytest.approx(1.0, abs=0.05)
    assert rounded_off(taps, RATE, 0.0) == len(taps)
    steady = np.rint(np.random.default_rng(1).standard_normal((RATE, 1)))
    assert rounded_off(steady, RATE, 1.0) == RATE


# Lines


@settings(max_examples=50, deadline=None)
@given(st.floats(0.01, 20), st.sampled_from([(0, -10), (-5, -25), (-5, -35)]))
def test_a_line_fits_a_straight_decay(rt60, levels):
    decay_db = -60 * np.arange(round(rt60 * RATE)) / RATE / rt60
    line = fit(decay_db, RATE, *levels)
    # levels of up to 60 dB are rounded to UNIT of them, and a slope averages that out
    assert line.rt60 == pytest.approx(rt60, rel=64 * UNIT * len(decay_db))
    assert line.r == pytest.approx(-1, abs=1e-12)


def test_a_line_matches_numpy():
    decay_db = np.minimum.accumulate(
        -np.arange(1000) / 20 + np.random.default_rng(1).standard_normal(1000)
    )
    decay_db[0] = 0
    inside = np.flatnonzero(decay_db <= -5)[0], np.flatnonzero(decay_db < -25)[0]
    x, y = np.arange(*inside) / RATE, decay_db[slice(*inside)]
    line = fit(decay_db, RATE, -5, -25)
    assert line.rt60 == pytest.approx(-60 / np.polyfit(x, y, 1)[0], rel=1e-9)
    assert line.r == pytest.approx(np.corrcoef(x, y)[0, 1], rel=1e-12)


@pytest.mark.parametrize(
    "decay_db",
    [
        np.zeros(0),
        np.zeros(1),
        np.zeros(50),
        np.array([0.0, -7.0, -np.inf]),
        np.array([0.0, -40.0, -41.0, -42.0]),
        np.full(9, np.nan),
    ],
)
def test_too_few_frames_have_no_line(decay_db):
    assert fit(decay_db, RATE, -5, -25) is None
