"""Decays compared with those of pyrato, if it is installed."""

import warnings

import numpy as np
import pytest

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # from its own imports
    pyfar = pytest.importorskip("pyfar")
    pyrato = pytest.importorskip("pyrato")

from impulses import Impulse
from impulses.acoustics.iso3382 import measure
from impulses.acoustics.lundeby import lundeby

RATE = 16000


@pytest.fixture(params=[0, 1, 2])
def room(request):
    """A decay of 0.8 s over noise 60 dB below."""
    rng = np.random.default_rng(request.param)
    noise = rng.standard_normal((2, 2 * RATE))
    return noise[0] * 10 ** (-3 * np.arange(2 * RATE) / RATE / 0.8) + 1e-3 * noise[1]


def test_crosspoint_and_noise(room):
    """The same iteration over other averages: its T errs by 2 % in either, independently."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        crosspoint, rt60, noise = (
            float(np.squeeze(value))
            for value in pyrato.edc.intersection_time_lundeby(
                pyfar.Signal(room, RATE), "broadband", time_shift=False
            )
        )
    tail = lundeby(room**2, RATE)
    assert tail.crosspoint == pytest.approx(crosspoint, rel=0.03)
    assert tail.rt60 == pytest.approx(rt60, rel=0.06)
    assert tail.noise == pytest.approx(noise, rel=0.01)


def test_decay_times_and_clarity(room):
    """Its EDT is fitted to -0.1..-10.1 dB; its curve starts at frame 0, ours at the onset."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        curve = pyrato.edc.energy_decay_curve_chu_lundeby(
            pyfar.Signal(room, RATE), "broadband", time_shift=False
        )
        times = {
            name: float(
                np.squeeze(pyrato.parameters.reverberation_time_linear_regression(curve, name))
            )
            for name in ("EDT", "T20", "T30")
        }
        c80 = float(np.squeeze(pyrato.parameters.clarity(curve, 80)))
    figures = measure(Impulse(room[:, np.newaxis], RATE)).broadband
    assert figures.edt_s == pytest.approx(times["EDT"], rel=0.01)
    assert figures.t20_s == pytest.approx(times["T20"], rel=0.01)
    assert figures.t30_s == pytest.approx(times["T30"], rel=0.01)
    assert figures.c80_db == pytest.approx(c80, abs=0.05)


def test_a_faded_room_has_the_times_that_pyrato_finds_before_its_fade(room):
    """Faded over 300 ms from 0.65 s on, 49 dB down: T20 and T30 of the impulse before the fade."""
    start, frames = round(0.65 * RATE), round(0.95 * RATE)
    gain = np.ones(frames)
    gain[start:] = np.linspace(1, 0, frames - start)
    figures = measure(Impulse((room[:frames] * gain)[:, np.newaxis], RATE)).broadband
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        curve = pyrato.edc.energy_decay_curve_chu_lundeby(
            pyfar.Signal(room, RATE), "broadband", time_shift=False
        )
        for name, value in (("T20", figures.t20_s), ("T30", figures.t30_s)):
            time = pyrato.parameters.reverberation_time_linear_regression(curve, name)
            # the rest is extrapolated: a tenth of the energy at -35 dB, known to a tenth
            assert value == pytest.approx(float(np.squeeze(time)), rel=0.02)
