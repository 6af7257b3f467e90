"""Responses and their decay, against closed forms, the definition and SciPy."""

import numpy as np
import pytest
from scipy import signal

from impulses import Impulse, ImpulseError
from impulses.acoustics.bands import octaves
from impulses.acoustics.decay import fit
from impulses.acoustics.decay_curve import analyse_decay
from impulses.acoustics.figures import RANGES
from impulses.acoustics.iso3382 import measure
from impulses.spectra import cumulative_decay, response
from impulses.spectra.cumulative import decay_span
from impulses.spectra.transform import frequencies, transform_at

RATE = 48000


def impulse(taps, rate=RATE, **more):
    return Impulse(np.asarray(taps, float)[:, np.newaxis], rate, **more)


@pytest.mark.parametrize("smoothing", [0, 3, 24])
def test_a_delay_is_flat_and_late(smoothing):
    taps = np.zeros(700)
    taps[480] = -0.5
    found = response(impulse(taps), smoothing=smoothing)
    np.testing.assert_allclose(found.magnitude_db, 20 * np.log10(0.5), atol=1e-9)
    np.testing.assert_allclose(found.phase_deg, 180, atol=1e-7)
    np.testing.assert_allclose(found.group_delay, 0.01, atol=1e-12)
    assert found.delay == 0.01


def test_time_0_is_the_origin():
    found = response(impulse([0, 0, 1, 0], origin=1), smoothing=0)
    np.testing.assert_allclose(found.group_delay, 1 / RATE, rtol=1e-12)


def test_a_first_order_decay_has_its_closed_forms():
    a = 0.9
    found = response(impulse(a ** np.arange(400)), smoothing=0)  # 0.9^400 is 5e-19
    w = 2 * np.pi * found.hz / RATE
    square = 1 - 2 * a * np.cos(w) + a**2
    np.testing.assert_allclose(found.magnitude_db, -10 * np.log10(square), atol=1e-9)
    np.testing.assert_allclose(
        found.group_delay * RATE, a * (np.cos(w) - a) / square, rtol=1e-9, atol=1e-9
    )
    angle = -np.arctan2(a * np.sin(w), 1 - a * np.cos(w))
    np.testing.assert_allclose(found.phase_deg, np.degrees(angle), atol=1e-9)


@pytest.mark.parametrize("frames", [1, 2, 100, 5000])
def test_unsmoothed_it_agrees_with_scipy(noise, frames):
    taps = noise(frames, 2)
    found = response(Impulse(taps, RATE), channel=1, smoothing=0, points=50)
    w, h = signal.freqz(taps[:, 1], worN=2 * np.pi * found.hz / RATE)
    np.testing.assert_allclose(10 ** (found.magnitude_db / 20), np.abs(h), rtol=1e-7)
    turned = h * np.exp(1j * w * found.delay * RATE)
    np.testing.assert_allclose(np.exp(1j * np.radians(found.phase_deg)), turned / np.abs(turned))
    _, late = signal.group_delay((taps[:, 1], 1), w=w)
    np.testing.assert_allclose(found.group_delay * RATE, late, rtol=1e-6, atol=1e-6)


def test_a_double_spike_is_a_comb_and_its_mean_is_its_energy():
    d, g = 2400, 0.5
    taps = np.zeros(d + 1)
    taps[[0, d]] = 1, g
    comb = response(impulse(taps), smoothing=0)
    exact = np.abs(1 + g * np.exp(-2j * np.pi * comb.hz / RATE * d))
    np.testing.assert_allclose(comb.magnitude_db, 20 * np.log10(exact), atol=1e-9)
    mean = response(impulse(taps), smoothing=1)
    high = (mean.hz > 1000) & (mean.hz < 15000)  # an octave has many teeth
    np.testing.assert_allclose(mean.magnitude_db[high], 10 * np.log10(1 + g**2), atol=0.12)
    centre = d * g**2 / (1 + g**2)
    np.testing.assert_allclose(mean.group_delay[high] * RATE, centre, rtol=0.05)


@pytest.mark.parametrize("smoothing", [3, 12])
def test_smoothed_it_is_the_mean_over_a_part_of_an_octave(noise, smoothing):
    taps = noise(900) * 0.99 ** np.arange(900)
    found = response(impulse(taps), smoothing=smoothing, points=7)
    peak, half = np.argmax(np.abs(taps)), 2 ** (0.5 / smoothing)
    for at, hz in enumerate(found.hz[:-1]):
        band = np.linspace(hz / half, hz * half, 4001) / RATE
        h, moment = transform_at(np.stack([taps, np.arange(900) * taps]), band)
        power = np.mean(np.abs(h) ** 2)
        # a transform four times as long as the impulse is straight between two bins to 1 in 100
        assert found.magnitude_db[at] == pytest.approx(10 * np.log10(power), abs=0.1)
        delay = np.mean((h.conj() * moment).real) / power / RATE
        assert found.group_delay[at] == pytest.approx(delay, abs=2e-4)
        mean = np.mean(h * np.exp(2j * np.pi * band * peak))
        off = (found.phase_deg[at] - np.degrees(np.angle(mean)) + 180) % 360 - 180
        assert abs(off) < 8


def test_phase_and_delay_are_undefined_at_a_zero():
    hz = frequencies(64000, 3)[1]
    found = response(impulse([1, -2 * np.cos(2 * np.pi * hz / 64000), 1], 64000), points=3)
    assert np.isfinite(found.magnitude_db).all()
    assert np.isnan(found.phase_deg).tolist() == [False, True, False]
    assert np.isnan(found.group_delay).tolist() == [False, True, False]
    silent = response(impulse(np.zeros(10)), points=3)
    assert (silent.magnitude_db == -np.inf).all()
    assert np.isnan(silent.group_delay).all()


