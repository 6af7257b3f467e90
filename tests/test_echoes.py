"""The impulse type, and echoes against their closed forms and recursions."""

import math
import re
from dataclasses import FrozenInstanceError

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import UNIT, convolve, tolerance
from scipy.signal import lfilter

import impulses.impulse
from impulses import (
    BUILDERS,
    Impulse,
    ImpulseError,
    delta,
    double_spike,
    edit,
    feedback,
    multi_tap,
    ping_pong,
)
from impulses.impulse import MAX_FRAMES, from_db, to_db

RATES = st.integers(1, 768_000)
# multiples of 2^-8: their sums and products are exact, whatever the order
DYADIC = st.integers(-512, 512).map(lambda k: k / 256)


def spikes(impulse):
    """The taps that are not 0, as {frame: value}, of an impulse of one channel."""
    assert impulse.taps.shape == (impulse.frames, 1)
    taps = impulse.taps[:, 0]
    return {int(n): taps[n] for n in np.flatnonzero(taps)}


def noted(impulse):
    """All notes except those on gains below -1."""
    return tuple(note for note in impulse.notes if "is a factor: " not in note)


def test_a_gain_that_may_be_decibels_without_their_unit_is_noted():
    for gain, notes in ((-6, 1), (-1.5, 1), (-1, 0), (-0.5, 0), (6, 0)):
        assert len(double_spike(48000, gain=gain).notes) == notes
        assert len(edit.gain(delta(48000), gain).notes) == notes
        assert len(edit.mix(delta(48000), wet=gain).notes) == notes
        assert len(edit.mix(delta(48000), dry=gain, wet=0.5).notes) == notes
    (note,) = double_spike(48000, gain=-6).notes
    assert note == (
        "a gain of -6 is a factor: 15.6 dB louder, and inverted; 6 dB softer is written -6dB"
    )


def response(impulse, w):
    """H(w) = sum of h[n] e^(-iwn), by the definition."""
    taps = spikes(impulse)
    return np.exp(-1j * np.outer(w, list(taps))) @ np.array(list(taps.values()))


def unit(frames):
    x = np.zeros(frames)
    x[0] = 1
    return x


# The type


@pytest.mark.parametrize("shape", [(1, 1), (7, 1), (7, 2), (7, 1, 1), (7, 2, 3)])
def test_impulse_keeps_taps_and_rate(shape):
    taps = np.arange(1.0, 1 + math.prod(shape)).reshape(shape)
    impulse = Impulse(taps, 44100)
    np.testing.assert_array_equal(impulse.taps, taps)
    assert (impulse.rate, impulse.frames, impulse.notes) == (44100, shape[0], ())
    assert impulse.taps.dtype == np.float64


@pytest.mark.parametrize("shape", [(), (3,), (0, 1), (3, 0), (3, 0, 2), (3, 2, 0), (3, 1, 1, 1)])
def test_other_shapes_refused(shape):
    with pytest.raises(ImpulseError, match=re.escape(f"shape {shape}")):
        Impulse(np.zeros(shape), 48000)


def test_paths_of_channels_have_one_input_for_each_output():
    taps = np.arange(6.0).reshape(3, 2)
    assert Impulse(taps, 1).paths.shape == (3, 1, 2)
    np.testing.assert_array_equal(Impulse(taps, 1).paths[:, 0, :], taps)
    matrix = np.arange(12.0).reshape(2, 3, 2)
    np.testing.assert_array_equal(Impulse(matrix, 1).paths, matrix)


