"""The box-shaped room: every reflection is the sound of a mirror image of the source.

This module interprets and checks the parameters; `images` computes the sum.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np

from audioconv.errors import counted
from impulses.acoustics.reverberation import SPEED_OF_SOUND
from impulses.builders.images import MAX_AXIS, high_passed, image_axes, response
from impulses.impulse import Impulse, ImpulseError, Taps
from impulses.quantities import Hertz, Metres, Seconds, above, frames_of, one_of, within

if TYPE_CHECKING:
    from impulses.builders.walls import Walls

Formula: TypeAlias = Literal["fit", "eyring", "sabine"]
Point: TypeAlias = tuple[Metres, Metres, Metres]
Receiver: TypeAlias = Literal["mono", "stereo", "ambisonic"]

SOURCE: Point = (11 / 15, 0.575, 8 / 15)
MICROPHONE: Point = (17 / 60, 0.45, 7 / 15)
"""Default positions as shares of the room's sides: off the middle, where modes cancel."""

DEFAULT_RT60 = 0.5

SIDES = (0.01, 1e6)
"""Shortest and longest side of a room in metres, so that nothing overflows."""

MIN_DISTANCE = 0.01
"""Smallest distance of source and microphone in metres, as the gain is its inverse."""


def shoebox(
    rate: int,
    *,
    room: tuple[Metres, Metres, Metres] = (6.0, 4.0, 3.0),
    source: tuple[Metres, Metres, Metres] | None = None,
    microphone: tuple[Metres, Metres, Metres] | None = None,
    rt60: Seconds | None = None,
    formula: Formula = "fit",
    absorption: Sequence[float] | None = None,
    beta: Sequence[float] | None = None,
    max_order: int = -1,
    length: Seconds | None = None,
    receiver: Receiver = "mono",
    spacing: Metres = 0.17,
    high_pass: Hertz = 100.0,
    speed_of_sound: float = SPEED_OF_SOUND,
) -> Impulse:
    """A box-shaped room by image sources: ``sum of prod(beta) / (4 pi d) at d fs / c``.

    Sound: a bare room of a given size, with the flutter of parallel walls where they are hard.

    The level is that of sound pressure: the direct sound has the gain 1 / (4 pi d), d in
    metres. At most one of `rt60`, `absorption` and `beta` may be given; the default is an rt60
    of 0.5 s. The x axis points ahead of the receiver, y to its left, z up.

    The formulas of room acoustics assume a diffuse field, which mirror-like walls do not create:
    with the absorption that Eyring's gives, rooms ring longer than `rt60`, by a quarter in the
    median. Therefore the absorption is fitted to the decay of this room, source and microphone
    included. A note gives its T20 if that is off by more than a tenth.

    Parameters
    ----------
    rate : int > 0
        Samples per second.
    room : three float > 0
        length, width and height, along x, y and z
    source : three float
        position of the source, from the corner x = y = z = 0; by default at 0.73, 0.58 and
        0.53 of the room
    microphone : three float
        position of the microphone, from the same corner; by default at 0.28, 0.45 and 0.47 of
        the room
    rt60 : float > 0
        seconds in which the sound falls by 60 dB, read from -5 to -25 dB (T20) over all
        frequencies; the walls are alike, or, if no such walls have this T20, one pair differs
    formula : {"fit", "eyring", "sabine"}
        absorption for an `rt60`: fitted to the room as computed, or from Eyring's or Sabine's
        formula, which give longer times
    absorption : one or six float, 0 to 1
        share of energy absorbed by all walls, or by x1, x2, y1, y2, z1, z2 (x1 is at x = 0)
    beta : one or six float, -1 to 1
        share of pressure reflected by all walls, or by x1, x2, y1, y2, z1, z2
    max_order : int >= -1
        maximum number of reflections: 0 for the direct sound alone, -1 for no limit
    length : float > 0
        seconds of the impulse; by default until it has fallen by 65 dB, or, with `absorption` or
        `beta`, the travel time of the direct sound plus Eyring's time
    receiver : {"mono", "stereo", "ambisonic"}
        one omnidirectional microphone, two of them (left and right), or first-order AmbiX
        (W, Y, Z, X; SN3D)
    spacing : float > 0
        distance between the two microphones of stereo, along y
    high_pass : float >= 0
        corner in Hz of Allen and Berkley's high-pass, which removes the build-up near 0 Hz that
        walls of positive beta cause and real rooms do not have; 0 for no high-pass
    speed_of_sound : float, 1 to 1e5
        speed of sound in metres per second

    Returns
    -------
    Impulse
        (frames, 1), (frames, 2) or (frames, 4).

    Raises
    ------
    ImpulseError
        If a position is outside the room, the source is at the microphone, the impulse ends
        before the sound arrives, there are too many images, or a value is out of range.

    References
    ----------
    J. B. Allen and D. A. Berkley, "Image method for efficiently simulating small-room
    acoustics", J. Acoust. Soc. Am. 65(4), 1979, eq. 10 and appendix B; P. M. Peterson,
    "Simulating the response of multiple microphones to a single acoustic source in a reverberant
    room", J. Acoust. Soc. Am. 80(5), 1986 (windowed sinc); C. Nachbar et al., "AmbiX - a
    suggested ambisonics format", Ambisonics Symposium 2011.

    Examples
    --------
    >>> direct = shoebox(34300, source=(3, 2, 1), microphone=(1, 2, 1), max_order=0, high_pass=0)
    >>> int(direct.taps.argmax()), round(float(direct.taps.max() * 4 * np.pi), 12)
    (200, 0.5)
    """
    # late: no other builder needs the acoustics of a box
    from impulses.builders.box_decay import BoxDecay
    from impulses.builders.walls import absorption_by, given_walls, walls_for

    above("rate", rate, 0, "Hz")
    within("speed_of_sound", speed_of_sound, 1, 1e5, "m/s")
    within("max_order", max_order, -1, MAX_AXIS)
    within("high_pass", high_pass, 0, rate / 2, "Hz")
    one_of("receiver", receiver, get_args(Receiver))
    source = _point_at(room, SOURCE) if source is None else source
    microphone = _point_at(room, MICROPHONE) if microphone is None else microphone
    _inside("source", source, room)
    microphones = _microphones(room, microphone, receiver, spacing)
    arrival = max(_distance(source, place) for place in microphones) / speed_of_sound
    refuse_two_of(rt60, formula, absorption, beta)
    reflections = reflections_given(absorption, beta)
    if reflections is not None:
        walls = given_walls(room, reflections, arrival, speed_of_sound)
    else:
        time = DEFAULT_RT60 if rt60 is None else above("rt60", rt60, 0, "s")
        frames_of("rt60", time, rate)
        share = absorption_by(formula, room, time, speed_of_sound)
        decay = None
        if formula == "fit" or length is None:
            decay = BoxDecay(room, source, microphone, time, rate, high_pass, speed_of_sound)
        walls = walls_for(decay, share, fitted=formula == "fit")
    frames = _frames(rate, walls.seconds if length is None else length, arrival)

    step = speed_of_sound / rate  # metres per sample
    grid = [[value / step for value in values] for values in (room, source, *microphones)]
    taps = _sum_images(grid, walls, rate, frames, max_order, directional=receiver == "ambisonic")
    taps /= 4 * np.pi * step
    taps = high_passed(taps, high_pass, rate) if high_pass else taps
    # an order that is asked for cuts the decay
    notes = walls.notes(taps[:, : len(microphones)], rate) if max_order < 0 else ()
    return Impulse(taps, rate, notes)


