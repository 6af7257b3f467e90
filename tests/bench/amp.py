"""How fast amplifiers are rendered on one core, beside NeuralAmpModelerCore in WebAssembly."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.nam_models import ARRAY, LAST, model, wavenet

from .bench import Bench
from .sounds import ROOT
from .tables import NONE, header, number, row

LEAST = 5.0
"""Target of 32 bits: times real time."""

A1 = wavenet(
    {"channels": 16, "head_size": 8, "dilations": [2**n for n in range(10)]},
    {**LAST, "input_size": 16, "channels": 8, "dilations": [2**n for n in range(10)]},
)
CYCLE = [1, 3, 7, 17, 41, 101, 239]
A2 = {
    **wavenet(),
    "layers": [
        {key: value for key, value in ARRAY.items() if key not in ("kernel_size", "head_size")}
        | {"channels": 8, "activation": {"type": "LeakyReLU", "negative_slope": 0.01}}
        | {
            "dilations": [*CYCLE, *CYCLE, 1, 13, *CYCLE],
            "kernel_sizes": [6] * 14 + [15] * 2 + [6] * 7,
        }
        | {"head": {"out_channels": 1, "kernel_size": 16, "bias": True}}
    ],
}
LSTM = {"input_size": 1, "hidden_size": 24, "num_layers": 1}
MODELS = {"A1 standard": ("WaveNet", A1), "A2": ("WaveNet", A2), "LSTM, 24": ("LSTM", LSTM)}
"""Models of the sizes that people share, whose weights are made up."""

WAYS = (("single", "exact"), ("single", "fast"), ("double", "exact"), ("double", "fast"))
"""Precisions, and kinds of tanh."""


def amp(bench: Bench) -> Iterator[str]:
    """Time the rendering of noise, a process for each row."""
    yield (
        "## Amplifiers\n\nMono noise at 48 kHz, the model alone, on one core: times real time, by "
        "processor time. The core of the Neural Amp Modeler, in WebAssembly under node, renders in "
        "32 bits with the fast tanh; the difference from it is that of the tanh, or of rounding."
    )
    yield "\n" + header("model", "precision", "tanh", "x real time", "core", "difference dB")
    seconds = 1.0 if bench.quick else 10.0
    for name, (architecture, config) in MODELS.items():
        path = bench.folder / "amp.nam"
        path.write_text(json.dumps(model(architecture, config, scale=0.1, sample_rate=48000)))
        for precision, tanh in WAYS:
            yield _row(name, path, precision, tanh, seconds, bench.rounds)


def _row(name: str, path: Path, precision: str, tanh: str, seconds: float, rounds: int) -> str:
    print(f"{name}, {precision}, {tanh}", file=sys.stderr, flush=True)
    program = [sys.executable, "-m", f"{__package__}.voices", str(path), precision, tanh]
    done = subprocess.run(
        [*program, str(seconds), str(rounds)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1]
        return row(name, precision, tanh, f"failed: {said}", NONE, NONE)
    told: dict[str, Any] = json.loads(done.stdout)
    misses = precision == "single" and told["speed"] < LEAST and not name.startswith("LSTM")
    speed = number(told["speed"], 1)
    figures = [number(told[key], 1) for key in ("core", "off")]
    return row(name, precision, tanh, f"**{speed} < {LEAST:g}**" if misses else speed, *figures)
