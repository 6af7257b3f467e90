"""Takes: the times that a recording contains its excitation, cut apart and averaged.

The average of n takes has ``10 log10(n)`` dB less noise than each, and the differences between the
takes measure it. Takes without a pause between them are the periods of a loop: they are averaged
from the second on, when the sound of those before fills the room.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from impulses.impulse import ImpulseError, Taps, to_db
from impulses.measurement.locate import BLOCK, LocatedResponse
from impulses.measurement.timing import LOST, Notes, format_time

LIKE = 0.5
"""Least peak of the response of a take, relative to the highest."""

MOST = 1000
"""Most takes that are looked for."""

DIFFERENT = -20.0
"""Decibels relative to the takes above which their differences are noted."""


class Takes(NamedTuple):
    """The takes of a recording, as one.

    Parameters
    ----------
    recording : array, (frames, channels)
        Average of the takes, or one of them, with as much time before it as before the first; of
        a loop, one period.
    number : int
        Number of takes that are averaged.
    spread : float or None
        Differences between the takes, root mean square in dB relative to their average: the noise
        of one take. None for a single take.
    notes : tuple of str
    """

    recording: Taps
    number: int = 1
    spread: float | None = None
    notes: Notes = ()


def find_takes(located: LocatedResponse, recorded: int) -> list[int]:
    """Return the lag of the response of each take that is whole, in their order.

    Parameters
    ----------
    located : LocatedResponse
        Response of the recording to a single excitation, not circular.
    recorded : int
        Frames of the recording.
    """
    lags = np.arange(len(located.response), dtype=np.int64)
    lags[recorded:] -= len(lags)
    first, slack = lags + _onset(located), round(LOST * located.active)
    whole = (first >= -slack) & (first + located.active <= recorded + slack)
    peaks = np.where(whole, np.abs(located.response), 0)
    least, found = LIKE * float(peaks.max()), list[int]()
    while len(found) < MOST and peaks.max() > least:
        found.append(int(lags[peaks.argmax()]))
        # no harmonic is that early, and to resolve an echo that late the sweep would be longer
        peaks[np.abs(lags - found[-1]) < located.active] = 0
    return sorted(found)


def find_loop(
    lags: Sequence[int], located: LocatedResponse, recorded: int, period: int, rate: int
) -> tuple[int, int]:
    """Return the first frame and the number of the periods of a loop: 0 if there is none.

    It begins with the recording, or, if its first whole period comes late, with that.

    Parameters
    ----------
    lags : sequence of int
        Those of `find_takes`.
    located : LocatedResponse
        Response of the recording to a single excitation, not circular.
    recorded : int
        Frames of the recording.
    period : int
        Frames of the excitation, with the silence around it.
    rate : int
        Samples per second.
    """
    pause = round(BLOCK * rate)
    sounding = 2 * pause < period < located.active + pause
    if not sounding or len(lags) < 2 or any(b - a != period for a, b in itertools.pairwise(lags)):
        return 0, 0
    first = lags[0] if lags[0] > period // 2 else 0
    return first, min(len(lags), (recorded - first) // period)


def join_periods(
    recording: Taps, first: int, period: int, count: int, *, take: int | None = None
) -> Takes:
    """Return the average of the periods of a loop, of which the first only excites the room.

    Parameters
    ----------
    recording : array, (frames, channels)
    first : int
        Frame at which the first period starts.
    period : int
        Frames of a period.
    count : int > 1
        Number of periods, the first included.
    take : int, optional
        Refused: no period of a loop sounds alone.

    Raises
    ------
    ImpulseError
        If a take is asked for.
    """
    if take is not None:
        raise ImpulseError(
            f"take is {take}, but the excitation repeats without a pause, and its periods are "
            "averaged; leave it out"
        )
    steady = recording[first + period : first + count * period].reshape(count - 1, period, -1)
    if count == 2:
        return Takes(steady[0])
    average, spread = _average(steady)
    return Takes(average, count - 1, spread)


def join_takes(
    recording: Taps,
    lags: Sequence[int],
    located: LocatedResponse,
    rate: int,
    *,
    take: int | None = None,
    expected: int = 1,
) -> Takes:
    """Return the average of the takes of a recording, or one of them.

    Takes that overlap, or nearly do, are left as they are.

    Parameters
    ----------
    recording : array, (frames, channels)
    lags : sequence of int
        Those of `find_takes`.
    located : LocatedResponse
        Its response to a single excitation, not circular.
    rate : int
        Samples per second.
    take : int, optional
        Number of the take to return, from 1; by default the average of all.
    expected : int
        Number of takes that were played.

    Raises
    ------
    ImpulseError
        If there is no such take.
    """
    count = max(1, len(lags))
    if take is not None and not 1 <= take <= count:
        raise ImpulseError(
            f"take is {take}, but the recording contains {count} of the excitation; take one from "
            f"1 to {count}"
        )
    notes: Notes = (_missing(count, expected),) if count < expected else ()
    if count == 1 or _apart(lags) < located.active + round(BLOCK * rate):
        return Takes(recording, notes=notes)
    sounds, start = _cut(recording, lags, located, rate)
    if take is not None:
        return Takes(sounds[take - 1], notes=notes)
    average, spread = _average(sounds, start)
    average[:start] /= np.sqrt(count)  # the noise of one take, as low as that of the average
    if count > expected or spread > DIFFERENT:
        notes += (_averaged(lags, spread, rate),)
    return Takes(average, count, spread, notes)


def _average(sounds: Taps, start: int = 0) -> tuple[Taps, float]:
    """Return the average of takes, (takes, frames, channels), and their spread from a frame on."""
    average = sounds.mean(axis=0)
    differences = ((sounds - average)[:, start:] ** 2).sum() / (len(sounds) - 1)
    return average, to_db(float(np.sqrt(differences / (average[start:] ** 2).sum())))


def _cut(
    recording: Taps, lags: Sequence[int], located: LocatedResponse, rate: int
) -> tuple[Taps, int]:
    """Return the takes, (takes, frames, channels), and the frame at which each begins.

    They end before the next one begins. What is before the first is before all, as the others
    follow the reverberation of the one before.
    """
    onset = lags[0] + _onset(located)
    pause = round(BLOCK * rate)
    shifts = [lag - lags[0] for lag in lags]
    frames = min(onset + _apart(lags) - pause, len(recording) - shifts[-1])
    sounds = np.stack([recording[shift : shift + frames] for shift in shifts])
    start = max(0, onset - pause)
    sounds[1:, :start] = sounds[0, :start]
    return sounds, start


def _onset(located: LocatedResponse) -> int:
    """Return the frames of silence before the excitation."""
    return -located.late - located.lag


def _apart(lags: Sequence[int]) -> int:
    """Return the least distance of two takes in frames."""
    return min(later - earlier for earlier, later in itertools.pairwise(lags))


def _missing(count: int, expected: int) -> str:
    return (
        f"recording contains {count} of the {expected} times that the excitation was played; "
        "record from before it starts until it ends"
    )


def _averaged(lags: Sequence[int], spread: float, rate: int) -> str:
    apart = ", ".join(format_time((b - a) / rate) for a, b in itertools.pairwise(lags[:4]))
    more = " ..." if len(lags) > 4 else ""
    return (
        f"recording contains the excitation {len(lags)} times, {apart}{more} apart: they are "
        f"averaged, and differ by {spread:.1f} dB; choose one with `take=1`"
    )
