"""Parameters, read from where they are declared, and given values as people write them.

A builder's parameters and a job's options are declared once, in a signature and its docstring.
What a spec may say, what a command line offers and what its help tells all come from there.
Nothing heavy is imported here, so that `--help` is quick.
"""

from __future__ import annotations

import inspect
import types
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, is_dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from audioconv.errors import UsageError
from audioconv.units import (
    parse_angle,
    parse_distance,
    parse_frequency,
    parse_gain,
    parse_level,
    parse_number,
    parse_size,
    parse_time,
    parse_whole,
)

UNITS = {"time": "s", "level": "dB", "frequency": "Hz", "distance": "m", "angle": "deg"}

SOUND = "Sound:"

GIVEN = ("rate", "sweep")
"""Keywords that are no option: they come from elsewhere."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a builder, or one option of a job.

    Parameters
    ----------
    name : str
        as Python has it
    unit : str
        ``time``, ``gain``, ``level``, ``frequency``, ``distance``, ``angle``, ``size``,
        ``number``, ``integer``, ``flag``, ``text``, or ``choice``
    choices : tuple of str
        if there is a fixed number of them
    many : bool
        whether it is a list
    count : int, optional
        how many values a list has, where that is fixed
    default : object
        its default; `inspect.Parameter.empty` where there is none
    help : str
        from the docstring
    """

    name: str
    unit: str
    choices: tuple[str, ...]
    many: bool
    count: int | None
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
            return _one_of(text, {str(choice): choice for choice in self.choices})
        simple: dict[str, Callable[[str], Any]] = {
            "gain": parse_gain,
            "level": parse_level,
            "frequency": parse_frequency,
            "distance": parse_distance,
            "angle": parse_angle,
            "size": parse_size,
            "number": parse_number,
            "integer": parse_whole,
            "text": str,
        }
        return simple[self.unit](text)

    def read(self, texts: Sequence[str], rate: int) -> Any:
        """Turn what is given, once or more than once, into what the builder takes."""
        if not self.many:
            if len(texts) > 1:
                raise UsageError(f"it takes one value, but {len(texts)} are given")
            return self.parse(texts[0], rate)
        # text may hold commas of its own, as builder specs do
        items = list(texts) if self.unit == "text" else ",".join(texts).split(",")
        if self.count not in (None, len(items)):
            raise UsageError(
                f"it takes {self.count} values, with commas, but {len(items)} "
                f"{'is' if len(items) == 1 else 'are'} given: {','.join(items)}"
            )
        return tuple(self.parse(item, rate) for item in items)

    def written_default(self) -> str:
        """Its default as one would write it."""
        values = self.default if self.many and self.default is not None else [self.default]
        return ",".join(self._written(value) for value in values) or "none"

    def _written(self, value: Any) -> str:
        if value is None:
            return "none"
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, float):
            return f"{value:g}{UNITS.get(self.unit, '')}"
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
        data = parameter.kind is not parameter.KEYWORD_ONLY and not is_dataclass(declared)
        if data or parameter.name in GIVEN:
            continue
        unit, choices, many, count = _unit(parameter.annotation)
        help_text = helps.get(parameter.name, "")
        found.append(
            Parameter(parameter.name, unit, choices, many, count, parameter.default, help_text)
        )
    return found


def arguments(
    owner: str, declared: Sequence[Parameter], given: Mapping[str, Sequence[str]], rate: int
) -> dict[str, Any]:
    """Read what was given for parameters, as texts, into arguments for what declares them.

    Raises
    ------
    UsageError
        If a name or a value is not one that there is; it names the owner and the choices.

    Examples
    --------
    >>> from impulses import delta
    >>> arguments("delta", parameters(delta), {"delay": ["350ms"]}, 48000)
    {'delay': 0.35}
    """
    known = {parameter.option: parameter for parameter in declared}
    found = {}
    for key, texts in given.items():
        parameter = known.get(key.replace("_", "-"))
        if parameter is None:
            raise UsageError(f"{owner} has no parameter {key!r};{nearest(key, list(known))}")
        try:
            found[parameter.name] = parameter.read(texts, rate)
        except UsageError as error:
            raise UsageError(f"{owner} {key}: {error}") from None
    return found


def as_options(message: str, declared: Sequence[Parameter]) -> str:
    """Name parameters in a message of Python's as a command line has them."""
    for parameter in declared:
        if parameter.option != parameter.name:
            message = message.replace(parameter.name, parameter.option)
    return message


def nearest(word: str, choices: Sequence[str]) -> str:
    """List the choices, the nearest first as a question."""
    return f"{meant(word, choices)} there are {', '.join(choices)}"


def meant(word: str, choices: Sequence[str]) -> str:
    """Ask whether the nearest of the choices was meant, if one is near."""
    import difflib  # late, as most names are right

    near = difflib.get_close_matches(word, choices, 1)
    return f" did you mean {near[0]!r}?" if near else ""


def summary(declared: Callable[..., Any]) -> str:
    """Return the first paragraph of a docstring, as one line."""
    return _paragraphs(declared)[0]


def sound(declared: Callable[..., Any]) -> str:
    """Return what a docstring says of the sound, in the paragraph that begins with ``Sound:``.

    Examples
    --------
    >>> from impulses import delta
    >>> sound(delta)
    'the sound as it is, or later.'
    """
    found = [p for p in _paragraphs(declared) if p.startswith(SOUND)]
    return found[0].removeprefix(SOUND).strip() if found else ""


def _paragraphs(declared: Callable[..., Any]) -> list[str]:
    text = inspect.cleandoc(declared.__doc__ or "").replace("``", "")
    return [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]


def _unit(annotation: Any) -> tuple[str, tuple[str, ...], bool, int | None]:
    """Return unit and choices of an annotation, whether it is a list, and how long a one."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return _unit(next(kind for kind in arguments if kind is not type(None)))
    if origin in (Sequence, tuple):
        unit, choices, _, _ = _unit(arguments[0])
        fixed = origin is tuple and arguments[-1] is not Ellipsis
        return unit, choices, True, len(arguments) if fixed else None
    if origin is Annotated:
        return annotation.__metadata__[0], (), False, None
    if origin is Literal:
        return "choice", arguments, False, None
    unit = {bool: "flag", int: "integer", float: "number"}.get(annotation, "text")
    return unit, (), False, None


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
        near = meant(text, list(meanings))
        raise UsageError(f"{text!r} is not one of {', '.join(meanings)}{near and f';{near}'}")
    return meanings[text.lower()]
