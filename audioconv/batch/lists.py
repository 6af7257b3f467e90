"""Lists of sounds: CSV, and JSON lines; what reads which list.

A list names one sound on each line. Its paths are relative to its own folder, also where that is at
a URL; or they are URLs. Every other column is kept for the rows of the outputs.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import PurePath
from typing import Any, NamedTuple, NoReturn

from audioconv.batch import kaldi, lhotse
from audioconv.batch.items import ID, Item, Origin, at_home, below
from audioconv.errors import FormatError, counted
from audioconv.files import display_name, local
from audioconv.urls import is_url, public_name, url_below

PATHS = ("audio_filepath", "file_name", "path")
"""Columns that hold the path of a sound: those of NeMo, of Hugging Face's folders, of others."""

SEPARATORS = ",;\t"
"""Between the columns of a CSV file: as spreadsheets of different countries write them."""

LONGEST_FIELD = 2**20
"""Characters of a field of a CSV file: Python's own limit is shorter than a long transcript."""


class Entry(NamedTuple):
    """A line of a list: the path as written, what the sound is called, and the other columns."""

    path: str
    identity: str | None
    columns: Mapping[str, Any]


def read_list(path: str, root: str | None = None) -> list[Item]:
    """Return the items of a list.

    Parameters
    ----------
    path : str
    root : str, optional
        folder that its paths are relative to; by default its own

    Raises
    ------
    FormatError
        If the list cannot be read, or a line names no sound that can be read as a file.
    """
    read = _reader(path)
    assert read is not None  # as `is_list` says
    folder = _folder(path, root)
    items = []
    for number, line in _lines(path, read):
        try:
            items.append(replace(_item(line(), folder), origin=Origin(path, number)))
        except ValueError as error:
            raise FormatError(f"{display_name(path)}, line {number}: {error}") from None
    return items


def _folder(path: str, root: str | None) -> str:
    """Return what the paths in a list are relative to: a folder, or a URL that ends in a slash."""
    if root is None and is_url(path):
        return url_below(path, "")
    if root is not None and is_url(root):
        return f"{root.rstrip('/')}/"
    return os.path.abspath(os.path.dirname(path) if root is None else at_home(root))


def is_list(path: str) -> bool:
    """Return whether a path has the suffix of a list."""
    return _reader(path) is not None


def names_sounds(path: str) -> bool:
    """Return whether a CSV file has a column of paths; it may be one of numbers."""
    try:
        with local(path) as found, _opened(found) as file:
            return bool({*PATHS} & {*_header(file.readline())[0]})
    except (OSError, UnicodeError, EOFError, zlib.error):
        return False


Line = Callable[[], Entry]
"""A line that is parsed when it is called, and may raise `ValueError`."""


def _lines(
    path: str, read: Callable[[Iterator[str]], Iterator[tuple[int, Line]]]
) -> Iterator[tuple[int, Line]]:
    """Yield the lines of a list and their numbers."""
    try:
        with local(path) as found, _opened(found) as file:
            yield from read(iter(file))
    except (OSError, UnicodeError, EOFError, zlib.error, csv.Error) as error:
        cause = getattr(error, "strerror", None) or error
        raise FormatError(f"the list {display_name(path)} cannot be read: {cause}") from None


def _opened(path: str) -> Any:
    opened: Callable[..., Any] = gzip.open if path.lower().endswith(".gz") else open
    return opened(path, "rt", encoding="utf-8-sig", newline="")


def _reader(path: str) -> Callable[[Iterator[str]], Iterator[tuple[int, Line]]] | None:
    return READERS.get(os.path.splitext(public_name(path).lower().removesuffix(".gz"))[1])


def _item(entry: Entry, folder: str) -> Item:
    """Return the item of a line of a list in a folder."""
    if not entry.path:
        raise ValueError("the path is empty")
    if "\0" in entry.path:
        raise ValueError("the path contains a NUL")
    if is_url(entry.path) or is_url(folder):
        return _remote_item(entry, folder)
    path = os.path.abspath(os.path.join(folder, at_home(entry.path)))
    if path.startswith(os.path.join(folder, "")):
        item = below(path, folder, entry.columns)
    else:  # it is called what the list calls it, and its folder is not kept
        item = Item(PurePath(entry.path).as_posix(), path, "", entry.columns)
    return item if entry.identity is None else replace(item, identity=entry.identity)


