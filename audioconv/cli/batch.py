"""`audioconv batch`."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from audioconv.batch.places import Place
from audioconv.batch.settings import Settings
from audioconv.cli import layout, printing, slips, terminal
from audioconv.cli.completion import completer
from audioconv.cli.options import Show
from audioconv.cli.wording import as_options
from audioconv.errors import AudioconvError, BatchError, counted
from audioconv.job import Options
from audioconv.units import clock

NUMBERS = re.compile(r"[-+]?\d[\d.,:e+-]*")
"""By which notices differ that say the same of different files."""

if TYPE_CHECKING:
    from collections.abc import Iterator

    from audioconv.batch.cost import Cost
    from audioconv.batch.plan import Plan, Task
    from audioconv.batch.run import Report, Summary
    from audioconv.batch.task import Done, Failed
    from audioconv.cli.terminal import Tally

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
    from audioconv.batch.places import executor_at
    from audioconv.batch.plan import make_plan  # late, so that help is fast
    from audioconv.batch.run import run_plan, tasks_of_shard

    slips.refuse_in_job(ir, options)
    early = (settings.stems or "").partition("early=")[2].partition(",")[0]
    slips.refuse("--stems early=", "time", early)
    made = make_plan(inputs, ir, into, options, settings)
    if plan is not None:
        _write_plan(made, plan, show)
    if dry_run:
        _print_survey(made, show, json=json)
    if dry_run or plan is not None:
        return
    notices: list[tuple[str, str]] = []
    of_place: list[str] = []
    tasks = len(tasks_of_shard(made))
    try:
        with (
            executor_at(place, tasks, of_place) as executor,
            terminal.tally(tasks, quiet=show.quiet) as tally,
        ):
            summary = run_plan(
                made,
                executor=executor,
                report=_report(tally, notices, json=json),
                expect=tally.expect,
                notice=lambda text: None if show.quiet else _meanwhile(text),
            )
    except (KeyboardInterrupt, SystemExit):
        if not show.quiet:
            printing.err_line(f"what is done is kept; the same line again{_without(made)} goes on")
        raise
    for failure in summary.failures:
        printing.print_message("failed", f"{failure.error} ({failure.task.output})")
    if not show.quiet:
        _print_summary(summary, made)
        printing.print_notices([*of_place, *_combined(notices)])
    if summary.interrupted:
        raise KeyboardInterrupt
    if summary.failures:
        failed = counted(len(summary.failures), "file")
        raise BatchError(f"{failed} of {summary.tasks} failed, as listed above")


def _meanwhile(text: str) -> None:
    """Write a notice while a bar may be shown."""
    terminal.clear_bar(sys.stderr)
    printing.print_message("notice", text)


def _without(plan: Plan) -> str:
    """Return what the same line does without, to go on."""
    return ", without -y," if plan.options.overwrite else ""


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


def _print_survey(plan: Plan, show: Show, *, json: bool) -> None:
    """Print the tasks on standard output, and what they cost."""
    from dataclasses import asdict

    from audioconv.batch.cost import survey
    from audioconv.files import display_name

    tasks, cost = survey(plan)
    for task, done in tasks:
        named = _named(task)
        if json:
            printing.print_json({**named, "done": done})
        else:
            cells = ["done " if done else "to do", *map(display_name, named.values())]
            printing.out(layout.listed(cells, "  ", layout.width(sys.stdout), hanging=7))
    if json:
        printing.print_json(asdict(cost))
    for error in cost.unreadable:
        printing.print_message("unreadable", error)
    if not show.quiet:
        _print_cost(cost, plan.into)
    if cost.unreadable:
        raise BatchError(
            f"{len(cost.unreadable)} of {counted(cost.files, 'input')} cannot be read, as listed "
            "above"
        )


def _print_cost(cost: Cost, into: str) -> None:
    from audioconv.files import display_name

    line = f"{display_name(into)}: {counted(cost.files, 'file')}, {cost.already} done already"
    ahead = cost.files - cost.already
    if ahead:
        line += f"; to do: {counted(ahead, 'file')} of {clock(cost.seconds)} of sound"
    if cost.time is not None and cost.bytes is not None:
        line += (
            f", about {cost.bytes / 1e6:.3g} MB and {clock(cost.time)} one after another, as "
            f"measured on {cost.measured}"
        )
    if cost.remote:
        line += f"; {counted(cost.remote, 'input')} at URLs not counted, as none is fetched"
    printing.err_line(line)


def _report(tally: Tally, notices: list[tuple[str, str]], *, json: bool) -> Report:
    """Return what tells of each result as it comes."""
    from audioconv.batch.task import Done

    def report(result: Done | Failed) -> None:
        if isinstance(result, Done):
            tally.add(result.row["duration"])
            notices.extend((result.task.output, notice) for notice in result.notices)
        else:
            tally.fail()
        if json:
            try:
                printing.print_json(_as_json(result))
            except printing.ReaderGoneError as gone:  # with files that are still to be done
                raise AudioconvError(f"{gone}; the same line again goes on") from None

    return report


def _as_json(result: Done | Failed) -> dict[str, object]:
    from audioconv.batch.task import Done

    if isinstance(result, Done):
        return {**result.row, "notices": list(result.notices)}
    return {**_named(result.task), "error": as_options(result.error)}


def _named(task: Task) -> dict[str, str]:
    """Return the names of a task; of URLs, what is public."""
    said = task.as_json()
    return {"file_name": task.output, "input": said["input"], "impulse": said["impulse"]}


def _combined(notices: list[tuple[str, str]]) -> Iterator[str]:
    """Yield each notice once, for the first output by name, and how many have one like it."""
    alike: dict[str, list[tuple[str, str]]] = {}
    for output, notice in sorted(notices):
        alike.setdefault(NUMBERS.sub("#", notice), []).append((output, notice))
    for (output, notice), *others in alike.values():
        more = f"; {counted(len(others) + 1, 'output')} have one like it, which --json shows"
        yield f"{output}: {notice}{more if others else ''}"


def _print_summary(summary: Summary, plan: Plan) -> None:
    from audioconv.batch.rows import FILE, name_of_part
    from audioconv.files import display_name

    ready = summary.done + summary.already
    before = f", {summary.already} done before" if summary.already else ""
    others = f", {summary.elsewhere} left to another run" if summary.elsewhere else ""
    whole = f", of all shards in {FILE}" if plan.settings.shard and summary.whole else ""
    printing.err_line(
        f"{display_name(plan.into)}: {ready} of {counted(summary.tasks, 'file')}{before}{others}, "
        f"{clock(summary.seconds)} of sound; rows in {name_of_part(FILE, plan.settings.shard)}"
        f"{whole}"
    )
    if summary.elsewhere:
        printing.err_line(
            "what is left to another run is done by the same line again, if that has ended"
        )
    if summary.left:
        are = "is" if summary.left == 1 else "are"
        printing.err_line(
            f"{counted(summary.left, 'file')} {are} left; the same line again{_without(plan)} "
            "goes on"
        )
