"""Room formulas against a worked hall, and against each other where they must meet."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impulses import ImpulseError
from impulses.acoustics.reverberation import (
    arau,
    eyring,
    eyring_absorption,
    millington,
    sabine,
    wall_areas,
)

FORMULAS = {"sabine": sabine, "eyring": eyring, "millington": millington, "arau": arau}
HALL = (3000, [240, 600, 500], [0.1, 0.25, 0.45])
# of the hall, as published to 9 decimals (Millington's, to 6, from its formula)
PUBLISHED = {
    "sabine": 1.211382149,
    "eyring": 1.020427763,
    "millington": 0.972882,
    "arau": 1.142442931,
}
DECIMALS = {"sabine": 9, "eyring": 9, "millington": 6, "arau": 9}


@pytest.mark.parametrize("name", FORMULAS)
def test_worked_hall(name):
    # a unit of the last decimal that is published
    assert abs(FORMULAS[name](*HALL) - PUBLISHED[name]) <= 10.0 ** -DECIMALS[name]


def test_worked_hall_is_the_published_one(shared):
    found = json.loads((shared / "vectors/reverberation_time_formulas.json").read_text())
    assert (found["V"], found["S"], found["alpha"]) == HALL
    assert {name: found[name] for name in FORMULAS} == PUBLISHED


def test_the_constant_is_the_one_of_textbooks():
    """0.161 s/m for one cubic metre and one square metre that absorbs all."""
    assert round(sabine(1, [1], [1]), 3) == 0.161
    assert sabine(1, [1], [1], speed_of_sound=171.5) == pytest.approx(2 * sabine(1, [1], [1]))


@given(
    st.floats(1, 1e5),
    st.lists(st.floats(1, 1e4), min_size=3, max_size=3),
    st.floats(1e-6, 0.999999),
)
def test_walls_that_are_alike_make_three_formulas_one(volume, areas, absorption):
    walls = volume, areas, [absorption] * 3
    # a mean of three that are alike is off by a few units, and so is its complement, which
    # 1 / (1 - a) <= 1e6 magnifies
    expected = pytest.approx(eyring(*walls), rel=1e-9)
    assert (millington(*walls), arau(*walls)) == (expected, expected)
    # -ln(1 - a) >= a
    assert sabine(*walls) >= eyring(*walls) * (1 - 1e-9)


@given(st.lists(st.floats(0.01, 0.99), min_size=3, max_size=3))
def test_the_order_of_the_formulas(absorptions):
    """-ln(1 - a) is convex, so its mean is at least that of the mean; geometric <= arithmetic."""
    hall = 3000, [240, 600, 500], absorptions
    assert millington(*hall) <= eyring(*hall) * (1 + 1e-12) <= sabine(*hall) * (1 + 2e-12)
    assert millington(*hall) <= arau(*hall) * (1 + 1e-12)


def test_little_absorption_is_sabine():
    # -ln(1 - a) = a + a^2 / 2 + ...
    hall = 3000, [240, 600, 500], [1e-5] * 3
    for formula in (eyring, millington, arau):
        assert formula(*hall) == pytest.approx(sabine(*hall) / (1 + 0.5e-5), rel=1e-9)


@given(st.floats(1, 1e6), st.floats(1, 1e5), st.floats(0.01, 100))
def test_absorption_of_a_time_gives_the_time_back(volume, area, time):
    absorption = eyring_absorption(volume, area, time)
    assert 0 <= absorption <= 1
    if 1e-6 < absorption < 1 - 1e-6:  # else the result is the rounding error of 1 - a
        assert eyring(volume, [area], [absorption]) == pytest.approx(time, rel=1e-9)


@pytest.mark.parametrize("name", FORMULAS)
def test_walls_that_absorb_nothing_or_all(name):
    formula = FORMULAS[name]
    assert formula(3000, [240, 600, 500], [0, 0, 0]) == math.inf
    dead = formula(3000, [0.1, 0.2, 0.3], [1, 1, 1])
    assert dead == (pytest.approx(sabine(3000, [0.6], [1])) if name == "sabine" else 0)


def test_one_wall_that_absorbs_nothing_or_all():
    dead_wall, hard_wall = (3000, [240, 600, 500], [1, 0.1, 0.1]), (3000, [1, 2, 3], [0, 0.1, 1])
    assert millington(*dead_wall) == arau(*dead_wall) == 0
    assert arau(*hard_wall) == math.inf
    assert 0 < eyring(*dead_wall) < sabine(*dead_wall) < math.inf


def test_absorption_of_extreme_times():
    assert eyring_absorption(72, 108, 1e-320) == 1
    assert eyring_absorption(72, 108, 1e300) < 1e-300


def test_areas_of_a_box():
    assert wall_areas([2, 3, 5]) == [15, 15, 10, 10, 6, 6]
    assert sum(wall_areas([2, 3, 5])) == 2 * (6 + 10 + 15)


@pytest.mark.parametrize("name", FORMULAS)
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({0: 0}, "volume is 0 m3; it must be above 0"),
        ({0: math.nan}, "volume is nan m3"),
        ({1: [1, 2, math.inf]}, "area is inf m2; it must be above 0 m2, and finite"),
        ({1: [1, 2, -3]}, "area is -3 m2"),
        ({1: [1, 2]}, "2 areas but 3 absorptions; give one for each wall"),
        ({1: [], 2: []}, "0 areas but 0 absorptions"),
        ({2: [0.1, 0.2, 1.01]}, r"absorption is 1\.01; it must be between 0 and 1"),
        ({2: [0.1, 0.2, math.nan]}, "absorption is nan"),
    ],
)
def test_out_of_range_refused(name, changes, message):
    hall = [changes.get(place, value) for place, value in enumerate(HALL)]
    with pytest.raises(ImpulseError, match=message):
        FORMULAS[name](*hall)


def test_other_values_out_of_range_refused():
    with pytest.raises(ImpulseError, match="speed_of_sound is 0 m/s; it must be above 0"):
        sabine(*HALL, speed_of_sound=0)
    with pytest.raises(ImpulseError, match="rt60 is 0 s; it must be above 0 s"):
        eyring_absorption(72, 108, 0)
    with pytest.raises(ImpulseError, match="2 areas are given; give that of each of 3 pairs"):
        arau(3000, [1, 2], [0.1, 0.2])
