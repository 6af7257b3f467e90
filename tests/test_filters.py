"""Windowed filters against their sums and published taps; biquads against analogue prototypes."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import UNIT, tolerance

from impulses import ImpulseError, edit, folding
from impulses.builders.equalisers import high_shelf, low_shelf, peak
from impulses.builders.filters import MAX_TAPS, band_pass, high_pass, low_pass
from impulses.builders.operators import differentiator, hilbert, moving_average
from impulses.quantities import one_of, whole

PASSING = [low_pass, high_pass, band_pass]
BIQUADS = [low_shelf, high_shelf, peak]
FLOOR = 1e-6  # -120 dB, at which the docstring cuts them
WINDOWS = ["hamming", "hann", "blackman", "kaiser"]
# attenuation in dB and width of the edge in rate / numtaps, as the docstrings give them
EDGES = {"hamming": (53, 3.3), "hann": (44, 3.1), "blackman": (74, 5.5), "kaiser": (86.7, 5.5)}


def response(impulse, frequency):
    """H(f) by the definition, time counted from the origin."""
    n = np.arange(impulse.frames) - impulse.origin
    w = 2 * np.pi * np.atleast_1d(frequency) / impulse.rate
    return np.exp(-1j * np.outer(w, n)) @ impulse.taps[:, 0]


def cosines(window, numtaps):
    """A window by its definition."""
    t = np.arange(numtaps) / (numtaps - 1)
    terms = {"hamming": (0.54, 0.46, 0), "hann": (0.5, 0.5, 0), "blackman": (0.42, 0.5, 0.08)}
    a, b, c = terms[window]
    return a - b * np.cos(2 * np.pi * t) + c * np.cos(4 * np.pi * t)


def ideal(numtaps, cutoff):
    """The taps of an ideal low-pass, cutoff in cycles a sample, unscaled."""
    t = np.arange(numtaps) - (numtaps - 1) / 2
    return 2 * cutoff * np.sinc(2 * cutoff * t)


# Pass bands


def test_the_definition_is_the_published_one(shared):
    """The reference of the tests below gives the taps that DSP.jl keeps, made with SciPy."""
    folder = shared / "vectors" / "dspjl_MIT"
    low = np.loadtxt(folder / "digitalfilter_hamming_128_lowpass_scaled_fc0.25_fs1.0.txt")
    taps = ideal(128, 0.25) * cosines("hamming", 128)
    # a sine of pi t, t up to 64, errs by 64 pi u, divided by pi t again, and a few u more
    np.testing.assert_allclose(taps / taps.sum(), low, rtol=0, atol=16 * UNIT)

    high = np.loadtxt(folder / "digitalfilter_hamming_129_highpass_fc0.25_fs1.0.txt")
    spike = np.eye(1, 129, 64)[0]
    taps = (spike - ideal(129, 0.25)) * cosines("hamming", 129)
    np.testing.assert_allclose(taps, high, rtol=0, atol=16 * UNIT)
    ours = high_pass(48000, cutoff=12000, numtaps=129)
    at_half = abs(high[::2].sum() - high[1::2].sum())  # theirs is not scaled to 1 there
    np.testing.assert_allclose(ours.taps[:, 0] * at_half, high, rtol=0, atol=32 * UNIT)


@pytest.mark.parametrize("window", ["hamming", "hann", "blackman"])
@pytest.mark.parametrize("numtaps", [3, 31, 1023])
@pytest.mark.parametrize("cutoff", [0.01, 0.1, 0.25, 0.4])
def test_bands_are_windowed_sincs(window, numtaps, cutoff):
    spike, shape = np.eye(1, numtaps, numtaps // 2)[0], cosines(window, numtaps)
    signs = (-1.0) ** np.arange(numtaps)
    upper = 0.5 * (cutoff + 0.5)
    middle = np.cos(np.pi * (cutoff + upper) * (np.arange(numtaps) - numtaps // 2))
    options = {"numtaps": numtaps, "window": window}
    low, high, band = (
        ideal(numtaps, cutoff) * shape,
        (spike - ideal(numtaps, cutoff)) * shape,
        (ideal(numtaps, upper) - ideal(numtaps, cutoff)) * shape,
    )
    for taps, level, made in (
        (low, low.sum(), low_pass(48000, cutoff=48000 * cutoff, **options)),
        (high, abs(high @ signs), high_pass(48000, cutoff=48000 * cutoff, **options)),
        (band, band @ middle, band_pass(48000, low=48000 * cutoff, high=48000 * upper, **options)),
    ):
        assert made.taps.shape == (numtaps, 1)
        assert made.origin == numtaps // 2
        # as above, and a phase of pi n in the level loses n u; the sum of the magnitudes over the
        # level is what scaling multiplies both by
        bound = (16 + numtaps) * UNIT * (1 + np.abs(taps).sum() / level) / level
        np.testing.assert_allclose(made.taps[:, 0], taps / level, rtol=0, atol=bound)


@pytest.mark.parametrize("rate", [8000, 768000])
@pytest.mark.parametrize("window", WINDOWS)
def test_bands_pass_and_stop_as_documented(rate, window):
    attenuation, width = EDGES[window]
    ripple = 10 ** (-attenuation / 20)
    half = width * rate / 1023 / 2
    low, high = 0.1 * rate, 0.3 * rate
    options = {"window": window}
    f = np.linspace(0, rate / 2, 601)
    bands = {
        low_pass(rate, cutoff=low, **options): f < low,
        high_pass(rate, cutoff=high, **options): f > high,
        band_pass(rate, low=low, high=high, **options): (f > low) & (f < high),
    }
    for impulse, passed in bands.items():
        apart = (np.abs(f - low) > half) & (np.abs(f - high) > half)
        heard = response(impulse, f)
        # linear phase, time counted from the centre: the response is real
        assert np.abs(heard.imag).max() <= tolerance(impulse.taps, [1.0])
        # the docstring rounds to a decimal of the width, hence a tenth more; the scale adds as much
        assert np.abs(heard.real - passed)[apart].max() <= 2.2 * ripple
        for edge in {low, high} & {low if passed[0] or not passed[-1] else high}:
            assert abs(response(impulse, edge)[0].real - 0.5) <= 2.2 * ripple


@pytest.mark.parametrize("builder", PASSING)
def test_levels_are_one(builder):
    impulse = builder(48000)
    at = {low_pass: 0, high_pass: 24000, band_pass: (300 + 3400) / 2}[builder]
    # phases of up to pi n lose n u each, here and in the scale
    assert abs(response(impulse, at)[0] - 1) <= 2 * 512 * UNIT * np.abs(impulse.taps).sum()
    # even but for the rounding of window and sinc
    np.testing.assert_allclose(impulse.taps, impulse.taps[::-1], rtol=0, atol=8 * UNIT)


def test_low_and_high_pass_are_complements():
    """A spike less one is the other, but for their scales, which ripple moves off 1."""
    together = low_pass(48000, cutoff=6000).taps + high_pass(48000, cutoff=6000).taps
    together[511] -= 1
    assert np.abs(together).max() <= 10 ** (-53 / 20)


@pytest.mark.parametrize("builder", PASSING)
@pytest.mark.parametrize("window", WINDOWS)
def test_minimum_phase_keeps_the_magnitude(builder, window):
    linear = builder(48000, window=window)
    minimum = builder(48000, window=window, phase="minimum")
    assert (minimum.frames, minimum.origin) == (1023, 0)
    f = np.linspace(0, 24000, 601)
    # a stop band has its zeros on the circle: their error is 1 / N, of N = 2^18 at least
    gap = np.abs(np.abs(response(minimum, f)) - np.abs(response(linear, f)))
    assert gap.max() <= 4 * 2.0**-18
    energy = np.cumsum(minimum.taps**2)
    assert (energy >= np.cumsum(linear.taps**2) - 1e-5 * energy[-1]).all()
    assert energy[200] > 0.9 * energy[-1]
    assert energy[-1] == pytest.approx((linear.taps**2).sum(), rel=1e-5)


def test_a_dry_path_stays_in_step_with_linear_phase():
    impulse = low_pass(48000, cutoff=2000)
    f = np.linspace(0, 24000, 301)
    mixed = response(edit.mix(impulse, dry=1, wet=-1), f)
    np.testing.assert_allclose(mixed, 1 - response(impulse, f), rtol=0, atol=1e-13)
    chained = folding.chain([impulse, high_pass(48000, cutoff=200)])
    assert chained.origin == 1022


# Hilbert transformer, differentiator, moving average


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("numtaps", [3, 9, 1023])
@pytest.mark.parametrize("builder", [hilbert, differentiator])
def test_type_three(builder, window, numtaps):
    impulse = builder(48000, numtaps=numtaps, window=window)
    taps = impulse.taps[:, 0]
    assert (impulse.frames, impulse.origin) == (numtaps, numtaps // 2)
    np.testing.assert_array_equal(taps, -taps[::-1])
    assert taps[numtaps // 2] == 0
    # so the response is imaginary, and 0 at both ends
    heard = response(impulse, np.linspace(0, 24000, 101))
    assert np.abs(heard.real).max() <= tolerance(taps, [1.0])
    # at half the rate a phase of pi n has lost n u
    assert np.abs(heard[[0, -1]]).max() <= numtaps * tolerance(taps, [1.0])


@pytest.mark.parametrize("window", ["hamming", "hann", "blackman"])
def test_taps_are_the_windowed_formulas(window):
    n = np.arange(-50, 51)
    n[50] = 1  # the centre is 0 by antisymmetry
    shape = cosines(window, 101) * (np.arange(101) != 50)
    turn = (1 - np.cos(np.pi * n)) / (np.pi * n) * shape
    slope = (-1.0) ** n / n * shape
    options = {"numtaps": 101, "window": window}
    np.testing.assert_allclose(hilbert(1, **options).taps[:, 0], turn, rtol=0, atol=8 * UNIT)
    np.testing.assert_allclose(
        differentiator(1, **options).taps[:, 0], slope, rtol=0, atol=8 * UNIT
    )


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("rate", [1000, 48000, 768000])
def test_hilbert_is_minus_i_and_the_slope_i_w(rate, window):
    attenuation, width = EDGES[window]
    ripple = 10 ** (-attenuation / 20)
    edge = width * rate / 1023 / 2
    f = np.linspace(edge, rate / 2 - edge, 400)
    turned = response(hilbert(rate, numtaps=1023, window=window), f)
    # a fifth more than the documented width, which is rounded; steps from 1 to -1 are twice
    # those of a band
    assert np.abs(turned + 1j).max() <= 2.4 * ripple
    w = 2 * np.pi * f / rate
    # here it is one of 2 pi, at half the rate
    assert (
        np.abs(response(differentiator(rate, window=window), f) - 1j * w).max()
        <= 2.4 * np.pi * ripple
    )


def test_a_cosine_becomes_a_sine():
    turned = np.convolve(np.cos(0.7 * np.arange(8000)), hilbert(48000).taps[:, 0], "valid")
    expected = np.sin(0.7 * (np.arange(len(turned)) + 2047))
    np.testing.assert_allclose(turned, expected, rtol=0, atol=2.4 * 10 ** (-53 / 20))


@pytest.mark.parametrize(
    ("window", "steep"), [("hann", 0), ("blackman", 0), ("hamming", 0.08), ("kaiser", 0.00128431)]
)
def test_a_line_has_its_slope_a_sample(window, steep):
    """Up to the last weight of the window: the sum of -n h[n] is 2 (w[1] - w[2] + w[3] ...)."""
    impulse = differentiator(48000, window=window)
    slope = np.convolve(2.0 * np.arange(3000), impulse.taps[:, 0], "valid")
    np.testing.assert_allclose(slope, 2 * (1 + steep), rtol=1e-8)


@pytest.mark.parametrize("window", ["hann", "blackman"])
def test_the_slope_of_low_tones_has_a_small_relative_error(window):
    f = np.geomspace(1, 23000, 300)
    w = 2 * np.pi * f / 48000
    heard = response(differentiator(48000, window=window), f) / (1j * w)
    assert np.abs(heard - 1).max() <= 1e-5


def test_hilbert_and_differentiator_agree_with_remez_designs(shared):
    """Optimal designs have other taps, so the responses within their band are compared."""
    folder = shared / "vectors" / "dspjl_MIT"
    for name, builder, unit, band, ripple in (
        # bands and ripples of the designs, from their responses
        ("remez_20_hilbert", hilbert, 1, (0.06, 0.44), 0.0205),
        ("remez_21_hilbert", hilbert, 1, (0.06, 0.46), 0.112),
        ("remez_200_differentiator", differentiator, 2 * np.pi, (0.01, 0.49), 1e-3),
    ):
        theirs = np.loadtxt(folder / f"{name}.txt")
        np.testing.assert_allclose(theirs, -theirs[::-1], rtol=0, atol=1e-15)
        f = np.linspace(*band, 200)
        n = np.arange(len(theirs)) - (len(theirs) - 1) / 2
        other = np.exp(-2j * np.pi * np.outer(f, n)) @ theirs * unit
        ours = response(builder(1), f)
        other *= np.sign((other / ours).real[0])  # signs are a convention
        # both shift by exactly 90 degrees; ours has hardly any ripple there
        assert np.abs(ours.real).max() <= 1e-12
        assert np.abs(ours - other).max() <= ripple + 1e-4


@given(frames=st.integers(1, 200), rate=st.integers(1000, 768_000))
@settings(max_examples=60, deadline=None)
def test_moving_average_is_dirichlets_kernel(frames, rate):
    impulse = moving_average(rate, length=frames / rate)
    assert impulse.taps.shape == (frames, 1)
    assert (impulse.taps == 1 / frames).all()
    assert (impulse.notes, impulse.origin) == ((), 0)
    w = np.linspace(0.01, np.pi, 20)
    kernel = np.sin(w * frames / 2) / (frames * np.sin(w / 2))
    heard = response(impulse, w * rate / (2 * np.pi)) * np.exp(0.5j * w * (frames - 1))
    # phases of up to pi N lose as many u, and 1 / sin(w / 2) is at most 200 here
    np.testing.assert_allclose(heard, kernel, rtol=0, atol=8 * math.pi * (frames + 200) * UNIT)
    nulls = response(impulse, np.arange(1, frames) * rate / frames)
    assert np.abs(nulls).max(initial=0) <= 8 * math.pi * frames * UNIT


def test_moving_average_notes_its_rounded_length():
    impulse = moving_average(44100)
    assert impulse.frames == 44
    assert impulse.notes == ("length of 44.100 samples rounded to 44",)


# Shelves and peaks


def analogue(builder, f, corner, gain, q, rate):
    """The cookbook's prototypes in s, on the axis that the bilinear transform makes of f."""
    a = 10 ** (gain / 40)
    with np.errstate(divide="ignore"):
        s = 1j * np.tan(np.pi * f / rate) / np.tan(np.pi * corner / rate)
    width = np.sqrt(a) / q * s
    if builder is low_shelf:
        return a * (s**2 + width + a) / (a * s**2 + width + 1)
    if builder is high_shelf:
        return a * (a * s**2 + width + 1) / (s**2 + width + a)
    return (s**2 + s * a / q + 1) / (s**2 + s / (a * q) + 1)


