"""Calls and their replies as they go to other processes: pickled, without what was sent before.

An object that many calls need, such as the spectra of an impulse, can be placed: it is sent once,
and in each call a number stands for it.
"""

from __future__ import annotations

import io
import pickle
from functools import lru_cache
from typing import Any, NamedTuple


class Placed:
    """An object that is sent before the calls that need it.

    Parameters
    ----------
    value : object

    Attributes
    ----------
    pickled : bytes
    sent : object
        what the executor knows it by, once it is sent
    """

    def __init__(self, value: object) -> None:
        self.pickled = pickle.dumps(value)
        self.sent: Any = None


class Call(NamedTuple):
    """A call as it is sent.

    Parameters
    ----------
    pickled : bytes
        function, arguments and named arguments
    placed : list of Placed
        objects among them, by their numbers
    """

    pickled: bytes
    placed: list[Placed]

    @classmethod
    def of(cls, *call: object) -> Call:
        """Pickle function, arguments and named arguments."""
        written = io.BytesIO()
        pickler = _Pickler(written)
        pickler.dump(call)
        return cls(written.getvalue(), pickler.placed)


class _Pickler(pickle.Pickler):
    def __init__(self, file: io.BytesIO) -> None:
        super().__init__(file)
        self.placed: list[Placed] = []

    def persistent_id(self, value: object) -> int | None:
        """Return the number of an object, if it was placed."""
        if not isinstance(value, Placed):
            return None
        self.placed.append(value)
        return len(self.placed) - 1


class Reply(NamedTuple):
    """The result of a call, or its error."""

    value: object
    error: Exception | None


def answer(call: bytes, *placed: bytes) -> bytes:
    """Return the pickled reply to a call.

    Parameters
    ----------
    call : bytes
        function, arguments and named arguments, pickled
    placed : bytes
        objects that were sent before, pickled; in the call, their numbers stand for them
    """
    try:
        function, arguments, named = _Unpickler(io.BytesIO(call), placed).load()
        return pickle.dumps(Reply(function(*arguments, **named), None))
    except Exception as error:
        return _pickled(error)


class _Unpickler(pickle.Unpickler):
    """Reads a call, and what was placed before."""

    def __init__(self, call: io.BytesIO, placed: tuple[bytes, ...]) -> None:
        super().__init__(call)
        self._placed = placed

    def persistent_load(self, number: int) -> object:
        """Return what a number stands for."""
        return _unpickled(self._placed[number])


@lru_cache(maxsize=1)
def _unpickled(placed: bytes) -> object:
    """Return what was placed, the same for each call."""
    return pickle.loads(placed)


def _pickled(error: Exception) -> bytes:
    """Return an error as a reply, by its text if it does not pickle."""
    try:
        reply = pickle.dumps(Reply(None, error))
        pickle.loads(reply)
    except Exception:
        return pickle.dumps(Reply(None, RuntimeError(f"{type(error).__name__}: {error}")))
    return reply
