"""Impulse responses from recordings: the recording divided by the excitation.

Time zero is the first frame of the excitation, so that latency and propagation delay are kept.
Levels do not change: a wire gives one tap of 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from audioconv.errors import counted
from impulses.impulse import Impulse, ImpulseError, Taps, from_db
from impulses.measurement import timing
from impulses.measurement.diagnosis import diagnose, harmonic_overlap
from impulses.measurement.harmonics import harmonic, order_band, spacing
from impulses.measurement.inverses import HIGH_EDGE, LOW_EDGE, estimated_band, take_lags
from impulses.measurement.locate import LocatedResponse
from impulses.measurement.recordings import check_recording, same_rate
from impulses.measurement.response import Excitation, Response, find_response
from impulses.measurement.sweeps import Sweep
from impulses.quantities import Decibels, Hertz, Seconds, above, frames_of, within

LOUDEST = 1e30
"""Largest sample: squares of ratios of sounds must not overflow."""

RINGING = 50
"""Periods of the highest frequency for which the ringing of the band's end is kept.

The half cosine is 1 - 2^(-1/12) = 0.056 of that frequency wide, so 50 periods are 2.8 of its
inverse, where the ringing is 75 dB below a unit tap.
"""

UNRESOLVED = 4
"""Periods in an excitation below which a frequency is not told from 0."""


@dataclass(frozen=True, eq=False)
class Deconvolved:
    """The impulse response in a recording of an excitation.

    Parameters
    ----------
    impulse : Impulse
        (frames, channels of the recording); its `origin` is the excitation's first frame,
        which is frame 0 unless the direct sound rings before it or `before` is set.
    harmonics : tuple of Impulse
        Distortion of orders 2, 3 ..., with the length and origin of the impulse.
    latency : float
        Seconds from the excitation's first frame to the peak; kept in the impulse.
    decay_range : float
        Decibels from the loudest 10 ms of the response down to its noise.
    band : tuple of float
        Lowest and highest frequency of the impulse in Hz; it fades within them.
    harmonic_bands : tuple of tuple of float
        The band of each of the `harmonics`: order m is excited from m times the start of the
        sweep to m times its end, or half the rate, and unknown beyond.
    notes : tuple of str
        Faults of the recording, a line each.
    takes : int
        Number of takes, or of periods of a loop, that are averaged.
    spread : float or None
        Differences between the takes in dB relative to their average: the noise of one take, of
        which the average has ``10 log10(takes)`` dB less. None for a single take.
    """

    impulse: Impulse
    harmonics: tuple[Impulse, ...]
    latency: float
    decay_range: float
    band: tuple[float, float]
    harmonic_bands: tuple[tuple[float, float], ...]
    notes: tuple[str, ...]
    takes: int = 1
    spread: float | None = None

    @property
    def flat(self) -> tuple[float, float]:
        """Lowest and highest frequency (Hz) between which the band does not fade."""
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
    take: int | None = None,
) -> Deconvolved:
    """Recover an impulse response: ``H = Y conj(X) / (abs(X)^2 + beta)``.

    Within the band `beta` is constant. Towards the ends of the band it grows such that the
    response fades by half a cosine; beyond them it is infinite. Phase is unchanged, so the ends
    of the band ring on both sides of the direct sound.

    A recording that contains the excitation several times is cut into takes, which are averaged.
    Takes without a pause between them, as the periods of a maximum length sequence, are averaged
    from the second on, and divided circularly.

    Parameters
    ----------
    recording : array, (frames, channels)
        Recording of the excitation, from its first frame on or earlier.
    excitation : array, (frames, 1)
        Signal that was played, with the silence around it.
    rate : int, 1000 to 768000
        Samples per second of both.
    sweep : Sweep, optional
        Parameters of the excitation: give its band, and are needed for harmonics.
    band : tuple of float, optional
        lowest and highest frequency to keep; by default those of the excitation. The response
        fades within them, over a third of an octave at the low end and a twelfth at the high end:
        20 to 20000 Hz are flat from 25 to 18900 Hz. 0 and half the rate are no limits.
    regularisation : float < 0
        beta relative to the mean power of the excitation in the band; minus infinity for none
    length : float > 0, optional
        seconds of impulse response to keep; by default, and at most, the time that the recording
        continues after the excitation
    before : float >= 0, optional
        seconds to keep before the start of the excitation, where the low end of the band rings
        for some of its periods, at the level of the missing frequencies below it. By default 0;
        with harmonics 2 periods of the lowest frequency, or half of the time between the two
        closest harmonics if that is less.
    harmonics : int >= 1
        orders to separate: 3 gives the impulse response and the distortion of orders 2 and 3
    take : int >= 1, optional
        number of the one take to use; by default the average of all

    Returns
    -------
    Deconvolved
        The harmonics are frequency responses in Novak's sense: order m leads from ``sin(phi)`` to
        ``sin(m phi)``, at the frequency of the latter, for the level of the excitation;
        ``y = x + 0.1 x^2 + 0.05 x^3`` has magnitudes 1.0375, 0.05 and 0.0125 at full scale.

    Raises
    ------
    ImpulseError
        If shapes or rates do not fit, or the recording does not contain the whole excitation.

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
    notes = check_recording(recording, excitation, rate)
    band = _band(band, excitation, rate, sweep)
    played = _played(excitation, sweep, rate, band, from_db(2 * regularisation))
    heard = find_response(recording, played, take)
    # a sound as short as a few periods does not tell its lowest frequency from 0
    lowest = band[0] if band[0] * len(played.samples) > UNRESOLVED * rate else 0.0
    faults, sound = diagnose(
        heard.located, heard.recording, played.samples, rate, played.sweep, lowest
    )
    if before is None:
        before = timing.default_before(played.sweep, harmonics)
    impulse, cut = _keep(heard, played, before, length)
    notes += heard.takes.notes + faults + cut
    if sound:
        notes += timing.check_low_end(heard.located, -impulse.origin, lowest, rate)
    distortion, bands, overlap = _separate(heard, played, harmonics, impulse, before)
    return Deconvolved(
        impulse=impulse,
        harmonics=distortion,
        latency=heard.located.lag / rate,
        decay_range=heard.located.decay_range,
        band=band,
        harmonic_bands=bands,
        notes=notes + overlap,
        takes=heard.takes.number,
        spread=heard.takes.spread,
    )


