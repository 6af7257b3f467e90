"""Pictures and films: the only room that plots.

options      what a picture or a film can be asked for
style        the look of every picture, and how it is written
labels       file names and numbers as a picture shows them
fonts        a font for every character of a name
axes         seconds, octaves and decibels on an axis
inputs       time ranges of sounds and channels of impulses
waveform     extremes and RMS of sounds over time
spectrogram  level of sounds over time and frequency
response     magnitude, phase and group delay of impulses
decay        energy decay of impulses, with the lines that T20 and T30 are read from
waterfall    cumulative spectral decay of an impulse
null         the difference of two sounds
scene        one frame of a film
film         the sliding sum as a film
"""
