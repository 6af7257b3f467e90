"""How fast the engine for embedding answers, block by block, on one core."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from .bench import Bench
from .sounds import RATE, ROOT
from .tables import NONE, header, number, row

BLOCKS = [0, 64, 128, 256, 512, 1024]  # 0: as `audioconv.convolver` chooses
IMPULSE = 10  # s


def embedding(bench: Bench) -> Iterator[str]:
    """Time each call of `process`, a process for each row."""
    yield (
        f'## Embedding\n\n`audioconv.convolver(h, channels, engine="partitioned")`, and '
        f"`engines.Partitioned` with blocks of its own, {IMPULSE} s impulse, {RATE} Hz, one core. "
        "Times of one block in ms; the last of them is what it lasts."
    )
    yield "\n" + header(
        "block", "channels", "precision", "x real time", "99.9 %", "worst", "lasts", "error dB"
    )
    for channels in (2, 1):
        for precision in ("double", "single"):
            for block in BLOCKS:
                yield _row(bench, channels, precision, block)


def _row(bench: Bench, channels: int, precision: str, block: int) -> str:
    print(f"embedding: {channels}, {precision}, {block}", file=sys.stderr, flush=True)
    sound, impulse = bench.sound(12), bench.impulse(IMPULSE, channels)
    span = ["1", "50"] if bench.quick else ["12", "1000"]  # seconds, and blocks at least
    program = [sys.executable, "-m", f"{__package__}.blocks"]
    done = subprocess.run(
        [*program, str(sound), str(impulse), str(block), precision, *span],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1]
        return row(block or "convolver", channels, precision, f"failed: {said}", *[NONE] * 4)
    told: dict[str, Any] = json.loads(done.stdout)
    name = block or f"convolver ({told['block']})"
    times = [number(1000 * told[key], 3) for key in ("often", "worst", "lasts")]
    speed, error = number(told["speed"], 1), number(told["error"], 0)
    return row(name, channels, precision, speed, *times, error)
