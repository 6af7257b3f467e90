"""Pairs: which item meets which impulse, and how often."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from audioconv.batch.draws import Stream, choices, keys
from audioconv.batch.items import Item
from audioconv.batch.ranges import RandomSpec, random_spec
from audioconv.batch.settings import Settings
from audioconv.errors import UsageError, counted
from audioconv.files import display_name


class Pair(NamedTuple):
    """An item, the impulse for it, the name by which that is loaded, and which replica it is."""

    item: Item
    impulse: Item
    ir: str
    replica: int


def paired(items: Sequence[Item], impulses: Sequence[Item], settings: Settings) -> Iterator[Pair]:
    """Yield all pairs, item by item.

    An impulse that a list gives to a split is for items of that split alone.

    Raises
    ------
    UsageError
        If the numbers do not go together, or nothing is left for an item.
    """
    random = {impulse.identity: random_spec(impulse.path) for impulse in impulses}
    _refuse_copies(random, settings)
    for item, impulse, replica in _PAIRINGS[settings.pairs](items, impulses, random, settings):
        drawn = random[impulse.identity]
        ir = impulse.path
        if drawn is not None:
            ir = drawn.draw(Stream(settings.seed, item.identity, replica, impulse.identity))
        yield Pair(item, impulse, ir, replica)


Random = dict[str, RandomSpec | None]
Paired = Iterator[tuple[Item, Item, int]]


def _refuse_copies(random: Random, settings: Settings) -> None:
    """Raise if several replicas would be alike."""
    fixed = [name for name, drawn in random.items() if drawn is None]
    if settings.replicas > 1 and settings.pairs != "random" and fixed:
        raise UsageError(
            f"`replicas` is {settings.replicas}, but with {display_name(fixed[0])} all would be "
            "alike; pass `pairs='random'`, or give a builder with ranges such as rt60=0.2..0.8"
        )


def _all(
    items: Sequence[Item], impulses: Sequence[Item], random: Random, settings: Settings
) -> Paired:
    for item in items:
        for impulse in _for_split(item, impulses):
            for replica in range(settings.replicas):
                yield item, impulse, replica


def _zip(
    items: Sequence[Item], impulses: Sequence[Item], random: Random, settings: Settings
) -> Paired:
    if len(items) != len(impulses):
        raise UsageError(
            f"there are {counted(len(items), 'input')} but {counted(len(impulses), 'impulse')}; "
            "`pairs='zip'` needs as many of both"
        )
    for item, impulse in zip(items, impulses, strict=True):
        for replica in range(settings.replicas):
            yield item, impulse, replica


def _random(
    items: Sequence[Item], impulses: Sequence[Item], random: Random, settings: Settings
) -> Paired:
    pools: dict[str | None, tuple[list[Item], list[int]]] = {}
    names = keys([impulse.identity for impulse in impulses])
    once = np.array([random[impulse.identity] is None for impulse in impulses])
    for item in items:
        if item.split not in pools:
            pool = _for_split(item, impulses)
            pools[item.split] = pool, [impulses.index(impulse) for impulse in pool]
        pool, at = pools[item.split]
        drawn = choices(settings.seed, item.identity, settings.replicas, names[at], once[at])
        for replica, index in enumerate(drawn):
            yield item, pool[index], replica


_PAIRINGS: dict[str, Callable[[Sequence[Item], Sequence[Item], Random, Settings], Paired]] = {
    "all": _all,
    "zip": _zip,
    "random": _random,
}


def _for_split(item: Item, impulses: Sequence[Item]) -> list[Item]:
    """Return the impulses for the split of an item."""
    if item.split is None:
        return list(impulses)
    fitting = [impulse for impulse in impulses if impulse.split in (None, item.split)]
    if not fitting:
        raise UsageError(
            f"{display_name(item.identity)} is in the split {display_name(item.split)}, but no "
            "impulse is; add one to the list of impulses"
        )
    return fitting
