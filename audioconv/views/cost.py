"""Cost of a convolution on this machine: the direct sum against the FFT."""

from __future__ import annotations

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
from audioconv.job import available_cores

LONG_ENOUGH = 0.02
"""Seconds that a convolution takes for the measurement to end. Longer ones are known by their law,
and dot products of over 10,000 samples would be those of several threads."""

TIME_LIMIT = 1.0
"""Seconds after which the measurement ends in any case, for a busy machine."""

MIN_FRAMES, MAX_FRAMES = 2**2, 2**20
REPEATS = 3
REPEATED = 0.002
"""Seconds for which a short convolution is repeated, to measure it among interruptions."""


@dataclass(frozen=True)
class Cost:
    """Measured times, and estimates for a job.

    Parameters
    ----------
    direct, fft : list of (int, float)
        n, and the seconds for n samples convolved with n taps, by the direct sum and by
        overlap-add
    products : int
        multiplications of the job by the direct sum: frames times taps times paths
    direct_seconds : float
        estimated time of the direct sum, at the rate of the longest one measured
    job_seconds : float
        estimated time of the engine of the job, at the rate of one of its blocks
    """

    direct: list[tuple[int, float]]
    fft: list[tuple[int, float]]
    products: int
    direct_seconds: float
    job_seconds: float


def measure_cost(convolver: Convolver, frames: int) -> Cost:
    """Time the direct sum and the FFT on this machine, and estimate the time of a job.

    The measurement takes a second.

    Parameters
    ----------
    convolver : Convolver
        convolver of the job; it is reset
    frames : int > 0
        length of the sound

    Returns
    -------
    Cost
        times of one thread, without reading or writing files
    """
    direct_times, fft_times = _time_lengths(direct), _time_lengths(overlap_add)
    n, seconds = direct_times[-1]
    routing = convolver.routing
    products = frames * sum(len(routing.taps(route)) for route in routing.routes)
    block = min(convolver.block, frames)
    sound = np.random.default_rng(0).standard_normal((block, routing.inputs))
    frame_seconds = _best_time(lambda: convolver.process(sound)) / block
    convolver.reset()
    return Cost(
        direct_times, fft_times, products, seconds * products / n**2, frame_seconds * frames
    )


def machine() -> str:
    """Describe this machine.

    Examples
    --------
    >>> " cores" in machine() or " core" in machine()
    True
    """
    cores = available_cores()
    return f"{platform.system()} {platform.machine()}, {cores} core{'s' * (cores > 1)}"


def _time_lengths(engine: Engine) -> list[tuple[int, float]]:
    """Time n samples with n taps, doubling n until a convolution takes `LONG_ENOUGH`."""
    times, start = [], time.perf_counter()
    noise = np.random.default_rng(0).standard_normal((MAX_FRAMES, 1))
    n = MIN_FRAMES
    while n <= MAX_FRAMES:
        convolver = engine(routes(noise[:n], 1))

        def work(convolver: Convolver = convolver, sound: np.ndarray = noise[:n]) -> None:
            convolver.process(sound)
            convolver.flush()

        times.append((n, _best_time(work)))
        if times[-1][1] > LONG_ENOUGH or time.perf_counter() - start > TIME_LIMIT:
            break
        n *= 2
    return times


def _best_time(work: Callable[[], object]) -> float:
    """Return the shortest of some times in s, after a warm-up: interruptions only add time."""
    work()
    times: list[float] = []
    while len(times) < REPEATS or sum(times) < REPEATED:
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)
