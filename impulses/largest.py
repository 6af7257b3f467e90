r"""The largest magnitude of a frequency response, between the points of a transform too.

Let M be the largest ``|H|`` of K taps, at the angle t*. ``|H|^2 - M^2 / 2`` is a trigonometric
polynomial of degree K - 1 whose largest magnitude is M^2 / 2, and such a polynomial falls off from
its maximum no faster than a cosine of its degree does (M. Riesz). So

    |H(t)| >= M cos((K - 1) (t - t*) / 2)    for  (K - 1) |t - t*| <= pi,

and the same holds for a sum of magnitudes, which is at least the magnitude of the sum whose terms
are turned to be in phase at t*. Hence a transform of N >= 2 K points has a point within half a bin
of t* where ``|H|`` is at least cos(pi (K - 1) / (2 N)) M, which is 0.71 M or more. Around each of
those, and there are few unless the response is flat, the spectrum is interpolated to steps of
1 / `STEPS` bin, by a sinc in a Kaiser window: the taps are centred on frame 0 and fill at most half
of the transform, which leaves it half of the band to fall in. At the largest value found, and at
the vertex of a parabola there, the response is summed by its definition. What is returned is thus
never above M but by rounding, and never under it by more than a factor
of ``1 / cos(pi / (4 STEPS))``.

References
----------
M. Riesz, "Eine trigonometrische Interpolationsformel und einige Ungleichungen für Polynome",
Jahresbericht der Deutschen Mathematiker-Vereinigung 23, 1914; H. Ehlich, K. Zeller, "Schwankung von
Polynomen zwischen Gitterpunkten", Mathematische Zeitschrift 86, 1964.
"""

from __future__ import annotations

import math
from functools import cache, reduce

import numpy as np
from numpy.fft import rfft
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from impulses.impulse import Taps

STEPS = 32
"""Positions within a bin. The bound follows: 0.0027 dB."""

REACH = 12
"""Bins on either side that a value between bins is interpolated from.

Kaiser's formula for 2 `REACH` taps, and a transition band of half the rate, is -180 dB."""

BETA = 0.1102 * (2.285 * 2 * REACH * math.pi - 0.7)
"""Shape of the Kaiser window for it."""

FINER = 2**10
"""Parts of a step to which the vertex of the parabola is rounded."""

AT_A_TIME = 2**12
"""Bins interpolated at a time, to bound memory."""

SLACK = 1 - 1e-9
"""Factor that keeps a bin which rounding took just below the least that it could be."""

CERTAIN = 1 - 1e-6
"""Share of the sum of ``abs(h)`` from which on there is nothing to look for."""

LEAST = 64
"""Least number of points of a transform, over twice the bins that an interpolation reaches."""


def largest_magnitude(paths: Taps) -> float:
    """Return the largest sum of ``abs(H)`` over some paths, at any frequency.

    Parameters
    ----------
    paths : array, (frames, paths)
        taps

    Returns
    -------
    float
        at most the true maximum but for rounding, and at most 0.0027 dB below it

    Examples
    --------
    >>> largest_magnitude(np.array([[1.0], [0.0], [-1.0]]))  # at a quarter of the rate
    2.0
    """
    used = np.flatnonzero(paths.any(axis=1))
    if not len(used):
        return 0.0
    paths = paths[used[0] : used[-1] + 1]
    points = _points(2 * len(paths))
    spectra = [_centred_spectrum(taps, points) for taps in paths.T]
    magnitude = reduce(np.add, (np.abs(spectrum[REACH:-REACH]) for spectrum in spectra))
    best = float(magnitude.max())
    if best >= CERTAIN * float(np.abs(paths).sum()):
        return best  # as no frequency has more than the sum of abs(h)
    near = math.cos(math.pi * (len(paths) - 1) / (2 * points)) * SLACK
    position, (before, there, after) = _finest(spectra, np.flatnonzero(magnitude >= near * best))
    curvature = before - 2 * there + after
    shift = (before - after) / (2 * curvature) if curvature < 0 else 0.0
    vertex = FINER * position + round(FINER * min(max(shift, -1.0), 1.0))
    summed = _at(paths, np.array([FINER * position, vertex]), FINER * STEPS * points)
    return max(best, float(summed.max()))


