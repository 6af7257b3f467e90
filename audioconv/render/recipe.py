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
from typing import Any

from audioconv._version import __version__
from audioconv.effects import EFFECTS
from audioconv.effects.plan import FILES
from audioconv.errors import AudioconvError, FormatError, UsageError
from audioconv.files import (
    RECIPE,
    STANDARD,
    Chunk,
    Digest,
    Reader,
    display_name,
    original_name,
    read_json,
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
from audioconv.urls import is_url, public_name

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

PLAIN = (str, bool, int, float)
"""Types of settings that stand in a recipe as they are."""

HASHES, COUNTS = ("sha256", "taps_sha256"), ("bytes", "rate", "origin")
"""Keys of hashes and of whole numbers in recipes."""

ANY = Digest("0" * 64, 10**18)

MALFORMED = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)
"""Errors of JSON that is no recipe."""

SUFFIX = ".json"

MAX_SIDECAR = 2**22
"""Largest sidecar in bytes; a command line is shorter."""

DEEPEST_JOIN = 4
"""Joins within one another; each doubles the commas in the name of what is joined."""

LONGEST_VERSION = 40
"""Characters of a version, which messages repeat."""


@dataclass(frozen=True)
class Applied:
    """An effect that made a file.

    Parameters
    ----------
    name : str
        a key of `audioconv.effects.EFFECTS`
    settings : dict
        those that differ from the defaults; of files, what identifies them
    """

    name: str
    settings: dict[str, Any]


@dataclass(frozen=True)
class Recipe:
    """Recipe of a file.

    Parameters
    ----------
    version : str
        of audioconv
    input : Digest
    made_by : tuple of Ingredient, or Applied
        the impulses: builder specs, files, or arrays; or the effect
    options : dict
        those that differ from the defaults and change the result; format, subtype and the quality
        of a lossy output always (without one, the encoder chose it: a recipe of version 0.1.0)
    """

    version: str
    input: Digest
    made_by: tuple[Ingredient, ...] | Applied
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
        files = files_in([fields["input"], *_ingredients(fields)])
        for ingredient, path in zip(files, paths, strict=True):
            if original_name(path) != STANDARD:
                ingredient["path"] = absolute(path)
        return json.dumps({**fields, "output": output._asdict()}, indent=2) + "\n"

    def _fields(self, source: Digest) -> dict[str, Any]:
        return {
            "audioconv": self.version,
            "input": source._asdict(),
            **_maker_data(self.made_by),
            "options": self.options,
        }


def absolute(path: str) -> str:
    """Return a path that means the same in every folder; of a URL, what is public."""
    path = original_name(path)
    return public_name(path) if is_url(path) else os.path.abspath(path)


def _maker_data(made_by: tuple[Ingredient, ...] | Applied) -> dict[str, Any]:
    """Return what made an output as plain data."""
    if isinstance(made_by, tuple):
        return {"impulses": [ingredient_data(i) for i in made_by]}
    settings = {
        key: value if isinstance(value, PLAIN) else ingredient_data(value)
        for key, value in made_by.settings.items()
    }
    return {"effect": made_by.name, "settings": settings}


def _ingredients(fields: dict[str, Any]) -> list[Any]:
    """Return the plain data of what made an output, beside its input."""
    return [*fields["settings"].values()] if "effect" in fields else [*fields["impulses"]]


_COMPACT = json.JSONEncoder(separators=(",", ":"), sort_keys=True)


def _compact(value: dict[str, Any]) -> str:
    return _COMPACT.encode(value)


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
        return _read_sidecar(sidecar)
    if data is None:
        raise AudioconvError(
            f"{display_name(path)} contains no recipe, and there is no {display_name(sidecar)}; a "
            "WAV gets a recipe unless it is made with `recipe='none'` or in a pipe, any other "
            "format with `recipe='sidecar'`"
            if exists
            else f"{display_name(path)} does not exist; check the name"
        )
    recipe, _, output = _parsed(data.decode("utf-8", "replace"), path)
    with suppress(AudioconvError, OSError):  # the sidecar may have the paths
        other = _read_sidecar(sidecar)
        if other[0] == recipe:
            return other
    return recipe, [], output  # a chunk names no path


