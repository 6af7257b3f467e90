"""The peak of a stream, and what a subtype makes of it: the attenuation to fit, and the loss."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import soundfile

from audioconv.engines.audio import Samples
from audioconv.files.formats import FLOATS, INTEGER_BITS
from impulses.impulse import to_db


@dataclass
class PeakMeter:
    """The extremes of a stream.

    Attributes
    ----------
    highest, lowest : float
        largest and smallest sample; at least and at most 0
    peak : float >= 0
        largest magnitude; NaN if a sample is NaN
    peak_frame : int
        first frame of that magnitude
    frames : int
        frames so far
    """

    highest: float = 0.0
    lowest: float = 0.0
    peak: float = 0.0
    peak_frame: int = 0
    frames: int = 0

    def take(self, block: Samples) -> None:
        """Add a block (n, channels)."""
        if not block.size:
            return
        high, low = float(block.max()), float(block.min())
        peak, places = max(high, -low), []
        if not peak <= self.peak:  # true of a NaN, unlike peak > self.peak
            places += [] if high < peak else [int(block.argmax())]
            places += [] if -low < peak else [int(block.argmin())]
        self.join(PeakMeter(high, low, peak, min(places, default=0) // block.shape[1], len(block)))

    def join(self, following: PeakMeter) -> None:
        """Add the part of the stream that follows."""
        self.highest = max(self.highest, following.highest)
        self.lowest = min(self.lowest, following.lowest)
        if not (following.peak <= self.peak or math.isnan(self.peak)):
            self.peak, self.peak_frame = following.peak, self.frames + following.peak_frame
        self.frames += following.frames

    def scaled(self, gain: float) -> PeakMeter:
        """Return the extremes of the stream times a gain, which is positive."""
        high, low, peak = (gain * extreme for extreme in (self.highest, self.lowest, self.peak))
        return PeakMeter(high, low, peak, self.peak_frame, self.frames)

    def step_notice(self, form: str, subtype: str, dither: str = "none") -> str | None:
        """Return a notice that no sample reaches one step of an integer subtype, if none does.

        Silence is no such stream: it loses nothing. Nor is one under dither, which keeps it.

        Parameters
        ----------
        form, subtype : str
            libsndfile's names
        dither : {"none", "tpdf"}

        Examples
        --------
        >>> PeakMeter(peak=1e-5).step_notice("WAV", "PCM_16")
        "the peak of -100.0 dBFS is less than one step of PCM_16 (-90.3 dBFS), so that hardly \
anything is left; raise the level, or use `subtype='FLOAT'`"
        """
        bits = INTEGER_BITS.get(subtype)
        step = 2.0 ** (1 - (bits or 0))
        if bits is None or dither != "none" or not 0 < self.peak < step:
            return None
        floats = "use" if soundfile.check_format(form, "FLOAT") else "write a WAV with"
        return (
            f"the peak of {to_db(self.peak):.1f} dBFS is less than one step of {subtype} "
            f"({to_db(step):.1f} dBFS), so that hardly anything is left; raise the level, or "
            f"{floats} `subtype='FLOAT'`"
        )

    def fitting_gain(self, subtype: str, dither: str) -> float:
        """Return the largest gain, at most 1, at which no sample of a subtype clips.

        Parameters
        ----------
        subtype : str
        dither : {"none", "tpdf"}
            ``tpdf`` needs one more step of headroom
        """
        if subtype in FLOATS:
            return 1.0
        full = 2.0 ** (INTEGER_BITS.get(subtype, 32) - 1)
        noise = 1 if dither == "tpdf" else 0
        top, bottom = full - 1 - noise, full - noise
        # a sample that rounds to the largest value fits without attenuation
        over = np.rint(self.highest * full) > top or np.rint(self.lowest * full) < -bottom
        if not over:
            return 1.0
        return min(top / max(self.highest * full, top), bottom / max(-self.lowest * full, bottom))