def _points(least: int) -> int:
    """Return 4, 5, 6 or 7 times a power of two: quick to transform, without all of SciPy."""
    least = max(least, LEAST)
    power = 1 << ((least - 1).bit_length() - 3)
    return -(-least // power) * power


def _centred_spectrum(taps: Taps, points: int) -> NDArray[np.complex128]:
    """Transform taps whose middle is frame 0; return `REACH` bins more on either side."""
    middle = len(taps) // 2
    placed = np.zeros(points)
    placed[: len(taps) - middle] = taps[middle:]
    placed[points - middle :] = taps[:middle]
    half = rfft(placed)
    before, after = half[REACH:0:-1].conj(), half[-2 : -2 - REACH : -1].conj()
    spectrum: NDArray[np.complex128] = np.concatenate([before, half, after])
    return spectrum


def _finest(
    spectra: list[NDArray[np.complex128]], bins: NDArray[np.intp]
) -> tuple[int, tuple[float, float, float]]:
    """Return the place of the largest value within half a bin of some bins, by its number of steps.

    The values are those a step before it, there, and a step after it.
    """
    offsets, weights = _interpolation()
    windows = [sliding_window_view(spectrum, 2 * REACH + 1) for spectrum in spectra]
    best, position = (0.0, -1.0, 0.0), 0
    for start in range(0, len(bins), AT_A_TIME):
        some = bins[start : start + AT_A_TIME]
        values = reduce(np.add, (_interpolated(window[some], weights) for window in windows))
        row, within = divmod(int(values[:, 1:-1].argmax()), len(offsets) - 2)
        before, there, after = values[row, within : within + 3].tolist()
        if there > best[1]:
            best = before, there, after
            position = int(some[row]) * STEPS + int(offsets[within + 1])
    return position, best


@cache
def _interpolation() -> tuple[NDArray[np.int64], Taps]:
    """Return offsets within half a bin and a step, and the weights of the bins around each."""
    offsets = np.arange(-STEPS // 2 - 1, STEPS // 2 + 2, dtype=np.int64)
    distance = np.arange(-REACH, REACH + 1, dtype=np.int64)[:, np.newaxis] - offsets / STEPS
    within = np.sqrt(np.maximum(1 - (distance / (REACH + 0.5)) ** 2, 0))
    return offsets, np.sinc(distance) * np.i0(BETA * within) / np.i0(BETA)


def _interpolated(bins: NDArray[np.complex128], weights: Taps) -> Taps:
    """Return the magnitudes at all offsets from some bins, (bins, offsets)."""
    # copies in one piece each, which is what makes the product fast
    real, imaginary = (np.ascontiguousarray(part) @ weights for part in (bins.real, bins.imag))
    magnitudes: Taps = np.hypot(real, imaginary)
    return magnitudes


def _at(paths: Taps, positions: NDArray[np.int64], whole: int) -> Taps:
    """Return the sum of ``abs(H)`` at some positions of the circle, of `whole`, by its definition.

    With ``n = a + b B``, the sum over `a` is one matrix product for all `b`. Phases are reduced in
    whole numbers, so they are exact for any number of frames.
    """
    block = 2 ** (((len(paths) - 1).bit_length() + 1) // 2)
    count = -(-len(paths) // block)
    inner = _turns(np.arange(block, dtype=np.int64)[:, np.newaxis], positions, whole)
    outer = _turns(
        np.arange(count, dtype=np.int64)[:, np.newaxis], block * positions % whole, whole
    )
    total = np.zeros(len(positions))
    # copies in one piece each, which is what makes the products fast
    cosines, sines = np.ascontiguousarray(inner.real), np.ascontiguousarray(inner.imag)
    for taps in paths.T:
        blocks = np.zeros((count, block))
        blocks.ravel()[: len(taps)] = taps
        terms = (blocks @ cosines + 1j * (blocks @ sines)) * outer
        total += np.abs(terms.sum(axis=0))
    return total


def _turns(
    frames: NDArray[np.int64], positions: NDArray[np.int64], whole: int
) -> NDArray[np.complex128]:
    turns: NDArray[np.complex128] = np.exp(-2j * np.pi / whole * (frames * positions % whole))
    return turns
