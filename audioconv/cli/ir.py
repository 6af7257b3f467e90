"""`audioconv ir ...`: build, edit, fold, list and look at impulses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, ClassVar

import typer

from audioconv.cli import report
from audioconv.cli.options import Json, LateGroup, expand, made
from audioconv.parameters import Parameter

Rate = Annotated[int, typer.Option(metavar="HZ", help="Samples per second.")]
SpecRate = Annotated[
    int | None, typer.Option(metavar="HZ", help="For builder specs; else that of the files.")
]
Subtype = Annotated[
    str, typer.Option(metavar="TEXT", help="Sample format: DOUBLE, FLOAT, PCM_24, PCM_16 ...")
]
Overwrite = Annotated[bool, typer.Option("-y", "--overwrite", help="Replace OUT if it exists.")]
Out = Annotated[str, typer.Argument(metavar="OUT", help="Sound file to write.")]


class BuilderGroup(LateGroup):
    """One command for each builder, made of its signature."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Name the builders."""
        from impulses import BUILDERS

        return list(BUILDERS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Make the command of one builder."""
        return made(cmd_name, _builder_command(cmd_name))


class ImpulseGroup(LateGroup):
    """The commands on impulses, of which one has options that are read late."""

    late: ClassVar = {"edit": lambda: _edit_command()}


app = typer.Typer(
    cls=ImpulseGroup,
    help="Build, edit, list, fold and look at impulses.",
    rich_markup_mode=None,
    no_args_is_help=True,
)
app.add_typer(
    typer.Typer(
        cls=BuilderGroup,
        help="Build an impulse and write it as a sound file.",
        no_args_is_help=True,
        rich_markup_mode=None,
        subcommand_metavar="BUILDER OUT [OPTIONS]",
    ),
    name="build",
)


def _builder_command(builder: str) -> Callable[..., None]:
    from audioconv.parameters import sound, summary
    from audioconv.specs import builder_parameters
    from impulses import BUILDERS

    def command(
        output: Out,
        parameters: dict[str, list[str]],
        rate: Rate = 48000,
        subtype: Subtype = "DOUBLE",
        overwrite: Overwrite = False,
    ) -> None:
        from audioconv.specs import build

        values = [f"{key}={','.join(texts)}" for key, texts in parameters.items()]
        spec = f"{builder}:{','.join(values)}".rstrip(":")
        recipe = {"build": spec, "rate": rate}
        store_and_say(
            build(builder, parameters, rate), output, recipe, subtype=subtype, overwrite=overwrite
        )

    declared = builder_parameters(builder)
    command.__doc__ = f"{summary(BUILDERS[builder])}\n\nSound: {sound(BUILDERS[builder])}"
    return expand(command, parameters=declared)


def _edit_command() -> Callable[..., None]:
    from audioconv.edits import Edits
    from audioconv.parameters import parameters

    declared = [p for p in parameters(Edits) if p.name != "resample"]
    return expand(edit_impulse, edits=declared)


def edit_impulse(
    ir: Annotated[str, typer.Argument(metavar="IN", help="Sound file, builder spec or preset.")],
    output: Out,
    edits: dict[str, list[str]],
    rate: Annotated[
        int | None,
        typer.Option(
            metavar="HZ",
            help="Build a spec at this rate (else 48000); resample a file, at its level, between "
            "--stretch and --minimum-phase.",
        ),
    ] = None,
    subtype: Subtype = "DOUBLE",
    overwrite: Overwrite = False,
) -> None:
    """Edit an impulse; the edits are made in the order in which they stand here."""
    from audioconv.edits import Edits, apply
    from audioconv.parameters import arguments, parameters
    from audioconv.specs import impulse_files, load, told

    impulse, ingredient = load(ir, rate or 48000)
    given = arguments("ir edit", parameters(Edits), edits, impulse.rate)
    files = impulse_files([ir, *given.get("chain", ())])
    made = apply(impulse, Edits(**given, resample=rate))
    recipe = {"edit": told(ingredient), "edits": edits, "rate": made.rate}
    store_and_say(made, output, recipe, subtype=subtype, overwrite=overwrite, inputs=files)


@app.command("list")
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
    from audioconv.specs import LEVELS, known_builder
    from impulses import BUILDERS, PRESETS

    if presets:
        for preset, (spec, sound) in PRESETS.items():
            if json:
                report.print_json({"preset": preset, "spec": spec, "sound": sound})
            else:
                report.tell(f"{preset}\n  {sound}\n    {spec}")
        return
    for one in [known_builder(name) for name in builder] if builder else BUILDERS:
        _list_builder(one, json)
    if not json:
        report.tell("all of them\n  As a spec: builder:key=value,key=value; lists: key=value,value")
        report.tell(_rows(LEVELS))


def _list_builder(builder: str, json: bool) -> None:
    from audioconv.parameters import parameters, sound, summary
    from audioconv.specs import builder_parameters
    from impulses import BUILDERS

    function = BUILDERS[builder]
    if json:
        report.print_json(
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
    report.tell(f"{builder}\n  {summary(function)}\n  Sound: {sound(function)}")
    report.tell(_rows(parameters(function)))


def _rows(declared: list[Parameter]) -> str:
    columns = [
        (
            f"{p.option}=",
            f"{'|'.join(map(str, p.choices)) or p.unit}{',...' * p.many}, default "
            f"{p.written_default()}: {p.help}",
        )
        for p in declared
    ]
    return report.rows(columns, indent="    ")


@app.command("fold")
def fold(
    ir: Annotated[
        list[str], typer.Argument(metavar="IR... OUT", help="Impulses, then the file to write.")
    ],
    rate: SpecRate = None,
    subtype: Subtype = "DOUBLE",
    overwrite: Overwrite = False,
) -> None:
    """Fold a chain of impulses into one: (f * g) * h = f * (g * h)."""
    from audioconv.errors import UsageError
    from audioconv.files import Reader
    from audioconv.specs import impulse_files, load, told
    from impulses import folding

    *chain, output = ir
    if not chain:
        raise UsageError("fold needs at least one impulse and an output; give IR IR ... OUT")
    for path in impulse_files(chain):
        if rate is None:
            with Reader(path) as reader:
                rate = reader.sound.rate
    loaded, ingredients = zip(*(load(one, rate) for one in chain), strict=True)
    recipe = {"fold": [told(ingredient) for ingredient in ingredients], "rate": rate}
    files = impulse_files(chain)
    folded = folding.chain(loaded)
    store_and_say(folded, output, recipe, subtype=subtype, overwrite=overwrite, inputs=files)


@app.command("info")
def info(
    ir: Annotated[str, typer.Argument(metavar="IR", help="Sound file, builder spec or preset.")],
    rate: Annotated[int, typer.Option(metavar="HZ", help="For a builder spec.")] = 48000,
    channel: Annotated[
        int | None,
        typer.Option(metavar="N", help="Room acoustics of one channel, not of all together."),
    ] = None,
    json: Json = False,
) -> None:
    """Show what an impulse is: format, levels, and room acoustics after ISO 3382-1."""
    from audioconv.files import name
    from audioconv.specs import load_impulse
    from impulses import analysis
    from impulses.acoustics.report import measure

    impulse = load_impulse(ir, rate)
    levels = analysis.levels(impulse)
    room = measure(impulse, None if channel is None else channel - 1)
    if json:
        level = levels.as_json()
        found = {"path": ir, "rate": impulse.rate, "frames": impulse.frames}
        report.print_json(
            {**found, "channels": impulse.taps.shape[1], "level": level, **room.as_json()}
        )
        return
    from audioconv.cli import impulse_report  # late, as all that knows numpy

    report.tell(name(ir))
    impulse_report.show(impulse, levels, room)


def store_and_say(
    impulse: Any,
    output: str,
    made: dict[str, Any],
    *,
    subtype: str,
    overwrite: bool,
    inputs: list[str] | None = None,
) -> None:
    """Write an impulse, or a sweep, as a sound file, and say what it is."""
    from audioconv.files import name
    from audioconv.store import store

    sound = store(
        impulse, output, made=made, subtype=subtype, overwrite=overwrite, inputs=inputs or []
    )
    report.say(
        f"{name(output)}: {impulse.frames} frames ({impulse.frames / impulse.rate:.3f} s), "
        f"{sound.channels} channel{'s' * (sound.channels > 1)}, {impulse.rate} Hz, "
        f"{sound.subtype}"
    )
    for note in impulse.notes:
        report.say(f"notice: {note}")
