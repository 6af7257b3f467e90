"""Routing: which input leads through which taps to which output.

The only place that knows the rules. `arrange` lays out the channels of an impulse by a rule, and
`routes` lists the paths of a layout, so that engines see nothing but paths.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from itertools import cycle
from typing import NamedTuple

import numpy as np

from audioconv.errors import LayoutError, UsageError, counted
from impulses.impulse import Impulse, Taps, check_samples

TRUE_STEREO = "LL,LR,RL,RR"

FEW = 20
"""Taps of an impulse whose sum is no bad bound on its response."""

PAIR = r"\s*(\d{1,4})\s*:\s*(\d{1,4})\s*"
"""One path of a matrix; no sound has as many channels as four digits can count."""


class Route(NamedTuple):
    """One path: an input channel, convolved with a kernel, adds to an output channel.

    Parameters
    ----------
    source, target : int
        input and output channel
    kernel : int
        index into `Routing.kernels`
    """

    source: int
    target: int
    kernel: int


class Strand(NamedTuple):
    """Routes that share no channel with any other route.

    Parameters
    ----------
    sources, targets : tuple of int
        input and output channels
    routes : tuple of Route
        with channels counted within `sources` and `targets`
    """

    sources: tuple[int, ...]
    targets: tuple[int, ...]
    routes: tuple[Route, ...]


@dataclass(frozen=True, eq=False)
class Routing:
    """All paths of a convolution.

    Parameters
    ----------
    inputs, outputs : int > 0
        channels before and after
    frames : int > 0
        length K of the impulse; no kernel is longer
    kernels : tuple of array, (at most frames,)
        taps, each array once, whatever the number of routes through it
    routes : tuple of Route
        paths that are not silent
    """

    inputs: int
    outputs: int
    frames: int
    kernels: tuple[Taps, ...]
    routes: tuple[Route, ...]

    def taps(self, route: Route) -> Taps:
        """Return the taps of a route."""
        return self.kernels[route.kernel]

    @cached_property
    def responses(self) -> tuple[float, ...]:
        """Largest magnitude of the response of each kernel; of few taps, their sum is near it."""
        return tuple(
            float(np.abs(taps).sum())
            if np.count_nonzero(taps) <= FEW  # without a transform
            else largest_response(taps, 2 * self.frames)
            for taps in self.kernels
        )

    @cached_property
    def largest_sum(self) -> float:
        """The largest sum of abs(h) over all routes into one output."""
        sums = [float(np.abs(taps).sum()) for taps in self.kernels]
        into = [0.0] * self.outputs
        for route in self.routes:
            into[route.target] += sums[route.kernel]
        return max(into)

    @property
    def strands(self) -> tuple[Strand, ...]:
        """The routes in the smallest groups that share no channel."""
        strands: list[tuple[set[int], set[int]]] = []
        for source, target, _ in self.routes:
            sources, targets = {source}, {target}
            apart = []
            for strand in strands:
                if source in strand[0] or target in strand[1]:
                    sources |= strand[0]
                    targets |= strand[1]
                else:
                    apart.append(strand)
            strands = [*apart, (sources, targets)]
        return tuple(self._strand(sorted(s), sorted(t)) for s, t in strands)

    def _strand(self, sources: list[int], targets: list[int]) -> Strand:
        own = (route for route in self.routes if route.source in sources)
        counted = (Route(sources.index(r.source), targets.index(r.target), r.kernel) for r in own)
        return Strand(tuple(sources), tuple(targets), tuple(counted))

    @property
    def silent(self) -> tuple[int, ...]:
        """Outputs that no route leads to."""
        return tuple(sorted({*range(self.outputs)} - {route.target for route in self.routes}))


def largest_response(taps: Taps, points: int) -> float:
    """Return the largest magnitude of a transform of the taps."""
    return float(np.abs(np.fft.rfft(taps, points)).max())


def routes(taps: Taps, channels: int) -> Routing:
    """List the paths of `taps` for a sound of a number of channels.

    Parameters
    ----------
    taps : array, (frames, channels) or (frames, inputs, outputs)
        one channel acts on every channel, as many as the sound has on each its own, any
        number on a mono sound side by side; three axes are a full matrix
    channels : int > 0
        channels of the sound

    Raises
    ------
    LayoutError
        If they do not fit.

    Examples
    --------
    >>> [tuple(route) for route in routes(np.ones((2, 1)), 2).routes]
    [(0, 0, 0), (1, 1, 0)]
    >>> [tuple(route) for route in routes(np.eye(2)[None], 2).routes]
    [(0, 0, 0), (1, 1, 1)]
    """
    frames, first = taps.shape[:2]
    if taps.ndim == 3:
        if first != channels:
            raise LayoutError(
                f"an impulse with {counted(first, 'input')} does not fit a sound of "
                f"{counted(channels, 'channel')}; give taps of shape (frames, {channels}, outputs)"
            )
        outputs = taps.shape[2]
        paths = [(i, o, outputs * i + o) for i in range(channels) for o in range(outputs)]
    elif first == 1:
        outputs = channels
        paths = [(c, c, 0) for c in range(channels)]
    elif channels in (1, first):
        outputs = first
        paths = [(c if channels > 1 else 0, c, c) for c in range(first)]
    else:
        raise LayoutError(
            f"an impulse of {first} channels does not fit a sound of {channels}; give 1 channel, "
            f"{channels}, any number for a mono sound, or taps of shape (frames, inputs, outputs)"
        )
    columns = taps.reshape(frames, -1).T
    sounding = [n for n, column in enumerate(columns) if column.any()]
    kernel = {n: index for index, n in enumerate(sounding)}
    return Routing(
        channels,
        outputs,
        frames,
        tuple(np.ascontiguousarray(columns[n]) for n in sounding),
        tuple(Route(i, o, kernel[n]) for i, o, n in paths if n in kernel),
    )


def arrange(impulse: Impulse, channels: int, rule: str = "auto") -> Impulse:
    """Lay out the channels of an impulse file for a sound of a number of channels.

    Parameters
    ----------
    impulse : Impulse
        with taps of shape (frames, channels); a matrix is already laid out and comes back
    channels : int > 0
        channels of the sound
    rule : str
        ``mono``: one channel for all; ``each``: channel by channel; ``true-stereo``: four
        channels LL, LR, RL, RR (first letter the input, second the output), or in the order
        after ``=``, where a mono sound is left and right alike, as the ConvolverNode of the W3C
        has it; ``matrix``: every input into every output, the outputs of input 1 first,
        or the paths after ``=`` as in ``1:1,1:2,2:1,2:2``, one for each channel, or any number
        for a mono impulse; ``auto``: what the numbers of channels allow, four on two being true
        stereo

    Raises
    ------
    LayoutError
        If the impulse has not the channels that the rule needs.
    UsageError
        If there is no such rule.

    Examples
    --------
    >>> arrange(Impulse(np.ones((3, 4)), 48000), 2).taps.shape
    (3, 2, 2)
    """
    name, _, detail = rule.partition("=")
    if name not in RULES or (detail and name not in ("true-stereo", "matrix")):
        raise UsageError(
            f"no map is named {rule!r}; there are {', '.join(RULES)}, "
            f"true-stereo={TRUE_STEREO} and matrix=1:1,1:2"
        )
    if impulse.taps.ndim == 3:
        return impulse
    return RULES[name](impulse, channels, detail)


def describe(taps: Taps, channels: int) -> str:
    """Describe in a few words how `taps` act on a sound of a number of channels."""
    if taps.ndim == 3:
        inputs, outputs = taps.shape[1:]
        return f"matrix, {inputs} into {outputs}" if inputs > 1 else f"mono into {outputs}"
    if taps.shape[1] == 1:
        return f"one impulse on {'mono' if channels == 1 else f'each of {channels} channels'}"
    return (
        f"mono into {taps.shape[1]}" if channels == 1 else f"{channels} on {channels}, each its own"
    )


def _auto(impulse: Impulse, channels: int, _: str) -> Impulse:
    count = impulse.taps.shape[1]
    if count in (1, channels):
        return impulse
    if channels == 1:
        return _matrix(impulse, 1, "")
    if (count, channels) == (4, 2):
        stereo = _true_stereo(impulse, channels, "")
        return stereo.with_taps(
            stereo.taps,
            f"4 impulse channels on a stereo sound are taken as true stereo ({TRUE_STEREO}); "
            "pass `map='true-stereo'` to confirm, or `map='matrix=1:1,1:2,...'` for another layout",
        )
    raise _misfit(count, channels)


def _mono(impulse: Impulse, channels: int, _: str) -> Impulse:
    if impulse.taps.shape[1] != 1:
        raise LayoutError(
            f"map mono needs an impulse of 1 channel, but it has {impulse.taps.shape[1]}; "
            "use `map='each'`, `'true-stereo'` or `'matrix'`"
        )
    return impulse


def _each(impulse: Impulse, channels: int, _: str) -> Impulse:
    if impulse.taps.shape[1] != channels:
        raise LayoutError(
            f"map each needs as many impulse channels as the sound has ({channels}), but there "
            f"are {impulse.taps.shape[1]}; use `map='auto'`, `'mono'` or `'matrix'`"
        )
    return impulse


def _true_stereo(impulse: Impulse, channels: int, order: str) -> Impulse:
    names = (order or TRUE_STEREO).upper().split(",")
    if sorted(names) != sorted(TRUE_STEREO.split(",")):
        raise UsageError(f"true-stereo order {order!r} must name each of {TRUE_STEREO} once")
    if impulse.taps.shape[1] != 4 or channels > 2:
        raise LayoutError(
            "map true-stereo needs an impulse of 4 channels and a sound of 1 or 2, but there are "
            f"{impulse.taps.shape[1]} and {channels}; use `map='auto'`, `'each'` or `'matrix'`"
        )
    # min: both sides of a mono sound are its one channel
    paths = [(min("LR".index(name[0]), channels - 1), "LR".index(name[1])) for name in names]
    return _place(impulse, channels, 2, paths)


def _matrix(impulse: Impulse, channels: int, detail: str) -> Impulse:
    count = impulse.taps.shape[1]
    if not detail:
        if count % channels:
            raise LayoutError(
                f"map matrix needs a multiple of {channels} impulse channels, but there are "
                f"{count}; name the paths, as in `map='matrix=1:1,1:2'`"
            )
        outputs = count // channels
        return impulse.with_taps(
            impulse.taps.reshape(impulse.frames, channels, outputs),
            *_mixed_down(count, channels, outputs),
        )
    paths = _paths(detail, count, channels)
    outputs = max(o for _, o in paths) + 1
    placed = _place(impulse, channels, outputs, paths)
    return placed.with_taps(placed.taps, *_unused(paths, channels, outputs))


def _paths(detail: str, count: int, channels: int) -> list[tuple[int, int]]:
    """Parse the paths of a matrix for an impulse of `count` channels, counted from 0."""
    pairs = [re.fullmatch(PAIR, pair) for pair in detail.split(",")]
    if not all(pairs):
        raise UsageError(f"matrix {detail!r} is not a list of input:output pairs such as 1:1,1:2")
    paths = [(int(pair[1]) - 1, int(pair[2]) - 1) for pair in pairs if pair]
    fits = all(0 <= i < channels and o >= 0 for i, o in paths)
    if not fits or count not in (1, len(paths)):
        raise LayoutError(
            f"matrix {detail} does not fit a sound of {counted(channels, 'channel')} and an "
            f"impulse of {count}; name one input:output pair for each channel of the impulse "
            "(or any number for one channel), from 1 up"
        )
    if count == 1 and len(set(paths)) < len(paths):
        raise UsageError(f"matrix {detail} names a path twice; name each once, and use `wet=2`")
    return paths


def _place(impulse: Impulse, inputs: int, outputs: int, paths: list[tuple[int, int]]) -> Impulse:
    """Put channel n of the file on path n, or its one channel on each; channels of a path add."""
    check_samples(impulse.frames * inputs * outputs)
    taps = np.zeros((impulse.frames, inputs, outputs))
    for column, (source, target) in zip(cycle(impulse.taps.T), paths, strict=False):
        taps[:, source, target] += column
    return impulse.with_taps(taps)


def _mixed_down(count: int, channels: int, outputs: int) -> list[str]:
    """Note that a full matrix has fewer outputs than inputs."""
    if outputs >= channels:
        return []
    paths = ",".join(f"{i + 1}:{o + 1}" for i in range(channels) for o in range(outputs))
    return [
        f"map matrix mixes the {channels} channels of the sound down to {outputs}, as the impulse "
        f"has {count}; pass `map='each'` for each its own, or `map='matrix={paths}'` to confirm"
    ]


def _unused(paths: list[tuple[int, int]], channels: int, outputs: int) -> list[str]:
    """Note the inputs that lead nowhere, and the outputs to which nothing leads."""
    notes = []
    if lost := sorted({*range(channels)} - {source for source, _ in paths}):
        notes.append(f"no path of the matrix begins at {_listed(lost)} of the sound: left out")
    if silent := sorted({*range(outputs)} - {target for _, target in paths}):
        notes.append(f"no path of the matrix leads to {_listed(silent)} of the output: silent")
    return notes


def _listed(channels: list[int]) -> str:
    numbers = ", ".join(str(channel + 1) for channel in channels)
    return f"channel{'s' * (len(channels) > 1)} {numbers}"


def _misfit(impulse_channels: int, channels: int) -> LayoutError:
    return LayoutError(
        f"an impulse of {impulse_channels} channels does not fit a sound of {channels}; it can "
        f"have 1 channel, {channels}, 4 on a stereo sound (true stereo), any number on a mono "
        "one, or be laid out by `map='matrix=1:1,1:2'`"
    )


RULES: dict[str, Callable[[Impulse, int, str], Impulse]] = {
    "auto": _auto,
    "each": _each,
    "mono": _mono,
    "true-stereo": _true_stereo,
    "matrix": _matrix,
}
