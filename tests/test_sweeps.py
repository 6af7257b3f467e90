"""Excitations against their formulas, and maximum length sequences against their definition."""

import json
import math
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import UNIT

from impulses import ImpulseError
from impulses.impulse import MAX_RECORDED
from impulses.measurement.sweeps import Sweep

BARE = {"fade_in": 0, "fade_out": 0, "lead": 0, "silence": 0, "level": 0}
SWEEPS = st.builds(
    Sweep,
    kind=st.sampled_from(["exponential", "synchronised", "mls"]),
    rate=st.integers(1000, 768_000),
    duration=st.floats(0.2, 0.4),
    start=st.floats(20, 100),
    end=st.none() | st.floats(150, 475),
    level=st.floats(-120, 0),
    fade_in=st.floats(0, 0.02),
    fade_out=st.floats(0, 0.02),
    lead=st.floats(0, 0.1),
    silence=st.floats(0, 0.1),
    repeats=st.integers(1, 3),
)


def phase_error(sweep):
    """Return the error of a sample if the largest phase is off by some units of rounding."""
    return 16 * UNIT * 2 * math.pi * sweep.band[1] * sweep.growth


def test_exponential_sweep_is_farinas_formula():
    sweep = Sweep(rate=8000, duration=0.75, start=50, end=3000, **BARE)
    t = np.arange(6000) / 8000
    w1, w2 = 2 * np.pi * 50, 2 * np.pi * 3000
    k, stretch = 0.75 * w1 / np.log(w2 / w1), np.log(w2 / w1) / 0.75
    assert sweep.samples().shape == (6000, 1)
    farina = np.sin(k * (np.exp(t * stretch) - 1))
    np.testing.assert_allclose(sweep.samples()[:, 0], farina, rtol=0, atol=phase_error(sweep))


def test_exponential_sweep_matches_pyfar(shared):
    path = shared / "vectors" / "pyfar_MIT" / "signals.exponential_sweep_time.csv"
    sweep = Sweep(rate=44100, duration=1024 / 44100, start=1000, end=20000, **BARE)
    samples = sweep.samples()[:, 0]
    samples[-90:] *= np.cos(np.linspace(0, np.pi / 2, 90)) ** 2
    np.testing.assert_allclose(samples, np.loadtxt(path), rtol=0, atol=phase_error(sweep))


@pytest.mark.parametrize("duration", [0.5, 1.0, 10.0])
def test_synchronised_sweep_is_novaks_formula(duration):
    sweep = Sweep(kind="synchronised", rate=8000, duration=duration, start=30, end=3000, **BARE)
    growth = round(30 * duration / math.log(100)) / 30
    assert sweep.growth == growth
    assert sweep.seconds == growth * math.log(100)
    assert abs(sweep.seconds - duration) <= 0.5 * math.log(100) / 30
    t = np.arange(len(sweep.samples())) / 8000
    novak = np.sin(2 * np.pi * 30 * growth * np.exp(t / growth))
    np.testing.assert_allclose(sweep.samples()[:, 0], novak, rtol=0, atol=phase_error(sweep))
    # whole turns before its start, so that it begins at 0 and rises
    assert abs(30 * growth - round(30 * growth)) < 1e-9


def test_harmonics_of_a_synchronised_sweep_are_the_sweep_itself_earlier():
    sweep = Sweep(kind="synchronised", rate=8000, duration=2, start=40, end=1000, **BARE)
    for order in (2, 3, 5):
        t = np.arange(4000) / 8000
        growth, advance = sweep.growth, sweep.harmonic_advance(order)
        assert advance == growth * math.log(order)
        harmonic = np.sin(order * 2 * np.pi * 40 * growth * np.exp(t / growth))
        early = np.sin(2 * np.pi * 40 * growth * np.exp((t + advance) / growth))
        np.testing.assert_allclose(harmonic, early, rtol=0, atol=order * phase_error(sweep))


def test_an_excitation_stands_between_silences_at_its_level():
    sweep = Sweep(
        rate=8000, duration=1, start=50, level=-20, fade_in=0.1, fade_out=0.05, lead=0.25, silence=2
    )
    samples = sweep.samples()[:, 0]
    assert len(samples) == sweep.frames == 26000
    assert (sweep.lead_frames, sweep.active_frames, sweep.seconds) == (2000, 8000, 1.0)
    assert not samples[:2001].any()  # sin 0 is silent too
    assert samples[2001]
    assert samples[9999]
    assert not samples[10000:].any()
    bare = 0.1 * Sweep(rate=8000, duration=1, start=50, **BARE).samples()[:, 0]
    np.testing.assert_allclose(samples[2800:9600], bare[800:7600], rtol=1e-14)
    # half a cosine has its half in the middle
    middle = 0.5 - 0.5 * np.cos(np.pi * 400 / 801)
    np.testing.assert_allclose(samples[2399], middle * bare[399], rtol=1e-12)
    assert 0.0999 < np.abs(samples).max() <= 0.1


