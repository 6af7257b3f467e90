"""`audioconv ir build` and `audioconv ir list`: made from the signatures of the builders."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from audioconv.cli import layout, printing
from audioconv.cli.completion import completer
from audioconv.cli.options import Json, build_command, expand
from audioconv.cli.saved import Out, Overwrite, Rate, Subtype, report, save_impulse
from audioconv.cli.usage import Group
from audioconv.errors import UsageError
from audioconv.parameters import Parameter


def _builder_command(builder: str) -> Callable[..., None]:
    from audioconv.ir.load import builder_parameters
    from audioconv.parameters import sound, summary
    from impulses import BUILDERS

    def command(
        output: Out,
        parameters: dict[str, list[str]],
        rate: Rate = 48000,
        subtype: Subtype = None,
        overwrite: Overwrite = False,
    ) -> None:
        from audioconv.ir.load import build, spec

        recipe = {"build": spec(builder, parameters), "rate": rate}
        report(
            *save_impulse(
                build(builder, parameters, rate),
                output,
                recipe,
                subtype=subtype,
                overwrite=overwrite,
            )
        )

    declared = builder_parameters(_builder_name(builder))
    command.__doc__ = f"{summary(BUILDERS[builder])}\n\nSound: {sound(BUILDERS[builder])}"
    return expand(command, {"parameters": declared})


class BuilderGroup(Group):
    """One command for each builder, made from its signature."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the builders."""
        from impulses import BUILDERS

        return list(BUILDERS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return the command of one builder."""
        command = build_command(cmd_name, _builder_command(cmd_name))
        formula = command.get_short_help_str()
        command.short_help = formula.partition(":")[0].removesuffix(".") + "."
        return command


def _builder_name(text: str) -> str:
    """Return the name of a builder; for a spec or a preset, raise `UsageError` with the remedy."""
    from audioconv.ir.load import PRESET, known_builder
    from impulses import BUILDERS, PRESETS

    builder, colon, _ = text.partition(":")
    if colon and builder in BUILDERS:
        raise UsageError(
            f"{text}: give the parameters of a builder as options, as in "
            f"`audioconv ir build {builder} OUT --delay 350ms`"
        )
    preset = text.removeprefix(f"{PRESET}:")
    if preset in PRESETS:
        raise UsageError(
            f"{preset} is a preset: use it as --ir {PRESET}:{preset}, or save it as a file with "
            f"`audioconv ir edit {PRESET}:{preset} OUT`"
        )
    return known_builder(text)


def list_builders(
    builder: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[BUILDER]...",
            help="Builders; all by default.",
            autocompletion=completer("builder"),
        ),
    ] = None,
    presets: Annotated[
        bool, typer.Option("--presets", help="List the presets and their specs instead.")
    ] = False,
    json: Json = False,
) -> None:
    """List the builders with their parameters, or the presets.

    Examples
    --------
    $ audioconv ir list double-spike shoebox
    $ audioconv ir list --presets
    """
    from audioconv.ir.load import MIX
    from impulses import BUILDERS

    if presets:
        _list_presets(json)
        return
    for name in [*map(_builder_name, builder or BUILDERS)]:
        _list_builder(name, json)
    if not json:
        printing.out("all builders")
        printing.out_line("  As a spec: builder:key=value,key=value; lists: key=value,value")
        _list_parameters(MIX)


def _list_presets(json: bool) -> None:
    from impulses import PRESETS

    for preset, (spec, sound) in PRESETS.items():
        if json:
            printing.print_json({"preset": preset, "spec": spec, "sound": sound})
        else:
            printing.out(preset)
            printing.out_line(f"  {sound}", hanging=0)
            # within 80 columns, which a spec without blanks may pass
            parts = f"    {spec}".split(",")
            printing.out(layout.listed(parts, ",", layout.width(sys.stdout), hanging=6))
    if not json:
        printing.out_line(
            "Use one as --ir preset:NAME, or with changes, --ir preset:NAME,wet=-12dB. If its spec "
            "has no dry=, the direct sound is part of the impulse response, and wet= scales both.",
            hanging=0,
        )


def _list_builder(builder: str, json: bool) -> None:
    from audioconv.ir.load import builder_parameters
    from audioconv.parameters import parameters, sound, summary
    from impulses import BUILDERS

    function = BUILDERS[builder]
    if json:
        printing.print_json(
            {
                "builder": builder,
                "summary": summary(function),
                "sound": sound(function),
                "parameters": [
                    {
                        "name": p.option,
                        "unit": p.unit,
                        "choices": list(p.choices),
                        "many": p.many,
                        "default": p.default,
                        "help": p.help,
                    }
                    for p in builder_parameters(builder)
                ],
            }
        )
        return
    printing.out(builder)
    printing.out_line(f"  {summary(function)}", hanging=0)
    printing.out_line(f"  Sound: {sound(function)}", hanging=0)
    _list_parameters(parameters(function))


def _list_parameters(declared: list[Parameter]) -> None:
    rows = [
        (
            f"{p.option}=",
            f"{'|'.join(map(str, p.choices)) or p.unit}{',...' * p.many}, default "
            f"{p.written_default()}: {p.help}",
        )
        for p in declared
    ]
    printing.out_rows(rows, indent="    ")
