"""Options made from signatures: none is declared twice.

A parameter of a command that is a dataclass (`Options`, `Show`) becomes one option for each field,
with the field's type, default and docstring. The values of builders, edits and sweeps can only be
parsed once the sample rate is known (``15435S`` is a time): their options are text, made from the
signature of the builder.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, is_dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal, NamedTuple, get_type_hints

import typer
from typer.core import TyperCommand

from audioconv.cli.completion import completer
from audioconv.cli.slips import refuse_comma, refuse_options, typed_gain
from audioconv.cli.usage import HELP_OPTIONS, Command, Group
from audioconv.errors import UsageError
from audioconv.parameters import RARE, REPORTING, Parameter, parameters
from audioconv.units import (
    parse_frequency,
    parse_level,
    parse_number,
    parse_quality,
    parse_rate,
    parse_size,
    parse_time,
)

SHORT = {"overwrite": "-y", "quiet": "-q", "verbose": "-v"}
METAVARS = {
    "time": "TIME",
    "gain": "GAIN",
    "level": "DB",
    "frequency": "HZ",
    "distance": "METRES",
    "angle": "DEGREES",
    "integer": "N",
    "impulse": "IR",
    "folder": "DIR",
    "match": "LEVEL",
    "map": "ROUTES",
    "shard": "I/N",
}
"""Metavar of each unit; of any other, it is its name."""

PARSERS: dict[str, Callable[[str], float]] = {
    "gain": typed_gain,
    "number": parse_number,
    "size": parse_size,
    "quality": parse_quality,
    "time": partial(parse_time, rate=1),
    "frequency": parse_frequency,
    "level": parse_level,
}

TYPED = ("time", "length", "norm", "match")
"""Units of text that has a number, which is parsed later."""

Input = Annotated[
    str, typer.Argument(metavar="IN", help="Sound file, its URL, or - for standard input.")
]
Output = Annotated[
    str, typer.Argument(metavar="OUT", help="Output file, its URL, or - for standard output.")
]
Impulses = Annotated[
    list[str],
    typer.Option(
        "--ir",
        metavar="IR",
        help="Impulse response (IR): a sound file such as hall.wav, a preset such as "
        "preset:large-hall, or a builder with its parameters, such as "
        "double-spike:delay=350ms,gain=-6dB (see `audioconv ir list`). Repeat it to chain several. "
        "hall.wav:channel=3 is one channel of a file; join:L.wav,R.wav several files as one; "
        "taps.txt:rate=48000 and taps.raw:format=FLOAT_LE,rate=48000 coefficients; "
        "head.sofa:azimuth=30 a direction in a SOFA file. Each file may be at a URL, "
        "https://host/hall.wav:channel=3.",
        rich_help_panel="Effect",
        autocompletion=completer("impulse"),
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]


@dataclass(frozen=True)
class Show:
    """Output of a command on standard output and standard error.

    Parameters
    ----------
    json : bool
        print the result as one JSON object on standard output
    quiet : bool
        print errors only
    verbose : bool
        print all figures, such as the levels of the impulse and the engine; of an error, the
        traceback
    """

    json: bool = field(default=False, metadata=REPORTING | RARE)
    quiet: bool = field(default=False, metadata=REPORTING | RARE)
    verbose: bool = field(default=False, metadata=REPORTING)


class LazyCommand(NamedTuple):
    """A command whose options are declared in modules that are slow to import.

    Parameters
    ----------
    help : str
        for the list of commands
    load : function
        returns the command with all of its options
    """

    help: str
    load: Callable[[], Callable[..., None]]

    @classmethod
    def of(
        cls, command: Callable[..., None], texts: Callable[[], dict[str, list[Parameter]]]
    ) -> LazyCommand:
        """Return the lazy form of ``expand(command, texts())``."""
        return cls(command.__doc__ or "", lambda: expand(command, texts()))


class LazyGroup(Group):
    """A group that builds some of its commands only when they are called."""

    lazy: ClassVar[dict[str, LazyCommand]] = {}

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, command in self.lazy.items():

            def stub() -> None: ...

            stub.__doc__ = command.help
            self.commands[name] = build_command(name, stub)  # without options, for the list

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Return the command that is called, with all of its options."""
        if args and args[0] in self.lazy:
            return args[0], self.load_command(args[0]), args[1:]
        return super().resolve_command(ctx, args)

    def load_command(self, name: str) -> TyperCommand:
        """Build a lazy command with all of its options."""
        return build_command(name, self.lazy[name].load())


