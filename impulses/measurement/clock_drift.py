"""Speed of a recording relative to its excitation, from the sharpness of the response.

A speed difference divides the parts of an excitation out at wrong times and smears the response.
The speed is estimated by undoing the smear for a range of speeds; the sharpest response wins.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from impulses.impulse import Taps
from impulses.measurement.arrival_times import MAX_DRIFT, arrival_times, relative_drift
from impulses.measurement.inverses import take_lags
from impulses.measurement.sweeps import Sweep

RATES = (32000, 44100, 48000, 88200, 96000)
"""Sample rates that may be mistaken for each other."""

SHARP = 0.05
"""Share of the energy in one sample above which a response is sharp: a wrong rate always leaves
less. Some rooms have less too, which only costs the search."""

SHARP_WITHOUT_FORMULA = 0.003
"""The same without the formula of the excitation, where the search is ten times as slow: a wrong
rate leaves less of a sweep of a second."""

SHARPER = 2.0
"""Ratio by which the peak must be higher at another of the `RATES`."""

CREST = 30.0
"""Crest factor that the peak must then have; chance reaches 6."""

MAX_CLOCK_DRIFT = 1e-3
"""Largest drift that is searched exhaustively."""

CLEARER = 1.6
"""Ratio by which the peak must be higher without its drift: fitting a drift to the reflections of
some rooms gains up to 1.5. With ten seconds of sweep this detects 100 to 300 ppm."""

ROUNDS = 3
"""Rounds of estimating the slope of the arrival times and undoing it."""


def wrong_rate(
    response: Taps, recording: Taps, excitation: Taps, sweep: Sweep | None
) -> tuple[int, int] | None:
    """Return the true and the assumed rate whose ratio is the speed of a smeared recording.

    Parameters
    ----------
    response : array, (lags,)
        The recording divided by the excitation.
    recording, excitation : array, (frames,)
        One channel of each.
    sweep : Sweep or None
        Parameters of the excitation.

    Returns
    -------
    tuple of int or None
        None if the response is sharp, or no ratio of common rates makes it sharper.
    """
    analytic = sweep is not None and sweep.kind != "mls"
    sharp = SHARP if analytic else SHARP_WITHOUT_FORMULA
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


class ClockDrift(NamedTuple):
    """How slow a recording is relative to its sweep.

    Parameters
    ----------
    drift : float
        The sweep at time t is recorded at ``t (1 + drift)``; 0 if the drift is within two steps
        of the resolution, or undoing it gains too little.
    resolution : float
        Smallest step of `drift`.
    gain : float
        Ratio by which the peak is higher without the best drift, even if that is not clear.
    """

    drift: float
    resolution: float
    gain: float


def clock_drift(response: Taps, lag: int, sweep: Sweep) -> ClockDrift:
    """Estimate how slow a recording is relative to its sweep, from some ppm to some percent.

    Parameters
    ----------
    response : array, (lags,)
        The recording divided by the sweep.
    lag : int
        Lag of its peak.
    sweep : Sweep
        Exponential or synchronised.
    """
    # half a period of delay across the top octave, from which most of the peak comes
    resolution = 1 / (2 * np.log(2) * sweep.growth * sweep.band[1])
    near, gain = _sharpest(response, lag, sweep, resolution)
    far, higher = _from_arrival_times(response, lag, sweep, resolution)
    best, gain = (far, higher) if higher > gain else (near, gain)
    clear = gain > CLEARER and abs(best) > 2 * resolution
    return ClockDrift(best if clear else 0.0, resolution, gain)


def _from_arrival_times(
    response: Taps, lag: int, sweep: Sweep, resolution: float
) -> tuple[float, float]:
    """Return the drift that arrival times show, refined by sharpness, and its gain."""
    reach = min(len(response) // 2, _reach(sweep, MAX_DRIFT))
    undone = around = take_lags(response, lag - reach, lag + reach)
    stretch = 1.0
    # arrival times get clearer with each round, as less smear is left
    for _ in range(ROUNDS):
        times = arrival_times(undone, int(np.abs(undone).argmax()), sweep)
        further = relative_drift(*times, sweep)
        if not abs(stretch * (1 + further) - 1) <= MAX_DRIFT:
            return 0.0, 1.0
        stretch *= 1 + further
        undone = next(_at_speeds(around, sweep, [1 / stretch]))
    if abs(stretch - 1) < MAX_CLOCK_DRIFT / 2:
        return 0.0, 1.0
    rest, _ = _sharpest(undone, int(np.abs(undone).argmax()), sweep, resolution)
    stretch *= 1 + rest
    crests = _crests(around, sweep, [1.0, 1 / stretch], oversampling=2)
    return stretch - 1, crests[1 / stretch] / crests[1.0]


def _sharpest(response: Taps, lag: int, sweep: Sweep, resolution: float) -> tuple[float, float]:
    """Return the drift without which the peak is highest, up to `MAX_CLOCK_DRIFT`, and the gain."""
    reach = _reach(sweep, MAX_CLOCK_DRIFT)
    around = take_lags(response, lag - reach, lag + reach)
    steps = max(1, min(400, int(MAX_CLOCK_DRIFT / resolution)))
    drifts = np.arange(-steps, steps + 1, dtype=np.int64) * (MAX_CLOCK_DRIFT / steps)
    # oversampled, so that no peak falls between samples
    coarse = _crests(around, sweep, list(1 / (1 + drifts)), oversampling=2)
    best = 1 / max(coarse, key=lambda ratio: coarse[ratio]) - 1
    near = best + np.arange(-8, 9, dtype=np.int64) / 8 * (MAX_CLOCK_DRIFT / steps)
    fine = _crests(around, sweep, [1.0, *(1 / (1 + near))], oversampling=2)
    ratio = max(fine, key=lambda ratio: fine[ratio])
    return 1 / ratio - 1, fine[ratio] / fine[1.0] if fine[1.0] else 1.0


def _reach(sweep: Sweep, drift: float) -> int:
    """Return the frames by which a drift smears to either side, plus a twentieth of a second."""
    return round((drift * (sweep.lead + sweep.seconds) + 0.05) * sweep.rate)


def _crests(
    response: Taps, sweep: Sweep, ratios: list[float], *, oversampling: int = 1
) -> dict[float, float]:
    """Return the crest factor of a response at other speeds of the recording."""
    undone = _at_speeds(response, sweep, ratios, oversampling=oversampling)
    return {ratio: _crest(other) for ratio, other in zip(ratios, undone, strict=True)}


def _at_speeds(
    response: Taps, sweep: Sweep, ratios: list[float], *, oversampling: int = 1
) -> Iterator[Taps]:
    """Yield a response as if the recording had run at other speeds.

    A sweep at r times the speed has the phase of the sweep at f / r. Division has removed the
    phase at f; the difference of the two is removed here.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    size = next_fast_len(len(response), real=True)
    spectrum = rfft(response, size)
    frequency = np.arange(len(spectrum), dtype=np.int64) * (sweep.rate / size)
    low, high = sweep.band
    inside = slice(*np.searchsorted(frequency, (low, high)))
    frequency = frequency[inside]
    own = _phase_turns(frequency, sweep)
    for ratio in ratios:
        turns = _phase_turns(frequency / ratio, sweep) - own
        sharper = np.zeros(oversampling * size // 2 + 1, np.complex128)
        sharper[inside] = spectrum[inside] * np.exp(-2j * np.pi * turns)
        yield irfft(sharper, oversampling * size)


def _phase_turns(frequency: NDArray[np.floating], sweep: Sweep) -> Taps:
    """Return the phase of a sweep's spectrum, in turns, up to a constant (Novak 2015, eq. 43)."""
    turns: Taps = frequency * (
        sweep.growth * (1 - np.log(frequency / sweep.start)) - sweep.lead_frames / sweep.rate
    )
    return turns


def _crest_at(recording: Taps, excitation: Taps, true: int, assumed: int) -> float:
    """Return the crest factor of a recording divided by an excitation of another rate."""
    from scipy.fft import irfft, next_fast_len, rfft
    from scipy.signal import resample

    # padded to a length at which the ratio of the rates is exact
    common = math.gcd(true, assumed)
    pieces = next_fast_len(-(-len(excitation) * common // assumed))
    padded = np.pad(excitation, (0, pieces * assumed // common - len(excitation)))
    played = resample(padded, pieces * true // common)
    size = next_fast_len(len(recording) + len(played), real=True)
    spectrum: NDArray[np.complex128] = rfft(played, size)
    spectrum /= np.abs(spectrum) + 1e-3 * np.abs(spectrum).max()
    return _crest(irfft(rfft(recording, size) * np.conj(spectrum), size))


def _crest(response: Taps) -> float:
    """Return the crest factor: peak over root mean square."""
    power = float(np.mean(response**2))
    return float(np.abs(response).max() / np.sqrt(power)) if power else 0.0
