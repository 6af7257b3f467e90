"""`Convolver`: the convolution of a sound that comes in blocks, on the device where they are."""

from __future__ import annotations

from audioconv.arrays.layout import broadcast, one_type
from audioconv.arrays.library import library_of
from audioconv.arrays.overlap_save import Latest, convolved
from audioconv.arrays.sink import Array
from audioconv.errors import LayoutError


class Convolver:
    """Convolution of a sound that comes in blocks, under the law of `audioconv.convolver`.

    `process` returns exactly as many frames as it is given, `flush` the K - 1 that are left. Put
    end to end they are the full convolution, however the sound is cut. After `flush` or `reset` a
    convolver is as new; it can be copied and pickled.

    Its past is kept in it, so that under `jax.jit` it must be made and flushed in one function.

    A block costs as much as a transform of its frames and K - 1 more: give long ones.

    Parameters
    ----------
    h : array, (..., K)
        taps, in axes that broadcast against those of blocks; must not change meanwhile

    Examples
    --------
    >>> import numpy as np
    >>> echo = Convolver(np.asarray([1.0, 0.0, 0.5]))
    >>> echo.process(np.asarray([[1.0, 2.0]])), echo.process(np.asarray([[3.0]])), echo.flush()
    (array([[1., 2.]]), array([[3.5]]), array([[1. , 1.5]]))
    """

    def __init__(self, h: Array) -> None:
        self._library = library_of(h=h)
        one_type(self._library, h, h)
        if h.ndim == 0 or h.shape[-1] == 0:
            raise LayoutError(f"h has shape {tuple(h.shape)}; it must be (..., frames), at least 1")
        self._taps = h
        self._spectra = Latest()
        self._past: Array = None

    def process(self, block: Array) -> Array:
        """Take n frames (..., n) and return n frames.

        Raises
        ------
        AudioconvError
            If the block does not fit the impulse, or the blocks before; all is then as before.
        """
        library = library_of(block=block, h=self._taps)
        x, taps = one_type(library, block, self._taps)
        if x.ndim == 0:
            raise LayoutError("a block has no axis; it must be (..., frames)")
        past = library.zeros_like(x, taps.shape[-1] - 1) if self._past is None else self._past
        if past.shape[:-1] != x.shape[:-1] or past.dtype != x.dtype:
            raise LayoutError(
                f"a block is {x.dtype} of shape {tuple(x.shape)}, but those before are "
                f"{past.dtype} of shape {(*past.shape[:-1], '...')}; reset() begins a new sound"
            )
        window = library.xp.concat([past, x], axis=-1)
        sound, h = broadcast(library, window, taps)
        kernels = self._spectra if library.is_constant(h) else None
        y = convolved(library, sound, h, h.shape[-1] - 1, sound.shape[-1], kernels=kernels)
        self._past = window[..., x.shape[-1] :]
        return y

    def flush(self) -> Array:
        """End the sound and return its last K - 1 frames."""
        frames = self._taps.shape[-1] - 1
        like = self._taps if self._past is None else self._past
        tail = self.process(self._library.zeros_like(like, frames))
        self.reset()
        return tail

    def reset(self) -> None:
        """Forget the sound so far."""
        self._past = None
