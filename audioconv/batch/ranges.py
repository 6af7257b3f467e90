"""Builder specs with ranges, ``noise:rt60=0.2..0.8``, and the specs drawn from them.

The drawn spec is text that `--ir` reads, with few digits; the impulse is built from that text, so
whoever reads it again gets the same taps.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from audioconv.batch.draws import Stream
from audioconv.batch.positions import POSITIONS, SHOEBOX, place
from audioconv.errors import UsageError
from audioconv.files import display_name
from audioconv.ir.load import MIX, as_written, builder_parameters, parsed_spec, spec
from audioconv.parameters import Parameter, arguments
from audioconv.units import NUMBER
from impulses import ImpulseError
from impulses.builders.box_limits import refuse_unbuildable

RANGE = re.compile(rf"\s*({NUMBER}) ?([a-zA-Z°%]*)\.\.({NUMBER}) ?([a-zA-Z°%]*)\s*")
"""``4..8``, ``100..350ms``, ``-12dB..-6dB``."""

DASHED = re.compile(rf"({NUMBER} ?[a-zA-Z°%]*)-({NUMBER} ?[a-zA-Z°%]*)")
"""A range as one might write it."""

ANYWHERE = "..."
"""Stands for a position that is to be drawn, anywhere in the room."""

SEED, SEEDS = "seed", 2**31
"""Parameter that is drawn with the others if it is not given, and the number of its values."""

STEPS = 4
"""Decimal digits by which a range is divided, at least."""

SAMPLES = "S"
"""Unit of times whose seconds depend on the rate."""

EVERY_BUILDER = [parameter.name for parameter in MIX]
"""Parameters that are no builder's own."""

NUMERIC = ("time", "gain", "level", "frequency", "distance", "angle", "number", "integer")
"""Units of parameters that may be ranges."""


@dataclass(frozen=True)
class Range:
    """The values from `low` to `high`, with a unit as written; whole numbers alone, or all.

    Examples
    --------
    >>> Range(100.0, 350.0, "ms").at(0.5), Range(1.0, 3.0, "", whole=True).at(0.99)
    ('225ms', '3')
    """

    low: float
    high: float
    unit: str
    whole: bool = False

    def at(self, share: float) -> str:
        """Return the value at a share of the range, 0 to 1, as text."""
        if self.whole:
            return f"{min(int(self.low + share * (self.high - self.low + 1)), int(self.high))}"
        return f"{self.number(share):.12g}{self.unit}"

    def number(self, share: float) -> float:
        """Return the value at a share of the range, rounded to a part of it."""
        span = self.high - self.low
        digits = STEPS - math.floor(math.log10(span)) if span else 12
        return min(max(round(self.low + share * span, digits), self.low), self.high)


Values = Mapping[str, list[str]]


@dataclass(frozen=True)
class RandomSpec:
    """A builder spec in which something is to be drawn.

    Parameters
    ----------
    builder : str
    values : dict of list of str
        as written
    ranges : dict
        the range of each value that is one, by parameter and place in its list
    """

    builder: str
    values: Values
    ranges: Mapping[tuple[str, int], Range]

    def draw(self, stream: Stream) -> str:
        """Return a spec without ranges.

        Raises
        ------
        UsageError
            If source and microphone find no place in any of many rooms, or a room cannot be built.
        """
        if self.builder != SHOEBOX:
            return spec(self.builder, self._drawn(stream))
        drawn = place(self._drawn, stream)
        self._refuse_unbuildable(drawn)
        return spec(SHOEBOX, drawn)

    def check(self, declared: list[Parameter]) -> None:
        """Raise `UsageError` if a parameter is unknown, or a value, or the number of values."""
        arguments(self.builder, declared, self._with(lambda: 0.0), rate=1)

    def _refuse_unbuildable(self, drawn: Values) -> None:
        """Raise if a room that is drawn cannot be built, as far as that is known beforehand."""
        if any(text.strip().endswith(SAMPLES) for texts in drawn.values() for text in texts):
            return  # which are no seconds yet
        declared = builder_parameters(SHOEBOX)
        values = arguments(SHOEBOX, declared, drawn, rate=1)
        try:
            refuse_unbuildable(**{key: values[key] for key in values if key not in EVERY_BUILDER})
        except ImpulseError as error:
            raise UsageError(
                f"{display_name(spec(SHOEBOX, self.values))} draws rooms that cannot be built, "
                f"such as {spec(SHOEBOX, drawn)}: {as_written(str(error), declared)}"
            ) from None

    def _drawn(self, stream: Stream) -> dict[str, list[str]]:
        return self._with(stream.uniform)

    def _with(self, share: Callable[[], float]) -> dict[str, list[str]]:
        """Return the values, each range at the next share of it."""
        return {
            key: [
                self.ranges[key, at].at(share()) if (key, at) in self.ranges else text
                for at, text in enumerate(texts)
            ]
            for key, texts in self.values.items()
        }


