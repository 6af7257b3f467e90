"""Where the parts of an output go."""

from __future__ import annotations

from typing import Any, Protocol, TypeAlias

Array: TypeAlias = Any
"""An array of any library; axes lead, and frames come last."""

Index: TypeAlias = tuple[slice, ...]
"""Some items: a slice of each leading axis."""


class Sink(Protocol):
    """Where the parts of an output go: items in order, and of each the frames in order."""

    def put(self, items: Index, start: int, part: Array) -> None:
        """Take a part, whose first frame is `start`."""

    def whole(self) -> Array:
        """Return all parts as one array."""


class Filled:
    """Parts written to their places in one array."""

    def __init__(self, room: Array) -> None:
        self._room = room

    def put(self, items: Index, start: int, part: Array) -> None:
        """Take a part, whose first frame is `start`."""
        self._room[(*items, slice(start, start + part.shape[-1]))] = part

    def whole(self) -> Array:
        """Return all parts as one array."""
        return self._room


class Joined:
    """Parts put end to end, where no array may be written to.

    Parameters
    ----------
    xp : module
    shape : tuple of int
        of the whole; items come in the order of its rows
    """

    def __init__(self, xp: Any, shape: tuple[int, ...]) -> None:
        self._xp, self._shape = xp, shape
        self._rows: list[list[Array]] = []

    def put(self, items: Index, start: int, part: Array) -> None:
        """Take a part, whose first frame is `start`."""
        if start == 0:
            self._rows.append([])
        self._rows[-1].append(part)

    def whole(self) -> Array:
        """Return all parts as one array."""
        rows = [
            self._xp.reshape(self._xp.concat(parts, axis=-1), (-1, self._shape[-1]))
            for parts in self._rows
        ]
        return self._xp.reshape(self._xp.concat(rows, axis=0), self._shape)
