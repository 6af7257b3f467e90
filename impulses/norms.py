"""Norms: what an impulse can be scaled by, so that its peak, sum or response becomes 1."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from impulses import analysis
from impulses.edit import gain
from impulses.impulse import Impulse, ImpulseError
from impulses.quantities import one_of


def _web_audio(impulse: Impulse) -> float:
    """Return the scale of the W3C ConvolverNode.

    References
    ----------
    W3C Web Audio API 1.1, section 1.15.4 (normalization): calibration 0.00125, least power
    0.000125, 44100 Hz, half for four channels.
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
"""What each norm brings to 1; one gain for all channels, so that their balance stays."""


def normalise(impulse: Impulse, norm: str) -> Impulse:
    """Scale the impulse so that one of `NORMS` becomes 1.

    Parameters
    ----------
    norm : {"peak", "l1", "l2", "dc", "response", "web-audio"}
        largest tap; largest sum of magnitudes (an output can then never pass full scale);
        energy; gain of a constant; largest response; the scale of the W3C ConvolverNode

    Raises
    ------
    ImpulseError
        If the norm is unknown, or the impulse has nothing to scale (silence, or no constant;
        the ConvolverNode has a scale for silence too).

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
    # a constant that cancels leaves rounding, never exactly nothing
    if size <= 1e-12 * analysis.l1(impulse):
        raise ImpulseError(f"the impulse's {norm} is 0, so it cannot be scaled by it; use a gain")
    if not 0 < 1 / size < np.inf:
        raise ImpulseError(f"the impulse's {norm} of {size:g} is too far from 1; use a gain")
    return float(1 / size)
