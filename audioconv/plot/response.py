"""Frequency response of impulse responses: magnitude, phase and group delay."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from audioconv.errors import UsageError
from audioconv.files import listed
from audioconv.ir.load import DEFAULT_RATE, impulse_files
from audioconv.plot import axes as scales
from audioconv.plot import colours, style
from audioconv.plot.inputs import Channel, FrequencyRange, collect_notices, load_channels
from audioconv.plot.labels import legend_labels
from audioconv.plot.options import Look, PictureInfo
from impulses.spectra import Response, linear_phase_delay
from impulses.spectra import response as response_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_CHANNELS = 14
"""Channels in one plot."""

PASSES = 30.0
"""Level in dB below the largest down to which an impulse response passes sound."""

STOPS = 40.0
"""Level in dB below the largest from which on phase and delay are of no account."""

MOST_BELOW = 30.0
"""Largest extent of the magnitude axis in dB below the middle, unless another one is given."""

LEAST_RANGE, MOST_RANGE = 3.0, 200.0
"""Limits of the range of the magnitude axis in dB."""

PERCENTILES = 1.0, 99.0
"""Percentiles of the group delay that set its axis: it is unbounded at zeros of a response."""

MIN_DELAY_RANGE = 0.1
"""Smallest range of the group delay axis in ms."""


def response(
    irs: Sequence[str],
    output: str,
    look: Look,
    *,
    rate: Annotated[int, "frequency"] = DEFAULT_RATE,
    channel: int | None = None,
    smoothing: int | None = None,
    fmin: Annotated[float, "frequency"] | None = None,
    fmax: Annotated[float, "frequency"] | None = None,
    range: Annotated[float, "level"] | None = None,
) -> PictureInfo:
    """Draw magnitude, phase and group delay of impulse responses.

    The phase leaves out the delay of each impulse response, which the legend gives. Phase and
    group delay have gaps where next to nothing passes: 40 dB below the largest magnitude, or below
    the axis of it.

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
        channel, counted from 1; all if not given
    smoothing : int >= 0, optional
        average over 1/N octave, 0 for none; if not given, 12 for an impulse response of over 4096
        frames, and none for a shorter one
    fmin : float, optional
        lowest frequency of the axis; 20 Hz if not given
    fmax : float, optional
        highest frequency of the axis; half the rate if not given
    range : float, 3 to 200, optional
        extent of the magnitude axis in dB below the middle of what passes, the median level of the
        softest impulse response; if not given, down to the lowest level, by 30 dB at most

    Raises
    ------
    AudioconvError
        If an impulse response cannot be loaded, or the picture cannot be written.
    """
    frequencies = FrequencyRange(fmin, fmax)
    if range is not None and not LEAST_RANGE <= range <= MOST_RANGE:
        raise UsageError(
            f"range is {range:g} dB; it must be between {LEAST_RANGE:g} and {MOST_RANGE:g} dB"
        )
    with style.picture(output, look, impulse_files(irs)) as figure:
        channels = load_channels(irs, rate, channel, MAX_CHANNELS)
        style.set_height(figure, look, 145 + 4.5 * len(channels))
        responses = [_respond(one, smoothing, frequencies) for one in channels]
        low, high = magnitude_limits([one.magnitude_db for one in responses], range)
        panels = figure.subplots(3, 1, sharex=True, height_ratios=(4, 3, 3))
        scales.level_axis(panels[0], low, high)
        delays, handles = [], []
        for number, one in enumerate(responses):
            passes = one.magnitude_db >= max(low, float(one.magnitude_db.max()) - STOPS)
            delays.append(np.where(passes, 1000 * one.group_delay, np.nan))
            pen: dict[str, Any] = {
                "color": colours.SERIES[number % len(colours.SERIES)],
                "linestyle": colours.DASHES[number % len(colours.DASHES)],
            }
            handles += panels[0].plot(one.hz, _finite(one.magnitude_db), **pen)
            phase = np.where(passes, one.phase_deg, np.nan)
            panels[1].plot(*_break_at_wraps(one.hz, phase), **pen)
            panels[2].plot(one.hz, delays[-1], **pen)
        _set_up_axes(panels, responses, frequencies)
        panels[2].set_ylim(*_delay_limits(delays))
        style.legend(figure, handles, list(map(_label, channels, responses)))
    description = f"response of {listed(legend_labels(irs))}"
    notices = collect_notices(c.impulse for c in channels)
    notices += frequencies.notices(max(c.impulse.rate for c in channels))
    return PictureInfo(description, style.size(figure), notices)


def _respond(channel: Channel, smoothing: int | None, frequencies: FrequencyRange) -> Response:
    shown = frequencies.within(channel.label, channel.impulse.rate)
    return response_of(
        channel.impulse,
        channel=channel.index,
        smoothing=smoothing,
        low=shown.low,
        high=shown.high,
    )


def _label(channel: Channel, found: Response) -> str:
    """Label a channel with its delay."""
    impulse = channel.impulse
    centre = linear_phase_delay(impulse.taps.reshape(impulse.frames, -1)[:, channel.index])
    if centre is None:
        return f"{channel.label} (delay {1000 * found.delay:.3f} ms)"
    if impulse.origin and centre == impulse.origin:
        seconds = centre / impulse.rate
        return f"{channel.label} (linear phase: its centre, at {1000 * seconds:.3f} ms, is time 0)"
    delay = (centre - impulse.origin) / impulse.rate
    return f"{channel.label} (linear phase: delay {1000 * delay:.3f} ms)"


def magnitude_limits(
    levels: Sequence[np.ndarray], below: float | None = None
) -> tuple[float, float]:
    """Return limits of the magnitude axis: `below` dB under the middle, and the largest level.

    Without `below`, it begins at the lowest level, or `MOST_BELOW` dB under the middle.

    The middle is the median of the levels within `PASSES` of the largest, so that a stop band has
    no part in it; of several responses, it is the lowest, so that all are in view.

    Examples
    --------
    >>> levels = [np.array([0.0, 0.0, 0.0, -20.0, -25.0])]
    >>> [round(limit, 6) for limit in magnitude_limits(levels)]
    [-26.5, 1.5]
    >>> [round(limit, 6) for limit in magnitude_limits(levels, 60)]
    [-60.0, 1.5]
    """
    finite = [level[np.isfinite(level)] for level in levels]
    finite = [level for level in finite if len(level)]
    if not finite:
        return -(below or MOST_BELOW), 0.0
    middle = min(float(np.median(level[level >= level.max() - PASSES])) for level in finite)
    low, high = scales.with_margin(
        max(min(float(level.min()) for level in finite), middle - MOST_BELOW),
        max(float(level.max()) for level in finite),
    )
    return (low, high) if below is None else (middle - below, high)


def _set_up_axes(
    panels: Sequence[Axes], responses: Sequence[Response], frequencies: FrequencyRange
) -> None:
    panels[0].set_ylabel(f"magnitude (dB){_smoothing_label(one.smoothing for one in responses)}")
    panels[1].set_ylim(-190, 190)
    panels[1].set_yticks([-180, -90, 0, 90, 180], ["−180", "−90", "0", "90", "180"])
    panels[1].set_ylabel("phase without\ndelay (degrees)")
    panels[2].set_ylabel("group delay (ms)")
    lowest, highest = min(one.hz[0] for one in responses), max(one.hz[-1] for one in responses)
    scales.frequency_axis(panels[2], frequencies.low or lowest, highest)


def _finite(levels: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(levels), levels, np.nan)


def _break_at_wraps(hz: np.ndarray, degrees: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Break a phase curve where it wraps at 180 degrees."""
    wraps = np.flatnonzero(np.abs(np.diff(degrees)) > 180) + 1
    return np.insert(hz, wraps, np.nan), np.insert(degrees, wraps, np.nan)


def _smoothing_label(smoothings: Iterable[int]) -> str:
    r"""Return the end of the label of the magnitude: over which part of an octave it is a mean.

    Examples
    --------
    >>> _smoothing_label([0]), _smoothing_label([12, 0, 12])
    ('', '\nmean over 1/12 octave or exact')
    """
    parts = sorted({*smoothings})
    if parts == [0]:
        return ""
    fractions = [f"1/{part}" for part in parts if part]
    return f"\nmean over {' or '.join(fractions)} octave{' or exact' * (0 in parts)}"


def _delay_limits(curves: Sequence[np.ndarray]) -> tuple[float, float]:
    """Return limits of the group delay axis in ms, without extremes."""
    delays = np.concatenate(curves)
    delays = delays[np.isfinite(delays)]
    if not len(delays):
        return -1.0, 1.0
    low, high = np.percentile(delays, PERCENTILES)
    margin = max(0.12 * (high - low), MIN_DELAY_RANGE / 2)
    return float(low - margin), float(high + margin)
