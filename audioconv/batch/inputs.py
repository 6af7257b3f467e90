"""Files, patterns, folders and lists as items, before anything is read."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Sequence

from audioconv.batch.items import Item, alone, at_home, below, is_sound, unique
from audioconv.batch.lists import READERS, is_list, read_list
from audioconv.errors import FormatError, UsageError
from audioconv.files import STANDARD, SUFFIXES, display_name
from audioconv.urls import is_url, public_name

EVERYWHERE = "**"
"""Any folders, in a pattern."""

TEXTS = (".txt", ".lst", ".list")
"""Suffixes of texts that may be meant for lists."""

MAGIC = re.compile(r"[*?[]")
"""Characters of a pattern that match others: what is above them is named."""


def find_inputs(named: Sequence[str], into: str, root: str | None = None) -> list[Item]:
    """Return the sounds that are named, each once, in the order of the names.

    Parameters
    ----------
    named : sequence of str
        files, also at URLs; folders, with all sound files below them; patterns such as
        ``**/*.flac``, also where no shell has expanded them; and lists
    into : str
        folder of the outputs, whose content is no input, unless a file in it is named itself
    root : str, optional
        folder that the paths in lists are relative to; by default that of each list

    Raises
    ------
    UsageError
        If a name leads to no sound, or the folder of the outputs is one of the inputs.
    FormatError
        If a folder or a list cannot be read.
    """
    items: list[Item] = []
    # a shell that expands a pattern names the folder of an earlier run too
    elsewhere = [name for name in named if not same_folder(at_home(name), into)]
    for name in elsewhere or named:
        found = _found(name, into, root)
        if not found:
            raise UsageError(f"there is no sound in {display_name(name)}; {_sought()}")
        items += found
    if not items:
        raise UsageError("no input is named; name files, a folder or a list")
    return unique(items)


def _found(name: str, into: str, root: str | None) -> list[Item]:
    """Return the items that one name leads to."""
    if name == STANDARD:
        raise UsageError("a batch reads files, not standard input; name them, or a list")
    path = at_home(name)
    if is_url(path):
        _refuse_many(path)
        return read_list(path, root) if is_list(path) else [alone(path)]
    if is_pattern(path):
        return matching(path, into)
    if os.path.isdir(path):
        return in_folder(path, into)
    if not os.path.lexists(path):
        raise UsageError(f"{display_name(name)} does not exist; check the name")
    if path.lower().endswith(TEXTS):
        raise UsageError(
            f"{display_name(name)} is no list by its suffix; lists are {', '.join(READERS)}, with "
            "a column such as path"
        )
    return read_list(path, root) if is_list(path) else [alone(path)]


def _refuse_many(url: str) -> None:
    """Raise if a URL is a folder or a pattern, which most servers cannot list."""
    public = public_name(url)
    if public.endswith("/") or "*" in public:
        raise UsageError(
            f"{display_name(url)} is a folder or a pattern, which is not sought at a URL; name its "
            "files, or a list of them"
        )


def is_pattern(path: str) -> bool:
    """Return whether a name is a pattern, and no file of that very name."""
    return glob.has_magic(path) and not os.path.lexists(path)


def matching(pattern: str, into: str) -> list[Item]:
    """Return the sounds that match a pattern, and those in folders that match.

    They are called as if a shell had expanded the pattern; with ``**`` in it, by their path below
    the folders that it names.
    """
    root = os.path.dirname(MAGIC.split(pattern, maxsplit=1)[0]) or os.curdir
    _refuse_among_inputs(root, into)
    everywhere = EVERYWHERE in pattern
    items: list[Item] = []
    for path in sorted(glob.glob(pattern, recursive=True)):
        if _is_in(path, into):
            continue
        if os.path.isdir(path):
            leave = everywhere or same_folder(path, into)
            items += [] if leave else in_folder(path, into)
        elif is_sound(path):
            items.append(below(path, root) if everywhere else alone(path))
    return items


def in_folder(folder: str, into: str) -> list[Item]:
    """Return all sounds below a folder, but those among the outputs.

    Hidden files and folders are left out. Links are followed, except to a folder above.
    """
    _refuse_among_inputs(folder, into)
    return [below(path, folder) for path in _walk(folder, {os.path.realpath(into)})]


def _refuse_among_inputs(folder: str, into: str) -> None:
    """Raise if outputs would be found where inputs are sought."""
    if same_folder(folder, into):
        raise UsageError(
            f"the outputs would be written among the inputs in {display_name(folder)}, and be "
            "inputs of the next run; name another folder, which may be in it"
        )


def same_folder(one: str, other: str) -> bool:
    """Return whether two paths lead to the same folder."""
    return os.path.realpath(one) == os.path.realpath(other)


def _walk(folder: str, avoided: set[str]) -> Iterator[str]:
    """Yield the paths of all sounds below a folder, sorted in each."""
    real = os.path.realpath(folder)
    if real in avoided:
        return
    try:
        with os.scandir(folder) as entries:
            visible = [one for one in entries if not one.name.startswith(".")]
    except OSError as error:
        raise FormatError(
            f"the folder {display_name(folder)} cannot be read: {error.strerror or error}"
        ) from None
    for entry in sorted(visible, key=lambda one: one.name):
        if entry.is_dir():
            yield from _walk(entry.path, avoided | {real})
        elif is_sound(entry.name) and (entry.is_file() or entry.is_symlink()):
            yield entry.path


def _is_in(path: str, folder: str) -> bool:
    """Return whether a path leads below a folder."""
    return os.path.realpath(path).startswith(os.path.join(os.path.realpath(folder), ""))


def _sought() -> str:
    return f"sought are the suffixes {', '.join(SUFFIXES)}"
