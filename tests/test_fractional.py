"""Fractional delays against polynomials, tones, and the attenuation of Kaiser's window."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import UNIT, convolve, tolerance

from impulses import Impulse, ImpulseError, edit, folding
from impulses.builders.echoes import multi_tap
from impulses.builders.fractional import (
    KAISER_BETA,
    MAX_ORDER,
    SINC_TAPS,
    fractional_delay,
    lagrange,
)
from impulses.impulse import MAX_FRAMES

# at 1 Hz, seconds are samples, and positions of whole 4096ths are exact
POSITIONS = st.integers(1, 60 * 4096).map(lambda k: k / 4096)
# Kaiser: A = beta / 0.1102 + 8.7 dB; both edges of the sinc's band stray by it, and so does the
# sum, which the taps are divided by
STRAY = 4 * 10 ** (-(KAISER_BETA / 0.1102 + 8.7) / 20)
EDGE = 0.5 - (KAISER_BETA / 0.1102 + 8.7 - 7.95) / (2.285 * 2 * math.pi * SINC_TAPS) / 2


def response(impulse, w):
    """H(w) by the definition, time counted from the origin."""
    n = np.arange(impulse.frames) - impulse.origin
    return np.exp(-1j * np.outer(w, n)) @ impulse.taps[:, 0]


@given(position=POSITIONS, order=st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_lagrange_delays_polynomials_up_to_its_order(position, order):
    """Order + 1 powers, and as many taps: only these taps do that."""
    impulse = fractional_delay(1, delay=position, order=order)
    taps = impulse.taps[:, 0]
    assert np.count_nonzero(taps) <= order + 1
    assert abs(taps.sum() - 1) <= tolerance(taps, [1.0]) + 2 * order * UNIT * abs(taps).sum()
    # powers of the distance to the delayed point, so that nothing large cancels
    distance = np.arange(impulse.frames) - impulse.origin - position
    for power in range(1, order + 1):
        moments = taps * distance**power
        # each weight has 3 roundings a factor, each distance one, the power as many again
        bound = (3 * order + 2 * power + 8) * UNIT * np.abs(moments).sum() + 1e-300
        assert abs(moments.sum()) <= bound


def test_lagrange_has_the_textbook_taps():
    assert fractional_delay(1, delay=5.25, order=1).taps[5:, 0].tolist() == [0.75, 0.25]
    np.testing.assert_array_equal(
        fractional_delay(1, delay=10.5).taps[9:, 0], np.array([-1, 9, 9, -1]) / 16
    )
    # order 2 at 1 + 1/4 of nodes 0, 1, 2: (d - 1)(d - 2) / 2, d (2 - d), d (d - 1) / 2
    taps = fractional_delay(1, delay=7.25, order=2).taps[:, 0]
    np.testing.assert_array_equal(taps[6:], [-0.09375, 0.9375, 0.15625])
    assert not taps[:6].any()


@pytest.mark.parametrize("order", [1, 2, 3, 4, 9, 10])
@pytest.mark.parametrize("position", [20.25, 20.5, 20.75])
def test_taps_are_centred_on_the_delay(position, order):
    found = np.flatnonzero(fractional_delay(1, delay=position, order=order).taps)
    assert abs((found[0] + found[-1]) / 2 - position) <= 0.5
    assert len(found) == order + 1


@given(position=POSITIONS, method=st.sampled_from(["lagrange", "sinc"]))
@settings(max_examples=60, deadline=None)
def test_whole_delays_are_one_tap_and_others_sum_to_one(position, method):
    whole = fractional_delay(1, delay=math.floor(position), method=method)
    assert (whole.frames, whole.origin) == (math.floor(position) + 1, 0)
    assert np.flatnonzero(whole.taps).tolist() == [math.floor(position)]
    assert whole.taps[-1, 0] == 1
    taps = fractional_delay(1, delay=position, method=method).taps[:, 0]
    assert abs(taps.sum() - 1) <= SINC_TAPS * UNIT * abs(taps).sum()


@given(position=POSITIONS)
@settings(max_examples=30, deadline=None)
def test_sinc_has_the_phase_and_the_level_of_a_delay_nearly_to_half_the_rate(position):
    w = np.linspace(0, 2 * np.pi * EDGE, 200)
    heard = response(fractional_delay(1, delay=position, method="sinc"), w)
    assert pytest.approx(0.466, abs=5e-4) == EDGE
    assert STRAY < 2e-4
    assert np.abs(heard - np.exp(-1j * w * position)).max() <= STRAY


def test_sinc_is_windowed():
    """By Kaiser's definition, in terms of the series of I0."""

    def bessel(x):
        return sum((x / 2) ** (2 * k) / math.factorial(k) ** 2 for k in range(60))

    impulse = fractional_delay(1, delay=50.375, method="sinc")
    expected = []
    for n in range(10, 91):
        t = n - 50.375
        window = bessel(KAISER_BETA * math.sqrt(1 - (t / 40.5) ** 2))
        expected.append(math.sin(math.pi * t) / (math.pi * t) * window)
    expected = np.array(expected) / sum(expected)
    assert not impulse.taps[:10].any()
    # numpy's i0 is good to a few units; a sine of pi t errs by pi t u, here 40 pi
    np.testing.assert_allclose(impulse.taps[10:, 0], expected, rtol=0, atol=150 * UNIT)


