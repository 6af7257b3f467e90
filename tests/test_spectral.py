"""Spectral effects: the transform, the kernels, the phases, and what is heard of them."""

import heapq
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import ShortTimeFFT, hilbert

from audioconv.effects.spectral import Spectral
from audioconv.engines.stream import regrid
from audioconv.errors import UsageError
from audioconv.parameters import parameters
from audioconv.spectral import kernels, stage
from audioconv.spectral.kernels import KERNELS, Kernel, kernel
from audioconv.spectral.phases import sources
from audioconv.spectral.transform import Analysis, Grid, Synthesis

RATE = 16000
GRID = Grid(RATE, 512)


def applied(sound, spec, *, rate=RATE, window=512 / RATE, cut=None):
    """Return a sound through a kernel, in blocks of the plan, or of another length."""
    plan = Spectral(kernel=spec, window=window).plan(rate, sound.shape[1])
    one, frames = plan.start(), cut or plan.block
    parts = [one.process(sound[at : at + frames]) for at in range(0, len(sound), frames)]
    made = np.concatenate([*parts, one.flush()])
    assert len(made) == plan.frames(len(sound))
    return made


def magnitudes(sound, grid=GRID):
    """Return the magnitudes of all slices that lie on a sound."""
    padded = np.concatenate([sound, np.zeros(grid.frames)])
    return np.abs(Analysis(grid).process(padded))


def wanted(sound, spec):
    """Return the magnitudes that a kernel asks for, from the first slice on the sound."""
    one = kernel(spec, GRID)
    reach = len(one.weights) - 1
    padded = np.pad(magnitudes(sound), ((reach, reach), (0, 0)))
    return stage.convolved(padded, one)[one.origin[0] :]


def flux(slices):
    """Return the root of the sum of the squares of all changes from slice to slice."""
    return np.sqrt(np.sum(np.diff(slices, axis=0) ** 2))


def gated(frequency=1000.0, start=0.5, end=1.0, seconds=2.0):
    """Return a tone that swells and fades within 40 ms."""
    time = np.arange(round(seconds * RATE)) / RATE
    slope = np.clip(np.minimum(time - start, end - time) / 0.04, 0, 1)
    return 0.3 * np.sin(2 * np.pi * frequency * time) * np.sin(np.pi / 2 * slope) ** 2


def test_slices_are_those_of_scipy(noise):
    sound = noise(3000)
    theirs = ShortTimeFFT(GRID.window, GRID.hop, RATE, mfft=GRID.frames, phase_shift=0)
    expected = theirs.stft(sound, p0=-7 + GRID.frames // (2 * GRID.hop), p1=40).T
    found = Analysis(GRID).process(np.concatenate([sound, np.zeros(GRID.frames)]))
    first = GRID.frames // (2 * GRID.hop) - (GRID.frames // GRID.hop - 1)  # its slice, by number
    skipped = -7 + GRID.frames // (2 * GRID.hop) - first
    found = found[skipped : skipped + len(expected)]
    # sums of 512 products of at most 5: 512 * 5 * eps, and little more
    assert np.abs(found - expected[: len(found)]).max() < 1e-11
    assert np.allclose(theirs.dual_win, GRID.dual, rtol=0, atol=1e-15)


def test_slices_add_up_to_the_sound(noise):
    sound = noise(5 * GRID.frames)
    slices = Analysis(GRID).process(sound)
    frames = Synthesis(GRID).process(slices)[GRID.frames - GRID.hop :]
    assert np.abs(frames - sound[: len(frames)]).max() < 1e-14


@settings(max_examples=25, deadline=None)
@given(
    frames=st.integers(1, 9000),
    channels=st.integers(1, 3),
    window=st.sampled_from([0.002, 0.032, 0.1]),
    scale=st.sampled_from([1.0, 1e-6, 1e6]),
)
def test_identity_gives_every_frame_back(frames, channels, window, scale):
    sound = scale * np.random.default_rng(frames).standard_normal((frames, channels))
    sound[frames // 3 : frames // 2] = 0
    made = applied(sound, "identity", window=window)
    assert made.shape == sound.shape
    assert np.abs(made - sound).max() <= 1e-12 * np.abs(sound).max()


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(0, 7000), min_size=1, max_size=5).filter(any))
def test_any_cut_gives_the_same_samples(cuts):
    sound = np.random.default_rng(1).standard_normal((sum(cuts), 1))
    plan = Spectral(kernel="blur:time=50ms,frequency=50Hz", window=512 / RATE).plan(RATE, 1)
    one = plan.start()
    blocks = regrid(np.split(sound, np.cumsum(cuts)[:-1]), plan.block)
    made = np.concatenate([*map(one.process, blocks), one.flush()])
    assert np.array_equal(made, applied(sound, "blur:time=50ms,frequency=50Hz"))