def cut(impulse, gain, frequency):
    """The error of a response by cutting and rounding: 120 dB below the largest tap, and u.

    Poles (1 - r) from the circle blow up the rounding of their coefficients by 1 / (1 - r)^2,
    where 1 - r is at least some f / rate / 10 for a Q up to 10.
    """
    largest = np.abs(impulse.taps).max()
    rounding = 100 * UNIT * max(1, 10 ** (gain / 20)) / (frequency / impulse.rate / 10) ** 2
    return FLOOR * largest * 1.001 + rounding


@pytest.mark.parametrize("builder", BIQUADS)
@pytest.mark.parametrize("gain", [-24.0, 12.0])
@pytest.mark.parametrize("q", [0.3, 0.5, 0.7071, 10.0])
@pytest.mark.parametrize("share", [0.002, 0.02, 0.25, 0.45])
def test_biquads_are_the_analogue_ones(builder, gain, q, share):
    f0 = 48000 * share
    f = np.concatenate([[0, f0], np.geomspace(f0 / 30, 23999, 20)])
    expected = analogue(builder, f, f0, gain, q, 48000)
    options = {"frequency": f0, "gain": gain, "q": q}
    minimum = builder(48000, **options)
    assert minimum.origin == 0
    assert np.abs(response(minimum, f) - expected).max() <= cut(minimum, gain, f0)
    linear = builder(48000, **options, phase="linear")
    assert linear.frames == 2 * linear.origin + 1
    np.testing.assert_array_equal(linear.taps, linear.taps[::-1])
    # real and positive, time counted from the centre: the magnitude without its phase
    assert np.abs(response(linear, f) - np.abs(expected)).max() <= cut(linear, gain, f0)


