"""Sound files: the only room that knows of soundfile, and of what a disk can do.

formats    what a file is, and which formats hold what
riff       headers and samples of WAV files, as a stream
containers what the headers of other formats claim
decoders   what can read one kind of file
reading    a file or a pipe as a stream of float64 blocks
quantise   float64 to whole numbers, rounded and counted
encoders   what can write one kind of file
writing    a stream of blocks as a file that is checked
atomic     a path holds the whole old file, the whole new one, or nothing
scratch    temporary files
"""

from audioconv.files.atomic import Target, refuse_overwrite, target
from audioconv.files.formats import (
    FLOATS,
    INTEGER_BITS,
    STANDARD,
    Path,
    Sound,
    is_exact,
    name,
    output_format,
)
from audioconv.files.reading import Reader, read_all, rereadable
from audioconv.files.writing import Level, Writer, write_all

__all__ = [
    "FLOATS",
    "INTEGER_BITS",
    "STANDARD",
    "Level",
    "Path",
    "Reader",
    "Sound",
    "Target",
    "Writer",
    "is_exact",
    "name",
    "output_format",
    "read_all",
    "refuse_overwrite",
    "rereadable",
    "target",
    "write_all",
]
