"""Fix Ogg serial numbers and PEAK timestamps, so that output is deterministic.

libsndfile gives each Ogg stream a random serial number, and writes the time of day into the PEAK
chunk of AIFF files and of coded WAV files.
"""

from __future__ import annotations

from typing import IO

from audioconv.files.codecs import containers, ogg


def make_deterministic(file: IO[bytes]) -> None:
    """Set serial numbers and timestamps in a complete file.

    Parameters
    ----------
    file : binary file
        seekable and writable; its position changes
    """
    file.seek(0)
    if file.read(4) == ogg.MAGIC:
        ogg.renumber(file)
    for chunk, begin, _ in containers.chunks(file):
        if chunk == b"PEAK":  # 4 bytes of version, then the timestamp
            file.seek(begin + 4)
            file.write(bytes(4))
    file.flush()
