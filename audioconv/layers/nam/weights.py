"""The numbers of a model, taken one layer after another."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioconv.errors import FormatError
from audioconv.layers.causal import dense

Numbers = NDArray[np.float32]


class Weights:
    """The list of numbers of a model, which are those of its layers, in their order.

    They are taken in float32, as they were trained, whatever they are computed with.

    Parameters
    ----------
    values : object
        what the file has
    where : str
        for messages

    Raises
    ------
    FormatError
        If it is no list of finite numbers; and by each method if there are too few.

    Examples
    --------
    >>> weights = Weights([1, 2, 3], "model")
    >>> weights.take(2).tolist(), weights.layer(1, 1).tolist()
    ([1.0, 2.0], [[[3.0]]])
    >>> weights.finish()
    """

    def __init__(self, values: Any, where: str) -> None:
        self._where = where
        # one test of the whole list, as there may be millions
        if not isinstance(values, list) or not {*map(type, values)} <= {int, float}:
            raise FormatError(f"{where}: weights are no list of numbers; the file is damaged")
        try:
            with np.errstate(over="ignore"):
                self._values = np.asarray(values, np.float64).astype(np.float32)
        except OverflowError:  # a whole number of hundreds of digits
            self._values = np.array([np.inf], np.float32)
        if not np.isfinite(self._values).all():
            raise FormatError(f"{where}: a weight is not finite; the file is damaged")
        self._at = 0

    def take(self, *shape: int) -> Numbers:
        """Return the next numbers as an array of some shape."""
        count = math.prod(shape)
        if self._at + count > len(self._values):
            raise FormatError(
                f"{self._where}: there are {len(self._values)} weights, and its layers need more; "
                "the file is damaged"
            )
        taken = self._values[self._at : self._at + count].reshape(shape)
        self._at += count
        return taken

    def layer(self, outputs: int, inputs: int, taps: int = 1, groups: int = 1) -> Numbers:
        """Return the weights of a convolution, (outputs, inputs, taps), with zeros for groups."""
        if outputs % groups or inputs % groups:
            raise FormatError(
                f"{self._where}: {groups} groups do not divide {inputs} inputs and {outputs} "
                "outputs; the file is damaged"
            )
        shared = self.take(outputs, inputs // groups, taps)
        return np.asarray(dense(shared, groups), np.float32)

    def finish(self) -> None:
        """Raise `FormatError` if there are more numbers than layers."""
        if self._at != len(self._values):
            raise FormatError(
                f"{self._where}: there are {len(self._values)} weights, and its layers need "
                f"{self._at}; the file is damaged"
            )


def beside(*parts: NDArray[Any], dtype: np.dtype[np.floating]) -> NDArray[np.floating[Any]]:
    """Return matrices, and vectors as columns, side by side as one matrix."""
    columns: Sequence[NDArray[Any]] = [
        part[:, :, 0] if part.ndim == 3 else part.reshape(len(part), -1) for part in parts
    ]
    return np.ascontiguousarray(np.concatenate(columns, axis=1), dtype)
