"""Decaying noise and velvet noise against their definitions and their measured decay."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import UNIT

from impulses import ImpulseError
from impulses.builders.noise import noise, velvet
from impulses.impulse import MAX_FRAMES

RATE = 48000
BUILDERS = {"noise": lambda rate, rt60, **more: noise(rate, rt60=[rt60], **more), "velvet": velvet}


def t30(energy, rate):
    """Measure the time to -60 dB: backward integration, and a line from -5 to -35 dB."""
    energy = np.trim_zeros(energy, "b")
    remaining = 10 * np.log10(np.cumsum(energy[::-1])[::-1] / energy.sum())
    first, last = np.searchsorted(-remaining, [5, 35])
    slope, _ = np.polyfit(np.arange(first, last) / rate, remaining[first:last], 1)
    return -60 / slope


# both


@pytest.mark.parametrize("name", BUILDERS)
@pytest.mark.parametrize("rate", [2000, 8000, 44100, 768000])
@pytest.mark.parametrize("channels", [1, 2])
def test_every_channel_has_an_energy_of_one(name, rate, channels):
    taps = BUILDERS[name](rate, rt60=0.2, channels=channels).taps
    assert taps.shape == (rate // 5, channels)
    for channel in taps.T:
        # a few roundings of each square, and a sum in pairs, whose error grows as log2 K
        assert abs(math.fsum(channel**2) - 1) < 32 * UNIT


@pytest.mark.parametrize("name", BUILDERS)
@pytest.mark.parametrize("rt60", [0.3, 1.0, 3.0])
@pytest.mark.parametrize("seed", [0, 1])
def test_measured_decay_time(name, rt60, seed):
    """Within 3 percent, the floor far enough below -35 dB not to bend the line."""
    taps = BUILDERS[name](RATE, rt60=rt60, floor=-100, seed=seed).taps
    for channel in taps.T:
        assert t30(channel**2, RATE) == pytest.approx(rt60, rel=0.03)


@pytest.mark.parametrize("name", BUILDERS)
def test_energy_decays_in_a_line(name):
    """-60 t / T at every tenth of T, where energies of K random squares spread by sqrt(2 / K)."""
    sounds = [BUILDERS[name](RATE, rt60=1.0, seed=seed).taps for seed in range(8)]
    energy = np.concatenate([sound**2 for sound in sounds], axis=1)
    tenths = energy.reshape(10, -1).sum(axis=1)
    # 16 channels of 4800 samples each, of which the decay within them leaves more than half
    spread = 10 / math.log(10) * math.sqrt(2 / (16 * 2400))
    np.testing.assert_allclose(
        10 * np.log10(tenths / tenths[0]),
        -6.0 * np.arange(10),
        atol=5 * math.sqrt(2) * spread,  # both tenths spread
    )


@pytest.mark.parametrize("name", BUILDERS)
def test_sides_are_uncorrelated(name):
    """The correlation has the spread sqrt(sum of e^4) / sum of e^2 = 1 / sqrt(2 tau), where the
    energy e^2 falls as exp(-n / tau), tau = fs T / (6 ln 10); velvet noise, of which only one
    sample in Td is not 0, meets itself more rarely, but then by Td as much: the same."""
    tau = RATE / (6 * math.log(10))
    for seed in range(10):
        left, right = BUILDERS[name](RATE, rt60=1.0, seed=seed).taps.T
        assert abs(left @ right) < 5 / math.sqrt(2 * tau)


@pytest.mark.parametrize("name", BUILDERS)
def test_a_seed_is_an_impulse(name):
    builder = BUILDERS[name]
    once, again, other = (builder(8000, rt60=0.5, seed=seed).taps for seed in (7, 7, 8))
    assert once.tobytes() == again.tobytes()
    assert once.tobytes() != other.tobytes()
    assert abs(once[:, 0] @ other[:, 0]) < 5 / math.sqrt(8000 * 0.5 / (3 * math.log(10)))


@pytest.mark.parametrize("name", BUILDERS)
def test_mono_is_the_left_side(name):
    builder = BUILDERS[name]
    mono, stereo = (builder(8000, rt60=0.5, channels=channels).taps for channels in (1, 2))
    np.testing.assert_array_equal(mono[:, 0], stereo[:, 0])


@pytest.mark.parametrize("name", BUILDERS)
@pytest.mark.parametrize(("floor", "frames"), [(-60, 8000), (-30, 4000), (-120, 16000)])
def test_it_ends_at_the_floor(name, floor, frames):
    assert BUILDERS[name](8000, rt60=1.0, floor=floor).frames == frames


@pytest.mark.parametrize("name", BUILDERS)
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rate": 0}, "rate is 0 Hz; it must be above 0"),
        ({"rate": -48000}, "rate is -48000 Hz"),
        ({"rt60": 0.0}, r"rt60 is 0 s; it must be between 1e-06 and 1e\+06 s"),
        ({"rt60": math.nan}, "rt60 is nan s"),
        ({"rt60": math.inf}, "rt60 is inf s"),
        ({"rt60": 1e5}, f"4800000001 frames long; the limit is {MAX_FRAMES}"),
        ({"floor": 0.0}, "floor is 0 dB; it must be between -300 and -1 dB"),
        ({"floor": math.nan}, "floor is nan dB"),
        ({"floor": -math.inf}, "floor is -inf dB"),
        ({"channels": 0}, "channels is 0; it must be one of 1, 2"),
        ({"channels": 3}, "channels is 3"),
        ({"seed": -1}, "seed is -1; it must be a whole number, 0 or more"),
        ({"seed": 0.5}, r"seed is 0\.5"),
    ],
)
def test_out_of_range_refused(name, changes, message):
    with pytest.raises(ImpulseError, match=message):
        BUILDERS[name](**{"rate": RATE, "rt60": 1.0, **changes})


# noise


@pytest.mark.parametrize(("rate", "rt60"), [(1000, 3.0), (48000, 0.1)])
def test_noise_is_the_definition(rate, rt60):
    taps = noise(rate, rt60=[rt60], seed=3).taps
    n = np.arange(round(rate * rt60))
    white = np.random.default_rng(3).standard_normal((2, len(n)))
    expected = (white * 10.0 ** (-3 * n / (rate * rt60))).T
    np.testing.assert_allclose(taps, expected / np.sqrt((expected**2).sum(axis=0)), rtol=1e-13)


def test_noise_is_white_and_gaussian():
    n = np.arange(RATE)
    white = noise(RATE, channels=1).taps[:, 0] * 10.0 ** (3 * n / RATE)
    white /= white.std()
    # K samples: the mean spreads by 1 / sqrt(K), the kurtosis around 3 by sqrt(24 / K)
    assert abs(white.mean()) < 5 / math.sqrt(RATE)
    assert abs((white**4).mean() - 3) < 5 * math.sqrt(24 / RATE)
    power = np.abs(np.fft.rfft(white)[1:-1]) ** 2 / RATE
    # in each of 24 bands 1000 bins of a power that spreads as much as it is
    np.testing.assert_allclose(power[:23000].reshape(23, -1).mean(axis=1), 1, atol=5 / 1000**0.5)


def test_predelay_is_silence():
    early, late = noise(8000, rt60=[0.5]).taps, noise(8000, rt60=[0.5], predelay=0.02).taps
    assert not late[:160].any()
    np.testing.assert_array_equal(late[160:], early)


BANDS = [125, 250, 500, 1000, 2000, 4000, 8000]


def test_bands_that_decay_alike_are_the_noise_again():
    split = noise(RATE, rt60=[0.5] * 7, bands=BANDS).taps
    # transforms there and back of K points, relative to the largest of them
    whole = noise(RATE, rt60=[0.5]).taps
    np.testing.assert_allclose(split, whole, rtol=0, atol=32 * UNIT * np.abs(whole).max())


def test_one_band_is_the_whole_spectrum():
    np.testing.assert_allclose(
        noise(8000, rt60=[0.5], bands=[1000]).taps, noise(8000, rt60=[0.5]).taps, atol=1e-15
    )


def test_every_band_has_its_own_decay_time():
    """Measured where a band is alone, the middle two thirds of its octave: within 3 percent.

    What is cut out has soft edges (and room to ring), or its ringing would outlast the decay.
    B Hz of noise have energies that spread as those of B independent values a second, so it
    takes many seeds for the low bands.
    """
    times = [2.0, 1.6, 1.3, 1.0, 0.8, 0.6, 0.4]
    rate, energies = 24000, np.zeros((7, 2 * 24000))
    for seed in range(100):
        taps = noise(rate, rt60=times, bands=BANDS, seed=seed, channels=1).taps[:, 0]
        size = 2 * len(taps)
        octaves = np.log2(np.maximum(np.fft.rfftfreq(size, 1 / rate), 1))
        spectrum = np.fft.rfft(taps, size)
        for energy, centre in zip(energies, BANDS, strict=True):
            alone = np.cos(np.pi / 2 * np.clip(3 * (octaves - np.log2(centre)), -1, 1)) ** 2
            energy += np.fft.irfft(spectrum * alone, size)[: len(taps)] ** 2
    for energy, time in zip(energies, times, strict=True):
        assert t30(energy, rate) == pytest.approx(time, rel=0.03)


def test_all_bands_begin_at_one_level():
    """The spectrum of the first 20 ms is flat, however the bands go on."""
    rate, spectrum = 16000, np.zeros(161)
    for seed in range(400):
        taps = noise(rate, rt60=[4.0, 2.0], bands=[500, 2000], seed=seed, channels=1).taps
        spectrum += np.abs(np.fft.rfft(taps[:320, 0])) ** 2
    # around the crossover at 1000 Hz too; 400 powers spread by 1 / 20, and 5 spreads are 1 / 4
    np.testing.assert_allclose(spectrum[1:-1] / spectrum[1:-1].mean(), 1, atol=0.25)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rt60": []}, "0 decay times but 0 bands; give one rt60, or one for each band"),
        ({"rt60": [1, 2]}, "2 decay times but 0 bands"),
        ({"rt60": [1, 2], "bands": [100]}, "2 decay times but 1 band;"),
        ({"rt60": [1, 2], "bands": [200, 100]}, "bands are 200, 100 Hz; they must rise"),
        ({"rt60": [1, 2], "bands": [100, 100]}, "bands are 100, 100 Hz; they must rise"),
        ({"rt60": [1, 2], "bands": [0, 100]}, "and lie between 0 and half the rate, 4000 Hz"),
        ({"rt60": [1, 2], "bands": [100, 4000]}, "bands are 100, 4000 Hz"),
        ({"rt60": [1, 2], "bands": [100, math.nan]}, "bands are 100, nan Hz"),
        ({"predelay": -1}, "predelay is -1 s; it must be 0 or more"),
        ({"predelay": math.inf}, "predelay is inf s"),
        ({"predelay": 4000.0, "rt60": [1000.0]}, f"40000001 frames .* limit is {MAX_FRAMES}"),
    ],
)
def test_noise_out_of_range_refused(changes, message):
    with pytest.raises(ImpulseError, match=message):
        noise(8000, **changes)


def test_a_decay_within_a_sample_is_one_sample():
    assert np.abs(noise(1000, rt60=[1e-6]).taps).tolist() == [[1.0, 1.0]]
    impulse = noise(1000, rt60=[1e-6, 0.5], bands=[100, 300])
    assert impulse.frames == 500
    assert np.isfinite(impulse.taps).all()


def test_decays_and_bands_may_be_arrays():
    listed = noise(8000, rt60=[0.5, 0.2], bands=[500, 1000]).taps
    arrays = noise(8000, rt60=np.array([0.5, 0.2]), bands=np.array([500, 1000])).taps
    np.testing.assert_array_equal(listed, arrays)


# velvet noise


# 2.5, 1.25 and 24.414.. frames a cell; 1; a cell of the whole impulse
@pytest.mark.parametrize("density", [400, 800, 40.96, 1000, 0.5, 999.999])
@pytest.mark.parametrize("seed", range(5))
def test_one_spike_a_cell(density, seed):
    taps = velvet(1000, density=density, rt60=2.0, seed=seed).taps
    cell = 1000 / density
    cells = int(2000 / cell)
    for channel in taps.T:
        places = np.flatnonzero(channel)
        # cells reach from m Td to (m + 1) Td - 1, before rounding half up
        edges = np.floor(np.arange(cells + 1) * cell + 0.5)
        assert np.histogram(places, edges)[0].tolist() == [1] * cells
        assert len(places) == cells


@given(
    rate=st.integers(1000, 768_000),
    per_cell=st.floats(1, 3000),
    rt60=st.floats(0.01, 0.3),
    seed=st.integers(0, 2**40),
)
@settings(max_examples=60, deadline=None)
def test_as_many_spikes_as_cells(rate, per_cell, rt60, seed):
    frames = round(rate * rt60)
    if frames < per_cell * 1.001:
        return
    impulse = velvet(rate, density=rate / per_cell, rt60=rt60, seed=seed)
    assert impulse.frames == frames
    counts = np.count_nonzero(impulse.taps, axis=0)
    # a quotient of a quotient may come out on the other side of a whole number
    assert np.abs(counts - frames / per_cell + 0.5).max() <= 0.5 + 1e-9
    assert counts[0] == counts[1]


def test_spikes_have_the_height_of_the_decay():
    taps = velvet(8000, rt60=1.5, density=500).taps
    n = np.arange(len(taps))[:, np.newaxis]
    signs = np.where(taps != 0, taps * 10.0 ** (3 * n / (8000 * 1.5)), np.nan)
    heights = np.abs(signs)
    for channel in heights.T:
        level = np.nanmax(channel)
        np.testing.assert_allclose(channel[np.isfinite(channel)], level, rtol=1e-12)


def test_signs_and_positions_are_uniform():
    """Of 60000 spikes: signs spread by sqrt(K), mean places by the cell / sqrt(12 K)."""
    taps = velvet(8000, rt60=60.0, density=1000, channels=1).taps[:, 0]
    places = np.flatnonzero(taps)
    assert len(places) == 60000
    assert abs(np.sign(taps[places]).sum()) < 5 * math.sqrt(60000)
    offsets = np.bincount(places - 8 * np.arange(60000), minlength=8)
    # of 8 frames a cell the first and last have half the share: r (Td - 1) rounds to them less
    expected = np.array([0.5, 1, 1, 1, 1, 1, 1, 0.5]) * 60000 / 7
    assert np.abs(offsets - expected).max() < 5 * math.sqrt(60000 / 7)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"density": 0}, "density is 0 /s; it must be between 0.001 and 8000 /s"),
        ({"density": 8001}, "density is 8001 /s"),
        ({"density": math.nan}, "density is nan /s"),
        ({"density": math.inf}, "density is inf /s"),
        ({"density": 1, "rt60": 0.5}, "a spike every 1 s, but the decay is over after 0.5 s; rai"),
        ({"rt60": 1e-6}, "over after 0 s; raise the density or the rt60"),
    ],
)
def test_velvet_out_of_range_refused(changes, message):
    with pytest.raises(ImpulseError, match=message):
        velvet(8000, **changes)


def test_the_densest_velvet_has_no_gaps():
    taps = velvet(1000, density=1000, rt60=0.1).taps
    assert np.count_nonzero(taps) == taps.size
