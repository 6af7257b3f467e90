"""Waveforms of sounds of any length, one row per channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from audioconv.files import listed
from audioconv.ir.load import refuse_standard_twice
from audioconv.plot import axes as scales
from audioconv.plot import style
from audioconv.plot.inputs import open_time_range
from audioconv.plot.labels import legend_labels
from audioconv.plot.options import Look, PictureInfo
from audioconv.views.envelope import Envelope, envelope

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROWS = 4
"""Rows up to which each is `TALL`, with its own label."""

TALL, LOW = 34.0, 12.0
"""Height of a row in mm."""

MAX_STEMS = 80
"""Samples up to which a waveform is drawn as stems."""

COLUMNS = 2000


@dataclass(frozen=True)
class Wave:
    """The envelope of a sound on the time axis.

    Parameters
    ----------
    label : str
    envelope : Envelope
    rate : int
        frames per second
    begin : float
        start in seconds
    """

    label: str
    envelope: Envelope
    rate: int
    begin: float

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.envelope.low.shape[1])

    @property
    def end(self) -> float:
        """End in seconds."""
        return self.begin + self.envelope.frames / self.rate

    @property
    def limits(self) -> tuple[float, float]:
        """Limits of a time axis in seconds; half a sample earlier for stems."""
        half = 0.5 / self.rate if self.envelope.frames <= MAX_STEMS else 0.0
        return self.begin - half, self.end - half

    @property
    def times(self) -> np.ndarray:
        """Start of each column in seconds."""
        return self.begin + self.envelope.starts / self.rate


def waveform(
    files: Sequence[str],
    output: str,
    look: Look,
    *,
    start: Annotated[str, "time"] = "0",
    duration: Annotated[str, "time"] | None = None,
) -> PictureInfo:
    """Draw waveforms: peaks and RMS level over time.

    Sounds of any length are drawn in constant memory, over each other, one row per channel.

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

    Raises
    ------
    AudioconvError
        If a sound cannot be read, or the picture cannot be written.
    """
    refuse_standard_twice(files)
    with style.picture(output, look, files) as figure:
        waves = []
        for label, path in zip(legend_labels(files), files, strict=True):
            with open_time_range(path, start, duration) as sound:
                columns = envelope(sound.blocks, COLUMNS)
                waves.append(Wave(label, columns, sound.rate, sound.begin))
        rows = max(wave.channels for wave in waves)
        height = TALL if rows <= ROWS else LOW
        style.set_height(figure, look, 20 + 5 * (len(waves) > 1) + rows * height)
        panels = list(figure.subplots(rows, 1, sharex=True, squeeze=False)[:, 0])
        _set_up_amplitudes(panels, max(wave.envelope.peak for wave in waves))
        limits = min(wave.limits[0] for wave in waves), max(wave.limits[1] for wave in waves)
        second = scales.time_axis(panels[-1], *limits)
        handles = _draw_all(panels, waves, second)
        if rows > ROWS:
            figure.supylabel("amplitude (dBFS)", fontsize=8)
        if len(waves) > 1:
            style.legend(figure, handles, [wave.label for wave in waves])
    return PictureInfo(f"waveform of {listed([w.label for w in waves])}", style.size(figure))


def _set_up_amplitudes(panels: Sequence[Axes], peak: float) -> None:
    """Set up the amplitude axis of each row."""
    rows = len(panels)
    for channel, panel in enumerate(panels):
        top = scales.amplitude_axis(panel, peak, ticks=3 if rows <= ROWS else 1)
        if top > 1:
            _mark_full_scale(panel)
        if rows <= ROWS:
            panel.set_ylabel("amplitude (dBFS)")
        if rows > 1:
            panel.set_title(f"channel {channel + 1}", pad=2, fontsize=7.5)


def _mark_full_scale(panel: Axes) -> None:
    for full in (-1, 1):
        panel.axhline(full, color=style.BLACK, linewidth=0.7, linestyle=(0, (4, 2)), zorder=10)
    panel.text(
        1,
        1,
        "full scale",
        transform=panel.get_yaxis_transform(),
        ha="right",
        va="bottom",
        fontsize=7,
        zorder=11,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1},
    )


def _draw_all(panels: Sequence[Axes], waves: Sequence[Wave], second: float) -> list[Any]:
    """Draw the loudest sound first, behind the others; return a legend handle for each."""
    from matplotlib.patches import Patch

    loudest_first = sorted(range(len(waves)), key=lambda n: -float(waves[n].envelope.rms.mean()))
    for order, number in enumerate(loudest_first):
        for channel in range(waves[number].channels):
            colour = style.SERIES[number % len(style.SERIES)]
            draw_wave(panels[channel], waves[number], channel, colour, second, 2 + order)
    return [
        Patch(color=style.SERIES[number % len(style.SERIES)], alpha=0.8)
        for number in range(len(waves))
    ]


def draw_wave(
    panel: Axes, wave: Wave, channel: int, colour: str, second: float, order: float = 2
) -> None:
    """Draw one channel: as stems, as a line through its samples, or as an envelope."""
    columns, times = wave.envelope, wave.times * second
    low, high, rms = (v[:, channel] for v in (columns.low, columns.high, columns.rms))
    if columns.step == 1:
        if len(low) > MAX_STEMS:
            panel.plot(times, low, color=colour, linewidth=0.7, zorder=order)
        else:
            panel.vlines(times, 0, low, color=colour, linewidth=0.7, zorder=order)
            panel.plot(times, low, ".", color=colour, markersize=4, zorder=order)
        return
    # a column ends where the next one begins, and the last one with the sound
    edges = np.append(times, wave.end * second)

    def band(below: np.ndarray, above: np.ndarray, alpha: float) -> None:
        panel.fill_between(
            edges,
            np.append(below, below[-1]),
            np.append(above, above[-1]),
            step="post",
            color=colour,
            alpha=alpha,
            linewidth=0.3,
            zorder=order,
        )

    band(low, high, 0.45)
    band(np.maximum(-rms, low), np.minimum(rms, high), 0.85)
