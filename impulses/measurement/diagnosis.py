"""What is amiss with a recording of an excitation, in words: each a line with its remedy.

What leaves no impulse to speak of is an error; what only makes it worse is a note.
"""

from __future__ import annotations

import numpy as np

from impulses.impulse import ImpulseError, Taps
from impulses.measurement import timing
from impulses.measurement.arrival_times import arrivals, step
from impulses.measurement.clock_drift import WIDEST_DRIFT, drift, wrong_rate
from impulses.measurement.harmonics import PERIODS, spacing
from impulses.measurement.inverses import lags
from impulses.measurement.locate import FALL, Found
from impulses.measurement.sweeps import Sweep
from impulses.measurement.timing import Notes, told

FOUND = 20.0
"""Decibels that a response must rise above its noise; unrelated sounds stay below."""

GOOD_RANGE = 45.0
"""Decibels of decay that a T30 needs: 35, and 10 to the noise (ISO 3382-1:2009, 5.3.3)."""

SHARP = 1.25
"""How much a peak may grow without a drift, and its sign be of worth."""


def of_response(
    found: Found,
    recording: Taps,
    excitation: Taps,
    rate: int,
    sweep: Sweep | None,
    low: float,
) -> tuple[Notes, bool]:
    """Tell what a response shows of its recording, and refuse one that is not the excitation's.

    Returns
    -------
    notes : tuple of str
    whole : bool
        Whether it is one response, all of it and not smeared.
    """
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
    # however late it began, a recording shorter than the excitation has not got all of it
    missing = found.active - len(recording)
    if missing > timing.LOST * found.active:
        raise ImpulseError(timing.ends_early(missing, rate))
    twice = _twice(found, rate)
    if twice:
        return twice + _noise(found), False
    smeared, sharp = _smear(found, sweep)
    # the time and the sign of a smeared peak say nothing
    amiss = smeared or timing.of_response(found, rate, low)
    return _noise(found) + amiss + (_polarity(found) if sharp else ()), not amiss


def of_harmonics(found: Found, sweep: Sweep, orders: int, early: float) -> Notes:
    """Tell which orders of distortion overlap because the room decays too slowly."""
    # the time before each is kept for its own ringing
    spacings = {order: spacing(sweep, order) - early for order in range(2, orders + 1)}
    overlapping = [order for order, alone in spacings.items() if alone < found.fall]
    if not overlapping:
        return ()
    # that time does not grow with the sweep beyond what its lowest frequency needs
    early = max(early, PERIODS / sweep.band[0])
    needed = sweep.seconds * (found.fall + early) / spacing(sweep, orders)
    return (
        f"harmonic {overlapping[0]} has {spacings[overlapping[0]]:.3g} s to itself but the "
        f"response falls by {FALL:g} dB in {found.fall:.3g} s, so that they overlap; use a sweep "
        f"of {needed:.0f} s or more",
    )


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


def _twice(found: Found, rate: int) -> Notes:
    frames = len(found.response)
    later = (np.arange(frames) - found.lag) % frames
    apart = np.minimum(later, frames - later)
    # no harmonic comes so early, and an echo as late would need a longer sweep
    others = np.abs(found.response) * (apart >= found.active)
    other = int(others.argmax())
    if others[other] < abs(found.response[found.lag]) / 2:
        return ()
    return (
        f"recording holds the excitation twice, {told(apart[other] / rate)} apart, the one at "
        f"{others[other] / abs(found.response[found.lag]):.2f} of the other's level; cut it to one",
    )


def _smear(found: Found, sweep: Sweep | None) -> tuple[Notes, bool]:
    """Tell what smears a response, and return whether its peak is sharp."""
    if sweep is None or sweep.kind == "mls":
        return (), True
    drifted = drift(found.response, found.lag, sweep)
    if drifted.found:
        return (_of_speed(drifted.found, drifted.step, sweep),), False
    lost = step(*arrivals(found.response, found.lag, sweep))
    if lost is None:
        return (), drifted.gain < SHARP
    at = sweep.growth * np.log(lost.frequency / sweep.band[0])
    way, what = ("earlier", "lost") if lost.seconds < 0 else ("later", "repeated")
    return (
        f"what is above {lost.frequency:.0f} Hz arrives {told(abs(lost.seconds))} {way} than what "
        f"is below, as if so much sound were {what} about {at:.1f} s into the sweep; use larger "
        "buffers and record again",
    ), False


def _of_speed(drifted: float, step: float, sweep: Sweep) -> str:
    smears = f"smears the response by {told(abs(drifted) * sweep.seconds)}"
    if abs(drifted) > WIDEST_DRIFT:
        return (
            f"recording runs at {1 / (1 + drifted):.4f} times the speed of the sweep, as a tape or "
            f"a wrong rate does, and {smears}; mend the speed, or resample the recording"
        )
    return (
        f"recording's clock is {drifted * 1e6:+.0f} ppm off the sweep's, over {2e6 * step:.1f} "
        f"ppm, and {smears}; play and record with one clock, or use a shorter sweep"
    )
