"""The tasks of a plan, or of a part of it, done, and the rows of what is done."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from functools import partial

from audioconv.batch.changes import changes
from audioconv.batch.claims import Claims, claiming
from audioconv.batch.draws import digest
from audioconv.batch.executors import options_on, results
from audioconv.batch.journal import Journal, output_path, write_names
from audioconv.batch.plan import Plan, Task
from audioconv.batch.rows import Row, files_of_rows, name_of_part, write_rows
from audioconv.batch.settings import parse_shard
from audioconv.batch.stop import stoppable
from audioconv.batch.summary import Summary
from audioconv.batch.task import Done, Failed, files_made, in_the_way, perform
from audioconv.errors import FormatError
from audioconv.files import display_name

LOOKS = 10
"""Times that a run writes the rows at its end while others go on, which write them at theirs."""

Report = Callable[[Done | Failed], None]
"""Called with each result as it comes, in the thread that runs the batch."""


def ignore(result: Done | Failed) -> None:
    """Ignore a result."""


def run_plan(
    plan: Plan,
    *,
    executor: Executor | None = None,
    report: Report = ignore,
    patience: float | None = None,
    expect: Callable[[int], object] = lambda ahead: None,
    notice: Callable[[str], object] = lambda text: None,
) -> Summary:
    """Do the tasks of a plan that are not done, and write the rows of all that are.

    A file that fails is a result; the others go on, unless the settings say otherwise. The rows are
    in the order of the plan, and the same for every executor and after every interruption.

    Parameters
    ----------
    plan : Plan
        if its settings name a shard, the tasks of that are done; their rows have a file of their
        own, and the shard that completes the plan writes those of all
    executor : concurrent.futures.Executor, optional
        where the tasks are done; by default here, one after another
    report : function
        called with each result as it comes
    expect : function
        called with the number of tasks that are not done, before the first of them
    notice : function
        called with what the user should know meanwhile: the notices of the summary, before any
        work, and that Ctrl-C was heard
    patience : float > 0, optional
        seconds without any result after which what the executor has under way has failed, for
        executors that lose work

    Raises
    ------
    UsageError
        If a file is in the way that no batch has made, and is not to be replaced.
    FormatError
        If the folder or the rows cannot be written.
    AudioconvError
        If files of earlier runs are left over, under `strict`.
    """
    tasks = tasks_of_shard(plan)
    journal = Journal(plan.into, plan.options, plan.tasks)
    refuse_existing(plan, tasks, journal)
    _begin(plan, journal)
    found: dict[str, Done | Failed] = {}
    elsewhere: list[Task] = []
    with claiming(plan.into, journal.done) as claims:
        journal.refresh()  # what was done before this run could be seen
        already = {} if plan.options.overwrite else journal.rows(tasks)
        ahead = [task for task in tasks if task.output not in already]
        expect(len(ahead))
        notices = (*plan.notices, *changes(plan, journal, tasks, ahead))
        for text in notices:
            notice(text)
        work = partial(perform, into=plan.into, options=options_on(executor, plan.options))
        try:
            with stoppable(notice) as stop:
                claimed = _claimed(plan, ahead, claims, journal, elsewhere)
                for result in results(claimed, work, executor, stop, patience):
                    found[result.task.output] = result
                    report(result)
                    if plan.settings.fail_fast and isinstance(result, Failed):
                        stop.ask()
        finally:  # also if the report failed
            made = {name: one for name, one in found.items() if isinstance(one, Done)}
            known = already | {name: one.row for name, one in made.items()}
            rows, whole = _write_rows(plan, tasks, known, journal)
    left = len(ahead) - len(found) - len(elsewhere)
    return Summary(
        len(made),
        [one for task in tasks if isinstance(one := found.get(task.output), Failed)],
        left,
        sum(float(row["duration"]) for row in rows),
        stop.interrupted and left > 0,
        len(already),
        len(elsewhere),
        whole,
        notices,
        tuple(one.row["channels"] for one in made.values() if one.spread),
    )


def tasks_of_shard(plan: Plan) -> list[Task]:
    """Return the tasks of the shard that the settings of a plan name; all if they name none."""
    if plan.settings.shard is None:
        return list(plan.tasks)
    part, parts = parse_shard(plan.settings.shard)
    return [task for task in plan.tasks if shard_of(task.output, parts) == part]


def shard_of(output: str, parts: int) -> int:
    """Return the number, from 1, of the shard that an output is in, by a hash of its name.

    So other outputs that come or go leave it there.
    """
    return int.from_bytes(digest("shard", output)[:8], "little") % parts + 1


def refuse_existing(plan: Plan, tasks: Sequence[Task], journal: Journal) -> None:
    """Raise if a file is in the way that no batch has made, and is not to be replaced.

    Raises
    ------
    UsageError
    """
    if plan.options.overwrite:
        return
    made = (name for task in tasks for name in files_made(task, plan.options))
    for name in (*_lists(plan), *made):
        if not journal.knows(name) and os.path.lexists(path := output_path(plan.into, name)):
            raise in_the_way(path)


def _begin(plan: Plan, journal: Journal) -> None:
    """Make the folder of a plan, and write down which files beside the outputs are ours."""
    done = "made"
    try:
        os.makedirs(plan.into, exist_ok=True)
        done = "written"
        if not all(map(journal.knows, _lists(plan))):
            write_names(plan.into, _lists(plan))
    except OSError as error:
        raise FormatError(
            f"the folder {display_name(plan.into)} cannot be {done}: {error.strerror or error}"
        ) from None


def _lists(plan: Plan) -> list[str]:
    """Return the names of the files of rows that a run may write."""
    names = files_of_rows(plan.settings)
    return [*dict.fromkeys([*names, *(name_of_part(one, plan.settings.shard) for one in names)])]


def _claimed(
    plan: Plan, tasks: Sequence[Task], claims: Claims, journal: Journal, elsewhere: list[Task]
) -> Iterator[Task]:
    """Yield the tasks that no other run has in hand, and add the others to a list."""
    for _ in range(2):  # once more at the end, when other runs may be gone
        theirs = []
        for task in tasks:
            if claims.take(task):
                made = files_made(task, plan.options)
                yield replace(task, replaces=[name for name in made if journal.knows(name)])
            else:
                theirs.append(task)
        tasks = theirs
    elsewhere += tasks


def _write_rows(
    plan: Plan, tasks: Sequence[Task], known: dict[str, Row], journal: Journal
) -> tuple[list[Row], bool]:
    """Write the rows of all outputs that are there as they were made, by whomever.

    So that of an output whose input is out of reach stays with it. Return the rows of the tasks,
    and whether those of the whole plan were written, which a shard does if all is done.

    The last of several runs that end at once must write the rows of all, so each looks again
    whether others have gone on meanwhile.
    """
    if plan.settings.shard is not None:
        journal.refresh()
        ours = _ordered(tasks, known | journal.kept(_without(tasks, known)))
        write_rows(ours, plan.into, plan.settings, plan.settings.shard)
        if not all(task.output in known or journal.recorded(task) for task in plan.tasks):
            return ours, False
    for _ in range(LOOKS):
        journal.refresh()
        rows = _ordered(plan.tasks, known | journal.kept(_without(plan.tasks, known)))
        write_rows(rows, plan.into, plan.settings)
        if not journal.refresh():
            break
    return (rows if plan.settings.shard is None else ours), True


def _without(tasks: Sequence[Task], known: Mapping[str, Row]) -> Iterator[Task]:
    return (task for task in tasks if task.output not in known)


def _ordered(tasks: Sequence[Task], rows: Mapping[str, Row]) -> list[Row]:
    return [rows[task.output] for task in tasks if task.output in rows]
