"""Our own workers, any executor, and the places of a batch."""

import json
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import batch_calls
import pytest
from batches import hashes, planned, room, sound

from audioconv import Options, convolve_files
from audioconv.batch.executors import options_on
from audioconv.batch.places import Place, executor_at
from audioconv.batch.run import run_plan
from audioconv.batch.worker import limits_memory
from audioconv.batch.workers import WorkerError, Workers
from audioconv.cli.terminal import Tally
from audioconv.errors import UsageError
from audioconv.job import available_cores

ROOM = "noise:rt60=0.1..0.2"

posix = pytest.mark.skipif(os.name == "nt", reason="signals are those of POSIX")
pytestmark = pytest.mark.usefixtures("untraced")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in "abcdef":
        sound(f"in/{name}.wav")
    room("rooms/h.wav", frames=2000)
    return tmp_path


class Faulty(Workers):
    """Workers that do to some tasks what their names ask for."""

    def __init__(self, bad, *arguments, **limits):
        super().__init__(*arguments, **limits)
        self.bad = bad

    def submit(self, fn, /, *arguments, **named):
        return super().submit(batch_calls.faulty, self.bad, fn, *arguments, **named)


@posix
def test_what_crashes_loops_or_eats_memory_costs_itself(here):
    run_plan(planned("in", "rooms", "one"))
    bad = {"b_h": batch_calls.crash, "c_h": batch_calls.loop, "e_h": os.abort}
    if limits_memory():
        bad["d_h"] = batch_calls.eat
    with Faulty(bad, 2, item_timeout=8, item_memory=2**28) as workers:
        summary = run_plan(planned("in", "rooms", "many"), executor=workers)
    said = {failed.task.output: failed.error for failed in summary.failures}
    assert sorted(said) == sorted(f"{name}.wav" for name in bad)
    assert said["b_h.wav"] == "the worker crashed on it (SIGSEGV); the file may be damaged"
    assert said["c_h.wav"] == "it took longer than 8 s; raise `item_timeout`"
    assert "SIGABRT" in said["e_h.wav"]
    if limits_memory():
        assert "MemoryError" in said["d_h.wav"]
    assert summary.left == 0
    left = {name: found for name, found in hashes("one").items() if name not in said}
    assert hashes("many") == left


@pytest.mark.parametrize("workers", [1, 2, 3])
def test_any_number_of_workers_gives_the_same_bytes(here, workers):
    Path("in/bad.wav").touch()
    run_plan(planned("in", ["rooms", ROOM], "one"))
    summary = convolve_files("in", ["rooms", ROOM], "many", workers=workers)
    assert (summary.done, len(summary.failures), summary.left) == (12, 2, 0)
    assert hashes("many") == hashes("one")
    assert Path("many/metadata.jsonl").read_bytes() == Path("one/metadata.jsonl").read_bytes()


def test_a_worker_is_kept_until_a_call_ends_it():
    with Workers(1) as workers:
        first = workers.submit(batch_calls.who).result()
        assert workers.submit(batch_calls.who).result() == first != os.getpid()
        with pytest.raises(WorkerError, match=r"crashed on it \(exit code 3\)"):
            workers.submit(os._exit, 3).result()
        second = workers.submit(batch_calls.who).result()
        assert second != first
        (worker,) = workers._alive
        worker.end()
        _until(worker.ended)  # between two calls, which is no fault of the next
        assert workers.submit(batch_calls.who).result() != second
        assert workers.submit(batch_calls.threads).result() == ("1", "1")
        assert workers.submit(batch_calls.shout).result() == "heard"
        with pytest.raises(RuntimeError, match="LocalError: this does not pickle"):
            workers.submit(batch_calls.fault).result()
        with pytest.raises(AttributeError, match="pickle"):
            workers.submit(lambda: 0).result()


def test_a_worker_that_does_not_start_says_so(monkeypatch):
    monkeypatch.setattr("audioconv.batch.workers.BOOT", "raise SystemExit(7)")
    with Workers(1) as workers, pytest.raises(WorkerError, match=r"did not start \(exit code 7\)"):
        workers.submit(batch_calls.who).result()


def test_an_error_among_workers_ends_them_at_once():
    began = time.monotonic()
    begun = []

    def interrupted():
        with Workers(1) as workers:
            begun.extend(workers.submit(batch_calls.rest) for _ in range(2))
            _until(begun[0].running)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert time.monotonic() < began + 30
    assert isinstance(begun[0].exception(), WorkerError)
    assert begun[1].cancelled()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs /proc")
def test_workers_end_with_their_parent(tmp_path):
    code = f"import batch_calls; batch_calls.start_and_tell({str(tmp_path)!r})"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", code], env=environment) as parent:
        _until(lambda: (tmp_path / "pids").is_file() and (tmp_path / "pids").read_text())
        pids = [int(pid) for pid in (tmp_path / "pids").read_text().split()]
        assert all(map(_runs, pids))
        parent.kill()
    _until(lambda: not any(map(_runs, pids)))


