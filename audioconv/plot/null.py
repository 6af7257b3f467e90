"""What is between two sounds: both waveforms, and the level of their difference."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from audioconv.engines.convolver import Audio
from audioconv.errors import UsageError
from audioconv.files import STANDARD, Reader
from audioconv.plot import axes as scales
from audioconv.plot import style
from audioconv.plot.inputs import frames_of, part
from audioconv.plot.labels import listed, minus, names_in_legend
from audioconv.plot.options import Drawn, Look
from audioconv.plot.waveform import COLUMNS, Wave, draw_wave
from audioconv.verify.compare import Difference, aligned, compare
from audioconv.views.envelope import Envelope, envelope

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOWEST = -200.0
"""dBFS that are shown, at least: what is below is rounding of rounding."""

SAME = "identical: every sample is the same"

PENS: tuple[dict[str, Any], ...] = (
    {"color": style.VERMILLION, "linestyle": "-"},
    {"color": style.GREEN, "linestyle": (0, (5, 1))},
)
"""Of the difference as it is, and of what is left of it."""

NARROW = 140
"""mm that are not enough for two labels side by side."""

RANGE = 30.0
"""dB that are shown, at least."""


def null(
    first: str,
    second: str,
    output: str,
    look: Look,
    *,
    start: str = "0",
    duration: str | None = None,
) -> Drawn:
    """Draw two sounds over each other, and the level of the second minus the first.

    That is drawn as they are, and after the best shift and gain; all channels together.

    Parameters
    ----------
    first, second : str
        sound files of one rate and number of channels
    output, look, start, duration
        as for `waveform`; what is told in words is of the whole sounds

    Raises
    ------
    AudioconvError
        If the sounds cannot be read or compared, or the picture not be written.
    """
    if STANDARD in (first, second):
        raise UsageError("a null test reads both sounds more than once; give them as files")
    with style.picture(output, look, [first, second]) as figure:
        labels = names_in_legend([first, second])
        found = compare(first, second)
        with Reader(first) as reader:
            rate = reader.info.rate
        begin, count = frames_of(start, duration, rate)

        def seen(blocks: Iterator[Audio], lead: int = 0) -> Envelope:
            """See the part of what begins with frame `lead` of the first sound."""
            left = None if count is None else max(1, count - max(0, lead - begin))
            return envelope(part(blocks, max(0, begin - lead), left, rate, first), COLUMNS)

        both = seen(np.hstack([a, b, b - a]) for a, b in aligned(first, second))
        place = rate, begin / rate
        waves = Wave("", both, *place)
        style.tall(figure, look, 112)
        above, below = figure.subplots(2, 1, sharex=True)
        second_is = scales.time_axis(below, waves.begin, waves.end)
        handles = _draw_both(above, waves, second_is)
        channels = both.low.shape[1] // 3
        rest = _channels(both, 2 * channels, channels)
        levels = [_draw_level(below, Wave("", rest, *place), second_is, "as they are", PENS[0])]
        gain = 1.0
        if not found.identical and found.gain_db is not None:
            gain = _gain(first, second, found)
            # where the second is earlier, the first is seen from where the second begins
            lead = max(0, -found.shift)
            rest = seen((b - gain * a for a, b in aligned(first, second, found.shift)), lead)
            wave = Wave("", rest, rate, max(begin, lead) / rate)
            levels.append(_draw_level(below, wave, second_is, "best shift and gain", PENS[1]))
        low, high = scales.decibel_range(levels, 120.0)
        scales.level_axis(below, max(LOWEST, min(low, high - RANGE)), high)
        below.set_ylabel("difference (dBFS)")
        if found.identical:
            below.text(0.5, 0.5, SAME, ha="center", va="center", transform=below.transAxes)
        else:
            said = style.wrapped(in_words(found, rate, inverted=gain < 0), figure)
            above.set_title(said, pad=3, fontsize=7.5)
            below.legend(
                loc="lower left",
                bbox_to_anchor=(0, 1),
                ncols=1 + (look.width > NARROW),
                borderaxespad=0.2,
            )
        style.legend(figure, handles, labels)
    return Drawn(f"null test of {listed(labels)}", style.size(figure))


def in_words(found: Difference, rate: int, *, inverted: bool = False) -> str:
    """Tell how two sounds differ.

    Examples
    --------
    >>> in_words(Difference(False, 48, -6.0, None, 0.25, (9, 9)), 48000)
    'second: 48 frames (1.000 ms) later, −6.00 dB; no residual; differ from 0.250 s'
    """
    if found.identical:
        return SAME
    said = []
    if found.gain_db is None:
        said.append("no shift or gain: one of them is silent")
    else:
        frames, way = abs(found.shift), "earlier" if found.shift < 0 else "later"
        shift = f"{frames} frames ({1000 * frames / rate:.3f} ms) {way}" if frames else "no shift"
        said.append(f"second: {shift}, {found.gain_db + 0.0:+.2f} dB{', inverted' * inverted}")
        left = found.residual_db
        said.append("no residual" if left is None else f"residual {left:.1f} dB beside the second")
    if found.first_difference_s is not None:
        said.append(f"differ from {found.first_difference_s:.3f} s")
    return minus("; ".join(said))


def _draw_both(panel: Axes, waves: Wave, second: float) -> list[Any]:
    """Draw both waveforms, all channels of each as one; return a handle for each."""
    from matplotlib.patches import Patch

    channels = waves.channels // 3
    scales.amplitude_axis(panel, _channels(waves.envelope, 0, 2 * channels).peak)
    panel.set_ylabel("amplitude (dBFS)")
    handles = []
    for number, colour in enumerate((style.BLUE, style.GREEN)):
        one = _channels(waves.envelope, number * channels, channels)
        draw_wave(panel, Wave("", one, waves.rate, waves.begin), 0, colour, second, 2 + number)
        handles.append(Patch(color=colour, alpha=0.8))
    return handles


def _channels(found: Envelope, first: int, count: int) -> Envelope:
    """Return some channels of an envelope as one: their extremes, and the largest level."""
    here = slice(first, first + count)
    return Envelope(
        found.low[:, here].min(axis=1, keepdims=True),
        found.high[:, here].max(axis=1, keepdims=True),
        found.rms[:, here].max(axis=1, keepdims=True),
        found.frames,
        found.step,
    )


def _draw_level(
    panel: Axes, wave: Wave, second: float, label: str, pen: dict[str, Any]
) -> np.ndarray:
    """Draw level and peak of a difference over time, and return what is drawn."""
    one, times = _channels(wave.envelope, 0, wave.channels), wave.times * second
    rms = _decibels(one.rms[:, 0])
    peak = _decibels(np.maximum(one.high, -one.low)[:, 0])
    left = "rms, up to peak" if np.isfinite(rms).any() else "nothing left"
    panel.plot(times, rms, **pen, linewidth=0.9, label=f"{label}: {left}", zorder=3)
    panel.fill_between(times, rms, peak, color=pen["color"], alpha=0.25, linewidth=0)
    return np.concatenate([rms, peak])


def _decibels(values: np.ndarray) -> np.ndarray:
    levels = np.full(values.shape, np.nan)
    np.log10(values, out=levels, where=values > 0)
    return 20 * levels


def _gain(first: str, second: str, found: Difference) -> float:
    """Return the gain with its sign: that of the product of both, once they are aligned."""
    assert found.gain_db is not None
    product = math.fsum(float(np.vdot(a, b)) for a, b in aligned(first, second, found.shift))
    return math.copysign(10 ** (found.gain_db / 20), product)
