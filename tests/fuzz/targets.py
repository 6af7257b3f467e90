"""The targets by name, each with words of its format and with inputs to begin with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from . import headers, words
from .amplifiers import amp
from .encoders import encoders
from .impulses import mapping, raw, sofa, spec, text
from .recipes import recipe, sidecar
from .sounds import ogg, sound

CORPUS = Path(__file__).parent / "corpus"


class Target(NamedTuple):
    """A parser with what to give it.

    Parameters
    ----------
    run : function
        takes bytes, and raises only on a fault
    words : tuple of bytes
        of its format, which damage puts in other places
    tables : tuple of str
        kinds of headers of `headers.TABLE` to begin with, besides the corpus
    """

    run: Callable[[bytes], None]
    words: tuple[bytes, ...]
    tables: tuple[str, ...] = ()


TARGETS = {
    "riff": Target(sound, words.RIFF, ("WAV", "coded")),
    "ogg": Target(ogg, words.OGG),
    "flac": Target(sound, words.FLAC, ("FLAC",)),
    "mpeg": Target(sound, words.MPEG),
    "aiff": Target(sound, words.AIFF, ("AIFF",)),
    "caf": Target(sound, words.CAF, ("CAF",)),
    "others": Target(sound, words.OTHERS, ("AU", "W64", "rubbish")),
    "sofa": Target(sofa, words.HDF5),
    "recipe": Target(recipe, words.JSON),
    "sidecar": Target(sidecar, words.JSON),
    "spec": Target(spec, words.SPECS),
    "text": Target(text, words.NUMBERS),
    "raw": Target(raw, words.NUMBERS),
    "map": Target(mapping, words.MAPS),
    "amp": Target(amp, words.MODELS),
    "encoders": Target(encoders, words.SAMPLES),
}


def corpus(name: str) -> dict[str, bytes]:
    """Return the inputs of a target that are kept, by their file names."""
    return {path.name: path.read_bytes() for path in sorted((CORPUS / name).iterdir())}


def seeds(name: str) -> list[bytes]:
    """Return the inputs that damage begins with."""
    return [*corpus(name).values(), *_tabled(TARGETS[name].tables)]


def _tabled(kinds: tuple[str, ...]) -> Iterator[bytes]:
    for name, (data, _) in headers.TABLE.items():
        if name.partition(":")[0] in kinds:
            yield data
