"""Room acoustics: reverberation time, clarity and noise, measured from an impulse or predicted.

bands           octave filters run backwards in time
lundeby         crosspoint of decay and noise, by iteration
decay           backward integration, the end of a decay, line fits
figures         EDT, T20, T30, C50, C80, D50, Ts and others, or the reason for their absence
endings         where something other than the room ends a decay: fades, gates, rounding
decay_curve     energy decay curve of an impulse response, broadband or in an octave
iso3382         the figures of ISO 3382-1, broadband and by octave
sounds          a sound that goes on, told from an impulse response
trimming        removal of the noise after the decay
reverberation   reverberation time from walls: Sabine, Eyring, Millington, Arau
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from impulses.acoustics.iso3382 import measure

__all__ = ["measure"]


def __getattr__(name: str) -> Any:
    """Import `measure` on first use: builders need this package for its constants alone."""
    if name != "measure":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from impulses.acoustics.iso3382 import measure

    return measure
