"""Resampling: another rate for the same response, or another length at the same rate."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from impulses.impulse import MAX_RECORDED, Impulse, ImpulseError, Taps, check_samples, too_long
from impulses.quantities import within

RINGING = 2048
"""Frames of ringing kept on either side at most, at the lower of the two rates."""

ENERGY_CUT = 1e-8
"""Share of the energy that resampling may cut off, half of it on either side."""

AUDIBLE = 20000.0
"""Upper end of the audible band, in Hz."""

MISSED = 2 ** (1 / 3)
"""Least ratio, a third of an octave, of that end to the highest frequency of an impulse that is
reported: so impulses at 32 kHz and above are not."""

LARGEST_DENOMINATOR = 1000
"""Stretch factors are rounded to fractions with denominators up to this."""


def resample(impulse: Impulse, rate: int) -> Impulse:
    """Resample to another rate, keeping the level of the frequency response.

    Taps are scaled by the ratio of the rates, because a sum over twice as many taps must give
    the same response. A band-limited spike rings on both sides: ringing beyond the ends of the
    impulse is kept until at most 1e-8 of the energy is cut off, and ringing before the start
    moves `origin` later. Frame 0 stays on a sample; any other origin is rounded to the nearest.

    Parameters
    ----------
    impulse : Impulse
    rate : int > 0
        Samples per second.

    Raises
    ------
    ImpulseError
        If the rate is not above 0, or the result would be too long.

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
    # pad for the resampler's ringing on both sides, by a number of source frames that is a
    # whole number of target frames too, so that frame 0 stays on a sample
    step = impulse.rate // np.gcd(impulse.rate, rate)
    longest = RINGING * max(1, impulse.rate // rate)
    padding = step * -(-longest // step)
    most = (impulse.frames + 2 * padding) * max(1, rate / impulse.rate)
    if most > MAX_RECORDED:
        raise ImpulseError(too_long(most, MAX_RECORDED))
    channels = impulse.taps.reshape(impulse.frames, -1)
    if rate > impulse.rate:  # a few frames at 1 Hz would become gigabytes
        check_samples(most * channels.shape[1])
    padded = np.pad(channels, [(padding, padding), (0, 0)])
    resampled = resample_sound(padded, impulse.rate, rate) * (impulse.rate / rate)

    first = padding * rate // impulse.rate
    origin = first + round(impulse.origin * rate / impulse.rate)
    energy = np.cumsum((resampled**2).sum(axis=1))
    low, high = ENERGY_CUT / 2 * energy[-1], (1 - ENERGY_CUT / 2) * energy[-1]
    significant = np.flatnonzero((energy > low) & (energy < high))
    start = min([first, *significant[:1]])
    last = first + -(-impulse.frames * rate // impulse.rate)
    end = max([last, origin + 1, *(significant[-1:] + 2)])
    kept = resampled[start:end]
    return impulse.with_taps(
        kept.reshape(-1, *impulse.taps.shape[1:]),
        f"impulse resampled from {impulse.rate} to {rate} Hz{_lost_highs(impulse.rate, rate)}",
        rate=rate,
        origin=origin - start,
    )


def _lost_highs(rate: int, to: int) -> str:
    """Return the end of a note if an impulse has no highs, beside a sound of another rate.

    Nothing, unless half its rate lies a third of an octave or more inside what the sound has of
    the audible band.

    Examples
    --------
    >>> _lost_highs(16000, 48000), _lost_highs(44100, 48000)
    (': the convolved sound has nothing above 8 kHz', '')
    """
    if rate / 2 * MISSED > min(AUDIBLE, to / 2):
        return ""
    return f": the convolved sound has nothing above {rate / 2000:.3g} kHz"


def resample_sound(samples: Taps, rate: int, to: int) -> Taps:
    """Resample a sound rather than an impulse: samples keep their level.

    Parameters
    ----------
    samples : array, (frames, channels)
    rate, to : int > 0
        Sample rates before and after, in Hz.

    Examples
    --------
    >>> resample_sound(np.ones((4800, 1)), 48000, 24000).shape
    (2400, 1)
    """
    import soxr  # slow to import, and not needed for echoes

    resampled: Taps = soxr.resample(samples, rate, to, quality="VHQ")
    return resampled


class Resampler:
    """Resamples a sound that comes in blocks, as `resample_sound` does one that is all there.

    Parameters
    ----------
    rate, to : int > 0
        Sample rates before and after, in Hz.
    channels : int > 0

    Examples
    --------
    >>> half = Resampler(48000, 24000, 1)
    >>> len(half.process(np.ones((4800, 1)))) + len(half.flush())
    2400
    """

    def __init__(self, rate: int, to: int, channels: int) -> None:
        import soxr  # slow to import, and not needed for echoes

        self._stream = soxr.ResampleStream(rate, to, channels, dtype="float64", quality="VHQ")
        self._channels = channels

    def process(self, block: NDArray[np.floating[Any]]) -> Taps:
        """Return the frames that are complete after a block, (any, channels)."""
        return self._resampled(block, last=False)

    def flush(self) -> Taps:
        """Return the frames that are left."""
        return self._resampled(np.zeros((0, self._channels)), last=True)

    def _resampled(self, block: NDArray[np.floating[Any]], *, last: bool) -> Taps:
        samples = np.ascontiguousarray(block, np.float64)
        resampled: Taps = self._stream.resample_chunk(samples, last=last)
        return resampled


def stretch(impulse: Impulse, factor: float) -> Impulse:
    """Make the impulse `factor` times as long, like a tape at another speed.

    Its response H(f) becomes H(f factor).

    Parameters
    ----------
    impulse : Impulse
    factor : float, 0.01 to 100
        Rounded to the nearest fraction with a denominator of at most 1000.

    Raises
    ------
    ImpulseError
        If the factor is out of range, or the result would be too long.

    Examples
    --------
    >>> stretch(Impulse(np.hanning(4800)[:, None], 48000), 0.5).frames
    2400
    """
    within("stretch", factor, 0.01, 100)
    if impulse.frames * factor > MAX_RECORDED:
        raise ImpulseError(too_long(impulse.frames * factor, MAX_RECORDED))
    ratio = Fraction(factor).limit_denominator(LARGEST_DENOMINATOR)
    # resample between two rates whose ratio is the factor, then restore the original rate
    slow = replace(impulse, rate=ratio.denominator)
    stretched = resample(slow, ratio.numerator)
    return replace(stretched, rate=impulse.rate, notes=impulse.notes)
