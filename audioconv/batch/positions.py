"""Source and microphone of a random room: inside, and apart.

Room and positions are drawn together, and again as long as they do not go together, all from one
stream of numbers: each room that fits is as likely as any other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from inspect import signature

from audioconv.batch.draws import Stream
from audioconv.errors import UsageError
from audioconv.ir.load import spec
from audioconv.units import parse_distance
from impulses.builders import shoebox

SHOEBOX = "shoebox"
"""The builder."""

POSITIONS = ("source", "microphone")

MARGIN = 0.5, 0.2
"""Distance from the walls that a position without a range keeps, in metres, or as a share of the
side if that is less."""

APART = 0.5, 1 / 3
"""Least distance of both, in metres, or as a share of the shortest side if that is less."""

TRIES = 10_000

Draw = Callable[[Stream], dict[str, list[str]]]


def place(draw: Draw, stream: Stream) -> dict[str, list[str]]:
    """Draw a shoebox until both positions stand in it, and return its parameters.

    Parameters
    ----------
    draw : function
        draws all parameters that are given
    stream : Stream

    Raises
    ------
    UsageError
        If they never do.
    """
    for _ in range(TRIES):
        values = draw(stream)
        room = _metres(values["room"]) if "room" in values else _default_room()
        for name in POSITIONS:
            if name not in values:
                values[name] = [_within(side, stream) for side in room]
        if _fits(room, values):
            return values
    raise UsageError(
        f"source and microphone never stand in the room and apart, in {TRIES} draws such as "
        f"{spec(SHOEBOX, values)}; give wider ranges, or leave them out"
    )


def _default_room() -> Sequence[float]:
    room: Sequence[float] = signature(shoebox).parameters["room"].default
    return room


def _metres(texts: Sequence[str]) -> list[float]:
    return [parse_distance(text) for text in texts]


def _within(side: float, stream: Stream) -> str:
    """Draw a coordinate away from both walls, to the millimetre."""
    margin = min(MARGIN[0], MARGIN[1] * side)
    return f"{margin + stream.uniform() * (side - 2 * margin):.3f}"


def _fits(room: Sequence[float], values: dict[str, list[str]]) -> bool:
    """Return whether source and every microphone are inside the room, and apart."""
    source, microphone = (_metres(values[name]) for name in POSITIONS)
    points = [source, microphone]
    if values.get("receiver") == ["stereo"]:
        default = signature(shoebox).parameters["spacing"].default
        half = (_metres(values["spacing"])[0] if "spacing" in values else default) / 2
        x, y, z = microphone
        points += [[x, y - half, z], [x, y + half, z]]
    inside = all(0 < at < side for point in points for at, side in zip(point, room, strict=True))
    least = min(APART[0], APART[1] * min(room))
    return inside and all(math.dist(source, point) >= least for point in points[1:])
