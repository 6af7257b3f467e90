"""Amplifiers beside NeuralAmpModelerCore, on its authors' models and sound, and on ours."""

import json

import nam_judge
import numpy as np
import pytest
import soundfile
from nam_models import MODELS, model, scattered

from audioconv.layers.nam import read_model

pytestmark = pytest.mark.skipif(not nam_judge.is_here(), reason="no node, or NAM_WASM is not set")

EXAMPLES = ("A2", "wavenet_a1_standard", "wavenet", "lstm", "slimmable_container")


def off(path, sound, *, single):
    """Return the largest difference from the other renderer, in dB of full scale."""
    amplifier = read_model(path.read_text()).amplifier(fast_tanh=True, single=single)
    ours = np.concatenate([*amplifier.render([sound[:, None]])])[:, 0]
    return 20 * np.log10(np.abs(ours - nam_judge.judged(path, sound)).max())


@pytest.mark.parametrize("single", [False, True])
@pytest.mark.parametrize("name", EXAMPLES)
def test_example_models(shared, name, single):
    sound, rate = soundfile.read(shared / "nam/input.wav")
    assert rate == 48000
    assert off(shared / f"nam/{name}.nam", sound, single=single) < (-90 if single else -110)


@pytest.mark.parametrize("name", MODELS)
def test_models_of_every_kind(name, tmp_path):
    path = tmp_path / "model.nam"
    path.write_text(json.dumps(model(*MODELS[name])))
    assert off(path, scattered(4000) / 3, single=False) < -110
