"""The profiled job: ``python -m tests.bench.profiled SOUND IMPULSE OUT PRECISION SUBTYPE``."""

from __future__ import annotations

import cProfile
import json
import pstats
import sys
from typing import Any

import scipy.fft  # before the clock starts

from audioconv import Job, Options, convolve_file

STEPS = {
    "reading": ["'read' of '_io", "posix.read"],
    "transforms": ["c2c", "scipy/fft", "numpy/fft"],
    "products and twiddles": ["transform.py", "(_multiply)", "(multiplied)"],
    "laying segments into planes": ["(_pack)", "(_lay)"],
    "adding segments and tails": ["(_add_up)", "(_sums)", "(_added)", "(join)", "(snap)"],
    "levels, rounding, encoding": [
        "(_encode)", "(encode)", "(quantise)", "(_steps)", "(take)", "'astype'", "'tobytes'",
        "'argmax'", "'argmin'", "'reduce'",
    ],
    "writing": ["pwrite", "'write' of '_io"],
    "waiting for the hash": ["'acquire' of '_thread"],
}  # fmt: skip


def main(sound: str, impulse: str, out: str, precision: Any, subtype: str) -> None:
    """Run the job under the profiler, and print the seconds of each step."""
    assert scipy.fft
    options = Options(subtype=subtype, overwrite=True, threads=1, precision=precision)
    profiler = cProfile.Profile()
    profiler.runcall(convolve_file, Job(sound, out, [impulse], options))
    shares = dict.fromkeys([*STEPS, "the rest"], 0.0)
    functions: dict[Any, Any] = vars(pstats.Stats(profiler))["stats"]
    for (module, _, function), (_, _, own, *_) in functions.items():
        place = f"{module} ({function})" if module != "~" else function
        step = next((s for s, marks in STEPS.items() if any(m in place for m in marks)), "the rest")
        shares[step] += own
    shares["all"] = sum(shares.values())
    print(json.dumps(shares))


if __name__ == "__main__":
    main(*sys.argv[1:])
