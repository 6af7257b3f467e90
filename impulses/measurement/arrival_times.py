"""When each part of a sweep arrived: a wrong speed is a slope of it, and lost sound a step."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from impulses.impulse import Taps
from impulses.measurement.inverses import lags
from impulses.measurement.sweeps import Sweep

WIDEST = 0.08
"""Speeds off by more are taken for other rates."""

OCTAVES = 8
"""Below the end of the sweep: what is lower arrives less sharply, and rooms ring there."""

STEEPEST = 18
"""Bands, from the highest down, whose slope is taken: six octaves."""

APART = 3
"""Thirds of an octave between two bands whose times tell a slope."""

BESIDE = 6
"""Bands on either side of a step, each of which must be at one time: two octaves."""

CLEAR = 6.0
"""How many times as large as the deviations on either side, but for one band, a step must be:
at 3, a hall whose low modes are loudest late was taken for one."""

PERIODS = 3.0
"""How many periods of its frequency a step must be: filters delay by one or less."""

SHORTEST = 2e-3
"""Seconds of a step: loudspeakers of several ways have them, up to half of this."""


@dataclass(frozen=True)
class Step:
    """A time in the sweep from which all arrives earlier (negative) or later.

    Parameters
    ----------
    seconds : float
        By how much.
    frequency : float
        In Hz, of the sweep at that time.
    """

    seconds: float
    frequency: float


def arrivals(response: Taps, lag: int, sweep: Sweep) -> tuple[Taps, Taps]:
    """Return the middles (Hz) of bands of a third of an octave, and when each is loudest (s).

    Times are from the lag, and of those within what a speed off by `WIDEST` smears.
    """
    from scipy.fft import ifft, next_fast_len, rfft

    rate = sweep.rate
    reach = min(len(response) // 2, round((WIDEST * (sweep.lead + sweep.seconds) + 0.05) * rate))
    around = lags(response, lag - reach, lag + reach)
    size = next_fast_len(len(around), real=True)
    spectrum = rfft(around, size)
    low, high = sweep.band
    count = int(3 * min(OCTAVES, np.log2(high / low)))
    edges = high * 2.0 ** (np.arange(-count, 1) / 3)
    middles, times = [], []
    for first, last in itertools.pairwise(edges):
        band = slice(int(np.ceil(first * size / rate)), int(last * size / rate))
        part = spectrum[band] * np.hanning(max(0, band.stop - band.start) + 2)[1:-1]
        if len(part) < 4:
            continue  # too narrow to have a time
        # of one side of the spectrum: the envelope, at eight times as many points as it needs
        points = next_fast_len(8 * len(part))
        loudest = int(np.abs(ifft(part, points)).argmax())
        middles.append(np.sqrt(first * last))
        times.append((loudest / points * size - reach) / rate)
    return np.array(middles), np.array(times)


def slope(middles: Taps, times: Taps, sweep: Sweep) -> float:
    """Return by how much a recording is slow beside its sweep, as arrival times tell.

    At ``1 + d`` times the duration, what is at frequency f comes ``d L ln(f)`` later. The median
    of the slopes of all pairs stands some bands that are early or late.
    """
    middles, times = middles[-STEEPEST:], times[-STEEPEST:]
    one, other = np.triu_indices(len(times), APART)
    if not len(one):
        return 0.0
    octaves = np.log(middles[other] / middles[one])
    return float(np.median((times[other] - times[one]) / octaves)) / sweep.growth


def step(middles: Taps, times: Taps) -> Step | None:
    """Return the clearest step of arrival times, if there is one."""
    found: tuple[float, Step | None] = (0.0, None)
    for split in range(BESIDE, len(times) - BESIDE + 1):
        before, after = times[split - BESIDE : split], times[split : split + BESIDE]
        seconds = float(np.median(after) - np.median(before))
        frequency = float(np.sqrt(middles[split - 1] * middles[split]))
        off = [np.sort(np.abs(side - np.median(side))) for side in (before, after)]
        beside = CLEAR * max(float(side[-2]) for side in off)
        if abs(seconds) < max(SHORTEST, PERIODS / frequency, beside):
            continue
        # where it is cleanest, one band counts as well
        clearness = abs(seconds) / (1 / frequency + float(np.sum(off)))
        if clearness > found[0]:
            found = (clearness, Step(seconds, frequency))
    return found[1]
