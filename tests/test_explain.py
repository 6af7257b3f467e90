"""The parts of the page: sums against the definition, exact packing, loudness, costs."""

import base64
import json
import math
from itertools import count
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import oracle
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st

from audioconv.engines.plan import plan
from audioconv.engines.routes import routes
from audioconv.errors import AudioconvError, LayoutError, UsageError
from audioconv.job import Job, Options, Part
from audioconv.page import write
from audioconv.page.data import data_of
from audioconv.page.explain import explain
from audioconv.views import cost
from audioconv.views.blocks import convolve_blocks, extremes
from audioconv.views.envelope import envelope
from audioconv.views.excerpt import excerpt, onset
from audioconv.views.listening import player_sounds
from audioconv.views.packed import item_size, narrowest_type, pack
from audioconv.views.sliding import Sliding, sliding
from audioconv.views.theorem import spectra

RATE = 44100
SPEECH = Path(__file__).parents[1] / "samples" / "speech.wav"


def unpack(packed):
    """Decode as the page does."""
    if packed["type"] == "sparse":
        dense = np.zeros(packed["length"])
        dense[unpack(packed["at"]).astype(int)] = unpack(packed["values"])
        return dense
    raw = base64.b64decode(packed["data"])
    return np.frombuffer(raw, np.dtype(packed["type"]).newbyteorder("<")) * packed["scale"]


def wav(path, audio, subtype="DOUBLE", rate=RATE):
    soundfile.write(path, np.asarray(audio), rate, subtype)
    return str(path)


# sliding


@given(
    frames=st.integers(1, 40),
    taps=st.integers(1, 12),
    begin=st.integers(0, 40),
    count=st.integers(1, 30),
)
@settings(max_examples=60, deadline=None)
def test_products_and_sums_are_the_definition(frames, taps, begin, count):
    random = np.random.default_rng(frames * taps)
    x, h = random.standard_normal(frames), random.standard_normal(taps)
    y = np.pad(oracle.convolve(x, h), (0, 80))
    first = max(0, begin - taps + 1)
    end = begin + count
    f = np.pad(x, (0, 80))[first:end]
    sums = Sliding(RATE, 0, 0, first, f, h, begin, end)
    limit = oracle.tolerance(x, h)
    np.testing.assert_allclose(sums.sums(), y[begin:end], rtol=0, atol=limit)
    for c in range(begin, end):
        wanted = [x[c - b] * h[b] if 0 <= c - b < frames else 0 for b in range(taps)]
        assert sums.products(c).tolist() == wanted


@pytest.mark.parametrize("begin", [0, 500, 2900])
@pytest.mark.parametrize(("channels", "shape"), [(1, (300, 1)), (2, (300, 2)), (2, (300, 2, 2))])
def test_what_is_shown_of_a_file_sums_up_to_its_convolution(
    tmp_path, noise, begin, channels, shape
):
    sound, taps = noise(3000, channels), noise(*shape, seed=1)
    routing = routes(taps, channels)
    sums = sliding(wav(tmp_path / "x.wav", sound), RATE, routing, begin, 3000 + 299)
    path = min(routing.routes, key=lambda route: (route.target, route.source))
    y = oracle.convolve(sound[:, path.source], routing.taps(path))
    assert (sums.source, sums.target, sums.omitted, sums.energy_share) == (0, 0, 0, 1)
    assert sums.other_paths == (len(shape) == 3)
    assert sums.end <= len(y)
    limit = oracle.tolerance(sound[:, 0], routing.taps(path))
    np.testing.assert_allclose(sums.sums(), y[begin : sums.end], rtol=0, atol=limit)


def test_taps_that_are_too_many_are_left_out_and_counted(tmp_path, noise):
    sound, taps = noise(4000, 1), noise(2000, 1, seed=1)
    path = wav(tmp_path / "x.wav", sound)
    sums = sliding(path, RATE, routes(taps, 1), 1000, 5999, max_bytes=16_000)
    assert len(sums.g) == 500  # 8 bytes for a tap, 16 for the sound, 8 for the sum
    assert sums.omitted == 1500
    assert sums.energy_share == pytest.approx((taps[:500] ** 2).sum() / (taps**2).sum())
    y = oracle.convolve(sound[:, 0], taps[:500, 0])[1000 : sums.end]
    np.testing.assert_allclose(sums.sums(), y, rtol=0, atol=oracle.tolerance(sound, taps))


