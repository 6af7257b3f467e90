"""Echoes: impulses made of a few spikes.

Each of them is a sum of weighted, delayed unit samples, ``sum of g[i] delta[n - d[i]]``: a
builder computes the delays and gains, and `_spikes` places them. Nothing is normalised, and the
direct sound has gain 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike

from impulses.builders.fractional import in_samples, lagrange
from impulses.impulse import MAX_FRAMES, Impulse, ImpulseError, to_db, too_long
from impulses.quantities import (
    Decibels,
    Gain,
    Seconds,
    above,
    decay_gain,
    one_of,
    polarity_notes,
    within,
)

Side: TypeAlias = Literal["left", "right"]

LAGRANGE_ORDER = 3


def delta(rate: int, *, delay: Seconds = 0.0) -> Impulse:
    """One unit spike: the identity, or a plain delay.

    Sound: the sound as it is, or later.

    Parameters
    ----------
    rate : int > 0
        Samples per second.
    delay : float >= 0
        seconds before the spike

    Returns
    -------
    Impulse
        (delay * rate + 1, 1), with a single tap of 1.

    Examples
    --------
    >>> delta(4, delay=0.5).taps.ravel()
    array([0., 0., 1.])
    """
    return _spikes(rate, [delay], [[1.0]])


def double_spike(
    rate: int, *, delay: Seconds = 0.25, gain: Gain = 0.5, fractional: bool = False
) -> Impulse:
    """The direct sound and one echo of it: ``h[n] = delta[n] + g delta[n - D]``.

    Sound: one repeat; under some 30 ms it melts into the sound and colours it like a pipe.

    Its magnitude response is a comb, ``abs(H)^2 = 1 + g^2 + 2 g cos(w D)``.

    Parameters
    ----------
    rate : int > 0
        Samples per second.
    delay : float >= 0
        seconds from the direct sound to the echo
    gain : float
        level of the echo relative to the direct sound
    fractional : bool
        interpolate a delay between two samples instead of rounding it

    Returns
    -------
    Impulse
        (D + 1, 1), with exactly two taps if D is a whole number above 0.

    Raises
    ------
    ImpulseError
        If the delay is negative or either value is not finite.

    Examples
    --------
    >>> double_spike(4, delay=0.75, gain=0.5).taps.ravel()
    array([1. , 0. , 0. , 0.5])
    """
    return _spikes(rate, [0.0, delay], [[1.0], [gain]], fractional=fractional)


def multi_tap(
    rate: int,
    *,
    delay: Sequence[Seconds] = (0.0, 0.25),
    gain: Sequence[Gain] = (1.0, 0.5),
    fractional: bool = False,
) -> Impulse:
    """Any number of copies: ``h[n] = sum of g[i] delta[n - D[i]]``.

    Sound: repeats wherever you put them, in rhythm or scattered.

    The direct sound is there only if it is one of the taps (delay 0, gain 1).

    Parameters
    ----------
    rate : int > 0
        Samples per second.
    delay : sequence of float >= 0
        seconds before each tap, one for each gain
    gain : sequence of float
        level of each tap, one for each delay
    fractional : bool
        interpolate delays between two samples instead of rounding them

    Returns
    -------
    Impulse
        (longest delay + 1, 1); taps at the same frame add up.

    Raises
    ------
    ImpulseError
        If there are no taps, the numbers of delays and gains differ, or a delay is negative.

    Examples
    --------
    >>> multi_tap(4, delay=[0, 0.25, 0.5], gain=[1, 0.5, -0.25]).taps.ravel()
    array([ 1.  ,  0.5 , -0.25])
    """
    if len(delay) == 0 or len(delay) != len(gain):
        raise ImpulseError(
            f"{len(delay)} delays but {len(gain)} gains; give one gain for each delay"
        )
    return _spikes(rate, delay, np.reshape(gain, (-1, 1)), fractional=fractional)


def feedback(
    rate: int,
    *,
    delay: Seconds = 0.25,
    gain: Gain | None = None,
    rt60: Seconds | None = None,
    floor: Decibels = -120.0,
    fractional: bool = False,
) -> Impulse:
    """The echo of an echo of an echo: ``h[j D] = g^j``, the recursive comb ``1 / (1 - g z^-D)``.

    Sound: repeats that die away evenly, as of a tape loop; short delays ring at a pitch.

    Parameters
    ----------
    rate : int > 0
        Samples per second.
    delay : float > 0
        seconds from one repeat to the next
    gain : float, -1 < gain < 1
        level of each repeat relative to the one before; 0.5 if neither gain nor rt60 is given
    rt60 : float > 0
        seconds in which the repeats fall by 60 dB; sets the gain to 10^(-3 D / T)
    floor : float < 0
        level, in dB, at which the repeats end: the last repeat is the first at or below it
    fractional : bool
        interpolate delays between two samples instead of rounding them

    Returns
    -------
    Impulse
        (repeats * D + 1, 1); its response has peaks of 1 / (1 - g) and dips of 1 / (1 + g).

    Raises
    ------
    ImpulseError
        If both `gain` and `rt60` are given, the gain does not decay, or a value is out of range.

    References
    ----------
    M. R. Schroeder, "Natural sounding artificial reverberation", J. Audio Eng. Soc. 10, 1962.

    Examples
    --------
    >>> feedback(2, delay=0.5, gain=0.5, floor=-12).taps.ravel()
    array([1.  , 0.5 , 0.25])
    """
    step, notes = _repeat_interval(rate, delay, fractional)
    gain = _feedback_gain(step, gain, rt60)
    repeats = np.arange(_repeat_count(gain, floor, step * rate) + 1, dtype=np.int64)
    levels = gain ** repeats[:, np.newaxis]
    return _spikes(rate, repeats * step, levels, notes, fractional=fractional)


def ping_pong(
    rate: int,
    *,
    delay: Seconds = 0.25,
    gain: Gain = 0.5,
    width: float = 1.0,
    first: Side = "left",
    floor: Decibels = -120.0,
) -> Impulse:
    """Echoes that change sides: g^(2j) at (2j + 1) D on one, g^(2j + 1) at (2j + 2) D on the other.

    Sound: repeats that jump from one loudspeaker to the other and back.

    The impulse contains the echoes alone; mix in the direct sound with a dry gain of 1.

    Parameters
    ----------
    rate : int > 0
        Samples per second.
    delay : float > 0
        seconds from one repeat to the next
    gain : float, -1 < gain < 1
        level of each repeat relative to the one before
    width : float, 0 to 1
        stereo width: 1 puts each repeat fully to one side, 0 puts all of them in the middle
    first : {"left", "right"}
        side of the first repeat
    floor : float < 0
        level, in dB, at which the repeats end: the last repeat is the first at or below it

    Returns
    -------
    Impulse
        (repeats * D + 1, 2), left and right.

    Raises
    ------
    ImpulseError
        If the gain does not decay or a value is out of range.

    Examples
    --------
    >>> ping_pong(1, delay=1, gain=0.5, floor=-6).taps
    array([[0. , 0. ], [1. , 0. ], [0. , 0.5]])
    """
    within("width", width, 0, 1)
    one_of("first", first, get_args(Side))
    step, notes = _repeat_interval(rate, delay)
    gain = _feedback_gain(step, gain, None)
    repeats = np.arange(_repeat_count(gain, floor, step * rate) + 1, dtype=np.int64)
    near, far = (1 + width) / 2, (1 - width) / 2
    sides = np.where(repeats[:, np.newaxis] % 2 == 0, [near, far], [far, near])
    if first == "right":
        sides = sides[:, ::-1]
    levels = gain ** repeats[:, np.newaxis] * sides
    return _spikes(rate, (repeats + 1) * step, levels, notes)


def _feedback_gain(step: float, gain: float | None, rt60: float | None) -> float:
    """Return the gain of a feedback loop of `step` seconds, from a gain or a decay time."""
    if gain is not None and rt60 is not None:
        raise ImpulseError(f"gain {gain:g} and rt60 {rt60:g} s are both given; give one of them")
    if rt60 is not None:
        gain = decay_gain(step, above("rt60", rt60, 0, "s"))
    gain = 0.5 if gain is None else gain
    if not abs(gain) < 1:
        raise ImpulseError(f"gain {gain:g} never decays; a feedback gain must be between -1 and 1")
    return gain


def _repeat_count(gain: float, floor: float, step: float) -> int:
    """Count the repeats, `step` samples apart, up to the first at or below the floor."""
    if not -np.inf < floor < 0:
        raise ImpulseError(f"floor is {floor:g} dB; it must be below 0 dB, and finite")
    # slightly less, so that rounding does not add a repeat where the floor is met exactly
    repeats = math.ceil(floor / to_db(abs(gain)) - 1e-9) if gain else 0
    if repeats * step >= MAX_FRAMES:
        raise ImpulseError(too_long(repeats * step))
    return repeats


def _repeat_interval(
    rate: int, delay: float, fractional: bool = False
) -> tuple[float, tuple[str, ...]]:
    """Return the seconds between repeats, in whole samples unless `fractional`, with a note."""
    position = float(in_samples(rate, [delay])[0])
    notes: tuple[str, ...] = ()
    if not fractional:
        position, notes = round(position), _rounding_notes(rate, [position])
    if position < 1:
        raise ImpulseError(
            f"delay {delay:g} s is {delay * rate:.3g} samples; repeats must be at least one "
            "sample apart"
        )
    return position / rate, notes


def _rounding_notes(rate: int, positions: ArrayLike) -> tuple[str, ...]:
    """Return a note for each position that rounding changes."""
    return tuple(
        f"delay of {position:.3f} samples rounded to {round(position)} "
        f"({round(position) / rate:.9g} s)"
        for position in np.asarray(positions).tolist()
        if position != round(position)
    )


def _spikes(
    rate: int,
    delays: ArrayLike,
    gains: ArrayLike,
    notes: tuple[str, ...] = (),
    *,
    fractional: bool = False,
) -> Impulse:
    """Place one spike for each delay (s), with a gain for each channel."""
    positions = in_samples(rate, delays)
    levels = np.asarray(gains, np.float64)
    if not np.isfinite(levels).all():
        raise ImpulseError("gain is not a finite number; give a ratio such as 0.5 or -6dB")
    between = positions != np.rint(positions)
    if not fractional:
        notes += _rounding_notes(rate, positions)
        positions, between = np.rint(positions), np.zeros_like(between)
    starts, shapes = lagrange(positions[between], LAGRANGE_ORDER)
    fractional_end = starts.max(initial=0) + LAGRANGE_ORDER if len(starts) else 0
    end = max(int(positions[~between].max(initial=0)), int(fractional_end))
    taps = np.zeros((end + 1, levels.shape[1]))
    np.add.at(taps, positions[~between].astype(np.int64), levels[~between])
    for node, shape in enumerate(shapes.T):
        np.add.at(taps, starts + node, shape[:, np.newaxis] * levels[between])
    return Impulse(taps, rate, (*notes, *polarity_notes(*np.unique(levels).tolist())))
