"""Decay of impulse responses: level, energy decay curve, and the lines fitted to it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from audioconv.files import listed
from audioconv.ir.load import DEFAULT_RATE, check_channel, impulse_files
from audioconv.plot import axes as scales
from audioconv.plot import colours, style
from audioconv.plot.bands import TIMES, Bar, draw_bands
from audioconv.plot.inputs import collect_notices, frame_range, load_labelled
from audioconv.plot.labels import legend_labels
from audioconv.plot.options import Look, PictureInfo
from audioconv.plot.trace import (
    LINES,
    Entry,
    Trace,
    draw_curve,
    draw_level,
    draw_line,
    draw_noise_floor,
    level_columns,
    write_reason,
)
from impulses import Impulse
from impulses.acoustics.decay_curve import DecayAnalysis, analyse_decay
from impulses.acoustics.figures import no_figures
from impulses.acoustics.iso3382 import SHORT, Acoustics, is_short, measure
from impulses.acoustics.sounds import sound_note

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOWEST = -120.0
"""Lowest level of the axis in dB."""

EXTENT = 2.0
"""Extent of the time axis, relative to the length of the decay."""


def decay(
    irs: Sequence[str],
    output: str,
    look: Look,
    *,
    rate: Annotated[int, "frequency"] = DEFAULT_RATE,
    channel: int | None = None,
    band: Annotated[float, "frequency"] | None = None,
    duration: Annotated[str, "time"] | None = None,
) -> PictureInfo:
    """Draw energy decay curves, and reverberation times by octave.

    These are the figures of `audioconv ir info` (ISO 3382-1). A single impulse response is drawn
    with its level, the lines of T20 and T30 and their times by octave; several are drawn over each
    other, with T20 by octave. Where a decay supports no time, the reason stands in place of a bar.

    Parameters
    ----------
    irs : sequence of str
        impulse responses, drawn over each other: sound files, builder specs or presets
    output : str
        picture to write: .png, .svg or .pdf
    look : Look
    rate : int
        sample rate for builder specs
    channel : int, optional
        channel, counted from 1; the energy of all channels if not given
    band : float, optional
        nominal mid-band frequency of the octave of the curve, such as 1000; broadband if not given
    duration : str, optional
        length of the time axis, from the onset on; if not given, twice the length of the decay, or
        to the end of the impulse if that is earlier

    Raises
    ------
    AudioconvError
        If an impulse response cannot be loaded, or the picture cannot be written.
    """
    with style.picture(output, look, impulse_files(irs)) as figure:
        impulses = load_labelled(irs, rate)
        for label, impulse in impulses:
            check_channel(label, impulse.taps.shape[1], channel)
        impulses = [(_label(*one, channel), one[1]) for one in impulses]
        index = None if channel is None else channel - 1
        analyses = [_analyse(impulse, index, band) for _, impulse in impulses]
        measured = [_measure(impulse, index) for _, impulse in impulses]
        rates = [impulse.rate for _, impulse in impulses]
        end = max(map(_duration, analyses, rates)) or 1 / rates[0]
        if duration is not None:
            end = (frame_range("0", duration, rates[0])[1] or 1) / rates[0]
        style.set_height(figure, look, 132)
        panel, below = figure.subplots(2, 1, height_ratios=(3, 2))
        second = scales.time_axis(panel, 0.0, end, "time after the onset")
        scales.level_axis(panel, _bottom(analyses), 4.0, max_ticks=9)
        panel.set_ylabel(f"level (dB){f', octave of {band:g} Hz' if band else ''}")
        traces = [
            Trace(label, analysis, impulse.rate, second)
            for (label, impulse), analysis in zip(impulses, analyses, strict=True)
        ]
        if len(traces) == 1:
            panel.set_title(traces[0].label, pad=3)
            entries = _draw_alone(panel, traces[0])
            bars = [Bar(key, measured[0], colour) for key, (colour, _) in LINES.items()]
        else:
            entries = [_draw_overlaid(panel, trace, n) for n, trace in enumerate(traces)]
            entries += _line_entries(panel, traces)
            bars = [Bar("t20", one, _colour(n)) for n, one in enumerate(measured)]
        draw_bands(below, bars)
        style.legend(figure, *map(list, zip(*entries, strict=True)))
    description = f"decay of {listed(legend_labels(irs))}"
    notices = [*collect_notices(impulse for _, impulse in impulses)]
    for label, impulse in impulses:
        if sound := sound_note(impulse):
            notices.append(f"{label}: {sound}" if len(impulses) > 1 else sound)
    return PictureInfo(description, style.size(figure), tuple(notices))


def _label(label: str, impulse: Impulse, channel: int | None) -> str:
    """Label an impulse response with its channel, if one of several is drawn."""
    alone = channel is None or impulse.taps.shape[1] == 1
    return label if alone else f"{label}, channel {channel}"


def _analyse(impulse: Impulse, channel: int | None, band: float | None) -> DecayAnalysis:
    """Analyse a decay; that of a short impulse has a curve, but no figures."""
    analysis = analyse_decay(impulse, channel, band)
    return replace(analysis, figures=no_figures(SHORT)) if is_short(impulse) else analysis


def _measure(impulse: Impulse, channel: int | None) -> Acoustics:
    """Measure the room acoustics; a short impulse has none."""
    if is_short(impulse):
        return Acoustics(None, no_figures(SHORT), ())
    return measure(impulse, channel)


def _draw_alone(panel: Axes, trace: Trace) -> list[Entry]:
    """Draw level, energy decay curve, fitted lines and noise floor; return the legend entries."""
    analysis = trace.analysis
    entries = [draw_level(panel, trace)]
    if analysis.curve is None:
        write_reason(panel, f"no decay: {analysis.figures.why_not['t30_s']}")
        return entries
    levels = analysis.curve.levels_db()
    pen: dict[str, Any] = {"color": colours.BLUE, "linestyle": "-"}
    entries.append((draw_curve(panel, trace, levels, pen), "energy decay"))
    for key, (colour, _) in LINES.items():
        value = getattr(analysis.figures, f"{key}_s")
        if value is not None:
            line = draw_line(panel, trace, levels, key, colour)
            entries.append((line, f"{TIMES[key]} {trace.written(value, '#.3g')}"))
    floor = analysis.figures.noise_floor_db
    if floor is None:
        write_reason(panel, f"no noise floor: {analysis.figures.why_not['noise_floor_db']}")
        return entries
    crossing = (analysis.curve.end.frames - analysis.curve.start) / trace.rate
    return [*entries, draw_noise_floor(panel, trace, floor, crossing)]


def _draw_overlaid(panel: Axes, trace: Trace, number: int) -> Entry:
    """Draw the energy decay curve and fitted lines of one of several; return its legend entry."""
    colour = _colour(number)
    pen: dict[str, Any] = {
        "color": colour,
        "linestyle": colours.DASHES[number % len(colours.DASHES)],
    }
    curve = trace.analysis.curve
    if curve is None:
        return panel.plot([], [], **pen)[0], trace.label
    levels = curve.levels_db()
    for key in LINES:
        if getattr(trace.analysis.figures, f"{key}_s") is not None:
            draw_line(panel, trace, levels, key, colour)
    return draw_curve(panel, trace, levels, pen), trace.label


def _line_entries(panel: Axes, traces: Sequence[Trace]) -> list[Entry]:
    """Return legend entries of the fitted lines, whose colours are those of their curves."""
    return [
        (panel.plot([], [], color=colours.GREY, linestyle=dashes, linewidth=1.8)[0], TIMES[key])
        for key, (_, dashes) in LINES.items()
        if any(getattr(trace.analysis.figures, f"{key}_s") is not None for trace in traces)
    ]


def _colour(number: int) -> str:
    return colours.SERIES[number % len(colours.SERIES)]


def _duration(analysis: DecayAnalysis, rate: int) -> float:
    """Return the duration to draw in seconds."""
    frames = len(analysis.energy) - analysis.start
    if analysis.curve is not None:
        frames = min(frames, round(EXTENT * (analysis.curve.end.frames - analysis.start)))
    return frames / rate


def _bottom(analyses: Sequence[DecayAnalysis]) -> float:
    """Return the lower limit of the level axis in dB."""
    lowest = [-40.0]
    for analysis in analyses:
        lowest.append(analysis.figures.noise_floor_db or 0.0)
        lowest.append(-(analysis.figures.decay_range_db or 0.0))
        levels = level_columns(analysis.energy[analysis.start :])[1]
        if len(analyses) == 1 and np.isfinite(levels).any():
            lowest.append(float(np.nanpercentile(levels, 5)))
    return max(LOWEST, 10.0 * math.floor(min(lowest) / 10) - 5)
