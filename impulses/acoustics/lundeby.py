"""Crosspoint of decay and noise: the iteration of Lundeby, Vigran, Bietz and Vorlander."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from impulses.impulse import Taps
from impulses.quantities import Seconds

BLOCK = 0.03
"""Seconds of the first averages: the paper asks for 10 to 50 ms."""

BLOCKS = 40
"""Averages that even a short impulse response is cut into at first."""

PER_10_DB = 6
"""Averages in 10 dB of decay, once the decay is known: the paper asks for 3 to 10."""

MARGIN = 10.0
"""dB kept between the noise and any measurement above it (ISO 3382-1: at least 10)."""

LATE = 20.0
"""dB of decay above the margin that give the late slope: the paper asks for 10 to 20."""

MAX_ITERATIONS = 10
"""Iterations at most; the paper finds 5 to be enough."""

TOLERANCE = 1e-3
"""Relative change of the crosspoint at which the iteration has converged."""

FEWEST = 3
"""Points in a line fit, at least."""


@dataclass(frozen=True)
class Tail:
    """The late decay of an impulse response, and the noise it meets.

    Parameters
    ----------
    crosspoint : float
        Seconds from the first frame to the intersection of the decay line and the noise level.
    noise : float
        Mean energy of a frame of the noise.
    rt60 : float
        Seconds in which the late decay falls by 60 dB.
    noise_from : float
        Seconds from the first frame to the start of the part in which the noise was measured.
    """

    crosspoint: float
    noise: float
    rt60: float
    noise_from: float


def lundeby(energy: Taps, rate: int, shortest: Seconds = 0.0) -> Tail | None:
    """Find the crosspoint of a decay and steady noise, by the iteration of Lundeby and others.

    The energy is averaged in blocks, several to 10 dB of decay. Each iteration estimates the noise
    level after the crosspoint and fits a line to the decay 10 to 30 dB above it; their
    intersection is the next crosspoint, until it no longer moves.

    Parameters
    ----------
    energy : array, (frames,), >= 0
        From the onset, or from the peak, on.
    rate : int > 0
        Frames per second.
    shortest : float >= 0
        Shortest average, in seconds: for a band, one over its width, as its energy cannot
        change any faster.

    Returns
    -------
    Tail or None
        None if no decay rises above the noise.

    References
    ----------
    A. Lundeby, T. E. Vigran, H. Bietz, M. Vorlander, "Uncertainties of measurements in room
    acoustics", Acustica 81, 1995, section 3.

    Examples
    --------
    >>> energy = 10.0 ** (-6 * np.arange(2000) / 1000) + 1e-5
    >>> tail = lundeby(energy, 1000)
    >>> round(tail.crosspoint, 2), round(tail.noise, 6)
    (0.84, 1e-05)
    """
    least = max(1, round(shortest * rate))
    length = max(least, min(round(BLOCK * rate), len(energy) // BLOCKS))
    first, noise = None, float(np.mean(energy[-max(1, len(energy) // 10) :]))
    while first is None and length >= least:
        first = _first_line(averages(energy, length), noise, length)
        length //= 2
    if first is None:
        return None
    slope, cross = first
    length = min(max(least, round(-10 / slope / PER_10_DB)), max(1, len(energy) // FEWEST))
    levels = averages(energy, length)
    for _ in range(MAX_ITERATIONS):
        noise_from = _noise_from(cross - MARGIN / slope, length, len(levels))
        noise = float(np.mean(levels[noise_from:]))
        line = _late_line(levels, noise, length)
        if line is None:
            return None
        before, (slope, cross) = cross, line
        if abs(cross - before) < TOLERANCE * cross:
            break
    return Tail(cross / rate, noise, -60 / slope / rate, noise_from * length / rate)


def averages(energy: Taps, length: int) -> Taps:
    """Return the means of whole blocks of frames."""
    means: Taps = energy[: len(energy) // length * length].reshape(-1, length).mean(axis=1)
    return means


def line_through(levels: Taps, at: Taps | None = None) -> tuple[float, float, float]:
    """Return the slope per step, the value at 0 and the correlation of a fitted line."""
    slope, level, correlation = lines_through(levels, at)
    return float(slope), float(level), float(correlation)


def lines_through(levels: Taps, at: Taps | None = None) -> tuple[Taps, Taps, Taps]:
    """Return the slopes per step, the values at 0 and the correlations of lines fitted to rows."""
    x = np.arange(levels.shape[-1], dtype=np.float64) if at is None else at
    centre, mean = x.mean(), levels.mean(axis=-1)
    dx, dy = x - centre, levels - mean[..., None]
    # plain sums: results of BLAS may differ from one machine to another
    both, xx, yy = (np.sum(product, axis=-1) for product in (dx * dy, dx * dx, dy * dy))
    slope, product = both / xx, np.asarray(xx * yy)
    no_line = np.zeros_like(product)
    correlation = np.divide(both, np.sqrt(product), out=no_line, where=product > 0)
    return slope, mean - slope * centre, correlation


def _block_line(levels: Taps, start: int, stop: int, length: int) -> tuple[float, float] | None:
    """Fit a line to the blocks that are not silent; return dB per frame and dB at frame 0."""
    blocks = start + np.flatnonzero(levels[start:stop])
    if len(blocks) < FEWEST:
        return None
    slope, level, _ = line_through(
        10 * np.log10(levels[blocks]), (blocks + 0.5).astype(np.float64) * length
    )
    return (slope, level) if slope < 0 else None


def _first_line(levels: Taps, noise: float, length: int) -> tuple[float, float] | None:
    """Fit a line from the peak to the last block above the noise; return slope and crosspoint."""
    loud = np.flatnonzero(levels > noise * 10 ** (MARGIN / 10))
    if len(loud) == 0:
        return None
    line = _block_line(levels, int(np.argmax(levels)), int(loud[-1]) + 1, length)
    return _crosspoint(line, noise)


def _late_line(levels: Taps, noise: float, length: int) -> tuple[float, float] | None:
    """Fit a line 30 to 10 dB above the noise; return its slope and crosspoint."""
    peak = int(np.argmax(levels))
    low = noise * 10 ** (MARGIN / 10)
    start = peak + int(np.argmax(levels[peak:] < low * 10 ** (LATE / 10)))
    under = np.flatnonzero(levels[start:] < low)
    stop = start + int(under[0]) if len(under) else len(levels)
    line = _block_line(levels, start, stop, length)
    return _crosspoint(line, noise)


def _crosspoint(line: tuple[float, float] | None, noise: float) -> tuple[float, float] | None:
    """Return the slope of a line and the frame at which it meets the noise."""
    if line is None or noise <= 0:
        return None
    return line[0], (10 * math.log10(noise) - line[1]) / line[0]


def _noise_from(frame: float, length: int, blocks: int) -> int:
    """Return the first block of noise: no later than the last tenth."""
    return max(0, min(round(frame / length), blocks * 9 // 10, blocks - 1))
