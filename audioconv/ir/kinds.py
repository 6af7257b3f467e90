"""Kinds of files that hold impulse responses: which one a name means, and what reads it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import PurePath
from typing import NamedTuple

from audioconv.files import formats
from audioconv.ir.names import SOFA
from audioconv.ir.raw import SUFFIXES, read_raw
from audioconv.ir.response import Response
from audioconv.ir.sofa import read_sofa
from audioconv.ir.sound import read_sound
from audioconv.ir.text import read_text
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
    "text": Kind((".txt", ".csv"), read_text, "rate=48000"),
    "raw": Kind(SUFFIXES, read_raw, "format=FLOAT_LE"),
    "sound": Kind((), read_sound, "channel=1"),
}

OTHER = "sound"
"""Kind of a file with any other suffix."""

FORMAT = re.compile(r"(?:^|,)\s*format\s*=")
"""An option with which a file is raw, unless its suffix says otherwise."""


def kind_of(path: str, options: str) -> str:
    """Return the kind of a file by its suffix and options: a key of `KINDS`.

    Examples
    --------
    >>> kind_of("head.SOFA", ""), kind_of("hall.wav", "format=U8"), kind_of("-", "format=U8")
    ('sofa', 'sound', 'raw')
    """
    suffix = PurePath(path).suffix.lower()
    unknown = suffix.removeprefix(".") not in formats.SUFFIXES
    other = "raw" if unknown and FORMAT.search(options) else OTHER
    return next((name for name, kind in KINDS.items() if suffix in kind.suffixes), other)
