"""Impulses from recordings: what was recorded, divided by what was played.

Time zero is the first frame of the excitation, so latency and the flight of the sound are kept,
and no level is changed: a wire gives one tap of 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from impulses.impulse import Impulse, ImpulseError, Taps, from_db
from impulses.measurement import diagnosis, recordings
from impulses.measurement.harmonics import harmonic, spacing
from impulses.measurement.inverses import estimated_band, lags, regularised
from impulses.measurement.sweeps import Sweep
from impulses.quantities import Decibels, Hertz, Seconds, frames_of, within

LOUDEST = 1e30
"""So that ratios of sounds, squared, are numbers still."""

RINGING = 50
"""Periods of the highest frequency that the ringing of a band's end is kept for.

The half cosine is 1 - 2^(-1/12) = 0.056 of that frequency wide, so 50 periods are 2.8 of its
inverse, where the ringing is 75 dB below a unit tap.
"""


@dataclass(frozen=True, eq=False)
class Deconvolved:
    """What a recording of an excitation gives.

    Parameters
    ----------
    impulse : Impulse
        (frames, channels of the recording); its `origin` is the excitation's first frame,
        which is frame 0 unless the direct sound rings before it or `before` was asked for.
    harmonics : tuple of Impulse
        The distortion of orders 2, 3 ..., as long as the impulse and with its origin.
    latency : float
        Seconds from the excitation's first frame to the peak; kept in the impulse.
    decay_range : float
        Decibels from the loudest 10 ms of the response down to its noise.
    band : tuple of float
        The lowest and the highest frequency (Hz) that the impulse holds.
    notes : tuple of str
        What is amiss with the recording, a line each.
    """

    impulse: Impulse
    harmonics: tuple[Impulse, ...]
    latency: float
    decay_range: float
    band: tuple[float, float]
    notes: tuple[str, ...]


def deconvolve(
    recording: ArrayLike,
    excitation: ArrayLike,
    rate: int,
    *,
    sweep: Sweep | None = None,
    band: tuple[Hertz, Hertz] | None = None,
    regularisation: Decibels = -80.0,
    length: Seconds | None = None,
    before: Seconds = 0.0,
    harmonics: int = 1,
) -> Deconvolved:
    """Recover an impulse: ``H = Y conj(X) / (abs(X)^2 + beta)``.

    Within the band, `beta` is a constant; towards the ends of the band it grows such that the
    response fades by half a cosine, and beyond them it is infinite. The phase stays as it is,
    so that the ends of the band ring on both sides of the direct sound. A maximum length sequence
    of more than one period is divided period by period, circularly, after the first.

    Parameters
    ----------
    recording : array, (frames, channels)
        What was recorded, from the excitation's first frame on or earlier.
    excitation : array, (frames, 1)
        What was played, with the silence around it.
    rate : int, 1000 to 768000
        Samples per second of both.
    sweep : Sweep, optional
        What the excitation was made from: gives its band, and is needed for harmonics.
    band : tuple of float, optional
        lowest and highest frequency to keep; by default those that the excitation has. 0 and
        half the rate are no limits.
    regularisation : float < 0
        beta below the mean power of the excitation in the band; minus infinity for none
    length : float > 0, optional
        seconds of impulse to keep; by default as many as the recording has after the excitation
    before : float >= 0
        seconds to keep before the excitation began: the low end of the band rings there, for
        some of its periods, at the level that what is missing below it would have
    harmonics : int >= 1
        orders to separate: 3 gives the impulse and the distortion of orders 2 and 3

    Returns
    -------
    Deconvolved
        The harmonics are frequency responses in Novak's sense: order m is what leads from
        ``sin(phi)`` to ``sin(m phi)``, at the frequency of the latter, for the level of the
        excitation; ``y = x + 0.1 x^2 + 0.05 x^3`` has magnitudes 1.0375, 0.05 and 0.0125 at
        full scale.

    Raises
    ------
    ImpulseError
        If shapes or rates do not fit, or the recording holds no whole excitation.

    References
    ----------
    O. Kirkeby, P. A. Nelson, "Digital filter design for inversion problems in sound
    reproduction", J. Audio Eng. Soc. 47, 1999. A. Novak, P. Lotton, L. Simon, "Synchronized
    swept-sine: theory, application, and implementation", J. Audio Eng. Soc. 63(10), 2015.

    Examples
    --------
    >>> sweep = Sweep(rate=8000, duration=1, start=50, end=3900, lead=0, silence=0.5)
    >>> played = sweep.samples()
    >>> recorded = 0.5 * np.roll(played, 80, axis=0)
    >>> found = deconvolve(recorded, played, 8000, sweep=sweep, length=0.25)
    >>> found.latency, found.impulse.frames - found.impulse.origin
    (0.01, 2000)
    """
    recording = _sound("recording", recording)
    excitation = _sound("excitation", excitation)
    _check(excitation, rate, sweep, harmonics)
    if not regularisation < 0:
        raise ImpulseError(f"regularisation is {regularisation:g} dB; it must be below 0 dB")
    notes = recordings.examine(recording, excitation, rate)
    low, high = band or (sweep.band if sweep else estimated_band(excitation[:, 0], rate))
    if not 0 <= low < min(high, rate / 2):
        raise ImpulseError(
            f"band is {low:g} to {high:g} Hz; it must rise, and begin between 0 and {rate / 2:g} Hz"
        )

    beta = from_db(2 * regularisation)
    periodic = sweep is not None and sweep.kind == "mls" and sweep.repeats > 1
    if sweep is not None and periodic:
        response = _divided_periods(recording, excitation, sweep, (low, high), beta)
    else:
        response = _divided(recording, excitation, rate, (low, high), beta)
    found = diagnosis.find(response, recording, excitation, rate, periodic=periodic)
    notes += diagnosis.of_response(found, recording, excitation, rate, sweep)

    ringing = round(RINGING * rate / high) if high < rate / 2 else 0
    early = frames_of("before", before, rate)
    start = max(min(-early, found.lag - ringing), -len(response) // 2)
    whole = max(found.tail, found.lag + ringing + 1)
    frames = whole if length is None else frames_of("length", length, rate)
    stop = max(start + 1, min(frames, len(response) + start))
    impulse = Impulse(lags(response, start, stop), rate, origin=-start)
    notes += diagnosis.of_early_time(before, sweep)
    orders: tuple[Impulse, ...] = ()
    if sweep is not None and harmonics > 1:
        notes += diagnosis.of_harmonics(found, sweep, harmonics)
        orders = tuple(
            harmonic(recording, sweep, order, impulse, found.lag - max(ringing, early))
            for order in range(2, harmonics + 1)
        )
    return Deconvolved(impulse, orders, found.lag / rate, found.decay_range, (low, high), notes)


def _sound(name: str, samples: ArrayLike) -> Taps:
    sound = np.asarray(samples, np.float64)
    if sound.ndim != 2 or 0 in sound.shape:
        raise ImpulseError(f"{name} has shape {sound.shape}; it must be (frames, channels)")
    peak = float(np.abs(sound).max())
    if not peak < LOUDEST:
        raise ImpulseError(
            f"{name} has a value of {peak:g}, not under {LOUDEST:g}; record it again"
        )
    return sound


def _check(excitation: Taps, rate: int, sweep: Sweep | None, harmonics: int) -> None:
    """Refuse an excitation that is not one, or not the one described."""
    within("rate", rate, 1000, 768_000, "Hz")
    if excitation.shape[1] != 1:
        raise ImpulseError(
            f"excitation has {excitation.shape[1]} channels; it must have 1, and come second"
        )
    if harmonics < 1 or (harmonics > 1 and (sweep is None or sweep.kind == "mls")):
        raise ImpulseError(
            f"{harmonics} harmonics were asked for; the least is 1, and more need a sweep and "
            "the parameters that it was made with"
        )
    if sweep is None:
        return
    recordings.same_rate(rate, sweep.rate)
    if len(excitation) != sweep.frames or (
        np.abs(excitation - sweep.samples()).max() > 0.01 * from_db(sweep.level)
    ):
        raise ImpulseError(
            f"excitation of {len(excitation)} frames is not the {sweep.kind} one of "
            f"{sweep.frames} that is described; give the description that belongs to it, or none"
        )
    shortest = 2 * RINGING / sweep.band[1]
    if harmonics > 1 and spacing(sweep, harmonics) < shortest:
        raise ImpulseError(
            f"harmonic {harmonics} comes {spacing(sweep, harmonics):.3g} s before the next; it "
            f"must be at least {shortest:.3g} s; use a longer sweep or ask for fewer"
        )


def _divided(
    recording: Taps,
    excitation: Taps,
    rate: int,
    band: tuple[float, float],
    beta: float,
) -> Taps:
    """Return the response at lags 0, 1 ... and, from the end, -1, -2 ..., (frames, channels)."""
    from scipy.fft import irfft, next_fast_len, rfft  # late: an echo must not import scipy

    # so long that no lag, from -len(excitation) to len(recording), is another one's alias
    size = next_fast_len(len(recording) + len(excitation), real=True)
    inverse = regularised(rfft(excitation[:, 0], size), size, rate, band, beta)
    response = np.empty((size, recording.shape[1]))
    for channel in range(recording.shape[1]):
        response[:, channel] = irfft(rfft(recording[:, channel], size) * inverse, size)
    return response


def _divided_periods(
    recording: Taps,
    excitation: Taps,
    sweep: Sweep,
    band: tuple[float, float],
    beta: float,
) -> Taps:
    """Return the circular response of one period, the mean over all but the first."""
    from scipy.fft import irfft, rfft

    rate, period = sweep.rate, sweep.period
    first, last = sweep.lead_frames, sweep.lead_frames + sweep.active_frames
    if len(recording) < last:
        raise ImpulseError(diagnosis.ends_early(last - len(recording), rate))
    inverse = regularised(rfft(excitation[first : first + period, 0]), period, rate, band, beta)
    response = np.empty((period, recording.shape[1]))
    for channel in range(recording.shape[1]):
        steady = recording[first + period : last, channel].reshape(-1, period).mean(axis=0)
        response[:, channel] = irfft(rfft(steady) * inverse, period)
    # an offset of the recording cannot be told from the gain of a constant and becomes a
    # pedestal; the end of the period, where the response has decayed, tells its height
    pedestal: Taps = response[-max(1, period // 10) :].mean(axis=0)
    return response - pedestal
