"""Mathematical operators as filters: Hilbert transformer, differentiator, moving average.

The first two are ideal antisymmetric filters, windowed to an odd number of taps (type III). As
for the filters that pass a band, their centre is the `origin`, the frame of time 0: the output
is (numtaps - 1) / 2 frames late.
"""

from __future__ import annotations

import numpy as np

from impulses.builders.filters import Window, half_length, scipy_window
from impulses.impulse import Impulse, ImpulseError, Taps
from impulses.quantities import Seconds, frames_of


def hilbert(rate: int, *, numtaps: int = 4095, window: Window = "hamming") -> Impulse:
    """Shift every frequency by -90 degrees: ``h[n] = (1 - cos pi n) / (pi n)``, windowed.

    Sound: the same tone colour, with beats smeared into soft swells; beside the dry sound it
    makes width and frequency shifts.

    The response is ``-i``, of magnitude 1, except within about 2 rate / numtaps of 0 Hz and of
    half the rate, where it falls to 0 (type III: odd length, antisymmetric). The output is
    (numtaps - 1) / 2 frames late, which is the origin.

    Parameters
    ----------
    rate : int > 0
        Samples per second.
    numtaps : int, odd
        number of taps, which is odd: more reach lower frequencies
    window : {"hamming", "hann", "blackman", "kaiser"}
        window of the taps: hann and hamming reach nearest to 0 Hz, kaiser (beta 8.6) is flattest

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
    n = np.arange(1, half_length(numtaps) + 1, dtype=np.int64)
    return _antisymmetric(rate, (n % 2) * 2 / (np.pi * n), window)


def differentiator(rate: int, *, numtaps: int = 1023, window: Window = "hann") -> Impulse:
    """Differentiate: ``h[n] = (-1)^n / n``, windowed.

    Sound: all bass gone and treble rising by 6 dB an octave, as a telephone held to a hiss.

    The slope is per sample, so the response is ``i w``, w in radians per sample: 1 at
    rate / (2 pi), at most pi (+10 dB). Multiplied by the rate it is the slope per second. The
    response falls to 0 within 2 rate / numtaps of half the rate (type III: odd length,
    antisymmetric). The output is (numtaps - 1) / 2 frames late, which is the origin.

    Parameters
    ----------
    rate : int > 0
        Samples per second.
    numtaps : int, odd
        number of taps, which is odd: more reach nearer to half the rate
    window : {"hamming", "hann", "blackman", "kaiser"}
        window of the taps: hann and blackman are exact at 0 Hz, and hann reaches nearer to half
        the rate; hamming, which ends on a step, is 8 % too steep at 0 Hz, kaiser (beta 8.6)
        0.13 %

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
    n = np.arange(1, half_length(numtaps) + 1, dtype=np.int64)
    return _antisymmetric(rate, (-1.0) ** n / n, window)


def moving_average(rate: int, *, length: Seconds = 0.001) -> Impulse:
    """Average the last N frames: ``h[n] = 1 / N``.

    Sound: dull, with the hollow ring of notches at every multiple of rate / N.

    The response is Dirichlet's kernel, ``sin(w N / 2) / (N sin(w / 2))``, and 1 at 0 Hz. The
    filter is causal, so its origin is frame 0 and its delay (N - 1) / 2 frames.

    Parameters
    ----------
    rate : int > 0
        Samples per second.
    length : float > 0
        seconds to average over, rounded to whole frames

    Returns
    -------
    Impulse
        (N, 1), each tap 1 / N.

    Raises
    ------
    ImpulseError
        If the length is below half a frame, or too long.

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
    """Window the taps after the centre, and mirror them with the opposite sign before it."""
    from scipy.signal import get_window  # slow to import, and not needed for echoes

    weights = get_window(scipy_window(window), 2 * len(half) + 1, fftbins=False)
    after = half * weights[len(half) + 1 :]
    taps = np.concatenate([-after[::-1], [0.0], after])
    return Impulse(taps[:, np.newaxis], rate, origin=len(half))
