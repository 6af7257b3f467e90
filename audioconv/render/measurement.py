"""The pass before an output whose level is to match: it measures what would be written."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

import numpy as np

from audioconv.engines.audio import Audio, Samples, as_audio
from audioconv.engines.window import Window
from audioconv.errors import FormatError
from audioconv.files import PeakMeter, Reader, SoundInfo
from audioconv.job import GUARD, Options
from audioconv.metering.matching import Gains, Matching, decimals, gains, guarded, matching_of
from audioconv.units import parse_match
from impulses.impulse import to_db

MOST_IMPLIED = 2
"""Channels whose positions need not be stated, as all that they may be have the same weight."""


class Measurement:
    """What an output would be: it takes the place of a `Writer`, and keeps the level alone.

    Parameters
    ----------
    matching : Matching or float
        what is to match; or the gain of a match that is known, as a stem has that of its output
    info : SoundInfo
        of the output

    Attributes
    ----------
    level : PeakMeter
        peak of the sums
    """

    def __init__(self, matching: Matching | float, info: SoundInfo) -> None:
        self.level = PeakMeter()
        self._known = matching if isinstance(matching, float) else None
        self._matching = None if isinstance(matching, float) else matching
        self._info = info

    @property
    def is_rejected(self) -> bool:
        """False: nothing is written that could be discarded."""
        return False

    @classmethod
    def of(
        cls, options: Options, window: Window, reader: Reader, info: SoundInfo
    ) -> Measurement | None:
        """Return the measurement that the options ask for, or None."""
        matching = matching_of(options, window, reader.info, reader.speakers, info.channels)
        return None if matching is None else cls(matching, info)

    def heard(self, samples: Iterable[Samples], unit: float) -> Iterator[Samples]:
        """Yield the input, in steps of `unit`, and measure it."""
        for block in samples:
            if self._matching:
                self._matching.hear(as_audio(block, np.dtype(np.float64), unit))
            yield block

    def encode(self, part: Audio, start: int) -> Audio:
        """Return a part of the sums, in any thread."""
        return part

    def append(self, part: Audio) -> None:
        """Measure a part of the sums; parts must come in order."""
        self.level.take(part)
        if self._matching:
            self._matching.take(part)

    @property
    def matched(self) -> dict[str, str | float] | None:
        """The measure, and the level that the output is to have, if it is to have one."""
        if self._matching is None:
            return None
        match = self._matching.match
        return {"measure": match.measure, "level": self._matching.level(), "unit": match.unit}

    def gains(self, options: Options) -> Gains:
        """Return the gains of match and guard.

        Raises
        ------
        AudioconvError
            If there is no level to match, or the output would clip and may not.
        """
        if self._matching is None:
            return guarded(self._known or 1.0, self.level, self._info.subtype, options)
        found = gains(self._matching, self.level, self._info.subtype, options)
        level = self.level.scaled(found.match)
        fitting = level.fitting_gain(self._info.subtype, "none")
        if options.clip == "error" and fitting < 1:
            most = math.floor(100 * (self._matching.level() + to_db(fitting))) / 100
            raise FormatError(
                f"the output would clip: matched, {self.peak(found)}; use `clip='guard'`, or match "
                f"{most:.2f} {self._matching.match.unit} at most"
            )
        return found

    def peak(self, found: Gains) -> str:
        """Describe the peak of the matched output, before the guard."""
        peak = round(to_db(self.level.peak * found.match), 2) + 0.0  # no negative zero
        return f"its peak is {peak:+.2f} dBFS at {self.level.peak_frame / self._info.rate:.3f} s"

    def guard_notice(self, found: Gains) -> str:
        """Return the notice that the guard has lowered the matched output."""
        notice = f"{GUARD}matched, {self.peak(found)}; {found.attenuation(self._info.subtype)}"
        if self._matching is None:
            return notice
        level, unit = self._matching.level(), self._matching.match.unit
        guard = to_db(found.guard)
        digits = decimals(guard, 2)
        return (
            f"{notice}, which "
            f"leaves {level + guard:.{digits}f} {unit} instead of {level:.{digits}f}"
        )


def unplaced(options: Options, reader: Reader, info: SoundInfo) -> Iterator[str]:
    """Notice that a loudness is to be measured of channels of unknown positions."""
    match, source = parse_match(options.match), reader.info
    if match is None or match.measure != "lufs":
        return
    known = {source.channels} if reader.speakers else set()
    measured = {info.channels} if match.target is not None else {source.channels, info.channels}
    for channels in sorted(measured - known):
        if channels > MOST_IMPLIED:
            yield (
                f"the positions of {channels} channels are not stated, so that each has the same "
                "weight in the loudness"
            )
