"""Limits on the samples of an impulse response, checked before they are in memory."""

from __future__ import annotations

from audioconv.errors import FormatError
from audioconv.files import display_name

MAX_SAMPLES = 2**25
"""Largest number of samples in an impulse response, over all channels.

Twelve minutes of one channel at 48 kHz. While they are convolved or analysed, up to a hundred
bytes are needed for each (the taps and their spectrum, and copies of both): 3.2 GiB.
"""

MAX_RECORDED = 2**27
"""Likewise in a recording that is deconvolved, which is not kept as long."""


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
