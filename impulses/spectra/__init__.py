"""The frequency response of an impulse on a logarithmic axis, and how it decays.

transform      spectra at any frequencies, averaged over parts of an octave or not
response       magnitude, phase, group delay
cumulative     spectra of what is left after some time
"""

from impulses.spectra.cumulative import CumulativeDecay, cumulative_decay
from impulses.spectra.response import Response, response

__all__ = ["CumulativeDecay", "Response", "cumulative_decay", "response"]
