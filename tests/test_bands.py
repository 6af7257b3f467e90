"""Octave filters against the masks of IEC 61260-1 and the closed form of a smeared decay."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impulses.acoustics.bands import NOMINAL, Octave, octaves
from impulses.acoustics.decay import energy_decay, fit

# IEC 61260-1:2014, table 1, octaves of class 1: exponents of 10^0.3 from the middle, and the
# least and the greatest attenuation there, in dB; straight lines over log frequency between
EXPONENTS = [0, 1 / 8, 1 / 4, 3 / 8, 1 / 2, 1 / 2, 1, 2, 3, 4]
LEAST = [-0.4, -0.4, -0.4, -0.4, -0.4, 1.2, 16.6, 40.5, 60.0, 70.0]
GREATEST = [0.4, 0.5, 0.7, 1.4, 5.3, np.inf, np.inf, np.inf, np.inf, np.inf]
RATES = [1000, 8000, 16000, 22050, 44100, 48000, 96000, 192000, 768000]


def response(band, frequencies):
    """Return the magnitude at some frequencies in dB, from the filtered spike, by definition."""
    spike = np.zeros(1 + 4 * band.lead)
    spike[0] = 1
    h = band.filter(spike[::-1])[::-1]  # runs backwards over a spike at its end
    spectrum = np.fft.rfft(h, 8 * len(h))
    at = np.fft.rfftfreq(8 * len(h), 1 / band.rate)
    return np.interp(frequencies, at, 20 * np.log10(np.abs(spectrum) + 1e-12))


def within_mask(exponent, gain):
    """Return which gains are within class 1; both limits hold at the edge itself."""
    away = np.abs(exponent)
    least = np.interp(away, EXPONENTS[5:], LEAST[5:], left=-0.4)
    most = np.interp(away, EXPONENTS[:5], GREATEST[:5])
    most = np.where(away > 0.5, np.inf, most)
    return (-gain >= least - 1e-3) & (-gain <= most + 1e-3)


@pytest.mark.parametrize("rate", RATES)
def test_every_band_at_every_rate_is_class_1(rate):
    for band in octaves(rate):
        frequencies = band.middle * 10 ** (0.3 * np.linspace(-5, 5, 4001))
        frequencies = frequencies[frequencies < rate / 2]
        exponent = np.log10(frequencies / band.middle) / 0.3
        bad = ~within_mask(exponent, response(band, frequencies))
        assert not bad.any(), (band, exponent[bad][:3])


def test_mask_matches_pyfar(shared):
    """An independent copy of the standard's table: limits of the gain, above the middle."""
    folder = shared / "vectors" / "pyfar_MIT"
    table = np.loadtxt(
        folder / "fractional_octave_filter_tolerance_1000Hz_num_fractions1_class1.csv",
        delimiter=",",
    )
    lower, upper, hertz = table[:, 9:]
    np.testing.assert_allclose(np.log10(hertz / 1000) / 0.3, EXPONENTS, atol=1e-4)
    np.testing.assert_allclose(-upper, LEAST)
    np.testing.assert_allclose(-lower[:5], GREATEST[:5])
    assert (lower[5:] == -60000).all()


def test_a_lower_order_is_not_class_1(monkeypatch):
    """The mask detects failures: two pole pairs are too few, as are three near half the rate."""
    from impulses.acoustics import bands

    for order, rate, hz in (("ORDER", 48000, 1000.0), ("ORDER_HIGH", 48000, 16000.0)):
        with monkeypatch.context() as patch:
            patch.setattr(bands, order, getattr(bands, order) - 1)
            bands._sections.cache_clear()
            band = Octave(hz, rate)
            exponent = np.linspace(-4, 0.5, 2000)
            gain = response(band, band.middle * 10 ** (0.3 * exponent))
            assert not within_mask(exponent, gain).all()
        bands._sections.cache_clear()


def test_bands_are_those_that_end_below_half_the_rate():
    assert [band.hz for band in octaves(48000)] == list(NOMINAL)
    assert [band.hz for band in octaves(44100)] == list(NOMINAL[:-1])  # 22387 Hz is over 22050
    assert octaves(44) == ()


def test_middles_are_exact_and_edges_meet():
    """1000 * 10^(3k/10), within 1.5 % of the names; every octave ends where the next begins."""
    bands = octaves(768000)
    for k, band in zip(range(-5, 5), bands, strict=True):
        assert band.middle == pytest.approx(1000 * 10 ** (3 * k / 10), rel=1e-15)
        assert band.middle == pytest.approx(band.hz, rel=0.015)
    for one, other in pairwise(bands):
        assert one.edges[1] == pytest.approx(other.edges[0], rel=1e-14)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from([1000, 8000, 48000]), st.integers(0, 9), st.integers(0, 300))
def test_nothing_rings_after_a_sound(rate, k, after):
    bands = octaves(rate)
    band = bands[k % len(bands)]
    spike = np.zeros(after + 1)
    spike[0] = 1
    ringing = band.filter(spike)
    assert len(ringing) == band.lead + after + 1
    assert not ringing[band.lead + 1 :].any()
    energy = ringing**2
    centre = energy @ (band.lead - np.arange(len(energy))) / energy.sum()
    # the mean delay is rounded to a frame, and a thousandth of the energy is beyond the lead
    assert centre == pytest.approx(band.delay, abs=0.5 + 0.003 * band.lead)


@pytest.mark.parametrize("hz", NOMINAL[:6])
def test_the_smear_is_the_same_number_of_periods_in_every_band(hz):
    """Filters of one shape scale with their width: B times the mean delay is one constant.

    It is rounded to a frame, and the bilinear transform bends it by a thousandth.
    """
    band = Octave(hz, 48000)
    assert band.width * band.delay / 48000 == pytest.approx(
        0.7162, abs=0.5 * band.width / 48000 + 1e-3
    )


def test_a_held_end_is_no_step():
    """An endless constant has no energy in any band except at its start."""
    band = Octave(125.0, 8000)
    constant = np.ones(8000)
    assert np.abs(band.filter(constant, held=True)[band.lead + 1 :]).max() < 1e-12
    assert np.abs(band.filter(constant)[-100:]).max() > 0.1


@pytest.mark.parametrize(("hz", "rt60"), [(125.0, 0.3), (250.0, 0.1), (1000.0, 0.02)])
def test_a_short_decay_keeps_its_time(hz, rt60):
    """Noise of decay T stays of decay T in a reversed filter: its energy is the decay, smeared
    forwards by the filter's energy, and that is the same exponential after the onset.

    B T is 26, 18 and 14; the filter itself decays over 0.7 / B or so, 60 dB in 5 / B.
    """
    rate = 16000
    band = Octave(hz, rate)
    spike = np.zeros(1 + band.lead)
    spike[0] = 1
    kernel = band.filter(spike[::-1])[::-1] ** 2
    energy = 10 ** (-6 * np.arange(int(rt60 * rate)) / rate / rt60)
    smeared = np.convolve(energy, kernel[::-1])[len(kernel) - 1 :]
    decay = energy_decay(smeared[: len(energy) * 3 // 4])
    line = fit(10 * np.log10(decay / decay[0]), rate, -5, -25)
    # cut at -45 dB: 1 % is missing at -25 dB, 0.04 dB of 20
    assert line.rt60 == pytest.approx(rt60, rel=0.005)
