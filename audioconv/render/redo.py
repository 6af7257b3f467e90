"""Make a file again from its recipe, and compare the two byte for byte."""

from __future__ import annotations

import os
import shutil
import stat
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from itertools import islice
from typing import Any

from audioconv._version import __version__
from audioconv.errors import AudioconvError, VerificationError
from audioconv.files import (
    Digest,
    display_name,
    file_digest,
    refuse_overwrite,
    scratch_folder,
    target,
)
from audioconv.ir.ingredients import Ingredient, Joined, TapsDigest
from audioconv.ir.kinds import OTHER, kind_of
from audioconv.ir.load import impulse_files
from audioconv.ir.names import join_name, split_name, with_options
from audioconv.job import Job, Options
from audioconv.progress import Progress, silent
from audioconv.render.recipe import Recipe, read_recipe
from audioconv.render.run import run

MOST_PLACES = 100_000
PIECE = 2**20


@dataclass(frozen=True)
class Redone:
    """Result of making a file again.

    Parameters
    ----------
    output : str
        the file with the recipe
    new : str or None
        path of the new file, if it was kept
    version : str
        version of audioconv that made the first one
    input : str
    impulses : list of str
        its ingredients, as they were found
    same : bool
        whether every byte is the same
    replaced : bool
        whether the output differed, and was replaced
    first_difference : int or None
        the first byte that differs
    bytes : int
        length of the new file
    notices : list of str
    """

    output: str
    new: str | None
    version: str
    input: str
    impulses: list[str]
    same: bool
    replaced: bool
    first_difference: int | None
    bytes: int
    notices: list[str]

    def as_json(self) -> dict[str, Any]:
        """Return plain data with stable names."""
        return asdict(self)

    def raise_if_different(self) -> None:
        """Raise if the file differs from the result of its recipe.

        Raises
        ------
        VerificationError
        """
        if self.same or self.replaced:
            return
        where = "" if self.first_difference is None else f" from byte {self.first_difference} on"
        if self.version != __version__:
            kept = f"; {display_name(self.new)} has the new result" if self.new else ""
            raise VerificationError(
                f"{display_name(self.output)} was made by version {self.version}, and version "
                f"{__version__} makes it differently{where}{kept or ', so it is left as it is'}; "
                f"for the same bytes, use version {self.version}"
            )
        remedy = (
            "pass `overwrite=True` to replace it"
            if self.new is None
            else f"{display_name(self.new)} now has that result"
        )
        raise VerificationError(
            f"{display_name(self.output)} differs from the result of its recipe{where}; {remedy}"
        )


def redo(
    output: str,
    new: str | None = None,
    *,
    places: Sequence[str] = (),
    overwrite: bool = False,
    progress: Progress = silent,
) -> Redone:
    """Make a file again from its recipe.

    Parameters
    ----------
    output : str
        a file with a recipe in it or beside it
    new : str, optional
        where to write the new file; by default nothing is written, except in the place of an
        output that is missing, or that differs, may be overwritten and is of this version
    places : sequence of str
        files, and folders, to search for input and impulses by content, before the folder of the
        output and the working directory
    overwrite : bool
        whether an existing file may be replaced
    progress : Progress

    Raises
    ------
    AudioconvError
        If there is no recipe, or an ingredient is not found.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = f"{folder}/made.wav"
    ...     outcome = run(Job("samples/speech.wav", made, ["samples/hall.wav"]))
    ...     redo(made, places=["samples"]).same
    True
    """
    progress("looking for the ingredients")
    recipe, paths, known = read_recipe(output)
    folders = [os.path.dirname(os.path.abspath(output)), os.getcwd()]
    source, impulses = _ingredients(recipe, [*paths, *places, *folders], output)
    lost = not os.path.exists(output)  # then the recipe was in a sidecar
    ours = recipe.version == __version__  # another version may make it differently
    if lost and new is None and ours:
        new = output
    with ExitStack() as files:
        if new is not None:
            compared = [] if lost else [output]
            inputs = [source, *impulse_files(impulses), *compared]
            refuse_overwrite(new, inputs=inputs, overwrite=overwrite)
            made = new
        else:
            folder = files.enter_context(scratch_folder())
            made = os.path.join(folder, "made")
        kind = "sidecar" if new == output else "chunk"
        options = Options(**{**recipe.options, "overwrite": overwrite, "recipe": kind})
        job = Job(source, made, impulses, options)
        outcome = run(
            job,
            progress,
            transparent=False,
            version=recipe.version,
            replaces_sidecar=lost,
        )
        difference = None if lost else _first_difference(output, made)
        same = file_digest(made) == known if lost else difference is None
        if not (same or ours or new is None):  # a file that is kept states its own version
            again = replace(job, options=replace(options, overwrite=True))
            outcome = run(again, progress, transparent=False)
        if new is None and (same if lost else not same and overwrite and ours):
            new = output
            _replace(output, made, overwrite=overwrite)
        return Redone(
            output=output,
            new=new,
            version=recipe.version,
            input=source,
            impulses=impulses,
            same=same,
            replaced=not same and new == output and not lost,
            first_difference=difference,
            bytes=os.path.getsize(made),
            notices=outcome.notices,
        )


