"""Reverberation times of random shoebox rooms: ``python -m tests.bench.rooms [COUNT]``.

A table in Markdown of each room at 16 kHz, with the absorption that Eyring's formula gives and with
that fitted to the room: T20, T30 and the level at which the default length cuts the decay. T20 and
T30 are lines fitted to the decay, integrated backwards from the end of a response twice as long.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from time import process_time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impulses import Impulse
from impulses.acoustics.reverberation import eyring, wall_areas
from impulses.builders import shoebox
from impulses.builders.shoebox import Formula

from .tables import header, row

RATE = 16000
IMAGES = 2e6
SEED = 1
ROUNDS = 3


def rooms(count: int) -> Iterator[tuple[float, dict[str, Any]]]:
    """Yield Eyring's absorption, 0.05 to 0.6, and the parameters of a room of at most `IMAGES`.

    Sides are 3 to 12, 2.5 to 10 and 2.2 to 5 m; source and microphone are half a metre apart or
    more, and a tenth of each side or more from the walls.
    """
    generator = np.random.default_rng(SEED)
    while count:
        sides = generator.uniform((3, 2.5, 2.2), (12, 10, 5))
        source, microphone = sides * generator.uniform(0.1, 0.9, (2, 3))
        absorption = float(generator.uniform(0.05, 0.6))
        rt60 = float(eyring(math.prod(sides), wall_areas(list(sides)), [absorption] * 6))
        # until the decay has fallen by 65 dB, at about 1.3 times the rt60
        images = 4 / 3 * math.pi * (1.3 * rt60 * 343) ** 3 / math.prod(sides)
        if images < IMAGES and math.dist(source, microphone) > 0.5:
            count -= 1
            place = {"room": sides, "source": source, "microphone": microphone}
            yield absorption, place | {"rt60": rt60}


def main(count: int) -> None:
    """Print the table, and a summary below it."""
    print(header("Eyring's a", "rt60 s", "T20", "T30", "cut dB", "T20", "T30", "cut dB"))
    errors: list[list[float]] = [[], []]
    seconds = np.zeros(2)
    shoebox(RATE, rt60=0.2)  # imports, once
    for absorption, room in rooms(count):
        place = {key: room[key] for key in ("room", "source", "microphone")}
        ways = ({**place, "absorption": [absorption]}, room)
        figures = []
        for way, parameters in enumerate(ways):
            figures += _figures(parameters, room["rt60"])
            errors[way].append(figures[3 * way] / room["rt60"] - 1)
        seconds += _cost(room)
        print(row(f"{absorption:.3f}", f"{room['rt60']:.3f}", *(f"{f:.3f}" for f in figures)))
    for name, found in zip(("Eyring", "fitted"), errors, strict=True):
        off = np.abs(found)
        print(
            f"\n{name}: T20 is {1 + np.median(found):.3f} of rt60 in the median, "
            f"{1 + min(found):.3f} to {1 + max(found):.3f}; off by {np.median(off):.2%} in the "
            f"median, {off.max():.2%} at most"
        )
    print(f"\n{seconds[1]:.2f} s of processor time, {seconds[1] / seconds[0] - 1:.1%} for the fit")


def _figures(parameters: dict[str, Any], rt60: float) -> list[float]:
    """Return T20, T30 and the level in dB at the default length."""
    frames = shoebox(RATE, **parameters).frames
    length = 2 * max(frames, round(rt60 * RATE)) / RATE
    levels = _levels(shoebox(RATE, **parameters, length=length))
    return [_time(levels, 25), _time(levels, 35), float(levels[frames])]


def _levels(impulse: Impulse) -> NDArray[np.float64]:
    energy = np.cumsum((impulse.taps[:, 0] ** 2)[::-1])[::-1]
    levels: NDArray[np.float64] = 10 * np.log10(energy / energy[0])
    return levels


def _time(levels: NDArray[np.float64], lower: float) -> float:
    first, last = np.searchsorted(-levels, [5, lower])
    slope = np.polyfit(np.arange(first, last) / RATE, levels[first:last], 1)[0]
    return float(-60 / slope)


def _cost(room: dict[str, Any]) -> list[float]:
    """Return the processor time without and with the fit, at the length that it gives.

    Each is the least of several rounds in turn, as other programs only add to it.
    """
    length = shoebox(RATE, **room).frames / RATE
    rounds = [
        [_seconds(room, formula, length) for formula in ("eyring", "fit")] for _ in range(ROUNDS)
    ]
    return [min(times) for times in zip(*rounds, strict=True)]


def _seconds(room: dict[str, Any], formula: Formula, length: float) -> float:
    start = process_time()
    shoebox(RATE, **room, formula=formula, length=length)
    return process_time() - start


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
