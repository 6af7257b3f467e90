"""What parameters stand for: units, ranges, and the samples or ratios that they become."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Annotated, TypeVar

import numpy as np

from impulses.impulse import MAX_FRAMES, ImpulseError, from_db, to_db, too_long

T = TypeVar("T")

# A parameter's unit stands in its annotation; a command line reads it from there.
Seconds = Annotated[float, "time"]
Gain = Annotated[float, "gain"]
Decibels = Annotated[float, "level"]
Hertz = Annotated[float, "frequency"]
Metres = Annotated[float, "distance"]
Degrees = Annotated[float, "angle"]


def within(name: str, value: float, low: float, high: float, unit: str = "") -> float:
    """Return a value that is in ``low <= value <= high``, or refuse it.

    Examples
    --------
    >>> within("damp", 0.5, 0, 1)
    0.5
    >>> within("damp", 1.5, 0, 1)
    Traceback (most recent call last):
    impulses.impulse.ImpulseError: damp is 1.5; it must be between 0 and 1
    """
    if not low <= value <= high:
        raise ImpulseError(
            f"{name} is {_written(value, unit)}; it must be between {_written(low, '')} and "
            f"{_written(high, unit)}"
        )
    return value


def above(name: str, value: float, low: float, unit: str = "") -> float:
    """Return a value that is finite and more than `low`, or refuse it.

    Examples
    --------
    >>> above("rt60", 0, 0, "s")
    Traceback (most recent call last):
    impulses.impulse.ImpulseError: rt60 is 0 s; it must be above 0 s, and finite
    """
    if not low < value < math.inf:
        raise ImpulseError(
            f"{name} is {_written(value, unit)}; it must be above {_written(low, unit)}, and finite"
        )
    return value


def one_of(name: str, value: T, choices: Collection[T]) -> T:
    """Return `value`, which must be one of `choices`.

    Parameters
    ----------
    name : str
        name of the parameter, for the message
    value : object
        value to check
    choices : collection
        allowed values, listed in the message in their order

    Raises
    ------
    ImpulseError
        If the value is not among the choices.

    Examples
    --------
    >>> one_of("phase", "linear", ("linear", "minimum"))
    'linear'
    >>> one_of("phase", "zero", ("linear", "minimum"))
    Traceback (most recent call last):
    impulses.impulse.ImpulseError: phase is 'zero'; it must be one of linear, minimum
    """
    if value not in choices:
        raise ImpulseError(f"{name} is {value!r}; it must be one of {', '.join(map(str, choices))}")
    return value


def frames_of(name: str, seconds: float, rate: int) -> int:
    """Return the nearest whole number of frames to a time of 0 or more that fits an impulse.

    Examples
    --------
    >>> frames_of("predelay", 0.0205, 1000)
    20
    """
    above("rate", rate, 0, "Hz")
    if not 0 <= seconds < math.inf:
        raise ImpulseError(f"{name} is {seconds:g} s; it must be 0 or more, and finite")
    if seconds * rate >= MAX_FRAMES:
        raise ImpulseError(too_long(seconds * rate + 1))
    return round(seconds * rate)


def decay_gain(seconds: float, rt60: float) -> float:
    """Return what is left, as an amplitude, of a decay of 60 dB in `rt60` after some time.

    Examples
    --------
    >>> round(decay_gain(1.0, rt60=2.0), 6)
    0.031623
    """
    return from_db(-60 * seconds / rt60)


def chance(seed: int) -> np.random.Generator:
    """Return the random numbers of a seed, the same on every machine.

    Examples
    --------
    >>> bool(chance(1).integers(10) == chance(1).integers(10))
    True
    """
    if not isinstance(seed, int | np.integer) or seed < 0:
        raise ImpulseError(f"seed is {seed}; it must be a whole number, 0 or more")
    return np.random.default_rng(seed)


def inverted(*factors: float) -> tuple[str, ...]:
    """Note gains that make louder and turn upside down, as decibels without their unit do.

    Examples
    --------
    >>> inverted(0.5, -6.0)
    ('a gain of -6 is a factor: 15.6 dB louder, and inverted; 6 dB softer is written -6dB',)
    """
    return tuple(
        f"a gain of {factor:g} is a factor: {to_db(-factor):.1f} dB louder, and inverted; "
        f"{-factor:g} dB softer is written {factor:g}dB"
        for factor in factors
        if factor < -1
    )


def _written(value: float, unit: str) -> str:
    return f"{value:g} {unit}".rstrip()
