"""Where the time of a long job goes, on one thread."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

from .bench import Bench, named
from .sounds import ROOT
from .tables import header, row

JOBS = [("single", "FLOAT"), ("double", "FLOAT"), ("double", "PCM_24")]
SECONDS = 3


def profile(bench: Bench) -> Iterator[str]:
    """Profile the 60 min job, function by function, and add up what belongs together."""
    length = bench.minutes(60)
    yield (
        f"## Profile\n\n{named(length)}, {named(SECONDS)} impulse, one thread; seconds of each "
        "step, start-up left out. The floor is what no such program can do without: reading, "
        "transforms and writing. The hash of the input is taken in a thread of its own."
    )
    shares = [_shares(bench, length, *job) for job in JOBS]
    yield "\n" + header("step", *(" ".join(job) for job in JOBS))
    for step in shares[0]:
        yield row(
            step, *(f"{share[step]:.2f} ({share[step] / share['all']:.0%})" for share in shares)
        )


def _shares(bench: Bench, length: float, precision: str, subtype: str) -> dict[str, float]:
    print(f"profile: {precision}, {subtype}", file=sys.stderr, flush=True)
    sound, impulse = bench.sound(length), bench.impulse(SECONDS)
    out = bench.folder / "profiled.wav"
    program = [sys.executable, "-m", f"{__package__}.profiled"]
    done = subprocess.run(
        [*program, str(sound), str(impulse), str(out), precision, subtype],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    out.unlink()
    shares: dict[str, float] = json.loads(done.stdout)
    return shares
