"""Faults of a recording that its response shows: each a line with its remedy.

A fault that leaves no usable response is an error; one that only degrades it is a note.
"""

from __future__ import annotations

import numpy as np

from impulses.impulse import ImpulseError, Taps
from impulses.measurement import timing
from impulses.measurement.arrival_times import arrival_times, find_step
from impulses.measurement.clock_drift import MAX_CLOCK_DRIFT, clock_drift, wrong_rate
from impulses.measurement.harmonics import PERIODS, spacing
from impulses.measurement.inverses import take_lags
from impulses.measurement.locate import BLOCK, FALL, LocatedResponse
from impulses.measurement.sweeps import Sweep
from impulses.measurement.timing import Notes, format_time

FOUND = 20.0
"""Decibels by which a response must rise above its noise; unrelated sounds stay below."""

GOOD_RANGE = 45.0
"""Decibels of decay that a T30 needs: 35, and 10 to the noise (ISO 3382-1:2009, 5.3.3)."""

SHARP = 1.25
"""Gain of the peak without its drift up to which the sign of the peak is reliable."""

INVERTED = 2.0
"""Ratio of the negative peak to the highest positive value above which polarity is inverted.

An impulse in a band of a decade rings to 0.35 of its peak with the other sign, and in one of two
and a half octaves to half of it. A room may have a negative peak, but then a positive one beside
it.
"""


def diagnose(
    located: LocatedResponse,
    recording: Taps,
    excitation: Taps,
    rate: int,
    sweep: Sweep | None,
    low: float,
) -> tuple[Notes, bool]:
    """Return the faults of a recording that its response shows.

    Parameters
    ----------
    located : LocatedResponse
    recording, excitation : array, (frames, channels)
    rate : int
        Samples per second.
    sweep : Sweep or None
        Parameters of the excitation.
    low : float
        Lowest frequency of the band in Hz.

    Returns
    -------
    notes : tuple of str
    sound : bool
        Whether the response is a single one, complete and not smeared.

    Raises
    ------
    ImpulseError
        If the recording has another speed, is not of this excitation, or lacks a part of it.
    """
    _refuse_other_speed(located, recording[:, located.channel], excitation[:, 0], sweep)
    if located.decay_range < FOUND:
        raise ImpulseError(
            "excitation is not found in the recording: the response is "
            f"{located.decay_range:.1f} dB above its noise, under {FOUND:g} dB; give the recording "
            "of this excitation, or play it louder"
        )
    # wherever it starts, a recording shorter than the excitation lacks a part of it
    missing = located.active - len(recording)
    if missing > timing.LOST * located.active:
        raise ImpulseError(timing.ends_early(missing, rate))
    repeated = _repetition(located, rate)
    if repeated:
        return repeated + _noise(located), False
    smeared, sharp = _smear(located, sweep)
    # time and sign of a smeared peak are unreliable
    faults = smeared or timing.check_coverage(located, rate, low)
    return _noise(located) + faults + (_polarity(located, rate) if sharp else ()), not faults


def harmonic_overlap(located: LocatedResponse, sweep: Sweep, orders: int, before: float) -> Notes:
    """Note if orders of distortion overlap because the response decays too slowly.

    Parameters
    ----------
    located : LocatedResponse
    sweep : Sweep
        Exponential or synchronised.
    orders : int > 1
        Highest order.
    before : float
        Seconds kept before each order, for its own ringing.
    """
    spacings = {order: spacing(sweep, order) - before for order in range(2, orders + 1)}
    overlapping = [order for order, alone in spacings.items() if alone < located.fall]
    if not overlapping:
        return ()
    # beyond the ringing of the lowest frequency, this time does not grow with the sweep
    before = max(before, PERIODS / sweep.band[0])
    needed = sweep.seconds * (located.fall + before) / spacing(sweep, orders)
    return (
        f"harmonic {overlapping[0]} has {spacings[overlapping[0]]:.3g} s to itself, but the "
        f"response needs {located.fall:.3g} s to fall by {FALL:g} dB, so that orders overlap; use "
        f"a sweep of {needed:.0f} s or more",
    )


