"""What commands cost, run in turn: wall and processor time, and peak memory."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import nan
from pathlib import Path
from statistics import median

from .sounds import ROOT

LAUNCH = Path(__file__).with_name("launch.py")


class CommandError(Exception):
    """A command failed; this is the last that it said."""


@dataclass(frozen=True)
class Command:
    """A command line, and the file that it makes, if it makes one."""

    arguments: tuple[str, ...]
    output: Path | None = None


@dataclass(frozen=True)
class Cost:
    """Seconds, seconds of all cores, and MiB; not a number where the system does not tell."""

    wall: float
    cpu: float = nan
    mib: float = nan


def run(command: Command) -> Cost:
    """Run a command from the checkout, its output removed before.

    Raises
    ------
    CommandError
        If it ends with any code but 0, or leaves no output.
    """
    if command.output:
        command.output.unlink(missing_ok=True)
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(LAUNCH), *command.arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        errors="replace",
    )
    if done.returncode or (command.output and not command.output.exists()):
        said = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        raise CommandError(said[-1] if said else f"{command.arguments[0]} made nothing")
    return Cost(**json.loads(done.stdout))


def in_turn(commands: Sequence[Command], rounds: int) -> list[list[Cost]]:
    """Run commands one after the other, again and again; return the costs of each."""
    costs: list[list[Cost]] = [[] for _ in commands]
    for _ in range(rounds):
        for command, of_command in zip(commands, costs, strict=True):
            of_command.append(run(command))
        print("   ", *(f"{each[-1].wall:7.2f} s" for each in costs), file=sys.stderr, flush=True)
    return costs


def middle(costs: Iterable[Cost]) -> Cost:
    """Return the median of each figure."""
    wall, cpu, mib = zip(*((cost.wall, cost.cpu, cost.mib) for cost in costs), strict=True)
    return Cost(median(wall), median(cpu), median(mib))


def ratio(ours: Sequence[Cost], theirs: Sequence[Cost]) -> Cost:
    """Return the median over the rounds of ours / theirs, of each figure."""
    return middle(
        Cost(a.wall / b.wall, a.cpu / b.cpu, a.mib / b.mib)
        for a, b in zip(ours, theirs, strict=True)
    )
