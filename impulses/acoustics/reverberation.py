"""Statistical reverberation formulas: the 60 dB decay time from areas and absorption coefficients.

All assume a diffuse field, with a mean free path of ``4 V / S`` from wall to wall, and no
absorption by air. They differ in how they average the walls.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from impulses.impulse import ImpulseError
from impulses.quantities import Metres, Seconds, above, within

SPEED_OF_SOUND = 343.0
"""m/s, in dry air at 20 degrees Celsius."""


def sabine(
    volume: float,
    areas: Sequence[float],
    absorptions: Sequence[float],
    *,
    speed_of_sound: float = SPEED_OF_SOUND,
) -> Seconds:
    """Return Sabine's time, ``T = 24 ln 10 / c * V / sum of S[i] a[i]``, for live rooms.

    It is too long for dead rooms: it does not reach 0 even if everything is absorbed.

    Parameters
    ----------
    volume : float > 0
        volume of the room in cubic metres
    areas : sequence of float > 0
        area of each wall in square metres
    absorptions : sequence of float, 0 to 1
        absorption coefficient of each wall: the share of energy that it absorbs
    speed_of_sound : float > 0
        speed of sound in m/s

    Returns
    -------
    float
        Reverberation time in seconds; infinity if nothing is absorbed.

    Raises
    ------
    ImpulseError
        If areas and absorptions differ in number, or a value is out of range.

    References
    ----------
    W. C. Sabine, "Collected Papers on Acoustics", Harvard University Press, 1922.

    Examples
    --------
    >>> round(sabine(3000, [240, 600, 500], [0.1, 0.25, 0.45]), 4)
    1.2114
    """
    _check(volume, areas, absorptions, speed_of_sound)
    return _time(volume, _total(areas, absorptions), speed_of_sound)


def eyring(
    volume: float,
    areas: Sequence[float],
    absorptions: Sequence[float],
    *,
    speed_of_sound: float = SPEED_OF_SOUND,
) -> Seconds:
    """Return Eyring's time, ``T = 24 ln 10 / c * V / (-S ln(1 - a))``, `a` the mean absorption.

    Parameters, errors and result as for `sabine`; 0 if everything is absorbed.

    References
    ----------
    C. F. Eyring, "Reverberation time in 'dead' rooms", J. Acoust. Soc. Am. 1, 1930.

    Examples
    --------
    >>> round(eyring(3000, [240, 600, 500], [0.1, 0.25, 0.45]), 4)
    1.0204
    """
    _check(volume, areas, absorptions, speed_of_sound)
    area = sum(areas)
    return _time(volume, area * _exponent(_total(areas, absorptions) / area), speed_of_sound)


def eyring_absorption(
    volume: float, area: float, rt60: Seconds, *, speed_of_sound: float = SPEED_OF_SOUND
) -> float:
    """Return the mean absorption with which Eyring's time is `rt60`; there is one for any time.

    Parameters
    ----------
    volume : float > 0
        volume of the room in cubic metres
    area : float > 0
        total area of the walls in square metres
    rt60 : float > 0
        reverberation time in seconds
    speed_of_sound : float > 0
        speed of sound in m/s

    Returns
    -------
    float
        Absorption coefficient, between 0 and 1.

    Raises
    ------
    ImpulseError
        If a value is out of range.

    Examples
    --------
    >>> a = eyring_absorption(72, 108, 0.5)
    >>> round(a, 4), round(eyring(72, [108], [a]), 12)
    (0.1933, 0.5)
    """
    _check(volume, [area], [0.0], speed_of_sound)
    above("rt60", rt60, 0, "s")
    # Eyring's formula solved for the absorption: -ln(1 - a) = 24 ln 10 V / (c S T)
    return -math.expm1(-_time(volume, area, speed_of_sound) / rt60)


def millington(
    volume: float,
    areas: Sequence[float],
    absorptions: Sequence[float],
    *,
    speed_of_sound: float = SPEED_OF_SOUND,
) -> Seconds:
    """Return Millington's time, ``T = 24 ln 10 / c * V / (-sum of S[i] ln(1 - a[i]))``.

    Parameters, errors and result as for `sabine`. A single fully absorbing wall makes it 0, however
    small the wall: the weakness of the formula.

    References
    ----------
    G. Millington, "A modified formula for reverberation", J. Acoust. Soc. Am. 4, 1932.

    Examples
    --------
    >>> round(millington(3000, [240, 600, 500], [0.1, 0.25, 0.45]), 4)
    0.9729
    """
    _check(volume, areas, absorptions, speed_of_sound)
    return _time(volume, _total(areas, [_exponent(a) for a in absorptions]), speed_of_sound)


def arau(
    volume: float,
    areas: Sequence[float],
    absorptions: Sequence[float],
    *,
    speed_of_sound: float = SPEED_OF_SOUND,
) -> Seconds:
    """Return Arau-Puchades' time: the geometric mean of Eyring's times of three pairs of walls.

    ``T = product of (24 ln 10 / c * V / (-S ln(1 - a[i])))^(S[i] / S)``, for rooms in which
    one pair absorbs much more than another.

    Parameters
    ----------
    volume : float > 0
        volume of the room in cubic metres
    areas : three float > 0
        area of each pair of opposite walls in square metres
    absorptions : three float, 0 to 1
        mean absorption coefficient of each pair
    speed_of_sound : float > 0
        speed of sound in m/s

    Returns
    -------
    float
        Reverberation time in seconds; infinity if a pair absorbs nothing, otherwise 0 if one
        absorbs everything.

    Raises
    ------
    ImpulseError
        If areas or absorptions are not three, or a value is out of range.

    References
    ----------
    H. Arau-Puchades, "An improved reverberation formula", Acustica 65, 1988.

    Examples
    --------
    >>> round(arau(3000, [240, 600, 500], [0.1, 0.25, 0.45]), 4)
    1.1424
    """
    _check(volume, areas, absorptions, speed_of_sound)
    if len(areas) != 3:
        raise ImpulseError(f"{len(areas)} areas are given; give that of each of 3 pairs of walls")
    if 0 in absorptions:
        return math.inf
    area = sum(areas)
    mean = math.prod(_exponent(a) ** (s / area) for s, a in zip(areas, absorptions, strict=True))
    return _time(volume, area * mean, speed_of_sound)


def wall_areas(room: Sequence[Metres]) -> list[float]:
    """Return the areas of the six walls of a box, in the order x1, x2, y1, y2, z1, z2.

    Examples
    --------
    >>> wall_areas([6, 4, 3])
    [12, 12, 18, 18, 24, 24]
    """
    x, y, z = room
    return [y * z, y * z, x * z, x * z, x * y, x * y]


def _exponent(absorption: float) -> float:
    """Return ``-ln(1 - a)``, the decay exponent of energy that loses a share `a` at each wall."""
    return -math.log1p(-absorption) if absorption < 1 else math.inf


def _total(areas: Sequence[float], shares: Sequence[float]) -> float:
    return sum(area * share for area, share in zip(areas, shares, strict=True))


def _time(volume: float, absorbing: float, speed_of_sound: float) -> float:
    """Return the 60 dB decay time of a room with an equivalent absorption area in square metres.

    Energy falls as ``exp(-c A t / (4 V))``, which is 10^-6 after ``24 ln 10 V / (c A)``.
    """
    return 24 * math.log(10) * volume / (speed_of_sound * absorbing) if absorbing else math.inf


def _check(
    volume: float, areas: Sequence[float], absorptions: Sequence[float], speed_of_sound: float
) -> None:
    above("volume", volume, 0, "m3")
    above("speed_of_sound", speed_of_sound, 0, "m/s")
    if len(areas) == 0 or len(areas) != len(absorptions):
        raise ImpulseError(
            f"{len(areas)} areas but {len(absorptions)} absorptions; give one for each wall"
        )
    for area in areas:
        above("area", area, 0, "m2")
    for absorption in absorptions:
        within("absorption", absorption, 0, 1)
