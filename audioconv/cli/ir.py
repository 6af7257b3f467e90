"""`audioconv ir ...`: build, list, fold and look at impulses."""

from __future__ import annotations

import inspect
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from audioconv.cli import report
from audioconv.cli.options import Json, builder_options

Rate = Annotated[int, typer.Option(metavar="HZ", help="Samples per second.")]
Subtype = Annotated[
    str, typer.Option(metavar="TEXT", help="Sample format: DOUBLE, FLOAT, PCM_24, PCM_16 ...")
]
Overwrite = Annotated[bool, typer.Option("-y", "--overwrite", help="Replace OUT if it exists.")]


class BuilderGroup(TyperGroup):
    """One command for each builder, made of its signature when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Name the builders."""
        from impulses import BUILDERS

        return list(BUILDERS)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand:
        """Make the command of one builder."""
        from audioconv.specs import known_builder

        return _builder_command(known_builder(cmd_name))


app = typer.Typer(
    help="Build, list, fold and look at impulses.", rich_markup_mode=None, no_args_is_help=True
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


def _builder_command(builder: str) -> TyperCommand:
    from audioconv.parameters import parameters
    from impulses import BUILDERS

    declared = parameters(BUILDERS[builder])

    def command(output: str, rate: int, subtype: str, overwrite: bool, **values: Any) -> None:
        from audioconv.specs import build

        given = {
            p.option: ["yes"] if v is True else v if isinstance(v, list) else [v]
            for p in declared
            if (v := values[p.name])
        }
        _write(build(builder, given, rate), output, subtype=subtype, overwrite=overwrite)

    def keyword(name: str, kind: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
        return inspect.Parameter(
            name, inspect.Parameter.KEYWORD_ONLY, annotation=kind, default=default
        )

    out = Annotated[str, typer.Argument(metavar="OUT", help="Sound file to write.")]
    command.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            keyword("output", out),
            *builder_options(declared),
            keyword("rate", Rate, 48000),
            keyword("subtype", Subtype, "DOUBLE"),
            keyword("overwrite", Overwrite, False),
        ]
    )
    command.__doc__ = _summary(builder)
    single = typer.Typer(rich_markup_mode=None, add_completion=False)
    single.command(builder)(command)
    made = typer.main.get_command(single)
    assert isinstance(made, TyperCommand)
    return made


def _summary(builder: str) -> str:
    from impulses import BUILDERS

    return (BUILDERS[builder].__doc__ or "").partition("\n\n")[0].replace("``", "")


@app.command("list")
def list_builders(json: Json = False) -> None:
    """List the builders, their parameters, units and defaults."""
    from audioconv.parameters import parameters
    from impulses import BUILDERS

    for builder, function in BUILDERS.items():
        declared = parameters(function)
        if json:
            report.print_json(
                {
                    "builder": builder,
                    "summary": _summary(builder),
                    "parameters": [
                        {
                            "name": p.option,
                            "unit": p.unit,
                            "choices": list(p.choices),
                            "many": p.many,
                            "default": p.default,
                            "help": p.help,
                        }
                        for p in declared
                    ],
                }
            )
            continue
        report.tell(f"{builder}\n  {_summary(builder)}")
        columns = [
            (
                f"{p.option}=",
                f"{p.unit}, default {p.written_default()}: {p.help}"
                f"{' (give the key again for each)' * p.many}",
            )
            for p in declared
        ]
        report.tell(report.rows(columns, indent="    "))