def random_spec(ir: str) -> RandomSpec | None:
    """Return a builder spec or a preset in which something is to be drawn; None for any other name.

    Raises
    ------
    UsageError
        If a parameter or a value of the spec is invalid, or a range is one of what is no number.

    Examples
    --------
    >>> drawn = random_spec("noise:rt60=0.2..0.8").draw(Stream(0, "a.wav"))
    >>> drawn == random_spec("noise:rt60=0.2..0.8").draw(Stream(0, "a.wav"))
    True
    >>> random_spec("noise:rt60=0.5") is None
    True
    """
    parsed = parsed_spec(ir)
    if parsed is None:
        return None
    builder, written = parsed
    declared = {parameter.option: parameter for parameter in builder_parameters(builder)}
    values = {key.replace("_", "-"): texts for key, texts in written.items()}
    anywhere = [key for key in POSITIONS if values.get(key) == [ANYWHERE]]
    ranges = {
        (key, at): found
        for key, texts in values.items()
        if key in declared and key not in anywhere
        for at, text in enumerate(texts)
        if (found := _range(text, declared[key], ir)) is not None
    }
    if builder == SHOEBOX:
        values = {key: texts for key, texts in values.items() if key not in anywhere}
    random = bool(ranges or (anywhere and builder == SHOEBOX))
    if random and SEED in declared and SEED not in values:
        values[SEED] = [""]
        ranges[SEED, 0] = Range(0, SEEDS - 1, "", whole=True)
    checked = RandomSpec(builder, values, ranges)
    checked.check(list(declared.values()))
    return checked if random else None


def _refuse_dashed(text: str, parameter: Parameter, where: str) -> None:
    """Raise if a number is meant to be a range, ``0.2-0.8``."""
    dashed = DASHED.fullmatch(text.strip())
    if dashed is None or parameter.unit not in NUMERIC:
        return
    try:
        parameter.parse(text, rate=1)  # 1e-3 is a number
    except UsageError:
        raise UsageError(
            f"{where} is {text!r}; write a range as {dashed[1]}..{dashed[2]}"
        ) from None


def _range(text: str, parameter: Parameter, ir: str) -> Range | None:
    """Return the range that a value is, if it is one."""
    found = RANGE.fullmatch(text)
    where = f"{parameter.option} in {display_name(ir)}"
    if found is None:
        _refuse_dashed(text, parameter, where)
        return None
    if parameter.unit not in NUMERIC:
        raise UsageError(f"{where} is {text!r}, but it is no number; give one value")
    low, high = float(found[1]), float(found[3])
    unit = found[4]
    if found[2] not in ("", unit):
        raise UsageError(f"{where} is {text!r}; give both ends in one unit")
    if not low <= high:
        raise UsageError(f"{where} is {text!r}, which is empty; write {found[3]}..{found[1]}")
    for end in (found[1], found[3]):
        try:
            parameter.parse(end + unit, rate=1)
        except UsageError as error:
            raise UsageError(f"{where}: {error}") from None
    return Range(low, high, unit, whole=parameter.unit == "integer")
