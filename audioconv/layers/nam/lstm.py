"""LSTM: cells of long short-term memory, frame by frame.

References
----------
S. Hochreiter, J. Schmidhuber, "Long Short-Term Memory", Neural Computation 9, 1997.
"""

from __future__ import annotations

import numpy as np

from audioconv.layers.activations import Array, fast_tanh, tanh
from audioconv.layers.causal import multiply
from audioconv.layers.nam.config import Config
from audioconv.layers.nam.network import MOST_CHANNELS, Plan
from audioconv.layers.nam.weights import Weights, beside

MOST_LAYERS = 8

WARMUP = 0.5
"""Seconds of silence in which a cell is taken to settle."""


class Cell:
    """A layer of cells.

    Its gates are ``tanh(W x + V h + b)``: a sigmoid is half a tanh of half its argument, plus a
    half, so that one tanh does for all four.

    Parameters
    ----------
    weights : Weights
    inputs, size : int
    plan : Plan
    """

    def __init__(self, weights: Weights, inputs: int, size: int, plan: Plan) -> None:
        matrix, bias = weights.take(4 * size, inputs + size), weights.take(4 * size)
        # in the order of the file: input, forget, cell, output; all but the third are sigmoids
        self._half = np.repeat([0.5, 0.5, 1.0, 0.5], size).astype(plan.dtype)
        scaled = beside(matrix, bias, dtype=plan.dtype) * self._half[:, None]
        self._from_input = np.ascontiguousarray(scaled[:, :inputs])
        self._from_hidden = np.ascontiguousarray(scaled[:, inputs:-1])
        self._bias = scaled[:, -1:].copy()
        self._tanh = fast_tanh if plan.fast_tanh else tanh
        self._hidden = weights.take(size).astype(plan.dtype)
        self._memory = weights.take(size).astype(plan.dtype)

    def process(self, x: Array) -> Array:
        """Take a block, (inputs, block), and return the hidden states, (size, block)."""
        size, tanh, times = len(self._memory), self._tanh, np.multiply
        half, rest, matrix = self._half, 1 - self._half, self._from_hidden
        gates, new, level = np.empty_like(half), *np.empty((2, size), half.dtype)
        come, kept, cell, out = gates.reshape(4, size)
        hidden, memory = self._hidden, self._memory
        states = np.empty((x.shape[1], size), half.dtype)
        # few calls a frame, and no view made in it: each costs more than its arithmetic
        for given, state in zip([*self._given(x)], [*states], strict=True):
            np.dot(matrix, hidden, gates)
            gates += given
            tanh(gates, gates)
            gates *= half
            gates += rest
            memory *= kept
            times(come, cell, new)
            memory += new
            hidden = times(out, tanh(memory, level), state)
        self._hidden = hidden.copy()
        return np.ascontiguousarray(states.T)

    def _given(self, x: Array) -> Array:
        """Return what the inputs and the bias add to the gates of each frame."""
        given = np.empty((len(self._bias), x.shape[1]), x.dtype)
        multiply(self._from_input, x, given)
        given += self._bias
        return np.ascontiguousarray(given.T)


class LSTM:
    """Layers of cells, and a sum of the last one's hidden states.

    Parameters
    ----------
    config : Config
    weights : Weights
    plan : Plan
    rate : int
        frames per second
    """

    def __init__(self, config: Config, weights: Weights, plan: Plan, rate: int) -> None:
        config.whole("in_channels", 1, 1, 1)
        inputs = config.whole("input_size", 1, 1)
        size = config.whole("hidden_size", 1, MOST_CHANNELS)
        self.outputs = config.whole("out_channels", 1, MOST_CHANNELS, 1)
        layers = config.whole("num_layers", 1, MOST_LAYERS)
        self._cells = [Cell(weights, size if at else inputs, size, plan) for at in range(layers)]
        self._head = beside(weights.take(self.outputs, size), dtype=plan.dtype)
        self._bias = beside(weights.take(self.outputs), dtype=plan.dtype)
        weights.finish()
        self._out = plan.buffer(self.outputs)
        self.warmup = int(WARMUP * rate)

    def process(self, x: Array) -> Array:
        """Render the next block, (1, block) to (outputs, block)."""
        for cell in self._cells:
            x = cell.process(x)
        multiply(self._head, x, self._out)
        self._out += self._bias
        return self._out
