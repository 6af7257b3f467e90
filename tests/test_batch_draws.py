"""Draws follow from what an item is called, and from nothing else."""

import math
import random
import struct
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from batches import outputs, planned, room, sound
from hypothesis import given
from hypothesis import strategies as st

from audioconv.batch.draws import Stream, choices, keys
from audioconv.batch.ranges import random_spec
from audioconv.errors import UsageError
from audioconv.ir.load import load_impulse, parsed_spec
from audioconv.units import parse_distance
from impulses.builders.images import MAX_IMAGES

ROOM = "shoebox:room=4..8,3..6,2.5..3.5,rt60=0.2..0.8,source=...,microphone=..."
POOL = [f"room{number}" for number in range(20)]
ITEMS = [f"speaker/{number}.flac" for number in range(400)]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def chosen(pool, items=ITEMS, replicas=1, seed=0):
    """Return the names that are chosen for each item."""
    once = np.ones(len(pool), bool)
    return {
        item: [pool[at] for at in choices(seed, item, replicas, keys(pool), once)] for item in items
    }


def test_numbers_are_uniform_and_the_same_everywhere():
    stream = Stream(7, "a.wav", 0, "room")
    numbers = np.array([stream.uniform() for _ in range(20_000)])
    # a tenth of them in each tenth, to 5 standard deviations of a binomial count
    counts = np.histogram(numbers, 10, (0, 1))[0]
    assert abs(counts - 2000).max() < 5 * math.sqrt(2000 * 0.9)
    key = sha256(b"1:75:a.wav1:04:room").digest()
    words = [sha256(key + struct.pack("<Q", n)).digest()[:8] for n in range(3)]
    assert [*numbers[:3]] == [(struct.unpack("<Q", w)[0] >> 11) / 2**53 for w in words]
    assert Stream(7, "é.wav").uniform() == Stream(7, "e\u0301.wav").uniform()


def test_every_impulse_is_drawn_as_often_as_any_other():
    counts = np.bincount([POOL.index(one) for (one,) in chosen(POOL).values()], minlength=20)
    # 400 draws among 20, each with 20 expected: 5 standard deviations are 22
    assert counts.sum() == 400
    assert abs(counts - 20).max() < 22


def test_order_and_company_do_not_matter():
    alone = {item: chosen(POOL, [item])[item] for item in ITEMS[:9]}
    assert alone.items() <= chosen(POOL).items()
    mixed = random.Random(1).sample(POOL, len(POOL))
    assert chosen(mixed) == chosen(POOL)
    assert chosen(POOL, seed=1) != chosen(POOL)


def test_an_impulse_that_is_added_only_takes_items():
    before, after = chosen(POOL), chosen([*POOL, "new"])
    moved = [item for item in ITEMS if before[item] != after[item]]
    assert {after[item][0] for item in moved} == {"new"}
    # one in 21 of 400: 19, to 5 standard deviations of 4.3
    assert 0 < len(moved) < 19 + 22


@given(st.integers(0, 5), st.integers(1, 30))
def test_replicas_have_different_impulses_as_long_as_there_are_others(seed, replicas):
    (drawn,) = chosen(POOL, ["x.wav"], replicas, seed).values()
    assert len(set(drawn)) == min(replicas, len(POOL))
    assert drawn[:3] == next(iter(chosen(POOL, ["x.wav"], 3, seed).values()))[:replicas]


def test_replicas_choose_for_themselves():
    again = choices(0, "x.wav", 40, keys(POOL), np.zeros(20, bool))
    assert 10 < len(set(again)) < 20  # 17.4 are expected


def test_rooms_that_are_random_themselves_may_come_again(here):
    room("h.wav")
    sound("x.wav")
    plan = planned("x.wav", ["h.wav", "noise:rt60=0.1..0.2"], "o", pairs="random", replicas=9)
    named = [task.impulse for task in plan.tasks]
    assert len(set(named)) == 9
    assert sum(name.startswith("noise") for name in named) == 8


@pytest.mark.parametrize(
    ("spec", "values"),
    [
        ("noise:rt60=0.2..0.8,floor=-60", {"rt60": (0.2, 0.8, "")}),
        ("double-spike:delay=100..350ms,gain=-12dB..-6dB", {"delay": (100, 350, "ms")}),
        ("double-spike:delay=100ms..350ms,gain=-12dB..-6dB", {"gain": (-12, -6, "dB")}),
        ("multi-tap:delay=0,10..20ms,gain=1,0.5", {}),
        ("preset:slapback,wet=-20dB..-10dB", {"wet": (-20, -10, "dB")}),
        ("noise:rt60=0.3..0.3", {"rt60": (0.3, 0.3, "")}),
    ],
)
def test_values_are_drawn_within_their_range_and_read_again(spec, values):
    for number in range(50):
        drawn = random_spec(spec).draw(Stream(number))
        assert ".." not in drawn
        assert load_impulse(drawn, 8000) == load_impulse(drawn, 8000)
        given = parsed_spec(drawn)[1]
        for name, (low, high, unit) in values.items():
            assert given[name][0].endswith(unit)
            assert low <= float(given[name][0].removesuffix(unit)) <= high


