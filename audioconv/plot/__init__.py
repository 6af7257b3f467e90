"""Pictures and films: the only package that uses matplotlib.

options      options of a picture or a film
style        style and output of all pictures
colours      colours on a light and on a dark ground, and colour maps of levels
labels       file names and numbers as text
fonts        fallback fonts for characters of file names
axes         time, frequency, amplitude and level axes
inputs       time ranges of sounds and channels of impulse responses
waveform     peaks and RMS level of sounds over time
spectrogram  level of sounds over time and frequency
response     magnitude, phase and group delay of impulse responses
bands        reverberation times by octave
trace        one decay: its level, its energy decay curve and the lines fitted to it
decay        energy decay curves, with the lines from which T20 and T30 are read
waterfall    cumulative spectral decay of an impulse response
null         the difference of two sounds
scene        one frame of a film
film         the sliding sum as a film

A new plot is a module here, with a function of the same name, and a line in `PLOTS`. Its command
is made from the signature and docstring of the function. No plot is imported before it is used,
so that the list of plots is fast.
"""

PLOTS = {
    "waveform": "Draw waveforms: peaks and RMS level over time.",
    "spectrogram": "Draw spectrograms: level over time and frequency.",
    "response": "Draw magnitude, phase and group delay of impulse responses.",
    "decay": "Draw energy decay curves, and reverberation times by octave.",
    "waterfall": "Draw the cumulative spectral decay of an impulse response.",
    "null": "Draw a null test: the difference of two sounds.",
}
"""Plots by name, each with the summary of its function."""
