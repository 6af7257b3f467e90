"""A part of a sound: some frames of a file, and where something begins to be heard."""

from __future__ import annotations

import numpy as np

from audioconv.engines.convolver import Audio
from audioconv.files import Reader
from audioconv.views.envelope import Envelope
from impulses.impulse import from_db

GRID = 2**16

HEARD = -20.0
"""dB beside the peak of a sound at which it is taken to begin: where ISO 3382-1 has the onset."""


def excerpt(path: str, begin: int, end: int, *, allow_truncated: bool = False) -> Audio:
    """Return the frames of a file from `begin` to ``end - 1``, as far as there are any.

    Parameters
    ----------
    path : str
        a file that can be read more than once
    begin, end : int
        frames before 0 are silent
    allow_truncated : bool
        take a file that ends before its header says so for what there is

    Returns
    -------
    array, (frames, channels)

    Examples
    --------
    >>> excerpt("samples/speech.wav", -2, 3).shape
    (5, 1)
    """
    parts: list[Audio] = []
    with Reader(path, allow_truncated=allow_truncated) as reader:
        parts.append(np.zeros((max(0, min(end, 0) - begin), reader.info.channels)))
        for block in reader.blocks(GRID):
            first = reader.frames - len(block)
            parts.append(block[max(0, begin - first) : max(0, end - first)])
            if reader.frames >= end:
                break
    return np.concatenate(parts)


def onset(path: str, seen: Envelope, *, allow_truncated: bool = False) -> int:
    """Return the frame at which a sound first comes within 20 dB of its peak.

    Parameters
    ----------
    path : str
    seen : Envelope
        of that sound
    allow_truncated : bool
        as for `excerpt`

    Examples
    --------
    >>> from audioconv.views.envelope import envelope
    >>> with Reader("samples/speech.wav") as reader:
    ...     seen = envelope(reader.blocks(4096))
    >>> bool(abs(excerpt("samples/speech.wav", 0, onset("samples/speech.wav", seen))).max() < 0.1)
    True
    """
    least = seen.peak * from_db(HEARD)
    loud = np.maximum(seen.high, -seen.low).max(axis=1) >= least
    column = int(np.argmax(loud)) * seen.step
    part = excerpt(path, column, column + seen.step, allow_truncated=allow_truncated)
    return column + int(np.argmax(np.abs(part).max(axis=1) >= least))
