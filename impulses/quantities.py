"""Parameters: their units, checks of their ranges, and conversion to samples and gains."""

from __future__ import annotations

import math
from collections.abc import Collection
from typing import Annotated, TypeVar

import numpy as np

from impulses.impulse import MAX_FRAMES, ImpulseError, from_db, to_db, too_long

T = TypeVar("T")

# The unit of a parameter is part of its annotation, where the command line reads it.
Seconds = Annotated[float, "time"]
Gain = Annotated[float, "gain"]
Decibels = Annotated[float, "level"]
Hertz = Annotated[float, "frequency"]
Metres = Annotated[float, "distance"]
Degrees = Annotated[float, "angle"]


def within(name: str, value: float, low: float, high: float, unit: str = "") -> float:
    """Return `value`; raise ImpulseError unless ``low <= value <= high``.

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
            f"{name} is {_with_unit(value, unit)}; it must be between {low:g} and "
            f"{_with_unit(high, unit)}"
        )
    return value


def above(name: str, value: float, low: float, unit: str = "") -> float:
    """Return `value`; raise ImpulseError unless it is finite and above `low`.

    Examples
    --------
    >>> above("rt60", 0, 0, "s")
    Traceback (most recent call last):
    impulses.impulse.ImpulseError: rt60 is 0 s; it must be above 0 s, and finite
    """
    if not low < value < math.inf:
        raise ImpulseError(
            f"{name} is {_with_unit(value, unit)}; it must be above {_with_unit(low, unit)}, "
            "and finite"
        )
    return value


def whole(name: str, value: float, low: float, high: float, unit: str = "") -> int:
    """Return `value` as an int; raise ImpulseError unless it is whole and within the range.

    Examples
    --------
    >>> whole("order", 3.0, 1, 99)
    3
    >>> whole("order", 2.5, 1, 99)
    Traceback (most recent call last):
    impulses.impulse.ImpulseError: order is 2.5; it must be a whole number
    """
    if within(name, value, low, high, unit) != int(value):
        raise ImpulseError(f"{name} is {f'{value} {unit}'.rstrip()}; it must be a whole number")
    return int(value)


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


def frames_of(name: str, seconds: float, rate: int, most: int = MAX_FRAMES) -> int:
    """Return a time rounded to frames; raise ImpulseError if negative, or not under `most`.

    Examples
    --------
    >>> frames_of("predelay", 0.0205, 1000)
    20
    """
    above("rate", rate, 0, "Hz")
    if not 0 <= seconds < math.inf:
        raise ImpulseError(f"{name} is {seconds:g} s; it must be 0 or more, and finite")
    if seconds * rate >= most:
        raise ImpulseError(too_long(seconds * rate + 1, most))
    return round(seconds * rate)


def decay_gain(seconds: float, rt60: float) -> float:
    """Return the amplitude, `seconds` later, of a decay that falls by 60 dB in `rt60` seconds.

    Examples
    --------
    >>> round(decay_gain(1.0, rt60=2.0), 6)
    0.031623
    """
    return from_db(-60 * seconds / rt60)


def random_generator(seed: int) -> np.random.Generator:
    """Return a random number generator that gives the same numbers on every machine.

    Examples
    --------
    >>> bool(random_generator(1).integers(10) == random_generator(1).integers(10))
    True
    """
    if not isinstance(seed, int | np.integer) or seed < 0:
        raise ImpulseError(f"seed is {seed}; it must be a whole number, 0 or more")
    return np.random.default_rng(seed)


def polarity_notes(*factors: float) -> tuple[str, ...]:
    """Return a note for each gain below -1, which is likely to be decibels without their unit.

    Examples
    --------
    >>> polarity_notes(0.5, -6.0)
    ('a gain of -6 is a factor: 15.6 dB louder, and inverted; 6 dB softer is written -6dB',)
    """
    return tuple(
        f"a gain of {factor:g} is a factor: {to_db(-factor):.1f} dB louder, and inverted; "
        f"{-factor:g} dB softer is written {factor:g}dB"
        for factor in factors
        if factor < -1
    )


def _with_unit(value: float, unit: str) -> str:
    return f"{value:g} {unit}".rstrip()