@pytest.mark.parametrize("width", [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 6.4, 101.0])
@pytest.mark.parametrize("shape", [kernels.box, kernels.gauss])
def test_means_are_even_and_sum_to_one(shape, width):
    weights = shape(width)
    assert weights.sum() == pytest.approx(1, abs=1e-15)
    assert np.array_equal(weights, weights[::-1])
    assert (weights >= 0).all()


@pytest.mark.parametrize("width", [3.0, 6.4, 40.0])
def test_means_are_as_wide_as_asked(width):
    weights = kernels.box(width)
    assert weights.max() == pytest.approx(1 / width)
    assert (weights > 0).sum() == 2 * np.ceil((width - 1) / 2) + 1
    weights = kernels.gauss(width)
    places = np.arange(len(weights)) - len(weights) // 2
    half = np.interp(0.5 * weights.max(), weights[places >= 0][::-1], places[places >= 0][::-1])
    assert half == pytest.approx(width / 2, rel=0.03)  # linear between cells


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 5), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_magnitudes_are_convolved_as_defined(slices, bins, seed):
    random = np.random.default_rng(seed)
    origin = (int(random.integers(slices)), int(random.integers(bins)))
    one = Kernel(random.uniform(-1, 1, (slices, bins)), origin)
    heard = random.uniform(0, 1, (slices + 3, 9))
    expected = np.zeros((4, 9))
    for row, column in np.ndindex(4, 9):
        for a, b in np.ndindex(slices, bins):
            place = abs(column - (b - origin[1]))  # even around 0, and around bin 8
            place = min(place, 16 - place)
            expected[row, column] += one.weights[a, b] * heard[row + slices - 1 - a, place]
    found = stage.convolved(heard, one)
    assert np.abs(found - np.maximum(expected, 0)).max() < 1e-14


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 40), st.integers(0, 2**32 - 1))
def test_phases_are_integrated_as_by_a_heap(bins, seed):
    random = np.random.default_rng(seed)
    known, present = random.permutation(2 * bins).reshape(2, bins).astype(float)
    known[random.uniform(size=bins) < 0.2] = np.inf
    assert sources(known[np.newaxis], present[np.newaxis])[0].tolist() == by_heap(known, present)


def by_heap(known, present):
    """Return the source of each bin as the paper finds it: the largest known bin first."""
    found = [None] * len(known)
    heap = [(-level, "before", bin_) for bin_, level in enumerate(known)]
    heapq.heapify(heap)
    while heap:
        _, place, bin_ = heapq.heappop(heap)
        if place == "before" and found[bin_] is None:
            found[bin_] = bin_
            heapq.heappush(heap, (-present[bin_], "here", bin_))
        for near in (bin_ - 1, bin_ + 1) if place == "here" else ():
            if 0 <= near < len(known) and found[near] is None:
                found[near] = found[bin_]
                heapq.heappush(heap, (-present[near], "here", near))
    return found


def test_phases_alone_make_a_tone(monkeypatch):
    """With no phase kept, the gradient of the magnitudes alone gives a tone back."""
    monkeypatch.setattr("audioconv.spectral.phases.MOVED", 0.0)
    tone = gated(1003.7)
    made = applied(tone[:, np.newaxis], "identity")[: len(tone), 0]
    inner = slice(round(0.6 * RATE), round(0.9 * RATE))
    analytic = hilbert(made)[inner]
    turns = np.unwrap(np.angle(analytic)) / (2 * np.pi)
    line = np.polynomial.Polynomial.fit(np.arange(len(turns)) / RATE, turns, 1).convert()
    # DAFx-16 has about -25 dB for magnitudes of music; a tone is simpler
    assert line.coef[1] == pytest.approx(1003.7, abs=0.5)
    assert np.abs(analytic) == pytest.approx(0.3, rel=0.02)


