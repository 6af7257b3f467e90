"""Trimming: removal of the noise after the decay of an impulse response."""

from __future__ import annotations

from impulses import analysis
from impulses.acoustics.bands import octaves
from impulses.acoustics.decay import decay_end
from impulses.acoustics.decay_curve import band_energy, remove_offset
from impulses.acoustics.endings import floor_end
from impulses.edit import cut
from impulses.impulse import Impulse, ImpulseError


def trim_at_noise(impulse: Impulse) -> Impulse:
    """Cut the tail where the decay meets steady noise, in the octave that lasts longest.

    The broadband crosspoint depends on the loudest noise, such as a rumble, above which other
    octaves still decay; hence each octave is examined. Octaves that never rise above their noise
    are ignored.

    Raises
    ------
    ImpulseError
        If an octave still decays at the end of the impulse, or none decays into noise.

    References
    ----------
    A. Lundeby, T. E. Vigran, H. Bietz, M. Vorlander, "Uncertainties of measurements in room
    acoustics", Acustica 81, 1995.

    Examples
    --------
    >>> import numpy as np
    >>> noise = np.random.default_rng(0).standard_normal((96000, 2))
    >>> decay = 10 ** (-3 * np.arange(96000) / 48000)
    >>> hall = Impulse((noise[:, :1] * decay[:, np.newaxis] + 0.001 * noise[:, 1:]), 48000)
    >>> 0.9 < trim_at_noise(hall).frames / 48000 < 1.4
    True
    """
    peak = analysis.peak(impulse) or 1.0
    taps = remove_offset(impulse.taps.reshape(impulse.frames, -1) / peak)
    onset = analysis.onset(impulse.with_taps(taps, origin=0))
    taps = taps[onset:]
    taps = taps[: floor_end((taps**2).sum(axis=1), impulse.rate)]
    latest = 0
    for band in octaves(impulse.rate):
        energy = band_energy(band, taps, held=True)
        end = decay_end(energy, impulse.rate, 1 / band.width) if energy.any() else None
        if end is not None and end.kind != "noise":
            raise ImpulseError(
                f"the impulse still decays at its end, in the octave of {band.hz:g} Hz, so there "
                "is no noise to cut; trim it to a level, such as -60 dB"
            )
        if end is not None:
            latest = max(latest, onset + end.frames - band.lead)
    if not latest:
        raise ImpulseError(
            "the impulse does not decay into steady noise in any octave, so there is no place to "
            "cut it; trim it to a level, such as -60 dB"
        )
    return cut(impulse, latest)
