"""Our own workers: processes that do one call at a time, each replaced if a call ends it.

A pool of the standard library is broken as soon as one of its processes dies. Here a thread stands
behind each process. If a decoder crashes, loops or eats memory, that costs its call, and a new
process goes on with the next.

A process is a fresh Python, neither forked nor a second run of the caller's script, so a script
needs no ``if __name__ == "__main__"``. The environment keeps BLAS to one thread from the start. A
process is in a group of its own, where Ctrl-C does not reach it, and ends when its parent does.
"""

from __future__ import annotations

import json
import math
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, ParamSpec, TypeVar

from audioconv.batch.calls import Reply
from audioconv.errors import AudioconvError, UsageError
from audioconv.job import MOST_THREADS, available_cores

BOOT = (
    "import json, sys; sys.path[:], memory = json.loads(sys.argv[1]); "
    "from audioconv.batch.worker import serve; serve(memory)"
)

ONE_THREAD = {
    f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMEXPR")
} | {"VECLIB_MAXIMUM_THREADS": "1"}

INTERVAL = 0.1
"""Seconds between looks at what takes too long."""

_STARTING = threading.Lock()
"""One start at a time, as on Windows a process inherits the pipes of others that start then."""

P = ParamSpec("P")
T = TypeVar("T")


class WorkerError(AudioconvError):
    """A worker that ended before its call did."""


