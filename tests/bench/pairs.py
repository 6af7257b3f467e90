"""Ours and a peer's, run in turn and both checked: a row of a table."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .check import Audio, Output, check
from .measure import Command, CommandError, Cost, in_turn, middle, ratio
from .tables import NONE, header, judged, number, row

HEADER = header(
    "job",
    "peer",
    "wall ratio",
    "CPU ratio",
    "wall s, ours / theirs",
    "CPU s",
    "MiB",
    "error dB, ours / theirs",
)


@dataclass(frozen=True)
class Pair:
    """One job, done by us and by a peer.

    Attributes
    ----------
    wall, cpu : float, optional
        targets of the ratios
    read : dict
        how the peer's output is to be read: fields of `Output`
    """

    job: str
    peer: str
    sound: Path
    taps: Audio
    ours: Command
    theirs: Command
    wall: float | None = None
    cpu: float | None = None
    read: dict[str, Any] = field(default_factory=dict)


def compare(pair: Pair, rounds: int) -> str:
    """Measure a pair and write its row."""
    print(f"{pair.job}: {pair.peer}", file=sys.stderr, flush=True)
    outputs = [pair.ours.output, pair.theirs.output]
    assert outputs[0]
    assert outputs[1]
    try:
        costs = in_turn([pair.ours, pair.theirs], rounds)
        verdicts = check(
            pair.sound, pair.taps, [Output(outputs[0]), Output(outputs[1], **pair.read)]
        )
    except CommandError as error:
        return row(pair.job, pair.peer, f"failed: {error}", *[NONE] * 5)
    finally:
        for output in outputs:
            if output:
                output.unlink(missing_ok=True)
    return row(pair.job, pair.peer, *_figures(costs, pair), " / ".join(map(str, verdicts)))


def _figures(costs: Sequence[Sequence[Cost]], pair: Pair) -> list[str]:
    ours, theirs = costs
    a, b, relative = middle(ours), middle(theirs), ratio(ours, theirs)
    return [
        judged(relative.wall, pair.wall),
        judged(relative.cpu, pair.cpu),
        f"{number(a.wall)} / {number(b.wall)}",
        f"{number(a.cpu)} / {number(b.cpu)}",
        f"{number(a.mib, 0)} / {number(b.mib, 0)}",
    ]
