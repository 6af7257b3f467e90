"""Parameters: read from signatures and docstrings, and parsed from text.

The parameters of a builder and the options of a job are declared once, in a signature and its
docstring. Builder specs, command-line options and their help follow from there.
Nothing heavy is imported here, so that `--help` is fast.
"""

from __future__ import annotations

import inspect
import re
import types
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from numbers import Integral, Real
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

from audioconv.errors import UsageError, printable
from audioconv.units import (
    LARGEST,
    parse_angle,
    parse_distance,
    parse_frequency,
    parse_gain,
    parse_level,
    parse_number,
    parse_quality,
    parse_rate,
    parse_size,
    parse_time,
    parse_whole,
)

UNITS = {"time": "s", "level": "dB", "frequency": "Hz", "distance": "m", "angle": "deg"}

PYTHON_TYPES: dict[str, tuple[type, str]] = {
    "flag": (bool, "True or False"),
    "integer": (Integral, "an integer"),
    "rate": (Integral, "an integer"),
    "size": (Integral, "a number of bytes, or text such as '4GB'"),
    "number": (Real, "a number"),
    "time": (Real, "a number of seconds"),
    "gain": (Real, "a factor, or text such as '-6dB'"),
    "quality": (Real, "a number from 0 to 1, or a bit rate such as '192k'"),
    "seconds": (Real, "a number of seconds"),
    "factor": (Real, "a number"),
}
"""Type of an argument in Python, for each unit, and its description; for all others, text."""

AS_TEXT = ("gain", "size", "quality")
"""Units of the numbers that may also be given as text in Python."""

SIMPLE: dict[str, Callable[[str], Any]] = {
    "gain": parse_gain,
    "level": parse_level,
    "frequency": parse_frequency,
    "distance": parse_distance,
    "angle": parse_angle,
    "size": parse_size,
    "quality": parse_quality,
    "number": parse_number,
    "seconds": parse_number,
    "factor": parse_number,
    "integer": parse_whole,
    "rate": parse_rate,
}
"""Parser of each unit that needs nothing but the text."""

PARSED = (*SIMPLE, "time", "flag", "choice")
"""Units that are more than text."""

SOUND = "Sound:"

PANELS = (
    "Effect",
    "Level",
    "Output file",
    "Choice of files",
    "Reading",
    "Computing",
    "Cluster",
    "Reporting",
)
"""Headings in the help of a command, in their order."""

EFFECT, LEVEL, OUTPUT, CHOICE, READING, COMPUTING, CLUSTER, REPORTING = (
    {"panel": panel} for panel in PANELS
)
"""Metadata of a field: the panel that lists its option."""

RARE = {"rare": True}
"""Metadata of a field whose option is no everyday one: `--help` leaves it to `--help-all`."""

LIMITS = re.compile(r", (\S+) to (\S+)$")
"""The end of a type in numpydoc, such as ``float, 0 to 1``."""

NOT_OPTIONS = ("rate", "sweep")
"""Keyword arguments that are supplied by the program."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a builder, or one option of a job.

    Parameters
    ----------
    name : str
        name of the Python argument
    unit : str
        ``time``, ``gain``, ``level``, ``frequency``, ``distance``, ``angle``, ``size``,
        ``quality``, ``number``, ``seconds``, ``factor``, ``integer``, ``flag``,
        ``choice``, ``text``, or a kind of text, such as ``length``, by which help and completion
        name it
    choices : tuple of str
        allowed values; empty if there is no fixed set
    many : bool
        whether it takes a list
    count : int, optional
        length of the list, if fixed
    default : object
        `inspect.Parameter.empty` if required
    help : str
        description, from the docstring
    limits : str
        range of a number, such as ``0..1``, from the docstring; empty if there is none
    panel : str
        heading in the help; empty if there is none
    rare : bool
        whether `--help` leaves it to `--help-all`
    """

    name: str
    unit: str
    choices: tuple[str, ...]
    many: bool
    count: int | None
    default: Any
    help: str
    limits: str = ""
    panel: str = ""
    rare: bool = False

    @property
    def option(self) -> str:
        """Name of the option on the command line, without the leading dashes."""
        return self.name.replace("_", "-")

    def parse(self, text: str, rate: int) -> Any:
        """Parse one value; `rate` converts samples to seconds."""
        if self.unit == "time":
            return parse_time(text, rate)
        if self.unit == "flag":
            return _choose(text, {"true": True, "yes": True, "false": False, "no": False})
        if self.unit == "choice":
            return _choose(text, {str(choice): choice for choice in self.choices})
        return SIMPLE[self.unit](text) if self.unit in SIMPLE else text

    def parse_all(self, texts: Sequence[str], rate: int) -> Any:
        """Parse the texts given for the parameter: one, or several for a list."""
        if not self.many:
            if len(texts) > 1:
                raise UsageError(f"it takes one value, but {len(texts)} are given")
            return self.parse(texts[0], rate)
        # text may contain commas, as builder specs do
        items = ",".join(texts).split(",") if self.unit in PARSED else list(texts)
        if self.count not in (None, len(items)):
            raise UsageError(
                f"it takes {self.count} values, separated by commas, but {len(items)} "
                f"{'is' if len(items) == 1 else 'are'} given: {printable(','.join(items))}"
            )
        return tuple(self.parse(item, rate) for item in items)

    def written_default(self) -> str:
        """Format the default as a user would type it."""
        values = self.default if self.many and self.default is not None else [self.default]
        return ",".join(self._written(value) for value in values) or "none"

    def _written(self, value: Any) -> str:
        if value is None:
            return "none"
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, float):
            inverts = self.unit == "gain" and value < 0  # which needs a unit on the command line
            return f"{value:g}{'x' if inverts else UNITS.get(self.unit, '')}"
        return str(value)