def test_a_second_spike_is_within_what_is_shown(samples):
    taps = np.zeros((RATE + 1, 1))
    taps[[0, RATE], 0] = 1, 0.02  # weak, but an echo all the same
    sums = sliding(str(samples / "guitar.wav"), RATE, routes(taps, 2), 100, 10**6)
    assert sums.end - sums.begin > RATE
    assert len(sums.g) == RATE + 1


def test_an_echo_is_shown_whole_however_late_it_comes(tmp_path, noise):
    taps = np.zeros((8 * RATE, 1))
    taps[[0, -1], 0] = 1.0, 0.5
    path = wav(tmp_path / "x.wav", noise(2 * RATE), "PCM_24")
    sums = sliding(path, RATE, routes(taps, 1), 1000, 10 * RATE)
    assert (len(sums.g), sums.omitted, sums.notice) == (len(taps), 0, None)


def test_what_is_packed_keeps_within_its_room(tmp_path, noise):
    sound, taps = noise(60_000, 1), noise(40_000, 1, seed=1)
    path = wav(tmp_path / "x.wav", sound)
    for begin in (0, 100, 5000, 50_000):
        sums = sliding(path, RATE, routes(taps, 1), begin, 90_000, max_bytes=200_000)
        assert 100_000 < 8 * (len(sums.f) + len(sums.g) + sums.end - begin) <= 200_000
        assert "% of its energy" in sums.notice


def test_room_that_the_taps_leave_is_for_sums(tmp_path, noise):
    path = wav(tmp_path / "x.wav", noise(60_000, 1))
    taps = noise(500, 1, seed=1)
    sums = sliding(path, RATE, routes(taps, 1), 1000, 60_000, max_bytes=100_000)
    assert (len(sums.g), sums.omitted) == (500, 0)
    assert sums.end - sums.begin == (100_000 - 16 * 500) // 16


def test_a_silent_impulse_has_nothing_to_see(samples):
    with pytest.raises(LayoutError, match="silent"):
        sliding(str(samples / "speech.wav"), RATE, routes(np.zeros((5, 1)), 1), 0, 10)


def test_an_excerpt_is_a_part_of_the_file(samples):
    whole, _ = soundfile.read(samples / "guitar.wav", always_2d=True)
    path = str(samples / "guitar.wav")
    assert (excerpt(path, 70000, 140001) == whole[70000:140001]).all()
    early = excerpt(path, -5, 3)
    assert (early[:5] == 0).all()
    assert (early[5:] == whole[:3]).all()
    assert len(excerpt(path, len(whole) - 2, len(whole) + 9)) == 2


def test_a_sound_begins_where_it_comes_within_20_db_of_its_peak(tmp_path):
    sound = np.zeros(10_000)
    sound[4000], sound[5001], sound[9000] = 0.0999, -0.1, 1.0
    path = wav(tmp_path / "x.wav", sound)
    assert onset(path, envelope([sound[:, np.newaxis]], 50)) == 5001


# blocks


@given(frames=st.integers(1, 50), taps=st.integers(1, 30), count=st.integers(1, 9))
@settings(max_examples=40, deadline=None)
def test_pieces_add_up_to_the_convolution(frames, taps, count):
    random = np.random.default_rng(frames + 100 * taps)
    x, h = random.standard_normal(frames), random.standard_normal(taps)
    made = convolve_blocks(x, h, count)
    assert sum(piece.frames for piece in made) == frames
    for piece in made:
        alone = oracle.convolve(x[piece.start : piece.start + piece.frames], h)
        wanted = np.zeros(frames + taps - 1)
        wanted[piece.start : piece.start + len(alone)] = alone
        np.testing.assert_allclose(piece.y, wanted, rtol=0, atol=oracle.tolerance(x, h))
    total = np.sum([piece.y for piece in made], axis=0)
    np.testing.assert_allclose(total, oracle.convolve(x, h), rtol=0, atol=oracle.tolerance(x, h))


