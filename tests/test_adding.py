"""An engine, an effect, an option and the like, added to a copy as its README describes.

Each addition is a new file, and lines that follow one that is there; nothing else changes.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile
from nam_models import ARRAY, wavenet

pytestmark = pytest.mark.usefixtures("untraced")

ROOT = Path(__file__).parent.parent

ENGINE = '''
"""The definition, one product after another."""

from functools import partial

import numpy as np

from audioconv.engines.audio import as_audio
from audioconv.engines.convolver import OverlapAdd, as_convolved
from audioconv.engines.rounding import plain_sums

DTYPE = np.dtype(np.float64)


def naive(routing, *, single=False, signal_bits=None):
    """Build the engine."""
    model = partial(plain_sums, routing, block=64, dtype=DTYPE, signal_bits=signal_bits)
    kernel = partial(_convolve, routing)
    return OverlapAdd(routing, kernel, block=64, dtype=DTYPE, error_model=model)


def _convolve(routing, samples, unit):
    block = as_audio(samples, DTYPE, unit)
    full = np.zeros((len(block) + routing.frames - 1, routing.outputs))
    for route in routing.routes:
        full[:, route.target] += np.convolve(block[:, route.source], routing.taps(route))
    return as_convolved(full, len(block))
'''

BUILDER = '''
"""A toy."""

from impulses.impulse import Impulse
from impulses.quantities import Gain


def inverter(rate: int, *, depth: Gain = 1.0) -> Impulse:
    """Turn the sound upside down.

    Sound: as before.

    Parameters
    ----------
    depth : float
        by how much
    """
    return Impulse([[-depth]], rate)
'''

PLOT = '''
"""The peak of a sound as a bar."""

from audioconv.files import read_all
from audioconv.plot import style
from audioconv.plot.options import Look, PictureInfo


def loudest(file: str, output: str, look: Look, *, floor: float = 0.0) -> PictureInfo:
    """Draw the peak of a sound.

    Parameters
    ----------
    file : str
        sound file
    output : str
    look : Look
    floor : float
        lower end of the axis
    """
    audio, _ = read_all(file)
    with style.picture(output, look, [file]) as figure:
        axes = figure.add_subplot()
        axes.bar([0], [abs(audio).max()])
        axes.set_ylim(floor, 1)
    return PictureInfo("the peak", style.size(figure))
'''


EFFECT = '''
"""A rectifier."""

from dataclasses import dataclass

from audioconv.effects.plan import Plan
from audioconv.parameters import validate


@dataclass(frozen=True, kw_only=True)
class Rectify:
    """Make what is negative smaller.

    Parameters
    ----------
    amount : float
        by how much
    """

    amount: float = 1.0

    def __post_init__(self):
        validate(self)

    @property
    def files(self):
        return ()

    def plan(self, rate, channels):
        return Plan(
            start=lambda: Rectifier(self.amount, channels),
            block=512,
            channels=channels,
            rate=rate,
            frames=lambda frames: frames,
        )


class Rectifier:
    """Its stage."""

    notices = ()

    def __init__(self, amount, channels):
        self.amount, self.channels = amount, channels

    def process(self, block):
        return block - self.amount * block.clip(max=0)

    def flush(self):
        import numpy as np

        return np.zeros((0, self.channels))
'''

ACTIVATION = '''

def square(x: Array, out: Array | None = None) -> Array:
    """Return x squared."""
    return np.multiply(x, x, out=out)
'''


class Copy:
    """A copy of both packages, to which things are added."""

    def __init__(self, folder):
        self.folder = folder
        for package in ("audioconv", "impulses"):
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / package, folder / package, ignore=ignored)
        shutil.copytree(ROOT / "samples", folder / "samples")

    def add_file(self, path, code):
        """Add a file."""
        assert not (self.folder / path).exists()
        (self.folder / path).write_text(code.lstrip())

    def add_lines(self, path, after, lines):
        """Add lines behind one that is there, once."""
        text = (self.folder / path).read_text(encoding="utf-8")
        assert text.count(after) == 1, f"{after!r} is there {text.count(after)} times"
        (self.folder / path).write_text(text.replace(after, f"{after}\n{lines}"), encoding="utf-8")

    def run(self, *arguments):
        """Run a command of the copy."""
        environment = {**os.environ, "PYTHONPATH": str(self.folder)}
        done = subprocess.run(
            [sys.executable, "-P", "-m", "audioconv", *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return done


@pytest.fixture
def copy(tmp_path):
    return Copy(tmp_path)


def test_an_engine_is_one_file_and_one_line(copy):
    copy.add_file("audioconv/engines/naive.py", ENGINE)
    copy.add_lines(
        "audioconv/engines/__init__.py", '    "toeplitz": "toeplitz",', '    "naive": "naive",'
    )
    assert "|naive" in copy.run("convolve", "--help-all").stdout
    arguments = ("samples/speech.wav", "o.wav", "--ir", "double-spike:delay=2ms", "--json")
    done = copy.run("convolve", *arguments, "--engine", "naive", "--verify")
    outcome = json.loads(done.stdout)
    assert outcome["engine"] == "naive"
    assert outcome["verified"]["exact"]  # by the engine's own error model
    copy.run("redo", "o.wav", "--from", "samples")


def test_a_builder_is_one_file_one_import_and_one_line(copy):
    copy.add_file("impulses/builders/inverter.py", BUILDER)
    home = "impulses/builders/__init__.py"
    copy.add_lines(
        home,
        "from impulses.builders.fractional import fractional_delay",
        "from impulses.builders.inverter import inverter",
    )
    copy.add_lines(home, '    "moving-average": moving_average,', '    "inverter": inverter,')
    assert "as before" in copy.run("ir", "list", "inverter").stdout
    assert "--depth" in copy.run("ir", "build", "inverter", "--help").stdout
    copy.run("convolve", "samples/speech.wav", "o.wav", "--ir", "inverter:depth=0.5")
    speech, _ = soundfile.read(copy.folder / "samples/speech.wav")
    inverted, _ = soundfile.read(copy.folder / "o.wav")
    assert abs(inverted + 0.5 * speech).max() <= 2.0**-16


def test_a_plot_is_one_file_and_one_line(copy):
    copy.add_file("audioconv/plot/loudest.py", PLOT)
    copy.add_lines(
        "audioconv/plot/__init__.py",
        '    "null": "Draw a null test: the difference of two sounds.",',
        '    "loudest": "Draw the peak of a sound.",',
    )
    assert "loudest" in copy.run("plot", "--help").stdout
    assert "Lower end of the axis." in copy.run("plot", "loudest", "--help").stdout
    copy.run("plot", "loudest", "samples/speech.wav", "-o", "peak.svg", "--floor", "0.1")
    assert (copy.folder / "peak.svg").read_text().count("<svg") == 1


def test_an_effect_is_one_file_one_import_and_one_line(copy):
    copy.add_file("audioconv/effects/rectify.py", EFFECT)
    home = "audioconv/effects/__init__.py"
    copy.add_lines(
        home,
        "from audioconv.effects.plan import Effect",
        "from audioconv.effects.rectify import Rectify",
    )
    copy.add_lines(home, '    "amp": Amp,', '    "rectify": Rectify,')
    shown = copy.run("rectify", "--help").stdout
    assert "Make what is negative smaller." in shown
    assert "By how much.  [default: 1]" in shown
    copy.run("rectify", "samples/speech.wav", "o.wav", "--amount", "0.5")
    speech, _ = soundfile.read(copy.folder / "samples/speech.wav")
    made, _ = soundfile.read(copy.folder / "o.wav")
    assert abs(made - speech + 0.5 * speech.clip(max=0)).max() <= 2.0**-16
    copy.run("redo", "o.wav", "--from", "samples")


def test_an_activation_is_a_function_and_one_line(copy):
    activations = "audioconv/layers/activations.py"
    copy.add_lines(activations, "    return np.divide(x, below, out=out)", ACTIVATION)
    copy.add_lines(activations, '    "Softsign": softsign,', '    "Square": square,')
    layer = {**ARRAY, "channels": 1, "kernel_size": 1, "dilations": [1], "head_size": 1}
    config = {**wavenet(), "layers": [{**layer, "activation": "Square"}]}
    weights = [0, 0, 0, 1, 0, 0, 1, 0.5]  # half the activation of the sound itself
    made = {"version": "0.7.0", "architecture": "WaveNet", "config": config}
    made |= {"sample_rate": 44100, "weights": weights}
    (copy.folder / "square.nam").write_text(json.dumps(made))
    copy.run("amp", "samples/speech.wav", "o.wav", "--model", "square.nam")
    speech, _ = soundfile.read(copy.folder / "samples/speech.wav")
    made, _ = soundfile.read(copy.folder / "o.wav")
    assert abs(made - 0.5 * speech**2).max() <= 2.0**-16


def test_an_option_of_convolve_is_a_field_and_its_use(copy):
    job = "audioconv/job.py"
    copy.add_lines(
        job,
        "    dry: Gain = field(default=0.0, metadata=EFFECT)",
        "    backwards: bool = field(default=False, metadata=EFFECT)",
    )
    copy.add_lines(
        job,
        "        gain of the original sound, which is added",
        "    backwards : bool\n        play the impulse backwards",
    )
    copy.add_lines(
        "audioconv/render/prepare.py",
        "    impulse, layout, ingredients = _chain(impulses, options, source, load)",
        "    impulse = edit.reverse(impulse) if options.backwards else impulse",
    )
    assert "Play the impulse backwards." in copy.run("convolve", "--help").stdout
    spikes = ("samples/speech.wav", "--ir", "double-spike:delay=10ms,gain=0.5")
    copy.run("convolve", spikes[0], "o.wav", *spikes[1:], "--backwards", "--subtype", "DOUBLE")
    speech, rate = soundfile.read(copy.folder / "samples/speech.wav")
    made, _ = soundfile.read(copy.folder / "o.wav")
    assert abs(made[: rate // 100] - 0.5 * speech[: rate // 100]).max() <= 2.0**-52
    copy.run("redo", "o.wav", "--from", "samples")  # the recipe knows the option


def test_a_measure_of_ir_info_is_a_field_its_computation_and_a_column(copy):
    figures = "impulses/acoustics/figures.py"
    copy.add_lines(figures, "    c80_db: float | None = None", "    c20_db: float | None = None")
    copy.add_lines(
        figures,
        '        (("c80_db",), lambda: (curve.ratio_db(curve.frame_at(0.08), "80 ms"),)),',
        '        (("c20_db",), lambda: (curve.ratio_db(curve.frame_at(0.02), "20 ms"),)),',
    )
    copy.add_lines(
        "audioconv/cli/ir_info.py",
        '    "c80_db": ("C80 dB", ".1f"),',
        '    "c20_db": ("C20 dB", ".1f"),',
    )
    assert " C20 " in copy.run("ir", "info", "samples/hall.wav").stdout
    found = json.loads(copy.run("ir", "info", "samples/hall.wav", "--json").stdout)
    assert found["broadband"]["c20_db"] < found["broadband"]["c50_db"]
