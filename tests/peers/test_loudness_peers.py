"""Loudness compared with that of pyloudnorm."""

import numpy as np
import pytest

from audioconv.metering.loudness import Loudness

pyloudnorm = pytest.importorskip("pyloudnorm")

WEIGHTS = [1.0, 1.0, 1.0, 1.41, 1.41]


def programme(noise, rate, channels):
    """Noise whose level changes every second, over 60 dB, so that both gates matter."""
    levels = np.random.default_rng(channels).uniform(-75, -15, 12)
    sound = noise(12 * rate, channels, seed=rate)
    return sound * np.repeat(10 ** (levels / 20), rate)[:, np.newaxis]


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000, 96000, 192000])
@pytest.mark.parametrize("channels", [1, 2, 5])
def test_loudness(noise, rate, channels):
    sound = programme(noise, rate, channels)
    meter = Loudness(rate, WEIGHTS[:channels])
    meter.take(sound)
    # the filters named DeMan are those of BS.1770 at 48 kHz, to all digits
    theirs = pyloudnorm.Meter(rate, "DeMan").integrated_loudness(sound)
    # the published constants have 13 digits, and -0.691 is the same
    assert meter.level() == pytest.approx(theirs, abs=1e-10)


@pytest.mark.parametrize("rate", [44100, 48000])
def test_its_own_filters_are_close(noise, rate):
    sound = programme(noise, rate, 2)
    meter = Loudness(rate, WEIGHTS[:2])
    meter.take(sound)
    # they are approximations of its own: 0.05 dB off for white noise
    theirs = pyloudnorm.Meter(rate).integrated_loudness(sound)
    assert meter.level() == pytest.approx(theirs, abs=0.06)