def _refuse_other_speed(
    located: LocatedResponse, recording: Taps, excitation: Taps, sweep: Sweep | None
) -> None:
    """Raise ImpulseError if a recording was made at another sample rate than its own."""
    # at another speed nothing of a sequence is left, so a clear response needs no search
    if sweep is not None and sweep.kind == "mls" and located.decay_range > GOOD_RANGE:
        return
    rates = wrong_rate(located.response, recording, excitation, sweep)
    if rates:
        true, assumed = rates
        raise ImpulseError(
            f"recording runs at {assumed / true:.4g} times the speed of the excitation, like "
            f"{true} Hz taken for {assumed} Hz; set both to one rate and record again"
        )


def _noise(located: LocatedResponse) -> Notes:
    if located.decay_range >= GOOD_RANGE:
        return ()
    return (
        f"recording is noisy: the response rises {located.decay_range:.1f} dB above the noise, "
        f"under {GOOD_RANGE:g} dB; play louder or use a longer sweep",
    )


def _polarity(located: LocatedResponse, rate: int) -> Notes:
    # what rings before the peak is a part of it, and may have the other sign
    first = min(0, located.lag - round(BLOCK * rate))
    sound = take_lags(located.response, first, max(located.tail, located.lag + 1))
    low, high = float(sound.min()), max(0.0, float(sound.max()))
    if -low <= INVERTED * high:
        return ()
    return (
        f"polarity is inverted: the peak is {low:.3g}, and the highest positive value {high:.3g}; "
        "swap the wires or invert the impulse",
    )


def _repetition(located: LocatedResponse, rate: int) -> Notes:
    """Note if the recording contains the excitation twice."""
    frames = len(located.response)
    later = (np.arange(frames, dtype=np.int64) - located.lag) % frames
    distance = np.minimum(later, frames - later)
    # no harmonic is that early, and to resolve an echo that late the sweep would be longer
    others = np.abs(located.response) * (distance >= located.active)
    other = int(others.argmax())
    peak = abs(located.response[located.lag])
    if others[other] < peak / 2:
        return ()
    return (
        f"recording contains the excitation twice, {format_time(distance[other] / rate)} apart, "
        f"one at {others[other] / peak:.2f} of the other's level; cut it to one",
    )


def _smear(located: LocatedResponse, sweep: Sweep | None) -> tuple[Notes, bool]:
    """Note a drift or dropout that smears the response, and return whether its peak is sharp."""
    if sweep is None or sweep.kind == "mls":
        return (), True
    drift, resolution, gain = clock_drift(located.response, located.lag, sweep)
    if drift:
        return (_drift_note(drift, resolution, sweep),), False
    step = find_step(*arrival_times(located.response, located.lag, sweep))
    if step is None:
        return (), gain < SHARP
    at = sweep.growth * np.log(step.frequency / sweep.band[0])
    direction, fault = ("earlier", "lost") if step.seconds < 0 else ("later", "repeated")
    return (
        f"frequencies above {step.frequency:.0f} Hz arrive {format_time(abs(step.seconds))} "
        f"{direction} than those below, as if that much sound were {fault} about {at:.1f} s into "
        "the sweep; use larger buffers and record again",
    ), False


def _drift_note(drift: float, resolution: float, sweep: Sweep) -> str:
    smear = f"which smears the response by {format_time(abs(drift) * sweep.seconds)}"
    if abs(drift) > MAX_CLOCK_DRIFT:
        return (
            f"recording runs at {1 / (1 + drift):.4f} times the speed of the sweep, as with tape "
            f"or a wrong rate, {smear}; correct the speed, resample the recording, or name the "
            "sweep that was played, if this is another"
        )
    return (
        f"recording's clock is {drift * 1e6:+.0f} ppm off the sweep's, over "
        f"{2e6 * resolution:.1f} ppm, {smear}; play and record with one clock, or use a shorter "
        "sweep"
    )
