"""Octave bands: Butterworth filters run backwards in time, so that they do not ring into a decay.

A filter run forwards rings after each sound, and its ringing masks a short reverberation. Run over
the time-reversed impulse response, it rings before each sound instead.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from impulses.impulse import Taps

NOMINAL = (31.5, 63.0, 125.0, 250.0, 500.0, 1000.0, 2000.0, 4000.0, 8000.0, 16000.0)
"""Nominal mid-band frequencies, Hz."""

ORDER = 3
"""Pole pairs: the fewest within class 1 of IEC 61260-1 ..."""

ORDER_HIGH = 4
"""... and those of a band whose upper edge is above a quarter of the rate: there the bilinear
transform compresses the upper skirt towards half the rate and flattens the lower one."""

RING = 1e-3
"""Share of a filter's energy that may be cut off at the far end of its ringing."""


@dataclass(frozen=True)
class Octave:
    """An octave band at a sample rate: its edges, and the ringing of its filter.

    Parameters
    ----------
    hz : float
        Nominal mid-band frequency.
    rate : int
        Samples per second.
    """

    hz: float
    rate: int

    @property
    def middle(self) -> float:
        """Exact mid-band frequency in Hz: ``1000 * 10^(3 k / 10)``."""
        return float(1000 * 10 ** (0.3 * round(np.log2(self.hz / 1000))))

    @property
    def edges(self) -> tuple[float, float]:
        """Edges in Hz, the square root of ``10^0.3`` below and above the middle."""
        return self.middle * 10**-0.15, self.middle * 10**0.15

    @property
    def width(self) -> float:
        """Bandwidth in Hz."""
        low, high = self.edges
        return high - low

    @property
    def lead(self) -> int:
        """Frames of ringing before a sound, which hold all but 1/1000 of the filter's energy."""
        return _ringing(self.hz, self.rate)[0]

    @property
    def delay(self) -> int:
        """Frames by which the reversed filter advances the centre of a sound's energy."""
        return _ringing(self.hz, self.rate)[1]

    def filter(self, taps: Taps, *, held: bool = False) -> Taps:
        """Filter one channel backwards in time.

        Parameters
        ----------
        taps : array, (frames,)
            One channel of the impulse response.
        held : bool
            Extend the last value indefinitely instead of appending silence: a recording that stops
            in noise or at an offset must not end in a step, which rings backwards.

        Returns
        -------
        array, (lead + frames,)
            The band, with the ringing before the first frame: frame `n` of the impulse
            response is at ``lead + n``.

        References
        ----------
        F. Jacobsen, J. H. Rindel, "Time reversed decay measurements", J. Sound Vib. 117, 1987.

        Examples
        --------
        >>> band = Octave(1000.0, 48000)
        >>> band.filter(np.array([1.0])).shape == (band.lead + 1,)
        True
        """
        from scipy.signal import sosfilt, sosfilt_zi  # late: an echo must not import scipy

        sections = _sections(self.hz, self.rate)
        padded = np.concatenate([np.zeros(self.lead), taps])
        state = sosfilt_zi(sections) * (taps[-1] if held else 0.0)
        filtered: Taps = sosfilt(sections, padded[::-1], zi=state)[0][::-1]
        return filtered


def octaves(rate: int) -> tuple[Octave, ...]:
    """Return the octave bands whose upper edge is below half the rate.

    References
    ----------
    IEC 61260-1:2014, 5.2 to 5.5 (base ten) and annex E (nominal frequencies).

    Examples
    --------
    >>> [band.hz for band in octaves(1000)]
    [31.5, 63.0, 125.0, 250.0]
    """
    bands = (Octave(hz, rate) for hz in NOMINAL)
    return tuple(band for band in bands if band.edges[1] < rate / 2)


@lru_cache(maxsize=64)
def _sections(hz: float, rate: int) -> Taps:
    from scipy.signal import butter  # late, as above

    edges = Octave(hz, rate).edges
    order = ORDER_HIGH if edges[1] > rate / 4 else ORDER
    sections: Taps = butter(order, edges, "bandpass", fs=rate, output="sos")
    return sections


@lru_cache(maxsize=64)
def _ringing(hz: float, rate: int) -> tuple[int, int]:
    """Return the length and the centre of gravity of a filter's energy, in frames."""
    from scipy.signal import sosfilt  # late, as above

    # it rings for about 2 / width; after six times that, nothing is left
    spike = np.zeros(int(12 * rate / Octave(hz, rate).width) + 1)
    spike[0] = 1
    energy = sosfilt(_sections(hz, rate), spike) ** 2
    summed = np.cumsum(energy) / energy.sum()
    centre = energy @ np.arange(len(energy), dtype=np.int64) / energy.sum()
    return int(np.searchsorted(summed, 1 - RING)) + 1, round(float(centre))