def parameters(declared: Callable[..., Any], *, every: bool = False) -> list[Parameter]:
    """Return the keyword-only parameters of a function, or the fields of a dataclass.

    With `every`, positional parameters and `NOT_OPTIONS` are included.

    Examples
    --------
    >>> from impulses import delta
    >>> [(p.name, p.unit, p.default) for p in parameters(delta)]
    [('delay', 'time', 0.0)]
    """
    return [*_parameters(declared, every)]


@cache
def _parameters(declared: Callable[..., Any], every: bool) -> tuple[Parameter, ...]:
    documented = _documented(declared.__doc__ or "")
    metadata = (
        {one.name: one.metadata for one in fields(declared)} if is_dataclass(declared) else {}
    )
    signature = inspect.signature(declared, eval_str=True)
    declarations = []
    for parameter in signature.parameters.values():
        positional = parameter.kind is not parameter.KEYWORD_ONLY and not is_dataclass(declared)
        if not every and (positional or parameter.name in NOT_OPTIONS):
            continue
        name = parameter.name
        typed = *_unit(parameter.annotation), parameter.default
        limits, text = documented.get(name, ("", ""))
        declarations.append(Parameter(name, *typed, text, limits, **metadata.get(name, {})))
    return tuple(declarations)


def arguments(
    owner: str, declared: Sequence[Parameter], given: Mapping[str, Sequence[str]], rate: int
) -> dict[str, Any]:
    """Parse texts, by name of the option, into keyword arguments.

    Parameters
    ----------
    owner : str
        name of the builder or command, for messages
    declared : sequence of Parameter
    given : dict of list of str
        the texts given for each option
    rate : int > 0
        samples per second, for times in samples (``480S``)

    Raises
    ------
    UsageError
        If a name is unknown or a value invalid; the message lists the choices.

    Examples
    --------
    >>> from impulses import delta
    >>> arguments("delta", parameters(delta), {"delay": ["350ms"]}, 48000)
    {'delay': 0.35}
    """
    known = {parameter.option: parameter for parameter in declared}
    values = {}
    for key, texts in given.items():
        parameter = known.get(key.replace("_", "-"))
        if parameter is None:
            raise UsageError(f"{owner} has no parameter {key!r};{choices_like(key, known)}")
        try:
            values[parameter.name] = parameter.parse_all(texts, rate)
        except UsageError as error:
            raise UsageError(f"{owner} {key}: {error}") from None
    return values


def assignments(text: str, spec: str, example: str = "delay=350ms") -> dict[str, list[str]]:
    """Parse ``key=value,key=value,value``; a value without a key extends the list before it.

    Parameters
    ----------
    text : str
    spec : str
        what the text is a part of, for messages
    example : str
        an assignment, for messages

    Raises
    ------
    UsageError
        If it begins with no key.

    Examples
    --------
    >>> assignments("delay=0,350ms,gain=1", "multi-tap")
    {'delay': ['0', '350ms'], 'gain': ['1']}
    """
    values: dict[str, list[str]] = {}
    key = ""
    for item in filter(None, text.split(",")):
        before, equals, value = item.rpartition("=")
        if not (equals or key):
            raise UsageError(f"{item!r} in {spec} is not key=value, such as {example}")
        key = before.strip() if equals else key
        values.setdefault(key, []).append(value)
    return values


def validated(parameter: Parameter, value: Any) -> Any:
    """Check an argument given in Python, and parse a gain, size or quality given as text.

    Raises
    ------
    UsageError
        If the value has the wrong type, or is not one of the choices.

    Examples
    --------
    >>> wet = Parameter("wet", "gain", (), False, None, 1.0, "")
    >>> validated(wet, "-20dB"), validated(wet, 2)
    (0.1, 2.0)
    """
    if value is None and parameter.default is None:
        return None
    if getattr(value, "ndim", None) == 0:  # a NumPy scalar
        value = value.item()
    if parameter.unit == "choice":
        if isinstance(value, str) and value in parameter.choices:
            return value
        expected = f"one of {', '.join(parameter.choices)}"
    else:
        kind, expected = PYTHON_TYPES.get(parameter.unit, (str, "text"))
        numeric = kind is not bool and isinstance(value, bool)
        if isinstance(value, kind) and not numeric:
            if kind not in (Integral, Real):
                return value
            if abs(cast(float, value)) < LARGEST:  # NaN is not, either
                kept = kind is Integral or isinstance(value, float)  # it may be a `BareGain`
                return value if kept else float(cast(float, value))
            expected += f", under {LARGEST:g}"
        if isinstance(value, str) and parameter.unit in AS_TEXT:
            try:
                return parameter.parse(value, rate=1)
            except UsageError as error:
                raise UsageError(f"{parameter.name}: {error}") from None
    raise UsageError(f"{parameter.name} is {_shown(value)}; it must be {expected}")


