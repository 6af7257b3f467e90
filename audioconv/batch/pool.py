"""The impulses of a batch: those named one by one, and those in folders, patterns and lists."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import PurePath

from audioconv.batch.inputs import in_folder, is_pattern, matching
from audioconv.batch.items import Item, at_home, unique
from audioconv.batch.lists import is_list, names_sounds, read_list
from audioconv.batch.ranges import random_spec
from audioconv.errors import UsageError
from audioconv.files import STANDARD, display_name
from audioconv.ir.load import PRESET, impulse_files, parsed_spec
from audioconv.ir.names import join_name, short_name, split_join, split_name, with_options
from audioconv.urls import is_url, public_name
from impulses import PRESETS


def find_impulses(named: Sequence[str], into: str) -> list[Item]:
    """Return the impulses that are named, each once, in the order of the names.

    Parameters
    ----------
    named : sequence of str
        each as for `audioconv.load_impulse`, or a builder spec with ranges, a folder, a pattern, or
        a list; a CSV file is a list if it has a column of paths
    into : str
        folder of the outputs, whose content is no impulse

    Raises
    ------
    UsageError
        If a name leads to no impulse, or two are called the same.
    FormatError
        If a folder or a list cannot be read.
    """
    impulses: list[Item] = []
    for name in named:
        found = _found(name, into)
        if not found:
            raise UsageError(f"there is no impulse in {display_name(name)}; name sound files")
        impulses += found
    if not impulses:
        raise UsageError("no impulse is given; name a file, a folder, a list or a builder spec")
    return unique(impulses, "impulses")


def _found(name: str, into: str) -> list[Item]:
    """Return the impulses that one name leads to."""
    path = at_home(name)
    if parsed_spec(path):
        return [Item(path, path)]
    if os.path.isdir(path):
        return in_folder(path, into)
    if is_pattern(path) and not split_join(path) and not is_url(path):
        return matching(path, into)
    there = os.path.isfile(path) or is_url(path)
    if there and is_list(path) and (_certain(path) or names_sounds(path)):
        return [_from_list(item, path) for item in read_list(path)]
    files = impulse_files([path])
    if STANDARD in files:
        raise UsageError("an impulse of a batch is read more than once; name a file")
    for file in files:
        if not os.path.lexists(file) and not is_url(file):
            # which says what else the name may have meant
            random_spec(path)
            remedy = f"write {PRESET}:{path}" if path in PRESETS else "check the name"
            raise UsageError(f"the impulse {display_name(file)} does not exist; {remedy}")
    return [Item(short_name(path), absolute(path))]


def _certain(path: str) -> bool:
    """Return whether a list is none of numbers, by its suffix."""
    return PurePath(public_name(path)).suffix.lower() != ".csv"


def _from_list(item: Item, path: str) -> Item:
    """Return an impulse of a list, which may be a builder spec there."""
    if is_url(item.path):
        return item
    written = os.path.relpath(item.path, os.path.dirname(os.path.abspath(path)))
    return replace(item, path=written) if parsed_spec(written) else item


def absolute(ir: str) -> str:
    """Return the name of an impulse that means the same in every folder."""
    if parts := split_join(ir):
        return join_name(map(absolute, parts))
    if parsed_spec(ir):
        return ir
    path, options = split_name(ir)
    return ir if is_url(path) else with_options(os.path.abspath(path), options)
