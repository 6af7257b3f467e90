"""Where an impulse response ceases to be a decay: faded out, gated or rounded to 0.

A room never decays faster as time goes on: its energy is a sum of exponentials, whose level is
convex. If it steepens towards its end, something else does that.
"""

from __future__ import annotations

import math

import numpy as np

from impulses.acoustics.lundeby import BLOCK, BLOCKS, MARGIN, averages, line_through
from impulses.impulse import Taps

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

    The scatter of the averages is that of their second differences, ``sqrt(6)`` times as large,
    which neither decay nor fade has much of.

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
    bends = np.diff(levels[peak:], 2)
    if len(bends) < BEFORE:
        return len(energy)
    scatter = max(LEAST_SCATTER, float(np.median(np.abs(bends))) / 0.6745 / math.sqrt(6))
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


def _length(frames: int, rate: int) -> int:
    return max(1, min(round(BLOCK * rate), frames // BLOCKS))


def _bend(levels: Taps, scatter: float, drop: float) -> int | None:
    """Return where a line that steepens once fits best; None if none steepens beyond chance.

    The line is ``a + b n + c max(0, n - bend)``. With `r` the part of its last term that is no
    line, ``c = sum(r y) / sum(r^2)``, of standard deviation ``scatter / sqrt(sum(r^2))``.
    """
    at = np.arange(len(levels), dtype=np.float64)
    best, most = None, 0.0
    for bend in range(BEFORE, len(levels) - 1):
        last = np.maximum(0.0, at - bend)
        rest = _off_line(last)
        size = float(np.sum(rest * rest))
        change = float(np.sum(rest * levels)) / size
        slope, level, _ = line_through(levels - change * last)
        if -change * math.sqrt(size) < CHANCE * scatter or slope + change > 0:
            continue
        explained = change * change * size
        if explained > most and level + min(slope, 0.0) * at[-1] - levels[-1] >= drop:
            best, most = bend, explained
    return best


def _off_line(levels: Taps) -> Taps:
    """Return the residual of a fitted line."""
    slope, level, _ = line_through(levels)
    rest: Taps = levels - level - slope * np.arange(len(levels))
    return rest
