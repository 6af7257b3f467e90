"""A data set of speech, reverberated by one command, and by the loop that labs write."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from impulses.builders import shoebox

from .bench import Bench
from .measure import Command, Cost, middle, ratio, run
from .sounds import SAMPLES, SHARED
from .tables import header, judged, number, row

UTTERANCES, ROOMS = 2000, 200
RATE = 16000
MOST_ALONE, MOST_OF_ONE = 1.8, 0.59
"""Targets: share of the loop's time with one worker, and what two take of that."""


def many(bench: Bench) -> Iterator[str]:
    """Compare files a second, and what verification and more files add."""
    count = UTTERANCES // (20 if bench.quick else 1)
    sounds, rooms = bench.folder / "utterances", bench.folder / "rooms"
    _write_sounds(sounds, count)
    _write_rooms(rooms)
    outputs = bench.folder / "reverberated"
    loop = (sys.executable, "-m", f"{__package__}.plain", str(sounds), str(rooms), str(outputs))
    ours = [_batch(sounds, rooms, outputs, *how) for how in ((1,), (2,), (2, "--verify"))]
    print("many", file=sys.stderr, flush=True)
    costs: list[list[Cost]] = [[] for _ in range(4)]
    for _ in range(bench.rounds):
        for command, of_one in zip((Command(loop), *ours), costs, strict=True):
            shutil.rmtree(outputs, ignore_errors=True)
            of_one.append(run(command))
    theirs, one, two, proven = costs
    yield (
        f"## Many files\n\n{count} utterances of 2 to 4 s at 16 kHz, half of them FLAC, with one "
        f"of {ROOMS} rooms each, to 32-bit float: `audioconv batch` beside a loop of soundfile and "
        "`scipy.signal.fftconvolve`. Whole processes, in turn."
    )
    yield "\n" + header("job", "time / loop", "files / s", "CPU / loop", "MiB")
    yield _row("loop", theirs, theirs, count)
    yield _row("one worker", one, theirs, count, MOST_ALONE)
    yield _row("two workers", two, theirs, count)
    yield _row("two workers, `--verify`", proven, theirs, count)
    share = judged(ratio(two, one).wall, MOST_OF_ONE)
    yield f"\nTwo workers take {share} of the time of one."
    for folder in (sounds, rooms, outputs):
        shutil.rmtree(folder)


def _batch(sounds: Path, rooms: Path, outputs: Path, workers: int, *more: str) -> Command:
    names = (str(sounds), "--ir", str(rooms), "--into", str(outputs))
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
        sides = random.uniform((4, 3, 2.5), (8, 6, 3.5))
        places = [sides * random.uniform(0.2, 0.8, 3) for _ in range(2)]
        room = shoebox(
            RATE,
            room=tuple(sides),
            source=tuple(places[0]),
            microphone=tuple(places[1]),
            rt60=random.uniform(0.2, 0.8),
        )
        soundfile.write(folder / f"{at:03}.wav", room.taps, RATE, subtype="FLOAT")
