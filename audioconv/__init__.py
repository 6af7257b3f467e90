"""Exact convolution of sound: files -> stream -> engines; impulses build what engines apply.

impulses     (a package beside this one) impulse responses as data: builders, edits, analysis
engines      ways to compute one convolution, under one law; which channel goes where
stream       blocks in, blocks out, in constant memory
files        sound files: reading, rounding, checked atomic writing
values       times, gains and other quantities, as people write them
parameters   what builders and jobs take, read from where it is declared
specs        an impulse by its name: a file, a direction in one, a builder spec, a preset
job          what is asked for, and what came of it, as plain data
prepare      impulses and options folded into one impulse and one plan
recipe       how a file was made, told in the file
edits        edits of an impulse, one after another
measure      a sweep, and the impulse in a recording of it
store        impulses and sweeps as files
told         what an output tells besides its samples
render       the use case: convolve one file
redo         a file made again from its recipe
verify       proof that a file is the convolution it should be
compare      the null test
views        what there is to see of it, as plain numbers
explain      one convolution, and all that a page shows of it
report       pictures, films and the page
cli          the command line

The public API is `convolve` for arrays, `convolver` for a stream of blocks, and
`convolve_file` for files. All names are loaded when they are first used, so that a command's
help does not wait for NumPy.

Examples
--------
>>> import numpy as np, audioconv
>>> x = np.array([[1.0], [2.0], [3.0]])
>>> audioconv.convolve(x, np.array([[1.0], [0.0], [0.5]])).ravel()
array([1. , 2. , 3.5, 1. , 1.5])
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audioconv.api import convolve, convolve_file, convolver
    from audioconv.engines import Convolver
    from audioconv.errors import AudioconvError
    from audioconv.job import Job, Options, Outcome

__version__ = "0.1.0"

__all__ = [
    "AudioconvError",
    "Convolver",
    "Job",
    "Options",
    "Outcome",
    "convolve",
    "convolve_file",
    "convolver",
]

_HOMES = {
    "AudioconvError": "errors",
    "Convolver": "engines",
    "Job": "job",
    "Options": "job",
    "Outcome": "job",
    "convolve": "api",
    "convolve_file": "api",
    "convolver": "api",
}


def __dir__() -> list[str]:
    return [*globals(), *_HOMES]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
