"""The box-shaped room against a plain loop over its images, closed forms and published figures."""

import itertools
import json
import math
import re
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracle import UNIT
from scipy.signal import butter, sosfilt

import impulses.builders.images
from impulses import ImpulseError
from impulses.acoustics.reverberation import eyring, eyring_absorption, wall_areas
from impulses.builders.box_limits import least_images
from impulses.builders.images import MAX_AXIS, MAX_IMAGES, Axis, image_axes, images, response
from impulses.builders.shoebox import shoebox as high_passed
from impulses.impulse import MAX_FRAMES

# the plain sum of images, as the papers have it
shoebox = partial(high_passed, high_pass=0.0)

ROOM, SOURCE, MICROPHONE = (5.0, 4.0, 6.0), (2.0, 3.5, 2.0), (2.5, 1.5, 1.2)
BETA = [0.9, 0.8, -0.7, 0.6, 0.5, 0.95]
PLACES = {"room": ROOM, "source": SOURCE, "microphone": MICROPHONE}


def plain_images(room, source, microphone, beta, max_order=-1, cells=4):
    """Allen and Berkley's sum as it stands: (offset from the microphone, gain) of each image."""
    for m in itertools.product(range(-cells, cells + 1), repeat=3):
        for q in itertools.product((0, 1), repeat=3):
            if max_order >= 0 and np.abs(2 * np.array(m) - q).sum() > max_order:
                continue
            offset = [
                (1 - 2 * b) * s - r + 2 * a * side
                for a, b, s, r, side in zip(m, q, source, microphone, room, strict=True)
            ]
            gain = 1.0
            for axis in range(3):
                gain *= beta[2 * axis] ** abs(m[axis] - q[axis])
                gain *= beta[2 * axis + 1] ** abs(m[axis])
            yield offset, gain


def plain_room(rate, frames, room, source, microphone, beta, max_order=-1, c=343.0):
    """Sum taps one by one, (frames, 4) as W, Y, Z, X; return them and the number of images."""
    width = 2 * math.floor(0.004 * rate + 0.5)
    taps, count = np.zeros((frames, 4)), 0
    for (x, y, z), gain in plain_images(room, source, microphone, beta, max_order):
        distance = math.sqrt(x * x + y * y + z * z)
        delay = distance * rate / c
        if math.floor(delay) >= frames:
            continue
        count += 1
        n = math.floor(delay) - width // 2 + 1 + np.arange(width)
        n = n[(n >= 0) & (n < frames)]
        tap = 0.5 * (1 + np.cos(2 * np.pi * (n - delay) / width)) * np.sinc(n - delay)
        weights = np.array([1, y / distance, z / distance, x / distance])
        taps[n] += np.outer(tap * gain / (4 * np.pi * distance), weights)
    return taps, count


def tolerance(rate, count, c=343.0):
    """Bound the rounding error of a frame that sums `count` images.

    A delay of D samples is off by a few u D, its tap by about as much, and its gain is
    (rate / c) / (4 pi D): the product knows no D. A tap is a polynomial of 17 terms, which may
    add as much again. Errors of many images are unrelated.
    """
    return 32 * UNIT * rate / (4 * np.pi * c) * math.sqrt(count)


# against the plain sum


@pytest.mark.parametrize(
    ("rate", "max_order", "beta"),
    [
        (8000, -1, BETA),
        (8000, 0, BETA),
        (8000, 3, BETA),
        (8000, -1, [1.0] * 6),
        (8000, -1, [0.0, 0.9, 0.0, -1.0, 0.3, 0.0]),
        (1000, -1, BETA),
        (1125, -1, BETA),  # half a window of 4.5 frames, which is 5
        (11025, 2, BETA),
        (44100, 1, BETA),
        (768000, 1, BETA),
    ],
)
def test_a_room_is_the_sum_of_its_images(rate, max_order, beta):
    length = 0.07  # 24 m, which four cells of 4 m reach by far
    taps = shoebox(
        rate, **PLACES, beta=beta, max_order=max_order, length=length, receiver="ambisonic"
    ).taps
    expected, count = plain_room(rate, len(taps), ROOM, SOURCE, MICROPHONE, beta, max_order)
    assert taps.shape == (round(length * rate), 4)
    np.testing.assert_allclose(taps, expected, rtol=0, atol=tolerance(rate, count))


