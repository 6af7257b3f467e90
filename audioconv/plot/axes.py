"""Time, frequency, amplitude and level axes with the ticks usual in audio."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OCTAVES = (16.0, 31.5, 63.0, 125.0, 250.0, 500.0, 1e3, 2e3, 4e3, 8e3, 16e3, 31.5e3, 63e3)
"""Nominal mid-band frequencies of IEC 61260-1."""

MINUTES_FROM = 120.0
"""End of a time axis, in s, above which its labels are m:ss or h:mm:ss."""

CLOCK_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)
"""Tick spacings of a time axis in minutes or hours, in s."""

MAX_CLOCK_TICKS = 9

LEVEL_STEPS = (0.1, 0.2, 0.5, 1, 2, 3, 6, 10, 20, 40)
"""Tick spacings of a level axis, in dB."""

LABEL_WIDTH, MARGINS = 7.5, 25.0
"""Width of an octave label, and of both margins of an axis together, in mm."""

FEWEST_OCTAVES = 3
"""Octaves in a range of frequencies from which they are its ticks."""

MIN_TOP = 2.0**-20
"""Smallest top of an amplitude axis, -120 dBFS."""


def time_axis(axes: Axes, start: float, end: float, label: str = "time") -> float:
    """Set limits and ticks of a time axis, and return the length of a second in its units.

    The unit is ms up to a range of 0.1 s; labels are m:ss or h:mm:ss beyond two minutes.
    """
    if end - start <= 0.1:
        axes.set_xlim(1000 * start, 1000 * max(end, start + 1e-6))
        axes.set_xlabel(f"{label} (ms)")
        return 1000.0
    axes.set_xlim(start, end)
    if end <= MINUTES_FROM:
        axes.set_xlabel(f"{label} (s)")
        return 1.0
    ticks = clock_ticks(start, end)
    axes.set_xticks(ticks, [clock(tick, end) for tick in ticks])
    axes.set_xlabel(f"{label} ({'h:mm:ss' if end >= 3600 else 'm:ss'})")
    return 1.0


def clock_ticks(start: float, end: float) -> list[float]:
    """Return at most `MAX_CLOCK_TICKS` round times in s, for labels in minutes or hours.

    Examples
    --------
    >>> clock_ticks(0, 3600)
    [0, 600, 1200, 1800, 2400, 3000, 3600]
    """
    least = (end - start) / (MAX_CLOCK_TICKS - 1)
    step = next((step for step in CLOCK_STEPS if step >= least), 86400 * math.ceil(least / 86400))
    return [step * n for n in range(math.ceil(start / step), math.floor(end / step) + 1)]


def clock(seconds: float, longest: float) -> str:
    """Format a time as m:ss, or as h:mm:ss if the longest time on the axis has hours.

    Examples
    --------
    >>> clock(75, 120), clock(75, 3600)
    ('1:15', '0:01:15')
    """
    minutes, seconds_left = divmod(round(seconds), 60)
    if longest < 3600:
        return f"{minutes}:{seconds_left:02}"
    return f"{minutes // 60}:{minutes % 60:02}:{seconds_left:02}"


def frequency_axis(axes: Axes, low: float, high: float, *, vertical: bool = False) -> None:
    """Set up a logarithmic axis in Hz with minor ticks at thirds of octaves."""
    ticks = frequency_ticks(low, high)
    thirds = [hz * 2 ** (n / 3) for hz in octave_ticks(low, high) for n in (-1, 1)]
    axis = axes.yaxis if vertical else axes.xaxis
    (axes.set_yscale if vertical else axes.set_xscale)("log")
    (axes.set_ylim if vertical else axes.set_xlim)(low, high)
    axis.set_ticks(ticks, [hertz(hz) for hz in ticks] if vertical else octave_labels(axes, ticks))
    axis.set_ticks([hz for hz in thirds if low <= hz <= high], [], minor=True)
    (axes.set_ylabel if vertical else axes.set_xlabel)("frequency (Hz)")


def round_ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Return round numbers, `most` steps at most, from `low` to `high`.

    Examples
    --------
    >>> round_ticks(900, 1250), round_ticks(0, 0.7)
    ([900.0, 1000.0, 1100.0, 1200.0], [0.0, 0.2, 0.4, 0.6])
    """
    power = 10.0 ** math.floor(math.log10((high - low) / most))
    steps = (power * factor for factor in (1, 2, 5, 10))
    step = next(step for step in steps if (high - low) / step <= most)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{step * n:.12g}") for n in range(first, last + 1)]


