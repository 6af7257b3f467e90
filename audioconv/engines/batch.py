"""Short blocks: a few segments, in small real transforms.

A sound that is short beside the segment of an impulse's own transform would fill most of that with
zeros. So a short block is cut by both lengths, its own and that of the impulse: into S segments of
B frames each, with transforms of N >= B + K - 1 points that bring the least work. A few of them are
transformed at a time, in the same memory: the pages of new memory cost more than a pass over it.
Then they are overlapped and added, as everywhere in `audioconv.engines.overlap_add`.

How a block is cut depends on the two lengths alone, never on the machine or on earlier blocks.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioconv.engines.audio import Audio, Samples
from audioconv.engines.convolver import Convolved
from audioconv.engines.grid import DOUBLE, snap
from audioconv.engines.routes import Routing, Strand
from audioconv.engines.subnormals import flush_subnormals
from impulses.impulse import Taps

Rows = NDArray[Any]
"""Segments of some channels, or their spectra, (channels, segments, points)."""

TOGETHER = 4
"""Segments that are transformed at a time, each in some lanes of a vector: it costs half."""

COUNTS = (1, TOGETHER, 2 * TOGETHER)
"""Segments of a block; of more, the overlaps would cost more than shorter transforms save."""

RADICES = (1, 3, 5, 9, 15)
"""Odd factors of the sizes of transforms: there is a size at most a fifth above any other."""


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
        self._scale = scale
        self._latest: tuple[int, list[Rows]] = (0, [])

    def __call__(self, block: Samples, unit: float) -> Convolved:
        """Convolve a block of samples that count in units."""
        if block.dtype.kind == "f":
            block = flush_subnormals(block.astype(self._dtype, copy=False))
        frames, taps = len(block), self._routing.frames
        full = np.zeros((frames + taps - 1, self._routing.outputs), self._dtype)
        count, size = cut(frames, taps)
        segment = -(-frames // count)
        kernels = self._spectra(size)
        for strand in self._strands:
            self._add(block, strand, kernels, segment, size, full)
        if unit != 1:
            full *= self._dtype.type(unit)
        snap(full, self._scale)
        return Convolved(frames, [full[:frames]], full[frames:])

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
        forward, back = _transforms(self._dtype)
        channels = max(len(strand.sources), len(strand.targets))
        together = max(1, TOGETHER // channels)
        rows = np.empty((channels, together, size), self._dtype)
        spectra = np.empty((len(strand.sources), together, size // 2 + 1), kernels[0].dtype)
        for start in range(0, len(block), together * segment):
            part = block[start : start + together * segment]
            used = -(-len(part) // segment)
            for row, source in zip(rows, strand.sources, strict=False):
                _lay(part[:, source], row[:used], segment)
            found = forward(rows[: len(strand.sources), :used], spectra[:, :used])
            for target, total in multiplied(found, strand, kernels).items():
                sums = back(total, size, rows[target, :used])
                for at, one in enumerate(sums):
                    place = full[start + at * segment :, strand.targets[target]][:size]
                    place += one[: len(place)]

    def _spectra(self, size: int) -> list[Rows]:
        """Return the spectra of all kernels; those of the latest size are kept."""
        latest, spectra = self._latest
        if latest != size:
            spectra = [self._spectrum(taps, size) for taps in self._routing.kernels]
            self._latest = size, spectra
        return spectra

    def _spectrum(self, taps: Taps, size: int) -> Rows:
        # in double precision in any case: its error would be in every sample
        return np.fft.rfft(taps, size).astype(np.result_type(self._dtype, np.complex64), copy=False)


def _transforms(
    dtype: np.dtype[Any],
) -> tuple[Callable[[Rows, Rows], Rows], Callable[[Rows, int, Rows], Rows]]:
    """Return the transform of rows, and its inverse; each may use the room that it is given.

    NumPy is loaded already. In single precision, SciPy is twice as fast.
    """
    if dtype == DOUBLE:
        return (
            lambda rows, room: np.fft.rfft(rows, out=room),
            lambda spectra, size, room: np.fft.irfft(spectra, size, out=room),
        )
    from scipy.fft import irfft, rfft

    return (
        lambda rows, _: rfft(rows, overwrite_x=True),
        lambda spectra, size, _: irfft(spectra, size, overwrite_x=True),
    )


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


def cut(frames: int, taps: int) -> tuple[int, int]:
    """Return the number of segments of a block, and the size of their transforms.

    Examples
    --------
    >>> cut(48000, 8000), cut(100, 8000)
    ((4, 20480), (1, 8192))
    """

    def cost(count: int) -> float:
        size = sizes[count]
        transforms = 1 + (1 if count == 1 else count / 2)  # one is that of the impulse
        return transforms * size * (1 + size / 2**16)  # a long one leaves the caches

    sizes = {count: fast_size(-(-frames // count) + taps - 1) for count in COUNTS}
    best = min(COUNTS, key=cost)
    return best, sizes[best]


def fast_size(least: int) -> int:
    """Return the least fast size of a transform that holds so many points.

    Examples
    --------
    >>> [fast_size(points) for points in (1, 7, 1000, 1025, 38000)]
    [1, 8, 1024, 1152, 40960]
    """
    return min(radix << (-(-least // radix) - 1).bit_length() for radix in RADICES)


def _lay(samples: NDArray[Any], rows: NDArray[Any], segment: int) -> None:
    """Write a segment to the beginning of each row, and zeros behind it."""
    whole, rest = divmod(len(samples), segment)
    rows[:whole, :segment] = samples[: whole * segment].reshape(whole, segment)
    rows[:, segment:] = 0
    if rest:
        rows[whole, :rest] = samples[whole * segment :]
        rows[whole, rest:segment] = 0
