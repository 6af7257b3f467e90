"""Frequency response of impulse responses: magnitude, phase and group delay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from audioconv.files import listed
from audioconv.ir.load import DEFAULT_RATE, impulse_files
from audioconv.plot import axes as scales
from audioconv.plot import style
from audioconv.plot.inputs import collect_notices, load_channels
from audioconv.plot.labels import legend_labels
from audioconv.plot.options import Look, PictureInfo
from impulses.spectra import Response
from impulses.spectra import response as response_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_CHANNELS = 14
"""Channels in one plot."""

RANGE = 80.0
"""Largest range of the magnitude axis in dB."""

PERCENTILES = 1.0, 99.0
"""Percentiles of the group delay that set its axis: it is unbounded at zeros of a response."""

MIN_DELAY_RANGE = 1e-4
"""Smallest range of the group delay axis in s."""


def response(
    irs: Sequence[str],
    output: str,
    look: Look,
    *,
    rate: Annotated[int, "frequency"] = DEFAULT_RATE,
    channel: int | None = None,
    smoothing: int | None = None,
) -> PictureInfo:
    """Draw magnitude, phase and group delay of impulse responses.

    The phase leaves out the delay of each impulse response, which the legend gives.

    Parameters
    ----------
    irs : sequence of str
        impulse responses, drawn over each other: sound files, builder specs or presets
    output : str
        picture to write: .png, .svg or .pdf
    look : Look
    rate : int
        sample rate for builder specs
    channel : int, optional
        channel, counted from 1; all if not given
    smoothing : int >= 0, optional
        average over 1/N octave, 0 for none; if not given, 12 for an impulse response of over 4096
        frames, and none for a shorter one

    Raises
    ------
    AudioconvError
        If an impulse response cannot be loaded, or the picture cannot be written.
    """
    with style.picture(output, look, impulse_files(irs)) as figure:
        channels = load_channels(irs, rate, channel, MAX_CHANNELS)
        style.set_height(figure, look, 145 + 4.5 * len(channels))
        responses = [response_of(c.impulse, channel=c.index, smoothing=smoothing) for c in channels]
        panels = figure.subplots(3, 1, sharex=True, height_ratios=(4, 3, 3))
        handles = []
        for number, one in enumerate(responses):
            pen: dict[str, Any] = {
                "color": style.SERIES[number % len(style.SERIES)],
                "linestyle": style.DASHES[number % len(style.DASHES)],
            }
            handles += panels[0].plot(one.hz, _finite(one.magnitude_db), **pen)
            panels[1].plot(*_break_at_wraps(one.hz, one.phase_deg), **pen)
            panels[2].plot(one.hz, 1000 * one.group_delay, **pen)
        _set_up_axes(panels, responses)
        labels = [
            f"{c.label} (delay {1000 * one.delay:.3f} ms)"
            for c, one in zip(channels, responses, strict=True)
        ]
        style.legend(figure, handles, labels)
    description = f"response of {listed(legend_labels(irs))}"
    notices = collect_notices(c.impulse for c in channels)
    return PictureInfo(description, style.size(figure), notices)


def _set_up_axes(panels: Sequence[Axes], responses: Sequence[Response]) -> None:
    low, high = scales.decibel_range([one.magnitude_db for one in responses], RANGE)
    scales.level_axis(panels[0], low, high)
    panels[0].set_ylabel(f"magnitude (dB){_smoothing_label(responses)}")
    panels[1].set_ylim(-190, 190)
    panels[1].set_yticks([-180, -90, 0, 90, 180], ["−180", "−90", "0", "90", "180"])
    panels[1].set_ylabel("phase without\ndelay (degrees)")
    panels[2].set_ylim(*_delay_limits(responses))
    panels[2].set_ylabel("group delay (ms)")
    lowest, highest = min(one.hz[0] for one in responses), max(one.hz[-1] for one in responses)
    scales.frequency_axis(panels[2], lowest, highest)


def _finite(levels: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(levels), levels, np.nan)


def _break_at_wraps(hz: np.ndarray, degrees: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Break a phase curve where it wraps at 180 degrees."""
    wraps = np.flatnonzero(np.abs(np.diff(degrees)) > 180) + 1
    return np.insert(hz, wraps, np.nan), np.insert(degrees, wraps, np.nan)


def _smoothing_label(responses: Sequence[Response]) -> str:
    parts = sorted({one.smoothing for one in responses})
    if parts == [0]:
        return ""
    fractions = [f"1/{part}" if part else "none" for part in parts]
    return f"\nmean over {' or '.join(fractions)} octave"


def _delay_limits(responses: Sequence[Response]) -> tuple[float, float]:
    """Return limits of the group delay axis in ms, without extremes."""
    delays = np.concatenate([one.group_delay for one in responses])
    delays = delays[np.isfinite(delays)]
    if not len(delays):
        return -1.0, 1.0
    low, high = np.percentile(delays, PERCENTILES)
    margin = max(0.12 * (high - low), MIN_DELAY_RANGE / 2)
    return 1000 * float(low - margin), 1000 * float(high + margin)
