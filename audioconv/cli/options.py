"""From signatures to the command line: no option is declared twice.

A command's parameter that is a dataclass (`Options`, `Show`) becomes one option for each of its
fields, with the field's type, default and docstring. Where values can be read only once a rate is
known (``15435S`` is a time), as those of builders, edits and sweeps, the options are text, and
come of the signature of what they are for.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, is_dataclass
from functools import partial
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup

from audioconv.parameters import Parameter, parameters
from audioconv.units import parse_gain, parse_size, parse_time

SHORT = {"overwrite": "-y", "quiet": "-q", "verbose": "-v"}
METAVARS = {
    "time": "TIME",
    "gain": "GAIN",
    "level": "DB",
    "frequency": "HZ",
    "distance": "METRES",
    "angle": "DEGREES",
    "number": "NUMBER",
    "text": "TEXT",
}
HELP_OPTIONS = {"help_option_names": ["-h", "--help"]}
PARSERS = {"gain": parse_gain, "size": parse_size, "time": partial(parse_time, rate=1)}

Input = Annotated[str, typer.Argument(metavar="IN", help="Sound file, or - for standard input.")]
Output = Annotated[
    str, typer.Argument(metavar="OUT", help="Output file, or - for standard output.")
]
Impulses = Annotated[
    list[str],
    typer.Option(
        "--ir",
        metavar="IR",
        help="Impulse: a sound file, a builder spec such as double-spike:delay=350ms,gain=-6dB or "
        "preset:large-hall (see `audioconv ir list`), or a direction of a SOFA file, "
        "head.sofa:azimuth=30. Several are a chain.",
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


class Late(NamedTuple):
    """A command of which some options are made of what is slow to import.

    Parameters
    ----------
    command : function
    texts : function
        that returns, for each parameter of the command that takes ``{option: [text, ...]}``,
        what stands behind it
    """

    command: Callable[..., None]
    texts: Callable[[], dict[str, list[Parameter]]]


class LateGroup(TyperGroup):
    """A group of which some commands are made when they are called."""

    late: ClassVar[dict[str, Late]] = {}

    def list_commands(self, ctx: Any) -> list[str]:
        """Name all commands."""
        return [*super().list_commands(ctx), *self.late]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command, or only what a list tells of it."""
        if cmd_name in self.late:

            def listed() -> None: ...

            listed.__doc__ = self.late[cmd_name].command.__doc__
            return made(cmd_name, listed)
        return super().get_command(ctx, cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that is called, or make it."""
        if args and args[0] in self.late:
            command, texts = self.late[args[0]]
            return args[0], made(args[0], expand(command, texts())), args[1:]
        return super().resolve_command(ctx, args)


def made(name: str, command: Callable[..., None]) -> TyperCommand:
    """Make one command of a function."""
    single = typer.Typer(rich_markup_mode=None, add_completion=False, context_settings=HELP_OPTIONS)
    single.command(name)(command)
    found = typer.main.get_command(single)
    assert isinstance(found, TyperCommand)
    return found


def expand(
    command: Callable[..., None],
    texts: Mapping[str, list[Parameter]] = MappingProxyType({}),
    *,
    without: Collection[str] = (),
) -> Callable[..., None]:
    """Replace parameters of a command by options.

    Parameters
    ----------
    command : function
        each of its parameters that is a dataclass gets an option for each field
    texts : dict of list of Parameter
        what stands behind each parameter that takes ``{option: [text, ...]}``, as given
    without : collection of str
        fields that stay as they are by default, as they mean nothing here
    """
    signature = inspect.signature(command, eval_str=True)
    groups: dict[str, tuple[type, list[str]]] = {}
    expanded: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        kind = parameter.annotation
        if parameter.name in texts:
            expanded += map(_text_option, texts[parameter.name])
        elif is_dataclass(kind) and isinstance(kind, type):
            fields = [field for field in parameters(kind) if field.name not in without]
            groups[parameter.name] = kind, [field.name for field in fields]
            types = inspect.signature(kind, eval_str=True).parameters
            expanded += [_field(field, types[field.name].annotation) for field in fields]
        else:
            expanded.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))

    @functools.wraps(command)
    def collected(**values: Any) -> None:
        for group, (kind, names) in groups.items():
            values[group] = kind(**{name: values.pop(name) for name in names})
        for group, declared in texts.items():
            values[group] = _given(declared, values)
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


def _text_option(parameter: Parameter) -> inspect.Parameter:
    """Make the option of a parameter whose value is read later."""
    flag = parameter.unit == "flag"
    default = parameter.written_default()
    help_text = sentence(parameter.help) + (f" [default: {default}]" if default != "none" else "")
    extra: dict[str, Any] = {}
    if not flag:
        metavar = "|".join(map(str, parameter.choices)) or METAVARS.get(parameter.unit, "N")
        extra = {"metavar": f"{metavar},..." if parameter.many else metavar}
    kind: Any = bool if flag else list[str] if parameter.many else str
    option = typer.Option(f"--{parameter.option}", help=help_text, show_default=False, **extra)
    return inspect.Parameter(
        parameter.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=False if flag else None,
        annotation=Annotated[kind if flag else kind | None, option],
    )


def _given(declared: list[Parameter], values: dict[str, Any]) -> dict[str, list[str]]:
    """Take from the values those of text options that were given, as they were written."""
    found = {p.option: values.pop(p.name) for p in declared}
    return {
        option: ["yes"] if value is True else value if isinstance(value, list) else [value]
        for option, value in found.items()
        if value not in (None, False, [])
    }


def sentence(text: str) -> str:
    """Begin with a capital and end with a full stop."""
    first = text[:1] if text[1:2].isupper() else text[:1].upper()  # dB stays dB
    return f"{first}{text[1:]}{'' if text.endswith('.') else '.'}"