coordinates = st.tuples(*[st.floats(0.05, 0.95)] * 3)


@given(
    room=st.tuples(*[st.floats(2.0, 12.0)] * 3),
    source=coordinates,
    microphone=coordinates,
    beta=st.lists(st.floats(-1, 1), min_size=6, max_size=6),
    max_order=st.integers(-1, 4),
)
@settings(max_examples=25, deadline=None)
def test_any_room_is_the_sum_of_its_images(room, source, microphone, beta, max_order):
    source, microphone = (
        tuple(a * b for a, b in zip(p, room, strict=True)) for p in (source, microphone)
    )
    if math.dist(source, microphone) < 0.05:
        return
    options = {"beta": beta, "max_order": max_order, "length": 0.045}
    # no farther than 7.8 cells of 2 m, which the plain loop covers
    taps = shoebox(4000, room=room, source=source, microphone=microphone, **options).taps
    expected, count = plain_room(4000, len(taps), room, source, microphone, beta, max_order)
    np.testing.assert_allclose(taps, expected[:, :1], rtol=0, atol=tolerance(4000, count))

    swapped = shoebox(4000, room=room, source=microphone, microphone=source, **options).taps
    np.testing.assert_allclose(taps, swapped, rtol=0, atol=tolerance(4000, count))


def test_chunks_and_segments_do_not_change_the_result(monkeypatch):
    whole = shoebox(8000, **PLACES, beta=BETA, length=0.1, receiver="ambisonic").taps
    monkeypatch.setattr(impulses.builders.images, "CHUNK", 1000)
    monkeypatch.setattr(impulses.builders.images, "SEGMENT", 77)
    parts = shoebox(8000, **PLACES, beta=BETA, length=0.1, receiver="ambisonic").taps
    np.testing.assert_allclose(whole, parts, rtol=0, atol=tolerance(8000, 1000))


def test_the_same_bytes():
    once, again = (shoebox(8000).taps.tobytes() for _ in range(2))
    assert once == again


# against closed forms


def test_a_flutter_echo_between_two_walls():
    """Images in a row, whole samples apart, give spikes and nothing between them."""
    step = 343.0 / 10000
    impulse = shoebox(
        10000,
        room=(100 * step, 4, 3),
        source=(60 * step, 2, 1),
        microphone=(40 * step, 2, 1),
        beta=[0.9, -0.8, 0, 0, 0, 0],
        length=0.15,
    )
    expected = np.zeros(1500)
    for m in range(-10, 11):
        for q in (0, 1):
            distance = abs(20 + 200 * m) if q == 0 else abs(200 * m - 100)
            if distance < 1500:
                gain = 0.9 ** abs(m - q) * (-0.8) ** abs(m)
                expected[distance] += gain / (4 * np.pi * distance * step)
    np.testing.assert_allclose(
        impulse.taps[:, 0], expected, rtol=0, atol=tolerance(10000, np.count_nonzero(expected))
    )


@pytest.mark.parametrize("order", range(6))
def test_there_are_as_many_images_as_an_octahedron_has_points(order):
    axes = image_axes(ROOM, SOURCE, MICROPHONE, BETA, reach=1000.0, max_order=order)
    count = sum(len(gain) for _, gain, _ in images(axes, 0, 1000, order))
    assert count == (2 * order + 1) * (2 * order**2 + 2 * order + 3) // 3


