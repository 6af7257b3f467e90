"""Levels that can be verified: those whose squares and products float64 represents."""

from __future__ import annotations

import numpy as np

from audioconv.engines.routes import Routing
from audioconv.errors import FormatError
from audioconv.files import display_name

QUIETEST, LOUDEST = 1e-100, 1e100
QUIETEST_TAP = {"double": QUIETEST, "single": 1e-30}
"""Least peak of an impulse whose taps keep the precision of the arithmetic."""


def refuse_levels(routing: Routing, name: str, peak: float, precision: str) -> None:
    """Refuse levels out of range.

    Parameters
    ----------
    routing : Routing
    name : str
        of the sound
    peak : float
        of the sound; 0 if it is not known yet
    precision : str
        of the arithmetic

    Raises
    ------
    FormatError
    """
    tap = max((float(np.abs(taps).max()) for taps in routing.kernels), default=0.0)
    sound, impulse = f"the peak of {display_name(name)}", "the largest tap of the impulse"
    product, either = "the largest sample times the largest tap", "the sound or the impulse"
    for what, level, least, remedy in (
        (sound, peak, QUIETEST, "the sound first"),
        (impulse, tap, QUIETEST_TAP[precision], "the impulse"),
        (product, tap * peak, QUIETEST, either),
    ):
        if level and not least <= level <= LOUDEST:
            raise FormatError(
                f"{what} is {level:.3g}; verification needs one between {least:g} and "
                f"{LOUDEST:g}; scale {remedy}"
            )
