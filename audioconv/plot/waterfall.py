"""Waterfall plot of an impulse response: its cumulative spectral decay in perspective."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from audioconv.errors import UsageError
from audioconv.ir.load import DEFAULT_RATE, impulse_files
from audioconv.plot import axes as scales
from audioconv.plot import colours, style
from audioconv.plot.inputs import FrequencyRange, collect_notices, load_channels
from audioconv.plot.options import Look, PictureInfo
from audioconv.units import parse_time
from impulses.spectra import CumulativeDecay, cumulative_decay

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DEPTH = 45.0
"""Range of the level axis in dB."""

SHIFT, RISE = 0.22, 0.75
"""Offset of the first slice from the last: to the right, relative to the width, and up, relative
to the depth."""

SHADES = {"light": (0.2, 0.8), "dark": (0.4, 1.0)}
"""Part of the colour map from the first slice to the last, legible on each ground."""

PALE = 0.35
"""Opacity of the area below a slice."""

BAND = 0.9
"""Highest frequency by default, relative to half the rate: the filters of converters and resamplers
begin there, and what is left above it may ring without end."""

NUMBER_GAP = 6.5
"""Points between an axis and a number: beside a nearer one, its tick reads as a minus sign."""

LABEL_WIDTH = 32
"""Width of tick labels in points."""

MIN_SLICES, MAX_SLICES = 4, 200


def waterfall(
    ir: str,
    output: str,
    look: Look,
    *,
    rate: Annotated[int, "frequency"] = DEFAULT_RATE,
    channel: int = 1,
    span: Annotated[str, "time"] | None = None,
    slices: int = 40,
    smoothing: int | None = None,
    fmin: Annotated[float, "frequency"] | None = None,
    fmax: Annotated[float, "frequency"] | None = None,
) -> PictureInfo:
    """Draw the cumulative spectral decay of an impulse response.

    Each slice is the spectrum of the impulse response from a later time on.

    Parameters
    ----------
    ir : str
        sound file, builder spec or preset
    output : str
        picture to write: .png, .svg or .pdf
    look : Look
    rate : int
        sample rate for a builder spec
    channel : int
        channel, counted from 1
    span : str, optional
        time from the first slice to the last; if not given, the time of a decay of 45 dB
    slices : int, 4 to 200
        number of spectra, evenly spaced in time
    smoothing : int >= 0, optional
        average over 1/N octave, 0 for none; if not given, 12 for an impulse response of over 4096
        frames, and none for a shorter one
    fmin : float, optional
        lowest frequency of the axis; 20 Hz if not given
    fmax : float, optional
        highest frequency of the axis; nine tenths of half the rate if not given

    Raises
    ------
    AudioconvError
        If the impulse response cannot be loaded, or the picture cannot be written.
    """
    if not MIN_SLICES <= slices <= MAX_SLICES:
        raise UsageError(f"slices is {slices}; it must be between {MIN_SLICES} and {MAX_SLICES}")
    frequencies = FrequencyRange(fmin, fmax)
    with style.picture(output, look, impulse_files([ir])) as figure:
        source = load_channels([ir], rate, channel, 1)[0]
        half = source.impulse.rate / 2
        shown = frequencies.within(source.label, source.impulse.rate)
        decay = cumulative_decay(
            source.impulse,
            channel=source.index,
            span=None if span is None else parse_time(span, source.impulse.rate),
            slices=slices,
            depth=DEPTH,
            smoothing=smoothing,
            low=shown.low,
            high=shown.high or (BAND * half if (shown.low or 0) < BAND * half else half),
        )
        style.set_height(figure, look, 100)
        panel = figure.subplots()
        panel.set_axis_off()
        projection = _Projection(decay)
        _draw_box(panel, projection)
        _draw_slices(panel, projection, SHADES["dark" if look.dark else "light"])
        mean = f", mean over 1/{decay.smoothing} octave" if decay.smoothing else ""
        title = f"{source.label}: cumulative spectral decay{mean}"
        panel.set_title(style.wrap(title, figure))
    description = f"waterfall of {source.label}"
    notices = collect_notices([source.impulse]) + frequencies.notices(source.impulse.rate)
    return PictureInfo(description, style.size(figure), notices)


class _Projection:
    """Map from frequency, level and time, 0 to 1, to the picture, with the last slice in front."""

    def __init__(self, decay: CumulativeDecay) -> None:
        self.decay = decay
        self._octaves = float(np.log2(decay.hz[-1] / decay.hz[0]))

    def x(self, hz: np.ndarray | float, time: float) -> np.ndarray:
        """Return the horizontal position, 0 to 1 at the front."""
        position = np.log2(np.asarray(hz) / self.decay.hz[0]) / self._octaves
        return np.asarray(position + SHIFT * (1 - time))

    def y(self, level: np.ndarray | float, time: float) -> np.ndarray:
        """Return the vertical position in dB above the floor at the front, clipped at the floor."""
        return np.asarray(np.maximum(level, -DEPTH) + DEPTH + RISE * DEPTH * (1 - time))


def _draw_slices(panel: Axes, projection: _Projection, shades: tuple[float, float]) -> None:
    """Draw the slices from the first, at the back, to the last."""
    from matplotlib.colors import to_rgb

    decay, colour_map = projection.decay, colours.colour_map("ember")
    ground = np.array(to_rgb(colours.GROUND))
    count = len(decay.seconds)
    for number, levels in enumerate(decay.level_db):
        time = number / (count - 1)
        colour = np.array(colour_map(shades[0] + time * (shades[1] - shades[0]))[:3])
        pale = ground + PALE * (colour - ground)
        x, y = projection.x(decay.hz, time), projection.y(levels, time)
        floor = projection.y(-DEPTH, time)
        panel.fill_between(x, y, floor, facecolor=tuple(pale), linewidth=0, zorder=3 + number)
        above = np.where(levels > -DEPTH, y, np.nan)
        panel.plot(x, above, color=tuple(colour), linewidth=0.8, zorder=3.5 + number)


def _draw_box(panel: Axes, projection: _Projection) -> None:
    """Draw a floor with axes of frequency and time, and a back wall with a level axis."""
    low, high = float(projection.decay.hz[0]), float(projection.decay.hz[-1])
    thin: dict[str, Any] = {"color": colours.LINE, "linewidth": 0.5, "zorder": 1}
    firm: dict[str, Any] = {"color": colours.INK, "linewidth": 0.6, "zorder": 2}
    ticks = scales.frequency_ticks(low, high)
    for hz, name in zip(ticks, scales.octave_labels(panel, ticks), strict=True):
        x = [float(projection.x(hz, time)) for time in (1, 0, 0)]
        corners = (-DEPTH, 1), (-DEPTH, 0), (0, 0)
        y = [float(projection.y(level, time)) for level, time in corners]
        panel.plot(x, y, **thin)
        panel.plot([x[0]] * 2, [y[0], y[0] - 1], **firm)
        panel.text(x[0], y[0] - 2, name, ha="center", va="top", fontsize=7.5)
    left, right = float(projection.x(low, 0)), float(projection.x(high, 0))
    for level in np.arange(0, -DEPTH - 1, -10, dtype=np.float64):
        y0 = float(projection.y(level, 0))
        panel.plot([left, right], [y0, y0], **thin)
        panel.plot([right, right + 0.006], [y0, y0], **firm)
        _number(panel, right, y0, scales.decibel(level))
    middle = float(projection.y(-DEPTH / 2, 0))
    _label_axis(panel, right, middle, "level (dB)", rotation=90)
    _draw_times(panel, projection, high)
    edges = [(low, -DEPTH, 1), (high, -DEPTH, 1), (high, -DEPTH, 0), (high, 0.0, 0)]
    x = [float(projection.x(hz, time)) for hz, _, time in edges]
    panel.plot(x, [float(projection.y(level, time)) for _, level, time in edges], **firm)
    panel.text(0.5, -7.5, "frequency (Hz)", ha="center", va="top")
    panel.set_xlim(-0.02, 1 + SHIFT + 0.12)
    highest = max(
        float(projection.y(levels, number / (len(projection.decay.seconds) - 1)).max())
        for number, levels in enumerate(projection.decay.level_db)
    )
    panel.set_ylim(-11, max(float(projection.y(0, 0)), highest) + 1)


def _draw_times(panel: Axes, projection: _Projection, high: float) -> None:
    """Draw the time axis along the right edge of the floor."""
    span = float(projection.decay.seconds[-1])
    second, unit = (1000.0, "ms") if span < 1 else (1.0, "s")
    for tick in scales.round_ticks(0, span * second):
        time = tick / second / span
        x, y = float(projection.x(high, time)), float(projection.y(-DEPTH, time))
        panel.plot([x, x + 0.006], [y, y], color=colours.INK, linewidth=0.6)
        _number(panel, x, y, f"{tick:g}")
    x, y = float(projection.x(high, 0.5)), float(projection.y(-DEPTH, 0.5))
    _label_axis(panel, x, y, f"time after\nthe onset ({unit})")


def _number(panel: Axes, x: float, y: float, text: str) -> None:
    """Write the number of a tick to the right of its axis."""
    panel.annotate(
        text, (x, y), (NUMBER_GAP, 0), textcoords="offset points", va="center", fontsize=7.5
    )


def _label_axis(panel: Axes, x: float, y: float, text: str, rotation: float = 0) -> None:
    """Label an axis to the right of its tick labels."""
    panel.annotate(
        text, (x, y), (LABEL_WIDTH, 0), textcoords="offset points", va="center", rotation=rotation
    )
