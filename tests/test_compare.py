"""The shift, the gain and the polarity of one sound beside another, by formulas of their own."""

import math
import tracemalloc
from collections import Counter

import numpy as np
import pytest
import soundfile
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audioconv import compare_files
from audioconv.errors import UsageError
from audioconv.files import Reader
from audioconv.plot.null import null
from audioconv.plot.options import Look
from audioconv.verify import compare
from audioconv.verify import pair as pairs
from audioconv.verify.pair import pair as side_by_side


@pytest.fixture
def pair(tmp_path):
    """Write two sounds, and return their names."""

    def written(*sounds):
        for name, sound in zip("ab", sounds, strict=True):
            soundfile.write(tmp_path / f"{name}.wav", sound, 48000, "DOUBLE")
        return str(tmp_path / "a.wav"), str(tmp_path / "b.wav")

    return written


@pytest.mark.parametrize("level", [1.0, 1e-3, 1e3])
def test_the_shift_and_the_spread_are_those_of_the_correlation(pair, noise, level):
    """At any level: the energy of the correlation, over that of both sounds."""
    first = np.stack([noise(300), np.cumsum(noise(300, seed=1)), np.zeros(300)], axis=1)
    second = level * np.pad(-first, ((40, 0), (0, 0)))
    with side_by_side(*pair(level * first, second)) as both:
        shift, spread = compare._shift(both, 100)
    assert shift == 40
    for channel, (one, other) in enumerate(zip(level * first.T, second.T, strict=True)):
        energies = np.vdot(one, one) * np.vdot(other, other)
        expected = (np.correlate(one, other, "full") ** 2).sum() / (energies or 1)
        assert spread[channel] == pytest.approx(max(expected, 1), rel=1e-9)
    assert spread[1] > 10 > spread[0]
    assert spread[2] == 1


def test_only_the_frames_around_the_peak_are_searched(pair, noise, monkeypatch):
    monkeypatch.setattr(compare, "WINDOW", 64)
    first = noise(1000, 1)
    second = np.concatenate([noise(500, 1, seed=1), np.pad(first[500:], ((7, 0), (0, 0)))])
    for sounds, centre, shift in [
        ((first, second), 800, 7),
        ((second, first), 800, -7),
        ((first, first), 5, 0),
    ]:
        with side_by_side(*pair(*sounds)) as both:
            assert compare._shift(both, centre)[0] == shift


def by_formula(first, second, spread):
    """The gain, signs and clarity of each channel, one sum at a time."""
    signs, clear = [], []
    products = [math.fsum(a * b) for a, b in zip(first.T, second.T, strict=True)]
    for one, other, product, wide in zip(first.T, second.T, products, spread, strict=True):
        share = product**2 / (math.fsum(one**2) * math.fsum(other**2))
        shifts = 2 * compare.WINDOW / wide
        chance = 2 * math.log(shifts / compare.BY_CHANCE) * wide * math.fsum((one * other) ** 2)
        clear.append(share > compare.MOSTLY or product**2 > chance)
        signs.append(math.copysign(1, product if clear[-1] else math.fsum(products)))
    aligned = math.fsum(sign * product for sign, product in zip(signs, products, strict=True))
    return max(0, aligned) / math.fsum((first**2).ravel()), signs, clear


@pytest.mark.parametrize("gains", [(1, 0), (-1, 0), (-0.5, 0.2), (2, -1), (0.1, 0.1), (0, 0)])
@pytest.mark.parametrize("level", [1.0, 1e-3])
@pytest.mark.parametrize("spread", [1.0, 30.0])
def test_the_best_fit_has_one_gain_and_a_sign_for_each_channel(pair, noise, gains, level, spread):
    """Of channels from the same to nothing in common, in noise that hides the weaker ones."""
    first = level * noise(400, 2)
    second = first * gains + 0.3 * level * noise(400, 2, seed=3)
    with side_by_side(*pair(first, second)) as both:
        fit = compare._best_fit(both, 0, np.full(2, spread))
    gain, signs, clear = by_formula(first, second, [spread] * 2)
    assert fit.gain == pytest.approx(gain, rel=1e-9)
    assert fit.factors == pytest.approx([sign * gain for sign in signs], rel=1e-9)
    names = {1: compare.NORMAL, -1: compare.INVERTED}
    assert fit.polarity == tuple(
        names[sign] if sure else None for sign, sure in zip(signs, clear, strict=True)
    )


