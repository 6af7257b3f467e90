"""Amplifiers: what another renderer makes of them, every cut, the command, and bad files."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from nam_models import (
    ARRAY,
    CONVNET,
    GATED,
    LINEAR,
    LSTM,
    MODELS,
    SOUND,
    WAVENETS,
    container,
    film,
    model,
    scattered,
    wavenet,
)

import audioconv
from audioconv.effects.amp import Amp
from audioconv.effects.job import EffectJob
from audioconv.errors import AudioconvError, FormatError, UsageError
from audioconv.job import Options
from audioconv.layers.nam import read_model
from audioconv.render.effect import run_effect

RENDERS = json.loads((Path(__file__).parent / "references/nam_renders.json").read_text())
RATE = 48000
PLAIN = model("WaveNet", wavenet())


def db(ratio):
    return 20 * np.log10(max(ratio, 1e-30))


def render(data, sound=SOUND, **how):
    """Render a mono sound in one piece."""
    sound = np.asarray(sound)[:, None]
    amplifier = read_model(data).amplifier(**{"block": 256, **how})
    return np.concatenate([*amplifier.render([sound])])[:, 0]


@pytest.mark.parametrize("name", MODELS)
def test_another_renderer_makes_the_same(name):
    theirs = np.array(RENDERS[name])
    data = model(*MODELS[name])
    peak = np.abs(theirs).max()
    # theirs is in 32 bits, whose rounding adds up over some layers; so is ours if single
    for single, limit in ((False, -110), (True, -90)):
        ours = render(data, fast_tanh=True, single=single)[-len(theirs) :]
        assert db(np.abs(ours - theirs).max() / peak) < limit
    assert ours.dtype == np.float32


def test_tanh_is_exact_unless_it_is_to_be_fast():
    """Of one layer without a past: head(tanh(w x + v x + b))."""
    one = {**ARRAY, "channels": 1, "kernel_size": 1, "dilations": [1], "head_size": 1}
    data = model("WaveNet", {**wavenet(), "layers": [one]})
    entrance, tap, bias, mixin, _, _, head, scale = data["weights"]
    sums = (tap * entrance + mixin) * SOUND + bias
    exact = scale * head * np.tanh(sums)
    assert np.abs(render(data) - exact).max() < 1e-15
    fast = render(data, fast_tanh=True)
    assert 1e-6 < np.abs(fast - exact).max() < 0.0016


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(["plain", "head convolution", "condition", "film of a gate"]),
    st.lists(st.integers(0, 90), min_size=1, max_size=8),
    st.booleans(),
)
def test_every_cut_is_the_whole(name, cut, single):
    amplifier = read_model(model("WaveNet", WAVENETS[name])).amplifier(block=32, single=single)
    sound = scattered(2 * sum(cut), seed=9).reshape(-1, 2)
    nothing = np.zeros((0, 2))
    whole = np.concatenate([nothing, *amplifier.render([sound], 2)])
    parts = np.concatenate([nothing, *amplifier.render(np.split(sound, np.cumsum(cut)), 2)])
    assert np.array_equal(parts, whole)
    for channel in range(2):  # one by one
        alone = [nothing[:, :1], *amplifier.render([sound[:, [channel]]])]
        assert np.array_equal(np.concatenate(alone)[:, 0], whole[:, channel])


@pytest.mark.parametrize("name", [*(f"WaveNet, {name}" for name in WAVENETS), "LSTM", "ConvNet"])
def test_a_sound_begins_as_after_silence(name):
    data = model(*MODELS[name])
    late = render(data, np.concatenate([np.zeros(700), SOUND]))
    # a recurrent state fades away; of all others, the past is silence either way
    assert np.abs(late[700:] - render(data)).max() < 1e-12
    assert np.ptp(late[:700]) < 1e-12


def test_block_length_is_no_matter():
    for data in (PLAIN, model("LSTM", LSTM)):
        assert np.abs(render(data, block=50) - render(data, block=256)).max() < 1e-13


def test_a_linear_model_is_a_convolution():
    data = model("Linear", LINEAR)
    *taps, bias = data["weights"]
    exact = audioconv.convolve(SOUND[:, None], np.array(taps)[:, None], engine="direct")[:, 0]
    assert np.abs(render(data) - exact[: len(SOUND)] - bias).max() < 1e-12


def test_slim_chooses_a_model():
    models = [PLAIN, model("LSTM", LSTM), model("Linear", LINEAR)]
    for slim, meant in ((None, 2), (0.0, 0), (0.3, 0), (0.5, 1), (0.7, 2), (1.0, 2)):
        found = read_model(container(*models), slim)
        assert (found.architecture, found.size) == (models[meant]["architecture"], meant)
        made = np.concatenate([*found.amplifier(block=512).render([SOUND[:, None]])])[:, 0]
        assert np.array_equal(made, render(models[meant], block=512))


def damaged(**changes):
    return {**PLAIN, **changes}


def configured(architecture, config, **changes):
    return {**PLAIN, "architecture": architecture, "config": {**config, **changes}}


REFUSED = {
    "no JSON": ("{", "it is not JSON"),
    "nested": ("[" * 10**5, "it is not JSON"),
    "a list": ("[]", "it must be an object"),
    "future": (damaged(version="0.8.0"), "version 0.8.0 .* 0.5 to 0.7"),
    "past": (damaged(version="0.4.9"), "version 0.4.9"),
    "no version": (damaged(version=7), "version is 7; it must be text"),
    "architecture": (damaged(architecture="GRU"), "GRU is none that audioconv renders"),
    "missing": (configured("LSTM", {}), "config: input_size is missing"),
    "rate": (damaged(sample_rate=-1), "sample_rate is -1"),
    "few": (damaged(weights=PLAIN["weights"][:-1]), "there are 130 weights"),
    "many": (damaged(weights=[*PLAIN["weights"], 1.0]), "its layers need 131"),
    "text": (damaged(weights=["1"]), "no list of numbers"),
    "infinite": (damaged(weights=[1e300]), "not finite"),
    "huge": (damaged(weights=[10**400]), "not finite"),
    "activation": (
        configured("WaveNet", wavenet({"activation": "Tan\x1b"})),
        r"Tan\\x1b is none",
    ),
    "gate": (configured("WaveNet", wavenet({"gating_mode": "or"})), "gating_mode is or"),
    "layers": (configured("WaveNet", wavenet({"activation": ["ReLU"]})), "it must have 2"),
    "channels": (configured("WaveNet", wavenet({"channels": 0})), "channels is 0"),
    "dilation": (configured("ConvNet", CONVNET, dilations=[2**19]), "dilations is 524288"),
    "reach": (configured("ConvNet", CONVNET, dilations=[2**17] * 9), "1179648 frames of the past"),
    "stereo": (configured("Linear", LINEAR, in_channels=2), "in_channels is 2"),
    "container": (container(PLAIN) | {"config": {"submodels": []}}, "submodels is"),
    "sizes": (
        container(PLAIN) | {"config": {"submodels": [{"max_value": 0.5, "model": PLAIN}]}},
        "the last at least 1",
    ),
    "container in it": (container(container(PLAIN)), "SlimmableContainer is none"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_files_that_cannot_be_rendered_are_refused(name):
    data, message = REFUSED[name]
    with pytest.raises(FormatError, match=message) as refused:
        read_model(data).amplifier(block=32)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 500


def enough(architecture, config):
    """Return a model that has more weights than any of its layers needs."""
    return {**configured(architecture, config), "weights": [0.5] * 1000}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (enough("WaveNet", wavenet(last={"input_size": 5})), "input_size is 5; it must be 3"),
        (enough("WaveNet", wavenet({"condition_size": 2})), "condition_size is 2; it must be 1"),
        (
            enough("WaveNet", wavenet(GATED | film(layer1x1_post=True))),
            "layer1x1_post_film without",
        ),
        (enough("WaveNet", wavenet({"groups_input": 2})), "2 groups do not divide 3 inputs"),
        (model("ConvNet", {**CONVNET, "out_channels": 2}), "it has 2 outputs"),
    ],
)
def test_what_does_not_fit_is_refused(data, message):
    with pytest.raises(FormatError, match=message):
        read_model(data).amplifier(block=32)


def nested(depth):
    inner = PLAIN
    for _ in range(depth):
        inner = configured("WaveNet", wavenet(), condition_dsp=inner)
    return inner


def test_models_are_not_nested_too_deeply():
    with pytest.raises(FormatError, match="nested too deeply"):
        read_model(nested(6)).amplifier(block=32)


def test_slim_needs_a_container():
    with pytest.raises(UsageError, match=r"`slim` chooses a size .* is a WaveNet"):
        read_model(PLAIN, 0.5)
    with pytest.raises(UsageError, match="`slim` is 2"):
        read_model(container(PLAIN), 2.0)


@pytest.fixture
def amp(tmp_path):
    """Return a function that writes a model, and a sound of 48 kHz in 16 bits."""
    soundfile.write(tmp_path / "in.wav", scattered(9000).reshape(-1, 2) / 3, RATE, "PCM_16")

    def written(data=PLAIN, name="amp.nam"):
        (tmp_path / name).write_text(json.dumps(data))
        return tmp_path / name

    return written


def amplified(folder, effect, name="out.wav", **options):
    output = folder / name
    outcome = run_effect(EffectJob(str(folder / "in.wav"), str(output), effect, Options(**options)))
    return soundfile.read(output, always_2d=True)[0], outcome


def test_the_command_renders_each_channel(amp, tmp_path, call):
    said = call("amp", tmp_path / "in.wav", tmp_path / "o.wav", "--model", amp(), "--json").out
    made, sound = (soundfile.read(tmp_path / f"{name}.wav")[0] for name in ("o", "in"))
    for channel in range(2):
        exact = render(PLAIN, sound[:, channel], block=4096)
        assert np.abs(made[:, channel] - exact).max() <= 2**-16 * 1.001
    found = json.loads(said)
    assert (found["architecture"], found["model_rate"], found["model_size"]) == (
        "WaveNet",
        RATE,
        None,
    )
    assert found["notices"] == []


def test_gains_are_before_and_after(amp, tmp_path):
    plain, louder = (
        amplified(tmp_path, Amp(model=str(amp()), **gains), f"{at}.wav", subtype="DOUBLE")[0]
        for at, gains in enumerate([{}, {"input_gain": "6dB", "output_gain": 0.5}])
    )
    sound = soundfile.read(tmp_path / "in.wav")[0][:, 0]
    assert np.abs(plain[:, 0] - render(PLAIN, sound, block=4096)).max() == 0
    exact = 0.5 * render(PLAIN, sound * 10 ** (6 / 20), block=4096)
    assert np.abs(louder[:, 0] - exact).max() < 1e-15


def test_a_cabinet_is_convolved_after_it(amp, tmp_path, samples):
    hall = str(samples / "hall.wav")
    amplified(tmp_path, Amp(model=str(amp())), "dry.wav", subtype="DOUBLE")
    wet, outcome = amplified(tmp_path, Amp(model=str(amp()), ir=hall), "wet.wav", subtype="DOUBLE")
    again = str(tmp_path / "again.wav")
    job = audioconv.Job(str(tmp_path / "dry.wav"), again, [hall], Options(subtype="DOUBLE"))
    audioconv.convolve_file(job)
    exact = soundfile.read(again)[0]
    assert wet.shape == exact.shape
    assert np.abs(wet - exact).max() < 1e-12 * np.abs(exact).max() + 1e-12
    assert any("resampled" in notice for notice in outcome.notices)  # the hall, from 44.1 kHz
    assert outcome.figures["cabinet_frames"] > 66150


def test_another_rate_is_resampled_there_and_back(tmp_path):
    """Through a model that does nothing, a sound of lower frequencies stays as it is."""
    n = np.arange(20001)
    sound = 0.3 * np.sin(2 * np.pi * 440 / 44100 * n) * np.hanning(len(n))
    soundfile.write(tmp_path / "in.wav", sound, 44100, "DOUBLE")
    through = model("Linear", {"receptive_field": 1, "bias": False})
    for name, fields in (("amp", {}), ("none", {"sample_rate": None})):
        (tmp_path / f"{name}.nam").write_text(json.dumps({**through, "weights": [1.0], **fields}))
        made, outcome = amplified(
            tmp_path, Amp(model=str(tmp_path / f"{name}.nam")), f"{name}.wav", subtype="DOUBLE"
        )
        assert made.shape == (len(n), 1)
        # the resampler is good to 24 bits or so, and rings at the ends
        assert db(np.abs(made[:, 0] - sound).max() / 0.3) < -110
        assert "resampled from 44100 to 48000 Hz" in outcome.notices[-1]
        assert outcome.rate == 44100
    assert (
        outcome.notices[0] == "the model does not state its sample rate; 48000 Hz is taken for it"
    )


def test_a_pipe_gives_the_same_bytes(amp, tmp_path, piped):
    path = str(amp(model("WaveNet", WAVENETS["head convolution"])))
    for options in ({"subtype": "FLOAT"}, {}):
        amplified(tmp_path, Amp(model=path), "file.wav", recipe="none", **options)
        piped((tmp_path / "in.wav").read_bytes())
        job = EffectJob(
            "-", str(tmp_path / "pipe.wav"), Amp(model=path), Options(recipe="none", **options)
        )
        run_effect(job)
        assert (tmp_path / "pipe.wav").read_bytes() == (tmp_path / "file.wav").read_bytes()
        (tmp_path / "pipe.wav").unlink(), (tmp_path / "file.wav").unlink()


def test_redo_makes_it_again(amp, tmp_path, call, redone):
    path, out = amp(container(PLAIN, model("LSTM", LSTM))), tmp_path / "out.wav"
    call(
        "amp", tmp_path / "in.wav", out, "--model", path, "--slim", 0.2, "--fast-tanh",
        "--precision", "single", "--input-gain", "-3dB", "--output-gain", 2, "--dither", "tpdf",
        "--ir", "double-spike:delay=10ms", "--subtype", "PCM_24", "--recipe", "sidecar",
    )  # fmt: skip
    recipe = json.loads(Path(f"{out}.json").read_text())
    assert recipe["effect"] == "amp"
    assert recipe["settings"]["ir"] == "double-spike:delay=10ms"
    redone(out)
    path.write_text(json.dumps(PLAIN))
    assert "was made from a file of" in call("redo", out, code=1).err


def test_the_report_names_gear_and_loudness(amp, tmp_path, call):
    metadata = {
        "name": "Loud\x1b[31m\none",
        "gear_make": "Make",
        "gear_model": 7,
        "loudness": -20.25,
        "input_level_dbu": "x",
        "gain": float("nan"),
        "modeled_by": "x" * 1000,
    }
    path = amp({**PLAIN, "metadata": metadata})
    said = call("amp", tmp_path / "in.wav", tmp_path / "o.wav", "--model", path, "-v").err
    assert r"Loud\x1b[31m\none, Make, by x" in said
    assert "levels  loudness -20.25 dB\n" in said
    assert "x" * 201 not in said
    loud = ("--model", path, "-y", "--input-gain", 6)
    said = call("amp", tmp_path / "in.wav", tmp_path / "o.wav", *loud).err
    assert "notice: a gain of 6 is a factor" in said


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--model", "no.nam"], 1, "no.nam is not a file"),
        (["--model", "in.wav"], 1, "in.wav cannot be rendered: it is not JSON"),
        (["--model", "amp.nam", "--slim", "1"], 2, "amp.nam: --slim chooses a size"),
        (["--model", "amp.nam", "--input-gain", "1e9"], 1, "lower --input-gain"),
        (["--model", "wild.nam"], 1, "the output of the model has a sample of"),
        (["--model", "amp.nam", "--ir", "no.wav"], 1, "no.wav does not exist"),
        ([], 2, "--model"),
    ],
)
def test_errors_are_one_line(amp, tmp_path, call, monkeypatch, arguments, code, message):
    monkeypatch.chdir(tmp_path)
    amp()
    wild = [3e38 if at % 2 else -3e38 for at in range(len(PLAIN["weights"]))]
    amp({**PLAIN, "weights": wild}, "wild.nam")
    assert message in call("amp", "in.wav", "out.wav", *arguments, code=code).err
    assert not (tmp_path / "out.wav").exists()


def test_a_value_of_the_wrong_type_is_refused():
    with pytest.raises(UsageError, match="input_gain"):
        Amp(model="amp.nam", input_gain="loud")
    with pytest.raises(AudioconvError, match="precision"):
        Amp(model="amp.nam", precision="half")


def test_a_short_sound(amp, tmp_path):
    path, sound = str(amp()), scattered(3) / 3
    soundfile.write(tmp_path / "in.wav", sound, RATE, "DOUBLE")
    made, _ = amplified(tmp_path, Amp(model=path, ir="delta:delay=10ms"))
    assert np.abs(made[480:, 0] - render(PLAIN, sound)).max() < 1e-15
    assert not made[:480].any()


def test_layers_that_hold_too_much_together_are_refused():
    config = {**CONVNET, "channels": 300, "dilations": [2**15] * 8}
    data = {"version": "0.5.4", "architecture": "ConvNet", "config": config}
    with pytest.raises(FormatError, match="all layers together hold over 67108864"):
        read_model({**data, "weights": [0] * 1_300_000}).amplifier()
