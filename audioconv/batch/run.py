"""The tasks of a plan, done, and the rows of what is done."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

from audioconv.batch.executors import results
from audioconv.batch.plan import Plan
from audioconv.batch.rows import Row, files_of_rows, write_rows
from audioconv.batch.stop import Stop, stoppable
from audioconv.batch.task import Done, Failed, perform
from audioconv.errors import FormatError, UsageError
from audioconv.files import display_name

Report = Callable[[Done | Failed], None]
"""Called with each result as it comes, in the thread that runs the batch."""


@dataclass(frozen=True)
class Summary:
    """How a batch ended.

    Parameters
    ----------
    done : int
        number of outputs
    failures : list of Failed
        in the order of the plan
    left : int
        number of tasks that were not begun
    seconds : float
        length of all outputs together
    interrupted : bool
        whether Ctrl-C ended it
    """

    done: int
    failures: list[Failed]
    left: int
    seconds: float
    interrupted: bool


def ignore(result: Done | Failed) -> None:
    """Ignore a result."""


def run_plan(plan: Plan, *, executor: Executor | None = None, report: Report = ignore) -> Summary:
    """Do the tasks of a plan, and write the rows of those that are done.

    A file that fails is a result; the others go on, unless the settings say otherwise. The rows are
    in the order of the plan, and the same for every executor.

    Parameters
    ----------
    plan : Plan
    executor : concurrent.futures.Executor, optional
        where the tasks are done; by default here, one after another
    report : function
        called with each result as it comes

    Raises
    ------
    UsageError
        If an output exists, and is not to be replaced.
    FormatError
        If the rows cannot be written.
    """
    _refuse_existing(plan)
    _make_folder(plan.into)
    work = partial(perform, into=plan.into, options=plan.options)
    found: dict[int, Done | Failed] = {}
    try:
        with stoppable() as stop:
            for index, result in results(plan.tasks, work, executor, stop):
                found[index] = result
                report(result)
                if plan.settings.fail_fast and isinstance(result, Failed):
                    stop.ask()
    finally:  # also if the report failed
        ordered = [found[index] for index in sorted(found)]
        rows = [result.row for result in ordered if isinstance(result, Done)]
        write_rows(rows, plan.into, plan.settings)
    return _summary(ordered, rows, len(plan.tasks), stop)


def _make_folder(path: str) -> None:
    try:
        os.makedirs(path, exist_ok=True)
    except OSError as error:
        raise FormatError(
            f"the folder {display_name(path)} cannot be made: {error.strerror or error}"
        ) from None


def _refuse_existing(plan: Plan) -> None:
    """Raise if a file would be replaced against the options."""
    if plan.options.overwrite:
        return
    for output in [*files_of_rows(plan.settings), *(task.output for task in plan.tasks)]:
        path = os.path.join(plan.into, output)
        if os.path.lexists(path):
            raise UsageError(
                f"{display_name(path)} exists; pass `overwrite=True` to overwrite it, or name "
                "another folder"
            )


def hours(summary: Summary) -> str:
    """Return the length of all outputs as hours, minutes and seconds.

    Examples
    --------
    >>> hours(Summary(1, [], 0, 3725.2, False))
    '1:02:05'
    """
    minutes, seconds = divmod(round(summary.seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"


def _summary(ordered: list[Done | Failed], rows: Sequence[Row], tasks: int, stop: Stop) -> Summary:
    failures = [result for result in ordered if isinstance(result, Failed)]
    seconds = sum(float(row["duration"]) for row in rows)
    left = tasks - len(ordered)
    return Summary(len(rows), failures, left, seconds, stop.interrupted and left > 0)
