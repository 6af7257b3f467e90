"""Minimum phase against its definition: same magnitude, zeros inside, energy first."""

import math
import time

import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import UNIT

import impulses.phase
from impulses import Impulse, ImpulseError
from impulses.phase import CONVERGED, NOTED, minimum_phase

SMALL = st.integers(0, 2**32 - 1).map(
    lambda seed: np.random.default_rng(seed).standard_normal(2 + seed % 9)
)


def made(taps, rate=48000):
    """The minimum-phase taps of one channel."""
    return minimum_phase(Impulse(np.reshape(taps, (-1, 1)), rate)).taps[:, 0]


def magnitude(taps, size=4096):
    return np.abs(np.fft.rfft(taps, size))


def reflected(taps):
    """Every zero outside the circle moved to its mirror image: ``z - a`` to ``1 - conj(a) z``."""
    roots = np.roots(taps)
    level = abs(taps[0]) * np.prod(np.maximum(np.abs(roots), 1))
    inside = np.where(np.abs(roots) > 1, 1 / np.conj(roots), roots)
    return np.real(level * np.poly(inside))


@pytest.mark.parametrize(
    ("taps", "expected"),
    [
        # (1 - 2 z^-1)(1 + z^-1 / 2): the zero at 2 goes to 1 / 2, 1 - 2 z^-1 to 2 - z^-1
        (np.convolve([1, -2], [1, 0.5]), [2, 0, -0.5]),
        # a magnitude has no polarity: the first tap is positive
        (-np.convolve([1, -2], [1, 0.5]), [2, 0, -0.5]),
        ([1, 3], [3, 1]),
        ([0.25, -1], [1, -0.25]),
        ([1, -0.25], [1, -0.25]),
        ([0, 0, 1, 0], [1, 0, 0, 0]),
        ([0, 0, -7, 0], [7, 0, 0, 0]),
        ([5], [5]),
    ],
)
def test_zeros_are_reflected(taps, expected):
    # CONVERGED, and transforms of some hundred points round by a few units times log2 of them
    np.testing.assert_allclose(made(taps), expected, rtol=0, atol=(CONVERGED + 200 * UNIT) * 8)


@given(taps=SMALL)
@settings(max_examples=60, deadline=None)
def test_zeros_of_small_filters_lie_inside(taps):
    roots = np.roots(taps)
    apart = np.abs(np.abs(roots) - 1).min()
    found = made(taps)
    expected = reflected(taps)
    # aliasing of the cepstrum, r^N / N for each zero: at 2^18 points or more it is below
    # rounding unless a zero is within 40 / 2^18 of the circle; roots themselves lose digits
    if apart > 2e-4:
        scale = np.abs(expected).sum()
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9 * scale)
    assert np.abs(np.roots(found)).max(initial=0) <= 1 + 1e-3


@given(taps=SMALL)
@settings(max_examples=60, deadline=None)
def test_magnitude_is_kept_and_energy_comes_first(taps):
    found = made(taps)
    assert len(found) == len(taps)
    # for zeros no nearer to the circle than random ones are; see the aliasing above
    np.testing.assert_allclose(magnitude(found), magnitude(taps), rtol=0, atol=1e-5)
    assert (np.cumsum(found**2) >= np.cumsum(taps**2) - 1e-4 * (taps**2).sum()).all()


@pytest.mark.parametrize("decay", [50, 500])
def test_decaying_noise_keeps_its_magnitude_to_rounding(noise, decay):
    taps = noise(4000) * np.exp(-np.arange(4000) / decay)
    found = made(taps)
    whole = impulses.phase._from_cepstrum(taps, 2**20)
    rest = np.abs(whole[4000:]).sum()
    # The magnitude of all frames is that of the original but for rounding of the transforms,
    # a few u log2(N) of the level; the tail cut off moves it by the sum of its magnitudes at most
    bound = rest + 100 * UNIT * magnitude(taps, 2**20).max()
    assert bound < 1e-8 * magnitude(taps).max()
    assert np.abs(magnitude(found, 2**15) - magnitude(taps, 2**15)).max() <= bound
    energy, before = np.cumsum(found**2), np.cumsum(taps**2)
    assert (energy >= before * (1 - 1e-12)).all()
    assert np.argmax(energy > 0.5 * energy[-1]) < np.argmax(before > 0.5 * before[-1])
    np.testing.assert_allclose(energy[-1], before[-1], rtol=1e-10)


def test_agrees_with_scipy(noise):
    taps = noise(200) * np.exp(-np.arange(200) / 15)
    theirs = scipy.signal.minimum_phase(taps, half=False, n_fft=2**17)
    # SciPy adds 1e-7 of the smallest magnitude, so the level of a bin by at most as much,
    # and the cepstrum, its mean, by no more than that
    np.testing.assert_allclose(made(taps), theirs, rtol=0, atol=1e-6 * np.abs(theirs).max())


