"""Recipes: a few lines of JSON in a file, enough to make the same bytes again.

Files are identified by their hash alone, so a recipe stays true when they move, discloses no
path, and is the same for a file and a pipe.
"""

from __future__ import annotations

import json
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audioconv._version import __version__
from audioconv.errors import AudioconvError, FormatError, UsageError
from audioconv.files import (
    RECIPE,
    STANDARD,
    Chunk,
    Digest,
    Reader,
    display_name,
    recipe_bytes,
    recipe_is_cut,
)
from audioconv.ir.ingredients import (
    Ingredient,
    Joined,
    NamedFile,
    digest_of,
    files_in,
    ingredient_data,
    ingredient_of,
)
from audioconv.ir.kinds import KINDS
from audioconv.ir.load import known_builder
from audioconv.ir.names import OPTIONS
from audioconv.job import Options
from audioconv.parameters import parameters, validated

NEUTRAL = ("threads", "verify", "overwrite", "strict", "recipe", "max_output")
"""Options that do not change a byte."""

OTHERS = {
    "build": "ir build",
    "edit": "ir edit",
    "fold": "ir fold",
    "join": "ir join",
    "sweep": "sweep",
    "deconvolve": "deconvolve",
}
"""Keys in the recipes of other files, and the commands that make those."""

ANY = Digest("0" * 64, 10**18)

MALFORMED = (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError)
"""Errors of JSON that is no recipe."""

SUFFIX = ".json"


@dataclass(frozen=True)
class Recipe:
    """Recipe of a file.

    Parameters
    ----------
    version : str
        of audioconv
    input : Digest
    impulses : tuple of Ingredient
        builder specs, files, or arrays
    options : dict
        those that differ from the defaults and change the result; format, subtype and the quality
        of a lossy output always (without one, the encoder chose it: a recipe of version 0.1.0)
    """

    version: str
    input: Digest
    impulses: tuple[Ingredient, ...]
    options: dict[str, Any]

    def text(self) -> str:
        """Return it as JSON, of the same length for every input."""
        longest = len(_compact(self._fields(ANY)))
        return _compact(self._fields(self.input)).ljust(longest)

    def chunk(self) -> Chunk:
        """Return it as a chunk of a WAV file."""
        return Chunk(RECIPE, self.text().encode())

    def sidecar(self, output: Digest, paths: list[str]) -> str:
        """Return it as JSON, with the output's digest and the paths of input and impulses."""
        fields = self._fields(self.input)
        files = files_in([fields["input"], *fields["impulses"]])
        for ingredient, path in zip(files, paths, strict=True):
            if path != STANDARD:
                ingredient["path"] = os.path.abspath(path)
        return json.dumps({**fields, "output": output._asdict()}, indent=2) + "\n"

    def _fields(self, source: Digest) -> dict[str, Any]:
        return {
            "audioconv": self.version,
            "input": source._asdict(),
            "impulses": [ingredient_data(i) for i in self.impulses],
            "options": self.options,
        }


def _compact(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


def read_recipe(path: str) -> tuple[Recipe, list[str], Digest | None]:
    """Read the recipe of a file, from the file or from its sidecar.

    Returns
    -------
    recipe : Recipe
    paths : list of str
        paths of its ingredients, if the recipe has them
    output : Digest or None
        of the file, if the recipe has it

    Raises
    ------
    AudioconvError
        If there is no recipe, or it is of another version's making.
    """
    sidecar = path + SUFFIX
    exists = os.path.isfile(path)
    data = _embedded(path) if exists else None
    if os.path.isfile(sidecar) and data is None:
        return _parsed(Path(sidecar).read_text("utf-8", "replace"), sidecar)
    if data is None:
        raise AudioconvError(
            f"{display_name(path)} contains no recipe, and there is no {display_name(sidecar)}; a "
            "WAV gets a recipe unless it is made with `recipe='none'` or in a pipe, any other "
            "format with `recipe='sidecar'`"
            if exists
            else f"{display_name(path)} does not exist; check the name"
        )
    found = _parsed(data.decode("utf-8", "replace"), path)
    with suppress(AudioconvError, OSError):  # the sidecar may have the paths
        other = _parsed(Path(sidecar).read_text("utf-8", "replace"), sidecar)
        return other if other[0] == found[0] else found
    return found


def _embedded(path: str) -> bytes | None:
    sidecar = os.path.isfile(path + SUFFIX)
    try:
        with Reader(path, allow_truncated=sidecar) as reader:
            data = recipe_bytes(reader.metadata)
            if data is None and not sidecar and recipe_is_cut(reader.metadata):
                raise AudioconvError(
                    f"the recipe at the end of {display_name(path)} is cut off; get a complete copy"
                )
            return data
    except FormatError:
        if sidecar:  # it can be made again
            return None
        raise


def _parsed(text: str, path: str) -> tuple[Recipe, list[str], Digest | None]:
    try:
        read = json.loads(text)
        for key, command in OTHERS.items():
            if key in read:
                raise AudioconvError(
                    f"{display_name(path)} was made by `audioconv {command}`, not by convolve or "
                    "echo; `audioconv info --json` shows how"
                )
        ingredients = [read["input"], *read["impulses"]]
        source, *impulses = map(ingredient_of, ingredients)
        if not isinstance(source, Digest):
            raise TypeError
        for impulse in impulses:
            _check(impulse)
        found = Recipe(str(read["audioconv"]), source, tuple(impulses), _options(read["options"]))
        made = digest_of(read["output"]) if "output" in read else None
        paths = [i["path"] for i in files_in(ingredients) if "path" in i]
        if not all(isinstance(path, str) for path in paths):
            raise TypeError
    except (*MALFORMED, UsageError):
        raise AudioconvError(
            f"audioconv {__version__} cannot follow the recipe in {display_name(path)}"
        ) from None
    return found, paths, made


def _check(impulse: Ingredient) -> None:
    """Raise if an ingredient has a builder or a kind of file that does not exist."""
    if isinstance(impulse, Joined):
        for part in impulse.parts:
            _check(part)
    if isinstance(impulse, str):
        known_builder(impulse.partition(":")[0])
    if isinstance(impulse, NamedFile) and not (
        impulse.kind in KINDS and re.fullmatch(OPTIONS, impulse.place)
    ):
        raise ValueError


def _options(read: dict[str, Any]) -> dict[str, Any]:
    """Check the names and values of options, which are all written out."""
    known = {p.name: p for p in parameters(Options) if p.name not in NEUTRAL}
    if any(
        value is None or (isinstance(value, str) and known[key].unit == "gain")
        for key, value in read.items()
    ):
        raise TypeError
    return {key: validated(known[key], value) for key, value in read.items()}