@pytest.mark.parametrize("source", [np.ones((4, 1)), np.ones((4, 1), np.float32)])
def test_taps_are_a_read_only_copy(source):
    impulse = Impulse(source, 48000)
    source[0] = 9
    assert impulse.taps[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        impulse.taps[0] = 9
    with pytest.raises(FrozenInstanceError):
        impulse.rate = 44100


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("shape", [(100, 1), (100, 2), (100, 2, 3)])
def test_a_value_that_is_not_finite_is_named_by_its_first_frame_and_time(value, shape):
    taps = np.zeros(shape)
    taps[30].flat[-1] = value
    taps[60].flat[0] = value
    with pytest.raises(ImpulseError, match=r"not finite at frame 30 \(0\.003750 s\); replace"):
        Impulse(taps, 8000)


@pytest.mark.parametrize("rate", [0, -48000])
def test_rate_below_one_refused(rate):
    with pytest.raises(ImpulseError, match=f"rate is {rate} Hz; it must be at least 1"):
        Impulse([[1.0]], rate)


def test_taps_over_the_limit_refused(monkeypatch):
    monkeypatch.setattr(impulses.impulse, "MAX_RECORDED", 10)
    assert Impulse(np.zeros((10, 1)), 1).frames == 10
    with pytest.raises(ImpulseError, match=r"would be 11 frames long; the limit is 10 .*; shorten"):
        Impulse(np.zeros((11, 1)), 1)


def test_with_taps_adds_notes_and_leaves_the_first_alone():
    first = Impulse([[1.0]], 8000, ("one",))
    second = first.with_taps([[2.0]], "two", rate=16000)
    assert (second.taps.item(), second.rate, second.notes) == (2.0, 16000, ("one", "two"))
    assert (first.taps.item(), first.rate, first.notes) == (1.0, 8000, ("one",))


def test_decibels():
    # powers of ten are exact in decibels, and every other ratio is 20 log10 of itself
    assert [from_db(level) for level in (0, 20, -20, -120)] == [1.0, 10.0, 0.1, 1e-6]
    assert to_db(0) == -math.inf
    assert to_db(2) == 20 * math.log10(2)


# delta


@given(rate=RATES, frame=st.integers(0, 100_000))
@settings(max_examples=60, deadline=None)
def test_delta_is_one_tap_of_one(rate, frame):
    impulse = delta(rate, delay=frame / rate)
    assert (impulse.frames, spikes(impulse), impulse.notes) == (frame + 1, {frame: 1.0}, ())
    assert impulse.rate == rate


# double spike


@pytest.mark.parametrize("frame", [1, 2, 7, 441, 12000])
@pytest.mark.parametrize("gain", [0.5, -0.5, 1.0, -1.0, 2.0, 1 / 3])
def test_double_spike_is_two_taps_and_a_comb(frame, gain):
    impulse = double_spike(48000, delay=frame / 48000, gain=gain)
    assert impulse.frames == frame + 1
    assert spikes(impulse) == {0: 1.0, frame: gain}

    w = np.linspace(0, np.pi, 1001)
    comb = 1 + gain**2 + 2 * gain * np.cos(w * frame)
    # a phase w D is rounded by at most pi D u, which moves a sine of it by as much; that
    # stands in H times abs(g), in its square twice times abs(H), and in the comb as 2 g
    largest = (1 + abs(gain)) ** 2
    bound = 4 * (math.pi * frame + 4) * UNIT * largest
    np.testing.assert_allclose(abs(response(impulse, w)) ** 2, comb, rtol=0, atol=bound)


def test_double_spike_of_gain_zero_keeps_its_length():
    impulse = double_spike(8000, delay=0.001, gain=0)
    assert (impulse.frames, spikes(impulse)) == (9, {0: 1.0})


def test_double_spike_by_default_is_a_quarter_of_a_second_and_a_half():
    assert spikes(double_spike(48000)) == {0: 1.0, 12000: 0.5}


@given(rate=RATES, frame=st.integers(1, 100_000), fractional=st.booleans())
@settings(max_examples=100, deadline=None)
def test_times_of_whole_samples_are_exact(rate, frame, fractional):
    impulse = double_spike(rate, delay=frame / rate, gain=0.5, fractional=fractional)
    assert impulse.frames == frame + 1
    assert spikes(impulse) == {0: 1.0, frame: 0.5}
    assert noted(impulse) == ()


@given(milliseconds=st.integers(1, 1000), kilohertz=st.sampled_from([8, 16, 32, 48, 96]))
@settings(max_examples=60, deadline=None)
def test_whole_milliseconds_are_exact(milliseconds, kilohertz):
    impulse = double_spike(kilohertz * 1000, delay=milliseconds / 1000, gain=0.5)
    assert spikes(impulse) == {0: 1.0, milliseconds * kilohertz: 0.5}
    assert noted(impulse) == ()


@given(rate=RATES, samples=st.floats(0.01, 20_000))
@settings(max_examples=100, deadline=None)
def test_any_other_delay_goes_to_the_nearest_sample_and_is_noted(rate, samples):
    delay = samples / rate
    impulse = double_spike(rate, delay=delay, gain=0.5)
    frame = impulse.frames - 1
    exact = delay * rate
    assert abs(frame - exact) <= 0.5
    assert spikes(impulse) == ({0: 1.0, frame: 0.5} if frame else {0: 1.5})
    # a delay within 1e-12 of a sample is taken to be that sample
    if abs(exact - frame) > 2e-12 * exact:
        (note,) = impulse.notes
        assert f"{exact:.3f} samples" in note
        assert f"rounded to {frame} " in note
        assert f"({frame / rate:.9g} s)" in note
    elif exact == frame:
        assert noted(impulse) == ()


# multi-tap


@given(taps=st.lists(st.tuples(st.integers(0, 50), DYADIC), min_size=1, max_size=12), rate=RATES)
@settings(max_examples=100, deadline=None)
def test_multi_tap_is_exact_and_coinciding_taps_add_up(taps, rate):
    frames, gains = zip(*taps, strict=True)
    impulse = multi_tap(rate, delay=[n / rate for n in frames], gain=gains)
    expected = np.zeros((max(frames) + 1, 1))
    for n, g in taps:
        expected[n] += g
    np.testing.assert_array_equal(impulse.taps, expected)
    assert noted(impulse) == ()


def test_multi_tap_has_no_direct_sound_of_its_own():
    assert spikes(multi_tap(10, delay=[0.5], gain=[-0.3])) == {5: -0.3}


def test_multi_tap_notes_each_rounded_delay():
    impulse = multi_tap(10, delay=[0.1, 0.26, 0.54], gain=[1, 0.5, 0.25])
    assert spikes(impulse) == {1: 1.0, 3: 0.5, 5: 0.25}
    assert [re.findall(r"[\d.]+", note) for note in impulse.notes] == [
        ["2.600", "3", "0.3"],
        ["5.400", "5", "0.5"],
    ]


# fractional taps. At a rate of 1 Hz, positions of whole 4096ths are exact, so an error is that
# of the weights alone: three factors of two roundings each and two products, 8 u at most.


@given(position=st.integers(0, 40 * 4096).map(lambda k: k / 4096), gain=DYADIC)
@settings(max_examples=100, deadline=None)
def test_fractional_taps_sum_to_the_gain_and_carry_cubics(position, gain):
    impulse = multi_tap(1, delay=[position], gain=[gain], fractional=True)
    taps = impulse.taps[:, 0]
    assert noted(impulse) == ()
    assert len(spikes(impulse)) <= 4
    if position == round(position):
        assert impulse.frames == position + 1
        assert spikes(impulse) == ({int(position): gain} if gain else {})

    rounding = 8 * UNIT * np.abs(taps).sum()
    assert abs(taps.sum() - gain) <= rounding + tolerance(taps, [1.0])

    n = np.arange(80.0)
    for cubic in ([1.0], [1.0, -3.0], [0.5, 2.0, -7.0], [0.25, -20.0, 300.0, 5.0]):
        x = np.polyval(cubic, n)
        y = convolve(x, taps)[len(taps) - 1 : len(x)]  # where every tap meets a sample
        expected = gain * np.polyval(cubic, n[len(taps) - 1 :] - position)
        # Horner's rule rounds twice a degree, on sums no larger than those of the magnitudes
        magnitude = np.polyval(np.abs(cubic), n.max() + position)
        bound = (8 + 2 * 2 * 3) * UNIT * (np.abs(taps).sum() + abs(gain)) * magnitude
        np.testing.assert_allclose(y, expected, rtol=0, atol=bound + tolerance(x, taps))


def test_fractional_taps_of_half_a_sample_are_the_textbook_ones():
    # Lagrange at the middle of four points: (-1, 9, 9, -1) / 16
    impulse = multi_tap(1, delay=[10.5], gain=[1.0], fractional=True)
    assert spikes(impulse) == {9: -1 / 16, 10: 9 / 16, 11: 9 / 16, 12: -1 / 16}


def test_fractional_keeps_the_direct_sound_whole():
    impulse = double_spike(1, delay=10.5, gain=0.5, fractional=True)
    assert spikes(impulse) == {0: 1.0, 9: -1 / 32, 10: 9 / 32, 11: 9 / 32, 12: -1 / 32}


def test_fractional_feedback_puts_each_repeat_where_it_belongs():
    impulse = feedback(1, delay=8.5, gain=0.5, floor=-12, fractional=True)
    assert spikes(impulse) == {
        0: 1.0,
        **{7: -1 / 32, 8: 9 / 32, 9: 9 / 32, 10: -1 / 32},
        17: 0.25,
    }
    assert noted(impulse) == ()


# feedback

MINUS_ONE_DB = 10 ** (-1 / 20)
GAINS = [0.5, -0.5, 0.9, -0.9, 0.99, 1 / 3]


@pytest.mark.parametrize("step", [1, 2, 7, 40])
@pytest.mark.parametrize("gain", GAINS)
def test_feedback_is_the_recursive_comb(step, gain):
    impulse = feedback(8, delay=step / 8, gain=gain)
    comb = lfilter([1.0], [1.0, *[0.0] * (step - 1), -gain], unit(impulse.frames))
    # repeat j of the recursion has been rounded j times, the power by less than two units more
    repeat = np.arange(impulse.frames) / step
    np.testing.assert_array_less(
        np.abs(impulse.taps[:, 0] - comb), (repeat + 4) * UNIT * np.abs(comb) + 1e-300
    )
    assert set(spikes(impulse)) == set(range(0, impulse.frames, step))


@pytest.mark.parametrize("gain", GAINS)
def test_feedback_peaks_and_dips(gain):
    step, floor = 5, -120.0
    impulse = feedback(8, delay=step / 8, gain=gain, floor=floor)
    repeats = (impulse.frames - 1) // step
    # the repeats below the floor are missing, and phases up to pi R are rounded in each of R
    decay = 1 / (1 - abs(gain))
    bound = from_db(floor) * abs(gain) * decay + 2 * (5 * repeats + 4) * UNIT * decay

    whole, half = abs(response(impulse, [0, np.pi / step]))  # w D = 0 and pi
    assert abs(whole - 1 / (1 - gain)) <= bound
    assert abs(half - 1 / (1 + gain)) <= bound
    every = abs(response(impulse, np.linspace(0, np.pi, 2001)))
    assert every.max() <= decay + bound
    assert every.min() >= 1 / (1 + abs(gain)) - bound


@pytest.mark.parametrize(
    ("gain", "floor", "repeats"),
    [
        (0.5, -60, 10),
        (-0.5, -60, 10),
        (0.5, -120, 20),
        (0.1, -40, 2),
        (0.1, -120, 6),
        (0.5, -1, 1),
        (MINUS_ONE_DB, -7, 7),  # whose logarithm is not exactly -1
    ],
)
def test_feedback_ends_at_the_floor(gain, floor, repeats):
    impulse = feedback(10, delay=0.3, gain=gain, floor=floor)
    assert impulse.frames == 3 * repeats + 1
    assert list(spikes(impulse)) == [3 * j for j in range(repeats + 1)]


@given(gain=st.floats(0.01, 0.99), sign=st.sampled_from([1, -1]), floor=st.floats(-200, -0.1))
@settings(max_examples=100, deadline=None)
def test_feedback_ends_with_the_first_repeat_at_or_below_the_floor(gain, sign, floor):
    repeats = feedback(1, delay=1, gain=sign * gain, floor=floor).frames - 1
    fall = -20 * math.log10(gain)
    # a floor met within 1e-9 of a repeat counts as met: -20 dB ends repeats that fall by 20 dB
    assert (repeats - 1) * fall < -floor
    assert (repeats + 2e-9) * fall >= -floor


@pytest.mark.parametrize("rate", [8000, 44100, 48000])
@pytest.mark.parametrize("step", [1, 441, 2400])
@pytest.mark.parametrize("rt60", [0.3, 1.0, 4.7])
def test_rt60_sets_the_gain(rate, step, rt60):
    impulse = feedback(rate, delay=step / rate, rt60=rt60, floor=-1.5)
    exponent = 3 * step / (rate * rt60)
    # the exponent is rounded seven times in all, and two powers follow
    unit_of_one = (7 * exponent * math.log(10) + 4) * UNIT
    gain = 10**-exponent
    assert abs(impulse.taps[step, 0] - gain) <= unit_of_one * gain
    for j in range(2, (impulse.frames - 1) // step + 1):
        assert abs(impulse.taps[j * step, 0] - gain**j) <= (j + 1) * unit_of_one * gain**j


def test_rt60_reaches_sixty_decibels_in_its_time():
    impulse = feedback(1000, delay=0.25, rt60=1.0, floor=-60)
    assert impulse.frames == 1001
    # 10^-0.75 to the fourth: 4 roundings of the power on 4 of a power of rounded exponent
    assert abs(impulse.taps[1000, 0] - 1e-3) <= 4 * (7 * 0.75 * math.log(10) + 4) * UNIT * 1e-3


def test_feedback_of_gain_zero_is_the_direct_sound():
    assert (feedback(8, gain=0).frames, spikes(feedback(8, gain=0))) == (1, {0: 1.0})


def test_feedback_by_default_has_half_the_gain():
    np.testing.assert_array_equal(feedback(100).taps, feedback(100, delay=0.25, gain=0.5).taps)


def test_feedback_repeats_at_multiples_of_one_rounded_step():
    impulse = feedback(10, delay=0.26, gain=0.5)
    assert list(spikes(impulse)) == list(range(0, 61, 3))
    assert len(impulse.notes) == 1
    assert "2.600 samples rounded to 3 (0.3 s)" in impulse.notes[0]


@given(rate=RATES, step=st.integers(1, 5000))
@settings(max_examples=60, deadline=None)
def test_repeats_of_a_whole_step_are_all_exact(rate, step):
    assert spikes(feedback(rate, delay=step / rate, gain=0.5, floor=-120)) == {
        j * step: 0.5**j for j in range(21)
    }


# ping-pong


def ping_pong_recursion(frames, step, gain):
    """Two delay lines that feed each other: a[n] = x[n - D] + g b[n - D], b[n] = g a[n - D]."""
    a, b = np.zeros((2, frames))
    for n in range(step, frames):
        a[n] = (n == step) + gain * b[n - step]
        b[n] = gain * a[n - step]
    return a, b


@pytest.mark.parametrize("step", [1, 3, 8])
# repeats until 120 dB are reached: 120 / 6.02 and 120 / 0.915, rounded up
@pytest.mark.parametrize(("gain", "repeats"), [(0.5, 20), (-0.5, 20), (0.9, 132), (0.0, 0)])
@pytest.mark.parametrize("width", [1.0, 0.7, 0.0])
@pytest.mark.parametrize("first", ["left", "right"])
def test_ping_pong_is_two_lines_that_feed_each_other(step, gain, repeats, width, first):
    impulse = ping_pong(8, delay=step / 8, gain=gain, width=width, first=first)
    a, b = ping_pong_recursion(impulse.frames, step, gain)
    near, far = (1 + width) / 2, (1 - width) / 2
    expected = np.stack([near * a + far * b, far * a + near * b], axis=1)
    if first == "right":
        expected = expected[:, ::-1]
    # as for feedback, with one more rounding of each side and of its product
    repeat = np.arange(impulse.frames)[:, np.newaxis] / step
    bound = (repeat + 8) * UNIT * np.abs(expected) + 1e-300
    np.testing.assert_array_less(np.abs(impulse.taps - expected), bound)
    assert impulse.frames == (repeats + 1) * step + 1


@pytest.mark.parametrize("gain", [0.5, -0.7, 0.95])
@pytest.mark.parametrize("floor", [-6, -59, -60, -120])
def test_ping_pong_sides_differ_in_energy_by_the_gain_squared(gain, floor):
    impulse = ping_pong(100, delay=0.02, gain=gain, floor=floor)
    left, right = (impulse.taps**2).sum(axis=0)
    repeats = (impulse.frames - 1) // 2
    # to g^2 times the energy of the last repeat, where the left has one repeat more: at most
    # that of the floor; and to the rounding of powers and sums
    last = from_db(floor) ** 2 if repeats % 2 else 0.0
    assert abs(right - gain**2 * left) <= gain**2 * last + (repeats + 8) * UNIT * right


def test_ping_pong_of_full_width_keeps_each_repeat_on_its_side():
    taps = ping_pong(1, delay=1, gain=0.5).taps
    assert not taps[::2, 0].any()
    assert not taps[1::2, 1].any()
    assert [taps[1, 0], taps[2, 1], taps[3, 0]] == [1.0, 0.5, 0.25]


def test_ping_pong_of_no_width_is_feedback_in_the_middle():
    taps = ping_pong(10, delay=0.3, gain=0.5, width=0).taps
    np.testing.assert_array_equal(taps[:, 0], taps[:, 1])
    np.testing.assert_array_equal(taps[3:, :1] * 2, feedback(10, delay=0.3, gain=0.5).taps)


def test_ping_pong_notes_its_rounded_step_once():
    impulse = ping_pong(10, delay=0.26, gain=0.5)
    assert list(np.flatnonzero(impulse.taps.any(axis=1))) == list(range(3, 64, 3))
    assert len(impulse.notes) == 1
    assert "2.600 samples rounded to 3 (0.3 s)" in impulse.notes[0]


# Values out of range

ECHOES = ["delta", "double-spike", "multi-tap", "feedback", "ping-pong"]


@pytest.mark.parametrize("name", ECHOES)
@pytest.mark.parametrize("delay", [-0.25, -1e-9, math.nan, math.inf, -math.inf])
def test_delay_out_of_range_refused(name, delay):
    given_delay = [0.0, delay] if name == "multi-tap" else delay
    with pytest.raises(ImpulseError, match=re.escape(f"delay is {delay:g} s; it must be 0 or")):
        BUILDERS[name](48000, delay=given_delay)


@pytest.mark.parametrize("fractional", [False, True])
@pytest.mark.parametrize("gain", [math.nan, math.inf, -math.inf])
def test_gain_that_is_not_finite_refused(gain, fractional):
    with pytest.raises(ImpulseError, match="gain is not a finite number; give"):
        double_spike(10, delay=0.25, gain=gain, fractional=fractional)
    with pytest.raises(ImpulseError, match="gain is not a finite number; give"):
        multi_tap(10, delay=[0, 0.25], gain=[1, gain], fractional=fractional)


@pytest.mark.parametrize("builder", [feedback, ping_pong])
@pytest.mark.parametrize("gain", [1.0, -1.0, 1.5, -2.0, math.inf, math.nan])
def test_gain_that_never_decays_refused(builder, gain):
    with pytest.raises(ImpulseError, match=f"gain {gain:g} never decays; .* between -1 and 1"):
        builder(48000, gain=gain)


@pytest.mark.parametrize("builder", [feedback, ping_pong])
@pytest.mark.parametrize("floor", [0.0, 3.0, math.nan, math.inf, -math.inf])
def test_floor_out_of_range_refused(builder, floor):
    with pytest.raises(ImpulseError, match=f"floor is {floor:g} dB; it must be below 0"):
        builder(48000, floor=floor)


@pytest.mark.parametrize("builder", [feedback, ping_pong])
@pytest.mark.parametrize("delay", [0.0, 1e-6])
def test_repeats_within_one_sample_refused(builder, delay):
    with pytest.raises(ImpulseError, match=f"delay {delay:g} s is .* at least one sample apart"):
        builder(48000, delay=delay)


def test_gain_and_rt60_together_refused():
    with pytest.raises(ImpulseError, match=r"gain 0\.5 and rt60 2 s are both given; give one"):
        feedback(48000, gain=0.5, rt60=2)


@pytest.mark.parametrize("rt60", [0.0, -1.0, math.nan])
def test_rt60_out_of_range_refused(rt60):
    with pytest.raises(ImpulseError, match=f"rt60 is {rt60:g} s; it must be above 0"):
        feedback(48000, rt60=rt60)


@pytest.mark.parametrize("width", [-0.1, 1.1, math.nan, math.inf])
def test_width_out_of_range_refused(width):
    with pytest.raises(ImpulseError, match=f"width is {width:g}; it must be between 0 and 1"):
        ping_pong(48000, width=width)


@pytest.mark.parametrize(
    ("delay", "gain"), [([], []), ([0.1], []), ([], [1]), ([0.1, 0.2], [1]), ([0.1], [1, 2])]
)
def test_lists_that_do_not_match_refused(delay, gain):
    message = f"{len(delay)} delays but {len(gain)} gains; give one gain for each delay"
    with pytest.raises(ImpulseError, match=message):
        multi_tap(48000, delay=delay, gain=gain)


@pytest.mark.parametrize(
    ("build", "frames"),
    [
        (lambda: delta(1, delay=MAX_FRAMES), MAX_FRAMES + 1),
        (lambda: double_spike(48000, delay=2800), 48000 * 2800 + 1),
        (lambda: multi_tap(48000, delay=[0, 2800, 1], gain=[1, 1, 1]), 48000 * 2800 + 1),
        (lambda: feedback(48000, delay=2800), 48000 * 2800 + 1),
        (lambda: ping_pong(48000, delay=2800), 48000 * 2800 + 1),
    ],
)
def test_too_long_refused_before_it_is_made(build, frames):
    message = f"would be {frames} frames long; the limit is {MAX_FRAMES} .*; shorten the delay or"
    with pytest.raises(ImpulseError, match=message):
        build()


@pytest.mark.parametrize("builder", [feedback, ping_pong])
@pytest.mark.parametrize(("delay", "gain"), [(100.0, 0.999), (1 / 48000, 0.9999999)])
def test_repeats_that_run_too_long_refused(builder, delay, gain):
    with pytest.raises(ImpulseError, match=f"the limit is {MAX_FRAMES} .* end the decay earlier"):
        builder(48000, delay=delay, gain=gain)


@pytest.mark.parametrize("name", sorted(BUILDERS))
def test_rate_of_zero_refused(name):
    with pytest.raises(ImpulseError):
        BUILDERS[name](0)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: feedback(48000, rt60=math.inf), "rt60 is inf s"),
        (lambda: feedback(48000, delay=0, rt60=1), "at least one sample apart"),
        (lambda: feedback(48000, delay=0, gain=0.5, fractional=True), "at least one sample apart"),
        (lambda: feedback(48000, delay=-0.25, rt60=1, fractional=True), "delay is -0.25 s"),
        (lambda: feedback(48000, delay=math.inf, fractional=True), "delay is inf s"),
        (lambda: feedback(48000, delay=1 / 48000, rt60=1e30), "never decays"),
        (lambda: feedback(48000, gain=1 - 1e-6), r"1657860\d+ frames long"),
        (lambda: ping_pong(48000, first="middle"), "it must be one of left, right"),
        (lambda: Impulse(np.ones((1, 1)), rate=math.nan), "rate is nan Hz"),
    ],
)
def test_invalid_values_refused(build, message):
    with pytest.raises(ImpulseError, match=message):
        build()


def test_a_rounded_step_keeps_its_decay_time():
    """The gain is that of the rounded step, not of the step requested."""
    taps = feedback(1000, delay=0.0014, rt60=1, floor=-0.02).taps
    assert taps[1, 0] == pytest.approx(10 ** (-3 * 1 / 1000), rel=1e-15)


def test_delays_may_be_arrays():
    taps = multi_tap(4, delay=np.array([0, 0.5]), gain=np.array([1, 0.25])).taps
    np.testing.assert_array_equal(taps[:, 0], [1, 0, 0.25])
