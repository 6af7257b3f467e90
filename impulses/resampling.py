"""Resampling: another rate for the same impulse, or another length at the same rate."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import numpy as np

from impulses.impulse import MAX_FRAMES, Impulse, ImpulseError, Taps, too_long
from impulses.quantities import within

RINGING = 2048
"""Frames, at the lower of two rates, beyond which a resampler's ringing is not looked for."""

UNHEARD = 1e-8
"""Share of the energy that resampling may leave out: half of it on either side."""

FINE = 1000
"""Stretching factors are the nearest fractions with denominators up to this."""


def resample(impulse: Impulse, rate: int) -> Impulse:
    """Resample to another rate, keeping the frequency response at its level.

    Taps are scaled by the ratio of the rates, because a sum over twice as many taps must give
    the same response. A band-limited spike rings on both sides of itself: ringing outside the
    impulse's own span is kept until no more than a hundred-millionth of the energy is left
    out; before the start it becomes a delay, which `origin` tells. Frame 0 stays on a sample;
    an origin elsewhere is rounded to the nearest.

    Parameters
    ----------
    rate : int > 0
        samples per second

    Raises
    ------
    ImpulseError
        If the rate is not above 0.

    Examples
    --------
    >>> h = resample(Impulse(np.exp(-np.arange(800) / 100)[:, None], 48000), 24000)
    >>> h.rate, bool(abs(h.taps.sum() - 100.5) < 0.1)
    (24000, True)
    """
    if not isinstance(rate, int | np.integer) or rate < 1:
        raise ImpulseError(f"rate is {rate} Hz; it must be at least 1 Hz, and a whole number")
    if rate == impulse.rate:
        return impulse
    # silence around the impulse gives the resampler's ringing room on both sides; whole
    # source frames that are whole target frames too keep frame 0 on a sample
    step = impulse.rate // np.gcd(impulse.rate, rate)
    longest = RINGING * max(1, impulse.rate // rate)
    room = step * -(-longest // step)
    most = (impulse.frames + 2 * room) * max(1, rate / impulse.rate)
    if most > MAX_FRAMES:
        raise ImpulseError(too_long(most))
    channels = impulse.taps.reshape(impulse.frames, -1)
    padded = np.pad(channels, [(room, room), (0, 0)])
    resampled = resample_sound(padded, impulse.rate, rate) * (impulse.rate / rate)

    first = room * rate // impulse.rate
    origin = first + round(impulse.origin * rate / impulse.rate)
    energy = np.cumsum((resampled**2).sum(axis=1))
    left, right = UNHEARD / 2 * energy[-1], (1 - UNHEARD / 2) * energy[-1]
    audible = np.flatnonzero((energy > left) & (energy < right))
    start = min([first, *audible[:1]])
    last = first + -(-impulse.frames * rate // impulse.rate)
    end = max([last, origin + 1, *(audible[-1:] + 2)])
    kept = resampled[start:end]
    return impulse.with_taps(
        kept.reshape(-1, *impulse.taps.shape[1:]),
        f"impulse resampled from {impulse.rate} to {rate} Hz",
        rate=rate,
        origin=origin - start,
    )


def resample_sound(samples: Taps, rate: int, to: int) -> Taps:
    """Resample a sound, not an impulse: samples keep their level.

    Parameters
    ----------
    samples : array, (frames, channels)
    rate, to : int > 0
        samples per second, before and after

    Examples
    --------
    >>> resample_sound(np.ones((4800, 1)), 48000, 24000).shape
    (2400, 1)
    """
    import soxr  # only when used, like every import that a plain echo can do without

    resampled: Taps = soxr.resample(samples, rate, to, quality="VHQ")
    return resampled


def stretch(impulse: Impulse, factor: float) -> Impulse:
    """Make the impulse `factor` times as long, as a tape at another speed.

    Its response H(f) becomes H(f factor).

    Parameters
    ----------
    factor : float, 0.01 to 100
        taken as the nearest fraction with a denominator of at most 1000

    Raises
    ------
    ImpulseError
        If the factor is out of range, or the impulse becomes too long.

    Examples
    --------
    >>> stretch(Impulse(np.hanning(4800)[:, None], 48000), 0.5).frames
    2400
    """
    within("stretch", factor, 0.01, 100)
    if impulse.frames * factor > MAX_FRAMES:
        raise ImpulseError(too_long(impulse.frames * factor))
    ratio = Fraction(factor).limit_denominator(FINE)
    # the rates' ratio is the factor: seen as of one rate, resampled to the other
    slow = replace(impulse, rate=ratio.denominator)
    stretched = resample(slow, ratio.numerator)
    return replace(stretched, rate=impulse.rate, notes=impulse.notes)
