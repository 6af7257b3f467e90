"""What a convolution costs, by its definition and by fast Fourier transform, measured here."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from audioconv.engines.convolver import Convolver
from audioconv.engines.direct import direct
from audioconv.engines.overlap_add import overlap_add
from audioconv.engines.plan import Engine
from audioconv.engines.routes import routes

ENOUGH = 0.1
"""Seconds; no longer sum is measured than the first that takes so long."""

PATIENCE = 2.0
"""Seconds after which nothing longer is begun, on a machine that has other work."""

LEAST, MOST = 2**6, 2**20
REPEATS = 3


@dataclass(frozen=True)
class Cost:
    """Measured times, and what they mean for one job.

    Parameters
    ----------
    direct, fft : list of (int, float)
        n, and the seconds that n samples convolved with n taps took: by the plain sum, and by
        overlap-add
    products : int
        of the job by the plain sum: frames times taps times paths
    direct_seconds : float
        that those would take, at the pace of the longest plain sum that was measured
    job_seconds : float
        that the job's own engine takes, at the pace of one of its blocks
    """

    direct: list[tuple[int, float]]
    fft: list[tuple[int, float]]
    products: int
    direct_seconds: float
    job_seconds: float


def measure(convolver: Convolver, frames: int) -> Cost:
    """Measure what the plain sum and the FFT cost on this machine, and reckon a job from it.

    It takes a second or two.

    Parameters
    ----------
    convolver : Convolver
        the job's; it is reset
    frames : int > 0
        of the job's sound

    Returns
    -------
    Cost
        times of one thread, of arithmetic alone, nothing read or written
    """
    plain, fast = _growing(direct), _growing(overlap_add)
    n, seconds = plain[-1]
    routing = convolver.routing
    products = frames * sum(len(route.taps) for route in routing.routes)
    block = min(convolver.block, frames)
    sound = np.random.default_rng(0).standard_normal((block, routing.inputs))
    pace = _least(lambda: convolver.process(sound)) / block
    convolver.reset()
    return Cost(plain, fast, products, seconds * products / n**2, pace * frames)


def machine() -> str:
    """Name the machine that the times are of.

    Examples
    --------
    >>> " cores" in machine() or " core" in machine()
    True
    """
    cores = os.cpu_count() or 1
    return f"{platform.system()} {platform.machine()}, {cores} core{'s' * (cores > 1)}"


def _growing(engine: Engine) -> list[tuple[int, float]]:
    """Time n samples with n taps, n doubling, until it takes long enough to tell."""
    found, began = [], time.perf_counter()
    noise = np.random.default_rng(0).standard_normal((MOST, 1))
    n = LEAST
    while n <= MOST:
        convolver = engine(routes(noise[:n], 1))

        def work(convolver: Convolver = convolver, sound: np.ndarray = noise[:n]) -> None:
            convolver.process(sound)
            convolver.flush()

        found.append((n, _least(work)))
        if found[-1][1] > ENOUGH or time.perf_counter() - began > PATIENCE:
            break
        n *= 2
    return found


def _least(work: Callable[[], object]) -> float:
    """Return the least of some times, after one that warms up: what disturbs only adds."""
    work()
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)
