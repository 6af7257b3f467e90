"""Make a file again from its recipe, and tell whether it comes out the same, byte for byte."""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any

from audioconv.errors import AudioconvError, VerificationError
from audioconv.files import Digest, display_name, file_digest, refuse_overwrite, target
from audioconv.ir.load import SOFA, Direction, Ingredient, impulse_files
from audioconv.job import Job, Options
from audioconv.progress import Progress, silent
from audioconv.render.recipe import read_recipe
from audioconv.render.run import run

MOST_PLACES = 100_000
PIECE = 2**20


@dataclass(frozen=True)
class Redone:
    """What came of making a file again.

    Parameters
    ----------
    output : str
        the file that has the recipe
    new : str or None
        where it was written again, if it was
    version : str
        of audioconv that made it first
    input : str
    impulses : list of str
        what it was made of, where that was found
    same : bool
        whether every byte is
    replaced : bool
        whether the output was not, and now is
    first_difference : int or None
        the first byte that is not
    bytes : int
        length of what was made
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
        """Return plain data."""
        return asdict(self)

    def raise_if_different(self) -> None:
        """Raise if the file is not what its recipe makes.

        Raises
        ------
        VerificationError
        """
        if self.same or self.replaced:
            return
        where = "" if self.first_difference is None else f" from byte {self.first_difference} on"
        remedy = (
            "pass -y to replace it by" if self.new is None else f"{display_name(self.new)} now has"
        )
        raise VerificationError(
            f"{display_name(self.output)} was not what its recipe makes{where}; {remedy} what it makes"
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
        a file that holds a recipe, or has one beside it
    new : str, optional
        where to write it; if it is not given, nothing is written, except in the place of an
        output that is not there, or that differs and may be overwritten
    places : sequence of str
        files, and folders, in which input and impulses are looked for by their content, before
        the folder of the output and the working directory
    overwrite : bool
        whether what is there may be replaced
    progress : Progress
        is told how far it has come

    Raises
    ------
    AudioconvError
        If there is no recipe, or something that it names is not found.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = f"{folder}/made.wav"
    ...     outcome = run(Job("samples/speech.wav", made, ["samples/hall.wav"]))
    ...     redo(made, places=["samples"]).same
    True
    """
    progress("looking for what it was made of")
    recipe, paths, known = read_recipe(output)
    folders = [os.path.dirname(os.path.abspath(output)), os.getcwd()]
    search = [*paths, *places, *folders]
    source = _find(recipe.input, search, output)
    for spec in recipe.impulses:
        if isinstance(spec, str) and os.path.lexists(spec):
            raise AudioconvError(
                f"a file is named {display_name(spec)}, as the builder is; move it away"
            )
    impulses = [_impulse(i, search, output) for i in recipe.impulses]
    lost = not os.path.exists(output)  # then the recipe lay beside it
    if lost and new is None:
        new = output
    with ExitStack() as files:
        if new is not None:
            kept = [] if lost else [output]  # what there is to compare with
            refuse_overwrite(
                new, inputs=[source, *impulse_files(impulses), *kept], overwrite=overwrite
            )
            made = new
        else:
            folder = files.enter_context(tempfile.TemporaryDirectory(prefix="audioconv-"))
            made = os.path.join(folder, "made")
        kind = "sidecar" if new == output else "chunk"
        options = Options(**{**recipe.options, "overwrite": True, "recipe": kind})
        outcome = run(Job(source, made, impulses, options), progress)
        difference = None if lost else _first_difference(output, made)
        same = file_digest(made) == known if lost else difference is None
        if not same and new is None and overwrite:
            new = output
            with target(output) as replaced, open(made, "rb") as file:
                shutil.copyfileobj(file, replaced.file, PIECE)
                replaced.commit()
        return Redone(
            output,
            new,
            recipe.version,
            source,
            impulses,
            same,
            not same and new == output and not lost,
            difference,
            os.path.getsize(made),
            outcome.notices,
        )


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
    if isinstance(ingredient, Direction):
        return f"{_find(ingredient.file, search, output, SOFA)}:{ingredient.place}"
    return ingredient if isinstance(ingredient, str) else _find(ingredient, search, output)


def _find(wanted: Digest, places: Sequence[str], output: str, suffix: str = "") -> str:
    """Find a file by its content, and by its suffix where that tells what it is."""
    seen = set()
    for path in islice(_files(places), MOST_PLACES):
        try:
            status = os.stat(path)
            known = (status.st_dev, status.st_ino)
            fits = stat.S_ISREG(status.st_mode) and status.st_size == wanted.bytes
            if not fits or known in seen or not path.lower().endswith(suffix):
                continue
            seen.add(known)
            if file_digest(path) == wanted:
                return path
        except OSError:  # what cannot be read is not it
            continue
    raise AudioconvError(
        f"{display_name(output)} was made of a file of {wanted.bytes} bytes with SHA-256 {wanted.sha256}, "
        "which is neither beside it nor in the working directory; pass --from and where it is"
    )


def _files(places: Sequence[str]) -> Iterator[str]:
    for place in dict.fromkeys(places):
        if os.path.isdir(place):
            for folder, inside, found in os.walk(place):
                inside[:] = sorted(name for name in inside if not name.startswith("."))
                yield from (os.path.join(folder, file) for file in sorted(found))
        else:
            yield place