@pytest.mark.parametrize("phase", ["minimum", "linear"])
@pytest.mark.parametrize("gain", [-18.0, -6.0, 6.0, 18.0])
@pytest.mark.parametrize("q", [0.4, 0.7071, 3.0])
@pytest.mark.parametrize("rate", [8000, 48000, 768000])
def test_gains_at_the_ends_and_half_of_them_at_the_corner(rate, gain, q, phase):
    f0 = rate / 20
    options = {"frequency": f0, "gain": gain, "q": q, "phase": phase}
    for builder, decibels in (
        (low_shelf, {0: gain, f0: gain / 2, rate / 2: 0}),
        (high_shelf, {0: 0, f0: gain / 2, rate / 2: gain}),
        (peak, {0: 0, f0: gain, rate / 2: 0}),
    ):
        impulse = builder(rate, **options)
        for frequency, level in decibels.items():
            heard = abs(response(impulse, frequency)[0])
            assert abs(heard - 10 ** (level / 20)) <= cut(impulse, gain, f0)
    # the width of a peak is that between the points with half its gain in dB
    both = [math.sqrt(1 + 1 / (4 * q * q)) + side / (2 * q) for side in (-1, 1)]
    edges = rate / math.pi * np.arctan(math.tan(math.pi * f0 / rate) * np.array(both))
    heard = np.abs(response(impulse, edges))
    assert np.abs(heard - 10 ** (gain / 40)).max() <= cut(impulse, gain, f0)