def test_whole_numbers_are_drawn_with_both_ends():
    drawn = {
        parsed_spec(random_spec("noise:rt60=0.2,seed=1..3").draw(Stream(n)))[1]["seed"][0]
        for n in range(60)
    }
    assert drawn == {"1", "2", "3"}


def test_a_random_room_has_its_own_noise_unless_a_seed_is_given():
    drawn = random_spec("noise:rt60=0.2..0.3").draw(Stream(1))
    assert "seed=" in drawn
    assert random_spec("noise:rt60=0.2..0.3,seed=4").draw(Stream(1)).count("seed=4") == 1
    assert random_spec("noise:rt60=0.2") is None


@pytest.mark.parametrize(
    "spec",
    [
        ROOM,
        "shoebox:room=4..8,3..6,2.5..3.5,rt60=0.3",
        "shoebox:room=1..2,1..2,1..2,rt60=0.2,receiver=stereo",
        "shoebox:room=5,4,3,source=0.1..4.9,0.1..3.9,1.5,microphone=2,2,1.5,rt60=0.3",
        "shoebox:room=3..9,4,3,source=5..8,2,1.5,rt60=0.3",
        "shoebox:room=3..9,4,3,rt60=2000..3000S,wet=-20dB..-6dB",
        "shoebox:room=3..9,4,3,length=30,max-order=2",
    ],
)
def test_source_and_microphone_stand_inside_and_apart(spec):
    for number in range(100):
        values = parsed_spec(random_spec(spec).draw(Stream(number, spec)))[1]
        sides, source, microphone = (
            [parse_distance(text) for text in values[name]]
            for name in ("room", "source", "microphone")
        )
        for point in (source, microphone):
            assert all(0 < at < side for at, side in zip(point, sides, strict=True))
        assert math.dist(source, microphone) >= min(0.5, min(sides) / 3)
    assert load_impulse(random_spec(spec).draw(Stream(0, spec)), 8000).frames > 100


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ("noise:rt60=0.8..0.2", r"rt60 .* is '0.8..0.2', which is empty; write 0.2..0.8"),
        ("double-spike:delay=1s..350ms", "give both ends in one unit"),
        ("double-spike:delay=1..3furlongs", "is not a time"),
        ("shoebox:room=4..8,3", "it takes 3 values"),
        ("noise:rt=0.2..0.8", "no parameter 'rt'"),
        ("noise:rt=0.2", "no parameter 'rt'"),
        ("shoebox:receiver=1..2", "no number"),
        ("shoebox:room=4..5,3,3,source=7,1,1", "never stand in the room"),
        (
            "shoebox:room=4..5,3,3,rt60=7..9",
            r"rt60=7\.\.9 draws rooms that cannot be built, such as shoebox:room=4.*,rt60=[78].*: "
            rf"there would be at least \d+ image sources; the limit is {MAX_IMAGES}; .*max-order",
        ),
        (
            "shoebox:room=20..30,20,9,rt60=0.05..0.06",
            "an rt60 of 0.05.* make the room smaller or the",
        ),
        ("shoebox:room=4..5,3,3,absorption=1e-5..2e-5", "image sources; the limit"),
        ("shoebox:room=4..5,3,3,beta=1", "never ends; give a length"),
        ("shoebox:room=4..5,3,3,rt60=1,beta=0.5", "rt60 and beta are given; give only one"),
        ("shoebox:room=4..5,3,3,length=20", "image sources; the limit"),
    ],
)
def test_ranges_that_are_none_are_refused(here, spec, said):
    sound("x.wav")
    with pytest.raises(UsageError, match=said):
        planned("x.wav", spec, "o")


def test_a_plan_changes_for_no_other_file(here):
    for name in "abcdefgh":
        sound(f"in/{name}.wav")
    for name in "klm":
        room(f"rooms/{name}.wav")
    how = {"pairs": "random", "replicas": 2, "seed": 5}
    before = {t.output: t.impulse for t in planned("in", ["rooms", ROOM], "o", **how).tasks}
    sound("in/aa.wav")
    Path("in/c.wav").unlink()
    named = [f"in/{name}.wav" for name in ("h", "aa", "d", "b", "a", "e", "f", "g")]
    after = {t.output: t.impulse for t in planned(named, [ROOM, "rooms"], "o", **how).tasks}
    kept = {name: ir for name, ir in before.items() if not name.startswith("c_")}
    assert {name: ir for name, ir in after.items() if not name.startswith("aa_")} == kept
    assert len({ir for ir in before.values() if ir.startswith("shoebox")}) > 1
    assert outputs(planned("in", ["rooms", ROOM], "o", **{**how, "seed": 6})) != [*before]
