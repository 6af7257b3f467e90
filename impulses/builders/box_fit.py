"""Absorption of the walls of a box with which its T20 is a given reverberation time.

T20 is about inverse to the exponent of the absorption, ``-ln(1 - a)``: that makes a good step. In
a dead room with few reflections, T20 also jumps, where one of them crosses -5 or -25 dB. The
response is rounded otherwise than its model, so that it may be on the far side of a jump that is
near; the fit stays away from jumps.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from impulses.builders.box_decay import BoxDecay

RANGE = (0.5, 8.0)
"""Multiples of the exponent that a formula gives among which the right one is."""

USUAL = 1.4
"""Multiple with which to begin."""

STEPS = 8
"""Most steps; a jump of T20 is known to a few per cent by then."""

CLOSE = 0.03
"""Natural logarithm of a ratio of T20 that one more step makes much smaller."""

MANY = 10_000
"""Number of early images above which no single one makes T20 jump."""

MARGIN = 1.02
"""Ratio by which the exponents stay away from a jump of T20."""

JUMP = 0.1
"""Natural logarithm of a ratio of T20 that so small a step changes only at a jump."""

MOST_EXPONENT = 4.6
"""Largest exponent: walls absorb 99 % of the energy."""

RATIOS = (2.0, 0.5, 4.0, 0.25)
"""Ratios in which the exponent of a pair of walls may differ from the others."""


def fitted_absorption(decay: BoxDecay, absorption: float) -> list[float]:
    """Return the absorption of the walls along x, y and z with which T20 is the rt60 of a decay.

    It is the same for all if possible. If the time lies in a jump of T20, one pair of walls absorbs
    more or less than the others. If that does not help, the walls are alike; and if the decay is
    too short whatever they are, as with a source so near that it falls at once, T20 is met without
    the direct sound.

    Parameters
    ----------
    decay : BoxDecay
    absorption : float, above 0, below 1
        about that of the walls, such as Eyring's

    Returns
    -------
    list of three float
        Absorption coefficients, to six digits.

    Examples
    --------
    >>> decay = BoxDecay((6, 4, 3), (4, 2, 1), (2, 3, 2), 0.5, 16000, 100, 343)
    >>> absorption = fitted_absorption(decay, 0.1933)
    >>> round(decay.t20([-math.log(1 - a) for a in absorption]), 2)
    0.5
    """
    start = -math.log1p(-absorption)
    fits = []
    for ratios in _ratios():
        fits.append(_fit(decay, [start * ratio for ratio in ratios]))
        if fits[-1][1] < JUMP / 2:
            break
    best, error = min(fits, key=lambda fit: fit[1])
    if error > JUMP:
        best, _ = fits[0]
        if decay.t20(best) < decay.rt60:
            decay.drop_direct()
            best, _ = _fit(decay, [start] * 3)
    return [float(f"{-math.expm1(-exponent):.6g}") for exponent in best]


def _ratios() -> Iterator[list[float]]:
    """Yield the ratios of the exponents along x, y and z: all alike first."""
    yield [1.0] * 3
    for ratio in RATIOS:
        for axis in range(3):
            yield [ratio if n == axis else 1.0 for n in range(3)]


def _fit(decay: BoxDecay, start: Sequence[float]) -> tuple[list[float], float]:
    """Return a multiple of exponents with which T20 is nearest to the rt60, and its error."""

    def error(factor: float) -> float:
        """Return the natural logarithm of T20 beside the rt60."""
        time = decay.t20([factor * exponent for exponent in start])
        return math.log(time / decay.rt60) if time else -math.inf

    factor, off = _nearest(error, RANGE[0], min(RANGE[1], MOST_EXPONENT / max(start)))
    # walls that differ are tried where walls alike have a jump
    if decay.images <= MANY or len(set(start)) > 1:
        factor, off = _off_jumps(error, factor)
    return [factor * exponent for exponent in start], off


def _nearest(error: Callable[[float], float], low: float, high: float) -> tuple[float, float]:
    """Return the factor of the least error between two, and that error; 0 if it is small."""
    tried: dict[float, float] = {}
    factor = min(USUAL, high)
    for _ in range(STEPS):
        found = tried[factor] = error(factor)
        step = factor * math.exp(found)
        if abs(found) < CLOSE:
            return min(step, high), 0.0
        low, high = (factor, high) if found > 0 else (low, factor)
        factor = step if low < step < high else math.sqrt(low * high)
    best = min(tried, key=lambda factor: abs(tried[factor]))
    return best, abs(tried[best])


def _off_jumps(error: Callable[[float], float], factor: float) -> tuple[float, float]:
    """Return a factor at a distance from any jump, and its error."""
    below, above = factor / MARGIN, factor * MARGIN
    errors = abs(error(below)), abs(error(above))
    if max(errors) < JUMP:
        return factor, min(errors)
    factor = below / MARGIN if errors[0] < errors[1] else above * MARGIN
    return factor, abs(error(factor))
