"""Schroeder's reverberator and Freeverb: parallel combs, then allpasses in series."""

from __future__ import annotations

import math

import numpy as np

from impulses.builders.recursion import (
    OnePole,
    allpass,
    check_floor,
    check_rate,
    checked_length,
    comb_filter,
    decay_frames,
)
from impulses.impulse import Impulse, Taps, to_db
from impulses.quantities import Decibels, Seconds, above, decay_gain, within

SCHROEDER_COMBS = (0.0297, 0.0371, 0.0411, 0.0437)
SCHROEDER_ALLPASSES = (0.005, 0.0017)
SCHROEDER_GAIN = 0.7

# Freeverb, in samples at 44100 Hz; delays of the right side are longer by the spread
FREEVERB_RATE = 44100
FREEVERB_COMBS = (1116, 1188, 1277, 1356, 1422, 1491, 1557, 1617)
FREEVERB_ALLPASSES = (556, 441, 341, 225)
FREEVERB_SPREAD = 23
FREEVERB_GAIN = 0.015 * 3  # gain of its input times its wet level


def schroeder(rate: int, *, rt60: Seconds = 1.0, floor: Decibels = -100.0) -> Impulse:
    """Schroeder's reverb: four combs ``z^-D / (1 - g z^-D)`` side by side, then two allpasses.

    Sound: the first digital reverberation of 1962, a grainy room that flutters on drums and
    rings on what is short.

    The combs have delays of 29.7, 37.1, 41.1 and 43.7 ms, rounded to whole samples, and the gain
    with which they fall by 60 dB in `rt60`; the allpasses have 5.0 and 1.7 ms and a gain of 0.7.
    The output is the mean of the combs, so the first echo of each has the gain 1/4; there is no
    direct sound.

    Parameters
    ----------
    rate : int, 1000 to 768000
        Samples per second.
    rt60 : float > 0
        seconds in which the reverberation falls by 60 dB
    floor : float, -300 to -1
        level of the decay, in dB, at which the impulse ends

    Returns
    -------
    Impulse
        (frames, 1): the delay of the longest comb, and then until the slowest comb or allpass
        has decayed to the floor.

    Raises
    ------
    ImpulseError
        If a value is out of range or the decay is too long for an impulse.

    References
    ----------
    M. R. Schroeder, "Natural sounding artificial reverberation", J. Audio Eng. Soc. 10(3),
    1962: combs in parallel, allpasses in series.

    Examples
    --------
    >>> h = schroeder(8000, rt60=2.0)
    >>> h.taps.shape, int(np.flatnonzero(h.taps)[0]) / h.rate
    ((27018, 1), 0.02975)
    """
    check_rate(rate)
    check_floor(floor)
    combs = [round(delay * rate) for delay in SCHROEDER_COMBS]
    allpasses = [round(delay * rate) for delay in SCHROEDER_ALLPASSES]
    # the allpasses ring with 0.7^n, which is slower than the combs if rt60 is very short
    ringing = max(allpasses) / rate * -60 / to_db(SCHROEDER_GAIN)
    slowest = max(above("rt60", rt60, 0, "s"), ringing)
    frames = checked_length(decay_frames(slowest, floor, rate) + max(combs) + 1)

    taps = np.zeros(frames)
    for delay in combs:
        spike = _spike(frames, delay, 1 / len(combs))
        taps += comb_filter([1.0], [1.0, -decay_gain(delay / rate, rt60)], spike, delay)
    for delay in allpasses:
        taps = allpass(taps, delay, SCHROEDER_GAIN)
    return Impulse(taps[:, np.newaxis], rate)


