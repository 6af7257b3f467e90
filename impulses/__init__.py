"""Impulse responses as data: builders make them, edits change them, analysis measures them.

Pure mathematics on arrays; nothing here knows of files or of a command line.

impulse         the `Impulse` type: taps and rate, validated, immutable
quantities      units, ranges, and what a decay leaves
echoes          delta, double spike, multi-tap, feedback, ping-pong
noise           decaying noise, velvet noise
shoebox         a room of six walls, by image sources
images          where the image sources stand, and their sum as taps
reverberation   how long a room reverberates: Sabine, Eyring, Millington, Arau
reverberators   Schroeder's and Freeverb
plate           Dattorro's plate
network         a feedback delay network
spring          a spring of stretched allpasses
recursion       combs and allpasses, computed a delay at a time
presets         named impulses, as specs of builders
edit            Impulse -> Impulse: gain, mix, delay, align, trim, fade, reverse, split
resampling      another rate, or another length
folding         a chain of impulses as one
norms           scaling by peak, sums or response
analysis        plain numbers: peak, sums, largest response, onset

A new builder is a function here and a line in `BUILDERS`: its parameters, units, defaults and
help are read from its signature and docstring.
"""

from collections.abc import Callable

from impulses.echoes import delta, double_spike, feedback, multi_tap, ping_pong
from impulses.impulse import Impulse, ImpulseError
from impulses.network import fdn
from impulses.noise import noise, velvet
from impulses.plate import plate
from impulses.presets import PRESETS
from impulses.reverberators import freeverb, schroeder
from impulses.shoebox import shoebox
from impulses.spring import spring

BUILDERS: dict[str, Callable[..., Impulse]] = {
    "delta": delta,
    "double-spike": double_spike,
    "multi-tap": multi_tap,
    "feedback": feedback,
    "ping-pong": ping_pong,
    "noise": noise,
    "velvet": velvet,
    "shoebox": shoebox,
    "schroeder": schroeder,
    "freeverb": freeverb,
    "plate": plate,
    "fdn": fdn,
    "spring": spring,
}
"""Every builder, by the name it has on a command line: ``builder(rate, **parameters)``."""

__all__ = [
    "BUILDERS",
    "PRESETS",
    "Impulse",
    "ImpulseError",
    "delta",
    "double_spike",
    "fdn",
    "feedback",
    "freeverb",
    "multi_tap",
    "noise",
    "ping_pong",
    "plate",
    "schroeder",
    "shoebox",
    "spring",
    "velvet",
]
