"""Recursive filters that reverberators share: combs, allpasses and delay lines, in blocks.

A delay of D samples feeds back samples that are D old, so a recursion through it needs no loop
over samples: D of them are computed at a time.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from impulses.impulse import MAX_FRAMES, ImpulseError, Taps, too_long
from impulses.quantities import above, frames_of, whole, within

LOWEST_RATE, HIGHEST_RATE = 1000, 768_000
"""Range of rates in Hz: delays are at least one sample, and rendering is quick."""

MOST_WORK = 2e9
"""Most filter steps that an impulse may take: some ten seconds of work."""


def check_rate(rate: int) -> None:
    """Raise ImpulseError if the rate is out of range for reverberators, or not whole."""
    whole("rate", rate, LOWEST_RATE, HIGHEST_RATE, "Hz")


def check_floor(floor: float) -> None:
    """Raise ImpulseError unless the floor is a decay that rounding noise does not reach."""
    within("floor", floor, -300, -1, "dB")


def checked_length(frames: int, work: float = 1.0) -> int:
    """Return `frames`; raise ImpulseError if the impulse would be too long or take too long.

    `work` is the cost of a frame in filter steps.
    """
    if frames > MAX_FRAMES:
        raise ImpulseError(too_long(frames))
    if frames * work > MOST_WORK:
        raise ImpulseError(
            f"impulse would take {frames} frames of {work:.0f} steps each; the limit is "
            f"{MOST_WORK:.0g} steps; end the decay earlier, or make it simpler"
        )
    return frames


def decay_frames(rt60: float, floor: float, rate: int) -> int:
    """Return the frames in which a decay with this `rt60` (s) reaches the floor (dB).

    Examples
    --------
    >>> decay_frames(rt60=1.5, floor=-80, rate=1000)
    2000
    """
    return frames_of("decay", above("rt60", rt60, 0, "s") * (floor / -60), rate)


def comb_filter(
    numerator: Sequence[float], denominator: Sequence[float], x: Taps, step: int
) -> Taps:
    """Filter by ``H(z^step)``: H with each unit delay replaced by `step` samples.

    Samples that are not a multiple of `step` apart do not interact, so this is `step` filters H
    in parallel.

    Parameters
    ----------
    numerator, denominator : sequence of float
        coefficients of H, in rising powers of z^-1
    x : array, (frames,)
        input
    step : int > 0
        samples per unit delay

    Returns
    -------
    array, (frames,)

    Examples
    --------
    >>> comb_filter([1.0], [1.0, -0.5], np.array([1.0, 0, 0, 0, 0]), 2)
    array([1.  , 0.  , 0.5 , 0.  , 0.25])
    """
    from scipy.signal import lfilter  # slow to import, and not needed for echoes

    rows = -(-len(x) // step)
    columns = np.pad(x, (0, rows * step - len(x))).reshape(rows, step)
    y: Taps = lfilter(numerator, denominator, columns, axis=0).ravel()[: len(x)]
    return y


def allpass(x: Taps, delay: int, gain: float) -> Taps:
    """Filter a whole signal by Schroeder's allpass, ``(-g + z^-D) / (1 - g z^-D)``.

    Examples
    --------
    >>> allpass(np.array([1.0, 0, 0, 0, 0]), delay=2, gain=0.5)
    array([-0.5  ,  0.   ,  0.75 ,  0.   ,  0.375])
    """
    return comb_filter([-gain, 1.0], [1.0, -gain], x, delay)


class DelayLine:
    """A delay of whole samples, silent at first, read and written in blocks of up to `delay`.

    Besides the latest `delay` samples it keeps `block` more, so that it can be tapped anywhere
    once a block has been written.

    Examples
    --------
    >>> line = DelayLine(3)
    >>> line.write(np.array([1.0, 2.0]))
    >>> line.read(3)
    array([0., 1., 2.])
    """

    def __init__(self, delay: int, block: int = 0) -> None:
        self.delay = delay
        self._ring = np.zeros(delay + block)
        self._position = 0

    def read(self, count: int) -> Taps:
        """Return the next `count` samples of the output."""
        return self._ring[self._indices(count, -self.delay)]

    def write(self, samples: Taps) -> None:
        """Write the next samples of the input over the oldest ones."""
        self._ring[self._indices(len(samples))] = samples
        self._position += len(samples)

    def tap(self, delay: int, count: int) -> Taps:
        """Return the latest `count` samples, tapped `delay` samples after the input."""
        return self._ring[self._indices(count, -delay - count)]

    @property
    def energy(self) -> float:
        """Sum of the squares of the samples in the line."""
        return float(np.sum(self.read(self.delay) ** 2))

    def _indices(self, count: int, offset: int = 0) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        start = self._position + offset
        return np.arange(start, start + count, dtype=np.int64) % len(self._ring)


class Allpass:
    """``(gain + z^-delay) / (1 + gain z^-delay)``, in blocks of up to `block` samples.

    Its delay line can be tapped.
    """

    def __init__(self, delay: int, gain: float, block: int) -> None:
        self.gain = gain
        self.line = DelayLine(delay, block)

    def __call__(self, x: Taps) -> Taps:
        """Filter the next block."""
        y = np.empty_like(x)
        for start in range(0, len(x), self.line.delay):
            part = slice(start, start + self.line.delay)
            delayed = self.line.read(len(x[part]))
            inner = x[part] - self.gain * delayed
            self.line.write(inner)
            y[part] = delayed + self.gain * inner
        return y

    @property
    def energy(self) -> float:
        """Energy stored: that of the input so far, less that of the output so far.

        With v the input of the delay line and v' its output, x = v + g v' and y = v' + g v, so
        x^2 - y^2 = (1 - g^2) (v^2 - v'^2).
        """
        return (1 - self.gain**2) * self.line.energy


class OnePole:
    """The low-pass ``gain (1 - pole) / (1 - pole z^-1)``, in blocks of any length."""

    def __init__(self, pole: float, gain: float = 1.0) -> None:
        self._coefficients = [gain * (1 - pole)], [1.0, -pole]
        self._state = np.zeros(1)

    def __call__(self, x: Taps) -> Taps:
        """Filter the next block."""
        from scipy.signal import lfilter

        y, self._state = lfilter(*self._coefficients, x, zi=self._state)
        return y
