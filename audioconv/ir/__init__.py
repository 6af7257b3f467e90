"""Impulse responses by name: load, edit, measure and save them.

names        the grammar of names: a file, and the options behind it
load         an impulse response from a file, a builder spec or a preset
kinds        which kind of file a name means, and what reads it
sound        sound files, and some of their channels
text         columns of numbers, and the exports of REW
raw          samples without a header
sofa         SOFA files, and one response of them
response     what a reader returns
limits       limits on samples, checked before they are in memory
ingredients  what an impulse response was made from, for a recipe
edits        a series of edits, applied in a fixed order
measure      a sweep, and the impulse response from its recording
save         impulse responses and sweeps as sound files
"""
