"""The waveform of sounds, hours or milliseconds long, one row for each channel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from audioconv.ir.load import refuse_standard_twice
from audioconv.plot import axes as scales
from audioconv.plot import style
from audioconv.plot.inputs import stretch
from audioconv.plot.labels import listed, names_in_legend
from audioconv.plot.options import Drawn, Look
from audioconv.views.envelope import Envelope, envelope

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW = 34.0, 12.0
"""Height in mm of one row, and of one of many."""

FEW = 80
"""Samples that are drawn one by one, as stems."""

COLUMNS = 2000


@dataclass(frozen=True)
class Wave:
    """The envelope of one sound, and where it stands in time."""

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
        """Seconds at which it ends."""
        return self.begin + self.envelope.frames / self.rate

    @property
    def ends(self) -> tuple[float, float]:
        """Seconds that a picture of it spans: with room around samples that are few."""
        half = 0.5 / self.rate if self.envelope.frames <= FEW else 0.0
        return self.begin - half, self.end - half

    @property
    def times(self) -> np.ndarray:
        """Seconds at which each column begins."""
        return self.begin + self.envelope.starts / self.rate


def waveform(
    paths: Sequence[str],
    output: str,
    look: Look,
    *,
    start: str = "0",
    duration: str | None = None,
) -> Drawn:
    """Draw sounds over each other: lowest to highest sample lightly, root mean square darker.

    Parameters
    ----------
    paths : sequence of str
        sound files, or ``-`` for standard input
    output : str
        PNG, SVG or PDF by its suffix
    look : Look
    start, duration : str
        the part to draw, as times such as ``350ms``; up to the end without a duration

    Raises
    ------
    AudioconvError
        If a sound cannot be read, or the picture not be written.
    """
    refuse_standard_twice(paths)
    with style.picture(output, look, paths) as figure:
        waves = []
        for label, path in zip(names_in_legend(paths), paths, strict=True):
            with stretch(path, start, duration) as sound:
                found = envelope(sound.blocks, COLUMNS)
                waves.append(Wave(label, found, sound.rate, sound.begin))
        rows = max(wave.channels for wave in waves)
        style.tall(figure, look, 20 + 5 * (len(waves) > 1) + rows * ROW[rows > 4])
        panels = figure.subplots(rows, 1, sharex=True, squeeze=False)[:, 0]
        peak = max(wave.envelope.peak for wave in waves)
        for channel, panel in enumerate(panels):
            top = scales.amplitude_axis(panel, peak, ticks=3 if rows <= 4 else 1)
            if top > 1:
                _mark_full_scale(panel)
            if rows <= 4:
                panel.set_ylabel("amplitude (dBFS)")
            if rows > 1:
                panel.set_title(f"channel {channel + 1}", pad=2, fontsize=7.5)
        ends = min(wave.ends[0] for wave in waves), max(wave.ends[1] for wave in waves)
        second = scales.time_axis(panels[-1], *ends)
        handles = _draw_all(panels, waves, second)
        if rows > 4:
            figure.supylabel("amplitude (dBFS)", fontsize=8)
        if len(waves) > 1:
            style.legend(figure, handles, [wave.label for wave in waves])
    return Drawn(f"waveform of {listed([w.label for w in waves])}", style.size(figure))


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


def _draw_all(panels: Iterable[Axes], waves: Sequence[Wave], second: float) -> list[Any]:
    """Draw the loudest first, so that it hides no other; return a handle for each."""
    from matplotlib.patches import Patch

    panels = list(panels)
    louder = sorted(range(len(waves)), key=lambda n: -float(waves[n].envelope.rms.mean()))
    for order, number in enumerate(louder):
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
    """Draw one channel of one sound: its samples where they are few, or else its envelope."""
    found, times = wave.envelope, wave.times * second
    low, high, rms = (v[:, channel] for v in (found.low, found.high, found.rms))
    if found.step == 1:
        if len(low) > FEW:
            panel.plot(times, low, color=colour, linewidth=0.7, zorder=order)
        else:
            panel.vlines(times, 0, low, color=colour, linewidth=0.7, zorder=order)
            panel.plot(times, low, ".", color=colour, markersize=4, zorder=order)
        return
    # a column holds from its first frame to the next column's; the last one ends with the sound
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
