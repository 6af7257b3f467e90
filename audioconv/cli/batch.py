"""`audioconv batch`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from audioconv.batch.places import Place
from audioconv.batch.settings import Settings
from audioconv.cli import batch_report, printing, slips, terminal
from audioconv.cli.completion import completer
from audioconv.cli.options import Show
from audioconv.errors import BatchError, counted
from audioconv.job import Options

if TYPE_CHECKING:
    from audioconv.batch.plan import Plan

Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="INPUT...",
        help="Sound files, patterns such as 'speech/**/*.flac', folders with all sound files below "
        "them, or lists: CSV or JSON lines with a column audio_filepath, file_name or path, "
        "Kaldi's wav.scp, recordings or cuts of Lhotse. Paths in a list are relative to it. "
        "Files and lists may be at URLs.",
    ),
]
Pool = Annotated[
    list[str],
    typer.Option(
        "--ir",
        metavar="IR",
        help="Impulse response (IR), as for convolve; or a folder, a pattern or a list of them; or "
        "a builder with ranges, from which each output draws its own, such as "
        "shoebox:room=4..8,3..6,2.5..3.5,rt60=0.2..0.8. Source and microphone of a room are drawn "
        "too. Repeat it for more to choose from.",
        rich_help_panel="Effect",
        autocompletion=completer("impulse"),
    ),
]
Folder = Annotated[
    str,
    typer.Option(
        metavar="DIR",
        help="Folder of the outputs, and of metadata.jsonl.",
        rich_help_panel="Output file",
    ),
]
Json = Annotated[
    bool,
    typer.Option(
        "--json",
        help="Print one JSON object for each file on standard output.",
        rich_help_panel="Reporting",
    ),
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="List the outputs, what is done of them and what the others cost; write nothing. The "
        "cost follows from the headers of the inputs, and from a few that are convolved for it.",
        rich_help_panel="Reporting",
    ),
]
PlanFile = Annotated[
    str | None,
    typer.Option(
        metavar="FILE",
        help="Write all that is to be done as JSON, and do nothing.",
        rich_help_panel="Reporting",
        hidden=True,
    ),
]


def batch(
    inputs: Inputs,
    ir: Pool,
    into: Folder,
    settings: Settings,
    options: Options,
    place: Place,
    json: Json = False,
    dry_run: DryRun = False,
    plan: PlanFile = None,
    *,
    show: Show,
) -> None:
    """Convolve many files, each with one or more impulses, into DIR.

    A file that fails does not stop the others: it is listed at the end, and the exit code is 4. The
    same line again does what is left: what failed, was cut off or has changed.
    DIR/metadata.jsonl has a row for each output, with the input, the impulse, gain and shift.

    Draws follow from the seed and from what a file is called, so files that are added, removed or
    listed in another order change no other output.

    Examples
    --------
    $ audioconv batch speech.wav guitar.wav --ir hall.wav --into wet
    $ audioconv batch speech.wav --ir noise:rt60=0.2..0.5 --replicas 2 --into rooms
    $ audioconv batch speech.wav --ir hall.wav --stems early=50ms --into training
    $ audioconv batch speech.wav --ir hall.wav --into wet --dry-run
    """
    from audioconv.batch.plan import make_plan  # late, so that help is fast

    slips.refuse_in_job(ir, options)
    early = (settings.stems or "").partition("early=")[2].partition(",")[0]
    slips.refuse("--stems early=", "time", early)
    made = make_plan(inputs, ir, into, options, settings)
    if plan is not None:
        _write_plan(made, plan, show)
    if dry_run:
        batch_report.print_survey(made, show, json=json)
    if not dry_run and plan is None:
        _run(made, place, show, json=json)


def _run(plan: Plan, place: Place, show: Show, *, json: bool) -> None:
    """Do what is planned, and tell of it."""
    from audioconv.batch.places import executor_at
    from audioconv.batch.run import run_plan, tasks_of_shard

    notices: list[tuple[str, str]] = []
    of_place: list[str] = []
    tasks = len(tasks_of_shard(plan))
    try:
        with (
            executor_at(place, tasks, of_place) as executor,
            terminal.tally(tasks, quiet=show.quiet) as tally,
        ):
            summary = run_plan(
                plan,
                executor=executor,
                report=batch_report.report(tally, notices, json=json),
                expect=tally.expect,
                notice=lambda text: None if show.quiet else batch_report.meanwhile(text),
            )
    except (KeyboardInterrupt, SystemExit):
        if not show.quiet:
            batch_report.print_kept(plan)
        raise
    for failure in summary.failures:
        printing.print_message("failed", f"{failure.error} ({failure.task.output})")
    if not show.quiet:
        batch_report.print_summary(summary, plan)
        printing.print_notices([*of_place, *batch_report.combined(notices)])
    if summary.interrupted:
        raise KeyboardInterrupt
    if summary.failures:
        failed = counted(len(summary.failures), "file")
        raise BatchError(f"{failed} of {summary.tasks} failed, as listed above")


def _write_plan(plan: Plan, path: str, show: Show) -> None:
    from json import dumps

    from audioconv.files import display_name, refuse_overwrite, target

    inputs = [task.input for task in plan.tasks]
    refuse_overwrite(path, inputs=inputs, overwrite=plan.options.overwrite)
    with target(path, overwrite=plan.options.overwrite) as output:
        output.file.write(f"{dumps(plan.as_json(), indent=1)}\n".encode())
        output.commit()
    if not show.quiet:
        files = counted(len(plan.tasks), "file")
        printing.err(f"{display_name(path)}: the plan of {files}; the line without --plan does it")
        printing.print_notices(plan.notices)
