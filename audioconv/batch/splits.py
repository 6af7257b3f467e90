"""What is in two splits at once, so that a test would meet what was trained on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

from audioconv.batch.items import Item
from audioconv.batch.pairs import Pair
from audioconv.errors import UsageError
from audioconv.files import display_name


def refuse_leakage(pairs: Iterable[Pair]) -> None:
    """Raise if an input, or impulses of one room, are in two splits.

    Raises
    ------
    UsageError
    """
    seen: dict[tuple[str, str], dict[str, str]] = {}
    for kind, what, name, split in _places(pairs):
        splits = seen.setdefault((kind, what), {})
        splits.setdefault(split, name)
        if len(splits) > 1:
            one, other = list(splits)[:2]
            raise UsageError(
                f"{kind} {display_name(name)} is in the splits {display_name(one)} and "
                f"{display_name(other)}; {_REMEDIES[kind]}, or pass `allow_leakage=True`"
            )


_REMEDIES = {
    "input": "leave it out of one",
    "room": "give each impulse of the list a split, which keeps it to inputs of that split",
}


def _places(pairs: Iterable[Pair]) -> Iterator[tuple[str, str, str, str]]:
    """Yield the kind of each thing in a split, what tells it apart, its name, and the split."""
    for item, impulse, _, _ in pairs:
        for split in _splits(item, impulse):
            if impulse.room is not None:
                yield "room", impulse.room, impulse.room, split
        if item.split is not None:
            yield "input", os.path.realpath(item.path), item.identity, item.split


def _splits(*items: Item) -> list[str]:
    return [item.split for item in items if item.split is not None]
