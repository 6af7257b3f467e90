"""What all architectures have in common: a network renders blocks of one length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from audioconv.errors import FormatError
from audioconv.layers.activations import ACTIVATIONS, Activation, Array, activation
from audioconv.layers.causal import Causal, Scratch
from audioconv.layers.nam.config import Config, shown
from audioconv.layers.nam.weights import Numbers

BLOCK = 4096
"""Frames that are rendered at once: enough that calls cost little, and few enough that the rows of
a layer stay in the cache."""

MOST_CHANNELS = 1024
MOST_TAPS = 2**13
LONGEST_REACH = 2**18
"""Limits of a layer: far beyond any model, and small enough that no file asks for gigabytes, or for
minutes before its first frame."""

MOST_ROWS = 2**13
MOST_PAST = 2**24
"""Most rows of the product of a layer, and most samples that its past may hold."""

MOST_NUMBERS = 2**26
"""Most weights and samples of the past of all layers together: half a gigabyte in double
precision."""


class Network(Protocol):
    """A model that renders blocks of `Plan.block` frames.

    Attributes
    ----------
    outputs : int
        channels out
    warmup : int
        frames of silence after which it is as after silence for ever
    """

    outputs: int
    warmup: int

    def process(self, x: Array) -> Array:
        """Render the next block, (1, block) to (outputs, block).

        The result is valid until the next call.
        """
        ...


@dataclass
class Room:
    """What is left for the layers of a model, in numbers."""

    left: int = MOST_NUMBERS

    def take(self, numbers: int) -> None:
        """Take some of it.

        Raises
        ------
        FormatError
            If there is less.
        """
        self.left -= numbers
        if self.left < 0:
            raise FormatError(
                f"all layers together hold over {MOST_NUMBERS} weights and samples of the past, "
                "which is the limit; use a smaller model"
            )


@dataclass(frozen=True)
class Plan:
    """How a network is computed.

    Parameters
    ----------
    dtype : float type
    fast_tanh : bool
        use the rational approximation where a model has a tanh
    block : int > 0
        frames
    room : Room
        for its layers
    """

    dtype: np.dtype[np.floating[Any]]
    fast_tanh: bool = False
    block: int = BLOCK
    room: Room = field(default_factory=Room)

    def scratch(self) -> Scratch:
        """Return the rows of products, for layers that take turns."""
        return Scratch(self.block, self.dtype)

    def buffer(self, rows: int) -> Array:
        """Return rows of a block."""
        return np.zeros((rows, self.block), self.dtype)

    def causal(
        self,
        weight: Numbers,
        bias: Numbers | None,
        scratch: Scratch,
        *,
        dilation: int = 1,
        side: Numbers | None = None,
    ) -> Causal:
        """Return a causal layer, if it is not too large.

        Raises
        ------
        FormatError
        """
        outputs, inputs, taps = weight.shape
        reach, others = dilation * (taps - 1), 0 if side is None else side.shape[1]
        rows, past = inputs * taps + others + 1, inputs * reach
        if rows > MOST_ROWS or reach > LONGEST_REACH or past > MOST_PAST:
            raise FormatError(
                f"a layer of {inputs} channels, {taps} taps and a dilation of {dilation} is too "
                f"large: the limits are {MOST_ROWS} products, and {LONGEST_REACH} frames or "
                f"{MOST_PAST} samples of the past"
            )
        self.room.take(outputs * rows + past)
        return Causal(weight, bias, scratch, dilation=dilation, side=side)

    def activation(self, data: Any, config: Config, channels: int) -> Activation:
        """Return the activation that a file names, by name or with parameters.

        Raises
        ------
        FormatError
        """
        given = data if isinstance(data, dict) else {"type": data}
        name, where = given.get("type"), f"{config.where}: activation"
        if name not in ACTIVATIONS:
            raise FormatError(
                f"{where} {shown(name)} is none that audioconv renders: {', '.join(ACTIVATIONS)}"
            )
        if name == "Tanh" and self.fast_tanh:
            name = "Fasttanh"
        return activation(name, **_parameters(name, Config(given, where), channels))


def _parameters(name: str, given: Config, channels: int) -> Mapping[str, Any]:
    """Return the parameters of an activation that a file has."""
    if name == "LeakyHardtanh":
        keys = ("min_val", "max_val", "min_slope", "max_slope")
        return {key: given.number(key) for key in keys if given.has(key)}
    if name == "PReLU" and given.has("negative_slopes"):
        slopes = [Config({"slope": one}, given.where) for one in given.items("negative_slopes")]
        if len(slopes) != channels:
            raise FormatError(
                f"{given.where}: there are {len(slopes)} negative_slopes; there must be one for "
                f"each of {channels} channels"
            )
        return {"negative_slopes": [one.number("slope") for one in slopes]}
    if name == "PReLU":
        return {"negative_slopes": [given.number("negative_slope", 0.01)]}
    if name == "LeakyReLU":
        return {"negative_slope": given.number("negative_slope", 0.01)}
    return {}


def check_reach(config: Config, dilations: Sequence[int], taps: Sequence[int]) -> None:
    """Raise `FormatError` if layers in a row look too far back."""
    reach = sum(d * (n - 1) for d, n in zip(dilations, taps, strict=True))
    if reach > LONGEST_REACH:
        raise FormatError(
            f"{config.where}: {reach} frames of the past count; the limit is {LONGEST_REACH}"
        )
