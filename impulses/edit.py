"""Edits: functions from an impulse to an impulse.

Convolution is linear, so gain, dry and wet mix, delay, alignment and chains of impulses are
all edits made once to the impulse, and the sound itself is only ever convolved.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce

import numpy as np

from impulses import analysis
from impulses.impulse import Impulse, ImpulseError, Taps, from_db

ALIGNMENTS: dict[str, Callable[[Impulse], int]] = {
    "peak": analysis.peak_frame,
    "onset": analysis.onset,
}
"""Where the sound of an impulse can be said to start."""

RINGING = 2048
"""Frames, at the lower of two rates, beyond which a resampler's ringing is not looked for."""

UNHEARD = 1e-8
"""Share of the energy that resampling may leave out: half of it on either side."""

FEW_TAPS = 64
"""Up to so many non-zero taps an impulse is folded by shifted adds, which keep echoes exact."""


def gain(impulse: Impulse, factor: float) -> Impulse:
    """Scale every tap by `factor`.

    Examples
    --------
    >>> gain(Impulse([[1.0], [0.5]], rate=1), 2).taps.ravel()
    array([2., 1.])
    """
    return impulse if factor == 1 else impulse.with_taps(impulse.taps * factor)


def mix(impulse: Impulse, *, dry: float, wet: float) -> Impulse:
    """Return ``dry * delta + wet * h``, the direct path standing at the impulse's origin.

    Parameters
    ----------
    impulse : Impulse
        If a matrix, it must have one input or as many inputs as outputs: a direct path from
        two channels into three is not defined.
    dry, wet : float
        levels of the sound itself and of the convolved sound

    Raises
    ------
    ImpulseError
        If `dry` is not 0 and the impulse has no direct path.

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
    return impulse.with_taps(taps)


def delay(impulse: Impulse, frames: int) -> Impulse:
    """Put `frames` frames of silence before the impulse (a pre-delay).

    Examples
    --------
    >>> delay(Impulse([[1.0]], rate=1), 2).taps.ravel()
    array([0., 0., 1.])
    """
    if frames < 0:
        raise ImpulseError(f"delay is {frames} frames; it must be 0 or more")
    return impulse.with_taps(_pad(impulse.taps, before=frames))


def align(impulse: Impulse, to: str) -> Impulse:
    """Drop the frames before the ``"peak"`` or the ``"onset"``, so that the sound starts there.

    Examples
    --------
    >>> align(Impulse([[0.0], [0.2], [1.0]], rate=1), "onset").taps.ravel()
    array([0.2, 1. ])
    """
    if to not in ALIGNMENTS:
        raise ImpulseError(
            f"an impulse cannot be aligned to {to!r}; there are {', '.join(ALIGNMENTS)}"
        )
    return impulse.with_taps(impulse.taps[ALIGNMENTS[to](impulse) :], origin=0)


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
    return impulse.with_taps(impulse.taps[: loud[-1] + 1])


def fade(impulse: Impulse, *, fade_in: int = 0, fade_out: int = 0) -> Impulse:
    """Fade the first and the last frames by half a cosine.

    Parameters
    ----------
    fade_in, fade_out : int >= 0
        frames, together no more than the impulse has

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
        # n + 1 of length + 1 steps: neither the silent nor the full end is spent on a frame
        ends[:length] = 0.5 - 0.5 * np.cos(np.pi * np.arange(1, length + 1) / (length + 1))
    return impulse.with_taps(impulse.taps * window.reshape(-1, *[1] * (impulse.taps.ndim - 1)))


