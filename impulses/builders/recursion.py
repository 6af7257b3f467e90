"""Recursions that reverberators share: filters, delay lines and allpasses, block by block.

What a delay of D samples brings back is D samples old, so a recursion through it needs no loop
over samples: D of them are computed at once.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from impulses.impulse import MAX_FRAMES, ImpulseError, Taps, too_long
from impulses.quantities import above, frames_of, within

LOWEST_RATE, HIGHEST_RATE = 1000, 768_000
"""Hz between which every delay of a reverberator is a sample or more, and its rendering quick."""


MOST_WORK = 2e9
"""Steps of a recursion that an impulse may take: some ten seconds of work."""


def check_rate(rate: int) -> None:
    """Refuse a rate that delays of a few milliseconds do not fit."""
    if within("rate", rate, LOWEST_RATE, HIGHEST_RATE, "Hz") != int(rate):
        raise ImpulseError(f"rate is {rate} Hz; it must be a whole number")


def check_floor(floor: float) -> None:
    """Refuse an end of the decay that is none, or that rounding would fill with noise."""
    within("floor", floor, -300, -1, "dB")


def fitting(frames: int, work: float = 1.0) -> int:
    """Return a length that fits an impulse, or refuse it before it is made.

    `work` is what a frame costs, beside one recursion.
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
    """Return the frames in which a decay of 60 dB in `rt60` seconds falls to the floor.

    Examples
    --------
    >>> decay_frames(rt60=1.5, floor=-80, rate=1000)
    2000
    """
    return frames_of("decay", above("rt60", rt60, 0, "s") * (floor / -60), rate)


def stretched(numerator: Sequence[float], denominator: Sequence[float], x: Taps, step: int) -> Taps:
    """Filter with each unit delay drawn out to `step` samples: ``H(z^step)``.

    Samples that are not a multiple of `step` apart never meet, so this is as many ordinary
    filters side by side.

    Parameters
    ----------
    numerator, denominator : sequence of float
        coefficients of H, in rising powers of z^-1
    x : array, (frames,)
        what is filtered
    step : int > 0
        samples for each unit delay

    Returns
    -------
    array, (frames,)

    Examples
    --------
    >>> stretched([1.0], [1.0, -0.5], np.array([1.0, 0, 0, 0, 0]), 2)
    array([1.  , 0.  , 0.5 , 0.  , 0.25])
    """
    from scipy.signal import lfilter  # late: an echo does without scipy

    rows = -(-len(x) // step)
    columns = np.pad(x, (0, rows * step - len(x))).reshape(rows, step)
    y: Taps = lfilter(numerator, denominator, columns, axis=0).ravel()[: len(x)]
    return y


def allpass(x: Taps, delay: int, gain: float) -> Taps:
    """Schroeder's allpass, ``(-gain + z^-delay) / (1 - gain z^-delay)``, on a whole signal.

    Examples
    --------
    >>> allpass(np.array([1.0, 0, 0, 0, 0]), delay=2, gain=0.5)
    array([-0.5  ,  0.   ,  0.75 ,  0.   ,  0.375])
    """
    return stretched([-gain, 1.0], [1.0, -gain], x, delay)


class DelayLine:
    """A delay of whole samples, silent at first, fed and read in blocks of up to `delay` samples.

    Besides the latest `delay` samples it keeps `block` more, so that it can be listened to
    anywhere inside once a block has been written.

    Examples
    --------
    >>> line = DelayLine(3)
    >>> line.write(np.array([1.0, 2.0]))
    >>> line.late(3)
    array([0., 1., 2.])
    """

    def __init__(self, delay: int, block: int = 0) -> None:
        self.delay = delay
        self._ring = np.zeros(delay + block)
        self._now = 0

    def late(self, count: int) -> Taps:
        """Return the next `count` samples that leave."""
        return self._ring[self._places(count, -self.delay)]

    def write(self, samples: Taps) -> None:
        """Take the next samples; the oldest are forgotten."""
        self._ring[self._places(len(samples))] = samples
        self._now += len(samples)

    def inside(self, delay: int, count: int) -> Taps:
        """Return the latest `count` samples as they are `delay` samples further on."""
        return self._ring[self._places(count, -delay - count)]

    @property
    def energy(self) -> float:
        """What it holds: the sum of the squares of the samples that are still to leave."""
        return float(np.sum(self.late(self.delay) ** 2))

    def _places(self, count: int, offset: int = 0) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
        return np.arange(self._now + offset, self._now + offset + count) % len(self._ring)


class Allpass:
    """``(gain + z^-delay) / (1 + gain z^-delay)``, fed in blocks of up to `block` samples.

    Its delay line can be listened to inside.
    """

    def __init__(self, delay: int, gain: float, block: int) -> None:
        self.gain = gain
        self.line = DelayLine(delay, block)

    def __call__(self, x: Taps) -> Taps:
        """Return the next samples of the output for the next ones of the input."""
        y = np.empty_like(x)
        for start in range(0, len(x), self.line.delay):
            part = slice(start, start + self.line.delay)
            late = self.line.late(len(x[part]))
            inner = x[part] - self.gain * late
            self.line.write(inner)
            y[part] = late + self.gain * inner
        return y

    @property
    def energy(self) -> float:
        """What it holds: it grows by as much as comes in, and falls by as much as leaves.

        With v inside and v' the same delayed, x = v + g v' and y = v' + g v, so that
        x^2 - y^2 = (1 - g^2) (v^2 - v'^2).
        """
        return (1 - self.gain**2) * self.line.energy


class OnePole:
    """The low-pass ``gain (1 - pole) / (1 - pole z^-1)``, fed in blocks of any length."""

    def __init__(self, pole: float, gain: float = 1.0) -> None:
        self._coefficients = [gain * (1 - pole)], [1.0, -pole]
        self._state = np.zeros(1)

    def __call__(self, x: Taps) -> Taps:
        """Return the next samples of the output for the next ones of the input."""
        from scipy.signal import lfilter  # late, as above

        y, self._state = lfilter(*self._coefficients, x, zi=self._state)
        return y