def _replace(output: str, made: str, *, overwrite: bool) -> None:
    """Put a file in the place of the output."""
    with target(output, overwrite=overwrite) as replaced, open(made, "rb") as file:
        shutil.copyfileobj(file, replaced.file, PIECE)
        replaced.commit()


def _ingredients(recipe: Recipe, search: Sequence[str], output: str) -> tuple[str, list[str]]:
    """Find the input and the impulses of a recipe."""
    source = _find(recipe.input, search, output)
    return source, [_impulse(ingredient, search, output) for ingredient in recipe.impulses]


def _first_difference(one: str, other: str) -> int | None:
    """Return the first byte at which two files differ, if there is one."""
    at = 0
    with open(one, "rb") as a, open(other, "rb") as b:
        while True:
            here, there = a.read(PIECE), b.read(PIECE)
            if here != there:
                pairs = enumerate(zip(here, there, strict=False))
                shorter = min(len(here), len(there))
                return at + next((n for n, (x, y) in pairs if x != y), shorter)
            if not here:
                return None
            at += len(here)


def _impulse(ingredient: Ingredient, search: Sequence[str], output: str) -> str:
    """Return an impulse as a job names it."""
    if isinstance(ingredient, TapsDigest):
        raise AudioconvError(
            f"{display_name(output)} was made with an impulse that was no file but an array in "
            f"Python, of shape {ingredient.shape} with SHA-256 {ingredient.taps_sha256}; make it "
            "again from Python"
        )
    if isinstance(ingredient, str):
        if os.path.lexists(ingredient):
            raise AudioconvError(
                f"a file is named {display_name(ingredient)}, as the builder is; move it away"
            )
        return ingredient
    if isinstance(ingredient, Digest):
        return _find(ingredient, search, output, lambda path: kind_of(path, "") == OTHER)
    if isinstance(ingredient, Joined):
        return join_name([_impulse(part, search, output) for part in ingredient.parts])
    kind, place = ingredient.kind, ingredient.place
    path = _find(ingredient.file, search, output, lambda path: kind_of(path, place) == kind)
    name = with_options(path, place)
    if split_name(name) != (path, place):
        raise AudioconvError(
            f"a file is named {display_name(name)}, as a part of {display_name(path)} is; move it "
            "away"
        )
    return name


def _find(
    wanted: Digest,
    places: Sequence[str],
    output: str,
    is_kind: Callable[[str], bool] = lambda path: True,
) -> str:
    """Find a file by its content, and by a name that means the kind of file that it was."""
    seen = set()
    for path in islice(_files(places), MOST_PLACES):
        try:
            status = os.stat(path)
            known = (status.st_dev, status.st_ino)
            fits = stat.S_ISREG(status.st_mode) and status.st_size == wanted.bytes
            if not fits or known in seen or not is_kind(path):
                continue
            seen.add(known)
            if file_digest(path) == wanted:
                return path
        except OSError:  # an unreadable file is skipped
            continue
    raise AudioconvError(
        f"{display_name(output)} was made from a file of {wanted.bytes} bytes with SHA-256 "
        f"{wanted.sha256}, which is neither beside it nor in the working directory; pass its "
        "folder as `places`"
    )


def _files(places: Sequence[str]) -> Iterator[str]:
    """Yield every file in some places; linked folders come last, as they may lead anywhere."""
    waiting = deque(places)
    seen = set()
    while waiting:
        place = waiting.popleft()
        if not os.path.isdir(place):
            yield place
            continue
        for folder, inside, found in os.walk(place):
            real = os.path.realpath(folder)
            if real in seen:  # a link may lead to a folder around it
                inside.clear()
                continue
            seen.add(real)
            inside[:] = sorted(name for name in inside if not name.startswith("."))
            paths = [os.path.join(folder, name) for name in inside]
            waiting += [path for path in paths if os.path.islink(path)]
            yield from (os.path.join(folder, file) for file in sorted(found))