def _remote_item(entry: Entry, folder: str) -> Item:
    """Return the item of a line that leads to a URL."""
    url = entry.path if is_url(entry.path) else url_below(folder, entry.path)
    if not is_url(entry.path) and (os.path.isabs(entry.path) or entry.path.startswith(("~", "/"))):
        raise ValueError("a list at a URL names a file of this machine; give it as a local list")
    identity = public_name(entry.path if entry.identity is None else entry.identity)
    # what else names the file must disclose no more than its path does
    columns = {
        name: public_name(value) if isinstance(value, str) and _same(value, url) else value
        for name, value in entry.columns.items()
    }
    return Item(identity, url, "", columns)


def _same(one: str, url: str) -> bool:
    return is_url(one) and public_name(one) == public_name(url)


def _header(line: str) -> tuple[list[str], str]:
    """Return the columns in the first line of a CSV file, and what stands between them."""
    separator = max(SEPARATORS, key=line.count)
    columns = next(csv.reader([line], delimiter=separator), [])
    return [column.strip() for column in columns], separator


def _csv(lines: Iterator[str]) -> Iterator[tuple[int, Line]]:
    first = next(lines, "")
    columns, separator = _header(first)
    csv.field_size_limit(max(csv.field_size_limit(), LONGEST_FIELD))
    if first and not {*PATHS} & {*columns}:
        yield 1, partial(_refuse_header, columns)
    rows = csv.reader(lines, delimiter=separator)
    for row in rows:
        if row:
            yield 1 + rows.line_num, partial(_csv_entry, columns, row)


def _refuse_header(columns: list[str]) -> NoReturn:
    raise ValueError(f"the header {','.join(columns)!r} has none of the columns {', '.join(PATHS)}")


def _csv_entry(columns: list[str], row: list[str]) -> Entry:
    if len(row) != len(columns):
        fields = counted(len(row), "column")
        raise ValueError(f"it has {fields}, but the first line has {len(columns)}")
    return _entry(dict(zip(columns, row, strict=True)))


def _json_lines(lines: Iterator[str]) -> Iterator[tuple[int, Line]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield number, partial(_json_entry, line)


def _json_entry(line: str) -> Entry:
    try:
        fields = json.loads(line, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except json.JSONDecodeError as error:
        fault = f"it is no JSON object on one line: {error.msg}"
        raise ValueError(f"{fault}{_one_a_line(line)}") from None
    if not isinstance(fields, dict):
        raise ValueError(f"it is no JSON object on one line{_one_a_line(line)}")
    if lhotse.is_manifest(fields):
        return Entry(*lhotse.entry(fields))
    return _entry(fields)


def _one_a_line(line: str) -> str:
    """Return the remedy for JSON that is written otherwise, by a line of it."""
    wanted = {"[": "'.[]'", "{": "."}.get(line.lstrip()[:1])
    how = f", as jq -c {wanted} list.json > list.jsonl does" if wanted else ""
    return f"; write one object a line{how}"


def _entry(fields: dict[str, Any]) -> Entry:
    """Return the entry of a line with named columns."""
    column = next((name for name in PATHS if fields.get(name)), None)
    if column is None:
        raise ValueError(f"it has none of the columns {', '.join(PATHS)}")
    path, offset = fields[column], fields.get("offset")
    if not isinstance(path, str):
        raise ValueError(f"{column} is {path!r}; it must be a path")
    if offset not in (None, "", 0) and float(offset) != 0:
        raise ValueError(f"it is a part of a file, from {offset} s on; write it as its own file")
    identity = fields.get(ID)
    columns = {name: value for name, value in fields.items() if name not in PATHS}
    return Entry(path, None if identity in (None, "") else str(identity), columns)


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no number")


def _scp(lines: Iterator[str]) -> Iterator[tuple[int, Line]]:
    for number, line in enumerate(lines, start=1):
        if line.strip():
            yield number, partial(_scp_entry, line)


def _scp_entry(line: str) -> Entry:
    return Entry(*kaldi.entry(line))


READERS = {
    ".csv": _csv,
    ".tsv": _csv,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".json": _json_lines,
    ".scp": _scp,
}
"""What reads a list, by its suffix; behind it, .gz may follow."""
