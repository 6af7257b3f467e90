"""Equalisers: the biquads of the Audio EQ Cookbook, rendered to taps.

Poles and zeros lie inside the unit circle, so as they are they have minimum phase. A tail is
cut where what is left of it, all in phase, is 120 dB below the largest tap: so far, at most, is
the response at any frequency from that of the biquad.
"""

from __future__ import annotations

import math
from typing import get_args

import numpy as np

from impulses.builders.filters import Phase
from impulses.impulse import Impulse, ImpulseError, Taps, from_db
from impulses.quantities import Decibels, Hertz, one_of, within

FLOOR = 1e-6
"""Sum of what is cut off, beside the largest tap: -120 dB."""

LONGEST = 2**22
"""Frames that a biquad may take to ring out: 87 s at 48 kHz."""


def low_shelf(
    rate: int,
    *,
    frequency: Hertz = 200.0,
    gain: Decibels = 6.0,
    q: float = 0.7071,
    phase: Phase = "minimum",
) -> Impulse:
    """Raise or lower what is below a frequency: the cookbook's ``lowShelf``.

    Sound: the bass knob of an amplifier.

    The response is `gain` at 0 Hz, half as many dB at the frequency, and 0 dB at half the rate.

    Parameters
    ----------
    rate : int > 0
        Samples per second.
    frequency : float
        frequency at which half the gain, in dB, is reached; below half the rate
    gain : float, -120 to 120
        level of the shelf
    q : float, 0.01 to 1000
        steepness of the slope: above 0.7071 it overshoots on both sides
    phase : {"minimum", "linear"}
        minimum comes at once; linear rings as much before a beat as after it, and late by that

    Returns
    -------
    Impulse
        (until it has rung out, 1); with linear phase its origin is its centre.

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
    """Raise or lower what is above a frequency: the cookbook's ``highShelf``.

    Sound: the treble knob of an amplifier.

    The response is 0 dB at 0 Hz, half of `gain` in dB at the frequency, and `gain` at half the
    rate.

    Parameters
    ----------
    rate : int > 0
        Samples per second.
    frequency : float
        frequency at which half the gain, in dB, is reached; below half the rate
    gain : float, -120 to 120
        level of the shelf
    q : float, 0.01 to 1000
        steepness of the slope: above 0.7071 it overshoots on both sides
    phase : {"minimum", "linear"}
        minimum comes at once; linear rings as much before a beat as after it, and late by that

    Returns
    -------
    Impulse
        (until it has rung out, 1); with linear phase its origin is its centre.

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
    # a low shelf seen from half the rate: z becomes -z, and the cosine changes sign
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
    """Raise or lower what is around a frequency: the cookbook's ``peakingEQ``.

    Sound: one band of a parametric equaliser; raised with a high q it whistles along.

    The response is `gain` at the frequency, and 0 dB at 0 Hz and at half the rate. Half the
    gain, in dB, is reached where ``tan(w / 2)`` is that of the frequency times
    ``sqrt(1 + 1 / (4 q^2)) -+ 1 / (2 q)``.

    Parameters
    ----------
    rate : int > 0
        Samples per second.
    frequency : float
        frequency of the peak or dip, below half the rate
    gain : float, -120 to 120
        level at that frequency
    q : float, 0.01 to 1000
        how narrow: frequency by the width of the band with at least half the gain in dB
    phase : {"minimum", "linear"}
        minimum comes at once; linear rings as much before a beat as after it, and late by that

    Returns
    -------
    Impulse
        (until it has rung out, 1); with linear phase its origin is its centre.

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
    """Return the frequency in radians a sample, all values being in range."""
    within("gain", gain, -120, 120, "dB")
    within("q", q, 0.01, 1000)
    # nearer to either end, coefficients differ from those of no filter by rounding alone
    return 2 * math.pi * within("frequency", frequency, 1e-6 * rate, 0.4999 * rate, "Hz") / rate


def _shelf(cosine: float, alpha: float, amplitude: float) -> tuple[Taps, Taps]:
    """Return numerator and denominator of the low shelf."""
    less, more, slope = amplitude - 1, amplitude + 1, 2 * math.sqrt(amplitude) * alpha
    b = [more - less * cosine + slope, 2 * (less - more * cosine), more - less * cosine - slope]
    a = [more + less * cosine + slope, -2 * (less + more * cosine), more + less * cosine - slope]
    return amplitude * np.array(b), np.array(a)


def _render(rate: int, b: Taps, a: Taps, phase: Phase) -> Impulse:
    """Let a biquad ring out, or its magnitude without its phase."""
    from scipy.signal import lfilter  # late: a plain echo needs none of it

    if one_of("phase", phase, get_args(Phase)) == "linear":
        after = _zero_phase(b, a, _ringing(b, a))
        after = after[: _audible(after, FLOOR / 2)]  # half of the floor for either side
        taps = np.concatenate([after[:0:-1], after])
        return Impulse(taps[:, np.newaxis], rate, origin=len(after) - 1)
    taps = lfilter(b, a, np.eye(1, _ringing(a))[0])
    return Impulse(taps[: _audible(taps, FLOOR), np.newaxis], rate)


def _ringing(*polynomials: Taps) -> int:
    """Return the frames after which what the slowest root rings is far below the floor."""
    radius = max(float(np.abs(np.roots(polynomial)).max()) for polynomial in polynomials)
    # for a tail that sums to r^n / (1 - r) and may itself start at a level of 1 - r; a hundredth
    # more is for n (1 - r) r^n, which two equal poles make
    room = 0.01 * FLOOR * (1 - radius) ** 2
    frames = math.log(room) / math.log(max(radius, room)) if radius < 1 else math.inf
    if frames >= LONGEST:
        raise ImpulseError(
            f"filter rings for {frames:.3g} frames; the limit is {LONGEST}; "
            "raise the frequency, or bring q nearer to 0.5"
        )
    return math.ceil(frames) + 3


def _zero_phase(b: Taps, a: Taps, frames: int) -> Taps:
    """Return the middle and what follows it of the taps whose response is ``abs(B / A)``.

    The magnitude is sampled at twice as many points as there are frames, so what wraps onto a
    tap has rung for at least as many frames, and is far below the floor.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    size = next_fast_len(2 * frames, real=True)
    taps: Taps = irfft(np.abs(rfft(b, size)) / np.abs(rfft(a, size)), size)[:frames]
    return taps


def _audible(taps: Taps, floor: float) -> int:
    """Return the frames up to which more is left, all in phase, than the floor."""
    rest = np.cumsum(np.abs(taps[::-1]))[::-1]
    return int(np.count_nonzero(rest > floor * np.abs(taps).max()))
