"""Kernels over time and frequency, in seconds and hertz.

A kernel is a function from a grid and a few parameters to weights. Its options, units, defaults and
help are read from its signature and docstring, as those of an impulse builder are.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from audioconv.errors import UsageError, printable
from audioconv.parameters import arguments, assignments, choices_like, parameters
from audioconv.spectral.transform import Grid
from impulses.impulse import ImpulseError
from impulses.quantities import Hertz, Seconds, one_of, within

LONGEST = 5.0
"""Seconds over which a kernel reaches, at most: all of them are in memory."""

WIDTHS = math.sqrt(8 * math.log(2))
"""Standard deviations in the width of a Gaussian, where it is half as high."""

REACH = 4
"""Standard deviations at which a Gaussian ends; there it is 0.0003 as high."""

Weights = NDArray[np.float64]
"""Weights, (slices, bins) or along one of these."""


@dataclass(frozen=True, eq=False)
class Kernel:
    """Weights that the magnitudes are convolved with.

    Parameters
    ----------
    weights : array, (slices, bins)
    origin : (int, int)
        slice and bin of the weight that leaves a magnitude where it is
    notes : tuple of str
        what may not be as meant
    """

    weights: Weights
    origin: tuple[int, int]
    notes: tuple[str, ...] = ()


def identity(grid: Grid) -> Kernel:
    """Every magnitude as it is; the sound, too, to 1e-12.

    Examples
    --------
    >>> identity(Grid(48000, 2048)).weights.tolist()
    [[1.0]]
    """
    return Kernel(np.ones((1, 1)), (0, 0))


def blur(
    grid: Grid,
    *,
    time: Seconds = 0.0,
    frequency: Hertz = 0.0,
    shape: Literal["box", "gauss"] = "box",
) -> Kernel:
    """The mean of the magnitudes around each; a steady sound keeps its level.

    Parameters
    ----------
    time : float, 0 to 5
        width over which times are mixed; onsets become as slow
    frequency : float, 0 to a quarter of the rate
        width over which frequencies are mixed; tones become as wide a band
    shape : {"box", "gauss"}
        all alike within the width, or a Gaussian as wide at half its height

    Examples
    --------
    >>> kernel = blur(Grid(48000, 2048), time=0.016, frequency=60)
    >>> kernel.weights.round(3).tolist(), kernel.origin
    ([[0.102, 0.13, 0.102], [0.102, 0.13, 0.102], [0.102, 0.13, 0.102]], (1, 1))
    """
    if not time and not frequency:
        raise ImpulseError("neither time nor frequency is given; give one, such as time=90ms")
    within("time", time, 0, LONGEST, "s")
    within("frequency", frequency, 0, grid.rate / 4, "Hz")
    one_of("shape", shape, ("box", "gauss"))
    slices = time * grid.rate / grid.hop
    bins = frequency * grid.frames / grid.rate
    along = box if shape == "box" else gauss
    rows, columns = along(slices), along(bins)
    notes = [
        f"{name}={given} is within one {unit} ({one}), so that it changes nothing; give more, or "
        f"{remedy} window"
        for name, given, weights, unit, one, remedy in (
            ("time", f"{1000 * time:g}ms", rows, "slice", f"{1000 * grid.hop / grid.rate:.3g} ms",
             "a shorter"),
            ("frequency", f"{frequency:g}Hz", columns, "bin", f"{grid.rate / grid.frames:.3g} Hz",
             "a longer"),
        )
        if len(weights) == 1 and (time if name == "time" else frequency)
    ]  # fmt: skip
    return Kernel(np.outer(rows, columns), (len(rows) // 2, len(columns) // 2), tuple(notes))


def sharpen(
    grid: Grid,
    *,
    time: Seconds = 0.0,
    frequency: Hertz = 0.0,
    shape: Literal["box", "gauss"] = "box",
    amount: float = 1.0,
) -> Kernel:
    """The opposite of a blur: what a blur would take away, added (an unsharp mask).

    Parameters
    ----------
    time : float, 0 to 5
        width of the blur in time; onsets stand out
    frequency : float, 0 to a quarter of the rate
        width of the blur in frequency; tones stand out from noise
    shape : {"box", "gauss"}
        as of a blur
    amount : float, 0 to 10
        how much of it is added

    Examples
    --------
    >>> kernel = sharpen(Grid(48000, 2048), frequency=70.3125, amount=0.5)
    >>> kernel.weights.round(3).tolist()
    [[-0.167, 1.333, -0.167]]
    """
    within("amount", amount, 0, 10)
    blurred = blur(grid, time=time, frequency=frequency, shape=shape)
    weights = -amount * blurred.weights
    weights[blurred.origin] += 1 + amount
    return Kernel(weights, blurred.origin, blurred.notes)


def edge(
    grid: Grid,
    *,
    axis: Literal["time", "frequency"] = "time",
    side: Literal["rise", "fall"] = "rise",
) -> Kernel:
    """The difference of neighbours, -1 and 1: steady sound vanishes, what changes remains.

    Parameters
    ----------
    axis : {"time", "frequency"}
        neighbours in time, so that onsets are heard alone, or in frequency, the flanks of tones
    side : {"rise", "fall"}
        where magnitudes become larger, or smaller, from one to the next

    Examples
    --------
    >>> edge(Grid(48000, 2048)).weights.tolist()
    [[1.0], [-1.0]]
    """
    one_of("axis", axis, ("time", "frequency"))
    one_of("side", side, ("rise", "fall"))
    weights = np.array([[1.0], [-1.0]]) if side == "rise" else np.array([[-1.0], [1.0]])
    return Kernel(weights if axis == "time" else weights.T, (0, 0))


KERNELS: dict[str, Callable[..., Kernel]] = {
    "identity": identity,
    "blur": blur,
    "sharpen": sharpen,
    "edge": edge,
}
"""Every kernel, by its name in a spec: ``kernel(grid, **parameters)``."""


def kernel(spec: str, grid: Grid) -> Kernel:
    """Return the kernel of a spec.

    Parameters
    ----------
    spec : str
        a name and its parameters, such as ``blur:time=90ms,frequency=50Hz``
    grid : Grid

    Raises
    ------
    UsageError
        If there is no such kernel or parameter, or a value does not fit.

    Examples
    --------
    >>> kernel("edge:axis=frequency", Grid(48000, 2048)).weights.tolist()
    [[1.0, -1.0]]
    """
    name, _, rest = spec.partition(":")
    if name not in KERNELS:
        raise UsageError(f"no kernel is named {name!r};{choices_like(name, KERNELS)}")
    declared = parameters(KERNELS[name])
    given = assignments(rest, printable(spec), "time=90ms")
    values = arguments(name, declared, given, grid.rate)
    try:
        return KERNELS[name](grid, **values)
    except ImpulseError as error:
        raise UsageError(f"{name}: {error}") from None


def box(width: float) -> Weights:
    """Return the mean over a width, in cells of 1: what each cell has of it.

    Examples
    --------
    >>> box(3.0).round(3).tolist(), box(2.0).tolist()
    ([0.333, 0.333, 0.333], [0.25, 0.5, 0.25])
    """
    if width <= 1:
        return np.ones(1)
    side = math.ceil((width - 1) / 2)
    inner = np.abs(np.arange(-side, side + 1, dtype=np.int64))
    covered: Weights = np.clip(width / 2 + 0.5 - inner, 0, 1)
    weights: Weights = covered / covered.sum()
    return weights


def gauss(width: float) -> Weights:
    """Return a Gaussian as wide at half its height, in cells of 1; its sum is 1.

    Examples
    --------
    >>> gauss(2.0).round(3).tolist()
    [0.001, 0.029, 0.235, 0.47, 0.235, 0.029, 0.001]
    """
    deviation = width / WIDTHS
    side = math.floor(REACH * deviation)
    height = np.exp(-0.5 * (np.arange(-side, side + 1, dtype=np.int64) / max(deviation, 0.1)) ** 2)
    weights: Weights = height / height.sum()
    return weights
