"""The spring: its cascade against group delay and magnitude, the whole sample by sample."""

import math
from itertools import pairwise

import numpy as np
import pytest
from oracle import UNIT
from scipy.signal import ellip, lfilter, sosfilt

from impulses.builders.spring import Cascade, group_delay, spring
from impulses.impulse import ImpulseError


def reference(frames, *, sections, coefficient, step, loop, feedback):
    """The definition, sample by sample: v[n] = a u[n] + u[n - K] - a v[n - K] in each section."""
    a = coefficient
    signals = np.zeros((sections + 1, frames))
    for n in range(frames):
        late = signals[-1, n - loop] if n >= loop else 0.0
        signals[0, n] = (n == 0) + feedback * late
        for u, v in pairwise(signals):
            v[n] = a * u[n] + (u[n - step] - a * v[n - step] if n >= step else 0.0)
    return signals[-1]


# The cascade


@pytest.mark.parametrize("coefficient", [0.75, 0.3, 0.0])
@pytest.mark.parametrize(("sections", "step"), [(1, 1), (7, 3), (100, 5), (100, 6)])
def test_the_cascade_is_flat_and_has_the_group_delay_of_the_paper(sections, step, coefficient):
    frames = step * 2**13
    x = np.zeros(frames)
    x[0] = 1
    cascade = Cascade(sections, coefficient, step)
    taps = np.concatenate([cascade(part) for part in np.split(x, 8)])
    spectrum = np.fft.rfft(taps)
    # the tail cut off is below 1e-30: 0.75^(8192 - 700) at most. Each section rounds three
    # times, and the rounding errors are white against a spectrum of 1: frames u^2 in energy
    bound = 4 * sections * math.sqrt(3 * frames) * UNIT
    np.testing.assert_allclose(abs(spectrum), 1, rtol=0, atol=bound)

    # - d phase / d w is the real part of the transform of n h[n] over that of h[n]
    delay = (np.fft.rfft(np.arange(frames) * taps) / spectrum).real
    w = np.linspace(0, np.pi, len(delay))
    expected = [group_delay(v, sections, coefficient, step) for v in w]
    by_hand = sections * step * (1 - coefficient**2)
    by_hand = by_hand / (1 + 2 * coefficient * np.cos(step * w) + coefficient**2)
    np.testing.assert_allclose(expected, by_hand, rtol=1e-14)
    # the same, times the latest frame that is not silent, and the most a frame can be late
    longest = 2 * group_delay(np.pi / step, sections, coefficient, step)
    np.testing.assert_allclose(delay, by_hand, rtol=0, atol=bound * (longest + 60 * step))


def test_group_delay_in_the_paper_s_own_figures():
    """M = 100, a = 0.75, K = 5: a seventh of 500 samples at 0 Hz, and seven times at the corner."""
    assert group_delay(0, 100, 0.75, 5) == pytest.approx(500 / 7, rel=1e-15)
    assert group_delay(math.pi / 5, 100, 0.75, 5) == pytest.approx(3500, rel=1e-15)


# The whole spring


@pytest.mark.parametrize(
    ("rate", "corner", "step", "given"),
    [
        (8000, 4000, 1, {}),
        (8000, 1000, 4, {"sections": 9, "echo": 0.02}),
        (8000, 1000, 4, {"sections": 9, "echo": 0.0213, "feedback": 0.8, "coefficient": 0.4}),
        (44100, 4300, 5, {"sections": 3, "echo": 0.003}),
        (48000, 4300, 6, {"sections": 20, "echo": 0.01, "feedback": 0.0}),
    ],
)
def test_spring_is_its_definition(rate, corner, step, given):
    usual = {"sections": 100, "coefficient": 0.75, "feedback": -0.6} | given
    echo = usual.pop("echo", 0.056)
    m, a = usual["sections"], usual["coefficient"]
    loop = round(echo * rate) - round(m * step * (1 - a) / (1 + a))
    taps = spring(rate, corner=corner, floor=-100, **given).taps[:2500, 0]
    expected = reference(len(taps), step=step, loop=loop, **usual)
    if step > 1:
        expected = sosfilt(ellip(10, 1, 60, rate / (2 * step), fs=rate, output="sos"), expected)
    # no signal of the loop is above 1 / (1 - g) in energy; each section rounds three times,
    # in each pass of the loop, and the low-pass leaves that as it is, but for its own roundings
    passes = 1 + len(taps) / (echo * rate)
    bound = (3 * m * passes + 100) * UNIT / (1 - abs(usual["feedback"]))
    np.testing.assert_allclose(taps, expected, rtol=0, atol=bound)
    assert abs(taps).max() > 1e6 * bound


