"""Measurement: excitations to play, and the impulse in what was recorded of them.

sweeps          exponential and synchronised sweeps, maximum length sequences
deconvolution   the impulse: what was recorded, divided by what was played
division        a recording divided by an excitation, at once or period by period
inverses        spectra that undo an excitation
harmonics       the distortion of a recorded sweep, one impulse for each order
recordings      what is amiss with a recording by itself
locate          where the response is, and how well it stands out
diagnosis       what is amiss with a recording, as its response tells
timing          what a recording lacks before and after
arrival_times   when each part of a sweep arrived
clock_drift     whether a recording ran at the speed of what was played
"""