def test_there_are_as_many_images_as_rooms_in_a_ball():
    """One in each room: 4/3 pi R^3 / V of them, but for those of the surface."""
    axes = image_axes(ROOM, SOURCE, MICROPHONE, BETA, reach=300.0)
    count = sum(len(gain) for _, gain, _ in images(axes, 0, 300))
    assert count == pytest.approx(4 / 3 * np.pi * 300**3 / math.prod(ROOM), rel=0.01)


@pytest.mark.parametrize("rate", [1000, 1125, 8000, 48000])
def test_a_tap_is_its_polynomial_to_rounding(rate):
    """To some units of its peak, 1, at every fraction: one or so for each of its 17 terms."""
    width = 2 * math.floor(0.004 * rate + 0.5)
    n = np.arange(4 * width)
    for distance in 2 * width + np.linspace(0, 1, 33):
        axes = [
            Axis(np.array([offset]), np.array([1.0]), np.array([0]))
            for offset in (0.0, distance, 0.0)
        ]
        t = n - distance
        tap = np.where(np.abs(t) < width / 2, 0.5 + 0.5 * np.cos(2 * np.pi * t / width), 0)
        [found] = response(axes, rate, len(n)) * distance
        np.testing.assert_allclose(found, tap * np.sinc(t), rtol=0, atol=24 * UNIT)


def test_silence_before_the_sound_is_silent():
    taps = shoebox(8000, **PLACES, beta=BETA, length=0.1).taps
    arrival = math.floor(math.dist(SOURCE, MICROPHONE) * 8000 / 343)
    # the tap of the direct sound begins half a window, 32 frames, before it
    assert not taps[: arrival - 31].any()
    assert taps[arrival - 31].any()


@given(source=coordinates, microphone=coordinates)
@settings(max_examples=25, deadline=None)
def test_the_direct_sound_comes_from_its_direction(source, microphone):
    offset = np.array(source) - np.array(microphone)
    if np.linalg.norm(offset) < 0.02:
        return
    room = {"room": (1, 1, 1), "source": source, "microphone": microphone}
    w, y, z, x = shoebox(8000, **room, max_order=0, receiver="ambisonic").taps.T
    cosines = offset / np.linalg.norm(offset)
    for channel, cosine in zip((x, y, z), cosines, strict=True):
        # the cosine is off by its cancellation, u / 0.02, and the transform adds its rounding
        np.testing.assert_allclose(channel, cosine * w, rtol=0, atol=400 * UNIT * np.abs(w).max())


def test_the_omni_of_ambisonic_is_mono():
    mono = shoebox(8000).taps
    ambisonic = shoebox(8000, receiver="ambisonic").taps
    np.testing.assert_array_equal(ambisonic[:, :1], mono)


def test_stereo_is_two_microphones_the_left_one_first():
    options = {"room": ROOM, "source": SOURCE, "beta": BETA, "length": 0.1}
    stereo = shoebox(8000, **options, microphone=(2, 1.5, 1), receiver="stereo", spacing=0.5)
    for channel, y in enumerate((1.75, 1.25)):
        mono = shoebox(8000, **options, microphone=(2, y, 1))
        np.testing.assert_array_equal(stereo.taps[:, channel], mono.taps[:, 0])
    # the source is to the left, so it comes there first
    first = np.argmax(np.abs(stereo.taps) > 0.5 * np.abs(stereo.taps).max(axis=0), axis=0)
    assert first[0] < first[1]


# walls and lengths


def test_absorption_is_the_energy_not_reflected():
    shares = [0.1, 0.2, 0.3, 0.4, 0.5, 1.0]
    beta = [math.sqrt(1 - share) for share in shares]
    options = {**PLACES, "length": 0.1}
    np.testing.assert_array_equal(
        shoebox(8000, absorption=shares, **options).taps, shoebox(8000, beta=beta, **options).taps
    )
    np.testing.assert_array_equal(
        shoebox(8000, absorption=[0.3], **options).taps,
        shoebox(8000, absorption=[0.3] * 6, **options).taps,
    )


