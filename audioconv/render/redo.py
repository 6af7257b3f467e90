"""Make a file again from its recipe, and compare the two byte for byte."""

from __future__ import annotations

import os
import shutil
import stat
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

from audioconv._version import __version__
from audioconv.effects import EFFECTS
from audioconv.effects.job import EffectJob
from audioconv.effects.plan import Effect
from audioconv.errors import AudioconvError, UsageError, VerificationError
from audioconv.files import (
    Digest,
    display_name,
    file_digest,
    listed,
    local,
    original_name,
    refuse_overwrite,
    scratch_folder,
    target,
)
from audioconv.ir.ingredients import Ingredient, Joined, TapsDigest
from audioconv.ir.kinds import OTHER, kind_of
from audioconv.ir.load import impulse_files
from audioconv.ir.names import join_name, split_name, with_options
from audioconv.job import Job, Options
from audioconv.parameters import parameters
from audioconv.progress import Progress, silent
from audioconv.render.effect import run_effect
from audioconv.render.recipe import Applied, Recipe, read_recipe
from audioconv.render.run import run
from audioconv.urls import is_url, public_name

MOST_PLACES = 100_000
"""Files and folders below those named that are considered, beside all files directly in these."""

DEEPEST = 5
"""Folders below those named that are searched."""

ROOM = 2**26
"""Bytes by which an output may exceed four times its known length, as of another version."""

Make = Callable[[str, Options, Recipe], list[str]]
"""Makes an output of a path, with some options, as a recipe states; returns the notices."""

EXPANSION = 64
"""Bytes of a lost output for each of its ingredients: enough from MP3 at 32 kbit/s to 24 bits."""

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
    max_output: int | str | None = None,
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
        files, also at URLs, and folders, to search for input and impulses by content, before the
        folder of the output and the working directory; each folder 5 levels deep
    max_output : int or str, optional
        refuse to write more than this many bytes, such as 4GB; by default four times the length
        of the output and 64 MiB, or for one that is lost, of the length that its recipe states, but
        not over 64 times that of its ingredients
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
    if is_url(output):
        raise UsageError(f"{display_name(output)} is a URL; get the file, and name that")
    progress("looking for the ingredients")
    recipe, paths, known = read_recipe(output)
    folders = [os.path.dirname(os.path.abspath(output)), os.getcwd()]
    lost = not os.path.exists(output)  # then the recipe was in a sidecar
    ours = recipe.version == __version__  # another version may make it differently
    if lost and new is None and ours:
        new = output
    with ExitStack() as files:
        named = [files.enter_context(local(place)) for place in places]
        search = [*_local_files(paths), *named, *folders]
        with _naming_urls([*filter(is_url, paths)]):
            source = _find(recipe.input, search, output)
            make, others = _maker(recipe, source, search, output, progress)
        ingredients = [source, *impulse_files(others)]
        if max_output is None:
            max_output = _most_bytes(output, known, ingredients)
        options = Options(
            **{
                **recipe.options,
                "overwrite": overwrite,
                "recipe": "sidecar" if new == output else "chunk",
                "max_output": max_output,
            }
        )
        if new is not None:
            inputs = [*ingredients, *([] if lost else [output])]
            refuse_overwrite(new, inputs=inputs, overwrite=overwrite)
            made = new
        else:
            made = os.path.join(files.enter_context(scratch_folder()), "made")
        notices = make(made, options, recipe)
        difference = None if lost else _first_difference(output, made)
        same = file_digest(made) == known if lost else difference is None
        if not (same or ours or new is None):  # a file that is kept states its own version
            again = replace(recipe, version=__version__)
            notices = make(made, replace(options, overwrite=True), again)
        if new is None and (same if lost else not same and overwrite and ours):
            new = output
            _replace(output, made, overwrite=overwrite)
        return Redone(
            output=output,
            new=new,
            version=recipe.version,
            input=_shown(source, named),
            impulses=[_shown(one, named) for one in others],
            same=same,
            replaced=not same and new == output and not lost,
            first_difference=difference,
            bytes=os.path.getsize(made),
            notices=notices,
        )


def _shown(name: str, copies: Sequence[str]) -> str:
    """Return a name with the URLs that copies are of, in the place of their paths."""
    for copy in copies:
        name = name.replace(copy, public_name(original_name(copy)))
    return name


def _replace(output: str, made: str, *, overwrite: bool) -> None:
    """Put a file in the place of the output."""
    with target(output, overwrite=overwrite) as replaced, open(made, "rb") as file:
        shutil.copyfileobj(file, replaced.file, PIECE)
        replaced.commit()


