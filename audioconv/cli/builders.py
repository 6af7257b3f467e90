"""`audioconv ir build` and `audioconv ir list`: made of the builders' own signatures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from audioconv.cli import printing
from audioconv.cli.options import Json, expand, made
from audioconv.cli.saved import Out, Overwrite, Rate, Subtype, store_and_say
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
        store_and_say(
            build(builder, parameters, rate), output, recipe, subtype=subtype, overwrite=overwrite
        )

    declared = builder_parameters(builder)
    command.__doc__ = f"{summary(BUILDERS[builder])}\n\nSound: {sound(BUILDERS[builder])}"
    return expand(command, {"parameters": declared})


class BuilderGroup(TyperGroup):
    """One command for each builder, made of its signature."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Name the builders."""
        from impulses import BUILDERS

        return list(BUILDERS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Make the command of one builder."""
        return made(cmd_name, _builder_command(cmd_name))


def list_builders(
    builder: Annotated[
        list[str] | None, typer.Argument(metavar="[BUILDER]...", help="Those alone.")
    ] = None,
    presets: Annotated[
        bool, typer.Option("--presets", help="List the presets instead, and their specs.")
    ] = False,
    json: Json = False,
) -> None:
    """List the builders with their parameters, units and defaults, or the presets."""
    from audioconv.ir.load import LEVELS, known_builder
    from impulses import BUILDERS, PRESETS

    if presets:
        for preset, (spec, sound) in PRESETS.items():
            if json:
                printing.print_json({"preset": preset, "spec": spec, "sound": sound})
            else:
                printing.out(f"{preset}\n  {sound}\n    {spec}")
        if not json:
            printing.out(
                "as it is, preset:NAME, or with other values, preset:NAME,wet=-12dB; a spec "
                "without dry= holds the direct sound in the impulse, so that wet= scales both"
            )
        return
    for one in [known_builder(name) for name in builder] if builder else BUILDERS:
        _list_builder(one, json)
    if not json:
        printing.out(
            "all of them\n  As a spec: builder:key=value,key=value; lists: key=value,value"
        )
        printing.out(_rows(LEVELS))


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
    printing.out(f"{builder}\n  {summary(function)}\n  Sound: {sound(function)}")
    printing.out(_rows(parameters(function)))


def _rows(declared: list[Parameter]) -> str:
    columns = [
        (
            f"{p.option}=",
            f"{'|'.join(map(str, p.choices)) or p.unit}{',...' * p.many}, default "
            f"{p.written_default()}: {p.help}",
        )
        for p in declared
    ]
    return printing.rows(columns, indent="    ")
