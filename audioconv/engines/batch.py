"""Short blocks: a few segments, in small real transforms.

A sound that is short beside the segment of an impulse's own transform would fill most of that with
zeros. So a short block is cut by both lengths, its own and that of the impulse: into S segments of
B frames each, with transforms of N >= B + K - 1 points that bring the least work. As many of them
are transformed at a time as a vector has lanes, in memory that is kept from call to call: the pages
of new memory cost more than a pass over it. Then they are overlapped and added, as everywhere in
`audioconv.engines.overlap_add`.

How a block is cut depends on the two lengths alone, never on the machine or on earlier blocks.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import deque
from functools import lru_cache
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from audioconv.engines.audio import Audio, Samples
from audioconv.engines.convolver import Convolved, as_convolved
from audioconv.engines.grid import DOUBLE, snap
from audioconv.engines.routes import Routing, Strand
from audioconv.engines.subnormals import FLUSH_BELOW
from impulses.impulse import Taps

Rows = NDArray[Any]
"""Segments of some channels, or their spectra, (channels, segments, points)."""

VECTOR = 16
"""Bytes of a vector: its lanes are transformed together, which costs half."""

MOST = 8
"""Segments of a block; of more, the overlaps would cost more than shorter transforms save."""

CALLS = 2000
"""Points of a transform that cost as much as the calls and passes around it."""

SIZES: list[int] = sorted(
    {
        3**threes * 5**fives << twos
        for threes in range(4)
        for fives in range(4)
        for twos in range(29)
    }
)
"""Sizes of fast transforms: there is one at most a seventh above any other from 16 on."""

KEPT = 2**23
"""Bytes of the largest room that is kept from call to call."""

_ROOMS: deque[NDArray[np.uint8]] = deque(maxlen=4)
"""Rooms to be used again, in any thread."""


class Batch:
    """The kernel for short blocks.

    Parameters
    ----------
    routing : Routing
    dtype : float type
        of the arithmetic
    scale : float or None
        of the grid that sums are rounded to
    """

    def __init__(self, routing: Routing, dtype: np.dtype[Any], scale: float | None) -> None:
        self._routing = routing
        self._strands = routing.strands
        self._dtype = dtype
        self._lanes = lanes_of(dtype)
        self._complex = np.result_type(dtype, np.complex64)
        self._scale = scale
        self._latest: tuple[int, list[Rows]] = (0, [])

    def __call__(self, block: Samples, unit: float) -> Convolved:
        """Convolve a block of samples that count in units."""
        frames, taps = len(block), self._routing.frames
        full = np.empty((frames + taps - 1, self._routing.outputs), self._dtype)
        full[:, self._routing.silent] = 0
        count, size = cut(frames, taps, self._lanes)
        kernels = self._spectra(size)
        for strand in self._strands:
            self._add(block, strand, kernels, -(-frames // count), size, full)
        if unit != 1:
            full *= self._dtype.type(unit)
        snap(full, self._scale)
        return as_convolved(full, frames)

    def _add(
        self,
        block: Samples,
        strand: Strand,
        kernels: list[Rows],
        segment: int,
        size: int,
        full: Audio,
    ) -> None:
        """Convolve the segments of a strand, and add them at their places."""
        overlap = self._routing.frames - 1
        channels = max(len(strand.sources), len(strand.targets))
        lanes = max(1, self._lanes // channels)
        room = _borrow(channels * lanes * (2 * size + 2) * self._dtype.itemsize)
        rows = _carve(room, self._dtype, (channels, lanes, size))
        spectra = _carve(room[rows.nbytes :], self._complex, (channels, lanes, size // 2 + 1))
        for start in range(0, len(block), lanes * segment):
            part = block[start : start + lanes * segment]
            used = -(-len(part) // segment)
            own, found = rows[: len(strand.sources), :used], spectra[: len(strand.sources), :used]
            for row, source in zip(own, strand.sources, strict=True):
                _lay(part[:, source], row, segment)
            if block.dtype.kind == "f":
                _flush(own[..., :segment])
            _forward(own, found)
            for target, total in multiplied(found, strand, kernels).items():
                sums = _back(total, rows[target, :used])
                for at, one in enumerate(sums):
                    begin = start + at * segment
                    place = full[begin : begin + segment + overlap, strand.targets[target]]
                    reached = overlap if begin else 0
                    place[:reached] += one[:reached]
                    place[reached:] = one[reached : len(place)]
        _give_back(room)

    def _spectra(self, size: int) -> list[Rows]:
        """Return the spectra of all kernels; those of the latest size are kept."""
        latest, spectra = self._latest
        if latest != size:
            spectra = [self._spectrum(taps, size) for taps in self._routing.kernels]
            self._latest = size, spectra
        return spectra

    def _spectrum(self, taps: Taps, size: int) -> Rows:
        # in double precision in any case: its error would be in every sample
        return np.fft.rfft(taps, size).astype(self._complex, copy=False)


def _forward(rows: Rows, spectra: Rows) -> None:
    np.fft.rfft(rows, out=spectra, norm=_norm(rows.dtype))


def _back(spectra: Rows, rows: Rows) -> Rows:
    sums: Rows = np.fft.irfft(spectra, rows.shape[-1], out=rows, norm=_norm(rows.dtype))
    return sums


def _norm(dtype: np.dtype[Any]) -> Literal["backward", "ortho"]:
    # without a factor each way, NumPy would transform single precision in double
    return "backward" if dtype == DOUBLE else "ortho"


def multiplied(spectra: Rows | list[Rows], strand: Strand, kernels: list[Rows]) -> dict[int, Rows]:
    """Return the spectra of the outputs of a strand, which may overwrite those of its inputs."""
    if len(strand.routes) == 1:
        (route,) = strand.routes
        return {0: np.multiply(spectra[0], kernels[route.kernel], out=spectra[0])}
    sums: dict[int, Rows] = {}
    for route in strand.routes:
        product = spectra[route.source] * kernels[route.kernel]
        if route.target in sums:
            sums[route.target] += product
        else:
            sums[route.target] = product
    return sums


@lru_cache(maxsize=1024)
def cut(frames: int, taps: int, lanes: int) -> tuple[int, int]:
    """Return the number of segments of a block, and the size of their transforms.

    A transform costs about twice as much alone as in a lane of a vector. That of the impulse is
    alone, and each segment has two, there and back. Besides, each has its calls and passes.

    Examples
    --------
    >>> cut(48000, 8000, 2), cut(100, 8000, 2)
    ((2, 32000), (1, 8192))
    """

    def cost(count: int) -> float:
        return (1 + (2 if count == 1 else count)) * (sizes[count] + CALLS)

    sizes = {count: fast_size(-(-frames // count) + taps - 1) for count in (1, lanes, 2 * lanes)}
    best = min(sizes, key=cost)
    return best, sizes[best]


def lanes_of(dtype: np.dtype[Any]) -> int:
    """Return the lanes of a vector."""
    return VECTOR // dtype.itemsize


def fast_size(least: int) -> int:
    """Return the least of `SIZES` that holds so many points.

    Examples
    --------
    >>> [fast_size(points) for points in (1, 7, 1000, 1025, 38000)]
    [1, 8, 1000, 1080, 38400]
    """
    return SIZES[bisect_left(SIZES, least)]


def _borrow(size: int) -> NDArray[np.uint8]:
    """Return room of so many bytes, with anything in it."""
    try:
        room = _ROOMS.pop()
    except IndexError:
        return np.empty(size, np.uint8)
    return room if len(room) >= size else np.empty(size, np.uint8)


def _give_back(room: NDArray[np.uint8]) -> None:
    if len(room) <= KEPT:
        _ROOMS.append(room)


def _carve(room: NDArray[np.uint8], dtype: np.dtype[Any], shape: tuple[int, ...]) -> Rows:
    """Return an array in the first bytes of a room."""
    return room[: math.prod(shape) * dtype.itemsize].view(dtype).reshape(shape)


def _flush(rows: Rows) -> None:
    """Set magnitudes under `FLUSH_BELOW` to zero, as they would slow down a transform."""
    least = FLUSH_BELOW[rows.dtype]
    small = (rows < least) & (rows > -least)
    if small.any() and rows[small].any():  # and not just zeros
        np.copyto(rows, 0, where=small)


def _lay(samples: NDArray[Any], rows: NDArray[Any], segment: int) -> None:
    """Write a segment to the beginning of each row, and zeros behind it."""
    whole, rest = divmod(len(samples), segment)
    rows[:whole, :segment] = samples[: whole * segment].reshape(whole, segment)
    rows[:, segment:] = 0
    if rest:
        rows[whole, :rest] = samples[whole * segment :]
        rows[whole, rest:segment] = 0
