"""Exact convolution of sound: files -> stream -> engines; impulses build what engines apply.

impulses    (a package beside this one) impulse responses as data: builders, edits, analysis
urls        which names are URLs, and what of them may be shown
progress    how far long work has come
units       times, gains and other quantities as people write them
parameters  options and their help, read from signatures and docstrings
nd          convolution in any number of dimensions: arrays, probabilities, pictures
engines     ways to compute one convolution, under one law; routing; the stream of blocks
spectral    kernels over the magnitudes of the short-time spectrum
layers      convolutional layers of networks, and amplifiers that are made of them
arrays      convolution of arrays of any library, on their device: PyTorch, CuPy, JAX, NumPy
job         a request and its outcome, as plain data
files       sound files: decoding, rounding, checked atomic writing
metering    levels of streams, and the gain that matches two
ir          impulse responses by name: load, edit, measure, save
amp         amplifiers as an effect: a model, and a cabinet after it
effects     what is done to a sound besides one convolution, as plain data
views       what there is to see of a convolution, as plain numbers
verify      proof that a file is the convolution it should be; the null test
render      the main job: convolve one file; effects
batch       many files: draws, names, rows
plot        pictures and films
page        a page that explains one convolution
cli         the command line

The public API: `convolve` for arrays, `convolver` for a stream of blocks, `convolve_file`,
`convolve_files`, `verify_file`, `compare_files` and `info` for files, `load_impulse` for impulses
by name; and the packages `nd`, for arrays of any number of dimensions, and `layers`. Names are
loaded when they are first used, so that a command's help does not wait for NumPy.

Examples
--------
>>> import numpy as np, audioconv
>>> x = np.array([[1.0], [2.0], [3.0]])
>>> audioconv.convolve(x, np.array([[1.0], [0.0], [0.5]])).ravel()
array([1. , 2. , 3.5, 1. , 1.5])
"""

from audioconv._version import __version__

TYPE_CHECKING = False  # as in typing, which takes long to import: before it, Ctrl-C is Python's

if TYPE_CHECKING:
    from audioconv.api import convolve, convolve_file, convolver, verify_file
    from audioconv.batch.api import convolve_files
    from audioconv.batch.settings import Settings
    from audioconv.engines.convolver import Convolver
    from audioconv.errors import AudioconvError
    from audioconv.files.info import info
    from audioconv.ir.load import load_impulse
    from audioconv.job import Job, Options, Outcome
    from audioconv.verify.compare import compare_files


__all__ = [
    "AudioconvError",
    "Convolver",
    "Job",
    "Options",
    "Outcome",
    "Settings",
    "__version__",
    "compare_files",
    "convolve",
    "convolve_file",
    "convolve_files",
    "convolver",
    "info",
    "load_impulse",
    "verify_file",
]

_HOMES = {
    "AudioconvError": "errors",
    "Convolver": "engines.convolver",
    "Job": "job",
    "Options": "job",
    "Outcome": "job",
    "Settings": "batch.settings",
    "compare_files": "verify.compare",
    "convolve": "api",
    "convolve_file": "api",
    "convolve_files": "batch.api",
    "convolver": "api",
    "info": "files.info",
    "load_impulse": "ir.load",
    "verify_file": "api",
}


_PACKAGES = ("layers", "nd")
"""Packages with an interface of their own, such as ``audioconv.nd.convolve``."""


def __dir__() -> list[str]:
    return [*globals(), *_HOMES, *_PACKAGES]


def __getattr__(name: str) -> object:
    if name not in _HOMES and name not in _PACKAGES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # late, for the same reason

    if name in _PACKAGES:
        return import_module(f"{__name__}.{name}")
    found: object = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = found  # and is not asked for again
    return found
