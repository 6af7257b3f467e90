"""Magnitude, phase and group delay of an impulse."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from impulses.impulse import Impulse, Taps, to_db
from impulses.spectra.transform import column, decibels, frequencies, smoothing_of, spectrum_of

EDGE = 1e-6
"""Degrees by which 180 and -180 are the same."""

POINTS = 1000
"""Frequencies of a response: three for each dot of a printed line."""

UNDEFINED = -100.0
"""dB beside the largest magnitude, under which phase and delay are those of rounding."""


@dataclass(frozen=True, eq=False)
class Response:
    """What one channel of an impulse does to each frequency.

    Parameters
    ----------
    hz : array, (points,)
        Frequencies, evenly spaced on a logarithmic axis.
    magnitude_db : array, (points,)
        Level; -inf where there is nothing.
    phase_deg : array, (points,)
        Phase above -180, up to 180 degrees, after `delay` has been taken off; NaN where undefined.
    group_delay : array, (points,)
        Seconds from time 0, with `delay` in them; NaN where undefined.
    delay : float
        Seconds from time 0 to the peak of the impulse.
    smoothing : int
        Parts of an octave that each point is the average of; 0 if it is of itself alone.
    """

    hz: Taps
    magnitude_db: Taps
    phase_deg: Taps
    group_delay: Taps
    delay: float
    smoothing: int


def response(
    impulse: Impulse, *, channel: int = 0, smoothing: int | None = None, points: int = POINTS
) -> Response:
    """Return magnitude, phase and group delay of one channel.

    Over a part of an octave, the magnitude is that of the mean energy, the phase that of the
    mean of ``H`` (without its delay), and the group delay the mean by energy,
    ``sum of Re(conj(H) G) / sum of abs(H)^2``, where `G` is the transform of ``n h[n]``.

    Parameters
    ----------
    impulse : Impulse
    channel : int
        Column of the taps; of a matrix, path ``input * outputs + output``.
    smoothing : int >= 0, optional
        12 averages over a twelfth of an octave, 0 over nothing; 0 up to `SHORT` frames, and
        else 12, if not given.
    points : int > 1
        Frequencies.

    Raises
    ------
    ImpulseError
        If there is no such channel, or smoothing is below 0.

    References
    ----------
    J. O. Smith, "Introduction to Digital Filters", 2007: "Numerical Computation of Group Delay".

    Examples
    --------
    >>> found = response(Impulse([[0.0], [0.0], [0.5]], 1000), points=3)
    >>> found.magnitude_db.round(2), found.group_delay.round(6)
    (array([-6.02, -6.02, -6.02]), array([0.002, 0.002, 0.002]))
    """
    taps = column(impulse, channel)
    smoothing = smoothing_of(impulse, smoothing)
    hz = frequencies(impulse.rate, points)
    peak = int(np.argmax(np.abs(taps)))
    largest = float(np.abs(taps[peak])) or 1.0  # by which no square is too large or too small
    spectrum = spectrum_of(taps / largest, impulse.rate, hz, smoothing, peak)
    power = spectrum.power
    defined = power > power.max() * 10 ** (UNDEFINED / 10)
    late = np.full(points, np.nan)
    np.divide(spectrum.moment, power, out=late, where=defined)
    phase = np.where(defined, np.angle(spectrum.mean, deg=True), np.nan)
    phase[phase < EDGE - 180] = 180.0  # a sign that is rounding is none
    delay = (peak - impulse.origin) / impulse.rate
    return Response(
        hz, decibels(power) + to_db(largest), phase, late / impulse.rate + delay, delay, smoothing
    )
