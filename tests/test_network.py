"""The feedback delay network against the comb, its definition, and its exact decay."""

import cmath
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import UNIT
from scipy.linalg import hadamard
from scipy.optimize import brentq

from impulses.builders.network import MATRICES, fdn
from impulses.impulse import ImpulseError


def is_prime(number):
    return number > 1 and all(number % factor for factor in range(2, math.isqrt(number) + 1))


def reference(frames, delays, gains, mixing, sides, poles=None):
    """The definition: s_i[n] = g_i u_i[n - m_i], u = b x + A s, y = c s, sample by sample."""
    lines = len(delays)
    poles = np.array(poles or [0.0] * lines)
    inputs = np.zeros((frames, lines))
    state, y = np.zeros(lines), np.zeros((frames, 2))
    for n in range(frames):
        late = [inputs[n - m, i] if n >= m else 0.0 for i, m in enumerate(delays)]
        state = (1 - poles) * np.multiply(gains, late) + poles * state
        inputs[n] = (n == 0) / math.sqrt(lines) + mixing @ state
        y[n] = sides @ state
    return y


def arrivals(impulse, lines, gain_of):
    """Read each line's length and signs from its first echo, which come before any second."""
    found = np.flatnonzero(impulse.taps.any(axis=1))
    delays = found[:lines].tolist()
    assert delays[-1] < 2 * delays[0] <= found[lines]
    signs = np.sign(impulse.taps[delays]).T
    for delay in delays:
        level = gain_of(delay) / lines
        np.testing.assert_allclose(abs(impulse.taps[delay]), level, rtol=64 * UNIT, atol=0)
    return delays, signs / math.sqrt(lines)


# One line


