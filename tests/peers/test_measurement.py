"""Sweeps and deconvolution compared with those of pyfar."""

import numpy as np
import pytest

from impulses.measurement.deconvolution import deconvolve
from impulses.measurement.sweeps import Sweep

pyfar = pytest.importorskip("pyfar")


@pytest.mark.parametrize(("low", "high"), [(20, 20000), (100, 8000)])
def test_exponential_sweep(low, high):
    ours = Sweep(
        rate=44100,
        duration=1,
        start=low,
        end=high,
        level=0,
        fade_in=0,
        fade_out=0,
        lead=0,
        silence=0,
    )
    theirs = pyfar.signals.exponential_sweep_time(44100, [low, high], 0, sampling_rate=44100)
    # phases of up to 2 pi f2 L are rounded to 2^-53 of themselves, several times
    bound = 16 * 2.0**-53 * 2 * np.pi * high * ours.growth
    np.testing.assert_allclose(ours.samples()[:, 0], theirs.time[0], rtol=0, atol=bound)


def test_regularised_inversion():
    sweep = Sweep(rate=44100, duration=2, lead=0, silence=1)
    played = sweep.samples()
    taps = np.zeros(2000)
    taps[[100, 300, 1500]] = 1, -0.5, 0.25
    heard = np.convolve(played[:, 0], taps)[: len(played)]
    found = deconvolve(heard[:, np.newaxis], played, 44100, sweep=sweep, before=0.5)

    size = 1 << 19
    excitation, recording = (
        pyfar.Signal(np.pad(sound, (0, size - len(sound))), 44100)
        for sound in (played[:, 0], heard)
    )
    regularised = pyfar.dsp.RegularizedSpectrumInversion
    inverse = regularised.from_frequency_range(excitation, (20, 20000)).invert
    theirs = (recording * inverse).freq[0]
    taps = np.zeros(size)
    taps[: found.impulse.frames] = found.impulse.taps[:, 0]
    ours = np.fft.rfft(np.roll(taps, -found.impulse.origin))
    frequency = np.fft.rfftfreq(size, 1 / 44100)
    inside = (frequency > 40) & (frequency < 18800)
    # ours keeps half a second of the ringing at 20 Hz, and theirs all of it
    np.testing.assert_allclose(ours[inside], theirs[inside], rtol=0, atol=2e-4)
