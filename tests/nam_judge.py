"""An independent renderer of amplifier models: npm's @opendaw/nam-wasm, under node.

It is NeuralAmpModelerCore 0.5 in C++, compiled to WebAssembly, in 32 bits and with the fast tanh.
``npm install --prefix FOLDER @opendaw/nam-wasm@1.2.0`` gets it, and NAM_WASM in the environment
names ``FOLDER/node_modules/@opendaw/nam-wasm``.
"""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

PACKAGE = os.environ.get("NAM_WASM")
SCRIPT = Path(__file__).parent / "peers" / "nam_judge.mjs"
BLOCK = 128


def is_here():
    return bool(PACKAGE and shutil.which("node"))


def judged(model, sound):
    """Render a sound, (frames,), with the model of a file."""
    return timed(model, sound)[0]


def timed(model, sound):
    """Render a sound, and return the seconds of processor time too."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        whole = np.pad(sound, (0, -len(sound) % BLOCK)).astype("<f4")
        whole.tofile(folder / "in")
        command = ["node", SCRIPT, PACKAGE, model, folder / "in", folder / "out"]
        seconds = float(subprocess.run(command, check=True, capture_output=True).stdout)
        return np.fromfile(folder / "out", "<f4")[: len(sound)].astype(float), seconds
