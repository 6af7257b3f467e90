"""The convolution: windows of the sound, transformed some at a time; a few taps need no transform.

Work space is a few arrays of `Library.points`, or of four transforms if that is more, however long
the sound and however many items there are. Where gradients are wanted, everything is kept.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterator
from operator import index

from audioconv.arrays.cut import Cut, cut
from audioconv.arrays.direct import FEW, Direct, direct_cut
from audioconv.arrays.layout import some_items
from audioconv.arrays.library import LANES, Library
from audioconv.arrays.sink import Array, Index


class Latest:
    """What was computed last, which is kept until something else is asked for."""

    def __init__(self) -> None:
        self._key: Hashable = None
        self._value: Array = None

    def of(self, key: Hashable, compute: Callable[..., Array], *given: object) -> Array:
        """Return the value of a key, which is not None.

        What it is computed of is given, since compilers take what a function encloses, such as the
        size of a batch, as constant.
        """
        if key != self._key:
            self._key, self._value = key, compute(*given)
        return self._value


def convolved(
    library: Library,
    x: Array,
    h: Array,
    begin: int,
    end: int,
    *,
    block: int | None = None,
    kernels: Latest | None = None,
) -> Array:
    """Return frames `begin` to `end` of ``(x * h)[n] = sum over a + b = n of x[a] h[b]``.

    Parameters
    ----------
    library : Library
    x : array, (..., n)
    h : array, (..., K)
        of the type of `x`, and with as many axes, of which the leading ones broadcast
    begin, end : int
    block : int > 0, optional
        frames that a transform gives, at least
    kernels : Latest, optional
        spectra of `h`, where they are kept from call to call
    """
    lead = tuple(b if a == 1 else a for a, b in zip(x.shape[:-1], h.shape[:-1], strict=True))
    # as numbers, where a compiler has symbols: each pair of lengths has a cut of its own
    frames, taps, begin, end = map(index, (x.shape[-1], h.shape[-1], begin, end))
    wanted = max(end - begin, 0)
    block = None if block is None else min(block, wanted)
    if 0 in (*lead, wanted, frames):
        return library.zeros((*lead, wanted), x)
    items = math.prod(lead)
    work: Direct | _Transformed
    if taps <= FEW:
        how = direct_cut(taps, wanted, block)
        work = Direct(library, x, h, how, begin)
    else:
        own = math.prod(h.shape[:-1]) > 1  # taps, of more than one item
        how = cut(frames, taps, begin, end, block, int(own))
        work = _Transformed(library, x, h, how, begin, kernels or Latest(), items)
    most = max(LANES, library.points(x) // how.size // LANES * LANES)  # transforms at a time
    if items * how.windows <= most:
        return work.sums(tuple(slice(0, size) for size in lead), 0, how.windows, wanted)
    sink = library.sink((*lead, wanted), x, h)
    for some in chunks(lead, most):
        step = max(1, most // math.prod([one.stop - one.start for one in some]))
        for first in range(0, how.windows, step):
            start = first * how.hop
            count = min(step, how.windows - first)
            sink.put(
                some, start, work.sums(some, first, count, min(wanted - start, step * how.hop))
            )
    return sink.whole()


class _Transformed:
    """One convolution by transforms, of which `sums` computes some items and windows."""

    def __init__(
        self,
        library: Library,
        x: Array,
        h: Array,
        how: Cut,
        begin: int,
        kernels: Latest,
        items: int,
    ) -> None:
        self._library, self._x, self._h, self._how, self._begin = library, x, h, how, begin
        self._kernels, self._sound = kernels, Latest()
        self._real = not library.is_complex(x)
        # several impulses on one sound, which is transformed once for as many as come together
        self._is_shared = math.prod(x.shape[:-1]) < items

    def sums(self, items: Index, first: int, count: int, frames: int) -> Array:
        """Return frames of some items, from those of a window on."""
        library, how = self._library, self._how
        if self._is_shared:
            place = _place(self._x, items), first, count
            spectra = self._sound.of(place, self._spectra, items, first, count)
        else:
            spectra = self._spectra(items, first, count)
        those = self._h.dtype, _place(self._h, items), how.size
        kernels = self._kernels.of(those, self._kernels_of, items)
        product = library.product(spectra, kernels, overwrite=not self._is_shared)
        rows = library.sums(product, how.size, real=self._real)
        rows = rows[..., how.skip : how.skip + how.hop]
        if count == 1:
            return rows[..., 0, :frames]
        return library.xp.reshape(rows, (*rows.shape[:-2], count * how.hop))[..., :frames]

    def _kernels_of(self, items: Index) -> Array:
        """Return the spectra of some impulses."""
        return self._library.spectra(some_items(self._h, items)[..., None, :], self._how.size)

    def _spectra(self, items: Index, first: int, count: int) -> Array:
        """Return the spectra of some windows of a sound."""
        windows = self._windows(some_items(self._x, items), first, count)
        return self._library.spectra(windows, self._how.size)

    def _windows(self, x: Array, first: int, count: int) -> Array:
        """Return some windows of some items, (..., count, N)."""
        how = self._how
        if how.alone:
            return x[..., None, :]  # zeros behind it come with the transform
        start = self._begin + first * how.hop - how.skip
        sound = self._library.padded(x, start, start + (count - 1) * how.hop + how.size)
        return self._library.windows(sound, how.size, how.hop)


def chunks(shape: tuple[int, ...], most: int) -> Iterator[Index]:
    """Cut items into chunks of at most so many, each of them rows that follow one another.

    Examples
    --------
    >>> [(a.start, b.start, b.stop) for a, b in chunks((2, 5), 3)]
    [(0, 0, 3), (0, 3, 5), (1, 0, 3), (1, 3, 5)]
    >>> len(list(chunks((2, 5), 10))), len(list(chunks((), 10)))
    (1, 1)
    """
    if not shape:
        yield ()
        return
    step = min(shape[0], max(1, most // math.prod(shape[1:])))
    for begin in range(0, shape[0], step):
        for inner in chunks(shape[1:], most // step):
            yield slice(begin, min(begin + step, shape[0])), *inner


def _place(array: Array, items: Index) -> Hashable:
    """Return which items of an array these are."""
    sizes = zip(array.shape, items, strict=False)
    return tuple((0, 1) if size == 1 else (one.start, one.stop) for size, one in sizes)
