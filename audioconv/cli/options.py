"""From signatures to the command line: no option is declared twice.

A command's parameter that is a dataclass (`Options`, `Show`) becomes one option for each of its
fields, with the field's type, default and docstring; a builder's command is made of the
builder's own signature.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass, is_dataclass
from typing import Annotated, Any

import typer

from audioconv.parameters import Parameter, parameters, parse_gain, parse_size

SHORT = {"overwrite": "-y", "quiet": "-q", "verbose": "-v"}
METAVARS = {"time": "TIME", "gain": "GAIN", "level": "DB", "number": "NUMBER", "text": "TEXT"}
PARSERS = {"gain": parse_gain, "size": parse_size}

Input = Annotated[str, typer.Argument(metavar="IN", help="Sound file, or - for standard input.")]
Output = Annotated[
    str, typer.Argument(metavar="OUT", help="Output file, or - for standard output.")
]
Impulses = Annotated[
    list[str],
    typer.Option(
        "--ir",
        metavar="IR",
        help="Impulse: a sound file, or a builder spec such as "
        "double-spike:delay=350ms,gain=-6dB (see `audioconv ir list`). Several are a chain.",
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]


@dataclass(frozen=True)
class Show:
    """What a run tells.

    Parameters
    ----------
    json : bool
        print the outcome as one JSON object on standard output
    quiet : bool
        say nothing but errors
    verbose : bool
        show where an error came from
    """

    json: bool = False
    quiet: bool = False
    verbose: bool = False


def expand(command: Callable[..., None]) -> Callable[..., None]:
    """Replace each dataclass parameter of a command by options for its fields."""
    signature = inspect.signature(command, eval_str=True)
    groups: dict[str, tuple[type, list[str]]] = {}
    expanded: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        kind = parameter.annotation
        if is_dataclass(kind) and isinstance(kind, type):
            fields = parameters(kind)
            groups[parameter.name] = kind, [field.name for field in fields]
            types = inspect.signature(kind, eval_str=True).parameters
            expanded += [_field(field, types[field.name].annotation) for field in fields]
        else:
            expanded.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))

    @functools.wraps(command)
    def collected(**values: Any) -> None:
        for group, (kind, names) in groups.items():
            values[group] = kind(**{name: values.pop(name) for name in names})
        command(**values)

    collected.__signature__ = inspect.Signature(expanded)  # type: ignore[attr-defined]
    return collected


def _field(field: Parameter, annotation: Any) -> inspect.Parameter:
    """Make the option of one field of a dataclass."""
    names = [*filter(None, [SHORT.get(field.name)]), f"--{field.option}"]
    extra: dict[str, Any] = {}
    default = field.default
    if field.unit in PARSERS:
        extra = {"parser": PARSERS[field.unit], "metavar": field.unit.upper()}
        annotation = float
        if default is not None:
            default = field.written_default()  # what is parsed is text, the default too
    elif field.unit != "choice" and field.unit != "flag":
        extra = {"metavar": METAVARS.get(field.unit, "N")}
    option = typer.Option(*names, help=sentence(field.help), **extra)
    return inspect.Parameter(
        field.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[annotation, option],
    )


def builder_options(declared: list[Parameter]) -> list[inspect.Parameter]:
    """Make the options of a builder, whose values are read when the rate is known."""
    made = []
    for parameter in declared:
        choices = "|".join(parameter.choices)
        help_text = f"{sentence(parameter.help)} [default: {parameter.written_default()}]"
        many = parameter.many
        kind: Any = bool if parameter.unit == "flag" else list[str] if many else str
        extra: dict[str, Any] = (
            {} if kind is bool else {"metavar": choices or METAVARS.get(parameter.unit, "N")}
        )
        option = typer.Option(f"--{parameter.option}", help=help_text, show_default=False, **extra)
        made.append(
            inspect.Parameter(
                parameter.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=False if kind is bool else None,
                annotation=Annotated[kind if kind is bool else kind | None, option],
            )
        )
    return made


def sentence(text: str) -> str:
    """Begin with a capital and end with a full stop."""
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"
