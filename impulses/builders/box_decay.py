"""Energy decay of a box-shaped room, for any absorption of its walls.

After n reflections an image at the distance d has the energy ``(1 - a)^n / d^2``; in the
direction u, n is ``d (abs(ux) / Lx + abs(uy) / Ly + abs(uz) / Lz)`` on average. Directions along
a side meet the fewest walls and last the longest, so the decay slows down, where Eyring's formula
takes the mean over all directions for the whole of it.

The decay is computed in two parts. Early, the images are summed as pressures, each at the nearest
quarter of a frame, so that images that arrive together add up as they do in the response. Later,
the energy is the mean of ``(1 - a)^n`` over the directions, at the level that the images reached.

That mean counts the modes of the box as if they were dense: their sum over a corner of a lattice,
by the trapezoidal rule, is an integral over the octant, half an integral over each of the planes
that bound it, and a quarter of one over each of its edges. The planes are the modes constant
along one side, the edges those constant along two: few, but the slowest to decay.

References
----------
E. A. Lehmann and A. M. Johansson, "Prediction of energy decay in room impulse responses simulated
with an image-source model", J. Acoust. Soc. Am. 124(1), 2008: the mean over the directions.
H. Kuttruff, "Room Acoustics", 6th ed., 2016, ch. 3 and 4: modes of a box and their number, images.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache

import numpy as np

from impulses.acoustics.decay import energy_decay, fit
from impulses.builders.images import high_passed, image_axes
from impulses.impulse import ImpulseError, Taps

NEAR = 120_000
"""Images that are summed, about: those after them are many enough for a mean."""

FEW = 20_000
"""Images that are summed in any case: of a room with so few, the late decay too has steps."""

MOST = 2**22
"""Most images that are summed where more than `NEAR` are nearer than the source."""

LEAST_REACH = 1.1
"""Least reach, as a multiple of the distance of the source."""

EARLY = 0.65
"""Share of the rt60 for which images are summed: until -30 dB if the decay is straight."""

WHOLE = 1.4
"""Multiple of the rt60 for which they are summed if they are few: until below -65 dB."""

FRAMES = 2**16
"""Frames of the early part; one of more frames is computed at a lower rate."""

FINE = 4
"""Points per frame to which images are rounded: to an eighth of a frame, 0.4 rad at most."""

FADED = 16
"""Inverse of the share of the spectrum over which it fades, as with the windowed sinc."""

LATE = 4.0
"""Multiple of the rt60 at which the decay is no longer computed."""

KNOTS = 64
"""Points at which the late part is computed."""

DIRECTIONS = 12
"""Angles between two axes at which directions are sampled."""


class BoxDecay:
    """Energy decay of a box, as a function of the absorption of each pair of opposite walls.

    Absorption is given by its exponents, ``-ln(1 - a)`` of the walls along x, y and z.

    Parameters
    ----------
    room, source, microphone : three float
        sides and positions, in metres
    rt60 : float > 0
        seconds, about those of the decay
    rate : int > 0
        samples per second
    high_pass : float >= 0
        corner in Hz of the high-pass of the response
    speed_of_sound : float > 0
        in metres per second

    Examples
    --------
    Walls for 0.5 s by Eyring's formula, and some that absorb more:

    >>> decay = BoxDecay((6, 4, 3), (4, 2, 1), (2, 3, 2), 0.5, 16000, 100, 343)
    >>> round(decay.t20([0.215] * 3), 1), round(decay.t20([0.29] * 3), 1)
    (0.7, 0.5)
    """

    def __init__(
        self,
        room: Sequence[float],
        source: Sequence[float],
        microphone: Sequence[float],
        rt60: float,
        rate: float,
        high_pass: float,
        speed_of_sound: float,
    ) -> None:
        self.rt60 = rt60
        reach = _reach(room, math.dist(source, microphone), rt60 * speed_of_sound)
        self.rate = min(rate, FRAMES * speed_of_sound / reach)
        scale = self.rate / speed_of_sound
        self.frames = math.ceil(scale * reach)
        self.high_pass = high_pass if high_pass < self.rate / 2 else 0.0
        self._gather([[scale * value for value in place] for place in (room, source, microphone)])
        sides = [scale * side for side in room]
        self._walls, self._weights = _directions(sides, self.high_pass / self.rate)
        self._late = self.frames + LATE * rt60 * self.rate * np.linspace(0, 1, KNOTS) ** 2

    def t20(self, exponents: Sequence[float]) -> float:
        """Return the T20 in seconds; 0 if the sound falls by 25 dB at once."""
        frames, levels = self._curve(exponents)
        end = frames[min(int(np.searchsorted(-levels, 25)), len(frames) - 1)]
        step = end // FRAMES + 1  # 1, unless the decay is very long
        at = np.arange(0, end + step, step, dtype=np.float64)
        line = fit(np.interp(at, frames, levels), 1, -5, -25)
        return float(line.rt60 * step) / self.rate if line else 0.0

    def seconds_to(self, levels: Sequence[float], exponents: Sequence[float]) -> list[float]:
        """Return when the decay reaches levels in dB, from when the source sounds."""
        frames, decay = self._curve(exponents)
        return [float(np.interp(-level, -decay, frames)) / self.rate for level in levels]

    @property
    def images(self) -> int:
        """Number of images that are summed."""
        return len(self._points)

    def drop_direct(self) -> None:
        """Leave the direct sound out of the decay."""
        self._inverse[np.argmin(self._points)] = 0

    def _gather(self, places: Sequence[Sequence[float]]) -> None:
        """Store the orders along each axis, and the distances of the images that are near."""
        fine = [[FINE * value for value in place] for place in places]
        reach = FINE * self.frames - 0.5
        axes = image_axes(fine[0], fine[1], fine[2], [1.0] * 6, reach)
        x, y, z = (axis.offset**2 for axis in axes)
        distance = np.sqrt(x[:, np.newaxis, np.newaxis] + y[:, np.newaxis] + z)
        self._near = distance < reach
        self._inverse = 1 / distance[self._near]
        self._points = np.rint(distance[self._near]).astype(np.int64)
        self._orders = [axis.order for axis in axes]

    def _curve(self, exponents: Sequence[float]) -> tuple[Taps, Taps]:
        """Return frames, all of them early and a few late, and the decay in dB at them."""
        energy = self._response(exponents) ** 2
        last = len(energy) * 2 // 3
        at = np.concatenate([[last], self._late])
        rates = np.asarray(exponents) @ self._walls
        # integrated from each time on, relative to the slowest, so that none is 0 at first
        powers = rates.min() * last - np.outer(at, rates)
        mean = np.exp(powers) @ (self._weights / rates)
        late = mean[1:] * (energy[last:].sum() / (mean[0] - mean[1]))
        early = energy_decay(energy, beyond=late[0])
        energy = np.concatenate([early, late]) / early[0]
        frames = np.concatenate([np.arange(self.frames, dtype=np.int64), self._late])
        return frames, 10 * np.log10(np.maximum(energy, 1e-300))

    def _response(self, exponents: Sequence[float]) -> Taps:
        """Return the early response, of arbitrary level."""
        from scipy.fft import irfft, next_fast_len, rfft  # as the high-pass, slow to import

        x, y, z = (np.exp(-e / 2 * n) for e, n in zip(exponents, self._orders, strict=True))
        gains = (x[:, np.newaxis, np.newaxis] * y[:, np.newaxis] * z)[self._near]
        fine = np.bincount(self._points, gains * self._inverse, FINE * self.frames)
        # the spectrum up to half the rate is that of the frames
        size = next_fast_len(self.frames + 64, real=True)
        spectrum = rfft(fine, FINE * size)[: size // 2 + 1]
        # faded at its end, or each image would ring on for as long as the decay
        faded = len(spectrum) // FADED
        spectrum[-faded:] *= np.cos(np.linspace(0, math.pi / 2, faded)) ** 2
        taps: Taps = irfft(spectrum, size)[: self.frames]
        return high_passed(taps, self.high_pass, self.rate) if self.high_pass else taps


def _reach(room: Sequence[float], arrival: float, decay: float) -> float:
    """Return the distance up to which images are summed, in metres: a share of the decay's."""
    reach, least = arrival + WHOLE * decay, LEAST_REACH * arrival
    while reach > arrival + EARLY * decay and _count(room, reach) > FEW:
        reach *= 0.95
    while reach > least and _count(room, reach) > NEAR:
        reach = max(0.9 * reach, least)
    if _count(room, reach) > MOST:
        raise ImpulseError(
            f"source is {arrival:g} m from the microphone, and {_count(room, reach):.2g} image "
            "sources are nearer, too many to find the walls for an rt60; give the absorption"
        )
    return reach


