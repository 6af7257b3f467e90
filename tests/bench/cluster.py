"""What it costs to hand out work: a Dask scheduler on loopback, our journal and claims, shards."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from math import nan
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from audioconv.batch.claims import claiming
from audioconv.batch.executors import results
from audioconv.batch.journal import Journal, Record, task_key, write_record
from audioconv.batch.plan import Plan, make_plan
from audioconv.batch.settings import Settings
from audioconv.batch.states import State
from audioconv.batch.stop import Stop
from audioconv.job import Options

from .bench import Bench, named
from .measure import Command, in_turn, middle, ratio
from .tables import header, number, row

if TYPE_CHECKING:
    import psutil

    from tests.loopback import Started

TASKS = 10_000
LONG = 10  # minutes of the file that is cut into shards


def cluster(bench: Bench) -> Iterator[str]:
    """Measure the cost of an empty task, and of a long file in shards."""
    tasks = TASKS // (20 if bench.quick else 1)
    yield f"## Handing out work\n\n{tasks} empty tasks, on two workers of a scheduler on loopback."
    yield "\n" + header("step", "ms / task", "CPU here", "CPU of the scheduler")
    try:
        from tests.loopback import running
    except ImportError as error:
        yield row(f"Dask is left out ({error}): pip install -e '.[dask]'", "", "", "")
        yield from _ours(bench, tasks)
        return
    with running(bench.folder / "dask") as scheduler:
        yield from _empty(scheduler, tasks)
        yield from _ours(bench, tasks)
        yield from _shards(bench, scheduler)


def _empty(scheduler: Started, tasks: int) -> Iterator[str]:
    """Submit empty tasks as people do, as our executor does, and as a batch does."""
    import distributed
    import psutil

    from audioconv.batch.cluster import Cluster

    process = psutil.Process(scheduler.processes[0].pid)
    with closing(distributed.Client(scheduler_file=str(scheduler.file))) as client:
        yield _timed(
            "`client.submit`, all at once",
            tasks,
            lambda: client.gather([client.submit(int, pure=False) for _ in range(tasks)]),
            process,
        )
    with Cluster(scheduler.place()) as executor:
        yield _timed(
            "`Cluster.submit`, all at once",
            tasks,
            lambda: [one.result() for one in [executor.submit(int) for _ in range(tasks)]],
            process,
        )
        numbers = range(tasks)
        yield _timed(
            "as a batch does, a few at a time",
            tasks,
            lambda: [*results(numbers, int, executor, Stop())],  # type: ignore[arg-type]
            process,
        )


def _ours(bench: Bench, tasks: int) -> Iterator[str]:
    """Plan tiny files, claim them, write down that they are done, and read it again."""
    inputs, into = bench.folder / "tiny", bench.folder / "done"
    inputs.mkdir()
    into.mkdir()
    for at in range(tasks):
        soundfile.write(inputs / f"{at:05}.wav", np.zeros(1), 16000, "PCM_16")
    plans: list[Plan] = []

    def plan() -> None:
        plans.append(make_plan([str(inputs)], ["delta"], str(into), Options(), Settings()))

    yield _timed("plan", tasks, plan)
    (made,) = plans
    yield _timed("claims and journal", tasks, lambda: _done(made, str(into)))
    yield _timed("reading the journal", tasks, lambda: _read(made, str(into)))


def _done(plan: Plan, into: str) -> None:
    journal = Journal(into, plan.options, plan.tasks)
    with claiming(into, journal.done) as claims:
        for task in plan.tasks:
            assert claims.take(task)
            state = State(1000, 10**18, "0" * 64)
            line = {"file_name": task.output, "input_sha256": state.sha256, "duration": 1.0}
            Path(into, task.output).touch()
            key = task_key(task, into, plan.options)
            write_record(into, Record(task.output, key, [state], {task.output: state}, line, {}))


def _read(plan: Plan, into: str) -> None:
    journal = Journal(into, plan.options, plan.tasks)
    assert all(map(journal.recorded, plan.tasks))


def _timed(
    name: str, tasks: int, work: Callable[[], object], scheduler: psutil.Process | None = None
) -> str:
    """Return the ms that each task takes, by the clock and of processors."""
    print(name, file=sys.stderr, flush=True)
    clocks = time.perf_counter, time.process_time, lambda: _cpu(scheduler)
    began = [clock() for clock in clocks]
    work()
    took = (clock() - start for clock, start in zip(clocks, began, strict=True))
    return row(name, *(number(1000 * seconds / tasks, 3) for seconds in took))


def _cpu(process: psutil.Process | None) -> float:
    """Return the processor time of a process; not a number if there is none."""
    return nan if process is None else sum(process.cpu_times()[:2])


def _shards(bench: Bench, scheduler: Started) -> Iterator[str]:
    """Convolve a long file on this machine, and in shards on the two workers."""
    length = bench.minutes(LONG)
    sound, impulse = bench.sound(length), bench.impulse(3)
    out = bench.folder / "shards.wav"
    names = (sys.executable, "-m", "audioconv", "convolve", str(sound), str(out))
    options = ("--ir", str(impulse), "-y", "-q")
    there = ("--scheduler-file", str(scheduler.file))
    commands = [Command((*names, *options, *more), out) for more in ((), there)]
    here, shards = in_turn(commands, bench.rounds)
    yield f"\n{named(length)} of 16-bit stereo with a 3 s impulse, whole processes."
    yield "\n" + header("where", "wall s", "/ threads", "MiB here")
    yield row("threads of this machine", number(middle(here).wall), "", number(middle(here).mib, 0))
    yield row(
        "`--scheduler-file`, two workers on loopback",
        number(middle(shards).wall),
        number(ratio(shards, here).wall),
        number(middle(shards).mib, 0),
    )
