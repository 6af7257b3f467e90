"""The Impulse type: taps and their sample rate, checked once and then immutable."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from audioconv.errors import AudioconvError, counted

Taps: TypeAlias = NDArray[np.float64]

MAX_CHANNELS = 256
"""Most channels, or inputs or outputs of a matrix: an array of more has its channels first."""

MAX_RECORDED = 2**27
"""Longest test signal, recording or response, in frames: 46 minutes at 48 kHz."""

MAX_FRAMES = 2**25
"""Longest impulse that is built or edited, in frames: 12 minutes at 48 kHz."""

MAX_SAMPLES = 2**25
"""Most samples of an impulse that is built or from a file, over all channels, or of what it grows
to by resampling, joining, choosing channels or being laid out as a matrix.

Twelve minutes of one channel at 48 kHz. While they are convolved or analysed, up to a hundred
bytes are needed for each (the taps and their spectrum, and copies of both): 3.2 GiB.
"""


class ImpulseError(AudioconvError, ValueError):
    """An invalid parameter or impulse; the message gives the value, the limit and the remedy."""

    exit_code = 2


@dataclass(frozen=True, eq=False)
class Impulse:
    """An impulse response (IR): the response of a linear system to a single unit sample.

    Parameters
    ----------
    taps : array, (frames, channels) or (frames, inputs, outputs), finite
        Two axes act channel by channel, and a single channel acts on every channel; three
        axes are a full matrix, with ``taps[:, i, o]`` from input `i` to output `o`.
    rate : int > 0
        Samples per second.
    notes : tuple of str
        Remarks for the user on how it was made, such as a rounded delay.
    origin : int, 0 to frames - 1
        The frame that is time 0. It is above 0 where the impulse rings before time 0, as
        linear-phase filters do.

    Raises
    ------
    ImpulseError
        If the shape, the rate, the origin or a value is invalid.

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
        given = np.asarray(self.taps)
        if given.dtype.kind not in "biuf":
            raise ImpulseError(
                f"impulse taps are of type {given.dtype}; they must be an array of real numbers"
            )
        taps = np.array(given, dtype=np.float64, order="C")
        if taps.ndim not in (2, 3) or 0 in taps.shape:
            raise ImpulseError(
                f"impulse taps have shape {taps.shape}; they must be (frames, channels) or "
                "(frames, inputs, outputs), none of them 0"
            )
        if max(taps.shape[1:]) > MAX_CHANNELS:
            raise ImpulseError(
                f"impulse taps have shape {taps.shape}, where frames come first; the limit is "
                f"{MAX_CHANNELS} channels; pass taps.T if they have their channels first"
            )
        if len(taps) > MAX_RECORDED:
            raise ImpulseError(too_long(len(taps), MAX_RECORDED))
        whole = isinstance(self.rate, int | np.integer) and not isinstance(self.rate, bool)
        if not whole or self.rate < 1:
            raise ImpulseError(
                f"impulse rate is {self.rate} Hz; it must be at least 1 Hz, and a whole number"
            )
        if not 0 <= self.origin < len(taps):
            raise ImpulseError(
                f"impulse origin is {self.origin}; it must be one of its "
                f"{counted(len(taps), 'frame')}"
            )
        finite = np.isfinite(taps)
        if not finite.all():
            frame, *path = np.argwhere(~finite)[0]
            # arrays without a rate are given 1, and have no time
            time = f" ({frame / self.rate:.6f} s)" if self.rate > 1 else ""
            raise ImpulseError(
                f"impulse has {taps[frame, *path]:g} in channel "
                f"{':'.join(str(1 + index) for index in path)}, which is not finite at frame "
                f"{frame}{time}; replace it"
            )
        taps.flags.writeable = False
        object.__setattr__(self, "taps", taps)
        object.__setattr__(self, "rate", int(self.rate))
        object.__setattr__(self, "origin", int(self.origin))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Impulse) and self._identity == other._identity

    def __hash__(self) -> int:
        return hash(self._identity)

    def __reduce__(self) -> tuple[Any, ...]:
        return Impulse, (self.taps, self.rate, self.notes, self.origin)  # checked and immutable

    @property
    def _identity(self) -> tuple[Any, ...]:
        return self.taps.shape, self.taps.tobytes(), self.rate, self.notes, self.origin

    @property
    def frames(self) -> int:
        """Length in frames."""
        return len(self.taps)

    @property
    def paths(self) -> Taps:
        """The taps as (frames, inputs of each output, outputs), whatever their shape."""
        return self.taps if self.taps.ndim == 3 else self.taps[:, np.newaxis, :]

    def with_taps(self, taps: ArrayLike, *notes: str, **changes: Any) -> Impulse:
        """Return a copy with other taps, with `notes` appended and other `changes` made."""
        return replace(
            self, taps=np.asarray(taps, np.float64), notes=(*self.notes, *notes), **changes
        )


def too_long(frames: float, most: int = MAX_FRAMES) -> str:
    """Return the error message for an impulse of `frames` frames, which is over the limit."""
    return (
        f"impulse would be {frames:.0f} frames long; the limit is {most} "
        f"({most * 8 // 2**20} MiB per channel); shorten the delay or end the decay earlier"
    )


def check_samples(samples: float) -> None:
    """Raise `ImpulseError` if an impulse would have more samples than may be in memory."""
    if samples > MAX_SAMPLES:
        raise ImpulseError(
            f"impulse would be {samples:.0f} samples long over all channels; the limit is "
            f"{MAX_SAMPLES}; shorten it"
        )


def to_db(ratio: float) -> float:
    """Convert an amplitude ratio to decibels; 0 gives -inf.

    Examples
    --------
    >>> to_db(0.5)
    -6.020599913279624
    """
    return 20 * float(np.log10(ratio)) if ratio > 0 else -np.inf


def from_db(level: float) -> float:
    """Convert decibels to an amplitude ratio.

    Examples
    --------
    >>> from_db(-20)
    0.1
    """
    return float(10 ** (level / 20)) if level < 6000 else math.inf