def build_command(name: str, function: Callable[..., None]) -> TyperCommand:
    """Build a command from a function."""
    single = typer.Typer(rich_markup_mode=None, add_completion=False, context_settings=HELP_OPTIONS)
    single.command(name, cls=Command)(function)
    command = typer.main.get_command(single)
    assert isinstance(command, TyperCommand)
    return command


def expand(
    command: Callable[..., None],
    texts: Mapping[str, list[Parameter]] = MappingProxyType({}),
    *,
    without: Collection[str] = (),
    unlisted: Collection[str] = (),
) -> Callable[..., None]:
    """Replace parameters of a command by options.

    Parameters
    ----------
    command : function
        a parameter that is a dataclass becomes an option for each field
    texts : dict of list of Parameter
        for a parameter that takes unparsed text, ``{option: [text, ...]}``: the options that it
        becomes
    without : collection of str
        fields without an option, which keep their default; so does one whose name another
        dataclass before it has
    unlisted : collection of str
        fields whose option is accepted, but not in the help
    """
    signature = inspect.signature(command, eval_str=True)
    groups: dict[str, tuple[type, list[str]]] = {}
    expanded: list[inspect.Parameter] = []
    for parameter in signature.parameters.values():
        kind = parameter.annotation
        if parameter.name in texts:
            expanded += map(_text_option, texts[parameter.name])
        elif is_dataclass(kind) and isinstance(kind, type):
            taken = {*without, *(name for _, names in groups.values() for name in names)}
            fields = [field for field in parameters(kind) if field.name not in taken]
            groups[parameter.name] = kind, [field.name for field in fields]
            types = _types(kind)
            expanded += [
                _field(
                    replace(one, panel="", rare=True) if one.name in unlisted else one,
                    types[one.name],
                )
                for one in fields
            ]
        else:
            expanded.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))

    @functools.wraps(command)
    def collected(**values: Any) -> None:
        for group, (kind, names) in groups.items():
            values[group] = kind(**{name: values.pop(name) for name in names})
        for group, declared in texts.items():
            values[group] = _take_texts(declared, values)
        command(**values)

    collected.__signature__ = inspect.Signature(expanded)  # type: ignore[attr-defined]
    return collected


def declare(function: Callable[..., Any], **declared: Any) -> inspect.Signature:
    """Declare the parameters of a function for typer, with help from its docstring.

    Positional parameters become arguments, and keyword-only ones options; parameters that are
    dataclasses are left to `expand`, and come last.

    Parameters
    ----------
    function : function
    declared : dict
        annotations of parameters that are declared otherwise
    """
    documented = {parameter.name: parameter for parameter in parameters(function, every=True)}
    expanded: list[inspect.Parameter] = []
    grouped: list[inspect.Parameter] = []
    types = get_type_hints(function)
    for name, parameter in inspect.signature(function).parameters.items():
        keyword = parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY)
        if name in declared:
            expanded.append(keyword.replace(annotation=declared[name]))
        elif is_dataclass(types[name]):
            grouped.append(keyword.replace(annotation=types[name]))
        elif parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            expanded.append(_field(documented[name], types[name]))
        else:
            expanded.append(keyword.replace(annotation=_argument(documented[name])))
    return inspect.Signature([*expanded, *grouped])


def _argument(parameter: Parameter) -> Any:
    """Return the annotation of a positional argument: ``IR...`` for a list named ``irs``."""
    name = parameter.name.upper()
    metavar = f"{name.removesuffix('S')}..." if parameter.many else name
    kind: Any = list[str] if parameter.many else str
    argument = typer.Argument(
        metavar=metavar,
        help=sentence(parameter.help),
        autocompletion=completer("impulse") if name in ("IR", "IRS") else None,
    )
    return Annotated[kind, argument]


