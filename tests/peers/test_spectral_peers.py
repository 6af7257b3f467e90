"""The blur in time compared with that of the Composers Desktop Project, in cycdp."""

import numpy as np
import pytest

from audioconv.effects.spectral import Spectral

cycdp = pytest.importorskip("cycdp")

RATE = 44100
STEP = 441  # frames of an envelope's value: 10 ms


def ours(sound, time):
    plan = Spectral(kernel=f"blur:time={time}s").plan(RATE, 1)
    one = plan.start()
    blocks = np.split(sound[:, np.newaxis], range(plan.block, len(sound), plan.block))
    return np.concatenate([*map(one.process, blocks), one.flush()])[: len(sound), 0]


def theirs(sound, time):
    buffer = cycdp.Buffer.from_memoryview(sound.astype(np.float32), 1, RATE)
    made = cycdp.spectral_blur(buffer, time, fft_size=2048)
    found = np.frombuffer(memoryview(made), np.float32).astype(np.float64)
    return np.pad(found, (0, len(sound)))[: len(sound)]


def crossings(sound):
    """Return when the level passes a tenth and nine tenths of that in the middle, up and down."""
    level = np.sqrt((sound[: len(sound) // STEP * STEP].reshape(-1, STEP) ** 2).mean(axis=1))
    level /= np.median(level[70:80])
    above = [np.flatnonzero(level > part) for part in (0.1, 0.9)]
    return np.array([edge * STEP / RATE for places in above for edge in (places[0], places[-1])])


@pytest.mark.parametrize("time", [0.05, 0.09, 0.2, 0.4])
@pytest.mark.parametrize("kind", ["tone", "noise"])
def test_onsets_and_ends_become_as_slow(noise, kind, time):
    at = np.arange(2 * RATE) / RATE
    sound = 0.5 * np.sin(2 * np.pi * 1000 * at) if kind == "tone" else 0.1 * noise(2 * RATE)
    sound = sound * ((at > 0.5) & (at < 1))
    # half a window (23 ms) of another length, which is theirs in whole slices of 12 ms
    assert np.abs(crossings(ours(sound, time)) - crossings(theirs(sound, time))).max() < 0.035


@pytest.mark.parametrize("time", [0.09, 0.2, 0.4])
def test_a_tone_comes_out_at_its_level_and_as_smooth(time):
    at = np.arange(2 * RATE) / RATE
    sound = 0.5 * np.sin(2 * np.pi * 1000 * at) * ((at > 0.5) & (at < 1))
    middle = slice(round(0.74 * RATE), round(0.76 * RATE))
    for made in (ours(sound, time), theirs(sound, time)):
        assert np.std(made[middle]) == pytest.approx(0.5 / np.sqrt(2), rel=0.03)