@pytest.mark.parametrize("builder", BIQUADS)
def test_equal_cut_and_boost_cancel(builder):
    both = folding.chain([builder(48000, gain=9.0), builder(48000, gain=-9.0)])
    both_taps = both.taps[:, 0].copy()
    both_taps[0] -= 1
    f = np.linspace(0, 24000, 100)
    n = np.arange(len(both_taps))
    left = np.exp(-2j * np.pi * np.outer(f / 48000, n)) @ both_taps
    # each is cut by FLOOR of its largest tap, 10^(9/20) at most, times the gain of the other
    assert np.abs(left).max() <= 2.1 * FLOOR * 10 ** (9 / 20) ** 2


@pytest.mark.parametrize("phase", ["minimum", "linear"])
@pytest.mark.parametrize("builder", BIQUADS)
def test_no_gain_is_no_filter(builder, phase):
    impulse = builder(48000, gain=0.0, phase=phase)
    assert impulse.frames == 1
    assert abs(impulse.taps[0, 0] - 1) <= 16 * UNIT


# Values out of range


@pytest.mark.parametrize("rate", [1000, 11025, 44100, 768000])
@pytest.mark.parametrize("builder", [*PASSING, hilbert, differentiator, moving_average, *BIQUADS])
def test_any_rate_gives_a_filter_or_an_error(builder, rate):
    lowest = {low_pass: 2001, high_pass: 2001, band_pass: 6802, high_shelf: 8002, peak: 2001}
    if rate < lowest.get(builder, 0):
        with pytest.raises(ImpulseError, match=r"must be between 0\.001 and 499\.9 Hz"):
            builder(rate)
        return
    impulse = builder(rate)
    assert impulse.rate == rate
    assert 0.1 < np.abs(response(impulse, np.linspace(0, rate / 2, 50))).max() < 3.2


