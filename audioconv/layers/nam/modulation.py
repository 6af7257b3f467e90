"""FiLM, feature-wise linear modulation: channels scaled and shifted by a condition.

References
----------
E. Perez, F. Strub, H. de Vries, V. Dumoulin, A. Courville, "FiLM: Visual Reasoning with a General
Conditioning Layer", AAAI 2018.
"""

from __future__ import annotations

import numpy as np

from audioconv.layers.activations import Array
from audioconv.layers.causal import multiply
from audioconv.layers.nam.config import Config
from audioconv.layers.nam.network import MOST_CHANNELS, Plan
from audioconv.layers.nam.weights import Weights, beside

PLACES = (
    "conv_pre_film",
    "conv_post_film",
    "input_mixin_pre_film",
    "input_mixin_post_film",
    "activation_pre_film",
    "activation_post_film",
    "layer1x1_post_film",
    "head1x1_post_film",
)
"""Places in a layer, in the order in which their weights stand in a file."""


class Modulation:
    """``x * (A s + a) + (B s + b)``, for a condition s.

    Parameters
    ----------
    weights : Weights
    condition, channels : int
        of s, and of x
    shift : bool
        whether there is a shift, B and b
    groups : int
    plan : Plan
    """

    def __init__(
        self, weights: Weights, condition: int, channels: int, shift: bool, groups: int, plan: Plan
    ) -> None:
        rows = channels * (2 if shift else 1)
        taken = weights.layer(rows, condition, groups=groups)
        self._matrix = beside(taken, dtype=plan.dtype)
        self._bias = beside(weights.take(rows), dtype=plan.dtype)
        self._channels = channels
        self._shift = shift

    def __call__(self, x: Array, condition: Array, out: Array | None = None) -> Array:
        """Modulate a block, (channels, block), given the condition, (condition, block)."""
        factors = np.empty((len(self._matrix), condition.shape[1]), condition.dtype)
        multiply(self._matrix, condition, factors)
        factors += self._bias
        result: Array = np.multiply(x, factors[: self._channels], out=out)
        if self._shift:
            result += factors[self._channels :]
        return result


def places(config: Config) -> dict[str, tuple[bool, int]]:
    """Return for each modulation that an array of layers has whether it shifts, and its groups."""
    found = {}
    for place in PLACES:
        if config.any(place) in (None, False):
            continue
        film = config.part(place)
        if film.flag("active", True):
            found[place] = film.flag("shift", True), film.whole("groups", 1, MOST_CHANNELS, 1)
    return found
