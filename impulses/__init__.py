"""Impulse responses as data: builders make them, edits change them, analysis measures them.

Arrays in, arrays out: no files and no command line.

impulse         the `Impulse` type: taps and rate, validated and immutable
quantities      units, range checks, decay gains
builders        echoes, rooms, reverberators, filters
presets         named impulses, as builder specs
edit            gain, dry/wet mix, pre-delay, align, trim, fade, reverse, split
resampling      another sample rate, or another length
phase           minimum phase
channels        some channels of an impulse, or those of several as one impulse
folding         a chain of impulses as one impulse
norms           normalisation by peak, sum or response
largest         the largest magnitude of a response, between bins too
analysis        peak, sums, largest response, onset
spectra         magnitude, phase, group delay, cumulative spectral decay
acoustics       decay times, clarity, noise floor, by octave (ISO 3382)
measurement     sweeps, and the impulse response recovered from a recording
"""

from impulses.builders import BUILDERS
from impulses.builders.echoes import delta, double_spike, feedback, multi_tap, ping_pong
from impulses.impulse import Impulse, ImpulseError
from impulses.presets import PRESETS

__all__ = [
    "BUILDERS",
    "PRESETS",
    "Impulse",
    "ImpulseError",
    "delta",
    "double_spike",
    "feedback",
    "multi_tap",
    "ping_pong",
]
