"""Minimum phase: the same magnitude response with the energy as early as possible.

Of all causal impulses with a given magnitude response, the minimum-phase one has every zero
inside the unit circle, and for every m the most energy in its first m frames. Its cepstrum, the
inverse transform of ``log H``, is 0 before frame 0. The cepstrum of ``log abs(H)`` is its even
part, so folding the negative half onto the positive one gives it back.
"""

from __future__ import annotations

import numpy as np

from impulses.impulse import Impulse, ImpulseError, Taps, to_db

LONGEST = 2**21
"""Longest impulse accepted, in frames: 43 s at 48 kHz, which takes 1 GB of memory."""

LARGEST_TRANSFORM = 2**20
"""Frames up to which the transform is enlarged while the result has not converged."""

CONVERGED = 1e-12
"""Tail beyond the length of the impulse, relative in level, at which the result is accepted."""

NOTED = 1e-3
"""Tail, relative in level, from which a note reports that it was cut: -60 dB."""


def minimum_phase(impulse: Impulse) -> Impulse:
    """Return the minimum-phase impulse of the same magnitude response and length.

    Sound: the same tone without a wait and without ringing before the beat; what was smooth
    on both sides of a beat is heard after it.

    Every path is converted by itself, so time differences between channels are lost, and so is
    polarity, which a magnitude does not have: the first tap is never negative. Silence stays
    silence. The origin becomes 0.

    The transform is at least eight times as long as the impulse. A zero at radius r < 1, or at
    1 / r, adds ``r^n / n`` to the cepstrum, which a transform of N frames wraps onto itself:
    this aliasing falls as ``r^N / N``, on the unit circle only as ``1 / N``. An exact result of
    K frames is silent after them, so the tail past K measures the error; the transform is
    enlarged, up to `LARGEST_TRANSFORM` frames, until the tail is below `CONVERGED`. A tail
    above -60 dB is reported in a note.

    The logarithm of a bin at or very near a zero is meaningless, so a bin is raised to at least
    1 / (2 pi) of the smaller of its neighbours: the value that, at the bin of a simple zero,
    keeps the mean of the logarithm, and so the level, right. Bins of wider silent bands are
    raised to 2^-53 of the largest.

    Parameters
    ----------
    impulse : Impulse
        channels or a matrix, at most 2097152 frames

    Returns
    -------
    Impulse
        Same shape and rate, origin 0.

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
        taps[:, *path], tail = _minimum_phase_taps(impulse.taps[:, *path])
        worst = max(worst, tail)
    note = (
        f"minimum phase rings on after the last frame, where it is cut, at {to_db(worst):.0f} dB: "
        "zeros of the response are too near the unit circle"
    )
    return impulse.with_taps(taps, *[note] * (worst > NOTED), origin=0)


def _minimum_phase_taps(taps: Taps) -> tuple[Taps, float]:
    """Return the minimum-phase taps of one path, and the relative level of the tail cut off."""
    from scipy.fft import next_fast_len  # slow to import, and not needed for echoes

    largest = np.abs(taps).max()
    if largest == 0:
        return taps, 0.0
    scaled = taps / largest  # no square overflows, whatever the level
    size = 2 * next_fast_len(4 * len(taps), real=True)  # even, as the cepstrum is halved
    while True:
        whole = _from_cepstrum(scaled, size)
        tail = float(np.linalg.norm(whole[len(taps) :]) / np.linalg.norm(scaled))
        if tail <= CONVERGED or 4 * size > LARGEST_TRANSFORM:
            return whole[: len(taps)] * largest, tail
        size *= 4


def _from_cepstrum(taps: Taps, size: int) -> Taps:
    """Return the minimum-phase impulse by a cepstrum of `size` frames (even)."""
    from scipy.fft import irfft, rfft

    magnitude = np.abs(rfft(taps, size))
    magnitude[1:-1] = np.maximum(
        magnitude[1:-1], np.minimum(magnitude[:-2], magnitude[2:]) / (2 * np.pi)
    )
    # at 0 Hz and half the rate both neighbours are the same bin
    magnitude[0] = max(magnitude[0], magnitude[1] / (2 * np.pi))
    magnitude[-1] = max(magnitude[-1], magnitude[-2] / (2 * np.pi))
    np.maximum(magnitude, 2.0**-53 * magnitude.max(), out=magnitude)
    cepstrum = irfft(np.log(magnitude, out=magnitude), size)
    cepstrum[1 : size // 2] *= 2
    cepstrum[size // 2 + 1 :] = 0
    spectrum = rfft(cepstrum)
    minimum: Taps = irfft(np.exp(spectrum, out=spectrum), size)
    return minimum
