"""Plan a convolution: choose an engine for the routes, and build its convolver."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Protocol

import numpy as np

from audioconv.engines import ENGINES
from audioconv.engines.convolver import Convolver
from audioconv.engines.routes import Routing
from audioconv.errors import UsageError

AUTO = "auto"

# Shifted adds of 11 to 31 taps were measured to cost as much as the FFT, for an impulse of any
# length; besides, they need no SciPy, whose import takes a tenth of a second.
FEW_TAPS = 20


BY_BOTH = "overlap_add"
"""Module of the engine that cuts a short block by both lengths, its own and the impulse's."""


class Engine(Protocol):
    """Signature of the function that builds an engine."""

    def __call__(
        self, routing: Routing, *, single: bool = False, signal_bits: int | None = None
    ) -> Convolver:
        """Plan the convolution once, to be run on any number of sounds."""
        ...


def plan(
    routing: Routing,
    engine: str = AUTO,
    *,
    single: bool = False,
    signal_bits: int | None = None,
    frames: int | None = None,
) -> Convolver:
    """Build a convolver by the name of its engine.

    Parameters
    ----------
    routing : Routing
        paths between inputs and outputs
    engine : str
        ``auto``, which leaves it to `choose`, or a name in `ENGINES`
    single : bool
        compute in float32 instead of float64
    signal_bits : int, optional
        fractional bits of the signal's samples, where it has a known number of them
    frames : int > 0, optional
        of the sound, where they are known: an engine that cuts blocks by both lengths, its own
        and that of the impulse, then has none that are longer

    Raises
    ------
    UsageError
        If there is no such engine.

    Examples
    --------
    >>> from audioconv.engines.routes import routes
    >>> convolver = plan(routes(np.array([[1.0], [0.5]]), 1), "sparse")
    >>> convolver.process(np.array([[1.0], [0.0]])).ravel(), convolver.flush().ravel()
    (array([1. , 0.5]), array([0.]))
    """
    module = ENGINES[engine_name(routing, engine)]
    build: Callable[..., Convolver] = getattr(import_module(f"audioconv.engines.{module}"), module)
    known = {"frames": frames} if module == BY_BOTH else {}
    return build(routing, single=single, signal_bits=signal_bits, **known)


def engine_name(routing: Routing, engine: str) -> str:
    """Resolve ``auto``, and raise `UsageError` for a name that is not in `ENGINES`."""
    name = choose(routing) if engine == AUTO else engine
    if name not in ENGINES:
        raise UsageError(f"no engine is named {engine!r}; there are {AUTO}, {', '.join(ENGINES)}")
    return name


def choose(routing: Routing) -> str:
    """Return the name of the fastest engine for these routes; it depends on the impulse alone.

    Examples
    --------
    >>> from audioconv.engines.routes import routes
    >>> choose(routes(np.ones((20, 1)), 2)), choose(routes(np.ones((2000, 1)), 2))
    ('sparse', 'overlap-add')
    """
    busiest = max((np.count_nonzero(routing.taps(route)) for route in routing.routes), default=0)
    return "sparse" if busiest <= FEW_TAPS else "overlap-add"
