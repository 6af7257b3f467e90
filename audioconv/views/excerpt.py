"""Frames of a sound file, and the onset of a sound."""

from __future__ import annotations

import numpy as np

from audioconv.engines.audio import Audio
from audioconv.files import Reader
from audioconv.views.envelope import Envelope
from impulses.impulse import from_db

ONSET = -20.0
"""Level of the onset in dB relative to the peak, as in ISO 3382-1."""


def excerpt(path: str, begin: int, end: int, *, allow_truncated: bool = False) -> Audio:
    """Return the frames of a file from `begin` to ``end - 1``, or fewer if it ends earlier.

    Parameters
    ----------
    path : str
        sound file, not standard input
    begin, end : int
        frames; those before 0 are silent
    allow_truncated : bool
        accept a file that is shorter than its header states

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
        for block in reader.blocks():
            first = reader.frames - len(block)
            parts.append(block[max(0, begin - first) : max(0, end - first)])
            if reader.frames >= end:
                break
    return np.concatenate(parts)


def onset(path: str, envelope: Envelope, *, allow_truncated: bool = False) -> int:
    """Return the first frame of a sound within 20 dB of its peak.

    Parameters
    ----------
    path : str
    envelope : Envelope
        of the same sound
    allow_truncated : bool
        as for `excerpt`

    Examples
    --------
    >>> from audioconv.views.envelope import envelope
    >>> with Reader("samples/speech.wav") as reader:
    ...     columns = envelope(reader.blocks())
    >>> first = onset("samples/speech.wav", columns)
    >>> bool(abs(excerpt("samples/speech.wav", 0, first)).max() < 0.1)
    True
    """
    threshold = envelope.peak * from_db(ONSET)
    loud = np.maximum(envelope.high, -envelope.low).max(axis=1) >= threshold
    first = int(np.argmax(loud)) * envelope.step
    column = excerpt(path, first, first + envelope.step, allow_truncated=allow_truncated)
    return first + int(np.argmax(np.abs(column).max(axis=1) >= threshold))
