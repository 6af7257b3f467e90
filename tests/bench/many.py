"""A data set of speech, reverberated by one command, and by the loops that labs write."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from .bench import Bench
from .measure import Command, CommandError, Cost, middle, ratio, run
from .plain import random_room
from .sounds import SAMPLES, SHARED
from .tables import header, judged, number, row

UTTERANCES, ROOMS = 2000, 200
RATE = 16000
FEWER = 10
"""Share of the utterances for what takes long."""

MOST_ALONE, MOST_OF_ONE = 1.8, 0.59
"""Targets: share of the loop's time with one worker, and what two take of that."""

RANDOM = "shoebox:room=4..8,3..6,2.5..3.5,rt60=0.2..0.8"


def many(bench: Bench) -> Iterator[str]:
    """Compare files a second, and what verification, random rooms and a disk add."""
    count = UTTERANCES // (20 if bench.quick else 1)
    sounds, few, rooms = (bench.folder / name for name in ("utterances", "few", "rooms"))
    _write_sounds(sounds, count)
    few.mkdir()
    for path in sorted(sounds.iterdir())[: count // FEWER]:
        shutil.copy(path, few)
    _write_rooms(rooms)
    outputs = bench.folder / "reverberated"
    disk = Path.cwd() / "reverberated-by-bench"
    jobs = {
        "loop": _loop("scipy", sounds, rooms, outputs),
        "one worker": _batch(sounds, str(rooms), outputs, 1),
        "two workers": _batch(sounds, str(rooms), outputs, 2),
        "one worker, `--verify`": _batch(sounds, str(rooms), outputs, 1, "--verify"),
        "two workers, `--verify`": _batch(sounds, str(rooms), outputs, 2, "--verify"),
        "two workers, on this disk": _batch(sounds, str(rooms), disk, 2),
    }
    yield (
        f"## Many files\n\n{count} utterances of 2 to 4 s at 16 kHz, half of them FLAC, with one "
        f"of {ROOMS} rooms each, to 32-bit float: `audioconv batch` beside a loop of soundfile and "
        "`scipy.signal.fftconvolve`. Whole processes, in turn."
    )
    costs = _in_turn(jobs, bench.rounds, outputs, disk)
    yield "\n" + header("job", "time / loop", "files / s", "CPU / loop", "MiB")
    for name, cost in costs.items():
        target = MOST_ALONE if name == "one worker" else None
        yield _row(name, cost, costs["loop"], count, target)
    share = judged(ratio(costs["two workers"], costs["one worker"]).wall, MOST_OF_ONE)
    yield f"\nTwo workers take {share} of the time of one."

    jobs = {
        "loop": _loop("scipy", few, rooms, outputs),
        "loop, a random room each": _loop("shoebox", few, rooms, outputs),
        "one worker, random rooms": _batch(few, RANDOM, outputs, 1),
        "audiomentations": _loop("audiomentations", few, rooms, outputs),
        "lhotse": _loop("lhotse", few, rooms, outputs),
        "shell loop of `audioconv convolve`": _loop("shell", few, rooms, outputs),
    }
    yield f"\nOf {count // FEWER} of them:\n"
    costs = _in_turn(jobs, bench.rounds, outputs, disk)
    yield header("job", "time / loop", "files / s", "CPU / loop", "MiB")
    for name, cost in costs.items():
        yield _row(name, cost, costs["loop"], count // FEWER)
    for folder in (sounds, few, rooms, outputs):
        shutil.rmtree(folder, ignore_errors=True)


def _in_turn(jobs: dict[str, Command], rounds: int, *outputs: Path) -> dict[str, list[Cost]]:
    """Run jobs in turn, each into empty folders; those that fail, as not installed, are left."""
    print("many", file=sys.stderr, flush=True)
    costs: dict[str, list[Cost]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name in [*costs]:
            for folder in outputs:
                shutil.rmtree(folder, ignore_errors=True)
            try:
                costs[name].append(run(jobs[name]))
            except CommandError as error:
                print(f"{name}: {error}", file=sys.stderr, flush=True)
                del costs[name]
    for folder in outputs:
        shutil.rmtree(folder, ignore_errors=True)
    return costs


def _loop(how: str, sounds: Path, rooms: Path, outputs: Path) -> Command:
    names = (how, str(sounds), str(rooms), str(outputs))
    return Command((sys.executable, "-m", f"{__package__}.plain", *names))


def _batch(sounds: Path, rooms: str, outputs: Path, workers: int, *more: str) -> Command:
    names = (str(sounds), "--ir", rooms, "--into", str(outputs))
    how = ("--pairs", "random", "--subtype", "FLOAT", "--workers", str(workers), "-q", *more)
    return Command((sys.executable, "-m", "audioconv", "batch", *names, *how))


def _row(
    name: str, costs: list[Cost], loop: list[Cost], count: int, most: float | None = None
) -> str:
    cost, share = middle(costs), ratio(costs, loop)
    speed = number(count / cost.wall, 0)
    return row(name, judged(share.wall, most), speed, number(share.cpu), number(cost.mib, 0))


def _write_sounds(folder: Path, count: int) -> None:
    """Cut speech into utterances, each with a name of its own."""
    folder.mkdir()
    shared = SHARED / "speech_16k_mono16.wav"
    speech, _ = soundfile.read(shared if shared.is_file() else SAMPLES / "speech.wav")
    speech = np.resize(speech if speech.ndim == 1 else speech[:, 0], 60 * RATE)
    random = np.random.default_rng(1)
    for at in range(count):
        frames = int(random.uniform(2, 4) * RATE)
        begin = int(random.integers(len(speech) - frames))
        name = folder / f"{at:05}.{'wav' if at % 2 else 'flac'}"
        soundfile.write(name, 0.25 * speech[begin : begin + frames], RATE, subtype="PCM_16")


def _write_rooms(folder: Path) -> None:
    """Build rooms of all sizes."""
    folder.mkdir()
    random = np.random.default_rng(2)
    for at in range(ROOMS):
        soundfile.write(folder / f"{at:03}.wav", random_room(random, RATE), RATE, subtype="FLOAT")