@pytest.mark.parametrize("order", [2, 3, 7, 11])
def test_mls_has_the_autocorrelation_of_a_delta(order):
    period = 2**order - 1
    sweep = Sweep(kind="mls", rate=1000, duration=period / 1000, repeats=1, **BARE)
    samples = sweep.samples()[:, 0].astype(int)
    assert set(samples) == {-1, 1}
    assert (sweep.period, sweep.frames, len(samples)) == (period, period, period)
    circular = [int(samples @ np.roll(samples, lag)) for lag in range(period)]
    assert circular == [period] + [-1] * (period - 1)


def test_mls_repeats_the_shortest_period_that_is_no_shorter():
    one = Sweep(kind="mls", rate=1000, duration=0.1, repeats=1, lead=0.05, silence=0.2, level=-6)
    three = replace(one, repeats=3)
    assert (one.period, three.active_frames, three.frames) == (127, 381, 631)
    assert replace(one, duration=0.127).period == 127
    assert replace(one, duration=0.128).period == 255
    assert three.seconds == 0.381
    sequence = one.samples()[50:177]
    np.testing.assert_array_equal(three.samples()[50:431], np.tile(sequence, (3, 1)))
    assert set(np.abs(sequence[:, 0])) == {10 ** (-6 / 20)}


@pytest.mark.parametrize("kind", ["exponential", "synchronised"])
def test_sweeps_repeat_with_their_silence(kind):
    one = Sweep(kind=kind, rate=8000, duration=0.5, start=50, lead=0.1, silence=0.25)
    three = replace(one, repeats=3)
    assert three.single.samples().tobytes() == one.samples().tobytes()
    assert (three.active_frames, three.seconds) == (one.active_frames, one.seconds)
    after = one.samples()[800:]
    np.testing.assert_array_equal(
        three.samples(), np.concatenate([np.zeros((800, 1)), after, after, after])
    )


def test_one_sweep_by_default_and_two_periods():
    assert (Sweep().count, Sweep(kind="synchronised").count, Sweep(kind="mls").count) == (1, 1, 2)
    assert Sweep().frames == Sweep(repeats=1).frames
    assert Sweep(kind="mls").frames == Sweep(kind="mls", repeats=2).frames


@pytest.mark.parametrize(
    ("rate", "end"), [(1000, 475), (16000, 7600), (44100, 20000), (768000, 20000)]
)
def test_the_highest_frequency_fits_every_rate(rate, end):
    assert Sweep(rate=rate).band == (20, end)
    assert Sweep(kind="mls", rate=rate).band == (0, rate / 2)


@given(sweep=SWEEPS)
@settings(max_examples=60, deadline=None)
def test_any_sweep_is_rebuilt_from_its_fields(sweep):
    again = Sweep(**json.loads(json.dumps(asdict(sweep))))
    assert again == sweep
    samples = sweep.samples()
    np.testing.assert_array_equal(samples, again.samples())
    assert samples.shape == (sweep.frames, 1)
    assert samples.dtype == np.float64
    assert np.abs(samples).max() <= 10 ** (sweep.level / 20) * (1 + 4 * UNIT)
    assert not samples[: sweep.lead_frames].any()
    assert not samples[sweep.frames - round(sweep.silence * sweep.rate) :].any()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": "linear"}, "kind is 'linear'; it must be one of exponential, synchronised, mls"),
        ({"rate": 999}, "rate is 999 Hz; it must be between 1000 and 768000 Hz"),
        ({"duration": 0}, "duration is 0 s; it must be above 0 s"),
        ({"duration": math.nan}, "duration is nan s"),
        ({"duration": math.inf}, "duration is inf s"),
        ({"duration": 1e6}, f"the limit is {MAX_RECORDED}"),
        ({"duration": 1e6, "kind": "mls"}, f"the limit is {MAX_RECORDED}"),
        ({"duration": 2000, "silence": 2000}, f"the limit is {MAX_RECORDED}"),
        ({"kind": "mls", "repeats": 1000}, f"the limit is {MAX_RECORDED}"),
        ({"repeats": 0}, "repeats is 0; it must be between 1 and"),
        ({"start": 0}, "from 0 to 20000 Hz; at a rate of 48000 Hz it must rise, from above 0 to"),
        ({"start": math.nan}, "from nan to 20000 Hz"),
        ({"end": 24000}, "from 20 to 24000 Hz; .* below 24000 Hz"),
        ({"end": 10}, "from 20 to 10 Hz"),
        ({"level": 1}, "level is 1 dB; it must be between -120 and 0 dB"),
        ({"level": math.nan}, "level is nan dB"),
        ({"lead": -1}, "lead is -1 s"),
        ({"silence": math.inf}, "silence is inf s"),
        ({"fade_in": 9, "fade_out": 2}, "fades of 9 and 2 s do not fit a sweep of 10 s; shorten"),
        ({"kind": "synchronised", "duration": 0.1}, r"duration is 0\.1 s; .* at least 0\.173 s"),
    ],
)
def test_invalid_parameters_are_refused(fields, message):
    with pytest.raises(ImpulseError, match=message):
        Sweep(**fields)


def test_an_mls_has_no_harmonics_to_separate():
    with pytest.raises(ImpulseError, match="MLS does not separate harmonics; use a synchronised"):
        Sweep(kind="mls").harmonic_advance(2)