def _most_bytes(output: str, known: Digest | None, ingredients: Sequence[str]) -> int:
    """Return how long the result of a recipe may be: some lines can ask for any length.

    They can state any length of a lost output too, which counts as far as its ingredients bear
    it out.
    """
    if os.path.exists(output):
        return 4 * os.path.getsize(output) + ROOM
    stated = known.bytes if known else 0
    return min(4 * stated, EXPANSION * sum(map(os.path.getsize, ingredients))) + ROOM


@contextmanager
def _naming_urls(urls: Sequence[str]) -> Iterator[None]:
    """Add to an error of what is not found the URLs where it may have been.

    A stranger may have written them: one is read if the user names it.
    """
    try:
        yield
    except AudioconvError as error:
        if not urls:
            raise
        raise AudioconvError(
            f"{error}, or what its recipe names: {listed([*map(display_name, urls)])}"
        ) from None


def _maker(
    recipe: Recipe, source: str, search: Sequence[str], output: str, progress: Progress
) -> tuple[Make, list[str]]:
    """Return what makes an output of a recipe, and the ingredients beside the input."""
    if not isinstance(recipe.made_by, Applied):
        impulses = [_impulse(ingredient, search, output) for ingredient in recipe.made_by]

        def convolve(made: str, options: Options, follows: Recipe) -> list[str]:
            return run(Job(source, made, impulses, options), progress, follows=follows).notices

        return convolve, impulses
    effect = _effect(recipe.made_by, search, output)

    def apply(made: str, options: Options, follows: Recipe) -> list[str]:
        job = EffectJob(source, made, effect, options)
        return run_effect(job, progress, follows=follows).notices

    return apply, [*effect.files]


def _effect(applied: Applied, search: Sequence[str], output: str) -> Effect:
    """Return an effect whose files have been found."""
    kind = EFFECTS[applied.name]
    settings = dict(applied.settings)
    for one in parameters(kind):
        value = settings.get(one.name)
        if one.unit == "impulse" and value is not None:
            settings[one.name] = _impulse(value, search, output)
        elif isinstance(value, Digest):
            settings[one.name] = _find(value, search, output)
    return kind(**settings)


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
    for path in _files(places):
        try:
            status = os.stat(path)
            known = (status.st_dev, status.st_ino)
            fits = stat.S_ISREG(status.st_mode) and status.st_size == wanted.bytes
            if not fits or known in seen or not is_kind(path):
                continue
            seen.add(known)
            if file_digest(path) == wanted:
                return path
        except (OSError, ValueError):  # an unreadable file is skipped; a name may hold NUL
            continue
    raise AudioconvError(
        f"{display_name(output)} was made from a file of {wanted.bytes} bytes with SHA-256 "
        f"{wanted.sha256}, which is neither beside it nor in the working directory; pass its "
        "folder as `places`"
    )


def _local_files(paths: Sequence[str]) -> list[str]:
    """Return those paths in a sidecar that may be tried: files, which need no search.

    A sidecar may be a stranger's. So a folder is not searched on its word, and no other computer is
    asked for a file, as that would tell it who asks.
    """
    return [path for path in paths if not _is_remote(path) and os.path.isfile(path)]


def _is_remote(path: str) -> bool:
    r"""Return whether a path is of another computer, or of a device, as ``\\server\share``."""
    return path.replace("/", "\\").startswith("\\\\")


def _files(places: Sequence[str]) -> Iterator[str]:
    """Yield the files in some places, level by level.

    Linked folders come last, as they may lead anywhere. All files directly in the places are
    considered, and `MOST_PLACES` below.
    """
    waiting = deque((place, 0) for place in places)
    linked: deque[tuple[str, int]] = deque()
    seen, below = set(), 0
    while waiting or linked:
        place, depth = (waiting or linked).popleft()
        if not depth and not os.path.isdir(place):
            yield place
            continue
        real = os.path.realpath(place)
        if real in seen:  # a link may lead to a folder around it
            continue
        seen.add(real)
        files, folders, links = _listed(place)
        below += len(files) + len(folders) if depth else 0
        if below > MOST_PLACES:
            return
        yield from files
        if depth < DEEPEST:
            waiting += [(folder, depth + 1) for folder in folders]
            linked += [(folder, depth + 1) for folder in links]


def _listed(folder: str) -> tuple[list[str], list[str], list[str]]:
    """Return the files, the folders, and the links to folders in a folder, each sorted."""
    files: list[str] = []
    folders: list[str] = []
    links: list[str] = []
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            with suppress(OSError):  # what cannot be read is skipped
                is_link = entry.is_symlink()
                if is_link and _is_remote(os.readlink(entry.path)):
                    continue
                if not entry.is_dir():
                    files.append(entry.path)
                elif not entry.name.startswith("."):
                    (links if is_link else folders).append(entry.path)
    return files, folders, links
