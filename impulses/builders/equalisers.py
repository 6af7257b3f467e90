"""Equalisers: the biquads of the Audio EQ Cookbook, rendered to taps.

Poles and zeros are inside the unit circle, so the biquads have minimum phase. The tail is cut
where its remaining taps, summed in magnitude, are 120 dB below the largest tap, which bounds the
error of the response at any frequency.
"""

from __future__ import annotations

import math
from typing import get_args

import numpy as np

from impulses.builders.filters import Phase
from impulses.impulse import Impulse, ImpulseError, Taps, from_db
from impulses.quantities import Decibels, Hertz, one_of, within

FLOOR = 1e-6
"""Sum of the magnitudes cut off, relative to the largest tap: -120 dB."""

LONGEST = 2**22
"""Most frames that a biquad may take to ring out: 87 s at 48 kHz."""


def low_shelf(
    rate: int,
    *,
    frequency: Hertz = 200.0,
    gain: Decibels = 6.0,
    q: float = 0.7071,
    phase: Phase = "minimum",
) -> Impulse:
    """Boost or cut the frequencies below a corner: the cookbook's ``lowShelf``.

    Sound: the bass knob of an amplifier.

    The response is `gain` at 0 Hz, half as many dB at the corner, and 0 dB at half the rate.

    Parameters
    ----------
    rate : int > 0
        Samples per second.
    frequency : float
        corner, where the gain in dB is half that of the shelf; below half the rate
    gain : float, -120 to 120
        gain of the shelf
    q : float, 0.01 to 1000
        steepness of the slope; above 0.7071 the response overshoots on both sides
    phase : {"minimum", "linear"}
        minimum starts at once; linear has its centre at time 0, and rings as long before a
        transient as after it

    Returns
    -------
    Impulse
        (frames until it has rung out, 1); with linear phase the origin is the centre.

    Raises
    ------
    ImpulseError
        If a value is out of range, or the filter rings for too long.

    References
    ----------
    R. Bristow-Johnson, "Cookbook formulae for audio equalizer biquad filter coefficients",
    W3C Group Note, 2021: lowShelf.

    Examples
    --------
    >>> round(float(low_shelf(48000, gain=20.0).taps.sum()), 4)
    10.0
    """
    corner, amplitude = _corner(rate, frequency, gain, q), from_db(gain / 2)
    return _render(rate, *_shelf(math.cos(corner), math.sin(corner) / (2 * q), amplitude), phase)


def high_shelf(
    rate: int,
    *,
    frequency: Hertz = 4000.0,
    gain: Decibels = 6.0,
    q: float = 0.7071,
    phase: Phase = "minimum",
) -> Impulse:
    """Boost or cut the frequencies above a corner: the cookbook's ``highShelf``.

    Sound: the treble knob of an amplifier.

    The response is 0 dB at 0 Hz, half of `gain` in dB at the corner, and `gain` at half the
    rate.

    Parameters
    ----------
    rate : int > 0
        Samples per second.
    frequency : float
        corner, where the gain in dB is half that of the shelf; below half the rate
    gain : float, -120 to 120
        gain of the shelf
    q : float, 0.01 to 1000
        steepness of the slope; above 0.7071 the response overshoots on both sides
    phase : {"minimum", "linear"}
        minimum starts at once; linear has its centre at time 0, and rings as long before a
        transient as after it

    Returns
    -------
    Impulse
        (frames until it has rung out, 1); with linear phase the origin is the centre.

    Raises
    ------
    ImpulseError
        If a value is out of range, or the filter rings for too long.

    References
    ----------
    R. Bristow-Johnson, "Cookbook formulae for audio equalizer biquad filter coefficients",
    W3C Group Note, 2021: highShelf.

    Examples
    --------
    >>> round(float(high_shelf(48000, gain=20.0).taps.sum()), 4)
    1.0
    """
    corner, amplitude = _corner(rate, frequency, gain, q), from_db(gain / 2)
    # a low shelf mirrored at a quarter of the rate: z becomes -z, and the cosine changes sign
    b, a = _shelf(-math.cos(corner), math.sin(corner) / (2 * q), amplitude)
    mirror = np.array([1.0, -1.0, 1.0])
    return _render(rate, b * mirror, a * mirror, phase)


