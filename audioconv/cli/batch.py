"""`audioconv batch`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from audioconv.batch.settings import Settings
from audioconv.cli import printing, terminal
from audioconv.cli.options import Show
from audioconv.cli.wording import as_options
from audioconv.errors import BatchError, counted
from audioconv.job import Options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from audioconv.batch.run import Report, Summary
    from audioconv.batch.task import Done, Failed
    from audioconv.progress import Progress

Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="INPUT...",
        help="Sound files, patterns such as 'speech/**/*.flac', folders with all sound files below "
        "them, or lists: CSV or JSON lines with a column audio_filepath, file_name or path, "
        "Kaldi's wav.scp, recordings or cuts of Lhotse. Paths in a list are relative to it.",
    ),
]
Pool = Annotated[
    list[str],
    typer.Option(
        "--ir",
        metavar="IR",
        help="Impulse response (IR), as for convolve; or a folder, a pattern or a list of them; or "
        "a builder spec with ranges, from which each output draws its own, such as "
        "shoebox:room=4..8,3..6,2.5..3.5,rt60=0.2..0.8, whose source and microphone are drawn too. "
        "Repeat it for more to choose from.",
    ),
]
Folder = Annotated[
    str,
    typer.Option(metavar="DIR", help="Folder of the outputs, and of metadata.jsonl."),
]
Json = Annotated[
    bool,
    typer.Option("--json", help="Print one JSON object for each file on standard output."),
]


def batch(
    inputs: Inputs,
    ir: Pool,
    into: Folder,
    settings: Settings,
    options: Options,
    json: Json = False,
    *,
    show: Show,
) -> None:
    """Convolve many files, each with one or more impulse responses, into a folder.

    A file that fails does not stop the others: it is listed at the end, and the exit code is 4.
    DIR/metadata.jsonl has a row for each output, with the input, the impulse, gain and shift.

    Draws follow from the seed and from what a file is called, so files that are added, removed or
    listed in another order change no other output.
    """
    from audioconv.batch.plan import make_plan  # late, so that help is fast
    from audioconv.batch.run import run_plan

    plan = make_plan(inputs, ir, into, options, settings)
    notices: list[tuple[str, str]] = []
    with terminal.progress(quiet=show.quiet) as progress:
        summary = run_plan(plan, report=_report(progress, notices, json=json))
    _print_failures(summary.failures)
    if not show.quiet:
        _print_notices(notices)
        _print_summary(summary, len(plan.tasks), plan.into)
    if summary.interrupted:
        raise KeyboardInterrupt
    if summary.failures:
        failed = counted(len(summary.failures), "file")
        raise BatchError(f"{failed} of {len(plan.tasks)} failed, as listed above")


def _report(progress: Progress, notices: list[tuple[str, str]], *, json: bool) -> Report:
    """Return what tells of each result as it comes."""
    from audioconv.batch.task import Done

    seconds = 0.0

    def report(result: Done | Failed) -> None:
        nonlocal seconds
        if isinstance(result, Done):
            seconds += result.row["duration"]
            progress("convolving", seconds)
            notices.extend((result.task.output, notice) for notice in result.notices)
        if json:
            printing.print_json(_as_json(result))

    return report


def _as_json(result: Done | Failed) -> dict[str, object]:
    from audioconv.batch.task import Done

    if isinstance(result, Done):
        return {**result.row, "notices": list(result.notices)}
    task = result.task
    return {
        "file_name": task.output,
        "input": task.input,
        "impulse": task.impulse,
        "error": as_options(result.error),
    }


def _print_failures(failures: Sequence[Failed]) -> None:
    for failed in failures:
        printing.err(f"failed: {printing.one_line(failed.error)} ({failed.task.output})")


def _print_notices(notices: list[tuple[str, str]]) -> None:
    """Write the first notice, and how many outputs have some."""
    if not notices:
        return
    output, first = notices[0]
    outputs = len({name for name, _ in notices})
    more = f"; {counted(outputs, 'output')} have notices, which --json shows" * (outputs > 1)
    printing.print_notices([f"{output}: {first}{more}"])


def _print_summary(summary: Summary, tasks: int, into: str) -> None:
    from audioconv.batch.rows import FILE
    from audioconv.batch.run import hours
    from audioconv.files import display_name

    name = display_name(into)
    left = f", {summary.left} are left" if summary.left else ""
    printing.err(
        f"{name}: {summary.done} of {counted(tasks, 'file')}{left}, {hours(summary)} of sound; "
        f"rows in {FILE}"
    )
