"""Cumulative spectral decay: spectra of the rest of an impulse after increasing times."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from impulses import analysis
from impulses.acoustics.decay import decay_end, energy_decay
from impulses.impulse import Impulse, Taps
from impulses.quantities import Hertz, Seconds, above
from impulses.spectra.transform import column, decibels, frequencies, power_of, smoothing_of


@dataclass(frozen=True, eq=False)
class CumulativeDecay:
    """Spectra of the rest of an impulse after increasing times.

    Parameters
    ----------
    hz : array, (points,)
        Frequencies, evenly spaced on a logarithmic axis.
    seconds : array, (slices,)
        Start of each slice after the onset of the impulse.
    level_db : array, (slices, points)
        Levels relative to the largest of the first slice; -inf for silence.
    smoothing : int
        Smoothing as in `Response`.
    """

    hz: Taps
    seconds: Taps
    level_db: Taps
    smoothing: int


def cumulative_decay(
    impulse: Impulse,
    *,
    channel: int = 0,
    span: Seconds | None = None,
    slices: int = 40,
    depth: float = 40.0,
    smoothing: int | None = None,
    points: int = 400,
    low: Hertz | None = None,
    high: Hertz | None = None,
) -> CumulativeDecay:
    """Return the cumulative spectral decay: spectra of the rest from increasing times on.

    Each window fades in before its slice, by half a Hann window over a hundredth of the span, to
    avoid the spectrum of a step. The first has faded in by the onset, so it covers everything.

    Parameters
    ----------
    impulse : Impulse
    channel : int
        Channel as in `response`.
    span : float > 0, optional
        Seconds from the first slice to the last; by default the time in which the impulse
        decays by `depth`.
    slices : int > 1
        Number of slices, evenly spaced in time.
    depth : float > 0
        Range of the decay in dB.
    smoothing, points, low, high
        As in `response`.

    Raises
    ------
    ImpulseError
        If there is no such channel, or a value is out of range.

    References
    ----------
    J. M. Berman, L. R. Fincham, "The application of digital techniques to the measurement of
    loudspeakers", J. Audio Eng. Soc. 25, 1977.

    Examples
    --------
    >>> taps = 10 ** (-3 * np.arange(4000) / 1000)
    >>> decay = cumulative_decay(Impulse(taps[:, np.newaxis], 1000), span=0.5, slices=3)
    >>> decay.seconds, decay.level_db[:, 0].round(0)
    (array([0.  , 0.25, 0.5 ]), array([  0., -15., -30.]))
    """
    taps = column(impulse, channel)
    taps = taps / (np.abs(taps).max() or 1.0)  # so that squares neither overflow nor vanish
    onset = analysis.onset(Impulse(taps[:, np.newaxis], impulse.rate))
    smoothing = smoothing_of(impulse, smoothing)
    if span is None:
        span = decay_span(taps[onset:], impulse.rate, depth)
        span = max(span, (slices - 1) / impulse.rate)  # slices start on different frames
    above("span", span, 0, "s")
    seconds = np.linspace(0, span, slices)
    hz = frequencies(impulse.rate, points, low, high)
    fade = max(1, round(span / 100 * impulse.rate))
    ramp = np.sin(np.pi / 2 * np.arange(1, fade + 1, dtype=np.int64) / (fade + 1)) ** 2
    power = np.zeros((slices, points))
    for row, time in zip(power, seconds, strict=True):
        start = onset + round(time * impulse.rate)
        rest = np.array(taps[max(0, start - fade) :])
        faded = min(start, fade)
        rest[:faded] *= ramp[fade - faded :][: len(rest)]
        if rest.any():
            row[:] = power_of(rest, impulse.rate, hz, smoothing)
    return CumulativeDecay(hz, seconds, decibels(power / (power[0].max() or 1.0)), smoothing)


def decay_span(taps: Taps, rate: int, depth: float) -> Seconds:
    """Return the seconds in which the energy decays by `depth` dB, or into the noise floor.

    Examples
    --------
    >>> round(decay_span(10 ** (-3 * np.arange(2000) / 1000), 1000, 30.0), 2)
    0.5
    """
    energy = taps**2
    end = decay_end(energy, rate) if energy.any() else None
    if end is None:
        return len(taps) / rate
    curve = energy_decay(energy[: end.frames], noise=end.noise, beyond=end.beyond)
    below = np.flatnonzero(curve < curve[0] * 10 ** (-depth / 10))
    return max(1, int(below[0]) if len(below) else end.frames) / rate
