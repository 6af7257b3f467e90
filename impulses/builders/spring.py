"""A spring: a cascade of allpasses that delays high notes longer, in a feedback loop."""

from __future__ import annotations

import math

import numpy as np

from impulses.builders.recursion import HIGHEST_RATE, check_floor, check_rate, fitting
from impulses.impulse import Impulse, ImpulseError, Taps, from_db, to_db
from impulses.quantities import Decibels, Gain, Hertz, Seconds, frames_of, within

MOST_SECTIONS = 1000
BEYOND = 30.0
"""dB below the floor at which arrivals are left out: a thousandth of the energy at the end."""


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
    """Chirps that repeat and smear: ``C / (1 - g z^-D C)``, C = ((a + z^-K) / (1 + a z^-K))^M.

    Sound: the dark, dripping twang of a guitar amplifier's spring tank.

    High notes travel along the spring more slowly, up to a corner that none pass: there the
    stretched allpasses repeat themselves, so a low-pass (elliptic, order 10) ends the sound.
    K is half the rate over the corner, rounded to whole samples, at least 1; the corner is
    then the one nearest to what was asked for, and noted. D is the echo less what the cascade
    delays low notes, so that these come back every `echo` seconds. The first arrival has the
    gain of the low-pass alone, between 0 and -1 dB at any frequency below the corner, and
    there is no direct sound.

    Parameters
    ----------
    rate : int, 1000 to 768000
        Samples per second.
    sections : int, 1 to 1000
        allpasses in the cascade: the more, the longer each chirp
    coefficient : float, 0 to 0.95
        coefficient of the allpasses: 0 has no chirp, more bends it towards the corner
    corner : float, 20 to 768000
        frequency, in Hz, above which the spring carries nothing
    echo : float, up to 1
        seconds from one arrival of low notes to the next, more than the cascade's own delay
    feedback : float, -0.99 to 0.99
        level of each arrival beside the one before
    floor : float, -300 to -1
        fall of the energy that is left, in dB, at which the impulse ends

    Returns
    -------
    Impulse
        (frames, 1).

    Raises
    ------
    ImpulseError
        If a value is out of range, the cascade alone takes longer than the echo, or the decay
        is too long for an impulse.

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
    # further than the floor: what is never made must not count in the energy that is left
    arrivals = 1 + (math.ceil((floor - BEYOND) / to_db(abs(feedback))) if feedback else 0)
    slowest = group_delay(math.pi / step, sections, coefficient, step)
    # once more the slowest, for what a chirp leaves ringing after its last note
    frames = fitting(math.ceil(arrivals * (loop + slowest) + slowest) + 1, sections)

    taps = _low_passed(_loop(frames, loop, feedback, sections, coefficient, step), step)
    moved = rate / (2 * step)
    note = f"corner of {corner:g} Hz moved to {moved:g} Hz, half the rate over {step} samples"
    notes = () if moved == corner else (note,)
    return Impulse(_until(taps, floor)[:, np.newaxis], rate, notes)


def group_delay(w: float, sections: int, coefficient: float, step: int) -> float:
    """Return what the cascade delays a frequency (radians a sample) by, in samples.

    Examples
    --------
    >>> group_delay(0.0, sections=7, coefficient=0.75, step=5)
    5.0
    """
    a = coefficient
    return sections * step * (1 - a**2) / (1 + 2 * a * math.cos(step * w) + a**2)


class Cascade:
    """``((a + z^-K) / (1 + a z^-K))^M``, fed in blocks of whole steps of K samples.

    Samples that are not a multiple of K apart never meet: K cascades of ordinary allpasses
    work side by side.

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
        """Return the next samples of the output for the next ones of the input."""
        from scipy.signal import sosfilt  # late: an echo does without scipy

        y, self._state = sosfilt(self._filter, x.reshape(-1, self._step), axis=0, zi=self._state)
        out: Taps = y.ravel()
        return out


def _loop(
    frames: int, loop: int, feedback: float, sections: int, coefficient: float, step: int
) -> Taps:
    """Return the cascade with its output fed back `loop` samples later."""
    cascade = Cascade(sections, coefficient, step)
    block = loop // step * step
    taps = np.zeros(loop + -(-frames // block) * block)  # silence comes out of the loop at first
    for start in range(loop, len(taps), block):
        x = feedback * taps[start - loop : start - loop + block]
        if start == loop:
            x[0] += 1
        taps[start : start + block] = cascade(x)
    return taps[loop : loop + frames]


def _low_passed(taps: Taps, step: int) -> Taps:
    """End the sound at the corner, which is half the rate over `step`: nothing to do at 1."""
    if step == 1:
        return taps
    from scipy.signal import ellip, sosfilt

    y: Taps = sosfilt(ellip(10, 1, 60, 1 / step, output="sos"), taps)
    return y


def _until(taps: Taps, floor: float) -> Taps:
    """End where the energy that is left has fallen to the floor beside all of it."""
    left = np.cumsum(taps[::-1] ** 2)[::-1]
    return taps[: np.count_nonzero(left > left[0] * from_db(floor) ** 2)]
