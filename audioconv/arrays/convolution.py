"""`convolve`: the convolution of whole arrays."""

from __future__ import annotations

from typing import Literal

from audioconv.arrays.layout import broadcast, frames_of, last, lengths_of, one_type, silenced
from audioconv.arrays.library import library_of
from audioconv.arrays.overlap_save import convolved
from audioconv.arrays.sink import Array
from audioconv.errors import UsageError

Mode = Literal["full", "input", "valid"]

MODES = ("full", "input", "valid")


def convolve(
    x: Array,
    h: Array,
    *,
    axis: int = -1,
    mode: Mode = "full",
    lengths: Array | None = None,
    h_lengths: Array | None = None,
    block: int | None = None,
) -> Array:
    """Convolve arrays along an axis: ``y[n] = sum over a + b = n of x[a] h[b]``.

    Values are not looked at: one that is not finite spoils what is transformed with it.

    Parameters
    ----------
    x : array, (..., n), real or complex, of 32 or 64 bits
        of NumPy, PyTorch, CuPy, JAX or another library of the array API standard
    h : array, (..., K)
        of the same library and on the same device; its other axes broadcast against those of
        `x`, so that there is an impulse for each item, for each channel, or one for all
    axis : int
        that of frames; in `h` it is the same, counted from the last, and in an array of one axis
        that one
    mode : {"full", "input", "valid"}
        all n + K - 1 frames; as many as `x` has, from the first on; or those on which every tap
        meets a frame of `x`, n - K + 1 or none
    lengths : array of int, optional
        frames of each item of `x`, of a shape that broadcasts against its other axes; what lies
        beyond does not count, and the output is zero beyond the item's own. Values of lists and
        of NumPy are checked, those of an array that may be on a device are not
    h_lengths : array of int, optional
        the same for `h`; not for ``mode="valid"``, whose first frame differs with it
    block : int > 0, optional
        frames that each transform gives, at least; by default, one or many are chosen by the
        lengths of `x` and `h`. Work space grows with it, but not with `x`, unless gradients keep
        everything

    Returns
    -------
    y : array
        of the library and on the device of `x`, and of the type that holds both; float32 is
        computed in float32

    Raises
    ------
    AudioconvError
        If shapes or types do not fit.

    Notes
    -----
    Errors are about 1e-15 of max(abs(x)) sum(abs(h)) in float64. In float32 they are under 4e-7 of
    it; where nearly all of a long impulse is silent, as in an echo, up to 1.5e-6, which is what a
    transform of full-scale noise and its inverse err by. Up to eight taps are summed as they are,
    so that ``[1.0]`` gives every value back.

    Examples
    --------
    >>> import numpy as np
    >>> convolve(np.ones((2, 3)), np.asarray([1.0, 0.5]))
    array([[1. , 1.5, 1.5, 0.5],
           [1. , 1.5, 1.5, 0.5]])
    >>> convolve(np.ones((2, 3)), np.asarray([[1.0, 0.5], [1.0, 0.0]]), mode="input")
    array([[1. , 1.5, 1.5],
           [1. , 1. , 1. ]])
    >>> convolve(np.ones((2, 3)), np.asarray([1.0, 0.5]), lengths=[3, 1])
    array([[1. , 1.5, 1.5, 0.5],
           [1. , 0.5, 0. , 0. ]])
    """
    if mode not in MODES:
        raise UsageError(f"mode is {mode!r}; it must be one of {', '.join(MODES)}")
    block = frames_of("block", block)
    if mode == "valid" and h_lengths is not None:
        raise UsageError(
            "h_lengths does not go with mode 'valid', as each item would begin at another frame; "
            "use 'full', and take the frames from h_lengths - 1 up to lengths"
        )
    library = library_of(x=x, h=h)
    x, h = one_type(library, x, h)
    from_last = axis - x.ndim if axis >= 0 else axis
    x = last(library, "x", x, axis)
    h = h if h.ndim == 1 else last(library, "h", h, from_last)
    sizes = lengths_of(library, "lengths", lengths, x, x.ndim - 1)
    h_sizes = lengths_of(library, "h_lengths", h_lengths, h, h.ndim - 1)
    x, h = silenced(library, x, sizes), silenced(library, h, h_sizes)
    x, h = broadcast(library, x, h)
    frames, taps = x.shape[-1], h.shape[-1]
    if mode == "input" and 0 < frames < taps:
        h = h[..., :frames]  # the others come too late
    begin = taps - 1 if mode == "valid" else 0
    end = frames + taps - 1 if mode == "full" else frames
    y = convolved(library, x, h, begin, end, block=block)
    if sizes is not None or h_sizes is not None:
        sizes = frames if sizes is None else sizes
        ends = {"full": (taps if h_sizes is None else h_sizes) - 1, "input": 0, "valid": 1 - taps}
        y = silenced(library, y, sizes + ends[mode])
    return y if from_last == -1 else library.xp.moveaxis(y, -1, from_last)