def _parse(parse: Callable[[str], Any], text: str) -> Any:
    """Parse the value of an option; an error then names the option."""
    try:
        refuse_comma(text)
        return parse(text)
    except UsageError as error:
        raise typer.BadParameter(str(error)) from None


def read_rate(text: str | int) -> int:
    """Parse a sample rate, or return a default; an error then names the option."""
    rate: int = _parse(parse_rate, str(text))
    if rate < 1:
        raise typer.BadParameter(f"rate is {rate} Hz; write 1 or more, such as 48000 or 44.1kHz")
    return rate


_types = functools.cache(get_type_hints)
"""Types of the fields of a dataclass, of which several commands have options."""


@functools.cache
def _field(declared: Parameter, annotation: Any) -> inspect.Parameter:
    """Return the option of a keyword-only parameter, or of a field of a dataclass."""
    names = [*filter(None, [SHORT.get(declared.name)]), f"--{declared.option}"]
    extra: dict[str, Any] = {}
    default = declared.default
    if declared.unit in PARSERS and annotation not in (str, str | None, int):
        extra = {
            "parser": partial(_parse, PARSERS[declared.unit]),
            "metavar": _metavar(declared),
        }
        annotation = float
        if default is not None:
            default = declared.written_default()  # a parser takes text
    elif declared.unit == "choice":
        annotation = Literal.__getitem__(declared.choices)
        extra = {"metavar": "|".join(declared.choices)}
    elif declared.unit != "flag":
        extra = {"metavar": _metavar(declared), "autocompletion": completer(declared.unit)}
        if declared.unit in TYPED:
            extra["parser"] = partial(_parse, str)
    extra |= {"rich_help_panel": declared.panel or None, "hidden": declared.rare}
    option = typer.Option(*names, help=sentence(declared.help), **extra)
    return inspect.Parameter(
        declared.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=default,
        annotation=Annotated[annotation, option],
    )


def _metavar(parameter: Parameter) -> str:
    """Return the word for a value: ``IR``, ``LENGTH``, the range of a number, or its own name."""
    if parameter.unit in ("number", "integer") and parameter.limits:
        return parameter.limits
    word = parameter.option if parameter.unit == "text" else parameter.unit
    return METAVARS.get(parameter.unit, word.upper())


def _text_option(parameter: Parameter) -> inspect.Parameter:
    """Return the option of a parameter that takes unparsed text."""
    flag = parameter.unit == "flag"
    default = parameter.written_default()
    help_text = sentence(parameter.help) + (f" [default: {default}]" if default != "none" else "")
    extra: dict[str, Any] = {}
    if not flag:
        metavar = "|".join(map(str, parameter.choices)) or _metavar(parameter)
        extra = {
            "metavar": f"{metavar},..." if parameter.many else metavar,
            "autocompletion": completer(parameter.unit),
        }
    kind: Any = bool if flag else list[str] if parameter.many else str
    option = typer.Option(f"--{parameter.option}", help=help_text, show_default=False, **extra)
    return inspect.Parameter(
        parameter.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=False if flag else None,
        annotation=Annotated[kind if flag else kind | None, option],
    )


def _take_texts(declared: list[Parameter], values: dict[str, Any]) -> dict[str, list[str]]:
    """Remove the text options from the values, and return those that were given."""
    texts = {p.option: values.pop(p.name) for p in declared}
    given = {
        option: ["yes"] if value is True else value if isinstance(value, list) else [value]
        for option, value in texts.items()
        if value not in (None, False, [])
    }
    refuse_options(declared, given)
    return given


def sentence(text: str) -> str:
    """Capitalise the first letter, and add a full stop.

    Examples
    --------
    >>> sentence("peak level"), sentence("dB below the peak")
    ('Peak level.', 'dB below the peak.')
    """
    first = text[:1] if text[1:2].isupper() else text[:1].upper()
    return f"{first}{text[1:]}{'' if text.endswith('.') else '.'}"
