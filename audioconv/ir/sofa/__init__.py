"""SOFA files: impulse responses by direction (HRIR, BRIR), listener, emitter and measurement.

The format is AES69, a convention for HDF5. A file holds M measurements of the paths from E emitters
to R receivers; a response is one measurement of one emitter, at all receivers. It is used as it was
measured: nothing is interpolated.

chunks       compressed chunks, of which none may hold more than its shape says
variables    variables and attributes, of which none leads out of the file
contents     a file without its responses: positions, rates, axes
coordinates  positions in a file, seen from the listener
choice       the response that fits a direction and numbers, or an error that lists several
response     the taps of one response, with the left ear first
"""

from audioconv.ir.sofa.contents import Contents, read_contents
from audioconv.ir.sofa.response import read_sofa

__all__ = ["Contents", "read_contents", "read_sofa"]
