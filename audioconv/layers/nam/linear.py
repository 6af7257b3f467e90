"""Linear: an impulse response, convolved by one of the engines."""

from __future__ import annotations

import numpy as np

from audioconv.engines.plan import plan as planned
from audioconv.engines.routes import routes
from audioconv.layers.activations import Array
from audioconv.layers.nam.config import Config
from audioconv.layers.nam.network import LONGEST_REACH, Plan
from audioconv.layers.nam.weights import Weights


class Linear:
    """An impulse response, and a constant.

    Parameters
    ----------
    config : Config
    weights : Weights
    plan : Plan
    """

    outputs = 1

    def __init__(self, config: Config, weights: Weights, plan: Plan) -> None:
        for key in ("in_channels", "out_channels"):
            config.whole(key, 1, 1, 1)
        frames = config.whole("receptive_field", 1, LONGEST_REACH)
        taps = weights.take(frames).astype(np.float64)
        self._bias = plan.dtype.type(weights.take(1)[0] if config.flag("bias") else 0)
        weights.finish()
        single = plan.dtype == np.float32
        self._convolver = planned(routes(taps[:, None], 1), "partitioned", single=single)
        self.warmup = 0  # silence in is silence out

    def process(self, x: Array) -> Array:
        """Render the next block, (1, block) to (1, block)."""
        out: Array = self._convolver.process(np.ascontiguousarray(x.T)).T
        return out + self._bias
