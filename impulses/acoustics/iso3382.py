"""Room acoustics of an impulse by ISO 3382-1: its figures, broadband and in octave bands."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from impulses.acoustics.bands import octaves
from impulses.acoustics.decay_curve import broadband, in_band, onward
from impulses.acoustics.figures import Figures, no_figures
from impulses.impulse import Impulse


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
    >>> import numpy as np
    >>> decay = 10 ** (-3 * np.arange(96000) / 48000)
    >>> found = measure(Impulse(decay[:, np.newaxis], 48000)).broadband
    >>> round(found.t30_s, 6), round(found.c80_db, 3), found.why_not["noise_floor_db"]
    (1.0, 3.053, 'the impulse is cut off before its decay meets noise')
    """
    rate = impulse.rate
    found = onward(impulse, channel)
    if found is None:
        silent = no_figures("the impulse is silent")
        return Acoustics(None, silent, tuple(Band(b.hz, silent) for b in octaves(rate)))
    onset, taps, direct = found
    whole = broadband(taps, rate, direct)
    bands = (Band(b.hz, in_band(b, taps, direct, whole.decay).figures) for b in octaves(rate))
    return Acoustics(onset / rate, whole.figures, tuple(bands))
