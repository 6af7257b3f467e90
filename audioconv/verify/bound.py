"""The bound on rounding errors over a whole sound, from the error model of the engine."""

from __future__ import annotations

from collections import deque

import numpy as np

from audioconv.engines.rounding import ErrorModel
from impulses.impulse import Taps


class ErrorBound:
    """The largest rounding error of any block of a convolution, as a stream of its input.

    Parameters
    ----------
    model : ErrorModel
        of the convolver

    Attributes
    ----------
    worst : float
        guaranteed bound of the worst block so far, full scale being 1
    expected : float
        error that no sample is expected to exceed, in the worst block so far
    peak : float
        of the sound so far
    other_engine : float
        error that no sample of any engine is expected to exceed

    Examples
    --------
    >>> from audioconv.engines.plan import plan
    >>> from audioconv.engines.routes import routes
    >>> echo = plan(routes(np.array([[1.0], [0.5]]), 1), "direct", signal_bits=15)
    >>> bound = ErrorBound(echo.error_model())
    >>> bound.take(np.array([0.3125]), np.array([0.5]))
    >>> bound.exact
    True
    """

    def __init__(self, model: ErrorModel) -> None:
        self.worst = 0.0
        self.expected = 0.0
        self.other_engine = 0.0
        self._model = model
        self.peak = 0.0
        self._recent: deque[tuple[Taps, Taps]] = deque(maxlen=model.reach)

    def take(self, energy: Taps, peak: Taps) -> None:
        """Take the next block, of the convolver's own length.

        Parameters
        ----------
        energy, peak : array, (inputs,)
            sum of squares, and largest magnitude
        """
        model = self._model
        self._recent.append((energy, peak))
        energies, peaks = zip(*self._recent, strict=True)
        norm = np.sqrt(np.sum(energies, axis=0))
        peak = np.max(peaks, axis=0)
        guaranteed = (norm if model.transforms else peak) @ model.guaranteed
        self.worst = max(self.worst, float(guaranteed.max()))
        self.expected = max(self.expected, float((norm @ model.expected).max()))
        self.other_engine = max(self.other_engine, float((peak @ model.other_engine).max()))
        self.peak = max(self.peak, float(peak.max()))

    @property
    def exact(self) -> bool:
        """Whether every sum is exact to the last bit.

        It is if all sums lie on a grid that float64 represents exactly, and a transform's error
        is under half its step, so that rounding to the grid removed it.
        """
        scale = self._model.grid_scale
        if scale is None or self._model.largest_sum * self.peak * scale >= 2.0**53:
            return False
        return not self._model.transforms or self.worst * scale < 0.5

    @property
    def remaining(self) -> float:
        """Largest error of the sums as they are delivered; 0 if they are exact."""
        if self.exact:
            return 0.0
        if not self._model.transforms:
            return self.worst + self._model.floor
        # a sum that was not exact may have been rounded to the wrong point of the grid
        scale = self._model.grid_scale
        half_step = 0.0 if scale is None else 0.5 / scale
        return min(self.worst, self.expected) + half_step + self._model.floor
