"""Impulse responses by name: load, edit, measure and save them.

load     an impulse response from a file, a SOFA direction, a builder spec or a preset
sofa     one direction of a SOFA file
edits    a series of edits, applied in a fixed order
measure  a sweep, and the impulse response from its recording
save     impulse responses and sweeps as sound files
"""
