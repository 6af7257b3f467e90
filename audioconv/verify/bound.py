"""What the rounding of an engine is guaranteed to stay under, before anything is compared.

A transform of N points has a relative error, in the root of the energy, of at most about 7 u for
each of its stages (u the unit roundoff; Higham, theorem 24.2, with twiddle factors right to u).
It has S = log2 N + 2 of them: two more for the two multiplications between its columns and its
rows. Two forward transforms, a product and an inverse then leave each output sample within

    sqrt(2) u ((14 S + 8) |h|_2 + 7 S max|H|) |x|_2,

by the inequality of Cauchy and Schwarz for the first term, and of Parseval for the second; x are
both segments that share a transform, and the root of 2 is for a sample where they overlap, which
has the error of a real part and of an imaginary one. Where the impulse is cut into partitions,
|h|_1 stands for max|H|, as no part of h passes it. Sums without a transform stay within
(taps + 2) u |h|_1 max|x| (Higham, section 3.1). Each is for what one output sample can hear: the
blocks that its K taps, and the transforms with them, reach, m of them.

References
----------
N. J. Higham, "Accuracy and stability of numerical algorithms", 2nd edition, SIAM, 2002.
"""

from __future__ import annotations

import math
from collections import deque

import numpy as np

from audioconv.engines import Audio, Convolver
from audioconv.engines.grid import grid_scale
from audioconv.engines.overlap_add import FLUSH_BELOW
from impulses.impulse import Taps

PER_STAGE = 7

# Of a transform, roundings are as often up as down, and its errors stay far under what is
# guaranteed: the largest of one sample that was ever seen is 0.56 u |x|_2 |h|_2 for noise and
# music, and 4 times that for constants, whose partial sums all grow the same way.
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
        reach = 1 + -(-(routing.frames - 1 + (convolver.fft_size or 0) // 2) // convolver.block)
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
            if convolver.fft_size is None:
                weight = (np.count_nonzero(taps) + 2 + reach) * np.abs(taps).sum()
            else:
                weight = _transform_weight(taps, convolver.fft_size, reach)
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


def _transform_weight(taps: Taps, size: int, reach: int) -> float:
    """Return the factor of u |x|_2 for one route, over all blocks that a sample can hear."""
    stages = math.log2(size) + 2
    partitioned = size < len(taps)
    largest = float(np.abs(taps).sum()) if partitioned else _largest_response(taps, size)
    # m blocks with roots of energy e1 .. em sum to at most sqrt(m) times the root of all
    return math.sqrt(2 * reach) * (
        (2 * PER_STAGE * stages + 8 + reach) * _root_energy(taps) + PER_STAGE * stages * largest
    )


def _root_energy(taps: Taps) -> float:
    return float(np.sqrt((taps**2).sum()))


def _largest_response(taps: Taps, size: int) -> float:
    """Return the largest magnitude in a transform of the taps of at least so many points."""
    from scipy.fft import next_fast_len, rfft  # a quarter of a second to import: only when used

    return float(np.abs(rfft(taps, max(size, next_fast_len(2 * len(taps))))).max())


def sums_error(convolver: Convolver, *, single: bool) -> float:
    """Estimate the root of the energy of an engine's error, beside that of its input.

    A transform's error, being a sum of independent roundings, grows with the root of its
    stages, and a plain sum's with the root of its terms.
    """
    unit = unit_roundoff(single)
    taps = convolver.routing.distinct.values()
    if convolver.fft_size is not None:
        largest = max((_largest_response(t, convolver.fft_size) for t in taps), default=0.0)
        return unit * math.sqrt(math.log2(convolver.fft_size)) * largest
    # all partial sums may grow the same way, to the sum of magnitudes
    sums = (math.sqrt(np.count_nonzero(t) / 3) * float(np.abs(t).sum()) for t in taps)
    return unit * max(sums, default=0.0)


def unit_roundoff(single: bool) -> float:
    """Return half the step between 1 and the number after it."""
    return 2.0**-24 if single else 2.0**-53
