"""Boxes that cannot be built, wherever source and microphone stand: told before anything is built.

Sure is only what holds at any two positions and any rate, so that no box is refused that could be
built. Of one with an rt60 it is the absorption that a formula wants, and as many images as arrive
within that time: its decay, kept for longer, has more.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from inspect import signature
from typing import Any

from impulses.builders.images import MAX_IMAGES
from impulses.builders.shoebox import (
    DEFAULT_RT60,
    reflections_given,
    refuse_endless,
    refuse_two_of,
    shoebox,
)
from impulses.builders.walls import absorption_by, given_walls
from impulses.impulse import ImpulseError
from impulses.quantities import Metres, Seconds

SIGNATURE = signature(shoebox)


def refuse_unbuildable(**parameters: Any) -> None:
    """Raise if a shoebox cannot be built with some parameters, at any positions and any rate.

    Parameters
    ----------
    **parameters
        of `shoebox`, but its rate

    Raises
    ------
    ImpulseError
        If the walls cannot be had, or there are too many images.

    Examples
    --------
    >>> refuse_unbuildable(room=(6, 4, 3), rt60=0.5)
    >>> refuse_unbuildable(room=(60, 40, 30), rt60=0.2)
    Traceback (most recent call last):
        ...
    impulses.impulse.ImpulseError: walls would have to absorb 99.53 % for an rt60 of 0.2 s; the \
limit is 99 %; make the room smaller or the rt60 longer
    """
    given = SIGNATURE.bind(1, **parameters)
    given.apply_defaults()
    box = given.arguments
    seconds = _least_seconds(box)
    length = seconds if box["length"] is None else box["length"]
    refuse_endless(length)
    images = least_images(box["room"], length * box["speed_of_sound"], box["max_order"])
    if images > MAX_IMAGES:
        raise ImpulseError(
            f"there would be at least {images} image sources; the limit is {MAX_IMAGES}; shorten "
            "the length or rt60, lower max_order, or enlarge the room"
        )


def least_images(room: Sequence[Metres], reach: Metres, max_order: int = -1) -> int:
    """Return the least number of images that are less than `reach` away.

    Along one side, an image of order n is less than n + 1 sides away, and there are two of each
    order but 0.

    Examples
    --------
    >>> least_images((10, 10, 10), 12), least_images((10, 10, 10), 20)
    (1, 27)
    """
    orders = [max(math.floor(reach / side) - 1, 0) for side in room]
    kept = [min(order, max_order) if max_order >= 0 else order for order in orders]
    return math.prod(2 * order + 1 for order in kept)


def _least_seconds(box: dict[str, Any]) -> Seconds:
    """Return the seconds that an impulse without a length has at least."""
    room, speed = box["room"], box["speed_of_sound"]
    refuse_two_of(box["rt60"], box["formula"], box["absorption"], box["beta"])
    beta = reflections_given(box["absorption"], box["beta"])
    if beta is not None:
        return given_walls(room, beta, 0.0, speed).seconds
    rt60 = DEFAULT_RT60 if box["rt60"] is None else box["rt60"]
    absorption_by(box["formula"], room, rt60, speed)
    return float(rt60)
