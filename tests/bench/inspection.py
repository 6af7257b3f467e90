"""What it costs to look at an hour of sound: a null test, its picture, and a page that explains."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.util import find_spec

from . import commands
from .bench import Bench, named
from .measure import Command, in_turn, middle, run
from .tables import header, judged, number, row

MINUTES = 60


def inspection(bench: Bench) -> Iterator[str]:
    """Measure commands that read whole files, and keep no sound."""
    length = bench.minutes(MINUTES)
    sound, other = bench.sound(length), bench.folder / "other.wav"
    run(commands.echo(sound, other))
    page, picture = bench.folder / "page.html", bench.folder / "null.png"
    runs: list[tuple[str, Command, float]] = [
        ("compare", commands.compare(sound, other), 12),
        ("explain", commands.explain(sound, bench.impulse(3), page), 10),
    ]
    if find_spec("matplotlib"):
        runs.insert(1, ("plot null", commands.null(sound, other, picture), 12))
    print("inspection", file=sys.stderr, flush=True)
    costs = in_turn([command for _, command, _ in runs], bench.rounds)
    other.unlink()
    yield (
        f"## Inspection\n\n{named(length)} of 16-bit stereo, beside its echo in 32-bit float; "
        f"explained with {named(3)}. Whole commands, in turn, medians of {bench.rounds}."
    )
    yield "\n" + header("command", "wall s", "CPU s", "MiB")
    for (name, _, target), of_one in zip(runs, costs, strict=True):
        cost = middle(of_one)
        yield row(name, judged(cost.wall, target), number(cost.cpu), number(cost.mib, 0))
