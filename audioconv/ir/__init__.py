"""Impulse responses by name: load, edit, measure and save them.

load     an impulse response from a file, a SOFA direction, a builder spec or a preset
sofa     SOFA files, and one response of them
edits    a series of edits, applied in a fixed order
measure  a sweep, and the impulse response from its recording
save     impulse responses and sweeps as sound files
"""
