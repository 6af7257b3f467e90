"""The Impulse type: taps and the rate they were sampled at, checked once and then immutable."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

Taps: TypeAlias = NDArray[np.float64]

MAX_FRAMES = 2**27
"""Longest impulse, in frames: 46 minutes at 48 kHz, 1 GiB a channel."""


class ImpulseError(ValueError):
    """A parameter that no impulse can be built from; its message gives value, limit and remedy."""


@dataclass(frozen=True, eq=False)
class Impulse:
    """An impulse response: the sound that a single unit sample becomes.

    Parameters
    ----------
    taps : array, (frames, channels) or (frames, inputs, outputs), finite
        Two axes act channel by channel, and one channel acts on every channel; three axes
        are a full matrix, ``taps[:, i, o]`` leading from input `i` to output `o`.
    rate : int > 0
        Samples per second.
    notes : tuple of str
        What was done to make it that its reader should know, such as a rounded delay.
    origin : int, 0 to frames - 1
        The frame that stands for no delay at all: 0, but for ringing kept before it.

    Raises
    ------
    ImpulseError
        If the shape, the rate or a value is not as above.

    Examples
    --------
    >>> Impulse([[1.0], [0.0], [0.5]], rate=48000).frames
    3
    """

    taps: Taps
    rate: int
    notes: tuple[str, ...] = ()
    origin: int = 0

    def __post_init__(self) -> None:
        taps = np.array(self.taps, dtype=np.float64, order="C")
        if taps.ndim not in (2, 3) or 0 in taps.shape:
            raise ImpulseError(
                f"impulse taps have shape {taps.shape}; they must be (frames, channels) or "
                "(frames, inputs, outputs), none of them 0"
            )
        if len(taps) > MAX_FRAMES:
            raise ImpulseError(too_long(len(taps)))
        if not isinstance(self.rate, int | np.integer) or self.rate < 1:
            raise ImpulseError(
                f"impulse rate is {self.rate} Hz; it must be at least 1 Hz, and a whole number"
            )
        if not 0 <= self.origin < len(taps):
            raise ImpulseError(
                f"impulse origin is {self.origin}; it must be one of its {len(taps)} frames"
            )
        finite = np.isfinite(taps)
        if not finite.all():
            frame = int(np.argmin(finite.reshape(len(taps), -1).all(axis=1)))
            raise ImpulseError(
                f"impulse has a value that is not finite at frame {frame} "
                f"({frame / self.rate:.6f} s); mend the impulse"
            )
        taps.flags.writeable = False
        object.__setattr__(self, "taps", taps)
        object.__setattr__(self, "rate", int(self.rate))
        object.__setattr__(self, "origin", int(self.origin))

    @property
    def frames(self) -> int:
        """Length K in frames."""
        return len(self.taps)

    @property
    def paths(self) -> Taps:
        """The taps seen as (frames, inputs of each output, outputs), whatever their shape."""
        return self.taps if self.taps.ndim == 3 else self.taps[:, np.newaxis, :]

    def with_taps(self, taps: ArrayLike, *notes: str, **changes: Any) -> Impulse:
        """Return the impulse with other taps, and with `notes` added to its own."""
        return replace(
            self, taps=np.asarray(taps, np.float64), notes=(*self.notes, *notes), **changes
        )


def too_long(frames: float) -> str:
    """Say that an impulse of so many frames is over the limit."""
    return (
        f"impulse would be {frames:.0f} frames long; the limit is {MAX_FRAMES} "
        "(1 GiB a channel); shorten the delay or end the decay earlier"
    )


def to_db(ratio: float) -> float:
    """Amplitude ratio to decibels; 0 gives minus infinity.

    Examples
    --------
    >>> to_db(0.5)
    -6.020599913279624
    """
    return 20 * float(np.log10(ratio)) if ratio > 0 else -np.inf


def from_db(level: float) -> float:
    """Decibels to amplitude ratio.

    Examples
    --------
    >>> from_db(-20)
    0.1
    """
    return float(10 ** (level / 20)) if level < 6000 else math.inf
