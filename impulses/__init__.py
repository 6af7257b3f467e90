"""Impulse responses as data: builders make them, edits change them, analysis measures them.

Pure mathematics on arrays; nothing here knows of files or of a command line.

impulse         the `Impulse` type: taps and rate, validated, immutable
quantities      units, ranges, and what a decay leaves
builders        echoes, rooms, reverberators, filters: impulses made of numbers
presets         named impulses, as specs of builders
edit            Impulse -> Impulse: gain, mix, delay, align, trim, fade, reverse, split
resampling      another rate, or another length
phase           minimum phase
folding         a chain of impulses as one
norms           scaling by peak, sums or response
analysis        plain numbers: peak, sums, largest response, onset
spectra         plain numbers: magnitude, phase, group delay, what is left of them later on
acoustics       plain numbers: decay times, clarity, noise, by octave
measurement     sweeps, and the impulse in a recording of one
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
