"""The Python interface: arrays, blocks, files."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from audioconv.engines import stream
from audioconv.engines.convolver import Audio, Convolver
from audioconv.engines.plan import plan
from audioconv.engines.routes import routes
from audioconv.errors import AudioconvError, LayoutError
from audioconv.job import Job, Outcome
from audioconv.progress import Progress, silent
from audioconv.render.run import run
from impulses import Impulse


def convolve(
    x: ArrayLike, h: ArrayLike | Impulse, *, engine: str = "auto", single: bool = False
) -> Audio:
    """Convolve two arrays: ``y[n] = sum over a + b = n of x[a] h[b]``.

    Parameters
    ----------
    x : array, (frames, channels), finite
        the sound
    h : array or Impulse, (frames, channels) or (frames, inputs, outputs)
        one channel acts on every channel, as many as `x` has on each its own, any number on a
        mono sound side by side; three axes are a full matrix
    engine : str
        ``auto``, or a name in `audioconv.engines.ENGINES`
    single : bool
        compute in float32

    Returns
    -------
    y : array, (frames of x + frames of h - 1, outputs)

    Raises
    ------
    AudioconvError, ImpulseError
        If shapes do not fit or a value is not finite.

    Examples
    --------
    >>> convolve(np.ones((3, 1)), np.ones((2, 1))).ravel()
    array([1., 2., 2., 1.])
    """
    sound = np.asarray(x, dtype=np.float64)
    if sound.ndim != 2 or 0 in sound.shape:
        raise LayoutError(
            f"x has shape {sound.shape}; it must be (frames, channels), as x[:, None] makes of a "
            "mono sound of one axis"
        )
    if not np.isfinite(sound).all():
        frame = int(np.argmin(np.isfinite(sound).all(axis=1)))
        raise AudioconvError(f"x has a value that is not finite in frame {frame}; mend it first")
    planned = convolver(h, sound.shape[1], engine=engine, single=single)
    parts = stream.convolve([sound], planned, lambda part, start: part)
    return np.concatenate([*parts, planned.flush()])


def convolver(
    h: ArrayLike | Impulse, channels: int, *, engine: str = "auto", single: bool = False
) -> Convolver:
    """Plan the convolution of a sound that comes in blocks.

    Parameters
    ----------
    h : array or Impulse
        as for `convolve`
    channels : int > 0
        of the sound
    engine : str
        ``auto``, or a name; for blocks of a few hundred frames, as they come in real time,
        take ``partitioned``: ``auto`` is made for long blocks, and some hundred times slower
        with those
    single : bool
        compute in float32

    Returns
    -------
    Convolver
        ``process(block)`` returns as many frames as it gets, ``flush()`` the K - 1 frames
        after the last, and ``reset()`` forgets the sound

    Examples
    --------
    >>> echo = convolver(np.array([[1.0], [0.5]]), channels=1)
    >>> echo.process(np.array([[1.0]])), echo.process(np.array([[0.0]])), echo.flush()
    (array([[1.]]), array([[0.5]]), array([[0.]]))
    """
    # an array has no rate, and a convolution of arrays needs none
    taps = h.taps if isinstance(h, Impulse) else Impulse(np.asarray(h), rate=1).taps
    return plan(routes(taps, channels), engine, single=single)


def convolve_file(job: Job, progress: Progress = silent) -> Outcome:
    """Convolve a sound file, as `audioconv convolve` does.

    Parameters
    ----------
    job : Job
        names and options
    progress : Progress
        is called with what is being done, and the seconds of sound that it has been done to, of
        how many

    Returns
    -------
    Outcome
        what was written, as plain numbers

    Raises
    ------
    AudioconvError, ImpulseError
        The output path then holds what it held before.

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
    return run(job, progress)
