"""Low-pass, high-pass and band-pass filters: ideal ones, windowed to an odd number of taps.

With linear phase the taps are symmetric, and the output is (numtaps - 1) / 2 frames late. The
centre is the `origin`, the frame of time 0, so that a direct path mixed in, or other filters in
a chain, stay in step with it.

The default of 1023 taps has a transition of 155 Hz at 48 kHz (3.3 rate / numtaps), narrower
than a semitone from 2.6 kHz up, and a delay of 10.7 ms, too short to be heard as an echo.
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
"""Most taps of a filter: 22 s at 48 kHz, with a transition narrower than 0.2 Hz."""


def low_pass(
    rate: int,
    *,
    cutoff: Hertz = 1000.0,
    numtaps: int = 1023,
    window: Window = "hamming",
    phase: Phase = "linear",
) -> Impulse:
    """Pass frequencies below a cutoff: a windowed sinc, ``sin(w n) / (pi n)`` around its centre.

    Sound: muffled as through a wall, with a sharp edge where the treble ends.

    The response is 1 at 0 Hz and 0.5 (-6 dB) at the cutoff. The transition from pass to stop
    band is about 3.3 rate / numtaps wide with hamming (stop band 53 dB down), 3.1 with hann
    (44 dB), 5.5 with blackman (74 dB) and kaiser (87 dB).

    Parameters
    ----------
    rate : int > 0
        Samples per second.
    cutoff : float
        cutoff frequency, where the response is 0.5 (-6 dB); below half the rate
    numtaps : int, odd
        number of taps, which is odd: more make a steeper edge
    window : {"hamming", "hann", "blackman", "kaiser"}
        window of the sinc: hann and hamming are steepest, kaiser (beta 8.6) attenuates most
    phase : {"linear", "minimum"}
        linear has its centre at time 0, and rings (numtaps - 1) / 2 frames before a transient as
        after it; minimum starts at once and rings only after it

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
    return _windowed_sinc(rate, {"cutoff": cutoff}, "lowpass", numtaps, window, phase)


def high_pass(
    rate: int,
    *,
    cutoff: Hertz = 1000.0,
    numtaps: int = 1023,
    window: Window = "hamming",
    phase: Phase = "linear",
) -> Impulse:
    """Pass frequencies above a cutoff: a spike less a windowed sinc.

    Sound: thin as a small loudspeaker, rumble and body gone.

    The response is 1 at half the rate and 0.5 (-6 dB) at the cutoff; see `low_pass` for the
    width of the transition.

    Parameters
    ----------
    rate : int > 0
        Samples per second.
    cutoff : float
        cutoff frequency, where the response is 0.5 (-6 dB); below half the rate
    numtaps : int, odd
        number of taps, which is odd: more make a steeper edge
    window : {"hamming", "hann", "blackman", "kaiser"}
        window of the sinc: hann and hamming are steepest, kaiser (beta 8.6) attenuates most
    phase : {"linear", "minimum"}
        linear has its centre at time 0, and rings (numtaps - 1) / 2 frames before a transient as
        after it; minimum starts at once and rings only after it

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
    return _windowed_sinc(rate, {"cutoff": cutoff}, "highpass", numtaps, window, phase)


def band_pass(
    rate: int,
    *,
    low: Hertz = 300.0,
    high: Hertz = 3400.0,
    numtaps: int = 1023,
    window: Window = "hamming",
    phase: Phase = "linear",
) -> Impulse:
    """Pass frequencies between two edges: the difference of two windowed sincs.

    Sound: a voice on the telephone, if the band is left as it is.

    The response is 1 in the middle of the band and 0.5 (-6 dB) at its edges; see `low_pass` for
    the width of a transition. A band narrower than that does not reach 0.5 at its edges.

    Parameters
    ----------
    rate : int > 0
        Samples per second.
    low : float
        frequency of the lower edge, above 0
    high : float
        frequency of the upper edge, above the lower one and below half the rate
    numtaps : int, odd
        number of taps, which is odd: more make steeper edges
    window : {"hamming", "hann", "blackman", "kaiser"}
        window of the sincs: hann and hamming are steepest, kaiser (beta 8.6) attenuates most
    phase : {"linear", "minimum"}
        linear has its centre at time 0, and rings (numtaps - 1) / 2 frames before a transient as
        after it; minimum starts at once and rings only after it

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
    return _windowed_sinc(rate, {"low": low, "high": high}, "bandpass", numtaps, window, phase)


def _windowed_sinc(
    rate: int, edges: dict[str, float], kind: Kind, numtaps: int, window: Window, phase: Phase
) -> Impulse:
    """Design by `firwin`, which scales the response to 1 at 0 Hz, half the rate or mid-band."""
    from scipy.signal import firwin  # slow to import, and not needed for echoes

    for name, frequency in edges.items():
        # nearer to either end the sinc is lost in rounding errors
        within(name, frequency, 1e-6 * rate, 0.4999 * rate, "Hz")
    cutoffs: Sequence[float] = list(edges.values())
    if cutoffs != sorted(set(cutoffs)):
        raise ImpulseError(
            f"low is {cutoffs[0]:g} Hz and high {cutoffs[1]:g} Hz; low must be below high"
        )
    one_of("phase", phase, get_args(Phase))
    half = half_length(numtaps)
    taps = firwin(2 * half + 1, cutoffs, window=scipy_window(window), pass_zero=kind, fs=rate)
    impulse = Impulse(taps[:, np.newaxis], rate, origin=half)
    return minimum_phase(impulse) if phase == "minimum" else impulse


def half_length(numtaps: int) -> int:
    """Return the number of taps on either side of the centre; raise if `numtaps` is even.

    Examples
    --------
    >>> half_length(1023)
    511
    """
    if within("numtaps", numtaps, 3, MAX_TAPS) % 2 != 1:
        raise ImpulseError(f"numtaps is {numtaps:g}; it must be odd, such as 1023")
    return int(numtaps) // 2


def scipy_window(window: Window) -> str | tuple[str, float]:
    """Return the name, with its parameter, by which SciPy knows a window.

    Examples
    --------
    >>> scipy_window("kaiser")
    ('kaiser', 8.6)
    """
    one_of("window", window, get_args(Window))
    return ("kaiser", KAISER_BETA) if window == "kaiser" else window
