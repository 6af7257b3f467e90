"""Waveforms of sounds of any length, one row per channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import numpy as np

from audioconv.files import listed
from audioconv.ir.load import refuse_standard_twice
from audioconv.plot import axes as scales
from audioconv.plot import colours, style
from audioconv.plot.inputs import open_time_range
from audioconv.plot.labels import legend_labels
from audioconv.plot.options import Look, PictureInfo
from audioconv.views.envelope import Envelope, envelope

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

ROWS = 4
"""Rows up to which each is `TALL`, with its own label."""

TALL, LOW = 34.0, 12.0
"""Height of a row in mm."""

OPAQUE = 0.45, 0.85
"""Opacity of a waveform up to its peaks, and up to its RMS level."""

TRANSLUCENT = 0.3, 0.6
"""The same of one that lies over others."""

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


class Line(NamedTuple):
    """One channel of a sound, counted from 0, and its colour."""

    wave: Wave
    channel: int
    colour: str


def waveform(
    files: Sequence[str],
    output: str,
    look: Look,
    *,
    start: Annotated[str, "time"] = "0",
    duration: Annotated[str, "time"] | None = None,
    overlay: bool = False,
) -> PictureInfo:
    """Draw waveforms: peaks and RMS level over time.

    Each channel of each sound has a row, on one scale. Memory does not depend on the length.

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
    overlay : bool
        draw the sounds over each other, translucent, in one row per channel

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
        rows = _rows(waves, overlay)
        height = TALL if len(rows) <= ROWS else LOW
        style.set_height(figure, look, 20 + 5 * overlay + len(rows) * height)
        panels = list(figure.subplots(len(rows), 1, sharex=True, squeeze=False)[:, 0])
        _set_up_amplitudes(panels, max(wave.envelope.peak for wave in waves))
        limits = min(wave.limits[0] for wave in waves), max(wave.limits[1] for wave in waves)
        second = scales.time_axis(panels[-1], *limits)
        for panel, (title, lines) in zip(panels, rows.items(), strict=True):
            panel.set_title(title, pad=2, fontsize=7.5)
            for order, line in enumerate(lines):
                opacity = OPAQUE if len(lines) == 1 else TRANSLUCENT
                draw_wave(panel, line, second, opacity, 2 + order)
        if len(rows) > ROWS:
            figure.supylabel("amplitude (dBFS)", fontsize=8)
        if overlay:
            _add_legend(figure, waves)
    return PictureInfo(f"waveform of {listed([w.label for w in waves])}", style.size(figure))


def _rows(waves: Sequence[Wave], overlay: bool) -> dict[str, list[Line]]:
    """Return the lines of each row, from back to front, by the title of the row."""
    rows: dict[str, list[Line]] = {}
    most = max(wave.channels for wave in waves)
    for number, wave in enumerate(waves):
        colour = colours.SERIES[number % len(colours.SERIES)]
        for channel in range(wave.channels):
            several = (most if overlay else wave.channels) > 1
            # labels of different sounds differ
            parts = [
                wave.label if len(waves) > 1 and not overlay else "",
                f"channel {channel + 1}" if several else "",
            ]
            title = ", ".join(filter(None, parts))
            rows.setdefault(title, []).append(Line(wave, channel, colour))
    # the loudest behind the others
    return {
        title: sorted(lines, key=lambda line: -float(line.wave.envelope.rms.mean()))
        for title, lines in rows.items()
    }


def _add_legend(figure: Figure, waves: Sequence[Wave]) -> None:
    from matplotlib.patches import Patch

    handles = [
        Patch(color=colours.SERIES[number % len(colours.SERIES)], alpha=TRANSLUCENT[1])
        for number in range(len(waves))
    ]
    style.legend(figure, handles, [wave.label for wave in waves])


def _set_up_amplitudes(panels: Sequence[Axes], peak: float) -> None:
    """Set up the amplitude axis of each row."""
    rows = len(panels)
    for panel in panels:
        top = scales.amplitude_axis(panel, peak, ticks=3 if rows <= ROWS else 1)
        if top > 1:
            _mark_full_scale(panel)
        if rows <= ROWS:
            panel.set_ylabel("amplitude (dBFS)")


def _mark_full_scale(panel: Axes) -> None:
    for full in (-1, 1):
        panel.axhline(full, color=colours.INK, linewidth=0.7, linestyle=(0, (4, 2)), zorder=10)
    panel.text(
        1,
        1,
        "full scale",
        transform=panel.get_yaxis_transform(),
        ha="right",
        va="bottom",
        fontsize=7,
        zorder=11,
        bbox={"facecolor": colours.GROUND, "edgecolor": "none", "alpha": 0.8, "pad": 1},
    )


def draw_wave(
    panel: Axes,
    line: Line,
    second: float,
    opacity: tuple[float, float] = OPAQUE,
    order: float = 2,
) -> None:
    """Draw one channel: as stems, as a line through its samples, or as an envelope."""
    columns, times = line.wave.envelope, line.wave.times * second
    low, high, rms = (v[:, line.channel] for v in (columns.low, columns.high, columns.rms))
    if columns.step == 1:
        pen: dict[str, Any] = {"color": line.colour, "zorder": order}
        if len(low) > MAX_STEMS:
            panel.plot(times, low, linewidth=0.7, alpha=max(opacity), **pen)
        else:
            panel.vlines(times, 0, low, linewidth=0.7, **pen)
            panel.plot(times, low, ".", markersize=4, **pen)
        return
    # a column ends where the next one begins, and the last one with the sound
    edges = np.append(times, line.wave.end * second)

    def band(below: np.ndarray, above: np.ndarray, alpha: float) -> None:
        panel.fill_between(
            edges,
            np.append(below, below[-1]),
            np.append(above, above[-1]),
            step="post",
            color=line.colour,
            alpha=alpha,
            linewidth=0.3,
            zorder=order,
        )

    band(low, high, opacity[0])
    band(np.maximum(-rms, low), np.minimum(rms, high), opacity[1])
