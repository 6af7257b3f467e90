"""Following one decay, broadband or in an octave: from the onset to where it ends."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from impulses import analysis
from impulses.acoustics.bands import Octave, octaves
from impulses.acoustics.decay import Ending, ending, energy_decay
from impulses.acoustics.figures import DIRECT, LEAST_BT, Decay, Figures, figures_of, no_figures
from impulses.impulse import Impulse, ImpulseError, Taps

STEADY = 0.02
"""Share that a constant offset varies by at most, by chance."""


@dataclass(frozen=True, eq=False)
class Followed:
    """A decay as it was followed, and the figures read from it.

    Parameters
    ----------
    energy : array, (frames,)
        Of each frame, all channels together, from where a band filter begins to ring before
        the onset; beside the square of the largest tap.
    start : int
        The frame of it that is time 0.
    decay : Decay or None
        The curve, from the first of these frames on; None if there is none to be followed.
    figures : Figures
        What it comes to.
    """

    energy: Taps
    start: int
    decay: Decay | None
    figures: Figures


def follow(impulse: Impulse, channel: int | None = None, hz: float | None = None) -> Followed:
    """Follow the one decay that `measure` reads its figures from, broadband or in an octave.

    Parameters
    ----------
    impulse, channel
        As for `measure`.
    hz : float, optional
        Nominal mid-band frequency of the octave.

    Raises
    ------
    ImpulseError
        If there is no such channel or octave.

    Examples
    --------
    >>> decay = 10 ** (-3 * np.arange(96000) / 48000)
    >>> found = follow(Impulse(decay[:, np.newaxis], 48000))
    >>> found.start, round(float(found.decay.levels_db()[24000]), 6)
    (0, -30.0)
    """
    bands = {band.hz: band for band in octaves(impulse.rate)}
    if hz is not None and hz not in bands:
        raise ImpulseError(
            f"band is {hz:g} Hz; at {impulse.rate} Hz the octaves are "
            f"{', '.join(f'{band:g}' for band in bands)}"
        )
    found = onward(impulse, channel)
    if found is None:
        return Followed(np.zeros(impulse.frames), 0, None, no_figures("the impulse is silent"))
    _, taps, direct = found
    whole = broadband(taps, impulse.rate, direct)
    return whole if hz is None else in_band(bands[hz], taps, direct, whole.decay)


def onward(impulse: Impulse, channel: int | None) -> tuple[int, Taps, int] | None:
    """Return the onset, the taps from it on, and how many frames of them are direct sound.

    None if there is no sound at all.
    """
    impulse = _chosen(impulse, channel)
    largest = analysis.peak(impulse)
    if largest == 0:
        return None
    taps = without_offset(impulse.taps / largest)  # no square is too large or too small
    onset = analysis.onset(impulse.with_taps(taps))
    taps, window = taps[onset:], round(DIRECT * impulse.rate) + 1
    return onset, taps, int(np.argmax(np.abs(taps[:window]).max(axis=1))) + window


def _chosen(impulse: Impulse, channel: int | None) -> Impulse:
    """Return the impulse as plain columns, or one of them."""
    columns = impulse.taps.reshape(impulse.frames, -1)
    if channel is None:
        return impulse.with_taps(columns)
    if not 0 <= channel < columns.shape[1]:
        raise ImpulseError(
            f"channel is {channel}; the impulse has {columns.shape[1]}, counted from 0"
        )
    return impulse.with_taps(columns[:, [channel]])


def without_offset(taps: Taps) -> Taps:
    """Take a constant off that an impulse ends on: an offset of its recorder, and no sound.

    A decay of 20 dB, which any figure takes, varies by over 6 % in its last tenth.
    """
    last = taps[-max(1, len(taps) // 10) :]
    offset = last.mean(axis=0)
    steady = (last.std(axis=0) < STEADY * np.abs(offset)) & (len(last) > 1)
    return taps - np.where(steady, offset, 0)


def _decay(
    energy: Taps,
    rate: int,
    direct: int,
    band: Octave | None = None,
    whole: Decay | None = None,
) -> Decay | None:
    """Integrate energy, of a band from where its filter begins to ring, as far as it decays."""
    start = band.lead - band.delay if band else 0
    end = ending(energy, rate, 1 / band.width if band else 0.0) if energy.any() else None
    deepest = math.inf
    if whole and whole.end.kind == "silence" and (end is None or end.kind != "noise"):
        # all there is, and in a band, too, the last echo is the last that is known
        end, deepest = Ending(len(energy), "silence"), whole.range_db
    if end is None or end.frames <= start:
        return None
    curve = energy_decay(energy[: end.frames], noise=end.noise, beyond=end.beyond)
    last = end.beyond if end.beyond > 0 else float(np.abs(curve[-1]))
    if not curve[0] >= last > 0:
        return None
    return Decay(
        curve=curve,
        rate=rate,
        start=start,
        direct=start + direct,
        end=end,
        range_db=min(deepest, 10 * math.log10(curve[0] / last)),
        peak=float(energy.max()),
        width=band.width if band else None,
        smear=band.delay / rate if band else 0.0,
    )


def broadband(taps: Taps, rate: int, direct: int) -> Followed:
    """Follow all of it."""
    energy = (taps**2).sum(axis=1)
    decay = _decay(energy, rate, direct)
    return Followed(energy, 0, decay, figures_of(decay))


def in_band(band: Octave, taps: Taps, direct: int, whole: Decay | None) -> Followed:
    """Follow a band, whose filter needs some time to tell anything at all."""
    held = whole is None or whole.end.kind != "silence"
    energy, start = band_energy(band, taps, held=held), band.lead - band.delay
    least = min(LEAST_BT.values()) / band.width
    if len(taps) < least * band.rate:
        why = (
            f"the impulse is {1000 * len(taps) / band.rate:.1f} ms long; "
            f"a band of {band.width:.3g} Hz needs {1000 * least:.1f} ms"
        )
        return Followed(energy, start, None, no_figures(why))
    decay = _decay(energy, band.rate, direct, band, whole)
    return Followed(energy, start, decay, figures_of(decay))


def band_energy(band: Octave, taps: Taps, *, held: bool) -> Taps:
    """Return the energy of each frame of a band, all channels together, (lead + frames,).

    The taps are those from the onset on: what comes before it is no part of a decay.
    """
    energy = np.zeros(band.lead + len(taps))
    for column in taps.T:
        energy += band.filter(column, held=held) ** 2
    return energy
