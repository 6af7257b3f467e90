"""Impulses from recordings: what was recorded, divided by what was played.

Time zero is the first frame of the excitation, so latency and the flight of the sound are kept,
and no level is changed: a wire gives one tap of 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from impulses import diagnosis, recordings
from impulses.impulse import Impulse, ImpulseError, Taps, from_db
from impulses.quantities import Decibels, Hertz, Seconds, frames_of
from impulses.sweeps import Sweep

LOW_EDGE = 2 ** (1 / 3)
HIGH_EDGE = 2 ** (1 / 12)
"""Within these ratios of its ends a band fades by half a cosine.

The low end may be wide because it is narrow in Hz, where ringing is counted; the high end is
narrow in octaves but wide in Hz.
"""

RINGING = 50
"""Periods of the highest frequency that the ringing of a band's end is kept for.

The half cosine is 1 - 2^(-1/12) = 0.056 of that frequency wide, so 50 periods are 2.8 of its
inverse, where the ringing is 80 dB below a unit tap.
"""


@dataclass(frozen=True, eq=False)
class Deconvolved:
    """What a recording of an excitation gives.

    Parameters
    ----------
    impulse : Impulse
        (frames, channels of the recording); its `origin` is the excitation's first frame,
        which is frame 0 unless the direct sound is so early that it rings before it.
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
    harmonics: int = 1,
) -> Deconvolved:
    """Recover an impulse: ``H = Y conj(X) / (abs(X)^2 + beta)``.

    Within the band, `beta` is a constant; towards the ends of the band it grows such that the
    response fades by half a cosine, and beyond them it is infinite. A maximum length sequence
    of more than one period is divided period by period, circularly, after the first.

    Parameters
    ----------
    recording : array, (frames, channels)
        What was recorded, from the excitation's first frame on or earlier.
    excitation : array, (frames, 1)
        What was played, with the silence around it.
    rate : int > 0
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
    reproduction", J. Audio Eng. Soc. 47, 1999, eq. 7. A. Novak, P. Lotton, L. Simon,
    "Synchronized swept-sine", J. Audio Eng. Soc. 63(10), 2015, eqs. 37 and 43.

    Examples
    --------
    >>> sweep = Sweep(rate=8000, duration=1, start=50, end=3900, lead=0, silence=0.5)
    >>> played = sweep.samples()
    >>> recorded = 0.5 * np.roll(played, 80, axis=0)
    >>> found = deconvolve(recorded, played, 8000, sweep=sweep)
    >>> found.latency, found.impulse.taps.argmax(), found.impulse.frames
    (0.01, 80, 4000)
    """
    recording = _sound("recording", recording)
    excitation = _sound("excitation", excitation)
    _check(excitation, rate, sweep, harmonics)
    low, high = band or (sweep.band if sweep else _estimated_band(excitation[:, 0], rate))
    if not 0 <= low < high:
        raise ImpulseError(f"band is {low:g} to {high:g} Hz; it must rise, from 0 or more")
    if not regularisation < 0:
        raise ImpulseError(f"regularisation is {regularisation:g} dB; it must be below 0 dB")
    notes = recordings.examine(recording, excitation, rate)

    divide = _divided_periods if _is_periodic(sweep) else _divided
    response = divide(recording, excitation, rate, sweep, (low, high), from_db(regularisation))
    found = diagnosis.find(response, recording, excitation, rate, periodic=_is_periodic(sweep))
    notes += diagnosis.of_response(found, recording, excitation, rate, sweep)

    ringing = round(RINGING * rate / high) if high < rate / 2 else 0
    start = min(0, found.lag - ringing)
    frames = found.tail if length is None else frames_of("length", length, rate)
    stop = max(start + 1, min(frames, len(response) + start))
    impulse = Impulse(_lags(response, start, stop), rate, origin=-start)
    orders: tuple[Impulse, ...] = ()
    if sweep is not None and harmonics > 1:
        notes += diagnosis.of_harmonics(found, sweep, harmonics)
        orders = tuple(
            _harmonic(recording, sweep, order, impulse, found.lag - ringing)
            for order in range(2, harmonics + 1)
        )
    return Deconvolved(impulse, orders, found.lag / rate, found.decay_range, (low, high), notes)


