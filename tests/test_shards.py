"""One long file on a Dask cluster: the very bytes of a run on this machine, or nothing."""

import hashlib
import json
import os
import re
from pathlib import Path

import batch_calls
import numpy as np
import pytest
import soundfile
from batches import room, sound

from audioconv import Job, Options, convolve_file
from audioconv.batch.calls import Call, Placed, answer

pytest.importorskip("distributed")

from loopback import MARKS, Calling, running

from audioconv.batch import cluster as clusters
from audioconv.batch.cluster import Cluster
from audioconv.batch.places import Place

pytestmark = MARKS

RATE = 8000


@pytest.fixture(scope="module")
def started(tmp_path_factory):
    with running(tmp_path_factory.mktemp("dask")) as scheduler:
        yield scheduler


@pytest.fixture
def folder(tmp_path, monkeypatch, noise):
    """A sound of 12 blocks of the Toeplitz engine, and an impulse four times as long as one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("DASK_SCHEDULER_ADDRESS", raising=False)
    soundfile.write("float.wav", 0.1 * noise(6000, 2), RATE, "FLOAT")
    soundfile.write("pcm.flac", 0.1 * noise(6000, 2), RATE, "PCM_16")
    soundfile.write("long.wav", 0.1 * noise(2000, 2, seed=1), RATE, "FLOAT")
    return tmp_path


def digest(path):
    return hashlib.sha256(Path(path).read_bytes()).hexdigest()


CASES = {
    "float": ["float.wav", "--engine", "toeplitz", "--length", "input"],
    "16 bits": ["pcm.flac", "--engine", "toeplitz", "--dither", "tpdf", "--clip", "guard"],
    "matched": ["pcm.flac", "--match", "lufs", "--align", "peak", "--length", "auto"],
}


@pytest.mark.parametrize("case", CASES)
def test_any_number_of_shards_makes_the_bytes_of_one_run(folder, started, call, case):
    source, *options = CASES[case]
    line = ["convolve", source, "out.wav", "--ir", "long.wav", "--verify", "-y", *options]
    call(*line)
    hashes = {digest("out.wav")}
    for shards in (1, 2, 3, 7):
        call(*line, "--scheduler-file", started.file, "--shards", shards)
        hashes.add(digest("out.wav"))
    assert len(hashes) == 1


def test_a_pipe_and_the_scheduler_of_the_environment(folder, started, call, piped, monkeypatch):
    call("convolve", "float.wav", "here.wav", "--ir", "long.wav", "--recipe", "none")
    address = json.loads(started.file.read_text())["address"]
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", address)
    piped(Path("float.wav").read_bytes())
    call("convolve", "-", "there.wav", "--ir", "long.wav", "--recipe", "none", "--shards", 2)
    assert digest("there.wav") == digest("here.wav")


def test_workers_that_die_meanwhile_cost_nothing(folder):
    """Both of them, so that what was placed is lost too."""
    Path("calls").mkdir()
    job = Job("float.wav", "here.wav", ["long.wav"], Options(engine="toeplitz", recipe="none"))
    convolve_file(job)
    options = Options(engine="toeplitz", recipe="none", threads=3, verify=True)
    with (
        running(folder / "dask", fragile=True) as fragile,
        Calling(fragile.place(), batch_calls.dying_at, str(folder / "calls"), (2, 3)) as cluster,
    ):
        convolve_file(Job("float.wav", "there.wav", ["long.wav"], options), executor=cluster)
    assert digest("there.wav") == digest("here.wav")
    assert len([*Path("calls").iterdir()]) > 4


def test_the_lines_for_clusters_in_the_readme_run(tmp_path, monkeypatch, started, call):
    """As array jobs of Slurm, and on a scheduler."""
    readme = Path(__file__).parent.parent / "audioconv" / "README.md"
    shown = r"^`?(?:srun )?(audioconv [^`\n]*(?:SLURM_ARRAY|tcp://head:8786)[^`\n]*)"
    lines = re.findall(shown, readme.read_text("utf-8"), re.MULTILINE)
    assert ["--shard " in one for one in lines] == [False, True, False]
    monkeypatch.chdir(tmp_path)
    for name in ("speech/a.wav", "speech/b.wav", "day.wav"):
        sound(name)
    for name in ("rooms/h.wav", "hall.wav"):
        room(name)
    address = json.loads(started.file.read_text())["address"]
    monkeypatch.setenv("SLURM_ARRAY_TASK_COUNT", "2")
    for line in lines:
        here = line.replace("tcp://head:8786", address).replace("/shared/wet", "shared")
        slurm = "SLURM" in line
        for part in ("1", "2") if slurm else ("1",):
            monkeypatch.setenv("SLURM_ARRAY_TASK_ID", part)
            call(*os.path.expandvars(here).split()[1:], *["--workers", "0"] * slurm)
    assert len([*Path("DIR").glob("*.wav")]) == len([*Path("shared").glob("*.wav")]) == 2
    assert Path("DIR/metadata.jsonl").exists()
    assert Path("wet.wav").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--shards", "2"], "pass --scheduler, or set DASK_SCHEDULER_ADDRESS; on one machine"),
        (["--shards", "0"], "--shards is 0; it must be at least 1"),
        (["--shards", "2", "--threads", "2"], "--threads is for this machine"),
        (["--shards", "2", "--engine", "partitioned"], "--engine partitioned needs the block"),
        (["--tls-ca-file", "ca.pem"], "--tls-ca-file is for a Dask cluster; pass --scheduler"),
        (["--allow-skew", "--scheduler", "x", "--scheduler-file", "y"], "give one"),
    ],
)
def test_shards_that_make_no_sense_are_refused(folder, call, options, said):
    assert said in call("convolve", "float.wav", "out.wav", "--ir", "delta", *options, code=2).err
    assert not Path("out.wav").exists()


def test_what_is_placed_is_sent_once():
    taps = np.arange(1000.0)
    placed = Placed(taps)
    call = Call.of(np.convolve, (placed, [1.0, 2.0]), {"mode": "full"})
    assert (call.placed, len(call.pickled) < 200) == ([placed], True)
    reply = clusters.pickle.loads(answer(call.pickled, placed.pickled))
    np.testing.assert_array_equal(reply.value, np.convolve(taps, [1.0, 2.0]))


class Forgetful:
    """A client of Dask whose workers lose what was placed."""

    def __init__(self):
        self.scattered = []

    def scatter(self, value, **how):
        assert how["broadcast"]
        self.scattered.append(value)
        return type("Future", (), {"status": "finished"})()

    def wait_for_workers(self, workers):
        assert workers == 1

    def run(self, *_, **__):
        return {}

    def close(self):
        pass


def test_what_workers_lost_is_sent_again(monkeypatch):
    client = Forgetful()
    monkeypatch.setattr(clusters, "_connected", lambda _: client)
    with Cluster(Place(scheduler="x")) as cluster:
        placed = cluster.place([1, 2])
        first = cluster._sent(placed)
        assert cluster._sent(placed) is first
        first.status = "lost"
        assert cluster._sent(placed) is not first
    assert client.scattered == [placed.pickled] * 2
