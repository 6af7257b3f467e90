"""A feedback delay network: delay lines mixed by a lossless matrix."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Literal

import numpy as np

from audioconv.errors import counted
from impulses.builders.recursion import (
    DelayLine,
    OnePole,
    check_floor,
    check_rate,
    checked_length,
    decay_frames,
)
from impulses.impulse import Impulse, ImpulseError, Taps
from impulses.quantities import (
    Decibels,
    Seconds,
    above,
    decay_gain,
    one_of,
    random_generator,
    whole,
    within,
)

MOST_LINES = 64

BLOCK = 100
"""Overhead of a block, in samples."""

HIGH = 5000.0
"""Frequency in Hz to which `rt60_high` applies, or half the rate if that is less."""


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
    """Jot's feedback delay network (FDN): delay lines of m samples with gains 10^(-3 m / (fs T)).

    Sound: an even, colourless hall whose tail thickens from separate echoes, wide in stereo.

    With s the outputs of the lines after their gains, the inputs of the lines are ``b x + A s``
    and each side of the output is ``c s``; A is orthogonal, and b and each c have norm 1. So
    every path through the network falls by 60 dB in exactly `rt60`, and there is no direct
    sound. A single line is a comb: g^k at km samples from k = 1 on, or
    ``g z^-m / (1 - g z^-m)``, which is ``1 / (1 - g z^-m)`` without its direct sound.

    The lengths in samples are distinct primes, so no two lines have a common factor. The primes
    between the shortest and the longest are divided into one share per line, and a prime is
    drawn from each.

    Parameters
    ----------
    rate : int, 1000 to 768000
        Samples per second.
    lines : int, 1 to 64
        number of delay lines; a power of two for hadamard
    matrix : {"hadamard", "householder"}
        hadamard mixes all lines equally, householder feeds each line mostly back to itself
    shortest : float, 0.001 to 1
        seconds of the shortest delay line allowed
    longest : float, 0.001 to 1
        seconds of the longest delay line allowed
    rt60 : float, above `shortest`
        seconds in which the reverberation falls by 60 dB
    rt60_high : float, above `shortest`, up to `rt60`
        seconds in which 5 kHz falls by 60 dB; by default all frequencies decay alike
    floor : float, -300 to -1
        level of the decay, in dB, at which the impulse ends
    seed : int >= 0
        seed of the lengths of the lines, their order, and the signs of their outputs

    Returns
    -------
    Impulse
        (frames, 2), left and right from one input; long enough for each line to sound once.

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
    lines = whole("lines", lines, 1, MOST_LINES)
    _check_matrix(matrix, lines)
    within("longest", longest, 0.001, 1, "s")
    within("shortest", shortest, 0.001, longest, "s")
    above("rt60", rt60, shortest, "s")
    generator = random_generator(seed)
    delays = _delays(math.ceil(shortest * rate), math.floor(longest * rate), lines, generator)
    frames = checked_length(
        max(decay_frames(rt60, floor, rate), max(delays) + 1), lines * (1 + BLOCK / min(delays))
    )

    gains = np.array([[decay_gain(delay / rate, rt60)] for delay in delays])
    absorptions = []
    if rt60_high is not None:
        within("rt60_high", above("rt60_high", rt60_high, shortest, "s"), shortest, rt60, "s")
        absorptions = [_absorption(rate, delay, rt60, rt60_high) for delay in delays]
    network = [DelayLine(delay) for delay in delays]
    sides = _output_gains(lines, generator)
    block = min(delays)
    spike = np.zeros((lines, block))
    spike[:, 0] = 1 / math.sqrt(lines)
    taps = np.zeros((frames, 2))
    for start in range(0, frames, block):
        outputs = gains * np.stack([line.read(block) for line in network])
        for absorption, samples in zip(absorptions, outputs, strict=False):
            samples[:] = absorption(samples)
        mixed = (sides * outputs[:, np.newaxis, :]).sum(axis=0)
        taps[start : start + block] = mixed.T[: frames - start]
        for line, samples in zip(network, spike + MATRICES[matrix](outputs), strict=True):
            line.write(samples)
        spike[:, 0] = 0
    return Impulse(taps, rate)


def _hadamard(x: Taps) -> Taps:
    """Mix lines by Sylvester's matrix over the root of its size, by a fast Hadamard transform."""
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


# sums of rows, as the rounding of a matrix product may depend on the number of threads
MATRICES: dict[str, Callable[[Taps], Taps]] = {
    "hadamard": _hadamard,
    "householder": _householder,
}


def _check_matrix(matrix: str, lines: int) -> None:
    one_of("matrix", matrix, MATRICES)
    below = 2 ** (lines.bit_length() - 1)
    if matrix == "hadamard" and lines != below:
        raise ImpulseError(
            f"lines is {lines}; a hadamard matrix needs a power of two: give {below} or "
            f"{2 * below}, or the householder matrix"
        )


def _delays(low: int, high: int, lines: int, generator: np.random.Generator) -> list[int]:
    """Return distinct primes spread over the range, in random order."""
    primes = _primes(low, high)
    if len(primes) < lines:
        raise ImpulseError(
            f"lines is {lines}, but the range of {low} to {high} samples has "
            f"{counted(len(primes), 'prime')}; give fewer lines or a wider range of delays"
        )
    chosen = [generator.choice(share) for share in np.array_split(primes, lines)]
    return [int(delay) for delay in generator.permutation(chosen)]


def _primes(low: int, high: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    prime = np.arange(high + 1, dtype=np.int64) > 1
    for number in range(2, math.isqrt(high) + 1):
        prime[number**2 :: number] = False
    primes = np.flatnonzero(prime)
    return primes[primes >= low]


def _output_gains(lines: int, generator: np.random.Generator) -> Taps:
    """Return the gains of each line to left and right, (lines, 2, 1), orthogonal if even."""
    signs = generator.choice([-1.0, 1.0], lines)
    left = signs * signs[0]
    right = left * np.resize([1.0, -1.0], lines)
    return np.stack([left, right], axis=1)[:, :, np.newaxis] / math.sqrt(lines)


def _absorption(rate: int, delay: int, rt60: float, rt60_high: float) -> OnePole:
    """Return a low-pass of gain 1 at 0 Hz whose gain at `HIGH` turns rt60 into rt60_high.

    With r that gain, p the pole and w the frequency, (1 - p)^2 / (1 - 2 p cos w + p^2) = r^2.
    The stable root is taken, in a form that gives p = 0 for r = 1.
    """
    cosine = math.cos(2 * math.pi * min(HIGH / rate, 0.5))
    power = decay_gain(delay / rate * (1 / rt60_high - 1 / rt60), 1.0) ** 2
    a, b = 1 - power * cosine, 1 - power
    return OnePole(b / (a + math.sqrt(power * (1 - cosine) * (a + b))))
