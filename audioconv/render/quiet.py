"""Notices of impulses through which nothing is heard.

An impulse can be silent, or so quiet that a sound at full scale comes out below one step of 16
bits; as a whole, or for some channels of the output.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audioconv.files import listed
from impulses import Impulse, analysis
from impulses.impulse import to_db

QUIET = 2.0**-15
"""Gain for white noise under which an impulse is almost silent: one step of 16 bits, -90.3 dB."""


def note_silence(laid_out: Impulse, given: Impulse, name: str) -> Impulse:
    """Note that an impulse is silent, or that its channels for some outputs are.

    Parameters
    ----------
    laid_out, given : Impulse
        after a map has laid out its channels, and before
    name : str

    Examples
    --------
    >>> impulse = Impulse([[1.0, 0.0, 0.0]], 48000)
    >>> note_silence(impulse, impulse, "hall.wav").notes
    ('impulse hall.wav is silent for channels 2 and 3 of 3: nothing is heard through it there',)
    """
    silent = analysis.gains(laid_out) == 0
    # a map leaves outputs out on purpose, so one of the channels must be silent
    if not silent.any() or given.taps.any(axis=0).all():
        return laid_out
    where = "" if silent.all() else f" for {_channels(silent)}"
    there = "" if silent.all() else " there"
    note = f"impulse {name} is silent{where}: nothing is heard through it{there}"
    return laid_out.with_taps(laid_out.taps, note)


def note_quietness(impulse: Impulse) -> Impulse:
    """Note that an impulse, with its gain, is almost silent, or is for some outputs.

    Examples
    --------
    >>> note_quietness(Impulse([[1e-6]], 48000)).notes
    ("the impulse is almost silent: its level is -120.0 dB; raise it, as with `ir_gain='peak'`",)
    """
    gains = analysis.gains(impulse)
    quiet = (gains > 0) & (gains < QUIET)
    if not quiet.any():
        return impulse
    level = f"{to_db(float(gains[quiet].max())):.1f} dB"
    if gains.max() < QUIET:
        note = (
            f"the impulse is almost silent: its level is {level}; raise it, as with "
            "`ir_gain='peak'`"
        )
    else:
        note = f"the impulse is almost silent for {_channels(quiet)}: its level is {level} there"
    return impulse.with_taps(impulse.taps, note)


def _channels(chosen: NDArray[np.bool_]) -> str:
    """Name some output channels, of all."""
    numbers = [str(1 + index) for index in np.flatnonzero(chosen)]
    return f"{'channel' if len(numbers) == 1 else 'channels'} {listed(numbers)} of {len(chosen)}"