def resample(impulse: Impulse, rate: int) -> Impulse:
    """Resample to another rate, keeping the frequency response at its level.

    Taps are scaled by the ratio of the rates, because a sum over twice as many taps must give
    the same response. A band-limited spike rings on both sides of itself: ringing outside the
    impulse's own span is kept until no more than a hundred-millionth of the energy is left
    out; before the start it becomes a delay, which `origin` tells.

    Parameters
    ----------
    rate : int > 0
        samples per second

    Raises
    ------
    ImpulseError
        If the rate is not above 0.

    Examples
    --------
    >>> h = resample(Impulse(np.exp(-np.arange(800) / 100)[:, None], 48000), 24000)
    >>> h.rate, bool(abs(h.taps.sum() - 100.5) < 0.1)
    (24000, True)
    """
    if rate < 1:
        raise ImpulseError(f"rate is {rate} Hz; it must be at least 1 Hz")
    if rate == impulse.rate:
        return impulse
    import soxr  # only when used, like every import that a plain echo can do without

    # silence around the impulse gives the resampler's ringing room on both sides; whole
    # source frames that are whole target frames too keep frame 0 on a sample
    step = impulse.rate // np.gcd(impulse.rate, rate)
    longest = RINGING * max(1, impulse.rate // rate)
    room = step * -(-longest // step)
    channels = impulse.taps.reshape(impulse.frames, -1)
    padded = _pad(channels, before=room, after=room)
    resampled = soxr.resample(padded, impulse.rate, rate, quality="VHQ") * (impulse.rate / rate)

    origin = room * rate // impulse.rate
    energy = np.cumsum((resampled**2).sum(axis=1))
    left, right = UNHEARD / 2 * energy[-1], (1 - UNHEARD / 2) * energy[-1]
    audible = np.flatnonzero((energy > left) & (energy < right))
    start = min([origin, *audible[:1]])
    end = max([origin + -(-impulse.frames * rate // impulse.rate), *(audible[-1:] + 2)])
    kept = resampled[start:end]
    return impulse.with_taps(
        kept.reshape(-1, *impulse.taps.shape[1:]),
        f"impulse resampled from {impulse.rate} to {rate} Hz",
        rate=rate,
        origin=origin - start + round(impulse.origin * rate / impulse.rate),
    )


def chain(impulses: Sequence[Impulse]) -> Impulse:
    """Fold impulses into the one that does what they do in turn: ``(f * g) * h = f * (g * h)``.

    Channels are folded one by one, a single channel with each; matrices as matrices, outputs
    of one into inputs of the next.

    Parameters
    ----------
    impulses : sequence of Impulse
        at least one, all of one rate

    Raises
    ------
    ImpulseError
        If rates differ or the channels of one do not fit those of the next.

    Examples
    --------
    >>> spike = Impulse([[1.0], [0.5]], rate=1)
    >>> chain([spike, spike]).taps.ravel()
    array([1.  , 1.  , 0.25])
    """
    if not impulses:
        raise ImpulseError("a chain needs at least one impulse")
    return reduce(_fold, impulses)


def _fold(first: Impulse, second: Impulse) -> Impulse:
    if first.rate != second.rate:
        raise ImpulseError(
            f"impulses of {first.rate} Hz and {second.rate} Hz cannot be folded; "
            "resample one of them"
        )
    f, g = first.taps, second.taps
    frames = len(f) + len(g) - 1
    if f.ndim == g.ndim == 2:
        if f.shape[1] != g.shape[1] and 1 not in (f.shape[1], g.shape[1]):
            raise _misfit(f.shape[1], g.shape[1])
        f, g = (np.broadcast_to(h, (len(h), max(f.shape[1], g.shape[1]))) for h in (f, g))
        taps = np.empty((frames, f.shape[1]))
        for channel in range(f.shape[1]):
            taps[:, channel] = _convolve(f[:, channel], g[:, channel])
    else:
        outputs, inputs = f.shape[-1], g.shape[1]
        if outputs != inputs and (f.shape, g.shape)[f.ndim == 3][1:] != (1,):
            raise _misfit(outputs, inputs)
        f = f if f.ndim == 3 else _diagonal(f, inputs)
        g = g if g.ndim == 3 else _diagonal(g, outputs)
        taps = np.zeros((frames, f.shape[1], g.shape[2]))
        for i, m, o in np.ndindex(f.shape[1], f.shape[2], g.shape[2]):
            taps[:, i, o] += _convolve(f[:, i, m], g[:, m, o])
    return first.with_taps(taps, *second.notes, origin=first.origin + second.origin)


def _misfit(outputs: int, inputs: int) -> ImpulseError:
    return ImpulseError(
        f"an impulse with {outputs} outputs does not fit one with {inputs} inputs; "
        "use impulses of one channel, or of as many channels each"
    )


def _diagonal(taps: Taps, channels: int) -> Taps:
    """Turn channel by channel taps into the matrix that does the same."""
    matrix = np.zeros((len(taps), channels, channels))
    matrix[:, range(channels), range(channels)] = taps
    return matrix


def _convolve(f: Taps, g: Taps) -> Taps:
    """Fold two rows of taps: ``h[n] = sum over a + b = n of f[a] g[b]``."""
    sparse, other = sorted((f, g), key=np.count_nonzero)
    frames = len(f) + len(g) - 1
    spikes = np.flatnonzero(sparse)
    if len(spikes) <= FEW_TAPS:
        taps = np.zeros(frames)
        for spike in spikes:
            taps[spike : spike + len(other)] += sparse[spike] * other
        return taps
    from scipy.fft import irfft, next_fast_len, rfft  # late, as above

    size = next_fast_len(frames, real=True)
    folded: Taps = irfft(rfft(f, size) * rfft(g, size), size)[:frames]
    return folded


def _pad(taps: Taps, *, before: int = 0, after: int = 0) -> Taps:
    return np.pad(taps, [(before, after), *[(0, 0)] * (taps.ndim - 1)])
