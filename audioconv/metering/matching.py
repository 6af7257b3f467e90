"""The gain that brings a sound to the level of another, or to a target.

It is known once both have gone by, and so is the peak that the sound then has: the gain of the clip
guard follows at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from audioconv.engines.audio import Audio
from audioconv.engines.window import Window
from audioconv.errors import AudioconvError
from audioconv.files import PeakMeter, SoundInfo
from audioconv.job import Options
from audioconv.units import Match, parse_match
from impulses.impulse import to_db

if TYPE_CHECKING:
    from audioconv.metering.meters import Meter

GAIN_BITS = 32
"""Bits of a gain. The last ones of a meter depend on the processor's arithmetic, and would change
the samples; 32 are exact to 1e-9 dB."""

LOUDEST = 1e100
"""Largest sample whose square and products are far from infinity."""


class Gains(NamedTuple):
    """Gains between the sums and the output.

    Parameters
    ----------
    match : float
        brings them to a level
    guard : float, at most 1
        then makes them fit the subtype
    """

    match: float = 1.0
    guard: float = 1.0

    @property
    def both(self) -> float:
        """Both, as one factor."""
        return self.match * self.guard

    def attenuation(self, subtype: str) -> str:
        """Describe what the guard does.

        Examples
        --------
        >>> Gains(guard=0.5).attenuation("PCM_16"), Gains(guard=1 - 2**-15).attenuation("PCM_16")
        ('attenuated by 6.021 dB to fit PCM_16', 'attenuated by 0.0003 dB to fit PCM_16')
        """
        guard = -to_db(self.guard)
        return f"attenuated by {guard:.{decimals(guard, 3)}f} dB to fit {subtype}"


class Matching:
    """The levels of a sound and of its convolution, as both go by.

    The RMS of the convolution is that of the frames under the sound; its tail does not make it
    softer. The other measures take all of it.

    Parameters
    ----------
    match : Match
    rate : int > 0
        frames per second
    weights, outputs : sequence of float
        weights of the channels of the sound, and of its convolution
    length : str or int
        of the output; in frames, the sound counts for no longer

    Examples
    --------
    >>> matching = Matching(Match("rms"), 48000, [1.0], [1.0])
    >>> matching.hear(np.array([[0.5], [0.5]]))
    >>> matching.take(np.array([[0.25], [0.25], [0.25]]))
    >>> matching.gain()
    2.0
    """

    def __init__(
        self,
        match: Match,
        rate: int,
        weights: Sequence[float],
        outputs: Sequence[float],
        *,
        length: str | int = "full",
    ) -> None:
        self.match = match
        self._rate, self._length = rate, length
        self._heard_any = False
        self._sound = None if match.target is not None else _meter(match, rate, weights)
        self._result = _meter(match, rate, outputs)
        self._heard = self._taken = 0

    def hear(self, block: Audio) -> None:
        """Add a block (n, channels) of the sound, before what comes of it."""
        if isinstance(self._length, int):
            block = block[: max(0, self._length - self._heard)]
        self._heard += len(block)
        self._heard_any = self._heard_any or bool(block.any())
        if self._sound is not None:
            self._sound.take(_checked(block, "input", "scale the sound first"))

    def take(self, block: Audio) -> None:
        """Add a block (n, channels) of the output."""
        under = block[: max(0, self._heard - self._taken)]
        self._taken += len(block)
        measured = under if self.match.measure == "rms" else block
        self._result.take(_checked(measured, "output", "lower the gain"))

    def level(self) -> float:
        """Return the level that the output is to have.

        Raises
        ------
        AudioconvError
            If it is that of the sound, which has none.
        """
        if self.match.target is not None:
            return self.match.target
        assert self._sound is not None  # as there is no target
        level, example = self._sound.level(), f"`match='{self.match.measure}=-23'`"
        if level != -math.inf:
            return level
        if self._sound.silent():
            raise AudioconvError(
                f"{self._input} silent, with no level to match; give one, such as {example}"
            )
        from audioconv.metering.loudness import ABSOLUTE

        raise AudioconvError(
            f"{self._input} nowhere louder than {ABSOLUTE:g} LUFS, where loudness ends, with "
            f"none to match; give one, such as {example}, or use `match='rms'`"
        )

    def gain(self) -> float:
        """Return the gain that brings the output to its level.

        Raises
        ------
        AudioconvError
            If there is none.
        """
        level = self.level()
        if self._result.silent():
            where = " under the input" if self.match.measure == "rms" else ""
            silent, cause = f"the output is silent{where}", "check the impulse"
            if not self._heard_any:
                silent, cause = f"{self._input} silent, as is the output", "check the input"
            raise AudioconvError(
                f"{silent}, and no gain brings it to {level:.2f} {self.match.unit}; {cause}, or "
                "leave out `match`"
            )
        try:
            return _rounded(self._result.gain_to(level))
        except OverflowError:  # more than the largest number
            raise AudioconvError(
                f"the output has {self._result.level():.0f} {self.match.unit}, and no gain brings "
                f"it to {level:.2f}; raise the sound or the impulse, or leave out `match`"
            ) from None

    @property
    def _input(self) -> str:
        """Name as much of the input as counts, with its verb."""
        if self._heard != self._length:
            return "the input is"
        return f"the first {self._heard / self._rate:g} s of the input are"


def matching_of(
    options: Options, window: Window, source: SoundInfo, speakers: int, outputs: int
) -> Matching | None:
    """Return the levels that options ask for, or None.

    Parameters
    ----------
    options : Options
    window : Window
        the part of the convolution that the output holds
    source : SoundInfo
        the sound
    speakers : int
        bit mask of its speaker positions, which are those of the output too if it has as many
    outputs : int > 0
        channels of the output
    """
    match = parse_match(options.match)
    if match is None:
        return None
    from audioconv.metering.loudness import channel_weights  # late: most outputs match nothing

    there = speakers if outputs == source.channels else 0
    return Matching(
        match,
        source.rate,
        channel_weights(speakers, source.channels),
        channel_weights(there, outputs),
        length=window.length,
    )


def gains(matching: Matching | None, sums: PeakMeter, subtype: str, options: Options) -> Gains:
    """Return the gains of an output of some subtype, given the peak of the sums."""
    return guarded(1.0 if matching is None else matching.gain(), sums, subtype, options)


def guarded(match: float, sums: PeakMeter, subtype: str, options: Options) -> Gains:
    """Return the gains of an output of some subtype, given that of the match."""
    if options.clip != "guard":
        return Gains(match)
    return Gains(match, sums.scaled(match).fitting_gain(subtype, options.dither))


def decimals(level: float, least: int) -> int:
    """Return how many decimals show a level that is not 0 as such.

    Examples
    --------
    >>> decimals(-0.25, 2), decimals(-0.00027, 2)
    (2, 4)
    """
    return max(least, -math.floor(math.log10(abs(level))))


def _meter(match: Match, rate: int, weights: Sequence[float]) -> Meter:
    from audioconv.metering.loudness import Loudness
    from audioconv.metering.meters import Peak, Rms

    if match.measure == "lufs":
        return Loudness(rate, weights)
    return Peak() if match.measure == "peak" else Rms()


def _checked(block: Audio, what: str, remedy: str) -> Audio:
    """Return a block whose squares are numbers."""
    peak = float(np.abs(block).max(initial=0))
    if not peak <= LOUDEST:  # true of a NaN, unlike peak > LOUDEST
        raise AudioconvError(
            f"the {what} reaches {peak:.3g}, full scale being 1; `match` needs a sound of at most "
            f"{LOUDEST:g}; {remedy}"
        )
    return block


def _rounded(gain: float) -> float:
    mantissa, exponent = math.frexp(gain)
    return math.ldexp(round(mantissa * 2**GAIN_BITS), exponent - GAIN_BITS)
