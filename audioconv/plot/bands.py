"""Reverberation times by octave as bars, with the reason where a decay supports none."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from audioconv.plot import axes as scales
from audioconv.plot import colours, style
from audioconv.plot.labels import minus_signs
from impulses.acoustics.figures import Figures
from impulses.acoustics.iso3382 import Acoustics

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TIMES = {"t20": "T20", "t30": "T30"}

FILLED = 0.8
"""Width of the bars of an octave together, relative to the distance of two octaves."""

NO_BREAK = "\N{NO-BREAK SPACE}"
"""Space between a number and its unit, where no line ends."""

REASON_SIZE = 5.5
"""Size of a reason in points."""

REASON_LENGTH = 36
"""Characters in a line of a reason, which runs up the panel."""

LINE_HEIGHT, MARGINS = 2.4, 14.0
"""Height of a line of a reason, and width of both margins of the panel, in mm."""

VALUE_WIDTH = 4.2
"""Width of a bar in mm from which its value is written above it."""


class Bar(NamedTuple):
    """One bar of each octave: a decay time of an impulse response, and its colour."""

    key: str
    acoustics: Acoustics
    colour: str


class Place(NamedTuple):
    """The place of a bar: its centre and width, where two octaves are 1 apart, and its figures."""

    x: float
    width: float
    bar: Bar
    figures: Figures

    @property
    def seconds(self) -> float | None:
        """The decay time."""
        value: float | None = getattr(self.figures, f"{self.bar.key}_s")
        return value

    @property
    def reason(self) -> str:
        """Why there is no decay time, without the remedy."""
        why = minus_signs(self.figures.why_not[f"{self.bar.key}_s"].partition(";")[0])
        return re.sub(r"(?<=\d) (?=(dB|Hz|ms|s|%)\b)", NO_BREAK, why)


def draw_bands(panel: Axes, bars: Sequence[Bar]) -> None:
    """Draw bars of decay times, of the whole response and by octave.

    Parameters
    ----------
    panel : Axes
    bars : sequence of Bar
        for each octave, from left to right
    """
    octaves = sorted({band.hz for bar in bars for band in bar.acoustics.bands})
    groups = [_places(bars, hz, number) for number, hz in enumerate([None, *octaves])]
    octave = _octave_width(panel, len(groups))
    tops = [0.0]
    for place in (place for group in groups for place in group):
        if place.seconds is not None:
            tops.append(place.seconds)
            panel.bar(place.x, place.seconds, 0.9 * place.width, color=place.bar.colour)
            if octave * place.width >= VALUE_WIDTH:
                _write_value(panel, place.x, place.seconds)
    _write_reasons(panel, groups, octave)
    panel.set_xlim(-0.5, len(octaves) + 0.5)
    panel.set_ylim(0, 1.15 * max(tops) or 1.0)
    if not max(tops):
        panel.set_yticks([])  # nothing is drawn to any scale
    panel.set_xticks(range(len(groups)), ["all", *scales.octave_labels(panel, octaves)])
    panel.tick_params(axis="x", length=0)
    panel.grid(visible=False, axis="x")
    panel.set_xlabel("all frequencies, and octaves (Hz)")
    panel.set_ylabel(f"{', '.join(dict.fromkeys(TIMES[bar.key] for bar in bars))} (s)")


def _places(bars: Sequence[Bar], hz: float | None, number: int) -> list[Place]:
    """Return the places of an octave, or of all frequencies, without those beyond half a rate."""
    width = FILLED / len(bars)
    places = []
    for order, bar in enumerate(bars):
        found = {band.hz: band.figures for band in bar.acoustics.bands}
        figures = bar.acoustics.broadband if hz is None else found.get(hz)
        if figures is not None:
            places.append(Place(number + (order + 0.5) * width - FILLED / 2, width, bar, figures))
    return places


def _write_value(panel: Axes, x: float, seconds: float) -> None:
    panel.annotate(
        f"{seconds:#.2g}" if seconds < 9.95 else f"{seconds:.0f}",
        *((x, seconds), (0, 1)),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=REASON_SIZE,
    )


def _octave_width(panel: Axes, count: int) -> float:
    """Return the distance of two octaves in mm."""
    figure = panel.get_figure(root=True)
    assert figure is not None
    return (style.size(figure)[0] - MARGINS) / count


def _write_reasons(panel: Axes, groups: Sequence[Sequence[Place]], octave: float) -> None:
    """Write why bars are missing: once if it is the same for all, else upwards in their places."""
    missing = [[place for place in group if place.seconds is None] for group in groups]
    every = [place for group in missing for place in group]
    if len(every) == sum(map(len, groups)) and len({place.reason for place in every}) == 1:
        panel.text(
            *(0.5, 0.5, f"no reverberation time: {every[0].reason}"),
            transform=panel.transAxes,
            ha="center",
            fontsize=7.5,
        )
        return
    for group in missing:
        for place, name in _together(group):
            lines = max(1, int(octave * place.width / LINE_HEIGHT))
            text = f"{name}: {place.reason}"
            if len(text) > lines * REASON_LENGTH:  # the axis has the name, too
                text = place.reason
            panel.text(
                *(place.x, 0.03),
                textwrap.fill(text, REASON_LENGTH, max_lines=lines, placeholder=" …"),
                transform=panel.get_xaxis_transform(),
                rotation=90,
                ha="center",
                va="bottom",
                color=place.bar.colour,
                fontsize=REASON_SIZE,
            )


def _together(group: Sequence[Place]) -> list[tuple[Place, str]]:
    """Return the places of reasons with the names of what is missing: one if all have the same."""
    names = [f"no {TIMES[place.bar.key]}" for place in group]
    one = len({id(place.bar.acoustics) for place in group}) == 1
    if len(group) < 2 or not one or len({place.reason for place in group}) > 1:
        return list(zip(group, names, strict=True))
    middle = sum(place.x for place in group) / len(group)
    width = sum(place.width for place in group)
    grey = group[0].bar._replace(colour=colours.GREY)
    return [(Place(middle, width, grey, group[0].figures), ", ".join(names))]
