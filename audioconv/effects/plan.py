"""What an effect is: settings, and a plan for a sound, whose stage passes blocks on, changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from audioconv.engines.audio import Audio
    from audioconv.ir.ingredients import Ingredient

FILES = ("file", "impulse")
"""Units of fields that name a file, or an impulse response."""


class Stage(Protocol):
    """What changes one sound, from its beginning to its end.

    The blocks given to it have the length that the plan states, but for the last, however the sound
    was cut before. What it returns, put together, is the output; it may return frames later, and
    any number at a time.
    """

    @property
    def notices(self) -> Sequence[str]:
        """What the user should know of this sound, once it has ended."""

    def process(self, block: Audio) -> Audio:
        """Return the frames (n, channels) that are complete after a block (frames, channels)."""

    def flush(self) -> Audio:
        """Return the frames that are left after the last block."""


@dataclass(frozen=True, eq=False)
class Plan:
    """An effect on one sound, planned.

    Parameters
    ----------
    start : function
        returns a new `Stage`; an output that the guard attenuates needs two
    block : int > 0
        frames of each block that a stage is given, but the last
    channels, rate : int > 0
        of the output
    frames : function
        returns the length of the output for that of the sound
    rows : sequence of (str, str)
        labels and values for the report
    figures : dict
        the same as plain data, by their names in JSON
    notices : sequence of str
    ingredients : dict of Ingredient
        identifies the files among the settings, by the name of the field
    """

    start: Callable[[], Stage]
    block: int
    channels: int
    rate: int
    frames: Callable[[int], int]
    rows: Sequence[tuple[str, str]] = ()
    figures: Mapping[str, Any] = field(default_factory=dict)
    notices: Sequence[str] = ()
    ingredients: Mapping[str, Ingredient] = field(default_factory=dict)


class Effect(Protocol):
    """An effect as a frozen dataclass; each field is an option."""

    @property
    def files(self) -> Sequence[str]:
        """Paths among its settings, in the order of the fields."""

    def plan(self, rate: int, channels: int) -> Plan:
        """Plan it for a sound.

        Parameters
        ----------
        rate : int > 0
            frames per second
        channels : int > 0

        Raises
        ------
        AudioconvError
            If a setting does not fit.
        """
