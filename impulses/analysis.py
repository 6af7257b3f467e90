"""What an impulse does to a level, as plain numbers.

Where an output has several inputs (a matrix impulse), sums run over the inputs too: what
stands here is then the worst case, all inputs in phase.
"""

from __future__ import annotations

import numpy as np

from impulses.impulse import Impulse, Taps, from_db


def peak(impulse: Impulse) -> float:
    """Return the largest tap, max abs(h).

    Examples
    --------
    >>> peak(Impulse([[0.5], [-2.0]], rate=1))
    2.0
    """
    return float(np.abs(impulse.taps).max())


def l1(impulse: Impulse) -> float:
    """Return the largest sum of abs(h) of any output: ``max abs(y) <= max abs(x) * l1``.

    Examples
    --------
    >>> l1(Impulse([[0.5], [-2.0]], rate=1))
    2.5
    """
    return float(np.abs(impulse.paths).sum(axis=(0, 1)).max())


def l2(impulse: Impulse) -> float:
    """Return the largest root of the energy of any output: the gain of white noise.

    Examples
    --------
    >>> l2(Impulse([[3.0], [4.0]], rate=1))
    5.0
    """
    return float(np.sqrt((impulse.paths**2).sum(axis=(0, 1)).max()))


def dc(impulse: Impulse) -> float:
    """Return the largest gain of a constant, abs(sum of h), of any output.

    Examples
    --------
    >>> dc(Impulse([[0.5], [-2.0]], rate=1))
    1.5
    """
    return float(np.abs(impulse.paths.sum(axis=(0, 1))).max())


def max_response(impulse: Impulse) -> float:
    """Return the largest magnitude of the frequency response of any output.

    It is read from a transform eight times as long as the impulse. The squared magnitude is a
    trigonometric polynomial of degree K - 1, so its true maximum is at most
    ``1 / cos(pi / 8)`` times the one found (0.34 dB), and in practice a hundredth of that.

    Examples
    --------
    >>> max_response(Impulse([[1.0], [0.5]], rate=1))
    1.5
    """
    from scipy.fft import next_fast_len, rfft  # a quarter of a second to import: only when used

    size = next_fast_len(8 * impulse.frames, real=True)
    largest = 0.0
    for output in np.moveaxis(impulse.paths, 2, 0):
        response = sum(np.abs(rfft(taps, size)) for taps in output.T)
        largest = max(largest, float(np.max(response)))
    return largest


def rms(impulse: Impulse) -> float:
    """Return the root of the mean square over all frames and channels.

    Examples
    --------
    >>> rms(Impulse([[3.0], [-3.0]], rate=1))
    3.0
    """
    return float(np.sqrt(np.mean(impulse.taps**2)))


def peak_frame(impulse: Impulse) -> int:
    """Return the frame of the largest tap.

    Examples
    --------
    >>> peak_frame(Impulse([[0.5], [-2.0]], rate=1))
    1
    """
    return int(np.argmax(frame_peaks(impulse)))


def onset(impulse: Impulse, level: float = -20.0) -> int:
    """Return the frame at which the sound arrives: the first within `level` dB of the peak.

    References
    ----------
    ISO 3382-1:2009, A.3.4: the start of the impulse is where it first rises to 20 dB below
    its maximum.

    Examples
    --------
    >>> onset(Impulse([[0.01], [0.0], [1.0], [0.5]], rate=1))
    2
    """
    envelope = frame_peaks(impulse)
    return int(np.argmax(envelope >= envelope.max() * from_db(level)))


def frame_peaks(impulse: Impulse) -> Taps:
    """Return the largest magnitude of each frame over all channels, shape (frames,).

    Examples
    --------
    >>> frame_peaks(Impulse([[0.5, -1.0], [0.0, 0.25]], rate=1))
    array([1.  , 0.25])
    """
    peaks: Taps = np.abs(impulse.taps).reshape(impulse.frames, -1).max(axis=1)
    return peaks
