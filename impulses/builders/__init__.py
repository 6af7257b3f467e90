"""Builders: functions from a rate and a few parameters to an impulse.

echoes          delta, double spike, multi-tap, feedback, ping-pong
fractional      fractional delay: Lagrange, windowed sinc
noise           decaying noise, velvet noise
shoebox         a box-shaped room by image sources
walls           reflection coefficients of a box, given or for a reverberation time
box_decay       energy decay of a box, for any absorption of its walls
box_limits      boxes that cannot be built, wherever source and microphone stand
box_fit         absorption of the walls that gives a box a reverberation time
images          positions of the image sources, and their sum as taps
reverberators   Schroeder's reverberator, Freeverb
plate           Dattorro's plate
network         feedback delay network
spring          a spring of stretched allpasses
recursion       combs, allpasses and delay lines that several reverberators share
filters         windowed FIRs: low-pass, high-pass, band-pass
equalisers      cookbook biquads: low shelf, high shelf, peak
operators       Hilbert transformer, differentiator, moving average

A new builder is a function in one of these modules and a line in `BUILDERS`. Its options, units,
defaults and help are read from its signature and docstring.
"""

from collections.abc import Callable

from impulses.builders.echoes import delta, double_spike, feedback, multi_tap, ping_pong
from impulses.builders.equalisers import high_shelf, low_shelf, peak
from impulses.builders.filters import band_pass, high_pass, low_pass
from impulses.builders.fractional import fractional_delay
from impulses.builders.network import fdn
from impulses.builders.noise import noise, velvet
from impulses.builders.operators import differentiator, hilbert, moving_average
from impulses.builders.plate import plate
from impulses.builders.reverberators import freeverb, schroeder
from impulses.builders.shoebox import shoebox
from impulses.builders.spring import spring
from impulses.impulse import Impulse

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
"""Every builder, by its name on the command line: ``builder(rate, **parameters)``."""

__all__ = [
    "BUILDERS",
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
