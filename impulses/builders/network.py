"""A feedback delay network: delay lines mixed by a matrix that loses nothing."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import numpy as np

from impulses.builders.recursion import (
    DelayLine,
    OnePole,
    check_floor,
    check_rate,
    decay_frames,
    fitting,
)
from impulses.impulse import Impulse, ImpulseError, Taps
from impulses.quantities import Decibels, Seconds, above, chance, decay_gain, one_of, within

MOST_LINES = 64

BLOCK = 100
"""Samples that a block costs before there is one in it."""

HIGH = 5000.0
"""Hz at which the decay of high frequencies is given, or half the rate where that is less."""


def fdn(
    rate: int,
    *,
    lines: int = 8,
    matrix: Literal["hadamard", "householder"] = "hadamard",
    shortest: Seconds = 0.02,
    longest: Seconds = 0.06,
    rt60: Seconds = 1.0,
    rt60_high: Seconds | None = None,
    floor: Decibels = -100.0,
    seed: int = 0,
) -> Impulse:
    """Jot's feedback delay network: lines of m samples, each with the gain 10^(-3 m / (fs T)).

    Sound: an even, colourless hall whose tail thickens from separate echoes, wide in stereo.

    With s the outputs of the lines after their gains, the lines take ``b x + A s`` and the
    sides hear ``c s``; A is orthogonal, and b and each c have length 1. So every path through
    the network falls by 60 dB in `rt60` exactly, and there is no direct sound. One line alone
    is a comb: g^k at km samples from k = 1 on, or ``g z^-m / (1 - g z^-m)``, which is
    ``1 / (1 - g z^-m)`` without its direct sound.

    Lengths are different primes of samples, so that no two lines have a factor in common: one
    at random from each of as many even shares of the primes between the shortest and the
    longest.

    Parameters
    ----------
    rate : int, 1000 to 768000
        Samples per second.
    lines : int, 1 to 64
        number of delay lines; a power of two for hadamard
    matrix : {"hadamard", "householder"}
        hadamard mixes all lines alike, householder gives each line most of itself back
    shortest : float, 0.001 to 1
        seconds that no delay line is shorter than
    longest : float, 0.001 to 1
        seconds that no delay line is longer than
    rt60 : float, above `shortest`
        seconds in which the reverberation falls by 60 dB
    rt60_high : float, above `shortest`, up to `rt60`
        seconds in which 5 kHz falls by 60 dB; all frequencies fall alike if it is not given
    floor : float, -300 to -1
        fall of the decay, in dB, at which the impulse ends
    seed : int >= 0
        chooses the lengths, their order, and the signs at the sides

    Returns
    -------
    Impulse
        (frames, 2), left and right of one input; each line is heard at least once.

    Raises
    ------
    ImpulseError
        If a value is out of range, the matrix does not fit the lines, there are fewer primes
        than lines, or the decay is too long for an impulse.

    References
    ----------
    J.-M. Jot and A. Chaigne, "Digital delay networks for designing artificial reverberators",
    90th AES Convention, 1991, preprint 3030.

    Examples
    --------
    >>> h = fdn(1000, lines=1, shortest=0.03, longest=0.032, rt60=0.093)
    >>> np.flatnonzero(h.taps[:, 0]), h.taps[[31, 62, 93], 0].round(6)
    (array([ 31,  62,  93, 124]), array([0.1  , 0.01 , 0.001]))
    """
    check_rate(rate)
    check_floor(floor)
    _check_matrix(matrix, lines)
    lines = int(lines)
    within("longest", longest, 0.001, 1, "s")
    within("shortest", shortest, 0.001, longest, "s")
    above("rt60", rt60, shortest, "s")
    random = chance(seed)
    delays = _delays(math.ceil(shortest * rate), math.floor(longest * rate), lines, random)
    frames = fitting(
        max(decay_frames(rt60, floor, rate), max(delays) + 1), lines * (1 + BLOCK / min(delays))
    )

    gains = np.array([[decay_gain(delay / rate, rt60)] for delay in delays])
    absorptions = []
    if rt60_high is not None:
        within("rt60_high", above("rt60_high", rt60_high, shortest, "s"), shortest, rt60, "s")
        absorptions = [_absorption(rate, delay, rt60, rt60_high) for delay in delays]
    network = [DelayLine(delay) for delay in delays]
    sides = _sides(lines, random)
    entering = np.zeros((lines, min(delays)))  # in blocks that no line is shorter than
    entering[:, 0] = 1 / math.sqrt(lines)
    taps = np.zeros((frames, 2))
    for start in range(0, frames, min(delays)):
        leaving = gains * np.stack([line.late(min(delays)) for line in network])
        for absorption, samples in zip(absorptions, leaving, strict=False):
            samples[:] = absorption(samples)
        heard = (sides * leaving[:, np.newaxis, :]).sum(axis=0)
        taps[start : start + min(delays)] = heard.T[: frames - start]
        for line, samples in zip(network, entering + MATRICES[matrix](leaving), strict=True):
            line.write(samples)
        entering[:, 0] = 0
    return Impulse(taps, rate)


def _hadamard(x: Taps) -> Taps:
    """Mix lines by Sylvester's matrix over the root of its size, in sums of two and two."""
    lines, size = len(x), 1
    while size < lines:
        pairs = x.reshape(-1, 2, size, x.shape[1])
        first, second = pairs[:, 0], pairs[:, 1]
        x = np.stack([first + second, first - second], axis=1).reshape(x.shape)
        size *= 2
    return x / math.sqrt(lines)


