"""`reverberate`: a batch of sounds in rooms, with targets for training, as `audioconv batch` does.

Convolution is linear, so the target is the sound through the early part of the impulse. The output
and its target begin at one frame of the impulse, and have one gain, for all channels of an item.
"""

from __future__ import annotations

from numbers import Real
from typing import Literal, NamedTuple

import numpy as np

from audioconv.arrays.convolution import convolve
from audioconv.arrays.layout import (
    fit,
    frames_of,
    lengths_of,
    one_type,
    refuse_empty,
    silenced,
)
from audioconv.arrays.library import Library, library_of
from audioconv.arrays.sink import Array
from audioconv.errors import LayoutError, UsageError
from impulses.impulse import MAX_CHANNELS

ONSET = 0.1
"""Share of the peak with which a sound arrives: 20 dB below it (ISO 3382-1:2009, A.3.4)."""

ALIGNMENTS = ("onset", "peak", "none")
MATCHES = ("none", "rms")


class Reverberated(NamedTuple):
    """A batch in rooms.

    Parameters
    ----------
    wet : array, (..., channels, n)
    target : array, (..., channels, n), or None
        the sound through the early part of the impulse, in step with `wet`, and at its gain
    """

    wet: Array
    target: Array | None


def reverberate(
    x: Array,
    h: Array,
    *,
    early: int | None = None,
    align: Literal["onset", "peak", "none"] = "onset",
    match: Literal["none", "rms"] = "none",
    wet: Array | float = 1.0,
    dry: Array | float = 0.0,
    lengths: Array | None = None,
) -> Reverberated:
    """Put each item of a batch into a room.

    The figures are those of ``audioconv batch --length input --stems early``, to rounding.

    Parameters
    ----------
    x : array, (items, channels, n), or with more leading axes
        sounds; ``x[:, None]`` makes a batch of mono sounds of (items, n)
    h : array, (items, channels, K), or (K,) for one impulse for all
        where items or channels are 1, they are for all
    early : int > 0, optional
        frames after the direct sound that the target hears
    align : {"onset", "peak", "none"}
        frame of the impulse at which the output begins, one for all channels of an item: where
        any channel first comes within 20 dB of the peak, the peak, or the first; all taps count
    match : {"none", "rms"}
        with ``rms``, a gain for each item makes the output as loud as the sound; an item that is
        silent keeps its gain
    wet, dry : float, or array that broadcasts against (items, channels, 1)
        the output is the gain times wet h * x + dry x; the target is that gain times its part of
        h * x, as if `wet` were 1
    lengths : array of int, (items,), optional
        frames of each item; the others do not count, and are zero in the output

    Returns
    -------
    Reverberated
        `wet` and `target`, each as long as `x`, of its library and on its device

    Raises
    ------
    AudioconvError
        If shapes or types do not fit.

    Examples
    --------
    >>> import numpy as np
    >>> x, h = np.ones((1, 1, 4)), np.asarray([0.0, 1.0, 0.5])
    >>> wet, target = reverberate(x, h, early=1)
    >>> wet, target
    (array([[[1. , 1.5, 1.5, 1.5]]]), array([[[1., 1., 1., 1.]]]))
    """
    for name, value, choices in (("align", align, ALIGNMENTS), ("match", match, MATCHES)):
        if value not in choices:
            raise UsageError(f"{name} is {value!r}; it must be one of {', '.join(choices)}")
    early = frames_of("early", early)
    library = library_of(x=x, h=h)
    x, h = _batch(library, *one_type(library, x, h))
    wet, dry = _factor(library, "wet", wet, x), _factor(library, "dry", dry, x)
    sizes = lengths_of(library, "lengths", lengths, x, x.ndim - 2)
    sizes = None if sizes is None else sizes[..., None, :]  # for all channels
    x = silenced(library, x, sizes)
    start = _start(library, h, align)
    parts = h[..., None, :]
    if early is not None:
        end = early + (start if align == "onset" else _start(library, h, "onset"))
        parts = library.xp.stack([h, silenced(library, h, end)], axis=-2)
    made = convolve(x[..., None, :], parts)  # so that the sound is transformed once
    reverberant = _from(library, made[..., 0, :], start, x.shape[-1])
    target = None if early is None else _from(library, made[..., 1, :], start, x.shape[-1])
    output = silenced(library, wet * reverberant + dry * x, sizes)
    target = None if target is None else silenced(library, target, sizes)
    if match == "rms":
        gain = _gain(library, x, output)
        output, target = gain * output, None if target is None else gain * target
    return Reverberated(output, target)


