"""Where tasks are done: one after another here, or on any executor."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, Future
from dataclasses import replace
from queue import Empty, SimpleQueue

from audioconv.batch.plan import Task
from audioconv.batch.stop import Stop
from audioconv.batch.task import Done, Failed
from audioconv.errors import AudioconvError
from audioconv.job import Options, available_cores

AHEAD = 4
"""Tasks for each core that an executor is given before it has done others."""

INTERVAL = 0.25
"""Seconds between looks at whether a stop was asked for."""

Work = Callable[[Task], Done | Failed]


def options_on(executor: Executor | None, options: Options) -> Options:
    """Return the options of a task on an executor.

    There each has one thread, unless the options say otherwise, or there are more cores than
    workers.
    """
    if executor is None:
        return options
    threads = options.threads or getattr(executor, "threads", 1)
    return replace(options, threads=threads)


def results(
    tasks: Iterable[Task],
    work: Work,
    executor: Executor | None,
    stop: Stop,
    patience: float | None = None,
) -> Iterator[Done | Failed]:
    """Yield the result of each task as it comes, until a stop is asked for.

    A task is taken from the iterable when there is room for it.

    Parameters
    ----------
    tasks : iterable of Task
    work : function
        does a task
    executor : concurrent.futures.Executor or None
    stop : Stop
    patience : float > 0, optional
        seconds without any result after which what the executor has is given up
    """
    if executor is not None:
        yield from _Submitted(tasks, work, executor, stop, patience)
        return
    for task in tasks:
        if stop.asked:
            return
        yield work(task)


class _Submitted:
    """Results of an executor that has a few tasks at a time."""

    def __init__(
        self,
        tasks: Iterable[Task],
        work: Work,
        executor: Executor,
        stop: Stop,
        patience: float | None,
    ) -> None:
        self._work = work
        self._executor = executor
        self._stop = stop
        self._patience = patience
        self._coming = iter(tasks)
        self._running: dict[Future[Done | Failed], Task] = {}
        self._ended: SimpleQueue[Future[Done | Failed]] = SimpleQueue()
        self._heard = time.monotonic()

    def __iter__(self) -> Iterator[Done | Failed]:
        while True:
            self._hand_out()
            if self._stop.asked:
                self._take_back()
            if not self._running:
                return
            for future in self._next():
                if future in self._running:
                    yield _result(future, self._running.pop(future))

    def _hand_out(self) -> None:
        """Submit tasks as long as there are cores for them."""
        slots = getattr(self._executor, "slots", None) or available_cores()
        while len(self._running) < AHEAD * slots and not self._stop.asked:
            task = next(self._coming, None)
            if task is None:
                return
            if not self._running:
                self._heard = time.monotonic()
            future = self._submit(task)
            self._running[future] = task
            future.add_done_callback(self._ended.put)

    def _submit(self, task: Task) -> Future[Done | Failed]:
        """Submit a task; if the executor does not take it, its error is the result."""
        try:
            return self._executor.submit(self._work, task)
        except Exception as error:
            refused: Future[Done | Failed] = Future()
            refused.set_exception(error)
            return refused

    def _take_back(self) -> None:
        """Cancel what is not yet under way."""
        for future in [*self._running]:
            if future.cancel():
                del self._running[future]

    def _next(self) -> list[Future[Done | Failed]]:
        """Wait a moment for a future that is done, or return all that are given up."""
        try:
            ended = self._ended.get(timeout=INTERVAL)
        except Empty:
            if self._patience is None or time.monotonic() < self._heard + self._patience:
                return []
            for future in self._running:
                future.cancel()
            return [*self._running]
        self._heard = time.monotonic()
        return [ended]


def _result(future: Future[Done | Failed], task: Task) -> Done | Failed:
    """Return the result of a task, or the error of the executor as one."""
    if not future.done() or future.cancelled():
        return Failed(task, "the executor lost it; use another executor")
    error = future.exception()
    if error is None:
        return future.result()
    if isinstance(error, AudioconvError):
        return Failed(task, str(error))
    return Failed(task, f"the executor failed: {type(error).__name__}: {error}")