@pytest.mark.parametrize(
    "taps",
    [[1, 1], [1, -1], [1, 0, 1], np.ones(16), np.ones(17), [1, 1, 1], np.convolve([1, -1], [2, 1])],
    ids=str,
)
def test_zeros_on_the_circle_stay_there(taps):
    """These have minimum phase already, as the limit of impulses that do."""
    found = made(taps)
    assert np.isfinite(found).all()
    # the cepstrum of a zero on the circle, 1 / n, is wrapped at N = 2^18 at least: an error of
    # n^2 / N^3 at a bin, of at most 1 / N between bins, in each of N frames
    assert np.abs(found - taps).max() <= 20 * 2**-18 * np.abs(taps).sum()
    assert np.abs(magnitude(found) - magnitude(taps)).max() <= 1e-6 * np.abs(taps).sum()


@pytest.mark.parametrize("size", [16, 64, 1024])
def test_a_simple_zero_at_a_bin_leaves_the_level_right(size):
    """The mean of log abs(1 + z) is 0: N - 1 bins hold log N between them, the last -log N."""
    folded = impulses.phase._from_cepstrum(np.array([1.0, 1.0]), size)
    # the remaining error wraps onto frame 0 from a tail that falls as 1 / N^2; without a value
    # for that bin the level is off by some log(N) / N
    assert abs(math.log(folded[0])) <= 2 / size**2


def test_a_band_of_exact_zeros_is_treated_as_very_quiet():
    """A transform as long as a row of ones is 0 at all bins but one."""
    assert np.isfinite(impulses.phase._from_cepstrum(np.ones(16), 16)).all()


@pytest.mark.parametrize("level", [1e-310, 1e-200, 1e200, 1e300])
def test_any_level(level):
    np.testing.assert_allclose(made(np.array([1, 3]) * level) / level, [3, 1], rtol=1e-11)


def test_silence_and_shapes_are_kept(noise):
    taps = noise(50, 2, 3)
    taps[:, 1, 2] = 0
    impulse = minimum_phase(Impulse(taps, 44100, ("was here",), origin=7))
    assert impulse.taps.shape == taps.shape
    assert not impulse.taps[:, 1, 2].any()
    assert (impulse.rate, impulse.origin) == (44100, 0)
    assert impulse.notes[0] == "was here"
    for i, o in np.ndindex(2, 3):
        np.testing.assert_array_equal(impulse.taps[:, i, o], made(taps[:, i, o]))
    stereo = minimum_phase(Impulse(taps[:, 0, :2], 44100))
    np.testing.assert_array_equal(stereo.taps, impulse.taps[:, 0, :2])


def test_a_tail_that_is_cut_off_is_noted():
    assert minimum_phase(Impulse([[1.0], [3.0]], 1)).notes == ()
    flat = np.random.default_rng(0).standard_normal((2**17, 1))
    (note,) = minimum_phase(Impulse(flat, 48000)).notes
    level = float(note.split(" dB")[0].rpartition(" ")[2])
    assert 20 * math.log10(NOTED) < level < -20
    assert "too near the unit circle" in note


def test_ten_seconds_take_about_one(noise):
    taps = noise(480_000, 1) * np.exp(-np.arange(480_000) / 48_000)[:, np.newaxis]
    impulse = Impulse(taps, 48000)
    started = time.process_time()
    found = minimum_phase(impulse)
    assert time.process_time() - started < 5  # 0.3 s where nothing else runs
    # one transform of 8 times the length: the cut is noted, and the energy loses its square
    (note,) = found.notes
    assert "-53 dB" in note
    assert (found.taps**2).sum() == pytest.approx((taps**2).sum(), rel=1e-5)


def test_too_long_refused(monkeypatch):
    monkeypatch.setattr(impulses.phase, "LONGEST", 10)
    assert minimum_phase(Impulse(np.ones((10, 1)), 1)).frames == 10
    with pytest.raises(ImpulseError, match=r"11 frames long; minimum phase takes at most 10; trim"):
        minimum_phase(Impulse(np.ones((11, 1)), 1))


@pytest.mark.parametrize("file", ["rir_48k_mono_float32.wav", "rir_16k_mono16.wav"])
def test_a_measured_room(shared, file):
    import soundfile

    taps, rate = soundfile.read(shared / "audio" / file, always_2d=True)
    taps = taps[: rate // 2, :1]
    impulse = minimum_phase(Impulse(taps, rate))
    energy, before = np.cumsum(impulse.taps**2), np.cumsum(taps**2)
    assert (energy >= before - 1e-3 * before[-1]).all()
    close = magnitude(impulse.taps[:, 0], 2**17) - magnitude(taps[:, 0], 2**17)
    assert np.sqrt((close**2).sum() / (magnitude(taps[:, 0], 2**17) ** 2).sum()) < NOTED
