"""The plate against the paper's table, and against its figure sample by sample."""

import math

import numpy as np
import pytest
from oracle import UNIT

from impulses.builders.plate import plate
from impulses.impulse import ImpulseError

STILL = {
    "decay": 0.0,
    "damping": 0.0,
    "bandwidth": 1.0,
    "input_diffusion_1": 0.0,
    "input_diffusion_2": 0.0,
    "decay_diffusion_1": 0.0,
    "decay_diffusion_2": 0.0,
}


class Line(list):
    """A delay line with taps: `line[d]` is the input d samples ago."""

    def __getitem__(self, delay):
        at = len(self) - 1 - delay
        return super().__getitem__(at) if at >= 0 else 0.0


def dattorro(
    frames,
    rate,
    *,
    decay,
    damping,
    bandwidth,
    input_diffusion_1,
    input_diffusion_2,
    decay_diffusion_1,
    decay_diffusion_2,
):
    """Figure 1 of the paper, sample by sample; nodes have the paper's numbers."""

    def s(delay):
        return round(delay * rate / 29761)

    inputs = ["13_14", "19_20", "15_16", "21_22"]
    halves = ["23_24", "24_30", "31_33", "33_39", "46_48", "48_54", "55_59", "59_63"]
    lines = {name: Line() for name in inputs + halves}
    lowpass, damped_left, damped_right = 0.0, 0.0, 0.0
    y = np.zeros((frames, 2))

    def lattice(name, delay, x, into, out):
        """One allpass: `into` is the gain back into its delay line, `out` the one past it."""
        late = lines[name][s(delay) - 1]
        inner = x + into * late
        lines[name].append(inner)
        return late + out * inner

    for n in range(frames):
        lowpass = bandwidth * (n == 0) + (1 - bandwidth) * lowpass
        x = lowpass
        for name, delay, g in (
            ("13_14", 142, input_diffusion_1),
            ("19_20", 107, input_diffusion_1),
            ("15_16", 379, input_diffusion_2),
            ("21_22", 277, input_diffusion_2),
        ):
            x = lattice(name, delay, x, -g, g)

        from_left, from_right = lines["33_39"][s(3720) - 1], lines["59_63"][s(3163) - 1]
        g = decay_diffusion_1
        late = lines["24_30"][s(4453) - 1]
        lines["24_30"].append(lattice("23_24", 672, x + decay * from_right, g, -g))
        damped_left = (1 - damping) * late + damping * damped_left
        late = lines["48_54"][s(4217) - 1]
        lines["48_54"].append(lattice("46_48", 908, x + decay * from_left, g, -g))
        damped_right = (1 - damping) * late + damping * damped_right
        g = decay_diffusion_2
        lines["33_39"].append(lattice("31_33", 1800, decay * damped_left, -g, g))
        lines["59_63"].append(lattice("55_59", 2656, decay * damped_right, -g, g))

        left = (
            *(lines["48_54"][s(266)], lines["48_54"][s(2974)], -lines["55_59"][s(1913)]),
            *(lines["59_63"][s(1996)], -lines["24_30"][s(1990)], -lines["31_33"][s(187)]),
            -lines["33_39"][s(1066)],
        )
        right = (
            *(lines["24_30"][s(353)], lines["24_30"][s(3627)], -lines["31_33"][s(1228)]),
            *(lines["33_39"][s(2673)], -lines["48_54"][s(2111)], -lines["55_59"][s(335)]),
            -lines["59_63"][s(121)],
        )
        y[n] = 0.6 * sum(left), 0.6 * sum(right)
    return y


def test_without_diffusion_and_decay_the_taps_are_those_of_the_table():
    taps = plate(29761, **STILL).taps
    expected = np.zeros_like(taps)
    expected[[2079, 4787], 0] = expected[[1930, 5204], 1] = 0.6
    expected[3567, 0] = expected[3924, 1] = -0.6
    np.testing.assert_array_equal(taps, expected)


def test_with_decay_every_tap_of_the_table_is_heard():
    """Once round the tank without diffusion: all fourteen taps, by the paper's sums of delays."""
    decay = 0.25
    taps = plate(29761, **STILL | {"decay": decay}).taps[:12400]
    before = 142 + 107 + 379 + 277
    left, right = before + 672, before + 908  # where the long delays begin
    left_2, right_2 = left + 4453, right + 4217  # where the second allpasses begin
    left_3, right_3 = left_2 + 1800, right_2 + 2656
    crossed = left_3 + 3720 + 908, right_3 + 3163 + 672  # in the other half's long delay
    expected = np.zeros_like(taps)
    for side, at, level in [
        *[(0, right + 266, 1), (0, right + 2974, 1), (0, left + 1990, -1)],
        *[(0, right_2 + 1913, -decay), (0, right_3 + 1996, decay)],
        *[(0, left_2 + 187, -decay), (0, left_3 + 1066, -decay)],
        *[(1, left + 353, 1), (1, left + 3627, 1), (1, right + 2111, -1)],
        *[(1, left_2 + 1228, -decay), (1, left_3 + 2673, decay)],
        *[(1, right_2 + 335, -decay), (1, right_3 + 121, -decay)],
    ]:
        expected[at, side] = 0.6 * level
    assert min(crossed) > len(taps)
    np.testing.assert_array_equal(taps, expected)