def test_phases_alone_make_a_click(monkeypatch):
    monkeypatch.setattr("audioconv.spectral.phases.MOVED", 0.0)
    click = np.zeros((4000, 1))
    click[2000] = 1
    made = applied(click, "identity")[:, 0]
    peak = int(np.argmax(np.abs(made)))
    assert abs(peak - 2000) < GRID.hop  # the first slice may begin anywhere in its window
    assert np.sum(made[peak - 10 : peak + 11] ** 2) > 0.95 * np.sum(made**2)


def test_a_blur_in_time_moves_energy_as_far_as_it_says():
    """A tone goes on after its end, at the level of the mean over the time of the blur."""
    tone = gated()
    expected = wanted(tone, "blur:time=200ms")[:, 32]  # the bin of 1000 Hz
    made = magnitudes(applied(tone[:, np.newaxis], "blur:time=200ms")[:, 0])[:, 32]
    before = magnitudes(tone)[:, 32]
    expected, made = expected[: len(before)], made[: len(before)]
    at = (np.arange(len(made)) - 3) * GRID.hop / RATE  # time of the middle of each slice
    for start, end in ((0.42, 0.46), (1.04, 1.08)):  # there the tone itself is silent
        moved = (start < at) & (at < end)
        assert before[moved].max() < 0.01 * before.max()
        assert expected[moved].max() > 0.1 * before.max()
        assert np.abs(20 * np.log10(made[moved] / expected[moved])).max() < 1
    assert made[(at < 0.38) | (at > 1.12)].max() < 0.01 * before.max()


def test_a_blur_in_frequency_moves_energy_as_far_as_it_says():
    tone = gated()
    before = np.mean(magnitudes(tone)[150:200] ** 2, axis=0)
    made = np.mean(
        magnitudes(applied(tone[:, None], "blur:frequency=500Hz")[:, 0])[150:200] ** 2, 0
    )
    inside = slice(32 - 8, 32 + 9)  # 500 Hz are 16 bins of 31.25 Hz
    assert before[24:28].sum() < 1e-4 * before.sum()
    assert made[24:28].sum() > 0.05 * made.sum()
    assert made[inside].sum() > 0.9 * made.sum()


@pytest.mark.parametrize("time", [50, 90, 200])
def test_a_blur_lowers_flux_by_what_the_kernel_says(time):
    tone = gated(250.0) + gated(1000.0) + gated(2000.0)
    spec = f"blur:time={time}ms"
    before, said = flux(magnitudes(tone)), flux(wanted(tone, spec))
    made = flux(magnitudes(applied(tone[:, np.newaxis], spec)[:, 0]))
    assert said < 0.9 * before
    assert made == pytest.approx(said, rel=0.12)  # measured: 4 to 9 % more
    assert made < before


def test_phases_fit_better_than_those_of_the_sound_alone(monkeypatch):
    tone, spec = gated(), "blur:time=90ms"
    expected = wanted(tone, spec)

    def misfit():
        found = magnitudes(applied(tone[:, np.newaxis], spec)[:, 0])[: len(expected)]
        return np.linalg.norm(found - expected[: len(found)]) / np.linalg.norm(expected)

    fitted = misfit()
    assert fitted < 10 ** (-20 / 20)
    monkeypatch.setattr("audioconv.spectral.phases.MOVED", 1e300)
    assert fitted < 0.7 * misfit()


def test_an_edge_in_time_leaves_onsets_alone():
    tone = gated()
    made = {side: applied(tone[:, None], f"edge:side={side}")[:, 0] for side in ("rise", "fall")}
    for side, start, end in (("rise", 0.45, 0.6), ("fall", 0.9, 1.05)):
        energy = made[side] ** 2
        assert energy[round(start * RATE) : round(end * RATE)].sum() > 0.999 * energy.sum() > 0


def test_sharpening_undoes_some_of_a_blur():
    one, other = kernel("blur:time=90ms", GRID), kernel("sharpen:time=90ms,amount=0.5", GRID)
    sharp = 1.5 * (np.arange(len(one.weights)) == one.origin[0]) - 0.5 * one.weights[:, 0]
    assert np.allclose(other.weights[:, 0], sharp, rtol=0, atol=1e-16)
    assert other.weights.sum() == pytest.approx(1)


