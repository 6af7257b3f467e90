"""Levels of an impulse and its onset, as plain numbers.

Where an output has several inputs (a matrix impulse), sums run over the inputs too: the worst
case, with all inputs in phase.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from impulses.impulse import Impulse, Taps, from_db, to_db
from impulses.largest import largest_magnitude

PROFILE_WINDOW = 0.01
"""Seconds of each window whose level decides where a profile ends."""


def peak(impulse: Impulse) -> float:
    """Return the largest tap, max abs(h).

    Examples
    --------
    >>> peak(Impulse([[0.5], [-2.0]], rate=1))
    2.0
    """
    return float(np.abs(impulse.taps).max())


def l1(impulse: Impulse) -> float:
    """Return the largest sum of abs(h) over all outputs: ``max abs(y) <= max abs(x) * l1``.

    Examples
    --------
    >>> l1(Impulse([[0.5], [-2.0]], rate=1))
    2.5
    """
    return float(np.abs(impulse.paths).sum(axis=(0, 1)).max())


def l2(impulse: Impulse) -> float:
    """Return the largest root of the sum of h^2 over all outputs: the gain of white noise.

    Examples
    --------
    >>> l2(Impulse([[3.0], [4.0]], rate=1))
    5.0
    """
    return float(gains(impulse).max())


def gains(impulse: Impulse) -> Taps:
    """Return the gain of white noise for each output, the root of the sum of h^2: (outputs,).

    Examples
    --------
    >>> gains(Impulse([[3.0, 0.0], [4.0, 0.0]], rate=1))
    array([5., 0.])
    """
    scale = _scale(impulse)
    roots: Taps = scale * np.sqrt(((impulse.paths / scale) ** 2).sum(axis=(0, 1)))
    return roots


def dc(impulse: Impulse) -> float:
    """Return the largest gain at 0 Hz, abs(sum of h), over all outputs.

    Examples
    --------
    >>> dc(Impulse([[0.5], [-2.0]], rate=1))
    1.5
    """
    return float(np.abs(impulse.paths.sum(axis=(0, 1))).max())


def max_response(impulse: Impulse) -> float:
    """Return the largest magnitude of the frequency response over all outputs.

    It is at most 0.0027 dB below the true maximum, and never above it but by rounding; see
    `impulses.largest`.

    Examples
    --------
    >>> max_response(Impulse([[1.0], [0.5]], rate=1))
    1.5
    """
    return max(largest_magnitude(output) for output in np.moveaxis(impulse.paths, 2, 0))


def rms(impulse: Impulse) -> float:
    """Return the root of the mean square over all frames and channels.

    Examples
    --------
    >>> rms(Impulse([[3.0], [-3.0]], rate=1))
    3.0
    """
    scale = _scale(impulse)
    return scale * float(np.sqrt(np.mean((impulse.taps / scale) ** 2)))


@dataclass(frozen=True)
class Levels:
    """Levels of an impulse, which bound and predict the output before anything is convolved.

    Parameters
    ----------
    peak : float
        largest tap
    l1 : float
        largest sum of abs(h)
    l2 : float
        root of the largest sum of h^2
    rms : float
        root of the mean of h^2
    response : float
        largest magnitude of the frequency response, or up to 0.0027 dB less
    """

    peak: float
    l1: float
    l2: float
    rms: float
    response: float

    def as_json(self) -> dict[str, float]:
        """Return the levels as plain data, the response in dB."""
        return {
            "peak": self.peak,
            "l1": self.l1,
            "l2": self.l2,
            "max_response_db": to_db(self.response),
            "rms": self.rms,
        }

    def guaranteed(self, peak: float) -> float:
        """Return the bound on any output of an input with this peak: ``peak * sum abs(h)``."""
        return peak * self.l1

    def expected(self, peak: float) -> float:
        """Return the output peak to expect of an input with this peak.

        Uncorrelated samples add by energy, so noise with this peak comes out with about
        ``peak * sqrt(sum h^2)``; a steady tone at the loudest frequency can reach
        ``peak * response``.
        """
        return peak * self.l2


def levels(impulse: Impulse) -> Levels:
    """Return the levels of an impulse.

    Examples
    --------
    >>> levels(Impulse([[0.6], [0.8]], rate=1)).expected(0.5)
    0.5
    """
    return Levels(
        peak(impulse),
        l1(impulse),
        l2(impulse),
        rms(impulse),
        max_response(impulse),
    )


def peak_frame(impulse: Impulse) -> int:
    """Return the frame of the largest tap.

    Examples
    --------
    >>> peak_frame(Impulse([[0.5], [-2.0]], rate=1))
    1
    """
    return int(np.argmax(frame_peaks(impulse)))


def onset(impulse: Impulse, level: float = -20.0) -> int:
    """Return the frame at which the sound arrives: the first above `level`, in dB of the peak.

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


def profile(impulse: Impulse, columns: int, depth: float = 60.0) -> tuple[Taps, int]:
    """Return the level of an impulse over time, from its onset until it has decayed.

    Parameters
    ----------
    columns : int > 0
        maximum number of columns; their lengths differ by one frame at most
    depth : float > 0
        the profile ends with the last 10 ms that are within `depth` dB of the loudest 10 ms

    Returns
    -------
    levels : array, (columns,)
        root mean square of each column over all channels, in dB relative to the loudest
        column; empty if the impulse is silent
    frames : int
        length of the profile

    Examples
    --------
    >>> levels, frames = profile(Impulse([[0.0], [1.0], [1.0], [0.1], [0.1], [0.0]], 99), columns=2)
    >>> levels.round(6), frames
    (array([  0., -20.]), 4)
    """
    if not impulse.taps.any():
        return np.zeros(0), 0
    taps = impulse.taps[onset(impulse) :].reshape(-1, impulse.taps[0].size) / _scale(impulse)
    energy = np.vecdot(taps, taps)
    window = max(1, round(PROFILE_WINDOW * impulse.rate))
    windows = np.add.reduceat(energy, np.arange(0, len(energy), window, dtype=np.int64))
    last = int(np.flatnonzero(windows >= windows.max() * from_db(-depth) ** 2)[-1])
    frames = min(len(energy), (last + 1) * window)
    count = min(columns, frames)
    edges = np.arange(count + 1, dtype=np.int64) * frames // count
    mean = np.add.reduceat(energy[:frames], edges[:-1]) / np.diff(edges)
    with np.errstate(divide="ignore"):  # -inf for silence
        return 10 * np.log10(mean / mean.max()), frames


def _scale(impulse: Impulse) -> float:
    """Return a power of two near the peak: scaled by it, squares neither overflow nor vanish."""
    return 2.0 ** max(int(np.frexp(peak(impulse))[1]), -1000)


def frame_peaks(impulse: Impulse) -> Taps:
    """Return the largest magnitude of each frame over all channels, shape (frames,).

    Examples
    --------
    >>> frame_peaks(Impulse([[0.5, -1.0], [0.0, 0.25]], rate=1))
    array([1.  , 0.25])
    """
    peaks: Taps = np.abs(impulse.taps).reshape(impulse.frames, -1).max(axis=1)
    return peaks
