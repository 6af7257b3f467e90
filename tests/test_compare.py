"""The shift, the gain and the polarity of one sound beside another, by formulas of their own."""

import math

import numpy as np
import pytest
import soundfile

from audioconv import compare_files
from audioconv.errors import UsageError
from audioconv.progress import silent
from audioconv.verify import compare


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
    shift, spread = compare._shift(*pair(level * first, second), 100)
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
    assert compare._shift(*pair(first, second), 800)[0] == 7
    assert compare._shift(*pair(second, first), 800)[0] == -7
    assert compare._shift(*pair(first, first), 5)[0] == 0


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
    fit = compare._best_fit(*pair(first, second), 0, np.full(2, spread), silent)
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
        fit = compare._best_fit(*pair(first, second), 0, np.ones(1), silent)
        assert (fit.gain, fit.polarity) == (0, (None,))


def test_only_one_of_both_is_standard_input():
    with pytest.raises(UsageError, match="both files are standard input; name one of them"):
        compare_files("-", "-")
