"""Schroeder's reverberator and Freeverb against their recursions, and tests of all five."""

import inspect
import math
import tracemalloc
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import UNIT
from scipy.signal import lfilter

from impulses.builders.network import fdn
from impulses.builders.plate import plate
from impulses.builders.recursion import Allpass, DelayLine, OnePole, allpass, comb_filter
from impulses.builders.reverberators import freeverb, schroeder
from impulses.builders.spring import spring
from impulses.impulse import MAX_FRAMES, ImpulseError

REVERBERATORS = [schroeder, freeverb, plate, fdn, spring]


def unit(frames, at=0):
    x = np.zeros(frames)
    x[at] = 1
    return x


def sparse(coefficients, step):
    """The coefficients of a filter, `step` samples apart."""
    drawn_out = np.zeros((len(coefficients) - 1) * step + 1)
    drawn_out[::step] = coefficients
    return drawn_out


def energy_decay(taps):
    """The remaining energy at each frame, in dB."""
    left = np.cumsum((taps**2)[::-1])[::-1]
    return 10 * np.log10(left / left[0])


def decay_time(taps, rate):
    """T30: the line through -5 to -35 dB of the energy decay, down to -60 dB."""
    decay = energy_decay(taps)
    n = np.flatnonzero((decay <= -5) & (decay >= -35))
    return -60 / np.polyfit(n / rate, decay[n], 1)[0]


# Recursions


