"""Freeverb against JUCE's, which pedalboard carries."""

import numpy as np
import pytest

from impulses.builders.reverberators import freeverb

pedalboard = pytest.importorskip("pedalboard")


def peer(rate, frames, *, level, channels=2, **parameters):
    """What pedalboard makes of a spike of some level in its first channel."""
    start = rate // 2  # its controls glide to their places first
    x = np.zeros((channels, start + frames), np.float32)
    x[0, start] = level
    reverb = pedalboard.Reverb(**parameters, wet_level=1.0, dry_level=0.0, freeze_mode=0.0)
    return reverb(x, rate)[:, start:].T.astype(np.float64) / level


def agreement(taps, expected):
    return 10 * np.log10((taps**2).sum() / ((taps - expected) ** 2).sum())


# It computes in single precision, and before each delay it adds 0.1 and takes it away again
# to be rid of denormals: that rounds to 2^-27. So the spike is loud enough for this not to
# matter; what is left is 24 bits, less what rounding adds up to in the repeats.
LOUD = 2.0**20


@pytest.mark.parametrize("rate", [22050, 44100, 48000, 96000])
@pytest.mark.parametrize(
    ("room", "damp", "width"), [(0.5, 0.5, 1.0), (0.0, 0.0, 1.0), (0.8, 1.0, 0.0), (1.0, 0.2, 0.3)]
)
def test_freeverb_agrees_with_pedalboard(rate, room, damp, width):
    taps = freeverb(rate, room=room, damp=damp, width=width, floor=-60).taps
    expected = peer(rate, len(taps), level=LOUD, room_size=room, damping=damp, width=width)
    assert agreement(taps, expected) > 115


@pytest.mark.parametrize("rate", [44100, 48000])
def test_freeverb_agrees_with_pedalboard_on_a_unit_impulse(rate):
    taps = freeverb(rate).taps
    expected = peer(rate, len(taps), level=1.0, room_size=0.5, damping=0.5, width=1.0)
    # 2^-27 beside the largest tap of 0.078 is 140 dB; what adds up in the repeats leaves 100
    assert 20 * np.log10(abs(taps).max() / abs(taps - expected).max()) > 100


def test_a_mono_sound_gets_the_left_side_of_it():
    taps = freeverb(44100, floor=-60).taps
    expected = peer(44100, len(taps), level=LOUD, channels=1, room_size=0.5, damping=0.5, width=1.0)
    assert agreement(taps[:, :1], expected) > 115
