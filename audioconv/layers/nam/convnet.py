"""ConvNet: dilated layers of two taps, one after another."""

from __future__ import annotations

import numpy as np

from audioconv.errors import FormatError
from audioconv.layers.activations import Array
from audioconv.layers.causal import multiply
from audioconv.layers.nam.config import Config
from audioconv.layers.nam.network import LONGEST_REACH, MOST_CHANNELS, Plan, check_reach
from audioconv.layers.nam.weights import Numbers, Weights, beside

TAPS = 2


class ConvNet:
    """A ConvNet.

    Parameters
    ----------
    config : Config
    weights : Weights
    plan : Plan
    """

    def __init__(self, config: Config, weights: Weights, plan: Plan) -> None:
        config.whole("in_channels", 1, 1, 1)
        channels = config.whole("channels", 1, MOST_CHANNELS)
        groups = config.whole("groups", 1, MOST_CHANNELS, 1)
        normalised = config.flag("batchnorm")
        self.outputs = config.whole("out_channels", 1, MOST_CHANNELS, 1)
        scratch, inputs = plan.scratch(), 1
        self._layers = []
        dilations = config.wholes("dilations", 1, LONGEST_REACH)
        check_reach(config, dilations, [TAPS] * len(dilations))
        for dilation in dilations:
            kernel = _kernel(weights, channels, inputs, groups, normalised)
            self._layers.append(
                (
                    plan.causal(*kernel, scratch, dilation=dilation),
                    plan.activation(config.any("activation"), config, channels),
                )
            )
            inputs = channels
        self._head = beside(weights.layer(self.outputs, channels), dtype=plan.dtype)
        self._bias = beside(weights.take(self.outputs), dtype=plan.dtype)
        weights.finish()
        self._out = plan.buffer(self.outputs)
        self._signals = plan.buffer(channels), plan.buffer(channels)
        self.warmup = 1 + sum(conv.reach for conv, _ in self._layers)

    def process(self, x: Array) -> Array:
        """Render the next block, (1, block) to (outputs, block)."""
        out, other = self._signals
        for conv, activate in self._layers:
            conv.process(x, out)
            activate(out, out)
            x, out, other = out, other, out
        multiply(self._head, x, self._out)
        self._out += self._bias
        return self._out


def _kernel(
    weights: Weights, outputs: int, inputs: int, groups: int, normalised: bool
) -> tuple[Numbers, Numbers]:
    """Take a layer; a normalisation by the statistics of a batch is a scale and a shift of it."""
    kernel = weights.layer(outputs, inputs, TAPS, groups)
    if not normalised:
        return kernel, weights.take(outputs)
    mean, variance, gain, shift = (weights.take(outputs) for _ in range(4))
    with np.errstate(invalid="ignore", divide="ignore"):
        scale = gain / np.sqrt(variance + weights.take(1))
    if not np.isfinite(scale).all():
        raise FormatError("the variances of batchnorm are not positive; the file is damaged")
    return kernel * scale[:, None, None], shift - scale * mean
