"""Energy decay curve of an impulse response, from the onset to the end of the decay."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from impulses import analysis
from impulses.acoustics.bands import Octave, octaves
from impulses.acoustics.decay import DecayEnd, decay_end, energy_decay
from impulses.acoustics.figures import (
    DIRECT,
    LEAST_BT,
    DecayCurve,
    Figures,
    no_figures,
    read_figures,
)
from impulses.impulse import Impulse, ImpulseError, Taps

STEADY = 0.02
"""Relative deviation up to which the end of an impulse response is a constant offset."""


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
    _, taps, direct = found
    whole = analyse_broadband(taps, impulse.rate, direct)
    return whole if hz is None else analyse_band(bands[hz], taps, direct, whole.curve)


def from_onset(impulse: Impulse, channel: int | None) -> tuple[int, Taps, int] | None:
    """Find the onset of an impulse response; None if it is silent.

    Returns
    -------
    onset : int
        Its frame.
    taps : array, (frames, channels)
        From the onset on, relative to the largest tap and without a constant offset.
    direct : int
        Frames of `taps` that are direct sound.
    """
    impulse = _select(impulse, channel)
    largest = analysis.peak(impulse)
    if largest == 0:
        return None
    taps = remove_offset(impulse.taps / largest)  # no square is too large or too small
    onset = analysis.onset(impulse.with_taps(taps))
    taps, window = taps[onset:], round(DIRECT * impulse.rate) + 1
    return onset, taps, int(np.argmax(np.abs(taps[:window]).max(axis=1))) + window


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

    A decay of 20 dB, the least that any figure needs, varies by over 6 % in its last tenth.
    """
    last = taps[-max(1, len(taps) // 10) :]
    offset = last.mean(axis=0)
    steady = (last.std(axis=0) < STEADY * np.abs(offset)) & (len(last) > 1)
    return taps - np.where(steady, offset, 0)


def analyse_broadband(taps: Taps, rate: int, direct: int) -> DecayAnalysis:
    """Analyse the decay of the whole spectrum.

    Parameters
    ----------
    taps : array, (frames, channels)
        From the onset on.
    rate : int > 0
        Frames per second.
    direct : int
        Frames of direct sound.
    """
    energy = (taps**2).sum(axis=1)
    curve = _integrate(energy, rate, direct)
    return DecayAnalysis(energy, 0, curve, read_figures(curve))


def analyse_band(band: Octave, taps: Taps, direct: int, whole: DecayCurve | None) -> DecayAnalysis:
    """Analyse the decay of an octave; `whole` is the broadband decay curve."""
    held = whole is None or whole.end.kind != "silence"
    energy, start = band_energy(band, taps, held=held), band.lead - band.delay
    least = min(LEAST_BT.values()) / band.width
    if len(taps) < least * band.rate:
        why = (
            f"the impulse is {1000 * len(taps) / band.rate:.1f} ms long; "
            f"a band of {band.width:.3g} Hz needs {1000 * least:.1f} ms"
        )
        return DecayAnalysis(energy, start, None, no_figures(why))
    curve = _integrate(energy, band.rate, direct, band, whole)
    return DecayAnalysis(energy, start, curve, read_figures(curve))


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
    rate: int,
    direct: int,
    band: Octave | None = None,
    whole: DecayCurve | None = None,
) -> DecayCurve | None:
    """Integrate energy backwards from the end of its decay; None without a decay."""
    start = band.lead - band.delay if band else 0
    end = decay_end(energy, rate, 1 / band.width if band else 0.0) if energy.any() else None
    deepest = math.inf
    if whole and whole.end.kind == "silence" and (end is None or end.kind != "noise"):
        # the last echo ends the decay in every band too; after it, only the filter rings
        end, deepest = DecayEnd(len(energy), "silence"), whole.range_db
    if end is None or end.frames <= start:
        return None
    remaining = energy_decay(energy[: end.frames], noise=end.noise, beyond=end.beyond)
    last = end.beyond if end.beyond > 0 else float(np.abs(remaining[-1]))
    if not remaining[0] >= last > 0:
        return None
    return DecayCurve(
        remaining=remaining,
        rate=rate,
        start=start,
        direct=start + direct,
        end=end,
        range_db=min(deepest, 10 * math.log10(remaining[0] / last)),
        peak=float(energy.max()),
        width=band.width if band else None,
        smear=band.delay / rate if band else 0.0,
    )
