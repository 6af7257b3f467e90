"""The Python interface: arrays, blocks, files."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from audioconv.engines import stream
from audioconv.engines.audio import Audio, refuse_extremes
from audioconv.engines.convolver import Convolver
from audioconv.engines.plan import plan
from audioconv.engines.routes import routes
from audioconv.errors import LayoutError, UsageError
from audioconv.files import Reader, local, rereadable, unchanged
from audioconv.job import Job, Outcome, VerificationReport
from audioconv.progress import Progress, silent
from audioconv.render.notices import Notices
from audioconv.render.prepare import prepare, prepare_for
from audioconv.render.run import run
from audioconv.verify import verify
from impulses import Impulse, edit
from impulses.impulse import MAX_CHANNELS
from impulses.quantities import one_of


def convolve(
    x: ArrayLike,
    h: ArrayLike | Impulse,
    *,
    align: Literal["none", "origin", "peak", "onset"] = "none",
    engine: str = "auto",
    single: bool = False,
) -> Audio:
    """Convolve two arrays: ``y[n] = sum over a + b = n of x[a] h[b]``.

    Parameters
    ----------
    x : array, (frames, channels), finite
        the sound, of 256 channels at most; `audioconv.arrays.convolve` takes arrays with frames
        last, and batches
    h : array or Impulse, (frames, channels) or (frames, inputs, outputs)
        one channel acts on every channel, as many as `x` has on each its own, any number on a
        mono sound side by side; three axes are a full matrix
    align : {"none", "origin", "peak", "onset"}
        drop the frames before time 0: the origin of an `Impulse`, the peak of `h`, or its onset
        (-20 dB); by default nothing is dropped
    engine : str
        ``auto``, or a name in `audioconv.engines.ENGINES`
    single : bool
        compute in float32

    Returns
    -------
    y : array, (frames of x + frames of h - 1 - frames before time 0, outputs)

    Raises
    ------
    AudioconvError
        If shapes do not fit, or a value is not finite or too large to compute with.

    Examples
    --------
    >>> convolve(np.ones((3, 1)), np.ones((2, 1))).ravel()
    array([1., 2., 2., 1.])
    >>> convolve(np.ones((3, 1)), np.array([[0.5], [1.0]]), align="peak").ravel()
    array([1.5, 1.5, 1. ])
    """
    sound = _real(x)
    if sound.ndim != 2 or 0 in sound.shape:
        remedy = "; pass x[:, None] for a mono sound" if sound.ndim == 1 else ", neither of them 0"
        raise LayoutError(f"x has shape {sound.shape}; it must be (frames, channels){remedy}")
    _refuse_channels("x", sound.shape)
    planned = convolver(h, sound.shape[1], frames=len(sound), engine=engine, single=single)
    refuse_extremes(sound, planned.limit, "x")
    return stream.whole(sound, planned)[_head(h, align) :]


def convolver(
    h: ArrayLike | Impulse,
    channels: int,
    *,
    frames: int | None = None,
    engine: str = "auto",
    single: bool = False,
) -> Convolver:
    """Plan the convolution of a sound that comes in blocks.

    Parameters
    ----------
    h : array or Impulse
        as for `convolve`
    channels : int > 0
        of the sound
    frames : int > 0, optional
        of the sound, where all sounds are short and come whole, as `convolve` plans it: the block
        of the FFT engine is then at most that long, cut by both lengths, into transforms that are
        no longer than they need be; the results are the same
    engine : str
        ``auto``, or a name; for blocks of a few hundred frames, as in real time, use
        ``partitioned``: ``auto`` is made for long blocks, and about a hundred times slower there
    single : bool
        compute in float32

    Returns
    -------
    Convolver
        ``process(block)`` returns as many frames as it is given, ``flush()`` the tail of K - 1
        frames, and ``reset()`` starts a new sound; a block with a sample that is not finite is
        refused, and leaves the convolver as it was

    Examples
    --------
    >>> echo = convolver(np.array([[1.0], [0.5]]), channels=1)
    >>> echo.process(np.array([[1.0]])), echo.process(np.array([[0.0]])), echo.flush()
    (array([[1.]]), array([[0.5]]), array([[0.]]))
    """
    if not 1 <= channels <= MAX_CHANNELS:
        raise LayoutError(f"channels is {channels}; it must be from 1 to {MAX_CHANNELS}")
    if frames is not None and frames < 1:
        raise UsageError(f"frames is {frames}; it must be at least 1")
    _refuse_channels("h", np.shape(h.taps if isinstance(h, Impulse) else h))
    # an array has no rate, and a convolution of arrays needs none
    taps = h.taps if isinstance(h, Impulse) else Impulse(np.asarray(h), rate=1).taps
    return plan(routes(taps, channels), engine, single=single, frames=frames)


def convolve_file(
    job: Job, progress: Progress = silent, *, executor: Executor | None = None
) -> Outcome:
    """Convolve a sound file, as `audioconv convolve` does.

    Parameters
    ----------
    job : Job
        input, output, impulses and options
    progress : callable
        called with the present step, the seconds of sound done, and the seconds in all
    executor : concurrent.futures.Executor, optional
        convolves the blocks, such as those of a cluster, as many at a time as the options have
        threads; reading, proving and writing stay here, and the output is the same to the last bit

    Returns
    -------
    Outcome
        levels, lengths and notices, as plain data

    Raises
    ------
    AudioconvError
        The output path then holds its old content.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     outcome = convolve_file(
    ...         Job("samples/speech.wav", f"{folder}/out.wav", ["samples/hall.wav"])
    ...     )
    >>> outcome.engine, outcome.channels
    ('overlap-add', 2)
    """
    preparing = prepare if executor is None else prepare_for(executor)
    return run(_checked(job), progress, prepare=preparing)


def verify_file(job: Job, progress: Progress = silent) -> VerificationReport:
    """Verify an existing output, as `audioconv verify` does.

    Parameters
    ----------
    job : Job
        as the output was made; it may have been made by any other program too
    progress : callable
        as for `convolve_file`

    Returns
    -------
    VerificationReport
        `passed`, the deviations and limits of every check, and `notices` on both files and the
        impulse

    Raises
    ------
    FormatError
        If a file cannot be read or changes meanwhile, or the output is of a lossy format.
    VerificationError
        If the output is cut short, or has other channels or another rate.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     job = Job("samples/speech.wav", f"{folder}/echo.wav", ["double-spike:delay=90ms"])
    ...     outcome = convolve_file(job)
    ...     verify_file(job).passed
    True
    """
    truncated = _checked(job).options.allow_truncated
    with rereadable(job.input) as path, local(job.output) as output, unchanged(path):
        with Reader(path, allow_truncated=truncated) as reader:
            source = reader.info
        prepared = prepare(job.impulses, job.options, source)
        report = verify(
            path,
            output,
            prepared.convolver,
            prepared.window,
            job.options,
            progress=progress,
        )
    notices = Notices(job.options.strict)
    notices.add(*dict.fromkeys([*prepared.impulse.notes, *report.notices]))
    return replace(report, notices=notices.given)


def _head(h: ArrayLike | Impulse, align: str) -> int:
    """Return the frames of a convolution before time 0 of its impulse."""
    if one_of("align", align, ("none", "origin", "peak", "onset")) == "none":
        return 0
    impulse = h if isinstance(h, Impulse) else Impulse(np.asarray(h), rate=1)
    return impulse.origin if align == "origin" else edit.align(impulse, align).origin


def _refuse_channels(name: str, shape: tuple[int, ...]) -> None:
    """Refuse an array that has its channels first, as other libraries do.

    Raises
    ------
    LayoutError
        If it has more channels than any sound.
    """
    if max(shape[1:], default=0) > MAX_CHANNELS:
        raise LayoutError(
            f"{name} has shape {shape}, where frames come first and up to {MAX_CHANNELS} channels "
            f"last; pass {name}.T if it has its channels first, or use audioconv.arrays.convolve, "
            "which takes frames last, and batches"
        )


def _real(x: ArrayLike) -> Audio:
    """Return a sound as float64, or as float32 if it is that, which engines take as it is.

    Raises
    ------
    LayoutError
        If it is no array of real numbers.
    """
    array = np.asarray(x)
    if array.dtype.kind not in "biuf":
        raise LayoutError(f"x is of type {array.dtype}; it must be an array of real numbers")
    return array if array.dtype == np.float32 else array.astype(np.float64, copy=False)


def _checked(job: Job) -> Job:
    """Return a job, or raise `UsageError` if it is something else."""
    if not isinstance(job, Job):
        raise UsageError(f"job is {job!r}; it must be an audioconv.Job")
    return job