def _sound(name: str, samples: ArrayLike) -> Taps:
    sound = np.asarray(samples, np.float64)
    if sound.ndim != 2 or 0 in sound.shape:
        raise ImpulseError(f"{name} has shape {sound.shape}; it must be (frames, channels)")
    if not np.isfinite(sound).all():
        raise ImpulseError(f"{name} has a value that is not finite; record it again")
    return sound


def _check(excitation: Taps, rate: int, sweep: Sweep | None, harmonics: int) -> None:
    """Refuse an excitation that is not one, or not the one described."""
    if excitation.shape[1] != 1:
        raise ImpulseError(
            f"excitation has {excitation.shape[1]} channels; it must have 1, and be the second"
            " argument"
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
    if harmonics > 1 and _spacing(sweep, harmonics) < shortest:
        raise ImpulseError(
            f"harmonic {harmonics} comes {_spacing(sweep, harmonics):.3g} s before the next; it "
            f"must be at least {shortest:.3g} s; use a longer sweep or ask for fewer"
        )


def _spacing(sweep: Sweep, order: int) -> float:
    """Return the seconds from harmonic `order` to the one below it, which comes later."""
    return sweep.harmonic_advance(order) - sweep.harmonic_advance(order - 1)


def _is_periodic(sweep: Sweep | None) -> bool:
    return sweep is not None and sweep.kind == "mls" and sweep.repeats > 1


def _divided(
    recording: Taps,
    excitation: Taps,
    rate: int,
    sweep: Sweep | None,
    band: tuple[float, float],
    beta: float,
) -> Taps:
    """Return the response at lags 0, 1 ... and, from the end, -1, -2 ..., (frames, channels)."""
    from scipy.fft import irfft, next_fast_len, rfft  # late: an echo must not import scipy

    # so long that no lag, from -len(excitation) to len(recording), is another one's alias
    size = next_fast_len(len(recording) + len(excitation), real=True)
    inverse = _inverse(rfft(excitation[:, 0], size), size, rate, band, beta)
    response = np.empty((size, recording.shape[1]))
    for channel in range(recording.shape[1]):
        response[:, channel] = irfft(rfft(recording[:, channel], size) * inverse, size)
    return response


def _divided_periods(
    recording: Taps,
    excitation: Taps,
    rate: int,
    sweep: Sweep,
    band: tuple[float, float],
    beta: float,
) -> Taps:
    """Return the circular response of one period, the mean over all but the first."""
    from scipy.fft import irfft, rfft

    period, first, last = sweep.period, sweep.lead_frames, sweep.lead_frames + sweep.active_frames
    if len(recording) < last:
        raise ImpulseError(diagnosis.ends_early(last - len(recording), rate))
    inverse = _inverse(rfft(excitation[first : first + period, 0]), period, rate, band, beta)
    response = np.empty((period, recording.shape[1]))
    for channel in range(recording.shape[1]):
        steady = recording[first + period : last, channel].reshape(-1, period).mean(axis=0)
        response[:, channel] = irfft(rfft(steady) * inverse, period)
    # an offset of the recording cannot be told from the gain of a constant and becomes a
    # pedestal; the end of the period, where the response has decayed, tells its height
    pedestal: Taps = response[-max(1, period // 10) :].mean(axis=0)
    return response - pedestal


def _inverse(
    spectrum: NDArray[np.complex128],
    size: int,
    rate: int,
    band: tuple[float, float],
    beta: float,
) -> NDArray[np.complex128]:
    """Return ``conj(X) / (abs(X)^2 + beta)``, faded at the ends of the band."""
    window = _window(size, rate, band)
    power = spectrum.real**2 + spectrum.imag**2
    power += beta * np.average(power, weights=window)
    # bins that were not excited at all stay empty
    gain = np.divide(window, power, out=np.zeros_like(power), where=power > 0)
    inverse: NDArray[np.complex128] = np.conj(spectrum) * gain
    return inverse


def _window(size: int, rate: int, band: tuple[float, float]) -> Taps:
    """Return 1 within a band, 0 outside, and half a cosine within its ends."""
    low, high = band
    frequency = np.arange(size // 2 + 1) * (rate / size)
    window = np.ones(len(frequency))
    if low > 0:
        window *= _rise((frequency - low) / (low * LOW_EDGE - low))
    if high < rate / 2:
        window *= _rise((high - frequency) / (high - high / HIGH_EDGE))
    return window


def _rise(position: Taps) -> Taps:
    rise: Taps = 0.5 - 0.5 * np.cos(np.pi * np.clip(position, 0, 1))
    return rise


def _estimated_band(excitation: Taps, rate: int) -> tuple[float, float]:
    """Return the first and the last frequency at which the excitation is strong.

    That is where a twelfth of an octave has an energy within 25 dB of the largest, or a
    density: sweeps keep the one constant and noise the other.
    """
    from scipy.fft import next_fast_len, rfft

    size = next_fast_len(len(excitation), real=True)
    energy = np.concatenate([[0.0], np.cumsum(np.abs(rfft(excitation, size)) ** 2)])
    bins = len(energy) - 1
    edges = np.unique(
        np.round(bins * 2.0 ** (np.arange(-int(12 * np.log2(bins)), 1) / 12)).astype(np.int64)
    )
    octaves = np.diff(energy[edges])
    density = octaves / np.diff(edges)
    limit = from_db(-50)  # of energies
    strong = np.flatnonzero((octaves > limit * octaves.max()) | (density > limit * density.max()))
    low, high = edges[strong[0]], edges[strong[-1] + 1]
    # the first twelfths are a bin wide: what is strong there is so down to 0
    return (0.0 if strong[0] == 0 else low * rate / size), (
        rate / 2 if high == bins else high * rate / size
    )


def _lags(response: Taps, first: int, stop: int) -> Taps:
    """Return the response at lags from `first`, which may be negative, to before `stop`."""
    return np.take(response, np.arange(first, stop), axis=0, mode="wrap")


def _harmonic(recording: Taps, sweep: Sweep, order: int, linear: Impulse, begin: int) -> Impulse:
    """Return the impulse of one order of distortion, with the frames of the linear one.

    The sweep is divided out by its analytic spectrum, because harmonics go beyond its end. The
    order is what stands from where its direct sound begins to ring to where that of the next
    lower one does.
    """
    from scipy.fft import irfft, next_fast_len, rfft

    rate = sweep.rate
    size = next_fast_len(len(recording) + sweep.frames, real=True)
    inverse = _analytic_inverse(sweep, order, size)
    count = round(_spacing(sweep, order) * rate)
    keep = _between(np.arange(-linear.origin, linear.frames - linear.origin), begin, count)
    taps = np.empty(linear.taps.shape)
    for channel in range(recording.shape[1]):
        response = irfft(rfft(recording[:, channel], size) * inverse, size)
        taps[:, channel] = _lags(response, -linear.origin, linear.frames - linear.origin) * keep
    return Impulse(taps, rate, origin=linear.origin)


def _between(lag: NDArray[np.int64], begin: int, count: int) -> Taps:
    """Return 1 at `count` lags from `begin` on, with half a cosine over a fiftieth at the end."""
    fade = max(1, count // 50)
    return np.where(lag >= begin, _rise((begin + count - lag) / fade), 0.0)


def _analytic_inverse(sweep: Sweep, order: int, size: int) -> NDArray[np.complex128]:
    """Return what turns harmonic `order` of a sweep into an impulse at time zero.

    The synchronised sweep has the inverse spectrum ``2 sqrt(f/L) exp(-2 pi i f L (1 - ln(f/f1))
    + i pi/4)``. Its harmonic m is itself L ln m early; that of the exponential sweep, which is
    the same with a phase of -2 pi f1 L, lags by m times that phase.
    """
    rate, growth = sweep.rate, sweep.growth
    low, high = sweep.band
    frequency = np.arange(1, size // 2 + 1) * (rate / size)
    turns = frequency * growth * (np.log(frequency / low) - 1)
    turns += 1 / 8 + order * low * growth
    turns += frequency * (sweep.lead_frames / rate - sweep.harmonic_advance(order))
    inverse = np.zeros(size // 2 + 1, np.complex128)
    inverse[1:] = 2 * np.sqrt(frequency / growth) * np.exp(2j * np.pi * turns)
    inverse *= _window(size, rate, (order * low, min(order * high, rate / 2)))
    return inverse / (from_db(sweep.level) * rate)
