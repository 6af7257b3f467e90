"""Notices on inputs and impulses that are probably a mistake, given before any work."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress

from audioconv.batch.collisions import file_identity, folded
from audioconv.batch.items import Item, called_alike
from audioconv.batch.pairs import Pair
from audioconv.batch.settings import Settings
from audioconv.errors import counted
from audioconv.files import display_name
from audioconv.ir.load import impulse_files
from audioconv.urls import address, is_url


def misleading(
    items: Sequence[Item], impulses: Sequence[Item], pairs: Sequence[Pair], settings: Settings
) -> Iterator[str]:
    """Yield notices: files that are inputs and impulses, and draws that are alike.

    Parameters
    ----------
    items, impulses : sequence of Item
    pairs : sequence of Pair
        of both, with what is drawn
    settings : Settings
    """
    both = _in_both(items, impulses)
    if both:
        more = f", as {_are(len(both) - 1)}" if len(both) > 1 else ""
        yield (
            f"{display_name(both[0])} is both an input and in `impulses`{more}; leave it out where "
            "it is not meant"
        )
    alike = _alike(items) if _draws(impulses, pairs, settings) else []
    if alike:
        more = f"; {counted(len(alike) - 1, 'other line')} likewise" if len(alike) > 1 else ""
        yield f"{alike[0]}, so the same is drawn for both; give each its own id{more}"


def _are(others: int) -> str:
    return "is 1 other" if others == 1 else f"are {others} others"


def _in_both(items: Sequence[Item], impulses: Sequence[Item]) -> list[str]:
    """Return the paths of the inputs that are also impulses.

    A look at each input takes long on a network disk, so those are looked at that may be one.
    """
    files = {*impulse_files(one.path for one in impulses)}
    if not files:
        return []
    known, names = {_file(path) for path in files}, _last_names(files)
    return [
        path
        for path in dict.fromkeys(item.path for item in items)
        if (names is None or is_url(path) or _last_name(path) in names) and _file(path) in known
    ]


def _last_names(files: Iterable[str]) -> set[str] | None:
    """Return the last names of files and of their targets; None if hard links have others."""
    names = set()
    for path in files:
        with suppress(OSError, ValueError):  # where there is none, no input is one
            if os.stat(path).st_nlink > 1:
                return None
            names |= {_last_name(path), _last_name(os.path.realpath(path))}
    return names


def _last_name(path: str) -> str:
    return folded(os.path.basename(path))


def _file(path: str) -> object:
    """Return a key that is the same for each name of a file."""
    return address(path) if is_url(path) else file_identity(path) or path


def _draws(impulses: Sequence[Item], pairs: Sequence[Pair], settings: Settings) -> bool:
    """Return whether anything is drawn for an input."""
    chosen = settings.pairs == "random" and len(impulses) > 1
    return chosen or any(pair.ir != pair.impulse.path for pair in pairs)


def _alike(items: Sequence[Item]) -> list[str]:
    """Return a description of each line of a list that has the identity of an earlier line."""
    first: dict[str, Item] = {}
    said = (called_alike(first.setdefault(item.identity, item), item) for item in items)
    return [text for text in said if text is not None]
