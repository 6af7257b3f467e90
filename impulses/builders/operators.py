"""Filters that calculate: a quarter turn, a slope, a mean.

The first two are ideal ones, endless and antisymmetric, cut to an odd number of taps by a
window (type III). Their centre, (numtaps - 1) / 2 frames late, is the `origin`, the frame that
stands for no delay, as it is for the filters that pass a band.
"""

from __future__ import annotations

import numpy as np

from impulses.builders.filters import Window, half_length, window_name
from impulses.impulse import Impulse, ImpulseError, Taps
from impulses.quantities import Seconds, frames_of


def hilbert(rate: int, *, numtaps: int = 4095, window: Window = "hamming") -> Impulse:
    """Turn every tone by a quarter: ``h[n] = (1 - cos pi n) / (pi n)``, windowed.

    Sound: the same tone colour, with beats smeared into soft swells; beside the dry sound it
    makes width and frequency shifts.

    The response is ``-i``, of level 1, but for about 2 rate / numtaps at 0 Hz and at half the
    rate, where it falls to 0 (type III: odd, antisymmetric). The sound comes
    (numtaps - 1) / 2 frames late, which is the origin.

    Parameters
    ----------
    rate : int > 0
        Samples per second.
    numtaps : int, odd
        length in frames: more taps turn lower tones
    window : {"hamming", "hann", "blackman", "kaiser"}
        how it is cut: nearest to 0 Hz with hann and hamming, flattest with kaiser (beta 8.6)

    Returns
    -------
    Impulse
        (numtaps, 1).

    Raises
    ------
    ImpulseError
        If numtaps is even or out of range.

    References
    ----------
    A. V. Oppenheim and R. W. Schafer, "Discrete-Time Signal Processing", 3rd ed., 2010,
    section 12.4.

    Examples
    --------
    >>> (hilbert(48000, numtaps=7).taps.ravel() * np.pi).round(3) + 0.0
    array([-0.053,  0.   , -1.54 ,  0.   ,  1.54 ,  0.   ,  0.053])
    """
    n = np.arange(1, half_length(numtaps) + 1)
    return _antisymmetric(rate, (n % 2) * 2 / (np.pi * n), window)


def differentiator(rate: int, *, numtaps: int = 1023, window: Window = "hann") -> Impulse:
    """Give the slope of a sound: ``h[n] = (-1)^n / n``, windowed.

    Sound: all bass gone and treble rising by 6 dB an octave, as a telephone held to a hiss.

    The slope is that per sample, so the response is ``i w``, w in radians a sample: 1 at
    rate / (2 pi), at most pi (+10 dB); times the rate it is the slope per second. It falls to 0
    within 2 rate / numtaps of half the rate (type III: odd, antisymmetric). The sound comes
    (numtaps - 1) / 2 frames late, which is the origin.

    Parameters
    ----------
    rate : int > 0
        Samples per second.
    numtaps : int, odd
        length in frames: more taps reach nearer to half the rate
    window : {"hamming", "hann", "blackman", "kaiser"}
        how it is cut: hann and blackman are true from 0 Hz on, hann nearer to half the rate;
        hamming, which ends on a step, is 8 % too steep at 0 Hz, kaiser (beta 8.6) 0.13 %

    Returns
    -------
    Impulse
        (numtaps, 1).

    Raises
    ------
    ImpulseError
        If numtaps is even or out of range.

    References
    ----------
    A. V. Oppenheim and R. W. Schafer, "Discrete-Time Signal Processing", 3rd ed., 2010,
    section 7.5.

    Examples
    --------
    >>> differentiator(48000, numtaps=5).taps.ravel()
    array([-0. ,  0.5,  0. , -0.5,  0. ])
    """
    n = np.arange(1, half_length(numtaps) + 1)
    return _antisymmetric(rate, (-1.0) ** n / n, window)


def moving_average(rate: int, *, length: Seconds = 0.001) -> Impulse:
    """Give the mean of the last N frames: ``h[n] = 1 / N``.

    Sound: dull, with the hollow ring of notches at every multiple of rate / N.

    The response at 0 Hz is 1, and elsewhere that of Dirichlet's kernel,
    ``sin(w N / 2) / (N sin(w / 2))``. It looks back only, so its origin is frame 0, and the
    mean is that of (N - 1) / 2 frames ago.

    Parameters
    ----------
    rate : int > 0
        Samples per second.
    length : float > 0
        seconds over which the mean is taken, rounded to whole frames

    Returns
    -------
    Impulse
        (N, 1), each tap 1 / N.

    Raises
    ------
    ImpulseError
        If it is shorter than half a frame, or too long.

    Examples
    --------
    >>> moving_average(4000, length=0.001).taps.ravel()
    array([0.25, 0.25, 0.25, 0.25])
    """
    frames = frames_of("length", length, rate)
    if frames < 1:
        raise ImpulseError(
            f"length {length:g} s is {length * rate:.3g} samples; a mean needs at least one"
        )
    rounded = abs(length * rate - frames) > 1e-12 * frames
    note = f"length of {length * rate:.3f} samples rounded to {frames}"
    return Impulse(np.full((frames, 1), 1 / frames), rate, (note,) if rounded else ())


def _antisymmetric(rate: int, half: Taps, window: Window) -> Impulse:
    """Window the taps after the centre and turn them over for those before it."""
    from scipy.signal import get_window  # late: a plain echo needs none of it

    weights = get_window(window_name(window), 2 * len(half) + 1, fftbins=False)
    after = half * weights[len(half) + 1 :]
    taps = np.concatenate([-after[::-1], [0.0], after])
    return Impulse(taps[:, np.newaxis], rate, origin=len(half))