class Workers(ThreadPoolExecutor):
    """An executor whose calls are done by processes that may crash.

    Functions, arguments and results are pickled; a function must be one that another process can
    import.

    Parameters
    ----------
    workers : int > 0, optional
        number of processes; by default the number of cores
    item_timeout : float > 0, optional
        seconds that a call may take
    item_memory : int > 0, optional
        bytes that a call may take, on Linux; no other system limits it

    Attributes
    ----------
    slots : int
        number of processes
    threads : int
        cores for each of them

    Raises
    ------
    UsageError
        If a number is out of range.

    Examples
    --------
    >>> with Workers(1, item_timeout=60) as workers:
    ...     workers.submit(divmod, 7, 3).result()
    (2, 1)
    """

    def __init__(
        self,
        workers: int | None = None,
        *,
        item_timeout: float | None = None,
        item_memory: int | None = None,
    ) -> None:
        numbers = {"workers": workers, "item_timeout": item_timeout, "item_memory": item_memory}
        for name, value in numbers.items():
            if value is not None and not value > 0:
                raise UsageError(f"`{name}` is {value}; it must be more than 0")
        self.slots = workers or available_cores()
        self.threads = max(1, min(available_cores() // self.slots, MOST_THREADS))
        super().__init__(self.slots, thread_name_prefix="worker")
        self._limit = item_timeout
        self._memory = item_memory
        self._own = threading.local()
        self._alive: set[_Worker] = set()
        self._ended = threading.Event()
        if item_timeout is not None:
            threading.Thread(target=self._watch, name="time limit", daemon=True).start()

    def submit(self, fn: Callable[P, T], /, *arguments: P.args, **named: P.kwargs) -> Future[T]:
        """Let a process do a call.

        An error of the call is that of the future; `WorkerError` if the process ended.
        """
        call = pickle.dumps((fn, arguments, named))  # here, while the processes are at work
        return super().submit(self._call, call)

    def _call(self, pickled: bytes) -> Any:
        """Do a pickled call in the process of this thread, and start one if there is none."""
        worker: _Worker | None = getattr(self._own, "worker", None)
        if worker is None or worker.ended():
            if worker is not None:
                self._retire(worker)
            worker = self._own.worker = _Worker(self._memory)
            self._alive.add(worker)
        try:
            if self._ended.is_set():
                worker.end()
            reply = worker.do(pickled, self._limit)
        finally:
            if worker.gone:
                self._retire(worker)
        if reply.error is not None:
            raise reply.error
        return reply.value

    def _retire(self, worker: _Worker) -> None:
        self._alive.discard(worker)
        worker.dismiss()

    def _watch(self) -> None:
        while not self._ended.wait(INTERVAL):
            for worker in [*self._alive]:
                worker.end_if_late()

    def kill(self) -> None:
        """End all processes at once; calls under way fail, and those to come are dropped."""
        self._ended.set()
        for worker in [*self._alive]:
            worker.end()
        self.shutdown(cancel_futures=True)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """End as the calls are done, as any executor does; then the processes end too."""
        super().shutdown(wait, cancel_futures=cancel_futures)
        if not wait:  # each process ends with its thread
            return
        self._ended.set()
        for worker in [*self._alive]:
            worker.dismiss()
        self._alive.clear()

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        """Wait for what is under way; after an error, end it."""
        if kind is None:
            self.shutdown()
        else:
            self.kill()


class _Worker:
    """One process, and what it is to have done by when."""

    def __init__(self, memory: int | None) -> None:
        alone: dict[str, Any] = {"process_group": 0}
        if sys.platform == "win32":
            alone = {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP}
        with _STARTING:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", BOOT, json.dumps([sys.path, memory])],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, **ONE_THREAD},
                **alone,
            )
        self._deadline = math.inf
        self._late = False
        self._lock = threading.Lock()
        self._ready = False
        self.gone = False

    def do(self, call: bytes, limit: float | None) -> Reply:
        """Do a pickled call.

        Raises
        ------
        WorkerError
            If the process ends before.
        """
        try:
            if not self._ready:
                self._answer()
                self._ready = True
            self._until(time.monotonic() + (limit or math.inf))
            assert self._process.stdin is not None
            pickle.dump(call, self._process.stdin)
            self._process.stdin.flush()
            answer = self._answer()
        except (EOFError, OSError, pickle.UnpicklingError):
            raise WorkerError(self._why(limit)) from None
        finally:
            self._until(math.inf)
        reply: Reply = pickle.loads(answer)
        return reply

    def _answer(self) -> bytes:
        assert self._process.stdout is not None
        answer: bytes = pickle.load(self._process.stdout)
        return answer

    def _until(self, deadline: float) -> None:
        with self._lock:
            self._deadline = deadline
            self.gone = self.gone or self._late

    def end_if_late(self) -> None:
        """End the process if its call takes too long."""
        with self._lock:
            if time.monotonic() > self._deadline:
                self._late = True
                self._process.kill()

    def end(self) -> None:
        """End the process at once."""
        self._process.kill()

    def ended(self) -> bool:
        """Return whether the process has ended, also by itself between two calls."""
        return self.gone or self._process.poll() is not None

    def dismiss(self) -> int:
        """Let the process end, as there is nothing to do; return its exit code."""
        with suppress(OSError), self._process:  # what it did not take cannot be written
            pass
        return self._process.wait()

    def _why(self, limit: float | None) -> str:
        """Return why the process ended, which is over."""
        self.gone = True
        self._process.kill()  # a pipe may be closed by what still runs
        code = self.dismiss()
        if self._late:
            return f"it took longer than {limit:g} s; raise `item_timeout`"
        if not self._ready:
            return f"a worker did not start ({_ended(code)}); see what it printed"
        return f"the worker crashed on it ({_ended(code)}); the file may be damaged"


def _ended(code: int) -> str:
    """Return how a process ended, by its exit code.

    Examples
    --------
    >>> _ended(-11), _ended(3), _ended(0xC0000005)
    ('SIGSEGV', 'exit code 3', 'exit code 0xC0000005')
    """
    if code < 0:
        known = {number.value: number.name for number in signal.Signals}
        name = known.get(-code, f"signal {-code}")
        return f"{name}, which also ends what eats memory" if name == "SIGKILL" else name
    return f"exit code {code}" if code < 256 else f"exit code 0x{code:X}"
