"""Small sounds and batches of them, for the tests of `audioconv batch`."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import numpy as np
import soundfile

from audioconv.batch.plan import make_plan
from audioconv.batch.settings import Settings
from audioconv.job import Options

RATE = 8000


def sound(path, *, frames=400, channels=1, rate=RATE, seed=None, subtype="PCM_16"):
    """Write noise, its own for each name; folders are made."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    seed = int.from_bytes(path.name.encode()[:8], "big") if seed is None else seed
    noise = np.random.default_rng(seed).uniform(-0.2, 0.2, (frames, channels))
    soundfile.write(path, noise, rate, subtype)
    return str(path)


def room(path, *, frames=200, rate=RATE, channels=1, silence=0):
    """Write a decaying impulse response."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    seed = int.from_bytes(path.name.encode()[:8], "big")
    taps = np.random.default_rng(seed).uniform(-0.1, 0.1, (frames, channels))
    taps *= np.exp(-np.arange(frames) / 30)[:, np.newaxis]
    taps[0] = 1
    soundfile.write(path, np.pad(taps, [(silence, 0), (0, 0)]), rate, "FLOAT")
    return str(path)


def planned(inputs, impulses, into, *, options=None, **settings):
    """Return the plan of a batch."""
    named = [inputs] if isinstance(inputs, str | Path) else inputs
    irs = [impulses] if isinstance(impulses, str | Path) else impulses
    chosen = Settings(**settings)
    return make_plan([*map(str, named)], [*map(str, irs)], str(into), options or Options(), chosen)


def outputs(plan):
    """Return the names of all outputs of a plan."""
    return [task.output for task in plan.tasks]


def hashes(folder):
    """Return the hash of each sound in a folder."""
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in Path(folder).rglob("*.*")
        if path.suffix in {".wav", ".flac"}
    }


def rows(folder):
    """Return the rows of a batch."""
    text = (Path(folder) / "metadata.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


def at_once(work, times=4):
    """Return the results of calls that begin at the same moment, each in a thread of its own."""
    start = threading.Barrier(times)

    def call(_):
        start.wait()
        return work()

    with ThreadPoolExecutor(times) as threads:
        return [*threads.map(call, range(times))]