@pytest.mark.parametrize("spread", [1.0, 30.0, 5000.0])
def test_chance_is_the_largest_of_as_many_shifts_as_are_independent(spread):
    """A normal deviate exceeds d with a probability under exp(-d^2 / 2)."""
    deviations = float(compare._chance(np.array([spread]))[0]) / math.sqrt(spread)
    independent = 2 * compare.WINDOW / spread
    assert independent * math.exp(-(deviations**2) / 2) == pytest.approx(compare.BY_CHANCE)


def test_silence_is_fitted_by_nothing(pair, noise):
    for first, second in [(np.zeros((9, 1)), noise(9, 1)), (noise(9, 1), np.zeros((9, 1)))]:
        with side_by_side(*pair(first, second)) as both:
            fit = compare._best_fit(both, 0, np.ones(1))
        assert (fit.gain, fit.polarity) == (0, (None,))


def test_only_one_of_both_is_standard_input():
    with pytest.raises(UsageError, match="both files are standard input; name one of them"):
        compare_files("-", "-")


SUBTYPES = ["PCM_U8", "PCM_16", "PCM_24", "FLOAT", "DOUBLE"]


def by_definition(first, second, shift, gains):
    """The first frame that differs, and the residual in dB."""
    frames = max(len(first), len(second))
    one, other = (np.pad(x, ((0, frames - len(x)), (0, 0))) for x in (first, second))
    different = np.flatnonzero((one != other).any(axis=1))
    differs = int(different[0]) if len(different) else None
    if differs is None and len(first) != len(second):
        differs = min(len(first), len(second))
    one, other = first[max(0, -shift) :], second[max(0, shift) :]
    frames = max(len(one), len(other))
    one, other = (np.pad(x, ((0, frames - len(x)), (0, 0))) for x in (one, other))
    left = math.fsum(((other - gains * one) ** 2).ravel())
    return differs, 10 * math.log10(left / math.fsum((other**2).ravel())) if left else None


@given(
    seed=st.integers(0, 2**32 - 1),
    channels=st.sampled_from([1, 2, 3]),
    lengths=st.tuples(st.integers(90, 300), st.integers(90, 300)),
    shift=st.integers(-70, 70),
    level=st.sampled_from([-0.5, 0.0, 1.0]),
    subtypes=st.tuples(st.sampled_from(SUBTYPES), st.sampled_from(SUBTYPES)),
    threads=st.sampled_from([1, 2, 5]),
)
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_each_figure_is_its_definition(
    tmp_path, seed, channels, lengths, shift, level, subtypes, threads
):
    """Of any lengths and formats, over blocks and pieces of few frames, in any threads."""
    rng = np.random.default_rng(seed)
    # of samples that every format holds
    whole = np.rint(np.clip(25 * rng.standard_normal((600, channels)), -127, 127)) / 128
    sounds = whole[100:][: lengths[0]], level * whole[100 - shift :][: lengths[1]]
    if rng.random() < 0.5:
        sounds[1][:] += 1e-3 * rng.standard_normal(sounds[1].shape)
    paths = [tmp_path / f"{name}.wav" for name in "ab"]
    for path, sound, subtype in zip(paths, sounds, subtypes, strict=True):
        soundfile.write(path, sound, 8000, subtype)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pairs, "BLOCK", 64 * channels)
        patch.setattr(pairs, "SLICE", 32 * channels)
        found = compare_files(*paths, threads=threads)
    first, second = (soundfile.read(path, always_2d=True)[0] for path in paths)
    differs, residual = by_definition(first, second, found.shift, found.gains)
    assert found.frames == (len(first), len(second))
    assert found.first_difference_s == (None if differs is None else differs / 8000)
    assert found.identical == (differs is None)
    assert (found.residual_db is None) == (residual is None)
    if residual is not None:
        assert found.residual_db == pytest.approx(residual, abs=1e-9)