def _batch(library: Library, x: Array, h: Array) -> tuple[Array, Array]:
    """Return sounds and impulses as (..., items, channels, frames)."""
    if x.ndim < 3:
        raise LayoutError(
            f"x has shape {tuple(x.shape)}; it must be (items, channels, frames); pass x[:, None] "
            "for mono items, x[None] for one item of several channels"
        )
    if h.ndim != 1 and h.ndim < 3:
        raise LayoutError(
            f"h has shape {tuple(h.shape)}; it must be (items, channels, frames), or (frames,) for "
            "all; pass h[:, None] for a mono impulse for each item, h[None] for the channels of all"
        )
    refuse_empty(h)
    for name, array in (("x", x), ("h", h)):
        if array.ndim > 1 and array.shape[-2] > MAX_CHANNELS:
            raise LayoutError(
                f"{name} has shape {tuple(array.shape)}, {array.shape[-2]} channels of "
                f"{array.shape[-1]} frames; the limit is {MAX_CHANNELS} channels; frames must come "
                "last, so swap the last two axes"
            )
    if library.is_complex(x):
        raise LayoutError(f"x or h is of type {x.dtype}; sounds in rooms must be real")
    return x, h[None, None, :] if h.ndim == 1 else h


def _start(library: Library, h: Array, align: str) -> Array:
    """Return the frame of each impulse at which the output begins, (..., 1, 1)."""
    xp = library.xp
    envelope = xp.max(xp.abs(h), axis=-2, keepdims=True)
    if align == "none":
        envelope = envelope[..., :1]
    if align == "onset":
        reached = envelope >= ONSET * xp.max(envelope, axis=-1, keepdims=True)
        envelope = xp.astype(reached, xp.int32)
    return xp.argmax(envelope, axis=-1, keepdims=True)


def _factor(library: Library, name: str, value: Array | float, x: Array) -> Array | float:
    """Return a factor, or one for each item or channel, in the type of sounds, which keep theirs.

    Raises
    ------
    AudioconvError
        If it is something else.
    """
    if isinstance(value, Real):
        return float(value)
    if isinstance(value, np.ndarray | list | tuple):
        value = library.xp.asarray(value, dtype=x.dtype, device=library.device(x))
    elif hasattr(value, "dtype"):
        value = library.xp.astype(value, x.dtype)
    else:
        raise UsageError(
            f"{name} is {value!r}; it must be a factor, such as 10 ** (-6 / 20) for -6 dB, or an "
            "array of them"
        )
    shape = tuple(value.shape)
    if shape[-1:] not in ((), (1,)) or not fit(shape, tuple(x.shape)):
        raise LayoutError(
            f"{name} has shape {shape}, and x {tuple(x.shape)}; for a gain for each item, pass "
            f"{name}[:, None, None]"
        )
    return value


def _from(library: Library, full: Array, start: Array, frames: int) -> Array:
    """Return as many frames of each item, from `start` (..., 1, 1) on."""
    xp = library.xp
    places = start + xp.arange(frames, dtype=start.dtype, device=library.device(full))
    places = xp.broadcast_to(places, (*full.shape[:-1], frames))
    return xp.take_along_axis(full, places, axis=-1)


def _gain(library: Library, x: Array, output: Array) -> Array:
    """Return the gain that makes each output as loud as its sound, (..., 1, 1)."""
    xp = library.xp
    heard, made = (
        xp.mean(xp.sum(a * a, axis=-1, keepdims=True), axis=-2, keepdims=True) for a in (x, output)
    )
    one = library.zeros((), x) + 1
    sounds = (heard > 0) & (made > 0)
    # a quotient of two that sound, so that no gradient is that of 0 / 0
    return xp.where(
        sounds, xp.sqrt(xp.where(sounds, heard, one) / xp.where(sounds, made, one)), one
    )
