"""Position of the response in a divided recording, and its rise above the noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from impulses.impulse import Taps, from_db, to_db
from impulses.measurement.inverses import take_lags
from impulses.measurement.recordings import blocks

BLOCK = 0.01
"""Seconds over which the energy of a response is summed to separate sound from noise."""

FALL = 30.0
"""Decibels by which a response should have decayed before it is cut."""


@dataclass(frozen=True, eq=False)
class LocatedResponse:
    """The response of an excitation, located in a recording.

    Parameters
    ----------
    response : array, (lags,)
        Loudest channel of the response: lags 0, 1 ..., and from the end -1, -2 ...
    channel : int
        Number of that channel.
    lag : int
        Frames from the excitation to the peak of the response.
    tail : int
        Complete frames of the response: those recorded after the end of the excitation.
    late, early : int
        Frames of the excitation missing at the start and at the end of the recording; negative
        for time to spare.
    active : int
        Frames of the excitation without the silence around it.
    decay_range : float
        Decibels from the loudest block to the noise.
    fall : float
        Seconds in which the energy decay curve falls by 30 dB.
    """

    response: Taps
    channel: int
    lag: int
    tail: int
    late: int
    early: int
    active: int
    decay_range: float
    fall: float


def locate_response(
    response: Taps, recording: Taps, excitation: Taps, rate: int, *, periodic: bool
) -> LocatedResponse:
    """Locate the response of an excitation and measure its rise above the noise.

    Parameters
    ----------
    response : array, (lags, channels)
        The recording divided by the excitation.
    recording, excitation : array, (frames, channels)
    rate : int
        Samples per second.
    periodic : bool
        Whether the response is circular, with the period of the excitation.
    """
    channel = int(np.argmax(np.abs(response).max(axis=0)))
    loudest = response[:, channel]
    sounding = np.flatnonzero(np.abs(excitation[:, 0]) > from_db(-60) * np.abs(excitation).max())
    first, last = int(sounding[0]), int(sounding[-1]) + 1
    # lags beyond this are negative ones
    latest = len(loudest) * 9 // 10 if periodic else len(recording)
    tail = latest if periodic else len(recording) - last
    peak = int(np.argmax(np.abs(loudest)))
    lag = peak if peak < latest else peak - len(loudest)
    # noise is measured before the excitation, where only its few harmonics can be
    quiet = loudest[latest:] if periodic else loudest[-(last - first) :]
    block = max(1, round(BLOCK * rate))
    noise = float(np.median(blocks(quiet**2, block).sum(axis=1)))
    # a short recording lacks the highest frequencies first; the others still show the decay
    stop = max(tail, lag + 1, min(latest, lag + rate))
    loud = float(blocks(loudest**2, block).sum(axis=1).max())
    return LocatedResponse(
        response=loudest,
        channel=channel,
        lag=lag,
        tail=tail,
        late=-lag if periodic else -lag - first,
        early=lag - latest if periodic else lag + last - len(recording),
        active=last - first,
        decay_range=to_db(np.sqrt(loud / noise)) if noise else np.inf,
        fall=_fall(loudest, lag, stop, noise / block) / rate,
    )


def _fall(response: Taps, lag: int, stop: int, noise: float) -> int:
    """Return the frames from the peak in which the energy decay curve falls by 30 dB."""
    energy = take_lags(response, lag, stop) ** 2 - noise
    remaining = np.cumsum(energy[::-1])[::-1]
    return int(np.argmax(np.append(remaining, 0) <= from_db(-2 * FALL) * remaining[0]))
