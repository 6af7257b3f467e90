"""Ingredients: what an impulse response was made from, as a recipe states it.

Files are identified by their content, so what stands behind the colon of a name is kept beside the
digest: without it, the same file would be another impulse.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any, NamedTuple, TypeAlias

from audioconv.files import Digest
from audioconv.ir.names import JOIN
from impulses import Impulse


class NamedFile(NamedTuple):
    """A file whose content alone does not say how it is read.

    Parameters
    ----------
    file : Digest
    place : str
        the options in its name, such as ``azimuth=30`` or ``channel=2``
    kind : str
        a key of `audioconv.ir.kinds.KINDS`
    ears : bool
        whether its channels are the ears of a head; follows from the others
    """

    file: Digest
    place: str
    kind: str
    ears: bool = False


class TapsDigest(NamedTuple):
    """An impulse given as an array: SHA-256 of its taps as float64, shape, rate and origin."""

    taps_sha256: str
    shape: tuple[int, ...]
    rate: int
    origin: int

    @classmethod
    def of(cls, impulse: Impulse) -> TapsDigest:
        """Identify an impulse by its taps."""
        data = impulse.taps.astype("<f8", copy=False).tobytes()
        digest = sha256(data).hexdigest()
        return cls(digest, impulse.taps.shape, impulse.rate, impulse.origin)


class Joined(NamedTuple):
    """Several ingredients whose channels lie side by side."""

    parts: tuple[Ingredient, ...]


Ingredient: TypeAlias = "str | Digest | NamedFile | TapsDigest | Joined"
"""Source of an impulse response: a builder spec, a file or an array identified by its digest."""

SOFA = "sofa"
"""Kind of a file with a place in recipes that state no kind."""


def ingredient_data(ingredient: Ingredient) -> str | dict[str, Any]:
    """Return an ingredient as plain data, for a recipe."""
    if isinstance(ingredient, NamedFile):
        kind = {} if ingredient.kind == SOFA else {"kind": ingredient.kind}
        return {**ingredient.file._asdict(), "place": ingredient.place, **kind}
    if isinstance(ingredient, Joined):
        return {JOIN: [ingredient_data(part) for part in ingredient.parts]}
    return ingredient if isinstance(ingredient, str) else ingredient._asdict()


def ingredient_of(data: str | dict[str, Any]) -> Ingredient:
    """Return an ingredient from its plain data.

    Raises
    ------
    ValueError, TypeError, KeyError
        If it is none.
    """
    if isinstance(data, str):
        return data
    if "taps_sha256" in data:
        shape = tuple(map(int, data["shape"]))
        rate, origin = int(data["rate"]), int(data["origin"])
        return TapsDigest(str(data["taps_sha256"]), shape, rate, origin)
    if JOIN in data:
        return Joined(tuple(map(ingredient_of, data[JOIN])))
    if "place" in data:
        return NamedFile(digest_of(data), str(data["place"]), str(data.get("kind", SOFA)))
    return digest_of(data)


def digest_of(data: dict[str, Any]) -> Digest:
    """Return a digest from its plain data; raise as `ingredient_of` does."""
    return Digest(str(data["sha256"]), int(data["bytes"]))


def files_in(data: Iterable[str | dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the plain data of those ingredients that are files, in the order of their names."""
    for one in data:
        if isinstance(one, dict):
            yield from files_in(one[JOIN]) if JOIN in one else [one] * ("sha256" in one)
