"""Norms: scale an impulse so that its peak, a sum of its taps, or its response becomes 1."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from impulses import analysis
from impulses.edit import gain
from impulses.impulse import Impulse, ImpulseError
from impulses.quantities import one_of


def _web_audio(impulse: Impulse) -> float:
    """Return the normalisation gain of the W3C ConvolverNode.

    References
    ----------
    W3C Web Audio API 1.1, section 1.15.4 (normalization): calibration 0.00125, minimum power
    0.000125, calibration rate 44100 Hz, half the gain for four channels.
    """
    scale = 0.00125 / max(analysis.rms(impulse), 0.000125) * 44100 / impulse.rate
    return scale / 2 if impulse.taps[0].size == 4 else scale


NORMS: dict[str, Callable[[Impulse], float]] = {
    "peak": analysis.peak,
    "l1": analysis.l1,
    "l2": analysis.l2,
    "dc": analysis.dc,
    "response": analysis.max_response,
    "web-audio": lambda impulse: 1 / _web_audio(impulse),
}
"""The quantity that each norm scales to 1, with one gain for all channels to keep balance."""


def normalise(impulse: Impulse, norm: str) -> Impulse:
    """Scale the impulse so that one of `NORMS` becomes 1.

    Parameters
    ----------
    norm : {"peak", "l1", "l2", "dc", "response", "web-audio"}
        largest tap; largest sum of magnitudes (the output then never clips); root of the
        energy; gain at 0 Hz; largest magnitude of the response, which is then at most 0.0027 dB
        above 1; the gain of the W3C ConvolverNode

    Raises
    ------
    ImpulseError
        If the norm is unknown, or 0 for this impulse (silence, or no response at 0 Hz;
        ``"web-audio"`` is defined for silence too).

    Examples
    --------
    >>> normalise(Impulse([[1.0], [-3.0]], rate=1), "l1").taps.ravel()
    array([ 0.25, -0.75])
    """
    return gain(impulse, norm_gain(impulse, norm))


def norm_gain(impulse: Impulse, norm: str) -> float:
    """Return the gain by which `normalise` scales.

    Examples
    --------
    >>> norm_gain(Impulse([[1.0], [-3.0]], rate=1), "l1")
    0.25
    """
    size = NORMS[one_of("norm", norm, NORMS)](impulse)
    # taps that sum to 0 leave rounding errors, never exactly 0
    if size <= 1e-12 * analysis.l1(impulse):
        raise ImpulseError(f"the impulse's {norm} is 0, so it cannot be scaled by it; use a gain")
    if not 0 < 1 / size < np.inf:
        raise ImpulseError(f"the impulse's {norm} of {size:g} is too far from 1; use a gain")
    return float(1 / size)
