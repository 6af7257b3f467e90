"""What is wrong with the outputs of a batch, before any work: two of one name, links, inputs."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from audioconv.batch.items import called_alike
from audioconv.batch.outputs import FIELDS, fields_of
from audioconv.batch.pairs import Pair
from audioconv.errors import UsageError
from audioconv.files import SoundInfo, display_name, output_format
from audioconv.ir.load import impulse_files
from audioconv.job import Options

ANY_SOUND = SoundInfo("", "WAV", "PCM_16", 48000, 1, None)
"""A sound that every format holds."""


def folded(path: str) -> str:
    """Return what two paths have in common that are one on some systems.

    Examples
    --------
    >>> folded("A/Re\u0301sume.wav") == folded("a/r\u00e9sume.WAV")
    True
    """
    form = unicodedata.normalize("NFC", path).casefold()
    return unicodedata.normalize("NFC", form)


def check_outputs(
    into: str,
    named: Sequence[tuple[str, Pair]],
    reserved: Iterable[str],
    template: str,
    options: Options,
) -> None:
    """Check all outputs before any work.

    Parameters
    ----------
    into : str
        folder of all outputs
    named : sequence of (str, Pair)
        outputs below it, and what makes each
    reserved : iterable of str
        names of the files that hold the rows
    template : str
        of their names
    options : Options
        of every file: format and subtype, if they do not follow from the suffix and the input

    Raises
    ------
    UsageError
        If two are one file on some system, one lies outside the folder, one is an input, or has the
        suffix of no sound, or a subtype that its format lacks.
    """
    real = os.path.realpath(into)
    folders: dict[str, str] = {}
    suffixes: set[str] = set()
    taken: dict[str, tuple[str, Pair] | None] = {folded(name): None for name in reserved}
    for output, pair in named:
        suffix = PurePath(output).suffix
        if suffix not in suffixes:
            output_format(output, ANY_SOUND, options.format, options.subtype)
            suffixes.add(suffix)
        place, _, name = output.rpartition("/")
        if place not in folders:
            folders[place] = _folder(into, place, real)
        path = os.path.join(folders[place], name)
        # a link to another output is that output
        path = os.path.realpath(path) if os.path.islink(path) else path
        for key in {folded(output), folded(_below(path, real, output))}:
            other = taken.setdefault(key, (output, pair))
            if other is None or other[0] != output or other[1] is not pair:
                _refuse_collision(output, pair, other, template)
    _refuse_inputs(into, named)


def _folder(into: str, place: str, real: str) -> str:
    """Return the folder of an output, free of links, if it is below that of all outputs."""
    folder = os.path.realpath(os.path.join(into, *place.split("/")))
    if folder != real and not folder.startswith(os.path.join(real, "")):
        raise UsageError(
            f"{display_name(os.path.join(into, place))} is a link out of the folder of the "
            f"outputs, to {display_name(folder)}; name another folder"
        )
    return folder


def _below(path: str, real: str, output: str) -> str:
    """Return a path, free of links, as one below the folder of all outputs."""
    inside = os.path.join(real, "")
    if not path.startswith(inside):
        raise UsageError(
            f"the output {display_name(output)} is a link out of the folder of the outputs, to "
            f"{display_name(path)}; remove it"
        )
    return PurePath(path.removeprefix(inside)).as_posix()


def _refuse_collision(
    output: str, pair: Pair, other: tuple[str, Pair] | None, template: str
) -> None:
    if other is None:
        raise UsageError(f"the output {display_name(output)} is a list of the rows; rename it")
    names, remedy = display_name(output), _remedy(other[1], pair, template)
    if other[0] != output:
        names += f" and {display_name(other[0])}, which are one file on some systems"
        if folded(other[0]) != folded(output):
            remedy = "remove the link"
    one, two = other[1].item, pair.item
    if said := called_alike(one, two):
        what = f"{said}, and outputs"
    elif one.path == two.path:
        what = f"{display_name(two.identity)} has two outputs"
    else:
        what = f"{display_name(one.path)} and {display_name(two.path)} have outputs"
    raise UsageError(f"{what} of one name, {names}; {remedy}")


def _remedy(one: Pair, other: Pair, template: str) -> str:
    """Return the remedy for two outputs of one name."""
    there = fields_of(template)
    if called_alike(one.item, other.item):
        return "give each its own id" + ("" if "id" in there else ", and a `name` with {id}")
    fields = [
        f"{{{name}}}"
        for name, value in FIELDS.items()
        if name not in there and folded(str(value(one))) != folded(str(value(other)))
    ]
    if fields:
        return f"give a `name` with {' or '.join(fields)}"
    if one.item.path == other.item.path:
        return "name it once"
    if one.item.identity == other.item.identity:
        return "name the folder above both, of a list as `root`"
    return "rename one"


def _refuse_inputs(into: str, named: Sequence[tuple[str, Pair]]) -> None:
    """Raise if an output that exists is an input or an impulse, also by another name."""
    existing = [
        (output, found)
        for output, _ in named
        if (found := file_identity(os.path.join(into, output)))
    ]
    if not existing:
        return
    files = {pair.item.path for _, pair in named}
    files |= {file for _, pair in named for file in impulse_files([pair.ir])}
    inputs = {file_identity(file): file for file in sorted(files)}
    for output, found in existing:
        if found in inputs:
            raise UsageError(
                f"the output {display_name(output)} is the input {display_name(inputs[found])}; "
                "name another folder, or give another `name`"
            )


def file_identity(path: str) -> tuple[int, int] | None:
    """Return the device and inode of a file, the same under each of its names, if it exists."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status.st_dev, status.st_ino
