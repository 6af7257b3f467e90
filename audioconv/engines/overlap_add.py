"""Block-wise FFT convolution, the engine for long impulses.

A segment of B frames convolved with K taps has B + K - 1 frames, so a transform of
N = B + K - 1 points holds it without wrapping round, and there the convolution theorem makes it
a product:

    y = IDFT(DFT(x) DFT(h)),    DFT of N points of x and h, each with zeros behind it.

The sums of all segments, each at its place, are the whole convolution (overlap-add, Stockham
1966). Two segments share one complex transform, the first as its real part and the next as its
imaginary part: as the taps are real, (a + i b) * h = a * h + i (b * h), and the parts stay
apart. So a block of this engine is two segments; within a block they are added here, from block
to block by `OverlapAdd`.

Every input and every output is transformed once, however many routes lead between them: the
spectra that lead to one output are summed.

A sound that ends within the first block would leave much of it empty. So a block that is not full
is cut by its own length (see `audioconv.engines.batch`), in an array, a file and a pipe alike.

`fft_size` takes the power of two at which a frame costs least. It depends on the impulse
alone, never on the machine, so that the same input gives the same bytes everywhere.

References
----------
T. G. Stockham, "High-speed convolution and correlation", AFIPS Spring Joint Computer
Conference, 1966; the transform is that of `audioconv.engines.transform`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache, partial
from itertools import pairwise
from threading import Lock
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioconv.engines.audio import SLICE, Audio, Samples
from audioconv.engines.batch import MOST, Batch, cut, lanes_of, multiplied
from audioconv.engines.convolver import Convolved, Convolver, OverlapAdd
from audioconv.engines.grid import grid_scale, snap
from audioconv.engines.rounding import loudest, transforms
from audioconv.engines.routes import Routing, Strand
from audioconv.engines.subnormals import flush_subnormals
from audioconv.engines.transform import FourStep, Matrix, row_length
from impulses.impulse import Taps

LEAST_SIZE = 2**16
"""Below that, Python's overhead between the steps costs more than the steps."""

SHORT = 2**18
"""Frames up to which a block that is not full is faster in a batch."""

_PLANNING = Lock()
"""Held while the kernel for long blocks is made: the first blocks come at the same time."""


def overlap_add(
    routing: Routing,
    *,
    single: bool = False,
    signal_bits: int | None = None,
    frames: int | None = None,
) -> Convolver:
    """Build the FFT engine.

    Parameters
    ----------
    routing : Routing
        paths between inputs and outputs
    single : bool
        compute in float32 instead of float64
    signal_bits : int, optional
        fractional bits of the signal's samples, where it has a known number of them: then
        sums that can be exact are made exact (see `audioconv.engines.grid`)
    frames : int > 0, optional
        of each sound: no block is longer
    """
    dtype = np.dtype(np.float32 if single else np.float64)
    scale = grid_scale(routing, signal_bits, dtype)
    kernel = _Kernel(routing, dtype, scale)
    block = kernel.block if frames is None else min(frames, kernel.block)
    points = kernel.points(block)
    model = partial(
        transforms,
        routing,
        block=block,
        points=points,
        dtype=dtype,
        grid_scale=scale,
        pieces=MOST,
    )
    return OverlapAdd(
        routing,
        kernel,
        block=block,
        dtype=dtype,
        error_model=model,
        fft_size=points,
        limit=loudest(routing, dtype, points=points),
    )


class _Kernel:
    """The kernel for blocks of any length: short ones in a batch, long ones in pairs.

    Attributes
    ----------
    block : int
        frames of its longest block
    """

    def __init__(self, routing: Routing, dtype: np.dtype[Any], scale: float | None) -> None:
        self._taps, self._lanes = routing.frames, lanes_of(dtype)
        self._size = fft_size(routing.frames)
        columns = row_length(self._size)
        # whole rows, so that segments meet at the ends of rows
        segment = (self._size - routing.frames + 1) // columns * columns
        self.block = 2 * segment
        self._batch = Batch(routing, dtype, scale)
        self._long = partial(_Pairs, routing, dtype, scale, self._size, segment)
        self._pairs: _Pairs | None = None

    def __call__(self, block: Samples, unit: float) -> Convolved:
        """Convolve samples that count in units."""
        if self._is_short(len(block)):
            return self._batch(block, unit)
        with _PLANNING:
            self._pairs = self._pairs or self._long()
        return self._pairs(block, unit)

    def points(self, block: int) -> int:
        """Return the length of the longest transform of blocks of at most so many frames."""
        return cut(block, self._taps, self._lanes)[1] if self._is_short(block) else self._size

    def _is_short(self, frames: int) -> bool:
        return frames <= SHORT and frames < self.block


