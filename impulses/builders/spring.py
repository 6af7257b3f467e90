"""A spring: a cascade of allpasses that delays high frequencies more, in a feedback loop."""

from __future__ import annotations

import math

import numpy as np

from audioconv.errors import counted
from impulses.builders.recursion import HIGHEST_RATE, check_floor, check_rate, checked_length
from impulses.impulse import Impulse, ImpulseError, Taps, from_db, to_db
from impulses.quantities import Decibels, Gain, Hertz, Seconds, frames_of, within

MOST_SECTIONS = 1000

MARGIN = 30.0
"""dB below the floor down to which arrivals are computed: a thousandth of the energy there."""


def spring(
    rate: int,
    *,
    sections: int = 100,
    coefficient: float = 0.75,
    corner: Hertz = 4300.0,
    echo: Seconds = 0.056,
    feedback: Gain = -0.6,
    floor: Decibels = -100.0,
) -> Impulse:
    """Repeating, smearing chirps: ``C / (1 - g z^-D C)``, C = ((a + z^-K) / (1 + a z^-K))^M.

    Sound: the dark, dripping twang of a guitar amplifier's spring tank.

    High frequencies travel along the spring more slowly, up to a corner. The response of the
    stretched allpasses repeats above the corner, so a low-pass (elliptic, order 10) removes it.
    K is half the rate over the corner, rounded to a whole number of samples, at least 1; a note
    gives the corner that results. D is the echo less the delay of the cascade at 0 Hz, so that
    low frequencies return every `echo` seconds. The first arrival has the gain of the low-pass
    alone, between 0 and -1 dB at any frequency below the corner, and there is no direct sound.

    Parameters
    ----------
    rate : int, 1000 to 768000
        Samples per second.
    sections : int, 1 to 1000
        number of allpasses in the cascade: more make longer chirps
    coefficient : float, 0 to 0.95
        coefficient of the allpasses: 0 makes no chirp, higher values bend it towards the corner
    corner : float, 20 to 768000
        highest frequency of the spring, in Hz
    echo : float, up to 1
        seconds from one arrival of low frequencies to the next, more than the cascade's delay
    feedback : float, -0.99 to 0.99
        gain of each arrival relative to the one before
    floor : float, -300 to -1
        level of the remaining energy, in dB, at which the impulse ends

    Returns
    -------
    Impulse
        (frames, 1).

    Raises
    ------
    ImpulseError
        If a value is out of range, the delay of the cascade exceeds the echo, or the decay is
        too long for an impulse.

    References
    ----------
    V. Valimaki, J. Parker, J. S. Abel, "Parametric spring reverberation effect", J. Audio Eng.
    Soc. 58(7/8), 2010: the low-frequency chirps, without modulation and equaliser.

    Examples
    --------
    >>> h = spring(44100)
    >>> h.notes
    ('corner of 4300 Hz moved to 4410 Hz, half the rate over 5 samples',)
    """
    check_rate(rate)
    check_floor(floor)
    within("sections", sections, 1, MOST_SECTIONS)
    within("coefficient", coefficient, 0, 0.95)
    within("corner", corner, 20, HIGHEST_RATE, "Hz")
    within("feedback", feedback, -0.99, 0.99)
    within("echo", echo, 0, 1, "s")
    step = max(1, round(rate / (2 * corner)))
    loop = frames_of("echo", echo, rate) - round(group_delay(0.0, sections, coefficient, step))
    if loop < step:
        shortest = echo + (step - loop) / rate
        raise ImpulseError(
            f"echo is {echo:g} s, but the cascade needs {shortest:.3g} s; "
            "give a longer echo, or fewer sections, or a higher coefficient"
        )
    # compute beyond the floor, so that arrivals left out hardly change the remaining energy
    arrivals = 1 + (math.ceil((floor - MARGIN) / to_db(abs(feedback))) if feedback else 0)
    slowest = group_delay(math.pi / step, sections, coefficient, step)
    # the slowest delay once more, for the ringing after the end of a chirp
    frames = checked_length(math.ceil(arrivals * (loop + slowest) + slowest) + 1, sections)

    taps = _low_passed(_feedback_loop(frames, loop, feedback, sections, coefficient, step), step)
    moved, span = rate / (2 * step), counted(step, "sample")
    note = f"corner of {corner:g} Hz moved to {moved:g} Hz, half the rate over {span}"
    notes = () if moved == corner else (note,)
    return Impulse(_cut_at_floor(taps, floor)[:, np.newaxis], rate, notes)


def group_delay(w: float, sections: int, coefficient: float, step: int) -> float:
    """Return the group delay of the cascade at a frequency (radians per sample), in samples.

    Examples
    --------
    >>> group_delay(0.0, sections=7, coefficient=0.75, step=5)
    5.0
    """
    a = coefficient
    return sections * step * (1 - a**2) / (1 + 2 * a * math.cos(step * w) + a**2)


class Cascade:
    """``((a + z^-K) / (1 + a z^-K))^M``, in blocks of a multiple of K samples.

    Samples that are not a multiple of K apart do not interact: these are K cascades of
    first-order allpasses in parallel.

    Examples
    --------
    >>> cascade = Cascade(sections=1, coefficient=0.5, step=2)
    >>> cascade(np.array([1.0, 0, 0, 0, 0, 0]))
    array([ 0.5  ,  0.   ,  0.75 ,  0.   , -0.375,  0.   ])
    """

    def __init__(self, sections: int, coefficient: float, step: int) -> None:
        self._filter = np.tile([coefficient, 1.0, 0.0, 1.0, coefficient, 0.0], (sections, 1))
        self._state = np.zeros((sections, 2, step))
        self._step = step

    def __call__(self, x: Taps) -> Taps:
        """Filter the next block."""
        from scipy.signal import sosfilt  # slow to import, and not needed for echoes

        y, self._state = sosfilt(self._filter, x.reshape(-1, self._step), axis=0, zi=self._state)
        out: Taps = y.ravel()
        return out


def _feedback_loop(
    frames: int, loop: int, feedback: float, sections: int, coefficient: float, step: int
) -> Taps:
    """Return the response of the cascade with its output fed back `loop` samples later."""
    cascade = Cascade(sections, coefficient, step)
    block = loop // step * step
    taps = np.zeros(loop + -(-frames // block) * block)  # at first the loop is silent
    for start in range(loop, len(taps), block):
        x = feedback * taps[start - loop : start - loop + block]
        if start == loop:
            x[0] += 1
        taps[start : start + block] = cascade(x)
    return taps[loop : loop + frames]


def _low_passed(taps: Taps, step: int) -> Taps:
    """Low-pass at the corner, which is half the rate over `step`; no filter is needed at 1."""
    if step == 1:
        return taps
    from scipy.signal import ellip, sosfilt

    y: Taps = sosfilt(ellip(10, 1, 60, 1 / step, output="sos"), taps)
    return y


def _cut_at_floor(taps: Taps, floor: float) -> Taps:
    """Cut the tail where its energy, relative to the total, has fallen to the floor."""
    remaining = np.cumsum(taps[::-1] ** 2)[::-1]
    return taps[: np.count_nonzero(remaining > remaining[0] * from_db(floor) ** 2)]
