"""A request for an effect and its outcome, as plain data."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any

from audioconv.effects import EFFECTS
from audioconv.effects.plan import Effect
from audioconv.errors import UsageError
from audioconv.job import Options
from audioconv.parameters import parameters

OF_CONVOLUTION = (
    "length",
    "align",
    "wet",
    "dry",
    "mix",
    "ir_gain",
    "match",
    "map",
    "rate_mismatch",
    "engine",
    "precision",
    "threads",
    "verify",
)
"""Options that mean something to a convolution alone."""


def misplaced(name: str) -> UsageError:
    """Return the error for an option of a convolution that is given to an effect."""
    return UsageError(f"`{name}` is an option of a convolution, which this is not; leave it out")


@dataclass(frozen=True)
class EffectJob:
    """One file to be changed by an effect.

    Parameters
    ----------
    input, output : str
        file names, or ``-`` for standard input and output
    effect : Effect
    options : Options
        how it is written; those of a convolution have no meaning here

    Raises
    ------
    UsageError
        If an option of a convolution is set.
    """

    input: str
    output: str
    effect: Effect
    options: Options = field(default_factory=Options)

    def __post_init__(self) -> None:
        for name in OF_CONVOLUTION:
            if getattr(self.options, name) != getattr(Options(), name):
                raise misplaced(name)

    @property
    def name(self) -> str:
        """Name of the effect."""
        return next(name for name, kind in EFFECTS.items() if kind is type(self.effect))

    @property
    def settings(self) -> dict[str, Any]:
        """Fields of the effect that differ from their defaults."""
        fields = parameters(type(self.effect))
        values = {one.name: getattr(self.effect, one.name) for one in fields}
        return {one.name: values[one.name] for one in fields if values[one.name] != one.default}


@dataclass(frozen=True)
class EffectOutcome:
    """Result of an effect; `as_json` has the names that scripts may rely on.

    Parameters
    ----------
    input, output, effect : str
    frames, channels, rate : int
        of the output
    subtype : str
    gain_db : float <= 0
        gain of the clip guard
    peak_dbfs : float
        of the output, measured before it is limited and rounded
    clipped : int
        samples past full scale that were limited
    notices : list of str
        changes and losses that the user should know
    seconds, speed : float
        wall time, and seconds of sound per second
    bit_rate : int or None
        of a lossy output, in bit/s
    input_sha256 : str or None
        of the input, if the output has a recipe, which states it
    figures : dict
        those of the effect
    rows : list of (str, str)
        the same for a person
    """

    input: str
    output: str
    effect: str
    frames: int
    channels: int
    rate: int
    subtype: str
    gain_db: float
    peak_dbfs: float
    clipped: int
    notices: list[str]
    seconds: float
    speed: float
    bit_rate: int | None
    input_sha256: str | None
    figures: dict[str, Any]
    rows: list[tuple[str, str]]

    def as_json(self) -> dict[str, Any]:
        """Return the stable names, with minus infinity (silence) as None."""
        fields = asdict(self)
        del fields["rows"]
        fields |= fields.pop("figures")
        return {key: None if value == -math.inf else value for key, value in fields.items()}