class _Pairs:
    """The kernel for long blocks: two segments, as one complex transform of each channel."""

    def __init__(
        self,
        routing: Routing,
        dtype: np.dtype[Any],
        scale: float | None,
        size: int,
        segment: int,
    ) -> None:
        self.size, self.segment = size, segment
        transform = _transform(size)
        self._rows, self._columns = transform.shape
        self._step = segment // self._columns
        self._routing = routing
        self._strands, self._silent = routing.strands, routing.silent
        self._dtype = dtype
        self._scale = scale
        # in double precision in any case: their error would be in every sample
        self._spectra = [self._spectrum(taps, transform) for taps in routing.kernels]
        self._transform = transform.astype(np.result_type(dtype, np.complex64))
        # planes to be used again: the pages of new memory cost more than a pass over it
        self._idle: list[Matrix] = []

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_idle": []}

    def __call__(self, block: Samples, unit: float) -> Convolved:
        """Convolve two segments, or less, of samples that count in units."""
        if block.dtype.kind == "f":
            block = flush_subnormals(block.astype(self._dtype, copy=False))
        outputs: dict[int, Matrix] = {}
        for strand in self._strands:
            most = max(len(strand.sources), len(strand.targets))
            planes = [self._plane() for _ in range(most)]
            for plane, source in zip(planes, strand.sources, strict=False):
                self._pack(block[:, source], plane)
                self._transform.columns(plane)
            for band in self._transform.bands():
                self._multiply(planes, band, strand)
            for plane, target in zip(planes, strand.targets, strict=False):
                self._transform.columns_back(plane)
                outputs[target] = plane
            self._idle += planes[len(strand.targets) :]
        frames = len(block)
        tail = [*self._sums(outputs, unit, frames, frames + self._routing.frames - 1)]
        nothing = np.zeros((0, self._routing.outputs), self._dtype)
        return Convolved(
            frames, self._parts(outputs, unit, frames), np.concatenate([nothing, *tail])
        )

    def _plane(self) -> Matrix:
        try:
            return self._idle.pop()
        except IndexError:
            return self._transform.plane()

    def _spectrum(self, taps: Taps, transform: FourStep) -> Matrix:
        """Transform taps, and divide by N, as the transforms forward and back together do not."""
        plane = transform.plane()
        plane[:] = 0
        _lay(taps, plane.real)
        transform.columns(plane)
        for band in transform.bands():
            transform.rows(plane, band)
        plane /= self.size
        return plane.astype(np.result_type(self._dtype, np.complex64))

    def _pack(self, samples: NDArray[Any], plane: Matrix) -> None:
        """Lay one segment of a channel into the real part, the next into the imaginary part."""
        first, second = samples[: self.segment], samples[self.segment :]
        plane[len(second) // self._columns :] = 0
        _lay(first, plane.real)
        _lay(second, plane.imag)

    def _multiply(self, planes: list[Matrix], band: slice, strand: Strand) -> None:
        """In a band of rows, turn the inputs of a strand into its outputs."""
        spectra = [self._transform.rows(plane, band) for plane in planes[: len(strand.sources)]]
        kernels = [spectrum[band] for spectrum in self._spectra]
        for target, total in multiplied(spectra, strand, kernels).items():
            self._transform.rows_back(total, planes[target], band)

    def _parts(self, outputs: dict[int, Matrix], unit: float, frames: int) -> Iterator[Audio]:
        """Yield the frames under a block, and let go of the planes."""
        yield from self._sums(outputs, unit, 0, frames)
        self._idle += outputs.values()

    def _sums(
        self, outputs: dict[int, Matrix], unit: float, begin: int, end: int
    ) -> Iterator[Audio]:
        """Yield frames of both segments, some rows at a time, added where the two meet."""
        channels = self._routing.outputs
        for first, rows in self._slices():
            start = first * self._columns
            if start + rows * self._columns <= begin or end <= start:
                continue
            out = np.empty((rows, self._columns, channels), self._dtype)
            out[..., self._silent] = 0
            for target, plane in outputs.items():
                self._add_up(plane, first, out[..., target])
            if unit != 1:  # all channels at once are one pass without gaps
                out *= self._dtype.type(unit)
            yield snap(out.reshape(-1, channels)[max(0, begin - start) : end - start], self._scale)

    def _add_up(self, plane: Matrix, first: int, out: Audio) -> None:
        """Take some rows out of a plane, from its real part, or its imaginary one, or both."""
        here = plane.real[first : first + len(out)]
        behind = plane.imag[max(0, first - self._step) :][: len(out)]
        if first < self._step:
            out[:] = here
        elif first < self._rows:
            np.add(here, behind, out=out)
        else:
            out[:] = behind

    def _slices(self) -> Iterator[tuple[int, int]]:
        """Cut the rows of both segments: where the next begins or one ends, and to `SLICE`.

        Yields the first row of each slice, and how many it has.
        """
        most = max(1, SLICE // (self._columns * self._routing.outputs))
        seams = (0, self._step, self._rows, self._step + self._rows)
        for begin, end in pairwise(seams):
            yield from ((row, min(most, end - row)) for row in range(begin, end, most))


def _lay(values: NDArray[Any], part: NDArray[Any]) -> None:
    """Write values along the rows of a matrix, and leave the rest of it as it is."""
    rows, rest = divmod(len(values), part.shape[1])
    whole = len(values) - rest
    part[:rows] = values[:whole].reshape(rows, part.shape[1])
    part[rows : rows + 1, :rest] = values[whole:]


@lru_cache(maxsize=4)
def _transform(size: int) -> FourStep:
    """Return a transform, whose tables are kept for the next impulse of about the same length."""
    return FourStep(size)


@lru_cache(maxsize=1024)
def fft_size(frames: int) -> int:
    """Return the transform length for an impulse of a given length.

    A transform of N points costs about N log2 N, and brings N - K + 1 new frames. A short one
    spends itself on the overlap; a long one leaves the caches, at a price that grows about as
    1 + N / 2^21. The least of the product lies where measured times have theirs: at 2^17 for
    0.4 s of impulse (at 44.1 kHz), 2^19 for 3 s, 2^20 for 10 s.

    Examples
    --------
    >>> [fft_size(frames).bit_length() - 1 for frames in (17640, 132300, 441000)]
    [17, 19, 20]
    """

    def cost(size: int) -> float:
        return size * math.log2(size) * (1 + size / 2**21) / (size - frames + 1)

    least = max(LEAST_SIZE, 1 << frames.bit_length())
    return min((least << doublings for doublings in range(8)), key=cost)
