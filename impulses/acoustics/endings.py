"""Where an impulse response ceases to be a decay: faded out, gated, rounded to 0, or over.

A room never decays faster as time goes on: its energy is a sum of exponentials, whose level is
convex. If it steepens towards its end, something else does that. If it falls all at once, what was
measured may be a convolution with an impulse response that ends there, with its own noise.
"""

from __future__ import annotations

import math

import numpy as np

from impulses.acoustics.lundeby import (
    BLOCK,
    BLOCKS,
    FEWEST,
    LATE,
    MARGIN,
    averages,
    line_through,
    lines_through,
)
from impulses.impulse import Taps
from impulses.quantities import Seconds

SMALL = 1000
"""Steps up to which taps are compared with whole steps, before float32 rounds them too."""

WHOLE = 0.01
"""Steps by which a tap may deviate from whole steps."""

FEWEST_STEPS = 10
"""Taps of one step that a rounded decay has, at least; a few echoes have fewer."""

CRUMBS = 0.05
"""Mean square, in steps, below which rounding swallows a decay. Of Gaussian taps with a standard
deviation of a quarter of a step, 1 in 20 is not rounded to 0, and their mean square is a step's
square over 22 instead of 16: 1.4 dB too little. Up from there, it errs by 1.3 dB at most."""

REACH = 24
"""Averages before the end among which the start of a fade is looked for, again and again."""

BEFORE = 4
"""Averages before the start of a fade, at least."""

CHANCE = 4.0
"""Standard deviations of a slope that chance does not reach: once in 30000 times."""

STEADY_FALL = -3.0
"""dB by which steady noise may fall from end to end."""

SUDDEN = 4.0
"""Times as fast as before that the level falls at the end of a floor, at least: in a room it
falls no faster at all, but averages scatter."""

LEAST_PRODUCT = 4.0
"""Bandwidth times duration of the averages that tell one floor from another: they scatter by
about 2 dB."""

NEGLIGIBLE = 0.01
"""Share of the energy that may follow a floor; it is 0.04 dB."""

LEAST_SCATTER = 0.1
"""dB of scatter of averages that are assumed at least: a computed decay may have none."""


def rounding_step(taps: Taps) -> float:
    """Return the step to which taps were rounded, as by 16 bits; 0 if they were not.

    Examples
    --------
    >>> decay = 100 * 0.9 ** np.arange(100)
    >>> rounding_step(decay), rounding_step(np.round(decay) / 8)
    (0.0, 0.125)
    """
    sizes = np.abs(taps[taps != 0])
    step = float(sizes.min()) if len(sizes) else 0.0
    steps = sizes[sizes <= SMALL * step] / step if step else sizes
    if np.count_nonzero(steps < 1 + WHOLE) < FEWEST_STEPS:
        return 0.0
    return step if bool((np.abs(steps - np.rint(steps)) <= WHOLE).all()) else 0.0


