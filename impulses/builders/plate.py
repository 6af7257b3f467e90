"""Dattorro's plate: four allpasses into a tank of two halves that feed each other."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from impulses.builders.recursion import (
    Allpass,
    DelayLine,
    OnePole,
    check_floor,
    check_rate,
    checked_length,
)
from impulses.impulse import Impulse, Taps, from_db, to_db
from impulses.quantities import Decibels, Seconds, frames_of, within

# Everything in samples at the paper's rate
RATE = 29761
INPUT_ALLPASSES = (142, 107, 379, 277)
# of each half of the tank: an allpass, a delay, an allpass, a delay
LEFT_HALF = (672, 4453, 1800, 3720)
RIGHT_HALF = (908, 4217, 2656, 3163)

# Output taps of each side: half of the tank (0 left, 1 right), line (0 the first delay, 1 the
# second allpass, 2 the second delay), position in samples, sign
LEFT_OUTPUT = (
    (1, 0, 266, 1),
    (1, 0, 2974, 1),
    (1, 1, 1913, -1),
    (1, 2, 1996, 1),
    (0, 0, 1990, -1),
    (0, 1, 187, -1),
    (0, 2, 1066, -1),
)
RIGHT_OUTPUT = (
    (0, 0, 353, 1),
    (0, 0, 3627, 1),
    (0, 1, 1228, -1),
    (0, 2, 2673, 1),
    (1, 0, 2111, -1),
    (1, 1, 335, -1),
    (1, 2, 121, -1),
)
OUTPUT_GAIN = 0.6
LONGEST_DECAY = 0.99


def plate(
    rate: int,
    *,
    predelay: Seconds = 0.0,
    decay: float = 0.5,
    bandwidth: float = 0.9995,
    damping: float = 0.0005,
    input_diffusion_1: float = 0.75,
    input_diffusion_2: float = 0.625,
    decay_diffusion_1: float = 0.7,
    decay_diffusion_2: float = 0.5,
    floor: Decibels = -100.0,
) -> Impulse:
    """Dattorro's plate reverb, after Griesinger: diffusers into a recirculating tank.

    Sound: a bright steel plate, dense at once and without slap, wide in stereo.

    Delays are those of the paper at 29761 Hz, rounded at other rates. The excursion is 0: no
    delay is modulated, so the plate is linear and time-invariant, and the impulse response
    describes it completely. Each side is 0.6 times the signed sum of the paper's seven taps of
    the tank; there is no direct sound.

    Parameters
    ----------
    rate : int, 1000 to 768000
        Samples per second.
    predelay : float >= 0
        seconds of silence before the plate
    decay : float, 0 to 0.99
        gain of each quarter of the tank: higher values decay longer
    bandwidth : float, 0.0001 to 1
        brightness of the input: 1 passes all frequencies
    damping : float, 0 to 1
        damping of high frequencies in each half of the tank: 0 is none
    input_diffusion_1 : float, 0 to 0.95
        coefficient of the first two allpasses before the tank
    input_diffusion_2 : float, 0 to 0.95
        coefficient of the last two allpasses before the tank
    decay_diffusion_1 : float, 0 to 0.95
        coefficient of the first allpass of each half of the tank
    decay_diffusion_2 : float, 0 to 0.95
        coefficient of the second allpass of each half of the tank; the paper sets it to
        decay + 0.15, limited to 0.25 to 0.5
    floor : float, -300 to -1
        level of the energy in the tank, in dB, at which the impulse ends

    Returns
    -------
    Impulse
        (frames, 2), left and right from one input.

    Raises
    ------
    ImpulseError
        If a value is out of range or the decay is too long for an impulse.

    References
    ----------
    J. Dattorro, "Effect design, part 1: reverberator and other filters", J. Audio Eng. Soc.
    45(9), 1997, fig. 1, tables 1 and 2.

    Examples
    --------
    >>> still = dict(decay=0, damping=0, bandwidth=1, input_diffusion_1=0, input_diffusion_2=0)
    >>> h = plate(29761, **still, decay_diffusion_1=0, decay_diffusion_2=0)
    >>> np.flatnonzero(h.taps[:, 0]), np.flatnonzero(h.taps[:, 1])
    (array([2079, 3567, 4787]), array([1930, 3924, 5204]))
    """
    check_rate(rate)
    check_floor(floor)
    within("decay", decay, 0, LONGEST_DECAY)
    within("bandwidth", bandwidth, 1e-4, 1)
    within("damping", damping, 0, 1)
    within("input_diffusion_1", input_diffusion_1, 0, 0.95)
    within("input_diffusion_2", input_diffusion_2, 0, 0.95)
    within("decay_diffusion_1", decay_diffusion_1, 0, 0.95)
    within("decay_diffusion_2", decay_diffusion_2, 0, 0.95)
    before = frames_of("predelay", predelay, rate)

    delays = [[_scaled(delay, rate) for delay in half] for half in (LEFT_HALF, RIGHT_HALF)]
    # a round applies the decay four times and takes, on average over frequency, all the delays
    rounds = math.ceil(floor / (4 * to_db(decay))) if decay else 1
    checked_length(before + rounds * sum(map(sum, delays)))

    block = min(delay for half in delays for delay in half[1::2])
    diffusions = [-decay_diffusion_1, decay_diffusion_2]  # the paper's first has opposite signs
    tank = [_Half(half, block, decay, damping, diffusions) for half in delays]
    diffused = _diffused_spike(
        rate, block, bandwidth, [input_diffusion_1] * 2 + [input_diffusion_2] * 2
    )
    blocks = [np.zeros((before, 2))]
    frames, energy, most = before, 1.0, 0.0
    # the tank only loses energy, by decay and damping, so once below the floor it stays below
    while energy >= most * from_db(floor) ** 2:
        left, right = (half.after.read(block) for half in tank)
        x = next(diffused)
        tank[0].write(x + decay * right)
        tank[1].write(x + decay * left)
        blocks.append(_output(tank, rate, block))
        frames = checked_length(frames + block)
        energy = sum(half.energy for half in tank)
        most = max(most, energy)
    return Impulse(np.concatenate(blocks), rate)


def _output(tank: list[_Half], rate: int, block: int) -> Taps:
    """Return the latest samples of both sides: signed sums of taps of the tank."""
    sides = [
        sum(
            sign * tank[half].lines[line].tap(_scaled(position, rate), block)
            for half, line, position, sign in output
        )
        for output in (LEFT_OUTPUT, RIGHT_OUTPUT)
    ]
    return OUTPUT_GAIN * np.stack(sides, axis=1)


class _Half:
    """Half of the tank: allpass, delay, low-pass, decay, allpass, delay."""

    def __init__(
        self, delays: list[int], block: int, decay: float, damping: float, diffusions: list[float]
    ) -> None:
        self.first = Allpass(delays[0], diffusions[0], block)
        self.before = DelayLine(delays[1], block)
        self.lowpass = OnePole(damping, decay)
        self.second = Allpass(delays[2], diffusions[1], block)
        self.after = DelayLine(delays[3], block)
        self.lines = self.before, self.second.line, self.after

    def write(self, x: Taps) -> None:
        """Write the next samples of the input."""
        delayed = self.before.read(len(x))
        self.before.write(self.first(x))
        self.after.write(self.second(self.lowpass(delayed)))

    @property
    def energy(self) -> float:
        parts = self.first, self.before, self.second, self.after
        return sum(part.energy for part in parts)


def _diffused_spike(
    rate: int, block: int, bandwidth: float, diffusions: list[float]
) -> Iterator[Taps]:
    """Yield the input of the tank, block after block without end."""
    lowpass = OnePole(1 - bandwidth)
    allpasses = [
        Allpass(_scaled(delay, rate), gain, block)
        for delay, gain in zip(INPUT_ALLPASSES, diffusions, strict=True)
    ]
    x = np.zeros(block)
    x[0] = 1
    while True:
        y = lowpass(x)
        for diffuse in allpasses:
            y = diffuse(y)
        yield y
        x = np.zeros(block)


def _scaled(delay: int, rate: int) -> int:
    return round(delay * rate / RATE)
