"""Sound files: the only room that knows soundfile, and the ways in which a disk can fail.

formats     format, subtype, rate, channels and frames, and which formats hold which subtypes
limits      the channels and rates that each format can hold
source      bytes as a stream, hashed on the way
scratch     temporary files
codecs      what each file format looks like in bytes
metadata    titles, cue points and other data besides the samples
decoders    the `Decoder` protocol, and the decoder for linear WAV
libsndfile  the decoder for every other format
reading     a file or a pipe as a stream of float64 blocks
peak        the peak of a stream, and the gain that makes it fit
quantise    float64 to integers, correctly rounded, with clipping counted
encoders    the `Encoder` protocol, and the encoders
writing     a stream of blocks as a file, read back and checked
atomic      a path holds the complete old file, the complete new one, or nothing
"""

from audioconv.files.atomic import Target, refuse_overwrite, target
from audioconv.files.codecs.riff import Chunk, serialise
from audioconv.files.encoders import holds_chunks
from audioconv.files.formats import (
    FLOATS,
    INTEGER_BITS,
    STANDARD,
    SoundInfo,
    display_name,
    is_exact,
    output_format,
)
from audioconv.files.limits import padding, refuse_unfit
from audioconv.files.metadata import (
    NO_METADATA,
    RECIPE,
    Metadata,
    carried_recipe,
    listed,
    recipe_of,
)
from audioconv.files.peak import PeakMeter
from audioconv.files.reading import Reader, read_all, rereadable
from audioconv.files.scratch import scratch, scratch_folder
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
    "PeakMeter",
    "Metadata",
    "Reader",
    "SoundInfo",
    "Target",
    "Writer",
    "carried_recipe",
    "encoded",
    "file_digest",
    "holds_chunks",
    "is_exact",
    "listed",
    "display_name",
    "output_format",
    "padding",
    "read_all",
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