@pytest.mark.parametrize(
    ("rate", "frames", "changes"),
    [
        (29761, 14000, {}),
        (1000, 4000, {}),
        (8000, 9000, {"decay": 0.9, "damping": 0.3, "bandwidth": 0.4}),
        (
            8000,
            9000,
            {
                "input_diffusion_1": 0.3,
                "input_diffusion_2": 0.9,
                "decay_diffusion_1": 0.2,
                "decay_diffusion_2": 0.8,
                "bandwidth": 1.0,
            },
        ),
        (11025, 6000, {"decay_diffusion_1": 0.0, "damping": 1.0}),
    ],
)
def test_plate_is_the_figure_sample_by_sample(rate, frames, changes):
    usual = {
        "decay": 0.5,
        "damping": 0.0005,
        "bandwidth": 0.9995,
        "input_diffusion_1": 0.75,
        "input_diffusion_2": 0.625,
        "decay_diffusion_1": 0.7,
        "decay_diffusion_2": 0.5,
    }
    taps = plate(rate, **changes, floor=-100).taps[:frames]
    expected = dattorro(len(taps), rate, **usual | changes)
    # no value of the tank is above 1, whose energy it is; each has passed the shortest allpass
    # as often as its 107 samples fit, was rounded three times there, and seven are summed
    bound = len(taps) / (107 * rate / 29761) * 3 * UNIT * 7 * 0.6
    np.testing.assert_allclose(taps, expected, rtol=0, atol=bound)
    assert abs(taps).max() > 1e10 * bound


@pytest.mark.parametrize("floor", [-30, -60, -100])
@pytest.mark.parametrize("changes", [{}, {"damping": 0.3}, {"decay": 0.85}, STILL])
def test_plate_ends_with_the_energy_of_its_tank(floor, changes):
    short, long = (plate(8000, **changes, floor=f).taps for f in (floor, floor - 60))
    np.testing.assert_array_equal(short, long[: len(short)])
    # energy E in the tank is heard by seven taps a side in all of its rounds to come:
    # (0.6 * 7)^2 E / (1 - decay^2) at most, and the two sides of it
    decay = changes.get("decay", 0.5)
    left = (long[len(short) :] ** 2).sum()
    assert left <= 2 * 4.2**2 / (1 - decay**2) * 10 ** (floor / 10)
    assert len(long) > len(short) or changes is STILL


@pytest.mark.parametrize("decay", [0.3, 0.5, 0.8])
def test_plate_loses_its_decays_in_each_round(decay):
    """Undamped, the only loss is decay^4 for each round of the tank.

    Its energy goes round in the delays' own time, on average over frequency.
    """
    rate = 29761
    taps = plate(rate, decay=decay, damping=0, bandwidth=1).taps
    left = np.cumsum((taps**2).sum(axis=1)[::-1])[::-1]
    level = 10 * np.log10(left / left[0])
    n = np.flatnonzero((level < -5) & (level > -35))
    seconds = -60 / np.polyfit(n / rate, level[n], 1)[0]
    round_trip = (672 + 4453 + 1800 + 3720 + 908 + 4217 + 2656 + 3163) / rate
    expected = round_trip * -60 / (80 * math.log10(decay))
    # frequencies that allpasses hold longer stay longer, so the average grows with time: by
    # less than the slowest, (1 + 0.5) / (1 - 0.5) in the second allpasses
    assert expected * 0.9 < seconds < expected * (1 + 2 * (1800 + 2656) / 21589)


def test_predelay_is_silence_before_the_plate():
    late, usual = plate(8000, predelay=0.05).taps, plate(8000).taps
    assert not late[:400].any()
    np.testing.assert_array_equal(late[400:], usual)


@pytest.mark.parametrize(
    ("name", "high"),
    [
        ("decay", 0.99),
        ("damping", 1),
        ("bandwidth", 1),
        ("input_diffusion_1", 0.95),
        ("input_diffusion_2", 0.95),
        ("decay_diffusion_1", 0.95),
        ("decay_diffusion_2", 0.95),
    ],
)
@pytest.mark.parametrize("beyond", [-0.01, 0.01])
def test_coefficients_out_of_range_refused(name, high, beyond):
    value = high + beyond if beyond > 0 else beyond
    with pytest.raises(
        ImpulseError, match=f"{name} is {value:g}; it must be between .* and {high}"
    ):
        plate(48000, **{name: value})
