"""Shifted adds: each non-zero tap adds one delayed, weighted copy of the sound.

``y[n] = sum over the non-zero taps of h[D] x[n - D]``: the definition with its zeros left out,
so it is exact, and for an echo of a few taps it costs little more than a copy.

Every frame of output depends on the K frames of input up to it, so blocks are independent
(`OverlapSave`), and each goes through the cache slice by slice.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple, TypeAlias

import numpy as np

from audioconv.engines.audio import SLICE, Audio, Samples
from audioconv.engines.convolver import Convolver, OverlapSave
from audioconv.engines.rounding import plain_sums
from audioconv.engines.routes import Routing

LEAST_BLOCK = 2**18

Paths: TypeAlias = tuple[tuple[int, int], ...]
"""Pairs of an input and an output."""


class Spike(NamedTuple):
    """A non-zero tap, and the paths that have it in that place."""

    delay: int
    tap: float
    paths: Paths


def sparse(routing: Routing, *, single: bool = False, signal_bits: int | None = None) -> Convolver:
    """Build the shifted-add engine. Its cost is one pass over the sound for each non-zero tap."""
    dtype = np.dtype(np.float32 if single else np.float64)
    # no shorter than the impulse, so that at most half of a window is the past
    block = max(LEAST_BLOCK, routing.frames)
    return OverlapSave(
        routing,
        partial(_convolve, routing, _spikes(routing), dtype),
        block=block,
        dtype=dtype,
        error_model=partial(plain_sums, routing, block=block, dtype=dtype, signal_bits=signal_bits),
    )


def _convolve(
    routing: Routing, spikes: list[Spike], dtype: np.dtype[Any], window: Samples, unit: float
) -> Iterator[Audio]:
    """Convolve a window, slice by slice."""
    most = max(1, SLICE // routing.outputs)
    for start in range(routing.frames - 1, len(window), most):
        stop = min(start + most, len(window))
        out = np.empty((stop - start, routing.outputs), dtype)
        spare = np.empty((stop - start, routing.inputs), dtype)
        fresh = [True] * routing.outputs
        for delay, tap, paths in spikes:
            delayed = window[start - delay : stop - delay]
            _add(delayed, np.asarray(tap * unit, dtype), paths, out, spare, fresh)
        out[:, fresh] = 0
        yield out


def _spikes(routing: Routing) -> list[Spike]:
    """List the taps by delay, those that are alike together."""
    alike: dict[tuple[int, float], list[tuple[int, int]]] = {}
    for route in routing.routes:
        taps = routing.taps(route)
        for delay in np.flatnonzero(taps):
            key = int(delay), float(taps[delay])
            alike.setdefault(key, []).append((route.source, route.target))
    return [Spike(*key, tuple(paths)) for key, paths in sorted(alike.items())]


def _add(
    delayed: Samples, tap: Audio, paths: Paths, out: Audio, spare: Audio, fresh: list[bool]
) -> None:
    """Add weighted samples to the outputs; the first are set, so that even a -0.0 stays one.

    Integers are converted before they are multiplied. `spare` is room for the inputs.
    """
    straight = paths == tuple((c, c) for c in range(delayed.shape[1])) and len(paths) == len(fresh)
    if straight and all(fresh):  # all channels at once are one pass without gaps
        out[:] = delayed
        out *= tap
    elif straight and not any(fresh):
        spare[:] = delayed
        spare *= tap
        out += spare
    else:
        for source, target in paths:
            spare[:, source] = delayed[:, source]
            spare[:, source] *= tap
            if fresh[target]:
                out[:, target] = spare[:, source]
            else:
                out[:, target] += spare[:, source]
            fresh[target] = False
    for _, target in paths:
        fresh[target] = False