def test_without_dispersion_it_is_an_echo():
    impulse = spring(8000, coefficient=0.0, corner=4000, feedback=-0.5, sections=10, floor=-40)
    frames = np.flatnonzero(impulse.taps[:, 0])
    # ten samples of ten sections, and then the echoes, 448 samples apart
    np.testing.assert_array_equal(frames, 10 + 448 * np.arange(len(frames)))
    np.testing.assert_array_equal(impulse.taps[frames, 0], (-0.5) ** np.arange(len(frames)))
    # left after seven: 4^-7, or -42 dB
    assert len(frames) == 7


@pytest.mark.parametrize("rate", [8000, 44100, 48000, 96000])
def test_one_arrival_is_flat_up_to_the_corner(rate):
    impulse = spring(rate, feedback=0.0, floor=-120)
    step = max(1, round(rate / 8600))
    level = 20 * np.log10(abs(np.fft.rfft(impulse.taps[:, 0], 2**18)) + 1e-12)
    hertz = np.fft.rfftfreq(2**18, 1 / rate)
    corner = rate / (2 * step)
    # a ripple of 1 dB below, 60 dB above; the tail that is cut is a millionth in amplitude,
    # spread over time: 1e-6 sqrt(frames) at most, 5e-4 or 0.005 dB
    below = level[hertz < corner]
    assert below.max() < 0.005
    assert below.min() > -1.005
    if step > 1:
        # the transition of order 10 is a twelfth of an octave wide
        assert level[hertz > corner * 2 ** (1 / 12)].max() < -59


def test_low_frequencies_return_after_the_echo():
    """Through a narrow low-pass, where the group delay is that of 0 Hz, repeats are 56 ms apart."""
    rate = 48000
    taps = spring(rate).taps[:, 0]
    smooth = np.hanning(1200)  # up to 80 Hz
    slow = abs(lfilter(smooth / smooth.sum(), [1.0], taps))
    peaks = [int(np.argmax(slow[k * 2688 : (k + 1) * 2688])) + k * 2688 for k in range(4)]
    # the parabola of cos K w at 80 Hz moves it by less than a sample
    np.testing.assert_allclose(np.diff(peaks), 2688, rtol=0, atol=1)
    np.testing.assert_allclose(slow[peaks[1:]] / slow[peaks[:-1]], 0.6, rtol=0.01)


@pytest.mark.parametrize("floor", [-30, -60, -100])
@pytest.mark.parametrize("feedback", [-0.6, 0.9, 0.0])
def test_spring_ends_with_the_energy_of_the_floor_left(floor, feedback):
    short, long = (spring(8000, feedback=feedback, floor=f).taps[:, 0] for f in (floor, floor - 60))
    np.testing.assert_array_equal(short, long[: len(short)])
    left = 10 * np.log10([(long[len(short) - k :] ** 2).sum() / (long**2).sum() for k in (0, 1)])
    # one frame earlier it would be above; a thousandth, 0.0044 dB, has never been made
    assert left[0] <= floor + 0.0044
    assert left[1] >= floor


def test_each_arrival_has_the_feedback_of_the_one_before():
    # one arrival has the energy 1, all of them 1 / (1 - g^2) where they do not overlap: a is
    # small, so the cascade is 100 samples of delay and little more
    taps = spring(8000, corner=4000, coefficient=0.05, feedback=-0.7, floor=-120).taps
    assert abs((taps**2).sum() - 1 / (1 - 0.49)) < 1e-9


@pytest.mark.parametrize(
    ("rate", "corner", "moved"), [(48000, 4300, 4000), (44100, 4300, 4410), (8000, 4300, 4000)]
)
def test_a_corner_that_is_moved_is_noted(rate, corner, moved):
    (note,) = spring(rate, corner=corner).notes
    assert note.startswith(f"corner of {corner} Hz moved to {moved} Hz")
    assert spring(rate, corner=moved).notes == ()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sections": 0}, "sections is 0; it must be between 1 and 1000"),
        ({"coefficient": -0.1}, "coefficient is -0.1; it must be between 0 and 0.95"),
        ({"coefficient": 1.0}, "coefficient is 1; it must be between 0 and 0.95"),
        ({"corner": 0.0}, "corner is 0 Hz; it must be between 20 and"),
        ({"feedback": -1.0}, "feedback is -1; it must be between -0.99 and 0.99"),
        ({"echo": 1.5}, "echo is 1.5 s; it must be between 0 and 1 s"),
        ({"corner": 100}, r"echo is 0\.056 s, but the cascade needs 0\.0764 s; give a longer echo"),
    ],
)
def test_out_of_range_refused(given, message):
    with pytest.raises(ImpulseError, match=message):
        spring(48000, **given)


def test_the_echo_that_the_error_suggests_is_enough():
    spring(48000, corner=100, echo=0.0765, floor=-30)
