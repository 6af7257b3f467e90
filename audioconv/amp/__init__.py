"""Amplifiers as an effect: a sound through a model, and a cabinet after it.

source   a model file of at most a known size, with what identifies it
cabinet  the impulse response of a cabinet, planned for an engine
steps    what passes blocks on: gains, resampling, the model, the cabinet
report   what a model is, for people and for scripts
"""
