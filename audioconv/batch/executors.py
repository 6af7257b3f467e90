"""Where tasks are done: one after another here, or on any executor."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait

from audioconv.batch.plan import Task
from audioconv.batch.stop import Stop
from audioconv.batch.task import Done, Failed

AHEAD = 4
"""Tasks for each core that an executor is given before it has done others."""

Work = Callable[[Task], Done | Failed]


def results(
    tasks: Iterable[Task], work: Work, executor: Executor | None, stop: Stop
) -> Iterator[Done | Failed]:
    """Yield the result of each task as it comes, until a stop is asked for.

    A task is taken from the iterable when there is room for it.
    """
    if executor is not None:
        yield from _submitted(tasks, work, executor, stop)
        return
    for task in tasks:
        if stop.asked:
            return
        yield work(task)


def _submitted(
    tasks: Iterable[Task], work: Work, executor: Executor, stop: Stop
) -> Iterator[Done | Failed]:
    """Yield results of an executor that has a few tasks at a time."""
    coming = iter(tasks)
    most = AHEAD * (os.cpu_count() or 1)
    running: dict[Future[Done | Failed], Task] = {}
    while True:
        while len(running) < most and not stop.asked and (following := next(coming, None)):
            running[executor.submit(work, following)] = following
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            yield _result(future, running.pop(future))


def _result(future: Future[Done | Failed], task: Task) -> Done | Failed:
    """Return the result of a task, or the error of the executor as one."""
    error = future.exception()
    if error is None:
        return future.result()
    return Failed(task, f"the executor failed: {type(error).__name__}: {error}")