def test_a_decay_time_by_formula():
    """Sabine: a = 24 ln 10 V / (c S T), and Eyring: -ln(1 - a) is that."""
    for speed in (343.0, 200.0):
        options = {**PLACES, "length": 0.2, "speed_of_sound": speed}
        area = sum(wall_areas(ROOM))
        share = eyring_absorption(math.prod(ROOM), area, 0.3, speed_of_sound=speed)
        sabine = 24 * math.log(10) * math.prod(ROOM) / (speed * area * 0.3)
        assert share == pytest.approx(1 - math.exp(-sabine), rel=1e-12)
        for formula, absorption in (("eyring", share), ("sabine", sabine)):
            np.testing.assert_allclose(
                shoebox(8000, rt60=0.3, formula=formula, **options).taps,
                shoebox(8000, absorption=[absorption], **options).taps,
                rtol=0,
                # gains after up to 40 reflections are as many roundings off
                atol=64 * UNIT,
            )
    np.testing.assert_array_equal(shoebox(8000).taps, shoebox(8000, rt60=0.5).taps)


def test_default_length_is_the_direct_sound_and_eyrings_time():
    arrival = math.dist(SOURCE, MICROPHONE) / 343
    shares = [0.1, 0.2, 0.3, 0.4, 0.5, 1.0]
    for speed in (343.0, 200.0):
        time = eyring(math.prod(ROOM), wall_areas(ROOM), shares, speed_of_sound=speed)
        found = shoebox(8000, absorption=shares, **PLACES, speed_of_sound=speed).frames
        assert found == round(8000 * (arrival * 343 / speed + 0.004 + time))


def decay(taps):
    """Integrate backwards: dB relative to the whole energy."""
    energy = np.cumsum((taps**2)[::-1])[::-1]
    return 10 * np.log10(energy / energy[0])


def t20(taps, rate):
    """Measure the time to -60 dB: a line from -5 to -25 dB."""
    levels = decay(taps)
    first, last = np.searchsorted(-levels, [5, 25])
    slope, _ = np.polyfit(np.arange(first, last) / rate, levels[first:last], 1)
    return -60 / slope


def rooms(count, seed, most=5e5):
    """Draw rooms of 3 to 12 by 2.5 to 10 by 2.2 to 5 m and their time by Eyring's formula.

    Absorption is 0.05 to 0.6, and at most `most` images are nearer than 1.3 times it.
    """
    generator = np.random.default_rng(seed)
    while count:
        sides = generator.uniform((3, 2.5, 2.2), (12, 10, 5))
        source, microphone = sides * generator.uniform(0.1, 0.9, (2, 3))
        absorption = generator.uniform(0.05, 0.6)
        time = eyring(math.prod(sides), wall_areas(sides), [absorption] * 6)
        images = 4 / 3 * math.pi * (1.3 * time * 343) ** 3 / math.prod(sides)
        if images < most and math.dist(source, microphone) > 0.5:
            count -= 1
            yield {"room": sides, "source": source, "microphone": microphone, "rt60": time}


def test_t20_is_the_rt60():
    """In 40 rooms; with Eyring's absorption, T20 is off by a quarter in the median."""
    found = [high_passed(16000, **room).taps[:, 0] for room in rooms(40, seed=5)]
    times = [room["rt60"] for room in rooms(40, seed=5)]
    errors = [abs(t20(h, 16000) / t - 1) for h, t in zip(found, times, strict=True)]
    assert np.median(errors) < 0.03
    assert max(errors) < 0.1


