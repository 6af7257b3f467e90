r"""A proof of a whole convolution from a few thousand sums.

Fold a sound: add up all frames n that are alike modulo a prime p. As n = a + b implies
n = a + b modulo p, the fold of a convolution is the cyclic convolution of the folds,

    Y[j] = sum over i of X[i] H[(j - i) mod p],

and that is checked in each of its p places. A sum that is off by d, anywhere, moves one place by
all of d. Errors of many sums show with their full height too: a smooth one as well as a single
one, as all of it counts. They would have to cancel in every place, so repeat with a period of
just p frames; two primes are drawn at random for each proof, which no engine sees.

An error that swells and fades on a pure tone does cancel, nearly, once it lasts much longer than p
frames: its spectrum is zero at all multiples of 1/p. So the proof is made for the beginning of a
long sound too, up to frames that are drawn at random: there the error is cut off, and shows.
x[0..T) * h is y[0..T), and an overhang of K - 1 frames, which is computed here, by other code.

Folding costs one addition for each sample and prime. Sums are plain within a few hundred thousand
frames, and pairs of floats, which lose nothing, from there on.

Limits
------
With u the unit roundoff, M the frames that meet in a place, and A = max|X| + sqrt(M) max|x|:

- an engine is off by `ErrorModel.relative` of a sample's size, at random, which adds up as sqrt(M)
  samples do; or always alike, as with a filter that is slightly off, which adds up as X does. Both
  together are `relative` times A. Sums that are proven exact have no such error.
- the transforms of n points that convolve the folds are off by u sqrt(log2 n) max|H| max|X|
- plain sums of q terms are off by u sqrt(q) times what they add up to: max|Y|, if they are off
  alike, or sqrt(M) times the largest of them, if they are not; and those of x times max|H|

These are standard deviations, or above; `DEVIATIONS` of them are allowed.

References
----------
R. Freivalds, "Probabilistic machines can use less running time", IFIP Congress 1977 (checking a
product by a random one). T. J. Dekker, "A floating-point technique for extending the available
precision", Numerische Mathematik 18, 1971 (pairs).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from copy import deepcopy
from typing import NamedTuple

import numpy as np

from audioconv.engines.audio import Audio, Samples, as_audio
from audioconv.engines.batch import fast_size
from audioconv.engines.plan import FEW_TAPS
from audioconv.engines.routes import Routing
from audioconv.verify.spots import two_sum
from impulses.impulse import Taps

RANGES = ((2**12, 2**13), (2**14, 2**15))
"""Where the primes lie.

One is small, and cheap. The other is long beside most of what swells and fades: a tone of any pitch
under a bell of a standard deviation of p frames still shows 1e-5 of its height.
"""

PLAIN = 2**19
"""Frames that are added up plainly."""

FEW = 2**16
"""Frames that are kept as they are: to add them up costs less than to combine their sums."""

UNIT_ROUNDOFF = 2.0**-53

DEVIATIONS = 16
"""Standard deviations of rounding that a true product may be off.

