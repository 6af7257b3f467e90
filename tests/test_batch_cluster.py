"""A Dask cluster: a scheduler and workers on loopback, workers that die, and other versions."""

import sys
import time
from pathlib import Path

import batch_calls
import pytest
from batches import hashes, planned, room, sound

from audioconv.batch.places import Place
from audioconv.batch.run import run_plan
from audioconv.errors import UsageError

pytest.importorskip("distributed")

from loopback import MARKS, SECONDS, Calling, running

from audioconv.batch import cluster as clusters
from audioconv.batch.cluster import Cluster, ClusterError
from audioconv.batch.skew import skew

pytestmark = MARKS


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    with running(tmp_path_factory.mktemp("dask")) as scheduler:
        yield scheduler


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ["a", "b", "dies"]:
        sound(f"in/{name}.wav")
    Path("in/bad.wav").touch()
    room("rooms/h.wav")
    run_plan(planned("in", "rooms", "one"))
    return tmp_path


def equal(summary, into):
    """Check that a batch is that of one process."""
    assert (summary.done, len(summary.failures), summary.left) == (3, 1, 0), summary.failures
    assert hashes(into) == hashes("one")
    assert Path(into, "metadata.jsonl").read_bytes() == Path("one/metadata.jsonl").read_bytes()


def test_a_cluster_gives_the_bytes_of_one_process(here, started):
    with Cluster(started.place()) as cluster:
        equal(run_plan(planned("in", "rooms", "many"), executor=cluster), "many")
        assert cluster.slots == 2
        with pytest.raises(ValueError, match="invalid literal"):
            cluster.submit(int, "x").result()
    assert cluster.notices == []


def test_a_task_that_is_done_twice_does_no_harm(here, started):
    with Calling(started.place(), batch_calls.twice) as cluster:
        equal(run_plan(planned("in", "rooms", "many"), executor=cluster), "many")


def test_the_command_takes_the_scheduler_of_the_environment(here, started, call, monkeypatch):
    import json

    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", json.loads(started.file.read_text())["address"])
    said = call("batch", "in", "--ir", "rooms", "--into", "many", code=4)
    assert len(said.err.splitlines()) == 3
    assert hashes("many") == hashes("one")


def test_sockets_are_on_loopback_only(started):
    psutil = pytest.importorskip("psutil")
    for process in started.processes:
        for connection in psutil.Process(process.pid).net_connections():
            if connection.status == psutil.CONN_LISTEN:
                assert connection.laddr.ip in ("127.0.0.1", "::1")
    own = {c.laddr for c in psutil.Process().net_connections() if c.status == psutil.CONN_LISTEN}
    with Cluster(started.place()):
        now = psutil.Process().net_connections()
        assert {c.laddr for c in now if c.status == psutil.CONN_LISTEN} == own


def test_a_task_whose_worker_is_killed_four_times_is_done(here):
    Path("tries").mkdir()
    with (
        running(here / "dask", fragile=True) as fragile,
        Calling(fragile.place(), batch_calls.dying, str(here / "tries"), 4) as cluster,
    ):
        equal(run_plan(planned("in", "rooms", "many"), executor=cluster), "many")
    assert len([*Path("tries").iterdir()]) == 4


class Fallible:
    """A client of Dask whose tasks are given up, as by a worker that dies."""

    def __init__(self, faults):
        self.faults = faults
        self.submitted = 0

    def submit(self, do, *arguments, **named):
        self.submitted += 1
        assert named["pure"] is False
        return Sent(self.faults.pop(0) if self.faults else None, arguments[0])

    def close(self):
        pass


class Sent:
    def __init__(self, fault, call):
        self.fault, self.call = fault, call

    def result(self):
        if self.fault:
            raise self.fault
        from audioconv.batch.calls import answer

        return answer(self.call)

    def add_done_callback(self, called):
        called(self)


