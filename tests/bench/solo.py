"""Our own command, measured alone and checked once."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from . import commands
from .bench import Bench, named, taps_of
from .check import Output, Verdict, check
from .measure import Cost, in_turn, middle

PRECISIONS = ["single", "double"]


@dataclass(frozen=True)
class Solo:
    """What a job cost, as medians, and how right its output is."""

    cost: Cost
    verdict: Verdict


def convolve(
    bench: Bench, length: float, seconds: float, precision: str, subtype: str = "FLOAT"
) -> Solo:
    """Convolve a sound of some length with an impulse of some seconds, in rounds.

    Raises
    ------
    CommandError
        If the command fails.
    """
    print(f"{named(length)}, {named(seconds)}, {precision}, {subtype}", file=sys.stderr, flush=True)
    sound, impulse = bench.sound(length), bench.impulse(seconds)
    output = bench.folder / "ours.wav"
    command = commands.convolve(sound, impulse, output, precision, subtype)
    [costs] = in_turn([command], bench.rounds)
    [verdict] = check(sound, taps_of(impulse), [Output(output)])
    output.unlink()
    return Solo(middle(costs), verdict)
