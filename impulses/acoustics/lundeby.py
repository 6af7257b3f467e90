"""Where a decay meets its noise: the iteration of Lundeby, Vigran, Bietz and Vorlander."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from impulses.impulse import Taps
from impulses.quantities import Seconds

BLOCK = 0.03
"""Seconds of the first averages: the paper asks for 10 to 50 ms."""

BLOCKS = 40
"""Averages that even a short impulse is cut into at first."""

PER_10_DB = 6
"""Averages in 10 dB of decay, once the decay is known: the paper asks for 3 to 10."""

MARGIN = 10.0
"""dB kept between the noise and whatever is measured above it (ISO 3382-1: at least 10)."""

LATE = 20.0
"""dB of decay above the margin that give the late slope: the paper asks for 10 to 20."""

MOST_TURNS = 10
"""Turns after which the crosspoint is taken as it is; the paper finds 5 to be enough."""

CLOSE = 1e-3
"""Change of the crosspoint that is none."""

FEWEST = 3
"""Points that a line is fitted to, at least."""


@dataclass(frozen=True)
class Tail:
    """Where a decay meets its noise.

    Parameters
    ----------
    crosspoint : float
        Seconds from the first frame to where the line of the decay meets the noise.
    noise : float
        Mean energy of a frame of the noise.
    rt60 : float
        Seconds in which the late decay falls by 60 dB.
    noise_from : float
        Seconds from the first frame to where the noise was looked at.
    """

    crosspoint: float
    noise: float
    rt60: float
    noise_from: float


def lundeby(energy: Taps, rate: int, shortest: Seconds = 0.0) -> Tail | None:
    """Find where a decay meets steady noise, by the iteration of Lundeby and others.

    Averages of the energy, some for each 10 dB of decay, take turns in telling the level of
    the noise and the line of the decay 10 to 30 dB above it, until they meet where they did.

    Parameters
    ----------
    energy : array, (frames,), >= 0
        From the onset, or from the peak, on.
    rate : int > 0
        Frames per second.
    shortest : float >= 0
        Seconds that an average lasts at least: of a band, one over its width, in which its
        energy has had the time to change.

    Returns
    -------
    Tail or None
        None if no decay stands out of the noise.

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
    for _ in range(MOST_TURNS):
        noise_from = _noise_from(cross - MARGIN / slope, length, len(levels))
        noise = float(np.mean(levels[noise_from:]))
        line = _late_line(levels, noise, length)
        if line is None:
            return None
        before, (slope, cross) = cross, line
        if abs(cross - before) < CLOSE * cross:
            break
    return Tail(cross / rate, noise, -60 / slope / rate, noise_from * length / rate)


def averages(energy: Taps, length: int) -> Taps:
    """Return the means of whole blocks of frames."""
    means: Taps = energy[: len(energy) // length * length].reshape(-1, length).mean(axis=1)
    return means


def line_through(levels: Taps, at: Taps | None = None) -> tuple[float, float, float]:
    """Return the slope for each step, the value at 0 and the correlation of a line."""
    x = np.arange(len(levels), dtype=np.float64) if at is None else at
    centre, mean = float(x.mean()), float(levels.mean())
    dx, dy = x - centre, levels - mean
    # plain sums: a product of BLAS may differ from one machine to another
    both, xx, yy = (float(np.sum(product)) for product in (dx * dy, dx * dx, dy * dy))
    slope = both / xx
    return slope, mean - slope * centre, both / math.sqrt(xx * yy) if xx * yy > 0 else 0.0


def _block_line(levels: Taps, start: int, stop: int, length: int) -> tuple[float, float] | None:
    """Return dB a frame and dB at frame 0 of a line through blocks, silent ones left out."""
    blocks = start + np.flatnonzero(levels[start:stop])
    if len(blocks) < FEWEST:
        return None
    slope, level, _ = line_through(
        10 * np.log10(levels[blocks]), (blocks + 0.5).astype(np.float64) * length
    )
    return (slope, level) if slope < 0 else None


def _first_line(levels: Taps, noise: float, length: int) -> tuple[float, float] | None:
    """Return slope and crosspoint of the line from the peak to the last block over the noise."""
    loud = np.flatnonzero(levels > noise * 10 ** (MARGIN / 10))
    if len(loud) == 0:
        return None
    line = _block_line(levels, int(np.argmax(levels)), int(loud[-1]) + 1, length)
    return _meeting(line, noise)


def _late_line(levels: Taps, noise: float, length: int) -> tuple[float, float] | None:
    """Return slope and crosspoint of the line through the blocks 30 to 10 dB over the noise."""
    peak = int(np.argmax(levels))
    low = noise * 10 ** (MARGIN / 10)
    start = peak + int(np.argmax(levels[peak:] < low * 10 ** (LATE / 10)))
    under = np.flatnonzero(levels[start:] < low)
    stop = start + int(under[0]) if len(under) else len(levels)
    line = _block_line(levels, start, stop, length)
    return _meeting(line, noise)


def _meeting(line: tuple[float, float] | None, noise: float) -> tuple[float, float] | None:
    """Return the slope of a line, and the frame at which it meets the noise."""
    if line is None or noise <= 0:
        return None
    return line[0], (10 * math.log10(noise) - line[1]) / line[0]


def _noise_from(frame: float, length: int, blocks: int) -> int:
    """Return the block at which the noise starts: no later than the last tenth."""
    return max(0, min(round(frame / length), blocks * 9 // 10, blocks - 1))
