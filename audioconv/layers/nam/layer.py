"""One layer of a WaveNet.

``z = W * x + V s + b`` of the signal x and the condition s, a gate, and two ways on: the signal
plus a mixture of z goes to the next layer, and z to the head.

References
----------
A. van den Oord et al., "WaveNet: A Generative Model for Raw Audio", 2016; E.-P. Damskägg et al.,
"Deep Learning for Tube Amplifier Emulation", ICASSP 2019.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from audioconv.errors import FormatError
from audioconv.layers.activations import Array
from audioconv.layers.causal import Scratch, multiply
from audioconv.layers.nam.config import Config, shown
from audioconv.layers.nam.modulation import Modulation, places
from audioconv.layers.nam.network import MOST_CHANNELS, Plan
from audioconv.layers.nam.weights import Weights, beside

GATES = ("none", "gated", "blended")


@dataclass(frozen=True)
class Shape:
    """What the layers of an array have in common.

    Parameters
    ----------
    channels, condition, bottleneck : int
        of the signal, of the condition, and of z after the gate
    groups, mixin_groups : int
        of the convolution, and of the condition's weights
    mixed : int
        groups of the mixture that goes to the next layer; 0 if there is none
    head : int
        channels to the head
    head_groups : int
        of the mixture that goes to the head; 0 if z goes there itself
    films : dict
        the modulations: whether they shift, and their groups
    """

    channels: int
    condition: int
    bottleneck: int
    groups: int
    mixin_groups: int
    mixed: int
    head: int
    head_groups: int
    films: dict[str, tuple[bool, int]]

    @classmethod
    def of(cls, config: Config) -> Shape:
        """Read it from the configuration of an array."""
        channels = config.whole("channels", 1, MOST_CHANNELS)
        bottleneck = config.whole("bottleneck", 1, MOST_CHANNELS, channels)
        mixed, head, head_groups = 1, bottleneck, 0
        if config.has("layer1x1"):
            part = config.part("layer1x1")
            mixed = part.whole("groups", 1, MOST_CHANNELS, 1) if part.flag("active") else 0
        if config.has("head1x1") and config.part("head1x1").flag("active"):
            part = config.part("head1x1")
            head = part.whole("out_channels", 1, MOST_CHANNELS)
            head_groups = part.whole("groups", 1, MOST_CHANNELS, 1)
        if not mixed and bottleneck != channels:
            raise FormatError(
                f"{config.where}: without layer1x1, bottleneck is {bottleneck} and channels is "
                f"{channels}; they must be the same"
            )
        return cls(
            channels,
            config.whole("condition_size", 1, MOST_CHANNELS),
            bottleneck,
            config.whole("groups_input", 1, MOST_CHANNELS, 1),
            config.whole("groups_input_mixin", 1, MOST_CHANNELS, 1),
            mixed,
            head,
            head_groups,
            places(config),
        )


class Layer:
    """One layer.

    Parameters
    ----------
    weights : Weights
    shape : Shape
    config : Config
        of its array
    given : tuple
        taps, dilation, gate, activation and second activation of this layer
    plan : Plan
    scratch : Scratch
    """

    def __init__(
        self,
        weights: Weights,
        shape: Shape,
        config: Config,
        given: tuple[int, int, str, Any, Any],
        plan: Plan,
        scratch: Scratch,
    ) -> None:
        taps, dilation, self._gate, first, second = given
        if self._gate not in GATES:
            raise FormatError(
                f"{config.where}: gating_mode is {shown(self._gate)}; it must be one of "
                f"{', '.join(GATES)}"
            )
        self._size, self._head = shape.bottleneck, shape.head
        rows = self._size * (1 if self._gate == "none" else 2)
        kernel = weights.layer(rows, shape.channels, taps, shape.groups), weights.take(rows)
        mixin = weights.layer(rows, shape.condition, groups=shape.mixin_groups)
        self._mixture = _affine(weights, shape.channels, self._size, shape.mixed, plan)
        self._to_head = _affine(weights, shape.head, self._size, shape.head_groups, plan)
        self._films = _films(weights, shape, rows, plan)
        # the condition is part of the same product, unless something comes between the two
        between = {"conv_post_film", "input_mixin_pre_film", "input_mixin_post_film"}
        self._mixin = beside(mixin, dtype=plan.dtype) if between & {*self._films} else None
        side = mixin[:, :, 0] if self._mixin is None else None
        self._conv = plan.causal(*kernel, scratch, dilation=dilation, side=side)
        self._first = plan.activation(first, config, self._size)
        self._second = plan.activation(second or "Sigmoid", config, self._size)
        if "layer1x1_post_film" in self._films and self._gate != "blended":
            raise FormatError(
                f"{config.where}: layer1x1_post_film without gating_mode blended is not rendered, "
                "as renderers of these files leave it out; retrain without it"
            )

    @property
    def rows(self) -> int:
        """Rows of the buffer that it is computed in: z, and ones for the biases after it."""
        return max(self._conv.outputs, self._size + 1)

    @property
    def reach(self) -> int:
        """Frames before the present one that count."""
        return self._conv.reach

    def process(self, x: Array, condition: Array, head: Array, out: Array, buffer: Array) -> None:
        """Render a block.

        Parameters
        ----------
        x : array, (channels, block)
        condition : array, (condition, block)
        head : array, (head, block)
            to which the head's part is added
        out : array, (channels, block)
            the signal for the next layer
        buffer : array, (rows, block)
        """
        z = buffer[: self._conv.outputs]
        self._sums(x, condition, z)
        self._modulate("activation_pre_film", z, condition)
        top = z[: self._size]
        self._activate(top, z[self._size :])
        self._modulate("activation_post_film", top, condition)
        buffer[self._size] = 1
        affine = buffer[: self._size + 1]
        if self._mixture is None:
            np.copyto(out, x)
        else:
            multiply(self._mixture, affine, out)
            self._modulate("layer1x1_post_film", out, condition)
            out += x
        if self._to_head is None:
            head += top
        else:
            part = np.empty_like(head)
            multiply(self._to_head, affine, part)
            self._modulate("head1x1_post_film", part, condition)
            head += part

    def _sums(self, x: Array, condition: Array, z: Array) -> None:
        """Write the sums before the activation."""
        if (film := self._films.get("conv_pre_film")) is not None:
            x = film(x, condition)
        if self._mixin is None:
            self._conv.process(x, z, condition)
            return
        self._conv.process(x, z)
        self._modulate("conv_post_film", z, condition)
        film = self._films.get("input_mixin_pre_film")
        mixin = np.empty_like(z)
        multiply(self._mixin, condition if film is None else film(condition, condition), mixin)
        self._modulate("input_mixin_post_film", mixin, condition)
        z += mixin

    def _activate(self, top: Array, bottom: Array) -> None:
        """Apply the activation, and the gate."""
        if self._gate == "none":
            self._first(top, top)
            return
        gate = self._second(bottom, bottom)
        if self._gate == "gated":
            self._first(top, top)
            top *= gate
        else:
            change = self._first(top)
            change -= top
            change *= gate
            top += change

    def _modulate(self, place: str, x: Array, condition: Array) -> None:
        if (film := self._films.get(place)) is not None:
            film(x, condition, x)


def _affine(weights: Weights, outputs: int, inputs: int, groups: int, plan: Plan) -> Array | None:
    """Return the weights and the bias of a mixture of channels, if there is one."""
    if not groups:
        return None
    return beside(
        weights.layer(outputs, inputs, groups=groups), weights.take(outputs), dtype=plan.dtype
    )


def _films(weights: Weights, shape: Shape, rows: int, plan: Plan) -> dict[str, Modulation]:
    """Take the modulations of a layer."""
    channels = {
        "conv_pre_film": shape.channels,
        "input_mixin_pre_film": shape.condition,
        "activation_post_film": shape.bottleneck,
        "layer1x1_post_film": shape.channels,
        "head1x1_post_film": shape.head,
    }
    return {
        place: Modulation(weights, shape.condition, channels.get(place, rows), *how, plan)
        for place, how in shape.films.items()
    }
