"""Impulses that a process has read, hashed, measured and prepared: once, and not for each item.

What was used least recently goes when the taps together are too many, so that memory is bounded
however many rooms there are. Files are told apart by size and time too, so a changed one is read
anew. Each thread has its own shelf, as a convolver is for one sound at a time.
"""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from typing import Generic, NamedTuple, TypeVar

from audioconv.files import Digest, SoundInfo, look
from audioconv.ir import load as ir_load
from audioconv.ir.ingredients import Ingredient, NamedFile, TapsDigest
from audioconv.ir.load import impulse_files
from audioconv.job import Options
from audioconv.render.prepare import Prepared, prepare
from audioconv.render.stems import prepare_stem
from audioconv.units import Stem
from audioconv.urls import address, is_url
from impulses import Impulse
from impulses.acoustics.iso3382 import measure_broadband

MOST_SAMPLES = 2**23
"""Samples of all taps that a shelf holds, loaded or prepared, unless one alone has more."""

MOST_FACTS = 2**14
"""Impulses whose hash and figures a shelf holds."""

V = TypeVar("V")


class Facts(NamedTuple):
    """SHA-256 of an impulse, and its broadband figures; None where one cannot be given.

    The hash is that of the file, or of the taps of what was built (`TapsDigest`).
    """

    sha256: str
    t30_s: float | None
    drr_db: float | None
    c50_db: float | None


class _Kept(Generic[V]):
    """Values by key, the most recently used, up to a size together."""

    def __init__(self, most: int) -> None:
        self._values: OrderedDict[Hashable, tuple[V, int]] = OrderedDict()
        self._most = most
        self._size = 0

    def get(self, key: Hashable, make: Callable[[], V], size: Callable[[V], int]) -> V:
        """Return the value of a key, made if it is not there."""
        if key in self._values:
            self._values.move_to_end(key)
            return self._values[key][0]
        value = make()
        self._values[key] = value, size(value)
        self._size += size(value)
        while self._size > self._most and len(self._values) > 1:
            _, (_, freed) = self._values.popitem(last=False)
            self._size -= freed
        return value


class Shelf:
    """The impulses of one thread."""

    def __init__(self) -> None:
        self._loaded: _Kept[tuple[Impulse, Ingredient]] = _Kept(MOST_SAMPLES)
        self._prepared: _Kept[Prepared] = _Kept(MOST_SAMPLES)
        self._facts: _Kept[Facts] = _Kept(MOST_FACTS)

    def load(self, ir: str | Impulse, rate: int | None) -> tuple[Impulse, Ingredient]:
        """Load an impulse, as `audioconv.ir.load.load` does."""
        return self._loaded.get(
            _key(ir, rate), lambda: ir_load.load(ir, rate), lambda one: one[0].taps.size
        )

    def prepare(
        self, impulses: Sequence[str | Impulse], options: Options, source: SoundInfo
    ) -> Prepared:
        """Prepare a convolution, as `audioconv.render.prepare.prepare` does."""
        sound = source.rate, source.channels, source.signal_bits
        return self._prepared.get(
            (tuple(_key(ir, source.rate) for ir in impulses), options, sound),
            lambda: prepare(impulses, options, source, load=self.load),
            lambda one: one.impulse.taps.size,
        )

    def prepare_stem(
        self, whole: Prepared, stem: Stem, options: Options, source: SoundInfo
    ) -> Prepared:
        """Prepare a stem, as `audioconv.render.stems.prepare_stem` does."""
        return self._prepared.get(
            (whole, stem),
            lambda: prepare_stem(whole, stem, options, source),
            lambda one: one.impulse.taps.size,
        )

    def facts(self, ir: str, rate: int) -> Facts:
        """Return hash and figures of an impulse, built at a rate if it is a spec."""
        return self._facts.get(_key(ir, rate), lambda: _facts(*self.load(ir, rate)), lambda _: 1)


_OF_THREAD = threading.local()


def shelf() -> Shelf:
    """Return the shelf of this thread."""
    found: Shelf | None = getattr(_OF_THREAD, "shelf", None)
    if found is None:
        found = _OF_THREAD.shelf = Shelf()
    return found


def _key(ir: str | Impulse, rate: int | None) -> Hashable:
    """Return what tells an impulse apart: its name, the rate of a spec, the state of its files."""
    files = impulse_files([ir])
    name = address(ir) if isinstance(ir, str) else ir
    return name, None if files else rate, tuple(map(_state, files))


def _state(file: str) -> Hashable:
    """Return what changes with a file; nothing if it is not there, which loading it reports."""
    if is_url(file):
        return look(file)
    try:
        status = os.stat(file)
    except (OSError, ValueError):
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def _facts(impulse: Impulse, ingredient: Ingredient) -> Facts:
    figures = measure_broadband(impulse)
    digest = _digest(impulse, ingredient)
    return Facts(digest, figures.t30_s, figures.drr_db, figures.c50_db)


def _digest(impulse: Impulse, ingredient: Ingredient) -> str:
    """Return the SHA-256 of an impulse: of its file, or of its taps if it is built or joined."""
    if isinstance(ingredient, NamedFile):
        ingredient = ingredient.file
    return (
        ingredient.sha256 if isinstance(ingredient, Digest) else TapsDigest.of(impulse).taps_sha256
    )