def test_a_task_is_given_up_after_a_few_tries(monkeypatch):
    from distributed.scheduler import KilledWorker

    def cluster_of(faults):
        client = Fallible(faults)
        client.run = lambda *_, **__: {}
        monkeypatch.setattr(clusters, "_connected", lambda _: client)
        return client, Cluster(Place(scheduler="x"))

    killed = KilledWorker("task", None, 3)
    client, cluster = cluster_of([killed] * 3)
    with cluster:
        assert cluster.submit(divmod, 7, 3).result() == (2, 1)
    assert client.submitted == 4
    client, cluster = cluster_of([killed] * 4)
    with cluster, pytest.raises(ClusterError, match="gave it up after 4 tries: KilledWorker"):
        cluster.submit(divmod, 7, 3).result()
    assert cluster.notices == ["the scheduler has no workers yet; the work waits for them"]


def test_a_worker_with_other_versions_is_refused(here, started, tmp_path):
    Path("other.py").write_text("import numpy\nnumpy.__version__ = '0.1'\n")
    with Cluster(started.place()) as early:
        worker = started.worker("--no-nanny", "--preload", str(tmp_path / "other.py"))
        early._client.wait_for_workers(3, timeout=SECONDS)
        # one that joins later gets no work that counts
        summary = run_plan(planned("in", "rooms", "many", replicas=1), executor=early)
        equal(summary, "many")
        address = next(iter(set(early._client.scheduler_info()["workers"]) - _before(early)))
        sent = early._client.submit(
            early._do, b"no call", early._ours, clusters.VERSIONS, workers=[address]
        )
        told = sent.result()
        assert told == (address, {**early._ours, "numpy": "0.1"})
        early._refuse(*told)
        (notice,) = early.notices
        assert notice.endswith("; it gets no work")
        assert "has numpy 0.1, where this process has numpy" in notice
        futures = [early.submit(batch_calls.who) for _ in range(6)]
        assert worker.pid not in {future.result() for future in futures}
    with pytest.raises(ClusterError, match=rf"{address} has numpy 0\.1, where .*allow_skew=True"):
        Cluster(started.place())
    with Cluster(started.place(allow_skew=True)) as cluster:
        assert cluster.submit(divmod, 7, 3).result() == (2, 1)
    worker.terminate()
    worker.wait()


def _before(cluster):
    """Return the workers with our versions."""
    versions, _ = clusters._portable()
    found = cluster._client.run(versions, clusters.VERSIONS)
    return {worker for worker, theirs in found.items() if theirs == cluster._ours}


def test_a_worker_without_audioconv_is_named():
    said = skew("tcp://a:1", {"audioconv": None}, {"audioconv": "0.2.0"})
    assert said == "the worker tcp://a:1 has no audioconv, where this process has audioconv 0.2.0"
    assert "ValueError: x" in skew("tcp://a:1", ValueError("x"), {})


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ({"scheduler": "tcp://127.0.0.1:1"}, "no Dask scheduler answers at tcp://127.0.0.1:1"),
        ({"scheduler": "odd://x:1"}, "no Dask scheduler answers at odd://x:1"),
        ({"scheduler_file": "none.json"}, "none.json names no Dask scheduler after 0.5 s"),
        ({"scheduler": "nonsense"}, "no Dask scheduler answers at nonsense"),
    ],
)
def test_a_scheduler_that_does_not_answer_is_an_error_in_time(place, said):
    began = time.monotonic()
    with pytest.raises(ClusterError, match=said):
        Cluster(Place(**place, connect_timeout=0.5))
    assert time.monotonic() < began + 20


def test_tls_files_that_are_not_there_are_refused():
    with pytest.raises(UsageError, match=r"tls://127\.0\.0\.1:1 is encrypted; pass"):
        Cluster(Place(scheduler="tls://127.0.0.1:1", connect_timeout=0.5))
    with pytest.raises(UsageError, match=r"the TLS file no\.pem does not exist"):
        Cluster(Place(scheduler="tls://127.0.0.1:1", tls_ca_file="no.pem", connect_timeout=0.5))


def test_without_dask_the_error_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ClusterError, match=r"install it: pip install 'audioconv\[dask\]'"):
        Cluster(Place(scheduler="tcp://127.0.0.1:1"))