@pytest.mark.parametrize("high_pass", [0.0, 100.0])
@pytest.mark.parametrize("rate", [8000, 44100])
@pytest.mark.parametrize("receiver", ["mono", "stereo", "ambisonic"])
def test_t20_is_the_rt60_at_any_rate(rate, receiver, high_pass):
    impulse = high_passed(rate, **PLACES, rt60=0.3, receiver=receiver, high_pass=high_pass)
    assert impulse.notes == ()
    assert t20(impulse.taps[:, 0], rate) == pytest.approx(0.3, rel=0.1)


def test_fitted_walls_are_those_of_an_absorption():
    fitted = high_passed(16000, rt60=0.3, length=0.2).taps
    low, high = 0.2, 0.6
    for _ in range(24):  # bisection on the impulse itself, until the taps are the same
        middle = (low + high) / 2
        taps = high_passed(16000, absorption=[middle], length=0.2).taps
        low, high = (middle, high) if np.sum(taps**2) > np.sum(fitted**2) else (low, middle)
    taps = high_passed(16000, absorption=[float(f"{middle:.6g}")], length=0.2).taps
    np.testing.assert_allclose(taps, fitted, rtol=0, atol=1e-5 * np.abs(fitted).max())


@pytest.mark.parametrize("formula", ["fit", "eyring", "sabine"])
def test_default_length_reaches_65_db(formula):
    """Of a room computed twice as far; and half of the length would not."""
    for room in rooms(6, seed=6, most=1e5):
        frames = high_passed(16000, **room, formula=formula).frames
        longer = high_passed(16000, **room, formula=formula, length=2 * frames / 16000).taps
        levels = decay(longer[:, 0])
        assert levels[frames] < -65 < levels[frames // 2]


def test_a_room_that_cannot_have_its_rt60_is_noted():
    """A source so near that the decay falls by 25 dB at once; one reflection, then silence."""
    near = {"source": (2.0, 1.5, 1.2), "microphone": (2.0, 1.511, 1.2)}
    impulse = high_passed(16000, **near, rt60=0.4)
    (note,) = impulse.notes
    measured = t20(impulse.taps[:, 0], 16000)
    assert measured < 0.05
    assert note == f"rt60 is 0.4 s, but the T20 of the room is {measured:.3g} s"
    # without its direct sound it is as asked for
    reflections = impulse.taps[32:, 0]
    assert t20(reflections, 16000) == pytest.approx(0.4, rel=0.1)
    assert high_passed(16000, **near, formula="eyring", rt60=0.4).notes == ()
    # two sounds are no decay: the line through them and what is between says nothing
    far = {"room": (1e3, 1e3, 1e3), "source": (1, 1, 1), "microphone": (999, 999, 999)}
    (note,) = shoebox(8000, **far, rt60=20, length=15).notes
    assert note == "rt60 is 20 s, but the room has too few reflections to decay"
    # a decay that is cut by an order is as asked for
    assert high_passed(16000, max_order=2).notes == ()
    # an impulse that is too short for a T20 has none to note
    assert high_passed(16000, rt60=0.5, length=0.1).notes == ()


def test_walls_that_differ_for_the_sake_of_an_rt60_are_noted():
    """Walls alike have a T20 above it, or far below where a reflection crosses -25 dB."""
    room = {
        "room": (11.06, 3.26, 3.07),
        "source": (8.71, 2.13, 2.60),
        "microphone": (8.61, 0.88, 1.33),
    }
    alike = [
        t20(high_passed(16000, **room, absorption=[a], length=0.3).taps[:, 0], 16000)
        for a in np.arange(0.5, 0.99, 0.01)
    ]
    assert np.abs(np.array(alike) / 0.124 - 1).min() > 0.1
    impulse = high_passed(16000, **room, rt60=0.124)
    (note,) = impulse.notes
    assert t20(impulse.taps[:, 0], 16000) == pytest.approx(0.124, rel=0.1)
    x, y, z = (
        float(a) for a in re.findall(r"absorb ([\d.]+) along x, ([\d.]+) .* ([\d.]+) al", note)[0]
    )
    again = high_passed(16000, **room, absorption=[x, x, y, y, z, z], length=0.2).taps
    np.testing.assert_allclose(
        again, high_passed(16000, **room, rt60=0.124, length=0.2).taps, rtol=0, atol=2e-3
    )


def t30(energy, rate):
    """Measure the time to -60 dB: backward integration, and a line from -5 to -35 dB."""
    remaining = 10 * np.log10(np.cumsum(energy[::-1])[::-1] / energy.sum())
    first, last = np.searchsorted(-remaining, [5, 35])
    slope, _ = np.polyfit(np.arange(first, last) / rate, remaining[first:last], 1)
    return -60 / slope


@pytest.mark.parametrize("rt60", [0.3, 0.5, 1.0])
def test_a_nearly_cubic_room_decays_nearly_as_eyring_predicts(rt60):
    """Above its lowest modes, which positive reflections build up: up to 12 percent longer.

    In a box the rays along an axis meet fewer walls than Eyring's mean, and last.
    """
    room = {"room": (5, 4.6, 4.2), "source": (3.3, 2.9, 1.3), "microphone": (1.4, 1.7, 2.6)}
    taps = shoebox(16000, **room, rt60=rt60, length=2 * rt60, formula="eyring").taps[:, 0]
    high = sosfilt(butter(4, 500, "high", fs=16000, output="sos"), taps)
    assert 1.0 < t30(high**2, 16000) / rt60 < 1.12


# against published figures


def test_published_images_and_impulse(shared):
    found = json.loads((shared / "vectors/rim_image_source.json").read_text())
    beta = [*(found["beta"][wall] for wall in ("x1", "x2", "y1", "y2")), 0.0, 0.0]
    room, source, microphone = (found[f"{name}_samples"] for name in ("room", "src", "mic"))
    # it lists the images that round to one of its frames
    axes = image_axes(room, source, microphone, beta, reach=8.5)
    [(distance, gain, _)] = images(axes, 0, 8.5)
    distance, gain = distance[gain > 0], gain[gain > 0]
    ours = sorted(zip(distance, gain / distance, strict=True))
    theirs = sorted((image["d"], image["a"]) for image in found["images"])
    # products of two or three square roots, and sums of three squares
    np.testing.assert_allclose(ours, theirs, rtol=16 * UNIT)
    response = np.bincount(np.rint(distance).astype(int), gain / distance)
    np.testing.assert_allclose(response, found["rir"], rtol=16 * UNIT)


# values out of range


def test_a_box_has_at_least_as_many_images_at_any_positions():
    draw = np.random.default_rng(5)
    for _ in range(200):
        room, order, reach = draw.uniform(1, 9, 3), int(draw.integers(-1, 4)), draw.uniform(1, 60)
        source, microphone = draw.random((2, 3)) * room
        axes = image_axes(room, source, microphone, [1] * 6, reach, order)
        assert least_images(room, reach, order) <= max(math.prod(len(a.offset) for a in axes), 1)


@pytest.mark.parametrize("formula", ["fit", "eyring", "sabine"])
@pytest.mark.parametrize("room", [(6, 4, 3), (2, 2, 2), (12, 3, 1.5), (2, 9, 5)])
def test_the_decay_of_a_box_is_kept_for_longer_than_its_rt60(room, formula):
    assert shoebox(8000, room=room, rt60=0.15, formula=formula).frames > 0.15 * 8000


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rate": 0}, "rate is 0 Hz; it must be above 0"),
        ({"room": (6.0, 4.0)}, "room has 2 values; give 3: along x, y and z"),
        ({"room": (6.0, 0.0, 3.0)}, "room is 0 m; it must be between 0.01 and"),
        ({"room": (6.0, math.nan, 3.0)}, "room is nan m"),
        ({"room": (6.0, math.inf, 3.0)}, "room is inf m"),
        ({"source": (1.0, 2.0)}, "source has 2 values; give 3"),
        ({"source": (7.0, 1.0, 1.0)}, "source is at x = 7 m, but the room is from 0 to 6 m; move"),
        ({"source": (1.0, 1.0, math.nan)}, "source is at z = nan m"),
        ({"microphone": (1.0, 4.0, 1.0)}, "microphone is at y = 4 m, but the room is from 0 to 4"),
        ({"microphone": (1.0, -1.0, 1.0)}, "microphone is at y = -1 m"),
        ({"microphone": (4.4, 2.3, 1.6)}, "source is .* m from the microphone; move them at least"),
        ({"receiver": "stereo", "spacing": 4.0}, "microphone is at y = 3.8 m|is at y = -0.2 m"),
        ({"receiver": "stereo", "spacing": 0.0}, "spacing is 0 m; it must be above 0"),
        ({"receiver": "stereo", "spacing": math.nan}, "spacing is nan m"),
        ({"receiver": "quad"}, "receiver is 'quad'; it must be one of mono, stereo, ambisonic"),
        ({"rt60": 0.0}, "rt60 is 0 s; it must be above 0 s, and finite"),
        ({"rt60": math.nan}, "rt60 is nan s"),
        ({"rt60": 1e300}, f"frames long; the limit is {MAX_FRAMES}"),
        ({"rt60": 1.0, "beta": [0.5]}, "rt60 and beta are given; give only one"),
        ({"formula": "sabine", "beta": [0.5]}, "formula and beta are given; give only one"),
        ({"formula": "millington"}, "formula is 'millington'; it must be one of fit, eyring, sab"),
        (
            {"room": (200.0, 0.1, 0.1), "source": (1, 0.05, 0.05), "microphone": (199, 0.05, 0.05)},
            "source is 198 m from the microphone, and 6e[+]07 image sources are nearer, too many",
        ),
        ({"rt60": 1.0, "absorption": [0.5], "beta": [0.5]}, "rt60 and absorption and beta"),
        ({"beta": [0.5, 0.5]}, "beta has 2 values; give 1 for all walls, or 6: x1, x2"),
        ({"beta": []}, "beta has 0 values"),
        ({"beta": [1.1]}, "beta is 1.1; it must be between -1 and 1"),
        ({"beta": [math.nan]}, "beta is nan"),
        ({"absorption": [-0.1]}, "absorption is -0.1; it must be between 0 and 1"),
        ({"absorption": [math.nan]}, "absorption is nan"),
        ({"beta": [1.0]}, "no wall absorbs sound, so the impulse never ends; give a length"),
        ({"absorption": [0.0]}, "no wall absorbs sound"),
        ({"max_order": -2}, "max_order is -2; it must be between -1 and"),
        ({"max_order": math.nan}, "max_order is nan"),
        ({"length": 0.001}, "length is 0.001 s, but the sound arrives only after 0.00802.* s; gi"),
        ({"length": math.nan}, "length is nan s; it must be 0 or more"),
        ({"length": -1.0}, "length is -1 s"),
        ({"length": 1e6}, f"48000000001 frames long; the limit is {MAX_FRAMES}"),
        ({"speed_of_sound": 0.0}, "speed_of_sound is 0 m/s; it must be between 1 and"),
        ({"speed_of_sound": math.inf}, "speed_of_sound is inf m/s"),
        (
            {"length": 100.0},
            rf"there would be \d+ image sources in all; the limit is {MAX_IMAGES}",
        ),
        (
            {"room": (0.01, 0.02, 0.02), "source": (0.001,) * 3, "microphone": (0.001, 0.018, 0.01)}
            | {"speed_of_sound": 1e5, "length": 600.0},
            f"image sources along one side of the room; the limit is {MAX_AXIS}; shorten the",
        ),
    ],
)
def test_out_of_range_refused(changes, message):
    with pytest.raises(ImpulseError, match=re.sub(r"(?<=\d)\.(?=\d)", r"\.", message)):
        shoebox(**{"rate": 48000, **changes})


