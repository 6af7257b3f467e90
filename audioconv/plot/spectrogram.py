"""Spectrograms of sounds, one panel each, on one colour scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import numpy as np

from audioconv.errors import UsageError
from audioconv.files import listed
from audioconv.ir.load import check_channel, refuse_standard_twice
from audioconv.plot import axes as scales
from audioconv.plot import colours, style
from audioconv.plot.colours import Map
from audioconv.plot.inputs import FrequencyRange, open_time_range
from audioconv.plot.labels import legend_labels
from audioconv.plot.options import Look, PictureInfo
from audioconv.views.spectrogram import RANGE, SILENT, Spectrogram
from audioconv.views.spectrogram import spectrogram as spectrogram_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MAX_PANELS = 8

LEAST_RANGE, MOST_RANGE = 10.0, 200.0
"""Limits of the range of the colour scale in dB."""


class Panel(NamedTuple):
    """A spectrogram, with its label, its start in seconds and the rate of its sound."""

    label: str
    spectrogram: Spectrogram
    begin: float
    rate: int


def spectrogram(
    files: Sequence[str],
    output: str,
    look: Look,
    *,
    start: Annotated[str, "time"] = "0",
    duration: Annotated[str, "time"] | None = None,
    channel: int | None = None,
    fmin: Annotated[float, "frequency"] | None = None,
    fmax: Annotated[float, "frequency"] | None = None,
    range: Annotated[float, "level"] = RANGE,
    map: Map = "ember",
) -> PictureInfo:
    """Draw spectrograms: level over time and frequency.

    A full-scale sine is 0 dBFS. Each sound has a panel.

    Parameters
    ----------
    files : sequence of str
        sound files, or - for standard input
    output : str
        picture to write: .png, .svg or .pdf
    look : Look
    start : str
        start of the time range, such as 350ms
    duration : str, optional
        length of the time range; to the end if not given
    channel : int, optional
        channel, counted from 1; the mean power of all channels if not given
    fmin : float, optional
        lowest frequency of the axis; 20 Hz if not given
    fmax : float, optional
        highest frequency of the axis; half the rate if not given
    range : float, 10 to 200
        range of the colours in dB, down from the loudest level
    map : str
        colour map: ember, cividis, viridis and magma are bright where a sound is loud, and grey
        is dark there, for print

    Raises
    ------
    AudioconvError
        If a sound cannot be read, or the picture cannot be written.
    """
    frequencies = FrequencyRange(fmin, fmax)
    if not LEAST_RANGE <= range <= MOST_RANGE:
        raise UsageError(
            f"range is {range:g} dB; it must be between {LEAST_RANGE:g} and {MOST_RANGE:g} dB"
        )
    refuse_standard_twice(files)
    if len(files) > MAX_PANELS:
        raise UsageError(f"there are {len(files)} sounds; a plot shows at most {MAX_PANELS}")
    with style.picture(output, look, files) as figure:
        labels = legend_labels(files)
        contents = [
            _read(path, label, start, duration, channel, frequencies)
            for label, path in zip(labels, files, strict=True)
        ]
        count = len(contents)
        style.set_height(figure, look, 16 + 52 * count if count < 3 else 14 + 40 * count)
        panels = list(figure.subplots(count, 1, sharex=True, squeeze=False)[:, 0])
        top = 10 * -(-max(float(one.spectrogram.level().max()) for one in contents) // 10)
        top = 0 if top <= SILENT else top
        ends = [one.begin + one.spectrogram.seconds for one in contents]
        second = scales.time_axis(panels[-1], min(one.begin for one in contents), max(ends))
        for panel, content in zip(panels, contents, strict=True):
            mesh = _draw(panel, content, second, (top - range, top), map)
            edges = content.spectrogram.edges
            low = frequencies.low or edges[0]
            high = min(frequencies.high or edges[-1], max(one.rate for one in contents) / 2)
            scales.frequency_axis(panel, low, high, vertical=True)
            if count > 1:
                panel.set_title(content.label, pad=2, fontsize=7.5)
        _add_colour_bar(figure, mesh, panels)
    notices = frequencies.notices(max(one.rate for one in contents))
    return PictureInfo(f"spectrogram of {listed(labels)}", style.size(figure), notices)


def _read(
    path: str,
    label: str,
    start: str,
    duration: str | None,
    channel: int | None,
    frequencies: FrequencyRange,
) -> Panel:
    """Return the spectrogram of a time range, of one channel, counted from 1, or of all."""
    with open_time_range(path, start, duration) as sound:
        shown = frequencies.within(label, sound.rate)
        check_channel(label, sound.channels, channel)
        blocks = sound.blocks
        if channel is not None:
            blocks = (block[:, channel - 1 : channel] for block in blocks)
        power = spectrogram_of(
            blocks, sound.rate, frames=sound.frames, low=shown.low, high=shown.high
        )
    return Panel(label, power, sound.begin, sound.rate)


def _draw(
    panel: Axes, content: Panel, second: float, levels: tuple[float, float], colour_map: Map
) -> Any:
    """Draw a spectrogram with colours between two levels, and return the mesh for the bar."""
    power = content.spectrogram
    # columns are centred on their times
    edges = content.begin + power.step * (np.arange(power.power.shape[1] + 1, dtype=np.int64) - 0.5)
    mesh = panel.pcolormesh(
        edges * second,
        power.edges,
        power.level(),
        cmap=colours.colour_map(colour_map),
        vmin=levels[0],
        vmax=levels[1],
        rasterized=True,
    )
    panel.grid(visible=False)
    return mesh


def _add_colour_bar(figure: Figure, mesh: Any, panels: list[Axes]) -> None:
    bar = figure.colorbar(mesh, ax=panels, pad=0.015, aspect=30, extend="min")
    bar.set_label("level (dBFS)")
    bar.outline.set_linewidth(0.6)
    low, high = mesh.get_clim()
    ticks = scales.level_ticks(low, high, max_ticks=10).tolist()
    bar.set_ticks(ticks, labels=[scales.decibel(tick) for tick in ticks])
