"""How a file was made: a few lines of JSON in it, enough to make the same bytes again.

Files are named by their hash alone, so a recipe stays true when they move, tells nothing of
where they lay, and is the same for a file and a pipe.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audioconv._version import __version__
from audioconv.errors import AudioconvError, FormatError, UsageError
from audioconv.files import RECIPE, STANDARD, Chunk, Digest, Reader, display_name, recipe_of
from audioconv.ir.load import Direction, Ingredient, known_builder, told
from audioconv.job import Options
from audioconv.parameters import parameters

NEUTRAL = ("threads", "verify", "overwrite", "strict", "recipe", "max_output")
"""Options that do not change a byte."""

OTHERS = {
    "build": "ir build",
    "edit": "ir edit",
    "fold": "ir fold",
    "sweep": "sweep",
    "deconvolve": "deconvolve",
}
"""What files that no sound was convolved for tell, and the commands that make them."""

ANY = Digest("0" * 64, 10**18)
SUFFIX = ".json"


@dataclass(frozen=True)
class Recipe:
    """How a file was made.

    Parameters
    ----------
    version : str
        of audioconv
    input : Digest
    impulses : tuple of str, Digest or Direction
        builder specs, or files
    options : dict
        those that are not as by default, and change the result; format and subtype always
    """

    version: str
    input: Digest
    impulses: tuple[Ingredient, ...]
    options: dict[str, Any]

    def text(self) -> str:
        """Return it as JSON, always of one length whatever the input."""
        longest = len(_compact(self._fields(ANY)))
        return _compact(self._fields(self.input)).ljust(longest)

    def chunk(self) -> Chunk:
        """Return the chunk of a WAV file that holds it."""
        return Chunk(RECIPE, self.text().encode())

    def sidecar(self, output: Digest, paths: list[str]) -> str:
        """Return it as JSON, with the output's digest and the paths of input and impulses."""
        found = self._fields(self.input)
        files = [i for i in (found["input"], *found["impulses"]) if isinstance(i, dict)]
        for ingredient, path in zip(files, paths, strict=True):
            if path != STANDARD:
                ingredient["path"] = os.path.abspath(path)
        return json.dumps({**found, "output": output._asdict()}, indent=2) + "\n"

    def _fields(self, source: Digest) -> dict[str, Any]:
        return {
            "audioconv": self.version,
            "input": source._asdict(),
            "impulses": [told(i) for i in self.impulses],
            "options": self.options,
        }


def _compact(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def read_recipe(path: str) -> tuple[Recipe, list[str], Digest | None]:
    """Read how a file was made, from the file or from what lies beside it.

    Returns
    -------
    recipe : Recipe
    paths : list of str
        where its ingredients were, if that is known
    output : Digest or None
        of the file, if that is known

    Raises
    ------
    AudioconvError
        If there is no recipe, or it is none that this version knows.
    """
    beside = path + SUFFIX
    there = os.path.isfile(path)
    data = _held(path) if there else None
    if os.path.isfile(beside) and data is None:
        return _parsed(Path(beside).read_text("utf-8", "replace"), beside)
    if data is None:
        raise AudioconvError(
            f"{display_name(path)} holds no recipe, and there is no {display_name(beside)}; a WAV gets one unless "
            "it is made with --recipe none or in a pipe, any other format with --recipe sidecar"
            if there
            else f"{display_name(path)} does not exist; check the name"
        )
    found = _parsed(data.decode("utf-8", "replace"), path)
    with suppress(AudioconvError, OSError):  # what lies beside it may know where things are
        other = _parsed(Path(beside).read_text("utf-8", "replace"), beside)
        return other if other[0] == found[0] else found
    return found


def _held(path: str) -> bytes | None:
    try:
        with Reader(path, allow_truncated=os.path.isfile(path + SUFFIX)) as reader:
            return recipe_of(reader.metadata)
    except FormatError:
        if os.path.isfile(path + SUFFIX):  # it can be made again
            return None
        raise


def _parsed(text: str, path: str) -> tuple[Recipe, list[str], Digest | None]:
    try:
        read = json.loads(text)
        for key, command in OTHERS.items():
            if key in read:
                raise AudioconvError(
                    f"{display_name(path)} was made by `audioconv {command}`, not by convolve or echo; "
                    "`audioconv info --json` shows how"
                )
        ingredients = [read["input"], *read["impulses"]]
        source, *impulses = [_ingredient(i) for i in ingredients]
        if not isinstance(source, Digest):
            raise TypeError
        for spec in impulses:
            if isinstance(spec, str):
                known_builder(spec.partition(":")[0])
        found = Recipe(str(read["audioconv"]), source, tuple(impulses), _options(read["options"]))
        made = _digest(read["output"]) if "output" in read else None
        paths = [i["path"] for i in ingredients if isinstance(i, dict) and "path" in i]
        if not all(isinstance(path, str) for path in paths):
            raise TypeError
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, UsageError):
        raise AudioconvError(
            f"the recipe in {display_name(path)} is none that audioconv {__version__} can follow"
        ) from None
    return found, paths, made


def _ingredient(read: str | dict[str, Any]) -> Ingredient:
    if isinstance(read, str):
        return read
    if "place" in read:
        return Direction(_digest(read), str(read["place"]))
    return _digest(read)


def _digest(read: dict[str, Any]) -> Digest:
    return Digest(str(read["sha256"]), int(read["bytes"]))


def _options(read: dict[str, Any]) -> dict[str, Any]:
    """Check that options are those that there are, and of their kinds."""
    number = (float, int)
    kinds: dict[str, Any] = {"gain": number, "number": number, "flag": bool}
    known = {p.name: p for p in parameters(Options)}
    for key, value in read.items():
        option = known[key]
        if key in NEUTRAL:
            raise ValueError
        if not isinstance(value, kinds.get(option.unit, str)):
            raise TypeError
        if option.choices and value not in option.choices:
            raise ValueError
    return dict(read)
