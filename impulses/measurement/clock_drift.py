"""Whether a recording ran at the speed of what was played: by the sharpness of the response.

At another speed, the parts of an excitation are divided out at wrong times, and the response is
smeared. To undo that for a range of speeds and to see where it is sharpest tells the speed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from impulses.impulse import Taps
from impulses.measurement.arrival_times import WIDEST, arrivals, slope
from impulses.measurement.inverses import lags
from impulses.measurement.sweeps import Sweep

RATES = (32000, 44100, 48000, 88200, 96000)
"""Rates that are taken for each other."""

SHARP = 0.05
"""Share of the energy in one sample from which a response cannot be smeared by so much: less
is left of any, and some rooms have as little by themselves, which only costs the search."""

SHARP_BESIDE = 0.003
"""The same where the formula of the excitation is not known and the search is ten times as slow:
a wrong speed leaves less of a sweep of a second."""

SHARPER = 2.0
"""How much higher the peak must be at another of the `RATES`."""

CREST = 30.0
"""What the peak must then be beside the root mean square; chance reaches 6."""

WIDEST_DRIFT = 1e-3
CLEARER = 1.6
"""How much higher the peak must be without its drift; the reflections of some rooms, taken for
a drift, reach 1.5. Ten seconds of sweep show 100 to 300 ppm by this."""

ROUNDS = 3
"""How often the slope of arrival times is undone and taken again."""


def wrong_rate(
    response: Taps, recording: Taps, excitation: Taps, sweep: Sweep | None
) -> tuple[int, int] | None:
    """Return the rates, true and taken, whose ratio is the speed of a smeared recording.

    Parameters
    ----------
    response : array, (lags,)
        The recording divided by the excitation.
    recording, excitation : array, (frames,)
        One channel of each.
    sweep : Sweep or None
        What the excitation was made from.

    Returns
    -------
    tuple of int or None
        None where the response is sharp, or no ratio of common rates makes it sharper.
    """
    analytic = sweep is not None and sweep.kind != "mls"
    sharp = SHARP if analytic else SHARP_BESIDE
    if np.abs(response).max() ** 2 > sharp * np.sum(response**2):
        return None
    pairs = {b / a: (a, b) for a in reversed(RATES) for b in RATES if a != b}
    if sweep is not None and analytic:
        crests = _crests(response, sweep, [1.0, *pairs])
    else:
        crests = {r: _crest_at(recording, excitation, *pairs.get(r, (1, 1))) for r in (1, *pairs)}
    best = max(crests, key=lambda ratio: crests[ratio])
    clear = best != 1 and crests[best] > max(CREST, SHARPER * crests[1.0])
    return pairs[best] if clear else None


class Drift(NamedTuple):
    """By how much a recording is slow beside its sweep.

    Parameters
    ----------
    found : float
        A part of the sweep played at time t is recorded at ``t (1 + found)``; 0 where it is
        within two steps, or undoing it sharpens too little.
    step : float
        The finest that can be told.
    gain : float
        How much higher the peak is without the drift that suits it best, clear or not.
    """

    found: float
    step: float
    gain: float


def drift(response: Taps, lag: int, sweep: Sweep) -> Drift:
    """Return by how much a recording is slow beside its sweep: by some ppm, or some percent.

    Parameters
    ----------
    response : array, (lags,)
        The recording divided by the sweep.
    lag : int
        Of its peak.
    sweep : Sweep
        Exponential or synchronised.
    """
    # within an octave at the top, where most of the peak comes from, this is a period's half
    step = 1 / (2 * np.log(2) * sweep.growth * sweep.band[1])
    near, gain = _sharpest(response, lag, sweep, step)
    far, higher = _by_slope(response, lag, sweep, step)
    best, gain = (far, higher) if higher > gain else (near, gain)
    return Drift(best if gain > CLEARER and abs(best) > 2 * step else 0.0, step, gain)


def _by_slope(response: Taps, lag: int, sweep: Sweep, step: float) -> tuple[float, float]:
    """Return the drift that the arrival times of its parts tell, made sharp, and its gain."""
    reach = min(len(response) // 2, _reach(sweep, WIDEST))
    undone = around = lags(response, lag - reach, lag + reach)
    both = 1.0
    # times are the clearer, the less they are smeared
    for _ in range(ROUNDS):
        further = slope(*arrivals(undone, int(np.abs(undone).argmax()), sweep), sweep)
        if not abs(both * (1 + further) - 1) <= WIDEST:
            return 0.0, 1.0
        both *= 1 + further
        undone = next(_at_speeds(around, sweep, [1 / both]))
    if abs(both - 1) < WIDEST_DRIFT / 2:
        return 0.0, 1.0
    rest, _ = _sharpest(undone, int(np.abs(undone).argmax()), sweep, step)
    both *= 1 + rest
    crests = _crests(around, sweep, [1.0, 1 / both], finer=2)
    return both - 1, crests[1 / both] / crests[1.0]


def _sharpest(response: Taps, lag: int, sweep: Sweep, step: float) -> tuple[float, float]:
    """Return the drift, within `WIDEST_DRIFT`, without which the peak is highest, and its gain."""
    reach = _reach(sweep, WIDEST_DRIFT)
    around = lags(response, lag - reach, lag + reach)
    steps = max(1, min(400, int(WIDEST_DRIFT / step)))
    drifts = np.arange(-steps, steps + 1) * (WIDEST_DRIFT / steps)
    # twice as many samples as there are, so that no peak falls between them
    coarse = _crests(around, sweep, list(1 / (1 + drifts)), finer=2)
    best = 1 / max(coarse, key=lambda ratio: coarse[ratio]) - 1
    near = best + np.arange(-8, 9) / 8 * (WIDEST_DRIFT / steps)
    fine = _crests(around, sweep, [1.0, *(1 / (1 + near))], finer=2)
    ratio = max(fine, key=lambda ratio: fine[ratio])
    return 1 / ratio - 1, fine[ratio] / fine[1.0] if fine[1.0] else 1.0


def _reach(sweep: Sweep, drift: float) -> int:
    """Return frames: what a whole drift smears to either side, and a twentieth of a second."""
    return round((drift * (sweep.lead + sweep.seconds) + 0.05) * sweep.rate)


def _crests(
    response: Taps, sweep: Sweep, ratios: list[float], *, finer: int = 1
) -> dict[float, float]:
    """Return peak over root mean square of a response as it would be at other speeds."""
    undone = _at_speeds(response, sweep, ratios, finer=finer)
    return {ratio: _crest(other) for ratio, other in zip(ratios, undone, strict=True)}


def _at_speeds(
    response: Taps, sweep: Sweep, ratios: list[float], *, finer: int = 1
) -> Iterator[Taps]:
    """Yield a response as it would be if the recording had run at other speeds.

    A sweep at r times the speed has the phase of the sweep at f / r, which the division has
    left beside that at f; it is taken off here.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    size = next_fast_len(len(response), real=True)
    spectrum = rfft(response, size)
    frequency = np.arange(len(spectrum)) * (sweep.rate / size)
    low, high = sweep.band
    inside = slice(*np.searchsorted(frequency, (low, high)))
    frequency = frequency[inside]
    own = _turns(frequency, sweep)
    for ratio in ratios:
        turns = _turns(frequency / ratio, sweep) - own
        sharper = np.zeros(finer * size // 2 + 1, np.complex128)
        sharper[inside] = spectrum[inside] * np.exp(-2j * np.pi * turns)
        yield irfft(sharper, finer * size)


def _turns(frequency: NDArray[np.floating], sweep: Sweep) -> Taps:
    """Return the phase of a sweep's spectrum, in turns, up to a constant (Novak 2015, eq. 43)."""
    turns: Taps = frequency * (
        sweep.growth * (1 - np.log(frequency / sweep.start)) - sweep.lead_frames / sweep.rate
    )
    return turns


def _crest_at(recording: Taps, excitation: Taps, true: int, taken: int) -> float:
    """Return the crest of a recording against an excitation of a rate taken for another."""
    from scipy.fft import irfft, next_fast_len, rfft
    from scipy.signal import resample

    # so long that the ratio of lengths is exact
    common = math.gcd(true, taken)
    pieces = next_fast_len(-(-len(excitation) * common // taken))
    padded = np.pad(excitation, (0, pieces * taken // common - len(excitation)))
    played = resample(padded, pieces * true // common)
    size = next_fast_len(len(recording) + len(played), real=True)
    spectrum: NDArray[np.complex128] = rfft(played, size)
    spectrum /= np.abs(spectrum) + 1e-3 * np.abs(spectrum).max()
    return _crest(irfft(rfft(recording, size) * np.conj(spectrum), size))


def _crest(response: Taps) -> float:
    power = float(np.mean(response**2))
    return float(np.abs(response).max() / np.sqrt(power)) if power else 0.0
