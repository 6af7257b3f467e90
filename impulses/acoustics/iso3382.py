"""Room acoustics after ISO 3382-1: the figures of an impulse response, broadband and by octave."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from impulses.acoustics.bands import octaves
from impulses.acoustics.decay_curve import analyse_band, analyse_broadband, from_onset
from impulses.acoustics.figures import Figures, no_figures
from impulses.impulse import Impulse

SILENT = "the impulse is silent"

SHORTEST = 0.05
"""Seconds below which an impulse response has no room acoustics: a filter, an HRTF."""

SHORT = f"the impulse is under {1000 * SHORTEST:g} ms"


@dataclass(frozen=True)
class Band:
    """The figures of an octave band, and its nominal mid-band frequency in Hz."""

    hz: float
    figures: Figures


@dataclass(frozen=True)
class Acoustics:
    """Figures of an impulse response, broadband and by octave, and its onset in seconds."""

    onset_s: float | None
    broadband: Figures
    bands: tuple[Band, ...]

    def without_figures(self, why: str) -> Acoustics:
        """Return the onset and the bands; every figure is None, for one reason."""
        none = no_figures(why)
        return Acoustics(self.onset_s, none, tuple(Band(band.hz, none) for band in self.bands))

    def as_json(self) -> dict[str, Any]:
        """Return the figures as numbers, strings, None, lists and dicts."""
        return {
            "onset_s": self.onset_s,
            "broadband": asdict(self.broadband),
            "bands": [{"hz": band.hz, **asdict(band.figures)} for band in self.bands],
        }


def measure_broadband(impulse: Impulse, channel: int | None = None) -> Figures:
    """Measure the broadband figures alone, which take a small part of the time; see `measure`."""
    found = from_onset(impulse, channel)
    return no_figures(SILENT) if found is None else analyse_broadband(found).figures


def is_short(impulse: Impulse) -> bool:
    """Return whether an impulse response is too short for room acoustics; see `SHORTEST`."""
    return impulse.frames < SHORTEST * impulse.rate


def measure(impulse: Impulse, channel: int | None = None) -> Acoustics:
    """Measure the reverberation, clarity and noise of an impulse response.

    The energies of all channels (all paths of a matrix) are summed unless one is selected: there
    is one decay for the whole impulse response. Time 0 is its broadband onset, for every band.
    Bands are filtered backwards in time. The time 0 of a band is moved by the centre of gravity of
    the filter's energy; ringing of the filter before it counts as early energy. A decay that meets
    steady noise ends at the crosspoint; the noise is subtracted and the rest of the decay
    extrapolated. A decay that is faded out ends where the fade begins, and one that is rounded to
    0 where its taps are small beside a step. A decay time is reported if the end of the decay is at
    least 10 dB below that of its line, the line fits, the band is wide enough, and T30 is shorter
    than T20 by chance at most.

    Parameters
    ----------
    impulse : Impulse
        Of any shape.
    channel : int, optional
        Channel to measure, counted from 0; for a matrix, the path ``input * outputs + output``.

    Returns
    -------
    Acoustics
        Figures broadband, and of each octave from 31.5 Hz to 16 kHz that ends below half the
        rate.

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
    >>> import numpy as np
    >>> decay = 10 ** (-3 * np.arange(96000) / 48000)
    >>> found = measure(Impulse(decay[:, np.newaxis], 48000)).broadband
    >>> round(found.t30_s, 6), round(found.c80_db, 3), found.why_not["noise_floor_db"]
    (1.0, 3.053, 'the impulse is cut off before its decay meets noise')
    """
    rate = impulse.rate
    found = from_onset(impulse, channel)
    if found is None:
        silent = no_figures(SILENT)
        return Acoustics(None, silent, tuple(Band(b.hz, silent) for b in octaves(rate)))
    whole = analyse_broadband(found)
    bands = (Band(b.hz, analyse_band(b, found, whole.curve).figures) for b in octaves(rate))
    return Acoustics(found.onset / rate, whole.figures, tuple(bands))
