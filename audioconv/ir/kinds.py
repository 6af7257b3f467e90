"""Kinds of files that hold impulse responses: which one a name is, and how it is read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePath
from typing import NamedTuple

from audioconv.ir.names import SOFA
from audioconv.ir.response import Response
from audioconv.ir.sofa import read_sofa
from audioconv.ir.sound import read_sound
from audioconv.parameters import Parameter, parameters


class Kind(NamedTuple):
    """A kind of file.

    Parameters
    ----------
    suffixes : tuple of str
        of its files, in lower case
    read : function
        reads a file; its keyword arguments are the options in a name
    example : str
        an option, for messages
    """

    suffixes: tuple[str, ...]
    read: Callable[..., Response]
    example: str

    @property
    def options(self) -> list[Parameter]:
        """What may stand behind the colon of a name."""
        return [one for one in parameters(self.read, every=True) if one.name != "path"]


KINDS = {
    "sofa": Kind((SOFA,), read_sofa, "azimuth=30"),
    "sound": Kind((), read_sound, "channel=1"),
}

OTHER = "sound"
"""Kind of a file with any other suffix."""


def kind_of(path: str) -> str:
    """Return the kind of a file by its suffix: a key of `KINDS`.

    Examples
    --------
    >>> kind_of("head.SOFA"), kind_of("hall.wav"), kind_of("-")
    ('sofa', 'sound', 'sound')
    """
    suffix = PurePath(path).suffix.lower()
    return next((name for name, kind in KINDS.items() if suffix in kind.suffixes), OTHER)
