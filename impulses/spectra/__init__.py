"""The frequency response of an impulse on a logarithmic axis, and its decay.

transform      spectra at any frequencies, with or without fractional-octave smoothing
response       magnitude, phase, group delay
cumulative     cumulative spectral decay (waterfall)
"""

from impulses.spectra.cumulative import CumulativeDecay, cumulative_decay
from impulses.spectra.response import Response, linear_phase_delay, response

__all__ = ["CumulativeDecay", "Response", "cumulative_decay", "linear_phase_delay", "response"]
