"""What a batch will cost, before it begins: sound, bytes, and time, measured on a few files."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from audioconv.batch.changes import changes
from audioconv.batch.journal import Journal, output_path
from audioconv.batch.plan import Plan, Task
from audioconv.batch.run import refuse_existing, tasks_of_shard
from audioconv.batch.shelf import shelf
from audioconv.batch.task import rendered
from audioconv.errors import AudioconvError
from audioconv.files import Reader, scratch_folder
from audioconv.job import Options
from audioconv.urls import is_url

MEASURED = 5
"""Files that are convolved, to measure speed and size."""

LONGEST = 600.0
"""Seconds of sound that a file has at most that is measured."""


@dataclass(frozen=True)
class Cost:
    """What a batch will cost.

    Parameters
    ----------
    files : int
        number of outputs
    already : int
        number of those that are done
    seconds : float
        of sound to be read for the others, as the headers of their inputs state; inputs at URLs,
        which would have to be fetched for it, are not counted
    bytes : int or None
        of their outputs, and stems, about; None if no file could be measured
    time : float or None
        seconds that they take one after another on this machine, about
    measured : int
        number of files that were measured
    unreadable : tuple of str
        why inputs have no header that can be read, a line each
    remote : int
        number of inputs at URLs, of those that are not done
    notices : tuple of str
        on the batch as a whole, as for `run_plan`
    """

    files: int
    already: int
    seconds: float
    bytes: int | None
    time: float | None
    measured: int
    unreadable: tuple[str, ...]
    remote: int = 0
    notices: tuple[str, ...] = ()


class _Measured(NamedTuple):
    sound: float
    time: float
    bytes: int


def survey(plan: Plan) -> tuple[list[tuple[Task, bool]], Cost]:
    """Return the tasks of a plan, or of its shard, whether each is done, and what they cost.

    Nothing is written but a few files in ``TMPDIR``, which are removed.

    Raises
    ------
    UsageError
        If a file is in the way, as for `run_plan`.
    """
    tasks = tasks_of_shard(plan)
    journal = Journal(plan.into, plan.options, tasks)
    refuse_existing(plan, tasks, journal)
    rows = {} if plan.options.overwrite else journal.rows(tasks)
    ahead = [task for task in tasks if task.output not in rows]
    lengths, unreadable = _lengths(ahead, plan.options)
    sound = sum(lengths.get(task.input, 0.0) for task in ahead)
    measured = _measure(_few(ahead, lengths), lengths, plan.options)
    total = sum(one.sound for one in measured)
    cost = Cost(
        len(tasks),
        len(rows),
        sound,
        round(sum(one.bytes for one in measured) / total * sound) if total else None,
        sum(one.time for one in measured) / total * sound if total else None,
        len(measured),
        tuple(unreadable),
        len({task.input for task in ahead if is_url(task.input)}),
        (*plan.notices, *changes(plan, journal, tasks, ahead)),
    )
    return [(task, task.output in rows) for task in tasks], cost


def _lengths(tasks: Iterable[Task], options: Options) -> tuple[dict[str, float], list[str]]:
    """Return the seconds of each input by its header, and why some have none."""
    lengths: dict[str, float] = {}
    unreadable: list[str] = []
    for path in dict.fromkeys(task.input for task in tasks if not is_url(task.input)):
        try:
            with Reader(path, allow_truncated=options.allow_truncated) as reader:
                lengths[path] = (reader.info.frames or 0) / reader.info.rate
        except (AudioconvError, OSError) as error:
            unreadable.append(str(error))
    return lengths, unreadable


def _few(tasks: Sequence[Task], lengths: dict[str, float]) -> list[Task]:
    """Return a few tasks of all that are short enough to be measured."""
    short = [task for task in tasks if 0 < lengths.get(task.input, 0.0) <= LONGEST]
    step = max(len(short) / MEASURED, 1)
    return [short[int(number * step)] for number in range(min(MEASURED, len(short)))]


def _measure(tasks: Sequence[Task], lengths: dict[str, float], options: Options) -> list[_Measured]:
    """Convolve a few files, and return what they cost; the first comes twice, to warm up."""
    measured = []
    with scratch_folder() as folder:
        for task in [*tasks[:1], *tasks]:
            flat = replace(task, output=task.output.rpartition("/")[2])
            began = time.perf_counter()
            try:
                outcome = rendered(flat, folder, replace(options, overwrite=True))
                shelf().facts(task.impulse, outcome.rate)
            except (AudioconvError, OSError):
                continue
            took = time.perf_counter() - began
            size = sum(os.path.getsize(output_path(folder, name)) for name in flat.outputs)
            measured.append(_Measured(lengths[task.input], took, size))
    return measured[1:]
