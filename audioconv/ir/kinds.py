"""Kinds of files that hold impulse responses: which one a name means, and what reads it."""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING, NamedTuple, cast

from audioconv.files import formats
from audioconv.ir.names import SOFA
from audioconv.parameters import Parameter, parameters
from audioconv.urls import public_name

if TYPE_CHECKING:
    from audioconv.ir.response import Response

RAW = {".f32": "FLOAT_LE", ".f64": "FLOAT64_LE", ".dbl": "FLOAT64_LE"}
"""Suffixes that say how samples without a header are stored."""


class Kind(NamedTuple):
    """A kind of file.

    Parameters
    ----------
    name : str
        the module in this package whose function ``read_`` and this name reads it
    suffixes : tuple of str
        of its files, in lower case
    example : str
        an option, for messages
    """

    name: str
    suffixes: tuple[str, ...]
    example: str

    @property
    def read(self) -> Callable[..., Response]:
        """The function that reads a file; its keyword arguments are the options in a name."""
        module = import_module(f"audioconv.ir.{self.name}")  # late: most runs need one, or none
        return cast("Callable[..., Response]", getattr(module, f"read_{self.name}"))

    @property
    def options(self) -> list[Parameter]:
        """What may stand behind the colon of a name."""
        return [one for one in parameters(self.read, every=True) if one.name != "path"]


KINDS = {
    kind.name: kind
    for kind in (
        Kind("sofa", (SOFA,), "azimuth=30"),
        Kind("text", (".txt", ".csv"), "rate=48000"),
        Kind("raw", (".raw", ".pcm", *RAW), "format=FLOAT_LE"),
        Kind("sound", (), "channel=1"),
    )
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
    suffix = PurePath(public_name(path)).suffix.lower()
    unknown = suffix.removeprefix(".") not in formats.SUFFIXES
    other = "raw" if unknown and FORMAT.search(options) else OTHER
    return next((name for name, kind in KINDS.items() if suffix in kind.suffixes), other)
