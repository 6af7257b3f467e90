"""Sound files: the only room that imports soundfile, and that handles failing disks.

formats     `SoundInfo`: format, subtype, rate, channels, frames; the choice of an output format
limits      channels, rates and quality that each format supports
source      bytes as a stream, hashed while they are read
watch       a file that must not change while it is read
remote      files at URLs: fetched whole, or put once
scratch     temporary files, and the sweep of those that killed runs left behind
codecs      the bytes of each file format
plain_json  JSON from a stranger
metadata    titles, cue points and other data besides the samples
decoders    the `Decoder` protocol, and the decoder for PCM and float WAV
libsndfile  the decoder for every other format
silence     standard error and output, kept from decoders and encoders that write to them
reading     a file or a pipe as a stream of float64 blocks
peak        the peak of a stream, the gain that makes it fit, and whether it is lost
quantise    float64 to integers, correctly rounded, with clipped samples counted
encoders    the `Encoder` protocol, and the encoders
writing     a stream of blocks as a file, read back and checked
info        format, length, peak level and metadata of a file, for a report
attributes  permissions, owner and extended attributes, for the file that replaces another
reserved    names that no file has on Windows
atomic      a path holds the complete old file, the complete new one, or nothing
"""

from audioconv.files.atomic import (
    Target,
    commit_together,
    refuse_overwrite,
    sync,
    sync_where_possible,
    target,
)
from audioconv.files.codecs.riff import Chunk, serialise
from audioconv.files.encoders import holds_chunks
from audioconv.files.formats import (
    CODECS,
    FLOATS,
    INTEGER_BITS,
    STANDARD,
    SUFFIXES,
    SoundInfo,
    display_name,
    escape,
    is_exact,
    is_stream,
    original_name,
    output_format,
    suffix_notice,
    usual_suffix,
)
from audioconv.files.info import FileReport, info
from audioconv.files.limits import TRANSPARENT, padding_notice, refuse_unfit
from audioconv.files.metadata import (
    NO_METADATA,
    RECIPE,
    Metadata,
    listed,
    recipe_bytes,
    recipe_fields,
    recipe_is_cut,
)
from audioconv.files.peak import PeakMeter
from audioconv.files.plain_json import read_json
from audioconv.files.quantise import triangular_noise
from audioconv.files.reading import (
    Reader,
    Readings,
    read_all,
    read_bytes,
    refuse_missing,
    rereadable,
)
from audioconv.files.remote import Look, local, look, look_anew
from audioconv.files.scratch import scratch, scratch_folder
from audioconv.files.source import Digest, file_digest
from audioconv.files.watch import changed_error, unchanged
from audioconv.files.writing import EncodedBlock, Writer, encode_all, write_all

__all__ = [
    "CODECS",
    "FLOATS",
    "INTEGER_BITS",
    "NO_METADATA",
    "RECIPE",
    "STANDARD",
    "SUFFIXES",
    "TRANSPARENT",
    "Chunk",
    "Digest",
    "EncodedBlock",
    "FileReport",
    "Look",
    "Metadata",
    "PeakMeter",
    "Reader",
    "Readings",
    "SoundInfo",
    "Target",
    "Writer",
    "changed_error",
    "commit_together",
    "display_name",
    "encode_all",
    "escape",
    "file_digest",
    "holds_chunks",
    "info",
    "is_exact",
    "is_stream",
    "listed",
    "local",
    "look",
    "look_anew",
    "original_name",
    "output_format",
    "padding_notice",
    "read_all",
    "read_bytes",
    "read_json",
    "recipe_bytes",
    "recipe_fields",
    "recipe_is_cut",
    "refuse_missing",
    "refuse_overwrite",
    "refuse_unfit",
    "rereadable",
    "scratch",
    "scratch_folder",
    "serialise",
    "suffix_notice",
    "sync",
    "sync_where_possible",
    "target",
    "triangular_noise",
    "unchanged",
    "usual_suffix",
    "write_all",
]
