"""Variables and attributes of a SOFA file, of which none leads out of the file or is too large.

HDF5 can take the data of a variable from another file, of any kind, in three ways: raw storage in
external files, links to external files, and virtual datasets, which are mosaics of others. A file
from a stranger would thus read whatever its user may read. So all three are refused, and soft links
are followed here, since one may lead through an external link. Some bytes of a file can also stand
for any number of values, by compression or by a fill value, so sizes are checked before reading.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audioconv.errors import FormatError
from audioconv.files import display_name, escape
from audioconv.ir.sofa.chunks import refuse_codings, refuse_overfull
from impulses.impulse import MAX_SAMPLES

MAX_HOPS = 16
"""Soft links on the way to a variable."""

MAX_ATTRIBUTE = 2**16
"""Largest attribute in bytes, which is the usual limit of HDF5."""

MAX_TEXT = 200
"""Characters of an attribute, beyond which it is cut."""


class Variables:
    """An open SOFA file.

    Parameters
    ----------
    path : str
        its name, for messages
    file : h5py.File
    """

    def __init__(self, path: str, file: Any) -> None:
        self._path = path
        self._file = file

    def __contains__(self, name: str) -> bool:
        return self._file.get(name, getlink=True) is not None

    def __getitem__(self, name: str) -> Any:
        """Return a variable, an `h5py.Dataset` of numbers, without reading it."""
        data = self._located(name)
        properties = getattr(data.id, "get_create_plist", None)
        if properties is None or not hasattr(data, "dims"):
            raise ValueError(f"{name} is a group, not data")
        self._refuse_elsewhere(name, properties())
        refuse_codings(name, properties())
        if data.dtype.kind not in "iuf" or data.dtype.subdtype:
            raise ValueError(f"{name} does not hold numbers")
        return data

    def values(self, name: str, where: Any = ()) -> NDArray[np.float64]:
        """Read a variable, or the part of it at some indices.

        Raises
        ------
        FormatError
            If it leads out of the file, or has more values than may be in memory.
        """
        data = self[name]
        lengths = [1 if isinstance(at, int | np.integer) else None for at in where]
        lengths += [None] * (len(data.shape) - len(lengths))
        count = math.prod(n or full for n, full in zip(lengths, data.shape, strict=True))
        count = max(count, math.prod(data.chunks or ()))  # a chunk is in memory as a whole
        if count > MAX_SAMPLES:
            raise FormatError(
                f"{display_name(self._path)} has {count} values of {name} to be read; the limit is "
                f"{MAX_SAMPLES}; save a part of it"
            )
        refuse_overfull(name, data, where)
        return np.asarray(data[where], np.float64)

    def attribute(self, name: str, of: str | None = None) -> str:
        """Return an attribute of the file, or of a variable, as text that is safe to print.

        It is empty if there is none.
        """
        attributes = (self._file if of is None else self[of]).attrs
        if name not in attributes:
            return ""
        found = attributes.get_id(name)
        size = math.prod(found.shape) * found.dtype.itemsize
        if size > MAX_ATTRIBUTE:
            raise ValueError(f"attribute {name} has {size} bytes; the limit is {MAX_ATTRIBUTE}")
        return escape(_text(attributes[name])[:MAX_TEXT])

    def _located(self, name: str) -> Any:
        """Return the object of a name, after soft links within the file."""
        at, steps, hops = self._file, deque([name]), 0
        while steps:
            step = steps.popleft()
            if step in ("", "."):
                continue
            link = at.get(step, getlink=True)
            if link is None:
                raise KeyError(f"there is no {name}")
            target = getattr(link, "path", None)
            if hasattr(link, "filename"):
                raise self._leads_out(name, "an external link")
            if target is None:
                at = at[step]
                continue
            hops += 1
            if hops > MAX_HOPS:
                raise ValueError(f"{name} is behind more than {MAX_HOPS} soft links")
            at = self._file if target.startswith("/") else at
            steps.extendleft(reversed(target.split("/")))
        return at

    def _refuse_elsewhere(self, name: str, properties: Any) -> None:
        """Refuse a variable whose values lie in other files."""
        from h5py import h5d  # an extra

        if properties.get_layout() == h5d.VIRTUAL:
            raise self._leads_out(name, "a virtual dataset")
        if properties.get_external_count():
            raise self._leads_out(name, "in external raw storage")

    def _leads_out(self, name: str, how: str) -> FormatError:
        return FormatError(
            f"{display_name(self._path)} cannot be read: its {name} is {how}, and may hold the "
            "content of any other file; copy the data into the file with an HDF5 tool"
        )


def _text(value: Any) -> str:
    """Return an attribute as text; HDF5 has bytes, text, or an array of one of them."""
    value = np.ravel(value)[0] if np.size(value) else ""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)