@pytest.mark.parametrize("rt60", [1e-320, 0.02])
def test_a_room_too_dead_for_walls_is_refused(rt60):
    """Eyring: 24 ln 10 V / c T = -S ln(1 - a), so 99 % at T = 0.0234 s for this room."""
    with pytest.raises(ImpulseError, match=r"walls would have to absorb .* the limit is 99 %"):
        shoebox(8000, room=(6, 4, 3), rt60=rt60)
    shoebox(8000, room=(6, 4, 3), rt60=0.25)


def test_default_positions_scale_with_the_room():
    for room in ((3.0, 3.0, 3.0), (12.0, 30.0, 5.0)):
        x, y, z = room
        source, microphone = (
            (x * 11 / 15, y * 0.575, z * 8 / 15),
            (x * 17 / 60, y * 0.45, z * 7 / 15),
        )
        given = shoebox(8000, room=room, source=source, microphone=microphone, length=0.1)
        found = shoebox(8000, room=room, length=0.1).taps
        # places a rounding apart, 1e-15 of 30 m, move taps by 1e-12 of their size at most
        np.testing.assert_allclose(found, given.taps, rtol=0, atol=1e-12 * given.taps.max())


@pytest.mark.parametrize(
    "changes",
    [
        {"absorption": [1.0]},
        {"beta": [-1.0], "length": 0.05},
        {
            "room": (1e6,) * 3,
            "length": 0.05,
            "beta": [0.5],
            "source": (9,) * 3,
            "microphone": (8,) * 3,
        },
        {"room": (0.05, 0.05, 0.05), "source": (0.02,) * 3, "microphone": (0.03,) * 3}
        | {"beta": [0.5], "length": 0.01},
        {"speed_of_sound": 1.0, "max_order": 1, "length": 5.0, "beta": [0.5]},
        {"speed_of_sound": 1e5, "max_order": 3},
        {"max_order": 2**20, "length": 0.02},
    ],
)
def test_extremes_are_sane(changes):
    taps = shoebox(8000, **changes).taps
    assert np.isfinite(taps).all()
    assert 0 < np.abs(taps).max() < 1 / (4 * np.pi * 0.01)


