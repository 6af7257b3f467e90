"""The version, in a place that anything can import."""

__version__ = "0.2.0"
