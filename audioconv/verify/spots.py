"""Samples of a convolution by the direct sum, each exactly rounded, while the sound goes by."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable

import numpy as np

from audioconv.engines.audio import Audio
from audioconv.engines.routes import Routing
from impulses.impulse import Taps

SPLITTER = 2.0**27 + 1


class Spots:
    """The direct sum at some frames of the output.

    Parameters
    ----------
    frames : iterable of int
        where; each counts once
    routing : Routing

    Attributes
    ----------
    sums : dict of int to array, (outputs,)
        the sums so far, by frame

    Examples
    --------
    >>> from audioconv.engines.routes import routes
    >>> spots = Spots([1], routes(np.array([[1.0], [0.5]]), 1))
    >>> spots.take(np.array([[2.0], [3.0]]))
    >>> spots.sums
    {1: array([4.])}
    """

    def __init__(self, frames: Iterable[int], routing: Routing) -> None:
        self.sums: dict[int, Taps] = {}
        self._wanted = deque(sorted(set(frames)))
        self._routing = routing
        self._begin = 0
        self._recent = np.zeros((routing.frames - 1, routing.inputs))

    def take(self, block: Audio) -> None:
        """Take the next frames of the input."""
        heard = np.concatenate([self._recent, block])
        end = self._begin + len(block)
        while self._wanted and self._wanted[0] < end:
            frame = self._wanted.popleft()
            window = heard[frame - self._begin :][: self._routing.frames]
            self.sums[frame] = direct_sum(window, self._routing)
        self._recent = heard[len(block) :]
        self._begin = end

    def finish(self) -> None:
        """Let the tail ring out; after it there is silence."""
        self.take(np.zeros((self._routing.frames - 1, self._routing.inputs)))
        for frame in self._wanted:
            self.sums[frame] = np.zeros(self._routing.outputs)
        self._wanted.clear()


def direct_sum(window: Audio, routing: Routing) -> Taps:
    """Return one frame of the output from the last K frames of the input, exactly rounded.

    Every product is split into its rounded value and its rounding error, and `math.fsum` adds
    them all without another error than the last rounding.
    """
    terms: list[list[float]] = [[] for _ in range(routing.outputs)]
    for route in routing.routes:
        taps = routing.taps(route)
        used = np.flatnonzero(taps)
        sound = window[::-1, route.source][used].astype(np.float64, copy=False)
        for part in two_product(sound, taps[used]):
            terms[route.target] += part.tolist()
    return np.array([math.fsum(target) for target in terms])


def two_product(a: Audio, b: Audio) -> tuple[Taps, Taps]:
    """Return the rounded product and its error, whose exact sum is the product.

    References
    ----------
    T. J. Dekker, "A floating-point technique for extending the available precision",
    Numerische Mathematik 18, 1971.

    Examples
    --------
    >>> product, error = two_product(np.array([1 + 2.0**-30]), np.array([1 + 2.0**-30]))
    >>> float(error[0]) == 2.0**-60
    True
    """
    product = a * b
    a_high, a_low = _split(a)
    b_high, b_low = _split(b)
    error = a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)
    return product, error


def _split(value: Audio) -> tuple[Taps, Taps]:
    """Cut float64 numbers into halves of 26 bits, whose products are exact."""
    scaled = SPLITTER * value
    high = scaled - (scaled - value)
    return high, value - high
