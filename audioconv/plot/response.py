"""The frequency response of impulses: magnitude, phase and group delay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from audioconv.ir.load import RATE
from audioconv.plot import axes as scales
from audioconv.plot import style
from audioconv.plot.inputs import channels, impulse_files, notes
from audioconv.plot.labels import listed, names_in_legend
from audioconv.plot.options import Drawn, Look
from impulses.spectra import Response
from impulses.spectra import response as response_of

MOST = 14
"""Curves of one picture, at most."""

DEPTH = 80.0
"""dB of magnitude that are shown, at most."""

WITHIN = 1.0, 99.0
"""Percentiles of the group delay that are shown: at a zero of a response it has no bounds."""

LEAST_DELAY = 1e-4
"""Seconds of group delay that are shown, at least."""


def response(
    irs: Sequence[str],
    output: str,
    look: Look,
    *,
    rate: int = RATE,
    channel: int | None = None,
    smoothing: int | None = None,
) -> Drawn:
    """Draw magnitude, phase without the impulse's own delay, and group delay.

    Parameters
    ----------
    irs : sequence of str
        impulses: files, builder specs, presets
    output, look
        as for `waveform`
    rate : int
        Hz, for builder specs
    channel : int, optional
        the only channel to draw, counted from 1
    smoothing : int, optional
        parts of an octave; see `impulses.spectra.response`

    Raises
    ------
    AudioconvError
        If an impulse cannot be had, or the picture not be written.
    """
    with style.picture(output, look, impulse_files(irs)) as figure:
        named = channels(irs, rate, channel, MOST)
        style.tall(figure, look, 145 + 4.5 * len(named))
        found = [response_of(n.impulse, channel=n.channel, smoothing=smoothing) for n in named]
        panels = figure.subplots(3, 1, sharex=True, height_ratios=(4, 3, 3))
        handles = []
        for number, one in enumerate(found):
            look_of: dict[str, Any] = {
                "color": style.SERIES[number % len(style.SERIES)],
                "linestyle": style.DASHES[number % len(style.DASHES)],
            }
            handles += panels[0].plot(one.hz, _finite(one.magnitude_db), **look_of)
            panels[1].plot(*_unwrapped(one.hz, one.phase_deg), **look_of)
            panels[2].plot(one.hz, 1000 * one.group_delay, **look_of)
        low, high = scales.decibel_range([one.magnitude_db for one in found], DEPTH)
        scales.level_axis(panels[0], low, high)
        panels[0].set_ylabel(f"magnitude (dB){_smoothed(found)}")
        panels[1].set_ylim(-190, 190)
        panels[1].set_yticks([-180, -90, 0, 90, 180], ["−180", "−90", "0", "90", "180"])
        panels[1].set_ylabel("phase without\ndelay (degrees)")
        panels[2].set_ylim(*_delays(found))
        panels[2].set_ylabel("group delay (ms)")
        scales.frequency_axis(
            panels[2], min(one.hz[0] for one in found), max(one.hz[-1] for one in found)
        )
        labels = [
            f"{n.label} (delay {1000 * one.delay:.3f} ms)"
            for n, one in zip(named, found, strict=True)
        ]
        style.legend(figure, handles, labels)
    what = f"response of {listed(names_in_legend(irs))}"
    return Drawn(what, style.size(figure), notes(n.impulse for n in named))


def _finite(levels: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(levels), levels, np.nan)


def _unwrapped(hz: np.ndarray, degrees: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Break a curve where it goes over the edge at 180 degrees."""
    over = np.flatnonzero(np.abs(np.diff(degrees)) > 180) + 1
    return np.insert(hz, over, np.nan), np.insert(degrees, over, np.nan)


def _smoothed(found: Sequence[Response]) -> str:
    parts = sorted({one.smoothing for one in found})
    if parts == [0]:
        return ""
    named = [f"1/{part}" if part else "none" for part in parts]
    return f"\nmean over {' or '.join(named)} octave"


def _delays(found: Sequence[Response]) -> tuple[float, float]:
    """Return the limits of group delays in ms, but for extremes."""
    delays = np.concatenate([one.group_delay for one in found])
    delays = delays[np.isfinite(delays)]
    if not len(delays):
        return -1.0, 1.0
    low, high = np.percentile(delays, WITHIN)
    room = max(0.12 * (high - low), LEAST_DELAY / 2)
    return 1000 * float(low - room), 1000 * float(high + room)
