"""Impulse responses as users name them: loaded, edited, measured and saved.

load     an impulse by name: a file, a direction in a SOFA file, a builder spec, a preset
sofa     one direction of a SOFA file
edits    a series of edits, applied in a fixed order
measure  a sweep, and the impulse response in a recording of it
save     impulses and sweeps as sound files
"""
