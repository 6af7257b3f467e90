"""A sound that goes on, such as speech or drums, told from an impulse response."""

from __future__ import annotations

import numpy as np

from impulses import analysis, edit
from impulses.acoustics.iso3382 import measure_broadband
from impulses.impulse import Impulse, Taps

SHORTEST_SOUND = 0.5
"""Seconds from which a file may be a sound."""

LATE = 0.25
"""Part of its length before which an impulse response that decays has its centre of energy: one
that falls by 60 dB, at the end of 1/13.8 of it."""

WINDOW = 0.03
"""Seconds of each level in which syllables and beats show."""

RISE, DEPTH = 3.0, 40.0
"""Decibels of a rise, and those below the loudest window in which one counts."""

LONGEST_DECAY = 30.0
"""Seconds in which any room has decayed; longer files that rise are not measured."""

MANY = 2
"""Rises of a sound: sweeps, noise, and what is faded in, gated or reversed have none."""


def sound_note(impulse: Impulse) -> str | None:
    """Return a note that an impulse response seems to be a sound; None if it does not.

    The energy of a sound does not come at its beginning, its level rises again, and it decays
    neither forwards nor backwards. What has few taps is a pattern of echoes.

    Examples
    --------
    >>> sound_note(Impulse([[1.0], [0.5]], rate=1)) is None
    True
    """
    taps = impulse.taps[analysis.onset(impulse) :]
    length = len(taps) / impulse.rate
    if length < SHORTEST_SOUND or 2 * np.count_nonzero(taps) < taps.size:
        return None
    flat = (taps / np.abs(taps).max()).reshape(len(taps), -1)  # whose squares do not vanish
    energy = np.einsum("fc,fc->f", flat, flat)
    centre = np.arange(len(energy), dtype=np.int64) @ energy / energy.sum() / impulse.rate
    if centre < LATE * length or (rises := _rises(energy, impulse.rate)) < MANY:
        return None
    both_ways = (impulse, edit.reverse(impulse)) if length <= LONGEST_DECAY else ()
    if any(measure_broadband(one).t20_s for one in both_ways):
        return None
    return (
        f"it seems a sound that goes on, and no impulse response: its energy is centred "
        f"{centre:.3g} s behind the onset, of {length:.3g} s, and rises {rises} times; a "
        "recording is IN, and not `impulses`"
    )


def _rises(energy: Taps, rate: int) -> int:
    """Return how often the level rises by `RISE` dB after it has fallen by as much."""
    window = max(1, round(WINDOW * rate))
    sums = np.add.reduceat(energy, np.arange(0, len(energy), window, dtype=np.int64))
    levels = 10 * np.log10(np.maximum(sums / sums.max(), 10 ** (-DEPTH / 10)))
    count, rising, turn = 0, True, levels[0]
    for level in levels:
        if rising and level < turn - RISE:
            rising, turn = False, level
        elif not rising and level > turn + RISE:
            count, rising, turn = count + 1, True, level
        else:
            turn = max(turn, level) if rising else min(turn, level)
    return count
