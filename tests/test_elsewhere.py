"""Blocks convolved by an executor: the very bytes of a run here."""

import hashlib
import multiprocessing
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest
import soundfile

from audioconv import Job, Options, convolve_file
from audioconv.engines import ENGINES
from audioconv.errors import VerificationError

RATE = 8000
FRAMES = 14_000


class ReadOnly(Executor):
    """Returns arrays that cannot be written to, as some that were sent over a network."""

    def __init__(self):
        self.placed = 0

    def place(self, kernel):
        self.placed += 1
        return kernel

    def submit(self, call, /, *arguments):
        future = Future()
        result = call(*arguments)
        for part in result if isinstance(result, list) else [*result[1], result[2]]:
            part.setflags(write=False)
        future.set_result(result)
        return future


@pytest.fixture
def folder(tmp_path, noise):
    soundfile.write(tmp_path / "in.wav", 0.1 * noise(FRAMES, 2), RATE, "FLOAT")
    soundfile.write(tmp_path / "in.flac", 0.1 * noise(FRAMES, 2), RATE, "PCM_16")
    soundfile.write(tmp_path / "long.wav", 0.1 * noise(5000, 2, seed=1), RATE, "FLOAT")
    return tmp_path


def made(folder, name, executor, ir="long.wav", source="in.wav", **options):
    """Convolve, and return the hash of the output without its recipe."""
    job = Job(
        folder / source,
        folder / f"{name}.wav",
        [ir if ":" in ir else folder / ir],
        Options(recipe="none", overwrite=True, **options),
    )
    outcome = convolve_file(job, executor=executor)
    return hashlib.sha256((folder / f"{name}.wav").read_bytes()).hexdigest(), outcome


@pytest.mark.parametrize("workers", [1, 2, 3, 7])
@pytest.mark.parametrize("subtype", ["FLOAT", "PCM_16"])
@pytest.mark.parametrize("engine", ENGINES)
def test_any_number_of_workers_makes_the_same_bytes(folder, engine, subtype, workers):
    """The impulse is longer than a block of the direct engine, and of the matrix."""
    options = {"engine": engine, "subtype": subtype, "verify": True, "wet": 0.2}
    here, _ = made(folder, "here", None, **options)
    with ThreadPoolExecutor(workers) as executor:
        there, outcome = made(folder, "there", executor, threads=workers, **options)
    assert there == here
    assert outcome.verified.passed


@pytest.mark.parametrize(
    ("ir", "source"), [("long.wav", "in.flac"), ("double-spike:delay=100ms", "in.flac")]
)
def test_the_guard_begins_again_there_too(folder, ir, source):
    options = {"wet": 30, "verify": True, "dither": "tpdf", "length": "auto"}
    here, _ = made(folder, "here", None, ir, source, **options)
    executor = ReadOnly()
    there, outcome = made(folder, "there", executor, ir, source, **options)
    assert there == here
    assert outcome.guard_gain_db < 0
    assert executor.placed == 1


def test_other_processes_make_the_same_bytes(folder):
    here, _ = made(folder, "here", None)
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, context) as executor:
        there, _ = made(folder, "there", executor, threads=2)
    assert there == here


class Faulty(ReadOnly):
    """Returns sums of which one is off."""

    def submit(self, call, /, *arguments):
        future = super().submit(call, *arguments)
        frames, parts, tail = future.result()
        wrong = np.array(parts[0])
        wrong[len(wrong) // 2] += 1e-4
        off = Future()
        off.set_result((frames, [wrong, *parts[1:]], tail))
        return off


def test_a_worker_that_errs_is_seen_by_the_proof(folder):
    with pytest.raises(VerificationError, match="the certificate is"):
        made(folder, "there", Faulty(), verify=True)


class Broken(Executor):
    """Fails as an executor does whose workers died."""

    def submit(self, call, /, *arguments):
        future = Future()
        future.set_exception(RuntimeError("no worker is left"))
        return future


def test_an_executor_that_fails_leaves_nothing(folder):
    with pytest.raises(RuntimeError, match="no worker is left"):
        made(folder, "there", Broken(), threads=3)
    assert not (folder / "there.wav").exists()
    assert {path.name for path in folder.iterdir()} == {"in.wav", "in.flac", "long.wav"}
