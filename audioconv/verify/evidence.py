"""What is known of a convolution while it goes by.

The sound is heard where it is read, in order, before anything else has it. Each block of the sums
gives its `Testimony`, in any thread: the samples that were made of it, compared, and then its
folds, of the very same array. The testimonies are taken in order.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Iterable, Iterator
from copy import deepcopy

import numpy as np
from numpy.typing import NDArray

from audioconv.engines.audio import SLICE, Audio, Samples
from audioconv.engines.convolver import Convolver
from audioconv.engines.direct import ALONE
from audioconv.engines.stream import Number
from audioconv.engines.window import Window
from audioconv.files import EncodedBlock, PeakMeter, Reader
from audioconv.verify.bound import ErrorBound
from audioconv.verify.certificate import Certificate, Fold, Margin, Partial, draw_primes
from audioconv.verify.levels import LOUDEST, refuse_levels
from audioconv.verify.samples import Rounding, SampleCheck
from audioconv.verify.spots import Spots
from impulses.impulse import Taps

EARLIEST, LATEST = 2**17, 2**19
"""Where the first beginning ends that is proven by itself; each is 4 to 8 times the one before.

It is no earlier than `LONG` impulses last, so that overhangs cost little beside the run.
"""

LONG = 3

LONGEST = 2**22
"""Frames of the longest impulse whose overhangs are computed; those of a longer one take memory."""

ROW = 2**10
"""Frames in a row, for reductions of each channel, which are fast along long rows."""


class Testimony:
    """What a block of sums says.

    Parameters
    ----------
    start : int
        its first frame in the convolution
    primes : tuple of int
    cuts : tuple of int
        frames of the convolution at which folds are to be cut
    rounding : Rounding

    Attributes
    ----------
    samples : SampleCheck
    folds : list of Partial
    """

    def __init__(
        self, start: int, primes: tuple[int, ...], cuts: tuple[int, ...], rounding: Rounding
    ) -> None:
        self.samples = SampleCheck(rounding)
        self.folds = [Partial(primes, start)]
        self._primes = primes
        self._cuts = [cut for cut in cuts if cut > start]

    def compare(self, sums: Audio, found: Samples, at: int, unit: float) -> None:
        """Compare samples of the output from frame `at` on, in steps of a unit, with their sums."""
        both = min(len(sums), len(found))  # a difference in length is a failure of its own
        self.samples.take(sums[:both], found[:both], at, unit)

    def examine(self, sums: Audio, encoded: EncodedBlock, at: int) -> None:
        """Compare an encoded block from frame `at` on with its sums, and let go of it."""
        for found in encoded.found:
            self.compare(sums[: len(found)], found, at, encoded.unit)
            sums, at = sums[len(found) :], at + len(found)
        encoded.found.clear()

    def fold(self, sums: Audio) -> None:
        """Take the next sums, whether the output holds them or not."""
        latest = self.folds[-1]
        before = self._cuts[0] - latest.start - latest.frames if self._cuts else len(sums)
        latest.take(sums[:before])
        if self._cuts and before <= len(sums):
            self.folds.append(Partial(self._primes, self._cuts.pop(0)))
            self.fold(sums[before:])


class Evidence:
    """Everything that is gathered of one convolution.

    Parameters
    ----------
    convolver : Convolver
    window : Window
        the part that the output holds
    rounding : Rounding
        of the output
    precision : str
        of the arithmetic
    unit : float
        value of 1 in the samples of the sound, a power of two
    seed : int, optional
        of primes and positions; a proof needs fresh ones, a test may fix them

    Attributes
    ----------
    samples : SampleCheck
    bound : ErrorBound
    level : PeakMeter
        of the part of the sums that the output holds
    margins : list of Margin
        of the beginnings that were proven
    gap : int or None
        frame at which sums are missing, or come twice
    spots : Spots
    dropped : bool
        whether to take no note of what follows, as the pass will be discarded
    """

    def __init__(
        self,
        convolver: Convolver,
        window: Window,
        rounding: Rounding,
        precision: str = "double",
        *,
        unit: float = 1.0,
        seed: int | None = None,
    ) -> None:
        routing = convolver.routing
        random = np.random.default_rng(seed)
        self.primes = draw_primes(random)
        self.rounding = rounding
        self.precision = precision
        self.samples = SampleCheck(rounding)
        self.model = convolver.error_model()
        self.bound = ErrorBound(self.model)
        self.level = PeakMeter()
        self.margins: list[Margin] = []
        self.gap: int | None = None
        self.dropped = False
        self.routing = routing
        for taps in routing.kernels:
            taps.setflags(write=False)  # they are folded at the end
        self._window = window
        self.unit = unit
        self._certificate = Certificate(routing, self.primes, unit)
        # seams also lie inside blocks, where an engine computes them in halves
        self.spots = Spots(routing, window.head, max(1, convolver.block // 2), random)
        self._block = convolver.block
        self._measured = 0
        self._energies: deque[Taps] = deque()  # of blocks that are not yet measured
        self._random = random
        self._cut = LONG * routing.frames + int(random.integers(EARLIEST, LATEST))
        if routing.frames > LONGEST:
            self._cut = sys.maxsize
        self._cuts: tuple[int, ...] = ()
        self._beginnings: deque[Fold] = deque()

    @property
    def heard(self) -> int:
        """Frames of the sound so far."""
        return self._certificate.x.frames

    @property
    def summed(self) -> int:
        """Frames of the convolution so far."""
        return self._certificate.y.frames

    def shuffled(self, count: int) -> list[int]:
        """Return the numbers below a count in random order."""
        return [int(number) for number in self._random.permutation(count)]

    def hear(self, reader: Reader, blocks: Iterable[Samples]) -> Iterator[Samples]:
        """Yield blocks of the sound as they are read, and take note of each first.

        Raises
        ------
        FormatError
            If a level is out of range.
        """
        self.refuse_levels(reader, 0.0)
        for block in blocks:
            if self.dropped:
                yield block
                continue
            if reader.peak > LOUDEST:
                self.refuse_levels(reader, reader.peak)
            block.setflags(write=False)  # it is kept: an engine that wrote to it would go unseen
            together = min(max(1, SLICE // block.shape[1]), self._block)
            for start in range(0, len(block), together):
                # a copy, as the block is still to go through the engine when it is added up
                self._listen(block[start : start + together].astype(np.float64))
            self.spots.hear(block)
            yield block
        self.refuse_levels(reader, reader.peak)
        length = self._window.length
        needed = self._window.head + length if isinstance(length, int) else sys.maxsize
        if reader.frames != self.heard or (not reader.ended and self.heard < needed):
            self.gap = self.heard

    def refuse_levels(self, reader: Reader, peak: float) -> None:
        """Raise `FormatError` if a level is out of range."""
        refuse_levels(self.routing, reader.info.path, peak, self.precision)

    def measure(self, blocks: Iterable[Samples]) -> Iterator[Samples]:
        """Yield blocks of the convolver's own length, and bound their errors."""
        for block in blocks:
            # a block more than was heard is a failure of its own
            energy = self._energies.popleft() if self._energies else np.zeros(block.shape[1])
            self._measured += 1
            self.bound.take(self.unit**2 * energy, self.unit * _peak(block))
            yield block

    def _listen(self, values: Taps) -> None:
        """Fold a few frames of the sound, and add up their energy."""
        first, last = (at // self._block for at in (self.heard, self.heard + len(values) - 1))
        self._energies.extend(
            np.zeros(values.shape[1]) for _ in range(self._measured + len(self._energies), last + 1)
        )
        if self.model.transforms:  # a bound on plain sums needs the peak alone
            energy = _energy(values)
            for block in range(first, last + 1):  # a bound: of both blocks that they lie in
                self._energies[block - self._measured] += energy
        self._fold(values)

    def _fold(self, values: Taps) -> None:
        """Fold frames of the sound, and keep the folds of a beginning that ends among them."""
        sound = self._certificate.x
        before = self._cut - sound.frames
        sound.take(values[:before])
        if before <= len(values):
            sound.settle()
            self._beginnings.append(deepcopy(sound))
            self._cuts = (*self._cuts, self._cut)
            self._cut *= int(self._random.integers(4, 9))
            self._fold(values[before:])

    @property
    def expected(self) -> int:
        """Frames that the output should hold; where its level decides, those that it may."""
        frames = self._window.frames(self.heard, self.routing.frames)
        if frames is not None:
            return frames
        # the tail is cut where it is no longer heard
        return min(max(self.heard, self.level.frames), self.heard + self.routing.frames - 1)

    def testimony(self, start: int) -> Testimony:
        """Return room for what a block of sums says, from frame `start` of the convolution on."""
        return Testimony(start, self.primes, self._cuts, self.rounding)

    def take(self, testimony: Testimony, level: PeakMeter) -> None:
        """Take what the next block of sums says, and the level of what the output holds of it."""
        self.samples.join(testimony.samples)
        louder = not level.peak <= self.level.peak
        loudest = self.level.frames + level.peak_frame if louder else None
        self.level.join(level)
        for partial in testimony.folds:
            if partial.start != self.summed and self.gap is None:
                self.gap = self.summed
            self._certificate.y.join(partial)
            self._prove_beginning()
        self.spots.take(level.frames, loudest)

    def _prove_beginning(self) -> None:
        """Prove the sums so far, if they are a beginning that was chosen."""
        if not self._beginnings or self._beginnings[0].frames > self.summed:
            return
        margin = self._certificate.check_beginning(
            self._beginnings.popleft(),
            self.spots.recent(self.summed),
            self.bound.peak,
            relative=self.model.relative,
            floor=self.model.floor,
        )
        self.margins.append(margin)

    def certificate(self) -> Margin:
        """Prove the whole convolution; return the proof that is nearest to its limit."""
        if self.summed != self.heard + self.routing.frames - 1 and self.gap is None:
            self.gap = self.summed
        whole = self._certificate.check(
            self.bound.peak,
            relative=[0.0] * len(self.model.relative) if self.bound.exact else self.model.relative,
            floor=self.model.floor,
        )
        worst = max([whole, *self.margins], key=lambda margin: margin.used)
        return worst._replace(smallest=whole.smallest)


def _peak(block: Samples) -> Taps:
    """Return the largest magnitude of each channel."""
    wide, rest = _wide(block)
    high, low = np.maximum, np.minimum
    extremes = [part for part in (wide, rest) if len(part)]
    highest = [high.reduce(high.reduce(p, axis=0).reshape(-1, block.shape[1])) for p in extremes]
    lowest = [low.reduce(low.reduce(p, axis=0).reshape(-1, block.shape[1])) for p in extremes]
    # as floats, because the least integer has no positive counterpart
    peak: Taps = np.maximum(high.reduce(highest), -low.reduce(lowest).astype(np.float64))
    return peak


def _energy(values: Taps) -> Taps:
    """Return the sum of squares of each channel of a few frames."""
    return np.array([_square(channel) for channel in values.T])


def _square(values: Taps) -> float:
    """Return the sum of squares of numbers, in one thread."""
    pieces = (values[start : start + ALONE] for start in range(0, len(values), ALONE))
    return sum(float(np.dot(piece, piece)) for piece in pieces)


def _wide(block: NDArray[Number]) -> tuple[NDArray[Number], NDArray[Number]]:
    """Return a block as rows of many frames, and the frames that are left."""
    whole = len(block) // ROW * ROW
    return block[:whole].reshape(-1, ROW * block.shape[1]), block[whole:]