def _band(
    band: tuple[float, float] | None, excitation: Taps, rate: int, sweep: Sweep | None
) -> tuple[float, float]:
    """Return the band to keep: as given, or that of the excitation."""
    low, high = band or (sweep.band if sweep else estimated_band(excitation[:, 0], rate))
    if not 0 <= low < high <= rate / 2:
        raise ImpulseError(
            f"band is {low:g} to {high:g} Hz; it must rise, and lie between 0 and {rate / 2:g} Hz, "
            "half the rate"
        )
    return low, high


def _played(
    excitation: Taps, sweep: Sweep | None, rate: int, band: tuple[float, float], beta: float
) -> Excitation:
    """Return the excitation, one sweep of it if it has several."""
    if sweep is None or sweep.kind == "mls":
        return Excitation(excitation, sweep, 1, rate, band, beta)
    single = sweep.single
    return Excitation(excitation[: single.frames], single, sweep.count, rate, band, beta)


def _keep(
    heard: Response, played: Excitation, before: float, length: float | None
) -> tuple[Impulse, timing.Notes]:
    """Return the impulse, cut from the response, and notes if that takes too much or too little."""
    rate, ringing = played.rate, _ringing(played.band[1], played.rate)
    start = min(-frames_of("before", before, rate), heard.located.lag - ringing)
    start = max(start, -len(heard.taps) // 2)
    frames, shortened = _frames_to_keep(heard.located, rate, ringing, length)
    stop = max(1, start + 1, min(frames, len(heard.taps) + start))
    impulse = Impulse(take_lags(heard.taps, start, stop), rate, origin=-start)
    return impulse, shortened + timing.check_before(before, played.sweep)


def _separate(
    heard: Response, played: Excitation, harmonics: int, impulse: Impulse, before: float
) -> tuple[tuple[Impulse, ...], tuple[tuple[float, float], ...], timing.Notes]:
    """Return the distortion of orders 2, 3 ..., its bands, and a note if orders overlap."""
    sweep, rate = played.sweep, played.rate
    if sweep is None or harmonics == 1:
        return (), (), ()
    orders = range(2, harmonics + 1)
    begin = heard.located.lag - max(
        _ringing(played.band[1], rate), frames_of("before", before, rate)
    )
    return (
        tuple(harmonic(heard.recording, sweep, order, impulse, begin) for order in orders),
        tuple(order_band(sweep, order) for order in orders),
        harmonic_overlap(heard.located, sweep, harmonics, before),
    )


def _ringing(high: float, rate: int) -> int:
    """Return the frames for which the high end of a band rings."""
    return round(RINGING * rate / high) if high < rate / 2 else 0


def _frames_to_keep(
    located: LocatedResponse, rate: int, ringing: int, length: float | None
) -> tuple[int, timing.Notes]:
    """Return the frames to keep from time zero on, and a note if `length` asks for more."""
    frames = max(located.tail, located.lag + ringing + 1)
    if length is None:
        return frames, ()
    # the frame at the end of the excitation is one more lag
    longest = max(frames, located.tail + 1)
    frames = frames_of("length", above("length", length, 0, "s"), rate)
    if frames <= located.lag:
        raise ImpulseError(
            f"length is {length:g} s, but the sound arrives only after {located.lag / rate:g} s; "
            "keep more than that"
        )
    if frames > longest:
        return longest, timing.short_length(length, located.tail / rate, longest / rate)
    return frames, ()


def _sound(name: str, samples: ArrayLike) -> Taps:
    """Return samples as an array of doubles, checked for shape and size."""
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
    """Raise ImpulseError unless the excitation fits its description and the harmonics."""
    within("rate", rate, 1000, 768_000, "Hz")
    if excitation.shape[1] != 1:
        raise ImpulseError(
            f"excitation has {excitation.shape[1]} channels; it must have 1, and come second"
        )
    if harmonics < 1 or (harmonics > 1 and (sweep is None or sweep.kind == "mls")):
        raise ImpulseError(
            f"harmonics is {harmonics}; it must be at least 1; more than 1 need a sweep and its "
            "parameters"
        )
    if sweep is None:
        return
    same_rate(rate, sweep.rate)
    if len(excitation) != sweep.frames or (
        np.abs(excitation - sweep.samples()).max() > 0.01 * from_db(sweep.level)
    ):
        raise ImpulseError(
            f"excitation of {counted(len(excitation), 'frame')} does not match its parameters "
            f"({sweep.kind}, {counted(sweep.frames, 'frame')}); give the right ones, or none"
        )
    shortest = 2 * RINGING / sweep.band[1]
    if harmonics > 1 and spacing(sweep, harmonics) < shortest:
        raise ImpulseError(
            f"harmonic {harmonics} comes {spacing(sweep, harmonics):.3g} s before the next; it "
            f"must be at least {shortest:.3g} s; use a longer sweep or ask for fewer"
        )
