"""Sounds and impulses as pictures take them: a stretch of a file, some channels of an impulse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from audioconv.engines.convolver import Audio
from audioconv.errors import UsageError
from audioconv.files import Reader, display_name
from audioconv.ir.load import impulse_files, load_impulse, refuse_standard_twice
from audioconv.plot.labels import names_in_legend
from audioconv.units import parse_time
from impulses import Impulse

GRID = 2**16


@dataclass(frozen=True)
class Stretch:
    """A part of a sound, to be read once: where it begins, and how many frames of it there are.

    `frames` is None where a pipe does not tell.
    """

    blocks: Iterator[Audio]
    rate: int
    channels: int
    start: int
    frames: int | None

    @property
    def begin(self) -> float:
        """Seconds at which it begins."""
        return self.start / self.rate


@contextmanager
def stretch(path: str, start: str, duration: str | None) -> Iterator[Stretch]:
    """Open a part of a sound file, both ends of it given as people write times.

    Raises
    ------
    FormatError
        If it cannot be read.
    UsageError
        If it ends before the part begins, or a time is none.
    """
    with Reader(path) as reader:
        sound = reader.info
        first, count = frames_of(start, duration, sound.rate)
        left = None if sound.frames is None else max(0, sound.frames - first)
        yield Stretch(
            part(reader.blocks(GRID), first, count, sound.rate, path),
            sound.rate,
            sound.channels,
            first,
            count if left is None else left if count is None else min(left, count),
        )


def frames_of(start: str, duration: str | None, rate: int) -> tuple[int, int | None]:
    """Read both ends of a part as its first frame and its number of frames."""
    first = round(parse_time(start, rate) * rate)
    if first < 0:
        raise UsageError(f"start is {start}; it must be 0 or more")
    if duration is None:
        return first, None
    count = round(parse_time(duration, rate) * rate)
    if count < 1:
        raise UsageError(f"duration is {duration}; it must be at least one sample")
    return first, count


def part(
    blocks: Iterable[Audio], first: int, count: int | None, rate: int, path: str
) -> Iterator[Audio]:
    """Yield some frames of a sound; there must be one."""
    at = taken = 0
    for block in blocks:
        begin = min(max(0, first - at), len(block))
        end = len(block) if count is None else min(len(block), begin + count - taken)
        at += len(block)
        if end > begin:
            taken += end - begin
            yield block[begin:end]
        if taken == count:
            return
    if not taken:
        raise UsageError(
            f"{display_name(path)} ends at {at / rate:.3f} s, before {first / rate:.3f} s; give an "
            "earlier --start"
        )


@dataclass(frozen=True)
class Named:
    """One channel of an impulse, and how it is called in a legend."""

    label: str
    impulse: Impulse
    channel: int


def channels(irs: Sequence[str], rate: int, channel: int | None, most: int) -> list[Named]:
    """Load impulses, and return each of their channels, or one of each.

    Raises
    ------
    UsageError
        If there are more than `most`, or an impulse has no such channel.
    """
    found: list[Named] = []
    for label, impulse in load(irs, rate):
        count = impulse.taps.shape[1]
        check_channel(label, count, channel)
        found += [
            Named(f"{label}, channel {at + 1}" if count > 1 else label, impulse, at)
            for at in (range(count) if channel is None else [channel - 1])
        ]
    if len(found) > most:
        raise UsageError(
            f"there are {len(found)} channels; one picture shows {most} at most; give --channel "
            "or fewer impulses"
        )
    return found


def load(irs: Sequence[str], rate: int) -> list[tuple[str, Impulse]]:
    """Load impulses by name, each with its label."""
    refuse_standard_twice(irs)
    return list(zip(names_in_legend(irs), [load_impulse(ir, rate) for ir in irs], strict=True))


def check_channel(label: str, count: int, channel: int | None) -> None:
    """Refuse a channel, counted from 1, that is not there."""
    if channel is not None and not 1 <= channel <= count:
        raise UsageError(f"channel is {channel}, but {label} has {count}, counted from 1")


def notes(impulses: Iterable[Impulse]) -> tuple[str, ...]:
    """Return what was done to impulses, each once."""
    return tuple(dict.fromkeys(note for impulse in impulses for note in impulse.notes))


__all__ = [
    "Named",
    "Stretch",
    "channels",
    "check_channel",
    "frames_of",
    "impulse_files",
    "load",
    "notes",
    "part",
    "stretch",
]
