"""Short sounds from Python, each with an impulse of its own: arrays, and files."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

from .bench import Bench
from .sounds import ROOT
from .tables import NONE, header, judged, number, row

ARRAYS = [(seconds, impulse) for seconds in (2.0, 3.0, 4.0) for impulse in (0.3, 0.5, 1.0)]
FILES = [(3.0, 0.5, subtype) for subtype in ("FLOAT", "PCM_16")]
MOST = {"arrays": 1.0, "files": 1.7}
"""Targets: shares of the time of SciPy, and of SciPy between soundfile's reading and writing."""


def short(bench: Bench) -> Iterator[str]:
    """Time loops over utterances, a process for each row."""
    yield (
        "## Short sounds\n\nSpeech at 16 kHz, mono, each time with a new impulse, in one process "
        "and one thread: `audioconv.convolve` beside `scipy.signal.fftconvolve` in the same "
        "precision, `convolve_file` beside `soundfile.read`, `fftconvolve` and `soundfile.write`. "
        "Loops in turn; the output is removed before each run."
    )
    yield "\n" + header("job", "as", "ratio", "ms, ours / theirs", "error dB")
    for seconds, impulse in ARRAYS:
        for precision in ("double", "single"):
            yield _row(bench, "arrays", seconds, impulse, precision)
    for seconds, impulse, subtype in FILES:
        yield _row(bench, "files", seconds, impulse, subtype)


def _row(bench: Bench, what: str, seconds: float, impulse: float, form: str) -> str:
    job = f"{what}, {seconds:g} s with {impulse:g} s"
    print(f"{job}, {form}", file=sys.stderr, flush=True)
    loops = 2 if bench.quick else 3 * bench.rounds
    program = [sys.executable, "-m", f"{__package__}.loops", what, str(bench.folder)]
    done = subprocess.run(
        [*program, str(seconds), str(impulse), form, str(loops)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1]
        return row(job, form, f"failed: {said}", *[NONE] * 2)
    told: dict[str, Any] = json.loads(done.stdout)
    times = " / ".join(number(1000 * told[key]) for key in ("ours", "theirs"))
    return row(job, form, judged(told["ratio"], MOST[what]), times, number(told["error"], 0))
