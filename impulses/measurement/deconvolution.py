"""Impulses from recordings: what was recorded, divided by what was played.

Time zero is the first frame of the excitation, so latency and the flight of the sound are kept,
and no level is changed: a wire gives one tap of 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from impulses.impulse import Impulse, ImpulseError, Taps, from_db
from impulses.measurement import diagnosis, recordings, timing
from impulses.measurement.division import divided, divided_periods
from impulses.measurement.harmonics import harmonic, order_band, spacing
from impulses.measurement.inverses import HIGH_EDGE, LOW_EDGE, estimated_band, lags
from impulses.measurement.locate import find
from impulses.measurement.sweeps import Sweep
from impulses.quantities import Decibels, Hertz, Seconds, above, frames_of, within

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
        The lowest and the highest frequency (Hz) that the impulse holds, fading within them.
    harmonic_bands : tuple of tuple of float
        The same of each of the `harmonics`: order m is excited from m times the start of the
        sweep to m times its end, or half the rate, and beyond them nothing is told of it.
    notes : tuple of str
        What is amiss with the recording, a line each.
    """

    impulse: Impulse
    harmonics: tuple[Impulse, ...]
    latency: float
    decay_range: float
    band: tuple[float, float]
    harmonic_bands: tuple[tuple[float, float], ...]
    notes: tuple[str, ...]

    @property
    def flat(self) -> tuple[float, float]:
        """The lowest and the highest frequency (Hz) between which the band does not fade."""
        low, high = self.band
        limit = self.impulse.rate / 2
        return low * LOW_EDGE, high / HIGH_EDGE if high < limit else high


def deconvolve(
    recording: ArrayLike,
    excitation: ArrayLike,
    rate: int,
    *,
    sweep: Sweep | None = None,
    band: tuple[Hertz, Hertz] | None = None,
    regularisation: Decibels = -80.0,
    length: Seconds | None = None,
    before: Seconds | None = None,
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
        lowest and highest frequency to keep; by default those that the excitation has. The
        response fades within them, over a third of an octave at the low end and a twelfth at
        the high end: 20 to 20000 Hz are flat from 25 to 18900 Hz. 0 and half the rate are no
        limits.
    regularisation : float < 0
        beta below the mean power of the excitation in the band; minus infinity for none
    length : float > 0, optional
        seconds of impulse to keep, at most as many as the recording has after the excitation,
        which are the default
    before : float >= 0, optional
        seconds to keep before the excitation began: the low end of the band rings there, for
        some of its periods, at the level that what is missing below it would have. By default 0,
        or with harmonics 2 periods of the lowest frequency, or half of the time between the
        two harmonics that are nearest if that is less.
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
    if not 0 <= low < high <= rate / 2:
        raise ImpulseError(
            f"band is {low:g} to {high:g} Hz; it must rise, and lie between 0 and {rate / 2:g} Hz, "
            "half the rate"
        )

    beta = from_db(2 * regularisation)
    periodic = sweep is not None and sweep.kind == "mls" and sweep.repeats > 1
    if sweep is not None and periodic:
        response = divided_periods(recording, excitation, sweep, (low, high), beta)
    else:
        response = divided(recording, excitation, rate, (low, high), beta)
    found = find(response, recording, excitation, rate, periodic=periodic)
    told, whole = diagnosis.of_response(found, recording, excitation, rate, sweep, low)
    notes += told

    if before is None:
        before = timing.early_time(sweep, harmonics)
    ringing = round(RINGING * rate / high) if high < rate / 2 else 0
    early = frames_of("before", before, rate)
    start = max(min(-early, found.lag - ringing), -len(response) // 2)
    frames = max(found.tail, found.lag + ringing + 1)
    if length is not None:
        # the frame at the end of the excitation is one more lag
        longest = max(frames, found.tail + 1)
        frames = frames_of("length", above("length", length, 0, "s"), rate)
        if frames <= found.lag:
            raise ImpulseError(
                f"length is {length:g} s, but the sound arrives only after {found.lag / rate:g} s; "
                "keep more than that"
            )
        if frames > longest:
            frames = longest
            notes += timing.of_length(length, found.tail / rate, longest / rate)
    stop = max(1, start + 1, min(frames, len(response) + start))
    impulse = Impulse(lags(response, start, stop), rate, origin=-start)
    notes += timing.of_early_time(before, sweep)
    if whole:
        notes += timing.of_low_end(found, start, low, rate)
    separated: dict[int, Impulse] = {}
    if sweep is not None and harmonics > 1:
        notes += diagnosis.of_harmonics(found, sweep, harmonics, before)
        begin = found.lag - max(ringing, early)
        for order in range(2, harmonics + 1):
            separated[order] = harmonic(recording, sweep, order, impulse, begin)
    return Deconvolved(
        impulse=impulse,
        harmonics=tuple(separated.values()),
        latency=found.lag / rate,
        decay_range=found.decay_range,
        band=(low, high),
        harmonic_bands=tuple(order_band(sweep, order) for order in separated) if sweep else (),
        notes=notes,
    )


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