def freeverb(
    rate: int,
    *,
    room: float = 0.5,
    damp: float = 0.5,
    width: float = 1.0,
    floor: Decibels = -100.0,
) -> Impulse:
    """Jezar's Freeverb: for each side, eight damped combs in parallel and four allpasses.

    Sound: the smooth, slightly metallic room of countless plug-ins, wide and softly dull.

    Delays are Freeverb's at 44100 Hz, scaled to the rate and truncated to whole samples; those
    of the right side are 23 samples longer. The level is that of Freeverb with its wet control
    full up (its scale of 3) and a signal in one of its two inputs, 0.015 * 3 = 0.045 for each
    echo of each comb, as in ``pedalboard.Reverb(wet_level=1, dry_level=0)``. A mono signal in
    both inputs of a Freeverb comes out 6 dB louder. There is no direct sound.

    Parameters
    ----------
    rate : int, 1000 to 768000
        Samples per second.
    room : float, 0 to 1
        size of the room: the combs' feedback is 0.28 room + 0.7
    damp : float, 0 to 1
        damping of high frequencies: 0 is bright, 1 is dull
    width : float, 0 to 1
        stereo width: 1 keeps the two sides apart, 0 puts both in the middle
    floor : float, -300 to -1
        level of the slowest comb, in dB, at which the impulse ends

    Returns
    -------
    Impulse
        (frames, 2), left and right from one input.

    Raises
    ------
    ImpulseError
        If a value is out of range or the decay is too long for an impulse.

    References
    ----------
    Jezar at Dreampoint, Freeverb 3, 2000 (public domain). J. O. Smith, "Physical Audio Signal
    Processing", 2010, "Freeverb".

    Examples
    --------
    >>> h = freeverb(44100)
    >>> int(np.flatnonzero(h.taps[:, 0])[0]), round(float(h.taps[1116, 0]), 6)
    (1116, 0.045)
    """
    check_rate(rate)
    check_floor(floor)
    feedback = 0.28 * within("room", room, 0, 1) + 0.7
    pole = 0.4 * within("damp", damp, 0, 1)
    within("width", width, 0, 1)
    # the slowest decay, at 0 Hz, is that of the combs' feedback; the allpasses are faster
    echoes = math.ceil(floor / to_db(feedback))
    slowest = _scaled(max(FREEVERB_COMBS) + FREEVERB_SPREAD, rate)
    frames = checked_length((echoes + 1) * slowest + 1)
    left, right = (
        _freeverb_side(frames, rate, feedback, pole, spread) for spread in (0, FREEVERB_SPREAD)
    )
    near, far = (1 + width) / 2, (1 - width) / 2
    return Impulse(np.stack([near * left + far * right, near * right + far * left], axis=1), rate)


def _freeverb_side(frames: int, rate: int, feedback: float, pole: float, spread: int) -> Taps:
    """Return one side: the sum of the combs, through the allpasses."""
    side = np.zeros(frames)
    for delay in FREEVERB_COMBS:
        side += _damped_comb(frames, _scaled(delay + spread, rate), feedback, pole)
    for delay in FREEVERB_ALLPASSES:
        # Jezar's allpass is not exactly allpass: (-1 + 1.5 z^-D) / (1 - 0.5 z^-D)
        side = comb_filter([-1.0, 1.5], [1.0, -0.5], side, _scaled(delay + spread, rate))
    return side


def _damped_comb(frames: int, delay: int, feedback: float, pole: float) -> Taps:
    """Return ``z^-D / (1 - feedback lowpass(z) z^-D)``: each echo is the last one, low-passed."""
    lowpass = OnePole(pole, feedback)
    taps = _spike(frames, delay, FREEVERB_GAIN)
    for start in range(2 * delay, frames, delay):
        echo = lowpass(taps[start - delay : start])
        taps[start : start + delay] = echo[: frames - start]
    return taps


def _scaled(delay: int, rate: int) -> int:
    """Return a delay of Freeverb at another rate, truncated to whole samples as plug-ins do."""
    return delay * rate // FREEVERB_RATE


def _spike(frames: int, at: int, level: float) -> Taps:
    spike = np.zeros(frames)
    spike[at] = level
    return spike
