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
fractional      a delay between two samples: Lagrange, windowed sinc
filters         windowed FIRs: low-pass, high-pass, band-pass
operators       a quarter turn, a slope, a mean
equalisers      cookbook biquads: shelves, peak
presets         named impulses, as specs of builders
edit            Impulse -> Impulse: gain, mix, delay, align, trim, fade, reverse, split
resampling      another rate, or another length
phase           minimum phase
folding         a chain of impulses as one
norms           scaling by peak, sums or response
analysis        plain numbers: peak, sums, largest response, onset
bands           octave filters that run backwards in time
lundeby         where a decay meets its noise
decay           backward integration, how a decay ends, lines through it
figures         EDT, T20, T30, C50, C80, D50, Ts and the rest, or why not
acoustics       the report of ISO 3382-1: broadband and by octave

A new builder is a function here and a line in `BUILDERS`: its parameters, units, defaults and
help are read from its signature and docstring.
"""

from collections.abc import Callable

from impulses.echoes import delta, double_spike, feedback, multi_tap, ping_pong
from impulses.equalisers import high_shelf, low_shelf, peak
from impulses.filters import band_pass, high_pass, low_pass
from impulses.fractional import fractional_delay
from impulses.impulse import Impulse, ImpulseError
from impulses.network import fdn
from impulses.noise import noise, velvet
from impulses.operators import differentiator, hilbert, moving_average
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
    "fractional-delay": fractional_delay,
    "noise": noise,
    "velvet": velvet,
    "shoebox": shoebox,
    "schroeder": schroeder,
    "freeverb": freeverb,
    "plate": plate,
    "fdn": fdn,
    "spring": spring,
    "low-pass": low_pass,
    "high-pass": high_pass,
    "band-pass": band_pass,
    "low-shelf": low_shelf,
    "high-shelf": high_shelf,
    "peak": peak,
    "hilbert": hilbert,
    "differentiator": differentiator,
    "moving-average": moving_average,
}
"""Every builder, by the name it has on a command line: ``builder(rate, **parameters)``."""

__all__ = [
    "BUILDERS",
    "PRESETS",
    "Impulse",
    "ImpulseError",
    "band_pass",
    "delta",
    "differentiator",
    "double_spike",
    "fdn",
    "feedback",
    "fractional_delay",
    "freeverb",
    "high_pass",
    "high_shelf",
    "hilbert",
    "low_pass",
    "low_shelf",
    "moving_average",
    "multi_tap",
    "noise",
    "peak",
    "ping_pong",
    "plate",
    "schroeder",
    "shoebox",
    "spring",
    "velvet",
]