@posix
def test_ctrl_c_ends_a_command_after_what_is_under_way(here):
    for number in range(300):
        os.link("in/a.wav", f"in/{number:03}.wav")
    words = ["batch", "in", "--ir", "delta", "--into", "out", "--workers=2", "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "audioconv", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        first = process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert " are left; the same line again goes on" in err
    assert "Traceback" not in err
    names = [json.loads(line)["file_name"] for line in [first, *out.splitlines()]]
    assert 0 < len(names) < 306
    assert {*names} == {*hashes("out")}


def _runs(pid):
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


def _until(true, seconds=20):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.05)


class Refusing(ThreadPoolExecutor):
    """Does not take every second task."""

    taken = 0

    def submit(self, fn, /, *arguments, **named):
        self.taken += 1
        if self.taken % 2:
            raise RuntimeError("no more")
        return super().submit(fn, *arguments, **named)


class Losing(Executor):
    """Does every second task, and loses the others."""

    taken = 0

    def submit(self, fn, /, *arguments, **named):
        self.taken += 1
        future = Future()
        if self.taken % 2:
            future.set_result(fn(*arguments, **named))
        return future


class Cancelling(Losing):
    """Cancels what it does not do."""

    def submit(self, fn, /, *arguments, **named):
        future = super().submit(fn, *arguments, **named)
        future.cancel()
        future.set_running_or_notify_cancel() if not future.done() else None
        return future


@pytest.mark.parametrize(
    ("executor", "said"),
    [
        (lambda: Refusing(2), "the executor failed: RuntimeError: no more"),
        (Losing, "the executor lost it; use another executor"),
        (Cancelling, "the executor lost it; use another executor"),
    ],
)
def test_what_an_executor_does_not_do_has_failed(here, executor, said):
    with executor() as opened:
        summary = run_plan(planned("in", "delta", "out"), executor=opened, patience=0.5)
    assert (summary.done, summary.left) == (3, 0)
    assert [failed.error for failed in summary.failures] == [said] * 3


def test_a_stop_takes_back_what_has_not_begun(here):
    for number in range(40):
        sound(f"in/{number:02}.wav")
    Path("in/00.wav").write_bytes(b"")
    with Workers(1) as workers:
        summary = run_plan(planned("in", "delta", "out", fail_fast=True), executor=workers)
    assert len(summary.failures) == 1
    assert summary.left > 35


def test_each_worker_has_one_thread_unless_cores_are_left():
    assert options_on(None, Options()) == Options()
    with ThreadPoolExecutor(1) as threads:
        assert options_on(threads, Options()) == Options(threads=1)
        assert options_on(threads, Options(threads=3)).threads == 3
    with Workers() as workers:
        assert (workers.slots, workers.threads) == (available_cores(), 1)
    with Workers(1) as workers:
        assert options_on(workers, Options()).threads == min(available_cores(), 8)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"workers": -1}, "`workers` is -1; it must be 0 or more"),
        ({"item_timeout": -1}, "`item_timeout` is -1"),
        ({"connect_timeout": 0}, "`connect_timeout` is 0"),
        ({"scheduler": "a", "scheduler_file": "b"}, "give one"),
        ({"scheduler": "a", "workers": 2}, "`workers` is for workers of this machine"),
        ({"workers": 2, "tls_cert": "c"}, "`tls_cert` is for a Dask cluster"),
        ({"workers": 0, "item_timeout": 3}, "`workers=0` has no limits; pass `workers=1`"),
        ({"scheduler": "a", "tls_cert": "c"}, "give both `tls_cert` and `tls_key`"),
    ],
)
def test_places_that_make_no_sense_are_refused(wrong, said):
    with pytest.raises(UsageError, match=said):
        Place(**wrong)


def test_a_place_has_the_workers_that_its_tasks_need(monkeypatch):
    monkeypatch.delenv("DASK_SCHEDULER_ADDRESS", raising=False)
    notices = []
    with executor_at(Place(workers=4), 3, notices) as executor:
        assert executor.slots == 3
    with executor_at(Place(), 1000, notices) as executor:
        assert executor.slots == available_cores()
    with executor_at(Place(workers=0), 3, notices) as executor:
        assert executor is None
    with (
        pytest.raises(UsageError, match="pass `scheduler`"),
        executor_at(Place(allow_skew=True), 3, notices),
    ):
        pass
    assert notices == []
    monkeypatch.setattr("audioconv.batch.worker.MEMORY", Path("nowhere"))
    with executor_at(Place(item_memory="1GB"), 3, notices):
        assert notices == ["memory is not limited, as `item_memory` needs Linux"]


def test_wrong_workers_are_refused(here):
    with pytest.raises(UsageError, match="`workers` is 0; it must be more than 0"):
        Workers(0)
    with pytest.raises(UsageError, match="both an executor and `workers`"):
        convolve_files("in", "delta", "out", workers=1, executor=Losing())


def test_the_line_of_progress_counts_files():
    tally = Tally(10)
    assert tally.figures(tally.began + 3) == ["0/10 files", "0:03 so far"]
    tally.add(30)
    tally.fail()
    tally.at = tally.began + 2
    assert tally.figures(tally.at) == [
        "2/10 files",
        "0:30 of sound",
        "15 x real time",
        "0:08 left",
        "1 failed",
    ]
    assert tally.part == (2, 10)
    tally.expect(5)
    assert tally.part == (2, 5)
