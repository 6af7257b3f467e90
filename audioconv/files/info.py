"""Format, length, level and metadata of a sound file, read to its end."""

from __future__ import annotations

import math
import os
from dataclasses import asdict, dataclass
from typing import Any

from audioconv.files.metadata import recipe_fields
from audioconv.files.peak import PeakMeter
from audioconv.files.reading import Reader
from audioconv.progress import Progress, silent, watched
from audioconv.urls import public_name
from impulses.impulse import to_db


@dataclass(frozen=True)
class FileReport:
    """Properties of a sound file; `as_json` has the names that scripts may rely on.

    Parameters
    ----------
    path : str
        as given, ``-`` for standard input; of a URL, what is public
    format, subtype : str
        libsndfile's names, such as ``WAV`` and ``PCM_16``
    rate : int
        sample rate in Hz
    channels : int
    frames : int
        as counted, whatever the header states
    seconds : float
        length
    peak_dbfs : float
        largest absolute sample, in dB relative to full scale; minus infinity for silence
    metadata : list of str
        names of the metadata besides the samples, such as ``cue``
    recipe : dict or None
        how audioconv made the file, if it contains that
    notices : list of str
    """

    path: str
    format: str
    subtype: str
    rate: int
    channels: int
    frames: int
    seconds: float
    peak_dbfs: float
    metadata: list[str]
    recipe: dict[str, Any] | None
    notices: list[str]

    def as_json(self) -> dict[str, Any]:
        """Return the fields, with minus infinity (silence) as None."""
        fields = asdict(self)
        return {key: None if value == -math.inf else value for key, value in fields.items()}


def info(
    path: str | os.PathLike[str], *, allow_truncated: bool = False, progress: Progress = silent
) -> FileReport:
    """Read a sound file to its end, and return its properties.

    Parameters
    ----------
    path : str or path-like
        a sound file, a URL, or ``-`` for standard input
    allow_truncated : bool
        accept a file that ends early, with a notice
    progress : Progress
        is called with the seconds read so far

    Raises
    ------
    FormatError
        If the file cannot be read to its end.

    Examples
    --------
    >>> report = info("samples/speech.wav")
    >>> report.format, report.subtype, report.rate, report.channels, report.frames
    ('WAV', 'PCM_16', 44100, 1, 127126)
    """
    path = os.fspath(path)
    level = PeakMeter()
    with Reader(path, allow_truncated=allow_truncated) as reader:
        sound = reader.info
        for block in watched(reader.blocks(), progress, "reading", sound.rate, sound.frames):
            level.take(block)
        return FileReport(
            public_name(path),
            sound.format,
            sound.subtype,
            sound.rate,
            sound.channels,
            level.frames,
            level.frames / sound.rate,
            to_db(level.peak),
            reader.metadata.names(),
            recipe_fields(reader.metadata),
            list(reader.notices),
        )
