"""Walls of a box: reflection coefficients, given or for an rt60, and the length of the decay."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from impulses.acoustics.decay import energy_decay, fit
from impulses.acoustics.reverberation import eyring, eyring_absorption, sabine, wall_areas
from impulses.builders.box_decay import BoxDecay
from impulses.builders.box_fit import fitted_absorption
from impulses.impulse import ImpulseError, Taps
from impulses.quantities import within

MOST_ABSORPTION = 0.99
"""Largest share of energy that the walls may have to absorb for an rt60."""

HALF_TAP = 0.004
"""Seconds for which the windowed sinc of an image rings after its centre."""

DECAY = -70.0
"""Level in dB, relative to the whole energy, to which the decay is kept: -65 dB with a margin for
the late decay, which is that of a mean over rooms of these sides."""

LEAST_DECAY = -35.0
"""Level in dB to which T20 needs the decay: what is beyond is a tenth of the energy at -25 dB."""

RANGES = 3
"""T20 over the time in which its line falls by its range of 20 dB."""

MET = 0.1
"""Relative deviation of T20 from rt60 up to which there is no note."""


@dataclass(frozen=True)
class Walls:
    """Reflection coefficients of x1, x2, y1, y2, z1 and z2, and the decay between them.

    Parameters
    ----------
    reflections : sequence of six float
    seconds : float
        From when the source sounds to the end of the decay; infinity if it does not end.
    fitted : float
        The rt60 that T20 must be; 0 if the walls are not fitted to one.
    readable : float
        Least seconds of the response from which its T20 can be read.
    """

    reflections: Sequence[float]
    seconds: float
    fitted: float = 0.0
    readable: float = 0.0

    def notes(self, taps: Taps, rate: int) -> tuple[str, ...]:
        """Return notes if walls are not alike, or the T20 of a response is not as asked for."""
        if not self.fitted:
            return ()
        notes = []
        x, y, z = (1 - reflection**2 for reflection in self.reflections[::2])
        if not x == y == z:
            notes.append(
                f"walls absorb {x:.3g} along x, {y:.3g} along y and {z:.3g} along z: alike, they "
                f"would not give an rt60 of {self.fitted:g} s"
            )
        if len(taps) >= self.readable * rate and (note := self._off(taps, rate)):
            notes.append(note)
        return tuple(notes)

    def _off(self, taps: Taps, rate: int) -> str | None:
        """Return a note if the T20 of a response is not as asked for."""
        t20 = _t20(taps, rate)
        if abs(t20 / self.fitted - 1) <= MET:
            return None
        # T20 is three times the fall by 20 dB, which lies in the response if it is a decay
        told = (
            f"T20 of the room is {t20:.3g} s"
            if t20 <= RANGES * len(taps) / rate
            else "room has too few reflections to decay"
        )
        return f"rt60 is {self.fitted:g} s, but the {told}"


def given_walls(
    room: Sequence[float], reflections: Sequence[float], arrival: float, speed_of_sound: float
) -> Walls:
    """Return walls of given reflection coefficients, with Eyring's time after the direct sound."""
    shares = [1 - reflection**2 for reflection in reflections]
    time = eyring(math.prod(room), wall_areas(room), shares, speed_of_sound=speed_of_sound)
    return Walls(reflections, arrival + HALF_TAP + time)


def absorption_by(formula: str, room: Sequence[float], rt60: float, speed_of_sound: float) -> float:
    """Return the absorption with which a formula gives an rt60: Eyring's unless it is Sabine's.

    Examples
    --------
    >>> [round(absorption_by(name, (6, 4, 3), 0.5, 343.0), 4) for name in ("eyring", "sabine")]
    [0.1933, 0.2148]
    """
    areas, volume = wall_areas(room), math.prod(room)
    if formula == "sabine":
        # times are inverse to the absorption
        share = sabine(volume, areas, [1.0] * 6, speed_of_sound=speed_of_sound) / rt60
    else:
        share = eyring_absorption(volume, sum(areas), rt60, speed_of_sound=speed_of_sound)
    if share > MOST_ABSORPTION:
        raise ImpulseError(
            f"walls would have to absorb {100 * share:.4g} % for an rt60 of {rt60:g} s; the "
            f"limit is {100 * MOST_ABSORPTION:g} %; make the room smaller or the rt60 longer"
        )
    return share


def walls_for(decay: BoxDecay | None, absorption: float, *, fitted: bool) -> Walls:
    """Return walls of an absorption, or fitted to the rt60 of a decay, and where the decay ends.

    Without a decay its end is unknown, and infinity.
    """
    if decay is None:
        return Walls([math.sqrt(1 - absorption)] * 6, math.inf)
    shares = fitted_absorption(decay, absorption) if fitted else [absorption] * 3
    reflections = [math.sqrt(1 - share) for share in shares for _ in range(2)]
    exponents = [-math.log1p(-share) for share in shares]
    end, readable = decay.seconds_to((DECAY, LEAST_DECAY), exponents)
    return Walls(reflections, end + HALF_TAP, decay.rt60 if fitted else 0.0, readable)


def six(name: str, values: Sequence[float], least: float) -> list[float]:
    """Return one or six values as six, checked to be between `least` and 1."""
    if len(values) not in (1, 6):
        raise ImpulseError(
            f"{name} has {len(values)} values; give 1 for all walls, or 6: x1, x2, y1, y2, z1, z2"
        )
    return [float(within(name, value, least, 1)) for value in values] * (6 // len(values))


def _t20(taps: Taps, rate: int) -> float:
    """Return the T20 of a response over all of its frequencies; 0 if it falls by 25 dB at once."""
    energy = energy_decay(np.sum(taps**2, axis=1))
    line = fit(10 * np.log10(np.maximum(energy / energy[0], 1e-300)), rate, -5, -25)
    return line.rt60 if line else 0.0
