"""Levels of sounds that come in blocks, in constant memory. Maths only, no files.

meters       the level of a stream: its peak, or its RMS
loudness     its loudness (ITU-R BS.1770)
matching     the gain that brings a sound to the level of another, or to a target
"""
