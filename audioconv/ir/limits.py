"""Limits on the samples of an impulse response, checked before they are in memory."""

from __future__ import annotations

from audioconv.errors import FormatError
from audioconv.files import display_name
from impulses.impulse import MAX_SAMPLES


def check_size(path: str, samples: int, most: int = MAX_SAMPLES) -> None:
    """Raise `FormatError` if a file has more samples than may be in memory.

    Examples
    --------
    >>> check_size("long.flac", 2**26)
    Traceback (most recent call last):
    audioconv.errors.FormatError: long.flac has 67108864 samples or more; the limit is 33554432 over
    all channels; trim it
    """
    if samples > most:
        raise FormatError(
            f"{display_name(path)} has {samples} samples or more; the limit is {most} over all "
            "channels; trim it"
        )