def peak(
    rate: int,
    *,
    frequency: Hertz = 1000.0,
    gain: Decibels = 6.0,
    q: float = 1.0,
    phase: Phase = "minimum",
) -> Impulse:
    """Boost or cut a band around a frequency: the cookbook's ``peakingEQ``.

    Sound: one band of a parametric equaliser; raised with a high q it whistles along.

    The response is `gain` at the frequency, and 0 dB at 0 Hz and at half the rate. Half the
    gain, in dB, is reached where ``tan(w / 2)`` is that of the frequency times
    ``sqrt(1 + 1 / (4 q^2)) -+ 1 / (2 q)``.

    Parameters
    ----------
    rate : int > 0
        Samples per second.
    frequency : float
        centre of the peak or dip, below half the rate
    gain : float, -120 to 120
        gain at the centre
    q : float, 0.01 to 1000
        centre frequency over the width of the band with at least half the gain in dB
    phase : {"minimum", "linear"}
        minimum starts at once; linear has its centre at time 0, and rings as long before a
        transient as after it

    Returns
    -------
    Impulse
        (frames until it has rung out, 1); with linear phase the origin is the centre.

    Raises
    ------
    ImpulseError
        If a value is out of range, or the filter rings for too long.

    References
    ----------
    R. Bristow-Johnson, "Cookbook formulae for audio equalizer biquad filter coefficients",
    W3C Group Note, 2021: peakingEQ.

    Examples
    --------
    >>> peak(48000, gain=0.0).taps
    array([[1.]])
    """
    corner, amplitude = _corner(rate, frequency, gain, q), from_db(gain / 2)
    middle, alpha = -2 * math.cos(corner), math.sin(corner) / (2 * q)
    b = np.array([1 + alpha * amplitude, middle, 1 - alpha * amplitude])
    a = np.array([1 + alpha / amplitude, middle, 1 - alpha / amplitude])
    return _render(rate, b, a, phase)


def _corner(rate: int, frequency: float, gain: float, q: float) -> float:
    """Check all values, and return the frequency in radians per sample."""
    within("gain", gain, -120, 120, "dB")
    within("q", q, 0.01, 1000)
    # nearer to either end, the coefficients differ from the identity by rounding errors alone
    return 2 * math.pi * within("frequency", frequency, 1e-6 * rate, 0.4999 * rate, "Hz") / rate


def _shelf(cosine: float, alpha: float, amplitude: float) -> tuple[Taps, Taps]:
    """Return numerator and denominator of the low shelf."""
    less, more, slope = amplitude - 1, amplitude + 1, 2 * math.sqrt(amplitude) * alpha
    b = [more - less * cosine + slope, 2 * (less - more * cosine), more - less * cosine - slope]
    a = [more + less * cosine + slope, -2 * (less + more * cosine), more + less * cosine - slope]
    return amplitude * np.array(b), np.array(a)


def _render(rate: int, b: Taps, a: Taps, phase: Phase) -> Impulse:
    """Return the impulse response of a biquad, or of its magnitude alone."""
    from scipy.signal import lfilter  # slow to import, and not needed for echoes

    if one_of("phase", phase, get_args(Phase)) == "linear":
        after = _zero_phase(b, a, _ring_out_frames(b, a))
        after = after[: _frames_to_floor(after, FLOOR / 2)]  # half of the floor for either side
        taps = np.concatenate([after[:0:-1], after])
        return Impulse(taps[:, np.newaxis], rate, origin=len(after) - 1)
    taps = lfilter(b, a, np.eye(1, _ring_out_frames(a))[0])
    return Impulse(taps[: _frames_to_floor(taps, FLOOR), np.newaxis], rate)


def _ring_out_frames(*polynomials: Taps) -> int:
    """Return the frames after which the ringing of the slowest root is far below the floor."""
    radius = max(float(np.abs(np.roots(polynomial)).max()) for polynomial in polynomials)
    # one 1 - r for a tail that sums to r^n / (1 - r), another as its first tap may be as small
    # as 1 - r; the factor of 0.01 is for n (1 - r) r^n, which a double pole makes
    level = 0.01 * FLOOR * (1 - radius) ** 2
    frames = math.log(level) / math.log(max(radius, level)) if radius < 1 else math.inf
    if frames >= LONGEST:
        raise ImpulseError(
            f"filter rings for {frames:.3g} frames; the limit is {LONGEST}; "
            "raise the frequency, or bring q nearer to 0.5"
        )
    return math.ceil(frames) + 3


def _zero_phase(b: Taps, a: Taps, frames: int) -> Taps:
    """Return the second half, from the centre on, of the taps whose response is ``abs(B / A)``.

    The magnitude is sampled at twice as many points as there are frames, so aliases that wrap
    onto a tap have rung for at least as many frames, and are far below the floor.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    size = next_fast_len(2 * frames, real=True)
    taps: Taps = irfft(np.abs(rfft(b, size)) / np.abs(rfft(a, size)), size)[:frames]
    return taps


def _frames_to_floor(taps: Taps, floor: float) -> int:
    """Return the frames until the rest, summed in magnitude, is below the floor."""
    rest = np.cumsum(np.abs(taps[::-1]))[::-1]
    return int(np.count_nonzero(rest > floor * np.abs(taps).max()))
