"""Arrival time of each part of a sweep: a wrong speed is a slope, lost sound a step."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from impulses.impulse import Taps
from impulses.measurement.inverses import take_lags
from impulses.measurement.sweeps import Sweep

MAX_DRIFT = 0.08
"""Largest deviation of the speed; beyond it, the recording has another sample rate."""

OCTAVES = 8
"""Octaves below the end of the sweep: lower ones arrive less sharply, and rooms ring there."""

SLOPE_BANDS = 18
"""Highest bands, six octaves, from which the slope is estimated."""

APART = 3
"""Bands between two arrival times that give a slope: an octave."""

BESIDE = 6
"""Bands on either side of a step, two octaves, that must arrive at one time."""

CLEAR = 6.0
"""Ratio of a step to the largest deviation on either side, but for one band: at 3, a hall whose low
modes peak late passed for a step."""

PERIODS = 3.0
"""Periods of its frequency that a step must last: filters delay by one at most."""

SHORTEST = 2e-3
"""Shortest step in seconds: multi-way loudspeakers have steps of up to half of it."""


@dataclass(frozen=True)
class Step:
    """A time in the sweep from which all sound arrives earlier or later.

    Parameters
    ----------
    seconds : float
        Delay after the step; negative if the sound arrives earlier.
    frequency : float
        Frequency of the sweep at the step, in Hz.
    """

    seconds: float
    frequency: float


def arrival_times(response: Taps, lag: int, sweep: Sweep) -> tuple[Taps, Taps]:
    """Return when each third of an octave is loudest.

    Parameters
    ----------
    response : array, (lags,)
        The recording divided by the sweep.
    lag : int
        Lag of the peak.
    sweep : Sweep
        Exponential or synchronised.

    Returns
    -------
    middles : array, (bands,)
        Mid-band frequencies in Hz.
    times : array, (bands,)
        Seconds from the lag, as far as a drift of `MAX_DRIFT` smears the response.
    """
    from scipy.fft import ifft, next_fast_len, rfft

    rate = sweep.rate
    reach = min(len(response) // 2, round((MAX_DRIFT * (sweep.lead + sweep.seconds) + 0.05) * rate))
    around = take_lags(response, lag - reach, lag + reach)
    size = next_fast_len(len(around), real=True)
    spectrum = rfft(around, size)
    low, high = sweep.band
    count = int(3 * min(OCTAVES, np.log2(high / low)))
    edges = high * 2.0 ** (np.arange(-count, 1, dtype=np.int64) / 3)
    middles, times = [], []
    for first, last in itertools.pairwise(edges):
        band = slice(int(np.ceil(first * size / rate)), int(last * size / rate))
        part = spectrum[band] * np.hanning(max(0, band.stop - band.start) + 2)[1:-1]
        if len(part) < 4:
            continue  # too narrow for a time
        # a one-sided spectrum gives the envelope, here at eight times the critical rate
        points = next_fast_len(8 * len(part))
        loudest = int(np.abs(ifft(part, points)).argmax())
        middles.append(np.sqrt(first * last))
        times.append((loudest / points * size - reach) / rate)
    return np.array(middles), np.array(times)


def relative_drift(middles: Taps, times: Taps, sweep: Sweep) -> float:
    """Return by how much a recording is slow relative to its sweep, from arrival times.

    At ``1 + d`` times the duration, frequency f arrives ``d L ln(f)`` later. The median slope over
    all pairs of bands is robust against single bands that are early or late.
    """
    middles, times = middles[-SLOPE_BANDS:], times[-SLOPE_BANDS:]
    one, other = np.triu_indices(len(times), APART)
    if not len(one):
        return 0.0
    ratios = np.log(middles[other] / middles[one])
    return float(np.median((times[other] - times[one]) / ratios)) / sweep.growth


def find_step(middles: Taps, times: Taps) -> Step | None:
    """Return the clearest step of the arrival times, if there is one."""
    best: tuple[float, Step | None] = (0.0, None)
    for split in range(BESIDE, len(times) - BESIDE + 1):
        before, after = times[split - BESIDE : split], times[split : split + BESIDE]
        seconds = float(np.median(after) - np.median(before))
        frequency = float(np.sqrt(middles[split - 1] * middles[split]))
        deviations = [np.sort(np.abs(side - np.median(side))) for side in (before, after)]
        scatter = CLEAR * max(float(side[-2]) for side in deviations)
        if abs(seconds) < max(SHORTEST, PERIODS / frequency, scatter):
            continue
        # here every band counts, so that the cleanest split wins
        clearness = abs(seconds) / (1 / frequency + float(np.sum(deviations)))
        if clearness > best[0]:
            best = (clearness, Step(seconds, frequency))
    return best[1]
