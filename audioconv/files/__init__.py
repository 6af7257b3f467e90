"""Sound files: the only room that knows of soundfile, and of what a disk can do.

formats    what a file is, and which formats hold what
limits     what formats and codings cannot hold
linear     samples as WAV files hold them
riff       the chunks of WAV files, as a stream
containers what the headers of other formats claim
flac       how long a FLAC is that does not tell, and whether one is right
mpeg       how long an MP3 is
ogg        pages of Ogg files
metadata   what a file tells besides its samples, and what can be carried
tags       what there is besides, and cannot
source     bytes as a stream with a hash
decoders   what can read one kind of file; WAV
examine    what libsndfile does not see in a file
libsndfile every other format
reading    a file or a pipe as a stream of float64 blocks
level      how loud a stream is
quantise   float64 to whole numbers, rounded and counted
settle     what an encoder draws by chance, set to one value
encoders   what can write one kind of file
writing    a stream of blocks as a file that is checked
atomic     a path holds the whole old file, the whole new one, or nothing
sofa       directions of SOFA files
scratch    temporary files
"""

from audioconv.files.atomic import Target, refuse_overwrite, target
from audioconv.files.encoders import holds_chunks
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
from audioconv.files.level import Level
from audioconv.files.limits import padding, refuse_unfit
from audioconv.files.metadata import (
    NO_METADATA,
    RECIPE,
    Metadata,
    carried_recipe,
    listed,
    recipe_of,
)
from audioconv.files.reading import Reader, read_all, rereadable
from audioconv.files.riff import Chunk, serialise
from audioconv.files.scratch import scratch, scratch_folder
from audioconv.files.sofa import read_sofa
from audioconv.files.source import Digest, file_digest
from audioconv.files.writing import Encoded, Writer, encoded, write_all

__all__ = [
    "FLOATS",
    "INTEGER_BITS",
    "NO_METADATA",
    "RECIPE",
    "STANDARD",
    "Chunk",
    "Digest",
    "Encoded",
    "Level",
    "Metadata",
    "Path",
    "Reader",
    "Sound",
    "Target",
    "Writer",
    "carried_recipe",
    "encoded",
    "file_digest",
    "holds_chunks",
    "is_exact",
    "listed",
    "name",
    "output_format",
    "padding",
    "read_all",
    "read_sofa",
    "recipe_of",
    "refuse_overwrite",
    "refuse_unfit",
    "rereadable",
    "scratch",
    "scratch_folder",
    "serialise",
    "target",
    "write_all",
]
