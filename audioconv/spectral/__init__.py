"""Spectral effects: the magnitudes of the short-time spectrum, convolved with a small kernel.

A sound becomes slices, one every few milliseconds, and a slice the magnitudes of its bins: together
a picture of time and frequency. A kernel blurs it, sharpens it or keeps its edges, as it would any
other picture, and the result becomes sound again, with phases that fit it.

transform  a stream of sound as slices of its short-time spectrum, and back
kernels    kernels in seconds and hertz, by name
phases     phases that fit magnitudes: the sound's own, or from their gradient where they moved
stage      all of it, block by block
"""
