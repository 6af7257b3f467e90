"""Impulse responses as data: builders make them, edits change them, analysis measures them.

Pure mathematics on arrays; nothing here knows of files or of a command line.

impulse   the `Impulse` type: taps and rate, validated, immutable
quantities  units, ranges, and what a decay leaves
echoes    delta, double spike, multi-tap, feedback, ping-pong
edit      Impulse -> Impulse: gain, mix, delay, align, trim, fade, reverse, split
resampling  another rate, or another length
folding   a chain of impulses as one
norms     scaling by peak, sums or response
presets   named impulses, as specs of builders
analysis  plain numbers: peak, sums, largest response, onset

A new builder is a function here and a line in `BUILDERS`: its parameters, units, defaults and
help are read from its signature and docstring.
"""

from collections.abc import Callable

from impulses.echoes import delta, double_spike, feedback, multi_tap, ping_pong
from impulses.impulse import Impulse, ImpulseError
from impulses.presets import PRESETS

BUILDERS: dict[str, Callable[..., Impulse]] = {
    "delta": delta,
    "double-spike": double_spike,
    "multi-tap": multi_tap,
    "feedback": feedback,
    "ping-pong": ping_pong,
}
"""Every builder, by the name it has on a command line: ``builder(rate, **parameters)``."""

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
