"""How a file was made: a few lines of JSON in it, enough to make the same bytes again.

Files are named by their hash alone, so a recipe stays true when they move, tells nothing of
where they lay, and is the same for a file and a pipe.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, fields
from pathlib import Path as FilePath
from typing import Any

from audioconv import __version__
from audioconv.errors import AudioconvError
from audioconv.files import (
    NO_METADATA,
    RECIPE,
    Chunk,
    Digest,
    Metadata,
    Path,
    Reader,
    Sound,
    file_digest,
    holds_chunks,
    name,
    recipe_of,
    serialise,
)
from audioconv.job import Job, Options
from audioconv.specs import Ingredient, impulse_files

NEUTRAL = ("threads", "verify", "overwrite", "strict", "recipe", "max_output")
"""Options that do not change a byte."""

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
    impulses : tuple of str or Digest
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

    def sidecar(self, output: Digest, paths: list[Path]) -> str:
        """Return it as JSON, with the output's digest and the paths of input and impulses."""
        found = self._fields(self.input)
        found["input"]["path"], *impulses = [os.path.abspath(path) for path in paths]
        for ingredient in found["impulses"]:
            if isinstance(ingredient, dict):
                ingredient["path"] = impulses.pop(0)
        return json.dumps({**found, "output": output._asdict()}, indent=2) + "\n"

    def _fields(self, source: Digest) -> dict[str, Any]:
        return {
            "audioconv": self.version,
            "input": source._asdict(),
            "impulses": [i if isinstance(i, str) else i._asdict() for i in self.impulses],
            "options": self.options,
        }


def _compact(value: dict[str, Any]) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


class Told:
    """What an output tells besides its samples: what its input told, and its recipe."""

    def __init__(
        self, job: Job, reader: Reader, ingredients: tuple[Ingredient, ...], sound: Sound
    ) -> None:
        self._job = job
        self._reader = reader
        self._ingredients = ingredients
        self._sound = sound

    @property
    def metadata(self) -> Metadata:
        """What of the input's is still true, so far as is known."""
        if self._job.options.metadata == "none":
            return NO_METADATA
        return self._reader.metadata.carried(self._reader.sound.channels, self._sound.channels)

    def recipe(self, digest: Digest | None) -> Recipe | None:
        """Return how the output is made of an input that is known by its digest."""
        if digest is None or self._job.options.recipe == "none":
            return None
        usual = asdict(Options())
        options = {
            key: value
            for key, value in asdict(self._job.options).items()
            if key not in NEUTRAL and value != usual[key]
        }
        options |= {"format": self._sound.format, "subtype": self._sound.subtype}
        return Recipe(__version__, digest, self._ingredients, options)

    def chunks(self, digest: Digest | None) -> list[Chunk]:
        """Return the recipe as the output holds it, if it can hold any."""
        made = self.recipe(digest) if holds_chunks(self._sound) else None
        return [made.chunk()] if made else []

    def expected(self) -> int:
        """Return the bytes that will come after the samples, so far as is known."""
        return len(serialise([*self.metadata.tail, *self.chunks(ANY)]))

    def sidecar(self, output: Path) -> bytes:
        """Return the recipe with paths, once the output can be read."""
        made = self.recipe(self._reader.digest())
        if made is None:
            raise AudioconvError(
                f"{name(self._job.input)} was not read to its end, so there is no recipe to keep; "
                "pass --recipe none"
            )
        paths = [self._job.input, *impulse_files(self._job.impulses)]
        return made.sidecar(file_digest(output), paths).encode()


def read_recipe(path: Path) -> tuple[Recipe, list[Path], Digest | None]:
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
    if os.path.exists(beside):
        return _parsed(FilePath(beside).read_text("utf-8", "replace"), beside)
    with Reader(path, allow_truncated=True) as reader:
        data = recipe_of(reader.metadata)
    if data is None:
        raise AudioconvError(
            f"{name(path)} holds no recipe; a WAV gets one unless it is made with --recipe none or "
            "in a pipe, any other format with --recipe sidecar"
        )
    return _parsed(data.decode("utf-8", "replace"), path)


def carried_recipe(reader: Reader) -> dict[str, Any] | None:
    """Return the recipe in a file that has been read, as it stands there."""
    data = recipe_of(reader.metadata)
    try:
        found = json.loads(data or b"null")
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _parsed(text: str, path: Path) -> tuple[Recipe, list[Path], Digest | None]:
    try:
        read = json.loads(text)
        ingredients = [read["input"], *read["impulses"]]
        source, *impulses = [i if isinstance(i, str) else _digest(i) for i in ingredients]
        options = dict(read["options"])
        if isinstance(source, str) or not options.keys() <= {f.name for f in fields(Options)}:
            raise ValueError
        found = Recipe(str(read["audioconv"]), source, tuple(impulses), options)
        made = _digest(read["output"]) if "output" in read else None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise AudioconvError(
            f"the recipe in {name(path)} is none that audioconv {__version__} can follow"
        ) from None
    paths = [i["path"] for i in ingredients if isinstance(i, dict) and "path" in i]
    return found, paths, made


def _digest(read: dict[str, Any]) -> Digest:
    return Digest(str(read["sha256"]), int(read["bytes"]))
