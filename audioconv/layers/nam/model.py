"""A file of the Neural Amp Modeler: its version, architecture, rate and metadata."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np

from audioconv.engines.audio import Audio
from audioconv.engines.stream import regrid
from audioconv.errors import FormatError, UsageError
from audioconv.layers.nam.config import Config, shown
from audioconv.layers.nam.convnet import ConvNet
from audioconv.layers.nam.linear import Linear
from audioconv.layers.nam.lstm import LSTM
from audioconv.layers.nam.network import BLOCK, Network, Plan
from audioconv.layers.nam.wavenet import wavenet
from audioconv.layers.nam.weights import Weights

OLDEST, NEWEST = (0, 5), (0, 7)
"""Versions of the format that are known."""

DEFAULT_RATE = 48000
"""Rate of a model that does not state one, in Hz."""

LOWEST_RATE, HIGHEST_RATE = 1000, 384_000

ARCHITECTURES = ("WaveNet", "LSTM", "ConvNet", "Linear")
CONTAINER = "SlimmableContainer"

DEEPEST = 4
"""Models within one another: containers, and models of conditions."""

TEXTS = ("name", "modeled_by", "gear_type", "gear_make", "gear_model", "tone_type")
NUMBERS = ("loudness", "gain", "input_level_dbu", "output_level_dbu")
"""What the metadata of a file says of the amplifier."""


@dataclass(frozen=True)
class Model:
    """A model, of which a container may have several.

    Parameters
    ----------
    version : str
        of the format
    architecture : str
    rate : int
        in Hz; `DEFAULT_RATE` if the file does not state it
    states_rate : bool
    metadata : dict
        what the file says of the amplifier: `TEXTS`, and `NUMBERS` in dB and dBu
    sizes : tuple of float
        of a container: up to which value of `slim`, 0 to 1, each of its models is meant
    size : int
        which of them this one is, from 0
    """

    version: str
    architecture: str
    rate: int
    states_rate: bool
    metadata: dict[str, str | float]
    sizes: tuple[float, ...]
    size: int
    _config: Config

    def amplifier(
        self, *, single: bool = False, fast_tanh: bool = False, block: int = BLOCK
    ) -> Amplifier:
        """Build the network, and let it settle on silence.

        Parameters
        ----------
        single : bool
            compute in float32
        fast_tanh : bool
            use `audioconv.layers.activations.fast_tanh`, as real-time renderers do
        block : int > 0
            frames that are rendered at once

        Raises
        ------
        FormatError
            If the file is damaged, or has something that is not rendered.
        """
        dtype = np.dtype(np.float32) if single else np.dtype(np.float64)
        plan = Plan(dtype, fast_tanh, block)
        network = _build(self._config, "model", plan, self.rate, 0)
        if network.outputs != 1:
            raise FormatError(f"model: it has {network.outputs} outputs; only one is rendered")
        return Amplifier(network, plan)


class Amplifier:
    """A network that has settled on silence, for any number of sounds.

    Parameters
    ----------
    network : Network
    plan : Plan
    """

    def __init__(self, network: Network, plan: Plan) -> None:
        self._plan = plan
        silence = plan.buffer(1)
        with np.errstate(all="ignore"):  # of wild weights, which the sound will show
            for _ in range(0, network.warmup, plan.block):
                network.process(silence)
        self._settled = network

    @property
    def block(self) -> int:
        """Frames that are rendered at once."""
        return self._plan.block

    def start(self, channels: int) -> Voices:
        """Begin a new sound."""
        return Voices([deepcopy(self._settled) for _ in range(channels)], self._plan)

    def render(self, blocks: Iterable[Audio], channels: int = 1) -> Iterator[Audio]:
        """Render a sound that comes in blocks.

        The sound is cut anew into blocks of one length, so that the result does not depend on the
        cut.

        Parameters
        ----------
        blocks : iterable of array, (any, channels)
        channels : int > 0

        Yields
        ------
        array, (frames, channels)
            as many in all as there are in the blocks
        """
        yield from map(self.start(channels).process, regrid(blocks, self.block))


class Voices:
    """One sound: a network for each of its channels.

    Parameters
    ----------
    networks : sequence of Network
    plan : Plan
    """

    def __init__(self, networks: Sequence[Network], plan: Plan) -> None:
        self._networks = networks
        self._plan = plan
        self._input = plan.buffer(1)

    @property
    def channels(self) -> int:
        """Channels of the sound."""
        return len(self._networks)

    def process(self, block: Audio) -> Audio:
        """Render a block of the plan's length, or the last, which may be shorter.

        Parameters
        ----------
        block : array, (frames, channels)

        Returns
        -------
        array, (frames, channels)
        """
        frames = len(block)
        out = np.empty(block.shape, self._plan.dtype)
        for channel, network in enumerate(self._networks if frames else ()):
            self._input[0, :frames] = block[:, channel]
            self._input[0, frames:] = 0
            out[:, channel] = network.process(self._input)[0, :frames]
        return out


def read_model(data: Any, slim: float | None = None) -> Model:
    """Read a model.

    Parameters
    ----------
    data : str, bytes, or dict
        the file, which is JSON, or what is in it
    slim : float, 0 to 1, optional
        of a container, which model: the first whose size is above it; the largest by default

    Raises
    ------
    FormatError
        If it is no model, or of a version or an architecture that is not known.
    UsageError
        If `slim` is out of range, or there is nothing to choose.

    Examples
    --------
    >>> config = {"receptive_field": 2, "bias": False}
    >>> echo = {"version": "0.5.4", "architecture": "Linear", "config": config}
    >>> model = read_model(echo | {"weights": [1.0, 0.5]})
    >>> [part.ravel() for part in model.amplifier().render([np.array([[1.0], [0.0]])])]
    [array([1. , 0.5])]
    """
    try:
        config = Config(json.loads(data) if isinstance(data, str | bytes) else data, "model")
    except (ValueError, RecursionError):
        raise FormatError("it is not JSON; the file is damaged, or is not a model") from None
    if slim is not None and not 0 <= slim <= 1:
        raise UsageError(f"`slim` is {slim:g}; it must be between 0 (smallest) and 1 (largest)")
    version = _version(config)
    architecture = _architecture(config, [*ARCHITECTURES, CONTAINER])
    rate, metadata = _rate(config), _metadata(config)
    sizes: list[float] = []
    size = 0
    if architecture == CONTAINER:
        sizes, models = _sizes(config)
        size = next((at for at, most in enumerate(sizes) if slim is not None and slim < most), -1)
        inner = models[size].part("model")
        _version(inner)
        architecture = _architecture(inner, ARCHITECTURES)
        rate, metadata = _rate(inner) or rate, {**metadata, **_metadata(inner)}
        config = inner
    elif slim is not None:
        raise UsageError(
            f"`slim` chooses a size of a {CONTAINER}; this model is a {architecture}, of one size: "
            "leave it out"
        )
    return Model(
        version,
        architecture,
        rate or DEFAULT_RATE,
        rate is not None,
        metadata,
        tuple(sizes),
        size % max(1, len(sizes)),
        config,
    )


def _build(config: Config, where: str, plan: Plan, rate: int, depth: int) -> Network:
    """Build the network of a model, and those in it."""
    architecture = _architecture(config, ARCHITECTURES)
    part = Config(config.any("config"), f"{where}: config")
    weights = Weights(config.any("weights"), where)

    def inner(data: Any, where: str) -> Network:
        if depth >= DEEPEST:
            raise FormatError(f"{where}: models are nested too deeply; the limit is {DEEPEST}")
        found = Config(data, where)
        _version(found)
        if (_rate(found) or rate) != rate:
            raise FormatError(f"{where}: it is of {_rate(found)} Hz, and its model of {rate} Hz")
        return _build(found, where, plan, rate, depth + 1)

    if architecture == "WaveNet":
        return wavenet(part, weights, plan, inner)
    if architecture == "LSTM":
        return LSTM(part, weights, plan, rate)
    return (ConvNet if architecture == "ConvNet" else Linear)(part, weights, plan)


def _architecture(config: Config, known: Iterable[str]) -> str:
    architecture = config.text("architecture")
    if architecture not in known:
        raise FormatError(
            f"{config.where}: architecture {shown(architecture)} is none that audioconv renders: "
            f"{', '.join(known)}"
        )
    return architecture


def _version(config: Config) -> str:
    version = config.text("version")
    numbers = re.fullmatch(r"(\d{1,4})\.(\d{1,4})(\.\d{1,4})?", version)
    if numbers is None or not OLDEST <= (int(numbers[1]), int(numbers[2])) <= NEWEST:
        oldest, newest = (".".join(map(str, one)) for one in (OLDEST, NEWEST))
        raise FormatError(
            f"{config.where}: version {shown(version)} of the format is none that audioconv "
            f"renders: {oldest} to {newest}; export the model again"
        )
    return version


def _rate(config: Config) -> int | None:
    if not config.has("sample_rate"):
        return None
    return config.whole("sample_rate", LOWEST_RATE, HIGHEST_RATE)


def _sizes(config: Config) -> tuple[list[float], list[Config]]:
    """Return the sizes of the models of a container, and what it has for each."""
    part = config.part("config")
    models = [Config(one, f"{part.where}: submodels") for one in part.items("submodels")]
    sizes = [model.number("max_value") for model in models]
    if sizes != sorted({*sizes}) or sizes[-1] < 1:
        raise FormatError(
            f"{part.where}: max_value of the submodels is {shown(sizes)}; each must be larger than "
            "the one before, and the last at least 1"
        )
    return sizes, models


def _metadata(config: Config) -> dict[str, str | float]:
    """Return what the metadata says of the amplifier, as far as it is what it should be."""
    data = config.any("metadata")
    found: dict[str, str | float] = {}
    for key in (*TEXTS, *NUMBERS) if isinstance(data, dict) else ():
        value = data.get(key)
        if key in TEXTS and isinstance(value, str) and value.strip():
            found[key] = shown(value.strip())
        if key in NUMBERS and isinstance(value, float | int) and abs(value) < 1e6:
            found[key] = float(value)
    return found