@app.command("fold")
def fold(
    ir: Annotated[
        list[str], typer.Argument(metavar="IR... OUT", help="Impulses, then the file to write.")
    ],
    rate: Annotated[
        int | None, typer.Option(metavar="HZ", help="For builder specs; else that of the files.")
    ] = None,
    subtype: Subtype = "DOUBLE",
    overwrite: Overwrite = False,
) -> None:
    """Fold a chain of impulses into one: (f * g) * h = f * (g * h)."""
    from audioconv.errors import UsageError
    from audioconv.files import Reader
    from audioconv.specs import impulse_files, load_impulse
    from impulses import edit

    *chain, output = ir
    if not chain:
        raise UsageError("fold needs at least one impulse and an output; give IR IR ... OUT")
    for path in impulse_files(chain):
        if rate is None:
            with Reader(path) as reader:
                rate = reader.sound.rate
    folded = edit.chain([load_impulse(one, rate) for one in chain])
    _write(folded, output, subtype=subtype, overwrite=overwrite, inputs=impulse_files(chain))


@app.command("info")
def info(
    ir: Annotated[str, typer.Argument(metavar="IR", help="Sound file, or a builder spec.")],
    rate: Annotated[int, typer.Option(metavar="HZ", help="For a builder spec.")] = 48000,
    json: Json = False,
) -> None:
    """Show format and level of an impulse: what it does to peaks, noise and tones."""
    from audioconv.files import name
    from audioconv.specs import load_impulse
    from impulses import analysis
    from impulses.impulse import to_db

    impulse = load_impulse(ir, rate)
    peak, l1, l2 = analysis.peak(impulse), analysis.l1(impulse), analysis.l2(impulse)
    response = to_db(analysis.max_response(impulse))
    onset = analysis.onset(impulse) / impulse.rate
    if json:
        report.print_json(
            {
                "path": ir,
                "rate": impulse.rate,
                "frames": impulse.frames,
                "channels": impulse.taps.shape[1],
                "level": {"peak": peak, "l1": l1, "l2": l2, "max_response_db": response},
                "onset_s": onset,
            }
        )
        return
    report.tell(name(ir))
    report.tell(
        report.rows(
            [
                (
                    "format",
                    f"{impulse.rate} Hz, {impulse.taps.shape[1]} channel"
                    f"{'s' * (impulse.taps.shape[1] > 1)}, {impulse.frames} frames "
                    f"({impulse.frames / impulse.rate:.3f} s)",
                ),
                ("onset", f"{onset:.6f} s"),
                ("peak", f"{peak:.6g} ({report.decibels(to_db(peak))})"),
                ("l1", f"{l1:.6g} ({report.decibels(to_db(l1))}): no output peak rises by more"),
                ("l2", f"{l2:.6g} ({report.decibels(to_db(l2))}): what white noise rises by"),
                ("response", f"{report.decibels(response)}: what the loudest tone rises by"),
            ]
        )
    )


def _write(
    impulse: Any, output: str, *, subtype: str, overwrite: bool, inputs: list[str] | None = None
) -> None:
    """Write an impulse as a sound file, and say what it is."""
    from audioconv.errors import UsageError
    from audioconv.files import (
        Level,
        Sound,
        name,
        output_format,
        refuse_overwrite,
        target,
        write_all,
    )

    refuse_overwrite(output, inputs=inputs or [], overwrite=overwrite)
    channels = impulse.taps.shape[1]
    sound = Sound(output, "WAV", "DOUBLE", impulse.rate, channels, impulse.frames)
    form, kind, _ = output_format(output, sound, None, subtype)
    sound = Sound(output, form, kind, impulse.rate, channels, impulse.frames)
    level = Level()
    level.take(impulse.taps)
    if level.fitting_gain(kind, "none") != 1:
        raise UsageError(
            f"the impulse's peak of {level.peak:g} does not fit {kind}, whose largest value is "
            "just under 1; use --subtype FLOAT or DOUBLE"
        )
    with target(output, reread=output == "-") as out:
        write_all(out, sound, impulse.taps)
        out.commit()
    report.say(
        f"{name(output)}: {impulse.frames} frames ({impulse.frames / impulse.rate:.3f} s), "
        f"{channels} channel{'s' * (channels > 1)}, {impulse.rate} Hz, {kind}"
    )
    for note in impulse.notes:
        report.say(f"notice: {note}")
