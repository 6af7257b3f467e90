"""Blocks convolved elsewhere: an executor calls the kernel of a convolver.

All that goes in order stays here: cutting the sound into blocks of the convolver's own length,
adding the tail of each block to the next, and whatever is done with the sums. So the same numbers
are added in the same order as on one machine, and the result is the same to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from functools import partial
from typing import Any

import numpy as np

from audioconv.engines.audio import Audio, Samples
from audioconv.engines.convolver import (
    Convolved,
    Convolver,
    Kernel,
    OverlapAdd,
    OverlapSave,
    WindowKernel,
)


def elsewhere(convolver: Convolver, executor: Executor) -> Convolver:
    """Return a convolver whose blocks are convolved by an executor.

    Each call waits for its block: threads call ahead, as many as there are blocks under way.

    Parameters
    ----------
    convolver : Convolver
        one with a state of its own is returned as it is, as its blocks follow from one another
    executor : concurrent.futures.Executor
        of this process or of others; the kernel goes with each block, unless the executor has a
        method ``place``, which returns what stands for an object that is sent ahead

    Examples
    --------
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> from audioconv.engines.plan import plan
    >>> from audioconv.engines.routes import routes
    >>> echo = plan(routes(np.array([[1.0], [0.5]]), 1), "direct")
    >>> with ThreadPoolExecutor(1) as executor:
    ...     elsewhere(echo, executor).process(np.array([[1.0], [2.0]])).ravel()
    array([1. , 2.5])
    """
    place: Callable[[Any], Any] = getattr(executor, "place", lambda kernel: kernel)
    if isinstance(convolver, OverlapAdd):
        return convolver.by(lambda kernel: partial(_block, executor, place(kernel)))
    if isinstance(convolver, OverlapSave):
        return convolver.by(lambda kernel: partial(_window, executor, place(kernel)))
    return convolver


def _block(executor: Executor, kernel: Any, block: Samples, unit: float) -> Convolved:
    frames, parts, tail = executor.submit(_convolved, kernel, block, unit).result()
    return Convolved(frames, _writable(parts), *_writable([tail]))


def _window(executor: Executor, kernel: Any, window: Samples, unit: float) -> list[Audio]:
    return _writable(executor.submit(_listed, kernel, window, unit).result())


def _convolved(kernel: Kernel, block: Samples, unit: float) -> tuple[int, list[Audio], Audio]:
    """Convolve a block, with all that would be computed on demand; in any process."""
    made = kernel(block, unit)
    return made.frames, _alone(made.parts), _alone([made.tail])[0]


def _listed(kernel: WindowKernel, window: Samples, unit: float) -> list[Audio]:
    """Convolve a window; in any process."""
    return _alone(kernel(window, unit))


def _alone(parts: Iterable[Audio]) -> list[Audio]:
    """Return arrays that lie in one piece, so that nothing else is sent with them."""
    return [np.ascontiguousarray(part) for part in parts]


def _writable(parts: Iterable[Audio]) -> list[Audio]:
    """Return arrays that can be written to, as those that were sent cannot always."""
    return [np.require(part, requirements="W") for part in parts]