def validate(declared: Any) -> None:
    """Check every field of a frozen dataclass that declares parameters, as `validated` does.

    Raises
    ------
    UsageError
        If a value has the wrong type, or is not one of the choices.
    """
    for parameter in parameters(type(declared)):
        value = validated(parameter, getattr(declared, parameter.name))
        object.__setattr__(declared, parameter.name, value)


def _shown(value: Any) -> str:
    """Return an argument for a message; Python does not write integers of thousands of digits."""
    try:
        return repr(value)
    except ValueError:
        return "too long a number"


def choices_like(word: str, choices: Collection[str]) -> str:
    """Format the end of a message about an unknown name: a suggestion, and all choices.

    Examples
    --------
    >>> choices_like("dealy", ["delay", "gain"]), choices_like("x", ["delay", "gain"])
    (" did you mean 'delay'? there are delay, gain", ' there are delay, gain')
    """
    return f"{suggestion(word, choices)} there are {', '.join(choices)}"


def suggestion(word: str, choices: Collection[str]) -> str:
    """Return a question that names the closest choice; empty if none is close."""
    import difflib  # late: most names are correct

    close = difflib.get_close_matches(word, choices, 1)
    return f" did you mean {close[0]!r}?" if close else ""


def summary(declared: Callable[..., Any]) -> str:
    """Return the first paragraph of a docstring, as one line."""
    return _paragraphs(declared)[0]


def description(declared: Callable[..., Any]) -> str:
    """Return a docstring up to its first section, one line per paragraph.

    Examples
    --------
    >>> description(arguments)
    'Parse texts, by name of the option, into keyword arguments.'
    """
    paragraphs = _paragraphs(declared)
    sections = (n for n, text in enumerate(paragraphs) if " ---" in text)
    return "\n\n".join(paragraphs[: next(sections, None)])


def sound(declared: Callable[..., Any]) -> str:
    """Return the paragraph of a docstring that begins with ``Sound:``, as one line.

    Examples
    --------
    >>> from impulses import delta
    >>> sound(delta)
    'the sound as it is, or later.'
    """
    paragraphs = [p for p in _paragraphs(declared) if p.startswith(SOUND)]
    return paragraphs[0].removeprefix(SOUND).strip() if paragraphs else ""


def _paragraphs(declared: Callable[..., Any]) -> list[str]:
    text = inspect.cleandoc(declared.__doc__ or "").replace("``", "")
    return [" ".join(paragraph.split()) for paragraph in text.split("\n\n")]


def _unit(annotation: Any) -> tuple[str, tuple[str, ...], bool, int | None]:
    """Return unit, choices, whether a list, and the length of the list, from an annotation."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in (Union, types.UnionType):
        return _unit(next(kind for kind in arguments if kind is not type(None)))
    if origin in (Sequence, tuple):
        unit, choices, _, _ = _unit(arguments[0])
        fixed = origin is tuple and arguments[-1] is not Ellipsis
        return unit, choices, True, len(arguments) if fixed else None
    if origin is Annotated:
        unit = annotation.__metadata__[0]
        return ("choice", unit, False, None) if isinstance(unit, tuple) else (unit, (), False, None)
    if origin is Literal:
        return "choice", arguments, False, None
    unit = {bool: "flag", int: "integer", float: "number"}.get(annotation, "text")
    return unit, (), False, None


def _documented(docstring: str) -> dict[str, tuple[str, str]]:
    """Return the limits and the description of each name in the section Parameters."""
    lines = inspect.cleandoc(docstring).splitlines()
    documented: dict[str, tuple[str, str]] = {}
    names: list[str] = []
    if "Parameters" not in lines:
        return documented
    for line in lines[lines.index("Parameters") + 2 :]:
        if line.startswith(" "):
            for parameter in names:
                limits, text = documented[parameter]
                documented[parameter] = limits, f"{text} {line.strip()}".strip()
        elif " : " in line:
            names = line.split(" : ")[0].split(", ")
            found = LIMITS.search(line)
            limits = f"{found[1]}..{found[2]}" if found else ""
            documented |= dict.fromkeys(names, (limits, ""))
        elif line.startswith("---"):
            break
    return documented


def _choose(text: str, values: dict[str, Any]) -> Any:
    """Return the value of a word, in any case."""
    if text.lower() not in values:
        close = suggestion(text, values)
        raise UsageError(f"{text!r} is not one of {', '.join(values)}{close and f';{close}'}")
    return values[text.lower()]
