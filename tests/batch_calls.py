"""What workers are given in the tests of executors: calls that another process can import."""

import os
import signal
import time
from pathlib import Path
from uuid import uuid4


def crash():
    os.kill(os.getpid(), signal.SIGSEGV)


def loop():
    while True:
        pass


def eat():
    return [bytearray(2**24) for _ in range(2**20)]


def rest(seconds=60):
    time.sleep(seconds)


def who():
    return os.getpid()


def threads():
    return os.environ["OPENBLAS_NUM_THREADS"], os.environ["OMP_NUM_THREADS"]


def shout():
    os.write(1, b"a library prints\n")
    return "heard"


def fault():
    class LocalError(Exception):
        pass

    raise LocalError("this does not pickle")


def faulty(bad, work, task):
    """Do a task, or what its name asks for."""
    call = next((call for name, call in bad.items() if name in task.output), None)
    return call() if call else work(task)


def dying(folder, times, work, task):
    """End the process the first few times that a task called "dies" is given to it."""
    if "dies" in task.output:
        tries = len([*Path(folder).iterdir()])
        if tries < times:
            Path(folder, str(tries)).touch()
            os._exit(1)
    return work(task)


def dying_at(folder, numbers, work, *arguments):
    """Do a call, or end the process at those of some numbers, counted over all processes."""
    number = len([*Path(folder).iterdir()])
    Path(folder, uuid4().hex).touch()
    if number in numbers:
        os._exit(1)
    return work(*arguments)


def twice(work, task):
    """Do a task two times, as a cluster may."""
    work(task)
    return work(task)


def start_and_tell(folder):
    """Own workers that rest, as a script of its own does it."""
    from audioconv.batch.workers import Workers

    workers = Workers(2)
    pids = {workers.submit(who).result() for _ in range(4)}
    workers.submit(loop)
    Path(folder, "pids").write_text(" ".join(map(str, pids)))
    rest()
