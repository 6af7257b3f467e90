"""How the cost grows with the sound, which should be in proportion, and with the impulse."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from math import log2
from statistics import median

from .bench import Bench, named
from .check import Verdict
from .plot import plot
from .solo import PRECISIONS, Solo, convolve
from .sounds import RATE
from .tables import header, number, row

MINUTES = [1, 10, 60, 600]
IMPULSES = [0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60]
FRAME = 8.5  # bytes of input and 16-bit output, and some to spare


def growth(bench: Bench) -> Iterator[str]:
    """Measure cost against the length of the sound, and against that of the impulse."""
    yield "## Growth"
    yield from _with_the_sound(bench)
    yield from _with_the_impulse(bench)


def _with_the_sound(bench: Bench) -> Iterator[str]:
    yield "\nA 3 s impulse, 16-bit stereo in and out."
    yield "\n" + header(
        "sound", "precision", "wall s", "wall s / hour", "CPU s / hour", "MiB", "error dB"
    )
    for minutes in MINUTES:
        length = bench.minutes(minutes)
        kept = (bench.folder / f"sound-{length:g}.wav").exists()
        if shutil.disk_usage(bench.folder).free < FRAME * RATE * length:
            yield row(named(length), "the folder lacks room", *[""] * 5)
            continue
        for precision in PRECISIONS:
            solo = convolve(bench, length, 3, precision, "PCM_16")
            hours, cost = length / 3600, solo.cost
            yield row(
                named(length),
                precision,
                number(cost.wall),
                number(cost.wall / hours),
                number(cost.cpu / hours),
                number(cost.mib, 0),
                solo.verdict,
            )
        if not kept:
            bench.sound(length).unlink()


def _with_the_impulse(bench: Bench) -> Iterator[str]:
    length = bench.minutes(10)
    yield (
        f"\n{named(length)} of sound, 32-bit float out: CPU seconds per hour of sound, less "
        f"start-up, which is what 1 s of sound costs with {named(IMPULSES[0])}. Beside it "
        "(n + K) log K, scaled to fit, for n frames of sound and K of impulse."
    )
    names = [name for precision in PRECISIONS for name in (precision, "n log K")]
    yield "\n" + header("impulse", *names, "error dB, single / double")
    measured: dict[str, list[float]] = {}
    fitted: dict[str, list[float]] = {}
    verdicts: list[list[Verdict]] = []
    for precision in PRECISIONS:
        start = convolve(bench, 1, IMPULSES[0], precision).cost.cpu
        solos: list[Solo] = [convolve(bench, length, each, precision) for each in IMPULSES]
        hourly = [(solo.cost.cpu - start) * 3600 / length for solo in solos]
        measured[precision], fitted[precision] = hourly, _fit(hourly, length)
        verdicts.append([solo.verdict for solo in solos])
    for i, seconds in enumerate(IMPULSES):
        figures = [number(of[p][i]) for p in PRECISIONS for of in (measured, fitted)]
        yield row(named(seconds), *figures, " / ".join(str(each[i]) for each in verdicts))
    if bench.plot:
        yield "\n" + plot(bench.plot, IMPULSES, measured, fitted)


def _fit(costs: list[float], length: float) -> list[float]:
    """Scale (n + K) log K to the costs, by the median of their ratios."""
    work = [(length + seconds) * log2(seconds * RATE) for seconds in IMPULSES]
    scale = median(cost / each for cost, each in zip(costs, work, strict=True))
    return [scale * each for each in work]
