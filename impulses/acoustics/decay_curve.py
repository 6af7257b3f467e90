"""Energy decay curve of an impulse response, from the onset to the end of the decay."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from impulses import analysis
from impulses.acoustics.bands import Octave, octaves
from impulses.acoustics.decay import DecayEnd, decay_end, energy_decay
from impulses.acoustics.endings import (
    above_noise,
    fade_start,
    floor_end,
    rounded_off,
    rounding_step,
)
from impulses.acoustics.figures import (
    DIRECT,
    LEAST_BT,
    NO_DECAY,
    DecayCurve,
    Figures,
    no_figures,
    read_figures,
)
from impulses.acoustics.lundeby import averages
from impulses.impulse import Impulse, ImpulseError, Taps

STEADY = 0.02
"""Relative deviation up to which the end of an impulse response is a constant offset."""

SURE = 5.0
"""Standard errors by which an offset under noise differs from 0."""

UNTIL = {None: "", "fade": " before its fade", "rounding": " before it is rounded to 0"}


@dataclass(frozen=True, eq=False)
class DecayAnalysis:
    """The decay of an impulse response, broadband or in an octave, and its figures.

    Parameters
    ----------
    energy : array, (frames,)
        Energy of each frame, summed over the channels, relative to the square of the largest tap.
        It begins with the ringing of the band filter before the onset.
    start : int
        Frame of `energy` that is time 0.
    curve : DecayCurve or None
        Energy decay curve over the same frames; None without a decay.
    figures : Figures
        Read from the curve.
    """

    energy: Taps
    start: int
    curve: DecayCurve | None
    figures: Figures


@dataclass(frozen=True, eq=False)
class Response:
    """An impulse response from its onset on, and how much of it is a decay.

    Parameters
    ----------
    taps : array, (frames, channels)
        From the onset on, relative to the largest tap and without a constant offset.
    rate : int
        Samples per second.
    onset : int
        Frame of the impulse at which `taps` begin.
    direct : int
        Frames of `taps` that are direct sound.
    frames : int
        Frames of `taps` before something other than the room ends the decay.
    limit : {"fade", "rounding"} or None
        What ends it there.
    step : float
        Step to which the taps were rounded; 0 if they were not.
    """

    taps: Taps
    rate: int
    onset: int
    direct: int
    frames: int
    limit: Literal["fade", "rounding"] | None
    step: float


def analyse_decay(
    impulse: Impulse, channel: int | None = None, hz: float | None = None
) -> DecayAnalysis:
    """Return one of the decays from which `measure` reads its figures.

    Parameters
    ----------
    impulse, channel
        As for `measure`.
    hz : float, optional
        Nominal mid-band frequency of an octave; broadband if not given.

    Raises
    ------
    ImpulseError
        If there is no such channel or octave.

    Examples
    --------
    >>> decay = 10 ** (-3 * np.arange(96000) / 48000)
    >>> found = analyse_decay(Impulse(decay[:, np.newaxis], 48000))
    >>> found.start, round(float(found.curve.levels_db()[24000]), 6)
    (0, -30.0)
    """
    bands = {band.hz: band for band in octaves(impulse.rate)}
    if hz is not None and hz not in bands:
        raise ImpulseError(
            f"band is {hz:g} Hz; at {impulse.rate} Hz the octaves are "
            f"{', '.join(f'{band:g}' for band in bands)}"
        )
    found = from_onset(impulse, channel)
    if found is None:
        return DecayAnalysis(np.zeros(impulse.frames), 0, None, no_figures("the impulse is silent"))
    whole = analyse_broadband(found)
    return whole if hz is None else analyse_band(bands[hz], found, whole.curve)


def from_onset(impulse: Impulse, channel: int | None) -> Response | None:
    """Find the onset of an impulse response and the end of its decay; None if it is silent."""
    impulse = _select(impulse, channel)
    largest = analysis.peak(impulse)
    if largest == 0:
        return None
    taps = remove_offset(impulse.taps / largest)  # no square is too large or too small
    onset = analysis.onset(impulse.with_taps(taps))
    taps, window = taps[onset:], round(DIRECT * impulse.rate) + 1
    direct = int(np.argmax(np.abs(taps[:window]).max(axis=1))) + window
    step = rounding_step(impulse.taps) / largest
    rounded = rounded_off(taps, impulse.rate, step)
    faded = _fade(taps[:rounded], impulse.rate)
    limit: Literal["fade", "rounding"] | None = None
    if min(faded, rounded) < len(taps):
        limit = "fade" if faded < rounded else "rounding"
    else:
        # before the bands are filtered, which would ring from what follows the floor
        taps = taps[: floor_end((taps**2).sum(axis=1), impulse.rate)]
        faded = len(taps)
    return Response(taps, impulse.rate, onset, direct, faded, limit, step)


def _fade(taps: Taps, rate: int) -> int:
    """Return the frame at which a fade begins, be it to silence or to noise, such as dither."""
    energy = (taps**2).sum(axis=1)
    energy = energy[: int(np.flatnonzero(energy)[-1]) + 1] if energy.any() else energy[:0]
    for end in (len(energy), above_noise(energy, rate)):
        start = fade_start(energy[:end], rate)
        if start < end:
            return start
    return len(taps)


def _select(impulse: Impulse, channel: int | None) -> Impulse:
    """Return all paths of an impulse as columns, or one of them."""
    columns = impulse.taps.reshape(impulse.frames, -1)
    if channel is None:
        return impulse.with_taps(columns)
    if not 0 <= channel < columns.shape[1]:
        raise ImpulseError(
            f"channel is {channel}; the impulse has {columns.shape[1]}, counted from 0"
        )
    return impulse.with_taps(columns[:, [channel]])


def remove_offset(taps: Taps) -> Taps:
    """Subtract the constant on which an impulse response ends: an offset of the recorder.

    Digital silence at its end was not recorded, and stays.
    """
    centred = np.array(taps)
    for column in centred.T:
        if column.any():
            recorded = column[: int(np.flatnonzero(column)[-1]) + 1]
            recorded -= _offset(recorded)
    return centred


def _offset(taps: Taps) -> float:
    """Return the mean of the last tenth of a channel if it is an offset, otherwise 0.

    It is one if the tenth is steady: a decay of 20 dB, the least that any figure needs, varies by
    over 6 % there. Under noise, the mean has to be beyond chance, and that of each tenth of the
    last half has to be the same within half and chance: of the decay of 20 dB, the first of them
    is 2.5 times the last, and a rumble changes its sign.
    """
    last = taps[-max(1, len(taps) // 10) :]
    mean = float(last.mean())
    if len(last) > 1 and last.std() < STEADY * abs(mean):
        return mean
    size = len(taps) // 100
    if size == 0:
        return 0.0
    parts = averages(taps[-50 * size :], size).reshape(5, 10)
    means, errors = parts.mean(axis=1), parts.std(axis=1) / 3  # the root of 10 - 1
    same = np.abs(means - mean) < abs(mean) / 2 + 3 * errors
    return mean if same.all() and abs(mean) > SURE * errors[-1] else 0.0


def analyse_broadband(response: Response) -> DecayAnalysis:
    """Analyse the decay of the whole spectrum."""
    energy = (response.taps**2).sum(axis=1)
    curve = _integrate(energy, response)
    return DecayAnalysis(energy, 0, curve, _figures(curve, response))


def analyse_band(band: Octave, response: Response, whole: DecayCurve | None) -> DecayAnalysis:
    """Analyse the decay of an octave; `whole` is the broadband decay curve."""
    held = whole is None or whole.end.kind != "silence"
    energy, start = band_energy(band, response.taps, held=held), band.lead - band.delay
    least = min(LEAST_BT.values()) / band.width
    if response.frames < least * band.rate:
        why = (
            f"the impulse is {1000 * response.frames / band.rate:.1f} ms long"
            f"{UNTIL[response.limit]}; a band of {band.width:.3g} Hz needs {1000 * least:.1f} ms"
        )
        return DecayAnalysis(energy, start, None, no_figures(why))
    curve = _integrate(energy, response, band, whole)
    return DecayAnalysis(energy, start, curve, _figures(curve, response))


def _figures(curve: DecayCurve | None, response: Response) -> Figures:
    return read_figures(curve) if curve else no_figures(NO_DECAY[response.limit])


def band_energy(band: Octave, taps: Taps, *, held: bool) -> Taps:
    """Return the energy of each frame of a band, summed over the channels, (lead + frames,).

    The taps begin at the onset, as sound before it is no part of a decay.
    """
    energy = np.zeros(band.lead + len(taps))
    for column in taps.T:
        energy += band.filter(column, held=held) ** 2
    return energy


def _integrate(
    energy: Taps,
    response: Response,
    band: Octave | None = None,
    whole: DecayCurve | None = None,
) -> DecayCurve | None:
    """Integrate energy backwards from the end of its decay; None without a decay."""
    rate, lead = response.rate, band.lead if band else 0
    start = lead - band.delay if band else 0
    decaying = energy[: lead + response.frames]
    end = _end(decaying, response, band, whole) if decaying.any() else None
    if end is None or end.frames <= start:
        return None
    remaining = energy_decay(decaying[: end.frames], noise=end.noise, beyond=end.beyond)
    last = end.beyond if end.beyond > 0 else float(np.abs(remaining[-1]))
    if not remaining[0] >= last > 0:
        return None
    # a band of echoes ends with its last echo, however short the ringing of the filter
    deepest = whole.range_db if whole and end.kind == whole.end.kind == "silence" else math.inf
    return DecayCurve(
        remaining=remaining,
        rate=rate,
        start=start,
        direct=start + response.direct,
        end=end,
        range_db=min(deepest, 10 * math.log10(remaining[0] / last)),
        peak=float(energy.max()),
        width=band.width if band else None,
        bandwidth=band.width if band else _bandwidth(response),
        rounded=whole.rounded if whole else _is_rounded(response, end),
        smear=band.delay / rate if band else 0.0,
    )


def _end(
    energy: Taps, response: Response, band: Octave | None, whole: DecayCurve | None
) -> DecayEnd | None:
    """Find the end of a decay, and name what ends it; None without a decay."""
    end = decay_end(energy, response.rate, 1 / band.width if band else 0.0)
    silent = whole is not None and whole.end.kind == "silence" and not response.step
    if silent and (end is None or end.kind != "noise"):
        # the last echo ends the decay in every band too; after it, only the filter rings
        return DecayEnd(int(np.flatnonzero(energy)[-1]) + 1, "silence")
    if end is not None and end.kind == "cut" and response.limit:
        return replace(end, kind=response.limit)
    return end


def _is_rounded(response: Response, end: DecayEnd) -> bool:
    """Return whether the noise of an impulse response, broadband, is that of rounding.

    Rounding to a step has a mean square of ``step^2 / 12`` in each channel, with triangular dither
    ``step^2 / 4``. Noise that is below a step but louder would not be measured any better, either.
    A recording with noise does not end rounded to 0.
    """
    if response.limit == "rounding":
        return True
    return end.kind == "noise" and end.noise <= response.taps.shape[1] * response.step**2


def _bandwidth(response: Response) -> float:
    """Return the bandwidth of noise that fluctuates as much: ``(sum S)^2 / sum(S^2)`` in Hz.

    `S` is the energy at each frequency. That of a single response scatters itself, which doubles
    the sum of squares at most, so that this is half the true bandwidth at least.

    References
    ----------
    J. S. Bendat, A. G. Piersol, "Random Data", Wiley 2010, section 8.3.2.
    """
    size = 1 << (response.frames - 1).bit_length()  # quick to transform; zeros change no ratio
    bins = np.fft.rfft(response.taps[: response.frames], size, axis=0)
    spectrum = (bins.real**2 + bins.imag**2).sum(axis=1)
    return response.rate / 2 * float(np.mean(spectrum)) ** 2 / float(np.mean(spectrum**2))