def octave_labels(axes: Axes, ticks: Sequence[float]) -> list[str]:
    """Return tick labels; a narrow picture labels every second octave, including 1 kHz."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    axis_width = 25.4 * figure.get_figwidth() - MARGINS
    every = 1 if axis_width >= LABEL_WIDTH * len(ticks) else 2
    return [hertz(hz) if round(math.log2(hz / 1000)) % every == 0 else "" for hz in ticks]


def frequency_ticks(low: float, high: float) -> list[float]:
    """Return the nominal octaves in a range, or round numbers where there are too few.

    Examples
    --------
    >>> frequency_ticks(20, 150), frequency_ticks(900, 1250)
    ([31.5, 63.0, 125.0], [900.0, 1000.0, 1100.0, 1200.0])
    """
    octaves = octave_ticks(low, high)
    return octaves if len(octaves) >= FEWEST_OCTAVES else round_ticks(low, high)


def octave_ticks(low: float, high: float) -> list[float]:
    """Return the nominal octave frequencies in a range.

    Examples
    --------
    >>> octave_ticks(20, 500)
    [31.5, 63.0, 125.0, 250.0, 500.0]
    """
    below = [16 / 2**n for n in range(24, 0, -1)]
    above = [63e3 * 2**n for n in range(1, 12)]
    return [hz for hz in [*below, *OCTAVES, *above] if low <= hz <= high]


def hertz(hz: float) -> str:
    """Format a frequency in Hz, with k for thousands.

    Examples
    --------
    >>> hertz(31.5), hertz(16000)
    ('31.5', '16k')
    """
    return f"{hz / 1000:g}k" if hz >= 1000 else f"{hz:g}"


def amplitude_axis(axes: Axes, peak: float, *, ticks: int = 3) -> float:
    """Set up an amplitude axis with ticks in dBFS, and return its top.

    The top is the lowest multiple of 6 dB relative to full scale that holds the peak.
    """
    top = amplitude_top(peak)
    positions = [top / 2**n for n in range(ticks)]
    labels = [decibel(20 * math.log10(position)) for position in positions]
    axes.set_yticks(
        [*positions, 0, *(-position for position in reversed(positions))],
        [*labels, "−∞", *reversed(labels)],
    )
    axes.set_ylim(-1.06 * top, 1.06 * top)
    return top


def amplitude_top(peak: float) -> float:
    """Return the smallest power of two at or above a peak; 1 for silence.

    Examples
    --------
    >>> amplitude_top(0.3), amplitude_top(1.0), amplitude_top(0.0)
    (0.5, 1.0, 1.0)
    """
    if not peak:
        return 1.0
    return float(max(2.0 ** math.ceil(math.log2(peak)), MIN_TOP))


def decibel(level: float) -> str:
    """Format a level in whole dB with a typographic minus sign.

    Examples
    --------
    >>> decibel(-6.02), decibel(0.0)
    ('−6', '0')
    """
    return f"{round(level)}".replace("-", "−")


def level_axis(axes: Axes, low: float, high: float, *, max_ticks: int = 7) -> None:
    """Set limits of an axis in dB, and ticks at multiples of one of `LEVEL_STEPS`."""
    axes.set_ylim(low, high)
    axes.set_yticks(level_ticks(low, high, max_ticks=max_ticks))


def level_ticks(low: float, high: float, *, max_ticks: int = 7) -> np.ndarray:
    """Return the multiples of one of `LEVEL_STEPS` between two levels in dB.

    Examples
    --------
    >>> level_ticks(-30, 5)
    array([-30, -24, -18, -12,  -6,   0])
    """
    step = next((step for step in LEVEL_STEPS if (high - low) / step <= max_ticks), 100)
    return np.arange(math.ceil(low / step), math.floor(high / step) + 1, dtype=np.int64) * step


def decibel_range(levels: Sequence[np.ndarray], max_range: float) -> tuple[float, float]:
    """Return axis limits around all finite levels, at least 6 and at most `max_range` dB apart."""
    finite = np.concatenate([level[np.isfinite(level)] for level in levels])
    if not len(finite):
        return -max_range, 0.0
    high, low = float(finite.max()), float(finite.min())
    low = max(low, high - max_range)
    return with_margin(low, high)


def with_margin(low: float, high: float) -> tuple[float, float]:
    """Return levels a little farther apart, and at least by 6 dB."""
    margin = max(0.06 * (high - low), (6 - (high - low)) / 2)
    return low - margin, high + margin
