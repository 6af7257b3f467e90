"""Magnitude, phase and group delay of an impulse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from impulses.impulse import Impulse, Taps, to_db
from impulses.quantities import Hertz
from impulses.spectra.transform import column, decibels, frequencies, smoothing_of, spectrum_of

EDGE = 1e-6
"""Degrees from -180 within which a phase is taken as 180, as its sign is due to rounding."""

POINTS = 1000
"""Default number of frequencies: three for each dot of a printed line."""

UNDEFINED = -100.0
"""Level in dB, relative to the largest, below which phase and delay are rounding errors."""

SYMMETRY = 1e-3
"""Asymmetry of taps relative to the peak up to which their phase is linear."""

FEWEST_SYMMETRIC = 3
"""Taps that a filter of linear phase has at least."""


@dataclass(frozen=True, eq=False)
class Response:
    """The frequency response of one channel of an impulse.

    Parameters
    ----------
    hz : array, (points,)
        Frequencies, evenly spaced on a logarithmic axis.
    magnitude_db : array, (points,)
        Magnitude; -inf for 0.
    phase_deg : array, (points,)
        Phase in (-180, 180] degrees, with `delay` removed; NaN where undefined.
    group_delay : array, (points,)
        Seconds from time 0, including `delay`; NaN where undefined.
    delay : float
        Seconds from time 0 to the peak of the impulse.
    smoothing : int
        N for averages over 1/N octave; 0 for none.
    """

    hz: Taps
    magnitude_db: Taps
    phase_deg: Taps
    group_delay: Taps
    delay: float
    smoothing: int


def response(
    impulse: Impulse,
    *,
    channel: int = 0,
    smoothing: int | None = None,
    points: int = POINTS,
    low: Hertz | None = None,
    high: Hertz | None = None,
) -> Response:
    """Return magnitude, phase and group delay of one channel.

    With smoothing, the magnitude is that of the mean energy, the phase that of the mean of
    ``H`` (with the delay removed), and the group delay the energy-weighted mean,
    ``sum of Re(conj(H) G) / sum of abs(H)^2``, where `G` is the transform of ``n h[n]``.

    Parameters
    ----------
    impulse : Impulse
    channel : int
        Column of the taps; in a matrix, path ``input * outputs + output``.
    smoothing : int >= 0, optional
        N averages over 1/N octave, 0 is none; by default 0 up to `SHORT` frames, 12 for longer
        impulses.
    points : int > 1
        Number of frequencies.
    low, high : float, optional
        Range of frequencies in Hz; by default from 20 Hz to half the rate.

    Raises
    ------
    ImpulseError
        If there is no such channel, smoothing is below 0, or the range is not within that of the
        rate.

    References
    ----------
    J. O. Smith, "Introduction to Digital Filters", 2007: "Numerical Computation of Group Delay".

    Examples
    --------
    >>> delayed = response(Impulse([[0.0], [0.0], [0.5]], 1000), points=3)
    >>> delayed.magnitude_db.round(2), delayed.group_delay.round(6)
    (array([-6.02, -6.02, -6.02]), array([0.002, 0.002, 0.002]))
    """
    taps = column(impulse, channel)
    smoothing = smoothing_of(impulse, smoothing)
    hz = frequencies(impulse.rate, points, low, high)
    peak = int(np.argmax(np.abs(taps)))
    largest = float(np.abs(taps[peak])) or 1.0  # so that squares neither overflow nor vanish
    spectrum = spectrum_of(taps / largest, impulse.rate, hz, smoothing, peak)
    power = spectrum.power
    defined = power > power.max() * 10 ** (UNDEFINED / 10)
    delays = np.full(points, np.nan)
    np.divide(spectrum.moment, power, out=delays, where=defined)
    phase = np.where(defined, np.angle(spectrum.mean, deg=True), np.nan)
    phase[phase < EDGE - 180] = 180.0  # -180 only by rounding
    delay = (peak - impulse.origin) / impulse.rate
    return Response(
        hz, decibels(power) + to_db(largest), phase, delays / impulse.rate + delay, delay, smoothing
    )


def linear_phase_delay(taps: Taps) -> float | None:
    """Return the delay of a filter of linear phase in samples: the centre of its symmetry.

    Taps that are symmetric or antisymmetric about a sample, or halfway between two, delay all
    frequencies by the same time.

    Parameters
    ----------
    taps : array, (frames,)

    Returns
    -------
    float or None
        None without such a symmetry, to a thousandth of the peak, which 16 bits keep

    Examples
    --------
    >>> linear_phase_delay(np.array([0.0, 0.0, 1.0, 2.0, 1.0])), linear_phase_delay(np.arange(4.0))
    (3.0, None)
    """
    largest = np.abs(taps).max(initial=0.0)
    audible = np.flatnonzero(np.abs(taps) > SYMMETRY * largest)
    if len(audible) < FEWEST_SYMMETRIC:  # a pair of spikes is as symmetric, but an echo
        return None
    first, last = int(audible[0]), int(audible[-1])
    part = taps[first : last + 1]
    asymmetry = min(np.abs(part - sign * part[::-1]).max() for sign in (1, -1))
    return (first + last) / 2 if asymmetry <= SYMMETRY * largest else None
