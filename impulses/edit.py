"""Edits: functions from an impulse to an impulse.

Convolution is linear, so gain, dry/wet mix and delay are edits of the impulse, made once; the
sound itself is only ever convolved. Alignment cuts nothing: it moves time 0, where an output
begins.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from audioconv.errors import counted
from impulses import analysis
from impulses.impulse import MAX_FRAMES, Impulse, ImpulseError, from_db
from impulses.quantities import Gain, one_of, polarity_notes

ALIGNMENTS: dict[str, Callable[[Impulse], int]] = {
    "first": lambda impulse: 0,
    "peak": analysis.peak_frame,
    "onset": analysis.onset,
}
"""Frames that can be time 0, over all channels: the first, the peak, the onset (-20 dB)."""

TRIMMABLE = "peak", "onset"
"""Frames before which an impulse can be trimmed."""


def gain(impulse: Impulse, factor: float) -> Impulse:
    """Scale every tap by `factor`.

    Examples
    --------
    >>> gain(Impulse([[1.0], [0.5]], rate=1), 2).taps.ravel()
    array([2., 1.])
    """
    return (
        impulse
        if factor == 1
        else impulse.with_taps(impulse.taps * factor, *polarity_notes(factor))
    )


def mix(impulse: Impulse, *, dry: Gain = 0.0, wet: Gain = 1.0) -> Impulse:
    """Return ``dry * delta + wet * h``, with the direct path at the impulse's origin.

    Parameters
    ----------
    impulse : Impulse
        A matrix must have one input, or as many inputs as outputs: a direct path from two
        channels to three is not defined.
    dry : float
        gain of the direct path
    wet : float
        gain of the impulse

    Raises
    ------
    ImpulseError
        If `dry` is not 0 and no direct path is defined.

    Examples
    --------
    >>> mix(Impulse([[0.0], [1.0]], rate=1), dry=1, wet=0.5).taps.ravel()
    array([1. , 0.5])
    """
    if dry == 0:
        return gain(impulse, wet)
    taps = impulse.taps * wet
    inputs, outputs = impulse.paths.shape[1:]
    if inputs == 1:
        taps[impulse.origin] += dry
    elif inputs == outputs:
        taps[impulse.origin] += dry * np.eye(inputs)
    else:
        raise ImpulseError(
            f"a dry path needs as many outputs as inputs, but the impulse leads from {inputs} "
            f"to {outputs}; use a dry gain of 0"
        )
    return impulse.with_taps(taps, *polarity_notes(wet, dry))


def delay(impulse: Impulse, frames: int) -> Impulse:
    """Insert `frames` frames of silence before the impulse (a pre-delay).

    Examples
    --------
    >>> delay(Impulse([[1.0]], rate=1), 2).taps.ravel()
    array([0., 0., 1.])
    """
    if not 0 <= frames < MAX_FRAMES:
        raise ImpulseError(f"delay is {frames} frames; it must be 0 or more, under {MAX_FRAMES}")
    before = [(frames, 0), *[(0, 0)] * (impulse.taps.ndim - 1)]
    return impulse.with_taps(np.pad(impulse.taps, before))


def align(impulse: Impulse, to: str) -> Impulse:
    """Move time 0 to the ``"peak"``, the ``"onset"`` or the ``"first"`` frame; keep every tap.

    Examples
    --------
    >>> aligned = align(Impulse([[0.0], [0.2], [-1.0]], rate=1), "peak")
    >>> aligned.origin, aligned.frames
    (2, 3)
    """
    time_zero = ALIGNMENTS[one_of("align", to, ALIGNMENTS)]
    return impulse.with_taps(impulse.taps, origin=time_zero(impulse))


def section(impulse: Impulse, start: int, end: int) -> Impulse:
    """Keep the frames from `start` up to, but without, `end`.

    Time 0 stays where it is, or becomes the first or the last frame if it is cut.

    Examples
    --------
    >>> section(Impulse([[1.0], [0.5], [0.25]], rate=1), 1, 3).taps.ravel()
    array([0.5 , 0.25])
    """
    if end > impulse.frames:
        raise ImpulseError(
            f"`slice` ends at {end / impulse.rate:.9g} s, but the impulse is "
            f"{impulse.frames / impulse.rate:.9g} s long; end it there or earlier"
        )
    if not 0 <= start < end:
        raise ImpulseError(
            f"`slice` is frames {start} to {end}; it must be at least one of the "
            f"{counted(impulse.frames, 'frame')} ({impulse.frames / impulse.rate:g} s), the start "
            "before the end"
        )
    kept = min(max(impulse.origin, start), end - 1)
    return impulse.with_taps(impulse.taps[start:end], origin=kept - start)


def trim_start(impulse: Impulse, to: str) -> Impulse:
    """Cut the frames before the ``"peak"`` or the ``"onset"``, and note the energy that goes.

    Time 0 stays where it is, or becomes the first frame if it is cut.

    Examples
    --------
    >>> trimmed = trim_start(Impulse([[0.0], [0.2], [1.0]], rate=1), "peak")
    >>> trimmed.taps.ravel(), trimmed.notes
    (array([1.]), ('trimmed 2 frames (2000.00 ms) before the peak, with 3.846 % of the energy',))
    """
    start = ALIGNMENTS[one_of("`trim_start`", to, TRIMMABLE)](impulse)
    if start == 0:
        return impulse
    gone = impulse.with_taps(impulse.taps[:start], origin=0)
    share = (analysis.rms(gone) / analysis.rms(impulse)) ** 2 * start / impulse.frames
    return impulse.with_taps(
        impulse.taps[start:],
        f"trimmed {counted(start, 'frame')} ({1000 * start / impulse.rate:.2f} ms) before the "
        f"{to}, with {100 * share:.4g} % of the energy",
        origin=max(0, impulse.origin - start),
    )


def trim(impulse: Impulse, level: float) -> Impulse:
    """Cut the tail after the last tap that is within `level` dB of the peak.

    Examples
    --------
    >>> trim(Impulse([[1.0], [0.2], [0.001]], rate=1), -40).taps.ravel()
    array([1. , 0.2])
    """
    if not level < 0:
        raise ImpulseError(f"trim level is {level:g} dB; it must be below 0 dB, such as -80")
    peaks = analysis.frame_peaks(impulse)
    loud = np.flatnonzero(peaks >= peaks.max() * from_db(level))
    return cut(impulse, int(loud[-1]) + 1)


def fade(impulse: Impulse, *, fade_in: int = 0, fade_out: int = 0) -> Impulse:
    """Fade the impulse in and out by half a cosine.

    Parameters
    ----------
    fade_in, fade_out : int >= 0
        lengths in frames, together at most the length of the impulse

    Examples
    --------
    >>> fade(Impulse(np.ones((4, 1)), rate=1), fade_out=3).taps.ravel().round(3)
    array([1.   , 0.854, 0.5  , 0.146])
    """
    if min(fade_in, fade_out) < 0 or fade_in + fade_out > impulse.frames:
        raise ImpulseError(
            f"fades of {fade_in} and {fade_out} frames do not fit an impulse of "
            f"{impulse.frames}; shorten them"
        )
    window = np.ones(impulse.frames)
    for ends, length in ((window, fade_in), (window[::-1], fade_out)):
        # n + 1 of length + 1 steps: no frame is wasted on a gain of exactly 0 or 1
        ends[:length] = 0.5 - 0.5 * np.cos(
            np.pi * np.arange(1, length + 1, dtype=np.int64) / (length + 1)
        )
    return impulse.with_taps(impulse.taps * window.reshape(-1, *[1] * (impulse.taps.ndim - 1)))


def reverse(impulse: Impulse) -> Impulse:
    """Reverse the impulse in time, which keeps its magnitude response.

    Examples
    --------
    >>> reverse(Impulse([[1.0], [0.5], [0.25]], rate=1)).taps.ravel()
    array([0.25, 0.5 , 1.  ])
    """
    return impulse.with_taps(impulse.taps[::-1], origin=impulse.frames - 1 - impulse.origin)


def split(impulse: Impulse, frames: int) -> tuple[Impulse, Impulse]:
    """Split an impulse `frames` frames after its onset, into an early and a late part.

    Both keep their position in time, so they add up to the whole.

    Examples
    --------
    >>> early, late = split(Impulse([[0.0], [1.0], [0.5], [0.25]], rate=1), 1)
    >>> early.taps.ravel(), late.taps.ravel()
    (array([0., 1.]), array([0.  , 0.  , 0.5 , 0.25]))
    """
    if frames < 0:
        raise ImpulseError(f"an impulse cannot be split {frames} frames after its onset; use 0")
    return split_at(impulse, analysis.onset(impulse) + frames)


def split_at(impulse: Impulse, frame: int) -> tuple[Impulse, Impulse]:
    """Split an impulse into the part before a frame, and the part from it on.

    Both keep their position in time, so they add up to the whole.

    Examples
    --------
    >>> early, late = split_at(Impulse([[0.0], [1.0], [0.5]], rate=1), 2)
    >>> early.taps.ravel(), late.taps.ravel()
    (array([0., 1.]), array([0. , 0. , 0.5]))
    """
    at = min(frame, impulse.frames)
    early, late = impulse.taps.copy(), impulse.taps.copy()
    early[at:] = 0
    late[:at] = 0
    return cut(impulse.with_taps(early), at), impulse.with_taps(late)


def cut(impulse: Impulse, frames: int) -> Impulse:
    """Keep the first `frames` frames, and in any case the origin.

    Examples
    --------
    >>> cut(Impulse([[1.0], [0.5], [0.25]], rate=1), 2).frames
    2
    """
    return impulse.with_taps(impulse.taps[: max(frames, impulse.origin + 1)])
