"""One frame of a film of the sliding sum: sound, reversed impulse, their product, and its sum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from audioconv.engines.audio import Signal
from audioconv.files import escape
from audioconv.plot.colours import BLUE, GREEN, INK, PURPLE, VERMILLION
from audioconv.views.blocks import extremes
from audioconv.views.packed import MAX_NONZERO
from audioconv.views.sliding import Sliding

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from PIL.Image import Image

COLUMNS = 700
SHAPE = 5 / 8
DPI = 100

BEFORE = 0.4
"""Time shown before the first sum at most, relative to the time of all sums."""

AFTER = 0.02
"""Empty time after the last sum, relative to the time of all sums."""

LABELS = (
    "f(a), the sound",
    "g(c − a), the impulse, turned round and shifted to c{tail}",
    "f(a) g(c − a), their products{tail}",
    "y(c), the sum of the products, up to c",
)
TAIL = "; pale: {times} times as high"

USUAL = 0.98
"""Share of the nonzero taps up to the usual size of one."""

MAGNIFIED = {32.0: 16, 6.0: 4}
"""How much higher a tail is drawn, by the least ratio of the largest tap to the usual size."""

PALE = 0.55
"""Opacity of a tail that is drawn higher."""


class Scene:
    """The rows of a film; their fixed parts are drawn once.

    Parameters
    ----------
    sliding : Sliding
    pixels : int
        width
    title : str
    """

    def __init__(self, sliding: Sliding, pixels: int, title: str) -> None:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self._sliding = sliding
        self._sums = sliding.sums()
        self._stems = np.flatnonzero(sliding.g)
        if len(self._stems) > MAX_NONZERO:
            self._stems = self._stems[:0]
        self._times = 1 if len(self._stems) else magnification(sliding.g)
        self._loud = loud_part(sliding.g, self._times)
        heights = np.full(len(sliding.g), float(self._times))
        heights[self._loud] = 1.0
        self._heights = heights
        # MP4 needs an even width and height
        size = pixels // 2 * 2 / DPI, round(pixels * SHAPE / 2) * 2 / DPI
        self._figure = Figure(figsize=size, dpi=DPI)
        self._canvas = FigureCanvasAgg(self._figure)
        self._span = sliding.end - sliding.begin
        self._rows = self._figure.subplots(4, 1, sharex=True)
        self._set_up_axes()
        self._caption = self._figure.text(0.99, 0.985, "", ha="right", va="top", fontsize=8)
        self._figure.suptitle(self._beside_the_caption(title), x=0.01, ha="left", fontsize=9)
        begin = sliding.first / sliding.rate
        _fill(self._rows[0], sliding.f, begin, sliding.rate, BLUE)
        self._canvas.draw()
        self._background = self._canvas.copy_from_bbox(self._figure.bbox)

    def _beside_the_caption(self, title: str) -> str:
        """Return as much of a title as leaves room for the longest caption."""
        longest = self._figure.text(0, 0, self._caption_at(self._sliding.end, -1.0), fontsize=8)
        room = 0.96 * self._figure.bbox.width - longest.get_window_extent().width
        longest.remove()
        for kept in (
            title,
            *(f"{title[:n].rstrip()}…" for n in range(min(len(title), int(room)) - 1, 0, -1)),
        ):
            written = self._figure.text(0, 0, escape(kept), fontsize=9)
            width = written.get_window_extent().width
            written.remove()
            if width <= room:
                return escape(kept)
        return ""

    def _caption_at(self, c: int, value: float) -> str:
        return f"c = {c / self._sliding.rate:.3f} s: y(c) = {value:+.5f}"

    def _set_up_axes(self) -> None:
        sliding, last = self._sliding, self._rows[-1]
        left = sliding.begin - min(len(sliding.g) - 1, round(BEFORE * self._span))
        right = sliding.end + round(AFTER * self._span)
        last.set_xlim(left / sliding.rate, right / sliding.rate)
        last.set_xlabel("time (s)")
        f, g, y = (float(np.abs(part).max()) for part in (sliding.f, sliding.g, self._sums))
        # no product is larger than f g, and no tail drawn higher is above the peak of g
        for row, peak, label in zip(self._rows, (f, g, f * g, y), LABELS, strict=True):
            limit = 1.1 * peak or 1.0
            row.set_ylim(-limit, limit)
            row.set_yticks([0], [""])
            row.tick_params(length=0)
            tail = TAIL.format(times=self._times) if self._times > 1 else ""
            row.set_title(label.format(tail=tail), fontsize=8, pad=2)

    def at(self, c: int) -> Image:
        """Draw the sum of output frame c."""
        from PIL.Image import fromarray

        rate = self._sliding.rate
        self._canvas.restore_region(self._background)
        done = self._sums[: c - self._sliding.begin + 1]
        moving = [*self._draw_products(c), (3, self._draw_sums(done))]
        for row in range(4):
            line = self._rows[row].axvline(c / rate, color=INK, linewidth=0.8)
            moving.append((row, line))
        dot = self._rows[3].plot([c / rate], [done[-1]], "o", color=GREEN, markersize=4)[0]
        moving.append((3, dot))
        self._caption.set_text(self._caption_at(c, float(done[-1])))
        for row, artist in moving:
            self._rows[row].draw_artist(artist)
            artist.remove()
        self._figure.draw_artist(self._caption)
        return fromarray(np.asarray(self._canvas.buffer_rgba())[..., :3].copy())

    def _draw_products(self, c: int) -> list[tuple[int, Any]]:
        """Draw the reversed impulse and the products; return the number of the row and artist."""
        g, rate, products = self._sliding.g, self._sliding.rate, self._sliding.products(c)
        if len(self._stems):
            times = (c + self._sliding.origin - self._stems) / rate
            impulse = _draw_stems(self._rows[1], times, g[self._stems], VERMILLION)
            product = _draw_stems(self._rows[2], times, products[self._stems], PURPLE)
            return [*((1, artist) for artist in impulse), *((2, artist) for artist in product)]
        drawn = (1, g * self._heights, VERMILLION), (2, products * self._heights, PURPLE)
        return [(row, artist) for row, *rest in drawn for artist in self._draw_taps(c, row, *rest)]

    def _draw_taps(self, c: int, row: int, values: Signal, colour: str) -> list[Any]:
        """Fill the values of all taps, turned round; those of the tail are pale."""
        rate, parts = self._sliding.rate, [(slice(len(values)), PALE)] * (self._times > 1)
        filled = []
        for part, opacity in [*parts, (self._loud, 1.0)]:
            start = (c + self._sliding.origin - part.indices(len(values))[1] + 1) / rate
            columns = max(2, round(COLUMNS * len(values[part]) / len(values)))
            artist = _fill(self._rows[row], values[part][::-1], start, rate, colour, columns)
            artist.set_alpha(opacity)
            filled.append(artist)
        return filled

    def _draw_sums(self, done: Signal) -> Any:
        sliding = self._sliding
        columns = max(2, round(COLUMNS * len(done) / self._span))
        return _fill(
            self._rows[3], done, sliding.begin / sliding.rate, sliding.rate, GREEN, columns
        )


def _fill(
    row: Axes, values: Signal, begin: float, rate: int, colour: str, columns: int = COLUMNS
) -> Any:
    """Fill between the lowest and highest value of each column."""
    low, high = extremes(values, columns)
    times = begin + np.arange(columns, dtype=np.int64) * len(values) / columns / rate
    return row.fill_between(times, low, high, color=colour, linewidth=0.8)


def _draw_stems(row: Axes, times: Signal, values: Signal, colour: str) -> list[Any]:
    """Draw a stem and a dot for each value."""
    lines = row.vlines(times, 0, values, color=colour, linewidth=1.2)
    left, right = row.get_xlim()
    seen = (left <= times) & (times <= right)
    # the dot of the tallest spike may stand out of its row, whose frame would cut it
    style: Any = {"markersize": 3.5, "clip_on": False}
    dots = row.plot(times[seen], values[seen], "o", color=colour, **style)[0]
    return [lines, dots]


def magnification(taps: Signal) -> int:
    """Return how many times as high to draw the tail of an impulse whose peak is far above it.

    Examples
    --------
    >>> magnification(np.array([1.0, 0.5])), magnification(np.r_[1.0, np.full(99, 0.01)])
    (1, 16)
    """
    sizes = np.sort(np.abs(taps[taps != 0]))
    if not len(sizes):
        return 1
    ratio = sizes[-1] / sizes[int(USUAL * len(sizes))]
    return next((times for least, times in MAGNIFIED.items() if ratio > least), 1)


def loud_part(taps: Signal, times: int) -> slice:
    """Return the part from the first to the last tap that cannot be drawn `times` as high.

    Examples
    --------
    >>> loud_part(np.array([0.0, 0.1, 1.0, 0.3, 0.2]), 4), loud_part(np.array([0.1, 1.0]), 1)
    (slice(2, 4, None), slice(0, 2, None))
    """
    if times == 1:
        return slice(0, len(taps))
    loud = np.flatnonzero(times * np.abs(taps) > np.abs(taps).max())
    return slice(int(loud[0]), int(loud[-1]) + 1)
