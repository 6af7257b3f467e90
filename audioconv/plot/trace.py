"""One decay on a time axis: its level, energy decay curve, fitted lines and noise floor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from audioconv.plot import colours, style
from audioconv.plot.labels import minus_signs
from impulses.acoustics.decay import fit
from impulses.acoustics.decay_curve import DecayAnalysis
from impulses.acoustics.figures import RANGES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 1200
"""Points of the level curve; the energy decay curve has up to twice as many."""

MAX_DOTS = 80
"""Frames up to which the level is drawn as dots."""

REASON_SIZE, REASON_MARGIN = 6.5, 16.0
"""Size of a reason in points, and width of both margins of its panel in mm."""

LINES = {"t20": (colours.ORANGE, (0, (5, 1.5))), "t30": (colours.VERMILLION, (0, (1, 1)))}
"""Colour and dashes of each fitted line; its bars have the same colour."""

Entry = tuple[Any, str]
"""Handle and label of a legend entry."""


@dataclass(frozen=True)
class Trace:
    """A decay on the time axis.

    Parameters
    ----------
    label : str
    analysis : DecayAnalysis
    rate : int
        frames per second
    second : float
        length of a second in units of the axis
    """

    label: str
    analysis: DecayAnalysis
    rate: int
    second: float

    def times(self, frames: np.ndarray) -> np.ndarray:
        """Return the positions of frames on the axis."""
        return frames * self.second / self.rate

    def written(self, seconds: float, form: str) -> str:
        """Return a time in the unit of the axis, s or ms.

        Examples
        --------
        >>> Trace("", None, 48000, 1000.0).written(0.0251, "#.3g")
        '25.1 ms'
        """
        return f"{seconds * self.second:{form}} {'ms' if self.second == 1000 else 's'}"


def write_reason(panel: Axes, text: str) -> None:
    """Write why a figure is missing, at the bottom of the panel."""
    figure = panel.get_figure(root=True)
    assert figure is not None
    reason = panel.text(
        *(0.01, 0.02, style.wrap(minus_signs(text), figure, REASON_SIZE, REASON_MARGIN)),
        transform=panel.transAxes,
        color=colours.GREY,
        fontsize=REASON_SIZE,
        zorder=4,
        bbox={"facecolor": colours.GROUND, "edgecolor": "none", "alpha": 0.8, "pad": 1},
    )
    reason.set_in_layout(False)  # else a narrow picture would shrink the panel to make room


def draw_level(panel: Axes, trace: Trace) -> Entry:
    """Draw the level, and return its legend entry."""
    frames, levels = level_columns(trace.analysis.energy[trace.analysis.start :])
    line = panel.plot(
        trace.times(frames),
        levels,
        "." if len(levels) <= MAX_DOTS else "-",
        color=colours.GREY,
        alpha=0.7,
        linewidth=0.5,
    )
    return line[0], "level"


def draw_curve(panel: Axes, trace: Trace, levels: np.ndarray, pen: dict[str, Any]) -> Any:
    """Draw an energy decay curve, and return its handle."""
    frames = _thin(len(levels))
    finite = np.where(np.isfinite(levels[frames]), levels[frames], np.nan)
    marker = "." if len(frames) <= 2 else ""
    return panel.plot(trace.times(frames), finite, **pen, linewidth=1.4, marker=marker)[0]


def draw_line(panel: Axes, trace: Trace, levels: np.ndarray, key: str, colour: str) -> Any:
    """Draw the line fitted to an energy decay curve for T20 or T30, and return its handle."""
    dashes = LINES[key][1]
    upper, lower = RANGES[key]
    line = fit(levels, trace.rate, upper, lower)
    assert line is not None  # the decay time was read from it
    ends = [(db - line.level) / -60 * line.rt60 * trace.second for db in (0, upper, lower, -90)]
    pen: dict[str, Any] = {"color": colour, "linestyle": dashes, "zorder": 3}
    panel.plot([ends[0], ends[3]], [0, -90], linewidth=0.6, **pen)
    return panel.plot(ends[1:3], [upper, lower], linewidth=1.8, **pen)[0]


def draw_noise_floor(panel: Axes, trace: Trace, level: float, crossing: float) -> Entry:
    """Draw the noise floor in dB, and the time in seconds at which the decay meets it."""
    floor = panel.axhline(level, color=colours.INK, linewidth=0.8, linestyle=":")
    position = crossing * trace.second
    panel.axvline(position, color=colours.INK, linewidth=0.6, linestyle=(0, (6, 3)))
    return floor, minus_signs(f"noise {level:.1f} dB from {trace.written(crossing, '.3g')}")


def level_columns(energy: np.ndarray, columns: int = COLUMNS) -> tuple[np.ndarray, np.ndarray]:
    """Return the loudest frame of each column, and its level in dB relative to the loudest of all.

    Examples
    --------
    >>> frames, levels = level_columns(np.array([1.0, 0.1, 0.0, 0.01]), columns=2)
    >>> frames, levels
    (array([0, 3]), array([  0., -20.]))
    """
    step = max(1, -(-len(energy) // columns))
    padded = np.pad(energy, (0, -len(energy) % step)).reshape(-1, step)
    largest = padded.argmax(axis=1)
    power = padded[np.arange(len(padded), dtype=np.int64), largest]
    levels = np.full(len(power), np.nan)
    np.log10(power / (energy.max(initial=0.0) or 1.0), out=levels, where=power > 0)
    return largest + step * np.arange(len(padded), dtype=np.int64), 10 * levels


def _thin(frames: int) -> np.ndarray:
    """Return enough frames for a smooth curve, including the last one."""
    return np.unique(np.linspace(0, frames - 1, min(frames, 2 * COLUMNS)).astype(np.int64))