@pytest.mark.parametrize("matrix", list(MATRICES))
@pytest.mark.parametrize("rt60", [0.2, 1.0, 7.0])
@pytest.mark.parametrize(("rate", "delay"), [(1000, 31), (8000, 401), (48000, 1009)])
def test_one_line_is_the_comb(matrix, rt60, rate, delay):
    seconds = delay / rate
    given = {"shortest": seconds - 1e-9, "longest": seconds + 1e-9, "rt60": rt60}
    impulse = fdn(rate, lines=1, matrix=matrix, **given)
    for seed in range(1, 6):  # nothing is random with one line
        other = fdn(rate, lines=1, matrix=matrix, **given, seed=seed)
        np.testing.assert_array_equal(other.taps, impulse.taps)
    expected = np.zeros(impulse.frames)
    repeats = np.arange(1, (impulse.frames - 1) // delay + 1)
    gain = 10 ** (-3 * delay / (rate * rt60))
    expected[repeats * delay] = gain**repeats
    # the recursion rounds once a repeat, and the gain is right to a few units each time, the
    # more the further it falls
    bound = (10 + 7 * 3 * math.log(10) * seconds / rt60) * impulse.frames / delay * UNIT
    for side in impulse.taps.T:
        np.testing.assert_allclose(side, expected, rtol=bound, atol=0)


# Any number of them


@pytest.mark.parametrize("lines", [2, 3, 4, 7])
@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("rt60_high", [None, 0.3])
def test_network_is_its_definition(lines, seed, rt60_high):
    rate, rt60 = 12000, 0.8

    def gain(delay):
        return 10 ** (-3 * delay / (rate * rt60))

    def pole(delay):
        """The low-pass whose gain at 5 kHz leaves `rt60_high` of `rt60`."""
        wanted = 10 ** (-3 * delay / rate * (1 / rt60_high - 1 / rt60))
        z = cmath.exp(-2j * math.pi * 5000 / rate)
        return brentq(lambda p: abs((1 - p) / (1 - p * z)) - wanted, 0, 1, xtol=1e-15)

    given = {"lines": lines, "shortest": 0.02, "longest": 0.035, "rt60": rt60, "seed": seed}
    impulse = fdn(rate, matrix="householder", **given)
    delays, sides = arrivals(impulse, lines, gain)
    poles = None
    if rt60_high:
        impulse = fdn(rate, matrix="householder", **given, rt60_high=rt60_high)
        poles = [pole(delay) for delay in delays]
    frames = 4000
    mixing = 2 / lines * np.ones((lines, lines)) - np.eye(lines)
    expected = reference(frames, delays, [gain(d) for d in delays], mixing, sides, poles)
    # the state has an energy of 1 at most, and each pass rounds a sum of as many lines and a
    # few products; a pole found to 1e-15 moves each pass by the like
    bound = frames / delays[0] * (lines + 8) * UNIT + (20e-15 * frames / delays[0]) * bool(poles)
    np.testing.assert_allclose(impulse.taps[:frames], expected, rtol=0, atol=bound)


def test_two_lines_by_hadamard_are_the_definition_in_one_order_or_the_other():
    rate, rt60 = 2000, 0.5

    def gain(delay):
        return 10 ** (-3 * delay / (rate * rt60))

    for seed in range(4):
        impulse = fdn(rate, lines=2, shortest=0.02, longest=0.035, rt60=rt60, seed=seed)
        delays, sides = arrivals(impulse, 2, gain)
        mixing = hadamard(2) / math.sqrt(2)
        errors = [
            abs(
                impulse.taps[:500]
                - reference(
                    500, delays[::way], [gain(d) for d in delays[::way]], mixing, sides[:, ::way]
                )
            ).max()
            for way in (1, -1)
        ]
        assert min(errors) <= 500 / 40 * 10 * UNIT < max(errors)


@pytest.mark.parametrize("lines", [1, 2, 8, 64])
def test_hadamard_is_sylvesters(lines):
    mixed = MATRICES["hadamard"](np.eye(lines))
    np.testing.assert_array_equal(mixed, hadamard(lines) / math.sqrt(lines))


@pytest.mark.parametrize("matrix", list(MATRICES))
@pytest.mark.parametrize("lines", [1, 2, 4, 16])
def test_matrices_are_orthogonal(matrix, lines):
    mixed = MATRICES[matrix](np.eye(lines))
    np.testing.assert_allclose(mixed @ mixed.T, np.eye(lines), rtol=0, atol=4 * lines * UNIT)


@given(
    lines=st.sampled_from([1, 2, 4, 8, 16]),
    matrix=st.sampled_from(list(MATRICES)),
    first=st.floats(0.3, 3.0),
    second=st.floats(0.3, 3.0),
    seed=st.integers(0, 2**32),
)
@settings(max_examples=40, deadline=None)
def test_decay_times_differ_by_their_ratio_alone(lines, matrix, first, second, seed):
    rate = 8000
    given = {"lines": lines, "matrix": matrix, "seed": seed, "floor": -30.0}
    one, other = (fdn(rate, rt60=rt60, **given).taps for rt60 in (first, second))
    frames = min(len(one), len(other))
    n = np.arange(frames)[:, np.newaxis]
    ratio = 10 ** (-3 * n / rate * (1 / first - 1 / second))
    # every path of n samples has the gain 10^(-3 n / (fs T)), and the paths alone have sums of
    # at most 1, the energy of the network; each pass of 20 ms or more rounds the sum of a
    # Hadamard matrix log2(16) times, or that of a Householder one 16 times, and a gain of up to
    # 60 ms by its exponent of a few units
    passes = 2 + frames / (0.02 * rate)
    bound = 2 * passes * (lines + 10) * UNIT * 10 ** (-3 * n / (rate * first))
    assert (abs(one[:frames] - ratio * other[:frames]) <= bound).all()


@pytest.mark.parametrize("matrix", list(MATRICES))
@pytest.mark.parametrize("rt60", [0.5, 1.0, 2.5])
@pytest.mark.parametrize("lines", [4, 8, 16])
def test_energy_decays_in_its_time(matrix, rt60, lines):
    rate = 8000
    taps = fdn(rate, lines=lines, matrix=matrix, rt60=rt60).taps
    left = np.cumsum((taps**2).sum(axis=1)[::-1])[::-1]
    level = 10 * np.log10(left / left[0])
    n = np.flatnonzero((level < -5) & (level > -35))
    # without the decay it is as steady as noise: over a reverberation of 30 dB, T / 2, its
    # ends are known to a few of the longest delay, of 60 ms
    found = -60 / np.polyfit(n / rate, level[n], 1)[0]
    assert abs(found - rt60) / rt60 <= 0.03 + 0.06 * 0.25 / rt60


def test_high_frequencies_have_their_own_decay_time():
    rate, rt60, rt60_high = 48000, 2.0, 0.5
    taps = fdn(rate, rt60=rt60, rt60_high=rt60_high).taps[:, 0]
    window = 4800
    parts = taps[: 8 * window].reshape(8, window) * np.hanning(window)  # 0.1 s each
    spectra = abs(np.fft.rfft(parts, axis=1)) ** 2
    for low, high, expected in ((20, 300, rt60), (4900, 5100, rt60_high)):
        band = spectra[:, low * window // rate : high * window // rate].sum(axis=1)
        slope = np.polyfit(np.arange(1, 8) * window / rate, 10 * np.log10(band[1:]), 1)[0]
        # bands of 28 and 20 bins of a spectrum like noise are known to 1 / sqrt(20) = 1 dB;
        # that is a tenth of the 18 dB by which the slower falls
        assert abs(-60 / slope - expected) / expected < 0.1
    same = fdn(rate, rt60=rt60, rt60_high=rt60).taps[:, 0]
    np.testing.assert_allclose(same, fdn(rate, rt60=rt60).taps[:, 0], rtol=0, atol=1e-15)


# Lines and sides


@given(
    rate=st.integers(2000, 96000),
    lines=st.sampled_from([2, 4, 8, 13]),
    seed=st.integers(0, 2**64),
)
@settings(max_examples=40, deadline=None)
def test_lengths_are_primes_spread_over_the_range(rate, lines, seed):
    impulse = fdn(rate, lines=lines, matrix="householder", rt60=0.1, seed=seed, floor=-1)
    assert impulse.frames <= 0.06 * rate + 1
    first = np.flatnonzero(impulse.taps.any(axis=1))
    early = first[first < 2 * first[0]]
    assert all(is_prime(int(delay)) for delay in early)
    assert 0.02 * rate <= first[0]
    # the longest is in the last of the shares, of which one holds about 40 ms over as many
    assert impulse.frames - 1 >= (0.06 - 2 * 0.04 / lines) * rate * 0.9


def test_seeds_differ():
    impulses = [fdn(8000, seed=seed, floor=-20).taps for seed in range(5)]
    assert len({taps.tobytes() for taps in impulses}) == 5


@pytest.mark.parametrize("lines", [8, 16])
def test_sides_are_orthogonal_and_alike_in_level(lines):
    impulse = fdn(48000, lines=lines, rt60=2)
    left, right = impulse.taps.T
    energy = (left**2).sum(), (right**2).sum()
    assert abs(10 * np.log10(energy[0] / energy[1])) < 1.5
    assert abs(left @ right) / math.sqrt(energy[0] * energy[1]) < 0.25


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"lines": 0}, "lines is 0; it must be between 1 and 64"),
        ({"lines": 65, "matrix": "householder"}, "lines is 65; it must be between 1 and 64"),
        ({"lines": 6}, "lines is 6; a hadamard matrix needs a power of two: give 4 or 8, or"),
        ({"matrix": "random"}, "matrix is 'random'; it must be one of hadamard, householder"),
        ({"shortest": 0.07}, "shortest is 0.07 s; it must be between 0.001 and 0.06 s"),
        ({"longest": 2}, "longest is 2 s; it must be between 0.001 and 1 s"),
        (
            {"lines": 64, "longest": 0.021},
            "lines is 64, but the range of 960 to 1008 samples has 6 primes",
        ),
        ({"rt60": 0.02}, "rt60 is 0.02 s; it must be above 0.02 s"),
        ({"rt60_high": 1.5}, "rt60_high is 1.5 s; it must be between 0.02 and 1 s"),
        ({"rt60_high": 0.0}, "rt60_high is 0 s; it must be above 0.02 s"),
        ({"seed": -1}, "seed is -1; it must be a whole number, 0 or more"),
    ],
)
def test_out_of_range_refused(given, message):
    with pytest.raises(ImpulseError, match=message):
        fdn(48000, **given)
