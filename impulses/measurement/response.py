"""The response of a recording: divided by its excitation, its takes averaged, and located."""

from __future__ import annotations

from typing import NamedTuple

from impulses.impulse import ImpulseError, Taps
from impulses.measurement.division import divide, divide_period
from impulses.measurement.locate import LocatedResponse, locate_response
from impulses.measurement.sweeps import Sweep
from impulses.measurement.takes import Takes, find_loop, find_takes, join_periods, join_takes
from impulses.measurement.timing import ends_early


class Excitation(NamedTuple):
    """What was played, and how to divide by it.

    Parameters
    ----------
    samples : array, (frames, 1)
        A sweep, or a sequence of one or more periods, with the silence around it.
    sweep : Sweep or None
        Its parameters.
    times : int
        How often it was played, for a sweep.
    rate : int
        Samples per second.
    band : tuple of float
        Lowest and highest frequency in Hz.
    beta : float >= 0
        Regularisation, relative to the mean power in the band.
    """

    samples: Taps
    sweep: Sweep | None
    times: int
    rate: int
    band: tuple[float, float]
    beta: float


class Response(NamedTuple):
    """The response of a recording.

    Parameters
    ----------
    taps : array, (lags, channels)
        Lags 0, 1 ... and, from the end, -1, -2 ...
    located : LocatedResponse
        Its loudest channel.
    recording : array, (frames, channels)
        The recording, or one take in its stead.
    takes : Takes
    """

    taps: Taps
    located: LocatedResponse
    recording: Taps
    takes: Takes


def find_response(recording: Taps, played: Excitation, take: int | None = None) -> Response:
    """Return the response of an excitation in a recording: the average of all takes, or of one.

    A sequence of several periods, and an excitation that is heard several times without a pause,
    are divided circularly. Such a loop has no beginning of its own: its time 0 is the first frame
    of the recording, or the first whole period if that is far from there.

    Raises
    ------
    ImpulseError
        If the recording ends early or does not contain the take.
    """
    sweep = played.sweep
    if sweep is not None and sweep.kind == "mls" and sweep.count > 1:
        first, last = sweep.lead_frames, sweep.lead_frames + sweep.active_frames
        if len(recording) < last:
            raise ImpulseError(ends_early(last - len(recording), sweep.rate))
        takes = join_periods(recording, first, sweep.period, sweep.count, take=take)
        return _circular(recording, played, first, takes)
    whole = _linear(recording, played, Takes(recording))
    lags = find_takes(whole.located, len(recording))
    period = len(played.samples)
    first, periods = find_loop(lags, whole.located, len(recording), period, played.rate)
    if periods > 1:
        takes = join_periods(recording, first, period, periods, take=take)
        return _circular(recording[first:], played, 0, takes)
    takes = join_takes(
        recording, lags, whole.located, played.rate, take=take, expected=played.times
    )
    if len(takes.recording) < len(recording):
        return _linear(takes.recording, played, takes)
    return whole._replace(takes=takes)


def _linear(recording: Taps, played: Excitation, takes: Takes) -> Response:
    """Divide a recording at once."""
    taps = divide(recording, played.samples, played.rate, played.band, played.beta)
    located = locate_response(taps, recording, played.samples, played.rate, periodic=False)
    return Response(taps, located, recording, takes)


def _circular(recording: Taps, played: Excitation, first: int, takes: Takes) -> Response:
    """Divide the average period of a recording by the first of the excitation."""
    period = played.samples[first : first + len(takes.recording)]
    taps = divide_period(takes.recording, period, played.rate, played.band, played.beta)
    located = locate_response(taps, recording, played.samples, played.rate, periodic=True)
    return Response(taps, located, recording, takes)
