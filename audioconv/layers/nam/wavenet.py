"""WaveNet: arrays of dilated layers, whose activations meet in a head."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from audioconv.errors import FormatError
from audioconv.layers.activations import Array
from audioconv.layers.causal import Scratch, multiply
from audioconv.layers.nam.config import Config
from audioconv.layers.nam.layer import Layer, Shape
from audioconv.layers.nam.network import (
    LONGEST_REACH,
    MOST_CHANNELS,
    MOST_TAPS,
    Network,
    Plan,
    check_reach,
)
from audioconv.layers.nam.weights import Weights, beside


class LayerArray:
    """Layers with one shape.

    Parameters
    ----------
    weights : Weights
    config : Config
    plan : Plan
    scratch : Scratch
    """

    def __init__(self, weights: Weights, config: Config, plan: Plan, scratch: Scratch) -> None:
        self.shape = shape = Shape.of(config)
        self.inputs = config.whole("input_size", 1, MOST_CHANNELS)
        taken = weights.layer(shape.channels, self.inputs)
        self._entrance = beside(taken, dtype=plan.dtype)
        self._layers = [
            Layer(weights, shape, config, given, plan, scratch) for given in _layers(config)
        ]
        outputs, taps, has_bias = _head(config)
        kernel = weights.layer(outputs, shape.head, taps)
        bias = weights.take(outputs) if has_bias else None
        self._head = plan.causal(kernel, bias, scratch)
        self._head_sum, self._head_out = plan.buffer(shape.head), plan.buffer(outputs)
        self._signals = plan.buffer(shape.channels), plan.buffer(shape.channels)
        self._buffer = plan.buffer(max(layer.rows for layer in self._layers))

    @property
    def outputs(self) -> int:
        """Channels of its head."""
        return self._head.outputs

    @property
    def reach(self) -> int:
        """Frames before the present one that count."""
        return sum(layer.reach for layer in self._layers) + self._head.reach

    def process(self, x: Array, condition: Array, head: Array | None = None) -> tuple[Array, Array]:
        """Render a block: the signal, and what the head makes of all layers."""
        signal, other = self._signals
        multiply(self._entrance, x, signal)
        if head is None:
            self._head_sum[:] = 0
        else:
            self._head_sum[:] = head
        for layer in self._layers:
            layer.process(signal, condition, self._head_sum, other, self._buffer)
            signal, other = other, signal
        self._head.process(self._head_sum, self._head_out)
        return signal, self._head_out


class WaveNet:
    """A WaveNet.

    Parameters
    ----------
    config : Config
    weights : Weights
    plan : Plan
    condition : Network, optional
        a model whose output is the condition, in the place of the sound itself
    """

    def __init__(
        self, config: Config, weights: Weights, plan: Plan, condition: Network | None = None
    ) -> None:
        config.whole("in_channels", 1, 1, 1)
        scratch = plan.scratch()
        self._condition = condition
        self._arrays = [
            LayerArray(weights, Config(one, f"{config.where}: layers {at}"), plan, scratch)
            for at, one in enumerate(config.items("layers"), start=1)
        ]
        self._check(config)
        self._after = (
            Head(weights, config.part("head"), self._arrays[-1].outputs, plan, scratch)
            if config.has("head")
            else None
        )
        # the last weight, which stands in the configuration too, as it was before the training
        self._scale = plan.dtype.type(weights.take(1)[0])
        weights.finish()
        last = self._arrays[-1] if self._after is None else self._after
        self.outputs = last.outputs
        self._out = plan.buffer(self._arrays[-1].outputs)
        self.warmup = 1 if condition is None else condition.warmup
        self.warmup += sum(array.reach for array in self._arrays)
        self.warmup += 0 if self._after is None else self._after.reach

    def process(self, x: Array) -> Array:
        """Render the next block, (1, block) to (outputs, block)."""
        condition = x if self._condition is None else self._condition.process(x)
        signal, head = self._arrays[0].process(x, condition)
        for array in self._arrays[1:]:
            signal, head = array.process(signal, condition, head)
        np.multiply(head, self._scale, out=self._out)
        return self._out if self._after is None else self._after.process(self._out)

    def _check(self, config: Config) -> None:
        """Raise `FormatError` unless each part takes as many channels as the one before has."""
        condition = 1 if self._condition is None else self._condition.outputs
        signal, head = 1, None
        for at, array in enumerate(self._arrays, start=1):
            pairs = {
                "input_size": (array.inputs, signal),
                "condition_size": (array.shape.condition, condition),
                "channels to the head": (array.shape.head, head or array.shape.head),
            }
            for name, (has, wanted) in pairs.items():
                if has != wanted:
                    raise FormatError(
                        f"{config.where}: layers {at}: {name} is {has}; it must be {wanted}, as "
                        "what comes before it has; the file is damaged"
                    )
            signal, head = array.shape.channels, array.outputs


class Head:
    """Layers after all arrays: an activation and a convolution, each.

    Parameters
    ----------
    weights : Weights
    config : Config
    inputs : int
    plan : Plan
    scratch : Scratch
    """

    def __init__(
        self, weights: Weights, config: Config, inputs: int, plan: Plan, scratch: Scratch
    ) -> None:
        taps = config.wholes("kernel_sizes", 1, MOST_TAPS)
        inner = config.whole("channels", 1, MOST_CHANNELS)
        self.outputs = config.whole("out_channels", 1, MOST_CHANNELS)
        self._steps = []
        for at, size in enumerate(taps, start=1):
            outputs = self.outputs if at == len(taps) else inner
            kernel = weights.layer(outputs, inputs, size), weights.take(outputs)
            self._steps.append(
                (
                    plan.activation(config.any("activation"), config, inputs),
                    plan.causal(*kernel, scratch),
                    plan.buffer(outputs),
                )
            )
            inputs = outputs

    @property
    def reach(self) -> int:
        """Frames before the present one that count."""
        return sum(conv.reach for _, conv, _ in self._steps)

    def process(self, x: Array) -> Array:
        """Render a block, (inputs, block) to (outputs, block); x is overwritten."""
        for activate, conv, out in self._steps:
            conv.process(activate(x, x), out)
            x = out
        return x


def wavenet(
    config: Config, weights: Weights, plan: Plan, build: Callable[[Any, str], Network]
) -> WaveNet:
    """Build a WaveNet, with the model of its condition."""
    condition = config.any("condition_dsp")
    where = f"{config.where}: condition_dsp"
    return WaveNet(config, weights, plan, None if condition is None else build(condition, where))


def _layers(config: Config) -> list[tuple[int, int, str, Any, Any]]:
    """Return taps, dilation, gate, activation and second activation of each layer."""
    dilations = config.wholes("dilations", 1, LONGEST_REACH)
    count = len(dilations)
    if config.has("kernel_sizes"):
        taps = config.wholes("kernel_sizes", 1, MOST_TAPS)
        config.each("kernel_sizes", count)
    else:
        taps = [config.whole("kernel_size", 1, MOST_TAPS)] * count
    check_reach(config, dilations, taps)
    if config.has("gating_mode"):
        gates = config.each("gating_mode", count)
    else:
        gates = ["gated" if config.flag("gated", False) else "none"] * count
    first = config.each("activation", count)
    second = config.each("secondary_activation", count)
    return list(zip(taps, dilations, gates, first, second, strict=True))


def _head(config: Config) -> tuple[int, int, bool]:
    """Return the channels, the taps, and whether there is a bias, of the head of an array."""
    if config.has("head"):
        head = config.part("head")
        taps = head.whole("kernel_size", 1, MOST_TAPS)
        return head.whole("out_channels", 1, MOST_CHANNELS), taps, head.flag("bias")
    return config.whole("head_size", 1, MOST_CHANNELS), 1, config.flag("head_bias")
