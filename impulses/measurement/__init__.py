"""Measurement: excitations to play, and the impulse in what was recorded of them.

sweeps          exponential and synchronised sweeps, maximum length sequences
deconvolution   the impulse: what was recorded, divided by what was played
inverses        spectra that undo an excitation
harmonics       the distortion of a recorded sweep, one impulse for each order
recordings      what is amiss with a recording by itself
diagnosis       what is amiss with a recording, as its response tells
speeds          whether a recording ran at the speed of what was played
"""
