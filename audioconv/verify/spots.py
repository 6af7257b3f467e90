"""Samples of a convolution by the direct sum, with the sound that they need kept as it goes by.

Which frames are summed is not known beforehand: the loudest one and the last are known when the
sound has gone by. So what a frame depends on, its window of K frames of sound, is kept for the
frames that are the choice so far: the ends, the loudest, both sides of seams between blocks, and
random ones, which are drawn so that every frame has the same chance (a reservoir).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from audioconv.engines.audio import Audio, Samples
from audioconv.engines.routes import Routing
from impulses.impulse import Taps

SPLITTER = 2.0**27 + 1

ANYWHERE = 12
"""Random frames."""

SEAMS = 4
"""Random seams, besides the first and the last."""

MOST_BYTES = 2**26
"""Memory of the windows of random frames and seams; of a very long impulse, there are fewer."""


LANES = 2**13
"""Products that are computed together, and added each to a sum of its own; they fit the cache."""


HALVES = [LANES >> n for n in range(1, 8)]
"""Lanes that are left each time that pairs of them are joined."""


class Spot(NamedTuple):
    """A frame of the output, and the frames of the sound that it depends on.

    Parameters
    ----------
    frame : int
        of the output
    window : array, (taps, inputs)
        in steps of the unit of the sound, for `Spots.routing`
    """

    frame: int
    window: Samples


class Spots:
    """The choice of frames, as sound and sums go by.

    Parameters
    ----------
    routing : Routing
    head : int >= 0
        frames of the convolution before the output
    seams : int > 0
        frames between the seams of the convolution
    random : Generator

    Attributes
    ----------
    routing : Routing
        the taps without the places at which all of them are 0, where no window needs the sound

    Examples
    --------
    >>> from audioconv.engines.routes import routes
    >>> spots = Spots(routes(np.array([[1.0], [0.5]]), 1), 0, 512, np.random.default_rng(1))
    >>> spots.hear(np.array([[2.0], [3.0]]))
    >>> spots.take(3, 1)
    >>> {spot.frame: float(direct_sum(spot.window, spots.routing)[0]) for spot in spots.chosen()}
    {0: 2.0, 1: 4.0, 2: 1.5}
    """

    def __init__(
        self, routing: Routing, head: int, seams: int, random: np.random.Generator
    ) -> None:
        self._taps = routing.frames
        self._delays = _used(routing)
        self.routing = replace(
            routing,
            frames=len(self._delays),
            kernels=tuple(taps[self._delays] for taps in routing.kernels),
        )
        self._head = head
        self._every = seams
        self._random = random
        self._heard: deque[Samples] = deque()
        self._begin = 0  # of what is kept of the sound
        self._taken = 0
        self._seams = 0
        windows = MOST_BYTES // (8 * len(self._delays) * routing.inputs)
        self._first: list[Spot] = []
        self._first_seam: list[Spot] = []
        self._loudest: list[Spot] = []
        self._anywhere: list[list[Spot]] = [[] for _ in range(_within(windows // 2, ANYWHERE))]
        self._at_seams: list[list[Spot]] = [[] for _ in range(_within(windows // 4, SEAMS))]

    def hear(self, block: Samples) -> None:
        """Take the next frames of the sound, which nobody writes to any more."""
        self._heard.append(block)

    def take(self, frames: int, loudest: int | None = None) -> None:
        """Take note of the next frames of the output, which come after their sound.

        Parameters
        ----------
        frames : int
            how many
        loudest : int, optional
            frame of the output that is louder than all before, if there is one among them
        """
        if not frames:
            return
        begin, end = self._taken, self._taken + frames
        self._taken = end
        if not begin:
            self._first = self._spots(0)
        if loudest is not None:
            self._loudest = self._spots(loudest)
        for slot in self._drawn(len(self._anywhere), frames, end):
            self._anywhere[slot] = self._spots(int(self._random.integers(begin, end)))
        self._take_seams(begin, end)
        self._forget()

    def _take_seams(self, begin: int, end: int) -> None:
        """Choose among seams: the first, and random ones; seam n lies before frame n * every."""
        first = max(self._head + begin - 1, self._head) // self._every + 1
        last = (self._head + end - 1) // self._every
        count = last - first + 1
        if count <= 0:
            return
        self._seams += count
        self._first_seam = self._first_seam or self._at_seam(first)
        for slot in self._drawn(len(self._at_seams), count, self._seams):
            self._at_seams[slot] = self._at_seam(int(self._random.integers(first, last + 1)))

    def _drawn(self, slots: int, fresh: int, all_so_far: int) -> list[int]:
        """Return the slots that get one of the fresh candidates, each as likely as any."""
        chances = self._random.random(slots)
        return [slot for slot, chance in enumerate(chances) if chance < fresh / all_so_far]

    def chosen(self) -> list[Spot]:
        """Return the spots in order, once the last frame has been taken."""
        ends = [self._first, self._loudest, self._first_seam]
        if self._taken:
            ends.append(self._spots(self._taken - 1))
        if self._seams:
            ends.append(self._at_seam((self._head + self._taken - 1) // self._every))
        spots = chain.from_iterable([*ends, *self._anywhere, *self._at_seams])
        by_frame = {spot.frame: spot for spot in spots}
        return [by_frame[frame] for frame in sorted(by_frame)]

    def recent(self, end: int) -> Samples:
        """Return the K - 1 frames of the sound before frame `end`, zeros before its beginning."""
        return self._samples(np.arange(end - self._taps + 1, end, dtype=np.int64))

    def _at_seam(self, number: int) -> list[Spot]:
        return self._spots(number * self._every - self._head, sides=2)

    def _spots(self, frame: int, sides: int = 1) -> list[Spot]:
        """Return spots at a frame of the output, and at those before it."""
        needed = self._head + frame - self._delays[::-1]
        return [Spot(frame - side, self._samples(needed - side)) for side in range(sides)]

    def _samples(self, frames: NDArray[np.int64]) -> Samples:
        """Return frames of the sound, in order; outside of it there is silence."""
        samples = np.zeros((len(frames), self._heard[0].shape[1]), self._heard[0].dtype)
        at = self._begin
        for block in self._heard:
            first, end = np.searchsorted(frames, [at, at + len(block)])
            if first < end and frames[end - 1] - frames[first] == end - 1 - first:  # no gaps
                samples[first:end] = block[frames[first] - at :][: end - first]
            else:
                samples[first:end] = block[frames[first:end] - at]
            at += len(block)
        return samples

    def _forget(self) -> None:
        """Forget the sound before the windows of the latest seam, and of all that is to come."""
        needed = self._head + self._taken - self._every - self._taps - 1
        while len(self._heard) > 1 and self._begin + len(self._heard[0]) <= needed:
            self._begin += len(self._heard.popleft())


def _used(routing: Routing) -> NDArray[np.int64]:
    """Return the delays of all taps that are not 0, at least one; all, if few of them are 0."""
    used = np.zeros(routing.frames, bool)
    for taps in routing.kernels:
        used |= taps != 0
    if 2 * np.count_nonzero(used) > routing.frames:  # a window without gaps is copied faster
        used[:] = True
    return np.flatnonzero(used) if used.any() else np.zeros(1, np.int64)


def _within(count: int, most: int) -> int:
    return max(1, min(count, most))


def direct_sum(window: Audio, routing: Routing) -> Taps:
    """Return one frame of the output from the last K frames of the input, exactly rounded.

    Every product is split into its rounded value and its rounding error, and `math.fsum` adds
    them all without another error than the last rounding.
    """
    terms: list[list[float]] = [[] for _ in range(routing.outputs)]
    for target, product, error in _products(window, routing):
        terms[target] += [*product.tolist(), *error.tolist()]
    return np.array([math.fsum(target) for target in terms])


def doubled_sum(window: Audio, routing: Routing) -> Taps:
    """Return the same in about 100 bits, rounded, which takes a fraction of the time.

    The sums of each of some lanes are pairs of floats: of n terms each, with an error of at most
    n^2 2^-106 of the sum of their magnitudes. Lanes are joined in pairs until few are left, as if
    each had a few more terms; those are added without an error.

    References
    ----------
    T. Ogita, S. M. Rump, S. Oishi, "Accurate sum and dot product", SIAM J. Sci. Comput. 26(6),
    2005.
    """
    sums, rests = np.zeros((2, routing.outputs, LANES))
    for target, product, error in _products(window, routing):
        high, low = sums[target, : len(product)], rests[target, : len(product)]
        high[:], lost = two_sum(high, product)
        low += lost
        low += error
    for half in HALVES:
        sums, lost = two_sum(sums[:, :half], sums[:, half:])
        rests = rests[:, :half] + rests[:, half:] + lost
    return np.array(
        [math.fsum([*s, *r]) for s, r in zip(sums.tolist(), rests.tolist(), strict=True)]
    )


def _products(window: Audio, routing: Routing) -> Iterator[tuple[int, Taps, Taps]]:
    """Yield the exact products of each route as pairs, with its target, some lanes at a time."""
    latest_first = window[::-1]
    for route in routing.routes:
        taps, sound = routing.taps(route), latest_first[:, route.source]
        for start in range(0, len(taps), LANES):
            lanes = slice(start, start + LANES)
            yield route.target, *two_product(sound[lanes].astype(np.float64), taps[lanes])


def two_sum(a: Audio, b: Audio) -> tuple[Taps, Taps]:
    """Return the rounded sum and its error, whose exact sum is the sum.

    References
    ----------
    D. E. Knuth, "The art of computer programming", volume 2, section 4.2.2.

    Examples
    --------
    >>> total, error = two_sum(np.array([1.0]), np.array([2.0**-60]))
    >>> float(total[0]), float(error[0]) == 2.0**-60
    (1.0, True)
    """
    total = a + b
    part = total - a
    return total, (a - (total - part)) + (b - part)


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
