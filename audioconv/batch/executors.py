"""Where tasks are done: one after another here, or on any executor."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait

from audioconv.batch.plan import Task
from audioconv.batch.stop import Stop
from audioconv.batch.task import Done, Failed

AHEAD = 4
"""Tasks for each core that an executor is given before it has done others."""

Work = Callable[[Task], Done | Failed]


def results(
    tasks: Sequence[Task], work: Work, executor: Executor | None, stop: Stop
) -> Iterator[tuple[int, Done | Failed]]:
    """Yield the index of each task and its result, as they come, until a stop is asked for."""
    if executor is not None:
        yield from _submitted(tasks, work, executor, stop)
        return
    for index, task in enumerate(tasks):
        if stop.asked:
            return
        yield index, work(task)


def _submitted(
    tasks: Sequence[Task], work: Work, executor: Executor, stop: Stop
) -> Iterator[tuple[int, Done | Failed]]:
    """Yield results of an executor that has a few tasks at a time."""
    coming = iter(enumerate(tasks))
    most = AHEAD * (os.cpu_count() or 1)
    running: dict[Future[Done | Failed], int] = {}
    while True:
        while len(running) < most and not stop.asked and (following := next(coming, None)):
            running[executor.submit(work, following[1])] = following[0]
        if not running:
            return
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            index = running.pop(future)
            yield index, _result(future, tasks[index])


def _result(future: Future[Done | Failed], task: Task) -> Done | Failed:
    """Return the result of a task, or the error of the executor as one."""
    error = future.exception()
    if error is None:
        return future.result()
    return Failed(task, f"the executor failed: {type(error).__name__}: {error}")
