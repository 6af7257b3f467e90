r"""Phases that fit magnitudes which a kernel has changed.

Where at least half of a magnitude was there before, the sound's own phase is kept, so that a kernel
that changes nothing gives every frame back. Elsewhere most of it came from other times and
frequencies, and its phase is integrated from the gradient of the magnitudes: phase gradient heap
integration [1]_, slice by slice [2]_. For a Gaussian window ``exp(-pi t^2 / gamma)``, with ``ln S``
the logarithm of the magnitudes, hops of a frames and transforms of M,

    to the next bin:    phi[j, k + 1] - phi[j, k] = -gamma / (a M) d/dj ln S
    to the next slice:  phi[j + 1, k] - phi[j, k] = 2 pi a k / M + a M / gamma d/dk ln S

by which a Hann window goes with ``gamma = 0.25645 M^2``. Of all ways from known phases to a bin,
integration takes the one on which the lowest magnitude is highest. A heap finds it bin by bin;
here it follows from two recursions along the bins, for many slices at once: let P be the magnitude
of the same bin a slice before (infinite where the phase is kept), then

    L[k] = max(P[k], min(L[k - 1], S[k - 1]))

is the best of the ways that come from below, a scan of clamps, which compose to clamps. Slices are
integrated backwards, too, from phases that are kept some slices later; of both, a bin takes the way
with the higher magnitudes.

References
----------
.. [1] Z. Prusa, P. Balazs and P. L. Sondergaard, "A Noniterative Method for Reconstruction of Phase
   From STFT Magnitude", IEEE/ACM Trans. Audio Speech Lang. Process. 25(5), 2017, eqs. 20 to 25.
.. [2] Z. Prusa and P. L. Sondergaard, "Real-Time Spectrogram Inversion Using Phase Gradient Heap
   Integration", DAFx-16, Brno, 2016.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from audioconv.spectral.transform import OVERLAP, Grid, Slices

HANN = 0.25645
"""gamma / M^2 of the Gaussian that is closest to a Hann window [1]_, table I."""

MOVED = 2.0
"""How many times its former magnitude a bin may have and keep its phase."""

LOWEST = 1e-15
"""Magnitudes below have no gradient: for all that is heard, they are silence."""

LATEST = np.pi
"""Phase from a bin to the next, at most: sound at the end of the window has as much."""

WIDEST = 2 * 2 * np.pi / OVERLAP
"""Phase from a slice to the next beyond that of the bin, at most: a Hann window's main lobe has
two bins on either side, and a bin has 2 pi a / M."""

Magnitudes = NDArray[np.float64]
"""Some slices of one channel: (slices, bins)."""


class Phases:
    """Gives phases to the slices of one channel.

    Parameters
    ----------
    grid : Grid
    ahead : int > 0
        slices that must be known ahead of each: the next one for its gradient, and as many as the
        kernel carries sound forwards
    """

    def __init__(self, grid: Grid, ahead: int) -> None:
        places = np.arange(grid.bins, dtype=np.int64)
        self._carrier = 2 * np.pi * (places % OVERLAP) / OVERLAP  # k a / M, in full turns
        self._magnitudes = np.zeros((1 + ahead, grid.bins))  # from the last slice on
        self._slices = np.zeros((ahead, grid.bins), np.complex128)
        self._phase = np.zeros(grid.bins)

    def process(self, magnitudes: Magnitudes, slices: Slices) -> Slices:
        """Return slices with some magnitudes, so many slices later than these are given.

        Parameters
        ----------
        magnitudes : array, (slices, bins)
        slices : array, (slices, bins)
            those of the sound at the same places

        Returns
        -------
        array, (slices, bins)
            at the very first, silence
        """
        count = len(slices)
        magnitudes = np.concatenate([self._magnitudes, magnitudes])
        slices = np.concatenate([self._slices, slices])
        self._magnitudes, self._slices = magnitudes[count:], slices[count:]
        present, wanted = np.abs(slices), magnitudes[1:]
        kept = wanted <= MOVED * present
        some = kept & (present > 0)
        made: Slices = slices * np.divide(wanted, present, out=np.zeros_like(wanted), where=some)
        if kept[:count].all():
            self._phase = np.angle(slices[count - 1])
            return made[:count]
        phases = self._integrated(magnitudes, np.angle(slices), kept, count)
        return np.where(kept[:count], made[:count], wanted[:count] * np.exp(1j * phases))

    def _integrated(
        self, magnitudes: Magnitudes, own: Magnitudes, kept: NDArray[np.bool_], count: int
    ) -> Magnitudes:
        """Return the phases of some slices, given those ahead and the magnitudes before."""
        steps, along = self._gradient(magnitudes)
        before, wanted = magnitudes[:-1], magnitudes[1:]
        after = np.concatenate([wanted[1:], np.zeros_like(wanted[:1])])
        way = _Way(np.where(kept, np.inf, after), wanted, along)
        later = own.copy()
        for at in reversed(range(len(own) - 1)):
            back = later[at + 1] - steps[at + 1]
            later[at] = way.integrated(at, np.where(kept[at], own[at], back))
        level = _between(after, kept)
        given = (kept | (level > before))[:count]  # by what comes later, rather than came before
        known = np.where(kept, np.inf, np.maximum(level, before))[:count]
        way = _Way(known, wanted[:count], along[:count])
        phase, phases = self._phase, np.empty_like(known)
        for at in range(count):
            here = np.where(given[at], later[at], phase + steps[at])
            phases[at] = phase = way.integrated(at, here)
        self._phase = phase
        return phases

    def _gradient(self, magnitudes: Magnitudes) -> tuple[Magnitudes, Magnitudes]:
        """Return phases from the slice before to each but the first, and from its first bin."""
        logs = np.log(np.maximum(magnitudes, LOWEST))
        to_next_slice = np.clip(_along_bins(logs) / (HANN * OVERLAP), -WIDEST, WIDEST)
        steps = self._carrier + (to_next_slice[1:] + to_next_slice[:-1]) / 2
        rise = (np.concatenate([logs[2:], logs[-1:]]) - logs[:-1]) / 2
        to_next_bin = np.clip(-HANN * OVERLAP * rise, -LATEST, LATEST)
        along = np.zeros_like(rise)
        np.cumsum((to_next_bin[:, 1:] + to_next_bin[:, :-1]) / 2, axis=1, out=along[:, 1:])
        return steps, along


class _Way:
    """The way on which phases are integrated along the bins of some slices.

    Parameters
    ----------
    known, magnitudes : array, (slices, bins)
        as for `sources`
    along : array, (slices, bins)
        phases from the first bin
    """

    def __init__(self, known: Magnitudes, magnitudes: Magnitudes, along: Magnitudes) -> None:
        self._source = sources(known, magnitudes)
        self._offsets = along - np.take_along_axis(along, self._source, axis=1)

    def integrated(self, at: int, known: Magnitudes) -> Magnitudes:
        """Return the phases of a slice, (bins,), from those that are known beforehand."""
        return _wrapped(known[self._source[at]] + self._offsets[at])


def _between(after: Magnitudes, kept: NDArray[np.bool_]) -> Magnitudes:
    """Return the lowest magnitude from each bin to where it is kept next; 0 if it is not.

    Sound that a kernel carries forwards, before an onset, runs into the onset in phase along such
    a way.
    """
    level = np.zeros_like(after)
    for at in reversed(range(len(after) - 1)):
        level[at] = np.minimum(after[at], np.where(kept[at + 1], np.inf, level[at + 1]))
    return level


def _wrapped(phases: Magnitudes) -> Magnitudes:
    """Return phases within half a turn of 0; those that are already stay as they are."""
    wrapped: Magnitudes = phases - 2 * np.pi * np.rint(phases / (2 * np.pi))
    return wrapped


def _along_bins(logs: Magnitudes) -> Magnitudes:
    """Return the derivative from bin to bin; it is 0 at the ends, around which all is even."""
    derivative = np.zeros_like(logs)
    derivative[:, 1:-1] = (logs[:, 2:] - logs[:, :-2]) / 2
    return derivative


def sources(known: Magnitudes, magnitudes: Magnitudes) -> NDArray[np.intp]:
    """Return the bin from whose known phase that of each bin is integrated.

    Parameters
    ----------
    known : array, (slices, bins)
        how well the phase of a bin is known beforehand: its magnitude a slice before
    magnitudes : array, (slices, bins)

    Returns
    -------
    array of int, (slices, bins)

    Examples
    --------
    >>> known, magnitudes = np.array([[0.0, 5, 0, 1]]), np.array([[3.0, 4, 3, 2]])
    >>> sources(known, magnitudes).tolist()
    [[1, 1, 1, 1]]
    >>> sources(known, np.array([[3.0, 4, 0.5, 2]])).tolist()
    [[1, 1, 1, 3]]
    """
    below, from_below = _scan(known, magnitudes)
    above, from_above = _scan(known[:, ::-1], magnitudes[:, ::-1])
    above, from_above = above[:, ::-1], known.shape[1] - 1 - from_above[:, ::-1]
    return np.where(below >= above, from_below, from_above)


def _scan(known: Magnitudes, magnitudes: Magnitudes) -> tuple[Magnitudes, NDArray[np.intp]]:
    """Return the best way from below to each bin: its lowest magnitude, and where it begins."""
    level = known.copy()
    ceiling = np.empty_like(magnitudes)
    ceiling[:, 0] = 0  # there is nothing below
    ceiling[:, 1:] = magnitudes[:, :-1]
    passing, reach = ceiling.copy(), 1
    while reach < level.shape[1]:  # x -> max(level, min(x, passing)), over twice as many bins
        np.maximum(
            level[:, reach:],
            np.minimum(level[:, :-reach], passing[:, reach:]),
            out=level[:, reach:],
        )
        passing[:, reach:] = np.minimum(passing[:, reach:], passing[:, :-reach])
        reach *= 2
    begins = level == known
    places = np.arange(level.shape[1], dtype=np.int64)
    return level, np.maximum.accumulate(np.where(begins, places, 0), axis=1)
