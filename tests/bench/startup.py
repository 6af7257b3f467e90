"""How long the shortest jobs take, beside what Python and NumPy take alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from . import commands
from .bench import Bench
from .measure import Command, in_turn, middle, ratio
from .sounds import SAMPLES
from .tables import header, judged, number, row

LEAST_ROUNDS = 9


def startup(bench: Bench) -> Iterator[str]:
    """Measure help, a one-second echo, and convolutions of one and three seconds."""
    rounds = max(LEAST_ROUNDS, bench.rounds)
    sound, output = bench.sound(1), bench.folder / "ours.wav"
    recorded = SAMPLES / "speech.wav", SAMPLES / "hall.wav"
    runs: list[tuple[str, Command, float | None]] = [
        ("`python -c 'import numpy'`", Command((sys.executable, "-c", "import numpy")), None),
        ("`audioconv --help`", Command((sys.executable, "-m", "audioconv", "--help")), 0.15),
        ("echo, 1 s", commands.echo(sound, output), 0.2),
        ("FFT, 1 s with 0.4 s", commands.convolve(sound, bench.impulse(0.4), output), 0.4),
        ("FFT, speech with the hall", commands.convolve(*recorded, output), 0.25),
    ]
    print("start-up", file=sys.stderr, flush=True)
    costs = in_turn([command for _, command, _ in runs], rounds)
    output.unlink()
    yield f"## Start-up\n\nWhole commands, in turn, medians of {rounds}."
    yield "\n" + header("command", "wall s", "CPU s", "MiB", "wall / import of NumPy")
    for (name, _, target), of_one in zip(runs, costs, strict=True):
        cost = middle(of_one)
        relative = ratio(of_one, costs[0]).wall
        yield row(
            name,
            judged(cost.wall, target),
            number(cost.cpu),
            number(cost.mib, 0),
            number(relative),
        )
