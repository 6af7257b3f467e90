"""The decay of the impulse: its level, its energy decay curve, and the lines fitted to it."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioconv.views.blocks import extremes
from audioconv.views.packed import MAX_NONZERO, finite
from impulses import Impulse
from impulses.acoustics.decay import fit
from impulses.acoustics.decay_curve import analyse_decay
from impulses.acoustics.figures import RANGES, Figures, no_figures
from impulses.acoustics.iso3382 import SHORT, is_short
from impulses.acoustics.sounds import sound_note

COLUMNS = 600


def decay_of(impulse: Impulse) -> dict[str, Any]:
    """Return levels in dB over time and the lines fitted to them, ready for JSON."""
    analysis, no_room = analyse_decay(impulse), _no_room(impulse)
    rate, energy = impulse.rate, analysis.energy
    figures = no_figures(no_room) if no_room else analysis.figures
    level = extremes(energy, min(COLUMNS, len(energy)))[1]
    starts = np.arange(len(level), dtype=np.int64) * len(energy) // len(level)
    top = float(level.max(initial=0))
    curve = np.zeros(0) if analysis.curve is None else analysis.curve.levels_db()
    return {
        "seconds": (starts / rate).tolist(),
        "level_db": [finite(10 * np.log10(e / top) if e > 0 else -np.inf) for e in level],
        "curve_db": [finite(curve[at]) if at < len(curve) else None for at in starts],
        "lines": _fitted_lines(curve, rate, figures),
        "floor_db": figures.noise_floor_db,
        "why_not": [no_room]
        if no_room
        else [
            f"{name.upper()}: {figures.why_not[f'{name}_s']}"
            for name in ("t20", "t30")
            if f"{name}_s" in figures.why_not
        ],
    }


def _no_room(impulse: Impulse) -> str:
    """Return why an impulse that is no room has no reverberation time; nothing if it may be one."""
    if impulse.origin:
        return "g begins before time 0: a filter, not a room, and so without reverberation time"
    if is_short(impulse):
        return f"{SHORT}: a filter or an echo, not a room, and so without reverberation time"
    count = np.count_nonzero(impulse.taps.reshape(impulse.frames, -1).any(axis=1))
    if count > MAX_NONZERO:
        sound = sound_note(impulse) is not None
        return "g seems a sound that goes on, which has no reverberation time" if sound else ""
    few = "a single nonzero tap" if count == 1 else f"only {count} nonzero taps"
    return f"g has {few}, and so no reverberation time"


def _fitted_lines(curve: NDArray[np.float64], rate: int, figures: Figures) -> list[dict[str, Any]]:
    """Return the lines from which T20 and T30 are read, if they can be."""
    lines = []
    for name in ("t20", "t30"):
        line, seconds = fit(curve, rate, *RANGES[name]), getattr(figures, f"{name}_s")
        if line is not None and seconds is not None:
            start, end = (((db - line.level) * -line.rt60 / 60, db) for db in RANGES[name])
            label = f"{name.upper()} {seconds:#.3g} s"
            lines.append({"label": label, "from": start, "to": end})
    return lines