@pytest.mark.parametrize("value", [0.0, -1.0, 24000.0, 1e300, math.inf, math.nan])
@pytest.mark.parametrize("builder", [*PASSING, *BIQUADS])
def test_frequency_out_of_range_refused(builder, value):
    name = {low_pass: "cutoff", high_pass: "cutoff", band_pass: "high"}.get(builder, "frequency")
    with pytest.raises(ImpulseError, match=f"{name} is .* Hz; it must be between 0.048 and 23995"):
        builder(48000, **{name: value})


@pytest.mark.parametrize("builder", [*PASSING, hilbert, differentiator])
@pytest.mark.parametrize("numtaps", [0, 1, -5, MAX_TAPS + 1, 2**62 + 1, math.nan, math.inf])
def test_numtaps_out_of_range_refused(builder, numtaps):
    with pytest.raises(ImpulseError, match=r"numtaps is .*; it must be between 3 and"):
        builder(48000, numtaps=numtaps)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: low_pass(48000, numtaps=1024), "numtaps is 1024; it must be odd, such as 1023"),
        (lambda: hilbert(48000, numtaps=4.5), "numtaps is 4.5; it must be odd"),
        (lambda: low_pass(48000, window="boxcar"), "window is 'boxcar'; it must be one of hamming"),
        (lambda: hilbert(48000, window="boxcar"), "window is 'boxcar'; it must be one of hamming"),
        (
            lambda: low_pass(48000, phase="zero"),
            "phase is 'zero'; it must be one of linear, minimum",
        ),
        (lambda: peak(48000, phase="zero"), "phase is 'zero'; it must be one of linear, minimum"),
        (lambda: band_pass(48000, low=500, high=400), "low is 500 Hz and high 400 Hz; low must"),
        (lambda: band_pass(48000, low=500, high=500), "low is 500 Hz and high 500 Hz; low must"),
        (lambda: moving_average(48000, length=0), "0 samples; a mean needs at least one"),
        (lambda: moving_average(48000, length=-1), "length is -1 s; it must be 0 or more"),
        (lambda: moving_average(48000, length=math.nan), "length is nan s"),
        (lambda: moving_average(48000, length=1e9), "frames long; the limit is"),
        (lambda: peak(48000, gain=121.0), "gain is 121 dB; it must be between -120 and 120 dB"),
        (lambda: low_shelf(48000, gain=math.nan), "gain is nan dB"),
        (lambda: high_shelf(48000, q=0.0), "q is 0; it must be between 0.01 and 1000"),
        (lambda: peak(48000, q=math.inf), "q is inf; it must be"),
        (
            lambda: peak(48000, frequency=0.05, q=1000),
            r"rings for .*or bring q nearer",
        ),
        (lambda: peak(48000, frequency=0.05, q=100, phase="linear"), "raise the frequency, or"),
    ],
)
def test_refused(build, message):
    with pytest.raises(ImpulseError, match=message):
        build()


