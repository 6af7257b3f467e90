"""Render noise with a model, alone in a process: ``python -m tests.bench.voices``."""

from __future__ import annotations

import json
import math
import sys
import time
from pathlib import Path

import numpy as np

from audioconv.layers.nam import read_model
from tests import nam_judge

RATE = 48000


def main(path: str, precision: str, tanh: str, seconds: str, rounds: str) -> None:
    """Print times real time, those of the core, and the difference in dB, as JSON."""
    sound = 0.2 * np.random.default_rng(0).standard_normal((round(float(seconds) * RATE), 1))
    single, fast = precision == "single", tanh == "fast"
    amplifier = read_model(Path(path).read_text()).amplifier(single=single, fast_tanh=fast)
    best = math.inf
    for _ in range(int(rounds)):
        start = time.process_time()  # of one thread, whatever else the machine does
        made = np.concatenate([*amplifier.render([sound])])[:, 0]
        best = min(best, time.process_time() - start)
    told = {"speed": float(seconds) / best, "core": math.nan, "off": math.nan}
    if nam_judge.is_here():
        theirs, taken = nam_judge.timed(path, sound[:, 0])
        told["core"] = float(seconds) / taken
        told["off"] = 20 * math.log10(np.abs(made - theirs).max() / np.abs(theirs).max())
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])
