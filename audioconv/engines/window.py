"""The part of a convolution that an output holds.

An engine returns the whole of it, ``(x * h)[n]`` for n from 0 to N + K - 2. An output begins at
time 0 of the impulse, which is frame `head` of that, and ends as its length asks.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from audioconv.engines.audio import Audio

TAIL_LEVEL = 10 ** (-60 / 20)
LONGEST_SILENCE = 2**16


@dataclass(frozen=True)
class Window:
    """The frames of a convolution that an output holds.

    Parameters
    ----------
    head : int >= 0
        frames before time 0, which are dropped
    length : {"full", "input", "auto"} or int
        everything from time 0 on; as many frames as the input; that, and the tail up to its last
        frame within 60 dB of the peak; or that many frames, padded with silence
    """

    head: int
    length: str | int

    def frames(self, sound: int | None, impulse: int) -> int | None:
        """Return the length of the output, if it is known in advance.

        Parameters
        ----------
        sound, impulse : int
            frames of the two, of which the first may be unknown

        Examples
        --------
        >>> Window(1, "full").frames(5, 3), Window(1, "input").frames(5, 3)
        (6, 5)
        """
        if isinstance(self.length, int):
            return self.length
        if sound is None or self.length == "auto":
            return None
        return sound if self.length == "input" else sound + impulse - 1 - self.head

    def needed(self, sound: int | None) -> int | None:
        """Return the frames of the sound that the output needs, if that is known."""
        if not isinstance(self.length, int):
            return sound
        needed = self.length + self.head
        return needed if sound is None else min(sound, needed)

    def before(self, part: Audio, start: int) -> Audio:
        """Return the frames before time 0 of a part that begins at frame `start`."""
        return part[: max(0, self.head - start)]

    def keep(self, part: Audio, start: int) -> tuple[Audio, int]:
        """Cut a part of the convolution to the output.

        Parameters
        ----------
        part : array, (n, channels)
        start : int
            first frame of the part in the convolution

        Returns
        -------
        kept : array, (m, channels)
        at : int
            its first frame in the output

        Examples
        --------
        >>> kept, at = Window(2, 5).keep(np.arange(9.0)[:, None], 1)
        >>> kept.ravel(), at
        (array([1., 2., 3., 4., 5.]), 0)
        """
        at = max(0, start - self.head)
        kept = part[max(0, self.head - start) :]
        if isinstance(self.length, int):
            kept = kept[: max(0, self.length - at)]
        return kept, at

    def tail(self, tail: Audio, *, frames: int, peak: float) -> Iterator[Audio]:
        """Yield the part of the tail that the output holds.

        Parameters
        ----------
        tail : array, (K - 1, channels)
        frames : int
            frames of the convolution before the tail, as many as the sound has
        peak : float
            largest magnitude of the output so far

        Examples
        --------
        >>> tail = np.array([[0.5], [0.0001]])
        >>> [sum(map(len, Window(0, length).tail(tail, frames=2, peak=1.0)))
        ...  for length in ("full", "input", "auto", 7)]
        [2, 0, 1, 5]
        """
        kept, at = self.keep(tail, frames)
        if isinstance(self.length, int):
            yield kept
            missing = self.length - at - len(kept)
            silence = np.zeros((LONGEST_SILENCE, tail.shape[1]), tail.dtype)
            for done in range(0, missing, LONGEST_SILENCE):
                yield silence[: missing - done]
            return
        end = len(kept)
        if self.length != "full":
            end = frames - at  # as long as the sound
            if self.length == "auto":
                end = max(end, _audible(kept, peak))
        yield kept[:end]


def _audible(tail: Audio, peak: float) -> int:
    """Return the frames of a tail up to its last within 60 dB of the peak."""
    peaks = np.abs(tail).max(axis=1, initial=0)
    reaches = peaks >= TAIL_LEVEL * max(peak, float(peaks.max(initial=0)))
    audible = np.flatnonzero(reaches & (peaks > 0))
    return int(audible[-1]) + 1 if len(audible) else 0
