"""A proof of a whole convolution from a few numbers.

As polynomials in z, with the samples as coefficients, the convolution of x and h is their
product. So Y(z) = X(z) H(z) must hold at every z, and it is checked at random points on
the unit circle, z = exp(2 pi i k / M) with the prime M = 2^31 - 1. A single sample that is off
by d, anywhere, moves Y(z) by exactly abs(d), since abs(z^n) = 1; several errors would have to
cancel at every point, and the points are drawn afterwards. One pass over the sound is enough,
and it shares no step with the transforms that it checks.

References
----------
R. Freivalds, "Probabilistic machines can use less running time", IFIP Congress 1977 (checking
a product at a random point).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from audioconv.engines.audio import Audio
from audioconv.engines.routes import Routing

M = 2**31 - 1
CHUNK = 32
UNIT_ROUNDOFF = 2.0**-53

# Standard deviation of the rounding in one evaluation, in units of roundoff times the root of
# the energy. A sum over a chunk of c samples passes through c partial sums, each rounded with a
# variance of a third of (roundoff * partial sum)^2. At worst, when the sound holds a tone at the
# very point, they grow to the root of c E, and the variances to c^2 / 9 * E: for 32, 10.7 times
# the root of E, and E adds up over the chunks. Products and phases bring it to 12.
EVALUATION = 12

# The table of phases is off by a roundoff or so at each place, the same way in every chunk, so
# that the sum over the chunks has the same relative error.
PHASES = 2

DEVIATIONS = 16
"""Standard deviations of rounding that a true product may be off.

Half as many would do if roundings were independent; those of a constant, or of a sound of few
values, are not quite, and a false alarm is worse than a limit twice as wide.
"""


class Evaluation:
    """The values of a sound at points on the unit circle, channel by channel, as a stream.

    Parameters
    ----------
    points : sequence of int, 0 <= k < M
        the point z = exp(2 pi i k / M)
    channels : int > 0

    Attributes
    ----------
    energy : array, (channels,)
        sum of squares so far

    Examples
    --------
    >>> sound = Evaluation([0], 1)
    >>> sound.take(np.array([[1.0], [2.0], [3.0]]))
    >>> sound.values()  # z = 1: the plain sum
    array([[6.+0.j]])
    """

    def __init__(self, points: Sequence[int], channels: int) -> None:
        self.energy = np.zeros(channels)
        self._points = list(points)
        self._frames = 0
        powers = [_powers(k, np.arange(CHUNK, dtype=np.int64)) for k in points]
        # (CHUNK, 2 points): cosines and sines, so that a chunk is one real matrix product
        self._table = np.stack([part for p in powers for part in (p.real, p.imag)], axis=1)
        # each sum is kept as a pair whose exact sum it is, to a hundred and six bits
        shape = (channels, len(self._points), 2)
        self._sums, self._rests = np.zeros(shape), np.zeros(shape)

    def take(self, block: Audio) -> None:
        """Add the next frames (n, channels)."""
        if not len(block):
            return
        block = block.astype(np.float64, copy=False)
        self.energy += np.einsum("fc,fc->c", block, block)
        chunks = -(-len(block) // CHUNK)
        padded = np.zeros((chunks * CHUNK, block.shape[1]))
        padded[: len(block)] = block
        rows = padded.reshape(chunks, CHUNK, -1).transpose(0, 2, 1)  # (chunks, channels, CHUNK)
        parts = (rows @ self._table).reshape(chunks, block.shape[1], len(self._points), 2)
        starts = self._frames + CHUNK * np.arange(chunks, dtype=np.int64)
        for p, k in enumerate(self._points):
            turned = (parts[:, :, p, 0] + 1j * parts[:, :, p, 1]) * _powers(k, starts)[
                :, np.newaxis
            ]
            for channel in range(block.shape[1]):
                self._add(channel, p, turned[:, channel])
        self._frames += len(block)

    def _add(self, channel: int, point: int, terms: NDArray[np.complex128]) -> None:
        for part, values in enumerate((terms.real, terms.imag)):
            at = (channel, point, part)
            everything = [float(self._sums[at]), float(self._rests[at]), *values.tolist()]
            self._sums[at] = total = math.fsum(everything)
            self._rests[at] = math.fsum([*everything, -total])

    def values(self) -> NDArray[np.complex128]:
        """Return the value of each channel at each point, (channels, points)."""
        return self._sums[..., 0] + 1j * self._sums[..., 1]


def _powers(k: int, frames: NDArray[np.int64]) -> NDArray[np.complex128]:
    """Return z^n, the phase k n reduced mod M in whole numbers: k and n mod M are below 2^31."""
    phase: NDArray[np.complex128] = np.exp(2j * np.pi * ((k * (frames % M)) % M / M))
    return phase


def check(
    x: Evaluation,
    y: Evaluation,
    routing: Routing,
    points: Sequence[int],
    *,
    sums_error: float,
    floor: float = 0.0,
) -> tuple[float, float]:
    """Compare Y(z) with X(z) H(z).

    Parameters
    ----------
    x, y : Evaluation
        of the whole sound and its whole convolution
    routing : Routing
        the taps h
    points : sequence of int
        those of x and y
    sums_error : float
        root of the energy of the error of y, beside that of x, that the arithmetic of the
        convolution itself explains
    floor : float
        sum over all frames of the error due to samples flushed to zero

    Returns
    -------
    residual, limit : float
        the pair, over outputs and points, of which the residual is nearest to its limit; the
        product holds if residual <= limit
    """
    values_x, values_y = x.values(), y.values()
    expected = np.zeros_like(values_y)
    variance = EVALUATION**2 * y.energy[:, np.newaxis] + (PHASES * np.abs(values_y)) ** 2
    impulses = [Evaluation(points, 1) for _ in routing.kernels]
    for evaluation, taps in zip(impulses, routing.kernels, strict=True):
        evaluation.take(taps[:, np.newaxis])
    norm_x = np.sqrt(x.energy)
    for route in routing.routes:
        impulse = impulses[route.kernel]
        value = impulse.values()[0]
        expected[route.target] += values_x[route.source] * value
        variance[route.target] += (EVALUATION * norm_x[route.source] * np.abs(value)) ** 2
        variance[route.target] += (
            EVALUATION * np.sqrt(impulse.energy[0]) * np.abs(values_x[route.source])
        ) ** 2
        variance[route.target] += (2 * PHASES * np.abs(values_x[route.source] * value)) ** 2
        variance[route.target] += (sums_error / UNIT_ROUNDOFF * norm_x[route.source]) ** 2
    limits = DEVIATIONS * UNIT_ROUNDOFF * np.sqrt(variance)
    limits += floor + 1e-300  # silence, which is exact, has a limit to be under too
    residuals = np.abs(values_y - expected)
    worst = np.unravel_index(np.argmax(residuals / limits), limits.shape)
    return float(residuals[worst]), float(limits[worst])
