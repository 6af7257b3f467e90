"""Models of amplifiers with scattered weights, as `.nam` files have them."""

import copy
import re

import numpy as np

from audioconv.errors import FormatError
from audioconv.layers.nam import read_model

LINEAR = {"receptive_field": 24, "bias": True}
LSTM = {"input_size": 1, "hidden_size": 3, "num_layers": 2}
CONVNET = {"channels": 4, "dilations": [1, 2, 4], "batchnorm": False, "activation": "Tanh"}
ARRAY = {
    "input_size": 1,
    "condition_size": 1,
    "head_size": 2,
    "channels": 3,
    "kernel_size": 3,
    "dilations": [1, 2],
    "activation": "Tanh",
    "gated": False,
    "head_bias": False,
}
LAST = {
    **ARRAY,
    "input_size": 3,
    "head_size": 1,
    "channels": 2,
    "dilations": [8],
    "head_bias": True,
}


def scattered(count, seed=0):
    """Return numbers from -1.5 to 1.5 that look random, and are the same everywhere."""
    n = np.arange(1, count + 1, dtype=np.int64) + 1000 * seed
    return (n * n % 10007 * 7919 % 3001 - 1500) / 1000


def film(**places):
    return {f"{place}_film": {"active": True, "shift": shift} for place, shift in places.items()}


def wavenet(changes=(), last=(), **config):
    """Return the configuration of two arrays of layers, with changes to the first and the last."""
    layers = [{**ARRAY, **dict(changes)}, {**LAST, **dict(last)}]
    for layer in layers:
        if "kernel_sizes" in layer:
            del layer["kernel_size"]
    return {"layers": layers, "head": None, "head_scale": 0.02, **config}


def model(architecture, config, *, seed=0, scale=0.5, **fields):
    """Return a model with as many weights as its layers need."""
    data = {"version": "0.7.0", "architecture": architecture, "config": copy.deepcopy(config)}
    # half a second of silence is rendered first, frame by frame
    data |= {"sample_rate": 2000 if architecture == "LSTM" else 48000, **fields}
    most = 10**5
    try:
        read_model(data | {"weights": [0.5] * most}).amplifier()
        raise AssertionError("the model takes all weights")
    except FormatError as error:
        count = int(re.search(rf"{most} weights, and its layers need (\d+)", str(error))[1])
    weights = scale * scattered(count, seed)
    if data["config"].get("batchnorm"):
        weights = np.abs(weights)  # there are variances among them
    return data | {"weights": weights.astype(np.float32).tolist()}


def container(*models):
    """Return a container with sizes in equal steps."""
    sizes = np.arange(1, len(models) + 1) / len(models)
    submodels = [{"max_value": float(s), "model": m} for s, m in zip(sizes, models, strict=True)]
    return {
        "version": "0.7.0",
        "architecture": "SlimmableContainer",
        "config": {"submodels": submodels},
        "weights": [],
        "sample_rate": 48000,
    }


ALONE = model("WaveNet", {**wavenet(), "layers": [{**ARRAY, "head_size": 2}]}, seed=5)
"""A model with two outputs, for the condition of another."""

GATED = {"gating_mode": "gated", "secondary_activation": "Sigmoid"}
BLENDED = {"gating_mode": "blended", "secondary_activation": "Sigmoid"}
EVEN = {"channels": 4, "head_size": 4}
AFTER_EVEN = {"input_size": 4, "channels": 4}

WAVENETS = {
    "plain": wavenet(),
    "gated before 0.6": wavenet({"gated": True}),
    "gated": wavenet(GATED, GATED),
    "blended": wavenet(BLENDED, BLENDED),
    "a gate for each layer": wavenet(
        {
            "gating_mode": ["none", "gated"],
            "secondary_activation": [None, "Sigmoid"],
            "activation": ["ReLU", {"type": "LeakyReLU", "negative_slope": 0.2}],
        }
    ),
    "kernel sizes": wavenet({"kernel_sizes": [6, 15]}),
    "head convolution": wavenet(
        {"head": {"out_channels": 2, "kernel_size": 16, "bias": True}},
        {"head": {"out_channels": 1, "kernel_size": 5, "bias": False}},
    ),
    "bottleneck": wavenet({"bottleneck": 2, "head_size": 2}),
    "head1x1": wavenet({"head1x1": {"active": True, "out_channels": 5, "groups": 1}}),
    "no layer1x1": wavenet({"layer1x1": {"active": False, "groups": 1}}),
    "groups": wavenet(
        EVEN
        | {"groups_input": 2, "layer1x1": {"active": True, "groups": 2}}
        | {"conv_post_film": {"active": True, "shift": True, "groups": 1}},
        AFTER_EVEN,
    ),
    "film": wavenet(
        film(conv_pre=True, conv_post=False, input_mixin_pre=True, input_mixin_post=True)
        | film(activation_pre=False, activation_post=True)
    ),
    "film of a gate": wavenet(
        GATED
        | film(conv_post=True, activation_pre=True, activation_post=True, head1x1_post=True)
        | {"head1x1": {"active": True, "out_channels": 3, "groups": 1}}
    ),
    "film of a mixture": wavenet(BLENDED | film(layer1x1_post=True, conv_pre=False)),
    "condition": wavenet(
        {"condition_size": 2}, {"condition_size": 2, **GATED}, condition_dsp=ALONE
    ),
    "head after all": wavenet(
        last={"head_size": 2},
        head={"channels": 3, "out_channels": 1, "kernel_sizes": [3, 4], "activation": "Tanh"},
    ),
}
"""Configurations of WaveNets, each with something that others lack."""
for activation in (
    "ReLU",
    "LeakyReLU",
    "Sigmoid",
    "SiLU",
    "Hardtanh",
    "Hardswish",
    "Softsign",
    "LeakyHardtanh",
    "Fasttanh",
    "PReLU",
):
    WAVENETS[activation] = wavenet({"activation": {"type": activation}})

MODELS = {
    **{f"WaveNet, {name}": ("WaveNet", config) for name, config in WAVENETS.items()},
    "LSTM": ("LSTM", LSTM),
    "ConvNet": ("ConvNet", CONVNET),
    "ConvNet, batchnorm": ("ConvNet", {**CONVNET, "batchnorm": True}),
    "Linear": ("Linear", LINEAR),
}

SOUND = 0.3 * scattered(512, seed=3)
"""A sound for them."""
