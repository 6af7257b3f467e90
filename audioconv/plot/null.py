"""Null test of two sounds: both waveforms, and the level of their difference."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from audioconv.engines.audio import Audio
from audioconv.errors import UsageError, counted
from audioconv.files import STANDARD
from audioconv.plot import axes as scales
from audioconv.plot import colours, style
from audioconv.plot.inputs import ended_error, frame_range
from audioconv.plot.labels import legend_labels, minus_signs
from audioconv.plot.options import Look, PictureInfo
from audioconv.plot.waveform import COLUMNS, Line, Wave, draw_wave
from audioconv.verify.compare import Difference, compare
from audioconv.verify.pair import pair
from audioconv.views.envelope import Envelope, Outline

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOWEST = -200.0
"""Lowest level of the axis in dBFS; differences below it are rounding errors of rounding errors."""

IDENTICAL = "identical: every sample is the same"

PENS: tuple[dict[str, Any], ...] = (
    {"color": colours.VERMILLION, "linestyle": "-"},
    {"color": colours.PURPLE, "linestyle": (0, (5, 1))},
)
"""Lines of the difference, and of the residual after the best shift and gain: colours that no sound
has."""

SOUNDS = colours.BLUE, colours.GREEN
"""Colours of the first and the second sound."""

NARROW = 140
"""Width in mm up to which a legend has one column."""

RANGE = 30.0
"""Smallest range of the level axis in dB."""


@dataclass(frozen=True)
class Span:
    """A time range on the axis of the first sound.

    Parameters
    ----------
    first : int
        first frame
    count : int or None
        number of frames; None to the end
    """

    first: int
    count: int | None

    def within(self, start: int, frames: int) -> slice:
        """Return which of the frames from `start` on are in the range."""
        end = frames if self.count is None else self.first + self.count - start
        return slice(min(max(0, self.first - start), frames), min(max(0, end), frames))


class Waves:
    """The envelopes of a time range of sounds that go by.

    Parameters
    ----------
    span : Span
    """

    def __init__(self, span: Span) -> None:
        self._span = span
        self._outline = Outline(COLUMNS)

    def hear(self, lead: int, start: int, sounds: Sequence[Audio]) -> Any:
        """Measure the frames that are in the range; None if none is."""
        part = self._span.within(lead + start, len(sounds[0]))
        if part.start >= part.stop:
            return None
        begin = lead + start + part.start - max(lead, self._span.first)
        return self._outline.measure(begin, *(sound[part] for sound in sounds))

    def take(self, heard: Any) -> None:
        """Add the next frames."""
        if heard is not None:
            self._outline.take(heard)

    def wave(self, rate: int, lead: int = 0) -> Wave | None:
        """Return the envelope of sounds that begin at frame `lead`; None of nothing."""
        if not self._outline.frames:
            return None
        return Wave("", self._outline.envelope(), rate, max(self._span.first, lead) / rate)


def null(
    a: str,
    b: str,
    output: str,
    look: Look,
    *,
    start: Annotated[str, "time"] = "0",
    duration: Annotated[str, "time"] | None = None,
) -> PictureInfo:
    """Draw a null test: the difference of two sounds.

    Both sounds, and the level of B minus A: of the sounds as they are, and after the best shift and
    gain. All channels are drawn together. Shift, gain and residual are those of the whole sounds.

    Parameters
    ----------
    a : str
        sound file
    b : str
        sound file of the same rate and number of channels
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
        If the sounds cannot be read or compared, or the picture cannot be written.
    """
    if STANDARD in (a, b):
        raise UsageError("a null test reads both sounds more than once; give them as files")
    with style.picture(output, look, [a, b]) as figure:
        labels = legend_labels([a, b])
        with pair(a, b) as both:
            rate = both.rate
            span = Span(*frame_range(start, duration, rate))
            raw, rest = Waves(span), Waves(span)
            difference = compare(both, raw, rest)
        waves = raw.wave(rate)
        if waves is None:
            raise ended_error(a, max(difference.frames), span.first, rate)
        style.set_height(figure, look, 124)
        *rows, below = figure.subplots(3, 1, sharex=True, height_ratios=(2, 2, 3))
        second = scales.time_axis(below, *waves.limits)
        _draw_both(rows, waves, second, labels)
        channels = waves.channels // 3
        plain = _merge(waves, 2 * channels, channels)
        levels = [_draw_level(below, plain, second, "without shift or gain", PENS[0])]
        if not difference.identical and difference.gain_db is not None:
            # where B is earlier, the residual begins where B does
            wave = rest.wave(rate, max(0, -difference.shift))
            if wave is not None:
                levels.append(_draw_level(below, wave, second, "best shift and gain", PENS[1]))
        low, high = scales.decibel_range(levels, 120.0)
        scales.level_axis(below, max(LOWEST, min(low, high - RANGE)), high)
        below.set_ylabel("difference (dBFS)")
        if difference.identical:
            below.text(0.5, 0.5, IDENTICAL, ha="center", va="center", transform=below.transAxes)
        else:
            text = style.wrap(describe(difference, rate), figure)
            figure.supxlabel(text, x=0.01, ha="left", fontsize=7.5)
            _add_level_legend(below, look)
    return PictureInfo(f"null test of {' and '.join(labels)}", style.size(figure))


def describe(difference: Difference, rate: int) -> str:
    """Describe how the second of two sounds differs from the first.

    Examples
    --------
    >>> describe(Difference(False, 48, -6.0, None, 0.25, (9, 9)), 48000)
    'B: 48 frames (1.000 ms) later, −6.00 dB; no residual; differ from 0.250000 s'
    """
    if difference.identical:
        return IDENTICAL
    parts = []
    if difference.gain_db is None:
        parts.append("no shift or gain: one of them is silent")
    else:
        frames = abs(difference.shift)
        direction = "earlier" if difference.shift < 0 else "later"
        milliseconds = f"{1000 * frames / rate:.3f} ms"
        shift = f"{counted(frames, 'frame')} ({milliseconds}) {direction}" if frames else "no shift"
        gain = f"{difference.gain_db + 0.0:+.2f} dB"
        parts.append(", ".join(filter(None, [f"B: {shift}", gain, difference.inversion])))
        residual = difference.residual_db
        parts.append(
            "no residual" if residual is None else f"residual {residual:.1f} dB relative to it"
        )
    if difference.first_difference_s is not None:
        parts.append(f"differ from {difference.first_difference_s:.6f} s")
    return minus_signs("; ".join(parts))


def _draw_both(panels: Sequence[Axes], waves: Wave, second: float, labels: Sequence[str]) -> None:
    """Draw both waveforms, each with its channels merged, on one scale."""
    channels = waves.channels // 3
    peak = _merge(waves, 0, 2 * channels).envelope.peak
    for number, (panel, label) in enumerate(zip(panels, labels, strict=True)):
        scales.amplitude_axis(panel, peak, ticks=2)
        panel.set_ylabel("amplitude\n(dBFS)")
        panel.set_title(f"{'AB'[number]}: {label}", pad=2, fontsize=7.5)
        wave = _merge(waves, number * channels, channels)
        draw_wave(panel, Line(wave, 0, SOUNDS[number]), second)


def _merge(wave: Wave, first: int, count: int) -> Wave:
    """Merge some channels of a wave into one: their extremes, and their highest RMS level."""
    columns, selected = wave.envelope, slice(first, first + count)
    merged = Envelope(
        columns.low[:, selected].min(axis=1, keepdims=True),
        columns.high[:, selected].max(axis=1, keepdims=True),
        columns.rms[:, selected].max(axis=1, keepdims=True),
        columns.frames,
        columns.step,
    )
    return Wave(wave.label, merged, wave.rate, wave.begin)


def _draw_level(
    panel: Axes, wave: Wave, second: float, label: str, pen: dict[str, Any]
) -> np.ndarray:
    """Draw RMS level and peaks of a difference over time, and return all levels in dBFS."""
    columns, times = _merge(wave, 0, wave.channels).envelope, wave.times * second
    rms = _decibels(columns.rms[:, 0])
    peak = _decibels(np.maximum(columns.high, -columns.low)[:, 0])
    content = "rms, up to peak" if np.isfinite(rms).any() else "no residual"
    panel.plot(times, rms, **pen, linewidth=0.9, label=f"{label}: {content}", zorder=3)
    panel.fill_between(times, rms, peak, color=pen["color"], alpha=0.25, linewidth=0)
    return np.concatenate([rms, peak])


def _add_level_legend(panel: Axes, look: Look) -> None:
    panel.legend(
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=1 + (look.width > NARROW),
        borderaxespad=0.2,
    )


def _decibels(values: np.ndarray) -> np.ndarray:
    levels = np.full(values.shape, np.nan)
    np.log10(values, out=levels, where=values > 0)
    return 20 * levels