@given(position=POSITIONS, order=st.integers(1, MAX_ORDER))
@settings(max_examples=40, deadline=None)
def test_lagrange_of_any_order_is_sane(position, order):
    """Between its middle nodes no weight is above 1, and so no rounding is blown up."""
    impulse = fractional_delay(1, delay=position, order=order)
    assert np.abs(impulse.taps).max() <= 1 + 8 * order * UNIT
    w = np.linspace(0, 0.2, 20)
    # the remainder of interpolation on a tone, w^(N+1) prod(distance) / (N+1)!, of nodes within
    # (N + 1) / 2: every factor of it is under w
    bound = 0.2 ** (order + 1) + 8 * order * UNIT * np.abs(impulse.taps).sum() * 10
    assert np.abs(response(impulse, w) - np.exp(-1j * w * position)).max() <= bound


@given(position=st.integers(4096, 60 * 4096).map(lambda k: k / 4096))
@settings(max_examples=30, deadline=None)
def test_an_echo_between_samples_is_the_same_tap(position):
    echo = multi_tap(1, delay=[position], gain=[1.0], fractional=True)
    np.testing.assert_array_equal(echo.taps, fractional_delay(1, delay=position).taps)


def test_an_echo_never_starts_before_the_sound():
    assert lagrange(0.5, 3)[0] == 0
    start, weights = lagrange(0.5, 3)
    # nodes 0..3 at 1/2: (5, 15, -5, 1) / 16
    np.testing.assert_array_equal(weights * 16, [5, 15, -5, 1])
    assert start == 0


@pytest.mark.parametrize(("method", "lead"), [("lagrange", 1), ("sinc", 40)])
def test_ringing_before_the_start_is_kept_and_the_direct_path_stays_in_step(method, lead):
    impulse = fractional_delay(48000, delay=0.25 / 48000, method=method)
    assert impulse.origin == lead
    w = np.linspace(0, 0.5, 50)
    mixed = response(edit.mix(impulse, dry=1, wet=1), w)
    # Lagrange of order 3: w^4 / 4! times at most 1 in the middle interval
    bound = 0.5**4 / 24 if method == "lagrange" else STRAY
    assert np.abs(mixed - (1 + np.exp(-0.25j * w))).max() <= bound
    late = folding.chain([impulse, impulse])
    assert late.origin == 2 * lead
    assert np.abs(response(late, w) - np.exp(-0.5j * w)).max() <= 2.1 * bound


def test_a_delayed_tone_is_the_tone_later():
    x = np.sin(0.3 * np.arange(400))
    impulse = fractional_delay(1, delay=57.625, method="sinc")
    y = convolve(x, impulse.taps[:, 0])[impulse.frames : 400]
    expected = np.sin(0.3 * (np.arange(impulse.frames, 400) - 57.625))
    np.testing.assert_allclose(y, expected, rtol=0, atol=STRAY)


@pytest.mark.parametrize("rate", [1000, 44100, 768000])
@pytest.mark.parametrize("method", ["lagrange", "sinc"])
def test_rates(rate, method):
    impulse = fractional_delay(rate, delay=0.01234, method=method)
    # weighted time: the first moment is the delay, for the sinc to the slope of its stray
    n = np.arange(impulse.frames) - impulse.origin
    assert impulse.rate == rate
    assert isinstance(impulse, Impulse)
    assert abs(n @ impulse.taps[:, 0] - 0.01234 * rate) < 40 * STRAY


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"delay": -1e-9}, r"delay is -1e-09 s; it must be 0 or more"),
        ({"delay": math.nan}, "delay is nan s"),
        ({"delay": math.inf}, "delay is inf s"),
        ({"delay": 1e30}, f"the limit is {MAX_FRAMES}"),
        ({"order": 0}, "order is 0; it must be between 1 and 99"),
        ({"order": 100}, "order is 100; it must be between 1 and 99"),
        ({"order": math.nan}, "order is nan"),
        ({"order": 2.5}, r"order is 2\.5; it must be a whole number"),
        ({"method": "cubic"}, "method is 'cubic'; it must be one of lagrange, sinc"),
    ],
)
def test_refused(options, message):
    with pytest.raises(ImpulseError, match=message):
        fractional_delay(48000, **options)


def test_rate_of_zero_refused():
    with pytest.raises(ImpulseError, match="rate is 0 Hz"):
        fractional_delay(0)