def test_channels_go_their_own_ways(noise):
    both = noise(6000, 2)
    made = applied(both, "blur:time=60ms,frequency=40Hz")
    for at in range(2):
        alone = applied(both[:, at : at + 1], "blur:time=60ms,frequency=40Hz")
        assert np.array_equal(made[:, at], alone[:, 0])


def test_silence_stays_silent():
    assert not applied(np.zeros((5000, 1)), "blur:time=90ms,frequency=50Hz").any()


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("blurr:time=90ms", "no kernel is named 'blurr'; did you mean 'blur'"),
        ("blur", "blur: neither time nor frequency is given; give one, such as time=90ms"),
        ("blur:times=90ms", "blur has no parameter 'times'; did you mean 'time'"),
        ("blur:90ms", "'90ms' in blur:90ms is not key=value, such as time=90ms"),
        ("blur:time=6s", "blur: time is 6 s; it must be between 0 and 5 s"),
        ("blur:time=-1s", "blur: time is -1 s; it must be between 0 and 5 s"),
        ("blur:frequency=5kHz", "blur: frequency is 5000 Hz; it must be between 0 and 4000 Hz"),
        ("sharpen:time=50ms,amount=11", "sharpen: amount is 11; it must be between 0 and 10"),
        ("edge:axis=space", "edge axis: 'space' is not one of time, frequency"),
    ],
)
def test_kernels_that_make_no_sense_are_refused(spec, message):
    with pytest.raises(UsageError) as error:
        kernel(spec, GRID)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize("window", [0.001, 5.0])
def test_a_window_out_of_range_is_refused(window):
    with pytest.raises(
        UsageError, match=r"the window is .* it must be between 0\.002 s and 4\.1 s"
    ):
        Spectral(kernel="identity", window=window).plan(RATE, 1)


def test_a_blur_within_one_cell_is_noted():
    plan = Spectral(kernel="blur:frequency=5Hz,time=1ms").plan(44100, 1)
    assert plan.notices == (
        "time=1ms is within one slice (5.8 ms), so that it changes nothing; give more, or a "
        "shorter window",
        "frequency=5Hz is within one bin (21.5 Hz), so that it changes nothing; give more, or a "
        "longer window",
    )


@pytest.fixture
def sound(tmp_path):
    path = tmp_path / "in.wav"
    soundfile.write(path, np.stack([gated(), gated(500, 0, 2)], 1), RATE, "PCM_16")
    return path


def test_the_command(sound, tmp_path, call, piped):
    output, spec = tmp_path / "out.wav", "blur:time=90ms,frequency=50Hz"
    said = call("spectral", sound, output, "--kernel", spec, "--json", "--recipe", "sidecar")
    figures = json.loads(said.out)
    assert (figures["kernel"], figures["window_frames"], figures["hop_frames"]) == (spec, 512, 64)
    assert (figures["kernel_slices"], figures["kernel_bins"]) == (23, 3)
    assert figures["frames"] == 2 * RATE + 11 * 64 == soundfile.info(output).frames
    assert f"kernel  {spec}: 23 slices x 3 bins" in said.err
    assert "what the kernel spreads to before time 0 is dropped" in said.err
    whole = output.read_bytes()
    call("redo", output)
    output.unlink()
    call("redo", output)
    assert output.read_bytes() == whole
    piped(Path(sound).read_bytes())
    call("spectral", "-", tmp_path / "piped.wav", "--kernel", spec)
    assert np.array_equal(
        *(soundfile.read(tmp_path / name)[0] for name in ("out.wav", "piped.wav"))
    )


def test_redo_takes_the_window_from_the_recipe(sound, tmp_path, call):
    output = tmp_path / "out.wav"
    call("spectral", sound, output, "--kernel", "edge:side=fall", "--window", "20ms")
    recipe = json.loads(call("info", output, "--json").out)["recipe"]
    assert recipe["settings"] == {"kernel": "edge:side=fall", "window": 0.02}
    call("redo", output)


@pytest.mark.parametrize("values", [{"kernel": 1}, {"kernel": "identity", "window": "43ms"}])
def test_settings_of_another_type_are_refused(values):
    with pytest.raises(UsageError, match="it must be"):
        Spectral(**values)


def test_help_names_every_kernel_and_parameter(call):
    said = call("spectral", "--help").out
    for name, builder in KERNELS.items():
        for word in (name, *(one.option for one in parameters(builder))):
            assert word in said
