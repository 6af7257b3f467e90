"""How loud a stream is, and by how much it must be attenuated to fit."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from audioconv.engines.convolver import Audio
from audioconv.files.formats import FLOATS, INTEGER_BITS


@dataclass
class PeakMeter:
    """The extremes of a stream: largest and least sample, and where the loudest one stands."""

    highest: float = 0.0
    lowest: float = 0.0
    peak: float = 0.0
    peak_frame: int = 0
    frames: int = 0

    def take(self, block: Audio) -> None:
        """Take note of a block."""
        if not block.size:
            return
        high, low = float(block.max()), float(block.min())
        peak, places = max(high, -low), []
        if not peak <= self.peak:  # so put, it is true of a NaN too
            places += [] if high < peak else [int(block.argmax())]
            places += [] if -low < peak else [int(block.argmin())]
        self.join(PeakMeter(high, low, peak, min(places, default=0) // block.shape[1], len(block)))

    def join(self, after: PeakMeter) -> None:
        """Take note of what follows."""
        self.highest = max(self.highest, after.highest)
        self.lowest = min(self.lowest, after.lowest)
        if not (after.peak <= self.peak or math.isnan(self.peak)):
            self.peak, self.peak_frame = after.peak, self.frames + after.peak_frame
        self.frames += after.frames

    def fitting_gain(self, subtype: str, dither: str) -> float:
        """Return the gain, at most 1, with which every sample fits a subtype."""
        if subtype in FLOATS:
            return 1.0
        full = 2.0 ** (INTEGER_BITS.get(subtype, 32) - 1)
        noise = 1 if dither == "tpdf" else 0
        top, bottom = full - 1 - noise, full - noise
        # what rounds to the largest value fits as it is
        over = np.rint(self.highest * full) > top or np.rint(self.lowest * full) < -bottom
        if not over:
            return 1.0
        return min(top / max(self.highest * full, top), bottom / max(-self.lowest * full, bottom))
