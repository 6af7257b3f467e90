"""`audioconv ir ...`: build, edit, list, fold and look at impulses."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import typer

from audioconv.cli import builders, printing, terminal
from audioconv.cli.options import Json, Late, LateGroup
from audioconv.cli.saved import Out, Overwrite, Subtype, store_and_say
from audioconv.parameters import Parameter

SpecRate = Annotated[
    int | None, typer.Option(metavar="HZ", help="For builder specs; else that of the files.")
]


def edit_impulse(
    ir: Annotated[str, typer.Argument(metavar="IN", help="Sound file, builder spec or preset.")],
    output: Out,
    edits: dict[str, Any],
    rate: Annotated[
        int | None,
        typer.Option(
            metavar="HZ",
            help="Build a spec at this rate (else 48000); resample a file, at its level, between "
            "--stretch and --minimum-phase. Times in samples (480S) are of OUT.",
        ),
    ] = None,
    subtype: Subtype = None,
    overwrite: Overwrite = False,
) -> None:
    """Edit an impulse; the edits are made in the order in which they stand here."""
    from audioconv.errors import UsageError
    from audioconv.files import STANDARD
    from audioconv.ir.edits import Edits, apply
    from audioconv.ir.load import RATE, impulse_files, load, told
    from audioconv.parameters import arguments, parameters

    chain = edits.get("chain", [])
    if STANDARD in chain:
        raise UsageError("--chain cannot be standard input; give it as IN, or as a file")
    impulse, ingredient = load(ir, rate or RATE)
    # samples, as in --fade-out 480S, are those of OUT
    given = arguments("ir edit", parameters(Edits), edits, rate or impulse.rate)
    made = apply(impulse, Edits(**given, resample=rate))
    if chain:
        edits = {**edits, "chain": [told(load(one, made.rate)[1]) for one in chain]}
    recipe = {"edit": told(ingredient), "edits": edits, "rate": made.rate}
    files = impulse_files([ir, *chain])
    store_and_say(made, output, recipe, subtype=subtype, overwrite=overwrite, inputs=files)


def _of_edits() -> dict[str, list[Parameter]]:
    from audioconv.ir.edits import Edits
    from audioconv.parameters import parameters

    # to resample is --rate, which builds specs at that rate too
    return {"edits": [p for p in parameters(Edits) if p.name != "resample"]}


class ImpulseGroup(LateGroup):
    """The commands on impulses."""

    late: ClassVar = {"edit": Late(edit_impulse, _of_edits)}


app = typer.Typer(
    cls=ImpulseGroup,
    help="Build, edit, list, fold and look at impulses.",
    rich_markup_mode=None,
    no_args_is_help=True,
)
app.add_typer(
    typer.Typer(
        cls=builders.BuilderGroup,
        help="Build an impulse and write it as a sound file.",
        no_args_is_help=True,
        rich_markup_mode=None,
        subcommand_metavar="BUILDER OUT [OPTIONS]",
    ),
    name="build",
)


app.command("list")(builders.list_builders)


@app.command("fold")
def fold(
    ir: Annotated[
        list[str], typer.Argument(metavar="IR... OUT", help="Impulses, then the file to write.")
    ],
    rate: SpecRate = None,
    subtype: Subtype = None,
    overwrite: Overwrite = False,
) -> None:
    """Fold a chain of impulses into one: (f * g) * h = f * (g * h)."""
    from audioconv.errors import UsageError
    from audioconv.ir.load import impulse_files, load_chain, told
    from impulses import folding

    *chain, output = ir
    if not chain:
        raise UsageError("fold needs at least one impulse and an output; give IR IR ... OUT")
    impulses, ingredients = zip(*load_chain(chain, rate), strict=True)
    folded = folding.chain(impulses)
    recipe = {"fold": [told(ingredient) for ingredient in ingredients], "rate": folded.rate}
    files = impulse_files(chain)
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
    from audioconv.errors import UsageError
    from audioconv.files import display_name
    from audioconv.ir.load import load_impulse
    from impulses import analysis
    from impulses.acoustics.iso3382 import measure

    impulse = load_impulse(ir, rate)
    if channel is not None and not 1 <= channel <= impulse.taps.shape[1]:
        raise UsageError(
            f"channel is {channel}, but the impulse has {impulse.taps.shape[1]}, counted from 1"
        )
    with terminal.progress("measuring"):
        levels = analysis.levels(impulse)
        room = measure(impulse, None if channel is None else channel - 1)
    if json:
        level = levels.as_json()
        found = {"path": ir, "rate": impulse.rate, "frames": impulse.frames}
        printing.print_json(
            {
                **found,
                "channels": impulse.taps.shape[1],
                "level": level,
                **room.as_json(),
                "notices": impulse.notes,
            }
        )
        return
    from audioconv.cli import ir_info  # late, as all that knows numpy

    printing.out(display_name(ir))
    ir_info.show(impulse, levels, room)
    printing.notes(impulse.notes)
