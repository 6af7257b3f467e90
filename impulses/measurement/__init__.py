"""Measurement of impulse responses: excitations to play, and deconvolution of their recordings.

sweeps          exponential and synchronised sweeps, maximum length sequences
deconvolution   the impulse response: recording divided by excitation
response        the response of all takes of a recording
division        spectral division, at once or circularly by one period
inverses        regularised inverse spectra of an excitation
harmonics       distortion of a recorded sweep, one impulse response per order
recordings      faults of a recording: silence, low level, offset, clipping
takes           recordings that contain the excitation several times
locate          position of the response, and its rise above the noise
diagnosis       faults of a recording that its response shows
timing          recordings that start late or end early
arrival_times   arrival time of each part of a sweep
clock_drift     speed of a recording relative to its excitation
"""