def _count(room: Sequence[float], reach: float) -> float:
    """Return about how many images are in the cube around a ball."""
    return math.prod(2 * reach / side + 1 for side in room)


def _directions(sides: Sequence[float], corner: float) -> tuple[Taps, Taps]:
    """Return the reflections per frame along x, y and z in each direction, and its weight.

    The modes of a box of the volume V number ``4 pi V f^2 + pi S f / 2 + L / 8`` per hertz, in
    units of the speed of sound, for its surface S and the length L of its edges: the octant, the
    planes and the edges. Each mode has an energy of ``1 / f^2``.
    """
    nodes, weights = _gauss()
    angles, weights = (nodes + 1) * (math.pi / 4), weights / 2
    ones, zeros = np.ones(len(angles)), np.zeros(len(angles))
    sines, cosines = np.sin(angles), np.cos(angles)
    units = [np.stack([np.kron(sines, sines), np.kron(sines, cosines), np.kron(cosines, ones)])]
    shares = [math.pi / 2 * np.kron(weights * sines, weights)]
    # means of 1 / f and 1 / f^2 from the corner to half the rate, over which energy is flat
    low, high = max(corner, 0.5 / max(sides)), 0.5
    first, second = math.log(high / low) / (high - low), 1 / (low * high)
    for axis, side in enumerate(sides):
        units += [np.roll([zeros, sines, cosines], axis, axis=0), np.eye(3)[:, [axis]]]
        edge = second * side / (8 * math.pi * math.prod(sides))
        shares += [weights * (first / (4 * side)), np.array([edge])]
    return np.concatenate(units, axis=1) / np.reshape(sides, (3, 1)), np.concatenate(shares)


@cache
def _gauss() -> tuple[Taps, Taps]:
    return np.polynomial.legendre.leggauss(DIRECTIONS)