@given(
    step=st.integers(1, 40),
    frames=st.integers(1, 200),
    gain=st.floats(-0.95, 0.95),
    seed=st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_comb_filters_have_sparse_coefficients(step, frames, gain, seed):
    x = np.random.default_rng(seed).uniform(-1, 1, frames)
    numerator, denominator = [0.5, -1.0, 0.25], [1.0, gain, 0.0]
    expected = lfilter(sparse(numerator, step), sparse(denominator, step), x)
    # the same products in the same order, beside products with 0
    bound = 8 * UNIT * 1.75 / (1 - abs(gain)) ** 2
    np.testing.assert_allclose(
        comb_filter(numerator, denominator, x, step), expected, rtol=0, atol=bound
    )


@pytest.mark.parametrize("gain", [0.7, -0.5, 0.0, 0.95])
@pytest.mark.parametrize("delay", [1, 3, 50])
def test_an_allpass_keeps_energy(gain, delay):
    repeats = 800  # 0.95^800 is below 1e-17
    taps = allpass(unit(repeats * delay), delay, gain)
    # k roundings of repeat k, of which the energy is (1 - g^2)^2 g^(2k - 2): those of a few
    # times 1 / (1 - g^2) repeats
    assert abs((taps**2).sum() - 1) <= 16 * UNIT / (1 - gain**2)


@given(
    delay=st.integers(1, 30),
    gain=st.floats(-0.95, 0.95),
    blocks=st.lists(st.integers(1, 25), min_size=1, max_size=12),
    seed=st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_an_allpass_in_blocks_is_the_filter(delay, gain, blocks, seed):
    x = np.random.default_rng(seed).uniform(-1, 1, sum(blocks))
    block_by_block = Allpass(delay, gain, max(blocks))
    parts = np.split(x, np.cumsum(blocks)[:-1])
    y, inner, energy = [], [], []
    for part in parts:
        y.append(block_by_block(part))
        # tapped at 0 samples, the line returns the latest block
        inner.append(block_by_block.line.tap(0, len(part)))
        energy.append(block_by_block.energy)
    # each repeat adds three roundings of values up to 1 / (1 - abs(g)) to those it passes on
    bound = 6 * UNIT * len(x) / (1 - abs(gain)) ** 2
    # with the other sign of g
    np.testing.assert_allclose(np.concatenate(y), allpass(x, delay, -gain), rtol=0, atol=bound)
    expected = comb_filter([1.0], [1.0, gain], x, delay)
    np.testing.assert_allclose(np.concatenate(inner), expected, rtol=0, atol=bound)
    # the energy stored is that of the input less that of the output
    kept = np.cumsum(x**2 - np.concatenate(y) ** 2)[np.cumsum(blocks) - 1]
    np.testing.assert_allclose(energy, kept, rtol=0, atol=2 * len(x) * bound / (1 - abs(gain)))


def test_a_delay_line_can_be_tapped():
    line, x = DelayLine(5, block=3), np.arange(1.0, 31.0)
    for start in range(0, 30, 3):
        np.testing.assert_array_equal(line.read(3), np.maximum(x[start : start + 3] - 5, 0))
        line.write(x[start : start + 3])
        for delay in range(6):
            now = np.maximum(x[start : start + 3] - delay, 0)
            np.testing.assert_array_equal(line.tap(delay, 3), now)
        assert line.energy == (x[max(0, start - 2) : start + 3] ** 2).sum()


def test_a_one_pole_keeps_its_state_between_blocks():
    x = np.random.default_rng(0).uniform(-1, 1, 100)
    lowpass = OnePole(0.3, 0.8)
    y = np.concatenate([lowpass(part) for part in np.split(x, [1, 7, 50])])
    np.testing.assert_array_equal(y, lfilter([0.8 * 0.7], [1, -0.3], x))


# Schroeder


@pytest.mark.parametrize("rate", [1000, 8000, 44100])
@pytest.mark.parametrize("rt60", [0.05, 0.4, 1.0])
def test_schroeder_is_combs_and_allpasses_of_lfilter(rate, rt60):
    taps = schroeder(rate, rt60=rt60).taps[:, 0]
    taps = taps[:6000]  # lfilter multiplies by every 0 of a comb
    expected = np.zeros(len(taps))
    for milliseconds in (29.7, 37.1, 41.1, 43.7):
        delay = round(rate * milliseconds / 1000)
        gain = 10 ** (-3 * delay / (rate * rt60))
        expected += lfilter(unit(delay + 1, delay), sparse([1, -gain], delay), unit(len(taps))) / 4
    for milliseconds in (5.0, 1.7):
        delay = round(rate * milliseconds / 1000)
        expected = lfilter(sparse([-0.7, 1], delay), sparse([1, -0.7], delay), expected)
    # the combs sum up to 1 at most, and each allpass to 0.7 + 0.51 / 0.3 = 2.4 times as much;
    # a repeat of a comb, and three operations of an allpass, are a rounding each, and a gain
    # is right to a few: of those all repeats of a comb, but of an allpass only as many as
    # 1 / (1 - 0.7) matter
    repeats = len(taps) / (0.0297 * rate)
    bound = (8 * repeats + 2 * 3 * 4) * UNIT * 2.4**2
    np.testing.assert_allclose(taps, expected, rtol=0, atol=bound)


@pytest.mark.parametrize("rate", [8000, 48000])
@pytest.mark.parametrize("rt60", [0.5, 1.0, 3.0])
def test_schroeder_decays_in_its_time(rate, rt60):
    taps = schroeder(rate, rt60=rt60).taps[:, 0]
    # the decay is a staircase whose steps are up to 43.7 ms long, on either side of the line
    # that falls through half of T: its ends are known to half a step each
    assert abs(decay_time(taps, rate) - rt60) / rt60 <= 0.0437 / (rt60 / 2)
    # and exactly, a quarter of a step at a time: every comb keeps its energy once the decay
    # is taken away, so no half of the rest is louder than another by more than the echoes
    # that happen to meet in it
    n = np.arange(len(taps))
    risen = taps * 10 ** (3 * n / (rate * rt60))
    second, third = np.array_split(risen[rate * 44 // 1000 :], 3)[1:]
    assert abs(10 * np.log10((second**2).sum() / (third**2).sum())) < 1


@pytest.mark.parametrize(("rt60", "floor"), [(2.0, -100), (0.6, -60), (1.0, -20)])
def test_schroeder_ends_at_the_floor(rt60, floor):
    impulse = schroeder(1000, rt60=rt60, floor=floor)
    assert impulse.taps.shape == (round(1000 * rt60 * -floor / 60) + 44 + 1, 1)


def test_a_very_short_schroeder_rings_as_long_as_its_allpasses():
    impulse = schroeder(48000, rt60=1e-3)
    # 5 ms for each 0.7
    ringing = math.ceil(-100 / (20 * math.log10(0.7))) * 240
    assert abs(impulse.frames - ringing - 0.0437 * 48000) <= 240
    assert energy_decay(impulse.taps[:, 0])[-1] < -90


# Freeverb

COMBS = [1116, 1188, 1277, 1356, 1422, 1491, 1557, 1617]
ALLPASSES = [556, 441, 341, 225]


def freeverb_reference(rate, room, damp, width, frames):
    """Jezar's comb and allpass, sample by sample, as their circular buffers have it."""
    feedback, damp = room * 0.28 + 0.7, damp * 0.4
    sides = []
    for spread in (0, 23):
        combs = [[0.0] * int(rate * (size + spread) / 44100) for size in COMBS]
        stores = [0.0] * 8
        allpasses = [[0.0] * int(rate * (size + spread) / 44100) for size in ALLPASSES]
        side = []
        for n in range(frames):
            x = 0.015 * (n == 0)
            out = 0.0
            for i, buffer in enumerate(combs):
                at = n % len(buffer)
                stores[i] = buffer[at] * (1 - damp) + stores[i] * damp
                out += buffer[at]
                buffer[at] = x + stores[i] * feedback
            for buffer in allpasses:
                at = n % len(buffer)
                late = buffer[at]
                buffer[at] = out + late * 0.5
                out = late - out
            side.append(out)
        sides.append(np.array(side))
    left, right = sides
    wet1, wet2 = 3 * (width / 2 + 0.5), 3 * (1 - width) / 2
    return np.stack([left * wet1 + right * wet2, right * wet1 + left * wet2], axis=1)


@pytest.mark.parametrize(
    ("rate", "room", "damp", "width"),
    [(8000, 0.5, 0.5, 1.0), (8000, 1.0, 0.0, 0.0), (1000, 0.0, 1.0, 0.3), (44100, 0.9, 0.2, 0.8)],
)
def test_freeverb_is_its_recursion(rate, room, damp, width):
    taps = freeverb(rate, room=room, damp=damp, width=width).taps[: min(rate, 6000)]
    expected = freeverb_reference(rate, room, damp, width, len(taps))
    # eight combs of up to 0.045, each rounded five times in every repeat; then four allpasses
    # that sum up to 1 + 1.5 / 0.5 = 4 at most but to no more than 1.5^4 of a single sample,
    # and another sum of sides
    repeats = len(taps) * 44100 / rate / 1116
    bound = (5 * repeats + 30) * UNIT * 8 * 0.045 * 1.5**4
    np.testing.assert_allclose(taps, expected, rtol=0, atol=bound)


def test_freeverb_of_no_width_is_in_the_middle():
    taps = freeverb(8000, width=0).taps
    np.testing.assert_array_equal(taps[:, 0], taps[:, 1])
    apart = freeverb(8000).taps
    np.testing.assert_allclose(taps[:, 0], apart.mean(axis=1), rtol=0, atol=UNIT)


@pytest.mark.parametrize("damp", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("room", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("floor", [-40, -100])
def test_freeverb_ends_when_its_slowest_comb_reaches_the_floor(room, damp, floor):
    short, long = (freeverb(1000, room=room, damp=damp, floor=f).taps for f in (floor, floor - 60))
    np.testing.assert_array_equal(short, long[: len(short)])
    left = (long[len(short) :] ** 2).sum() / (long**2).sum()
    # the slowest comb has just fallen by the floor, all others and the allpasses further
    assert 10 * np.log10(left) < floor


# All reverberators


@pytest.mark.parametrize("builder", REVERBERATORS)
@pytest.mark.parametrize("rate", [1000, 11025, 44100, 192000, 768000])
def test_every_rate_gives_the_same_reverberation(builder, rate):
    impulse = builder(rate, floor=-60)
    usual = builder(48000, floor=-60)
    assert impulse.rate == rate
    assert impulse.taps.shape[1] == usual.taps.shape[1]
    assert np.isfinite(impulse.taps).all()
    assert impulse.taps.any(axis=0).all()
    # as long within what delays are rounded by; but for the spring, whose corner is no higher
    # than half the rate
    if builder is not spring or rate > 20000:
        seconds = usual.frames / 48000
        assert abs(impulse.frames / rate - seconds) <= 0.15 * seconds


@pytest.mark.parametrize("builder", REVERBERATORS)
@pytest.mark.parametrize("rate", [0, -48000, 1, 999, 768_001])
def test_other_rates_refused(builder, rate):
    with pytest.raises(ImpulseError, match=f"rate is {rate} Hz; it must be between 1000 and"):
        builder(rate)


@pytest.mark.parametrize("builder", REVERBERATORS)
@pytest.mark.parametrize("floor", [0.0, 3.0, -301, math.nan, math.inf, -math.inf])
def test_floor_out_of_range_refused(builder, floor):
    with pytest.raises(ImpulseError, match=f"floor is {floor:g} dB; it must be between -300 and"):
        builder(48000, floor=floor)


@pytest.mark.parametrize("builder", REVERBERATORS)
def test_a_lower_floor_only_adds_a_tail(builder):
    short, long = (builder(8000, floor=floor).taps for floor in (-40, -80))
    assert len(short) < len(long)
    # the fdn may end within a block, and a block is computed as a whole
    np.testing.assert_array_equal(short, long[: len(short)])


@pytest.mark.parametrize("builder", REVERBERATORS)
def test_the_same_twice(builder):
    np.testing.assert_array_equal(builder(8000).taps, builder(8000).taps)


@pytest.mark.parametrize("builder", REVERBERATORS)
def test_docstrings_describe_the_sound(builder):
    paragraphs = inspect.getdoc(builder).split("\n\n")
    assert paragraphs[1].startswith("Sound: ")
    assert paragraphs[1].endswith(".")


NUMBERS = [
    (builder, name)
    for builder in REVERBERATORS
    for name, parameter in inspect.signature(builder).parameters.items()
    if name not in ("rate", "floor", "matrix", "lines", "sections", "seed")
]


@pytest.mark.parametrize(("builder", "name"), NUMBERS)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -0.5, 1e308, -1e308])
def test_invalid_numbers_refused(builder, name, value):
    if (name, value) == ("feedback", -0.5):
        return
    with pytest.raises(ImpulseError, match=r"\d|nan|inf") as caught:
        builder(8000, **{name: value})
    assert "\n" not in str(caught.value)
    assert f"{name} is {value:g}" in str(caught.value) or "limit" in str(caught.value)


@pytest.mark.parametrize(("builder", "name"), NUMBERS)
@pytest.mark.parametrize("value", [0.0, 5e-324, 1e-9, 0.01, 1.0])
def test_extremes_are_sane_or_refused(builder, name, value):
    with suppress(ImpulseError):  # of one line: see above
        impulse = builder(1000, **{name: value}, floor=-30)
        assert np.isfinite(impulse.taps).all()
        assert impulse.taps.any()
        assert impulse.frames < 200_000


@pytest.mark.parametrize(
    "build",
    [
        lambda: schroeder(48000, rt60=5000),
        lambda: fdn(48000, rt60=5000),
        lambda: plate(768000, decay=0.99),
        lambda: plate(48000, predelay=MAX_FRAMES / 48000 - 1),
        lambda: spring(768000, feedback=0.99, sections=1000, echo=1.0, floor=-300),
    ],
)
def test_too_long_refused_before_it_is_made(build):
    tracemalloc.start()
    with pytest.raises(ImpulseError, match=f"frames long; the limit is {MAX_FRAMES} .*; shorten"):
        build()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2**22