Half as many would do if roundings were independent; those of a constant, or of a sound of few
values, are not quite, and a false alarm is worse than a limit twice as wide.
"""


def draw_primes(random: np.random.Generator) -> tuple[int, ...]:
    """Draw a prime from each of the `RANGES`.

    Examples
    --------
    >>> small, large = draw_primes(np.random.default_rng())
    >>> 2**12 < small < 2**13 and 2**14 < large < 2**15
    True
    """
    return tuple(_prime(random, *between) for between in RANGES)


def _prime(random: np.random.Generator, least: int, end: int) -> int:
    while True:
        number = int(random.integers(least, end))
        if all(number % divisor for divisor in range(2, math.isqrt(number) + 1)):
            return number


class Partial:
    """The folds of a run of frames, by each prime, in any thread.

    Parameters
    ----------
    primes : sequence of int
    start : int
        the first frame
    """

    def __init__(self, primes: Sequence[int], start: int) -> None:
        self.start = start
        self.frames = 0
        self.sums: list[Taps] = []
        self.blocks: list[Samples] = []
        self._primes = primes

    def take(self, block: Samples) -> None:
        """Add the next frames (n, channels), which nobody writes to any more."""
        if not len(block):
            return
        self.frames += len(block)
        self.blocks.append(block)
        if self.sums or self.frames > FEW:
            self.fold()

    def fold(self) -> None:
        """Add up the blocks that are kept."""
        at = self.start + self.frames - sum(map(len, self.blocks))
        if self.blocks and not self.sums:
            channels = self.blocks[0].shape[1]
            self.sums = [np.zeros((prime, channels)) for prime in self._primes]
        for block in self.blocks:
            for sums in self.sums:
                add_folded(sums, block, at)
            at += len(block)
        self.blocks.clear()

    def join(self, following: Partial) -> None:
        """Add sums of the frames that follow."""
        self.fold()
        if not self.sums:
            self.sums = following.sums
        else:
            for sums, values in zip(self.sums, following.sums, strict=True):
                sums += values
        self.frames += following.frames


def add_folded(sums: Taps, block: Samples, start: int) -> None:
    """Add frames from `start` on to their places.

    Examples
    --------
    >>> sums = np.zeros((3, 1))
    >>> add_folded(sums, np.array([[1.0], [2.0], [3.0], [4.0]]), 2)
    >>> sums.ravel()
    array([2., 3., 5.])
    """
    at = start % len(sums)
    while len(block):
        part = block[: len(sums) - at]
        sums[at : at + len(part)] += part
        block, at = block[len(part) :], 0


class Fold:
    """A whole sound, folded by each prime.

    Parameters
    ----------
    primes : sequence of int
    channels : int > 0

    Attributes
    ----------
    frames : int
        so far
    rows : int
        most terms of a plain sum
    largest : float
        largest plain sum
    sums, rests : list of array, (prime, channels)
        pairs of floats, the exact sums

    Examples
    --------
    >>> fold = Fold([3], 1)
    >>> fold.take(np.array([[1.0], [2.0], [3.0], [4.0]]))
    >>> fold.settle()
    >>> fold.sums[0].ravel()
    array([5., 2., 3.])
    """

    def __init__(self, primes: Sequence[int], channels: int) -> None:
        self.frames = 0
        self.rows = 1
        self.largest = 0.0
        self.sums = [np.zeros((prime, channels)) for prime in primes]
        self.rests = [np.zeros((prime, channels)) for prime in primes]
        self._primes = primes
        self._running = Partial(primes, 0)

    def take(self, block: Samples) -> None:
        """Add the next frames (n, channels), which nobody writes to any more."""
        self._running.take(block)
        self._grow(len(block))

    def join(self, partial: Partial) -> None:
        """Add the run of frames that follows."""
        if not partial.sums:
            for block in partial.blocks:
                self.take(block)
            return
        self._running.join(partial)
        self._grow(partial.frames)

    def _grow(self, frames: int) -> None:
        self.frames += frames
        if self._running.frames >= PLAIN:
            self.settle()

    @np.errstate(invalid="ignore")  # a sum that is not finite makes a pair that is not a number
    def settle(self) -> None:
        """Complete the sums, as pairs."""
        running = self._running
        running.fold()
        if running.frames:
            self.rows = max(self.rows, *(-(-running.frames // prime) for prime in self._primes))
        for sums, rests, values in zip(self.sums, self.rests, running.sums, strict=False):
            self.largest = float(np.maximum(self.largest, np.abs(values).max()))
            sums[:], lost = two_sum(sums, values)
            rests += lost
        self._running = Partial(self._primes, self.frames)


class Margin(NamedTuple):
    """How far a proof is from its limit.

    Parameters
    ----------
    residual, limit : float
        the pair, over outputs and primes, of which the residual is nearest to its limit; the
        product holds if residual <= limit
    smallest : float
        error of one sum that would show for certain
    """

    residual: float
    limit: float
    smallest: float

    @property
    def used(self) -> float:
        """The part of the limit that the residual takes; infinite if one is not a number."""
        used = self.residual / self.limit
        return used if math.isfinite(self.limit) and not math.isnan(used) else math.inf


class Certificate:
    """The proof that one sound is the convolution of another, as both go by.

    Parameters
    ----------
    routing : Routing
        the taps h
    primes : sequence of int
    unit : float
        value of 1 in the samples of `x`, a power of two

    Attributes
    ----------
    x, y : Fold
        the sound so far, and its convolution
    """

    def __init__(self, routing: Routing, primes: Sequence[int], unit: float = 1.0) -> None:
        self.primes = primes
        self.x = Fold(primes, routing.inputs)
        self.y = Fold(primes, routing.outputs)
        self._routing = routing
        self._unit = unit

    def check(self, peak: float, *, relative: Sequence[float], floor: float = 0.0) -> Margin:
        """Compare both sides of the equation, for all frames.

        Parameters
        ----------
        peak : float
            of the sound
        relative : sequence of float
            `ErrorModel.relative` of the engine, by kernel; 0 where its sums are exact
        floor : float
            error of one sum due to samples flushed to zero
        """
        return self._check(self.x, self.y, peak, relative, floor)

    def check_beginning(
        self,
        x: Fold,
        recent: Samples,
        peak: float,
        *,
        relative: Sequence[float],
        floor: float = 0.0,
    ) -> Margin:
        """Compare both sides for the frames of y so far.

        Parameters
        ----------
        x : Fold
            of as many frames
        recent : array, (K - 1, inputs)
            the last of them
        peak, relative, floor : float
            as for `check`
        """
        y = deepcopy(self.y)
        sound = as_audio(recent, np.dtype(np.float64), self._unit)  # also what has 32 bits
        y.take(overhang(sound, self._routing))
        return self._check(x, y, peak, relative, floor)

    def _check(
        self, x: Fold, y: Fold, peak: float, relative: Sequence[float], floor: float
    ) -> Margin:
        x.settle()
        y.settle()
        by_prime = [
            self._compare(at, x, y, peak, relative, floor) for at in range(len(self.primes))
        ]
        # an error shows if one of the primes shows it
        smallest = max(min(m.smallest for m in target) for target in zip(*by_prime, strict=True))
        worst = max((m for margins in by_prime for m in margins), key=lambda m: m.used)
        return worst._replace(smallest=smallest)

    @np.errstate(invalid="ignore")
    def _compare(
        self, at: int, x: Fold, y: Fold, peak: float, relative: Sequence[float], floor: float
    ) -> list[Margin]:
        """Compare the places of each output by one prime."""
        prime, outputs = self.primes[at], self._routing.outputs
        size = fast_size(2 * prime)
        meeting = -(-y.frames // prime)
        sounds = self._unit * (x.sums[at] + x.rests[at])
        root = math.sqrt(meeting)
        levels = np.abs(sounds).max(axis=0)
        scales = levels + root * peak
        own = levels * (math.sqrt(math.log2(size)) + math.sqrt(x.rows))
        own += root * self._unit * x.largest
        spectra = np.fft.rfft(sounds, size, axis=0)
        products = np.zeros((len(spectra), outputs), spectra.dtype)
        deviations = math.sqrt(y.rows) * np.abs(y.sums[at]).max(axis=0) + root * y.largest
        deviations *= UNIT_ROUNDOFF
        for kernel, taps in enumerate(self._routing.kernels):
            response = np.fft.rfft(_folded(taps, prime), size)
            most = UNIT_ROUNDOFF * float(np.abs(response).max())
            for source, target, used in self._routing.routes:
                if used == kernel:
                    products[:, target] += spectra[:, source] * response
                    deviations[target] += relative[kernel] * scales[source] + most * own[source]
        expected = _wrapped(np.fft.irfft(products, size, axis=0), prime)
        residuals = np.abs((y.sums[at] - expected) + y.rests[at]).max(axis=0)
        # silence, which is exact, has a limit to be under too
        limits = DEVIATIONS * deviations + meeting * floor + 1e-300
        return [
            Margin(float(residual), float(limit), float(limit + residual))
            for residual, limit in zip(residuals, limits, strict=True)
        ]


def overhang(recent: Audio, routing: Routing) -> Taps:
    """Return the K - 1 frames that a sound leaves behind its end, from its last K - 1 frames.

    Examples
    --------
    >>> from audioconv.engines.routes import routes
    >>> overhang(np.array([[1.0], [2.0]]), routes(np.array([[1.0], [3.0], [5.0]]), 1)).ravel()
    array([11., 10.])
    """
    behind = np.zeros((len(recent), routing.outputs))
    size = fast_size(2 * routing.frames)
    for kernel, taps in enumerate(routing.kernels):
        delays = np.flatnonzero(taps)
        response = np.fft.rfft(taps, size) if len(delays) > FEW_TAPS else None
        for source, target, used in routing.routes:
            sound, sums = recent[:, source], behind[:, target]
            if used != kernel:
                continue
            if response is not None:
                full = np.fft.irfft(np.fft.rfft(sound, size) * response, size)
                sums += full[len(sound) : 2 * len(sound)]
                continue
            for delay in delays[delays > 0]:
                sums[:delay] += taps[delay] * sound[-delay:]
    return behind


def _folded(taps: Taps, prime: int) -> Taps:
    """Return the fold of one kernel, (prime,)."""
    fold = Fold([prime], 1)
    fold.take(taps[:, np.newaxis])
    fold.settle()
    return (fold.sums[0] + fold.rests[0])[:, 0]


def _wrapped(full: Audio, prime: int) -> Audio:
    """Return cyclic convolutions, given the linear ones of sequences of a prime length."""
    wrapped = full[:prime].copy()
    wrapped[:-1] += full[prime : 2 * prime - 1]
    return wrapped