def test_walls_that_absorb_all_leave_the_direct_sound():
    dead = shoebox(8000, absorption=[1.0]).taps
    direct = shoebox(8000, absorption=[1.0], max_order=0).taps
    np.testing.assert_allclose(dead, direct, rtol=0, atol=1e-17)


def test_the_high_pass_is_allen_and_berkleys(noise):
    """Their appendix: y[n] = x[n] - (1 + r) x[n-1] + r x[n-2] + 2 r cos w y[n-1] - r^2 y[n-2]."""
    rate, corner, room = 8000, 100.0, {"length": 0.05, "beta": [0.8]}
    x, y = shoebox(rate, **room).taps[:, 0], np.zeros(402)
    w = 2 * np.pi * corner / rate
    r = np.exp(-w)
    padded = np.concatenate([[0, 0], x])
    for n in range(2, 402):
        new = padded[n] - (1 + r) * padded[n - 1] + r * padded[n - 2]
        y[n] = new + 2 * r * np.cos(w) * y[n - 1] - r**2 * y[n - 2]
    passed = shoebox(rate, **room, high_pass=corner).taps[:, 0]
    # poles at 0.925: rounding gathers over some 1 / (1 - 0.925)^2 taps
    np.testing.assert_allclose(passed, y[2:], rtol=0, atol=2**-52 * np.abs(x).max() / 0.075**2)
    for wrong in (-1.0, 4001.0, np.nan):
        with pytest.raises(
            ImpulseError, match=r"high_pass is .* Hz; it must be between 0 and 4000"
        ):
            shoebox(rate, **room, high_pass=wrong)
