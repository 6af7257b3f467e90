"""What the rounding of an engine is guaranteed to stay under, before anything is compared.

A transform of N points has a relative error, in the root of the energy, of at most about 7 u for
each of its stages (u the unit roundoff; Higham, theorem 24.2, with twiddle factors right to u).
It has S = log2 N + 2 of them: two for the two multiplications between its columns and its rows.
Two forward transforms, a product, a sum of R such products and an inverse then leave each output
sample within

    u sqrt(m) ((7 (2 + sqrt 2) S + 2 sqrt 5 + sqrt 2 (R - 1) + m + 3) |h|_2
               + 7 sqrt 2 S max|H|) |x|_2,

by the inequality of Cauchy and Schwarz, and of Parseval for the last term. x is what the sample
can hear: the blocks, m of them, that its K taps reach. Two segments share a transform, as real
and imaginary part, and where they overlap a sample has the errors of both: the forward error of
x and that of the inverse grow by the root of 2, those of h and of the product by 2. Where the
impulse is cut into partitions, m counts all blocks that their transforms reach, and |h|_1 stands
for max|H|, as no part of h passes it.

Sums without a transform stay within (taps + 2) u |h|_1 max|x| (Higham, section 3.1).

References
----------
N. J. Higham, "Accuracy and stability of numerical algorithms", 2nd edition, SIAM, 2002.
"""

from __future__ import annotations

import math
from collections import Counter, deque

import numpy as np

from audioconv.engines.convolver import Audio, Convolver, OverlapAdd
from audioconv.engines.grid import grid_scale
from audioconv.engines.overlap_add import FLUSH_BELOW
from impulses.impulse import Taps

PER_STAGE = 7

# Of a transform, roundings are as often up as down, and its errors stay far under what is
# guaranteed: the largest of one sample that was ever seen is 0.56 u |x|_2 |h|_2 for noise and
# music, 4 times that for constants, whose partial sums all grow the same way, and 7 for a tone
# through a tone of a million taps.
EXPECTED = 16


class ErrorBound:
    """The largest error that any block of a convolution can have, as a stream of its input.

    Parameters
    ----------
    convolver : Convolver
        with its routes, block and transform
    single : bool
        whether it computes in float32
    signal_bits : int or None
        fractional bits of the input's samples

    Attributes
    ----------
    worst : float
        the guaranteed bound of the worst block so far, full scale being 1
    expected : float
        what no error of one sample is expected to pass, in the worst block so far
    floor : float
        what an engine may make of samples that are as good as zero
    """

    def __init__(self, convolver: Convolver, *, single: bool, signal_bits: int | None) -> None:
        routing = convolver.routing
        size = convolver.fft_size
        in_one = isinstance(convolver, OverlapAdd)  # all taps in one transform, of a whole block
        beyond = 0 if size is None or in_one else size // 2
        reach = 1 + -(-(routing.frames - 1 + beyond) // convolver.block)
        products = Counter(route.target for route in routing.routes)
        self.worst = 0.0
        self.expected = 0.0
        self._peak = 0.0
        self._heard: deque[tuple[Taps, Taps]] = deque(maxlen=reach)
        self._transforms = convolver.fft_size is not None
        self.floor = 0.0
        self._scale = None if single else grid_scale(routing, signal_bits)
        unit = unit_roundoff(single)
        # (inputs, outputs): error of an output for each unit of |x|_2, or of max|x|
        self._weights = np.zeros((routing.inputs, routing.outputs))
        self._likely = np.zeros((routing.inputs, routing.outputs))
        sums = np.zeros(routing.outputs)
        for route in routing.routes:
            taps = route.taps
            if size is None:
                weight = (np.count_nonzero(taps) + 2 + reach) * np.abs(taps).sum()
            else:
                largest = _largest_response(taps, size) if in_one else float(np.abs(taps).sum())
                weight = _transform_weight(taps, size, reach, products[route.target], largest)
            self._weights[route.source, route.target] += unit * float(weight)
            self._likely[route.source, route.target] += EXPECTED * unit * _root_energy(taps)
            sums[route.target] += np.abs(taps).sum()
        self._largest_sum = float(sums.max())
        if self._transforms:
            self.floor = FLUSH_BELOW[np.dtype(np.float32 if single else np.float64)] * float(
                sums.max()
            )

    def take(self, block: Audio) -> None:
        """Take note of a block of the convolver's own length."""
        self._heard.append(((block**2).sum(axis=0), np.abs(block).max(axis=0, initial=0)))
        energies, peaks = zip(*self._heard, strict=True)
        norm = np.sqrt(np.sum(energies, axis=0))
        peak = np.max(peaks, axis=0)
        self.worst = max(
            self.worst, float(((norm if self._transforms else peak) @ self._weights).max())
        )
        self.expected = max(self.expected, float((norm @ self._likely).max()))
        self._peak = max(self._peak, float(peak.max()))

    @property
    def exact(self) -> bool:
        """Whether every sum is the true one, to the last bit.

        It is if all sums lie on a grid that float64 holds exactly, and a transform's error is
        under half its step, so that rounding to the grid removed it.
        """
        if self._scale is None or self._largest_sum * self._peak * self._scale >= 2.0**53:
            return False
        return not self._transforms or self.worst * self._scale < 0.5

    @property
    def remaining(self) -> float:
        """What the sums may be off as they are delivered: nothing, if they are exact."""
        if self.exact:
            return 0.0
        # a sum that was not exact may have been rounded to the wrong point of the grid
        half_step = 0.5 / self._scale if self._scale is not None and self._transforms else 0.0
        likely = min(self.worst, self.expected) if self._transforms else self.worst
        return likely + half_step + self.floor


def _transform_weight(taps: Taps, size: int, reach: int, products: int, largest: float) -> float:
    """Return the factor of u |x|_2 for one route, over all blocks that a sample can hear."""
    error = PER_STAGE * (math.log2(size) + 2)
    others = 2 * math.sqrt(5) + math.sqrt(2) * (products - 1) + reach + 3
    # m blocks with roots of energy e1 .. em sum to at most sqrt(m) times the root of all
    return math.sqrt(reach) * (
        ((2 + math.sqrt(2)) * error + others) * _root_energy(taps) + math.sqrt(2) * error * largest
    )


def _root_energy(taps: Taps) -> float:
    return float(np.sqrt((taps**2).sum()))


def _largest_response(taps: Taps, size: int) -> float:
    """Return the largest magnitude in a transform of the taps, of so many points."""
    from scipy.fft import rfft  # a tenth of a second to import: only when used

    return float(np.abs(rfft(taps, size)).max())


def sums_error(convolver: Convolver, *, single: bool) -> float:
    """Estimate the root of the energy of an engine's error, beside that of its input.

    A transform's error, being a sum of independent roundings, grows with the root of its
    stages, and a plain sum's with the root of its terms.
    """
    unit = unit_roundoff(single)
    taps = convolver.routing.distinct.values()
    if convolver.fft_size is not None:
        points = max(convolver.fft_size, 1 << (2 * convolver.routing.frames).bit_length())
        largest = max((_largest_response(t, points) for t in taps), default=0.0)
        return unit * math.sqrt(math.log2(convolver.fft_size)) * largest
    # all partial sums may grow the same way, to the sum of magnitudes
    sums = (math.sqrt(np.count_nonzero(t) / 3) * float(np.abs(t).sum()) for t in taps)
    return unit * max(sums, default=0.0)


def unit_roundoff(single: bool) -> float:
    """Return half the step between 1 and the number after it."""
    return 2.0**-24 if single else 2.0**-53
