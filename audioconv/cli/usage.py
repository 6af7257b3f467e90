"""Help of a command: its usage, its options in panels, and examples.

All of it is read where the command is declared. An option's panel is typer's `rich_help_panel`. One
that is declared `hidden` is no everyday one: if a command has many options, `--help` leaves it to
`--help-all`, as it does all but the first sentence on the others. A hidden option without a panel
is accepted, but listed nowhere. Lines that begin with ``$`` in the section Examples of a docstring
are the examples.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from audioconv.cli.help_text import SECTION, examples, first_sentence, wrapped, write_sections
from audioconv.errors import UsageError
from audioconv.parameters import PANELS

HELP_NAMES = ("-h", "--help")
HELP_ALL = "--help-all"
HELP_OPTIONS = {"help_option_names": [*HELP_NAMES]}

NO_PANEL = "Options"
"""Heading of the options that have no panel, and of all options where there are few."""

FEW = 12
"""Options that need neither panels nor `--help-all`."""

LIMITLESS = 1000
"""Columns of a summary that is not cut."""

QUOTES = "put a name with spaces in quotes"
"""Remedy for a name that is taken for several."""


class _Help:
    """Help in plain text: usage, text, arguments and options in panels, examples."""

    params: Any
    help: str | None

    def get_short_help_str(self, limit: int = LIMITLESS) -> str:
        """Return the first sentence, which is not cut."""
        return super().get_short_help_str(limit)  # type: ignore[misc,no-any-return]

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the pieces of the usage: arguments, required options, and all others."""
        arguments = [(one, _name(one, ctx)) for one in _arguments(self.params)]
        return [
            *(name if one.required or "[" in name else f"[{name}]" for one, name in arguments),
            *(_name(one, ctx) for one in _options(self.params) if one.required),
            "[OPTIONS]",
        ]

    def format_usage(self, ctx: Any, formatter: Any) -> None:
        """Write the usage, such as ``audioconv convolve IN OUT --ir IR [OPTIONS]``."""
        usage = f"Usage: {ctx.command_path} {' '.join(self.collect_usage_pieces(ctx))}"
        formatter.write(wrapped(usage, formatter.width, below=7))

    def format_help_text(self, ctx: Any, formatter: Any) -> None:
        """Write the docstring up to its examples."""
        for paragraph in (self.help or "").partition(SECTION)[0].split("\n\n"):
            formatter.write("\n" + wrapped(paragraph, formatter.width, indent=2))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the arguments, and the options of each panel."""
        options, in_panels = _options(self.params), _has_panels(self.params)
        if not in_panels:
            for option in filter(_is_rare, options):
                option.hidden = False
        short = any(map(_is_rare, options))
        panels: dict[str, list[tuple[str, str]]] = {}
        arguments = [(_name(one, ctx), one.help or "") for one in _arguments(self.params)]
        for option in options:
            record = option.get_help_record(ctx)
            if record is not None:
                panel = (in_panels and option.rich_help_panel) or NO_PANEL
                panels.setdefault(panel, []).append(first_sentence(*record) if short else record)
        order = {panel: place for place, panel in enumerate((NO_PANEL, *PANELS))}
        sections = {"Arguments": arguments} if arguments else {}
        sections |= {panel: panels[panel] for panel in sorted(panels, key=order.__getitem__)}
        last = NO_PANEL if not panels else [*sections][-1]
        sections.setdefault(last, []).extend(self._help_records(ctx))  # type: ignore[attr-defined]
        write_sections(sections, formatter)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the examples."""
        lines = examples(self.help or "")
        if lines:
            formatter.write("\nExamples:\n" + "".join(f"  {line}\n" for line in lines))


class Command(_Help, TyperCommand):
    """A command whose options are listed in panels, the everyday ones first."""

    def get_params(self, ctx: Any) -> list[Any]:
        """Return all parameters; a command with rare options has `--help-all`."""
        params = super().get_params(ctx)
        return [*params, _help_all()] if _has_panels(self.params) else params

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Parse the command line; names too many are an error that lists what it takes."""
        allowed, ctx.allow_extra_args = ctx.allow_extra_args, True
        extra: list[str] = super().parse_args(ctx, args)
        if extra and not allowed and not ctx.resilient_parsing:
            given = [ctx.params[one.name] for one in _arguments(self.params)]
            raise too_many(ctx, [*filter(None, given), *extra])
        return extra

    def _help_records(self, ctx: Any) -> list[tuple[str, str]]:
        extra = [one.get_help_record(ctx) for one in self.get_params(ctx)[len(self.params) :]]
        return [record for record in extra if record]

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Complete the name of any option that has a panel, also a rare one."""
        with _all_shown(self.params):
            return super().shell_complete(ctx, incomplete)


class Group(_Help, TyperGroup):
    """A group whose commands are listed with their whole first sentence."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the pieces of the usage."""
        return [self.subcommand_metavar]

    def _help_records(self, ctx: Any) -> list[tuple[str, str]]:
        record = self.get_help_option(ctx).get_help_record(ctx)  # type: ignore[union-attr]
        return [record] if record else []

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the commands, then the options."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        rows = [(name, one.get_short_help_str()) for name, one in commands if one]
        write_sections({"Commands": rows}, formatter)
        super().format_options(ctx, formatter)


def too_many(ctx: Any, named: Sequence[str], otherwise: str = "run it once for each") -> UsageError:
    """Return the error for more names than a command takes; the remedy may be another one."""
    from audioconv.files import display_name  # late, so that help is fast

    names = ", ".join(map(display_name, named))
    return UsageError(f"{taken(ctx, len(named))}: {names}; {QUOTES}, or {otherwise}")


def taken(ctx: Any, given: int) -> str:
    """Say which names a command takes, and how many are given."""
    names = [f"one {_name(one, ctx).strip('[]')}" for one in _arguments(ctx.command.params)]
    command = ctx.command_path.partition(" ")[2]
    return f"{command} takes {' and '.join(names)}, but {given} names are given"


def _has_panels(params: Iterable[Any]) -> bool:
    """Return whether a command lists its options in panels, and the rare ones elsewhere."""
    options = _options(params)
    return len(options) > FEW and any(one.rich_help_panel for one in options)


def _is_rare(param: Any) -> bool:
    return bool(param.hidden and param.rich_help_panel)


@contextmanager
def _all_shown(params: Iterable[Any]) -> Iterator[None]:
    """List every option that has a panel in the meantime."""
    rare = [*filter(_is_rare, params)]
    for param in rare:
        param.hidden = False
    try:
        yield
    finally:
        for param in rare:
            param.hidden = True


@functools.cache
def _help_all() -> TyperOption:
    """Return the option that prints the help with every option."""

    def show(ctx: Any, param: Any, value: bool) -> None:
        if value and not ctx.resilient_parsing:
            with _all_shown(ctx.command.params):
                typer.echo(ctx.get_help())
            ctx.exit()

    return TyperOption(
        param_decls=[HELP_ALL],
        is_flag=True,
        expose_value=False,
        is_eager=True,
        help="Show every option, each in full, and exit.",
        callback=show,
    )


def _arguments(params: Iterable[Any]) -> list[TyperArgument]:
    return [one for one in params if isinstance(one, TyperArgument)]


def _options(params: Iterable[Any]) -> list[TyperOption]:
    return [one for one in params if isinstance(one, TyperOption)]


def _name(param: Any, ctx: Any) -> str:
    """Return an argument or an option as in the usage: ``IN`` or ``--ir IR``."""
    metavar = str(param.make_metavar(ctx=ctx))
    return metavar if isinstance(param, TyperArgument) else f"{param.opts[0]} {metavar}"
