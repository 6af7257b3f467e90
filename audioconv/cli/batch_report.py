"""What a batch tells: each file as it ends, notices, the end of all, and what a dry run finds."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from audioconv.cli import layout, printing, terminal
from audioconv.cli.options import Show
from audioconv.cli.wording import as_options
from audioconv.errors import AudioconvError, BatchError, counted
from audioconv.units import clock

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from audioconv.batch.cost import Cost
    from audioconv.batch.plan import Plan, Task
    from audioconv.batch.run import Report
    from audioconv.batch.summary import Summary
    from audioconv.batch.task import Done, Failed
    from audioconv.cli.terminal import Tally

NUMBERS = re.compile(r"[-+]?\d[\d.,:e+-]*")
"""By which notices differ that say the same of different files, besides the names of these."""


def print_survey(plan: Plan, show: Show, *, json: bool) -> None:
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
        printing.print_notices(cost.notices)
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


def report(tally: Tally, notices: list[tuple[str, str]], *, json: bool) -> Report:
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


def combined(notices: list[tuple[str, str]]) -> Iterator[str]:
    """Yield each notice once, for the first output by name, and how many have one like it."""
    alike: dict[str, list[tuple[str, str]]] = {}
    for output, notice in sorted(notices):
        said = NUMBERS.sub("#", notice.replace(output, ""))
        alike.setdefault(said, []).append((output, notice))
    for (output, notice), *others in alike.values():
        more = f"; {counted(len(others) + 1, 'output')} have one like it, which --json shows"
        yield f"{output}: {notice}{more if others else ''}"


def print_kept(plan: Plan) -> None:
    """Say that a batch that was ended at once can go on."""
    printing.err_line(f"what is done is kept; the same line again{_without(plan)} goes on")


def print_summary(summary: Summary, plan: Plan) -> None:
    """Say how many files are done, and how to go on with the others."""
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
    if summary.spread:
        printing.err_line(_spread(summary.spread))
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


def _spread(channels: Sequence[int]) -> str:
    """Say that mono sounds have become several channels.

    Examples
    --------
    >>> _spread([2]), _spread([4, 2, 2])
    ('1 output of a mono input has 2 channels', '3 outputs of mono inputs have 2 or 4 channels')
    """
    numbers = " or ".join(map(str, sorted({*channels})))
    if len(channels) == 1:
        return f"1 output of a mono input has {numbers} channels"
    return f"{len(channels)} outputs of mono inputs have {numbers} channels"


def meanwhile(text: str) -> None:
    """Write a notice while a bar may be shown."""
    terminal.clear_bar(sys.stderr)
    printing.print_message("notice", text)


def _without(plan: Plan) -> str:
    """Return what the same line does without, to go on."""
    return ", without -y," if plan.options.overwrite else ""
