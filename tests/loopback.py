"""A Dask scheduler and workers on loopback, for the tests of clusters."""

import os
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from audioconv.batch.cluster import Cluster
from audioconv.batch.places import Place

SCHEDULER = "dask_scheduler", "--port=0", "--dashboard-address=127.0.0.1:0"
WORKER = (
    "dask_worker",
    "--nthreads=1",
    "--dashboard-address=127.0.0.1:0",
    "--memory-limit=0",
    "--death-timeout=30",
)
SECONDS = 60

FAST = {} if os.name == "nt" else {"DASK_DISTRIBUTED__WORKER__MULTIPROCESSING_METHOD": "forkserver"}
"""How a nanny starts its worker again in little time."""

MARKS = [
    pytest.mark.usefixtures("untraced"),
    # of the client, at its end
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning"),
]


class Started:
    """A scheduler, and the workers that a test asks for, each a process of its own."""

    def __init__(self, folder, running):
        self.file = folder / "scheduler.json"
        self.folder = folder
        self.processes = []
        self._running = running
        self._start(*SCHEDULER)
        until(self.file.exists)

    def _start(self, module, *options):
        python = sys.executable, "-m", f"distributed.cli.{module}"
        path = os.pathsep.join([str(Path(__file__).parent), *filter(None, sys.path)])
        with (self.folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [*python, "--host=127.0.0.1", f"--scheduler-file={self.file}", *options],
                env={**os.environ, "PYTHONPATH": path} | FAST,
                stdout=log,
                stderr=log,
            )
        self._running.callback(process.wait)
        self._running.callback(process.kill)
        self.processes.append(process)
        return process

    def worker(self, *options):
        """Start a worker."""
        return self._start(*WORKER, f"--local-directory={self.folder}", *options)

    def place(self, **other):
        return Place(scheduler_file=str(self.file), **other)


def until(true):
    end = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.05)


@contextmanager
def running(folder, *, fragile=False):
    """Run a scheduler and two workers; fragile ones have a nanny, which starts the next."""
    with pytest.MonkeyPatch.context() as patch, ExitStack() as ending:
        patch.delenv("COVERAGE_PROCESS_START", raising=False)
        patch.delenv("COVERAGE_PROCESS_CONFIG", raising=False)
        folder.mkdir(exist_ok=True)
        scheduler = Started(folder, ending)
        for _ in range(2):
            scheduler.worker(*[] if fragile else ["--no-nanny"])
        with Cluster(scheduler.place()) as cluster:
            cluster._client.wait_for_workers(2, timeout=SECONDS)
        yield scheduler


class Calling(Cluster):
    """A cluster whose tasks are done by a call of the tests."""

    def __init__(self, place, call, *arguments):
        super().__init__(place)
        self.call = call, arguments

    def submit(self, fn, /, *arguments, **named):
        call, first = self.call
        return super().submit(call, *first, fn, *arguments, **named)
