"""Channels of an impulse: choose some, or put those of several impulses side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from audioconv.errors import counted
from impulses.impulse import Impulse, ImpulseError, check_samples


def select(impulse: Impulse, channels: Sequence[int]) -> Impulse:
    """Keep some channels, in the order in which they are given.

    Parameters
    ----------
    impulse : Impulse
        with taps of shape (frames, channels)
    channels : sequence of int
        counted from 1

    Raises
    ------
    ImpulseError
        If a channel does not exist, or the result would be too large.

    Examples
    --------
    >>> select(Impulse([[1.0, 2.0, 3.0]], rate=1), [3, 1]).taps
    array([[3., 1.]])
    """
    count = impulse.taps.shape[1]
    for channel in channels:
        if channel < 1:
            raise ImpulseError(f"channel is {channel}; channels count from 1")
        if channel > count:
            raise ImpulseError(
                f"channel is {channel}, but there {'is' if count == 1 else 'are'} "
                f"{counted(count, 'channel')}, counted from 1"
            )
    check_samples(impulse.frames * len(channels))
    return impulse.with_taps(impulse.taps[:, [channel - 1 for channel in channels]])


def join(impulses: Sequence[Impulse]) -> Impulse:
    """Put the channels of several impulses side by side, with time 0 at one frame.

    Parameters
    ----------
    impulses : sequence of Impulse
        with taps of shape (frames, channels), all at the same rate; shorter ones are padded with
        zeros

    Raises
    ------
    ImpulseError
        If rates differ, or the result would be too large.

    Examples
    --------
    >>> left, right = Impulse([[1.0], [0.5]], rate=1), Impulse([[2.0]], rate=1)
    >>> join([left, right]).taps
    array([[1. , 2. ],
           [0.5, 0. ]])
    """
    rates = sorted({impulse.rate for impulse in impulses})
    if len(rates) > 1:
        raise ImpulseError(
            f"impulses of {' and '.join(f'{rate} Hz' for rate in rates)} cannot be joined; "
            "resample them to one rate"
        )
    origin = max(impulse.origin for impulse in impulses)
    starts = [origin - impulse.origin for impulse in impulses]
    frames = max(start + impulse.frames for start, impulse in zip(starts, impulses, strict=True))
    check_samples(frames * sum(impulse.taps.shape[1] for impulse in impulses))
    padded = [
        np.pad(impulse.taps, [(start, frames - start - impulse.frames), (0, 0)])
        for start, impulse in zip(starts, impulses, strict=True)
    ]
    notes = tuple(note for impulse in impulses for note in impulse.notes)
    return Impulse(np.concatenate(padded, axis=1), rates[0], notes, origin)
