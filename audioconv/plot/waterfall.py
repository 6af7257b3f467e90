"""The waterfall of an impulse: its spectrum from later and later on, one in front of another."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from audioconv.errors import UsageError
from audioconv.ir.load import RATE
from audioconv.plot import axes as scales
from audioconv.plot import style
from audioconv.plot.inputs import channels, impulse_files, notes
from audioconv.plot.options import Drawn, Look
from audioconv.units import parse_time
from impulses.spectra import CumulativeDecay, cumulative_decay

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DEPTH = 45.0
"""dB that are shown."""

ASIDE, BEHIND = 0.22, 0.75
"""How far the last slice is from the first: beside the width, and beside the depth."""

COLOURS = "cividis"

LABELS = 32
"""Points that the labels of ticks take."""


FEWEST, MOST = 4, 200
"""Slices."""


def waterfall(
    ir: str,
    output: str,
    look: Look,
    *,
    rate: int = RATE,
    channel: int = 1,
    span: str | None = None,
    slices: int = 40,
    smoothing: int | None = None,
) -> Drawn:
    """Draw the cumulative spectral decay of one channel of an impulse.

    Parameters
    ----------
    ir : str
        a file, a builder spec or a preset
    output, look
        as for `waveform`
    rate : int
        Hz, for a builder spec
    channel : int
        counted from 1
    span : str, optional
        time from the first slice to the last; that in which the impulse falls by 45 dB if not
        given
    slices : int, 4 to 200
        spectra, evenly spaced in time
    smoothing : int, optional
        parts of an octave; see `impulses.spectra.response`

    Raises
    ------
    AudioconvError
        If the impulse cannot be had, or the picture not be written.
    """
    if not FEWEST <= slices <= MOST:
        raise UsageError(f"slices is {slices}; it must be between {FEWEST} and {MOST}")
    with style.picture(output, look, impulse_files([ir])) as figure:
        named = channels([ir], rate, channel, 1)[0]
        found = cumulative_decay(
            named.impulse,
            channel=named.channel,
            span=None if span is None else parse_time(span, named.impulse.rate),
            slices=slices,
            depth=DEPTH,
            smoothing=smoothing,
        )
        style.tall(figure, look, 100)
        panel = figure.subplots()
        panel.set_axis_off()
        stage = _Stage(found)
        _draw_box(panel, stage)
        _draw_slices(panel, stage)
        means = f", mean over 1/{found.smoothing} octave" if found.smoothing else ""
        said = f"{named.label}: what is left after a time{means}"
        panel.set_title(style.wrapped(said, figure))
    return Drawn(f"waterfall of {named.label}", style.size(figure), notes([named.impulse]))


class _Stage:
    """Where a frequency, a level and a time stand in the picture, the last slice in front."""

    def __init__(self, decay: CumulativeDecay) -> None:
        self.decay = decay
        self._octaves = float(np.log2(decay.hz[-1] / decay.hz[0]))

    def x(self, hz: np.ndarray | float, time: float) -> np.ndarray:
        """Return what is across, 0 to 1 at the front."""
        across = np.log2(np.asarray(hz) / self.decay.hz[0]) / self._octaves
        return np.asarray(across + ASIDE * (1 - time))

    def y(self, level: np.ndarray | float, time: float) -> np.ndarray:
        """Return what is up, in dB above the floor at the front; nothing is under the floor."""
        return np.asarray(np.maximum(level, -DEPTH) + DEPTH + BEHIND * DEPTH * (1 - time))


def _draw_slices(panel: Axes, stage: _Stage) -> None:
    """Draw from the first, at the back, to the last, each in front of those before."""
    from matplotlib import colormaps

    found = stage.decay
    count = len(found.seconds)
    for number, levels in enumerate(found.level_db):
        time = number / (count - 1)
        colour = colormaps[COLOURS](0.92 * time)
        pale = tuple(1 - 0.35 * (1 - part) for part in colour[:3])
        x, y, floor = stage.x(found.hz, time), stage.y(levels, time), stage.y(-DEPTH, time)
        panel.fill_between(x, y, floor, facecolor=pale, linewidth=0, zorder=3 + number)
        above = np.where(levels > -DEPTH, y, np.nan)
        panel.plot(x, above, color=colour, linewidth=0.8, zorder=3.5 + number)


def _draw_box(panel: Axes, stage: _Stage) -> None:
    """Draw a floor with octaves and times, and a wall behind with decibels."""
    low, high = float(stage.decay.hz[0]), float(stage.decay.hz[-1])
    thin: dict[str, Any] = {"color": "#CCCCCC", "linewidth": 0.5, "zorder": 1}
    firm: dict[str, Any] = {"color": style.BLACK, "linewidth": 0.6, "zorder": 2}
    ticks = scales.octave_ticks(low, high)
    for hz, name in zip(ticks, scales.octave_names(panel, ticks), strict=True):
        x = [float(stage.x(hz, time)) for time in (1, 0, 0)]
        y = [float(stage.y(level, time)) for level, time in ((-DEPTH, 1), (-DEPTH, 0), (0, 0))]
        panel.plot(x, y, **thin)
        panel.plot([x[0]] * 2, [y[0], y[0] - 1], **firm)
        panel.text(x[0], y[0] - 2, name, ha="center", va="top", fontsize=7.5)
    left, right = float(stage.x(low, 0)), float(stage.x(high, 0))
    for level in np.arange(0, -DEPTH - 1, -10):
        y0 = float(stage.y(level, 0))
        panel.plot([left, right], [y0, y0], **thin)
        panel.plot([right, right + 0.008], [y0, y0], **firm)
        panel.text(right + 0.014, y0, scales.decibel(level), va="center", fontsize=7.5)
    middle = float(stage.y(-DEPTH / 2, 0))
    _beside(panel, right, middle, "level (dB)", rotation=90)
    _draw_times(panel, stage, high)
    corners = [(low, -DEPTH, 1), (high, -DEPTH, 1), (high, -DEPTH, 0), (high, 0.0, 0)]
    x = [float(stage.x(hz, time)) for hz, _, time in corners]
    panel.plot(x, [float(stage.y(level, time)) for _, level, time in corners], **firm)
    panel.text(0.5, -7.5, "frequency (Hz)", ha="center", va="top")
    panel.set_xlim(-0.02, 1 + ASIDE + 0.12)
    panel.set_ylim(-11, float(stage.y(0, 0)) + 1)


def _draw_times(panel: Axes, stage: _Stage, high: float) -> None:
    """Draw a scale of times along the right edge of the floor."""
    span = float(stage.decay.seconds[-1])
    unit, name = (1000.0, "ms") if span < 1 else (1.0, "s")
    for tick in _round_ticks(span * unit):
        time = tick / unit / span
        x, y = float(stage.x(high, time)), float(stage.y(-DEPTH, time))
        panel.plot([x, x + 0.008], [y, y], color=style.BLACK, linewidth=0.6)
        panel.text(x + 0.014, y, f"{tick:g}", ha="left", va="center", fontsize=7.5)
    x, y = float(stage.x(high, 0.5)), float(stage.y(-DEPTH, 0.5))
    _beside(panel, x, y, f"time ({name})")


def _beside(panel: Axes, x: float, y: float, text: str, rotation: float = 0) -> None:
    """Name a scale, to the right of the labels of its ticks."""
    panel.annotate(
        text, (x, y), (LABELS, 0), textcoords="offset points", va="center", rotation=rotation
    )


def _round_ticks(end: float) -> list[float]:
    """Return round numbers from 0 to an end, six at most."""
    power = 10.0 ** math.floor(math.log10(end / 5))
    step = next(power * times for times in (1, 2, 5, 10) if end / (power * times) <= 5)
    return [step * n for n in range(math.floor(end / step + 1e-9) + 1)]
