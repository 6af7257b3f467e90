"""How much memory a job takes: it depends on the impulse, not on the sound."""

from __future__ import annotations

from collections.abc import Iterator

from .bench import Bench, named
from .solo import PRECISIONS, convolve
from .tables import header, judged, row

TARGETS: dict[tuple[str, float], float] = {("single", 3): 110, ("single", 10): 180}  # MiB
SECONDS = [0.4, 3, 10]


def memory(bench: Bench) -> Iterator[str]:
    """Measure peak memory against the length of the impulse."""
    length = bench.minutes(10)
    yield f"## Memory\n\n{named(length)} of stereo sound, 32-bit float out; peak MiB."
    yield "\n" + header("impulse", *PRECISIONS, "error dB, single / double")
    for seconds in SECONDS:
        solos = [convolve(bench, length, seconds, precision) for precision in PRECISIONS]
        figures = [
            judged(solo.cost.mib, TARGETS.get((precision, seconds)), 0)
            for precision, solo in zip(PRECISIONS, solos, strict=True)
        ]
        yield row(named(seconds), *figures, " / ".join(str(solo.verdict) for solo in solos))