def _householder(x: Taps) -> Taps:
    """Mix lines by ``2 / N - I``: each gets twice the mean of all, less itself."""
    mixed: Taps = 2 / len(x) * x.sum(axis=0) - x
    return mixed


# sums of rows rather than products of matrices, whose rounding depends on the number of threads
MATRICES: dict[str, Callable[[Taps], Taps]] = {
    "hadamard": _hadamard,
    "householder": _householder,
}


def _check_matrix(matrix: str, lines: int) -> None:
    if within("lines", lines, 1, MOST_LINES) != int(lines):
        raise ImpulseError(f"lines is {lines:g}; it must be a whole number, such as 8")
    one_of("matrix", matrix, MATRICES)
    below = 2 ** (int(lines).bit_length() - 1)
    if matrix == "hadamard" and lines != below:
        raise ImpulseError(
            f"lines is {lines}; a hadamard matrix needs a power of two: give {below} or "
            f"{2 * below}, or the householder matrix"
        )


def _delays(low: int, high: int, lines: int, random: np.random.Generator) -> list[int]:
    """Return different primes from all over the range, in random order."""
    primes = _primes(low, high)
    if len(primes) < lines:
        raise ImpulseError(
            f"lines is {lines}, but there are {len(primes)} primes from {low} to {high} samples; "
            "give fewer lines or a wider range of delays"
        )
    chosen = [random.choice(share) for share in np.array_split(primes, lines)]
    return [int(delay) for delay in random.permutation(chosen)]


def _primes(low: int, high: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    prime = np.arange(high + 1) > 1
    for number in range(2, math.isqrt(high) + 1):
        prime[number**2 :: number] = False
    primes = np.flatnonzero(prime)
    return primes[primes >= low]


def _sides(lines: int, random: np.random.Generator) -> Taps:
    """Return how left and right hear each line, (lines, 2, 1): orthogonally if lines are even."""
    signs = random.choice([-1.0, 1.0], lines)
    left = signs * signs[0]
    right = left * np.resize([1.0, -1.0], lines)
    return np.stack([left, right], axis=1)[:, :, np.newaxis] / math.sqrt(lines)


def _absorption(rate: int, delay: int, rt60: float, rt60_high: float) -> OnePole:
    """Return a low-pass of gain 1 at 0 Hz, and of what `rt60_high` asks for at its frequency.

    With r that gain and w the frequency, (1 - p)^2 / (1 - 2 p cos w + p^2) = r^2, of which the
    stable root is taken, written so that r = 1 gives p = 0.
    """
    cosine = math.cos(2 * math.pi * min(HIGH / rate, 0.5))
    power = decay_gain(delay / rate * (1 / rt60_high - 1 / rt60), 1.0) ** 2
    a, b = 1 - power * cosine, 1 - power
    return OnePole(b / (a + math.sqrt(power * (1 - cosine) * (a + b))))
