"""Inputs of plots: time ranges of sound files, and labelled channels of impulse responses."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from audioconv.engines.audio import Audio
from audioconv.errors import UsageError
from audioconv.files import Reader, display_name
from audioconv.ir.load import check_channel, impulse_files, load_impulse, refuse_standard_twice
from audioconv.plot.labels import legend_labels
from audioconv.units import parse_time
from impulses import Impulse


@dataclass(frozen=True)
class TimeRange:
    """A time range of a sound, readable once.

    Parameters
    ----------
    blocks : iterator of array, (frames, channels)
    rate : int
        frames per second
    channels : int
    start : int
        first frame
    frames : int or None
        length; None if the length of the sound is unknown, as in a pipe
    """

    blocks: Iterator[Audio]
    rate: int
    channels: int
    start: int
    frames: int | None

    @property
    def begin(self) -> float:
        """Start in seconds."""
        return self.start / self.rate


@contextmanager
def open_time_range(path: str, start: str, duration: str | None) -> Iterator[TimeRange]:
    """Open a time range of a sound file.

    Parameters
    ----------
    path : str
        sound file, or ``-`` for standard input
    start, duration : str
        times such as ``350ms``; to the end of the sound without a duration

    Raises
    ------
    FormatError
        If the file cannot be read.
    UsageError
        If a time is malformed, or the sound ends before the start.
    """
    with Reader(path) as reader:
        info = reader.info
        first, count = frame_range(start, duration, info.rate)
        left = None if info.frames is None else max(0, info.frames - first)
        yield TimeRange(
            select_frames(reader.blocks(), first, count, info.rate, path),
            info.rate,
            info.channels,
            first,
            count if left is None else left if count is None else min(left, count),
        )


def frame_range(start: str, duration: str | None, rate: int) -> tuple[int, int | None]:
    """Return the first frame and the number of frames of a time range; None to the end."""
    first = round(parse_time(start, rate) * rate)
    if first < 0:
        raise UsageError(f"start is {start}; it must be 0 or more")
    if duration is None:
        return first, None
    count = round(parse_time(duration, rate) * rate)
    if count < 1:
        raise UsageError(f"duration is {duration}; it must be at least one sample")
    return first, count


@dataclass(frozen=True)
class FrequencyRange:
    """Limits of a frequency axis in Hz; None where the sound sets them.

    Parameters
    ----------
    low, high : float or None

    Raises
    ------
    UsageError
        If they are not above 0 and in order.
    """

    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("fmin", self.low), ("fmax", self.high)):
            if value is not None and not value > 0:
                raise UsageError(f"{name} is {value:g} Hz; it must be above 0 Hz")
        if self.low and self.high and self.low >= self.high:
            raise UsageError(
                f"fmin is {self.low:g} Hz, not below fmax, {self.high:g} Hz; give a lower `fmin`"
            )

    def within(self, label: str, rate: int) -> FrequencyRange:
        """Return the part that a sound has, which ends at half its rate.

        Raises
        ------
        UsageError
            If the sound has no part of it.

        Examples
        --------
        >>> FrequencyRange(100, 12000).within("speech.wav", 16000)
        FrequencyRange(low=100, high=8000.0)
        """
        half = rate / 2
        if self.low and self.low >= half:
            raise UsageError(
                f"fmin is {self.low:g} Hz, but {label} ends at {half:g} Hz, half its rate; give a "
                "lower `fmin`"
            )
        return FrequencyRange(self.low, self.high and min(self.high, half))

    def notices(self, rate: int) -> tuple[str, ...]:
        """Return a notice if the axis ends at half the highest rate of the sounds, below `high`.

        Examples
        --------
        >>> FrequencyRange(high=30000).notices(48000), FrequencyRange(high=24000).notices(48000)
        (('the frequency axis ends at 24000 Hz, half the rate, not at 30000 Hz',), ())
        """
        if self.high is None or self.high <= rate / 2:
            return ()
        return (
            f"the frequency axis ends at {rate / 2:g} Hz, half the rate, not at {self.high:g} Hz",
        )


def select_frames(
    blocks: Iterable[Audio], first: int, count: int | None, rate: int, path: str
) -> Iterator[Audio]:
    """Yield `count` frames from `first` on, or fewer if the sound ends earlier.

    Raises
    ------
    UsageError
        If the sound ends before `first`.
    """
    position = taken = 0
    for block in blocks:
        begin = min(max(0, first - position), len(block))
        end = len(block) if count is None else min(len(block), begin + count - taken)
        position += len(block)
        if end > begin:
            taken += end - begin
            yield block[begin:end]
        if taken == count:
            return
    if not taken:
        raise ended_error(path, position, first, rate)


def ended_error(path: str, frames: int, first: int, rate: int) -> UsageError:
    """Return the error that a sound of `frames` frames ends before the first one to be shown."""
    return UsageError(
        f"{display_name(path)} ends at {frames / rate:.3f} s, before {first / rate:.3f} s; "
        "give an earlier `start`"
    )


@dataclass(frozen=True)
class Channel:
    """One channel of an impulse response, with its label in the legend.

    Parameters
    ----------
    label : str
    impulse : Impulse
    index : int
        channel, counted from 0
    """

    label: str
    impulse: Impulse
    index: int


def load_channels(
    irs: Sequence[str], rate: int, channel: int | None, max_channels: int
) -> list[Channel]:
    """Load impulse responses, and return all their channels, or one channel of each.

    Parameters
    ----------
    irs : sequence of str
        files, builder specs or presets
    rate : int
        Hz, for builder specs
    channel : int, optional
        channel, counted from 1; all if not given
    max_channels : int

    Raises
    ------
    UsageError
        If there are more than `max_channels`, or an impulse response lacks the channel.
    """
    channels: list[Channel] = []
    for label, impulse in load_labelled(irs, rate):
        count = impulse.taps.shape[1]
        check_channel(label, count, channel)
        channels += [
            Channel(f"{label}, channel {index + 1}" if count > 1 else label, impulse, index)
            for index in (range(count) if channel is None else [channel - 1])
        ]
    if len(channels) > max_channels:
        raise UsageError(
            f"there are {len(channels)} channels; a plot shows at most {max_channels}; give "
            "`channel` or fewer impulses"
        )
    return channels


def load_labelled(irs: Sequence[str], rate: int) -> list[tuple[str, Impulse]]:
    """Load impulse responses with their legend labels."""
    refuse_standard_twice(impulse_files(irs))
    return list(zip(legend_labels(irs), [load_impulse(ir, rate) for ir in irs], strict=True))


def collect_notices(impulses: Iterable[Impulse]) -> tuple[str, ...]:
    """Return the notices of impulse responses without repetitions."""
    return tuple(dict.fromkeys(note for impulse in impulses for note in impulse.notes))
