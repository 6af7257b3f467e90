"""Room acoustics of an impulse by ISO 3382-1: its figures, broadband and in octave bands."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from impulses import analysis
from impulses.acoustics.bands import Octave, octaves
from impulses.acoustics.decay import Ending, ending, energy_decay
from impulses.acoustics.figures import DIRECT, LEAST_BT, Decay, Figures, figures_of, no_figures
from impulses.impulse import Impulse, ImpulseError, Taps

STEADY = 0.02
"""Share that a constant offset varies by at most, by chance."""


@dataclass(frozen=True)
class Band:
    """The figures of an octave band, under its nominal frequency in Hz."""

    hz: float
    figures: Figures


@dataclass(frozen=True)
class Acoustics:
    """Figures of an impulse: broadband and by octave, and the seconds before its onset."""

    onset_s: float | None
    broadband: Figures
    bands: tuple[Band, ...]

    def as_json(self) -> dict[str, Any]:
        """Return it as numbers, strings, None, lists and dicts."""
        return {
            "onset_s": self.onset_s,
            "broadband": asdict(self.broadband),
            "bands": [{"hz": band.hz, **asdict(band.figures)} for band in self.bands],
        }


def measure(impulse: Impulse, channel: int | None = None) -> Acoustics:
    """Measure the reverberation, clarity and noise of an impulse.

    The energies of all channels (of all paths of a matrix) are summed, unless one is named:
    there is one decay for the whole impulse. Time 0 is the onset of all that is measured, found
    broadband, and it is the same for every band. A band is filtered backwards in time; its time
    0 is moved by the centre of gravity of the filter's energy, and what the filter rings before
    it counts as early energy. Where there is steady noise, the decay ends where it meets it, the
    noise is subtracted and the rest of the decay is extrapolated. A decay time is given if the
    noise is at least 10 dB below the end of its line, the line fits, and a band is wide
    enough for it.

    Parameters
    ----------
    impulse : Impulse
        Of any shape.
    channel : int, optional
        The one column of the taps to measure; of a matrix, path ``input * outputs + output``.

    Returns
    -------
    Acoustics
        Broadband figures, and those of each octave from 31.5 Hz to 16 kHz that ends below
        half the rate.

    Raises
    ------
    ImpulseError
        If there is no such channel.

    References
    ----------
    ISO 3382-1:2009, 5.3.3 and annex A. ISO 3382-2:2008, annex B (correlation, curvature).
    P. Zahorik, "Direct-to-reverberant energy ratio sensitivity", JASA 112, 2002 (2.5 ms).
    M. Guski, M. Vorlander, "Comparison of noise compensation methods for room acoustic impulse
    response evaluations", Acta Acustica 100, 2014 (subtraction with truncation).

    Examples
    --------
    >>> decay = 10 ** (-3 * np.arange(96000) / 48000)
    >>> found = measure(Impulse(decay[:, np.newaxis], 48000)).broadband
    >>> round(found.t30_s, 6), round(found.c80_db, 3), found.why_not["noise_floor_db"]
    (1.0, 3.053, 'the impulse is cut off before its decay meets noise')
    """
    impulse = _chosen(impulse, channel)
    rate = impulse.rate
    largest = analysis.peak(impulse)
    if largest == 0:
        silent = no_figures("the impulse is silent")
        return Acoustics(None, silent, tuple(Band(b.hz, silent) for b in octaves(rate)))
    taps = without_offset(impulse.taps / largest)  # no square is too large or too small
    onset = analysis.onset(impulse.with_taps(taps))
    first = np.abs(taps[onset : onset + round(DIRECT * rate) + 1]).max(axis=1)
    direct = int(np.argmax(first)) + round(DIRECT * rate) + 1

    whole = _decay((taps[onset:] ** 2).sum(axis=1), rate, direct)
    bands = (Band(band.hz, _in_band(band, taps, onset, direct, whole)) for band in octaves(rate))
    return Acoustics(onset / rate, figures_of(whole), tuple(bands))


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


def _in_band(band: Octave, taps: Taps, onset: int, direct: int, whole: Decay | None) -> Figures:
    """Return the figures of a band, whose filter needs some time to tell anything at all."""
    frames, least = len(taps) - onset, min(LEAST_BT.values()) / band.width
    if frames < least * band.rate:
        return no_figures(
            f"the impulse is {1000 * frames / band.rate:.1f} ms long; "
            f"a band of {band.width:.3g} Hz needs {1000 * least:.1f} ms"
        )
    held = whole is None or whole.end.kind != "silence"
    energy = band_energy(band, taps[onset:], held=held)
    return figures_of(_decay(energy, band.rate, direct, band, whole))


def band_energy(band: Octave, taps: Taps, *, held: bool) -> Taps:
    """Return the energy of each frame of a band, all channels together, (lead + frames,).

    The taps are those from the onset on: what comes before it is no part of a decay.
    """
    energy = np.zeros(band.lead + len(taps))
    for column in taps.T:
        energy += band.filter(column, held=held) ** 2
    return energy