@pytest.mark.parametrize("frames", [1, 7, 600, 601, 5000])
def test_extremes_of_columns(noise, frames):
    values = noise(frames)
    low, high = extremes(values)
    assert len(low) == len(high) == 600
    for column in range(600):
        begin, end = column * frames // 600, (column + 1) * frames // 600
        part = values[begin : max(end, begin + 1)]
        assert (low[column], high[column]) == (part.min(), part.max())


# the convolution theorem


@given(frames=st.integers(1, 40), taps=st.integers(1, 20), origin=st.integers(0, 19))
@settings(max_examples=15, deadline=None)
def test_spectra_are_transforms_by_the_definition(frames, taps, origin):
    random = np.random.default_rng(frames + 100 * taps)
    f, g = random.standard_normal(frames), random.standard_normal(taps)
    origin = min(origin, taps - 1)
    y = oracle.convolve(f, g)
    found = spectra(f, g, y, 8000, origin=origin)
    assert (np.diff(found.hz) > 0).all()
    assert 20 <= found.hz[0] < 24
    assert found.hz[-1] == 4000
    for values, early, shown in ((f, 0, found.f), (g, origin, found.g), (y, origin, found.y)):
        n = np.arange(len(values)) - early
        wanted = np.exp(-2j * np.pi * np.outer(found.hz / 8000, n)) @ values
        # an angle is rounded by its size, and the FFT adds some roundings more
        limit = 8 * oracle.UNIT * (2 * np.pi * 40 + 16) * np.abs(values).sum()
        np.testing.assert_allclose(shown, wanted, rtol=0, atol=limit)
    limit = 64 * oracle.UNIT * np.abs(f).sum() * np.abs(g).sum()
    np.testing.assert_allclose(found.f * found.g, found.y, rtol=0, atol=limit)


def test_spectra_of_a_low_rate_begin_at_an_eighth_of_it():
    found = spectra(np.ones(3), np.ones(1), np.ones(3), 30)
    assert (found.hz[0], found.hz[-1]) == (30 / 8, 15)


def test_the_transform_of_a_long_sound_does_not_wrap(noise):
    f, g = noise(2100), noise(100, seed=1)
    found = spectra(f, g, oracle.convolve(f, g), 44100)
    limit = 64 * oracle.UNIT * np.abs(f).sum() * np.abs(g).sum()
    np.testing.assert_allclose(found.f * found.g, found.y, rtol=0, atol=limit)


# packing


@given(
    st.one_of(
        st.lists(st.integers(-(2**15), 2**15 - 1), min_size=1).map(lambda v: np.array(v) / 2**15),
        st.lists(st.integers(-(2**23), 2**23 - 1), min_size=1).map(lambda v: np.array(v) / 2**23),
        st.lists(st.floats(-1e30, 1e30), min_size=1).map(np.array),
    )
)
def test_packed_numbers_come_back_as_they_were(values):
    assert (unpack(pack(values)) == values).all()
    json.dumps(pack(values))


def test_each_kind_of_sound_takes_no_more_than_its_samples():
    assert [narrowest_type(np.array([v])) for v in (0.5, 1.0, -1.0, 2.0**-23, 0.1, 1e300)] == [
        *("int16", "float32", "int16", "float32", "float64", "float64")
    ]
    spikes = np.zeros(1000)
    spikes[[3, 999]] = 1, 0.1
    assert item_size(spikes) == 0
    assert (unpack(pack(spikes)) == spikes).all()
    assert len(json.dumps(pack(spikes))) < 300


def test_what_is_only_drawn_is_within_half_a_step(noise):
    values = noise(1000)
    found = unpack(pack(values, exact=False))
    assert np.abs(found - values).max() <= np.abs(values).max() / (2**15 - 1) / 2 * (1 + 1e-12)
    assert (unpack(pack(np.zeros(3), exact=False)) == 0).all()


# cost


def tone(level, seconds, rate=48000, hz=1000):
    return 10 ** (level / 20) * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate)) / rate)


