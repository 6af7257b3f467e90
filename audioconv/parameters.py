"""Values as people write them, and parameters read from where they are declared.

A builder's parameters and a job's options are declared once, in a signature and its docstring.
What a spec may say, what a command line offers and what its help tells all come from there.
Nothing heavy is imported here, so that `--help` is quick.
"""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from audioconv.errors import UsageError

LENGTHS = ("full", "input", "auto")
NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"


def parse_time(text: str, rate: int) -> float:
    """Read a time: ``350ms``, ``0.35s``, ``0.35`` (seconds) or ``15435S`` (samples).

    Examples
    --------
    >>> parse_time("350ms", 48000), parse_time("24000S", 48000)
    (0.35, 0.5)
    """
    number, unit = _number(text, "ms|s|S|", "a time; write 350ms, 0.35s or 15435S (samples)")
    return number / {"ms": 1000, "s": 1, "": 1, "S": rate}[unit]


def parse_gain(text: str) -> float:
    """Read a gain: a ratio such as ``0.5``, or decibels such as ``-6dB``.

    Examples
    --------
    >>> parse_gain("0.5"), parse_gain("-20dB")
    (0.5, 0.1)
    """
    number, unit = _number(text, "dB|db|DB|", "a gain; write 0.5 or -6dB")
    return 10 ** (number / 20) if unit else number


def parse_level(text: str) -> float:
    """Read a level in decibels, with or without the unit.

    Examples
    --------
    >>> parse_level("-60dB"), parse_level("-60")
    (-60.0, -60.0)
    """
    return _number(text, "dB|db|DB|", "a level in decibels; write -60dB")[0]


def parse_size(text: str) -> int:
    """Read a number of bytes: ``4GB``, ``500MB`` (powers of ten), or ``4096``.

    Examples
    --------
    >>> parse_size("4GB"), parse_size("4096")
    (4000000000, 4096)
    """
    number, unit = _number(text, "[kKMGT]?B?", "a size; write 500MB or 4GB")
    powers = {"": 0, "K": 3, "M": 6, "G": 9, "T": 12}
    return round(number * 10.0 ** powers[unit.upper().rstrip("B")])


def parse_length(text: str, rate: int) -> str | int:
    """Read a length: ``full``, ``input``, ``auto``, or a time, which becomes frames.

    Examples
    --------
    >>> parse_length("full", 48000), parse_length("2s", 48000)
    ('full', 96000)
    """
    if text in LENGTHS:
        return text
    try:
        frames = round(parse_time(text, rate) * rate)
    except UsageError:
        raise UsageError(
            f"length {text!r} is not one of {', '.join(LENGTHS)}, or a time such as 10s"
        ) from None
    if frames < 1:
        raise UsageError(f"length {text} is {frames} frames; it must be at least one")
    return frames


def _number(text: str, units: str, what: str) -> tuple[float, str]:
    match = re.fullmatch(f"({NUMBER}) ?({units})", text.strip())
    if match is None or not abs(float(match[1])) < 1e30:
        raise UsageError(f"{text!r} is not {what}")
    return float(match[1]), match[2]


def _whole_number(text: str) -> int:
    number = _number(text, "", "a whole number")[0]
    if number != int(number):
        raise UsageError(f"{text!r} is not a whole number")
    return int(number)


@dataclass(frozen=True)
class Parameter:
    """One parameter of a builder, or one option of a job.

    Parameters
    ----------
    name : str
        as Python has it
    unit : str
        ``time``, ``gain``, ``level``, ``size``, ``number``, ``integer``, ``flag``, ``text``, or
        ``choice``
    choices : tuple of str
        if there is a fixed number of them
    many : bool
        whether it may be given more than once
    default : object
        its default; `inspect.Parameter.empty` where there is none
    help : str
        from the docstring
    """

    name: str
    unit: str
    choices: tuple[str, ...]
    many: bool
    default: Any
    help: str

    @property
    def option(self) -> str:
        """Its name on a command line, without the dashes."""
        return self.name.replace("_", "-")

    def parse(self, text: str, rate: int) -> Any:
        """Turn one value as written into what the builder takes."""
        if self.unit == "time":
            return parse_time(text, rate)
        if self.unit == "flag":
            return _one_of(text, {"true": True, "yes": True, "false": False, "no": False})
        if self.unit == "choice":
            return _one_of(text, {choice: choice for choice in self.choices})
        simple: dict[str, Callable[[str], Any]] = {
            "gain": parse_gain,
            "level": parse_level,
            "size": parse_size,
            "number": lambda text: _number(text, "", "a number")[0],
            "integer": _whole_number,
            "text": str,
        }
        return simple[self.unit](text)

    def written_default(self) -> str:
        """Its default as one would write it."""
        values = self.default if self.many else [self.default]
        return " ".join(self._written(value) for value in values)

    def _written(self, value: Any) -> str:
        if value is None:
            return "none"
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, float):
            return f"{value:g}{ {'time': 's', 'level': 'dB'}.get(self.unit, '') }"
        return str(value)


def parameters(declared: Callable[..., Any]) -> list[Parameter]:
    """Read the parameters of a function or a dataclass from its signature and docstring.

    Examples
    --------
    >>> from impulses import delta
    >>> [(p.name, p.unit, p.default) for p in parameters(delta)]
    [('delay', 'time', 0.0)]
    """
    helps = _parameter_help(declared.__doc__ or "")
    signature = inspect.signature(declared, eval_str=True)
    found = []
    for parameter in signature.parameters.values():
        if parameter.name == "rate":
            continue
        unit, choices, many = _unit(parameter.annotation)
        help_text = helps.get(parameter.name, "")
        found.append(Parameter(parameter.name, unit, choices, many, parameter.default, help_text))
    return found


def _unit(annotation: Any) -> tuple[str, tuple[str, ...], bool]:
    """Return unit, choices and multiplicity of an annotation."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return _unit(next(kind for kind in arguments if kind is not type(None)))
    if origin in (Sequence, tuple):
        unit, choices, _ = _unit(arguments[0])
        return unit, choices, True
    if origin is Annotated:
        return annotation.__metadata__[0], (), False
    if origin is Literal:
        return "choice", arguments, False
    return {bool: "flag", int: "integer", float: "number"}.get(annotation, "text"), (), False


def _parameter_help(docstring: str) -> dict[str, str]:
    """Return what the Parameters section of a numpydoc docstring says of each name."""
    lines = inspect.cleandoc(docstring).splitlines()
    helps: dict[str, str] = {}
    names: list[str] = []
    if "Parameters" not in lines:
        return helps
    for line in lines[lines.index("Parameters") + 2 :]:
        if line.startswith(" "):
            for parameter in names:
                helps[parameter] = f"{helps.get(parameter, '')} {line.strip()}".strip()
        elif " : " in line:
            names = line.split(" : ")[0].split(", ")
        elif line.startswith("---"):
            break
    return helps


def _one_of(text: str, meanings: dict[str, Any]) -> Any:
    if text.lower() not in meanings:
        raise UsageError(f"{text!r} is not one of {', '.join(meanings)}")
    return meanings[text.lower()]
