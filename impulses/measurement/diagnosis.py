"""What is amiss with a recording of an excitation, in words: each a line with its remedy.

What leaves no impulse to speak of is an error; what only makes it worse is a note.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from impulses.impulse import ImpulseError, Taps, from_db, to_db
from impulses.measurement.harmonics import spacing
from impulses.measurement.inverses import lags
from impulses.measurement.recordings import blocks
from impulses.measurement.speeds import drift, wrong_rate
from impulses.measurement.sweeps import Sweep

Notes = tuple[str, ...]

BLOCK = 0.01
"""Seconds over which the energy of a response is summed, to tell sound from noise."""

FOUND = 20.0
"""Decibels that a response must rise above its noise; unrelated sounds stay below."""

GOOD_RANGE = 45.0
"""Decibels of decay that a T30 needs: 35, and 10 to the noise (ISO 3382-1:2009, 5.3.3)."""

LOST = 0.01
"""Share of the excitation that may be missing: a tenth of an octave of ten."""

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
        fall=_fall(loudest, lag, tail, noise / block) / rate,
    )


def of_response(
    found: Found, recording: Taps, excitation: Taps, rate: int, sweep: Sweep | None
) -> Notes:
    """Tell what a response shows of its recording, and refuse one that is not the excitation's."""
    sound = recording[:, found.channel]
    # at another speed, nothing is left of a sequence, and what is clear needs no search
    clear = sweep is not None and sweep.kind == "mls" and found.decay_range > GOOD_RANGE
    rates = None if clear else wrong_rate(found.response, sound, excitation[:, 0], sweep)
    if rates:
        true, taken = rates
        raise ImpulseError(
            f"recording runs at {taken / true:.4g} times the speed of the excitation, as {true} Hz "
            f"taken for {taken} Hz; set both to one rate and record again"
        )
    if found.decay_range < FOUND:
        raise ImpulseError(
            f"excitation is not found in the recording: the response is {found.decay_range:.1f} dB "
            f"above its noise, under {FOUND:g} dB; give its own recording or play it louder"
        )
    for lost, problem in ((found.late, starts_late), (found.early, ends_early)):
        if lost > LOST * found.active:
            raise ImpulseError(problem(lost, rate))
    # the sign of a smeared peak says nothing
    sharp = _drift(found, sweep) or _polarity(found)
    return (*_timing(found, rate), *_noise(found), *sharp)


def of_harmonics(found: Found, sweep: Sweep, orders: int) -> Notes:
    """Tell which orders of distortion overlap because the room decays too slowly."""
    spacings = {order: spacing(sweep, order) for order in range(2, orders + 1)}
    overlapping = [order for order, alone in spacings.items() if alone < found.fall]
    if not overlapping:
        return ()
    needed = sweep.seconds * found.fall / min(spacings.values())
    return (
        f"harmonic {overlapping[0]} has {spacings[overlapping[0]]:.3g} s to itself but the "
        f"response falls by {FALL:g} dB in {found.fall:.3g} s, so that they overlap; use a sweep "
        f"of {needed:.0f} s or more",
    )


def of_early_time(before: float, sweep: Sweep | None) -> Notes:
    """Tell whether time kept before the excitation reaches into the distortion of order 2."""
    if sweep is None or sweep.kind == "mls" or before < sweep.harmonic_advance(2):
        return ()
    return (
        f"{1000 * before:g} ms are kept before the excitation, but its second harmonic comes "
        f"{1000 * sweep.harmonic_advance(2):.0f} ms before; keep less, or use a longer sweep",
    )


def starts_late(frames: int, rate: int) -> str:
    """Say that the first frames of an excitation are missing."""
    return (
        f"recording starts {frames / rate:.3f} s after the excitation did, over {LOST:.0%} of it; "
        "start to record first (or give the recording before the sweep)"
    )


def ends_early(frames: int, rate: int) -> str:
    """Say that the last frames of an excitation are missing."""
    return (
        f"recording ends {frames / rate:.3f} s before the excitation does, over {LOST:.0%} of it; "
        "record until the sound has decayed"
    )


def _fall(response: Taps, lag: int, tail: int, noise: float) -> int:
    """Return after how many frames from the peak 30 dB less energy is still to come."""
    energy = lags(response, lag, max(tail, lag + 1)) ** 2 - noise
    coming = np.cumsum(energy[::-1])[::-1]
    return int(np.argmax(np.append(coming, 0) <= from_db(-2 * FALL) * coming[0]))


def _timing(found: Found, rate: int) -> Notes:
    notes = []
    if found.late > 0:
        notes.append(starts_late(found.late, rate).replace(" over ", " under "))
    elif found.lag < 0:
        notes.append(
            f"recording starts {-found.lag / rate:.3f} s into the silence before the sweep, so the "
            "impulse begins before its time zero (limit 0 s); align it, or start to record first"
        )
    spare = -found.early / rate
    if spare < found.fall:
        notes.append(
            f"recording ends {spare:.3f} s after the sweep, but the response needs "
            f"{found.fall:.3f} s to fall by {FALL:g} dB; record for longer"
        )
    return tuple(notes)


def _noise(found: Found) -> Notes:
    if found.decay_range >= GOOD_RANGE:
        return ()
    return (
        f"recording is noisy: the response rises {found.decay_range:.1f} dB above the noise, "
        f"under {GOOD_RANGE:g} dB; play louder or use a longer sweep",
    )


def _polarity(found: Found) -> Notes:
    sound = lags(found.response, found.lag, max(found.tail, found.lag + 1))
    low, high = float(sound.min()), max(0.0, float(sound.max()))
    # rooms whose negative peak has a positive one beside it are as they are
    if -low <= 2 * high:
        return ()
    return (
        f"polarity is inverted: the peak is {low:.3g}, with nothing above {high:.3g}, half of it; "
        "swap the wires or invert the impulse",
    )


def _drift(found: Found, sweep: Sweep | None) -> Notes:
    if sweep is None or sweep.kind == "mls":
        return ()
    drifted, step = drift(found.response, found.lag, sweep)
    if not drifted:
        return ()
    return (
        f"recording's clock is {drifted * 1e6:+.0f} ppm off the sweep's, over {2e6 * step:.1f} "
        f"ppm, and smears the response by {abs(drifted) * sweep.seconds * 1000:.2f} ms; play and "
        "record with one clock, or use a shorter sweep",
    )