def test_choices_and_whole_numbers_come_back_or_are_refused():
    assert one_of("channels", 2, (1, 2)) == 2
    with pytest.raises(ImpulseError, match=r"^channels is 3; it must be one of 1, 2$"):
        one_of("channels", 3, (1, 2))
    with pytest.raises(ImpulseError, match=r"^phase is 'zero'; it must be one of linear, minimum$"):
        one_of("phase", "zero", {"linear": 1, "minimum": 2})
    order = whole("order", np.float64(3), 1, 99)
    assert (order, type(order)) == (3, int)
    with pytest.raises(ImpulseError, match=r"^rate is 192000\.5 Hz; it must be a whole number$"):
        whole("rate", 192000.5, 1, 768_000, "Hz")
    with pytest.raises(ImpulseError, match=r"^order is nan; it must be between 1 and 99$"):
        whole("order", math.nan, 1, 99)


@pytest.mark.parametrize("builder", [*PASSING, hilbert, differentiator, moving_average, *BIQUADS])
def test_rate_of_zero_refused(builder):
    with pytest.raises(ImpulseError):
        builder(0)


@given(
    builder=st.sampled_from(BIQUADS),
    share=st.floats(0.005, 0.49),
    gain=st.floats(-120, 120),
    q=st.floats(0.01, 30),
    phase=st.sampled_from(["minimum", "linear"]),
)
@settings(max_examples=60, deadline=None)
def test_extreme_equalisers_are_sane(builder, share, gain, q, phase):
    try:
        impulse = builder(48000, frequency=share * 48000, gain=gain, q=q, phase=phase)
    except ImpulseError as error:
        assert "rings for" in str(error)  # noqa: PT017
        return
    assert impulse.frames <= 2 * 2**22
    assert np.isfinite(impulse.taps).all()
