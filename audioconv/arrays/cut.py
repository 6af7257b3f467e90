"""One transform or many, and how long: by the lengths alone, never by the machine.

Overlap-save transforms windows of N frames, of which each begins B = N - K + 1 after the last, K
being the frames of the impulse. The first K - 1 sums of a window have wrapped around, and the other
B are the convolution. A short sound is one window that begins with it: with N >= n + K - 1 points,
only silence wraps around.

References
----------
H. D. Helms, "Fast Fourier transform method of computing difference equations and simulating
filters", IEEE Transactions on Audio and Electroacoustics 15(2), 1967.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

ODD = (1, 3, 5, 9, 15, 25, 27, 45, 75, 81, 125)
"""Odd factors of the lengths of transforms: a length is at most an eighth above the one before."""

CALLS = 2000
"""Points of a transform that cost as much as the calls and passes around it."""


class Cut(NamedTuple):
    """How the frames of a convolution are cut into transforms.

    Parameters
    ----------
    size : int
        N, points of each transform
    hop : int
        frames that each gives
    skip : int
        sums before these
    windows : int
        how many
    alone : bool
        the one window begins with the sound
    """

    size: int
    hop: int
    skip: int
    windows: int
    alone: bool


def cut(frames: int, taps: int, begin: int, end: int, block: int | None, kernels: int) -> Cut:
    """Return how to compute frames `begin` to `end` of a convolution, there being at least one.

    Parameters
    ----------
    frames, taps : int > 0
        n and K
    begin, end : int
    block : int > 0, optional
        frames that a transform gives, at least
    kernels : int
        transforms of the impulse, beside those of one sound

    Examples
    --------
    >>> cut(1000, 100, 0, 1099, None, 1)
    Cut(size=1152, hop=1099, skip=0, windows=1, alone=True)
    >>> cut(10**6, 100, 0, 10**6 + 99, None, 1)[:2]
    (2304, 2205)
    """
    if block is not None:
        return _split(fast_size(block + taps - 1), taps, end - begin)
    # few, without a table of results, and sorted, since compilers trace this, and no `min` by a key
    choices = _choices(frames, taps, begin, end)
    return sorted(choices, key=lambda one: _work(one, kernels))[0]


def _choices(frames: int, taps: int, begin: int, end: int) -> Iterator[Cut]:
    """Yield cuts into more and more windows, until half of each would be overlap."""
    wanted = end - begin
    if frames <= wanted:
        yield Cut(fast_size(frames + taps - 1), wanted, begin, 1, True)
    least = 1
    while wanted >= least * taps or least == 1:
        for windows in (2 * least, 3 * least) if least > 1 else (1, 2, 3):
            yield _split(fast_size(-(-wanted // windows) + taps - 1), taps, wanted)
        least *= 2


def _split(size: int, taps: int, wanted: int) -> Cut:
    hop = size - taps + 1
    return Cut(size, hop, taps - 1, -(-wanted // hop), False)


def _work(one: Cut, kernels: int) -> float:
    """Return the relative cost: as `audioconv.engines.overlap_add.fft_size`, and of calls."""
    points = one.size * math.log2(one.size + 1) * (1 + one.size / 2**21)
    return (2 * one.windows + kernels) * (points + CALLS)


def fast_size(least: int) -> int:
    """Return the least number of points, at least so many, that is fast to transform.

    Examples
    --------
    >>> [fast_size(points) for points in (1, 7, 1000, 1025, 38000)]
    [1, 8, 1000, 1152, 38400]
    """
    return min(odd << (-(-least // odd) - 1).bit_length() for odd in ODD)
