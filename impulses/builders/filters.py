"""Filters that pass a band: ideal ones, endless, cut to an odd number of taps by a window.

With linear phase they lie evenly around their centre, so what they pass comes
(numtaps - 1) / 2 frames late. The centre is the `origin`, the frame that stands for no delay:
a direct path mixed in, or other filters in a chain, stay in step with it.

By default there are 1023 taps: at 48 kHz they go from full to nothing within 155 Hz
(3.3 rate / numtaps), finer than a semitone from 2.6 kHz up, and come 10.7 ms late, which is
not yet heard as an echo.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias, get_args

import numpy as np

from impulses.builders.fractional import KAISER_BETA
from impulses.impulse import Impulse, ImpulseError
from impulses.phase import minimum_phase
from impulses.quantities import Hertz, one_of, within

Window: TypeAlias = Literal["hamming", "hann", "blackman", "kaiser"]
Phase: TypeAlias = Literal["linear", "minimum"]
Kind: TypeAlias = Literal["lowpass", "highpass", "bandpass"]

MAX_TAPS = 2**20
"""Most taps of a designed filter: 22 s at 48 kHz, a transition narrower than 0.2 Hz."""


def low_pass(
    rate: int,
    *,
    cutoff: Hertz = 1000.0,
    numtaps: int = 1023,
    window: Window = "hamming",
    phase: Phase = "linear",
) -> Impulse:
    """Keep what is below a frequency: a windowed sinc, ``sin(w n) / (pi n)`` around its centre.

    Sound: muffled as through a wall, with a sharp edge where the treble ends.

    The response at 0 Hz is 1 and at the cutoff 0.5 (-6 dB). From full to nothing it takes about
    3.3 rate / numtaps (hamming, 53 dB down), 3.1 (hann, 44 dB), 5.5 (blackman, 74 dB; kaiser,
    87 dB).

    Parameters
    ----------
    rate : int > 0
        Samples per second.
    cutoff : float
        frequency at which half the amplitude passes, between 0 and half the rate
    numtaps : int, odd
        length in frames: more taps make a steeper edge
    window : {"hamming", "hann", "blackman", "kaiser"}
        how the sinc is cut: steepest with hann and hamming, deepest with kaiser (beta 8.6)
    phase : {"linear", "minimum"}
        linear comes (numtaps - 1) / 2 frames late and rings on both sides of a beat; minimum
        comes at once and rings after it

    Returns
    -------
    Impulse
        (numtaps, 1).

    Raises
    ------
    ImpulseError
        If the cutoff is not below half the rate, or another value is out of range.

    Examples
    --------
    >>> h = low_pass(48000, cutoff=12000, numtaps=5, window="hann")
    >>> h.taps.ravel().round(3), h.origin
    (array([0.   , 0.194, 0.611, 0.194, 0.   ]), 2)
    """
    return _passing(rate, {"cutoff": cutoff}, "lowpass", numtaps, window, phase)


def high_pass(
    rate: int,
    *,
    cutoff: Hertz = 1000.0,
    numtaps: int = 1023,
    window: Window = "hamming",
    phase: Phase = "linear",
) -> Impulse:
    """Keep what is above a frequency: a spike less a windowed sinc.

    Sound: thin as a small loudspeaker, rumble and body gone.

    The response at half the rate is 1 and at the cutoff 0.5 (-6 dB); see `low_pass` for the
    width of the edge.

    Parameters
    ----------
    rate : int > 0
        Samples per second.
    cutoff : float
        frequency at which half the amplitude passes, between 0 and half the rate
    numtaps : int, odd
        length in frames: more taps make a steeper edge
    window : {"hamming", "hann", "blackman", "kaiser"}
        how the sinc is cut: steepest with hann and hamming, deepest with kaiser (beta 8.6)
    phase : {"linear", "minimum"}
        linear comes (numtaps - 1) / 2 frames late and rings on both sides of a beat; minimum
        comes at once and rings after it

    Returns
    -------
    Impulse
        (numtaps, 1).

    Raises
    ------
    ImpulseError
        If the cutoff is not below half the rate, or another value is out of range.

    Examples
    --------
    >>> high_pass(48000, cutoff=12000, numtaps=5).taps.ravel().round(3)
    array([-0.   , -0.204,  0.593, -0.204, -0.   ])
    """
    return _passing(rate, {"cutoff": cutoff}, "highpass", numtaps, window, phase)


def band_pass(
    rate: int,
    *,
    low: Hertz = 300.0,
    high: Hertz = 3400.0,
    numtaps: int = 1023,
    window: Window = "hamming",
    phase: Phase = "linear",
) -> Impulse:
    """Keep what is between two frequencies: the difference of two windowed sincs.

    Sound: a voice on the telephone, if the band is left as it is.

    The response in the middle of the band is 1 and at its edges 0.5 (-6 dB); see `low_pass` for
    the width of an edge. A band narrower than that does not reach 0.5 at its edges.

    Parameters
    ----------
    rate : int > 0
        Samples per second.
    low : float
        frequency of the lower edge, above 0
    high : float
        frequency of the upper edge, above the lower one and below half the rate
    numtaps : int, odd
        length in frames: more taps make steeper edges
    window : {"hamming", "hann", "blackman", "kaiser"}
        how the sincs are cut: steepest with hann and hamming, deepest with kaiser (beta 8.6)
    phase : {"linear", "minimum"}
        linear comes (numtaps - 1) / 2 frames late and rings on both sides of a beat; minimum
        comes at once and rings after it

    Returns
    -------
    Impulse
        (numtaps, 1).

    Raises
    ------
    ImpulseError
        If the band is empty or not below half the rate, or another value is out of range.

    Examples
    --------
    >>> band_pass(48000, low=300, high=3400, phase="minimum").origin
    0
    """
    return _passing(rate, {"low": low, "high": high}, "bandpass", numtaps, window, phase)


def _passing(
    rate: int, edges: dict[str, float], kind: Kind, numtaps: int, window: Window, phase: Phase
) -> Impulse:
    """Design by `firwin`, whose scale makes the response 1 at 0 Hz, half the rate or mid-band."""
    from scipy.signal import firwin  # late: a plain echo needs none of it

    for name, frequency in edges.items():
        # nearer to either end an edge is none, and its sincs are lost in rounding
        within(name, frequency, 1e-6 * rate, 0.4999 * rate, "Hz")
    cutoffs: Sequence[float] = list(edges.values())
    if cutoffs != sorted(set(cutoffs)):
        raise ImpulseError(
            f"low is {cutoffs[0]:g} Hz and high {cutoffs[1]:g} Hz; low must be below high"
        )
    one_of("phase", phase, get_args(Phase))
    half = half_length(numtaps)
    taps = firwin(2 * half + 1, cutoffs, window=window_name(window), pass_zero=kind, fs=rate)
    impulse = Impulse(taps[:, np.newaxis], rate, origin=half)
    return minimum_phase(impulse) if phase == "minimum" else impulse


def half_length(numtaps: int) -> int:
    """Return the taps on either side of the centre of an odd number of them.

    Examples
    --------
    >>> half_length(1023)
    511
    """
    if within("numtaps", numtaps, 3, MAX_TAPS) % 2 != 1:
        raise ImpulseError(f"numtaps is {numtaps:g}; it must be odd, such as 1023")
    return int(numtaps) // 2


def window_name(window: Window) -> str | tuple[str, float]:
    """Return what SciPy calls a window.

    Examples
    --------
    >>> window_name("kaiser")
    ('kaiser', 8.6)
    """
    one_of("window", window, get_args(Window))
    return ("kaiser", KAISER_BETA) if window == "kaiser" else window
