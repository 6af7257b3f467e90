"""Engines: ways to compute the same convolution, under one law.

routes        which input goes through which taps to which output
convolver     the `Convolver` protocol, and its adapters `OverlapAdd` and `OverlapSave`
grid          sums that can be exact are made exact
direct        the definition
toeplitz      the definition as a matrix
sparse        shifted adds, for echoes
transform     a long transform as many short ones
overlap_add   block-wise FFT, for everything longer
partitioned   FFT with zero latency at any block length, for embedding
stream        blocks in, blocks out, in constant memory, on any number of threads

A new engine is a module here and a line in `ENGINES`.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np

from audioconv.engines.convolver import Audio, Convolver, OverlapAdd, OverlapSave, Samples, as_audio
from audioconv.engines.direct import direct
from audioconv.engines.overlap_add import overlap_add
from audioconv.engines.partitioned import Partitioned, partitioned
from audioconv.engines.routes import Route, Routing, arrange, describe, routes
from audioconv.engines.sparse import sparse
from audioconv.engines.toeplitz import toeplitz
from audioconv.errors import UsageError


class Engine(Protocol):
    """How every engine is built."""

    def __call__(
        self, routing: Routing, *, single: bool = False, signal_bits: int | None = None
    ) -> Convolver:
        """Plan the convolution once, to be run on any number of sounds."""
        ...


ENGINES: dict[str, Engine] = {
    "overlap-add": overlap_add,
    "partitioned": partitioned,
    "sparse": sparse,
    "direct": direct,
    "toeplitz": toeplitz,
}

# Shifted adds of 11 to 31 taps were measured to cost what the FFT costs, whatever the length of
# the impulse; besides, they need no SciPy, of which the import takes a tenth of a second.
FEW_TAPS = 20


def choose(routing: Routing) -> str:
    """Name the fastest engine for these routes; it depends on the impulse alone.

    Examples
    --------
    >>> choose(routes(np.ones((20, 1)), 2)), choose(routes(np.ones((2000, 1)), 2))
    ('sparse', 'overlap-add')
    """
    busiest = max((np.count_nonzero(route.taps) for route in routing.routes), default=0)
    return "sparse" if busiest <= FEW_TAPS else "overlap-add"


def plan(
    routing: Routing, engine: str = "auto", *, single: bool = False, signal_bits: int | None = None
) -> Convolver:
    """Build a convolver by the name of its engine, ``auto`` leaving it to `choose`.

    Raises
    ------
    UsageError
        If there is no such engine.

    Examples
    --------
    >>> convolver = plan(routes(np.array([[1.0], [0.5]]), 1), "sparse")
    >>> convolver.process(np.array([[1.0], [0.0]])).ravel(), convolver.flush().ravel()
    (array([1. , 0.5]), array([0.]))
    """
    name = engine_name(routing, engine)
    return ENGINES[name](routing, single=single, signal_bits=signal_bits)


def engine_name(routing: Routing, engine: str) -> str:
    """Resolve ``auto`` and refuse names that are not in `ENGINES`."""
    name = choose(routing) if engine == "auto" else engine
    if name not in ENGINES:
        raise UsageError(f"no engine is named {engine!r}; there are auto, {', '.join(ENGINES)}")
    return name


__all__ = [
    "ENGINES",
    "Audio",
    "Convolver",
    "Engine",
    "OverlapAdd",
    "OverlapSave",
    "Partitioned",
    "Route",
    "Routing",
    "Samples",
    "arrange",
    "as_audio",
    "choose",
    "describe",
    "engine_name",
    "plan",
    "routes",
]
