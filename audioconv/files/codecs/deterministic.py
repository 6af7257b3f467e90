"""What libsndfile draws by chance or takes from the clock, set to one value: the same bytes always.

Ogg streams have a random serial number, and the PEAK chunk of AIFF files and of coded WAV files
has the time of day.
"""

from __future__ import annotations

from typing import IO

from audioconv.files.codecs import containers, ogg


def make_deterministic(file: IO[bytes]) -> None:
    """Set serial numbers and times in a finished file.

    Parameters
    ----------
    file : binary file
        that can be written to anywhere; its position is left anywhere
    """
    file.seek(0)
    if file.read(4) == ogg.MAGIC:
        ogg.renumber(file)
    for chunk, begin, _ in containers.chunks(file):
        if chunk == b"PEAK":  # its version comes first
            file.seek(begin + 4)
            file.write(bytes(4))
    file.flush()
