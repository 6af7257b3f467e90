"""Phase: the impulse that has a magnitude response and puts its energy first.

Of all causal impulses with one magnitude response, the minimum-phase one has every zero inside
the unit circle, and for every m the most energy in its first m frames. Its cepstrum, the
transform of ``log H``, is 0 before frame 0; so the cepstrum of ``log abs(H)``, which is its
even part, gives it back when the negative half is folded onto the positive one.
"""

from __future__ import annotations

import numpy as np

from impulses.impulse import Impulse, ImpulseError, Taps, to_db

LONGEST = 2**21
"""Frames of the longest impulse taken: 43 s at 48 kHz, and a gigabyte of work."""

GROWTH = 2**20
"""Frames up to which a transform is made longer, for as long as that is of use."""

SETTLED = 1e-12
"""Share of the level (root of the energy) past its length at which an impulse is done."""

TOLD = 1e-3
"""Share of the level past its length that is told when it is cut: -60 dB."""


def minimum_phase(impulse: Impulse) -> Impulse:
    """Return the impulse of the same magnitude response and length with its energy at the front.

    Sound: the same tone without a wait and without ringing before the beat; what was smooth
    on both sides of a beat is heard after it.

    Every path is taken by itself, so differences of time between channels are lost, and so is
    polarity, which a magnitude does not have: the first tap is never negative. Silence stays
    silence. The origin becomes 0.

    The transform is at least eight times as long as the impulse. A zero at radius r < 1, or at
    1 / r, puts ``r^n / n`` into the cepstrum, which a transform of N frames wraps onto itself:
    that aliasing falls as ``r^N / N``, on the circle only as ``1 / N``. An exact result of K
    frames is silent after them, so what it rings past K measures the error; the transform
    is made longer, up to `GROWTH` frames, until that is below `SETTLED`. More than -60 dB
    is noted. A bin that is an exact or nearly exact zero, whose logarithm says nothing, is taken
    to be no less than 1 / (2 pi) of the smaller of its neighbours: what stands at the bin of
    a simple zero in order that the mean of the logarithm, and so the level, comes out right.
    Bins of longer silent bands are no less than 2^-53 of the largest.

    Parameters
    ----------
    impulse : Impulse
        of at most 2097152 frames; channels or a matrix

    Returns
    -------
    Impulse
        The same shape and rate.

    Raises
    ------
    ImpulseError
        If the impulse is too long.

    References
    ----------
    A. V. Oppenheim and R. W. Schafer, "Discrete-Time Signal Processing", 3rd ed., 2010,
    section 13.5.

    Examples
    --------
    >>> h = Impulse([[1.0], [-1.5], [-1.0]], rate=1)  # zeros at 2 and -0.5
    >>> minimum_phase(h).taps.ravel().round(9) + 0.0  # zeros at 0.5 and -0.5
    array([ 2. ,  0. , -0.5])
    """
    if impulse.frames > LONGEST:
        raise ImpulseError(
            f"impulse is {impulse.frames} frames long; minimum phase takes at most {LONGEST}; "
            "trim it first"
        )
    taps = np.zeros_like(impulse.taps)
    worst = 0.0
    for path in np.ndindex(*taps.shape[1:]):
        taps[:, *path], rest = _front_loaded(impulse.taps[:, *path])
        worst = max(worst, rest)
    note = (
        f"minimum phase rings on at {to_db(worst):.0f} dB after the last frame, where it is cut: "
        "zeros of the response are too near the unit circle"
    )
    return impulse.with_taps(taps, *[note] * (worst > TOLD), origin=0)


def _front_loaded(taps: Taps) -> tuple[Taps, float]:
    """Return the minimum-phase taps of one path, and the share of the level cut off after them."""
    from scipy.fft import next_fast_len  # late: a plain echo needs none of it

    largest = np.abs(taps).max()
    if largest == 0:
        return taps, 0.0
    scaled = taps / largest  # no square overflows, whatever the level
    size = 2 * next_fast_len(4 * len(taps), real=True)  # even, so that there is a middle
    while True:
        whole = _folded(scaled, size)
        rest = float(np.linalg.norm(whole[len(taps) :]) / np.linalg.norm(scaled))
        if rest <= SETTLED or 4 * size > GROWTH:
            return whole[: len(taps)] * largest, rest
        size *= 4


def _folded(taps: Taps, size: int) -> Taps:
    """Return the minimum-phase impulse by a cepstrum of `size` frames (even)."""
    from scipy.fft import irfft, rfft

    magnitude = np.abs(rfft(taps, size))
    magnitude[1:-1] = np.maximum(
        magnitude[1:-1], np.minimum(magnitude[:-2], magnitude[2:]) / (2 * np.pi)
    )
    # at either end both neighbours are one and the same
    magnitude[0] = max(magnitude[0], magnitude[1] / (2 * np.pi))
    magnitude[-1] = max(magnitude[-1], magnitude[-2] / (2 * np.pi))
    np.maximum(magnitude, 2.0**-53 * magnitude.max(), out=magnitude)
    cepstrum = irfft(np.log(magnitude, out=magnitude), size)
    cepstrum[1 : size // 2] *= 2
    cepstrum[size // 2 + 1 :] = 0
    spectrum = rfft(cepstrum)
    folded: Taps = irfft(np.exp(spectrum, out=spectrum), size)
    return folded