@pytest.fixture(autouse=True, scope="module")
def quick():
    """Measure costs of short sounds only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cost, "MAX_FRAMES", 2**12)
        yield


@pytest.fixture
def clock(monkeypatch):
    """Return a function that sets the time of each reading of the clock."""

    def set_readings(readings):
        monkeypatch.setattr(cost, "time", SimpleNamespace(perf_counter=readings.__next__))

    return set_readings


def test_costs_of_growing_lengths_and_of_a_job(clock):
    step = 2.0**-10
    clock(step * n for n in count())  # so each measurement takes one step
    convolver = plan(routes(np.ones((100, 2)), 2))
    measured = cost.measure_cost(convolver, 5000)
    assert measured.direct == measured.fft == [(2**k, step) for k in range(2, 13)]
    assert measured.products == 2 * 100 * 5000
    assert measured.direct_seconds == pytest.approx(measured.products * step / 2**24)
    assert measured.job_seconds == pytest.approx(step * 5000 / min(convolver.block, 5000))


def test_no_length_is_measured_after_one_that_takes_long(monkeypatch, clock):
    monkeypatch.setattr(cost, "TIME_LIMIT", math.inf)
    monkeypatch.setattr(cost, "LONG_ENOUGH", 0.05)
    clock(1e-3 * n**2 for n in count())
    measured = cost.measure_cost(plan(routes(np.ones((10, 1)), 1)), 100)
    *before, last = [seconds for _, seconds in measured.direct]
    assert before
    assert max(before) <= cost.LONG_ENOUGH < last


def test_a_busy_machine_measures_few_lengths(clock):
    clock(cost.TIME_LIMIT / 10 * n for n in count())
    measured = cost.measure_cost(plan(routes(np.ones((10, 1)), 1)), 100)
    assert len(measured.direct) == len(measured.fft) == 1


def test_costs_on_this_machine():
    measured = cost.measure_cost(plan(routes(np.ones((100, 2)), 2)), 5000)
    assert measured.direct[0][0] == measured.fft[0][0] == 4
    times = [seconds for _, seconds in [*measured.direct, *measured.fft]]
    assert min(*times, measured.direct_seconds, measured.job_seconds) > 0


# sounds to listen to


@pytest.mark.parametrize(("rate", "channels"), [(44100, 2), (96000, 1), (8000, 6), (11025, 1)])
def test_a_player_plays_the_sound_at_its_level(tmp_path, rate, channels):
    sound = 0.25 * np.tile(tone(0, 1, rate, 440)[:, np.newaxis], channels)
    (player,) = player_sounds([sound], rate)
    (tmp_path / "x.mp3").write_bytes(player.mp3)
    played, played_rate = soundfile.read(tmp_path / "x.mp3", always_2d=True)
    assert played_rate == {44100: 44100, 96000: 48000, 8000: 32000, 11025: 32000}[rate]
    assert played.shape[1] == min(channels, 2)
    middle = played[len(played) // 4 : len(played) // 2]
    assert np.sqrt((middle**2).mean()) == pytest.approx(0.25 / np.sqrt(2), rel=0.01)
    assert player.gain == 1


# all together


@pytest.fixture(scope="module")
def echo():
    job = Job(str(SPEECH), "page.html", ["double-spike:delay=50ms,gain=-6dB"])
    return explain(job, Part(start="200ms", seconds=1))


def test_the_page_is_given_the_numbers_of_the_run(echo, samples):
    data = data_of(echo)
    json.dumps(data, allow_nan=False)
    sound, _ = soundfile.read(samples / "speech.wav")
    sums = data["sliding"]
    assert (sums["begin"], sums["first"]) == (8820, 8820 - 2205)
    f, g, y = (unpack(sums[key]) for key in "fgy")
    assert (f == sound[sums["first"] : sums["end"]]).all()
    assert g.nonzero()[0].tolist() == [0, 2205]
    wanted = np.pad(sound, (0, 2205)) + g[2205] * np.pad(sound, (2205, 0))
    np.testing.assert_allclose(y, wanted[8820 : sums["end"]], rtol=0, atol=2e-16)
    assert data["output"]["frames"] == len(sound) + 2205
    assert data["input"]["name"] == "speech.wav"
    assert data["listen"]["seconds"] == 1
    assert data["listen"]["start"] == 0.2
    rows, columns = (
        data["listen"]["spectrograms"]["rows"],
        data["listen"]["spectrograms"]["columns"],
    )
    assert len(unpack(data["listen"]["spectrograms"]["before"])) == rows * columns
    assert data["decay"]["lines"] == []
    assert data["decay"]["why_not"] == ["g has only 2 nonzero taps, and so no reverberation time"]
    job = data["cost"]["job"]
    assert job["direct_operations"] == len(sound) * 2206
    assert echo.outcome.verified.passed


def test_a_page_has_one_and_a_half_megabytes_at_most(tmp_path, noise, monkeypatch):
    """Noise takes the most room, as sound, as samples of 24 bits, and as taps."""
    monkeypatch.setattr(cost, "MAX_FRAMES", 2**10)
    sound = wav(tmp_path / "x.wav", 0.1 * noise(4 * RATE, 2), "PCM_24")
    impulse = wav(tmp_path / "h.wav", noise(2 * RATE, 1, seed=1))
    explained = explain(Job(sound, str(tmp_path / "page.html"), [impulse]), Part(seconds=1))
    size = write(explained, [("fact", "text")] * 8, [("check", "text")] * 8)
    assert 1_200_000 < size <= 1_500_000
    assert explained.sliding.omitted


def test_blocks_of_the_page_add_up(echo):
    blocks = data_of(echo)["blocks"]
    sums = echo.sliding
    f, late = sums.f[sums.begin - sums.first :], sums.g[2205]
    whole = np.pad(f, (0, 2205)) + late * np.pad(f, (2205, 0))
    high = unpack(blocks["sum"]["high"])
    wanted = extremes(whole)[1]
    assert np.abs(high - wanted).max() < 1e-4 * np.abs(wanted).max()
    assert [piece["start"] for piece in blocks["pieces"]] == [
        sums.begin + n * blocks["pieces"][0]["frames"] for n in range(4)
    ]


def test_spectra_of_the_page_are_those_of_an_echo(echo):
    """By the closed form of a comb filter; phases are relative to the start of the part."""
    data, sums = data_of(echo)["theorem"], echo.sliding
    hz = unpack(data["hz"])
    level, phase = (
        {name: unpack(data[name][key]) for name in "fgy"} for key in ("level_db", "phase")
    )
    comb = 1 + sums.g[2205] * np.exp(-2j * np.pi * hz / RATE * 2205)
    step = np.abs(level["g"]).max() / 2**15  # as they are packed
    np.testing.assert_allclose(level["g"], 20 * np.log10(np.abs(comb)), rtol=0, atol=step)
    np.testing.assert_allclose(phase["g"], np.angle(comb, deg=True), rtol=0, atol=180 / 2**15)
    steps = sum(np.abs(values).max() for values in level.values()) / 2**15
    np.testing.assert_allclose(level["f"] + level["g"], level["y"], rtol=0, atol=steps)
    turn = (phase["f"] + phase["g"] - phase["y"] + 180) % 360 - 180
    assert np.abs(turn).max() <= 3 * 180 / 2**15


def test_spectra_of_silence_are_finite(tmp_path):
    silent = wav(tmp_path / "x.wav", np.zeros(4000))
    data = data_of(explain(Job(silent, "page.html", ["delta"])))["theorem"]
    json.dumps(data, allow_nan=False)
    assert np.isfinite(unpack(data["y"]["level_db"])).all()


def test_the_gain_of_the_clip_guard_is_noted_beside_the_sums(samples):
    job = Job(str(samples / "speech.wav"), "page.html", ["delta"], Options(wet=4.0, ir_gain="0.5"))
    explained = explain(job, Part(seconds=1))
    sound, _ = soundfile.read(samples / "speech.wav")
    assert explained.guard_db == pytest.approx(-20 * np.log10(2 * np.abs(sound).max()), abs=0.01)
    data = data_of(explained)
    assert any(
        f"output by {-explained.guard_db:.2f} dB" in note for note in data["sliding"]["notes"]
    )
    # the loudness of the sound itself, not of its MP3
    assert data["listen"]["after"]["loudness_db"] <= 0


@pytest.mark.parametrize(
    ("channels", "rule", "others", "played"),
    [
        (2, "matrix=1:1,2:2", "", ""),
        (2, "matrix=1:1,2:1", "1 more path adds", ""),
        (3, "matrix=1:1,2:1,3:1", "2 more paths add", "Only channels 1 to 2 are played."),
        (1, "matrix=1:1,1:2,1:3", "", "Only channels 1 to 2 are played."),
    ],
)
def test_what_the_page_leaves_out_is_noted(tmp_path, noise, channels, rule, others, played):
    sound = wav(tmp_path / "x.wav", 0.1 * noise(5000, channels))
    spikes = wav(tmp_path / "h.wav", np.full((1, rule.count(":")), 0.25))
    explained = explain(Job(sound, "page.html", [spikes], Options(map=rule)), Part(seconds=1))
    data = data_of(explained)
    noted = [note for note in data["sliding"]["notes"] if "path alone" in note]
    expected = f"this is one path alone; {others} to the same output channel"
    assert noted == ([expected] if others else [])
    assert ("Only channels" in data["listen"]["note"]) == bool(played)
    assert played in data["listen"]["note"]


def test_a_cut_output_is_shown_no_further_than_it_goes(samples):
    job = Job(str(samples / "speech.wav"), "page.html", ["delta:delay=1s"], Options(length="0.8s"))
    explained = explain(job, Part(seconds=1))
    assert explained.sliding.end <= explained.outcome.frames == round(0.8 * RATE)
    with pytest.raises(UsageError, match=r"start is 1\.000 s; it must be within .* 0\.800 s long"):
        explain(job, Part(start="1s", seconds=1))


def test_a_sound_that_breaks_off_is_explained_for_what_there_is(samples, tmp_path):
    whole = (samples / "speech.wav").read_bytes()
    (tmp_path / "cut.wav").write_bytes(whole[: len(whole) // 2])
    job = Job(str(tmp_path / "cut.wav"), "page.html", ["delta"], Options(allow_truncated=True))
    explained = explain(job, Part(seconds=1))
    assert explained.source.frames < 70_000
    assert any("is truncated" in notice for notice in explained.outcome.notices)


def test_silence_is_drawn_as_silence(tmp_path):
    path = wav(tmp_path / "x.wav", np.zeros(5000))
    data = data_of(explain(Job(path, "page.html", ["delta"]), Part(seconds=1)))
    spectra = data["listen"]["spectrograms"]
    assert spectra["top_db"] == 0
    assert not unpack(spectra["before"]).any()
    assert data["listen"]["before"]["loudness_db"] is None


def test_a_page_is_named_as_one(samples):
    with pytest.raises(UsageError, match=r"song\.wav is not the name of a page; end it in \.html"):
        explain(Job(str(samples / "speech.wav"), "song.wav", ["delta"]))


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (
            Part(start="99s"),
            "start is 99.000 s; it must be within the sound, which is 2.883 s long",
        ),
        (Part(start="-1s"), "start is -1.000 s"),
        (Part(seconds=0.5), "seconds is 0.5; it must be from 1 to 60"),
        (Part(start="soon"), "'soon' is not a time"),
    ],
)
def test_a_part_that_cannot_be_meant(samples, part, message):
    job = Job(str(samples / "speech.wav"), "page.html", ["delta"])
    with pytest.raises(UsageError, match=message):
        explain(job, part)


def test_an_impulse_from_standard_input_is_refused(samples):
    with pytest.raises(UsageError, match="name a file"):
        explain(Job(str(samples / "speech.wav"), "page.html", ["-"]))


def test_options_are_those_of_convolve(samples):
    job = Job(
        str(samples / "guitar.wav"),
        "page.html",
        [str(samples / "hall.wav")],
        Options(ir_gain="l1", length="input"),
    )
    explained = explain(job, Part(seconds=1))
    assert explained.outcome.frames == 176400
    assert explained.outcome.peak_dbfs < 0
    assert data_of(explained)["notices"] == []
    strict = Job(job.input, "page.html", job.impulses, Options(strict=True))
    with pytest.raises(AudioconvError, match="under `strict`"):
        explain(strict, Part(seconds=1))
