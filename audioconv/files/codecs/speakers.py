"""Channel orders: of Vorbis, Opus, ALAC and FLAC, and of WAV, in which all files are read.

References
----------
"Vorbis I specification", section 4.3.9; RFC 7845, "Ogg encapsulation for the Opus audio codec",
2016, section 5.1.1; Apple, "ALAC magic cookie description", 2011; RFC 9639, "Free lossless audio
codec", 2024, section 9.1.3; Microsoft, "Multiple channel audio data and WAVE files", 2007.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Number = TypeVar("Number", bound=np.number[Any])

FL, FR, FC, LFE, BL, BR, FLC, FRC, BC, SL, SR = (1 << n for n in range(11))
"""Speaker positions of WAV: front, low frequency, back, front of center, and side."""

VORBIS = {
    1: (FC,),
    2: (FL, FR),
    3: (FL, FC, FR),
    4: (FL, FR, BL, BR),
    5: (FL, FC, FR, BL, BR),
    6: (FL, FC, FR, BL, BR, LFE),
    7: (FL, FC, FR, SL, SR, BC, LFE),
    8: (FL, FC, FR, SL, SR, BL, BR, LFE),
}
"""Positions of the channels of Vorbis, and of Opus of mapping family 1, by their number."""

ALAC = {
    1: (FC,),
    2: (FL, FR),
    3: (FC, FL, FR),
    4: (FC, FL, FR, BC),
    5: (FC, FL, FR, BL, BR),
    6: (FC, FL, FR, BL, BR, LFE),
    7: (FC, FL, FR, BL, BR, BC, LFE),
    8: (FC, FLC, FRC, FL, FR, BL, BR, LFE),
}
"""Positions of the channels of ALAC, by their number."""

FLAC = {3: 0x7, 4: 0x33, 5: 0x37, 6: 0x3F, 7: 0x70F, 8: 0x63F}
"""Positions of the channels of FLAC, by their number, as bit masks: they are in WAV's order."""


def positions(subtype: str, channels: int) -> tuple[int, ...]:
    """Return the positions of the channels that a coding fixes; empty if it fixes none."""
    if subtype in ("VORBIS", "OPUS"):
        return VORBIS.get(channels, ())
    return ALAC.get(channels, ()) if subtype.startswith("ALAC") else ()


def to_wave(given: Sequence[int]) -> list[int]:
    """Return the order that turns channels at these positions into those of WAV.

    Examples
    --------
    >>> to_wave(VORBIS[6])
    [0, 2, 1, 5, 3, 4]
    """
    return sorted(range(len(given)), key=given.__getitem__)


def from_wave(wanted: Sequence[int]) -> list[int]:
    """Return the order that turns the channels of WAV into those at these positions.

    Examples
    --------
    >>> from_wave(VORBIS[6])
    [0, 2, 1, 4, 5, 3]
    """
    order = to_wave(wanted)
    return [order.index(channel) for channel in range(len(wanted))]


def reordered(samples: NDArray[Number], order: Sequence[int]) -> NDArray[Number]:
    """Return samples (frames, channels) with their channels in an order; empty leaves it.

    Examples
    --------
    >>> reordered(np.array([[1, 2, 3]]), to_wave(VORBIS[3]))
    array([[1, 3, 2]])
    """
    return samples if [*order] == [*range(len(order))] else samples[:, order]
