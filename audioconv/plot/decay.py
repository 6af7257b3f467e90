"""The decay of an impulse: its level, its energy decay curve, and the lines through that."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from audioconv.ir.load import RATE
from audioconv.plot import axes as scales
from audioconv.plot import style
from audioconv.plot.inputs import check_channel, impulse_files, load, notes
from audioconv.plot.labels import listed, minus, names_in_legend
from audioconv.plot.options import Drawn, Look
from impulses.acoustics.decay import fit
from impulses.acoustics.decay_curve import DecayAnalysis, analyse_decay
from impulses.acoustics.figures import RANGES

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 1200

FEW = 80
"""Frames that are drawn one by one."""

DEEPEST = -120.0

AFTER = 2.0
"""How much longer than a decay its noise is shown."""

LINES = {"t20": ("T20", style.ORANGE, (0, (5, 1.5))), "t30": ("T30", style.VERMILLION, (0, (1, 1)))}
"""Name, colour and dash of each line."""


def decay(
    irs: Sequence[str],
    output: str,
    look: Look,
    *,
    rate: int = RATE,
    channel: int | None = None,
    band: float | None = None,
) -> Drawn:
    """Draw the decay that the figures of room acoustics are read from.

    Parameters
    ----------
    irs : sequence of str
        impulses: files, builder specs, presets
    output, look
        as for `waveform`
    rate : int
        Hz, for builder specs
    channel : int, optional
        the channel to follow, counted from 1; the energy of all together if not given
    band : float, optional
        nominal mid-band frequency of an octave in Hz; broadband if not given

    Raises
    ------
    AudioconvError
        If an impulse cannot be had, or the picture not be written.
    """
    with style.picture(output, look, impulse_files(irs)) as figure:
        named = load(irs, rate)
        for label, impulse in named:
            check_channel(label, impulse.taps.shape[1], channel)
        at = None if channel is None else channel - 1
        found = [analyse_decay(impulse, at, band) for _, impulse in named]
        rates = [impulse.rate for _, impulse in named]
        end = max(_shown(one, hz) for one, hz in zip(found, rates, strict=True)) or 1 / rates[0]
        panel = figure.subplots()
        second = scales.time_axis(panel, 0.0, end, "time after the onset")
        scales.level_axis(panel, _bottom(found), 4.0, most=9)
        panel.set_ylabel(f"level (dB){f', octave of {band:g} Hz' if band else ''}")
        handles: list[Any] = []
        labels: list[str] = []
        for number, ((label, impulse), one) in enumerate(zip(named, found, strict=True)):
            alone = len(named) == 1
            more = _draw(panel, one, impulse.rate, second, None if alone else number, label)
            for handle, text in more:
                handles.append(handle)
                labels.append(style.wrapped(text, figure))
        if len(named) > 1:
            for heading, _, dash in LINES.values():
                handles += panel.plot([], [], color=style.GREY, linestyle=dash, linewidth=1.8)
                labels.append(f"{heading} of each, in its colour")
        lines = sum(text.count("\n") + 1 for text in labels)
        style.tall(figure, look, 78 + 4.2 * lines)
        style.legend(figure, handles, labels)
    what = f"decay of {listed(names_in_legend(irs))}"
    return Drawn(what, style.size(figure), notes(impulse for _, impulse in named))


def _draw(
    panel: Axes, one: DecayAnalysis, rate: int, second: float, number: int | None, label: str
) -> list[tuple[Any, str]]:
    """Draw one decay, all of it or, one of several, without its impulse; return its legend."""
    alone = number is None
    colour = style.BLUE if number is None else style.SERIES[number % len(style.SERIES)]
    dash = "-" if number is None else style.DASHES[number % len(style.DASHES)]
    told: list[tuple[Any, str]] = []
    if alone:
        times, levels = level_columns(one.energy[one.start :])
        drawn = panel.plot(
            times * second / rate,
            levels,
            "." if len(levels) <= FEW else "-",
            color="#A0A0A0",
            linewidth=0.5,
        )
        told.append((drawn[0], f"level of {label}, 0 dB at its largest frame"))
    figures, followed = one.figures, one.curve
    if followed is None:
        empty = panel.plot([], [], color=colour, linestyle=dash)
        why = figures.why_not["t30_s"]
        return [*told, (empty[0], f"no decay: {why}" if alone else f"{label}: {why}")]
    decays = followed.levels_db()
    keep = _thinned(len(decays))
    shown = np.where(np.isfinite(decays[keep]), decays[keep], np.nan)
    pen: dict[str, Any] = {"color": colour, "linestyle": dash, "linewidth": 1.4}
    curve = panel.plot(keep * second / rate, shown, **pen, marker="." if len(keep) <= 2 else "")
    if alone:
        told.append((curve[0], "energy decay curve, 0 dB at its start"))
    said: list[tuple[Any, str]] = []
    for key, (heading, line_colour, line_dash) in LINES.items():
        value = getattr(figures, f"{key}_s")
        if value is None:
            said.append((None, f"no {heading}: {figures.why_not[f'{key}_s']}"))
            continue
        line = fit(decays, rate, *RANGES[key])
        assert line is not None  # there is a figure, which was read from it
        upper, lower = RANGES[key]
        ends = [(db - line.level) / -60 * line.rt60 * second for db in (0, upper, lower, -90)]
        pen = {"color": line_colour if alone else colour, "zorder": 3}
        panel.plot([ends[0], ends[3]], [0, -90], linewidth=0.6, linestyle=line_dash, **pen)
        drawn = panel.plot(ends[1:3], [upper, lower], linewidth=1.8, linestyle=line_dash, **pen)
        text = f"{heading} {value:#.3g} s"
        said.append((drawn[0], f"{text} ({upper:g} to {lower:g} dB, r = {line.r:.4f})"))
    if not alone:
        return [(curve[0], f"{label}: {_shorter([text for _, text in said])}")]
    blank = panel.plot([], [], linestyle="none")[0]
    told += [(handle or blank, minus(text)) for handle, text in said]
    if figures.noise_floor_db is None:
        return [*told, (blank, f"no noise floor: {figures.why_not['noise_floor_db']}")]
    floor = panel.axhline(figures.noise_floor_db, color=style.BLACK, linewidth=0.8, linestyle=":")
    cross = (followed.end.frames - followed.start) / rate
    panel.axvline(cross * second, color=style.BLACK, linewidth=0.6, linestyle=(0, (6, 3)))
    text = f"noise floor {figures.noise_floor_db:.1f} dB, met at {cross:.3f} s"
    return [*told, (floor, minus(text))]


def _shorter(said: list[str]) -> str:
    """Tell figures, and why not, without what goes with them.

    Examples
    --------
    >>> _shorter(["T20 1.20 s (-5 to -25 dB)", "no T30: range is 40 dB; it must be 45 dB"])
    'T20 1.20 s, no T30: range is 40 dB'
    """
    values = [text.partition(" (")[0].partition(";")[0] for text in said]
    if all(value.startswith("no ") for value in values):  # mostly for one reason
        values = [*(value.partition(":")[0] for value in values[:-1]), values[-1]]
    return minus(", ".join(values))


def level_columns(energy: np.ndarray, columns: int = COLUMNS) -> tuple[np.ndarray, np.ndarray]:
    """Return the frame and the level in dB of the largest of each column.

    Examples
    --------
    >>> frames, levels = level_columns(np.array([1.0, 0.1, 0.0, 0.01]), columns=2)
    >>> frames, levels
    (array([0, 3]), array([  0., -20.]))
    """
    step = max(1, -(-len(energy) // columns))
    padded = np.pad(energy, (0, -len(energy) % step)).reshape(-1, step)
    largest = padded.argmax(axis=1)
    power = padded[np.arange(len(padded)), largest]
    levels = np.full(len(power), np.nan)
    np.log10(power / (energy.max(initial=0.0) or 1.0), out=levels, where=power > 0)
    return largest + step * np.arange(len(padded)), 10 * levels


def _thinned(frames: int) -> np.ndarray:
    """Return frames enough for a smooth curve, the last one among them."""
    return np.unique(np.linspace(0, frames - 1, min(frames, 2 * COLUMNS)).astype(int))


def _shown(one: DecayAnalysis, rate: int) -> float:
    """Return the seconds of a decay that are worth showing."""
    frames = len(one.energy) - one.start
    if one.curve is not None:
        frames = min(frames, round(AFTER * (one.curve.end.frames - one.start)))
    return frames / rate


def _bottom(found: Sequence[DecayAnalysis]) -> float:
    """Return the lowest level that is worth showing."""
    lowest = [-40.0]
    for one in found:
        lowest.append(one.figures.noise_floor_db or 0.0)
        lowest.append(-(one.figures.decay_range_db or 0.0))
        levels = level_columns(one.energy[one.start :])[1]
        if len(found) == 1 and np.isfinite(levels).any():
            lowest.append(float(np.nanpercentile(levels, 5)))
    return max(DEEPEST, 10.0 * math.floor(min(lowest) / 10) - 5)