def rounded_off(taps: Taps, rate: int, step: float) -> int:
    """Return the frame from which rounding to a step leaves only crumbs; all frames if none.

    As long as taps are large beside a step, rounding adds noise of ``step^2 / 12``. Once they are
    not, most of them become 0, and the decay is lost rather than hidden.

    Parameters
    ----------
    taps : array, (frames, channels)
        From the onset on, without an offset.
    rate : int > 0
        Frames per second.
    step : float >= 0
        As from `rounding_step`.

    References
    ----------
    B. Widrow, I. Kollar, "Quantization Noise", Cambridge 2008: the noise model holds down to a
    standard deviation of about half a step.
    """
    if step == 0:
        return len(taps)
    length = _length(len(taps), rate)
    squares = (taps[: len(taps) // length * length] ** 2).reshape(-1, length, taps.shape[1])
    loud = np.flatnonzero(squares.mean(axis=1).max(axis=1) >= CRUMBS * step**2)
    if len(loud) == 0 or loud[-1] == len(squares) - 1:
        return len(taps)
    end = (int(loud[-1]) + 1) * length
    # echoes are apart too, but louder than crumbs
    return end if np.all(np.abs(taps[end:]) <= 2 * step) else len(taps)


def fade_start(energy: Taps, rate: int) -> int:
    """Return the frame at which a final fade begins; the number of frames if there is none.

    The level, averaged in blocks, is fitted by a line that bends once. A bend that steepens the
    decay beyond chance, and after which the end is at least 10 dB below the line, is a fade. As
    fades bend more and more, this is repeated before each bend, until nothing steepens.

    Parameters
    ----------
    energy : array, (frames,), >= 0
        From the onset on.
    rate : int > 0
        Frames per second.

    Examples
    --------
    >>> energy = 10.0 ** (-6 * np.arange(1000) / 1000)
    >>> fade_start(energy, 1000)
    1000
    >>> energy[600:] *= np.linspace(1, 0, 400) ** 2
    >>> 600 <= fade_start(energy, 1000) <= 650
    True
    """
    length = _length(len(energy), rate)
    skipped = len(energy) % length  # the last average ends with the energy
    means = averages(energy[skipped:], length)
    if not len(means) or not means.all():
        return len(energy)
    levels = 10 * np.log10(means)
    peak = int(np.argmax(levels))
    if len(levels) - peak < BEFORE + 2:
        return len(energy)
    scatter = _scatter(levels[peak:])
    end, drop = len(levels), MARGIN
    while (bend := _bend(levels[max(peak, end - REACH) : end], scatter, drop)) is not None:
        end, drop = max(peak, end - REACH) + bend, 0.0
    return skipped + end * length if end < len(levels) else len(energy)


def above_noise(energy: Taps, rate: int) -> int:
    """Return the frame from which energy stays within 10 dB of that of its last tenth.

    Examples
    --------
    >>> energy = 10.0 ** (-6 * np.arange(2000) / 1000) + 1e-5
    >>> 600 < above_noise(energy, 1000) < 700
    True
    """
    length = _length(len(energy), rate)
    means = averages(energy, length)
    noise = float(np.mean(means[-max(1, len(means) // 10) :])) if len(means) else 0.0
    loud = np.flatnonzero(means > noise * 10 ** (MARGIN / 10))
    return (int(loud[-1]) + 1) * length if len(loud) else len(energy)


def floor_end(energy: Taps, rate: int, shortest: Seconds = 0.0) -> int:
    """Return the frame before which a decay and its floor lie; all frames if nothing follows them.

    A lower floor may follow where an impulse response was cut off, or something louder that is not
    part of the decay, such as the click of that cut.

    There, the highest level yet to come falls by 10 dB and beyond chance, several times as fast as
    by the 10 dB before. Until then, the level was steady, or it falls 10 dB below any level before.
    What follows has little energy, but lasts.

    Parameters
    ----------
    energy : array, (frames,), >= 0
        From the onset on.
    rate : int > 0
        Frames per second.
    shortest : float >= 0
        Seconds in which the energy of a band can change, as for `lundeby`.

    Examples
    --------
    >>> energy = 10.0 ** (-6 * np.arange(2000) / 1000) + 1e-5
    >>> floor_end(energy, 1000)
    2000
    >>> floor_end(np.append(energy, np.full(2000, 1e-8)), 1000)
    2010
    """
    length = max(_length(len(energy), rate), round(LEAST_PRODUCT * shortest * rate))
    means = averages(energy, length)
    if len(means) < 3 * BEFORE or not means.all():
        return len(energy)
    levels = 10 * np.log10(means)
    end = _sudden_end(levels)
    after = float(np.sum(energy[end * length :]))
    return end * length if end and after < NEGLIGIBLE * float(np.sum(energy)) else len(energy)


def _sudden_end(levels: Taps) -> int:
    """Return the block at which a decay or its floor ends most suddenly; 0 if it lasts."""
    peak = int(np.argmax(levels))
    highest = np.maximum.accumulate(levels[::-1])[::-1]
    drop = max(MARGIN, 2 * CHANCE * _scatter(levels))
    best, most = 0, SUDDEN
    falls = np.flatnonzero(np.diff(highest[peak + BEFORE : -BEFORE]) < 0)
    for last in (peak + BEFORE + int(fall) for fall in falls):
        after = int(np.argmax(highest <= highest[last] - drop))
        if highest[last] > levels[peak] - LATE or not 0 < after <= len(levels) - BEFORE:
            continue
        first = min(int(np.argmax(highest < highest[last] + MARGIN)), last + 1 - BEFORE)
        before = (highest[first - 1] - highest[last]) / (last + 1 - first)
        sudden = (highest[last] - highest[after]) / (after - last) / before
        if sudden >= most and (end := _floor_stop(levels[: last + 1], first, highest[after])):
            best, most = end, sudden
    return best


def _floor_stop(levels: Taps, first: int, after: np.float64) -> int:
    """Return the block at which a floor ends, before anything louder; 0 if there is none.

    It begins within 10 dB of its lowest level, and its second half is no part of the decay; unless
    the level `after` it is below all of it.
    """
    lowest = first + int(np.argmin(levels[first:]))
    loud = levels > levels[lowest] + MARGIN
    louder = np.flatnonzero(loud[lowest:])
    end = lowest + int(louder[0]) if len(louder) else len(levels)
    if after <= levels[lowest] - MARGIN:
        return end
    quiet = np.flatnonzero(loud[:lowest])
    start = int(quiet[-1]) + 1 if len(quiet) else 0
    half = levels[(start + end) // 2 : end]
    steady = len(half) >= FEWEST and line_through(half)[0] * len(half) > STEADY_FALL
    return end if steady else 0


def _length(frames: int, rate: int) -> int:
    return max(1, min(round(BLOCK * rate), frames // BLOCKS))


def _scatter(levels: Taps) -> float:
    """Return the standard deviation of levels around a decay, in dB.

    It is that of their second differences, ``sqrt(6)`` times as large, which neither decay nor fade
    has much of.
    """
    bends = np.abs(np.diff(levels, 2))
    return max(LEAST_SCATTER, float(np.median(bends)) / 0.6745 / math.sqrt(6))


def _bend(levels: Taps, scatter: float, drop: float) -> int | None:
    """Return where a line that steepens once fits best; None if none steepens beyond chance.

    The line is ``a + b n + c max(0, n - bend)``. With `r` the part of its last term that is no
    line, ``c = sum(r y) / sum(r^2)``, of standard deviation ``scatter / sqrt(sum(r^2))``.
    """
    at = np.arange(len(levels), dtype=np.float64)
    bends = np.arange(BEFORE, len(levels) - 1, dtype=np.int64)
    last = np.maximum(0.0, at - bends[:, None])
    rest = _off_line(last)
    size = np.sum(rest * rest, axis=1)
    change = np.sum(rest * levels, axis=1) / size
    slope, level, _ = lines_through(levels - change[:, None] * last)
    steepens = (-change * np.sqrt(size) >= CHANCE * scatter) & (slope + change <= 0)
    falls = level + np.minimum(slope, 0.0) * at[-1] - levels[-1] >= drop
    explained = np.where(steepens & falls, change * change * size, 0.0)
    return int(bends[np.argmax(explained)]) if np.any(explained) else None


def _off_line(levels: Taps) -> Taps:
    """Return the residuals of lines fitted to rows."""
    slope, level, _ = lines_through(levels)
    at = np.arange(levels.shape[-1], dtype=np.float64)
    rest: Taps = levels - level[:, None] - slope[:, None] * at
    return rest
