"""A picture of the sliding sum: sound, impulse turned round, their product, what it adds up to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audioconv.plot import style
from audioconv.plot.style import BLACK, BLUE, GREEN, PURPLE, VERMILLION
from audioconv.views.blocks import extremes
from audioconv.views.packed import FEW
from audioconv.views.sliding import Sliding

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from PIL.Image import Image

Samples = NDArray[np.float64]

COLUMNS = 700
SHAPE = 5 / 8
DPI = 100
BEFORE = 0.4
"""Of the time of the sums, at most, that is shown of the impulse before it meets the sound."""

AFTER = 0.02
"""Of the time of the sums, that is empty after them."""


class Scene:
    """The picture, of which all but what moves is drawn once.

    Parameters
    ----------
    slid : Sliding
    pixels : int
        its width
    title : str
    """

    def __init__(self, slid: Sliding, pixels: int, title: str) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self._slid = slid
        self._sums = slid.sums()
        self._few = np.flatnonzero(slid.g)
        if len(self._few) > FEW:
            self._few = self._few[:0]
        # MP4 wants even numbers
        size = pixels // 2 * 2 / DPI, round(pixels * SHAPE / 2) * 2 / DPI
        figure = Figure(figsize=size, dpi=DPI)
        self._canvas = FigureCanvasAgg(figure)
        rows = figure.subplots(4, 1, sharex=True)
        self._span = slid.end - slid.begin
        left = slid.begin - min(len(slid.g) - 1, round(BEFORE * self._span))
        right = slid.end + round(AFTER * self._span)
        rows[-1].set_xlim(left / slid.rate, right / slid.rate)
        rows[-1].set_xlabel("time (s)")
        figure.suptitle(style.printable(title), x=0.01, ha="left", fontsize=9)
        peaks = [np.abs(v).max() for v in (slid.f, slid.g, self._products_peak(), self._sums)]
        labels = ["f(a)", "g(c − a)", "f(a) g(c − a)", "sum of all: y(c)"]
        for row, peak, label in zip(rows, peaks, labels, strict=True):
            limit = 1.1 * float(peak) or 1.0
            row.set_ylim(-limit, limit)
            row.set_yticks([0], [""])
            row.tick_params(length=0)
            row.set_title(label, fontsize=8, pad=2)
        begin = slid.first / slid.rate
        _shade(rows[0], slid.f, begin, slid.rate, BLUE)
        figure.canvas.draw()
        self._still = self._canvas.copy_from_bbox(figure.bbox)
        self._figure, self._rows = figure, rows
        self._told = figure.text(0.99, 0.985, "", ha="right", va="top", fontsize=8)

    def _products_peak(self) -> Samples:
        """Return about the largest product, to scale the row by."""
        slid = self._slid
        return np.array([np.abs(slid.products(c)).max() for c in self._some(40)])

    def _some(self, count: int) -> list[int]:
        return [self._slid.begin + (self._span - 1) * n // (count - 1) for n in range(count)]

    def at(self, c: int) -> Image:
        """Draw the sum for frame c of the output."""
        from PIL.Image import fromarray

        slid, rate = self._slid, self._slid.rate
        self._canvas.restore_region(self._still)
        moving: list[tuple[int, Any]] = []
        start = (c - len(slid.g) + 1) / rate
        products = slid.products(c)
        if len(self._few):
            times = (c - self._few) / rate
            moving += [
                (1, artist)
                for artist in _stems(self._rows[1], times, slid.g[self._few], VERMILLION)
            ]
            moving += [
                (2, artist) for artist in _stems(self._rows[2], times, products[self._few], PURPLE)
            ]
        else:
            moving.append((1, _shade(self._rows[1], slid.g[::-1], start, rate, VERMILLION)))
            moving.append((2, _shade(self._rows[2], products[::-1], start, rate, PURPLE)))
        done = self._sums[: c - slid.begin + 1]
        columns = max(2, round(COLUMNS * len(done) / self._span))
        moving.append((3, _shade(self._rows[3], done, slid.begin / rate, rate, GREEN, columns)))
        for row in range(4):
            line = self._rows[row].axvline(c / rate, color=BLACK, linewidth=0.8)
            moving.append((row, line))
        dot = self._rows[3].plot([c / rate], [done[-1]], "o", color=GREEN, markersize=4)[0]
        moving.append((3, dot))
        self._told.set_text(f"c = {c / rate:.3f} s: y(c) = {done[-1]:+.5f}")
        for row, artist in moving:
            self._rows[row].draw_artist(artist)
            artist.remove()
        self._figure.draw_artist(self._told)
        return fromarray(np.asarray(self._canvas.buffer_rgba())[..., :3].copy())


def _shade(
    row: Axes, values: Samples, begin: float, rate: int, colour: str, columns: int = COLUMNS
) -> Any:
    """Fill between the least and the largest of each column."""
    low, high = extremes(values, columns)
    times = begin + np.arange(columns) * len(values) / columns / rate
    return row.fill_between(times, low, high, color=colour, linewidth=0.8)


def _stems(row: Axes, times: Samples, values: Samples, colour: str) -> list[Any]:
    """Draw a line from zero to each value, and a dot on it."""
    lines = row.vlines(times, 0, values, color=colour, linewidth=1.2)
    dots = row.plot(times, values, "o", color=colour, markersize=3.5)[0]
    return [lines, dots]
