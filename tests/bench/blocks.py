"""The engine for embedding, called block by block as an audio callback would, as a program.

Arguments: ``SOUND IMPULSE BLOCK PRECISION SECONDS LEAST``. A block of 0 is what
`audioconv.convolver` chooses; so many SECONDS of sound are convolved, and LEAST blocks.

Prints JSON: how many times faster than real time it is, the 99.9th percentile and the worst of
the times of one block, what a block lasts, and the largest error in dB relative to the peak.
"""

from __future__ import annotations

import json
import os
import sys
import time
from math import log10

import numpy as np
import soundfile
from scipy.signal import oaconvolve

from audioconv import Convolver, convolver
from audioconv.engines.partitioned import Partitioned
from audioconv.engines.routes import routes

WARM = 20  # blocks


def main(sound: str, impulse: str, block: int, precision: str, seconds: float, least: int) -> None:
    """Time every block."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
    taps, rate = soundfile.read(impulse, always_2d=True)
    x, _ = soundfile.read(sound, always_2d=True)
    single, channels = precision == "single", taps.shape[1]
    engine: Convolver = (
        Partitioned(routes(taps, channels), block=block, single=single)
        if block
        else convolver(taps, channels, engine="partitioned", single=single)
    )
    block = engine.block
    count = max(least, int(seconds * rate / block))
    x = np.resize(x[:, :channels], (block * count, channels))
    x = x.astype(np.float32 if single else np.float64)
    for _ in range(WARM):
        engine.process(x[:block])
    engine.reset()

    times, outputs = [], []
    for at in range(0, len(x), block):
        begin = time.perf_counter()
        y = engine.process(x[at : at + block])
        times.append(time.perf_counter() - begin)
        outputs.append(y)
    found = np.concatenate(outputs)
    wanted = oaconvolve(x.astype(np.float64), taps, axes=0)[: len(x)]
    error = float(np.abs(found - wanted).max() / np.abs(wanted).max())
    told = {
        "speed": len(x) / rate / sum(times),
        "often": float(np.quantile(times, 0.999)),
        "worst": max(times),
        "lasts": block / rate,
        "block": block,
        "error": 20 * log10(error),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    sound, impulse, block, precision, seconds, least = sys.argv[1:]
    main(sound, impulse, int(block), precision, float(seconds), int(least))
