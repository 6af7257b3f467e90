"""From the sums to the output: what is kept of them is encoded, in any thread, and appended."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

import numpy as np

from audioconv.engines.audio import Audio
from audioconv.engines.window import Window
from audioconv.files import PeakMeter

if TYPE_CHECKING:
    from audioconv.verify import Proof, Testimony

E = TypeVar("E")


class Sink(Protocol[E]):
    """Where the sums go: a `Writer`, or the `Measurement` in its place."""

    level: PeakMeter

    @property
    def is_rejected(self) -> bool:
        """Whether what has been written will be discarded."""

    def encode(self, block: Audio, start: int, /) -> E:
        """Prepare a block whose first frame is `start`; in any thread and any order."""

    def append(self, encoded: E, /) -> None:
        """Append a prepared block; blocks must come in order."""


class Finished(NamedTuple):
    """What has become of a block of sums.

    Parameters
    ----------
    encoded : list
        each part, as the sink prepared it
    before, peak : float
        of the sums before time 0, and of those that the output holds
    testimony : Testimony or None
        if there is a proof
    checksum : int
        of all sums of the block, if the passage has one
    """

    encoded: list[Any]
    before: float
    peak: float
    testimony: Testimony | None
    checksum: int


class Passage:
    """The way of one convolution into a sink.

    Parameters
    ----------
    window : Window
        the part that the output holds
    sink : Sink
    proof : Proof, optional
        which sees all of it; the sink is then a `Writer` that is to be proven
    summed : bool
        whether to take a checksum of the sums

    Attributes
    ----------
    before : float
        peak of the sums before time 0, which the output does not hold
    checksum : int
        of all sums so far; another pass over the same sound has the same
    """

    def __init__(
        self,
        window: Window,
        sink: Sink[Any],
        proof: Proof | None = None,
        *,
        summed: bool = False,
    ) -> None:
        self.before = 0.0
        self.checksum = 0
        self._summed = summed
        self._peak = 0.0
        self._window = window
        self._sink = sink
        self._proof = proof

    def finish(self, parts: Iterable[Audio], start: int) -> Finished:
        """Encode a block of sums that begins at frame `start`, in any thread."""
        encoded, before, peak, checksum = [], 0.0, 0.0, 0
        testimony = self._testimony(start)
        for part in parts:
            before = max(before, _peak(self._window.before(part, start)))
            kept, at = self._window.keep(part, start)
            if self._window.length == "auto":  # which depends on the sums before they are scaled
                peak = max(peak, _peak(kept))
            checksum = self._checksum(part, checksum)
            encoded.append(self._encode(kept, at, testimony, kept))
            if testimony:  # last, so that what was overwritten before it was encoded shows
                testimony.fold(part)
            start += len(part)
        return Finished(encoded, before, peak, testimony, checksum)

    def append(self, finished: Finished) -> None:
        """Append the next block."""
        self.before = max(self.before, finished.before)
        self._peak = max(self._peak, finished.peak)
        self._join(finished.checksum)
        for encoded in finished.encoded:
            self._sink.append(encoded)
        if self._proof and self._sink.is_rejected:
            self._proof.drop()
        elif self._proof and finished.testimony:
            level = PeakMeter()
            for encoded in finished.encoded:
                level.join(encoded.level)
            self._proof.take(finished.testimony, level)

    def end(self, tail: Audio, frames: int) -> None:
        """Append what the output holds of the tail of a sound of so many frames."""
        self.before = max(self.before, _peak(self._window.before(tail, frames)))
        self._join(self._checksum(tail, 0))
        testimony, level = self._testimony(frames), PeakMeter()
        behind = frames + len(tail) - self._window.head  # in the output: there is silence
        for part in self._window.tail(tail, frames=frames, peak=self._peak):
            at = self._sink.level.frames
            sums = part if at < behind else np.zeros_like(part)
            encoded = self._encode(part, at, testimony, sums)
            self._sink.append(encoded)  # one at a time, as silence may be long
            if testimony:
                level.join(encoded.level)
        if self._proof and testimony:
            testimony.fold(tail)
            self._proof.take(testimony, level)

    def _join(self, checksum: int) -> None:
        self.checksum = zlib.crc32(checksum.to_bytes(4, "little"), self.checksum)

    def _checksum(self, sums: Audio, before: int) -> int:
        return zlib.crc32(np.ascontiguousarray(sums).data, before) if self._summed else 0

    def _testimony(self, start: int) -> Testimony | None:
        return None if self._proof is None else self._proof.testimony(start)

    def _encode(self, kept: Audio, at: int, testimony: Testimony | None, sums: Audio) -> Any:
        """Encode what is kept, and compare what was made of it with the sums."""
        encoded = self._sink.encode(kept, at)
        if testimony:
            testimony.examine(sums, encoded, at)
        return encoded


def _peak(block: Audio) -> float:
    return float(np.abs(block).max()) if block.size else 0.0