def test_any_level():
    for scale in (1e-200, 1e200):
        found = response(impulse([scale, scale / 2]), points=3)
        assert found.magnitude_db[0] == pytest.approx(20 * np.log10(scale) + 20 * np.log10(1.5))
        assert np.isfinite(cumulative_decay(impulse([scale, scale / 2])).level_db[0]).all()


def test_only_long_impulses_are_smoothed_by_default():
    assert response(impulse(np.ones(4096)), points=3).smoothing == 0
    assert response(impulse(np.ones(4097)), points=3).smoothing == 12
    assert response(impulse(np.ones(4097)), points=3, smoothing=0).smoothing == 0


def test_out_of_range_refused():
    with pytest.raises(ImpulseError, match="channel is 1; the impulse has 1, counted from 0"):
        response(impulse([1]), channel=1)
    with pytest.raises(ImpulseError, match="smoothing is -1; it must be 0"):
        response(impulse([1]), smoothing=-1)
    with pytest.raises(ImpulseError, match="span is 0 s; it must be above 0 s"):
        cumulative_decay(impulse([1]), span=0)


@pytest.mark.parametrize("smoothing", [0, 12])
def test_a_damped_sine_falls_along_a_line_at_its_resonance(smoothing):
    rt60, hz = 0.3, 1000.0
    seconds = np.arange(24000) / RATE
    taps = np.concatenate(
        [np.zeros(100), 10 ** (-3 * seconds / rt60) * np.sin(2 * np.pi * hz * seconds)]
    )
    found = cumulative_decay(impulse(taps), span=0.2, smoothing=smoothing, points=201)
    at = int(np.argmin(np.abs(found.hz - hz)))
    falls = np.polyfit(found.seconds, found.level_db[:, at], 1)
    assert falls[0] == pytest.approx(-60 / rt60, rel=0.01)
    np.testing.assert_allclose(found.level_db[:, at], np.polyval(falls, found.seconds), atol=0.5)


def test_the_first_slice_is_the_whole_response(noise):
    taps = np.concatenate([np.zeros(200), noise(500) * 0.98 ** np.arange(500)])
    taps[200] = 4  # its onset, before which the first window has faded in
    found = cumulative_decay(impulse(taps), span=0.005, points=60)
    whole = response(impulse(taps), points=60).magnitude_db
    np.testing.assert_allclose(found.level_db[0], whole - whole.max(), atol=1e-9)


def test_each_slice_is_the_spectrum_of_the_rest():
    taps = np.zeros(1000)
    taps[[0, 500]] = 1, 0.25
    found = cumulative_decay(impulse(taps, 1000), span=0.9, slices=10, points=5)
    np.testing.assert_allclose(found.level_db[1:6], 20 * np.log10(0.25 / 1.25), atol=2)
    assert (found.level_db[6:] == -np.inf).all()
    silent = cumulative_decay(impulse(np.zeros(100)))
    assert (silent.level_db == -np.inf).all()


def test_the_span_is_the_decay_time_to_the_depth(noise):
    decay = noise(RATE) * 10 ** (-3 * np.arange(RATE) / (0.5 * RATE))
    assert decay_span(decay, RATE, 30.0) == pytest.approx(0.25, rel=0.05)
    # a decay ends where it meets the noise floor
    noisy = decay + 0.01 * noise(RATE, seed=1)
    assert decay_span(noisy, RATE, 60.0) == pytest.approx(40 / 60 * 0.5, rel=0.1)


@pytest.mark.parametrize("hz", [None, 500.0])
def test_a_decay_that_is_analysed_is_the_one_that_is_measured(noise, hz):
    decay = noise(2 * RATE, 2) * 10 ** (-3 * np.arange(2 * RATE) / RATE)[:, np.newaxis]
    decay[0] = 3  # the onset
    room = Impulse(
        np.concatenate([np.zeros((480, 2)), decay + 1e-3 * noise(2 * RATE, 2, seed=1)]), RATE
    )
    for channel in (None, 1):
        found, all_of_it = analyse_decay(room, channel, hz), measure(room, channel)
        figures = {None: all_of_it.broadband, **{b.hz: b.figures for b in all_of_it.bands}}
        assert found.figures == figures[hz]
        for key in ("t20", "t30"):
            line = fit(found.curve.levels_db(), RATE, *RANGES[key])
            assert line.rt60 == getattr(found.figures, f"{key}_s")
            assert line.level == pytest.approx(0, abs=1.5)
        energy = found.energy[found.start :]
        assert len(energy) == 2 * RATE + (0 if hz is None else octaves(RATE)[4].delay)


def test_a_line_has_its_level_at_time_0():
    levels = 3.0 - 60 * np.arange(1000) / 1000
    line = fit(levels, 1000, -5, -35)
    assert line.level == pytest.approx(3.0)
    assert line.rt60 == pytest.approx(1.0)


def test_an_unknown_band_is_refused():
    with pytest.raises(ImpulseError, match=r"band is 1234 Hz; at 1000 Hz the octaves are 31\.5"):
        analyse_decay(impulse(np.ones(100), 1000), hz=1234)
    assert analyse_decay(impulse(np.zeros(100))).figures.why_not["t30_s"] == "the impulse is silent"
