"""Axes as engineers read them: seconds or minutes, octaves, decibels."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes

OCTAVES = (16.0, 31.5, 63.0, 125.0, 250.0, 500.0, 1e3, 2e3, 4e3, 8e3, 16e3, 31.5e3, 63e3)
"""Nominal mid-band frequencies of IEC 61260-1."""

CLOCK = 120.0
"""Seconds from which on time is told in minutes."""

STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 28800, 86400)
"""Seconds from tick to tick of a clock."""

MOST_TICKS = 9

DECIBELS = (0.1, 0.2, 0.5, 1, 2, 3, 6, 10, 20, 40)
"""dB from tick to tick."""

LABEL, MARGINS = 7.5, 25.0
"""mm of the label of an octave, and of what stands to the left and right of an axis."""

LOWEST_TOP = 2.0**-20
"""Largest sample, -120 dBFS, that is still drawn larger."""


def time_axis(axes: Axes, start: float, end: float, label: str = "time") -> float:
    """Set limits and ticks of a time axis, and return what a second is on it.

    Up to 0.1 s are told in ms, from two minutes on in minutes and hours.
    """
    if end - start <= 0.1:
        axes.set_xlim(1000 * start, 1000 * max(end, start + 1e-6))
        axes.set_xlabel(f"{label} (ms)")
        return 1000.0
    axes.set_xlim(start, end)
    if end <= CLOCK:
        axes.set_xlabel(f"{label} (s)")
        return 1.0
    ticks = clock_ticks(start, end)
    axes.set_xticks(ticks, [clock(tick, end) for tick in ticks])
    axes.set_xlabel(f"{label} ({'h:mm:ss' if end >= 3600 else 'm:ss'})")
    return 1.0


def clock_ticks(start: float, end: float) -> list[float]:
    """Return whole seconds, minutes or hours, at most `MOST_TICKS` of them.

    Examples
    --------
    >>> clock_ticks(0, 3600)
    [0, 600, 1200, 1800, 2400, 3000, 3600]
    """
    least = (end - start) / (MOST_TICKS - 1)
    step = next((step for step in STEPS if step >= least), 86400 * math.ceil(least / 86400))
    return [step * n for n in range(math.ceil(start / step), math.floor(end / step) + 1)]


def clock(seconds: float, longest: float) -> str:
    """Write a time as minutes and seconds, with hours where the longest has them.

    Examples
    --------
    >>> clock(75, 120), clock(75, 3600)
    ('1:15', '0:01:15')
    """
    minutes, rest = divmod(round(seconds), 60)
    if longest < 3600:
        return f"{minutes}:{rest:02}"
    return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


def frequency_axis(axes: Axes, low: float, high: float, *, vertical: bool = False) -> None:
    """Make an axis logarithmic in Hz, with a tick for each octave and small ones for thirds."""
    ticks = octave_ticks(low, high)
    thirds = [hz * 2 ** (n / 3) for hz in ticks for n in (-1, 1)]
    axis = axes.yaxis if vertical else axes.xaxis
    (axes.set_yscale if vertical else axes.set_xscale)("log")
    (axes.set_ylim if vertical else axes.set_xlim)(low, high)
    axis.set_ticks(ticks, [hertz(hz) for hz in ticks] if vertical else octave_names(axes, ticks))
    axis.set_ticks([hz for hz in thirds if low <= hz <= high], [], minor=True)
    (axes.set_ylabel if vertical else axes.set_xlabel)("frequency (Hz)")


def octave_names(axes: Axes, ticks: Sequence[float]) -> list[str]:
    """Name octaves across a picture; only every second one, 1 kHz among them, in a narrow one."""
    figure = axes.get_figure(root=True)
    assert figure is not None
    room = 25.4 * figure.get_figwidth() - MARGINS
    every = 1 if room >= LABEL * len(ticks) else 2
    return [hertz(hz) if round(math.log2(hz / 1000)) % every == 0 else "" for hz in ticks]


def octave_ticks(low: float, high: float) -> list[float]:
    """Return the nominal octaves in a range.

    Examples
    --------
    >>> octave_ticks(20, 500)
    [31.5, 63.0, 125.0, 250.0, 500.0]
    """
    below = [16 / 2**n for n in range(24, 0, -1)]
    above = [63e3 * 2**n for n in range(1, 12)]
    return [hz for hz in [*below, *OCTAVES, *above] if low <= hz <= high]


def hertz(hz: float) -> str:
    """Write a frequency as on a dial.

    Examples
    --------
    >>> hertz(31.5), hertz(16000)
    ('31.5', '16k')
    """
    return f"{hz / 1000:g}k" if hz >= 1000 else f"{hz:g}"


def amplitude_axis(axes: Axes, peak: float, *, ticks: int = 3) -> float:
    """Make an axis of amplitudes with ticks in dBFS, and return its top.

    The top is full scale, or as many times 6 dB lower or higher as the peak allows.
    """
    top = amplitude_top(peak)
    places = [top / 2**n for n in range(ticks)]
    named = [decibel(20 * math.log10(place)) for place in places]
    axes.set_yticks(
        [*places, 0, *(-place for place in reversed(places))], [*named, "−∞", *reversed(named)]
    )
    axes.set_ylim(-1.06 * top, 1.06 * top)
    return top


def amplitude_top(peak: float) -> float:
    """Return the least power of two that is not below a peak; 1 for silence.

    Examples
    --------
    >>> amplitude_top(0.3), amplitude_top(1.0), amplitude_top(0.0)
    (0.5, 1.0, 1.0)
    """
    if not peak:
        return 1.0
    return float(max(2.0 ** math.ceil(math.log2(peak)), LOWEST_TOP))


def decibel(level: float) -> str:
    """Write a whole level with a minus that is as wide as a plus.

    Examples
    --------
    >>> decibel(-6.02), decibel(0.0)
    ('−6', '0')
    """
    return f"{round(level)}".replace("-", "−")


def level_axis(axes: Axes, low: float, high: float, *, most: int = 7) -> None:
    """Set limits of an axis in dB, and ticks at 1, 3, 6, 10 or 20 dB."""
    step = next((step for step in DECIBELS if (high - low) / step <= most), 100)
    axes.set_ylim(low, high)
    axes.set_yticks(np.arange(math.ceil(low / step), math.floor(high / step) + 1) * step)


def decibel_range(levels: Sequence[np.ndarray], most: float) -> tuple[float, float]:
    """Return limits around levels that are finite: no more than so many dB, no less than 6."""
    found = np.concatenate([level[np.isfinite(level)] for level in levels])
    if not len(found):
        return -most, 0.0
    high, low = float(found.max()), float(found.min())
    low = max(low, high - most)
    room = max(0.06 * (high - low), (6 - (high - low)) / 2)
    return low - room, high + room
