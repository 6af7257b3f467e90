"""A sound or an impulse of a batch: what it is called, where it is, what a list says of it."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, NamedTuple

from audioconv.errors import UsageError
from audioconv.files import SUFFIXES, display_name
from audioconv.urls import is_url, public_name

ID = "id"
"""Column of what a sound is called, if it is not called by its path."""


class Origin(NamedTuple):
    """Where a list names a sound."""

    path: str
    number: int


@dataclass(frozen=True)
class Item:
    """A sound or an impulse.

    Parameters
    ----------
    identity : str
        what draws depend on: the path below the folder that was named, with slashes, or the id in
        a list; never a path of one machine
    path : str
        where it is, an absolute path or a URL; or the spec of an impulse
    place : str
        folder of its output, below that of all outputs, with slashes; empty for that folder itself
    columns : dict
        what a list says of it
    origin : Origin or None
        where a list names it; what two lines say alike is one item
    """

    identity: str
    path: str
    place: str = ""
    columns: Mapping[str, Any] = field(default_factory=dict)
    origin: Origin | None = field(default=None, compare=False)

    @property
    def split(self) -> str | None:
        """The split that it belongs to, if a list says so."""
        return self._text("split")

    @property
    def room(self) -> str | None:
        """The room that an impulse was measured in, if a list says so."""
        return self._text("room")

    @property
    def listed_id(self) -> str | None:
        """The id that a list gives it, if any."""
        return self._text(ID)

    def _text(self, column: str) -> str | None:
        value = self.columns.get(column)
        return None if value in (None, "") else str(value)


def below(path: str, root: str, columns: Mapping[str, Any] | None = None) -> Item:
    """Return the item of a file somewhere below a folder.

    Examples
    --------
    >>> item = below("/data/rooms/a/hall.wav", "/data/rooms")
    >>> item.identity, item.place
    ('a/hall.wav', 'a')
    """
    identity = PurePath(os.path.relpath(path, root)).as_posix()
    place = identity.rpartition("/")[0]
    return Item(identity, os.path.abspath(path), place, columns or {})


def alone(path: str) -> Item:
    """Return the item of a file that is named itself, and called without its folder."""
    if is_url(path):
        return Item(PurePath(public_name(path)).name, path)
    return below(path, os.path.dirname(path) or os.curdir)


def at_home(path: str) -> str:
    """Return a path with ``~`` expanded, as no shell does behind an ``=`` or in a list."""
    known = not path.startswith("~") or os.path.lexists(path)
    return path if known else os.path.expanduser(path)


def is_sound(path: str) -> bool:
    """Return whether a path has the suffix of a sound file."""
    return PurePath(path).suffix.lower().removeprefix(".") in SUFFIXES


def called_alike(one: Item, other: Item) -> str | None:
    """Return a description of two lines of lists that name by one identity; None of others.

    Examples
    --------
    >>> one, other = (Item("u", path, origin=Origin("l.csv", n)) for n, path in enumerate("ab", 2))
    >>> called_alike(one, other)
    'lines 2 and 3 of l.csv are both called u'
    """
    if one.origin is None or other.origin is None or one.origin == other.origin:
        return None
    if one.identity != other.identity:
        return None
    (path, line), (other_path, other_line) = one.origin, other.origin
    lines = f"lines {line} and {other_line} of {display_name(path)}"
    if path != other_path:
        lines = (
            f"line {line} of {display_name(path)} and {other_line} of {display_name(other_path)}"
        )
    called = "have the same id" if one.listed_id and other.listed_id else "are both called"
    return f"{lines} {called} {display_name(one.identity)}"


def unique(items: Sequence[Item], what: str = "") -> list[Item]:
    """Return items in their order without those that are there already.

    Raises
    ------
    UsageError
        If `what` is given, and two different ones of the kind that it names are called the same.
    """
    kept: list[Item] = []
    seen: dict[tuple[str, str], list[Item]] = {}
    called: dict[str, str] = {}
    for item in items:
        alike = seen.setdefault((item.identity, item.path), [])
        if item in alike:
            continue
        other = called.setdefault(item.identity, item.path)
        if what and other != item.path:
            raise UsageError(
                f"{display_name(other)} and {display_name(item.path)} are {what} of one name, "
                f"{display_name(item.identity)}; name the folder above both"
            )
        alike.append(item)
        kept.append(item)
    return kept
