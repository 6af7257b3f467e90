"""Make the reference pictures of tests/test_plot.py: `python tests/references/make_references.py`.

audioconv draws them from synthetic sounds. They were inspected when they were committed, so they
detect changes, not errors. `matplotlib.txt` names the version that drew them; other versions draw
text slightly differently.
"""

from pathlib import Path

import matplotlib
import numpy as np
import soundfile

from audioconv.plot.decay import decay
from audioconv.plot.null import null
from audioconv.plot.options import Look
from audioconv.plot.response import response
from audioconv.plot.spectrogram import spectrogram
from audioconv.plot.waterfall import waterfall
from audioconv.plot.waveform import waveform

HERE = Path(__file__).parent
VERSION = HERE / "matplotlib.txt"
LOOK = Look(width=120, dpi=70, title="$\\frac{1}{$", overwrite=True)
RATE = 16000


def make_sounds(folder):
    """Write a gliding tone, a delayed and quieter copy, and a room impulse response."""
    seconds = np.arange(2 * RATE) / RATE
    glide = 0.5 * np.sin(2 * np.pi * 100 * (7**seconds - 1) / np.log(7)) * np.minimum(seconds, 1)
    glide = np.stack([glide, -glide / 2], 1)
    later = 0.7 * np.roll(glide, 160, 0) + 1e-3 * np.sin(2 * np.pi * 50 * seconds)[:, np.newaxis]
    chance = np.random.default_rng(1).standard_normal((2, RATE))
    room = np.concatenate([np.zeros(80), chance[0] * 10 ** (-3 * np.arange(RATE) / (0.4 * RATE))])
    room[80] = 4
    room[80:] += 1e-3 * chance[1]
    paths = {}
    for name, sound in {"glide": glide, "later": later, "room": room / 8}.items():
        paths[name] = str(folder / f"{name}.wav")
        soundfile.write(paths[name], sound, RATE, subtype="FLOAT")
    return paths


def draw_all(sounds, folder, suffixes=None, look=LOOK):
    """Draw all plots into a folder, or those in `suffixes`, and return their paths by file name."""
    both = [sounds["glide"], sounds["later"]]
    plots = {
        "waveform": lambda out: waveform(both, out, look),
        "spectrogram": lambda out: spectrogram(both, out, look, duration="1.5s"),
        "response": lambda out: response([sounds["room"], "delta:delay=2ms"], out, look, rate=RATE),
        "decay": lambda out: decay([sounds["room"]], out, look),
        "waterfall": lambda out: waterfall(sounds["room"], out, look, slices=12),
        "null": lambda out: null(*both, out, look),
    }
    paths = {}
    for name, suffix in (suffixes or dict.fromkeys(plots, ".png")).items():
        file = f"{name}{suffix}"
        paths[file] = folder / file
        plots[name](str(paths[file]))
    return paths


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as sounds:
        draw_all(make_sounds(Path(sounds)), HERE)
    VERSION.write_text(f"{matplotlib.__version__}\n")
