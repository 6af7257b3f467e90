"""Where the response of an excitation is in what was divided, and how well it stands out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from impulses.impulse import Taps, from_db, to_db
from impulses.measurement.inverses import lags
from impulses.measurement.recordings import blocks

BLOCK = 0.01
"""Seconds over which the energy of a response is summed, to tell sound from noise."""

FALL = 30.0
"""Decibels by which a response should have fallen before it is cut."""


@dataclass(frozen=True, eq=False)
class Found:
    """An excitation found in a recording.

    Parameters
    ----------
    response : array, (lags,)
        The loudest channel of the response: lags 0, 1 ..., and from the end -1, -2 ...
    channel : int
        Which one that is.
    lag : int
        Frames from the excitation to the peak of the response.
    tail : int
        Frames of response that are whole: those recorded after the excitation ended.
    late, early : int
        Frames of the excitation that passed before the recording began, and that came after
        it ended; negative where there is time to spare.
    active : int
        Frames of the excitation without the silence around it.
    decay_range : float
        Decibels from the loudest block to the noise.
    fall : float
        Seconds in which the energy still to come falls by 30 dB.
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


def find(response: Taps, recording: Taps, excitation: Taps, rate: int, *, periodic: bool) -> Found:
    """Find where the response of an excitation begins and how far it stands above the noise."""
    channel = int(np.argmax(np.abs(response).max(axis=0)))
    loudest = response[:, channel]
    sounding = np.flatnonzero(np.abs(excitation[:, 0]) > from_db(-60) * np.abs(excitation).max())
    first, last = int(sounding[0]), int(sounding[-1]) + 1
    # later lags than these stand for earlier ones
    latest = len(loudest) * 9 // 10 if periodic else len(recording)
    tail = latest if periodic else len(recording) - last
    peak = int(np.argmax(np.abs(loudest)))
    lag = peak if peak < latest else peak - len(loudest)
    # noise is heard where no response can be: before the excitation, harmonics being few
    quiet = loudest[latest:] if periodic else loudest[-(last - first) :]
    block = max(1, round(BLOCK * rate))
    noise = float(np.median(blocks(quiet**2, block).sum(axis=1)))
    # what was cut from a short recording is its highest frequencies; the others tell of its decay
    stop = max(tail, lag + 1, min(latest, lag + rate))
    loud = float(blocks(loudest**2, block).sum(axis=1).max())
    return Found(
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
    """Return after how many frames from the peak 30 dB less energy is still to come."""
    energy = lags(response, lag, stop) ** 2 - noise
    coming = np.cumsum(energy[::-1])[::-1]
    return int(np.argmax(np.append(coming, 0) <= from_db(-2 * FALL) * coming[0]))
