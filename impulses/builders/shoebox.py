"""The box-shaped room: every reflection is the sound of a mirror image of the source.

Here stands what its parameters mean, and what is refused; `images` has the sum.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, TypeAlias, get_args

import numpy as np

from impulses.acoustics.reverberation import SPEED_OF_SOUND, eyring, eyring_absorption, wall_areas
from impulses.builders.images import MAX_AXIS, image_axes, response
from impulses.impulse import Impulse, ImpulseError, Taps
from impulses.quantities import Hertz, Metres, Seconds, above, frames_of, one_of, within

Point: TypeAlias = tuple[Metres, Metres, Metres]
Receiver: TypeAlias = Literal["mono", "stereo", "ambisonic"]

SOURCE: Point = (11 / 15, 0.575, 8 / 15)
MICROPHONE: Point = (17 / 60, 0.45, 7 / 15)
"""Shares of the room at which they are by default: off the middle, where modes cancel."""

DEADEST = 0.99
"""Share of energy that real walls take at most."""

HALF_TAP = 0.004
"""Seconds for which the tap of an image rings on."""

DEFAULT_RT60 = 0.5

SIDES = (0.01, 1e6)
"""Metres of a side of a room, so that nothing overflows."""

NEAREST = 0.01
"""Metres between source and microphone, of which the gain is the inverse."""


def shoebox(
    rate: int,
    *,
    room: tuple[Metres, Metres, Metres] = (6.0, 4.0, 3.0),
    source: tuple[Metres, Metres, Metres] | None = None,
    microphone: tuple[Metres, Metres, Metres] | None = None,
    rt60: Seconds | None = None,
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
    metres. Of `rt60`, `absorption` and `beta` one may be given; if none is, rt60 is 0.5 s. The
    x axis points ahead of the receiver, y to its left, z up.

    Eyring's formula is for a diffuse field, which a box of mirrors has not: above its lowest
    modes a nearly cubic room is measured to ring about a tenth longer than `rt60` says, one of
    6 x 4 x 3 m a quarter, and the lowest modes longer still where no `beta` is negative.

    Parameters
    ----------
    rate : int > 0
        Samples per second.
    room : three float > 0
        length, width and height, along x, y and z
    source : three float
        where the sound comes from, from the corner x = y = z = 0; if not given, at 0.73, 0.58
        and 0.53 of the room
    microphone : three float
        where it is heard, from the same corner; if not given, at 0.28, 0.45 and 0.47 of it
    rt60 : float > 0
        seconds in which the sound falls by 60 dB by Eyring's formula, all walls alike
    absorption : one or six float, 0 to 1
        share of energy that all walls take, or x1, x2, y1, y2, z1, z2 (x1 is at x = 0)
    beta : one or six float, -1 to 1
        share of pressure that all walls reflect, or x1, x2, y1, y2, z1, z2
    max_order : int >= -1
        reflections on the way of a sound at most: 0 is the direct sound, -1 any number
    length : float > 0
        seconds of the impulse; if not given, the direct sound's way and Eyring's rt60 after it
    receiver : {"mono", "stereo", "ambisonic"}
        one omni, two omnis (left and right), or first-order AmbiX (W, Y, Z, X; SN3D)
    spacing : float > 0
        distance between the two omnis of stereo, along y
    high_pass : float >= 0
        Hz below which to take out what walls of positive beta gather, and no room has, as Allen
        and Berkley did; 0 to leave it
    speed_of_sound : float, 1 to 1e5
        metres that sound goes in a second

    Returns
    -------
    Impulse
        (frames, 1), (frames, 2) or (frames, 4).

    Raises
    ------
    ImpulseError
        If a position is not in the room, the source is at the microphone, the impulse ends
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
    above("rate", rate, 0, "Hz")
    within("speed_of_sound", speed_of_sound, 1, 1e5, "m/s")
    within("max_order", max_order, -1, MAX_AXIS)
    within("high_pass", high_pass, 0, rate / 2, "Hz")
    one_of("receiver", receiver, get_args(Receiver))
    source = _part(room, SOURCE) if source is None else source
    microphone = _part(room, MICROPHONE) if microphone is None else microphone
    x, y, z = _inside("microphone", microphone, room)
    ears = [(x, y, z)]
    if receiver == "stereo":
        aside = above("spacing", spacing, 0, "m") / 2
        ears = [_inside("microphone", (x, y + side, z), room) for side in (aside, -aside)]
    _inside("source", source, room)
    walls, tail = _walls(room, rt60, absorption, beta, speed_of_sound)
    arrival = max(_distance(source, ear) for ear in ears) / speed_of_sound
    frames = _frames(rate, length, arrival, tail)

    step = speed_of_sound / rate  # metres that sound goes in a sample
    grid = [[value / step for value in values] for values in (room, source, *ears)]
    heard = [
        response(
            image_axes(grid[0], grid[1], ear, walls, frames, max_order),
            rate,
            frames,
            max_order=max_order,
            directional=receiver == "ambisonic",
        )
        for ear in grid[2:]
    ]
    taps = np.concatenate(heard).T / (4 * np.pi * step)
    return Impulse(_high_passed(taps, high_pass, rate) if high_pass else taps, rate)


def _high_passed(taps: Taps, corner: float, rate: int) -> Taps:
    """Return what Allen and Berkley's filter lets pass: nothing at 0 Hz, all far above the corner.

    Its poles are at ``r e^(+-iw)``, ``r = e^-w``, its zeros at 1 and at r (their appendix B).
    """
    from scipy.signal import lfilter  # late: an echo must not import scipy

    w = 2 * np.pi * corner / rate
    r = math.exp(-w)
    passed: Taps = lfilter([1, -(1 + r), r], [1, -2 * r * math.cos(w), r * r], taps, axis=0)
    return passed


def _walls(
    room: Sequence[float],
    rt60: float | None,
    absorption: Sequence[float] | None,
    beta: Sequence[float] | None,
    speed_of_sound: float,
) -> tuple[list[float], float]:
    """Return the reflection of each wall, and the seconds to -60 dB by Eyring."""
    given = {"rt60": rt60, "absorption": absorption, "beta": beta}
    names = [name for name, value in given.items() if value is not None]
    if len(names) > 1:
        raise ImpulseError(f"{' and '.join(names)} are given; give one of them")
    areas, volume = wall_areas(room), math.prod(room)
    if beta is not None:
        reflections = _six("beta", beta, -1)
    elif absorption is not None:
        reflections = [math.sqrt(1 - a) for a in _six("absorption", absorption, 0)]
    else:
        time = DEFAULT_RT60 if rt60 is None else above("rt60", rt60, 0, "s")
        share = eyring_absorption(volume, sum(areas), time, speed_of_sound=speed_of_sound)
        if share > DEADEST:
            raise ImpulseError(
                f"walls would have to absorb {100 * share:.4g} % for an rt60 of {time:g} s; the "
                f"limit is {100 * DEADEST:g} %; make the room smaller or the rt60 longer"
            )
        return [math.sqrt(1 - share)] * 6, time
    shares = [1 - reflection**2 for reflection in reflections]
    return reflections, eyring(volume, areas, shares, speed_of_sound=speed_of_sound)


def _part(room: Sequence[float], shares: Point) -> Point:
    """Return the point at some shares of the sides of a room."""
    x, y, z = (side * share for side, share in zip(_three("room", room), shares, strict=True))
    return x, y, z


def _three(name: str, values: Sequence[float]) -> Sequence[float]:
    if len(values) != 3:
        raise ImpulseError(f"{name} has {len(values)} values; give 3: along x, y and z")
    return values


def _six(name: str, values: Sequence[float], least: float) -> list[float]:
    if len(values) not in (1, 6):
        raise ImpulseError(
            f"{name} has {len(values)} values; give 1 for all walls, or 6: x1, x2, y1, y2, z1, z2"
        )
    return [float(within(name, value, least, 1)) for value in values] * (6 // len(values))


def _frames(rate: int, length: float | None, arrival: float, tail: float) -> int:
    """Return the frames of the impulse, which must reach the direct sound."""
    if length is None:
        if tail == math.inf:
            raise ImpulseError("no wall absorbs sound, so it never ends; give a length")
        length = arrival + HALF_TAP + tail
    frames = frames_of("length", length, rate)
    if frames <= arrival * rate:
        raise ImpulseError(
            f"length is {length:g} s, but the sound arrives only after {arrival:g} s; "
            "lengthen it or come nearer"
        )
    return frames


def _inside(name: str, point: Sequence[float], room: Sequence[float]) -> Point:
    """Return a point that is in the room, of which the sides are sane."""
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
    if distance < NEAREST:
        raise ImpulseError(
            f"source is {distance:g} m from the microphone; move them at least {NEAREST} m apart"
        )
    return distance
