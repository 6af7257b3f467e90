"""Folding: convolve a chain of impulses into one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

import numpy as np

from audioconv.errors import counted
from impulses.impulse import MAX_FRAMES, Impulse, ImpulseError, Taps, check_samples, too_long

FEW_TAPS = 64
"""Most non-zero taps of an impulse that is folded by shifted adds, which keep echoes exact."""


def chain(impulses: Sequence[Impulse]) -> Impulse:
    """Convolve impulses into one that equals all of them in series.

    ``(f * g) * h = f * (g * h)``. Channels are convolved one by one, and a single channel with
    each of the others; matrices multiply, the outputs of one into the inputs of the next.

    Parameters
    ----------
    impulses : sequence of Impulse
        at least one, all at the same rate

    Raises
    ------
    ImpulseError
        If rates differ, or the channels of one do not fit those of the next.

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
    if frames > MAX_FRAMES:
        raise ImpulseError(too_long(frames))
    if f.ndim == g.ndim == 2:
        if f.shape[1] != g.shape[1] and 1 not in (f.shape[1], g.shape[1]):
            raise _channel_error(f.shape[1], g.shape[1])
        f, g = (np.broadcast_to(h, (len(h), max(f.shape[1], g.shape[1]))) for h in (f, g))
        taps = np.empty((frames, f.shape[1]))
        for channel in range(f.shape[1]):
            taps[:, channel] = _convolve(f[:, channel], g[:, channel])
    else:
        outputs, inputs = f.shape[-1], g.shape[1]
        if outputs != inputs and (f.shape, g.shape)[f.ndim == 3][1:] != (1,):
            raise _channel_error(outputs, inputs)
        first_in = f.shape[1] if f.ndim == 3 else inputs
        last_out = g.shape[2] if g.ndim == 3 else outputs
        # of the result, and of what acts channel by channel as a matrix
        check_samples(frames * max(first_in * last_out, first_in * inputs, outputs * last_out))
        f = f if f.ndim == 3 else _diagonal(f, inputs)
        g = g if g.ndim == 3 else _diagonal(g, outputs)
        taps = np.zeros((frames, f.shape[1], g.shape[2]))
        for i, m, o in np.ndindex(f.shape[1], f.shape[2], g.shape[2]):
            taps[:, i, o] += _convolve(f[:, i, m], g[:, m, o])
    return first.with_taps(taps, *second.notes, origin=first.origin + second.origin)


def _channel_error(outputs: int, inputs: int) -> ImpulseError:
    return ImpulseError(
        f"an impulse with {counted(outputs, 'output')} does not fit one with "
        f"{counted(inputs, 'input')}; use impulses of one channel, or of as many channels each"
    )


def _diagonal(taps: Taps, channels: int) -> Taps:
    """Return the diagonal matrix of taps that act channel by channel."""
    matrix = np.zeros((len(taps), channels, channels))
    matrix[:, range(channels), range(channels)] = taps
    return matrix


def _convolve(f: Taps, g: Taps) -> Taps:
    """Convolve two rows of taps: ``h[n] = sum over a + b = n of f[a] g[b]``."""
    sparse, other = sorted((f, g), key=np.count_nonzero)
    frames = len(f) + len(g) - 1
    spikes = np.flatnonzero(sparse)
    if len(spikes) <= FEW_TAPS:
        taps = np.zeros(frames)
        for spike in spikes:
            taps[spike : spike + len(other)] += sparse[spike] * other
        return taps
    from scipy.fft import irfft, next_fast_len, rfft  # slow to import, and not needed for echoes

    size = next_fast_len(frames, real=True)
    folded: Taps = irfft(rfft(f, size) * rfft(g, size), size)[:frames]
    return folded