@pytest.mark.parametrize(("zeros", "more", "differs"), [(200, [0.5], 300), (200, [], 100)])
def test_silence_at_the_end_is_a_difference_only_in_length(
    pair, noise, monkeypatch, zeros, more, differs
):
    """Blocks after the end of one of them."""
    monkeypatch.setattr(pairs, "BLOCK", 64)
    first = noise(100)
    second = np.concatenate([first, np.zeros(zeros), more])
    for sounds in (first, second), (second, first):
        assert compare_files(*pair(*sounds)).first_difference_s == differs / 48000


def test_equal_numbers_of_other_units_differ():
    one, other = np.array([[2], [2]], np.int16), np.array([[1], [2]], np.int16)
    assert pairs.Blocks(5, one, other, (0.25, 0.5), (2, 2)).first_difference() == 6
    assert pairs.Blocks(5, one, other, (0.5, 0.5), (2, 2)).first_difference() == 5


@pytest.fixture
def long_pair(pair, noise):
    """Two sounds of several blocks, the second later, quieter, and not quite the same."""
    first = 0.1 * noise(800_000, 2)
    second = np.pad(0.5 * first, ((77, 0), (0, 0)))
    return pair(first, second + 1e-4 * noise(800_077, 2, seed=1))


def test_the_result_does_not_depend_on_the_threads(long_pair):
    one, *others = (compare_files(*long_pair, threads=threads) for threads in (1, 2, 5))
    assert one.shift == 77
    assert others == [one, one]


def test_the_picture_does_not_depend_on_the_threads(long_pair, tmp_path, monkeypatch):
    pictures = []
    for threads in (1, 2, 5):
        monkeypatch.setattr("audioconv.job.available_cores", lambda threads=threads: threads)
        null(*long_pair, str(tmp_path / "n.png"), Look(dpi=50, overwrite=True))
        pictures.append((tmp_path / "n.png").read_bytes())
    assert pictures[1:] == pictures[:1] * 2


@pytest.mark.parametrize("drawn", [False, True])
def test_each_question_is_one_reading(long_pair, tmp_path, monkeypatch, drawn):
    """How they are, the best fit, and what is left; the shift needs an excerpt, a picture none."""
    read = Counter()

    class Counted(Reader):
        def _read(self, frames, limit):
            block = super()._read(frames, limit)
            read[self.info.path] += len(block)
            return block

    monkeypatch.setattr(pairs, "Reader", Counted)
    if drawn:
        null(*long_pair, str(tmp_path / "n.png"), Look(dpi=50))
    else:
        compare_files(*long_pair)
    for path in long_pair:
        frames = soundfile.info(path).frames
        assert 3 * frames <= read[path] <= 4 * frames


def test_memory_does_not_grow_with_the_sounds(tmp_path, noise):
    def most(blocks):
        paths = [tmp_path / f"{blocks}-{name}.wav" for name in "ab"]
        for seed, path in enumerate(paths):
            soundfile.write(path, np.tile(0.1 * noise(2**16, 1, seed=seed), (blocks, 1)), 48000)
        tracemalloc.start()
        compare_files(*paths, threads=2)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak

    most(1)  # allocations made once
    # a quarter of what is added to the two sounds: some blocks more may wait between the threads
    assert most(120) - most(40) < 0.25 * 2 * 80 * 2**16 * 8