def _sum_images(
    grid: Sequence[Sequence[float]],
    walls: Walls,
    rate: int,
    frames: int,
    max_order: int,
    *,
    directional: bool,
) -> Taps:
    """Return the response at each microphone, (frames, channels).

    The grid has the sides of the room, the source, and each microphone, in samples.
    """
    room, source, *microphones = grid
    channels = [
        response(
            image_axes(room, source, place, walls.reflections, frames, max_order),
            rate,
            frames,
            max_order=max_order,
            directional=directional,
        )
        for place in microphones
    ]
    return np.concatenate(channels).T


def _microphones(
    room: Sequence[float], centre: Sequence[float], receiver: Receiver, spacing: float
) -> list[Point]:
    """Return the position of each microphone, which must be inside the room."""
    x, y, z = _inside("microphone", centre, room)
    if receiver != "stereo":
        return [(x, y, z)]
    half = above("spacing", spacing, 0, "m") / 2
    return [_inside("microphone", (x, y + side, z), room) for side in (half, -half)]


def reflections_given(
    absorption: Sequence[float] | None, beta: Sequence[float] | None
) -> list[float] | None:
    """Return the reflection coefficients of the six walls, if they are given in either way."""
    from impulses.builders.walls import six

    if absorption is not None:
        return [math.sqrt(1 - share) for share in six("absorption", absorption, 0)]
    return None if beta is None else six("beta", beta, -1)


def refuse_two_of(
    rt60: float | None,
    formula: Formula,
    absorption: Sequence[float] | None,
    beta: Sequence[float] | None,
) -> None:
    """Raise `ImpulseError` if the walls are given in more than one way."""
    one_of("formula", formula, get_args(Formula))
    given = {
        "rt60": rt60 is not None,
        "formula": rt60 is None and formula != "fit",
        "absorption": absorption is not None,
        "beta": beta is not None,
    }
    names = [name for name, here in given.items() if here]
    if len(names) > 1:
        raise ImpulseError(f"{' and '.join(names)} are given; give only one")


def _point_at(room: Sequence[float], shares: Point) -> Point:
    """Return the point at these shares of the sides of a room."""
    x, y, z = (side * share for side, share in zip(_three("room", room), shares, strict=True))
    return x, y, z


def _three(name: str, values: Sequence[float]) -> Sequence[float]:
    if len(values) != 3:
        raise ImpulseError(f"{name} has {counted(len(values), 'value')}; give 3: along x, y and z")
    return values


def _frames(rate: int, length: float, arrival: float) -> int:
    """Return the length of the impulse in frames, which must include the direct sound."""
    refuse_endless(length)
    frames = frames_of("length", length, rate)
    if frames <= arrival * rate:
        raise ImpulseError(
            f"length is {length:g} s, but the sound arrives only after {arrival:g} s; "
            "give a longer one, or move the microphone nearer"
        )
    return frames


def refuse_endless(length: float) -> None:
    """Raise `ImpulseError` if an impulse never ends."""
    if length == math.inf:
        raise ImpulseError("no wall absorbs sound, so the impulse never ends; give a length")


def _inside(name: str, point: Sequence[float], room: Sequence[float]) -> Point:
    """Check that the room is of a valid size and the point inside it; return the point."""
    for axis, value, side in zip("xyz", _three(name, point), _three("room", room), strict=True):
        within("room", side, *SIDES, "m")
        if not 0 < value < side:
            raise ImpulseError(
                f"{name} is at {axis} = {value:g} m, but the room is from 0 to {side:g} m; move "
                "it inside"
            )
    x, y, z = point
    return x, y, z


def _distance(source: Sequence[float], microphone: Sequence[float]) -> float:
    distance = math.dist(source, microphone)
    if distance < MIN_DISTANCE:
        raise ImpulseError(
            f"source is {distance:g} m from the microphone; move them at least "
            f"{MIN_DISTANCE} m apart"
        )
    return distance
