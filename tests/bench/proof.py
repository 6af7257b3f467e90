"""What a proof costs: a run with `--verify`, and `verify` alone, beside the run without."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from . import commands
from .bench import Bench, named
from .measure import Command, in_turn, middle, ratio
from .tables import header, judged, number, row

RUN, ECHO, ALONE = 1.25, 1.5, 2.0
"""Most that a proof may cost, as ratios of wall time."""


def proof(bench: Bench) -> Iterator[str]:
    """Measure runs that are proven, in turn with runs that are not."""
    yield "## Proof"
    yield "\nWall time and memory of a run, of one with `--verify`, and of `verify` alone.\n"
    yield header("job", "`--verify` / run", "`verify` / run", "wall s", "MiB")
    for minutes in (1, 10, 60):
        length = bench.minutes(minutes)
        sound, impulse = bench.sound(length), bench.impulse(3)
        output = bench.folder / "plain.wav"
        for subtype in ("FLOAT", "PCM_16"):
            plain = commands.convolve(sound, impulse, output, subtype=subtype)
            known = ("--ir", str(impulse))
            yield _row(f"{named(length)}, 3 s, {subtype}", plain, known, bench, RUN)
        echo = commands.echo(sound, output)
        spec = f"double-spike:delay={commands.DELAY}S,gain={commands.GAIN}"
        yield _row(f"{named(length)}, echo", echo, ("--ir", spec), bench, ECHO)


def _row(job: str, plain: Command, known: tuple[str, ...], bench: Bench, most: float) -> str:
    print(job, file=sys.stderr, flush=True)
    assert plain.output
    output = plain.output.with_name("proven.wav")
    verb, sound, _, *how = plain.arguments[3:]
    start = plain.arguments[:3]
    proven = Command((*start, verb, sound, str(output), *how, "--verify"), output)
    alone = Command((*start, "verify", sound, str(output), *known, "-q"))
    costs = in_turn([plain, proven, alone], bench.rounds)
    for made in (plain.output, output):
        made.unlink()
    ratios = [ratio(those, costs[0]) for those in costs[1:]]
    medians = [middle(those) for those in costs]
    return row(
        job,
        judged(ratios[0].wall, most),
        judged(ratios[1].wall, ALONE),
        " / ".join(number(cost.wall) for cost in medians),
        " / ".join(number(cost.mib, 0) for cost in medians),
    )