def _read_sidecar(path: str) -> tuple[Recipe, list[str], Digest | None]:
    """Read a recipe beside a file."""
    name = display_name(path)
    if not os.path.isfile(path):  # a pipe would be waited for
        raise AudioconvError(f"{name} is not a file; move it away")
    with open(path, "rb") as file:
        data = file.read(MAX_SIDECAR + 1)
    if len(data) > MAX_SIDECAR:
        raise AudioconvError(f"{name} has over {MAX_SIDECAR} bytes, as no recipe has; move it away")
    return _parsed(data.decode("utf-8", "replace"), path)


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
        read = read_json(text)
        _check_digests(read)
        for key, command in OTHERS.items():
            if key in read:
                raise AudioconvError(
                    f"{display_name(path)} was made by `audioconv {command}`, not by convolve, "
                    "echo or an effect; `audioconv info --json` shows how"
                )
        source = ingredient_of(read["input"])
        if not isinstance(source, Digest):
            raise TypeError
        found = Recipe(_version(read), source, _maker(read), _options(read["options"]))
        made = digest_of(read["output"]) if "output" in read else None
        files = files_in([read["input"], *_ingredients(read)])
        paths = [i["path"] for i in files if "path" in i]
        if not all(isinstance(path, str) for path in paths):
            raise TypeError
    except (*MALFORMED, UsageError):
        raise AudioconvError(
            f"audioconv {__version__} cannot follow the recipe in {display_name(path)}"
        ) from None
    return found, paths, made


def _maker(read: dict[str, Any]) -> tuple[Ingredient, ...] | Applied:
    """Return what made an output: its impulses, or an effect."""
    if "effect" not in read:
        impulses = tuple(map(ingredient_of, read["impulses"]))
        for impulse in impulses:
            _check(impulse)
        return impulses
    known = {p.name: p for p in parameters(EFFECTS[read["effect"]])}
    settings: dict[str, Any] = {}
    for key, value in read["settings"].items():
        if isinstance(value, dict) and known[key].unit in FILES:
            settings[key] = ingredient_of(value)
            _check(settings[key])
        elif value is None:
            raise TypeError
        else:
            settings[key] = validated(known[key], value)
    return Applied(read["effect"], settings)


def _check(impulse: Ingredient, depth: int = 0) -> None:
    """Raise if an ingredient has a builder or a kind of file that does not exist.

    A join has two parts or more, and is not in too many others.
    """
    if isinstance(impulse, Joined):
        if len(impulse.parts) < 2 or depth >= DEEPEST_JOIN:
            raise ValueError
        for part in impulse.parts:
            _check(part, depth + 1)
    if isinstance(impulse, str):
        known_builder(impulse.partition(":")[0])
    if isinstance(impulse, NamedFile) and not (
        impulse.kind in KINDS and re.fullmatch(OPTIONS, impulse.place)
    ):
        raise ValueError


def _check_digests(read: Any) -> None:
    """Raise `ValueError` if a hash in a recipe is none, or a length is no whole number.

    Messages repeat both, and a conversion would accept much else.
    """
    for key, value in read.items() if isinstance(read, dict) else ():
        if key in HASHES and not (isinstance(value, str) and re.fullmatch("[0-9a-f]{64}", value)):
            raise ValueError(f"{key} is no SHA-256")
        if key in COUNTS and (type(value) is not int or value < 0):
            raise ValueError(f"{key} is no whole number")
    for item in read.values() if isinstance(read, dict) else read if isinstance(read, list) else ():
        _check_digests(item)


def _version(read: dict[str, Any]) -> str:
    version = read["audioconv"]
    if not isinstance(version, str) or len(version) > LONGEST_VERSION:
        raise TypeError
    return version


def _options(read: dict[str, Any]) -> dict[str, Any]:
    """Check the names and values of options, which are all written out."""
    known = {p.name: p for p in parameters(Options) if p.name not in NEUTRAL}
    if any(
        value is None or (isinstance(value, str) and known[key].unit == "gain")
        for key, value in read.items()
    ):
        raise TypeError
    return {key: validated(known[key], value) for key, value in read.items()}
