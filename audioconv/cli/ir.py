"""`audioconv ir ...`: build, edit, list, fold, join and analyse impulse responses."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import typer

from audioconv.cli import builders, printing, slips, terminal
from audioconv.cli.completion import completer
from audioconv.cli.options import Json, LazyCommand, LazyGroup, read_rate
from audioconv.cli.saved import Out, Overwrite, Subtype, report, save_impulse
from audioconv.cli.usage import Command
from audioconv.parameters import Parameter

if TYPE_CHECKING:
    from impulses import Impulse

    Combine = Callable[[Sequence[str], Sequence[Impulse]], Impulse]

NAMED = "Sound file, builder spec or preset."

SpecRate = Annotated[
    int | None,
    typer.Option(
        metavar="HZ",
        parser=read_rate,
        help="Sample rate of builder specs; by default that of the files.",
    ),
]

Names = Annotated[
    list[str],
    typer.Argument(
        metavar="IR... OUT",
        help="Impulse responses, then the file to write.",
        autocompletion=completer("impulse"),
    ),
]


def edit_impulse(
    ir: Annotated[
        str, typer.Argument(metavar="IN", help=NAMED, autocompletion=completer("impulse"))
    ],
    output: Out,
    edits: dict[str, Any],
    rate: Annotated[
        int | None,
        typer.Option(
            metavar="HZ",
            parser=read_rate,
            help="Sample rate of OUT: a spec is built at it (by default 48000), a file resampled "
            "to it, between --stretch and --minimum-phase. Times in samples (480S) are of OUT.",
        ),
    ] = None,
    subtype: Subtype = None,
    overwrite: Overwrite = False,
) -> None:
    """Edit an impulse response; the edits are applied in the order below.

    Examples
    --------
    $ audioconv ir edit hall.wav short.wav --trim -60dB --fade-out 50ms
    $ audioconv ir edit plate:decay=0.7 plate.wav --rate 44100
    """
    from audioconv.errors import UsageError
    from audioconv.files import STANDARD
    from audioconv.ir.edits import Edits, apply
    from audioconv.ir.ingredients import ingredient_data
    from audioconv.ir.load import DEFAULT_RATE, impulse_files, load
    from audioconv.parameters import arguments, parameters
    from audioconv.units import bare_gain_notice

    chain = edits.get("chain", [])
    slips.refuse_specs([ir, *chain])
    if STANDARD in impulse_files(chain):
        raise UsageError("--chain cannot be standard input; give it as IN, or as a file")
    impulse, ingredient = load(ir, rate or DEFAULT_RATE)
    # times in samples, such as --fade-out 480S, are at the rate of OUT
    given = arguments("ir edit", parameters(Edits), edits, rate or impulse.rate)
    edited = apply(impulse, Edits(**given, resample=rate))
    gains = [text for name in ("gain", "wet", "dry") for text in edits.get(name, ())]
    edited = edited.with_taps(edited.taps, *filter(None, map(bare_gain_notice, gains)))
    if chain:
        edits = {**edits, "chain": [ingredient_data(load(one, edited.rate)[1]) for one in chain]}
    recipe = {"edit": ingredient_data(ingredient), "edits": edits, "rate": edited.rate}
    files = impulse_files([ir, *chain])
    report(
        *save_impulse(edited, output, recipe, subtype=subtype, overwrite=overwrite, inputs=files)
    )


def _edit_texts() -> dict[str, list[Parameter]]:
    from audioconv.ir.edits import Edits
    from audioconv.parameters import parameters

    # `resample` is set by --rate, which is also the rate of builder specs
    return {"edits": [p for p in parameters(Edits) if p.name != "resample"]}


class ImpulseGroup(LazyGroup):
    """The commands on impulse responses."""

    lazy: ClassVar = {"edit": LazyCommand.of(edit_impulse, _edit_texts)}


app = typer.Typer(
    cls=ImpulseGroup,
    help="Build, edit, list, fold, join and analyse impulse responses.",
    rich_markup_mode=None,
    no_args_is_help=True,
)
app.add_typer(
    typer.Typer(
        cls=builders.BuilderGroup,
        help="Build an impulse response and save it as a sound file.",
        no_args_is_help=True,
        rich_markup_mode=None,
        subcommand_metavar="BUILDER OUT [OPTIONS]",
    ),
    name="build",
)


app.command("list", cls=Command)(builders.list_builders)


def _combination(least: int) -> Callable[[Combine], Callable[..., None]]:
    """Declare the command that saves what a function makes of several impulse responses."""

    def declare(combine: Combine) -> Callable[..., None]:
        name = combine.__name__

        def command(
            ir: Names,
            rate: SpecRate = None,
            subtype: Subtype = None,
            overwrite: Overwrite = False,
        ) -> None:
            from audioconv.errors import UsageError, counted
            from audioconv.ir.ingredients import ingredient_data
            from audioconv.ir.load import impulse_files, load_chain

            *irs, output = ir
            slips.refuse_specs(irs)
            if len(irs) < least:
                needed = counted(least, "impulse")
                raise UsageError(f"{name} needs {needed} and an output; give IR IR ... OUT")
            impulses, ingredients = zip(*load_chain(irs, rate), strict=True)
            made = combine(irs, impulses)
            recipe = {name: [*map(ingredient_data, ingredients)], "rate": made.rate}
            inputs = impulse_files(irs)
            report(
                *save_impulse(
                    made, output, recipe, subtype=subtype, overwrite=overwrite, inputs=inputs
                )
            )

        command.__doc__ = combine.__doc__
        return app.command(name, cls=Command)(command)

    return declare


@_combination(least=1)
def fold(irs: Sequence[str], impulses: Sequence[Impulse]) -> Impulse:
    """Fold a chain of impulses into one: (f * g) * h = f * (g * h).

    Examples
    --------
    $ audioconv ir fold hall.wav low-pass:cutoff=4kHz dark.wav
    """
    from audioconv.ir.load import side_notes
    from impulses import folding

    folded = folding.chain(impulses)
    return folded.with_taps(
        folded.taps, *side_notes(irs, impulses, "use `audioconv ir join` instead")
    )


@_combination(least=2)
def join(irs: Sequence[str], impulses: Sequence[Impulse]) -> Impulse:
    """Join the channels of impulses side by side in one file.

    Two mono files are left and right. Four are true stereo, in the order LL, LR, RL, RR (from the
    left to the left ear, from the left to the right ear, ...), or W, X, Y, Z: as they come.

    Examples
    --------
    $ audioconv ir join hall.wav:channel=2 hall.wav:channel=1 swapped.wav
    """
    from impulses import channels

    return channels.join(impulses)


@app.command("info", cls=Command)
def info(
    ir: Annotated[
        str, typer.Argument(metavar="IR", help=NAMED, autocompletion=completer("impulse"))
    ],
    rate: Annotated[
        int, typer.Option(metavar="HZ", parser=read_rate, help="Sample rate of a builder spec.")
    ] = 48000,
    channel: Annotated[
        int | None,
        typer.Option(metavar="N", help="Channel for the room acoustics; by default all together."),
    ] = None,
    json: Json = False,
) -> None:
    """Analyse an impulse response: levels, and room acoustics.

    RT60, the time in which the sound of a room falls by 60 dB, is T30, or T20 where no T30 can be
    given: from a fall of 30 or 20 dB, as ISO 3382-1 has it. EDT is that of the first 10 dB, which
    is heard.

    r(T30) is -1 for a straight decay; curv. is T30 over T20 less 1: above 10 %, no single time
    describes the decay. C50 and C80 are the energy before 50 and 80 ms over that after it; D50 is
    the part before 50 ms; Ts, the centre of the energy in time; D/R, direct sound over the rest.

    Of a SOFA file, FILE.sofa, list the responses and what chooses one, such as :azimuth=30.

    Examples
    --------
    $ audioconv ir info hall.wav
    $ audioconv ir info plate:decay=0.7 --json
    """
    from audioconv.cli import ir_info, sofa_info  # late: they import numpy
    from audioconv.files import display_name
    from audioconv.ir.load import check_channel, load_impulse, sofa_file
    from impulses import analysis
    from impulses.acoustics.iso3382 import SHORT, is_short, measure
    from impulses.acoustics.sounds import sound_note

    slips.refuse_specs([ir])
    if sofa := sofa_file(ir):
        sofa_info.report(sofa, json=json)
        return
    impulse = load_impulse(ir, rate)
    channels = impulse.taps.shape[1]
    check_channel("the impulse", channels, channel)
    with terminal.progress("measuring"):
        levels = analysis.levels(impulse)
        room = measure(impulse, None if channel is None else channel - 1)
        sound = sound_note(impulse)
    if is_short(impulse):
        room = room.without_figures(SHORT)
    notices = [*impulse.notes, *filter(None, [sound])]
    if json:
        printing.print_json(
            {
                "path": ir,
                "rate": impulse.rate,
                "frames": impulse.frames,
                "channels": channels,
                "origin": impulse.origin,
                "level": levels.as_json(),
                **room.as_json(),
                "notices": notices,
            }
        )
        return
    printing.out(display_name(ir))
    ir_info.show(impulse, levels, room, channel, is_sound=sound is not None)
    printing.print_notices(notices)
